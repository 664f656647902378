//! Attempts of a case: the one that counts stands in its row, and those that it superseded are kept beside the columns.

use std::collections::BTreeMap;

use cruncher_study::case::CaseId;
use cruncher_study::segment::RowOutcome;

use super::ResultStore;
use super::column::CodedValue;
use crate::chunk::AttemptRow;
use crate::column_id::CaseField;

/// Maximum number of attempts of a case that are kept besides the one that counts; of more, the first ones are dropped.
const MAX_KEPT: usize = 200;

/// An attempt that ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaseAttempt<'a> {
    /// The number of the attempt within its submission, from 1; 0 if nobody knows it.
    pub number: u32,
    /// The worker.
    pub worker: &'a str,
    /// Time of its beginning, in seconds since 1970.
    pub start_time: f64,
    /// Time of its end, in seconds since 1970.
    pub end_time: f64,
    /// Whether it came to a result.
    pub is_done: bool,
    /// Whether no attempt was left after it, as far as its row says.
    pub is_final: bool,
    /// The exception and its message; empty if it came to a result.
    pub error: &'a str,
}

/// Attempts that don't count any more, by batch and case.
#[derive(Debug, Clone, Default)]
pub(super) struct EarlierAttempts(BTreeMap<(u32, CaseId), Vec<EarlierAttempt>>);

/// An attempt that doesn't count any more; texts are codes of the store's dictionary.
#[derive(Debug, Clone, Copy)]
struct EarlierAttempt {
    number: u32,
    worker: u32,
    signature: u32,
    error: u32,
    start_time: f64,
    end_time: f64,
    is_done: bool,
    is_final: bool,
}

impl EarlierAttempt {
    /// Whether both are the same attempt: rows may be read twice.
    const fn is(&self, end_time: f64, worker: u32) -> bool {
        self.end_time.to_bits() == end_time.to_bits() && self.worker == worker
    }
}

impl EarlierAttempts {
    /// Returns those of the cases for which `is_wanted`.
    pub(super) fn of(&self, is_wanted: impl Fn(u32, CaseId) -> bool) -> Self {
        let own = self.0.iter().filter(|((batch, case), _)| is_wanted(*batch, *case));
        Self(own.map(|(case, attempts)| (*case, attempts.clone())).collect())
    }

    /// Returns the memory that they take, in bytes, about.
    pub(super) fn size_bytes(&self) -> usize {
        let each = |attempts: &Vec<EarlierAttempt>| {
            size_of::<(u32, CaseId)>() + size_of_val(attempts) + attempts.capacity() * size_of::<EarlierAttempt>()
        };
        self.0.values().map(each).sum()
    }

    fn keep(&mut self, case: (u32, CaseId), attempt: EarlierAttempt) {
        let own = self.0.entry(case).or_default();
        if !own.iter().any(|known| known.is(attempt.end_time, attempt.worker)) {
            if own.len() == MAX_KEPT {
                own.remove(0);
            }
            own.push(attempt);
        }
    }
}

impl ResultStore {
    /// Returns the attempts of a row's case that ended, the first one in front, also those of earlier submissions. An attempt
    /// whose worker vanished has left no row.
    #[must_use]
    pub fn attempts(&self, row: usize) -> Vec<CaseAttempt<'_>> {
        let Some(case) = self.case_ids.get(row) else { return Vec::new() };
        let earlier = self.earlier_of(row, *case);
        let told = |attempt: &EarlierAttempt| CaseAttempt {
            number: attempt.number,
            worker: self.label(attempt.worker),
            start_time: attempt.start_time,
            end_time: attempt.end_time,
            is_done: attempt.is_done,
            is_final: attempt.is_final,
            error: self.label(attempt.error),
        };
        // A failure after which the case was sent again stands in both places.
        let last =
            self.attempt_that_counts(row).filter(|last| !earlier.iter().any(|own| own.is(last.end_time, last.worker)));
        let mut all: Vec<_> = earlier.iter().copied().chain(last).collect();
        all.sort_by(|one, other| one.end_time.total_cmp(&other.end_time));
        all.iter().map(told).collect()
    }

    /// Keeps the attempt that counts until now: another one supersedes it.
    pub(super) fn keep_superseded(&mut self, batch: u32, row: usize) {
        if let Some(attempt) = self.attempt_that_counts(row) {
            self.earlier.keep((batch, self.case_ids[row]), attempt);
        }
    }

    /// Keeps an attempt that doesn't count, unless it is the one that does.
    pub(super) fn keep_other(&mut self, batch: u32, row: usize, attempt: &AttemptRow<'_>) {
        let worker = self.dictionary.enter(attempt.worker);
        if self.attempt_that_counts(row).is_some_and(|counts| counts.is(attempt.end_time, worker)) {
            return;
        }
        let earlier = EarlierAttempt {
            number: attempt.attempt,
            worker,
            signature: attempt.signature.map_or(0, |signature| self.dictionary.enter(signature)),
            error: attempt.error.map_or(0, |error| self.dictionary.enter(error)),
            start_time: attempt.start_time,
            end_time: attempt.end_time,
            is_done: attempt.outcome == RowOutcome::Done,
            is_final: attempt.is_final,
        };
        self.earlier.keep((batch, attempt.case_id), earlier);
    }

    /// Takes the failure out of the row of a case that was sent again: it doesn't count any more.
    pub(super) fn forget_failure(&mut self, row: usize) {
        let batch = self.field(CaseField::Batch).code(row);
        self.keep_superseded(batch, row);
        for field in [CaseField::Signature, CaseField::Error] {
            self.fields[field as usize].put(row, CodedValue::NONE);
        }
    }

    /// Puts a failure back that was taken out; false if there is none.
    pub(super) fn recall_failure(&mut self, row: usize) -> bool {
        let Some(counts) = self.attempt_that_counts(row) else { return false };
        let earlier = self.earlier_of(row, self.case_ids[row]);
        let Some(failure) = earlier.iter().find(|own| own.is(counts.end_time, counts.worker)).copied() else {
            return false;
        };
        for (field, code) in [(CaseField::Signature, failure.signature), (CaseField::Error, failure.error)] {
            self.fields[field as usize].put(row, CodedValue::code(code));
        }
        !failure.is_done
    }

    fn earlier_of(&self, row: usize, case: CaseId) -> &[EarlierAttempt] {
        let key = (self.field(CaseField::Batch).code(row), case);
        self.earlier.0.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    fn attempt_that_counts(&self, row: usize) -> Option<EarlierAttempt> {
        let number = |field: CaseField| self.field(field).number(row);
        let end_time = Some(number(CaseField::EndTime)).filter(|time| !time.is_nan())?;
        let is_final = self.label(self.field(CaseField::State).code(row)) == super::FAILED;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was a number of 32 bits")]
        let attempt = number(CaseField::Attempt).max(0.0) as u32;
        Some(EarlierAttempt {
            number: attempt,
            worker: self.field(CaseField::Worker).code(row),
            signature: self.field(CaseField::Signature).code(row),
            error: self.field(CaseField::Error).code(row),
            start_time: number(CaseField::StartTime),
            end_time,
            is_done: self.field(CaseField::Signature).code(row) == 0 && self.field(CaseField::Error).code(row) == 0,
            is_final,
        })
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::accounting::CaseState;
    use cruncher_study::batch::Batch;
    use serde_json::json;

    use super::*;
    use crate::case_states::CaseStates;
    use crate::chunk::Chunk;
    use crate::samples::case_id;

    /// A row: the case's number, the attempt's number, its end, and its error if it failed, for good with a `!`.
    type Row = (usize, u32, f64, &'static str);

    fn chunk(worker: &str, rows: &[Row]) -> Chunk {
        let line = |(case, attempt, end_time, error): &Row| {
            let mut row = json!({"batch": "a", "case_id": case_id(*case), "attempt": attempt, "start_time": end_time - 1.0,
                "end_time": end_time, "outcome": if error.is_empty() { "done" } else { "failed" }});
            if !error.is_empty() {
                row["error"] = json!(error);
                row["signature"] = json!("00ff");
                row["final"] = json!(error.ends_with('!'));
            }
            format!("{row}\n")
        };
        Chunk::parse(worker, rows.iter().map(line).collect::<String>().as_bytes()).chunk
    }

    /// Returns a line for each attempt of the first row.
    fn told(store: &ResultStore) -> Vec<String> {
        let line = |attempt: &CaseAttempt<'_>| {
            let outcome = if attempt.is_done { "done" } else { attempt.error };
            let is_final = if attempt.is_final { " final" } else { "" };
            format!("{} {} {}: {outcome}{is_final}", attempt.number, attempt.worker, attempt.end_time)
        };
        store.attempts(0).iter().map(line).collect()
    }

    #[test]
    fn all_attempts_of_a_case_are_told_in_their_order_whichever_came_first() {
        let chunks = [
            chunk("v", &[(0, 1, 10.0, "E"), (1, 1, 11.0, "")]),
            chunk("w", &[(0, 2, 20.0, "F!")]),
            chunk("v", &[(0, 1, 30.0, "")]),
        ];
        let expected = ["1 v 10: E", "2 w 20: F! final", "1 v 30: done"];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            let mut store = ResultStore::default();
            for place in order {
                store.append(&chunks[place]);
            }
            let own = store.case_ids().iter().position(|case| *case == case_id(0));
            let attempts = store.attempts(own.unwrap());
            assert_eq!(attempts.len(), 3, "{order:?}");
            let times: Vec<f64> = attempts.iter().map(|attempt| attempt.end_time).collect();
            assert_eq!(times, [10.0, 20.0, 30.0]);
            if own == Some(0) {
                assert_eq!(told(&store), expected, "{order:?}");
            }
        }
    }

    #[test]
    fn rows_that_are_read_again_are_the_same_attempts() {
        let mut store = ResultStore::default();
        let rows = chunk("w", &[(0, 1, 10.0, "E"), (0, 2, 20.0, "E")]);
        for _ in 0..3 {
            store.append(&rows);
        }
        assert_eq!(told(&store), ["1 w 10: E", "2 w 20: E"]);
        // Two workers may end at one time.
        store.append(&chunk("v", &[(0, 1, 10.0, "E")]));
        assert_eq!(store.attempts(0).len(), 3);
    }

    #[test]
    fn a_case_that_is_sent_again_keeps_what_failed() {
        let mut store = ResultStore::default();
        store.append(&chunk("w", &[(0, 1, 10.0, "E!")]));
        let mut states = CaseStates::default();
        states.add(&Batch::parse("a").unwrap(), case_id(0), Some(CaseState::Queued));
        store.set_states(&states);
        assert_eq!(store.attempts(0).iter().map(|attempt| attempt.error).collect::<Vec<_>>(), ["E!"]);
        store.append(&chunk("w", &[(0, 1, 20.0, "")]));
        assert_eq!(told(&store), ["1 w 10: E! final", "1 w 20: done"]);
    }

    #[test]
    fn a_part_has_those_of_its_own_cases() {
        let mut store = ResultStore::default();
        store.append(&chunk("w", &[(0, 1, 10.0, "E"), (1, 1, 10.0, "E"), (0, 2, 20.0, ""), (1, 2, 20.0, "")]));
        let mut rows = store.all();
        rows.retain(|row| row == 1);
        let part = store.part(&rows);
        assert_eq!((part.len(), told(&part).len()), (1, 2));
        assert_eq!(part.earlier.0.len(), 1);
    }

    #[test]
    fn there_is_an_end_to_how_many_are_kept() {
        let rows: Vec<Row> = (0..500).map(|number| (0, number, f64::from(number), "E")).collect();
        let mut store = ResultStore::default();
        store.append(&chunk("w", &rows));
        assert_eq!(store.attempts(0).len(), MAX_KEPT + 1);
        assert!(store.size_bytes() > MAX_KEPT * size_of::<EarlierAttempt>());
        assert_eq!(store.attempts(7), []);
    }
}
