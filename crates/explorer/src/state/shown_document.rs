//! Document that a case left: that of its result, or that of its last failure.

use cruncher_results::curves::{FoundArrays, ResultArray};
use cruncher_study::extract::{CaseExtract, extracts_in};
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use cruncher_study::shown_text::{visible, visible_lines};
use cruncher_study::template::command_line::shown_words;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Maximum size of the part of a document that is shown, in bytes; all of it can be downloaded.
const MAX_SHOWN: usize = 200_000;

/// Document that a case left, as it is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ShownDocument {
    /// Curves of the result.
    pub(crate) lines: Vec<ArrayLine>,
    /// Number of arrays that aren't shown, since there are too many.
    pub(crate) more_arrays: usize,
    /// Number of arrays that have fewer than two numbers, the others being null.
    pub(crate) numberless_arrays: usize,
    /// Warnings of the worker, such as on values that JSON can't hold.
    pub(crate) warnings: Vec<String>,
    /// Exception with its message, if the case failed.
    pub(crate) error: Option<String>,
    /// Traceback of the failure; empty for a result.
    pub(crate) traceback: String,
    /// Number of the attempt, and the maximum number of attempts if that is known.
    pub(crate) attempt: (u32, Option<u32>),
    /// Computer on which the worker ran.
    pub(crate) computer: String,
    /// Text that the model printed.
    pub(crate) log: String,
    /// The command that was run, if the model is one; else empty.
    pub(crate) command: String,
    /// What second models made of its files, the last one first.
    pub(crate) extracts: Vec<CaseExtract>,
}

/// Returns the extractions that a result tells of, as they are shown.
fn extracts(json: &[u8]) -> Vec<CaseExtract> {
    let shown = |told: CaseExtract| CaseExtract {
        model_key: visible(told.file_name()),
        worker: visible(&told.worker),
        log: visible_lines(&told.log),
        warnings: told.warnings.iter().map(|warning| visible(warning)).collect(),
        error: told.error.as_deref().map(visible),
        traceback: visible_lines(&told.traceback),
        ..told
    };
    extracts_in(json).into_iter().rev().map(shown).collect()
}

/// The command that was run: words, or the line of a shell.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredCommand {
    Words(Vec<String>),
    Line(String),
    /// Something else, which is shown with the whole document.
    Other(serde::de::IgnoredAny),
}

/// Returns the command in a document, on lines as they are shown.
fn command_in(json: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Stored {
        command: Option<StoredCommand>,
    }
    let stored: Option<Stored> = serde_json::from_slice(json).ok();
    let command = match stored.and_then(|stored| stored.command) {
        Some(StoredCommand::Words(words)) => shown_words(&words),
        Some(StoredCommand::Line(line)) => line,
        Some(StoredCommand::Other(_)) | None => String::new(),
    };
    visible_lines(beginning(&command).0)
}

/// An array of a result against another one of the same object, or against its places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ArrayLine {
    /// Name of the array that stands to the right; `None` if the places of the values do.
    pub(crate) over: Option<String>,
    /// The array's name, nested names joined by a point.
    pub(crate) name: String,
    /// Number of values that are stored; fewer are drawn of a long array.
    pub(crate) stored: usize,
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
}

/// The result as it is stored: its fields in their own order.
#[derive(Deserialize)]
struct StoredResult<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

impl ShownDocument {
    /// Reads a result document.
    pub(crate) fn result(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: ResultDocument = serde_json::from_slice(json)?;
        let stored: StoredResult = serde_json::from_slice(json)?;
        let arrays =
            stored.result.map_or_else(|| Ok(FoundArrays::default()), |result| FoundArrays::read(result.get()))?;
        Ok(Self {
            lines: lines(&arrays.series),
            more_arrays: arrays.left_out,
            numberless_arrays: arrays.numberless,
            warnings: document.warnings.iter().map(|warning| visible(warning)).collect(),
            attempt: (document.attempt, None),
            computer: visible(&document.computer),
            log: visible_lines(&document.log),
            command: command_in(json),
            extracts: extracts(json),
            ..Self::default()
        })
    }

    /// Reads an error document.
    pub(crate) fn error(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: ErrorDocument = serde_json::from_slice(json)?;
        Ok(Self {
            error: Some(visible(&document.summary())),
            attempt: (document.attempt, Some(document.max_attempts)),
            traceback: visible_lines(&document.traceback),
            computer: visible(&document.computer),
            log: visible_lines(&document.log),
            command: command_in(json),
            ..Self::default()
        })
    }
}

/// Returns a document with line breaks as it is shown, and whether that is all of it.
pub(crate) fn laid_out(json: &[u8]) -> (String, bool) {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(json).is_ok();
    let text = String::from_utf8_lossy(json);
    let mut text = if is_json { indented(&text) } else { text.into_owned() };
    let (shown, is_all) = beginning(&text);
    text.truncate(shown.len());
    (visible_lines(&text), is_all)
}

/// Returns the part of a text that is shown, and whether that is all of it.
pub(crate) fn beginning(text: &str) -> (&str, bool) {
    if text.len() <= MAX_SHOWN { (text, true) } else { (&text[..text.floor_char_boundary(MAX_SHOWN)], false) }
}

/// Returns JSON with a value a line. Only the space between values changes: numbers keep their digits, objects their order.
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

/// Arrays of one object and one length belong together: the first one that only rises or only falls stands to the right.
fn lines(arrays: &[ResultArray]) -> Vec<ArrayLine> {
    let belong = |one: &ResultArray, other: &ResultArray| {
        one.object.is_some() && one.object == other.object && one.stored == other.stored
    };
    let partners = |array: &ResultArray| arrays.iter().filter(|other| belong(array, other)).count();
    let abscissa = |array: &ResultArray| {
        arrays.iter().find(|other| belong(array, other) && is_monotone(&other.values) && partners(other) > 1)
    };
    let line = |array: &ResultArray| match abscissa(array) {
        Some(over) if over.name == array.name => None,
        Some(over) => Some(ArrayLine {
            over: Some(over.name.clone()),
            name: array.name.clone(),
            stored: array.stored,
            x: over.values.clone(),
            y: array.values.clone(),
        }),
        None => {
            let (x, y) = (places(array), array.values.clone());
            Some(ArrayLine { over: None, name: array.name.clone(), stored: array.stored, x, y })
        }
    };
    arrays.iter().filter_map(line).collect()
}

/// Places of an array's values among all that are stored.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 values")]
fn places(array: &ResultArray) -> Vec<f64> {
    let (kept, last) = (array.values.len(), array.stored.saturating_sub(1));
    (0..kept).map(|point| (point * last / kept.saturating_sub(1).max(1)) as f64).collect()
}

fn is_monotone(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1]) || values.windows(2).all(|pair| pair[0] > pair[1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_command_is_shown_as_one_types_it() {
        let shown = |command: &str| command_in(format!(r#"{{"v": 1, "command": {command}}}"#).as_bytes());
        assert_eq!(shown(r#"["run", "--soil", "stiff clay"]"#), "run --soil 'stiff clay'");
        assert_eq!(shown(r#""a | b""#), "a | b");
        for none in ["null", "7", r#"["a", 1]"#, "[]", r#"{"a": 1}"#] {
            assert_eq!(shown(none), "", "{none}");
        }
        assert_eq!(command_in(b"{}"), "");
    }

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
            r#"{"layers": [{"depth": [1, 2], "load": [5, 4]}, {"depth": [1, 2]}], "grid": [[1, 2], [3, 4]]}"#,
            &[
                ("layers[0].load", "layers[0].depth"),
                ("layers[1].depth", "its place"),
                ("grid[0]", "its place"),
                ("grid[1]", "its place"),
            ],
        );
        check(
            r#"{"a": [1, 2, 3], "b": [1, 2], "c": {"d": [1, 2]}}"#,
            &[("a", "its place"), ("b", "its place"), ("c.d", "its place")],
        );
    }

    #[test]
    fn names_with_units_and_points_have_their_abscissa() {
        check(
            r#"{"settlement [mm]": [1, 2, 3], "load [kN]": [4, 6, 5], "disp.x": [3, 1, 2]}"#,
            &[("load [kN]", "settlement [mm]"), ("disp.x", "settlement [mm]")],
        );
    }

    #[test]
    fn long_arrays_keep_their_length_and_their_places() {
        let long = |count: usize| {
            format!("[{}]", (0..count).map(|place| (place % 7).to_string()).collect::<Vec<_>>().join(","))
        };
        let result = format!(r#"{{"a": {}, "b": {}}}"#, long(20_001), long(30_001));
        let lines = ended(&result).lines;
        let told: Vec<_> = lines.iter().map(|line| (line.over.as_deref(), line.stored, line.x[9_999])).collect();
        assert_eq!(told, [(None, 20_001, 20_000.0), (None, 30_001, 30_000.0)]);
    }

    #[test]
    fn what_is_no_curve_is_left_out() {
        for result in [r#"{"a": [1], "b": [], "c": ["x", 1, 2], "e": [null, null, 3]}"#, "null"] {
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
    fn extractions_are_shown_the_last_one_first_and_do_no_harm() {
        let json = r#"{"case_id": "9f86d081884c7d659a2feaa0c55ad015", "batch": "a", "start_time": 1, "end_time": 2, "extracts": [
            {"model": {"key": "models/0/a.py"}, "worker": "w", "start_time": 1, "end_time": 2, "log": "looked"},
            {"model": {"key": "models/0/b\u202e.py"}, "exception": "KeyError", "message": "x\u0000", "traceback": "line 3"}]}"#;
        let shown = ShownDocument::result(json.as_bytes()).unwrap().extracts;
        let told: Vec<_> =
            shown.iter().map(|told| (told.error.is_some(), told.log.as_str(), told.traceback.as_str())).collect();
        assert_eq!(told, [(true, "", "line 3"), (false, "looked", "")]);
        let hostile = format!("{} {:?}", shown[0].model_key, shown[0].error);
        assert!(!hostile.contains(['\u{202e}', '\0']), "{hostile}");
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
            if let Ok(found) = FoundArrays::read(&json) {
                lines(&found.series);
            }
        }
    }
}
