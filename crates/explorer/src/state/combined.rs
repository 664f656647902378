//! Files that cases of kind `combine` have made, as the rows tell.

use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, ResultStore};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::number_format::{counted, thousands};

/// Last part of the batch of a case that combines.
const COMBINED: &str = "/combined";

/// A file that was made of what the cases of a batch came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CombinedFile {
    /// The batch whose cases went in.
    pub(crate) of: String,
    /// The case that made it.
    pub(crate) case: CaseId,
    /// Its name.
    pub(crate) name: String,
    /// Its size.
    pub(crate) size_bytes: u64,
    /// The time when it was made, in seconds since 1970.
    pub(crate) end_time: f64,
    /// Number of cases that went in.
    pub(crate) cases: u64,
    /// Number of cases that had no result.
    pub(crate) missing: u64,
}

impl CombinedFile {
    /// Returns the object's key.
    pub(crate) fn key(&self) -> String {
        format!("data/{}{COMBINED}/files/{}/{}", self.of, self.case, self.name)
    }

    /// Returns a name under which it can be saved.
    pub(crate) fn download_name(&self) -> String {
        format!("{}-{}", self.of.replace('/', "-"), self.name)
    }
}

/// Says how many cases went in, and how many had no result.
pub(crate) fn of_cases(file: &CombinedFile) -> String {
    let cases = counted(file.cases, "case", "cases");
    match file.missing {
        0 => format!("of all {cases}"),
        missing => format!("of {cases}, {} missing", thousands(missing)),
    }
}

/// Finds the files in the rows, the latest first. What isn't told as a case of that kind tells it is left out.
pub(crate) fn combined_files(store: &ResultStore) -> Vec<CombinedFile> {
    // Only rows of such a file have this response: most studies have none.
    let Some(column) = store.column(&ColumnId::Response("file".to_owned())) else { return Vec::new() };
    let rows = 0..store.len();
    let has_file = rows.filter(|row| matches!(store.cell_of(column, *row), CellValue::Text(_)));
    let mut found: Vec<CombinedFile> = has_file.filter_map(|row| combined_file(store, row)).collect();
    found.sort_by(|one, other| other.end_time.total_cmp(&one.end_time));
    found
}

fn combined_file(store: &ResultStore, row: usize) -> Option<CombinedFile> {
    let text = |id: &ColumnId| match store.cell(id, row) {
        CellValue::Text(text) => Some(text.to_owned()),
        _ => None,
    };
    let count = |id: ColumnId| match store.cell(&id, row) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        CellValue::Number(number) if number >= 0.0 => Some(number as u64),
        _ => None,
    };
    let name = text(&ColumnId::Response("file".to_owned()))?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !name.starts_with("combined.") || !name.chars().all(is_plain) {
        return None;
    }
    let batch = text(&ColumnId::Case(CaseField::Batch))?;
    Some(CombinedFile {
        of: Batch::parse(&batch).ok()?.as_str().strip_suffix(COMBINED)?.to_owned(),
        case: *store.case_ids().get(row)?,
        name,
        size_bytes: count(ColumnId::Response("size_bytes".to_owned()))?,
        end_time: store.field(CaseField::EndTime).number(row),
        cases: count(ColumnId::Factor("cases".to_owned()))?,
        missing: count(ColumnId::Factor("missing".to_owned()))?,
    })
}

#[cfg(test)]
mod tests {
    use cruncher_results::chunk::Chunk;

    use super::*;

    fn store(rows: &[String]) -> ResultStore {
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", (rows.join("\n") + "\n").as_bytes()).chunk);
        store
    }

    fn row(batch: &str, digit: char, file: &str, end: f64) -> String {
        let case = digit.to_string().repeat(32);
        format!(
            r#"{{"batch": "{batch}", "case_id": "{case}", "level": 0, "replicate": 0, "outcome": "done", "attempt": 1, "start_time": 1.0,
            "end_time": {end}, "parameters": {{"of": "results", "cases": 97, "missing": 3}}, "result": {{"file": "{file}", "size_bytes": 2048}}}}"#
        )
        .replace('\n', " ")
    }

    #[test]
    fn the_latest_file_comes_first_and_others_are_left_out() {
        let rows = [
            row("a/mesh/combined", '1', "combined.csv", 10.0),
            row("a/mesh/combined", '2', "combined.csv", 20.0),
            row("a/mesh", '3', "combined.csv", 30.0),
            row("a/mesh/combined", '4', "combined.csv/../x", 40.0),
            row("a/mesh/combined", '5', "other.csv", 50.0),
        ];
        let found = combined_files(&store(&rows));
        assert_eq!(found.iter().map(|file| file.end_time).collect::<Vec<_>>(), [20.0, 10.0]);
        assert_eq!(found[0].key(), format!("data/a/mesh/combined/files/{}/combined.csv", "2".repeat(32)));
        assert_eq!((found[0].download_name(), found[0].size_bytes), ("a-mesh-combined.csv".to_owned(), 2048));
        assert_eq!(of_cases(&found[0]), "of 97 cases, 3 missing");
        assert_eq!(of_cases(&CombinedFile { missing: 0, ..found[0].clone() }), "of all 97 cases");
        assert!(combined_files(&ResultStore::default()).is_empty());
    }
}
