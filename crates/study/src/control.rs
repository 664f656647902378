//! `control.json`: the operator's requests to the workers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::batch::Batch;
use crate::case::{CaseId, CaseRef};
use crate::halting::{HaltRule, StudyHalt};
use crate::pool::Pool;

/// The key of `control.json`.
pub const CONTROL_KEY: &str = "control.json";

/// Maximum length of a list, which the writer keeps to.
pub const MAX_NAMES: usize = 10_000;

/// The operator's requests to the workers, and what operators' looks have noted for all others. Without the document there is none
/// of that.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// Why workers take no further case until somebody lets them go on; `None` if they aren't halted.
    pub halted: Option<StudyHalt>,
    /// When a study halts by itself, if that isn't the default.
    #[serde(deserialize_with = "crate::halting::rule_or_default")]
    pub halt_rule: Option<HaltRule>,
    /// Size of all cases' files beyond which a study halts, in bytes; 0 for none.
    #[serde(deserialize_with = "crate::halting::bytes_or_none")]
    pub files_limit_bytes: u64,
    /// Time when somebody let the study go on, in seconds since 1970: attempts that ended before don't halt it again.
    pub go_on_time: f64,
    /// Time at which a look has found the queue without a message, in seconds since 1970; 0 if none has.
    pub queue_empty_time: f64,
    /// What a look has found in the dead-letter queue.
    pub dead_letters: DeadLetters,
    /// Ids of workers' access keys that were replaced, and the time of each, in whole seconds since 1970: who was attached with one ends
    /// after its case, and has to be attached again.
    #[serde(deserialize_with = "keys_or_none")]
    pub retired_keys: BTreeMap<String, u64>,
    /// Batches of which one file is made when they are complete, each with the submission that says how, joined by `/`; and the number of
    /// cases of which it was made last, 0 if it wasn't yet.
    #[serde(deserialize_with = "keys_or_none")]
    pub combine: BTreeMap<String, u64>,
    /// Time of the last result of which each of these files was made last, in whole seconds since 1970, rounded up.
    #[serde(deserialize_with = "keys_or_none", skip_serializing_if = "BTreeMap::is_empty")]
    pub combined_times: BTreeMap<String, u64>,
    /// Pools of the study, beside its own queue.
    #[serde(deserialize_with = "crate::pool::pools_or_none")]
    pub pools: Vec<Pool>,
}

/// Reads retired keys, or what is combined. What is none of them is as if it weren't there, as workers see it.
fn keys_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, u64>, D::Error> {
    let written = Box::<RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_slice(written.get().as_bytes()).unwrap_or_default())
}

/// Whether a wish to combine is about this batch.
fn is_of(name: &str, batch: &Batch) -> bool {
    name.rsplit_once('/').is_some_and(|(own, _)| own == batch.as_str())
}

/// What an operator's look has found in the dead-letter queue. A viewer can only count its messages.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeadLetters {
    /// Time of the look, in seconds since 1970.
    pub time: f64,
    /// Number of messages that the queue had then, as it counts them.
    pub messages: u64,
    /// Their cases, each as its batch and its id, joined by `/`: a thousand at most.
    pub cases: BTreeSet<String>,
}

impl DeadLetters {
    /// Returns the name of a case.
    #[must_use]
    pub fn name(batch: &Batch, case: CaseId) -> String {
        format!("{batch}/{case}")
    }

    /// Whether the case is among them.
    #[must_use]
    pub fn is_of(&self, (batch, case): &CaseRef) -> bool {
        self.cases.contains(&Self::name(batch, *case))
    }
}

impl StudyControl {
    /// Whether the case is cancelled, alone or with its batch.
    #[must_use]
    pub fn cancels(&self, batch: &Batch, case: CaseId) -> bool {
        self.cancelled_batches.contains(batch) || self.cancelled_cases.contains(&case)
    }

    /// Calls off cases. If the list has no room for all of them, those of the batches in `whole`, in which they are all that is open,
    /// are called off by their batch.
    pub fn cancel(&mut self, cases: &[CaseRef], whole: &BTreeSet<Batch>) {
        let has_room = self.cancelled_cases.len() + cases.len() <= MAX_NAMES;
        for (batch, case) in cases {
            if has_room || !whole.contains(batch) {
                self.cancelled_cases.insert(*case);
            } else {
                self.cancelled_batches.insert(batch.clone());
            }
        }
    }

    /// Takes cases out of those that are called off, and batches in `whole`, of which they are all that is called off.
    pub fn take_back(&mut self, cases: &[CaseRef], whole: &BTreeSet<Batch>) {
        for (_, case) in cases {
            self.cancelled_cases.remove(case);
        }
        self.cancelled_batches.retain(|batch| !whole.contains(batch));
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
            halted: _,
            halt_rule: _,
            files_limit_bytes: _,
            go_on_time: _,
            queue_empty_time: _,
            dead_letters,
            retired_keys,
            combine,
            combined_times: _,
            pools: _,
        } = self;
        let dead = dead_letters.cases.len();
        let submissions = withdrawn_submissions.len().max(held_submissions.len());
        let names = cancelled_batches.len().max(cancelled_cases.len()).max(retired_keys.len()).max(combine.len());
        drain.len().max(names).max(submissions).max(dead)
    }

    /// Whether workers take no further case until somebody says so.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.paused || self.halted.is_some()
    }

    /// Lets workers take cases again, at `now`.
    pub fn go_on(&mut self, now: f64) {
        self.paused = false;
        self.halted = None;
        self.go_on_time = now;
    }

    /// Asks for one file of a batch when it is complete, as a submission of it says; an earlier wish gives way.
    pub fn combine_when_complete(&mut self, batch: &Batch, submission: &str) {
        self.combine_no_more(batch);
        self.combine.insert(format!("{batch}/{submission}"), 0);
    }

    /// Asks for no file of a batch any more. Returns whether one was wanted.
    pub fn combine_no_more(&mut self, batch: &Batch) -> bool {
        let before = self.combine.len();
        self.combine.retain(|name, _| !is_of(name, batch));
        self.combined_times.retain(|name, _| !is_of(name, batch));
        self.combine.len() < before
    }

    /// Returns the name of the wanted file of a batch (`batch/submission`), and the number of cases of which it was made last; `None` if
    /// none is wanted.
    #[must_use]
    pub fn wanted_file(&self, batch: &Batch) -> Option<(&str, u64)> {
        self.combine.iter().find(|(name, _)| is_of(name, batch)).map(|(name, cases)| (name.as_str(), *cases))
    }

    /// Notes that a wanted file (`batch/submission`) is made of so many cases, the last of which ended then.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time since 1970")]
    pub fn note_combined(&mut self, name: &str, cases: u64, end_time: f64) {
        if let Some(combined) = self.combine.get_mut(name) {
            *combined = cases;
            let time = self.combined_times.entry(name.to_owned()).or_default();
            *time = (end_time.ceil() as u64).max(*time);
        }
    }

    /// Returns the time of the last end of a case when a wanted file (`batch/submission`) was made last, in seconds since 1970.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a time since 1970")]
    pub fn combined_time(&self, name: &str) -> f64 {
        self.combined_times.get(name).copied().unwrap_or_default() as f64
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
    fn cases_are_called_off_one_by_one_or_by_their_batch_if_there_is_no_room() {
        let batch = |name: &str| Batch::parse(name).unwrap();
        let case = |name: &str, number: u64| (batch(name), CaseId::parse(&format!("{number:032x}")).unwrap());
        let whole = BTreeSet::from([batch("all")]);
        let few: Vec<_> = (0..3).map(|number| case("all", number)).chain([case("part", 30_000)]).collect();
        let mut control = StudyControl::default();
        control.cancel(&few, &whole);
        assert_eq!((control.cancelled_batches.len(), control.cancelled_cases.len()), (0, 4));
        let many: Vec<_> = (0..10_001).map(|number| case("all", number)).chain([case("part", 20_000)]).collect();
        control.cancel(&many, &whole);
        assert_eq!((&control.cancelled_batches, control.cancelled_cases.len()), (&whole, 5));
        assert!(many.iter().all(|(batch, case)| control.cancels(batch, *case)));
        control.take_back(&many, &BTreeSet::new());
        assert_eq!((&control.cancelled_batches, control.cancelled_cases.len()), (&whole, 1));
        control.take_back(&few, &whole);
        assert_eq!(control, StudyControl::default());
        // Without a batch that goes as a whole, the writer refuses so many.
        control.cancel(&many, &BTreeSet::new());
        assert!(control.longest_list() > MAX_NAMES);
    }

    #[test]
    fn what_an_older_document_lacks_is_not_asked_for() {
        let control: StudyControl = serde_json::from_str(r#"{"v": 1, "paused": true, "drain": ["w"]}"#).unwrap();
        assert!(control.paused && control.drain.contains("w") && control.withdrawn_submissions.is_empty());
        let control: StudyControl = serde_json::from_str(r#"{"withdrawn_submissions": ["00f1e2d3c4b5a697"]}"#).unwrap();
        assert!(control.withdraws("00f1e2d3c4b5a697") && !control.withdraws(""));
    }

    #[test]
    fn a_rule_that_nobody_can_read_spoils_nothing_else() {
        let control: StudyControl =
            serde_json::from_str(r#"{"paused": true, "halt_rule": {"first": "many"}, "halted": null}"#).unwrap();
        assert_eq!((control.paused, control.halt_rule), (true, Some(HaltRule::default())));
        for wrong in ["null", "[]", r#"["AKIA1"]"#, r#"{"AKIA1": "yesterday"}"#] {
            let json = format!(r#"{{"paused": true, "retired_keys": {wrong}}}"#);
            let control: StudyControl = serde_json::from_str(&json).unwrap();
            assert!(control.paused && control.retired_keys.is_empty(), "{wrong}");
        }
        for (written, read) in [("null", ""), ("{}", ""), (r#"["gpu", "Gpu", "main"]"#, "gpu"), (r#"["gpu", 1]"#, "")] {
            let control: StudyControl = serde_json::from_str(&format!(r#"{{"pools": {written}}}"#)).unwrap();
            assert_eq!(control.pools.iter().map(Pool::as_str).collect::<String>(), read, "{written}");
        }
        let control: StudyControl = serde_json::from_str(r#"{"halt_rule": {"first": 5}}"#).unwrap();
        assert_eq!(control.halt_rule.unwrap().first, 5);
    }
}
