//! A first look through a whole table as text: the meaning of its marks, the columns that count its rows, and units below the
//! header. All fields together tell what a single one doesn't.

use csv::StringRecord;

use super::field::{ParsedField, read_other};
use super::layout::TableLayout;
use super::number::WrittenNumber;
use super::records::ColumnSeparator;
use super::word::{is_missing_word, shown, trimmed};
use super::{DecimalMark, ImportError, NumberQuestion, NumberReading, PercentSign, list};
use crate::case::ParameterValue;

/// The content of a table.
#[derive(Debug, Default)]
pub(super) struct TableSurvey {
    /// The fields of the header.
    pub(super) names: Vec<String>,
    columns: Vec<ColumnSurvey>,
    rows: usize,
    /// Rows that have a field more than the header.
    longer_by_one: usize,
    /// The row of the first record below the header, and its fields.
    first: Option<(usize, Vec<String>)>,
}

/// The content of a column.
#[derive(Debug, Clone, Default)]
struct ColumnSurvey {
    numbers: usize,
    texts: usize,
    blanks: usize,
    /// The field of the first record.
    first: First,
    /// Numbers that are numbers only with a decimal point, or only with a comma.
    points: usize,
    commas: usize,
    /// The first number whose value with a point differs from that with a comma, and the first of these that has a comma.
    two_ways: Option<Example>,
    two_ways_with_comma: Option<Example>,
    percent: Option<Example>,
    /// The number that comes next, if the column counts the rows from 0 or 1.
    next: Option<u64>,
}

/// The field of the first record in a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum First {
    #[default]
    Other,
    /// A text that begins as a number.
    OddText,
    /// Any other text, which may be a unit.
    Text,
}

#[derive(Debug, Clone)]
struct Example {
    row: usize,
    text: String,
    numeral: WrittenNumber<'static>,
}

/// The meaning of decimal marks and per cent signs in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NumberConvention {
    pub(super) mark: DecimalMark,
    pub(super) percent: PercentSign,
    /// Whether any number has a decimal mark, or a mark that may be one.
    pub(super) has_marks: bool,
    pub(super) has_percent: bool,
}

impl TableSurvey {
    pub(super) fn of(layout: &TableLayout<'_>) -> Self {
        let mut records = layout.records();
        records.next();
        let names: Vec<String> = records.record.iter().map(str::to_owned).collect();
        let mut survey = Self { columns: vec![ColumnSurvey::default(); names.len() + 1], names, ..Self::default() };
        while let Some(row) = records.next() {
            survey.look(row, &records.record);
        }
        survey.name_row_names(layout.separator);
        survey
    }

    fn look(&mut self, row: usize, fields: &StringRecord) {
        self.longer_by_one += usize::from(fields.len() == self.names.len() + 1);
        let is_first = self.rows == 0;
        let mut first = Vec::new();
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.look(row, self.rows as u64, field);
            if is_first {
                first.push(field.to_owned());
            }
        }
        if is_first {
            self.first = Some((row, first));
        }
        self.rows += 1;
    }

    /// Adds the column of row names that R writes: it puts a name in front of each row, and no name for them into the header.
    fn name_row_names(&mut self, separator: ColumnSeparator) {
        if separator == ColumnSeparator::Spaces && self.rows > 0 && self.longer_by_one == self.rows {
            self.names.insert(0, String::new());
        } else {
            self.columns.truncate(self.names.len());
        }
    }

    /// Settles the meaning of marks: the user's choice, or else the one shown by numbers that have only one meaning.
    pub(super) fn settle(
        &self,
        reading: NumberReading,
        separator: ColumnSeparator,
    ) -> Result<NumberConvention, ImportError> {
        let percent = self.columns.iter().position(|column| column.percent.is_some());
        let mark = match reading.decimal_mark.or_else(|| self.shown_mark()) {
            Some(mark) => mark,
            None => self.likely_mark(separator)?,
        };
        let percent_of =
            |column: usize| self.question(column, self.columns[column].percent.as_ref(), NumberQuestion::percent);
        let meaning = match (reading.percent, percent) {
            (None, Some(column)) => return Err(percent_of(column)),
            (said, _) => said.unwrap_or_default(),
        };
        let has_marks = |column: &ColumnSurvey| column.points + column.commas > 0 || column.two_ways.is_some();
        let has_marks = self.columns.iter().any(has_marks);
        Ok(NumberConvention { mark, percent: meaning, has_marks, has_percent: percent.is_some() })
    }

    /// The mark that numbers show. Columns with texts count only if the other columns have nothing with a second meaning.
    fn shown_mark(&self) -> Option<DecimalMark> {
        let shown = |columns: &mut dyn Iterator<Item = &ColumnSurvey>| {
            let (points, commas) = columns.fold((false, false), |(points, commas), column| {
                (points || column.points > 0, commas || column.commas > 0)
            });
            match (points, commas) {
                (true, _) => Some(DecimalMark::Point),
                (false, true) => Some(DecimalMark::Comma),
                (false, false) => None,
            }
        };
        let has_doubt = self.columns.iter().any(|column| column.two_ways.is_some());
        let clean = shown(&mut self.columns.iter().filter(|column| column.texts == 0));
        clean.or_else(|| if has_doubt { None } else { shown(&mut self.columns.iter()) })
    }

    /// The mark if no number shows it. Programs that separate columns by commas or spaces write decimals with a point, so that
    /// `1.125` is no question there; `50,000` is one everywhere.
    fn likely_mark(&self, separator: ColumnSeparator) -> Result<DecimalMark, ImportError> {
        let has_points = matches!(separator, ColumnSeparator::Letter(b',') | ColumnSeparator::Spaces);
        let doubt = |column: &ColumnSurvey| {
            if has_points { column.two_ways_with_comma.clone() } else { column.two_ways.clone() }
        };
        match self.columns.iter().position(|column| doubt(column).is_some()) {
            None => Ok(DecimalMark::Point),
            Some(column) => {
                Err(self.question(column, doubt(&self.columns[column]).as_ref(), NumberQuestion::decimal_mark))
            }
        }
    }

    fn question(
        &self,
        column: usize,
        example: Option<&Example>,
        ask: impl FnOnce(usize, String, &str, &WrittenNumber<'_>) -> Option<NumberQuestion>,
    ) -> ImportError {
        let name = self.names.get(column).cloned().unwrap_or_default();
        let question = example.and_then(|example| ask(example.row, name, &example.text, &example.numeral));
        question.map_or(ImportError::NoRows, ImportError::Question)
    }

    /// Checks that the first record isn't one of units, as in `kW,deg`: texts above columns of numbers.
    pub(super) fn check_units(&self) -> Result<(), ImportError> {
        let Some((row, fields)) = &self.first else { return Ok(()) };
        let is_unit = |column: &ColumnSurvey| column.first == First::Text && column.texts == 1 && column.numbers > 0;
        let is_text = |(column, field): (&ColumnSurvey, &String)| {
            column.first != First::Other || trimmed(field).is_empty() || is_missing_word(field)
        };
        let are_units = self.columns.iter().any(is_unit) && self.columns.iter().zip(fields).all(is_text);
        let units = self.columns.iter().zip(fields).filter(|(column, _)| is_unit(column));
        let units: Vec<String> = units.map(|(_, field)| format!("`{}`", shown(field.trim()))).collect();
        if are_units { Err(ImportError::Units { row: *row, units: units.join(", ") }) } else { Ok(()) }
    }

    /// Returns the columns that have no name and no values, or count the rows from 0 or 1.
    pub(super) fn left_out(&self, is_unnamed: impl Fn(&str) -> bool) -> LeftOut {
        let mut left_out = LeftOut::default();
        for (index, (name, column)) in self.names.iter().zip(&self.columns).enumerate() {
            let is_counting = column.next.is_some() && column.blanks == 0 && self.rows > 0;
            if is_unnamed(name) && (is_counting || column.blanks == self.rows) {
                left_out.columns.push(index);
                left_out.has_counts |= is_counting;
            }
        }
        left_out
    }

    /// Returns the number of components of each column whose first value is a list.
    pub(super) fn widths(&self) -> Result<Vec<Option<usize>>, ImportError> {
        let first = self.first.as_ref().map(|(_, fields)| fields.as_slice()).unwrap_or_default();
        let width = |(index, name): (usize, &String)| match first.get(index).and_then(|field| list::parse(field)) {
            Some(components) if components.is_empty() => Err(ImportError::EmptyVector(name.clone())),
            components => Ok(components.map(|components| components.len())),
        };
        self.names.iter().enumerate().map(width).collect()
    }
}

/// Columns that are no inputs.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Their positions.
    pub(super) columns: Vec<usize>,
    /// Whether one of them counts the rows.
    pub(super) has_counts: bool,
}

impl ColumnSurvey {
    fn look(&mut self, row: usize, rows_before: u64, field: &str) {
        self.count(rows_before, field);
        if let Some(numeral) = WrittenNumber::parse(field) {
            self.look_at(row, field, &numeral);
            return;
        }
        match read_other(field) {
            ParsedField::Empty => self.blanks += 1,
            cell @ (ParsedField::Loose(ParameterValue::Text(_)) | ParsedField::Odd(_)) => {
                self.texts += 1;
                if rows_before == 0 {
                    self.first = if matches!(cell, ParsedField::Odd(_)) { First::OddText } else { First::Text };
                }
            }
            ParsedField::Loose(_) | ParsedField::Firm(_) | ParsedField::Missing(_) => self.texts += 1,
            ParsedField::Spelled(..) | ParsedField::Wrong(..) => {}
        }
    }

    fn count(&mut self, rows_before: u64, field: &str) {
        if rows_before > 0 && self.next.is_none() {
            return;
        }
        let number: Option<u64> = field.trim().parse().ok();
        let is_next = if rows_before == 0 { number.is_some_and(|first| first <= 1) } else { self.next == number };
        self.next = number.filter(|_| is_next).map(|number| number + 1);
    }

    fn look_at(&mut self, row: usize, field: &str, numeral: &WrittenNumber<'_>) {
        let (is_point, is_comma) = (numeral.fits(DecimalMark::Point), numeral.fits(DecimalMark::Comma));
        self.points += usize::from(is_point && !is_comma);
        self.commas += usize::from(is_comma && !is_point);
        self.numbers += 1;
        let example = || Some(Example { row, text: field.trim().to_owned(), numeral: numeral.clone().into_owned() });
        let has_comma = numeral.has_mark(DecimalMark::Comma);
        if is_point && is_comma && (has_comma || numeral.has_mark(DecimalMark::Point)) {
            self.two_ways = self.two_ways.take().or_else(example);
            if has_comma {
                self.two_ways_with_comma = self.two_ways_with_comma.take().or_else(example);
            }
        }
        if numeral.is_percent {
            self.percent = self.percent.take().or_else(example);
        }
    }
}
