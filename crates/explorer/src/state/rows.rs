//! Rows that were read, and those of them that are shown.

use std::sync::Arc;

use cruncher_backend::enqueue::{COMBINED_PART, POINTS_PART};
use cruncher_results::case_states::CaseStates;
use cruncher_results::case_versions::CaseVersions;
use cruncher_results::chunk::{AttemptRow, Chunk};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::designed_cases::DesignedCases;
use cruncher_results::filter::{FilterCondition, RowFilter};
use cruncher_results::store::{CellValue, ResultStore};
use cruncher_study::batch::Batch;

use cruncher_browser::state::route::BatchChoice;

const BATCH: ColumnId = ColumnId::Case(CaseField::Batch);

/// All rows, and those of the batches that are shown, without withdrawn cases. The latter hold nothing of other batches: no
/// column, text or count.
#[derive(Debug, Clone, Default)]
pub(crate) struct BatchRows {
    whole: ResultStore,
    /// Rows that are shown; `None` as long as those are all that there are.
    part: Option<ResultStore>,
    /// Rows of the chosen batches that no analysis has: those of cases that make points, or combine.
    aids: ResultStore,
    /// Whether such rows are left out of those that are shown.
    is_analysis: bool,
    batches: BatchChoice,
}

/// Whether the cases of a batch only help another: they make its points, or combine what came of it.
fn is_aid(batch: &str) -> bool {
    batch.rsplit_once('/').is_some_and(|(_, last)| last == POINTS_PART || last == COMBINED_PART)
}

impl BatchRows {
    /// Returns no rows, of which those are left out that no analysis has.
    pub(crate) fn of_analysis() -> Self {
        Self { is_analysis: true, ..Self::default() }
    }

    /// Returns the same rows with those that no analysis has.
    pub(crate) fn with_aids(&self) -> Self {
        let mut all = Self { is_analysis: false, ..self.clone() };
        all.choose(self.batches.clone());
        all
    }

    /// Returns the rows of the chosen batches that are left out of those that are shown since no analysis has them.
    pub(crate) const fn aids(&self) -> &ResultStore {
        &self.aids
    }

    /// Returns a number that no other state of these rows has.
    pub(crate) fn revision(&self) -> u64 {
        self.shown().revision().max(self.aids.revision())
    }

    /// Returns the rows that are shown. There are none as long as there are several batches and nobody knows which are asked
    /// for.
    pub(crate) const fn shown(&self) -> &ResultStore {
        match &self.part {
            Some(part) => part,
            None => &self.whole,
        }
    }

    /// Shows other batches.
    pub(crate) fn choose(&mut self, batches: BatchChoice) {
        self.batches = batches;
        let of = |filter: RowFilter| {
            let mut rows = filter.apply(&self.whole);
            rows.and(&self.whole.counted());
            rows.and(&self.whole.with_state());
            rows
        };
        let (rows, aids) = (of(self.wanted(false)), of(self.wanted(true)));
        self.aids = if aids.count() > 0 { self.whole.part(&aids) } else { ResultStore::default() };
        self.part = (rows.count() < self.whole.len()).then(|| self.whole.part(&rows));
    }

    /// Takes the versions of cases, and which cases are withdrawn.
    pub(crate) fn set_versions(&mut self, versions: CaseVersions) {
        self.whole.set_versions(Arc::new(versions));
        self.choose(self.batches.clone());
    }

    /// Takes states that no row tells; a case without a row gets one.
    pub(crate) fn set_states(&mut self, states: &CaseStates) {
        self.whole.set_states(states);
        self.choose(self.batches.clone());
    }

    /// Takes the inputs of cases that have no outcome yet.
    pub(crate) fn append_designed(&mut self, designed: &DesignedCases) {
        self.whole.append_designed(designed);
        self.choose(self.batches.clone());
    }

    /// Takes the rows of a chunk.
    pub(crate) fn append(&mut self, chunk: &Chunk) {
        let versions = self.whole.versions().clone();
        let counts = |attempt: &AttemptRow| !versions.withdraws(attempt.batch, attempt.case_id);
        let (is_analysis, batches) = (self.is_analysis, self.batches.clone());
        let is_left_out = |attempt: &AttemptRow| leaves_out(is_analysis, &batches, attempt.batch.as_str());
        let is_other =
            |attempt: AttemptRow| !self.is_shown(attempt.batch) || !counts(&attempt) || is_left_out(&attempt);
        let has_others = (0..chunk.len()).any(|row| is_other(chunk.attempt(row)));
        self.whole.append(chunk);
        match (&mut self.part, &self.batches) {
            (Some(part), BatchChoice::One(batch)) => {
                let is_wanted = |attempt: &AttemptRow| batch.contains(attempt.batch.as_str()) && counts(attempt);
                part.append_of(chunk, |attempt| is_wanted(attempt) && !is_left_out(attempt));
                self.aids.append_of(chunk, |attempt| is_wanted(attempt) && is_left_out(attempt));
            }
            (Some(part), BatchChoice::All) => {
                part.append_of(chunk, |attempt| counts(attempt) && !is_left_out(attempt));
                self.aids.append_of(chunk, |attempt| counts(attempt) && is_left_out(attempt));
            }
            (part, _) if part.is_some() || has_others => self.choose(self.batches.clone()),
            _ => {}
        }
    }

    /// Makes room for about this many more rows.
    pub(crate) fn make_room(&mut self, rows: usize) {
        self.whole.make_room(rows);
    }

    /// Whether rows of a batch belong to those that are shown, while all rows are shown.
    fn is_shown(&self, own: &Batch) -> bool {
        match (&self.batches, self.whole.cell(&BATCH, 0)) {
            (BatchChoice::One(batch), _) => batch.contains(own.as_str()),
            (BatchChoice::Unsaid, CellValue::Text(first)) => first == own.as_str(),
            (BatchChoice::Unsaid | BatchChoice::All, _) => true,
        }
    }

    /// Returns the filter of the rows that are shown, or of those that are left out of them since no analysis has them.
    fn wanted(&self, of_aids: bool) -> RowFilter {
        let labels = self.whole.categories(self.whole.field(CaseField::Batch));
        let is_left_out = |label: &str| leaves_out(self.is_analysis, &self.batches, label);
        let is_wanted = |label: &str| match &self.batches {
            BatchChoice::One(batch) => batch.contains(label),
            BatchChoice::Unsaid => labels.len() < 2,
            BatchChoice::All => true,
        };
        let all = labels.iter().map(|category| category.label);
        let values: Vec<String> =
            all.filter(|label| is_wanted(label) && is_left_out(label) == of_aids).map(str::to_owned).collect();
        if values.len() == labels.len() && !of_aids {
            return RowFilter::default();
        }
        RowFilter { conditions: vec![FilterCondition::OneOf { column: BATCH, values }] }
    }
}

/// Whether an analysis of these batches leaves out the rows of one: unless it was chosen itself, or is all that there may be.
fn leaves_out(is_analysis: bool, chosen: &BatchChoice, own: &str) -> bool {
    is_analysis
        && is_aid(own)
        && match chosen {
            BatchChoice::One(batch) => !is_aid(batch.as_str()),
            BatchChoice::All => true,
            BatchChoice::Unsaid => false,
        }
}

#[cfg(test)]
mod tests {
    use cruncher_study::case::CaseId;
    use serde_json::json;

    use super::*;

    /// Returns rows of batches, each with a factor and a response that are named after its batch.
    fn chunk(batches: &[&str], first: usize) -> Chunk {
        let line = |(number, batch): (usize, &&str)| {
            let row = json!({"batch": batch, "case_id": format!("{number:032x}"), "outcome": "done", "start_time": 0, "end_time": 1,
                "parameters": {format!("in {batch}"): number}, "result": {format!("out {batch}"): format!("text of {batch}")}});
            format!("{row}\n")
        };
        let text: String = (first..).zip(batches).map(line).collect();
        Chunk::parse("w", text.as_bytes()).chunk
    }

    fn shown(rows: &BatchRows) -> (usize, Vec<String>) {
        let store = rows.shown();
        (store.len(), store.factors().chain(store.responses()).map(|(id, _)| id.name().to_owned()).collect())
    }

    /// Checks the rows that are shown, and that they are the same if the batches were chosen before any row came.
    fn check(rows: &mut BatchRows, batches: &str, cases: usize, named: &[&str]) {
        let expected = (cases, named.iter().map(|name| (*name).to_owned()).collect());
        rows.choose(BatchChoice::parse(batches));
        assert_eq!(shown(rows), expected, "{batches}");
        let texts = |store: &ResultStore| {
            let of =
                |id: ColumnId| (0..store.len()).map(|row| format!("{:?}", store.cell(&id, row))).collect::<Vec<_>>();
            store.ids().into_iter().map(of).collect::<Vec<_>>()
        };
        let mut fresh = BatchRows { batches: BatchChoice::parse(batches), ..BatchRows::default() };
        fresh.append(&chunk(&["soil", "soil"], 0));
        fresh.append(&chunk(&["steel", "soil", "soil/fine"], 2));
        fresh.append(&chunk(&["steel"], 5));
        assert_eq!(shown(&fresh), expected, "{batches}, chosen before any row came");
        assert_eq!(texts(fresh.shown()), texts(rows.shown()), "{batches}");
    }

    #[test]
    fn a_batch_is_shown_as_if_there_were_no_other() {
        let mut rows = BatchRows::default();
        rows.append(&chunk(&["soil", "soil", "steel", "soil", "soil/fine", "steel"], 0));
        check(&mut rows, "soil", 4, &["in soil", "in soil/fine", "out soil", "out soil/fine"]);
        check(&mut rows, "steel", 2, &["in steel", "out steel"]);
        check(&mut rows, "soil/fine", 1, &["in soil/fine", "out soil/fine"]);
        check(&mut rows, "nowhere", 0, &[]);
        let all = ["in soil", "in steel", "in soil/fine", "out soil", "out steel", "out soil/fine"];
        check(&mut rows, "*", 6, &all);
    }

    /// Returns the versions of the cases of soil: those with these numbers are of an older version, withdrawn or not.
    fn older(numbers: &[u32], is_withdrawn: bool) -> CaseVersions {
        let mut versions = CaseVersions::default();
        let case = |number: &u32| CaseId::parse(&format!("{number:032x}")).unwrap();
        let soil = Batch::parse("soil").unwrap();
        versions.add(&soil, "m.py version 1".into(), is_withdrawn, numbers.iter().map(case).collect());
        versions.add(&soil, "m.py version 2".into(), false, vec![case(&1), case(&3)]);
        versions
    }

    #[test]
    fn withdrawn_cases_are_not_shown_whenever_they_come_and_come_back() {
        for batches in ["soil", "*", ""] {
            let mut rows = BatchRows::default();
            rows.choose(BatchChoice::parse(batches));
            rows.append(&chunk(&["soil", "soil"], 0));
            rows.set_versions(older(&[0, 2], true));
            assert_eq!(rows.shown().len(), 1, "{batches}");
            rows.append(&chunk(&["soil", "soil"], 2));
            assert_eq!(rows.shown().len(), 2, "{batches}");
            assert_eq!(rows.shown().case_ids().iter().map(|id| id.as_bytes()[15]).collect::<Vec<_>>(), [1, 3]);
            assert!(!rows.shown().has_versions(), "what is shown is of one version");
            rows.set_versions(older(&[0, 2], false));
            assert_eq!((rows.shown().len(), rows.shown().has_versions()), (4, true), "{batches}");
            let models = (0..4).map(|row| format!("{:?}", rows.shown().cell(&ColumnId::Case(CaseField::Model), row)));
            let expected = ["1", "2", "1", "2"].map(|number| format!("Text(\"m.py version {number}\")"));
            assert_eq!(models.collect::<Vec<_>>(), expected);
            rows.set_versions(CaseVersions::default());
            assert!(!rows.shown().has_versions());
        }
    }

    #[test]
    fn as_long_as_nobody_knows_which_batch_is_asked_for_several_are_not_mixed() {
        let mut rows = BatchRows::default();
        rows.append(&chunk(&["soil", "soil"], 0));
        assert_eq!(rows.shown().len(), 2, "there is no other");
        rows.append(&chunk(&["soil"], 2));
        assert_eq!(rows.shown().len(), 3);
        rows.append(&chunk(&["soil", "steel"], 3));
        assert!(rows.shown().is_empty());
        rows.append(&chunk(&["steel"], 5));
        assert!(rows.shown().is_empty());
        rows.choose(BatchChoice::parse("steel"));
        assert_eq!(rows.shown().len(), 2);
    }

    #[test]
    fn cases_that_make_points_or_combine_are_in_no_analysis_unless_they_are_chosen() {
        let batches = ["soil", "soil/points", "soil/combined", "soil/fine"];
        for all_at_once in [true, false] {
            for (chosen, shown, aids, cases) in
                [("soil", 2, 2, 4), ("*", 2, 2, 4), ("soil/combined", 1, 0, 1), ("soil/fine", 1, 0, 1)]
            {
                let mut rows = BatchRows::of_analysis();
                rows.choose(BatchChoice::parse(chosen));
                if all_at_once {
                    rows.append(&chunk(&batches, 0));
                } else {
                    (0..).zip(&batches).for_each(|(first, batch)| rows.append(&chunk(&[*batch], first)));
                }
                assert_eq!((rows.shown().len(), rows.aids().len()), (shown, aids), "{chosen}");
                assert_eq!(rows.with_aids().shown().len(), cases, "{chosen}");
                let before = rows.revision();
                rows.append(&chunk(&["soil/combined"], 9));
                assert!(chosen == "soil/fine" || rows.revision() > before, "{chosen}");
            }
        }
    }
}
