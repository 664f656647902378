//! State that the page is a function of: the study as it was seen last, and where its reader is.

use std::sync::Arc;

use cruncher_backend::Study;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_study::access::{AccessKey, Role};
use leptos::prelude::*;

use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::Route;

/// The study, what this tab may do with it, and what it shows of it.
#[derive(Clone)]
pub(crate) struct OpenStudy {
    pub(crate) study: Study,
    pub(crate) role: Role,
    /// The workers' key, if this tab may show it.
    pub(crate) worker: Option<AccessKey>,
    /// The viewer's key, if this tab may pass it on.
    pub(crate) viewer: Option<AccessKey>,
    pub(crate) live: LiveStudy,
    pub(crate) reader: ReaderState,
}

impl OpenStudy {
    /// Returns the workers' key, if this tab may show it and it wasn't replaced since.
    pub(crate) fn attach_key(&self, snapshot: Option<&Snapshot>) -> Option<&AccessKey> {
        let is_retired =
            |key: &AccessKey| snapshot.is_some_and(|seen| seen.control.retired_keys.contains_key(&key.key_id));
        self.worker.as_ref().filter(|key| !is_retired(key))
    }
}

/// The study as it was seen last, and whether looking at it works.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiveStudy {
    /// Last snapshot; `None` before the first look has ended.
    pub(crate) snapshot: RwSignal<Option<Arc<Snapshot>>>,
    /// Bytes that have been read, and bytes in all, while there are many.
    pub(crate) reading: RwSignal<(u64, u64)>,
    /// Whether the last look read the rows of the cases, too.
    pub(crate) has_rows: RwSignal<bool>,
    /// Reason why the last look failed, if it did.
    pub(crate) problem: RwSignal<Option<PageProblem>>,
    /// Time by the servers' clock, set every second.
    pub(crate) now: RwSignal<f64>,
    /// Time at which the page was opened, by the servers' clock.
    pub(crate) opened: f64,
}

impl LiveStudy {
    /// Creates the state of a study of which nothing is known yet, at `now`.
    pub(crate) fn new(now: f64) -> Self {
        Self {
            snapshot: RwSignal::new(None),
            reading: RwSignal::new((0, 0)),
            has_rows: RwSignal::new(false),
            problem: RwSignal::new(None),
            now: RwSignal::new(now),
            opened: now,
        }
    }

    /// Takes the outcome of a look.
    pub(crate) fn update(&self, look: Result<Snapshot, PageProblem>) {
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

/// Place of the reader, and their choices.
#[derive(Clone, Copy)]
pub(crate) struct ReaderState {
    /// Route that the address names.
    pub(crate) route: RwSignal<Route>,
    /// Whether the page is dark.
    pub(crate) is_dark: RwSignal<bool>,
    /// Number of workers that the shell's line starts.
    pub(crate) workers: RwSignal<u32>,
    /// Line that was copied last.
    pub(crate) copied: RwSignal<Option<CopiedLine>>,
    /// Change of the requests to the workers that isn't done yet.
    pub(crate) asked: RwSignal<Option<PendingChange>>,
    /// What was done last, in words, if it can't be seen.
    pub(crate) said: RwSignal<Option<&'static str>>,
    /// Reason why each program couldn't be loaded, if so.
    failed: [RwSignal<Option<PageProblem>>; 4],
}

impl ReaderState {
    /// Creates the state of a reader who came to `route`.
    pub(crate) fn new(route: Route, is_dark: bool) -> Self {
        Self {
            route: RwSignal::new(route),
            is_dark: RwSignal::new(is_dark),
            workers: RwSignal::new(4),
            copied: RwSignal::new(None),
            asked: RwSignal::new(None),
            said: RwSignal::new(None),
            failed: [(); 4].map(|()| RwSignal::new(None)),
        }
    }

    /// Returns the reason why a program couldn't be loaded, if so.
    pub(crate) const fn failed(&self, program: PageProgram) -> RwSignal<Option<PageProblem>> {
        self.failed[program as usize]
    }
}

/// Change that was asked for and isn't done.
#[derive(Debug, Clone)]
pub(crate) enum PendingChange {
    Waits,
    Refused(PageProblem),
}

/// Outcome of copying a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CopiedLine {
    /// Name of the line.
    pub(crate) name: &'static str,
    pub(crate) worked: bool,
    /// Time of copying, by the servers' clock.
    pub(crate) time: f64,
}
