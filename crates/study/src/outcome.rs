//! `error-<case_id>.json`: the last failed attempt of a case.

use serde::Deserialize;

use crate::batch::Batch;
use crate::case::{CaseId, Parameters};

/// The last failed attempt of a case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ErrorDocument {
    /// The case.
    pub case_id: CaseId,
    /// Its batch.
    pub batch: Batch,
    /// Its level.
    #[serde(default)]
    pub level: u32,
    /// Its inputs.
    #[serde(default)]
    pub parameters: Parameters,
    /// The worker.
    #[serde(default)]
    pub worker: String,
    /// The worker's computer and process.
    #[serde(default)]
    pub computer: String,
    /// When the attempt began.
    pub start_time: f64,
    /// When it failed.
    pub end_time: f64,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How many there may be.
    pub max_attempts: u32,
    /// The exception's type.
    pub exception: String,
    /// What it says.
    #[serde(default)]
    pub message: String,
    /// Where it happened, the model's own lines included.
    #[serde(default)]
    pub traceback: String,
    /// What groups it with others like it.
    pub signature: String,
    /// Whether no attempt is left.
    #[serde(default, rename = "final")]
    pub is_final: bool,
    /// The last of what the model printed.
    #[serde(default)]
    pub log: String,
}

impl ErrorDocument {
    /// The exception and what it says, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        if self.message.is_empty() { self.exception.clone() } else { format!("{}: {}", self.exception, self.message) }
    }
}
