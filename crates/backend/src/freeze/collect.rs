//! Content of a frozen study, and reading it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;
use std::rc::Rc;

use bytes::Bytes;
use cruncher_aws::Error;
use cruncher_results::column_id::CaseField;
use cruncher_results::store::{DONE, FAILED, ResultStore};
use cruncher_study::accounting::CaseCounts;
use cruncher_study::case::CaseRef;
use cruncher_study::key::DATA_PREFIX;
use cruncher_study::number_format::{counted, thousands};

use super::documents::{FrozenDocuments, one_by_one};
use super::progress::FreezeProgress;
use crate::listing::{ListingOutline, ListingRow};
use crate::reading::MAX_DOCUMENT_BYTES;
use crate::study::Study;
use crate::watch::StudyWatch;
use crate::watch::document_cache::DocumentCache;
use crate::watch::snapshot::Snapshot;

/// Maximum number of cases of a group of errors whose documents are taken first: as many as the page names.
const MAX_CASES_A_GROUP: usize = 100;

/// Content of a frozen study.
#[derive(Debug, Clone, Default)]
pub struct FrozenContent {
    /// The study's name.
    pub study: String,
    /// The view shown at first, as the fragment of an address, `#/results?batch=soil`; the overview if it is empty.
    pub view: String,
    /// The study's state.
    pub snapshot: Snapshot,
    /// The rows of all segments and the cases' versions, as a [`DocumentCache`] receives them.
    pub chunks: Vec<Bytes>,
    /// Designs and the documents of cases, by their keys.
    pub documents: BTreeMap<String, Bytes>,
    /// Things that it lacks, each as a part of a sentence.
    pub left_out: Vec<String>,
    /// The time of the launch, in seconds since 1970.
    pub launch_time: f64,
}

/// Cache that keeps the rows, and nothing else: a study is frozen once.
struct Rows {
    chunks: RefCell<Vec<Bytes>>,
    report: Rc<dyn Fn(FreezeProgress)>,
}

impl DocumentCache for Rows {
    fn rows(&self, chunk: &[u8]) {
        self.chunks.borrow_mut().push(Bytes::copy_from_slice(chunk));
    }

    fn progress(&self, read_bytes: u64, of_bytes: u64) {
        (self.report)(FreezeProgress::Rows { read_bytes, of_bytes });
    }
}

/// Reads all that a frozen study shows, and calls `report` with the progress.
///
/// # Errors
/// If a request fails.
pub async fn collect(study: &Study, report: Rc<dyn Fn(FreezeProgress)>) -> Result<FrozenContent, Error> {
    let rows = Rc::new(Rows { chunks: RefCell::default(), report: report.clone() });
    let mut snapshot = StudyWatch::with_cache(study.clone(), rows.clone()).refresh_until_read().await?;
    leave_out_keys(&mut snapshot);
    let chunks = take(&mut *rows.chunks.borrow_mut());
    let mut outline = ListingOutline::of(&study.client, &study.config.bucket, DATA_PREFIX).await?;
    outline.leave_out(ListingRow::Files);
    let objects = outline.complete(&study.client).await?;
    let groups = snapshot.error_groups(None);
    let named: BTreeSet<CaseRef> = one_by_one(groups.iter().flat_map(|group| group.cases().take(MAX_CASES_A_GROUP)));
    let documents = FrozenDocuments::read(study, objects, &named, &*report).await?;
    Ok(FrozenContent {
        study: study.config.study.clone(),
        view: String::new(),
        left_out: left_out(&documents, lacking(&snapshot.total, &chunks)),
        snapshot,
        chunks,
        documents: documents.held,
        launch_time: study.config.launch_time,
    })
}

/// Forgets which keys workers had: a frozen study tells nothing of how the study is reached.
fn leave_out_keys(snapshot: &mut Snapshot) {
    snapshot.control.retired_keys.clear();
    for worker in &mut snapshot.workers {
        (worker.key_id, worker.key_retired) = (None, false);
    }
}

/// Returns the number of cases that ended without a row that says how.
fn lacking(known: &CaseCounts, chunks: &[Bytes]) -> u64 {
    let mut store = ResultStore::default();
    for chunk in chunks {
        store.take_bytes(chunk);
    }
    let counted = store.counted();
    let states = store.field(CaseField::State);
    let rows = |state: &str| counted.iter().filter(|row| store.label(states.code(*row)) == state).count() as u64;
    known.done.saturating_sub(rows(DONE)) + known.failed.saturating_sub(rows(FAILED))
}

fn left_out(documents: &FrozenDocuments, lacking: u64) -> Vec<String> {
    let mut parts = Vec::new();
    if documents.left_out > 0 {
        let of = counted(documents.of_cases, "case", "cases");
        parts.push(format!("the documents of {} of {of}", thousands(documents.left_out)));
    }
    if documents.too_large > 0 {
        let documents = counted(documents.too_large, "document", "documents");
        parts.push(format!("{documents} of more than {} MiB", MAX_DOCUMENT_BYTES >> 20));
    }
    if documents.unreadable > 0 {
        parts.push(counted(documents.unreadable, "document that can't be read", "documents that can't be read"));
    }
    if lacking > 0 {
        parts.push(format!("the rows of {}", counted(lacking, "case", "cases")));
    }
    parts
}

#[cfg(test)]
mod tests {
    use cruncher_results::chunk::Chunk;
    use cruncher_study::batch::Batch;
    use cruncher_study::case::CaseId;
    use cruncher_study::key::DataKey;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    fn case(number: u32) -> CaseId {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        CaseId::from_bytes(bytes)
    }

    fn rows(content: &FrozenContent) -> usize {
        content.chunks.iter().filter_map(|chunk| Chunk::from_bytes(chunk)).map(|chunk| chunk.len()).sum()
    }

    #[test]
    fn results_without_rows_are_all_read_however_many_there_are() {
        let (cloud, study) = TestCloud::study();
        for number in 0..1_300 {
            let key = DataKey::Done(Batch::parse("b").unwrap(), case(number)).key();
            let json = format!(
                r#"{{"batch": "b", "case_id": "{}", "start_time": 1.0, "end_time": 2.0, "result": {{"a": 1}}}}"#,
                case(number)
            );
            cloud.put(&key, json);
        }
        cloud.pass(120);
        let content = block_on(collect(&study, Rc::new(|_| ()))).unwrap();
        assert_eq!((content.snapshot.total.done, rows(&content)), (1_300, 1_300));
        assert_eq!((content.documents.len(), content.left_out), (1_300, vec![]));
    }

    #[test]
    fn withdrawn_cases_are_known_as_such_and_lack_nothing() {
        let (cloud, study) = TestCloud::study();
        let row = |number: u32| {
            let id = case(number);
            format!(r#"{{"batch": "b", "case_id": "{id}", "outcome": "done", "start_time": 1.0, "end_time": 2.0}}"#)
                + "\n"
        };
        for (submission, number) in [("00000000000000f1", 1), ("00000000000000f2", 2)] {
            let table = format!("case_id,level,replicate\n{},0,0\n", case(number));
            cloud.put(&format!("data/b/cases-{submission}.csv.gz"), table);
            cloud.put(&DataKey::Done(Batch::parse("b").unwrap(), case(number)).key(), "{}");
        }
        cloud.put("workers/w/segment-000000.ndjson", row(1));
        cloud.put("control.json", r#"{"withdrawn_submissions": ["00000000000000f1"]}"#);
        let content = block_on(collect(&study, Rc::new(|_| ()))).unwrap();
        let mut store = ResultStore::default();
        content.chunks.iter().for_each(|chunk| store.take_bytes(chunk));
        assert_eq!((content.snapshot.total.done, content.snapshot.total.withdrawn), (1, 1));
        assert_eq!((store.len(), store.counted().count()), (1, 0));
        assert_eq!(content.left_out, ["the rows of 1 case"], "the row of a withdrawn case stands for no other one");
    }

    #[test]
    fn no_key_is_named() {
        let (cloud, study) = TestCloud::study();
        let heartbeat = r#"{"worker": "w", "host": "h", "start_time": 1.0, "time": 2.0, "state": "stopped", "key_id": "AKIAOLD",
            "key_retired": true}"#;
        cloud.put("workers/w/heartbeat.json", heartbeat);
        cloud.put("control.json", r#"{"retired_keys": {"AKIAOLD": 1}}"#);
        let content = block_on(collect(&study, Rc::new(|_| ()))).unwrap();
        assert_eq!(content.snapshot.workers.len(), 1);
        assert!(!format!("{:?}", content.snapshot).contains("AKIAOLD"));
    }

    #[test]
    fn what_is_left_out_is_told() {
        let (cloud, study) = TestCloud::study();
        for number in 0..3 {
            cloud.put(&DataKey::Done(Batch::parse("b").unwrap(), case(number)).key(), vec![b' '; 9 << 20]);
        }
        cloud.pass(120);
        let content = block_on(collect(&study, Rc::new(|_| ()))).unwrap();
        assert_eq!(content.left_out, ["3 documents of more than 8 MiB", "the rows of 3 cases"]);
        let documents = FrozenDocuments { of_cases: 10_900, left_out: 900, ..FrozenDocuments::default() };
        assert_eq!(left_out(&documents, 0), ["the documents of 900 of 10,900 cases"]);
    }
}
