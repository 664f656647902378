//! A table of cases that somebody brings: CSV or JSON, from a file or the clipboard.
//!
//! Whatever can be wrong with a table made by hand is told at once and with its place, row by row.

use serde::{Deserialize, Serialize};

use crate::case::Parameter;

pub use error::{ImportError, WrongRow};
pub use field::{field, parse_field};

mod csv;
mod error;
mod field;
mod header;
mod json;
mod rows;
mod text;

/// The most cases of a table.
pub const MAX_ROWS: usize = 1_000_000;

/// The largest table that is read.
pub const MAX_BYTES: usize = 64 << 20;

/// How many wrong rows are told; the others are only counted.
pub const WRONG_ROWS_TOLD: usize = 100;

/// A table of cases.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The inputs, in the order of the file.
    pub columns: Vec<Column>,
    /// The cases: one value a column. A vector is a list of as many values as its column's count.
    pub rows: Vec<Vec<Parameter>>,
    /// The level of each case, if the table has a column `level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<u32>>,
    /// The replicate of each case, if the table has a column `replicate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<Vec<u32>>,
    /// What whoever brought it should know about how it was read, as sentences without full stop.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// An input of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name, which is a name in Python too.
    pub name: String,
    /// How many components a vector has; none for a single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

/// A table as JSON has it that [`import`] reads.
#[derive(Serialize)]
struct Written {
    columns: Vec<String>,
    rows: Vec<Vec<Parameter>>,
}

impl Table {
    /// The table as JSON, from which [`import`] makes the same table.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut columns: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let mut rows = self.rows.clone();
        for (name, numbers) in [("level", &self.levels), ("replicate", &self.replicates)] {
            let Some(numbers) = numbers else { continue };
            columns.push(name.to_owned());
            for (row, number) in rows.iter_mut().zip(numbers) {
                row.push(Parameter::Integer(i64::from(*number)));
            }
        }
        serde_json::to_vec(&Written { columns, rows }).unwrap_or_default()
    }
}

/// Reads a table of cases.
///
/// CSV has a header and is separated by comma, semicolon or tab; see [`parse_field`] for its values. With semicolons or tabs
/// a decimal comma is recognised, when no number of the file has a point. A vector stands in columns `name[0]`, `name[1]` …,
/// in any order. Blank lines are left out. The encoding is UTF-8, or UTF-16 with a byte order mark.
///
/// JSON is a list of objects, or such objects one a line, or an object of lists, or `{"columns": […], "rows": [[…]]}`. A
/// vector is a list, or has names as in CSV.
///
/// The columns `case_id`, `level` and `replicate`, which Cruncher's own tables have, are never inputs. The first is ignored.
///
/// If a column, or any component of a vector, has a number with a point or an exponent, all its numbers become floats: a
/// spreadsheet writes 50000.0 as 50000, and both must be the same case. A column that has texts, too, stays as it is.
///
/// # Errors
/// What is wrong with the table; wrong rows are collected.
pub fn import(content: &[u8]) -> Result<Table, ImportError> {
    let text = text::decode(content)?;
    if text.trim().is_empty() {
        return Err(ImportError::Empty);
    }
    if text.trim_start().starts_with(['{', '[']) { json::read(&text) } else { csv::read(&text) }
}

#[cfg(test)]
mod tests;
