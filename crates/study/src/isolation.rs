//! Isolation of cases from each other.

use serde::{Deserialize, Serialize};

/// Lifetime of the process that cases are computed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseIsolation {
    /// It is kept as long as its worker: what models import is imported once.
    #[default]
    Worker,
    /// Each case has a fresh one.
    Case,
}

impl CaseIsolation {
    /// Whether it is the usual one, which isn't written.
    #[must_use]
    pub const fn is_usual(&self) -> bool {
        matches!(self, Self::Worker)
    }
}
