use std::collections::BTreeMap;

use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use cruncher_study::segment::{RowNumbers, RowOutcome, SegmentRow, parse_segment};
use proptest::prelude::*;
use serde_json::json;

use super::bytes::MAGIC;
use super::*;
use crate::number::LargeInteger;

const ID: &str = "9f86d081884c7d659a2feaa0c55ad015";

/// Returns a row with these inputs and results.
fn line(parameters: &str, result: &str) -> String {
    format!(
        r#"{{"batch":"a","case_id":"{ID}","level":3,"replicate":2,"outcome":"done","attempt":1,"start_time":0.0,"end_time":1.5,"parameters":{parameters},"result":{result}}}"#
    )
}

fn parse(lines: &[String]) -> ParsedSegment {
    Chunk::parse("w", (lines.join("\n") + "\n").as_bytes())
}

/// Values of cells, by part and name.
type Cells = BTreeMap<(ColumnPart, String), serde_json::Value>;

fn integer(integer: LargeInteger) -> serde_json::Value {
    let as_i64 = i64::try_from(integer.value()).map(|integer| json!(integer));
    as_i64.unwrap_or_else(|_| json!(u64::try_from(integer.value()).unwrap()))
}

/// Returns all cells of a row of the chunk.
fn cells(chunk: &Chunk, row: usize) -> Cells {
    let mut cells = Cells::new();
    for column in chunk.columns() {
        let number = column.numbers().get(row).filter(|number| !number.is_nan());
        let number = number.map(|number| column.integer(row).map_or(json!(number), integer));
        let other = column.others().find(|other| other.0 == row).map(|other| match other.1 {
            NonNumber::Text(text) => json!(text),
            NonNumber::Cut(text, chars) => json!([text, chars]),
            NonNumber::Flag(flag) => json!(flag),
        });
        assert!(number.is_none() || other.is_none(), "a cell has one value");
        cells.extend(number.or(other).map(|value| ((column.part(), column.name().to_owned()), value)));
    }
    cells
}

/// Collects the same cells from values as `serde_json` reads them.
fn flatten(cells: &mut Cells, part: ColumnPart, name: &str, value: &serde_json::Value) {
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                flatten(cells, part, &if name.is_empty() { key.clone() } else { format!("{name}.{key}") }, value);
            }
        }
        serde_json::Value::Array(list) if part == ColumnPart::Factor => {
            let components = list.iter().enumerate();
            components.for_each(|(index, value)| flatten(cells, part, &format!("{name}[{index}]"), value));
        }
        serde_json::Value::Array(_) => {}
        serde_json::Value::Null => drop(cells.remove(&(part, name.to_owned()))),
        serde_json::Value::Number(number) => {
            let is_large = number.as_u64().and_then(LargeInteger::of_u64).is_some()
                || number.as_i64().and_then(LargeInteger::of_i64).is_some();
            cells.insert((part, name.to_owned()), if is_large { json!(number) } else { json!(number.as_f64()) });
        }
        serde_json::Value::String(text) if text.chars().count() > MAX_TEXT_CHARS => {
            let cut: String = text.chars().take(MAX_TEXT_CHARS - 1).collect();
            cells.insert((part, name.to_owned()), json!([cut + "…", text.chars().count()]));
        }
        other => drop(cells.insert((part, name.to_owned()), other.clone())),
    }
}

fn check(parameters: &str, result: &str, expected: &serde_json::Value) {
    let parsed = parse(&[line(parameters, result)]);
    assert_eq!((parsed.chunk.len(), parsed.unreadable), (1, 0), "{parameters} {result}");
    let found = cells(&parsed.chunk, 0).into_iter().map(|((part, name), value)| (format!("{part:?} {name}"), value));
    assert_eq!(&serde_json::Value::Object(found.collect()), expected, "{parameters} {result}");
}

#[test]
fn values_go_into_columns_by_name() {
    check(
        r#"{"c":1,"d":-2.5e3}"#,
        r#"{"load":18446744073709551615}"#,
        &json!({"Factor c": 1.0, "Factor d": -2500.0, "Response load": 18_446_744_073_709_551_615_u64}),
    );
    check(
        r#"{"c":[1,[2,"x"]],"e":[]}"#,
        "{}",
        &json!({"Factor c[0]": 1.0, "Factor c[1][0]": 2.0, "Factor c[1][1]": "x"}),
    );
    check(
        r#"{"soil":"cl\u00e4y\n","wet":true}"#,
        r#"{"ok":false,"n":null}"#,
        &json!({"Factor soil": "cläy\n", "Factor wet": true, "Response ok": false}),
    );
    check("{}", r#"{"curve":{"peak":2.0,"radius":[1.0,2.0]},"x":[{"y":1}]}"#, &json!({"Response curve.peak": 2.0}));
    check(r#"{"load":1}"#, r#"{"load":2}"#, &json!({"Factor load": 1.0, "Response load": 2.0}));
    check("3", "[1,2]", &json!({}));
    check("null", r#""text""#, &json!({}));
}

#[test]
fn the_last_of_equal_names_counts() {
    check(
        r#"{"a":"x","a":1}"#,
        r#"{"b":1,"b":true,"c":1,"c":null,"d":"x","d":"y"}"#,
        &json!({"Factor a": 1.0, "Response b": true, "Response d": "y"}),
    );
}

#[test]
fn fixed_fields_are_read() {
    let failed = format!(
        r#"{{"batch":"a/b","case_id":"{ID}","outcome":"failed","final":true,"attempt":3,"start_time":1,"end_time":2.5,"signature":"00ff","error":"E: x","new":[{{}}]}}"#
    );
    let parsed = parse(&[line("{}", "{}"), failed]);
    let (done, failed) = (parsed.chunk.attempt(0), parsed.chunk.attempt(1));
    assert_eq!((done.batch.as_str(), done.level, done.replicate, done.attempt), ("a", 3, 2, 1));
    assert_eq!((done.outcome, done.signature, done.worker), (RowOutcome::Done, None, "w"));
    assert_eq!((failed.batch.as_str(), failed.level, failed.replicate, failed.attempt), ("a/b", 0, 0, 3));
    assert_eq!((failed.outcome, failed.is_final), (RowOutcome::Failed, true));
    assert_eq!((failed.signature, failed.error), (Some("00ff"), Some("E: x")));
    assert_eq!((failed.case_id.to_string().as_str(), failed.end_time.to_bits()), (ID, 2.5_f64.to_bits()));
}

#[test]
fn whole_lines_are_rows_and_the_rest_waits() {
    let done = line(r#"{"c":1}"#, "{}");
    let text = format!("{done}\n{{\"batch\": \"../x\"}}\nnonsense\n \r\n\n{done}\r\n{{\"batch\": \"a\", \"ca");
    let parsed = Chunk::parse("w", text.as_bytes());
    assert_eq!((parsed.chunk.len(), parsed.unreadable), (2, 2));
    assert_eq!(&text[parsed.read_bytes..], "{\"batch\": \"a\", \"ca");
}

#[test]
fn a_row_that_is_none_leaves_nothing_behind() {
    let good = [line(r#"{"c":1,"t":"x"}"#, "{}"), line("{}", "{}"), line(r#"{"t":"y","c":2}"#, r#"{"load":3}"#)];
    let values = line(
        r#"{"t":"new text","other":5,"c":"now a text","deep":[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]}"#,
        r#"{"load":7}"#,
    );
    for (part, instead) in [
        (r#""batch":"a""#, r#""batch":"../a""#),
        (r#""batch":"a","#, ""),
        (ID, "xyz"),
        (r#""case_id""#, r#""id""#),
        (r#""level":3"#, r#""level":-3"#),
        (r#""replicate":2"#, r#""replicate":"2""#),
        (r#""done""#, r#""lost""#),
        (r#""outcome":"done","#, ""),
        (r#""attempt":1"#, r#""attempt":1.5"#),
        (r#""start_time":0.0,"#, ""),
        (r#""end_time":1.5"#, r#""end_time":null"#),
        (r#""end_time":1.5"#, r#""start_time":1.5,"end_time":1.5"#),
        (r#""end_time":1.5"#, r#""result":{},"end_time":1.5"#),
        ("}}", "}"),
        ("}}", "}}}"),
        ("}}", "},}"),
        (r#""load":7"#, r#""load":1e999"#),
    ] {
        let bad = values.replacen(part, instead, 1);
        assert_ne!(bad, values, "{part}");
        let parsed = parse(&good.clone().map(|good| [bad.clone(), good, bad.clone()]).concat());
        assert_eq!(parsed.unreadable, 6, "{bad}");
        assert_eq!(parsed.chunk.to_bytes(), parse(&good).chunk.to_bytes(), "{bad}");
        let parsed = parse(&[good[0].clone(), good[1].clone(), bad.clone()]);
        assert_eq!(parsed.chunk.to_bytes(), parse(&good[..2]).chunk.to_bytes(), "{bad}");
    }
}

#[test]
fn too_many_columns_are_counted_and_left_out() {
    let list = |count: usize| line(&format!("{{\"c\":{:?}}}", vec![1; count]), r#"{"load":1}"#);
    let parsed = parse(&[list(MAX_COLUMNS - 1), list(MAX_COLUMNS + 10), list(3)]);
    assert_eq!(parsed.chunk.columns().len(), MAX_COLUMNS);
    assert_eq!(parsed.chunk.dropped_values(), 11);
    assert_eq!(cells(&parsed.chunk, 2).len(), 4, "known columns go on");
}

#[test]
fn what_is_nested_too_deep_or_named_too_long_is_counted_and_left_out() {
    let deep = |depth: usize| format!("{{\"c\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
    let depths = [1, MAX_DEPTH - 1, MAX_DEPTH, 100, 1_000];
    let left_out = depths
        .map(|depth| parse(&[line(&deep(depth), "{}")]))
        .map(|parsed| (parsed.unreadable, parsed.chunk.dropped_values()));
    assert_eq!(left_out, [(0, 0), (0, 0), (0, 1), (0, 1), (0, 1)]);
    let named =
        |length: usize| parse(&[line("{}", &format!("{{\"{}\":1}}", "n".repeat(length)))]).chunk.dropped_values();
    assert_eq!((named(MAX_NAME_BYTES), named(MAX_NAME_BYTES + 1)), (0, 1));
}

#[test]
fn integers_of_64_bits_are_exact() {
    check(
        r#"{"seed":[4611686018427387905,4611686018427387906,4611686018427387907],"n":-9223372036854775807}"#,
        r#"{"a":9007199254740992,"b":9007199254740993,"c":9007199254740993.0,"d":-1}"#,
        &json!({"Factor seed[0]": 4_611_686_018_427_387_905_u64, "Factor seed[1]": 4_611_686_018_427_387_906_u64,
            "Factor seed[2]": 4_611_686_018_427_387_907_u64, "Factor n": -9_223_372_036_854_775_807_i64,
            "Response a": 9_007_199_254_740_992.0, "Response b": 9_007_199_254_740_993_u64,
            "Response c": 9_007_199_254_740_992.0, "Response d": -1.0}),
    );
    check("{}", r#"{"a":18446744073709551615,"a":2}"#, &json!({"Response a": 2.0}));
}

#[test]
fn texts_are_cut_with_a_mark_and_their_length() {
    let long = |length: usize| format!("{{\"c\":\"{}\"}}", "ä".repeat(length));
    let parsed = parse(&[line(&long(5_000), "{}"), line(&long(MAX_TEXT_CHARS), "{}")]);
    let (cut, whole) = ("ä".repeat(MAX_TEXT_CHARS - 1) + "…", "ä".repeat(MAX_TEXT_CHARS));
    let others: Vec<_> = parsed.chunk.columns()[0].others().collect();
    assert_eq!(others, [(0, NonNumber::Cut(&cut, 5_000)), (1, NonNumber::Text(&whole))]);
}

#[test]
fn texts_that_their_worker_has_cut_say_so() {
    let row = |result: &str, cut: &str| line("{}", result).replace("\"result\"", &format!("{cut},\"result\""));
    let result = r#"{"curve.note":"abc…","n":1,"other":"abc…"}"#;
    let parsed = parse(&[
        row(result, r#""cut":{"curve.note":90012,"n":5,"nobody":7}"#),
        line("{}", result).replace("}}", r#"},"cut":{"other":5}}"#),
        row(result, r#""cut":{"other":"long"}"#),
    ]);
    assert_eq!(parsed.unreadable, 1);
    let (one, other) = (cells(&parsed.chunk, 0), cells(&parsed.chunk, 1));
    let value = |cells: &Cells, name: &str| cells[&(ColumnPart::Response, name.to_owned())].clone();
    assert_eq!((value(&one, "curve.note"), value(&one, "other")), (json!(["abc…", 90_012]), json!("abc…")));
    assert_eq!((value(&other, "curve.note"), value(&other, "other")), (json!("abc…"), json!(["abc…", 5])));
    assert_eq!(value(&one, "n"), json!(1.0));
}

#[test]
fn documents_give_the_rows_that_their_segment_has() {
    let document = json!({"case_id": ID, "batch": "a", "level": 3, "replicate": 2, "worker": "w", "start_time": 0.0, "end_time": 1.5, "attempt": 1,
        "parameters": {"c": [1, 2.5], "seed": u64::MAX, "soil": "clay", "wet": true},
        "result": {"load": 5.0, "curve": {"peak": 7, "x": [1.0]}, "echo": "e".repeat(5_000), "id": i64::MIN, "n": null}});
    let document: ResultDocument = serde_json::from_value(document).unwrap();
    let result =
        format!(r#"{{"curve.peak":7,"echo":"{}…","id":-9223372036854775808,"load":5.0,"n":null}}"#, "e".repeat(999));
    let row = line(r#"{"c":[1,2.5],"seed":18446744073709551615,"soil":"clay","wet":true}"#, &result);
    let segment = parse(&[row.replace(r#""result""#, r#""cut":{"echo":5000},"result""#)]);
    assert_eq!(Chunk::from_documents([&document]).to_bytes(), segment.chunk.to_bytes());
}

#[test]
fn error_documents_are_failed_attempts() {
    let document = json!({"case_id": ID, "batch": "a", "level": 3, "worker": "w", "start_time": 0.0, "end_time": 1.5, "attempt": 3, "max_attempts": 3,
        "parameters": {"c": 1}, "exception": "ValueError", "message": "x", "signature": "00ff", "final": true});
    let document: ErrorDocument = serde_json::from_value(document).unwrap();
    let chunk = Chunk::from_errors([&document, &document]);
    let (worker, row) = chunk.rows().nth(1).unwrap();
    assert_eq!((worker, row.outcome, row.is_final), ("w", RowOutcome::Failed, true));
    assert_eq!(row.error.as_deref(), Some("ValueError: x"));
    assert_eq!(cells(&chunk, 1).len(), 1);
}

#[test]
fn a_row_tells_its_pool_and_what_is_none_is_as_if_it_were_not_there() {
    let row = |pool: &str| format!("{},\"pool\": {pool}}}\n", line("{}", "{}").trim_end().strip_suffix('}').unwrap());
    let text: String =
        [r#""gpu""#, "null", "7", r#"{"gpu": 1}"#, r#""Gpu""#, r#""main""#, r#""g\u0070u""#].map(row).concat();
    let parsed = Chunk::parse("w", text.as_bytes());
    let again = Chunk::from_bytes(&parsed.chunk.to_bytes()).unwrap();
    let told: Vec<_> = (0..again.len()).map(|row| again.attempt(row).pool).collect();
    assert_eq!((parsed.unreadable, told), (0, vec![Some("gpu"), None, None, None, None, None, None]));
    assert_eq!(again.only(&[0]).attempt(0).pool, Some("gpu"));
}

#[test]
fn bytes_of_another_version_are_refused() {
    let mut bytes = parse(&[line("{}", "{}")]).chunk.to_bytes();
    assert!(Chunk::from_bytes(&bytes).is_some());
    bytes[7] += 1;
    assert!(Chunk::from_bytes(&bytes).is_none());
    assert!(Chunk::from_bytes(&[]).is_none());
}

fn scalar() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<u64>().prop_map(|number| json!(number)),
        (0_usize..3_000).prop_map(|length| json!("ö".repeat(length))),
        any::<bool>().prop_map(|flag| json!(flag)),
        ".{0,4}".prop_map(|text| json!(text)),
        "[ab]".prop_map(|text| json!(text)),
        Just(serde_json::Value::Null),
    ]
}

/// Generates inputs or results, with few names so that they meet.
fn object() -> impl Strategy<Value = serde_json::Value> {
    let value = scalar().prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::hash_map("[abc]{1,2}|ä", inner, 0..4).prop_map(|object| json!(object)),
        ]
    });
    prop::collection::hash_map("[abc]|[a-c]{2}", value, 0..6).prop_map(|object| json!(object))
}

fn row() -> impl Strategy<Value = serde_json::Value> {
    let fixed = (
        0_u8..4,
        "[ab]|x/y|files",
        prop::option::of(any::<u32>()),
        any::<bool>(),
        -10_i32..10,
        prop::option::of(".{0,3}"),
    );
    (fixed, object(), object()).prop_map(|((id, batch, level, is_done, end, error), parameters, result)| {
        let mut row = json!({"case_id": ID.replace('9', &id.to_string()), "batch": batch, "outcome": if is_done { "done" } else { "failed" },
            "start_time": 0.5, "end_time": end, "final": !is_done, "error": error, "parameters": parameters, "result": result});
        if let Some(level) = level {
            row["level"] = json!(level);
            row["files_kib"] = json!(level / 2);
        }
        row
    })
}

fn text(rows: &[serde_json::Value]) -> String {
    rows.iter().flat_map(|row| [row.to_string(), "\n".to_owned()]).collect()
}

/// One of an older version would be read as none, and the benchmark would measure nothing.
#[test]
fn the_benchmark_writes_chunks_of_this_version() {
    let script = include_str!("../../../../bench/results.js");
    assert!(script.contains(std::str::from_utf8(MAGIC).unwrap()));
}

proptest! {
    #[test]
    fn rows_are_what_serde_json_reads(rows in prop::collection::vec(row(), 0..12)) {
        let text = text(&rows);
        let (parsed, expected) = (Chunk::parse("w", text.as_bytes()), parse_segment(text.as_bytes()));
        prop_assert_eq!(parsed.unreadable, expected.unreadable);
        prop_assert_eq!(parsed.read_bytes, expected.read_bytes);
        // The numbers of a row stand in the columns of a chunk.
        let without_numbers = expected.rows.into_iter().map(|row| SegmentRow { numbers: RowNumbers::default(), ..row });
        prop_assert_eq!(parsed.chunk.rows().map(|row| row.1).collect::<Vec<_>>(), without_numbers.collect::<Vec<_>>());
        let readable = rows.iter().filter(|row| row["batch"] != "files");
        for (index, row) in readable.enumerate() {
            let mut expected = Cells::new();
            flatten(&mut expected, ColumnPart::Factor, "", &row["parameters"]);
            flatten(&mut expected, ColumnPart::Response, "", &row["result"]);
            prop_assert_eq!(cells(&parsed.chunk, index), expected);
        }
    }

    #[test]
    fn a_chunk_comes_back_from_its_bytes(rows in prop::collection::vec(row(), 0..12)) {
        let chunk = Chunk::parse("w", text(&rows).as_bytes()).chunk;
        let again = Chunk::from_bytes(&chunk.to_bytes()).expect("these are the bytes of a chunk");
        prop_assert_eq!(again.to_bytes(), chunk.to_bytes());
        prop_assert!(again.rows().eq(chunk.rows()));
        for row in 0..chunk.len() {
            prop_assert_eq!(cells(&again, row), cells(&chunk, row));
        }
    }

    #[test]
    fn some_rows_of_a_chunk_are_what_they_were(rows in prop::collection::vec(row(), 0..12), kept in prop::collection::vec(any::<bool>(), 12)) {
        let chunk = Chunk::parse("w", text(&rows).as_bytes()).chunk;
        let kept: Vec<usize> = (0..chunk.len()).filter(|row| kept[*row]).collect();
        let only = Chunk::from_bytes(&chunk.only(&kept).to_bytes()).expect("these are the bytes of a chunk");
        prop_assert_eq!(only.len(), kept.len());
        for (place, row) in kept.into_iter().enumerate() {
            prop_assert_eq!(only.attempt(place), chunk.attempt(row));
            prop_assert_eq!(cells(&only, place), cells(&chunk, row));
        }
    }

    #[test]
    fn text_of_any_kind_is_read_without_harm(text in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        let _ = Chunk::parse("w", &text);
        let mut line = line(r#"{"a":[1,{"b":"x"}]}"#, r#"{"c":{"d":1}}"#).into_bytes();
        line.push(b'\n');
        let at = at.index(line.len());
        line.splice(at..(at + text.len() % 7).min(line.len()), text);
        let parsed = Chunk::parse("w", &line);
        for row in 0..parsed.chunk.len() {
            let _ = cells(&parsed.chunk, row);
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm(rows in prop::collection::vec(row(), 0..6), at in any::<prop::sample::Index>(), byte in any::<u8>(), end in any::<prop::sample::Index>()) {
        let mut bytes = Chunk::parse("w", text(&rows).as_bytes()).chunk.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Some(chunk) = Chunk::from_bytes(&bytes) {
            chunk.rows().for_each(drop);
            (0..chunk.len()).for_each(|row| drop(cells(&chunk, row)));
        }
        prop_assert!(Chunk::from_bytes(&bytes[..end.index(bytes.len())]).is_none());
    }

    #[test]
    fn any_bytes_do_no_harm(rest in prop::collection::vec(prop_oneof![Just(0_u8), Just(255), any::<u8>()], 0..200)) {
        let _ = Chunk::from_bytes(&[MAGIC.as_slice(), &rest].concat());
    }
}
