//! Rows with values of any kind, through segment, chunk and store into every file of a table, and back from it: each value is
//! read back as it was written, or it is counted or named as left out. No value becomes another number.

use std::collections::BTreeMap;

use ::parquet::file::reader::{FileReader as _, SerializedFileReader};
use ::parquet::record::Field as Read;
use cruncher_results::chunk::{Chunk, ColumnPart, MAX_DEPTH, MAX_NAME_BYTES, MAX_TEXT_CHARS};
use cruncher_results::column_id::ColumnId;
use cruncher_results::export::csv::{CsvLayout, TextFormat};
use cruncher_results::export::npy::matrix;
use cruncher_results::export::whole::WholeTexts;
use cruncher_results::store::{CellValue, ResultStore};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::selection::TableSelection;
use super::{parquet, write_csv};

/// Expected values of a row, by column.
type Values = BTreeMap<ColumnId, Value>;

/// Expected rows, and the number of values that they lose.
#[derive(Default)]
struct Expected {
    rows: Vec<Values>,
    left_out: u64,
}

impl Expected {
    fn add(&mut self, row: &Value) {
        let mut values = Values::new();
        self.flatten(&mut values, ColumnPart::Factor, "", &row["parameters"], 0);
        self.flatten(&mut values, ColumnPart::Response, "", &row["result"], 0);
        self.rows.push(values);
    }

    fn flatten(&mut self, values: &mut Values, part: ColumnPart, name: &str, value: &Value, depth: usize) {
        match value {
            _ if depth > MAX_DEPTH => self.left_out += 1,
            Value::Object(fields) => {
                for (field, value) in fields {
                    let name = if depth == 0 { field.clone() } else { format!("{name}.{field}") };
                    self.flatten(values, part, &name, value, depth + 1);
                }
            }
            Value::Array(_) if part == ColumnPart::Response => {}
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    self.flatten(values, part, &format!("{name}[{index}]"), value, depth + 1);
                }
            }
            _ if name.len() > MAX_NAME_BYTES => self.left_out += 1,
            // The last value of a name counts.
            Value::Null => drop(values.remove(&ColumnId::of(part, name))),
            value => drop(values.insert(ColumnId::of(part, name), value.clone())),
        }
    }
}

/// Generates numbers at critical places, and any others.
fn number() -> impl Strategy<Value = Value> {
    let near = prop_oneof![Just(0_u64), Just(1 << 53), Just(1 << 62), Just(1 << 63), Just(u64::MAX)];
    let near = (near, -2_100_i64..2_100).prop_map(|(integer, away)| integer.wrapping_add_signed(away)).boxed();
    let floats = [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -0.0, 1e16, 9_007_199_254_740_992.0, 1e22, 0.1];
    prop_oneof![
        near.clone().prop_map(|integer| json!(integer)),
        near.prop_map(|integer| json!(integer.cast_signed())),
        any::<i64>().prop_map(|integer| json!(integer)),
        any::<f64>().prop_map(|float| json!(float)),
        prop::sample::select(floats.to_vec()).prop_map(|float| json!(float)),
    ]
}

fn text() -> impl Strategy<Value = String> {
    let odd = ["", "NaN", "1e5", "4611686018427387905", "=1+1", "a,\"b\"\r\n", "null", "…", "\u{feff}\u{0}\u{202e}"];
    prop_oneof![
        prop::sample::select(odd.to_vec()).prop_map(str::to_owned),
        any::<String>(),
        (990_usize..1_010).prop_map(|length| "ö".repeat(length)),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        prop::sample::select(vec!["seed", "load, kN", "c[0]", "case_id", "a\"b", "", "x.y", "line\nbreak"])
            .prop_map(str::to_owned),
        prop::sample::select(vec![999_usize, 1_000, 1_001]).prop_map(|length| "n".repeat(length)),
    ];
    // Few kinds of names and many numbers are generated, since columns of integers are the point.
    let one = prop_oneof![4 => number(), 1 => any::<bool>().prop_map(|flag| json!(flag)), 1 => text().prop_map(|text| json!(text)), 1 => Just(Value::Null)];
    let deep = (0_usize..40, number()).prop_map(|(depth, number)| (0..depth).fold(number, |inner, _| json!([inner])));
    let value = prop_oneof![6 => one, 1 => deep].prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|object| json!(object)),
        ]
    });
    prop::collection::btree_map(name, value, 0..5).prop_map(|object| json!(object))
}

/// Writes the text of rows, and what is expected to be read.
fn lines(rows: &[(Value, Value)]) -> (String, Expected) {
    let (mut text, mut expected) = (String::new(), Expected::default());
    for (number, (parameters, result)) in rows.iter().enumerate() {
        let row = json!({"batch": "a", "case_id": format!("{number:032x}"), "level": 0, "outcome": "done", "start_time": 1, "end_time": 2,
            "parameters": parameters, "result": result});
        text.push_str(&row.to_string());
        text.push('\n');
        expected.add(&row);
    }
    (text, expected)
}

/// Returns the exact value of a cell as JSON.
fn cell(cell: CellValue<'_>) -> Option<Value> {
    Some(match cell {
        CellValue::Missing => return None,
        CellValue::Number(number) => json!(number),
        CellValue::Integer(integer) => integer
            .to_string()
            .parse()
            .map_or_else(|_| json!(integer.to_string().parse::<i64>().unwrap()), |unsigned: u64| json!(unsigned)),
        CellValue::Text(text) => json!(text),
        CellValue::Cut(text, chars) => json!({"beginning": text, "chars": chars}),
        CellValue::Flag(flag) => json!(flag),
        CellValue::Id(id) => json!(id.to_string()),
    })
}

/// Whether the value read is the one written: the same digits of an integer, the same bits of a float, all letters.
fn is_same(written: &Value, read: &Value) -> bool {
    match (written, read) {
        (Value::Number(written), Value::Number(read)) => match (exact(written), exact(read)) {
            (Some(written), Some(read)) => written == read,
            _ => written.as_f64().map(f64::to_bits) == read.as_f64().map(f64::to_bits),
        },
        (Value::String(written), Value::Object(read)) => {
            let (chars, beginning) = (written.chars().count(), read["beginning"].as_str().unwrap());
            let is_long = chars > MAX_TEXT_CHARS && read["chars"] == json!(chars);
            is_long && written.starts_with(beginning.strip_suffix('…').unwrap())
        }
        (written, read) => written == read,
    }
}

/// Returns the value of a number that is whole; negative zero isn't.
fn exact(number: &serde_json::Number) -> Option<i128> {
    let float = number
        .as_f64()
        .filter(|float| float.fract() == 0.0 && float.abs() < 1e30 && (*float != 0.0 || float.is_sign_positive()));
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and below 1e30")]
    integer.or_else(|| float.map(|float| float as i128))
}

/// Reads a field of a CSV file, given the value that was written.
fn field(text: &str, written: Option<&Value>) -> Option<Value> {
    match written {
        None => (!text.is_empty()).then(|| json!(text)),
        Some(Value::Number(_)) => {
            let integer = text.parse::<u64>().map(Value::from).or_else(|_| text.parse::<i64>().map(Value::from));
            // Zero has a sign only as a float.
            Some(integer.ok().filter(|_| text != "-0").unwrap_or_else(|| json!(text.parse::<f64>().unwrap())))
        }
        Some(Value::Bool(_)) => Some(json!(text.parse::<bool>().unwrap())),
        Some(Value::String(written)) if written.chars().count() > MAX_TEXT_CHARS => {
            Some(json!({"beginning": text, "chars": written.chars().count()}))
        }
        Some(_) => Some(json!(text)),
    }
}

fn of_parquet(read: &Read, written: Option<&Value>) -> Option<Value> {
    match read {
        Read::Null => None,
        Read::Bool(flag) => Some(json!(flag)),
        Read::Long(integer) => Some(json!(integer)),
        Read::ULong(integer) => Some(json!(integer)),
        Read::Double(number) => Some(json!(number)),
        Read::Str(text) => field(text, written),
        other => panic!("{other:?}"),
    }
}

fn check_same(place: &str, row: &Values, id: &ColumnId, read: Option<&Value>) -> Result<(), TestCaseError> {
    let written = row.get(id);
    let same = written
        .zip(read.as_ref())
        .map_or(written.is_none() && read.is_none(), |(written, read)| is_same(written, read));
    prop_assert!(same, "{place}: {id} was {written:?} and is {read:?}");
    Ok(())
}

fn check(rows: &[(Value, Value)]) -> Result<(), TestCaseError> {
    let (text, expected) = lines(rows);
    let parsed = Chunk::parse("w", text.as_bytes());
    prop_assert_eq!(parsed.unreadable, 0);
    let chunk = Chunk::from_bytes(&parsed.chunk.to_bytes()).unwrap();
    let mut store = ResultStore::default();
    store.append(&chunk);
    prop_assert_eq!((store.len(), store.dropped_values()), (rows.len(), expected.left_out));
    if store.is_empty() {
        return Ok(());
    }
    let selection = TableSelection::new(&store, None);
    let ids: Vec<ColumnId> = selection.named().cloned().collect();
    prop_assert!(expected.rows.iter().flat_map(Values::keys).all(|id| ids.contains(id)));
    for (place, row) in expected.rows.iter().enumerate() {
        for id in &ids {
            check_same("store", row, id, cell(store.cell(id, place)).as_ref())?;
        }
    }
    check_csv(&selection, &ids, &expected)?;
    check_parquet(&selection, &ids, &expected)?;
    check_matrix(&store, &ids, &expected)
}

fn check_csv(selection: &TableSelection<'_>, ids: &[ColumnId], expected: &Expected) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    let layout = CsvLayout { texts: TextFormat::Exact, ..CsvLayout::default() };
    write_csv(selection, &WholeTexts::default(), layout, &mut out).unwrap();
    let mut reader = ::csv::Reader::from_reader(&*out);
    let fields = reader.headers().unwrap().len() - ids.len();
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    prop_assert_eq!(records.len(), expected.rows.len());
    for (record, row) in records.iter().zip(&expected.rows) {
        for (place, id) in ids.iter().enumerate() {
            check_same("CSV", row, id, field(&record[fields + place], row.get(id)).as_ref())?;
        }
    }
    Ok(())
}

fn check_parquet(selection: &TableSelection<'_>, ids: &[ColumnId], expected: &Expected) -> Result<(), TestCaseError> {
    let mut out = Vec::new();
    parquet::write(selection, &WholeTexts::default(), &mut out).unwrap();
    let reader = SerializedFileReader::new(::bytes::Bytes::from(out)).unwrap();
    let read: Vec<_> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().into_columns()).collect();
    prop_assert_eq!(read.len(), expected.rows.len());
    for (read, row) in read.iter().zip(&expected.rows) {
        let named = &read[read.len() - ids.len()..];
        for (id, (_, value)) in ids.iter().zip(named) {
            check_same("Parquet", row, id, of_parquet(value, row.get(id)).as_ref())?;
        }
    }
    Ok(())
}

fn check_matrix(store: &ResultStore, ids: &[ColumnId], expected: &Expected) -> Result<(), TestCaseError> {
    let matrix = matrix(store, ids, &store.all());
    let start = matrix.bytes.len() - 8 * matrix.columns.len() * store.len();
    let (numbers, _) = matrix.bytes[start..].as_chunks::<8>();
    let mut numbers = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes));
    for row in &expected.rows {
        for id in &matrix.columns {
            let number = numbers.next().unwrap();
            let written = row.get(id).filter(|written| written.is_number());
            let read = (!number.is_nan()).then(|| json!(number));
            let is_same = written
                .zip(read)
                .map_or(written.is_none() && number.is_nan(), |(written, read)| is_same(written, &read));
            prop_assert!(is_same || matrix.rounded.contains(id), "NPY: {id} was {written:?} and is {number}");
        }
        let has_number = |id: &ColumnId| row.get(id).is_some_and(Value::is_number);
        prop_assert!(!matrix.left_out.iter().any(has_number));
    }
    Ok(())
}

proptest! {
    #[test]
    fn every_value_comes_back_from_every_table_or_is_counted(rows in prop::collection::vec((values(), values()), 0..6)) {
        check(&rows)?;
    }
}

#[test]
fn what_no_json_has_is_counted_as_a_row() {
    let row = |value: &str| {
        format!(
            r#"{{"batch":"a","case_id":"{:032x}","outcome":"done","start_time":1,"end_time":2,"result":{{"n":{value}}}}}"#,
            7
        ) + "\n"
    };
    for broken in [r#""\ud800""#, "1e999", "NaN", "Infinity"] {
        let parsed = Chunk::parse("w", row(broken).as_bytes());
        assert_eq!((parsed.chunk.len(), parsed.unreadable), (0, 1), "{broken:.20}");
    }
    assert_eq!(Chunk::parse("w", row("1").as_bytes()).unreadable, 0);
}
