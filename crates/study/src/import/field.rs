//! A value as it stands in a field of a table. `docs/protocol.md` has the rule.

use crate::case::Parameter;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    Empty,
    /// A value as people write it.
    Loose(Parameter),
    /// A value that can't be meant otherwise: a text in quotes, or anything in JSON.
    Firm(Parameter),
    /// NaN, an infinity, or a number beyond floats.
    NotFinite(String),
    /// A number with a decimal comma, where others have a point.
    Comma(String),
}

/// What separates the whole part of a number from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Point,
    Comma,
}

/// A value as a field, such that [`parse_field`] gives it back: a float keeps its point or exponent, and a text that would
/// be read as something else stands in quotes, as JSON has them. A list is written as JSON.
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

/// The value of a field, spaces around it left out: a whole number, a float (`1.5`, `.5`, `1e5`, `+3.0`), `true` or `false`
/// in capitals or not, a text in quotes as JSON has them, or else a text as it stands.
///
/// A whole number beyond 64 bits is a float, and a number beyond floats, NaN or an infinity is a text.
#[must_use]
pub fn parse_field(text: &str) -> Parameter {
    match read(text, Mark::Point) {
        Cell::Loose(parameter) | Cell::Firm(parameter) => parameter,
        Cell::Empty => Parameter::Text(String::new()),
        Cell::NotFinite(text) | Cell::Comma(text) => Parameter::Text(text),
    }
}

/// What a field of a file holds whose decimals have this mark.
pub(super) fn read(text: &str, mark: Mark) -> Cell {
    let text = text.trim();
    let Some(first) = text.as_bytes().first() else {
        return Cell::Empty;
    };
    if first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.' | b',') {
        return number(text, mark).unwrap_or_else(|| loose_text(text));
    }
    match flag(text) {
        Some(flag) => Cell::Loose(Parameter::Flag(flag)),
        None if *first == b'"' => quoted(text).unwrap_or_else(|| loose_text(text)),
        None if is_not_finite(text) => Cell::NotFinite(text.to_owned()),
        None => loose_text(text),
    }
}

/// The mark that a field's number has, if it is a number with one.
pub(super) fn mark_of(text: &str) -> Option<Mark> {
    let text = text.trim();
    match (text.contains('.'), text.contains(',')) {
        (true, false) => finite(text).map(|_| Mark::Point),
        (false, true) => with_point(text).map(|_| Mark::Comma),
        _ => None,
    }
}

fn number(text: &str, mark: Mark) -> Option<Cell> {
    if let Some(integer) = Parameter::whole(text) {
        return Some(Cell::Loose(integer));
    }
    match (finite(text), with_point(text), mark) {
        (Some(number), _, _) | (None, Some(number), Mark::Comma) => Some(Cell::Loose(Parameter::Number(number))),
        (None, Some(_), Mark::Point) => Some(Cell::Comma(text.to_owned())),
        (None, None, _) => is_not_finite(text).then(|| Cell::NotFinite(text.to_owned())),
    }
}

fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The number, if it has a decimal comma.
fn with_point(text: &str) -> Option<f64> {
    let has_comma = text.contains(',') && !text.contains('.');
    has_comma.then(|| finite(&text.replacen(',', ".", 1))).flatten()
}

fn flag(text: &str) -> Option<bool> {
    [("true", true), ("false", false)]
        .into_iter()
        .find(|(word, _)| text.eq_ignore_ascii_case(word))
        .map(|(_, flag)| flag)
}

/// Whether what is no finite number is a float to Rust: NaN, an infinity in words, or a number as large as 1e999.
fn is_not_finite(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

fn quoted(text: &str) -> Option<Cell> {
    serde_json::from_slice(text.as_bytes()).ok().map(|text| Cell::Firm(Parameter::Text(text)))
}

fn loose_text(text: &str) -> Cell {
    Cell::Loose(Parameter::Text(text.to_owned()))
}

/// Whether a text is read back from a field without quotes. One with line breaks gets quotes, so that a case is a line.
fn is_plain(text: &str) -> bool {
    !text.contains(|letter: char| letter.is_control()) && read(text, Mark::Point) == loose_text(text)
}
