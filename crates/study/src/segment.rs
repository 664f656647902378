//! `workers/<worker>/segment-<n>.ndjson`: one row an attempt that the worker finished.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::attempt_times;
use crate::batch::Batch;
use crate::case::CaseId;

/// One attempt that has ended.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SegmentRow {
    /// The case's batch.
    pub batch: Batch,
    /// The case.
    pub case_id: CaseId,
    /// The case's level.
    #[serde(default)]
    pub level: u32,
    /// The end of the attempt.
    pub outcome: RowOutcome,
    /// Time when it began.
    pub start_time: f64,
    /// Time when it ended.
    pub end_time: f64,
    /// Whether no attempt is left, after a failure.
    #[serde(default, rename = "final")]
    pub is_final: bool,
    /// Whether the model returned nothing, neither values nor files, after a success.
    #[serde(default, rename = "empty")]
    pub is_empty: bool,
    /// Size of the case's files together, after a success, in KiB.
    #[serde(default)]
    pub files_kib: u32,
    /// The signature of a failure, which groups it with others like it.
    #[serde(default)]
    pub signature: Option<String>,
    /// The exception and its message.
    #[serde(default)]
    pub error: Option<String>,
    /// The numbers of its result.
    #[serde(default, rename = "result")]
    pub numbers: RowNumbers,
}

impl SegmentRow {
    /// Bounds its times: the row was written by the time `written`.
    #[must_use]
    pub fn bounded(mut self, written: f64) -> Self {
        (self.start_time, self.end_time) = attempt_times::bounded(self.start_time, self.end_time, written);
        self
    }
}

/// The responses of a row that are numbers, in the order in which they stand there. A row has no others than scalars.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowNumbers(pub Vec<(String, f64)>);

impl RowNumbers {
    /// Returns the response of this name, or the first one if none is known yet.
    #[must_use]
    pub fn first(&self, known: Option<&str>) -> Option<(&str, f64)> {
        let own = self.0.iter().find(|(name, _)| known.is_none_or(|known| known == name));
        own.map(|(name, number)| (name.as_str(), *number))
    }
}

impl<'de> Deserialize<'de> for RowNumbers {
    /// Reads the numbers of an object. Whatever else stands there is none: results are what models make of them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let result = <&RawValue>::deserialize(deserializer)?;
        Ok(serde_json::from_slice(result.get().as_bytes())
            .map(|ObjectNumbers(numbers)| Self(numbers))
            .unwrap_or_default())
    }
}

struct ObjectNumbers(Vec<(String, f64)>);

impl<'de> Deserialize<'de> for ObjectNumbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

/// Visits an object, whose order no map would keep.
struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = ObjectNumbers;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a result")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<ObjectNumbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some((name, value)) = object.next_entry::<String, &RawValue>()? {
            // Read as JSON, for which there is a parser already: that of `f64` would be 13 KB of the page's first view.
            let number: Option<f64> = serde_json::from_slice(value.get().as_bytes()).ok();
            numbers.extend(number.filter(|number| number.is_finite()).map(|number| (name, number)));
        }
        Ok(ObjectNumbers(numbers))
    }
}

/// The end of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowOutcome {
    /// With a result.
    Done,
    /// With an exception.
    Failed,
}

/// The content of a segment's text.
#[derive(Debug, Default)]
pub struct SegmentRows {
    /// The rows that could be read.
    pub rows: Vec<SegmentRow>,
    /// Number of lines that couldn't be read.
    pub unreadable: usize,
    /// Number of bytes that were read: up to the end of the last whole line.
    pub read_bytes: usize,
}

/// Reads the whole lines of a segment. A last line without its end is left for the next time.
#[must_use]
pub fn parse_segment(text: &[u8]) -> SegmentRows {
    let read_bytes = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut segment = SegmentRows { read_bytes, ..SegmentRows::default() };
    for line in text[..read_bytes].split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
        // A field that isn't read isn't looked at, even if it is no text.
        let row = std::str::from_utf8(line).ok().and_then(|_| serde_json::from_slice(line).ok());
        match row {
            Some(row) => segment.rows.push(row),
            None => segment.unreadable += 1,
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: &str = r#"{"batch": "a", "case_id": "9f86d081884c7d659a2feaa0c55ad015", "level": 3, "replicate": 0, "outcome": "done",
        "attempt": 1, "start_time": 0.0, "end_time": 1.5, "parameters": {"c": 1.0}, "result": {"end_load": 2.0}}"#;

    #[test]
    fn whole_lines_are_rows_and_the_rest_waits() {
        let done = DONE.replace('\n', "");
        let text = format!("{done}\n{{\"batch\": \"../x\"}}\nnonsense\n\n{done}\n{{\"batch\": \"a\", \"ca");
        let segment = parse_segment(text.as_bytes());
        assert_eq!(segment.rows.len(), 2);
        assert_eq!(segment.unreadable, 2);
        assert_eq!(&text[segment.read_bytes..], "{\"batch\": \"a\", \"ca");
        assert_eq!(segment.rows[0].outcome, RowOutcome::Done);
        assert!((segment.rows[0].end_time - 1.5).abs() < f64::EPSILON);
        assert_eq!(segment.rows[0].numbers.first(None), Some(("end_load", 2.0)));
    }

    /// Of fields that nobody reads here, JSON alone doesn't see it, but whoever reads results does.
    #[test]
    fn a_line_that_is_no_text_is_no_row() {
        let mut text = format!("{}\n", DONE.replace('\n', "").replace("\"c\"", "\"?\"")).into_bytes();
        assert_eq!(parse_segment(&text).rows.len(), 1);
        let place = text.iter().position(|&byte| byte == b'?').unwrap();
        text[place] = 0xff;
        let segment = parse_segment(&text);
        assert_eq!((segment.rows.len(), segment.unreadable), (0, 1));
    }

    #[test]
    fn of_a_result_the_numbers_are_read_in_their_order_whatever_it_is() {
        let deep = format!("{{\"deep\": {}1{}, \"z\": 3}}", "[".repeat(100), "]".repeat(100));
        for (result, numbers) in [
            (
                r#"{"z": 1, "t": "2", "n": null, "y": -2.5e3, "f": true, "o": {"x": 1}, "l": [1], "h": 1e999}"#,
                &[("z", 1.0), ("y", -2500.0)][..],
            ),
            (&deep, &[("z", 3.0)]),
            (r#"{"a\"b": 18446744073709551616}"#, &[("a\"b", 18_446_744_073_709_551_616.0)]),
            ("null", &[]),
            ("[1, 2]", &[]),
            ("7", &[]),
        ] {
            let line = DONE.replace('\n', "").replace(r#"{"end_load": 2.0}"#, result);
            let rows = parse_segment(format!("{line}\n").as_bytes()).rows;
            let found: Vec<(&str, f64)> =
                rows[0].numbers.0.iter().map(|(name, number)| (name.as_str(), *number)).collect();
            assert_eq!(found, numbers, "{result}");
        }
        let [two] = [r#"{"a": 1, "b": 2}"#].map(|text| serde_json::from_str::<RowNumbers>(text).unwrap());
        assert_eq!((two.first(Some("b")), two.first(Some("c"))), (Some(("b", 2.0)), None));
    }
}
