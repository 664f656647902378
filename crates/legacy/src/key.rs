//! The keys of the predecessor's objects, and the facts that they tell.

use std::fmt;

use cruncher_study::case::CaseId;
use cruncher_study::key::DATA_PREFIX;

use crate::folder::LegacyFolder;

/// The key of the cases that were enqueued last.
pub const ALL_RUNS_KEY: &str = "all_runs.json";

/// Whether a key could be one of the predecessor's: it ends in a UUID, or belongs to a computer that waits. This is so little
/// code that the first view of a page has it; the view leaves such buckets to others.
#[must_use]
pub fn may_be_legacy(key: &str) -> bool {
    let dashes = [18, 23, 28, 33];
    let bytes = key.as_bytes();
    let is_dash = |back: usize| bytes.len().checked_sub(back).is_some_and(|place| bytes[place] == b'-');
    key.starts_with("data/waiting-") || key.strip_suffix(".json").is_some() && dashes.into_iter().all(is_dash)
}

/// An object of the predecessor, as its key tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegacyKey {
    /// `data/waiting-<computer>.json`: a computer waits for a case.
    Waiting(LegacyComputer),
    /// `data/pending-<uuid>.json`: a computer took the case.
    Pending(CaseId),
    /// `data/error-<uuid>.json`: the case failed.
    Error(CaseId),
    /// `data/<prefix>/done-<uuid>.json`: the case has a result.
    Done(LegacyFolder, CaseId),
    /// `data/<prefix>/pfile-<uuid>.json`: the parameters of the case.
    Parameters(LegacyFolder, CaseId),
    /// `all_runs.json`: the cases that were enqueued last, with their inputs and levels. It doesn't tell their outcome.
    AllRuns,
}

impl LegacyKey {
    /// Reads a key; `None` if it isn't one of the predecessor's. No key is read both by this and as a
    /// [`DataKey`](cruncher_study::key::DataKey).
    #[must_use]
    pub fn parse(key: &str) -> Option<Self> {
        if key == ALL_RUNS_KEY {
            return Some(Self::AllRuns);
        }
        let path = key.strip_prefix(DATA_PREFIX)?;
        let (folder, name) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
        let name = name.strip_suffix(".json")?;
        let case = |kind| CaseId::from_uuid(name.strip_prefix(kind)?);
        if folder.is_empty() {
            let waiting = || Some(Self::Waiting(LegacyComputer::parse(name.strip_prefix("waiting-")?)?));
            let found = case("pending-").map(Self::Pending).or_else(|| case("error-").map(Self::Error));
            if let Some(key) = found.or_else(waiting) {
                return Some(key);
            }
        }
        let folder = LegacyFolder::parse(folder)?;
        match case("done-") {
            Some(case) => Some(Self::Done(folder, case)),
            None if folder.is_open_to_workers() => None,
            None => case("pfile-").map(|case| Self::Parameters(folder, case)),
        }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Waiting(computer) => format!("{DATA_PREFIX}waiting-{computer}.json"),
            Self::Pending(case) => format!("{DATA_PREFIX}pending-{}.json", case.to_uuid()),
            Self::Error(case) => format!("{DATA_PREFIX}error-{}.json", case.to_uuid()),
            Self::Done(folder, case) => format!("{DATA_PREFIX}{folder}done-{}.json", case.to_uuid()),
            Self::Parameters(folder, case) => format!("{DATA_PREFIX}{folder}pfile-{}.json", case.to_uuid()),
            Self::AllRuns => ALL_RUNS_KEY.to_owned(),
        }
    }
}

/// A computer's name, system and process, as `<host>_<os>_<pid>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegacyComputer(String);

impl LegacyComputer {
    /// Reads any text but an empty one: it is nothing more than a name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The computer's name, which may itself have underscores; the whole text if its end has another form.
    #[must_use]
    pub fn host(&self) -> &str {
        let mut parts = self.0.rsplitn(3, '_');
        let process = parts.next().unwrap_or_default();
        let is_process = !process.is_empty() && process.bytes().all(|digit| digit.is_ascii_digit());
        match (parts.next(), parts.next()) {
            (Some(_), Some(host)) if is_process && !host.is_empty() => host,
            _ => &self.0,
        }
    }
}

impl fmt::Display for LegacyComputer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use cruncher_study::key::DataKey;

    const UUID: &str = "9f86d081-884c-4d65-9a2f-eaa0c55ad015";
    const HEX: &str = "9f86d081884c4d659a2feaa0c55ad015";

    #[test]
    fn every_key_is_read_back() {
        for key in [
            "data/waiting-node_7-b_linux_4711.json".to_owned(),
            format!("data/pending-{UUID}.json"),
            format!("data/error-{UUID}.json"),
            format!("data/level 3/(new)/done-{UUID}.json"),
            format!("data/level-3/pfile-{UUID}.json"),
            format!("data/done-{UUID}.json"),
            format!("data//pfile-{UUID}.json"),
            "all_runs.json".to_owned(),
        ] {
            assert!(may_be_legacy(&key) || key == ALL_RUNS_KEY, "{key}");
            assert_eq!(LegacyKey::parse(&key).map(|read| read.key()), Some(key));
        }
    }

    #[test]
    fn what_is_not_the_predecessors_stays_alone() {
        for key in [
            format!("data/a/done-{HEX}.json"),
            format!("data/a/error-{HEX}.json"),
            format!("data/a/error-{UUID}.json"),
            format!("data/a/pending-{UUID}.json"),
            format!("data/a/files/{HEX}/done-{UUID}.json"),
            format!("data/a/files/{HEX}/b/pfile-{UUID}.json"),
            // A worker may write these.
            format!("data/a/files/pfile-{UUID}.json"),
            format!("data/a/done-x/pfile-{UUID}.json"),
            format!("data/a/b/error-/c/pfile-{UUID}.json"),
            format!("data/a/done-{}.json", UUID.to_uppercase()),
            format!("other/done-{UUID}.json"),
            format!("data/a/done-{UUID}.json.bak"),
            "data/a/design-00f1e2d3c4b5a697.json".to_owned(),
            "data/a/waiting-node7_linux_1.json".to_owned(),
            "data/waiting-.json".to_owned(),
            "data/all_runs.json".to_owned(),
            "workers/w/heartbeat.json".to_owned(),
        ] {
            assert_eq!(LegacyKey::parse(&key), None, "{key}");
        }
    }

    #[test]
    fn what_a_study_has_of_its_own_is_not_taken_for_the_predecessors() {
        for key in [
            format!("data/a/done-{HEX}.json"),
            format!("data/a-b/error-{HEX}.json"),
            "data/a/design-00f1e2d3c4b5a697.json".to_owned(),
            "data/a/cases-00f1e2d3c4b5a697.csv.gz".to_owned(),
            ".json".to_owned(),
        ] {
            assert!(!may_be_legacy(&key), "{key}");
        }
    }

    #[test]
    fn a_host_may_have_underscores() {
        for (text, host) in [
            ("node7_linux_4711", "node7"),
            ("my_node-7_win32_1", "my_node-7"),
            ("node7", "node7"),
            ("node_7", "node_7"),
            ("a_b_c", "a_b_c"),
            ("_linux_1", "_linux_1"),
        ] {
            assert_eq!(LegacyComputer::parse(text).unwrap().host(), host);
        }
    }

    proptest! {
        #[test]
        fn a_key_is_read_in_one_way_only(
            key in r"(data/|workers/)?([a-c. ]{0,3}/){0,2}(files/[0-9a-f]{32}/)?(done|error|pending|pfile|waiting)-.{0,4}",
            end in prop_oneof![Just(UUID), Just(HEX), Just("")],
        ) {
            let key = format!("{key}{end}.json");
            let legacy = LegacyKey::parse(&key);
            prop_assert!(legacy.is_none() || DataKey::parse(&key).is_none());
            prop_assert!(legacy.is_none() || may_be_legacy(&key));
            prop_assert!(legacy.is_none_or(|read| read.key() == key));
        }
    }
}
