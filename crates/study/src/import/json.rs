//! A table as JSON.

use super::field::ParsedField;
use super::header::TableHeader;
use super::list::{column_names, no_vector, wrong_count};
use super::number::{NumberValue, whole_number};
use super::rows::ImportedRows;
use super::{DecimalMark, ImportError, ImportedTable, NumberReading};
use frame::{JsonFrame, frame};
use value::AnyJson;

mod frame;
mod index;
mod value;

pub(super) fn read(text: &str, reading: NumberReading) -> Result<ImportedTable, ImportError> {
    // Read from bytes, as all JSON in the page, so that the parser is in the page only once.
    let values = serde_json::Deserializer::from_slice(text.as_bytes()).into_iter::<AnyJson>();
    let values = values.collect::<Result<Vec<_>, _>>();
    let values = values.map_err(|error| ImportError::Json(error.to_string()))?;
    check_numbers(text)?;
    let frame = frame(values)?;
    let widths = widths(&frame)?;
    let names = column_names(&frame.names, &widths);
    let rows = ImportedRows::new(TableHeader::read(&names.iter().map(String::as_str).collect::<Vec<_>>(), &[])?);
    let mut rows = if frame.is_own { rows.of_cruncher() } else { rows };
    for (index, values) in frame.rows.into_iter().enumerate() {
        match values.and_then(|values| cells(values, &frame.names, &widths)) {
            Ok(cells) => rows.add(index + 1, cells)?,
            Err(reason) => rows.refuse(index + 1, reason),
        }
    }
    rows.finish(frame.notes.into_iter().chain(unneeded(reading)).collect())
}

/// Returns a note if the user chose a decimal comma or a meaning of per cent signs: JSON writes numbers in one way only.
fn unneeded(reading: NumberReading) -> Option<String> {
    let is_said = reading.decimal_mark == Some(DecimalMark::Comma) || reading.percent.is_some();
    is_said
        .then(|| "numbers of JSON have a decimal point and no per cent sign, so nothing else was looked for".to_owned())
}

/// Checks that no whole number has more than 64 bits: it would be read as a float.
pub(super) fn check_numbers(text: &str) -> Result<(), ImportError> {
    let bytes = text.as_bytes();
    let (mut place, mut is_inside) = (0, false);
    while let Some(byte) = bytes.get(place) {
        let is_digit = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
        let length = match byte {
            b'\\' if is_inside => 2,
            b'-' | b'0'..=b'9' if !is_inside => bytes[place..].iter().take_while(is_digit).count(),
            _ => 1,
        };
        is_inside ^= *byte == b'"';
        if !is_inside && length > 1 {
            check_number(text, place, length)?;
        }
        place += length;
    }
    Ok(())
}

fn check_number(text: &str, place: usize, length: usize) -> Result<(), ImportError> {
    let digits = &text[place..place + length];
    // Numbers of up to 18 digits fit into 64 bits.
    if length > 18 && !digits.contains(['.', 'e', 'E']) && whole_number(digits) == NumberValue::Beyond {
        let line = text[..place].matches('\n').count() + 1;
        return Err(ImportError::Beyond { line, digits: digits.to_owned() });
    }
    Ok(())
}

/// Number of components of each value of the first row, if it is a vector.
fn widths(frame: &JsonFrame) -> Result<Vec<Option<usize>>, ImportError> {
    let Some(Ok(first)) = frame.rows.first() else {
        return Ok(vec![None; frame.names.len()]);
    };
    let width = |(name, value): (&String, &AnyJson)| match value {
        AnyJson::List(components) if components.is_empty() => Err(ImportError::EmptyVector(name.clone())),
        AnyJson::List(components) => Ok(Some(components.len())),
        _ => Ok(None),
    };
    frame.names.iter().zip(first).map(width).collect()
}

fn cells(values: Vec<AnyJson>, names: &[String], widths: &[Option<usize>]) -> Result<Vec<ParsedField>, String> {
    let mut cells = Vec::with_capacity(values.len());
    for ((value, name), width) in values.into_iter().zip(names).zip(widths) {
        match (value, width) {
            (AnyJson::List(components), Some(count)) if components.len() == *count => {
                for component in components {
                    cells.push(cell(component, name)?);
                }
            }
            (AnyJson::List(components), _) => return Err(wrong_count(name, components.len(), *width)),
            (AnyJson::Null, Some(_)) => return Err(format!("column `{name}` is empty")),
            (_, Some(_)) => return Err(no_vector(name)),
            (scalar, None) => cells.push(cell(scalar, name)?),
        }
    }
    Ok(cells)
}

fn cell(json: AnyJson, name: &str) -> Result<ParsedField, String> {
    match json {
        AnyJson::Null => Ok(ParsedField::Empty),
        AnyJson::Scalar(value) => Ok(ParsedField::Firm(value)),
        AnyJson::List(_) => Err(format!("a component of `{name}` is a list")),
        AnyJson::Object(_) => Err(format!("`{name}` is an object, and no value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_design_file_is_read_as_it_stands_there() {
        let csv = "a,c[0],c[1],soil,level,replicate\n1,2.5,3,clay,0,1\n2,2.5,4,\"sand, wet\",1,0\n";
        let table = super::super::csv::read(csv, NumberReading::default()).unwrap();
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(
            read(&json, NumberReading::default()),
            Ok(ImportedTable { notes: Vec::new(), decimal_mark: None, ..table })
        );
    }

    #[test]
    fn points_without_names_are_a_vector_and_that_is_said() {
        let text = r#"{"columns": ["point"], "rows": [[[0.1, 2]], [[0.2, 3]]], "unnamed": true}"#;
        let table = read(text, NumberReading::default()).unwrap();
        assert_eq!((table.columns[0].name.as_str(), table.columns[0].count, table.rows.len()), ("point", Some(2), 2));
        let words =
            "the points have no names, so each is the vector of 2 `point`; a list `names` in the script names them";
        assert_eq!(table.notes, [words]);
        let named = read(r#"{"columns": ["a"], "rows": [[0.1]], "unnamed": false}"#, NumberReading::default()).unwrap();
        assert_eq!(named.notes, [""; 0]);
    }

    #[test]
    fn levels_that_are_not_as_many_as_the_rows_are_refused() {
        let error =
            read(r#"{"columns": [{"name": "a"}], "rows": [[1], [2]], "levels": [1]}"#, NumberReading::default())
                .unwrap_err();
        assert_eq!(error, ImportError::Shape("`levels` has 1 value, and there are 2 rows".to_owned()));
    }
}
