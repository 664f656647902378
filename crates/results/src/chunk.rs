//! Chunks: rows of a segment by column, as the page keeps them.

mod attempts;
mod bytes;
mod column;
mod documents;
mod parse;
#[cfg(test)]
mod tests;
mod texts;
mod values;
mod writer;

use cruncher_study::segment::SegmentRow;

use attempts::AttemptColumns;
pub use attempts::AttemptRow;
pub use column::{ChunkColumn, ColumnPart, NonNumber};

/// Maximum number of columns of a chunk; values of further ones are left out and counted.
pub const MAX_COLUMNS: usize = 4_096;

/// Maximum depth of lists and objects in `parameters` and `result`; values further below are left out and counted.
pub const MAX_DEPTH: usize = 16;

/// Maximum number of characters of a text; if the text was longer, the last one is a mark.
pub const MAX_TEXT_CHARS: usize = 1_000;

/// Maximum length of a column's name, in bytes; values of columns with longer names are left out and counted.
pub const MAX_NAME_BYTES: usize = 1_000;

/// Attempts that ended, in the order in which they were read: their fixed fields, and their inputs and results by column.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    attempts: AttemptColumns,
    columns: Vec<ChunkColumn>,
    dropped_values: u64,
}

/// Result of reading a segment's text.
#[derive(Debug, Clone, Default)]
pub struct ParsedSegment {
    /// The rows that could be read.
    pub chunk: Chunk,
    /// Number of lines that couldn't be read.
    pub unreadable: usize,
    /// Number of bytes that were read: up to the end of the last whole line.
    pub read_bytes: usize,
}

impl Chunk {
    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.attempts.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the fixed fields of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn attempt(&self, row: usize) -> AttemptRow<'_> {
        self.attempts.get(row)
    }

    /// Returns each row in the ledger's form, with the worker that wrote it.
    pub fn rows(&self) -> impl Iterator<Item = (&str, SegmentRow)> {
        (0..self.len()).map(|row| {
            let attempt = self.attempt(row);
            (attempt.worker, attempt.to_row())
        })
    }

    /// Returns a chunk of these rows alone, which are in ascending order.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn only(&self, rows: &[usize]) -> Self {
        let mut attempts = AttemptColumns::default();
        for row in rows {
            attempts.push(&self.attempt(*row));
        }
        let columns = self.columns.iter().map(|column| column.only(rows)).collect();
        Self { attempts, columns, dropped_values: self.dropped_values }
    }

    /// Returns the columns, in the order in which they were first seen.
    #[must_use]
    pub fn columns(&self) -> &[ChunkColumn] {
        &self.columns
    }

    /// Returns the number of values that were left out: of too many columns, nested too deep, or named too long.
    #[must_use]
    pub const fn dropped_values(&self) -> u64 {
        self.dropped_values
    }
}
