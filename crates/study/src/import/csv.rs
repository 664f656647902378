//! A table as text: CSV, or columns that spaces separate.

use csv::StringRecord;

use super::field::{ParsedField, read as read_field};
use super::header::{TableHeader, is_unnamed};
use super::layout::TableLayout;
use super::number::WrittenNumber;
use super::rows::ImportedRows;
use super::survey::{LeftOut, NumberConvention, TableSurvey};
use super::word::trimmed;
use super::{DecimalMark, ImportError, ImportedTable, NumberReading, list};
use crate::number_format::counted;

/// The reason for refusing a row whose quotation marks make it another one than it seems, or several rows one.
const MISQUOTED: &str = "a quotation mark is not closed, or closed before the end of the field";

/// Facts about the columns beyond their single fields.
struct Columns {
    names: Vec<String>,
    /// Number of components of a field of the column, if it is a list.
    widths: Vec<Option<usize>>,
    settled: NumberConvention,
}

pub(super) fn read(text: &str, reading: NumberReading) -> Result<ImportedTable, ImportError> {
    let layout = TableLayout::of(text)?;
    let survey = TableSurvey::of(&layout);
    if survey.names.is_empty() {
        return Err(ImportError::Empty);
    }
    if survey.names.iter().all(|name| WrittenNumber::parse(name).is_some()) {
        return Err(ImportError::NoHeader);
    }
    survey.check_units()?;
    let left_out = survey.left_out(|name| is_unnamed(trimmed(name)));
    let widths = survey.widths()?;
    let header = header(&survey.names, &widths, &left_out)?;
    let settled = survey.settle(reading, layout.separator)?;
    let columns = Columns { names: survey.names, widths, settled };
    let notes = notes(&layout, &left_out, settled);
    let mut table = rows(&layout, &columns, ImportedRows::new(header))?.finish(notes)?;
    table.decimal_mark = settled.has_marks.then_some(settled.mark);
    table.percent = settled.has_percent.then_some(settled.percent);
    Ok(table)
}

fn header(names: &[String], widths: &[Option<usize>], left_out: &LeftOut) -> Result<TableHeader, ImportError> {
    let names: Vec<String> = names.iter().map(|name| trimmed(name).to_owned()).collect();
    // A column that is left out stands further behind if vectors stand before it.
    let mut places = Vec::with_capacity(widths.len());
    let mut next = 0;
    for width in widths {
        places.push(next);
        next += width.unwrap_or(1);
    }
    let left_out: Vec<usize> = left_out.columns.iter().map(|column| places[*column]).collect();
    let names = list::column_names(&names, widths);
    TableHeader::read(&names.iter().map(String::as_str).collect::<Vec<_>>(), &left_out)
}

fn rows(layout: &TableLayout<'_>, columns: &Columns, mut rows: ImportedRows) -> Result<ImportedRows, ImportError> {
    let mut records = layout.records();
    records.next();
    while let Some(row) = records.next() {
        match columns.cells(&records.record) {
            Ok(_) if records.is_misquoted => rows.refuse(row, MISQUOTED.to_owned()),
            Ok(cells) => rows.add(row, cells)?,
            Err(reason) => rows.refuse(row, reason),
        }
    }
    Ok(rows)
}

fn notes(layout: &TableLayout<'_>, left_out: &LeftOut, settled: NumberConvention) -> Vec<String> {
    let mut notes = layout.notes.clone();
    if left_out.has_counts {
        notes.push("a column without a name counts the rows, and is left out".to_owned());
    }
    if settled.mark == DecimalMark::Comma {
        notes.push("numbers are read with a decimal comma".to_owned());
    }
    notes
}

impl Columns {
    fn cells(&self, fields: &StringRecord) -> Result<Vec<ParsedField>, String> {
        let width = self.names.len();
        let is_whole = fields.len() >= width && fields.iter().skip(width).all(|field| trimmed(field).is_empty());
        if !is_whole {
            return Err(wrong_length(fields, width));
        }
        let mut cells = Vec::with_capacity(width);
        for ((field, name), width) in fields.iter().zip(&self.names).zip(&self.widths) {
            let may_be_list = width.is_some() || field.as_bytes().contains(&b'[');
            let components = if may_be_list { list::parse(field) } else { None };
            match (components, width) {
                (Some(components), Some(count)) if components.len() == *count => cells.extend(components),
                (Some(components), _) => return Err(list::wrong_count(name, components.len(), *width)),
                (None, Some(_)) if trimmed(field).is_empty() => return Err(format!("column `{name}` is empty")),
                (None, Some(_)) => return Err(list::no_vector(name)),
                (None, None) => cells.push(read_field(field, self.settled.mark, self.settled.percent)),
            }
        }
        Ok(cells)
    }
}

fn wrong_length(fields: &StringRecord, expected: usize) -> String {
    let length = counted(fields.len() as u64, "field", "fields");
    let has_break = fields.as_slice().contains('\n');
    let question = if has_break { ": is a quotation mark not closed?" } else { "" };
    format!("{length} instead of {expected}{question}")
}
