//! Groups of failures that are alike.

use std::collections::BTreeMap;

use crate::batch::Batch;
use crate::case::{CaseId, CaseRef};
use crate::ledger::CaseFailure;
use crate::ordering::ascending;

/// Failures of one batch with the same signature.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorPart {
    /// The signature that they share.
    pub signature: String,
    /// The batch.
    pub batch: Batch,
    /// The exception and message of the last one.
    pub error: String,
    /// Its cases, the one that failed last in front.
    pub cases: Vec<CaseId>,
    /// Number of its cases that have no attempt left.
    pub final_cases: usize,
    /// The workers that saw it, in order.
    pub workers: Vec<String>,
    /// Time when it was seen first.
    pub first_time: f64,
    /// Time when it was seen last.
    pub last_time: f64,
}

/// Failures with the same signature, of one batch or of several.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorGroup<'a> {
    /// The signature that they share.
    pub signature: &'a str,
    /// The failures of each batch, at least one: the batch with the last failure in front.
    pub parts: Vec<&'a ErrorPart>,
}

/// Puts failures together that have batch and signature in common, in the order of both.
#[must_use]
pub fn error_parts<'a>(failures: impl IntoIterator<Item = (&'a CaseRef, &'a CaseFailure)>) -> Vec<ErrorPart> {
    let mut parts: BTreeMap<(&Batch, &str), ErrorPart> = BTreeMap::new();
    for ((batch, case), failure) in failures {
        let part = parts.entry((batch, &failure.signature)).or_insert_with(|| ErrorPart::new(batch, failure));
        part.add(*case, failure);
    }
    parts.into_values().collect()
}

/// Groups parts by signature, the largest group first.
#[must_use]
pub fn error_groups<'a>(parts: impl IntoIterator<Item = &'a ErrorPart>) -> Vec<ErrorGroup<'a>> {
    let mut by_signature: BTreeMap<&str, ErrorGroup> = BTreeMap::new();
    for part in parts {
        let signature = part.signature.as_str();
        let group = by_signature.entry(signature).or_insert(ErrorGroup { signature, parts: Vec::new() });
        group.parts.push(part);
        let last = group.parts.len() - 1;
        if part.last_time > group.parts[0].last_time {
            group.parts.swap(0, last);
        }
    }
    let groups: Vec<ErrorGroup> = by_signature.into_values().collect();
    let order = ascending(groups.iter().map(|group| u64::MAX - group.len() as u64));
    let mut groups: Vec<Option<ErrorGroup>> = groups.into_iter().map(Some).collect();
    order.into_iter().filter_map(|place| groups[place].take()).collect()
}

/// Returns the computer that a worker runs on, as its name says: `node7` of `node7_linux_4711-3fa2c1`. A name of another form is
/// its own.
#[must_use]
pub fn host_of(worker: &str) -> &str {
    let system = ["_linux_", "_windows_", "_macos_"].iter().filter_map(|system| worker.find(system)).min();
    system.filter(|end| *end > 0).map_or(worker, |end| &worker[..end])
}

impl ErrorPart {
    fn new(batch: &Batch, failure: &CaseFailure) -> Self {
        Self {
            signature: failure.signature.clone(),
            batch: batch.clone(),
            error: String::new(),
            cases: Vec::new(),
            final_cases: 0,
            workers: Vec::new(),
            first_time: failure.end_time,
            last_time: failure.end_time,
        }
    }

    fn add(&mut self, case: CaseId, failure: &CaseFailure) {
        self.cases.push(case);
        if failure.end_time >= self.last_time {
            self.last_time = failure.end_time;
            self.error.clone_from(&failure.error);
            let last = self.cases.len() - 1;
            self.cases.swap(0, last);
        }
        self.first_time = self.first_time.min(failure.end_time);
        self.final_cases += usize::from(failure.is_final);
        if let Err(place) = self.workers.binary_search(&failure.worker) {
            self.workers.insert(place, failure.worker.clone());
        }
    }
}

impl<'a> ErrorGroup<'a> {
    /// The exception and message of the last one.
    #[must_use]
    pub fn error(&self) -> &'a str {
        &self.parts[0].error
    }

    /// Number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.cases.len()).sum()
    }

    /// Whether it has no case, which never happens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its cases, the one that failed last in front.
    pub fn cases(&self) -> impl Iterator<Item = CaseRef> {
        self.parts.iter().flat_map(|part| part.cases.iter().map(|case| (part.batch.clone(), *case)))
    }

    /// Number of its cases that have no attempt left.
    #[must_use]
    pub fn final_cases(&self) -> usize {
        self.parts.iter().map(|part| part.final_cases).sum()
    }

    /// The workers that saw it, in order.
    #[must_use]
    pub fn workers(&self) -> Vec<&'a str> {
        in_order(self.parts.iter().flat_map(|part| part.workers.iter().map(String::as_str)))
    }

    /// The computers of these workers, in order.
    #[must_use]
    pub fn hosts(&self) -> Vec<&'a str> {
        in_order(self.workers().into_iter().map(host_of))
    }

    /// The batches that it occurs in, in order.
    #[must_use]
    pub fn batches(&self) -> Vec<&'a Batch> {
        in_order(self.parts.iter().map(|part| &part.batch))
    }

    /// Time when it was seen first.
    #[must_use]
    pub fn first_time(&self) -> f64 {
        self.parts.iter().map(|part| part.first_time).fold(f64::INFINITY, f64::min)
    }

    /// Time when it was seen last.
    #[must_use]
    pub fn last_time(&self) -> f64 {
        self.parts[0].last_time
    }
}

/// Returns each of them once, in order. They are few: sorting them would take more code than the time that it saves is worth.
fn in_order<T: Ord>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for one in all {
        if let Err(place) = found.binary_search(&one) {
            found.insert(place, one);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Parameters;
    use crate::model::ModelDigest;

    fn failure(signature: &str, worker: &str, end_time: f64, is_final: bool) -> CaseFailure {
        let error = format!("{signature} {end_time}");
        CaseFailure { signature: signature.into(), error, worker: worker.into(), end_time, is_final }
    }

    fn case(batch: &str, number: u32) -> CaseRef {
        (Batch::parse(batch).unwrap(), CaseId::of(&ModelDigest::of(b""), &Parameters::new(), number))
    }

    #[test]
    fn failures_with_the_same_signature_are_one_group_and_the_largest_comes_first() {
        let failures = BTreeMap::from([
            (case("b", 0), failure("rare", "w1", 9.0, true)),
            (case("b", 1), failure("often", "w1", 2.0, true)),
            (case("b", 2), failure("often", "w2", 3.0, false)),
        ]);
        let parts = error_parts(&failures);
        let groups = error_groups(&parts);
        assert_eq!(groups.iter().map(|group| group.signature).collect::<Vec<_>>(), ["often", "rare"]);
        assert_eq!(groups[0].error(), "often 3", "the last one speaks");
        assert_eq!(groups[0].cases().collect::<Vec<_>>(), [case("b", 2), case("b", 1)]);
        assert_eq!((groups[0].final_cases(), groups[0].workers().len()), (1, 2));
        let times = [groups[0].first_time(), groups[0].last_time()].map(f64::to_bits);
        assert_eq!(times, [2.0, 3.0].map(f64::to_bits));
    }

    #[test]
    fn a_failure_of_two_batches_is_one_group_of_both_and_a_smaller_one_of_each() {
        let failures = BTreeMap::from([
            (case("soil", 0), failure("same", "w1", 5.0, true)),
            (case("steel", 1), failure("same", "w2", 2.0, false)),
            (case("steel", 2), failure("own", "w3", 3.0, true)),
        ]);
        let parts = error_parts(&failures);
        let both = error_groups(&parts);
        assert_eq!((both.len(), both[0].len(), both[0].error()), (2, 2, "same 5"));
        assert_eq!(both[0].batches().len(), 2);
        let steel = error_groups(parts.iter().filter(|part| part.batch.as_str() == "steel"));
        let told =
            |group: &ErrorGroup| (group.error().to_owned(), group.cases().collect::<Vec<_>>(), group.final_cases());
        assert_eq!(told(&steel[0]), ("own 3".into(), vec![case("steel", 2)], 1));
        assert_eq!(told(&steel[1]), ("same 2".into(), vec![case("steel", 1)], 0));
        assert_eq!(steel[1].workers(), ["w2"]);
        assert_eq!(steel[1].last_time().to_bits(), 2.0_f64.to_bits());
    }
}
