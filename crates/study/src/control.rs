//! `control.json`: the operator's requests to the workers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::case::CaseId;

/// The key of `control.json`.
pub const CONTROL_KEY: &str = "control.json";

/// Maximum length of a list, which the writer keeps to.
pub const MAX_NAMES: usize = 10_000;

/// The operator's requests to the workers. Without the document there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StudyControl {
    /// The version of the protocol.
    pub v: u32,
    /// Whether workers take no further case.
    pub paused: bool,
    /// Workers that finish their case and stop.
    pub drain: BTreeSet<String>,
    /// Batches whose cases aren't taken any more.
    pub cancelled_batches: BTreeSet<Batch>,
    /// Cases that aren't taken any more.
    pub cancelled_cases: BTreeSet<CaseId>,
    /// Submissions whose cases aren't taken any more and don't count, such as those of an older version of a model.
    pub withdrawn_submissions: BTreeSet<String>,
    /// Submissions whose rest isn't sent yet, and the number of cases in the rest: their sender waits for the results of the
    /// first cases, or has paused.
    pub held_submissions: BTreeMap<String, u64>,
}

impl StudyControl {
    /// Whether the case is cancelled, alone or with its batch.
    #[must_use]
    pub fn cancels(&self, batch: &Batch, case: CaseId) -> bool {
        self.cancelled_batches.contains(batch) || self.cancelled_cases.contains(&case)
    }

    /// Length of the longest list.
    #[must_use]
    pub fn longest_list(&self) -> usize {
        let Self {
            v: _,
            paused: _,
            drain,
            cancelled_batches,
            cancelled_cases,
            withdrawn_submissions,
            held_submissions,
        } = self;
        let submissions = withdrawn_submissions.len().max(held_submissions.len());
        drain.len().max(cancelled_batches.len()).max(cancelled_cases.len()).max(submissions)
    }

    /// Whether the submission is withdrawn.
    #[must_use]
    pub fn withdraws(&self, submission: &str) -> bool {
        self.withdrawn_submissions.contains(submission)
    }

    /// Returns the number of cases of the submission that aren't sent yet; 0 if it isn't held.
    #[must_use]
    pub fn rest(&self, submission: &str) -> u64 {
        self.held_submissions.get(submission).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_document_lacks_is_not_asked_for() {
        let control: StudyControl = serde_json::from_str(r#"{"v": 1, "paused": true, "drain": ["w"]}"#).unwrap();
        assert!(control.paused && control.drain.contains("w") && control.withdrawn_submissions.is_empty());
        let control: StudyControl = serde_json::from_str(r#"{"withdrawn_submissions": ["00f1e2d3c4b5a697"]}"#).unwrap();
        assert!(control.withdraws("00f1e2d3c4b5a697") && !control.withdraws(""));
    }
}
