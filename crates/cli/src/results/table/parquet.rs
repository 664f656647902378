//! A table as [Parquet](https://parquet.apache.org/docs/file-format/): a type a column, null for missing values.

use std::io::{self, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::{ColumnPath, Type};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::export::csv::distinct_names;
use cruncher_results::export::whole::WholeTexts;
use cruncher_results::store::{CellValue, ResultStore};

use super::selection::TableSelection;

/// The largest float up to which each stands for one integer only: 2^53.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Number of rows in memory at once, of one column.
const ROWS_AT_ONCE: usize = 100_000;

/// Writes the table: all fields of the cases, then factors, then responses.
pub(super) fn write(selection: &TableSelection<'_>, whole: &WholeTexts, out: impl Write + Send) -> io::Result<()> {
    let fields = selection.store.said_of(CaseField::ALL).map(ColumnId::Case);
    let ids: Vec<ColumnId> = fields.chain(selection.named().cloned()).collect();
    let rows = selection.rows();
    let columns: Vec<_> = ids.iter().map(|id| Column::new(selection.store, whole, id, &rows)).collect();
    write_columns(&columns, &distinct_names(&ids), &rows, out).map_err(|error| match error {
        ParquetError::External(error) => io::Error::other(error),
        other => io::Error::other(other),
    })
}

fn write_columns(columns: &[Column<'_>], names: &[String], rows: &[usize], out: impl Write + Send) -> Result<()> {
    let (mut fields, mut properties) = (Vec::new(), properties());
    for (column, name) in columns.iter().zip(names) {
        fields.push(Arc::new(column.kind.describe(name)?));
        if column.kind == Kind::Text {
            properties = properties.set_column_dictionary_enabled(ColumnPath::new(vec![name.clone()]), true);
        }
    }
    let schema = Arc::new(Type::group_type_builder("cases").with_fields(fields).build()?);
    let mut file = SerializedFileWriter::new(out, schema, Arc::new(properties.build()))?;
    for rows in rows.chunks(ROWS_AT_ONCE) {
        let mut group = file.next_row_group()?;
        for column in columns {
            let Some(mut writer) = group.next_column()? else { break };
            column.write(&mut writer, rows)?;
            writer.close()?;
        }
        group.close()?;
    }
    file.close().map(drop)
}

/// Returns the writer's properties. Numbers and ids hardly ever repeat: a dictionary of them would be as long as they are.
fn properties() -> WriterPropertiesBuilder {
    WriterProperties::builder().set_compression(Compression::SNAPPY).set_dictionary_enabled(false)
}

/// Kind of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Integers of 64 bits.
    Integer(Sign),
    Number,
    Flag,
    Id,
    /// Texts, also for values of several kinds.
    Text,
}

/// Whether integers have a sign: one type holds the least, the other one the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Signed,
    Unsigned,
}

impl Kind {
    fn describe(self, name: &str) -> Result<Type> {
        let (physical, logical) = match self {
            Self::Integer(sign) => (PhysicalType::INT64, Some(LogicalType::integer(64, sign == Sign::Signed))),
            Self::Number => (PhysicalType::DOUBLE, None),
            Self::Flag => (PhysicalType::BOOLEAN, None),
            Self::Id | Self::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        builder.with_logical_type(logical).build()
    }

    const fn of_field(field: CaseField) -> Self {
        match field {
            CaseField::CaseId => Self::Id,
            CaseField::Level | CaseField::Replicate | CaseField::Attempt => Self::Integer(Sign::Signed),
            CaseField::StartTime | CaseField::EndTime | CaseField::DurationSecs => Self::Number,
            CaseField::Batch
            | CaseField::Model
            | CaseField::State
            | CaseField::Worker
            | CaseField::Pool
            | CaseField::Signature
            | CaseField::Error => Self::Text,
        }
    }

    /// Returns the kind that holds all of these; numbers, if there are none.
    fn of_cells<'a>(cells: &(impl Iterator<Item = CellValue<'a>> + Clone)) -> Self {
        let kinds = cells.clone().filter_map(|cell| match cell {
            CellValue::Number(_) => Some(Self::Number),
            CellValue::Integer(_) => Some(Self::Integer(Sign::Signed)),
            CellValue::Flag(_) => Some(Self::Flag),
            CellValue::Id(_) | CellValue::Text(_) | CellValue::Cut(..) => Some(Self::Text),
            CellValue::Missing => None,
        });
        let both = |one, other| match (one, other) {
            (one, other) if one == other => one,
            (Self::Integer(_), Self::Number) | (Self::Number, Self::Integer(_)) => Self::Integer(Sign::Signed),
            _ => Self::Text,
        };
        match kinds.reduce(both).unwrap_or(Self::Number) {
            Self::Integer(_) => Self::of_integers(cells),
            other => other,
        }
    }

    /// Returns the kind that holds all of these numbers unchanged: texts, if they aren't all integers, or are too far apart.
    fn of_integers<'a>(cells: &(impl Iterator<Item = CellValue<'a>> + Clone)) -> Self {
        let fit = |is_fit: fn(i128) -> bool| {
            cells.clone().filter(|cell| *cell != CellValue::Missing).all(|cell| whole(cell).is_some_and(is_fit))
        };
        match () {
            () if fit(|integer| i64::try_from(integer).is_ok()) => Self::Integer(Sign::Signed),
            () if fit(|integer| u64::try_from(integer).is_ok()) => Self::Integer(Sign::Unsigned),
            () => Self::Text,
        }
    }
}

/// A column of the table.
struct Column<'a> {
    store: &'a ResultStore,
    whole: &'a WholeTexts,
    id: &'a ColumnId,
    kind: Kind,
}

impl<'a> Column<'a> {
    fn new(store: &'a ResultStore, whole: &'a WholeTexts, id: &'a ColumnId, rows: &[usize]) -> Self {
        let column = Self { store, whole, id, kind: Kind::Text };
        let kind = match id {
            ColumnId::Case(field) => Kind::of_field(*field),
            _ => Kind::of_cells(&column.cells(rows)),
        };
        Self { kind, ..column }
    }

    fn cells<'b>(&self, rows: &'b [usize]) -> impl Iterator<Item = CellValue<'a>> + Clone + 'b
    where
        'a: 'b,
    {
        let (store, whole, id, column) = (self.store, self.whole, self.id, self.store.column(self.id));
        let cell = move |row| column.map_or_else(|| store.cell(id, row), |column| store.cell_of(column, row));
        rows.iter().map(move |row| whole.complete(cell(*row), *row, id))
    }

    fn write(&self, writer: &mut SerializedColumnWriter<'_>, rows: &[usize]) -> Result<()> {
        let cells = self.cells(rows);
        match self.kind {
            Kind::Integer(_) => write_values::<Int64Type>(writer, cells.map(integer)),
            Kind::Number => write_values::<DoubleType>(writer, cells.map(number)),
            Kind::Flag => write_values::<BoolType>(writer, cells.map(flag)),
            Kind::Id | Kind::Text => write_values::<ByteArrayType>(writer, cells.map(text)),
        }
    }
}

/// Writes the values of a column. The level of a value is 1, that of a missing one 0.
fn write_values<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<()> {
    let (mut levels, mut present) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(i16::from(value.is_some()));
        present.extend(value);
    }
    T::get_column_writer_mut(writer.untyped())
        .ok_or_else(|| ParquetError::General("a column is of another type".into()))?
        .write_batch(&present, Some(&levels), None)
        .map(drop)
}

/// Returns the integer, if it is one. Floats beyond those that stand for one integer only don't count.
#[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
fn whole(cell: CellValue<'_>) -> Option<i128> {
    match cell {
        CellValue::Integer(integer) => Some(integer.value()),
        // Zero has a sign only as a float.
        CellValue::Number(number) if number == 0.0 && number.is_sign_negative() => None,
        CellValue::Number(number) if number.fract() == 0.0 && number.abs() <= MAX_WHOLE => Some(number as i128),
        _ => None,
    }
}

/// Returns the bits of an integer that has a sign, or none.
#[expect(clippy::cast_possible_truncation, reason = "the column has a type that holds it")]
fn integer(cell: CellValue<'_>) -> Option<i64> {
    whole(cell).map(|integer| integer as i64)
}

const fn number(cell: CellValue<'_>) -> Option<f64> {
    if let CellValue::Number(number) = cell { Some(number) } else { None }
}

const fn flag(cell: CellValue<'_>) -> Option<bool> {
    if let CellValue::Flag(flag) = cell { Some(flag) } else { None }
}

fn text(cell: CellValue<'_>) -> Option<ByteArray> {
    let text = match cell {
        CellValue::Missing => return None,
        CellValue::Text(text) | CellValue::Cut(text, _) => return Some(text.into()),
        CellValue::Integer(integer) => integer.to_string(),
        CellValue::Number(number) => number.to_string(),
        CellValue::Flag(flag) => flag.to_string(),
        CellValue::Id(id) => id.to_string(),
    };
    Some(text.into_bytes().into())
}

#[cfg(test)]
mod tests {
    use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
    use ::parquet::record::Field as Value;

    use cruncher_results::chunk::Chunk;
    use serde_json::json;

    use super::super::selection::tests::store;
    use super::*;

    fn read(selection: &TableSelection<'_>) -> Vec<Vec<(String, Value)>> {
        let mut bytes = Vec::new();
        write(selection, &WholeTexts::default(), &mut bytes).unwrap();
        let reader = SerializedFileReader::new(::bytes::Bytes::from(bytes)).unwrap();
        let rows = reader.get_row_iter(None).unwrap();
        rows.map(|row| row.unwrap().into_columns()).collect()
    }

    fn column(rows: &[Vec<(String, Value)>], name: &str) -> Vec<Value> {
        rows.iter().map(|row| row.iter().find(|(own, _)| own == name).unwrap().1.clone()).collect()
    }

    #[test]
    fn a_table_comes_back_with_its_types_and_nulls() {
        let store = store();
        let rows = read(&TableSelection::new(&store, None));
        let names: Vec<&str> = rows[0].iter().map(|(name, _)| name.as_str()).collect();
        let fields: Vec<&str> = store.said_of(CaseField::ALL).map(CaseField::name).collect();
        assert_eq!(names[..fields.len()], fields);
        assert_eq!(names[fields.len()..], ["c[0]", "c[1]", "soil", "d", "load", "ok", "x", "result.level"]);
        let texts = |texts: [&str; 4]| texts.map(|text| Value::Str(text.to_owned()));
        assert_eq!(column(&rows, "batch"), texts(["a/b", "a/b", "a-c", "a"]));
        assert_eq!(column(&rows, "state"), texts(["done", "failed", "done", "done"]));
        assert_eq!(column(&rows, "case_id"), [0, 1, 3, 4].map(|number| Value::Str(format!("{number:032}"))));
        assert_eq!(column(&rows, "level"), [0, 1, 3, 4].map(Value::Long));
        assert_eq!(column(&rows, "attempt"), [2; 4].map(Value::Long));
        assert_eq!(column(&rows, "start_time"), [1_790_000_000.5; 4].map(Value::Double));
        let numbers = |numbers: [Option<f64>; 4]| numbers.map(|number| number.map_or(Value::Null, Value::Double));
        assert_eq!(column(&rows, "c[1]"), numbers([Some(0.1), Some(8.0), None, Some(-0.0)]));
        assert_eq!(column(&rows, "load"), numbers([Some(2e5), None, None, Some(1e-300)]));
        assert_eq!(column(&rows, "ok"), [Value::Bool(true), Value::Null, Value::Null, Value::Bool(false)]);
        let text = |text: &str| Value::Str(text.to_owned());
        assert_eq!(column(&rows, "soil"), [text("clay"), text("silt"), Value::Null, text("")]);
        assert_eq!(column(&rows, "x"), [text("1"), Value::Null, text("n/a"), Value::Null]);
        assert_eq!(column(&rows, "signature"), [Value::Null, text("0a"), Value::Null, Value::Null]);
        assert_eq!(column(&rows, "error"), [Value::Null, text("E: x"), Value::Null, Value::Null]);
    }

    /// Checks the column that is read back from a table with these responses.
    #[track_caller]
    fn check(values: &[serde_json::Value], expected: &[Value]) {
        let row = |(number, value)| {
            let row = json!({"batch": "a", "case_id": format!("{number:032x}"), "outcome": "done", "start_time": 0, "end_time": 1,
                "result": {"n": value}});
            format!("{row}\n")
        };
        let text: String = values.iter().enumerate().map(row).collect();
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", text.as_bytes()).chunk);
        assert_eq!(column(&read(&TableSelection::new(&store, None)), "n"), expected, "{values:?}");
    }

    #[test]
    fn integers_of_64_bits_are_exact() {
        let (seed, least, largest) = (4_611_686_018_427_387_906_i64, -9_223_372_036_854_775_807_i64, u64::MAX);
        let texts =
            |texts: &[&str]| -> Vec<Value> { texts.iter().map(|text| Value::Str((*text).to_owned())).collect() };
        check(
            &[json!(seed), json!(3), json!(null), json!(least)],
            &[Value::Long(seed), Value::Long(3), Value::Null, Value::Long(least)],
        );
        check(&[json!(largest), json!(3.0)], &[Value::ULong(largest), Value::ULong(3)]);
        check(&[json!(largest), json!(-3)], &texts(&["18446744073709551615", "-3"]));
        check(&[json!(seed), json!(0.5)], &texts(&["4611686018427387906", "0.5"]));
        check(&[json!(seed), json!("x"), json!(true)], &texts(&["4611686018427387906", "x", "true"]));
        check(&[json!(3), json!(1e300)], &[Value::Double(3.0), Value::Double(1e300)]);
    }

    #[test]
    fn levels_replicates_and_attempts_are_whole_however_large() {
        let row = json!({"batch": "a", "case_id": format!("{:032x}", 0), "outcome": "done", "start_time": 0, "end_time": 1,
            "level": u32::MAX, "replicate": 1_u32 << 31, "attempt": u32::MAX - 1, "result": {}});
        let mut store = ResultStore::default();
        store.append(&Chunk::parse("w", format!("{row}\n").as_bytes()).chunk);
        let rows = read(&TableSelection::new(&store, None));
        for (name, expected) in [("level", 4_294_967_295), ("replicate", 2_147_483_648), ("attempt", 4_294_967_294)] {
            assert_eq!(column(&rows, name), [Value::Long(expected)], "{name}");
        }
    }
}
