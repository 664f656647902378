//! A value as it stands in a field of a table. `docs/protocol.md` has the rule.

use super::number::{Numeral, Value, whole_number};
use super::word::{begins_as_number, is_missing_word, is_not_finite, is_spreadsheet_error, trimmed};
use super::{DecimalMark, Percent, list};
use crate::case::Parameter;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    /// A value as people write it.
    Loose(Parameter),
    /// A value that can't be meant otherwise: a text in quotes, or anything in JSON.
    Firm(Parameter),
    /// A number that is written in another way than the protocol's, and how.
    Spelled(Parameter, String),
    /// A text that begins as a number.
    Odd(String),
    /// A word for a missing value.
    Missing(String),
    /// No value.
    Wrong(Fault, String),
}

/// Why a field has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// NaN, an infinity, or a number beyond floats.
    NotFinite,
    /// A number with the other decimal mark.
    OtherMark(DecimalMark),
    /// A whole number of more than 64 bits.
    Beyond,
    /// What a spreadsheet shows in place of a value.
    SpreadsheetError,
}

impl Fault {
    /// What is said of a field in this column.
    pub(super) fn reason(self, text: &str, column: &str) -> String {
        match self {
            Self::NotFinite => format!("`{text}` in column `{column}` is not a finite number"),
            Self::OtherMark(DecimalMark::Point) => {
                format!("`{text}` in column `{column}` has a decimal comma, and decimals of this file have a point")
            }
            Self::OtherMark(DecimalMark::Comma) => {
                format!("`{text}` in column `{column}` has a decimal point, and decimals of this file have a comma")
            }
            Self::Beyond => format!(
                "`{text}` in column `{column}` is a whole number of more than 64 bits; with a point at its end it is read \
                 as the nearest float"
            ),
            Self::SpreadsheetError => {
                format!("`{text}` in column `{column}` is an error of the spreadsheet: correct its formula there")
            }
        }
    }
}

/// A value as a field, such that [`parse_field`] and [`import`](super::import) give it back: a float keeps its point or
/// exponent, and a text that might be read as something else stands in quotes, as JSON has them. A list is written as JSON.
#[must_use]
pub fn field(parameter: &Parameter) -> String {
    match parameter {
        Parameter::Flag(flag) => flag.to_string(),
        Parameter::Integer(integer) => integer.to_string(),
        Parameter::Unsigned(integer) => integer.to_string(),
        Parameter::Text(text) if is_plain(text) => text.clone(),
        Parameter::Number(_) | Parameter::Text(_) | Parameter::List(_) => {
            serde_json::to_string(parameter).unwrap_or_default()
        }
    }
}

/// The value of a field of Cruncher's own tables, spaces around it left out: a whole number, a float (`1.5`, `.5`, `1e5`,
/// `+3.0`), `true` or `false` in capitals or not, a text in quotes as JSON has them, or else a text as it stands.
///
/// A whole number beyond 64 bits is a float, and a number beyond floats, NaN or an infinity is a text.
#[must_use]
pub fn parse_field(text: &str) -> Parameter {
    let text = text.trim();
    let begins = |letters: &[u8]| text.as_bytes().first().is_some_and(|first| letters.contains(first));
    let number = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Parameter::Number);
    let written = if begins(b"0123456789+-.") {
        if let Value::Number(integer) = whole_number(text) { Some(integer) } else { number() }
    } else if begins(b"\"") {
        quoted(text)
    } else {
        flag(text).map(Parameter::Flag)
    };
    written.unwrap_or_else(|| Parameter::Text(text.to_owned()))
}

/// What a field of a file holds whose decimals have this mark.
pub(super) fn read(text: &str, mark: DecimalMark, percent: Percent) -> Cell {
    let text = text.trim();
    Numeral::parse(text).and_then(|numeral| number(text, &numeral, mark, percent)).unwrap_or_else(|| read_other(text))
}

/// What a field holds that is no number.
pub(super) fn read_other(text: &str) -> Cell {
    let (text, seen) = (text.trim(), trimmed(text));
    if seen.is_empty() {
        return Cell::Empty;
    }
    if let Some(flag) = flag(seen) {
        return Cell::Loose(Parameter::Flag(flag));
    }
    if let Some(quoted) = quoted(seen) {
        return Cell::Firm(quoted);
    }
    let text = text.to_owned();
    match () {
        () if is_not_finite(&text) => Cell::Wrong(Fault::NotFinite, text),
        () if is_spreadsheet_error(&text) => Cell::Wrong(Fault::SpreadsheetError, text),
        () if is_missing_word(&text) => Cell::Missing(text),
        () if begins_as_number(&text) => Cell::Odd(text),
        () => Cell::Loose(Parameter::Text(text)),
    }
}

fn number(text: &str, numeral: &Numeral<'_>, mark: DecimalMark, percent: Percent) -> Option<Cell> {
    let text = || text.to_owned();
    Some(match numeral.value(mark, percent) {
        Some(Value::Number(number)) if numeral.is_unusual(mark) => Cell::Spelled(number, text()),
        Some(Value::Number(number)) => Cell::Loose(number),
        Some(Value::Beyond) => Cell::Wrong(Fault::Beyond, text()),
        Some(Value::NotFinite) => Cell::Wrong(Fault::NotFinite, text()),
        None => numeral.value(mark.other(), percent).map(|_| Cell::Wrong(Fault::OtherMark(mark), text()))?,
    })
}

pub(super) fn flag(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, flag)| flag)
}

fn quoted(text: &str) -> Option<Parameter> {
    let read = || serde_json::from_slice(text.as_bytes()).ok().map(Parameter::Text);
    text.starts_with('"').then(read).flatten()
}

/// Whether a text is read back from a field without quotes. One with line breaks gets quotes, so that a case is a line.
fn is_plain(text: &str) -> bool {
    let is_text = |mark| read(text, mark, Percent::Fraction) == Cell::Loose(Parameter::Text(text.to_owned()));
    !text.contains(|letter: char| letter.is_control())
        && is_text(DecimalMark::Point)
        && list::parse(text).is_none()
        && parse_field(text) == Parameter::Text(text.to_owned())
}
