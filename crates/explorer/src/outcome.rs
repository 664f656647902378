//! Outcome of a case, in words.

use cruncher_results::store::{CellValue, DONE, FAILED, RETRIED};

/// Returns the state of a case with its symbol, as the rest of the page shows states, and the class that gives it its colour.
pub(super) fn outcome(state: CellValue) -> (&'static str, &'static str) {
    match state {
        CellValue::Text(DONE) => ("✓ done", "state-text-done"),
        CellValue::Text(FAILED) => ("✕ failed", "state-text-failed"),
        CellValue::Text(RETRIED) => ("✕ failed, is tried again", "state-text-failed"),
        CellValue::Text("queued") => ("○ queued", "state-text-queued"),
        CellValue::Text("running") => ("▶ running", "state-text-running"),
        CellValue::Text("lost") => ("? lost", "state-text-lost"),
        CellValue::Text("cancelled") => ("⊘ cancelled", "state-text-cancelled"),
        CellValue::Text("dead") => ("† dead", "state-text-dead"),
        _ => ("–", "faint"),
    }
}
