//! Failures that are alike, as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::Batch;
use crate::case::CaseRef;
use crate::ledger::Failure;

/// Failures with the same signature.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorGroup {
    /// What they share.
    pub signature: String,
    /// The exception and message of the last one.
    pub error: String,
    /// Its cases, the one that failed last in front.
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
    let mut by_signature: BTreeMap<&str, ErrorGroup> = BTreeMap::new();
    for (case, failure) in failures {
        let group = by_signature.entry(&failure.signature).or_insert_with(|| ErrorGroup::new(failure));
        group.add(case, failure);
    }
    let mut groups: Vec<ErrorGroup> = Vec::new();
    for group in by_signature.into_values() {
        let place = groups.partition_point(|other| other.cases.len() >= group.cases.len());
        groups.insert(place, group);
    }
    groups
}

impl ErrorGroup {
    fn new(failure: &Failure) -> Self {
        Self {
            signature: failure.signature.clone(),
            error: String::new(),
            cases: Vec::new(),
            final_cases: 0,
            workers: BTreeSet::new(),
            batches: BTreeSet::new(),
            first_time: failure.end_time,
            last_time: failure.end_time,
        }
    }

    fn add(&mut self, case: &CaseRef, failure: &Failure) {
        self.cases.push(case.clone());
        if failure.end_time >= self.last_time {
            self.last_time = failure.end_time;
            self.error.clone_from(&failure.error);
            let last = self.cases.len() - 1;
            self.cases.swap(0, last);
        }
        self.first_time = self.first_time.min(failure.end_time);
        self.final_cases += usize::from(failure.is_final);
        self.workers.insert(failure.worker.clone());
        self.batches.insert(case.0.clone());
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
