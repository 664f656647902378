//! Tables as spreadsheets and other programs were seen to write them, each with its meaning.

use super::tests::{check, check_notes, check_refused, check_wrong, read, read_as, text, utf_16};
use super::*;
use crate::case::ParameterValue::{Flag, Integer, List, Number, Unsigned};

const POINT: NumberReading = NumberReading { decimal_mark: Some(DecimalMark::Point), percent: None };
const COMMA: NumberReading = NumberReading { decimal_mark: Some(DecimalMark::Comma), percent: None };

fn check_pair(content: impl AsRef<[u8]>, columns: &str, first: (f64, f64), second: (f64, f64)) {
    let row = |(a, b): (f64, f64)| [Number(a), Number(b)];
    check(content, columns, &[&row(first), &row(second)]);
}

#[test]
fn a_column_pool_is_no_input() {
    let gpu = Pool::parse("gpu").ok();
    for content in [
        "a,pool\n1,gpu\n2,\n3, main\n",
        r#"[{"a": 1, "pool": "gpu"}, {"a": 2, "pool": null}, {"a": 3, "pool": "main"}]"#,
        r#"{"columns": [{"name": "a"}], "rows": [[1], [2], [3]], "pools": ["gpu", null, "main"]}"#,
    ] {
        let table = import(content.as_bytes(), NumberReading::default()).unwrap();
        assert_eq!((table.columns.len(), table.pools.as_deref()), (1, Some(&[gpu, None, None][..])), "{content}");
        let again = import(&table.to_json(), NumberReading::default()).unwrap();
        assert_eq!(again.pools, table.pools, "{content}");
    }
    check_notes(
        "a,pool\n1,gpu\n",
        &["column `pool` is taken as the pool of each case, and is no input; rename the column if the model needs it"],
    );
    let wrong = import(b"a,pool\n1,gpu\n2,1.5\n3,Gpu\n", NumberReading::default()).unwrap_err();
    let ImportError::Rows { told, total } = wrong else { panic!("{wrong}") };
    assert_eq!((total, told[0].row, told[1].row), (2, 3, 4));
    assert!(told[0].reason.starts_with("column `pool`: `1.5` can't be the name of a pool"), "{}", told[0].reason);
}

#[test]
fn a_table_of_aws_runner_names_pools_by_its_machine_kinds() {
    let jobs = "instance_type,command\nt2.small,julia wrapper.jl --seed 1\nC5.large,julia wrapper.jl --seed 2\n,make\n";
    let table = import(jobs.as_bytes(), NumberReading::default()).unwrap();
    let pools = [Pool::parse("t2-small").ok(), Pool::parse("c5-large").ok(), None];
    assert_eq!((table.columns.len(), table.columns[0].name.as_str()), (1, "command"));
    assert_eq!(table.pools.as_deref(), Some(&pools[..]));
    let note = "column `instance_type` is taken as the pool of each case, with hyphens for points, such as `t2-small`, and is no input";
    assert_eq!(table.notes, [note]);
    // Where it may be an input, it is one.
    for content in ["instance_type,a\nt2.small,1\n", "instance_type,command,pool\nt2.small,make,gpu\n"] {
        let table = import(content.as_bytes(), NumberReading::default()).unwrap();
        assert_eq!(table.columns[0].name, "instance_type", "{content}");
    }
    let wrong = import(b"instance_type,command\n9x,make\n", NumberReading::default()).unwrap_err();
    let ImportError::Rows { told, .. } = wrong else { panic!("{wrong}") };
    assert!(
        told[0].reason.starts_with("column `instance_type`: `9x` can't be the name of a pool"),
        "{}",
        told[0].reason
    );
}

#[test]
fn numbers_with_groups_of_digits_are_those_numbers() {
    let names = "cohesion modulus";
    check_pair(
        "cohesion,modulus\n\"50,000.00\",\"1,200.50\"\n\"75,000.00\",\"2,590.25\"\n",
        names,
        (5e4, 1200.5),
        (7.5e4, 2590.25),
    );
    check_pair("cohesion;modulus\n50.000,00;1.200,50\n75.000,00;2.590,25\n", names, (5e4, 1200.5), (7.5e4, 2590.25));
    let french = "cohesion;modulus\n50\u{202f}000,00;1\u{202f}200,50\n75\u{a0}000,00;2 590,25\n";
    check_pair(french, names, (5e4, 1200.5), (7.5e4, 2590.25));
    for apostrophe in ["'", "’"] {
        let swiss =
            format!("cohesion;modulus\n50{apostrophe}000;1{apostrophe}200.50\n75{apostrophe}000;2{apostrophe}590.25\n");
        check(swiss, names, &[&[Integer(50_000), Number(1200.5)], &[Integer(75_000), Number(2590.25)]]);
    }
    check("cost\n\"12,34,567\"\n", "cost", &[&[Integer(1_234_567)]]);
    check_notes(
        "cohesion;modulus\n50.000,00;1,5\n75.000,00;2,5\n",
        &[
            "numbers are read with a decimal comma",
            "`50.000,00` in column `cohesion`, row 2, is read as 50000.0, and others in the same way",
        ],
    );
}

#[test]
fn a_number_that_may_be_two_is_a_question() {
    let pasted = "cohesion\tmodulus\n50,000\t1,200\n75,000\t2,590\n";
    let words = "row 2: `50,000` in column `cohesion` may be 50000 or 50.0, and no number of the table shows whether decimals \
                 have a point or a comma";
    check_refused(pasted, words);
    check_refused("cohesion,n\n\"50,000\",1\n", words);
    check_refused("cohesion n\n50,000 1\n", words);
    let german = words.replace("50,000", "50.000").replace("50000 or 50.0", "50.0 or 50000");
    check_refused("cohesion;n\n50.000;1\n", &german);
    let rows = |table: ImportedTable| table.rows.concat();
    assert_eq!(rows(read_as(pasted, POINT)), [50_000, 1200, 75_000, 2590].map(Integer));
    assert_eq!(rows(read_as(pasted, COMMA)), [50.0, 1.2, 75.0, 2.59].map(Number));
    assert_eq!(read_as(pasted, COMMA).decimal_mark, Some(DecimalMark::Comma));
    check_notes("a\tb\n50,000\t1.5\n", &["`50,000` in column `a`, row 2, is read as 50000"]);
}

#[test]
fn decimals_in_a_table_of_commas_or_spaces_have_a_point() {
    check("a,b\n1.125,2.250\n", "a b", &[&[Number(1.125), Number(2.25)]]);
    check("a b\n1.125 2.250\n", "a b", &[&[Number(1.125), Number(2.25)]]);
    assert_eq!(read("a,b\n1.125,2\n").decimal_mark, Some(DecimalMark::Point));
    assert_eq!(read("a,b\n1,2\n").decimal_mark, None, "there is nothing to be decided");
}

#[test]
fn a_mark_that_was_said_is_that_of_every_number() {
    let error = import(b"a;b\n1.5;2,5\n", COMMA).unwrap_err();
    let words =
        "1 row is wrong: row 2: `1.5` in column `a` has a decimal point, and decimals of this file have a comma";
    assert_eq!(error.to_string(), words);
    let error = import(b"a;b\n1.5;2,5\n", POINT).unwrap_err();
    let words =
        "1 row is wrong: row 2: `2,5` in column `b` has a decimal comma, and decimals of this file have a point";
    assert_eq!(error.to_string(), words);
}

#[test]
fn a_text_among_numbers_does_not_hide_their_decimal_mark() {
    check(
        "a;b\n1,5;1\n2,5;1\nx;2\n",
        "a b",
        &[&[Number(1.5), Integer(1)], &[Number(2.5), Integer(1)], &[text("x"), Integer(2)]],
    );
}

#[test]
fn typographic_minus_signs_and_invisible_letters_change_no_number() {
    check(
        "depth,width\n−3.5,1\n–0.5,2\n−2.0,3\n",
        "depth width",
        &[&[Number(-3.5), Integer(1)], &[Number(-0.5), Integer(2)], &[Number(-2.0), Integer(3)]],
    );
    check(
        "price;depth\n1,5;−3,5\n2,0;10,99\n",
        "price depth",
        &[&[Number(1.5), Number(-3.5)], &[Number(2.0), Number(10.99)]],
    );
    check(
        "cohesion,width\n50000\u{200b},1.5\u{200b}\n\u{feff}61000,2.5\n",
        "cohesion width",
        &[&[Integer(50_000), Number(1.5)], &[Integer(61_000), Number(2.5)]],
    );
    check_notes("a\n5\u{200b}\n", &["`5‹U+200B›` in column `a`, row 2, is read as 5"]);
    check("\u{200b}a\u{200b},b\n1,\u{200b}true\n", "a b", &[&[Integer(1), Flag(true)]]);
    check_notes(
        "soil\nclay\u{200b}\n",
        &["column `soil` holds texts with letters that can't be seen, such as `clay‹U+200B›` in row 2"],
    );
}

#[test]
fn a_per_cent_sign_is_a_question() {
    let content = "porosity,width\n5%,1.5\n7.5%,2.5\n";
    check_refused(
        content,
        "row 2: `5%` in column `porosity` may be 0.05 or 5, as a per cent sign may mean hundredths or just a unit",
    );
    let with = |percent| read_as(content, NumberReading { percent: Some(percent), ..NumberReading::default() });
    assert_eq!(with(PercentSign::Fraction).rows, [[Number(0.05), Number(1.5)], [Number(0.075), Number(2.5)]]);
    assert_eq!(with(PercentSign::Number).rows, [[Number(5.0), Number(1.5)], [Number(7.5), Number(2.5)]]);
    assert_eq!(with(PercentSign::Number).percent, Some(PercentSign::Number));
}

#[test]
fn what_a_spreadsheet_could_not_compute_is_refused_by_row() {
    let wrong = |row: usize, text: &str| {
        format!("row {row}: `{text}` in column `ratio` is an error of the spreadsheet: correct its formula there")
    };
    let expected = [wrong(2, "#REF!"), wrong(3, "#DIV/0!"), wrong(4, "#NAME?")];
    check_wrong("width,ratio\n1,#REF!\n2,#DIV/0!\n3,#NAME?\n", &expected.each_ref().map(String::as_str));
    check_wrong("width,ratio\n1,0.5\n2,#N/A\n3,0.25\n", &[&wrong(3, "#N/A")]);
    check_wrong("width;ratio\n1;#BEZUG!\n2;#NV\n", &[&wrong(2, "#BEZUG!"), &wrong(3, "#NV")]);
}

#[test]
fn a_word_for_a_missing_value_is_no_number() {
    check_wrong(
        "a\n1\n2\nn/a\n",
        &["row 4: `n/a` in column `a` stands for a missing value, and the column holds numbers"],
    );
    check("soil\nclay\nnone\n", "soil", &[&[text("clay")], &[text("none")]]);
    check_notes("a\n-\n", &["column `a` holds words for missing values, as texts, such as `-` in row 2"]);
    check_wrong("a\n1\n1.#INF\n", &["row 3: `1.#INF` in column `a` is not a finite number"]);
}

#[test]
fn a_number_with_something_behind_it_is_told() {
    check_wrong("a\n4 kW\n5\n", &["row 2: `4 kW` in column `a` is not a number, all others there are"]);
    check_notes("a\n4 kW\n5 kW\n", &["column `a` holds texts that begin as numbers, such as `4 kW` in row 2"]);
    check_notes("a\n'5\n", &["column `a` holds texts that begin as numbers, such as `'5` in row 2"]);
    check_notes("a\n\"=\"\"5\"\"\"\n", &["column `a` holds texts that begin as numbers, such as `=\"5\"` in row 2"]);
    check_notes("a\n0x10\n0x11\n", &["column `a` holds texts that begin as numbers, such as `0x10` in row 2"]);
    check_notes("a\n007\n", &["`007` in column `a`, row 2, is read as 7"]);
    check_notes("a\n1.5D+03\n", &["`1.5D+03` in column `a`, row 2, is read as 1500.0"]);
    check_notes("a\n(5)\n", &["`(5)` in column `a`, row 2, is read as -5"]);
}

#[test]
fn units_below_the_header_are_no_case() {
    let words = "row 2 looks like units (`kW`, `deg`) and not like a case: delete it, or move it down if it is one";
    check_refused("system_capacity,tilt\nkW,deg\n4,20\n5,25\n6,30\n", words);
    check_refused("system_capacity,tilt,soil\nkW,deg,-\n4,20,clay\n", words);
    check_refused("system_capacity,tilt,n\nkW,deg,\n4,20,1\n", words);
    check_refused(
        "a,b\n1/s,m\n4,20\n",
        "row 2 looks like units (`m`) and not like a case: delete it, or move it down if it is one",
    );
    check(
        "soil,state\nclay,wet\nsand,dry\n",
        "soil state",
        &[&[text("clay"), text("wet")], &[text("sand"), text("dry")]],
    );
    check("soil,n\nclay,1\nsand,2\n", "soil n", &[&[text("clay"), Integer(1)], &[text("sand"), Integer(2)]]);
}

#[test]
fn whole_numbers_of_64_bits_are_exact() {
    let seeds = "seed,width\n4611686018427387905,1.5\n4611686018427387906,1.5\n4611686018427387907,1.5\n";
    let row = |seed| [Integer(seed), Number(1.5)];
    let rows = [4_611_686_018_427_387_905, 4_611_686_018_427_387_906, 4_611_686_018_427_387_907].map(row);
    check(seeds, "seed width", &[&rows[0], &rows[1], &rows[2]]);
    assert_eq!(read(read(seeds).to_json()).rows, rows);
    let unsigned = "seed\n12157665459056928801\n18446744073709551615\n-1\n";
    let rows = [Unsigned(12_157_665_459_056_928_801), Unsigned(u64::MAX), Integer(-1)];
    check(unsigned, "seed", &[&rows[..1], &rows[1..2], &rows[2..]]);
    assert_eq!(read(read(unsigned).to_json()).rows.concat(), rows);
    check("[{\"a\": 18446744073709551615}]", "a", &[&[Unsigned(u64::MAX)]]);
    check("c\n\"[18446744073709551615, 1]\"\n", "c[2]", &[&[List(vec![Unsigned(u64::MAX), Integer(1)])]]);
    check_wrong(
        "seed\n4611686018427387905\n0.5\n",
        &["row 2: `4611686018427387905` in column `seed` has more digits than a float, and the column holds floats"],
    );
    let beyond = "is a whole number of more than 64 bits; with a point at its end it is read as the nearest float";
    check_wrong("a\n18446744073709551616\n", &[&format!("row 2: `18446744073709551616` in column `a` {beyond}")]);
    check("a\n18446744073709551616.\n", "a", &[&[Number(18_446_744_073_709_551_616.0)]]);
    check_refused(
        "[{\"a\": \"\\\"\"},\n {\"a\": -9223372036854775809}]",
        "line 2 of the JSON has a whole number of more than 64 bits, -9223372036854775809: with a point at its end it is read \
         as the nearest float",
    );
    check("[{\"a\": 1e20, \"b\": \"18446744073709551616\"}]", "a b", &[&[Number(1e20), text("18446744073709551616")]]);
}

#[test]
fn every_shape_of_pandas_is_read() {
    let rows: &[&[ParameterValue]] = &[&[Number(50_000.0), Integer(30)], &[Number(61_000.0), Integer(32)]];
    for json in [
        r#"{"cohesion":{"0":50000.0,"1":61000.0},"friction":{"0":30,"1":32}}"#,
        r#"{"cohesion":{"a b":50000.0,"c d":61000.0},"friction":{"a b":30,"c d":32}}"#,
        r#"[{"cohesion":50000.0,"friction":30},{"cohesion":61000.0,"friction":32}]"#,
        r#"{"0":{"cohesion":50000.0,"friction":30},"1":{"cohesion":61000.0,"friction":32}}"#,
        r#"{"columns":["cohesion","friction"],"index":[0,1],"data":[[50000.0,30],[61000.0,32]]}"#,
        r#"{"schema":{"fields":[{"name":"index","type":"integer"}],"primaryKey":["index"],"pandas_version":"1.4.0"},
            "data":[{"index":0,"cohesion":50000.0,"friction":30},{"index":1,"cohesion":61000.0,"friction":32}]}"#,
    ] {
        check(json, "cohesion friction", rows);
    }
    check_notes(r#"{"a":{"p 1":1,"p 2":2}}"#, &["the labels of the rows, such as `p 1`, are left out"]);
    check_notes(
        r#"{"columns":["a"],"index":["p"],"data":[[1]]}"#,
        &["the labels of the rows, such as `p`, are left out"],
    );
    check_notes(r#"{"a":{"0":1}}"#, &[]);
    check_refused(
        r#"{"a":{"p":1},"b":{"p":2}}"#,
        "the JSON is no table: rows and columns of nested objects can't be told apart: write it with orient=\"records\"",
    );
    check_refused(
        r#"{"a":{"0":1},"b":{"1":2}}"#,
        "the JSON is no table: its columns have other rows: column `0` is missing",
    );
    check_notes(
        r#"[{"a": "1"}, {"a": "2"}]"#,
        &["column `a` holds texts that look like numbers, since they stand in quotation marks"],
    );
}

#[test]
fn what_is_said_of_decimal_marks_and_per_cent_signs_is_nothing_to_json() {
    let json = r#"[{"a": 1.5, "b": "about 5%"}]"#;
    let words = "numbers of JSON have a decimal point and no per cent sign, so nothing else was looked for";
    let percent = NumberReading { percent: Some(PercentSign::Number), ..NumberReading::default() };
    for (reading, notes) in [(COMMA, &[words][..]), (percent, &[words]), (POINT, &[]), (NumberReading::default(), &[])]
    {
        let table = read_as(json, reading);
        assert_eq!(
            (table.rows.concat(), table.notes),
            (vec![Number(1.5), text("about 5%")], notes.iter().map(|note| (*note).to_owned()).collect())
        );
    }
}

#[test]
fn cases_that_the_command_line_wrote_as_json_are_read() {
    let json = r#"[
        {"case_id":"9f86d081884c7d659a2feaa0c55ad015","level":3,"parameters":{"c":[1.0,2.0],"n":1},"replicate":0},
        {"case_id":"0f86d081884c7d659a2feaa0c55ad015","level":4,"parameters":{"c":[3.0,4.0],"n":2},"replicate":1}]"#;
    let list = |numbers: [f64; 2]| List(numbers.map(Number).to_vec());
    check(json, "c[2] n", &[&[list([1.0, 2.0]), Integer(1)], &[list([3.0, 4.0]), Integer(2)]]);
    let table = read(json);
    assert_eq!((table.levels, table.replicates), (Some(vec![3, 4]), Some(vec![0, 1])));
    assert_eq!(table.notes, [""; 0]);
}

#[test]
fn a_line_that_names_the_separator_is_none_of_the_rows() {
    check_pair(
        "\u{feff}sep=;\r\ncohesion;friction\r\n50000,5;30,5\r\n61000,0;32,0\r\n",
        "cohesion friction",
        (50_000.5, 30.5),
        (61_000.0, 32.0),
    );
    check_wrong("sep=;\na;b\n1;2\n3\n", &["row 3: 1 field instead of 2"]);
    check_wrong("a,b\n\"1,2\n3,4\n", &["row 2: 1 field instead of 2: is a quotation mark not closed?"]);
    check_wrong("a,b\n1,2\n\"3\n\"\n", &["row 3: 1 field instead of 2: is a quotation mark not closed?"]);
    check("sep=,\na\n\"1,5\"\n", "a", &[&[Number(1.5)]]);
}

#[test]
fn rows_that_a_quotation_mark_makes_one_are_refused() {
    let words = "a quotation mark is not closed, or closed before the end of the field";
    for (csv, row) in [
        ("a,soil\n1,\"clay\n2,sand\n3,silt\n", 2),
        ("a,soil\n1,\"clay\n2,\"sand\n3,silt\n", 2),
        ("a,soil\n1,clay\n2,\"sand", 3),
        ("a,soil\n1,clay\n2,\"sand\n", 3),
    ] {
        check_wrong(csv, &[&format!("row {row}: {words}")]);
    }
    check(
        "soil,n\n\"wet\n\"\"clay\"\"\",1\n\"a\nb\",2",
        "soil n",
        &[&[text("wet\n\"clay\""), Integer(1)], &[text("a\nb"), Integer(2)]],
    );
    check("n,pipe\n1,12\" steel\n2,6\"", "n pipe", &[&[Integer(1), text("12\" steel")], &[Integer(2), text("6\"")]]);
    check("n,soil\n1,\"clay\"\n2,\"sand\"", "n soil", &[&[Integer(1), text("clay")], &[Integer(2), text("sand")]]);
}

#[test]
fn tables_are_read_in_each_encoding_or_refused_by_name() {
    let csv = "cohesion;width\r\n50000;1,5\r\n61000;2,5\r\n";
    let rows: &[&[ParameterValue]] = &[&[Integer(50_000), Number(1.5)], &[Integer(61_000), Number(2.5)]];
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let marked = utf_16(csv, bytes);
        check(&marked, "cohesion width", rows);
        check(&marked[2..], "cohesion width", rows);
    }
    let utf_32 = |text: &str| text.chars().flat_map(|letter| u32::from(letter).to_le_bytes()).collect::<Vec<u8>>();
    check_refused(utf_32(csv), "this is UTF-32 text: save it as “CSV UTF-8”");
    check_refused(utf_32("\u{feff}a"), "this is UTF-32 text: save it as “CSV UTF-8”");
    check_refused(b"a;b\n1\xa0200;2\n", "row 2 is no UTF-8 text: save the table as “CSV UTF-8”");
    check_refused(b"a\n1\n\0\n", "row 3 is no UTF-8 text: save the table as “CSV UTF-8”");
}

#[test]
fn columns_that_count_the_rows_or_are_blank_are_left_out() {
    let left_out = "a column without a name counts the rows, and is left out";
    for csv in
        [",cohesion,width\n0,50000.0,1.5\n1,61000.0,2.5\n", "Unnamed: 0,cohesion,width\n1,50000.0,1.5\n2,61000.0,2.5\n"]
    {
        check_pair(csv, "cohesion width", (50_000.0, 1.5), (61_000.0, 2.5));
        check_notes(csv, &[left_out]);
    }
    check_pair(
        "\"cohesion\" \"width\"\n\"1\" 50000.0 1.5\n\"2\" 61000.0 2.5\n",
        "cohesion width",
        (50_000.0, 1.5),
        (61_000.0, 2.5),
    );
    check_pair(
        "cohesion,width,,\n50000.0,1.5,,\n61000.0,2.5,,\n,,,\n\n",
        "cohesion width",
        (50_000.0, 1.5),
        (61_000.0, 2.5),
    );
    check_pair("cohesion,width\n50000.0,1.5,\n61000.0,2.5,\n", "cohesion width", (50_000.0, 1.5), (61_000.0, 2.5));
    let words = "column 1 has no name, and doesn't just count the rows: name it or delete it";
    check_refused(",a\n5,1\n7,2\n", words);
    check_refused(",a\n0,1\n2,2\n", words);
    check_refused("Unnamed: 0,a\nx,1\ny,2\n", words);
}

#[test]
fn words_for_yes_and_no_in_other_languages_are_texts_and_said() {
    let csv = "drained;width\nWAHR;1,5\nFALSCH;2,5\n";
    check(csv, "drained width", &[&[text("WAHR"), Number(1.5)], &[text("FALSCH"), Number(2.5)]]);
    let words = "column `drained` holds texts, such as `WAHR` in row 2; yes and no are written `true` and `false`";
    assert!(read(csv).notes.contains(&words.to_owned()));
    check_notes("soil\nsand\nno\n", &[]);
}

#[test]
fn what_numpy_and_dakota_write_is_known() {
    let savetxt = "# cohesion width\n5.000000000000000000e+04 1.500000000000000000e+00\n6.1e+04 2.5e+00\n";
    check_pair(savetxt, "cohesion width", (50_000.0, 1.5), (61_000.0, 2.5));
    check_notes(savetxt, &["spaces separate the columns"]);
    check_pair("# cohesion,width\n5e4,1.5\n6.1e4,2.5\n", "cohesion width", (50_000.0, 1.5), (61_000.0, 2.5));
    check_notes("# by hand\na,b\n1,2\n", &["the lines above the header that begin with `#` or `%` are left out"]);
    check_wrong("# by hand\na,b\n1,2\n3\n", &["row 4: 1 field instead of 2"]);
    check_refused("5.0e+04 1.5e+00\n6.1e+04 2.5e+00\n", "the first row must name the columns, and it has numbers only");
    check_refused(
        "%eval_id interface             x1             x2     response_fn_1\n1            NO_ID           -1.5            1.0              1.25\n",
        "this is a table of DAKOTA, which doesn't say which columns are inputs and which are responses: delete `%eval_id`, \
         `interface` and the responses, and take what is left",
    );
}

#[test]
fn lists_in_fields_are_vectors() {
    let list = |numbers: &[f64]| List(numbers.iter().copied().map(Number).collect());
    let csv = "c,n\n\"[56749.4, 61000.0]\",1\n\"[1.5, 2]\",2\n";
    check(csv, "c[2] n", &[&[list(&[56_749.4, 61_000.0]), Integer(1)], &[list(&[1.5, 2.0]), Integer(2)]]);
    check(",c\n0,[1. 2.]\n1,[3. 4.]\n", "c[2]", &[&[list(&[1.0, 2.0])], &[list(&[3.0, 4.0])]]);
    check_wrong(
        "c,n\n\"[1, 2]\",1\n\"[1, 2, 3]\",2\n5,3\n,4\n\"[nan, 2]\",\"[1]\"\n\"[1, nan]\",5\n",
        &[
            "row 3: `c` has 3 components instead of 2",
            "row 4: `c` is a single value, and a vector in the first row",
            "row 5: column `c` is empty",
            "row 6: `n` is a vector, and a single value in the first row",
            "row 7: `nan` in column `c[1]` is not a finite number",
        ],
    );
    check_refused("c\n[]\n", "the vector `c` has no component");
    check_notes("c\n\"[1, [2]]\"\n", &["column `c` holds texts that begin as numbers, such as `[1, [2]]` in row 2"]);
}

#[test]
fn names_that_cruncher_uses_itself_are_said() {
    let level =
        "column `level` is taken as the level of each case, and is no input; rename the column if the model needs it";
    check_notes(
        "level,flow\n1,2.5\n2,2.5\n3,2.5\n",
        &[level, "2 rows have the inputs of another one and are no case of their own: row 3 (as 2), 4 (as 2)"],
    );
    check_notes(
        "replicate,flow\n0,2.5\n1,2.5\n",
        &[
            "column `replicate` is taken as the number of the replicate of each case, and is no input; rename the column if the \
           model needs it",
        ],
    );
    check_notes(
        "case_id,flow\n9f86d081-884c-4d65-9a2f-eaa0c55ad015,2.5\n",
        &["column `case_id` is left out, as each case gets an id of its own: what stands there \
           (`9f86d081-884c-4d65-9a2f-eaa0c55ad015` in row 2) is none of Cruncher's; rename the column if the model needs it"],
    );
    check_notes("case_id,level,replicate,a\n9f86d081884c7d659a2feaa0c55ad015,1,0,2.5\n", &[]);
}

/// Each would take hours in a time that grows with the square of its size.
#[test]
fn tables_that_are_meant_to_take_long_take_no_time() {
    let columns = 300_000;
    check_refused(format!("{}\n", ",".repeat(columns)), "the table is empty");
    assert_eq!(read(format!("a{0}\n1{0}\n{0}", ",".repeat(columns))).rows, [[Integer(1)]]);
    let error = import("\"a\"b ".repeat(columns).as_bytes(), NumberReading::default()).unwrap_err();
    assert!(error.to_string().len() < 400, "a long name is cut");
    let seeds: Vec<String> = (0..columns).map(|row| (u64::MAX - row as u64).to_string()).collect();
    assert_eq!(read(format!("seed\n{}\n", seeds.join("\n"))).rows.len(), columns, "no float is equal to any of these");
    let keys = |order: &mut dyn Iterator<Item = usize>| {
        let keys: Vec<String> = order.map(|row| format!("\"{row}\":1")).collect();
        keys.join(",")
    };
    let json = format!("{{\"a\":{{{}}},\"b\":{{{}}}}}", keys(&mut (0..columns)), keys(&mut (0..columns).rev()));
    assert_eq!(read(json).rows.len(), columns);
}

#[test]
fn columns_are_of_a_kind() {
    let table = read("a,b,c[0],c[1],soil,is_wet,m\n1,2.5,1,2,clay,true,1\n2,3.5,3,4,sand,false,x\n");
    let kinds: Vec<ColumnKind> = (0..table.columns.len()).map(|column| table.kind(column)).collect();
    assert_eq!(
        kinds,
        [
            ColumnKind::Whole,
            ColumnKind::Number,
            ColumnKind::Whole,
            ColumnKind::Text,
            ColumnKind::Flag,
            ColumnKind::Mixed
        ]
    );
}
