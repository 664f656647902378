//! JSON as Python's `json` writes it: with numbers and texts that plain JSON doesn't have.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::LegacyError;

/// Numbers that only Python writes.
const NOT_FINITE: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];

/// The length of an escape by four hexadecimal digits, `\u0041`, in bytes.
const ESCAPE_BYTES: usize = 6;

/// Reads JSON; also returns the number of values that weren't finite, which are read as null. Half a surrogate pair, which
/// Python makes of a file name that is no text, is read as a replacement character.
pub(super) fn parse<T: DeserializeOwned>(json: &[u8]) -> Result<(T, usize), LegacyError> {
    let plain = Plain::of(json);
    let value = serde_json::from_slice(&plain.json).map_err(LegacyError::Json)?;
    Ok((value, plain.not_finite))
}

/// Reads a JSON object, whose values may be anything.
pub(super) fn fields(json: &[u8]) -> Result<(Map<String, Value>, usize), LegacyError> {
    match parse(json)? {
        (Value::Object(fields), not_finite) => Ok((fields, not_finite)),
        _ => Err(LegacyError::NotAnObject),
    }
}

/// JSON that every reader takes.
struct Plain<'a> {
    json: Cow<'a, [u8]>,
    not_finite: usize,
}

impl<'a> Plain<'a> {
    fn of(json: &'a [u8]) -> Self {
        let (mut written, mut copied, mut at, mut not_finite) = (Vec::new(), 0, 0, 0);
        let mut is_text = false;
        while at < json.len() {
            let (length, replacement) = if is_text { in_text(&json[at..]) } else { outside(&json[at..]) };
            if let Some(replacement) = replacement {
                not_finite += usize::from(!is_text);
                written.extend_from_slice(&json[copied..at]);
                written.extend_from_slice(replacement);
                copied = at + length;
            }
            is_text ^= json[at] == b'"';
            at += length;
        }
        if copied == 0 {
            return Self { json: Cow::Borrowed(json), not_finite };
        }
        written.extend_from_slice(&json[copied..]);
        Self { json: Cow::Owned(written), not_finite }
    }
}

/// Returns the length of the next piece, and its replacement, if any, outside of texts. `null` beside anything but punctuation
/// is no JSON, so JSON with these words in a wrong place is refused with `null` there, too.
fn outside(json: &[u8]) -> (usize, Option<&'static [u8]>) {
    if !matches!(json[0], b'N' | b'I' | b'-') {
        return (1, None);
    }
    let word = NOT_FINITE.into_iter().find(|word| json.starts_with(word));
    word.map_or((1, None), |word| (word.len(), Some(b"null")))
}

/// Returns the same within a text, its closing quotation mark included.
fn in_text(json: &[u8]) -> (usize, Option<&'static [u8]>) {
    if json[0] != b'\\' {
        return (1, None);
    }
    match surrogate(json) {
        None => (2, None),
        Some(Surrogate::First) if surrogate(&json[ESCAPE_BYTES..]) == Some(Surrogate::Second) => {
            (2 * ESCAPE_BYTES, None)
        }
        Some(_) => (ESCAPE_BYTES, Some(br"\ufffd")),
    }
}

#[derive(PartialEq)]
enum Surrogate {
    First,
    Second,
}

/// Returns the half of a surrogate pair that an escape stands for, if it is one.
fn surrogate(json: &[u8]) -> Option<Surrogate> {
    let digits = json.get(..ESCAPE_BYTES)?.strip_prefix(br"\u")?;
    if !digits.iter().all(u8::is_ascii_hexdigit) || !digits[0].eq_ignore_ascii_case(&b'd') {
        return None;
    }
    match digits[1].to_ascii_lowercase() {
        b'8' | b'9' | b'a' | b'b' => Some(Surrogate::First),
        b'c'..=b'f' => Some(Surrogate::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(text: &str, expected: &Value, expected_count: usize) {
        let (value, not_finite) = parse::<Value>(text.as_bytes()).unwrap();
        assert_eq!((&value, not_finite), (expected, expected_count), "{text}");
    }

    #[test]
    fn numbers_that_are_not_finite_are_nothing() {
        check("NaN", &json!(null), 1);
        check(r#"{"a": [NaN, -Infinity, Infinity,-1], "b":NaN}"#, &json!({"a": [null, null, null, -1], "b": null}), 4);
        check("[1, -2.5e-3]", &json!([1, -2.5e-3]), 0);
    }

    #[test]
    fn texts_keep_their_words() {
        check(r#"{"NaN": "NaN", "a": "\"NaN\\", "b": NaN}"#, &json!({"NaN": "NaN", "a": "\"NaN\\", "b": null}), 1);
        check(r#"["\\", NaN, "-Infinity"]"#, &json!(["\\", null, "-Infinity"]), 1);
    }

    #[test]
    fn half_a_pair_is_a_character_that_is_missing() {
        check(
            r#"["\ud83d\ude00", "\udcff.py", "\ud83d\n", "\ud83d"]"#,
            &json!(["😀", "\u{fffd}.py", "\u{fffd}\n", "\u{fffd}"]),
            0,
        );
        check(r#"["\\ud83d", "\ud83d\ud83d\ude00"]"#, &json!(["\\ud83d", "\u{fffd}😀"]), 0);
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in ["", "-NaN", "NaNNaN", "1NaN", "+Infinity", "nan", "{NaN: 1}", "\"NaN", "[NaN", "\"\\ud83d"] {
            assert!(parse::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn plain_json_is_read_as_by_anyone(text in r#"[\[\]{}",: NaInfity0-9\\u-]{0,40}"#) {
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(parse(text.as_bytes()).unwrap(), (value, 0));
            }
        }

        #[test]
        fn any_bytes_are_json_or_not(bytes in any::<Vec<u8>>()) {
            let _ = parse::<Value>(&bytes);
        }

        #[test]
        fn any_text_survives(words in proptest::collection::vec(".{0,20}", 0..5)) {
            let text = serde_json::to_string(&words).unwrap();
            prop_assert_eq!(parse(text.as_bytes()).unwrap(), (json!(words), 0));
        }
    }
}
