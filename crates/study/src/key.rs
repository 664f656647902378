//! The keys of a study's bucket, and the facts that they tell.

use crate::batch::Batch;
use crate::case::CaseId;

/// The prefix of designs, tables, results and errors.
pub const DATA_PREFIX: &str = "data/";
/// The prefix of the workers' own objects: heartbeats, segments and logs.
pub const WORKERS_PREFIX: &str = "workers/";

/// What tells documents of an extraction from those of cases, before the submission: no id begins like that.
const EXTRACT: &str = "extract-";

/// An object below `data/`, as its key tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataKey {
    /// The design of a submission.
    Design(Batch, String),
    /// The table of cases of a submission.
    Cases(Batch, String),
    /// A result.
    Done(Batch, CaseId),
    /// A failure.
    Error(Batch, CaseId),
    /// The design of a submission that extracts from cases which are done.
    ExtractDesign(Batch, String),
    /// The table of those cases.
    ExtractCases(Batch, String),
}

impl DataKey {
    /// Reads a key; `None` if it isn't one of these, such as that of a case's file.
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        let (batch, name) = key.strip_prefix(DATA_PREFIX)?.rsplit_once('/')?;
        let batch = Batch::parse(batch).ok()?;
        let between = |start: &str, end: &str| name.strip_prefix(start)?.strip_suffix(end).map(str::to_owned);
        if let Some(case) = between("done-", ".json") {
            return Some(Self::Done(batch, CaseId::parse(&case).ok()?));
        }
        if let Some(case) = between("error-", ".json") {
            return Some(Self::Error(batch, CaseId::parse(&case).ok()?));
        }
        if let Some(submission) = between("design-", ".json") {
            return Some(match submission.strip_prefix(EXTRACT) {
                Some(submission) => Self::ExtractDesign(batch, submission.to_owned()),
                None => Self::Design(batch, submission),
            });
        }
        let submission = between("cases-", ".csv.gz")?;
        Some(match submission.strip_prefix(EXTRACT) {
            Some(submission) => Self::ExtractCases(batch, submission.to_owned()),
            None => Self::Cases(batch, submission),
        })
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Design(batch, submission) => format!("{DATA_PREFIX}{batch}/design-{submission}.json"),
            Self::Cases(batch, submission) => format!("{DATA_PREFIX}{batch}/cases-{submission}.csv.gz"),
            Self::Done(batch, case) => format!("{DATA_PREFIX}{batch}/done-{case}.json"),
            Self::Error(batch, case) => format!("{DATA_PREFIX}{batch}/error-{case}.json"),
            Self::ExtractDesign(batch, submission) => format!("{DATA_PREFIX}{batch}/design-{EXTRACT}{submission}.json"),
            Self::ExtractCases(batch, submission) => format!("{DATA_PREFIX}{batch}/cases-{EXTRACT}{submission}.csv.gz"),
        }
    }
}

/// An object below `workers/`, as its key tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerKey<'a> {
    /// The heartbeat of a worker.
    Heartbeat(&'a str),
    /// Attempts that it finished.
    Segment(&'a str),
}

impl<'a> WorkerKey<'a> {
    /// Reads a key; `None` if it is neither, such as that of a log.
    #[must_use]
    pub fn parse(key: &'a str) -> Option<Self> {
        let (worker, name) = key.strip_prefix(WORKERS_PREFIX)?.split_once('/')?;
        if name == "heartbeat.json" {
            return Some(Self::Heartbeat(worker));
        }
        let number = name.strip_prefix("segment-")?.strip_suffix(".ndjson")?;
        number.bytes().all(|digit| digit.is_ascii_digit()).then_some(Self::Segment(worker))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASE: &str = "9f86d081884c7d659a2feaa0c55ad015";

    #[test]
    fn every_key_is_read_back() {
        let batch = Batch::parse("a/b-1").unwrap();
        let case = CaseId::parse(CASE).unwrap();
        for key in [
            DataKey::Design(batch.clone(), "00ff".into()),
            DataKey::Cases(batch.clone(), "00ff".into()),
            DataKey::Done(batch.clone(), case),
            DataKey::Error(batch.clone(), case),
            DataKey::ExtractDesign(batch.clone(), "00ff".into()),
            DataKey::ExtractCases(batch, "00ff".into()),
        ] {
            assert_eq!(DataKey::parse(&key.key()), Some(key));
        }
    }

    #[test]
    fn what_a_case_produced_is_no_document_of_the_study() {
        for key in [
            format!("data/a/files/{CASE}/done-{CASE}.json"),
            format!("data/a/done-x/design-{CASE}.json"),
            format!("data/done-{CASE}.json"),
            "data/a/done-1.json".into(),
            "data/a/notes.txt".into(),
            format!("other/a/done-{CASE}.json"),
        ] {
            assert_eq!(DataKey::parse(&key), None, "{key}");
        }
    }

    #[test]
    fn heartbeats_and_segments_are_told_apart() {
        assert_eq!(WorkerKey::parse("workers/w/heartbeat.json"), Some(WorkerKey::Heartbeat("w")));
        assert_eq!(WorkerKey::parse("workers/w/segment-000000.ndjson"), Some(WorkerKey::Segment("w")));
        for key in
            ["workers/w/log.txt", "workers/w/segment-x.ndjson", "workers/w/a/heartbeat.json", "workers/heartbeat.json"]
        {
            assert_eq!(WorkerKey::parse(key), None, "{key}");
        }
    }
}
