//! `control.json`: what the operator asks of the workers.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::case::CaseId;

/// Where `control.json` lies.
pub const CONTROL_KEY: &str = "control.json";

/// What the operator asks of the workers. Without the document, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Control {
    /// The version of the protocol.
    pub v: u32,
    /// Workers take no further case.
    pub paused: bool,
    /// Workers that finish their case and stop.
    pub drain: BTreeSet<String>,
    /// Batches none of whose cases are taken any more.
    pub cancelled_batches: BTreeSet<Batch>,
    /// Cases that aren't taken any more.
    pub cancelled_cases: BTreeSet<CaseId>,
}

impl Control {
    /// Whether the case is cancelled, alone or with its batch.
    #[must_use]
    pub fn cancels(&self, batch: &Batch, case: CaseId) -> bool {
        self.cancelled_batches.contains(batch) || self.cancelled_cases.contains(&case)
    }
}
