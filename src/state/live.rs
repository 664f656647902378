//! The study as it was seen last.

use std::sync::Arc;

use cruncher_backend::watch::Snapshot;
use leptos::prelude::*;

use crate::state::problem::Problem;

/// The study as it was seen last, and whether looking at it works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Live {
    /// What was seen; none before the first look has ended.
    pub(crate) snapshot: RwSignal<Option<Arc<Snapshot>>>,
    /// Why the last look failed, if it did.
    pub(crate) problem: RwSignal<Option<Problem>>,
    /// The time by the servers' clock, every second.
    pub(crate) now: RwSignal<f64>,
    /// When the page was opened, by the servers' clock.
    pub(crate) opened: f64,
}

impl Live {
    /// Nothing is known yet, at `now`.
    pub(crate) fn new(now: f64) -> Self {
        Self { snapshot: RwSignal::new(None), problem: RwSignal::new(None), now: RwSignal::new(now), opened: now }
    }

    /// Takes what a look brought.
    pub(crate) fn take(&self, look: Result<Snapshot, Problem>) {
        match look {
            Ok(snapshot) => {
                self.problem.set(None);
                self.now.set(snapshot.time);
                self.snapshot.set(Some(Arc::new(snapshot)));
            }
            Err(problem) => self.problem.set(Some(problem)),
        }
    }
}
