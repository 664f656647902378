//! Writer that fills columns row by row.

use super::column::{ChunkColumn, ColumnPart};
use super::{MAX_COLUMNS, MAX_NAME_BYTES};
use crate::number::LargeInteger;

/// The columns of rows that are being read. Values go into the row that is open; [`ChunkWriter::keep`] closes it,
/// [`ChunkWriter::discard`] removes its values.
///
/// The k-th value of a row most often belongs to the same column as in the row before: that column is tried first.
#[derive(Debug, Default)]
pub(super) struct ChunkWriter {
    columns: Vec<ChunkColumn>,
    /// Hashes of the columns' names, to find one among thousands.
    hashes: Vec<u32>,
    /// The name of the value that is being read.
    pub(super) name: String,
    expected: usize,
    row: u32,
    kept_columns: usize,
    dropped_values: u64,
    kept_dropped: u64,
}

impl ChunkWriter {
    pub(super) fn number(&mut self, part: ColumnPart, number: f64) {
        let row = self.row;
        if let Some(column) = self.column(part) {
            column.put_number(row, number);
        }
    }

    pub(super) fn integer(&mut self, part: ColumnPart, integer: LargeInteger) {
        let row = self.row;
        if let Some(column) = self.column(part) {
            column.put_integer(row, integer);
        }
    }

    pub(super) fn flag(&mut self, part: ColumnPart, flag: bool) {
        let row = self.row;
        if let Some(column) = self.column(part) {
            column.put_flag(row, flag);
        }
    }

    pub(super) fn text(&mut self, part: ColumnPart, text: &str) {
        let row = self.row;
        if let Some(column) = self.column(part) {
            column.put_text(row, text);
        }
    }

    /// Notes that the column exists and has no value here.
    pub(super) fn nothing(&mut self, part: ColumnPart) {
        let row = self.row;
        if let Some(column) = self.column(part) {
            column.clear(row);
        }
    }

    /// Notes that the text of the response `self.name` is the beginning of one with `chars` characters.
    pub(super) fn cut(&mut self, chars: u32) {
        let is_it = |column: &&mut ChunkColumn| column.part == ColumnPart::Response && column.name == self.name;
        if let Some(column) = self.columns.iter_mut().find(is_it) {
            column.mark_cut(self.row, chars);
        }
    }

    pub(super) const fn drop_value(&mut self) {
        self.dropped_values += 1;
    }

    /// Closes the row.
    pub(super) const fn keep(&mut self) {
        self.row += 1;
        self.kept_columns = self.columns.len();
        self.kept_dropped = self.dropped_values;
        self.expected = 0;
    }

    /// Removes everything that was written since the last row was closed.
    pub(super) fn discard(&mut self) {
        self.columns.truncate(self.kept_columns);
        self.hashes.truncate(self.kept_columns);
        let row = self.row;
        self.columns.iter_mut().for_each(|column| column.clear(row));
        self.dropped_values = self.kept_dropped;
        self.expected = 0;
    }

    /// Returns the columns, and the number of values that were left out.
    pub(super) fn finish(self) -> (Vec<ChunkColumn>, u64) {
        (self.columns, self.dropped_values)
    }

    /// Returns the column of `self.name`; `None` if there are too many, or if the name is too long.
    fn column(&mut self, part: ColumnPart) -> Option<&mut ChunkColumn> {
        let expected = self.columns.get(self.expected);
        if !expected.is_some_and(|column| column.part == part && column.name == self.name) {
            let Some(place) = self.find(part) else {
                self.dropped_values += 1;
                return None;
            };
            self.expected = place;
        }
        self.expected += 1;
        self.columns.get_mut(self.expected - 1)
    }

    #[inline(never)]
    fn find(&mut self, part: ColumnPart) -> Option<usize> {
        if self.name.len() > MAX_NAME_BYTES {
            return None;
        }
        let hash = hash(&self.name);
        let is_it = |column: &ChunkColumn| column.part == part && column.name == self.name;
        let same = self.hashes.iter().zip(&self.columns).position(|(other, column)| *other == hash && is_it(column));
        if same.is_none() && self.columns.len() < MAX_COLUMNS {
            self.columns.push(ChunkColumn::new(part, &self.name));
            self.hashes.push(hash);
            return Some(self.columns.len() - 1);
        }
        same
    }
}

/// Hashes a name by FNV-1a.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
