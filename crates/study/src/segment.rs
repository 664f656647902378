//! `workers/<worker>/segment-<n>.ndjson`: one row an attempt that the worker finished.

use serde::Deserialize;

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
    /// The signature of a failure, which groups it with others like it.
    #[serde(default)]
    pub signature: Option<String>,
    /// The exception and its message.
    #[serde(default)]
    pub error: Option<String>,
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
        match serde_json::from_slice(line) {
            Ok(row) => segment.rows.push(row),
            Err(_) => segment.unreadable += 1,
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
    }
}
