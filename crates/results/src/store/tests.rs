mod properties;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::chunk::{Chunk, ColumnPart};
use crate::number::LargeInteger;

const ID: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// A row of a segment, as far as a store reads it.
#[derive(Debug, Clone)]
struct Row {
    batch: &'static str,
    id: u8,
    is_done: bool,
    is_final: bool,
    end: i32,
    values: BTreeMap<(ColumnPart, &'static str), serde_json::Value>,
}

impl Row {
    fn state(&self) -> &'static str {
        match (self.is_done, self.is_final) {
            (true, _) => DONE,
            (false, true) => FAILED,
            (false, false) => RETRIED,
        }
    }

    fn line(&self) -> String {
        let part = |part: ColumnPart| {
            self.values.iter().filter(move |value| value.0.0 == part).map(|value| (value.0.1, value.1))
        };
        let object = |of: ColumnPart| json!(part(of).collect::<BTreeMap<_, _>>());
        let row = json!({"batch": self.batch, "case_id": id(self.id).to_string(), "level": 2, "attempt": 1,
            "outcome": if self.is_done { "done" } else { "failed" }, "final": self.is_final, "start_time": 1.5, "end_time": self.end,
            "signature": if self.is_done { None } else { Some("00ff") },
            "parameters": object(ColumnPart::Factor), "result": object(ColumnPart::Response)});
        format!("{row}\n")
    }
}

fn id(number: u8) -> CaseId {
    CaseId::parse(&ID.replace("9f", &format!("{number:02x}"))).unwrap()
}

fn chunk(rows: &[Row]) -> Chunk {
    let parsed = Chunk::parse("w", rows.iter().map(Row::line).collect::<String>().as_bytes());
    assert_eq!(parsed.unreadable, 0);
    parsed.chunk
}

fn done(number: u8, end: i32, load: f64) -> Row {
    let values = [((ColumnPart::Factor, "c"), json!(number)), ((ColumnPart::Response, "load"), json!(load))].into();
    Row { batch: "a", id: number, is_done: true, is_final: false, end, values }
}

fn failed(number: u8, end: i32) -> Row {
    let values = [((ColumnPart::Factor, "c"), json!(number))].into();
    Row { values, is_done: false, ..done(number, end, 0.0) }
}

fn response(name: &str) -> ColumnId {
    ColumnId::Response(name.into())
}

fn factor(name: &str) -> ColumnId {
    ColumnId::Factor(name.into())
}

/// Checks the cells of a case after these rows: state, end and load.
fn check(rows: &[Row], expected: (&str, f64, CellValue<'_>)) {
    let mut one_by_one = ResultStore::default();
    let mut at_once = ResultStore::default();
    for row in rows {
        one_by_one.append(&chunk(std::slice::from_ref(row)));
    }
    at_once.append(&chunk(rows));
    for store in [one_by_one, at_once] {
        assert_eq!(store.len(), 1);
        let cell = |id: &ColumnId| store.cell(id, 0);
        assert_eq!(cell(&ColumnId::Case(CaseField::State)), CellValue::Text(expected.0), "{rows:?}");
        assert_eq!(cell(&ColumnId::Case(CaseField::EndTime)), CellValue::Number(expected.1), "{rows:?}");
        assert_eq!(cell(&response("load")), expected.2, "{rows:?}");
        assert_eq!(cell(&factor("c")), CellValue::Number(1.0), "{rows:?}");
        assert_eq!(cell(&ColumnId::Case(CaseField::CaseId)), CellValue::Id(id(1)));
    }
}

/// The cases of a forgotten length failed, and no other case has such a column.
#[test]
fn factors_of_a_response_are_those_of_rows_that_have_it() {
    let mut forgotten = failed(1, 1);
    forgotten.values = [((ColumnPart::Factor, "c"), json!(1)), ((ColumnPart::Factor, "cohesion"), json!(7))].into();
    let mut text = done(3, 1, 5.0);
    text.values.insert((ColumnPart::Factor, "soil"), json!("clay"));
    let mut store = ResultStore::default();
    store.append(&chunk(&[forgotten, done(2, 1, 4.0), text]));
    let factors = |response: ColumnId| -> Vec<String> {
        store.factors_of(&response).iter().map(|id| id.name().to_owned()).collect()
    };
    assert_eq!(factors(ColumnId::Response("load".into())), ["c", "soil"]);
    assert_eq!(factors(ColumnId::Case(CaseField::State)), ["c", "cohesion", "soil"]);
    assert_eq!(factors(ColumnId::Response("gone".into())), [""; 0]);
}

#[test]
fn a_result_supersedes_a_failure_and_later_ends_supersede_earlier_ones() {
    let finally = Row { is_final: true, ..failed(1, 9) };
    check(&[failed(1, 5), done(1, 3, 7.0)], (DONE, 3.0, CellValue::Number(7.0)));
    check(&[done(1, 3, 7.0), failed(1, 5)], (DONE, 3.0, CellValue::Number(7.0)));
    check(&[done(1, 3, 7.0), done(1, 4, 8.0)], (DONE, 4.0, CellValue::Number(8.0)));
    check(&[done(1, 4, 8.0), done(1, 3, 7.0)], (DONE, 4.0, CellValue::Number(8.0)));
    check(&[failed(1, 5), finally.clone()], (FAILED, 9.0, CellValue::Missing));
    check(&[finally, failed(1, 5)], (FAILED, 9.0, CellValue::Missing));
}

#[test]
fn what_a_superseded_attempt_said_is_gone() {
    let mut store = ResultStore::default();
    store.append(&chunk(&[done(1, 3, 7.0), done(2, 3, 9.0)]));
    let column = |store: &ResultStore| store.column(&response("load")).unwrap().statistics();
    assert_eq!((column(&store).least, column(&store).numbers), (Some(7.0), 2));
    let mut forced = done(1, 4, 0.0);
    forced.values.remove(&(ColumnPart::Response, "load"));
    assert_eq!(store.append(&chunk(&[forced])), AppendReport { added: 0, superseded: 1 });
    assert_eq!(store.cell(&response("load"), 0), CellValue::Missing);
    assert_eq!((column(&store).least, column(&store).numbers, column(&store).missing), (Some(9.0), 1, 1));
}

/// Returns all cells of each case, by batch, case and column.
fn told(store: &ResultStore) -> Vec<String> {
    let row = |row: usize| {
        let cell = |id: &ColumnId| format!("{id}={:?}", store.cell(id, row));
        store.ids().iter().map(cell).collect::<Vec<_>>().join(" ")
    };
    (0..store.len()).map(row).collect()
}

/// Returns chunks of two batches, each of which has a factor and a response of its own, and texts.
fn two_batches() -> [Chunk; 2] {
    let steel = |number, end, text: &str| {
        let values = [
            ((ColumnPart::Factor, "b"), json!(u64::MAX - u64::from(number))),
            ((ColumnPart::Response, "verdict"), json!(text)),
        ];
        Row { batch: "steel", values: values.into(), ..done(number, end, 0.0) }
    };
    let first = [done(1, 3, 7.0), steel(1, 3, "holds"), failed(2, 3)];
    [chunk(&first), chunk(&[steel(2, 4, "fails"), steel(1, 5, "fails"), done(2, 5, 9.0), done(3, 6, 1.0)])]
}

#[test]
fn a_part_of_a_store_knows_nothing_of_other_rows() {
    let mut whole = ResultStore::default();
    let chunks = two_batches();
    for chunk in &chunks {
        whole.append(chunk);
    }
    for (batch, cases, columns) in
        [("a", 3, &["factor.c", "response.load"][..]), ("steel", 2, &["factor.b", "response.verdict"]), ("b", 0, &[])]
    {
        let is_it = |row: &usize| whole.cell(&ColumnId::Case(CaseField::Batch), *row) == CellValue::Text(batch);
        let mut rows = whole.all();
        rows.retain(|row| is_it(&row));
        let mut part = whole.part(&rows);
        assert_eq!(part.len(), cases, "{batch}");
        let named: Vec<String> = part.factors().chain(part.responses()).map(|(id, _)| id.to_string()).collect();
        assert_eq!(named, columns, "{batch}");
        let shown = |id: &ColumnId| part.column(id).map(|column| part.categories(column).len());
        assert_eq!(shown(&ColumnId::Case(CaseField::Batch)), Some(cases.min(1)), "{batch}");
        let mut appended = ResultStore::default();
        for chunk in &chunks {
            appended.append_of(chunk, |own| own.batch.as_str() == batch);
        }
        assert_eq!(told(&part), told(&appended), "{batch}");
        assert!(part.revision() != whole.revision());
        let again = chunks.iter().map(|chunk| part.append_of(chunk, |own| own.batch.as_str() == batch));
        assert!(again.eq([AppendReport::default(); 2]), "{batch}: every row was known");
    }
}

#[test]
fn the_same_chunk_twice_changes_nothing() {
    let mut store = ResultStore::default();
    let rows = chunk(&[done(1, 3, 7.0), failed(2, 4)]);
    assert_eq!(store.append(&rows), AppendReport { added: 2, superseded: 0 });
    let revision = store.revision();
    assert_eq!(store.append(&rows), AppendReport::default());
    assert_eq!((store.revision(), store.len()), (revision, 2));
    store.append(&chunk(&[done(2, 1, 7.0)]));
    assert!(store.revision() > revision);
}

#[test]
fn a_case_has_a_row_in_each_batch() {
    let mut store = ResultStore::default();
    store.append(&chunk(&[done(1, 3, 7.0), Row { batch: "b", ..done(1, 3, 8.0) }]));
    assert_eq!(store.case_ids(), [id(1), id(1)]);
    assert_eq!(store.cell(&ColumnId::Case(CaseField::Batch), 1), CellValue::Text("b"));
}

#[test]
fn texts_and_flags_are_categories() {
    let mut store = ResultStore::default();
    let values = [json!("true"), json!(true), json!(false), json!("clay"), json!(3), json!(true), json!("")];
    let row = |number: u8, value: &serde_json::Value| Row {
        values: [((ColumnPart::Factor, "c"), value.clone())].into(),
        ..done(number, 1, 0.0)
    };
    store.append(&chunk(&(0..).zip(&values).map(|(number, value)| row(number, value)).collect::<Vec<_>>()));
    let column = store.column(&factor("c")).unwrap();
    let categories = store.categories(column).iter().map(|one| (one.label, one.rows)).collect::<Vec<_>>();
    assert_eq!(categories, [("", 1), ("clay", 1), ("false", 1), ("true", 2), ("true", 1)]);
    assert_eq!((store.cell_of(column, 0), store.cell_of(column, 1)), (CellValue::Text("true"), CellValue::Flag(true)));
    assert_eq!((column.statistics().texts, column.statistics().numbers), (6, 1));
}

#[test]
fn too_many_columns_are_counted_and_left_out() {
    let list = |number: u8, name: &'static str, count: usize| Row {
        values: [((ColumnPart::Factor, name), json!(vec![1; count]))].into(),
        ..done(number, 1, 0.0)
    };
    let mut store = ResultStore::default();
    store.append(&chunk(&[list(1, "a", MAX_COLUMNS - 2)]));
    store.append(&chunk(&[list(2, "b", 5), list(3, "a", 3), list(4, "b", 2)]));
    assert_eq!((store.factors().count(), store.dropped_values()), (MAX_COLUMNS, 3));
    assert_eq!(store.cell(&factor("a[2]"), 2), CellValue::Number(1.0));
}

#[test]
fn a_row_with_ten_numbers_takes_less_than_165_bytes() {
    let mut store = ResultStore::default();
    let line = |index: u32| {
        let numbers: Vec<_> = (0..10).map(|number| json!(0.1 + f64::from(number) + f64::from(index))).collect();
        let id = format!("{:08x}{:024x}", index.wrapping_mul(0x9e37_79b9), index);
        let row = json!({"batch": "a", "case_id": id, "outcome": "done", "start_time": index, "end_time": 2.5 * f64::from(index), "parameters": {"c": numbers}});
        [row.to_string(), "\n".to_owned()]
    };
    for part in 0..100 {
        let text: String = (part * 100..(part + 1) * 100).flat_map(line).collect();
        store.append(&Chunk::parse("w", text.as_bytes()).chunk);
    }
    assert_eq!(store.len(), 10_000);
    let row_bytes = store.size_bytes() / store.len();
    assert!((130..165).contains(&row_bytes), "{row_bytes}");
}

#[test]
fn large_integers_take_two_bytes_a_row_more_and_columns_without_them_none() {
    let bytes = |of: fn(u64) -> serde_json::Value| {
        let mut store = ResultStore::default();
        let row = |number: u64| {
            let row = json!({"batch": "a", "case_id": format!("{number:032x}"), "outcome": "done", "start_time": number, "end_time": number,
                "parameters": {"c": of(number)}});
            format!("{row}\n")
        };
        store.append(&Chunk::parse("w", (0..10_000).map(row).collect::<String>().as_bytes()).chunk);
        store.column(&factor("c")).unwrap().size_bytes() - size_of::<StoreColumn>()
    };
    let plain = bytes(|number| json!(number));
    assert!((80_000..91_000).contains(&plain), "{plain}");
    let rests = bytes(|number| json!((1_u64 << 62) + number)) - plain;
    assert!((18_000..23_000).contains(&rests), "{rests}");
}

#[test]
fn integers_of_one_float_are_told_apart_from_a_column_in_which_nothing_differs() {
    let differ = |loads: &[u64]| {
        let mut store = ResultStore::default();
        let row = |(number, load): (u8, &u64)| Row {
            values: [((ColumnPart::Response, "load"), json!(load))].into(),
            ..done(number, 1, 0.0)
        };
        store.append(&chunk(&(1..).zip(loads).map(row).collect::<Vec<_>>()));
        store.column(&response("load")).unwrap().differs_beyond_floats_only()
    };
    let large = 1 << 62;
    assert!(differ(&[large, large + 1]) && differ(&[large + 2, large, large]));
    assert!(!differ(&[large + 1; 3]), "nothing differs");
    assert!(!differ(&[large + 1, 7]) && !differ(&[large, large + 4_096]), "floats differ, too");
    assert!(!differ(&[5, 5]) && !differ(&[large + 1]));
}

#[test]
fn an_integer_is_replaced_by_another_one_of_the_same_float() {
    let mut store = ResultStore::default();
    let of = |number: u8, end: i32, load: u64| Row {
        values: [((ColumnPart::Response, "load"), json!(load))].into(),
        ..done(number, end, 0.0)
    };
    let integer = |load: u64| CellValue::Integer(LargeInteger::of_u64(load).unwrap());
    store.append(&chunk(&[of(1, 1, (1 << 62) + 1), of(2, 1, (1 << 62) + 1)]));
    assert_eq!(store.cell(&response("load"), 1), integer((1 << 62) + 1));
    store.append(&chunk(&[of(1, 2, (1 << 62) + 2), of(3, 1, 7)]));
    let cells: Vec<_> = (0..3).map(|row| store.cell(&response("load"), row)).collect();
    assert_eq!(cells, [integer((1 << 62) + 2), integer((1 << 62) + 1), CellValue::Number(7.0)]);
    store.append(&chunk(&[failed(4, 1), Row { values: BTreeMap::new(), ..done(2, 2, 0.0) }]));
    let cells: Vec<_> = (1..4).map(|row| store.cell(&response("load"), row)).collect();
    assert_eq!(cells, [CellValue::Missing, CellValue::Number(7.0), CellValue::Missing]);
}

#[test]
fn each_failure_has_its_own_message() {
    let row = |number: u8, error: &str| {
        failed(number, 1).line().replace("\"00ff\"", &format!("\"00ff\",\"error\":\"{error}\""))
    };
    let rows = [row(1, "E: -1.5"), row(2, "E: -2.5"), done(3, 1, 0.0).line()];
    let mut store = ResultStore::default();
    store.append(&Chunk::parse("w", rows.concat().as_bytes()).chunk);
    let of = |field| (0..3).map(|row| store.cell(&ColumnId::Case(field), row)).collect::<Vec<_>>();
    assert_eq!(of(CaseField::Error), [CellValue::Text("E: -1.5"), CellValue::Text("E: -2.5"), CellValue::Missing]);
    assert_eq!(of(CaseField::Signature), [CellValue::Text("00ff"), CellValue::Text("00ff"), CellValue::Missing]);
}

#[test]
fn texts_that_were_cut_are_told_apart_by_their_lengths_and_from_whole_ones() {
    let texts = ["x".repeat(2_000), "x".repeat(3_000), "x".repeat(999) + "…", "x".repeat(2_000)];
    let row = |(number, text): (u8, &String)| Row {
        values: [((ColumnPart::Response, "t"), json!(text))].into(),
        ..done(number, 1, 0.0)
    };
    let mut store = ResultStore::default();
    store.append(&chunk(&(0..).zip(&texts).map(row).collect::<Vec<_>>()));
    let cells: Vec<_> = (0..4).map(|row| store.cell(&response("t"), row)).collect();
    let cut = &*texts[2];
    assert_eq!(
        cells,
        [CellValue::Cut(cut, 2_000), CellValue::Cut(cut, 3_000), CellValue::Text(cut), CellValue::Cut(cut, 2_000)]
    );
    assert_eq!((store.cut_texts(), store.codes_of(cut).count()), (3, 3));
    let rows = |store: &ResultStore| {
        store.categories(store.column(&response("t")).unwrap()).iter().map(|category| category.rows).sum::<usize>()
    };
    assert_eq!(rows(&store), 4);
}

#[test]
fn what_there_is_room_for_moves_nothing() {
    let mut store = ResultStore::default();
    let rows = |numbers: std::ops::Range<u8>| {
        numbers.map(|number| done(number, number.into(), f64::from(number))).collect::<Vec<_>>()
    };
    store.append(&chunk(&rows(0..2)));
    store.make_room(200);
    let place = |store: &ResultStore| store.column(&response("load")).unwrap().numbers().as_ptr();
    let (before, bytes) = (place(&store), store.size_bytes());
    store.append(&chunk(&rows(2..202)));
    assert_eq!((place(&store), store.len()), (before, 202));
    assert!(store.size_bytes() < bytes + 4_096, "the index alone grows: {} {bytes}", store.size_bytes());
}

#[test]
fn a_number_that_every_row_has_takes_no_room() {
    let mut store = ResultStore::default();
    let same = |number| done(number, 7, 2.5);
    store.append(&chunk(&(0..100).map(same).collect::<Vec<_>>()));
    let load = |store: &ResultStore| store.column(&response("load")).unwrap().clone();
    assert_eq!(load(&store).numbers(), [2.5; 100].as_slice());
    assert!(load(&store).size_bytes() < 200, "{}", load(&store).size_bytes());
    store.append(&chunk(&[done(100, 7, 3.5), failed(101, 7)]));
    assert_eq!(load(&store).numbers()[98..101], [2.5, 2.5, 3.5]);
    assert!(load(&store).numbers()[101].is_nan());
}

#[test]
fn the_rows_with_a_result_are_done() {
    assert_eq!(ResultStore::default().done(), RowMask::empty(0));
    let mut store = ResultStore::default();
    store.append(&chunk(&[failed(1, 1), failed(2, 1)]));
    assert_eq!(store.done(), RowMask::empty(2), "nobody has said `done` yet");
    store.append(&chunk(&[done(3, 2, 1.0), done(1, 3, 2.0)]));
    assert_eq!(store.done().iter().collect::<Vec<_>>(), [0, 2]);
}
