//! Export of failed cases as a table: their inputs, and their errors.

use std::collections::{BTreeMap, BTreeSet};

use super::csv::{CsvLayout, CsvTable, TextFormat, push_text};
use crate::column_id::{CaseField, ColumnId};
use crate::mask::RowMask;
use crate::store::{CellValue, DONE, ResultStore};

/// The fields in front of the factors.
const FIELDS: [CaseField; 9] = [
    CaseField::Batch,
    CaseField::CaseId,
    CaseField::Level,
    CaseField::Replicate,
    CaseField::State,
    CaseField::Attempt,
    CaseField::Worker,
    CaseField::EndTime,
    CaseField::Signature,
];

/// The names of the columns behind them.
const TOLD: [&str; 3] = ["exception", "message", "document"];

/// Error of a failed case, from its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToldError {
    /// The exception's type.
    pub exception: String,
    /// The exception's message.
    pub message: String,
    /// The path of the document beside the table; empty if it isn't there.
    pub document: String,
}

/// The table of failed cases: a row for each case, with fields, then factors, then the error.
///
/// If the document of a case wasn't read, exception and message are those of its row, which ends with `…` if it was cut.
#[derive(Debug)]
pub struct ErrorTable<'a> {
    store: &'a ResultStore,
    csv: CsvTable<'a>,
    texts: TextFormat,
}

/// Returns the rows of cases that have failed, including those that are tried again.
#[must_use]
pub fn failed(store: &ResultStore) -> RowMask {
    let is_done = |row| store.cell(&ColumnId::Case(CaseField::State), row) == CellValue::Text(DONE);
    RowMask::from_fn(store.len(), |row| !is_done(row))
}

impl<'a> ErrorTable<'a> {
    /// Returns the table of a store.
    #[must_use]
    pub fn new(store: &'a ResultStore, layout: CsvLayout) -> Self {
        let factors = store.factors().map(|(id, _)| id.clone());
        let columns = FIELDS.into_iter().map(ColumnId::Case).chain(factors).collect();
        let texts = layout.texts;
        Self { store, csv: CsvTable::with_columns(store, columns).with_layout(layout), texts }
    }

    /// Returns the first line. A factor that is called like another column is `parameters.<name>`.
    #[must_use]
    pub fn header(&self) -> String {
        let mut taken: BTreeSet<String> = TOLD.map(str::to_owned).into();
        let mut out = String::new();
        for mut name in self.csv.names() {
            while !taken.insert(name.clone()) {
                name.insert_str(0, "parameters.");
            }
            push_text(&mut out, &name, self.texts);
            out.push(',');
        }
        out + &TOLD.join(",") + "\r\n"
    }

    /// Returns the lines of these rows.
    #[must_use]
    pub fn rows(&self, rows: impl IntoIterator<Item = usize>, told: &BTreeMap<usize, ToldError>) -> String {
        let mut out = String::new();
        for row in rows {
            out.push_str(self.csv.rows([row]).trim_end_matches("\r\n"));
            let own = || self.told(row);
            let ToldError { exception, message, document } = told.get(&row).cloned().unwrap_or_else(own);
            for text in [exception, message, document] {
                out.push(',');
                if !text.is_empty() {
                    push_text(&mut out, &text, self.texts);
                }
            }
            out.push_str("\r\n");
        }
        out
    }

    /// Splits the error in a row, such as `ValueError: negative cohesion`, into exception and message.
    fn told(&self, row: usize) -> ToldError {
        let (CellValue::Text(error) | CellValue::Cut(error, _)) =
            self.store.cell(&ColumnId::Case(CaseField::Error), row)
        else {
            return ToldError::default();
        };
        let (exception, message) = error.split_once(": ").unwrap_or((error, ""));
        ToldError { exception: exception.to_owned(), message: message.to_owned(), document: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chunk::Chunk;
    use crate::export::csv::TimeFormat;

    fn store() -> ResultStore {
        let row = |case: u8, outcome: &str, rest: &serde_json::Value| {
            let mut row = json!({"batch": "a", "case_id": format!("{case:032x}"), "level": 3, "replicate": 0, "outcome": outcome,
                "attempt": 2, "start_time": 1.0, "end_time": 2.0, "parameters": {"w": case, "message": "m"}});
            row.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            row.to_string() + "\n"
        };
        let error = json!({"final": true, "signature": "00ff", "error": "ValueError: a: b, \"c\""});
        let again = json!({"final": false, "signature": "00aa", "error": "KeyError"});
        let rows = row(1, "done", &json!({"result": {"b": 1}})) + &row(2, "failed", &error) + &row(3, "failed", &again);
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", rows.as_bytes()).chunk);
        store
    }

    #[test]
    fn failed_cases_stand_in_a_table_with_their_factors() {
        let store = store();
        let units = BTreeMap::from([("w".to_owned(), "m".to_owned())]);
        let table = ErrorTable::new(&store, CsvLayout { units, times: TimeFormat::Iso, ..CsvLayout::default() });
        assert_eq!(
            table.header(),
            "batch,case_id,level,replicate,state,attempt,worker,end_time,signature,parameters.message,w [m],exception,message,document\r\n"
        );
        assert_eq!(failed(&store).iter().collect::<Vec<_>>(), [1, 2]);
        let told = ToldError { exception: "E".into(), message: "whole\nof it".into(), document: "d.json".into() };
        let rows = table.rows([1, 2], &BTreeMap::from([(2, told)]));
        assert_eq!(
            rows,
            "a,00000000000000000000000000000002,3,0,failed,2,w,1970-01-01T00:00:02.000Z,00ff,m,2,ValueError,\"a: b, \"\"c\"\"\",\r\n\
             a,00000000000000000000000000000003,3,0,retried,2,w,1970-01-01T00:00:02.000Z,00aa,m,3,E,\"whole\nof it\",d.json\r\n"
        );
    }
}
