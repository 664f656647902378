//! The rows and columns of a table.

use std::collections::BTreeSet;

use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::mask::RowMask;
use cruncher_results::store::{CellValue, DONE, FAILED, ResultStore};
use cruncher_study::batch::Batch;

/// Selection of rows and columns for a table.
pub(super) struct TableSelection<'a> {
    pub(super) store: &'a ResultStore,
    /// The cases with a result.
    pub(super) done: RowMask,
    /// The cases without an attempt left.
    pub(super) failed: RowMask,
    pub(super) factors: Vec<ColumnId>,
    pub(super) responses: Vec<ColumnId>,
}

/// A response that doesn't exist, and those that do.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownResponse {
    pub(super) name: String,
    pub(super) known: Vec<String>,
}

impl<'a> TableSelection<'a> {
    /// Selects all cases that ended and aren't withdrawn, of all batches or of one and those below it. If a batch is named,
    /// columns without any value are left out: they belong to other batches.
    pub(super) fn new(store: &'a ResultStore, batch: Option<&Batch>) -> Self {
        let batches = store.field(CaseField::Batch);
        let counted = store.counted();
        let is_in_batch = |row: usize| batch.is_none_or(|batch| batch.contains(store.label(batches.code(row))));
        let is_wanted = |row: usize| counted.contains(row) && is_in_batch(row);
        let is_in = |row: usize, state: &str| store.label(store.field(CaseField::State).code(row)) == state;
        let mask = |state: &str| RowMask::from_fn(store.len(), |row| is_in(row, state) && is_wanted(row));
        let mut selection =
            Self { store, done: mask(DONE), failed: mask(FAILED), factors: Vec::new(), responses: Vec::new() };
        let is_shown = |id: &&ColumnId| batch.is_none() || selection.has_value(id);
        let ids = |id: &ColumnId| id.clone();
        let factors = store.factors().map(|(id, _)| id).filter(is_shown).map(ids).collect();
        let responses = store.responses().map(|(id, _)| id).filter(is_shown).map(ids).collect();
        (selection.factors, selection.responses) = (factors, responses);
        selection
    }

    /// Leaves out cases without a result.
    pub(super) fn leave_out_failed(&mut self) {
        self.failed = RowMask::empty(self.store.len());
    }

    /// Selects these responses only, in their order; all if there are no texts. Each text is the name of one, or names of
    /// several as [`names`] reads them.
    pub(super) fn choose_responses(&mut self, texts: &[String]) -> Result<(), UnknownResponse> {
        let mut chosen: Vec<ColumnId> = Vec::new();
        for text in texts {
            let is_one = self.responses.iter().any(|id| id.name() == text);
            for name in if is_one { vec![text.clone()] } else { names(text) } {
                let found = self.responses.iter().find(|id| *id.name() == name);
                let found = found.ok_or_else(|| UnknownResponse {
                    name,
                    known: self.responses.iter().map(|id| quoted(id.name())).collect(),
                })?;
                if !chosen.contains(found) {
                    chosen.push(found.clone());
                }
            }
        }
        if !chosen.is_empty() {
            self.responses = chosen;
        }
        Ok(())
    }

    /// Whether there is no case.
    pub(super) fn is_empty(&self) -> bool {
        self.done.count() + self.failed.count() == 0
    }

    /// Returns the rows of the store in ascending order.
    pub(super) fn rows(&self) -> Vec<usize> {
        let mut rows = self.done.clone();
        rows.or(&self.failed);
        rows.iter().collect()
    }

    /// Returns factors, then responses.
    pub(super) fn named(&self) -> impl Iterator<Item = &ColumnId> {
        self.factors.iter().chain(&self.responses)
    }

    fn has_value(&self, id: &ColumnId) -> bool {
        let mut rows = self.done.iter().chain(self.failed.iter());
        let Some(column) = self.store.column(id) else { return false };
        rows.any(|row| self.store.cell_of(column, row) != CellValue::Missing)
    }
}

/// Splits names at commas, without the spaces around them. A name that has a comma itself is in double quotes, in which a
/// double quote is written twice.
fn names(text: &str) -> Vec<String> {
    let (mut names, mut name, mut is_quoted, mut was_quoted) = (Vec::new(), String::new(), false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => name.push('"'),
            '"' if is_quoted => is_quoted = false,
            '"' if name.trim().is_empty() && !was_quoted => (name, is_quoted, was_quoted) = (String::new(), true, true),
            ',' if !is_quoted => names.push(end_of_name(&mut name, &mut was_quoted)),
            // These spaces are behind the quotes.
            ' ' if was_quoted && !is_quoted => {}
            other => name.push(other),
        }
    }
    names.push(end_of_name(&mut name, &mut was_quoted));
    names
}

fn end_of_name(name: &mut String, was_quoted: &mut bool) -> String {
    let name = std::mem::take(name);
    if std::mem::take(was_quoted) { name } else { name.trim().to_owned() }
}

/// Writes a name so that [`names`] reads it.
fn quoted(name: &str) -> String {
    let is_plain = !name.contains([',', '"']) && name.trim() == name;
    if is_plain { name.to_owned() } else { format!("\"{}\"", name.replace('"', "\"\"")) }
}

/// Returns the number of factors: components of a vector belong to one.
pub(super) fn factors<'a>(ids: impl IntoIterator<Item = &'a ColumnId>) -> u64 {
    let names: BTreeSet<&str> = ids.into_iter().filter_map(|id| id.name().split('[').next()).collect();
    names.len() as u64
}

#[cfg(test)]
pub(super) mod tests {
    use cruncher_results::chunk::Chunk;
    use serde_json::{Value, json};

    use super::*;

    /// Returns two batches: with results, with a failure, with one that will be tried again.
    pub(in super::super) fn store() -> ResultStore {
        let row = |number: usize, batch: &str, more: Value| {
            let mut row = json!({"batch": batch, "case_id": format!("{number:032x}"), "level": number, "replicate": 0,
                "attempt": 2, "start_time": 1_790_000_000.5, "end_time": 1_790_000_002.0});
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            format!("{row}\n")
        };
        let done =
            |parameters: Value, result: Value| json!({"outcome": "done", "parameters": parameters, "result": result});
        let failed = |is_final: bool| {
            json!({"outcome": "failed", "final": is_final, "signature": "0a", "error": "E: x",
            "parameters": {"c": [7, 8], "soil": "silt"}})
        };
        let text = [
            row(0, "a/b", done(json!({"c": [1, 0.1], "soil": "clay"}), json!({"load": 2e5, "ok": true, "x": 1}))),
            row(1, "a/b", failed(true)),
            row(2, "a/b", failed(false)),
            row(3, "a-c", done(json!({"d": 4}), json!({"load": null, "x": "n/a", "level": 5}))),
            row(4, "a", done(json!({"c": [2, -0.0], "soil": ""}), json!({"load": 1e-300, "ok": false}))),
        ];
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", text.concat().as_bytes()).chunk);
        assert_eq!(store.len(), 5);
        store
    }

    fn ids(ids: &[ColumnId]) -> Vec<&str> {
        ids.iter().map(ColumnId::name).collect()
    }

    #[test]
    fn cases_that_ended_are_there_and_all_columns() {
        let store = store();
        let selection = TableSelection::new(&store, None);
        assert_eq!(selection.done.iter().collect::<Vec<_>>(), [0, 3, 4]);
        assert_eq!(selection.failed.iter().collect::<Vec<_>>(), [1]);
        assert_eq!(selection.rows(), [0, 1, 3, 4]);
        assert_eq!(ids(&selection.factors), ["c[0]", "c[1]", "soil", "d"]);
        assert_eq!(ids(&selection.responses), ["load", "ok", "x", "level"]);
        assert_eq!(factors(&selection.factors), 3);
    }

    #[test]
    fn a_batch_has_the_batches_below_it_and_its_own_columns() {
        let store = store();
        let selection = TableSelection::new(&store, Some(&Batch::parse("a").unwrap()));
        assert_eq!(selection.rows(), [0, 1, 4]);
        assert_eq!(ids(&selection.factors), ["c[0]", "c[1]", "soil"]);
        assert_eq!(ids(&selection.responses), ["load", "ok", "x"]);
        assert!(TableSelection::new(&store, Some(&Batch::parse("b").unwrap())).is_empty());
    }

    #[test]
    fn responses_are_chosen_in_order_and_an_unknown_one_names_the_others() {
        let store = store();
        let mut selection = TableSelection::new(&store, None);
        selection.choose_responses(&[]).unwrap();
        assert_eq!(selection.responses.len(), 4);
        let unknown = selection.choose_responses(&["x".into(), "c[0]".into()]).unwrap_err();
        assert_eq!(unknown.name, "c[0]");
        assert_eq!(unknown.known, ["load", "ok", "x", "level"]);
        selection.choose_responses(&["x".into(), "load".into(), "x".into()]).unwrap();
        assert_eq!(ids(&selection.responses), ["x", "load"]);
    }

    #[test]
    fn a_response_whose_name_has_a_comma_is_chosen_alone_or_in_quotes() {
        let row = json!({"batch": "a", "case_id": "0".repeat(32), "outcome": "done", "start_time": 0, "end_time": 1,
            "result": {"load, kN": 1, "say \"a, b\"": 2, "x": 3, "y": 4, " z": 5}});
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", format!("{row}\n").as_bytes()).chunk);
        let check = |texts: &[&str], expected: &[&str]| {
            let mut selection = TableSelection::new(&store, None);
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            selection.choose_responses(&texts).unwrap();
            assert_eq!(ids(&selection.responses), expected, "{texts:?}");
        };
        check(&["load, kN"], &["load, kN"]);
        check(&["y,\"load, kN\",x"], &["y", "load, kN", "x"]);
        check(&["load, kN", "y,x"], &["load, kN", "y", "x"]);
        check(&["\"say \"\"a, b\"\"\",x"], &["say \"a, b\"", "x"]);
        check(&["x, y , \" z\" "], &["x", "y", " z"]);
        let unknown = TableSelection::new(&store, None).choose_responses(&["x,load".into()]).unwrap_err();
        assert_eq!(unknown.name, "load");
        assert_eq!(unknown.known, ["\" z\"", "\"load, kN\"", "\"say \"\"a, b\"\"\"", "x", "y"]);
    }
}
