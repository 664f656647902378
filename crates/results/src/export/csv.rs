//! Export of results as CSV (RFC 4180).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::iso_time::iso_time;
use super::whole::WholeTexts;
use crate::column_id::{CaseField, ColumnId};
use crate::mask::RowMask;
use crate::number::ExactNumber;
use crate::store::{CellValue, ResultStore};

/// The fields in front of factors and responses.
const FIELDS: [CaseField; 11] = [
    CaseField::Batch,
    CaseField::CaseId,
    CaseField::Model,
    CaseField::Level,
    CaseField::Replicate,
    CaseField::State,
    CaseField::Worker,
    CaseField::Pool,
    CaseField::StartTime,
    CaseField::EndTime,
    CaseField::DurationSecs,
];

/// The notation of times in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// In UTC, by ISO 8601: `2026-09-21T14:13:20.500Z`. Times outside of the years 1970 to 9999 are in seconds.
    Iso,
    /// Seconds since 1970.
    #[default]
    Secs,
}

/// The notation of texts in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TextFormat {
    /// A part of a text that a spreadsheet would take for a formula has an apostrophe in front: one that begins with `=`, `+`, `-` or
    /// `@`, at the beginning or behind a semicolon, a tab or a line's end. Whoever sends results can put anything into a text, and a formula can send the sheet elsewhere.
    #[default]
    Guarded,
    /// Every text stands unchanged, for programs.
    Exact,
}

/// The notation of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CsvLayout {
    /// The units of factors, by their names without an index: they stand behind the names of columns, `width [m]`.
    pub units: BTreeMap<String, String>,
    /// The notation of times.
    pub times: TimeFormat,
    /// The notation of texts, names of columns included.
    pub texts: TextFormat,
}

/// The table of a store: fields, then factors, then responses, in lines that end with CR and LF.
///
/// Numbers have as many digits as it takes to read the same number; a missing value is an empty field, an empty text is `""`.
/// Texts stand as [`TextFormat`] says. If a text was cut, its beginning stands there, unless the whole was read ([`CsvTable::with_whole_texts`]).
#[derive(Debug)]
pub struct CsvTable<'a> {
    store: &'a ResultStore,
    columns: Vec<ColumnId>,
    whole: Option<&'a WholeTexts>,
    layout: CsvLayout,
}

/// Writes the header and the chosen rows, all at once.
#[must_use]
pub fn csv(store: &ResultStore, rows: &RowMask) -> String {
    let csv = CsvTable::new(store);
    csv.header() + &csv.rows(rows.iter())
}

impl<'a> CsvTable<'a> {
    /// Returns the table of a store. For a large one, ask for some rows at a time.
    #[must_use]
    pub fn new(store: &'a ResultStore) -> Self {
        Self::of(store, store.factors().chain(store.responses()).map(|(id, _)| id.clone()))
    }

    /// Returns the table with these factors and responses only.
    #[must_use]
    pub fn of(store: &'a ResultStore, named: impl IntoIterator<Item = ColumnId>) -> Self {
        Self::with_columns(store, store.said_of(FIELDS).map(ColumnId::Case).chain(named).collect())
    }

    /// Returns the table with these columns, for instance those that a store had before it has grown.
    #[must_use]
    pub fn with_columns(store: &'a ResultStore, columns: Vec<ColumnId>) -> Self {
        Self { store, columns, whole: None, layout: CsvLayout::default() }
    }

    /// Sets the notation; by default units are left out and times are in seconds.
    #[must_use]
    pub fn with_layout(mut self, layout: CsvLayout) -> Self {
        self.layout = layout;
        self
    }

    /// Replaces beginnings of texts by the whole.
    #[must_use]
    pub fn with_whole_texts(mut self, whole: &'a WholeTexts) -> Self {
        self.whole = Some(whole);
        self
    }

    /// Returns its columns.
    #[must_use]
    pub fn columns(&self) -> &[ColumnId] {
        &self.columns
    }

    /// Returns the names of the columns, no two of them equal: a response that is called like a factor or a field is
    /// `result.<name>`, a factor that is called like a field `parameters.<name>`. The unit of a factor stands behind its name,
    /// if it has one, and if no other column is called like that.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let plain = distinct_names(&self.columns);
        let with_unit = |(name, id): (&String, &ColumnId)| {
            let named = format!("{name} [{}]", self.unit(id)?);
            (!plain.contains(&named)).then_some(named)
        };
        plain.iter().zip(&self.columns).map(|one| with_unit(one).unwrap_or_else(|| one.0.clone())).collect()
    }

    /// Returns the unit of a column; components of a vector have that of the vector.
    fn unit(&self, id: &ColumnId) -> Option<&str> {
        let ColumnId::Factor(name) = id else { return None };
        let name = name.split('[').next().unwrap_or_default();
        self.layout.units.get(name).map(String::as_str).filter(|unit| !unit.is_empty())
    }

    /// Returns the first line.
    #[must_use]
    pub fn header(&self) -> String {
        let mut out = String::new();
        for (index, name) in self.names().iter().enumerate() {
            out.push_str(if index == 0 { "" } else { "," });
            push_text(&mut out, name, self.layout.texts);
        }
        out + "\r\n"
    }

    /// Returns the lines of these rows; the fields of a row that the store doesn't have are empty.
    #[must_use]
    pub fn rows(&self, rows: impl IntoIterator<Item = usize>) -> String {
        let sources: Vec<_> = self.columns.iter().map(|id| (id, self.store.column(id))).collect();
        let mut out = String::new();
        for row in rows {
            for (index, (id, column)) in sources.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                let cell = column.map_or_else(|| self.store.cell(id, row), |it| self.store.cell_of(it, row));
                if let Some(time) = self.time(id, cell) {
                    out.push_str(&time);
                    continue;
                }
                let cell = self.whole.map_or(cell, |whole| whole.complete(cell, row, id));
                push_cell(&mut out, cell, self.layout.texts);
            }
            out.push_str("\r\n");
        }
        out
    }
}

impl CsvTable<'_> {
    /// Writes a cell as a time by ISO 8601, if it is one and the layout asks for it.
    fn time(&self, id: &ColumnId, cell: CellValue<'_>) -> Option<String> {
        let is_time = matches!(id, ColumnId::Case(CaseField::StartTime | CaseField::EndTime));
        match cell {
            CellValue::Number(secs) if is_time && self.layout.times == TimeFormat::Iso => iso_time(secs),
            _ => None,
        }
    }
}

/// Returns names for columns, no two of them equal, as in [`CsvTable::names`]. The first of two columns that are called alike
/// keeps its name.
#[must_use]
pub fn distinct_names(columns: &[ColumnId]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    columns.iter().map(|column| distinct(column, &mut taken)).collect()
}

fn distinct(column: &ColumnId, taken: &mut BTreeSet<String>) -> String {
    let mut name = column.name().to_owned();
    while !taken.insert(name.clone()) {
        name.insert_str(0, if matches!(column, ColumnId::Factor(_)) { "parameters." } else { "result." });
    }
    name
}

fn push_cell(out: &mut String, cell: CellValue<'_>, texts: TextFormat) {
    // Writing to a text can't fail.
    let _ = match cell {
        CellValue::Number(number) => write!(out, "{}", ExactNumber(number)),
        CellValue::Integer(integer) => write!(out, "{integer}"),
        CellValue::Flag(flag) => write!(out, "{flag}"),
        CellValue::Id(id) => write!(out, "{id}"),
        CellValue::Text(text) | CellValue::Cut(text, _) => {
            push_text(out, text, texts);
            Ok(())
        }
        CellValue::Missing => Ok(()),
    };
}

const fn is_formula_sign(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠')
}

/// Puts an apostrophe in front of each sign of a formula with which a cell may begin: spreadsheets of some countries separate cells by
/// semicolons, and know nothing then of quotation marks that stand behind a comma.
fn guarded(text: &str) -> String {
    let (mut guarded, mut is_beginning) = (String::with_capacity(text.len() + 1), true);
    for letter in text.chars() {
        if is_beginning && is_formula_sign(letter) {
            guarded.push('\'');
        }
        guarded.push(letter);
        is_beginning = matches!(letter, ';' | '\t' | '\r' | '\n') || (is_beginning && matches!(letter, ' ' | '"'));
    }
    guarded
}

/// Writes a text as a field.
pub(super) fn push_text(out: &mut String, text: &str, texts: TextFormat) {
    if texts == TextFormat::Guarded && text.contains(is_formula_sign) {
        return push_text(out, &guarded(text), TextFormat::Exact);
    }
    if !text.is_empty() && !text.contains(['"', ',', '\r', '\n']) {
        return out.push_str(text);
    }
    out.push('"');
    out.push_str(&text.replace('"', "\"\""));
    out.push('"');
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::case_versions::CaseVersions;
    use crate::samples;

    #[test]
    fn a_table_has_fields_then_factors_then_responses() {
        let store = samples::store(&[
            (json!({"c": [1, 0.1], "soil": "clay, \"wet\""}), json!({"load": 2e5, "c[0]": true})),
            (json!({"soil": "=1+1", "level": 7}), json!({"load": null, "peak": 1e-9, "state": ""})),
        ]);
        let expected = "batch,case_id,level,replicate,state,worker,start_time,end_time,duration_secs,\
            c[0],c[1],soil,parameters.level,result.c[0],load,peak,result.state\r\n\
            a,00000000000000000000000000000000,3,0,done,w,1790000000.5,1790000002,1.5,1,0.1,\"clay, \"\"wet\"\"\",,true,200000,,\r\n\
            a,00000000000000000000000000000001,3,0,done,w,1790000000.5,1790000002,1.5,,,'=1+1,7,,,1e-9,\"\"\r\n";
        assert_eq!(csv(&store, &store.all()), expected);
    }

    #[test]
    fn the_model_of_a_case_stands_there_where_rows_are_of_several_versions() {
        let mut store = samples::store(&[(json!({"model": 1}), json!({})), (json!({"model": 2}), json!({}))]);
        let header = |store: &ResultStore| csv(store, &store.all()).lines().next().unwrap().to_owned();
        assert!(header(&store).starts_with("batch,case_id,level,") && header(&store).ends_with(",model"));
        let versions = |is_withdrawn| {
            let mut versions = CaseVersions::default();
            let batch = Batch::parse("a").unwrap();
            versions.add(&batch, "m.py version 1".into(), is_withdrawn, vec![samples::case_id(0)]);
            versions.add(&batch, "m.py version 2".into(), false, vec![samples::case_id(1)]);
            versions
        };
        store.take_bytes(&versions(false).to_bytes());
        let text = csv(&store, &store.counted());
        assert!(
            text.starts_with("batch,case_id,model,level,") && header(&store).ends_with(",parameters.model"),
            "{text}"
        );
        assert!(text.contains(&format!("a,{},m.py version 1,3,", samples::case_id(0))), "{text}");
        store.take_bytes(&versions(true).to_bytes());
        let counted = store.part(&store.counted());
        assert_eq!((counted.len(), header(&counted).contains(",model,level")), (1, false), "they are of one version");
        assert_eq!(counted.cell(&ColumnId::Case(CaseField::Model), 0), CellValue::Text("m.py version 2"));
    }

    #[test]
    fn names_have_their_unit_and_times_are_those_of_a_calendar() {
        let store = samples::store(&[(json!({"c": [1, 2], "w": 3, "soil": "clay"}), json!({"c": 4, "w [m]": 5}))]);
        let units = [("c", "kPa"), ("w", "m"), ("soil", "")].map(|(name, unit)| (name.to_owned(), unit.to_owned()));
        let layout = CsvLayout { units: BTreeMap::from(units), times: TimeFormat::Iso, ..CsvLayout::default() };
        let table = CsvTable::new(&store).with_layout(layout);
        assert_eq!(table.names()[FIELDS.len() - 2..], ["c[0] [kPa]", "c[1] [kPa]", "soil", "w", "c", "w [m]"]);
        let row = table.rows([0]);
        assert!(row.contains(",w,2026-09-21T14:13:20.500Z,2026-09-21T14:13:22.000Z,1.5,1,2,clay,3,4,5"), "{row}");
        assert!(CsvTable::new(&store).rows([0]).contains(",w,1790000000.5,1790000002,1.5,"), "a choice");
    }

    #[test]
    fn no_text_is_a_formula_unless_texts_are_asked_for_as_they_are() {
        let store = samples::store(&[(
            json!({"-c": "=HYPERLINK(\"http://x\")", "d": "@SUM(1)"}),
            json!({"e": "\t=1", "f": "-5 kPa", "g": -5, "h": "a=b;=c\n+d"}),
        )]);
        let table = CsvTable::new(&store);
        assert!(table.header().ends_with(",'-c,d,e,f,g,h\r\n"), "{}", table.header());
        let row = table.rows([0]);
        assert!(
            row.ends_with(",\"'=HYPERLINK(\"\"http://x\"\")\",'@SUM(1),\t'=1,'-5 kPa,-5,\"a=b;'=c\n'+d\"\r\n"),
            "{row}"
        );
        let exact = CsvTable::new(&store).with_layout(CsvLayout { texts: TextFormat::Exact, ..CsvLayout::default() });
        assert!(exact.header().ends_with(",-c,d,e,f,g,h\r\n"), "{}", exact.header());
        let row = exact.rows([0]);
        assert!(row.ends_with(",\"=HYPERLINK(\"\"http://x\"\")\",@SUM(1),\t=1,-5 kPa,-5,\"a=b;=c\n+d\"\r\n"), "{row}");
    }

    #[test]
    fn a_table_that_is_written_in_parts_keeps_its_columns() {
        let before = samples::factor("c", &[json!(1)]);
        let columns = CsvTable::new(&before).columns().to_vec();
        let after = samples::store(&[(json!({"c": 1}), json!({})), (json!({"c": 2, "new": 3}), json!({}))]);
        let rows = CsvTable::with_columns(&after, columns).rows([1]);
        assert!(rows.ends_with(",2\r\n"), "{rows}");
    }

    #[test]
    fn only_chosen_rows_are_there() {
        let store = samples::factor("c", &[json!(1), json!(2), json!(3)]);
        let chosen = csv(&store, &RowMask::from_fn(3, |row| row == 1));
        assert!(chosen.ends_with("1.5,2\r\n"), "{chosen}");
        assert_eq!(chosen.lines().count(), 2);
    }

    #[test]
    fn only_chosen_columns_are_there() {
        let store = samples::store(&[(json!({"c": 1, "d": 2}), json!({"load": 3, "level": 4}))]);
        let level = ColumnId::Response("level".into());
        let names = CsvTable::of(&store, [level.clone(), ColumnId::Factor("d".into())]).names();
        assert_eq!(names[FIELDS.len() - 2..], ["result.level", "d"]);
        assert_eq!(distinct_names(&[level.clone(), level]), ["level", "result.level"]);
    }

    /// Reads the fields of a table as RFC 4180 defines them.
    fn fields(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut field, mut is_quoted) = (Vec::new(), Vec::new(), String::new(), false);
        for letter in text.chars() {
            match letter {
                // Two quotes in a row leave the quoted part and enter it again.
                '"' => {
                    if !is_quoted && field.ends_with('\0') {
                        field.pop();
                        field.push('"');
                    }
                    is_quoted = !is_quoted;
                    if !is_quoted {
                        field.push('\0');
                    }
                }
                ',' if !is_quoted => row.push(std::mem::take(&mut field).replace('\0', "")),
                '\r' if !is_quoted => {}
                '\n' if !is_quoted => {
                    row.push(std::mem::take(&mut field).replace('\0', ""));
                    rows.push(std::mem::take(&mut row));
                }
                other => field.push(other),
            }
        }
        rows
    }

    proptest! {
        #[test]
        fn any_text_comes_back(texts in prop::collection::vec("[a\",\r\n ä]{0,4}", 1..5)) {
            let values: Vec<_> = texts.iter().map(|text| json!(text)).collect();
            let store = samples::factor("c", &values);
            let layout = CsvLayout { texts: TextFormat::Exact, ..CsvLayout::default() };
            let table = CsvTable::new(&store).with_layout(layout);
            let rows = fields(&(table.header() + &table.rows(store.all().iter())));
            let found: Vec<_> = rows[1..].iter().map(|row| row[FIELDS.len() - 2].clone()).collect();
            prop_assert_eq!(found, texts);
        }
    }
}
