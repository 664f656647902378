//! Values in fields of a table. `docs/protocol.md` has the rule.

use super::number::{NumberValue, WrittenNumber, whole_number};
use super::word::{begins_as_number, is_missing_word, is_not_finite, is_spreadsheet_error, trimmed};
use super::{DecimalMark, PercentSign, list};
use crate::case::ParameterValue;

/// The content of a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ParsedField {
    Empty,
    /// A value as people write it.
    Loose(ParameterValue),
    /// A value that can't be meant otherwise: a text in quotes, or anything in JSON.
    Firm(ParameterValue),
    /// A number that is written in another way than the protocol's, and a description of that way.
    Spelled(ParameterValue, String),
    /// A text that begins as a number.
    Odd(String),
    /// A word for a missing value.
    Missing(String),
    /// No value.
    Wrong(FieldFault, String),
}

/// The reason why a field has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldFault {
    /// NaN, an infinity, or a number beyond floats.
    NotFinite,
    /// A number with the other decimal mark.
    OtherMark(DecimalMark),
    /// A whole number of more than 64 bits.
    Beyond,
    /// A text that a spreadsheet shows in place of a value.
    SpreadsheetError,
}

impl FieldFault {
    /// Returns the message about a field in this column.
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

/// Writes a value as a field, such that [`parse_field`] and [`import`](super::import) give it back: a float keeps its point or
/// exponent, and a text that might be read as something else stands in quotes, as in JSON. A list is written as JSON.
#[must_use]
pub fn field(parameter: &ParameterValue) -> String {
    match parameter {
        ParameterValue::Flag(flag) => flag.to_string(),
        ParameterValue::Integer(integer) => integer.to_string(),
        ParameterValue::Unsigned(integer) => integer.to_string(),
        ParameterValue::Text(text) if is_plain(text) => text.clone(),
        ParameterValue::Number(_) | ParameterValue::Text(_) | ParameterValue::List(_) => {
            serde_json::to_string(parameter).unwrap_or_default()
        }
    }
}

/// Reads the value of a field of Cruncher's own tables, spaces around it left out: a whole number, a float (`1.5`, `.5`, `1e5`,
/// `+3.0`), `true` or `false` in capitals or not, a text in quotes as in JSON, or else a text as it stands.
///
/// A whole number beyond 64 bits is a float, and a number beyond floats, NaN or an infinity is a text.
#[must_use]
pub fn parse_field(text: &str) -> ParameterValue {
    let text = text.trim();
    let begins = |letters: &[u8]| text.as_bytes().first().is_some_and(|first| letters.contains(first));
    let number = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(ParameterValue::Number);
    let written = if begins(b"0123456789+-.") {
        if let NumberValue::Number(integer) = whole_number(text) { Some(integer) } else { number() }
    } else if begins(b"\"") {
        quoted(text)
    } else {
        flag(text).map(ParameterValue::Flag)
    };
    written.unwrap_or_else(|| ParameterValue::Text(text.to_owned()))
}

/// Reads a field of a file whose decimals have this mark.
pub(super) fn read(text: &str, mark: DecimalMark, percent: PercentSign) -> ParsedField {
    let text = text.trim();
    WrittenNumber::parse(text)
        .and_then(|numeral| number(text, &numeral, mark, percent))
        .unwrap_or_else(|| read_other(text))
}

/// Reads a field that is no number.
pub(super) fn read_other(text: &str) -> ParsedField {
    let (text, seen) = (text.trim(), trimmed(text));
    if seen.is_empty() {
        return ParsedField::Empty;
    }
    if let Some(flag) = flag(seen) {
        return ParsedField::Loose(ParameterValue::Flag(flag));
    }
    if let Some(quoted) = quoted(seen) {
        return ParsedField::Firm(quoted);
    }
    let text = text.to_owned();
    match () {
        () if is_not_finite(&text) => ParsedField::Wrong(FieldFault::NotFinite, text),
        () if is_spreadsheet_error(&text) => ParsedField::Wrong(FieldFault::SpreadsheetError, text),
        () if is_missing_word(&text) => ParsedField::Missing(text),
        () if begins_as_number(&text) => ParsedField::Odd(text),
        () => ParsedField::Loose(ParameterValue::Text(text)),
    }
}

fn number(text: &str, numeral: &WrittenNumber<'_>, mark: DecimalMark, percent: PercentSign) -> Option<ParsedField> {
    let text = || text.to_owned();
    Some(match numeral.value(mark, percent) {
        Some(NumberValue::Number(number)) if numeral.is_unusual(mark) => ParsedField::Spelled(number, text()),
        Some(NumberValue::Number(number)) => ParsedField::Loose(number),
        Some(NumberValue::Beyond) => ParsedField::Wrong(FieldFault::Beyond, text()),
        Some(NumberValue::NotFinite) => ParsedField::Wrong(FieldFault::NotFinite, text()),
        None => {
            numeral.value(mark.other(), percent).map(|_| ParsedField::Wrong(FieldFault::OtherMark(mark), text()))?
        }
    })
}

pub(super) fn flag(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, flag)| flag)
}

fn quoted(text: &str) -> Option<ParameterValue> {
    let read = || serde_json::from_slice(text.as_bytes()).ok().map(ParameterValue::Text);
    text.starts_with('"').then(read).flatten()
}

/// Whether a text is read back from a field without quotes. A text with line breaks gets quotes, so that a case is a line.
fn is_plain(text: &str) -> bool {
    let is_text =
        |mark| read(text, mark, PercentSign::Fraction) == ParsedField::Loose(ParameterValue::Text(text.to_owned()));
    !text.contains(|letter: char| letter.is_control())
        && is_text(DecimalMark::Point)
        && list::parse(text).is_none()
        && parse_field(text) == ParameterValue::Text(text.to_owned())
}
