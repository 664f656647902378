//! The outcome of a case: `done-<case_id>.json`, its result, or `error-<case_id>.json`, its last failed attempt.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::attempt_times;
use crate::batch::Batch;
use crate::case::{CaseId, Parameters};
use crate::pool::Pool;

/// The result of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultDocument {
    /// The case.
    pub case_id: CaseId,
    /// Its batch.
    pub batch: Batch,
    /// Its level.
    #[serde(default)]
    pub level: u32,
    /// Its number among equal cases.
    #[serde(default)]
    pub replicate: u32,
    /// The enqueueing that it was computed for.
    #[serde(default)]
    pub submission: String,
    /// Its inputs.
    #[serde(default)]
    pub parameters: Parameters,
    /// The model's `result`: numbers, texts, flags, nulls, lists and objects of those.
    #[serde(default)]
    pub result: Value,
    /// The worker.
    #[serde(default)]
    pub worker: String,
    /// The pool that it was computed in, if that isn't the study's own queue.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::pool::pool_or_none")]
    pub pool: Option<Pool>,
    /// The worker's computer and process.
    #[serde(default)]
    pub computer: String,
    /// Time when the attempt began.
    pub start_time: f64,
    /// Time when it was over.
    pub end_time: f64,
    /// The attempt's number, from 1.
    #[serde(default)]
    pub attempt: u32,
    /// The end of the model's printed output.
    #[serde(default)]
    pub log: String,
    /// Warnings, such as those about values that JSON can't hold.
    #[serde(default)]
    pub warnings: Vec<String>,
}

impl ResultDocument {
    /// Bounds its times: the document was written at `written`.
    #[must_use]
    pub fn bounded(mut self, written: f64) -> Self {
        (self.start_time, self.end_time) = attempt_times::bounded(self.start_time, self.end_time, written);
        self
    }

    /// Duration of the attempt, in seconds.
    #[must_use]
    pub fn duration_secs(&self) -> f64 {
        (self.end_time - self.start_time).max(0.0)
    }
}

/// The last failed attempt of a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorDocument {
    /// The case.
    pub case_id: CaseId,
    /// Its batch.
    pub batch: Batch,
    /// Its level.
    #[serde(default)]
    pub level: u32,
    /// The enqueueing that it was computed for; empty in documents of the predecessor.
    #[serde(default)]
    pub submission: String,
    /// Its inputs.
    #[serde(default)]
    pub parameters: Parameters,
    /// The worker.
    #[serde(default)]
    pub worker: String,
    /// The pool that it was computed in, if that isn't the study's own queue.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::pool::pool_or_none")]
    pub pool: Option<Pool>,
    /// The worker's computer and process.
    #[serde(default)]
    pub computer: String,
    /// Time when the attempt began.
    pub start_time: f64,
    /// Time when it failed.
    pub end_time: f64,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// Maximum number of attempts.
    pub max_attempts: u32,
    /// The exception's type.
    pub exception: String,
    /// The exception's message.
    #[serde(default)]
    pub message: String,
    /// The traceback, the model's own lines included.
    #[serde(default)]
    pub traceback: String,
    /// The signature, which groups it with others like it.
    pub signature: String,
    /// Whether no attempt is left.
    #[serde(default, rename = "final")]
    pub is_final: bool,
    /// The end of the model's printed output.
    #[serde(default)]
    pub log: String,
}

impl ErrorDocument {
    /// Bounds its times: the document was written at `written`.
    #[must_use]
    pub fn bounded(mut self, written: f64) -> Self {
        (self.start_time, self.end_time) = attempt_times::bounded(self.start_time, self.end_time, written);
        self
    }

    /// Returns the exception and its message, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.message.is_empty() { self.exception.clone() } else { format!("{}: {}", self.exception, self.message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_of_the_protocol_is_read() {
        let json = r#"{"v": 1, "case_id": "9f86d081884c7d659a2feaa0c55ad015", "batch": "prandtl/level-03", "level": 3,
            "replicate": 0, "submission": "00f1e2d3c4b5a697", "model": {"key": "k", "kind": "python"},
            "parameters": {"friction": 30}, "result": {"end_load": 514000.0, "curve": {"radius_m": [1.0]}},
            "worker": "w", "computer": "c", "version": "Python 3.11.7", "start_time": 1790000000.0,
            "end_time": 1790000001.5, "attempt": 1, "max_attempts": 3, "log": "text", "warnings": ["x is NaN"]}"#;
        let document: ResultDocument = serde_json::from_str(json).unwrap();
        assert_eq!(document.result["curve"]["radius_m"][0], 1.0);
        assert!((document.duration_secs() - 1.5).abs() < 1e-9);
        assert_eq!(document.warnings, ["x is NaN"]);
    }
}
