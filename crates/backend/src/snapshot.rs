//! What is known of a study at one moment.

use std::collections::BTreeMap;

use cruncher_study::accounting::{BatchAccount, CaseCounts};
use cruncher_study::control::Control;
use cruncher_study::diagnosis::{Notice, QueueCounts};
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::ledger::Finish;

/// What is known of a study at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// When, in seconds since 1970 by the servers' clock.
    pub time: f64,
    /// The messages of the queue.
    pub queue: QueueCounts,
    /// The messages of the dead-letter queue.
    pub dead_letters: u64,
    /// All cases.
    pub total: CaseCounts,
    /// The cases of each batch, in order.
    pub batches: Vec<BatchAccount>,
    /// What each worker said last, those alive first.
    pub workers: Vec<Heartbeat>,
    /// Failures, those that are alike as one, the largest group first.
    pub error_groups: Vec<ErrorGroup>,
    /// What the operator asks of the workers.
    pub control: Control,
    /// When cases got their results, in the order in which that was learnt.
    pub finishes: Vec<Finish>,
    /// What a person should know, what matters most first.
    pub notices: Vec<Notice>,
    /// Objects that can't be read, and why.
    pub unreadable: BTreeMap<String, String>,
    /// Whether all documents have been looked at. Before that, a large study is known from tables and segments alone.
    pub is_checked: bool,
    /// Whether anything is new since the snapshot before.
    pub has_changed: bool,
}
