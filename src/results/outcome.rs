//! How a case ended, in words.

use cruncher_results::store::{Cell, DONE, FAILED};

/// The state of a case with its symbol, as the rest of the page shows states, and the class that gives it its colour.
pub(super) fn outcome(state: Cell) -> (&'static str, &'static str) {
    match state {
        Cell::Text(DONE) => ("✓ done", "state-text-done"),
        Cell::Text(FAILED) => ("✕ failed", "state-text-failed"),
        Cell::Text(_) => ("✕ failed, is tried again", "state-text-failed"),
        _ => ("–", "faint"),
    }
}
