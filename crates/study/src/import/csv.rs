//! A table as CSV.

use csv::{Reader, ReaderBuilder, StringRecord, Terminator};

use super::field::{Cell, Mark, mark_of, read as read_field};
use super::header::Header;
use super::rows::Rows;
use super::{ImportError, Table};
use crate::case::Parameter;
use crate::figures::counted;

pub(super) fn read(text: &str) -> Result<Table, ImportError> {
    let separator = separator(text);
    let mark = if separator == b',' { Mark::Point } else { decimal_mark(text, separator) };
    let mut records = Records::new(text, separator);
    records.next();
    let mut rows = Rows::new(header(&records.record)?);
    while let Some(row) = records.next() {
        let fields = &records.record;
        if fields.len() == rows.width() {
            rows.add(row, fields.iter().map(|field| read_field(field, mark)))?;
        } else {
            rows.refuse(row, wrong_length(fields, rows.width()));
        }
    }
    let note = "numbers are read with a decimal comma".to_owned();
    rows.finish(if mark == Mark::Comma { vec![note] } else { Vec::new() })
}

fn header(fields: &StringRecord) -> Result<Header, ImportError> {
    let is_number = |field| matches!(read_field(field, Mark::Comma), Cell::Loose(value) if is_number(&value));
    if fields.iter().all(is_number) {
        return Err(ImportError::NoHeader);
    }
    Header::read(&fields.iter().collect::<Vec<_>>())
}

fn is_number(value: &Parameter) -> bool {
    matches!(value, Parameter::Integer(_) | Parameter::Number(_))
}

fn wrong_length(fields: &StringRecord, expected: usize) -> String {
    let length = counted(fields.len() as u64, "field", "fields");
    let has_break = fields.as_slice().contains('\n');
    let question = if has_break { ": is a quotation mark not closed?" } else { "" };
    format!("{length} instead of {expected}{question}")
}

/// What separates the names in the first line. A single column is read like one of several with semicolons, so that it
/// may have decimal commas.
fn separator(text: &str) -> u8 {
    let line = text.trim_start().lines().next().unwrap_or_default();
    let count = |separator: u8| line.bytes().filter(|byte| *byte == separator).count();
    [b',', b'\t', b';'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',')
}

/// A comma, if there are numbers with one, and none with a point.
fn decimal_mark(text: &str, separator: u8) -> Mark {
    let mut records = Records::new(text, separator);
    let mut mark = Mark::Point;
    while records.next().is_some() {
        for field in &records.record {
            match mark_of(field) {
                Some(Mark::Point) => return Mark::Point,
                Some(Mark::Comma) => mark = Mark::Comma,
                None => {}
            }
        }
    }
    mark
}

/// The records that aren't blank, each with its row.
struct Records<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    record: StringRecord,
    /// How many line breaks stood inside of fields so far: a spreadsheet doesn't count them.
    breaks_inside: usize,
}

impl<'a> Records<'a> {
    fn new(text: &'a str, separator: u8) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(separator).terminator(Terminator::Any(b'\n'));
        Self { text, reader: builder.from_reader(text.as_bytes()), record: StringRecord::new(), breaks_inside: 0 }
    }

    /// Reads the next record; its row, from 1.
    fn next(&mut self) -> Option<usize> {
        // It can't fail: the text is in memory, it is UTF-8, and records may have any number of fields.
        while self.reader.read_record(&mut self.record).unwrap_or(false) {
            self.breaks_inside += self.record.as_slice().matches('\n').count();
            if self.record.iter().any(|field| !field.trim().is_empty()) {
                return Some(self.row());
            }
        }
        None
    }

    fn row(&self) -> usize {
        let position = self.reader.position();
        let is_ended = self.text.ends_with('\n') || position.byte() < self.text.len() as u64;
        let line = usize::try_from(position.line()).unwrap_or(usize::MAX);
        line - usize::from(is_ended) - self.breaks_inside
    }
}
