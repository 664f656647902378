//! What a case left: the document of its result, or that of its last failure.

use std::fmt;

use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// More arrays than these aren't shown.
const MAX_ARRAYS: usize = 24;

/// So much of a document is shown, in bytes; all of it can be downloaded.
const MAX_SHOWN: usize = 200_000;

/// What a case left, as it is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ShownDocument {
    /// Curves of the result.
    pub(crate) lines: Vec<ArrayLine>,
    /// The arrays that aren't shown, since there are too many.
    pub(crate) more_arrays: usize,
    /// The arrays that have fewer than two numbers, the others being null.
    pub(crate) numberless_arrays: usize,
    /// What was changed on the way.
    pub(crate) warnings: Vec<String>,
    /// The exception and what it says, if it failed.
    pub(crate) error: Option<String>,
    /// Where it failed.
    pub(crate) traceback: String,
    /// Which attempt it was, and of how many if that is known.
    pub(crate) attempt: (u32, Option<u32>),
    /// Where its worker ran.
    pub(crate) computer: String,
    /// What the model printed.
    pub(crate) log: String,
}

/// An array of a result against another one of the same object, or against its places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArrayLine {
    /// What stands to the right: an array's name, nothing if it is the place.
    pub(crate) over: Option<String>,
    /// The array's name, nested names joined by a point.
    pub(crate) name: String,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
}

impl ShownDocument {
    /// Reads a result document.
    pub(crate) fn result(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: ResultDocument = serde_json::from_slice(json)?;
        let content: Content = serde_json::from_slice(json)?;
        let mut arrays = Vec::new();
        if let Content::Object(fields) = content {
            let result = fields.into_iter().find(|(name, _)| name == "result").map(|(_, result)| result);
            gather("", result.unwrap_or(Content::Other), &mut arrays);
        }
        let all = arrays.len();
        arrays.retain(|array| array.values.iter().filter(|value| !value.is_nan()).count() > 1);
        let numberless_arrays = all - arrays.len();
        let more_arrays = arrays.len().saturating_sub(MAX_ARRAYS);
        arrays.truncate(MAX_ARRAYS);
        Ok(Self {
            lines: lines(&arrays),
            more_arrays,
            numberless_arrays,
            warnings: document.warnings,
            attempt: (document.attempt, None),
            computer: document.computer,
            log: document.log,
            ..Self::default()
        })
    }

    /// Reads an error document.
    pub(crate) fn error(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: ErrorDocument = serde_json::from_slice(json)?;
        Ok(Self {
            error: Some(document.summary()),
            attempt: (document.attempt, Some(document.max_attempts)),
            traceback: document.traceback,
            computer: document.computer,
            log: document.log,
            ..Self::default()
        })
    }
}

/// A document with line breaks as it is shown, and whether that is all of it.
pub(crate) fn laid_out(json: &[u8]) -> (String, bool) {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok();
    let text = String::from_utf8_lossy(json);
    let mut text = if is_json { indented(&text) } else { text.into_owned() };
    let is_all = text.len() <= MAX_SHOWN;
    if !is_all {
        text.truncate(text.floor_char_boundary(MAX_SHOWN));
    }
    (text, is_all)
}

/// JSON with a value a line. Nothing else than what is between its values changes: numbers keep their digits, objects their order.
fn indented(json: &str) -> String {
    let (mut out, mut depth, mut is_text, mut is_escaped) =
        (String::with_capacity(json.len() * 2), 0_usize, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    for letter in json.chars() {
        match letter {
            _ if is_text => {
                is_text = letter != '"' || is_escaped;
                is_escaped = letter == '\\' && !is_escaped;
                out.push(letter);
                continue;
            }
            ' ' | '\t' | '\r' | '\n' => continue,
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['[', '{']) {
                    line(&mut out, depth);
                }
            }
            _ if out.ends_with(['[', '{', ',']) => line(&mut out, depth),
            _ => {}
        }
        out.push(letter);
        match letter {
            '[' | '{' => depth += 1,
            ':' => out.push(' '),
            '"' => is_text = true,
            _ => {}
        }
        if out.len() > 2 * MAX_SHOWN {
            break;
        }
    }
    out
}

/// An array of numbers, and where it stands.
struct Array {
    object: String,
    name: String,
    values: Vec<f64>,
}

/// All arrays of numbers in the order of the document.
fn gather(path: &str, content: Content, arrays: &mut Vec<Array>) {
    let Content::Object(fields) = content else { return };
    for (name, value) in fields {
        let full = if path.is_empty() { name } else { format!("{path}.{name}") };
        match value {
            Content::Numbers(values) if values.len() > 1 => {
                arrays.push(Array { object: path.to_owned(), name: full, values });
            }
            nested => gather(&full, nested, arrays),
        }
    }
}

/// Arrays of one object and one length belong together: the first one that only rises or only falls stands to the right.
fn lines(arrays: &[Array]) -> Vec<ArrayLine> {
    let belong = |one: &Array, other: &Array| one.object == other.object && one.values.len() == other.values.len();
    let partners = |array: &Array| arrays.iter().filter(|other| belong(array, other)).count();
    let abscissa = |array: &Array| {
        arrays.iter().find(|other| belong(array, other) && is_monotone(&other.values) && partners(other) > 1)
    };
    let line = |array: &Array| match abscissa(array) {
        Some(over) if over.name == array.name => None,
        Some(over) => Some(ArrayLine {
            over: Some(over.name.clone()),
            name: array.name.clone(),
            x: over.values.clone(),
            y: array.values.clone(),
        }),
        None => {
            let x = (0_u32..).take(array.values.len()).map(f64::from).collect();
            Some(ArrayLine { over: None, name: array.name.clone(), x, y: array.values.clone() })
        }
    };
    arrays.iter().filter_map(line).collect()
}

fn is_monotone(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1]) || values.windows(2).all(|pair| pair[0] > pair[1])
}

/// A document in its own order: fields as they were written.
#[derive(Debug, Clone, PartialEq)]
enum Content {
    Object(Vec<(String, Content)>),
    /// Not a number where there is none.
    Numbers(Vec<f64>),
    Number(f64),
    Null,
    Other,
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Content, E> {
        Ok(Content::Other)
    }

    #[expect(clippy::cast_precision_loss, reason = "a plot takes the nearest float")]
    fn visit_i64<E>(self, number: i64) -> Result<Content, E> {
        Ok(Content::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "a plot takes the nearest float")]
    fn visit_u64<E>(self, number: u64) -> Result<Content, E> {
        Ok(Content::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Content, E> {
        Ok(Content::Number(number))
    }

    fn visit_str<E>(self, _: &str) -> Result<Content, E> {
        Ok(Content::Other)
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Content::Object(fields))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Content, A::Error> {
        let (mut numbers, mut is_numbers) = (Vec::new(), true);
        while let Some(element) = sequence.next_element()? {
            match element {
                Content::Number(number) => numbers.push(number),
                Content::Null => numbers.push(f64::NAN),
                _ => is_numbers = false,
            }
        }
        Ok(if is_numbers { Content::Numbers(numbers) } else { Content::Other })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ended(result: &str) -> ShownDocument {
        let json = format!(
            r#"{{"v": 1, "case_id": "9f86d081884c7d659a2feaa0c55ad015", "batch": "a", "parameters": {{"p": [1, 2]}},
                "result": {result}, "start_time": 1, "end_time": 2, "attempt": 2, "log": "text", "warnings": ["x is NaN"]}}"#
        );
        ShownDocument::result(json.as_bytes()).unwrap()
    }

    fn check(result: &str, expected: &[(&str, &str)]) {
        let lines = ended(result).lines;
        let found: Vec<_> =
            lines.iter().map(|line| (line.name.as_str(), line.over.as_deref().unwrap_or("its place"))).collect();
        assert_eq!(found, expected, "{result}");
    }

    #[test]
    fn arrays_of_one_length_are_curves_over_the_first_that_only_rises_or_falls() {
        check(r#"{"curve": {"radius": [1, 2], "load": [5.5, 6]}, "end": 3}"#, &[("curve.load", "curve.radius")]);
        check(r#"{"load": [5, 3, 4], "time": [3, 2, 1], "b": [1, 2, 3]}"#, &[("load", "time"), ("b", "time")]);
        check(r#"{"load": [5, 3, 4], "flow": [1, 1, 1]}"#, &[("load", "its place"), ("flow", "its place")]);
        check(
            r#"{"a": [1, 2, 3], "b": [1, 2], "c": {"d": [1, 2]}}"#,
            &[("a", "its place"), ("b", "its place"), ("c.d", "its place")],
        );
    }

    #[test]
    fn what_is_no_curve_is_left_out() {
        for result in
            [r#"{"a": [1], "b": [], "c": ["x", 1, 2], "d": [[1, 2]], "e": [null, null, 3]}"#, "null", "[1, 2]"]
        {
            check(result, &[]);
        }
        let ended_with = |result: &str| ended(result).numberless_arrays;
        assert_eq!(
            [ended_with(r#"{"a": [null, null], "b": [1, null], "c": [1], "d": [1, 2]}"#), ended_with("{}")],
            [2, 0]
        );
        let gap = &ended(r#"{"a": [1, null, 3]}"#).lines[0];
        assert!(gap.y[1].is_nan() && gap.y[2] > 2.0);
    }

    #[test]
    fn the_rest_of_a_document_is_there() {
        let ended = ended("{}");
        assert_eq!((ended.attempt, ended.log.as_str(), ended.warnings.len()), ((2, None), "text", 1));
    }

    #[test]
    fn a_failure_says_what_and_where() {
        let json = br#"{"case_id": "9f86d081884c7d659a2feaa0c55ad015", "batch": "a", "start_time": 1, "end_time": 2, "attempt": 3,
            "max_attempts": 3, "exception": "ValueError", "message": "negative", "traceback": "line 3", "signature": "s"}"#;
        let ended = ShownDocument::error(json).unwrap();
        assert_eq!(
            (ended.error.as_deref(), ended.traceback.as_str(), ended.attempt),
            (Some("ValueError: negative"), "line 3", (3, Some(3)))
        );
    }

    #[test]
    fn a_long_document_is_cut_off_between_letters() {
        let (text, is_all) = laid_out(format!("\"{}\"", "ä".repeat(MAX_SHOWN)).as_bytes());
        assert!(!is_all && text.len() <= MAX_SHOWN && text.ends_with('ä'));
        assert_eq!(laid_out(b"{\"a\":1}"), ("{\n  \"a\": 1\n}".to_owned(), true));
        assert_eq!(laid_out(b"{"), ("{".to_owned(), true));
    }

    #[test]
    fn a_document_is_shown_as_it_is_stored() {
        let json = r#"{"seed": 4611686018427387905,"b": [18446744073709551617, 1.50,{}, [] ],
            "a": {"t": "x, [\"y\"]: \\", "t": -0.0}}"#;
        let shown = [
            "{",
            "  \"seed\": 4611686018427387905,",
            "  \"b\": [",
            "    18446744073709551617,",
            "    1.50,",
            "    {},",
            "    []",
            "  ],",
            "  \"a\": {",
            r#"    "t": "x, [\"y\"]: \\","#,
            "    \"t\": -0.0",
            "  }",
            "}",
        ];
        assert_eq!(laid_out(json.as_bytes()), (shown.join("\n"), true));
    }

    proptest! {
        #[test]
        fn no_document_breaks_it(json in "[\\[\\]{}\",:a1.e\\- ]{0,40}") {
            drop(ShownDocument::result(json.as_bytes()));
            drop(laid_out(json.as_bytes()));
            if let Ok(content) = serde_json::from_str::<Content>(&json) {
                gather("", content, &mut Vec::new());
            }
        }
    }
}
