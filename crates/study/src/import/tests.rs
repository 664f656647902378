use proptest::prelude::*;

use super::*;
use crate::case::ParameterValue::{Flag, Integer, List, Number, Unsigned};

pub(super) fn text(text: &str) -> ParameterValue {
    ParameterValue::Text(text.to_owned())
}

fn list(components: &[f64]) -> ParameterValue {
    List(components.iter().copied().map(Number).collect())
}

pub(super) fn read(content: impl AsRef<[u8]>) -> ImportedTable {
    let content = content.as_ref();
    import(content, NumberReading::default())
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(content)))
}

pub(super) fn read_as(content: impl AsRef<[u8]>, reading: NumberReading) -> ImportedTable {
    import(content.as_ref(), reading).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn check_notes(content: impl AsRef<[u8]>, expected: &[&str]) {
    assert_eq!(read(&content).notes, expected, "{}", String::from_utf8_lossy(content.as_ref()));
}

/// Checks the columns, written as `a c[3]`, and the rows.
pub(super) fn check(content: impl AsRef<[u8]>, columns: &str, rows: &[&[ParameterValue]]) {
    let table = read(&content);
    let shown = table.columns.iter().map(|column| match column.count {
        None => column.name.clone(),
        Some(count) => format!("{}[{count}]", column.name),
    });
    let content = String::from_utf8_lossy(content.as_ref());
    assert_eq!(shown.collect::<Vec<_>>().join(" "), columns, "{content}");
    assert_eq!(table.rows, rows, "{content}");
}

pub(super) fn check_refused(content: impl AsRef<[u8]>, words: &str) {
    let error = import(content.as_ref(), NumberReading::default()).unwrap_err();
    assert_eq!(error.to_string(), words, "{}", String::from_utf8_lossy(content.as_ref()));
}

pub(super) fn check_wrong(content: impl AsRef<[u8]>, expected: &[&str]) {
    let content = String::from_utf8_lossy(content.as_ref());
    match import(content.as_bytes(), NumberReading::default()) {
        Err(ImportError::Rows { told, total }) => {
            assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), expected, "{content}");
            assert_eq!(total, expected.len(), "{content}");
        }
        other => panic!("{other:?}: {content}"),
    }
}

pub(super) fn utf_16(content: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xfeff).chain(content.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn a_csv_is_read_however_a_spreadsheet_wrote_it() {
    let rows: &[&[ParameterValue]] = &[&[Integer(1), Number(2.5)], &[Integer(3), Number(0.5)]];
    for csv in [
        "a,b\n1,2.5\n3,.5\n",
        "a,b\n1,2.5\n3,.5",
        "a;b\r\n1;2,5\r\n3;,5\r\n",
        "a;b\r\n1;2.5\r\n3;0.5\r\n",
        "a\tb\n1\t2,5\n3\t0,5",
        "a,b\r1,2.5\r3,5e-1\r",
        "\u{feff}a,b\n1,2.5\n3,0.5",
        "\n\na , b\n\n 1 , 2.5 \n , \n+3,+.5\n,\n\n\n",
        "\"a\",\"b\"\n\"1\",\"2.5\"\n\"3\",\"0.5\"\n",
    ] {
        check(csv, "a b", rows);
        check(utf_16(csv.trim_start_matches('\u{feff}'), u16::to_le_bytes), "a b", rows);
        check(utf_16(csv.trim_start_matches('\u{feff}'), u16::to_be_bytes), "a b", rows);
    }
    check("a\n1,5\n2", "a", &[&[Number(1.5)], &[Number(2.0)]]);
    check("soil\n\"stiff, \"\"grey\"\"\nclay\"\nsand", "soil", &[&[text("stiff, \"grey\"\nclay")], &[text("sand")]]);
}

#[test]
fn a_decimal_comma_is_told() {
    assert_eq!(read("a;b\n1,5;1\n").notes, ["numbers are read with a decimal comma"]);
    assert_eq!(read("a;b\n1.5;1\n").notes, [""; 0]);
    check("a;b\n1,5E+03;x,y\n", "a b", &[&[Number(1500.0), text("x,y")]]);
    check_wrong(
        "a;b\n1,5;1.5\n1,2;7\n",
        &[
            "row 2: `1,5` in column `a` has a decimal comma, and decimals of this file have a point",
            "row 3: `1,2` in column `a` has a decimal comma, and decimals of this file have a point",
        ],
    );
    check("a,b\n\"1,5\",x\n", "a b", &[&[Number(1.5), text("x")]]);
}

#[test]
fn a_json_is_read_in_each_of_its_shapes() {
    let rows: &[&[ParameterValue]] = &[&[Integer(1), Number(2.5)], &[Integer(3), Number(0.0)]];
    for json in [
        r#"[{"b": 1, "a": 2.5}, {"a": 0, "b": 3}]"#,
        r#"{"columns": ["b", "a"], "rows": [[1, 2.5], [3, 0]]}"#,
        r#"{"columns": ["b", "a"], "index": [0, 1], "data": [[1, 2.5], [3, 0.0]]}"#,
        r#"{"b": [1, 3], "a": [2.5, 0]}"#,
        "{\"b\": 1, \"a\": 2.5}\n{\"b\": 3, \"a\": 0}\n",
    ] {
        check(json, "b a", rows);
    }
    check(r#"{"a": 1}"#, "a", &[&[Integer(1)]]);
    check(r#"[{"a": 1e2, "b": "2", "c": true}]"#, "a b c", &[&[Number(100.0), text("2"), Flag(true)]]);
    check(r#"{"c": [[1, 2], [3, 4.5]]}"#, "c[2]", &[&[list(&[1.0, 2.0])], &[list(&[3.0, 4.5])]]);
    check(r#"[{"c[1]": 1.5, "a": "x", "c[0]": 2}]"#, "c[2] a", &[&[list(&[2.0, 1.5]), text("x")]]);
}

#[test]
fn components_of_a_vector_stand_in_any_order() {
    check("c[1],a,c[0]\n2,x,1.5\n", "c[2] a", &[&[list(&[1.5, 2.0]), text("x")]]);
    check("c[0]\n1\n", "c[1]", &[&[List(vec![Integer(1)])]]);
    check_refused("c[0],c[2]\n1,2", "the column `c[1]` is missing: the vector has others");
    check_refused("c[4000000000]\n1", "the column `c[0]` is missing: the vector has others");
    check_refused("c[0],c[0]\n1,2", "two columns are named `c[0]`");
    check_refused("c,c[0]\n1,2", "`c` is the name of a column, and of a vector, too");
    check_wrong(
        "c[0],c[1]\n1,x\nTRUE,2\n",
        &[
            "row 2: `x` in column `c[1]` is not a number, most others there are",
            "row 3: `true` in column `c[0]` is not a number, most others there are",
        ],
    );
    let json = r#"[{"a": 1, "c": [1, 2]}, {"a": [1], "c": [1, 2]}, {"a": 1, "c": [1]}, {"a": 1, "c": 1},
        {"a": 1, "c": [1, [2]]}, {"a": 1, "c": null}, {"a": 1, "c": [1, "2"]}, {"a": 1, "c": [null, 2]}]"#;
    check_wrong(
        json,
        &[
            "row 2: `a` is a vector, and a single value in the first row",
            "row 3: `c` has 1 component instead of 2",
            "row 4: `c` is a single value, and a vector in the first row",
            "row 5: a component of `c` is a list",
            "row 6: column `c` is empty",
            "row 7: `\"2\"` in column `c[1]` is not a number, all others there are",
            "row 8: column `c[0]` is empty",
        ],
    );
    check_refused(r#"[{"c": []}]"#, "the vector `c` has no component");
}

#[test]
fn numbers_of_a_column_are_floats_if_one_is() {
    check("a,b\n1,1\n2.5,2\n", "a b", &[&[Number(1.0), Integer(1)], &[Number(2.5), Integer(2)]]);
    check("a\n50000\n5e4\n", "a", &[&[Number(50000.0)], &[Number(50000.0)]]);
    check("a\n1\n2.5\nx\n", "a", &[&[Integer(1)], &[Number(2.5)], &[text("x")]]);
    assert_eq!(read("a\n1\n2.5\nx\n").notes, ["column `a` holds numbers and other values"]);
}

#[test]
fn a_table_of_cruncher_comes_back() {
    let csv = "case_id,level,replicate,c[0],c[1],soil\r\n0f,3,0,50000.0,2.0,\"\"\"2\"\"\"\r\n,4,1,1.0,3.0,sand\r\n";
    let table = read(csv);
    assert_eq!(table.levels, Some(vec![3, 4]));
    assert_eq!(table.replicates, Some(vec![0, 1]));
    check(csv, "c[2] soil", &[&[list(&[50000.0, 2.0]), text("2")], &[list(&[1.0, 3.0]), text("sand")]]);
    assert_eq!((read("a\n1").levels, read("a\n1").replicates), (None, None));
    assert_eq!(read(r#"[{"a": 1, "level": 2}]"#).levels, Some(vec![2]));
    check_wrong(
        "a,level\n1,1.5\n1,-1\n1,\n1,x",
        &[
            "row 2: `1.5` in column `level` is not a whole number from 0 on; if it is an input, rename it",
            "row 3: `-1` in column `level` is not a whole number from 0 on; if it is an input, rename it",
            "row 4: column `level` is empty",
            "row 5: `x` in column `level` is not a whole number from 0 on; if it is an input, rename it",
        ],
    );
}

#[test]
fn wrong_rows_are_all_told_as_a_spreadsheet_counts_them() {
    check_wrong(
        "a,b\n1\n1,2,3\n\n1,\n\"x\ny\",nan\n,1\n\"1,2\n3\"\n",
        &[
            "row 2: 1 field instead of 2",
            "row 3: 3 fields instead of 2",
            "row 5: column `b` is empty",
            "row 6: `nan` in column `b` is not a finite number",
            "row 7: column `a` is empty",
            "row 8: 1 field instead of 2: is a quotation mark not closed?",
        ],
    );
    check_wrong(
        "a;b\r\n-inf;1e999\r\n\r\n1;Infinity",
        &[
            "row 2: `-inf` in column `a` is not a finite number",
            "row 2: `1e999` in column `b` is not a finite number",
            "row 4: `Infinity` in column `b` is not a finite number",
        ],
    );
    let json = r#"[{"a": 1}, {"b": 1}, {"a": 1, "b": 2}, {"a": null}, {"a": {}}, 3, {"a": 1, "a": 1}]"#;
    check_wrong(
        json,
        &[
            "row 2: column `a` is missing",
            "row 3: column `b` is not one of the first row's, or is there twice",
            "row 4: column `a` is empty",
            "row 5: `a` is an object, and no value",
            "row 6: this is no object",
            "row 7: column `a` is not one of the first row's, or is there twice",
        ],
    );
    check_wrong(
        r#"{"columns": ["a"], "rows": [[1, 2], 3, []]}"#,
        &["row 1: 2 values instead of 1", "row 2: this is no list of values", "row 3: 0 values instead of 1"],
    );
}

#[test]
fn a_value_that_should_be_a_number_is_told() {
    let numbers = |count: usize| "1\n".repeat(count);
    check_wrong(
        format!("cohesion\n\"12,5x\"\n{}", numbers(9)),
        &["row 2: `12,5x` in column `cohesion` is not a number, all others there are"],
    );
    check_wrong(
        format!("a\n{}#DIV/0!\nTrue\n", numbers(20)),
        &[
            "row 22: `#DIV/0!` in column `a` is an error of the spreadsheet: correct its formula there",
            "row 23: `true` in column `a` is not a number, all others there are",
        ],
    );
    assert_eq!(read(format!("a\n{}x", numbers(8))).rows[8], [text("x")], "not nearly all are numbers");
    assert_eq!(
        read(format!("a\n\"\"\"2\"\"\"\n{}", numbers(99))).rows[0],
        [text("2")],
        "its quotes say that it is a text"
    );
    assert_eq!(read(r#"{"a": [1, 2, 3, 4, 5, 6, 7, 8, 9, "x"]}"#).rows[9], [text("x")], "it can't be meant otherwise");
}

#[test]
fn the_first_hundred_wrong_rows_are_told_and_all_are_counted() {
    let error =
        import(format!("a,b\n{}{}", "1\n".repeat(150), "1,\n".repeat(100)).as_bytes(), NumberReading::default())
            .unwrap_err();
    assert_eq!(error.to_string(), "250 rows or fields are wrong: row 2: 1 field instead of 2");
    let ImportError::Rows { told, total } = error else { panic!("{error}") };
    assert_eq!((told.len(), total, told[99].row), (WRONG_ROWS_TOLD, 250, 101));
}

#[test]
fn a_header_names_each_column_once() {
    let name = "has no proper name: a name starts with a letter or `_` and goes on with letters, digits and `_`; a \
                component of a vector is named as in `c[0]`";
    for wrong in ["1a", "a b", "a-b", "Kohäsion", "c[]", "c[x]", "c[-1]", "c[00]", "[0]", "c[0", "c]", "c[0][1]"] {
        check_refused(format!("a,{wrong}\n1,2"), &format!("the column `{wrong}` {name}"));
    }
    check_refused("a,class\n1,2", "no column can be named `class`: that word belongs to Python");
    check_refused("lambda[0]\n1", "no column can be named `lambda`: that word belongs to Python");
    check_refused("a,,b\n1,2,3", "column 2 has no name, and doesn't just count the rows: name it or delete it");
    check_refused("a,b, a\n1,2,3", "two columns are named `a`");
    check_refused("level,a,level\n1,2,3", "two columns are named `level`");
    check_refused("1,2.5\n3,4", "the first row must name the columns, and it has numbers only");
    check_refused("1,5;2\n3;4", "the first row must name the columns, and it has numbers only");
    check_refused("case_id,level\n0,1", "the table has no column for an input");
}

#[test]
fn what_is_no_table_is_refused_as_a_whole() {
    check_refused("", "the table is empty");
    check_refused("\u{feff} \r\n\t", "the table is empty");
    check_refused("a,b\n", "the table has no row below its header");
    check_refused("a,b\n,\n\n", "the table has no row below its header");
    check_refused(b"a\n1\nM\xfcnchen", "row 3 is no UTF-8 text: save the table as “CSV UTF-8”");
    check_refused(b"\xff\xfea\0\n", "the table is no proper UTF-16 text: save it as “CSV UTF-8”");
    check_refused(b"\xff\xfe\0\xd8", "the table is no proper UTF-16 text: save it as “CSV UTF-8”");
    let workbook = "this is a workbook and no table: save it as “CSV UTF-8” in the spreadsheet, and take that file";
    check_refused(b"PK\x03\x04...", workbook);
    check_refused(vec![b'a'; MAX_BYTES + 1], "the table is larger than 64 MiB: split it");
    check_refused(format!("a\n{}", "1\n".repeat(MAX_ROWS + 1)), "the table has more than 1,000,000 rows: split it");
    check_refused("[{\"a\": NaN}]", "the table is no JSON: expected value at line 1 column 8");
    check_refused("[{\"a\": 1}", "the table is no JSON: EOF while parsing a list at line 1 column 9");
    let shape = "the JSON is no table: a table is a list of objects, as in [{\"a\": 1, \"b\": 2.5}]; pandas writes it with \
                 orient=\"records\"";
    check_refused("[[1, 2], [3, 4]]", shape);
    check_refused("[1]", shape);
    check_refused("[]", "the table has no column for an input");
    check_refused("{}", "the table has no column for an input");
    check_refused(r#"{"a": []}"#, "the table has no row below its header");
    check_refused(r#"{"a": [1, 2], "b": [1]}"#, "the JSON is no table: `a` has 2 values, and `b` has 1 value");
    check_refused(r#"{"columns": [1], "rows": [[1]]}"#, "the JSON is no table: `columns` must be a list of names");
}

#[test]
fn a_field_is_a_value() {
    for (written, expected) in [
        ("1", Integer(1)),
        ("-007", Integer(-7)),
        ("+3", Integer(3)),
        ("9223372036854775808", Unsigned(1 << 63)),
        ("18446744073709551616", Number(18_446_744_073_709_551_616.0)),
        ("1.", Number(1.0)),
        (".5", Number(0.5)),
        ("-1e5", Number(-1e5)),
        ("TRUE", Flag(true)),
        (" False ", Flag(false)),
        (" clay ", text("clay")),
        ("\"2\"", text("2")),
        ("\"a\\u00e4\\n\"", text("aä\n")),
        ("\"a\"b", text("\"a\"b")),
        ("", text("")),
        ("nan", text("nan")),
        ("1,5", text("1,5")),
        ("1_000", text("1_000")),
        ("0x10", text("0x10")),
        ("1.2.3", text("1.2.3")),
        ("-", text("-")),
    ] {
        assert_eq!(parse_field(written), expected, "{written}");
    }
}

#[test]
fn a_text_is_quoted_only_where_it_must_be() {
    for (value, expected) in [
        (text("clay"), "clay"),
        (text("stiff, \"grey\" clay"), "stiff, \"grey\" clay"),
        (text("2"), "\"2\""),
        (text("True"), "\"True\""),
        (text("nan"), "\"nan\""),
        (text("1,5"), "\"1,5\""),
        (text(""), "\"\""),
        (text(" x"), "\" x\""),
        (text("x\ny"), "\"x\\ny\""),
        (text("\"2\""), "\"\\\"2\\\"\""),
        (Number(50000.0), "50000.0"),
        (Number(1e16), "1e+16"),
        (Integer(50000), "50000"),
        (Flag(true), "true"),
        (List(vec![Integer(1), text("x")]), "[1,\"x\"]"),
    ] {
        assert_eq!(field(&value), expected);
    }
}

/// Texts that are hard to tell from something else.
fn hard_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[ 0-9+.,eE\"\\\\\n\r\t-]{0,6}", "\"?(true|NaN|inf|1[.,]5)\"? ?"]
}

fn scalar() -> impl Strategy<Value = ParameterValue> {
    prop_oneof![
        any::<bool>().prop_map(Flag),
        any::<i64>().prop_map(Integer),
        any::<u64>().prop_map(f64::from_bits).prop_filter("finite", |number| number.is_finite()).prop_map(Number),
        (-1000..1000_i32).prop_map(|whole| Number(f64::from(whole))),
        hard_text().prop_map(ParameterValue::Text),
    ]
}

proptest! {
    #[test]
    fn a_value_is_read_back_from_its_field(value in scalar()) {
        prop_assert_eq!(parse_field(&field(&value)), value);
    }

    #[test]
    fn a_written_table_comes_back(texts in prop::collection::vec((hard_text(), any::<i64>(), -1e9..1e9_f64), 1..20)) {
        let rows: Vec<[ParameterValue; 3]> =
            texts.into_iter().map(|(text, integer, number)| [ParameterValue::Text(text), Integer(integer), Number(number)]).collect();
        let mut csv = ::csv::Writer::from_writer(Vec::new());
        csv.write_record(["a", "b", "c[0]"]).unwrap();
        for row in &rows {
            csv.write_record(row.each_ref().map(field)).unwrap();
        }
        let table = import(&csv.into_inner().unwrap(), NumberReading::default()).unwrap();
        let read: Vec<[ParameterValue; 3]> = table.rows.into_iter().map(|row| row.try_into().unwrap()).collect();
        let expected: Vec<_> = rows.into_iter().map(|[text, integer, number]| [text, integer, List(vec![number])]).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn any_bytes_are_a_table_or_an_error(content: Vec<u8>) {
        let _ = import(&content, NumberReading::default());
    }

    #[test]
    fn whatever_looks_like_a_table_is_one_or_an_error(content in "\\PC{0,3}[\\[{]?[abc01.,;\t\n\"{}:\\[\\] -]{0,60}") {
        match import(content.as_bytes(), NumberReading::default()) {
            Ok(table) => {
                prop_assert!(!table.rows.is_empty() && !table.columns.is_empty());
                prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
                let levels = table.levels.map_or(table.rows.len(), |levels| levels.len());
                prop_assert_eq!(levels, table.rows.len());
            }
            Err(ImportError::Rows { told, total }) => {
                prop_assert!(told.iter().all(|wrong| (1..=62).contains(&wrong.row)) && told.len() <= total);
            }
            Err(_) => {}
        }
    }
}

#[test]
fn a_table_comes_back_from_its_json() {
    let csv = "a,c[0],c[1],soil,level,replicate\n1,2.5,3,clay,0,1\n2,2.5,4,\"sand, wet\",1,0\n";
    let table = import(csv.as_bytes(), NumberReading::default()).unwrap();
    assert_eq!(
        import(&table.to_json(), NumberReading::default()),
        Ok(ImportedTable { notes: Vec::new(), decimal_mark: None, ..table })
    );
}
