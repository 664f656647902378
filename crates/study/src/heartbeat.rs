//! `workers/<worker>/heartbeat.json`: a worker's state and case.

use serde::{Deserialize, Serialize};

use crate::batch::Batch;
use crate::case::CaseId;
use crate::pool::Pool;

/// Time for which a heartbeat counts as a sign of life, in seconds.
pub const FRESH_SECS: f64 = 180.0;

/// Time after which a worker writes its next heartbeat at the latest, in seconds.
const HEARTBEAT_SECS: f64 = 60.0;

/// Time after which a worker that writes nothing is called silent, in seconds: it writes a heartbeat every minute.
const SILENT_SECS: f64 = 75.0;

/// A worker's state and case at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The worker: host, system, process and a random part.
    pub worker: String,
    /// The computer's name.
    pub host: String,
    /// The software that hosts it, and its version.
    #[serde(default)]
    pub version: String,
    /// Time when it was attached.
    pub start_time: f64,
    /// Time when it wrote this.
    pub time: f64,
    /// Its state.
    pub state: WorkerState,
    /// The case in its hands.
    #[serde(default)]
    pub case: Option<RunningCase>,
    /// Cases that it came to an end with since it was attached, by outcome.
    #[serde(default)]
    pub counts: WorkerCounts,
    /// The median duration of the cases that it finished, in seconds.
    #[serde(default)]
    pub median_secs: Option<f64>,
    /// An error message, if there is one.
    #[serde(default)]
    pub message: Option<String>,
    /// The traceback of a crash.
    #[serde(default)]
    pub traceback: Option<String>,
    /// Time for which a lease lasts, in seconds: so long after its last sign of life a worker that was killed holds its case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_secs: Option<f64>,
    /// Maximum silence of a worker that is still at work, in seconds, if that isn't [`FRESH_SECS`]. No worker of this protocol
    /// has it: it is for computers of the predecessor, which write nothing while they compute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_silence_secs: Option<f64>,
    /// Id of the access key that it was attached with, which is no secret; `None` of workers that don't tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Whether it has ended because that key was replaced.
    #[serde(default)]
    pub key_retired: bool,
    /// The pool that it is attached to, if that isn't the study's own queue.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::pool::pool_or_none")]
    pub pool: Option<Pool>,
}

impl Heartbeat {
    /// Whether it has ended, or wasn't heard of for so long that it won't come back. Computers of the predecessor have no
    /// heartbeats, and are never told so.
    #[must_use]
    pub fn is_gone(&self, now: f64) -> bool {
        self.max_silence_secs.is_none() && (self.state.is_over() || !self.is_fresh(now))
    }

    /// Whether it is a sign of life at `now`.
    #[must_use]
    pub fn is_fresh(&self, now: f64) -> bool {
        now - self.time < self.max_silence_secs.unwrap_or(FRESH_SECS)
    }

    /// Whether the worker should have written something since. It may be at work all the same: until its heartbeat isn't fresh
    /// any more, its case counts as running.
    #[must_use]
    pub fn is_silent(&self, now: f64) -> bool {
        !self.state.is_over() && now - self.time > self.max_silence_secs.unwrap_or(SILENT_SECS)
    }

    /// Returns the time until which another worker can't take the case that it had, at the latest, if that is known: it may have extended
    /// its lease up to the moment when its next heartbeat was due.
    #[must_use]
    pub fn held_until(&self) -> Option<f64> {
        self.lease_secs.map(|lease_secs| self.time + HEARTBEAT_SECS + lease_secs)
    }

    /// Returns the part of the worker's name that tells it from others on its host: its process and a random part.
    #[must_use]
    pub fn process(&self) -> &str {
        self.worker.rsplit('_').next().unwrap_or_default()
    }

    /// Whether the worker takes cases or will do so again, as far as is known at `now`: a silent one may have been killed.
    #[must_use]
    pub fn is_alive(&self, now: f64) -> bool {
        self.is_fresh(now) && !self.state.is_over() && !self.is_silent(now)
    }
}

/// The state of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WorkerState {
    /// It was attached just now.
    Starting,
    /// It asks for a case and gets none.
    Waiting,
    /// It has a case in its hands.
    Running,
    /// The operator paused the study.
    Paused,
    /// The study halted by itself, or the worker did, since attempts failed one after the other.
    Halted,
    /// Its computer can't run any case at present, or its cases fail in a row: it tries again after a while.
    Resting,
    /// It was drained, or ended by its user.
    Stopped,
    /// Its credentials were not accepted.
    Refused,
    /// An error outside of the model ended it.
    Crashed,
}

impl WorkerState {
    /// Whether the worker has ended.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Stopped | Self::Refused | Self::Crashed)
    }
}

/// The case in a worker's hands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunningCase {
    /// The case.
    pub case_id: CaseId,
    /// Its batch.
    pub batch: Batch,
    /// Its level.
    pub level: u32,
    /// Number of times that it was handed out, this time included.
    pub attempt: u32,
    /// Time when this attempt began.
    pub start_time: f64,
    /// Progress as the model reports it, from 0 to 1.
    #[serde(default)]
    pub progress: Option<f64>,
    /// Progress as a text of the model.
    #[serde(default)]
    pub progress_text: Option<String>,
}

/// Cases that a worker came to an end with since it was attached, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkerCounts {
    /// Cases with a result.
    pub done: u64,
    /// Cases that used up their attempts.
    pub failed: u64,
    /// Failures after which the case was handed out again.
    pub retried: u64,
    /// Cases that had a result already.
    pub skipped: u64,
    /// Cases that had been cancelled.
    pub cancelled: u64,
}

impl WorkerCounts {
    /// Number of attempts that it has made.
    #[must_use]
    pub const fn computed(&self) -> u64 {
        self.done + self.failed + self.retried
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heartbeat_of_the_protocol_is_read() {
        let json = r#"{"v": 1, "worker": "node7_linux_4711-3fa2c1", "computer": "node7_linux_4711", "host": "node7",
            "os": "linux", "pid": 4711, "version": "Python 3.11.7", "cruncher_version": "0.1.0", "software": "python",
            "start_time": 1790000000.0, "time": 1790000100.0, "state": "running",
            "case": {"case_id": "9f86d081884c7d659a2feaa0c55ad015", "batch": "prandtl", "level": 3, "attempt": 1,
                     "start_time": 1790000090.0, "progress": 0.4, "progress_text": "circle 40 of 100", "lease": "queue"},
            "counts": {"done": 12, "failed": 1, "retried": 0, "skipped": 0, "cancelled": 0}, "median_secs": 7.5,
            "message": null, "traceback": null, "key_id": "AKIA1", "key_retired": false}"#;
        let heartbeat: Heartbeat = serde_json::from_str(json).unwrap();
        assert_eq!(heartbeat.case.as_ref().unwrap().progress, Some(0.4));
        assert!(heartbeat.is_alive(1_790_000_170.0), "it writes every minute");
        assert!(heartbeat.is_fresh(1_790_000_200.0) && !heartbeat.is_alive(1_790_000_200.0));
        assert!(!heartbeat.is_silent(1_790_000_160.0) && heartbeat.is_silent(1_790_000_200.0));
        assert!(!heartbeat.is_alive(1_790_000_280.0), "silent for three minutes");
        assert_eq!(heartbeat.process(), "4711-3fa2c1");
        assert_eq!((heartbeat.key_id.as_deref(), heartbeat.key_retired), (Some("AKIA1"), false));
    }
}
