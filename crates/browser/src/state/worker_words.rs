//! States of workers, in words.

use cruncher_study::heartbeat::{Heartbeat, WorkerState};

/// Returns a worker's state as of `now`: a symbol, which tells it from others without colour, and a word.
#[must_use]
pub fn state_words(worker: &Heartbeat, now: f64) -> (&'static str, &'static str) {
    match worker.state {
        WorkerState::Stopped => ("■", "stopped"),
        WorkerState::Refused => ("✕", "refused"),
        WorkerState::Crashed => ("✕", "crashed"),
        _ if worker.is_silent(now) => ("?", "silent"),
        WorkerState::Starting => ("◌", "starting"),
        WorkerState::Waiting => ("○", "waiting"),
        WorkerState::Running => ("▶", "running"),
        WorkerState::Paused => ("‖", "paused"),
        WorkerState::Halted => ("‖", "halted"),
        WorkerState::Resting => ("‖", "resting"),
    }
}
