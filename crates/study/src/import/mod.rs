//! Import of a table of cases: CSV or JSON, from a file or the clipboard.
//!
//! Mistakes in a table made by hand are told all at once and with their places, row by row.

use serde::{Deserialize, Serialize};

use crate::case::ParameterValue;
use crate::pool::Pool;

pub use design_file::{NoDesign, design_file};
pub use error::{ImportError, WrongRow};
pub use field::{field, parse_field};
pub use kind::ColumnKind;
pub use reading::{DecimalMark, FieldPosition, NumberQuestion, NumberReading, PercentSign};

mod csv;
mod design_file;
mod error;
mod field;
mod header;
mod json;
mod kind;
mod layout;
mod list;
mod number;
mod reading;
mod records;
mod repeated;
mod rows;
mod survey;
mod tally;
mod text;
mod word;

/// Maximum number of cases of a table.
pub const MAX_ROWS: usize = 1_000_000;

/// Maximum size of a table, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// Maximum number of wrong rows that are named; the others are only counted.
pub const WRONG_ROWS_TOLD: usize = 100;

/// A table of cases.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportedTable {
    /// The inputs, in the order of the file.
    pub columns: Vec<InputColumn>,
    /// The cases: one value a column. A vector is a list of as many values as its column's count.
    pub rows: Vec<Vec<ParameterValue>>,
    /// The level of each case, if the table has a column `level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<u32>>,
    /// The replicate of each case, if the table has a column `replicate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<Vec<u32>>,
    /// The pool of each case, if the table has a column `pool`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pools: Option<Vec<Option<Pool>>>,
    /// Notes on how it was read, for the person who brought it, as sentences without full stop.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The decimal mark that it was read with, if any of its numbers has a point or a comma.
    #[serde(skip)]
    pub decimal_mark: Option<DecimalMark>,
    /// The meaning that per cent signs were given, if there are any.
    #[serde(skip)]
    pub percent: Option<PercentSign>,
}

/// An input of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputColumn {
    /// The name, which is a name in Python too.
    pub name: String,
    /// Number of components of a vector; `None` for a single value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
}

impl ImportedTable {
    /// The table as JSON, from which [`import`] makes the same table.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Reads a table of cases.
///
/// As text it has a header, and its columns are separated by comma, semicolon, tab, `|` or spaces, or by the separator that a
/// first line `sep=;` names. Lines above the header that begin with `#` or `%` are left out, unless the last of them is the
/// header, as `numpy.savetxt` writes it. A vector stands in columns `name[0]`, `name[1]` …, in any order, or as a list in one
/// field. Blank lines are left out, and so are columns without a name that are blank or count the rows. The encoding is UTF-8
/// or UTF-16.
///
/// Numbers are read as people, spreadsheets and other programs write them, as long as only one number can be meant. The meaning
/// of decimal marks and per cent signs is decided for the whole table: by `reading`, or by numbers that show it. If no number
/// does, the error is a [`NumberQuestion`].
///
/// JSON is a list of objects, or such objects one a line, or an object of lists, or `{"columns": […], "rows": [[…]]}`, or a
/// form of pandas or of `cruncher design --json`. A vector is a list, or has names as in CSV.
///
/// The columns `case_id`, `level`, `replicate` and `pool`, which Cruncher's own tables have, are never inputs. The first is ignored.
///
/// If a column, or any component of a vector, has a number with a point or an exponent, all its numbers become floats: a
/// spreadsheet writes 50000.0 as 50000, and both must be the same case. A column that has texts, too, stays as it is.
///
/// # Errors
/// The first mistake of the table; wrong rows are collected.
pub fn import(content: &[u8], reading: NumberReading) -> Result<ImportedTable, ImportError> {
    let text = text::decode(content)?;
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if word::trimmed(start).is_empty() {
        return Err(ImportError::Empty);
    }
    if start.starts_with(['{', '[']) { json::read(start, reading) } else { csv::read(&text, reading) }
}

#[cfg(test)]
mod case_tests;
#[cfg(test)]
mod habit_tests;
#[cfg(test)]
mod strange_tests;
#[cfg(test)]
mod tests;
