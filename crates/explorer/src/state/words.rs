//! Cells in words.

use cruncher_results::number::exact;
use cruncher_results::store::CellValue;
use cruncher_study::number_format::significant;
use cruncher_study::shown_text::visible;

/// Largest float up to which each integer has a float of its own: 2^53.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Cell as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CellText {
    /// Numbers with the digits that matter, integers with all of theirs; texts as they stand.
    pub(crate) text: String,
    /// A number with all of its digits, if these are more.
    pub(crate) exact: Option<String>,
}

/// Returns a cell in words.
pub(crate) fn words(cell: CellValue) -> CellText {
    let text = match cell {
        CellValue::Number(number) => return number_in_words(number),
        CellValue::Integer(integer) => integer.to_string(),
        CellValue::Text(text) | CellValue::Cut(text, _) => visible(text),
        CellValue::Flag(flag) => flag.to_string(),
        CellValue::Id(id) => id.to_string(),
        CellValue::Missing => "–".to_owned(),
    };
    CellText { text, exact: None }
}

fn number_in_words(number: f64) -> CellText {
    let (text, exact) = (significant(number), exact(number));
    let is_whole = number.fract() == 0.0 && number.abs() <= MAX_WHOLE;
    // An integer may be a seed: two that differ must not look alike.
    if is_whole && text.parse() != Ok(number) {
        return CellText { text: exact, exact: None };
    }
    let has_more = exact != text;
    CellText { text, exact: has_more.then_some(exact) }
}

#[cfg(test)]
mod tests {
    use cruncher_results::number::LargeInteger;

    use super::*;

    #[test]
    fn integers_have_all_of_their_digits() {
        let large = LargeInteger::parse("-4611686018427387905").map(CellValue::Integer).unwrap();
        for (cell, text, exact) in [
            (large, "-4611686018427387905", None),
            (CellValue::Number(123_456_789.0), "123456789", None),
            (CellValue::Number(123_456_789.5), "1.23457e8", Some("123456789.5")),
            (CellValue::Number(2.5e9), "2.5e9", Some("2500000000")),
            (CellValue::Number(514_000.25), "514000", Some("514000.25")),
            (CellValue::Number(0.1 + 0.2), "0.3", Some("0.30000000000000004")),
            (CellValue::Number(12_345.625), "12345.6", Some("12345.625")),
            (CellValue::Number(1e300), "1e300", None),
            (CellValue::Number(1.234_567e300), "1.23457e300", Some("1.234567e300")),
            (CellValue::Cut("abc…", 5_000), "abc…", None),
            (CellValue::Missing, "–", None),
        ] {
            assert_eq!(words(cell), CellText { text: text.into(), exact: exact.map(str::to_owned) });
        }
    }
}
