//! Failures that are alike, as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::Batch;
use crate::ledger::{CaseRef, Failure};

/// Failures with the same signature.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorGroup {
    /// What they share.
    pub signature: String,
    /// The exception and message of the last one.
    pub error: String,
    /// Its cases, the last failure first.
    pub cases: Vec<CaseRef>,
    /// How many of them have no attempt left.
    pub final_cases: usize,
    /// The workers that saw it.
    pub workers: BTreeSet<String>,
    /// The batches that it occurs in.
    pub batches: BTreeSet<Batch>,
    /// When it was seen first.
    pub first_time: f64,
    /// When it was seen last.
    pub last_time: f64,
}

/// Groups failures by signature, the largest group first.
#[must_use]
pub fn error_groups(failures: &BTreeMap<CaseRef, Failure>) -> Vec<ErrorGroup> {
    let mut by_signature: BTreeMap<&str, Vec<(&CaseRef, &Failure)>> = BTreeMap::new();
    for (case, failure) in failures {
        by_signature.entry(&failure.signature).or_default().push((case, failure));
    }
    let mut groups: Vec<ErrorGroup> =
        by_signature.into_iter().map(|(signature, members)| group(signature, members)).collect();
    groups.sort_by(|a, b| b.cases.len().cmp(&a.cases.len()).then(b.last_time.total_cmp(&a.last_time)));
    groups
}

fn group(signature: &str, mut members: Vec<(&CaseRef, &Failure)>) -> ErrorGroup {
    members.sort_by(|(_, a), (_, b)| b.end_time.total_cmp(&a.end_time));
    ErrorGroup {
        signature: signature.to_owned(),
        error: members.first().map(|(_, failure)| failure.error.clone()).unwrap_or_default(),
        cases: members.iter().map(|(case, _)| (*case).clone()).collect(),
        final_cases: members.iter().filter(|(_, failure)| failure.is_final).count(),
        workers: members.iter().map(|(_, failure)| failure.worker.clone()).collect(),
        batches: members.iter().map(|((batch, _), _)| batch.clone()).collect(),
        first_time: members.last().map_or(0.0, |(_, failure)| failure.end_time),
        last_time: members.first().map_or(0.0, |(_, failure)| failure.end_time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{CaseId, Parameters};
    use crate::model::ModelDigest;

    #[test]
    fn failures_with_the_same_signature_are_one_group_and_the_largest_comes_first() {
        let failure = |signature: &str, worker: &str, end_time, is_final| Failure {
            signature: signature.into(),
            error: format!("{signature} {end_time}"),
            worker: worker.into(),
            end_time,
            is_final,
        };
        let case = |number| {
            let id = CaseId::of(&ModelDigest::of(b""), &Parameters::new(), number);
            (Batch::parse("b").unwrap(), id)
        };
        let failures = BTreeMap::from([
            (case(0), failure("rare", "w1", 9.0, true)),
            (case(1), failure("often", "w1", 2.0, true)),
            (case(2), failure("often", "w2", 3.0, false)),
        ]);
        let groups = error_groups(&failures);
        assert_eq!(groups.iter().map(|group| group.signature.as_str()).collect::<Vec<_>>(), ["often", "rare"]);
        assert_eq!(groups[0].error, "often 3", "the last one speaks");
        assert_eq!(groups[0].cases, [case(2), case(1)]);
        assert_eq!((groups[0].final_cases, groups[0].workers.len()), (1, 2));
        assert_eq!(
            (groups[0].first_time.to_bits(), groups[0].last_time.to_bits()),
            (2.0_f64.to_bits(), 3.0_f64.to_bits())
        );
    }
}
