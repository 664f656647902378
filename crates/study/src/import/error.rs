//! Reasons why a table can't be imported.

use super::{MAX_BYTES, MAX_ROWS, NumberQuestion};
use crate::number_format::{counted, thousands};

/// A table that can't be imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// More than [`MAX_BYTES`].
    #[error("the table is larger than {} MiB: split it", MAX_BYTES >> 20)]
    TooLarge,
    /// More than [`MAX_ROWS`].
    #[error("the table has more than {} rows: split it", thousands(MAX_ROWS as u64))]
    TooManyRows,
    /// Nothing but spaces.
    #[error("the table is empty")]
    Empty,
    /// A file of Excel or another spreadsheet.
    #[error("this is a workbook and no table: save it as “CSV UTF-8” in the spreadsheet, and take that file")]
    Workbook,
    /// Neither UTF-8 nor UTF-16.
    #[error("row {row} is no UTF-8 text: save the table as “CSV UTF-8”")]
    NotText {
        /// The row of the first wrong character, from 1.
        row: usize,
    },
    /// Half a character at the end, or half a pair.
    #[error("the table is no proper UTF-16 text: save it as “CSV UTF-8”")]
    NotUtf16,
    /// Four bytes a letter.
    #[error("this is UTF-32 text: save it as “CSV UTF-8”")]
    Utf32,
    /// It can be read in two ways.
    #[error("{0}")]
    Question(NumberQuestion),
    /// A row below the header that names units.
    #[error("row {row} looks like units ({units}) and not like a case: delete it, or move it down if it is one")]
    Units {
        /// The row.
        row: usize,
        /// Its fields, in backticks.
        units: String,
    },
    /// A comment that may be the header.
    #[error(
        "row {row}, which begins with a comment's mark, may be the header, and so may row {next}: delete one of the two"
    )]
    TwoHeaders {
        /// The comment.
        row: usize,
        /// The line below.
        next: usize,
    },
    /// A table that DAKOTA wrote.
    #[error(
        "this is a table of DAKOTA, which doesn't say which columns are inputs and which are responses: delete `%eval_id`, \
         `interface` and the responses, and take what is left"
    )]
    Dakota,
    /// A list without components.
    #[error("the vector `{0}` has no component")]
    EmptyVector(String),
    /// It isn't JSON, though it begins like JSON.
    #[error("the table is no JSON: {0}")]
    Json(String),
    /// A number in JSON that would be another one.
    #[error(
        "line {line} of the JSON has a whole number of more than 64 bits, {digits}: with a point at its end it is read \
         as the nearest float"
    )]
    Beyond {
        /// The line, from 1.
        line: usize,
        /// Its digits.
        digits: String,
    },
    /// JSON of another shape.
    #[error("the JSON is no table: {0}")]
    Shape(String),
    /// Numbers where names are expected.
    #[error("the first row must name the columns, and it has numbers only")]
    NoHeader,
    /// A header without a row below.
    #[error("the table has no row below its header")]
    NoRows,
    /// No column but Cruncher's own.
    #[error("the table has no column for an input")]
    NoInput,
    /// A column without a name.
    #[error("column {0} has no name, and doesn't just count the rows: name it or delete it")]
    Unnamed(usize),
    /// A name that can't stand in a model.
    #[error(
        "the column `{0}` has no proper name: a name starts with a letter or `_` and goes on with letters, digits \
         and `_`; a component of a vector is named as in `c[0]`"
    )]
    Name(String),
    /// A name that Python keeps for itself.
    #[error("no column can be named `{0}`: that word belongs to Python")]
    Keyword(String),
    /// Two columns of the same name.
    #[error("two columns are named `{0}`")]
    Duplicate(String),
    /// `c` and `c[0]`.
    #[error("`{0}` is the name of a column, and of a vector, too")]
    ColumnAndVector(String),
    /// A vector with a gap.
    #[error("the column `{0}` is missing: the vector has others")]
    Component(String),
    /// Rows that are no cases.
    #[error("{}: {}", counted(*total as u64, "row is wrong", "rows or fields are wrong"), first(told))]
    Rows {
        /// The first [`super::WRONG_ROWS_TOLD`] of them, by row. A row stands there once for each wrong field.
        told: Vec<WrongRow>,
        /// Number of all of them.
        total: usize,
    },
}

/// A row that is no case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {reason}")]
pub struct WrongRow {
    /// Its number as a spreadsheet shows it: the header of a CSV is row 1. In JSON, the cases are counted from 1.
    pub row: usize,
    /// The reason.
    pub reason: String,
}

fn first(rows: &[WrongRow]) -> String {
    rows.first().map(ToString::to_string).unwrap_or_default()
}
