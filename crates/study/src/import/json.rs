//! A table as JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::field::Cell;
use super::header::Header;
use super::rows::Rows;
use super::{ImportError, Table};
use crate::case::Parameter;
use crate::figures::counted;

/// Any JSON; the fields of an object stay in their order.
#[derive(Debug)]
enum Json {
    Null,
    Scalar(Parameter),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Names, and rows that have a value a name.
struct Frame {
    names: Vec<String>,
    rows: Vec<Result<Vec<Json>, String>>,
}

pub(super) fn read(text: &str) -> Result<Table, ImportError> {
    // From bytes, as all JSON in the page is read: the parser is there once then.
    let values = serde_json::Deserializer::from_slice(text.as_bytes()).into_iter::<Json>();
    let values = values.collect::<Result<Vec<_>, _>>();
    let frame = frame(values.map_err(|error| ImportError::Json(error.to_string()))?)?;
    let widths = widths(&frame)?;
    let names = column_names(&frame.names, &widths);
    let mut rows = Rows::new(Header::read(&names.iter().map(String::as_str).collect::<Vec<_>>())?);
    for (index, values) in frame.rows.into_iter().enumerate() {
        match values.and_then(|values| cells(values, &frame.names, &widths)) {
            Ok(cells) => rows.add(index + 1, cells)?,
            Err(reason) => rows.refuse(index + 1, reason),
        }
    }
    rows.finish(Vec::new())
}

fn frame(mut values: Vec<Json>) -> Result<Frame, ImportError> {
    match (values.pop(), values.is_empty()) {
        (Some(Json::List(objects)), true) => of_objects(objects),
        (Some(Json::Object(fields)), true) => of_object(fields),
        (last, _) => {
            values.extend(last);
            of_objects(values)
        }
    }
}

/// A table as one object: names and rows, or lists by name, or else a single case.
fn of_object(mut fields: Vec<(String, Json)>) -> Result<Frame, ImportError> {
    let columns = fields.iter().position(|(name, value)| name == "columns" && value.is_list());
    let rows = fields.iter().position(|(name, value)| (name == "rows" || name == "data") && value.is_list());
    if let (Some(columns), Some(rows)) = (columns, rows) {
        let (mut columns, mut rows) = (fields[columns].1.take().into_list(), fields[rows].1.take().into_list());
        for (name, column) in [("levels", "level"), ("replicates", "replicate")] {
            if let Some((_, marks)) = fields.iter_mut().find(|(field, value)| field == name && value.is_list()) {
                columns.push(Json::Scalar(Parameter::Text(column.to_owned())));
                add_marks(&mut rows, name, marks.take().into_list())?;
            }
        }
        return of_rows(columns, rows);
    }
    if fields.iter().all(|(_, value)| value.is_list()) {
        return of_lists(fields);
    }
    of_objects(vec![Json::Object(fields)])
}

/// Puts a number behind each row, as a design file has its levels and replicates beside the rows.
fn add_marks(rows: &mut [Json], name: &str, marks: Vec<Json>) -> Result<(), ImportError> {
    if marks.len() != rows.len() {
        let words = format!("`{name}` has {}, and there are {} rows", values(marks.len()), rows.len());
        return Err(ImportError::Shape(words));
    }
    for (row, mark) in rows.iter_mut().zip(marks) {
        if let Json::List(values) = row {
            values.push(mark);
        }
    }
    Ok(())
}

fn of_rows(names: Vec<Json>, rows: Vec<Json>) -> Result<Frame, ImportError> {
    let name = |json: Json| match json.or_field("name") {
        Json::Scalar(Parameter::Text(name)) => Ok(name),
        _ => Err(ImportError::Shape("`columns` must be a list of names".to_owned())),
    };
    let names: Vec<String> = names.into_iter().map(name).collect::<Result<_, _>>()?;
    let row = |json| match json {
        Json::List(values) if values.len() == names.len() => Ok(values),
        Json::List(values) => Err(format!("{} instead of {}", self::values(values.len()), names.len())),
        _ => Err("this is no list of values".to_owned()),
    };
    let rows = rows.into_iter().map(row).collect();
    Ok(Frame { names, rows })
}

fn of_lists(fields: Vec<(String, Json)>) -> Result<Frame, ImportError> {
    let (names, lists): (Vec<_>, Vec<_>) = fields.into_iter().map(|(name, list)| (name, list.into_list())).unzip();
    let length = lists.first().map_or(0, Vec::len);
    if let Some(other) = lists.iter().position(|list| list.len() != length) {
        let (first, name) = (&names[0], &names[other]);
        let words = format!("`{first}` has {}, and `{name}` has {}", values(length), values(lists[other].len()));
        return Err(ImportError::Shape(words));
    }
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let rows = (0..length).map(|_| Ok(lists.iter_mut().filter_map(Iterator::next).collect())).collect();
    Ok(Frame { names, rows })
}

/// A table as one object a case. The first says which columns there are.
fn of_objects(objects: Vec<Json>) -> Result<Frame, ImportError> {
    let mut names = Vec::new();
    if let Some(Json::Object(first)) = objects.first() {
        names.extend(first.iter().map(|(name, _)| name.clone()));
    } else if !objects.is_empty() {
        let words = "a table is a list of objects, as in [{\"a\": 1, \"b\": 2.5}]";
        return Err(ImportError::Shape(words.to_owned()));
    }
    let row = |json| match json {
        Json::Object(fields) => in_order(fields, &names),
        _ => Err("this is no object".to_owned()),
    };
    let rows = objects.into_iter().map(row).collect();
    Ok(Frame { names, rows })
}

/// The values of an object in the order of `names`. Objects of a table nearly always have that order already.
fn in_order(mut fields: Vec<(String, Json)>, names: &[String]) -> Result<Vec<Json>, String> {
    for (index, name) in names.iter().enumerate() {
        let found = fields.iter().skip(index).position(|(known, _)| known == name);
        fields.swap(index, index + found.ok_or_else(|| format!("column `{name}` is missing"))?);
    }
    match fields.get(names.len()) {
        Some((other, _)) => Err(format!("column `{other}` is not one of the first row's, or is there twice")),
        None => Ok(fields.into_iter().map(|(_, value)| value).collect()),
    }
}

/// How many components each value of the first row has, if it is a vector.
fn widths(frame: &Frame) -> Result<Vec<Option<usize>>, ImportError> {
    let Some(Ok(first)) = frame.rows.first() else {
        return Ok(vec![None; frame.names.len()]);
    };
    let width = |(name, value): (&String, &Json)| match value {
        Json::List(components) if components.is_empty() => {
            Err(ImportError::Shape(format!("the vector `{name}` has no component")))
        }
        Json::List(components) => Ok(Some(components.len())),
        _ => Ok(None),
    };
    frame.names.iter().zip(first).map(width).collect()
}

fn column_names(names: &[String], widths: &[Option<usize>]) -> Vec<String> {
    let mut columns = Vec::new();
    for (name, width) in names.iter().zip(widths) {
        match width {
            None => columns.push(name.clone()),
            Some(count) => columns.extend((0..*count).map(|component| format!("{name}[{component}]"))),
        }
    }
    columns
}

fn cells(values: Vec<Json>, names: &[String], widths: &[Option<usize>]) -> Result<Vec<Cell>, String> {
    let mut cells = Vec::with_capacity(values.len());
    for ((value, name), width) in values.into_iter().zip(names).zip(widths) {
        match (value, width) {
            (Json::List(components), Some(count)) if components.len() == *count => {
                for component in components {
                    cells.push(cell(component, name)?);
                }
            }
            (Json::List(components), _) => return Err(wrong_count(name, components.len(), *width)),
            (Json::Null, Some(_)) => return Err(format!("column `{name}` is empty")),
            (_, Some(_)) => return Err(format!("`{name}` is a single value, and a vector in the first row")),
            (scalar, None) => cells.push(cell(scalar, name)?),
        }
    }
    Ok(cells)
}

fn wrong_count(name: &str, count: usize, expected: Option<usize>) -> String {
    match expected {
        None => format!("`{name}` is a vector, and a single value in the first row"),
        Some(expected) => {
            format!("`{name}` has {} instead of {expected}", counted(count as u64, "component", "components"))
        }
    }
}

fn cell(json: Json, name: &str) -> Result<Cell, String> {
    match json {
        Json::Null => Ok(Cell::Empty),
        Json::Scalar(value) => Ok(Cell::Firm(value)),
        Json::List(_) => Err(format!("a component of `{name}` is a list")),
        Json::Object(_) => Err(format!("`{name}` is an object, and no value")),
    }
}

fn values(count: usize) -> String {
    counted(count as u64, "value", "values")
}

impl Json {
    fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    fn into_list(self) -> Vec<Self> {
        if let Self::List(list) = self { list } else { Vec::new() }
    }

    /// The field of an object; itself if it is something else.
    fn or_field(self, name: &str) -> Self {
        match self {
            Self::Object(fields) => {
                fields.into_iter().find(|(field, _)| field == name).map_or(Self::Null, |(_, value)| value)
            }
            other => other,
        }
    }

    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Null)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(Json::Scalar(Parameter::Flag(flag)))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Json, E> {
        Ok(Json::Scalar(Parameter::Integer(integer)))
    }

    #[expect(clippy::cast_precision_loss, reason = "a number beyond the integers is read as the nearest float")]
    fn visit_u64<E>(self, integer: u64) -> Result<Json, E> {
        Ok(Json::Scalar(i64::try_from(integer).map_or(Parameter::Number(integer as f64), Parameter::Integer)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Json::Scalar(Parameter::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Scalar(Parameter::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_design_file_is_read_as_it_stands_there() {
        let csv = "a,c[0],c[1],soil,level,replicate\n1,2.5,3,clay,0,1\n2,2.5,4,\"sand, wet\",1,0\n";
        let table = super::super::csv::read(csv).unwrap();
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(read(&json), Ok(Table { notes: Vec::new(), ..table }));
    }

    #[test]
    fn levels_that_are_not_as_many_as_the_rows_are_refused() {
        let error = read(r#"{"columns": [{"name": "a"}], "rows": [[1], [2]], "levels": [1]}"#).unwrap_err();
        assert_eq!(error, ImportError::Shape("`levels` has 1 value, and there are 2 rows".to_owned()));
    }
}
