//! Rows of segments by column: what a page keeps of a segment.

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

/// The most columns that a chunk has; values of further ones are left out and counted.
pub const MAX_COLUMNS: usize = 4_096;

/// How deep lists and objects may be nested in `parameters` and `result`; what is below is left out and counted.
pub const MAX_DEPTH: usize = 16;

/// So many characters of a text are kept; the last one is a mark if that isn't all of them.
pub const MAX_TEXT_CHARS: usize = 1_000;

/// The longest name of a column, in bytes; values of others are left out and counted.
pub const MAX_NAME_BYTES: usize = 1_000;

/// Attempts that ended, in the order in which they were read: their fixed fields, and their inputs and results by column.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    attempts: AttemptColumns,
    columns: Vec<ChunkColumn>,
    dropped_values: u64,
}

/// What a segment's text holds.
#[derive(Debug, Clone, Default)]
pub struct ParsedSegment {
    /// The rows that could be read.
    pub chunk: Chunk,
    /// How many lines could not.
    pub unreadable: usize,
    /// How many bytes were read: up to the end of the last whole line.
    pub read_bytes: usize,
}

impl Chunk {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.attempts.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The fixed fields of a row.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn attempt(&self, row: usize) -> AttemptRow<'_> {
        self.attempts.get(row)
    }

    /// Each row as the ledger takes it, and the worker that wrote it.
    pub fn rows(&self) -> impl Iterator<Item = (&str, SegmentRow)> {
        (0..self.len()).map(|row| {
            let attempt = self.attempt(row);
            (attempt.worker, attempt.to_row())
        })
    }

    /// The columns, in the order in which they were first seen.
    #[must_use]
    pub fn columns(&self) -> &[ChunkColumn] {
        &self.columns
    }

    /// How many values were left out: of too many columns, nested too deep, or named too long.
    #[must_use]
    pub const fn dropped_values(&self) -> u64 {
        self.dropped_values
    }
}
