//! A vector in a single field, as pandas and `NumPy` write lists: `[56749.4, 61000.0]`, `[1. 2. 3.]`.

use super::field::{FieldFault, ParsedField, flag};
use super::number::{NumberValue, WrittenNumber};
use super::word::{is_not_finite, trimmed};
use super::{DecimalMark, PercentSign};
use crate::case::ParameterValue;
use crate::number_format::counted;

/// Reads the components of a list; `None` if the field is something else. Decimals in lists have a point in every file.
pub(super) fn parse(text: &str) -> Option<Vec<ParsedField>> {
    let inner = trimmed(text).strip_prefix('[')?.strip_suffix(']')?;
    if inner.trim().is_empty() {
        return Some(Vec::new());
    }
    let components: Option<Vec<ParsedField>> = if inner.contains(',') {
        inner.split(',').map(component).collect()
    } else {
        inner.split_whitespace().map(component).collect()
    };
    components.or_else(|| json(text))
}

/// Returns the names of a file's columns, one a component for vectors.
pub(super) fn column_names(names: &[String], widths: &[Option<usize>]) -> Vec<String> {
    let mut columns = Vec::new();
    for (name, width) in names.iter().zip(widths) {
        match width {
            None => columns.push(name.clone()),
            Some(count) => columns.extend((0..*count).map(|component| format!("{name}[{component}]"))),
        }
    }
    columns
}

/// Returns the message about a vector with another number of components than in the first row.
pub(super) fn wrong_count(name: &str, count: usize, expected: Option<usize>) -> String {
    match expected {
        None => format!("`{name}` is a vector, and a single value in the first row"),
        Some(expected) => {
            format!("`{name}` has {} instead of {expected}", counted(count as u64, "component", "components"))
        }
    }
}

/// Returns the message about a single value in a column whose first row has a vector.
pub(super) fn no_vector(name: &str) -> String {
    format!("`{name}` is a single value, and a vector in the first row")
}

fn component(text: &str) -> Option<ParsedField> {
    let text = text.trim();
    if is_not_finite(text) {
        return Some(ParsedField::Wrong(FieldFault::NotFinite, text.to_owned()));
    }
    if let Some(flag) = flag(text) {
        return Some(ParsedField::Loose(ParameterValue::Flag(flag)));
    }
    let in_quotes = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    if let Some(word) = in_quotes.filter(|word| !word.contains(['\'', '\\'])) {
        return Some(ParsedField::Firm(ParameterValue::Text(word.to_owned())));
    }
    let numeral = WrittenNumber::parse(text).filter(|numeral| !numeral.is_unusual(DecimalMark::Point))?;
    Some(match numeral.value(DecimalMark::Point, PercentSign::Fraction)? {
        NumberValue::Number(number) => ParsedField::Loose(number),
        NumberValue::Beyond => ParsedField::Wrong(FieldFault::Beyond, text.to_owned()),
        NumberValue::NotFinite => ParsedField::Wrong(FieldFault::NotFinite, text.to_owned()),
    })
}

/// Reads the components of a list in JSON, which may have texts with commas.
fn json(text: &str) -> Option<Vec<ParsedField>> {
    let components: Vec<ParameterValue> = serde_json::from_slice(trimmed(text).as_bytes()).ok()?;
    let are_single = components.iter().all(|component| !matches!(component, ParameterValue::List(_)));
    are_single.then(|| components.into_iter().map(ParsedField::Firm).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::ParameterValue::{Flag, Integer, Number, Text};

    fn values(text: &str) -> Option<Vec<ParameterValue>> {
        let value = |cell| match cell {
            ParsedField::Loose(value) | ParsedField::Firm(value) => value,
            other => panic!("{other:?}"),
        };
        parse(text).map(|cells| cells.into_iter().map(value).collect())
    }

    #[test]
    fn lists_of_pandas_and_numpy_are_read() {
        for (text, expected) in [
            ("[56749.4, 61000.0]", vec![Number(56749.4), Number(61000.0)]),
            ("[1. 2. 3.]", vec![Number(1.0), Number(2.0), Number(3.0)]),
            ("[1.5e+00\n 2.0e+00]", vec![Number(1.5), Number(2.0)]),
            ("[30]", vec![Integer(30)]),
            ("[True, False]", vec![Flag(true), Flag(false)]),
            ("['clay', 'sand']", vec![Text("clay".to_owned()), Text("sand".to_owned())]),
            ("[\"a, b\", 1]", vec![Text("a, b".to_owned()), Integer(1)]),
            ("[]", vec![]),
        ] {
            assert_eq!(values(text), Some(expected), "{text}");
        }
        assert_eq!(
            parse("[nan, 1]").map(|cells| cells[0].clone()),
            Some(ParsedField::Wrong(FieldFault::NotFinite, "nan".to_owned()))
        );
    }

    #[test]
    fn what_is_no_list_of_values_is_none() {
        for text in [
            "clay",
            "[clay]",
            "[1, [2]]",
            "[[1, 2], [3, 4]]",
            "[1. 2. ... 9.]",
            "[1,",
            "1]",
            "[1 000, 2]",
            "['it''s', 'b']",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
