//! A message of the queue: a case that waits for a worker.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::case::{CaseId, Parameters};
use crate::isolation::CaseIsolation;
use crate::model::ModelReference;

/// Maximum length of a message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 256 * 1024;

/// A case that waits for a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseMessage {
    /// The version of the protocol.
    pub v: u32,
    /// The identity of the case.
    pub case_id: CaseId,
    /// Its batch.
    pub batch: Batch,
    /// Its place in the order of the batch.
    pub level: u32,
    /// The enqueueing that it belongs to.
    pub submission: String,
    /// Its model.
    pub model: ModelReference,
    /// Its inputs.
    pub parameters: Parameters,
    /// Its number among equal cases.
    pub replicate: u32,
    /// Whether it is computed although its result exists.
    pub force: bool,
    /// Maximum duration, in seconds.
    pub time_limit_secs: Option<f64>,
    /// Maximum number of attempts.
    pub max_attempts: u32,
    /// Lifetime of the process that a case is computed in.
    #[serde(default, skip_serializing_if = "CaseIsolation::is_usual")]
    pub isolation: CaseIsolation,
    /// The model that is run over files of the case, which was computed before, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<ModelReference>,
}

impl CaseMessage {
    /// The text that is sent.
    ///
    /// # Panics
    /// Never: a message has no map with keys that aren't texts.
    #[must_use]
    pub fn body(&self) -> String {
        serde_json::to_string(self).expect("a message is plain JSON")
    }

    /// Returns the id that keeps the queue from holding the case twice, when a batch of messages is sent again.
    #[must_use]
    pub fn deduplication_id(&self) -> String {
        format!("{}-{}", self.case_id, self.submission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_golden_file() {
        #[derive(Deserialize)]
        struct Golden {
            name: String,
            message: serde_json::Value,
            deduplication_id: String,
        }
        let golden: Vec<Golden> = serde_json::from_str(include_str!("../../../tests/golden/messages.json")).unwrap();
        assert!(golden.len() > 1);
        for case in golden {
            let message: CaseMessage = serde_json::from_value(case.message.clone()).unwrap();
            let body: serde_json::Value = serde_json::from_str(&message.body()).unwrap();
            assert_eq!(body, case.message, "{}", case.name);
            assert_eq!(message.deduplication_id(), case.deduplication_id, "{}", case.name);
        }
    }
}
