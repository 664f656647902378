//! The shapes that JSON gives a table.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::super::ImportError;
use super::index::RowLabels;
use super::value::AnyJson;
use crate::case::ParameterValue;
use crate::number_format::counted;
use crate::template::is_name;

/// Names, and rows that have a value a name.
pub(super) struct JsonFrame {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Result<Vec<AnyJson>, String>>,
    pub(super) notes: Vec<String>,
    /// Whether Cruncher wrote it.
    pub(super) is_own: bool,
}

pub(super) fn frame(mut values: Vec<AnyJson>) -> Result<JsonFrame, ImportError> {
    match (values.pop(), values.is_empty()) {
        (Some(AnyJson::List(objects)), true) => of_objects(objects),
        (Some(AnyJson::Object(fields)), true) => of_object(fields),
        (last, _) => {
            values.extend(last);
            of_objects(values)
        }
    }
}

/// Reads a table as one object: names and rows, or lists by name, or another form of pandas, or else a single case.
fn of_object(mut fields: Vec<(String, AnyJson)>) -> Result<JsonFrame, ImportError> {
    let columns = fields.iter().position(|(name, value)| name == "columns" && value.is_list());
    let rows = fields.iter().position(|(name, value)| (name == "rows" || name == "data") && value.is_list());
    if let (Some(columns), Some(rows)) = (columns, rows) {
        let (mut columns, mut rows) = (fields[columns].1.take().into_list(), fields[rows].1.take().into_list());
        let is_own = columns.first().is_some_and(AnyJson::is_object);
        for (name, column) in [("levels", "level"), ("replicates", "replicate"), ("pools", "pool")] {
            if let Some((_, marks)) = fields.iter_mut().find(|(field, value)| field == name && value.is_list()) {
                columns.push(AnyJson::Scalar(ParameterValue::Text(column.to_owned())));
                add_marks(&mut rows, name, marks.take().into_list())?;
            }
        }
        let index = fields.iter_mut().find(|(field, value)| field == "index" && value.is_list());
        let index = index.and_then(|(_, labels)| RowLabels::of(&labels.take().into_list()).note());
        return Ok(JsonFrame { notes: index.into_iter().collect(), is_own, ..of_rows(columns, rows)? });
    }
    if fields.iter().any(|(name, value)| name == "schema" && value.is_object()) {
        return of_schema(fields);
    }
    if !fields.is_empty() && fields.iter().all(|(_, value)| value.is_object()) {
        return of_nested(fields);
    }
    if fields.iter().all(|(_, value)| value.is_list()) {
        return of_lists(fields);
    }
    of_objects(vec![AnyJson::Object(fields)])
}

/// Reads objects in an object, as pandas writes them: by name and label of the row, or by label and name. Names are fit for
/// Python; labels are numbers, unless the author chose others.
fn of_nested(fields: Vec<(String, AnyJson)>) -> Result<JsonFrame, ImportError> {
    let (outer, objects): (Vec<_>, Vec<_>) = fields.into_iter().map(|(key, json)| (key, json.into_fields())).unzip();
    let inner: Vec<String> = objects.first().into_iter().flatten().map(|(key, _)| key.clone()).collect();
    let is_column = |key: &String| key.split('[').next().is_some_and(is_name);
    let are_labels = |keys: &[String]| keys.iter().all(|key| key.parse::<i64>().is_ok());
    if are_labels(&outer) && !are_labels(&inner) {
        let note = RowLabels::of_names(outer).note();
        let frame = of_objects(objects.into_iter().map(AnyJson::Object).collect())?;
        return Ok(JsonFrame { notes: note.into_iter().collect(), ..frame });
    }
    if inner.iter().any(is_column) {
        let words = "rows and columns of nested objects can't be told apart: write it with orient=\"records\"";
        return Err(ImportError::Shape(words.to_owned()));
    }
    let column = |fields| in_order(fields, &inner).map(AnyJson::List);
    let columns: Result<Vec<AnyJson>, String> = objects.into_iter().map(column).collect();
    let columns = columns.map_err(|error| ImportError::Shape(format!("its columns have other rows: {error}")))?;
    let note = RowLabels::of_names(inner.clone()).note();
    Ok(JsonFrame { notes: note.into_iter().collect(), ..of_lists(outer.into_iter().zip(columns).collect())? })
}

/// Reads a table with a schema, as pandas writes it with orient="table". The schema names the columns that label the rows.
fn of_schema(mut fields: Vec<(String, AnyJson)>) -> Result<JsonFrame, ImportError> {
    let mut field = |name: &str| fields.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value.take());
    let key = field("schema").map_or(AnyJson::Null, |schema| schema.or_field("primaryKey"));
    let labels: Vec<String> = key.into_list().into_iter().filter_map(AnyJson::into_text).collect();
    let data = field("data").unwrap_or(AnyJson::Null).into_list();
    let mut index = Vec::new();
    let without_labels = |object: AnyJson| {
        let (label, rest) = object.into_fields().into_iter().partition(|(name, _)| labels.contains(name));
        index.extend(Vec::<(String, AnyJson)>::into_iter(label).map(|(_, label)| label));
        AnyJson::Object(rest)
    };
    let objects = data.into_iter().map(without_labels).collect();
    Ok(JsonFrame { notes: RowLabels::of(&index).note().into_iter().collect(), ..of_objects(objects)? })
}

/// Puts a value behind each row, as a design file has its levels, replicates and pools beside the rows.
fn add_marks(rows: &mut [AnyJson], name: &str, marks: Vec<AnyJson>) -> Result<(), ImportError> {
    if marks.len() != rows.len() {
        let words = format!("`{name}` has {}, and there are {} rows", values(marks.len()), rows.len());
        return Err(ImportError::Shape(words));
    }
    for (row, mark) in rows.iter_mut().zip(marks) {
        if let AnyJson::List(values) = row {
            values.push(mark);
        }
    }
    Ok(())
}

fn of_rows(names: Vec<AnyJson>, rows: Vec<AnyJson>) -> Result<JsonFrame, ImportError> {
    let name = |json: AnyJson| match json.or_field("name") {
        AnyJson::Scalar(ParameterValue::Text(name)) => Ok(name),
        _ => Err(ImportError::Shape("`columns` must be a list of names".to_owned())),
    };
    let names: Vec<String> = names.into_iter().map(name).collect::<Result<_, _>>()?;
    let row = |json| match json {
        AnyJson::List(values) if values.len() == names.len() => Ok(values),
        AnyJson::List(values) => Err(format!("{} instead of {}", self::values(values.len()), names.len())),
        _ => Err("this is no list of values".to_owned()),
    };
    let rows = rows.into_iter().map(row).collect();
    Ok(JsonFrame { names, rows, notes: Vec::new(), is_own: false })
}

fn of_lists(fields: Vec<(String, AnyJson)>) -> Result<JsonFrame, ImportError> {
    let (names, lists): (Vec<_>, Vec<_>) = fields.into_iter().map(|(name, list)| (name, list.into_list())).unzip();
    let length = lists.first().map_or(0, Vec::len);
    if let Some(other) = lists.iter().position(|list| list.len() != length) {
        let (first, name) = (&names[0], &names[other]);
        let words = format!("`{first}` has {}, and `{name}` has {}", values(length), values(lists[other].len()));
        return Err(ImportError::Shape(words));
    }
    let mut lists: Vec<_> = lists.into_iter().map(Vec::into_iter).collect();
    let rows = (0..length).map(|_| Ok(lists.iter_mut().filter_map(Iterator::next).collect())).collect();
    Ok(JsonFrame { names, rows, notes: Vec::new(), is_own: false })
}

/// Reads a table as one object a case. The first object names the columns.
fn of_objects(mut objects: Vec<AnyJson>) -> Result<JsonFrame, ImportError> {
    let raised = objects.iter_mut().map(bring_up_parameters).filter(|has_parameters| *has_parameters).count();
    let is_own = raised > 0;
    let mut names = Vec::new();
    if let Some(AnyJson::Object(first)) = objects.first() {
        names.extend(first.iter().map(|(name, _)| name.clone()));
    } else if !objects.is_empty() {
        let words =
            "a table is a list of objects, as in [{\"a\": 1, \"b\": 2.5}]; pandas writes it with orient=\"records\"";
        return Err(ImportError::Shape(words.to_owned()));
    }
    let row = |json| match json {
        AnyJson::Object(fields) => in_order(fields, &names),
        _ => Err("this is no object".to_owned()),
    };
    let rows = objects.into_iter().map(row).collect();
    Ok(JsonFrame { names, rows, notes: Vec::new(), is_own })
}

/// Puts the inputs of a case in the place of its `parameters`, as `cruncher design --json` writes cases; returns whether it had
/// any.
fn bring_up_parameters(json: &mut AnyJson) -> bool {
    let AnyJson::Object(fields) = json else { return false };
    let place = fields.iter().position(|(name, value)| name == "parameters" && value.is_object());
    let Some(place) = place else { return false };
    let (_, parameters) = fields.remove(place);
    fields.extend(parameters.into_fields());
    true
}

/// Returns the values of an object in the order of `names`. Objects of a table nearly always have that order already.
fn in_order(fields: Vec<(String, AnyJson)>, names: &[String]) -> Result<Vec<AnyJson>, String> {
    if fields.len() == names.len() && fields.iter().map(|(name, _)| name).eq(names) {
        return Ok(fields.into_iter().map(|(_, value)| value).collect());
    }
    let (mut values, mut odd) = (HashMap::with_capacity(fields.len()), None);
    for (name, value) in fields {
        match values.entry(name) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(place) => odd = odd.or_else(|| Some(place.key().clone())),
        }
    }
    let value = |name: &String| values.remove(name).ok_or_else(|| format!("column `{name}` is missing"));
    let ordered = names.iter().map(value).collect::<Result<Vec<AnyJson>, String>>()?;
    match odd.or_else(|| values.into_keys().min()) {
        Some(other) => Err(format!("column `{other}` is not one of the first row's, or is there twice")),
        None => Ok(ordered),
    }
}

fn values(count: usize) -> String {
    counted(count as u64, "value", "values")
}
