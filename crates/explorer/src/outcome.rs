//! Outcome of a case, in words.

use cruncher_results::store::{CellValue, DONE, FAILED, RETRIED};
use cruncher_study::accounting::CaseState;

/// Returns the state of a case with its symbol, as the rest of the page shows states, and the class that gives it its colour.
pub(super) fn outcome(state: CellValue) -> (&'static str, &'static str) {
    match state {
        CellValue::Text(DONE) => ("✓ done", "state-text-done"),
        CellValue::Text(FAILED) => ("✕ failed", "state-text-failed"),
        CellValue::Text(RETRIED) => ("✕ failed, is tried again", "state-text-failed"),
        CellValue::Text(name) => match CaseState::named(name) {
            Some(CaseState::Queued) => ("○ queued", "state-text-queued"),
            Some(CaseState::Running) => ("▶ running", "state-text-running"),
            Some(CaseState::Dead) => ("† dead", "state-text-dead"),
            Some(CaseState::Lost) => ("? lost", "state-text-lost"),
            Some(CaseState::Cancelled) => ("⊘ cancelled", "state-text-cancelled"),
            _ => ("–", "faint"),
        },
        _ => ("–", "faint"),
    }
}
