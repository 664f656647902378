//! Cases without an outcome in the rows of a store, and the states that no row tells.

use cruncher_study::accounting::CaseState;
use cruncher_study::case::CaseId;

use super::append::Target;
use super::column::CodedValue;
use super::{DONE, FAILED, RETRIED, ResultStore, next_revision};
use crate::case_states::CaseStates;
use crate::column_id::CaseField;
use crate::designed_cases::DesignedCases;
use crate::mask::RowMask;

impl ResultStore {
    /// Takes the inputs of cases that have no outcome yet; others keep what they have.
    pub fn append_designed(&mut self, designed: &DesignedCases) {
        let chunk = &designed.0;
        let targets: Vec<Target> = (0..chunk.len())
            .map(|index| {
                let attempt = chunk.attempt(index);
                let row = self.row_of(attempt.batch.as_str(), attempt.case_id);
                if !self.field(CaseField::EndTime).number(row).is_nan() {
                    return None;
                }
                for (field, number) in [(CaseField::Level, attempt.level), (CaseField::Replicate, attempt.replicate)] {
                    self.fields[field as usize].put(row, CodedValue::number(f64::from(number)));
                }
                let pool = self.pool_code(attempt.pool);
                self.fields[CaseField::Pool as usize].put(row, CodedValue::code(pool));
                self.put_version(row, attempt.batch);
                Some(row)
            })
            .collect();
        self.write_values(chunk, &targets);
        self.pad_fields();
        self.revision = next_revision();
    }

    /// Takes states that no row tells. A case that has no row gets one.
    pub fn set_states(&mut self, states: &CaseStates) {
        if states.is_empty() {
            return;
        }
        for part in states.parts() {
            let state = self.dictionary.enter(&part.state);
            let is_sent_again = is_of_a_later_submission(&part.state);
            for case in &part.cases {
                let row = self.row_of(part.batch.as_str(), *case);
                if is_sent_again && self.label(self.field(CaseField::State).code(row)) == FAILED {
                    self.forget_failure(row);
                }
                let state = if part.state.is_empty() { self.own_state(row) } else { state };
                self.fields[CaseField::State as usize].put(row, CodedValue::code(state));
            }
        }
        self.pad_fields();
        self.revision = next_revision();
    }

    /// Returns the rows of cases that have a state: those of others were removed from their table.
    #[must_use]
    pub fn with_state(&self) -> RowMask {
        let mut rows = self.all();
        rows.retain_by(self.field(CaseField::State).codes(), |state| !self.label(state).is_empty());
        rows
    }

    /// Returns the row of a case; a new one if it has none.
    fn row_of(&mut self, batch: &str, case: CaseId) -> usize {
        let batch = self.dictionary.enter(batch);
        self.find(batch, case).unwrap_or_else(|| self.add(batch, case))
    }

    /// Returns the state that the row itself tells: `done` if the attempt has no signature, `failed` or `retried` otherwise.
    fn own_state(&mut self, row: usize) -> u32 {
        if self.field(CaseField::EndTime).number(row).is_nan() {
            return 0;
        }
        let known = self.label(self.field(CaseField::State).code(row));
        if [DONE, FAILED, RETRIED].contains(&known) {
            return self.field(CaseField::State).code(row);
        }
        let is_failed = self.field(CaseField::Signature).code(row) != 0 || self.recall_failure(row);
        self.dictionary.enter(if is_failed { FAILED } else { DONE })
    }

    /// Makes all columns as long as there are rows.
    fn pad_fields(&mut self) {
        let rows = self.case_ids.len();
        let named = self.named.iter_mut().map(|(_, column)| column);
        self.fields.iter_mut().chain(named).for_each(|column| column.pad(rows));
    }
}

/// Whether a case that failed for good can be in this state only if it was sent again. It may be done before its row is read.
fn is_of_a_later_submission(state: &str) -> bool {
    use CaseState::{Cancelled, Done, Lost, Queued, Running};
    matches!(CaseState::named(state), Some(Queued | Running | Lost | Cancelled | Done))
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;
    use cruncher_study::pool::Pool;
    use serde_json::json;

    use super::*;
    use crate::chunk::Chunk;
    use crate::column_id::ColumnId;
    use crate::store::CellValue;

    fn id(number: u32) -> CaseId {
        CaseId::parse(&format!("{number:032x}")).unwrap()
    }

    fn batch() -> Batch {
        Batch::parse("soil").unwrap()
    }

    fn designed(numbers: &[u32]) -> DesignedCases {
        let case = |number: &u32| cruncher_study::cases::DesignCase {
            case_id: id(*number),
            level: 2,
            parameters: serde_json::from_value(json!({"c": number})).unwrap(),
            replicate: 0,
            pool: None,
        };
        let designed = DesignedCases(Chunk::from_cases(&batch(), numbers.iter().map(case)));
        DesignedCases::from_bytes(&designed.to_bytes()).unwrap()
    }

    fn ended(number: u32, outcome: &str, end_time: f64) -> Chunk {
        let row = json!({"batch": "soil", "case_id": id(number).to_string(), "outcome": outcome, "start_time": 0, "end_time": end_time,
            "final": true, "signature": "00ff", "error": "E", "parameters": {"c": number}, "result": {"y": 1}});
        let row = if outcome == "done" {
            json!({"batch": "soil", "case_id": id(number).to_string(), "outcome": outcome,
            "start_time": 0, "end_time": end_time, "parameters": {"c": number}, "result": {"y": 1}})
        } else {
            row
        };
        Chunk::parse("w", format!("{row}\n").as_bytes()).chunk
    }

    fn told(store: &ResultStore) -> Vec<(u8, String, f64)> {
        let state = |row| match store.cell(&ColumnId::Case(CaseField::State), row) {
            CellValue::Text(state) => state.to_owned(),
            other => format!("{other:?}"),
        };
        let factor = |row| store.column(&ColumnId::Factor("c".into())).map_or(f64::NAN, |column| column.number(row));
        store.case_ids().iter().enumerate().map(|(row, id)| (id.as_bytes()[15], state(row), factor(row))).collect()
    }

    fn states(changes: &[(u32, Option<CaseState>)]) -> CaseStates {
        let mut states = CaseStates::default();
        for (number, state) in changes {
            states.add(&batch(), id(*number), *state);
        }
        states
    }

    /// Checks that the store says this of each case, by its number.
    fn check(store: &ResultStore, expected: &[(u8, &str, f64)]) {
        let expected: Vec<_> = expected.iter().map(|(id, state, c)| (*id, (*state).to_owned(), *c)).collect();
        assert_eq!(format!("{:?}", told(store)), format!("{expected:?}"));
    }

    #[test]
    fn a_case_goes_from_its_table_over_its_states_to_its_outcome_on_one_row() {
        let mut store = ResultStore::default();
        store.append(&ended(3, "done", 5.0));
        store.set_states(&states(&[(1, Some(CaseState::Running)), (2, Some(CaseState::Queued))]));
        check(&store, &[(3, "done", 3.0), (1, "running", f64::NAN), (2, "queued", f64::NAN)]);
        store.append_designed(&designed(&[1, 2, 3]));
        check(&store, &[(3, "done", 3.0), (1, "running", 1.0), (2, "queued", 2.0)]);
        let before = store.revision();
        store.append(&ended(1, "failed", 7.0));
        store.append(&ended(2, "done", 8.0));
        assert!(store.revision() > before);
        check(&store, &[(3, "done", 3.0), (1, "failed", 1.0), (2, "done", 2.0)]);
        // It is sent again, and fails again.
        store.set_states(&states(&[(1, Some(CaseState::Queued))]));
        check(&store, &[(3, "done", 3.0), (1, "queued", 1.0), (2, "done", 2.0)]);
        store.append(&ended(1, "failed", 9.0));
        store.set_states(&states(&[(1, None)]));
        check(&store, &[(3, "done", 3.0), (1, "failed", 1.0), (2, "done", 2.0)]);
    }

    #[test]
    fn every_case_has_a_pool_once_a_case_names_one() {
        let mut store = ResultStore::default();
        store.append(&ended(3, "done", 5.0));
        let pools = |store: &ResultStore| -> Vec<String> {
            let cell = |row| format!("{:?}", store.cell(&ColumnId::Case(CaseField::Pool), row));
            (0..store.len()).map(cell).collect()
        };
        assert_eq!((pools(&store), store.has_pools()), (vec!["Missing".to_owned()], false));
        assert!(!store.ids().contains(&ColumnId::Case(CaseField::Pool)));
        let case = |number: u32, pool| cruncher_study::cases::DesignCase {
            case_id: id(number),
            level: 2,
            parameters: serde_json::from_value(json!({"c": number})).unwrap(),
            replicate: 0,
            pool,
        };
        let cases = [case(1, Pool::parse("gpu").ok()), case(2, None)];
        let designed = DesignedCases(Chunk::from_cases(&batch(), cases));
        store.append_designed(&DesignedCases::from_bytes(&designed.to_bytes()).unwrap());
        store.append(&ended(4, "done", 6.0));
        let expected = ["main", "gpu", "main", "main"].map(|pool| format!("Text({pool:?})"));
        assert_eq!(pools(&store), expected);
        assert!(store.ids().contains(&ColumnId::Case(CaseField::Pool)));
        let part = store.part(&RowMask::full(store.len()));
        assert_eq!((pools(&part), part.has_pools()), (expected.to_vec(), true));
    }

    #[test]
    fn a_failure_does_not_count_while_its_case_is_sent_again() {
        let (mut store, error) = (ResultStore::default(), ColumnId::Case(CaseField::Error));
        let signature = ColumnId::Case(CaseField::Signature);
        store.append(&ended(1, "failed", 7.0));
        store.set_states(&states(&[(1, Some(CaseState::Queued))]));
        assert_eq!((store.cell(&error, 0), store.cell(&signature, 0)), (CellValue::Missing, CellValue::Missing));
        store.set_states(&states(&[(1, Some(CaseState::Running))]));
        // The rows are read once more.
        store.append(&ended(1, "failed", 7.0));
        assert_eq!((store.cell(&signature, 0), store.attempts(0).len()), (CellValue::Missing, 1));
        // Its new submission was withdrawn.
        store.set_states(&states(&[(1, None)]));
        check(&store, &[(1, "failed", 1.0)]);
        assert_eq!((store.cell(&error, 0), store.cell(&signature, 0)), (CellValue::Text("E"), CellValue::Text("00ff")));
        store.set_states(&states(&[(1, Some(CaseState::Queued))]));
        store.append(&ended(1, "failed", 9.0));
        assert_eq!((store.cell(&error, 0), store.attempts(0).len()), (CellValue::Text("E"), 2));
        // Its result is listed before its row is read.
        store.set_states(&states(&[(1, Some(CaseState::Done))]));
        store.append(&ended(1, "done", 11.0));
        assert_eq!(store.attempts(0).iter().map(|attempt| attempt.is_final).collect::<Vec<_>>(), [true, true, false]);
    }

    #[test]
    fn a_failure_counts_while_its_case_is_tried_again() {
        let mut store = ResultStore::default();
        let row = json!({"batch": "soil", "case_id": id(1).to_string(), "outcome": "failed", "start_time": 0, "end_time": 7.0,
            "signature": "00ff", "error": "E"});
        store.append(&Chunk::parse("w", format!("{row}\n").as_bytes()).chunk);
        store.set_states(&states(&[(1, Some(CaseState::Queued))]));
        assert_eq!(store.cell(&ColumnId::Case(CaseField::Signature), 0), CellValue::Text("00ff"));
    }

    #[test]
    fn the_order_of_rows_and_states_does_not_matter() {
        let mut store = ResultStore::default();
        store.append_designed(&designed(&[1, 2]));
        store.set_states(&states(&[(1, Some(CaseState::Lost)), (2, Some(CaseState::Cancelled))]));
        check(&store, &[(1, "lost", 1.0), (2, "cancelled", 2.0)]);
        store.append(&ended(1, "failed", 7.0));
        store.set_states(&states(&[(1, Some(CaseState::Queued))]));
        // Cancelled and forgotten by its failed state alone.
        store.set_states(&states(&[(1, None)]));
        check(&store, &[(1, "failed", 1.0), (2, "cancelled", 2.0)]);
        // No table names it any more.
        store.set_states(&states(&[(2, None)]));
        assert_eq!(store.with_state().iter().collect::<Vec<_>>(), [0]);
    }
}
