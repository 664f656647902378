//! Whole texts in place of those that were cut: they stand in the cases' documents alone.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::column_id::ColumnId;
use crate::store::{CellValue, ResultStore};

/// The texts of a table that were cut, with the whole of those that were read.
#[derive(Debug, Clone, Default)]
pub struct WholeTexts {
    columns: Vec<ColumnId>,
    /// The texts by row and place among the columns.
    texts: BTreeMap<(usize, usize), Option<String>>,
    size_bytes: usize,
}

impl WholeTexts {
    /// Finds the texts of these columns and rows that were cut. No text is whole yet.
    #[must_use]
    pub fn wanted(store: &ResultStore, columns: Vec<ColumnId>, rows: &[usize]) -> Self {
        let mut texts = BTreeMap::new();
        for (place, id) in columns.iter().enumerate().filter(|_| store.has_cut_texts()) {
            let Some(column) = store.column(id) else { continue };
            let cut = rows.iter().filter(|row| matches!(store.cell_of(column, **row), CellValue::Cut(..)));
            texts.extend(cut.map(|row| ((*row, place), None)));
        }
        Self { columns, texts, size_bytes: 0 }
    }

    /// Returns the rows that have such texts.
    #[must_use]
    pub fn rows(&self) -> Vec<usize> {
        let mut rows: Vec<usize> = self.texts.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        rows
    }

    /// Returns the number of texts that aren't whole.
    #[must_use]
    pub fn lacking(&self) -> usize {
        self.texts.values().filter(|text| text.is_none()).count()
    }

    /// Returns the number of bytes of the whole texts.
    #[must_use]
    pub const fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    /// Takes the texts of a row from the document of its case. A text that the document doesn't hold, since another attempt has
    /// written it, stays cut.
    pub fn take(&mut self, store: &ResultStore, row: usize, document: &Value) {
        for ((_, place), whole) in self.texts.range_mut((row, 0)..(row + 1, 0)) {
            let id = &self.columns[*place];
            let CellValue::Cut(beginning, chars) = store.cell(id, row) else { continue };
            let text = find(document, id).filter(|text| is_whole(text, beginning, chars));
            self.size_bytes += text.map_or(0, str::len);
            *whole = text.map(str::to_owned);
        }
    }

    /// Replaces the text of a cell by the whole, if that is known.
    #[must_use]
    pub fn complete<'a>(&'a self, cell: CellValue<'a>, row: usize, id: &ColumnId) -> CellValue<'a> {
        let find = || {
            let place = self.columns.iter().position(|own| own == id)?;
            self.texts.get(&(row, place))?.as_deref()
        };
        match cell {
            CellValue::Cut(..) => find().map_or(cell, CellValue::Text),
            other => other,
        }
    }
}

fn is_whole(text: &str, beginning: &str, chars: u32) -> bool {
    let same = beginning.strip_suffix('…').is_some_and(|beginning| text.starts_with(beginning));
    same && text.chars().count() == chars as usize
}

/// Finds the text of a factor or a response in a document.
fn find<'a>(document: &'a Value, id: &ColumnId) -> Option<&'a str> {
    match id {
        ColumnId::Case(_) => None,
        ColumnId::Factor(name) => look(document.get("parameters")?, name),
        ColumnId::Response(name) => look(document.get("result")?, name),
    }
}

/// Finds the text with this name: nested names are joined by a point, and may have points of their own.
fn look<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    match value {
        Value::String(text) if name.is_empty() => Some(text),
        Value::Object(fields) => fields.iter().find_map(|(field, value)| {
            let rest = name.strip_prefix(field.as_str())?;
            if rest.is_empty() || rest.starts_with('[') {
                look(value, rest)
            } else {
                look(value, rest.strip_prefix('.')?)
            }
        }),
        Value::Array(items) => {
            let (index, rest) = name.strip_prefix('[')?.split_once(']')?;
            look(items.get(index.parse::<usize>().ok()?)?, rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::export::csv::CsvTable;
    use crate::samples;

    fn id(text: &str) -> ColumnId {
        text.parse().unwrap()
    }

    #[test]
    fn a_table_has_whole_texts_where_they_were_read() {
        let (long, other) = ("ä".repeat(5_000), "b".repeat(2_000));
        let parameters = json!({"soil": ["clay", long], "note": other});
        let result = json!({"a": {"b.c": other}, "short": "x", "log": format!("{long}!")});
        let store = samples::store(&[(parameters.clone(), result.clone()), (json!({}), json!({"short": "y"}))]);
        let columns = ["factor.soil[1]", "factor.note", "response.a.b.c", "response.log", "response.short"].map(id);
        assert_eq!(WholeTexts::wanted(&store, columns[1..3].to_vec(), &[0, 1]).lacking(), 2);
        assert_eq!(store.cut_texts(), 4);

        let mut whole = WholeTexts::wanted(&store, columns.to_vec(), &[0, 1]);
        assert_eq!((whole.rows(), whole.lacking()), (vec![0], 4));
        let mut document = json!({"parameters": parameters, "result": result});
        document["result"]["log"] = json!("of another attempt");
        whole.take(&store, 0, &document);
        whole.take(&store, 1, &document);
        assert_eq!((whole.lacking(), whole.size_bytes()), (1, 14_000));
        let csv = CsvTable::of(&store, columns).with_whole_texts(&whole).rows([0, 1]);
        let (cut, lines) = (format!("{}…", "ä".repeat(999)), csv.lines().collect::<Vec<_>>());
        assert!(lines[0].ends_with(&format!(",{long},{other},{other},{cut},x")), "{csv}");
        assert!(lines[1].ends_with(",,,,,y"), "{csv}");
    }
}
