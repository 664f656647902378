//! Fields that differ in kind from their neighbours: they never become numbers that weren't meant, and are always told.

use proptest::prelude::*;
use proptest::sample::select;

use super::tests::{check_refused, read, text};
use super::*;
use crate::case::ParameterValue::{Flag, Integer, Number};

/// Fields that are no number, for a column of numbers, as spreadsheets, programs and people write them.
const STRANGE: &[&str] = &[
    // Dates and times.
    "2024-01-05",
    "05.01.2024",
    "1/5/2024",
    "05/01/24",
    "5. Mai",
    "24-Jan",
    "2024-01-05T13:00:00Z",
    "13:45",
    "0:30:15.5",
    "1d 2h",
    // Numbers that aren't finite, or too large.
    "NaN",
    "-inf",
    "∞",
    "1e999",
    "-1.5D+400",
    "1.#QNAN",
    "18446744073709551616",
    "-9223372036854775809",
    "18'446'744'073'709'551'616",
    "(9223372036854775809)",
    // Missing values.
    "n/a",
    "NULL",
    "–",
    "?",
    "#N/A",
    "#DIV/0!",
    "#WERT!",
    "Err:502",
    "########",
    // Yes and no.
    "TRUE",
    "WAHR",
    "vrai",
    "да",
    "x",
    // Texts that only look like numbers.
    "0x1F",
    "0b101",
    "1.5e",
    "1.5e+",
    "e5",
    "3D5",
    "1e5.5",
    "1.2.3",
    "1,2,3",
    "1..5",
    "1,,5",
    "--5",
    "+-5",
    "5+",
    "1 2",
    "1_0",
    "5,",
    "5 kW",
    "5m",
    "≈5",
    "<5",
    ">= 5",
    "5±1",
    "5..7",
    "5-7",
    "1/2",
    "½",
    "5²",
    "٣",
    "１２",
    "Ⅳ",
    "'5",
    "=5",
    "=\"5\"",
    "[5",
    "{5}",
    "5;",
    "$",
    "$5$",
    "5 %%",
    "‰5",
    "5‰",
    "1’20",
    "1'2'3",
    "\"5\"",
];

/// Writes a table of numbers in which some fields are strange.
fn written(numbers: usize, strange: &[&str]) -> String {
    let rows = (0..numbers).map(|row| format!("{row};{row}.25"));
    let strange = strange.iter().map(|field| format!("7;\"{}\"", field.replace('"', "\"\"")));
    let lines: Vec<String> = std::iter::once("n;value".to_owned()).chain(rows).chain(strange).collect();
    lines.join("\n")
}

/// Whether a value may stand for a field without a note: as its text, as yes or no, or as the number that it is beyond doubt.
fn is_kept(value: &ParameterValue, field: &str) -> bool {
    match value {
        ParameterValue::Text(text) => text == field || format!("\"{text}\"") == field,
        Flag(flag) => field.eq_ignore_ascii_case(&flag.to_string()),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_strange_field_among_numbers_is_refused_or_stays_as_it_is_and_is_said(
        numbers in 1_usize..30,
        strange in prop::collection::vec(select(STRANGE), 1..4),
    ) {
        let content = written(numbers, &strange);
        for decimal_mark in [None, Some(DecimalMark::Point)] {
            let reading = NumberReading { decimal_mark, ..NumberReading::default() };
            let Ok(table) = import(content.as_bytes(), reading) else { continue };
            for (row, field) in table.rows[numbers..].iter().zip(&strange) {
                prop_assert!(is_kept(&row[1], field), "{field}: {:?}", row[1]);
            }
            prop_assert!(table.notes.iter().any(|note| note.contains("`value`")), "{content}: {:?}", table.notes);
            for (number, row) in table.rows[..numbers].iter().enumerate() {
                prop_assert_eq!(row[1].as_number(), format!("{number}.25").parse().ok());
            }
        }
    }
}

#[test]
fn a_column_of_strange_fields_is_refused_or_stays_as_it_is() {
    for field in STRANGE {
        let Ok(table) = import(written(0, &[field, field]).as_bytes(), NumberReading::default()) else { continue };
        assert!(table.rows.iter().all(|row| is_kept(&row[1], field)), "{field}: {:?}", table.rows);
        let is_plain_text = !field.contains(|letter: char| letter.is_numeric()) || ["e5", "‰5"].contains(field);
        let is_said = table.notes.iter().any(|note| note.contains("`value`"));
        assert!(is_said || is_plain_text, "{field}: {:?}", table.notes);
    }
}

#[test]
fn marks_that_contradict_one_another_in_a_column_are_refused() {
    for column in ["1,5\n2.5", "1.5\n2,5", "1.234,5\n1,234.5", "0.5\n1,2E3", "1,5\n3.25\n2,5"] {
        for separator in [";", "\t"] {
            let content = format!("a{separator}b\n{}{separator}1\n", column.replace('\n', &format!("{separator}1\n")));
            let error = import(content.as_bytes(), NumberReading::default()).unwrap_err();
            assert!(matches!(error, ImportError::Rows { .. }), "{content}: {error}");
        }
    }
}

#[test]
fn headers_that_name_a_column_twice_or_not_at_all_are_refused() {
    check_refused("a;b;a\n1;2;3\n", "two columns are named `a`");
    check_refused("a;b;\u{feff}a\u{200b}\n1;2;3\n", "two columns are named `a`");
    check_refused("a;;b\n1;;2\n1;x;2\n", "column 2 has no name, and doesn't just count the rows: name it or delete it");
    assert_eq!(read("a;;b\n1;;2\n3; ;4\n").rows, [[Integer(1), Integer(2)], [Integer(3), Integer(4)]]);
    let error = import(b"a;empty;b\n1;;2\n3;;4\n", NumberReading::default()).unwrap_err();
    assert_eq!(error.to_string(), "2 rows or fields are wrong: row 2: column `empty` is empty");
}

#[test]
fn whatever_stands_above_a_header_units_and_an_index_are_found_below_it() {
    let sheet = "sep=;\r\n;width;load\r\n;m;kN\r\n0;1,5;10\r\n1;2,5;20\r\n";
    let error = import(sheet.as_bytes(), NumberReading::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row 2 looks like units (`m`, `kN`) and not like a case: delete it, or move it down if it is one"
    );
    let without = sheet.replace(";m;kN\r\n", "");
    assert_eq!(read(&without).rows, [[Number(1.5), Integer(10)], [Number(2.5), Integer(20)]]);
}

#[test]
fn a_field_may_be_very_long() {
    let long = "x".repeat(1_000_000);
    assert_eq!(read(format!("a,b\n1,{long}\n")).rows, [[Integer(1), text(&long)]]);
    let digits = format!("0.{}", "3".repeat(1_000_000));
    assert_eq!(read(format!("a\n{digits}\n")).rows, [[Number(digits.parse().unwrap())]]);
    let beyond = import(format!("a\n{}\n", "3".repeat(1_000_000)).as_bytes(), NumberReading::default()).unwrap_err();
    assert!(beyond.to_string().len() < 400, "{beyond}");
}
