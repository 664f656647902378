//! Rows that are shown: those of the chosen batches, among all that the shell reads. There are two tables of them: of the cases with
//! an outcome, and of all cases.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use cruncher_browser::rows;
use cruncher_browser::rows::ShownCounts;
use cruncher_browser::state::route::BatchChoice;
use cruncher_results::case_states::CaseStates;
use cruncher_results::case_versions::CaseVersions;
use cruncher_results::chunk::Chunk;
use cruncher_results::designed_cases::DesignedCases;
use cruncher_results::store::ResultStore;
use js_sys::Date;
use leptos::prelude::*;

use crate::state::rows::BatchRows;

/// Number of chunks that are taken at once: in between the page reacts to its reader.
const AT_ONCE: usize = 16;

/// Least and greatest time between two drawings while rows come; within these limits, a multiple of the last drawing's time.
const MIN_PAUSE_MILLIS: f64 = 250.0;
const MAX_PAUSE_MILLIS: f64 = 400.0;
const PAUSE_FACTOR: f64 = 3.0;

/// Time without other rows after which no more are expected soon: longer than rows that have come may wait to be shown.
const ROWS_QUIET: Duration = Duration::from_secs(1);

thread_local! {
    /// Cases with an outcome, each as its last attempt left it.
    static OUTCOMES: RefCell<BatchRows> = RefCell::new(BatchRows::of_analysis());
    /// All cases, each in its state; `None` before somebody wants them.
    static CASES: RefCell<Option<BatchRows>> = const { RefCell::new(None) };
    /// What only the table of all cases takes, as long as nobody wants that.
    static UNTAKEN: RefCell<Vec<Untold>> = const { RefCell::new(Vec::new()) };
    /// Time at which rows were shown last.
    static SHOWN_MILLIS: Cell<f64> = const { Cell::new(0.0) };
    /// Time until the next rows may be shown.
    static PAUSE_MILLIS: Cell<f64> = const { Cell::new(MIN_PAUSE_MILLIS) };
    static IS_WAITING: Cell<bool> = const { Cell::new(false) };
    static IS_TAKING: Cell<bool> = const { Cell::new(false) };
}

/// Facts of cases that no row tells.
enum Untold {
    States(CaseStates),
    Inputs(Box<DesignedCases>),
}

/// Table of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowScope {
    Outcomes,
    Cases,
}

/// The rows. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct ResultsData {
    scope: RowScope,
    /// Revision of each table.
    revisions: [RwSignal<u64>; 2],
    counts: RwSignal<Option<ShownCounts>>,
}

impl ResultsData {
    /// Takes the rows that the shell hands over, now and from now on: those of cases with an outcome.
    pub(super) fn follow() -> Self {
        let revisions = [RwSignal::new(0), RwSignal::new(0)];
        let data = Self { scope: RowScope::Outcomes, revisions, counts: RwSignal::new(None) };
        let listener = window_event_listener_untyped(rows::MORE, move |_| data.take_chunks_soon());
        on_cleanup(move || listener.remove());
        data.take_chunks_soon();
        data
    }

    /// Returns the rows of all cases, with or without an outcome.
    pub(super) fn all_cases(self) -> Self {
        CASES.with_borrow_mut(|cases| {
            cases.get_or_insert_with(|| {
                let mut cases = OUTCOMES.with_borrow(BatchRows::with_aids);
                UNTAKEN.take().into_iter().for_each(|untold| take_untold(&mut cases, untold));
                cases
            });
        });
        Self { scope: RowScope::Cases, ..self }
    }

    fn rows_revision(self) -> u64 {
        match self.scope {
            RowScope::Outcomes => OUTCOMES.with_borrow(BatchRows::revision),
            RowScope::Cases => CASES.with_borrow(|rows| rows.as_ref().map_or(0, BatchRows::revision)),
        }
    }

    const fn revision(self) -> RwSignal<u64> {
        self.revisions[self.scope as usize]
    }

    fn take_chunks_soon(self) {
        if !IS_TAKING.replace(true) {
            set_timeout(move || self.take_chunks(), Duration::ZERO);
        }
    }

    fn take_chunks(self) {
        IS_TAKING.set(false);
        self.counts.set(rows::counts());
        let mut taken = 0;
        while taken < AT_ONCE
            && let Some(bytes) = rows::next_chunk()
        {
            taken += 1;
            take(&bytes, taken == 1);
        }
        if taken == AT_ONCE {
            self.take_chunks_soon();
        }
        self.show();
    }

    /// Shows the rows that there are now; while many come, only now and then.
    fn show(self) {
        let is_news = |own: &Self| own.rows_revision() != own.revision().get_untracked();
        let mut news = self.tables();
        news.retain(is_news);
        if news.is_empty() {
            return;
        }
        let wait_millis = SHOWN_MILLIS.get() + PAUSE_MILLIS.get() - Date::now();
        if wait_millis <= 0.0 || !self.is_reading() {
            SHOWN_MILLIS.set(Date::now());
            for own in &news {
                own.revision().set(own.rows_revision());
            }
            // The pause is measured after the drawings, which are made in the next frame.
            request_animation_frame(|| set_timeout(pace, Duration::ZERO));
        } else if !IS_WAITING.replace(true) {
            let show = move || {
                IS_WAITING.set(false);
                self.show();
            };
            set_timeout(show, Duration::from_secs_f64(wait_millis.min(MAX_PAUSE_MILLIS) / 1000.0));
        }
    }

    /// Returns both tables, as far as they are wanted.
    fn tables(self) -> Vec<Self> {
        let is_wanted = |scope: &RowScope| *scope == RowScope::Outcomes || CASES.with_borrow(Option::is_some);
        let scopes = [RowScope::Outcomes, RowScope::Cases].into_iter().filter(is_wanted);
        scopes.map(|scope| Self { scope, ..self }).collect()
    }

    /// Shows other batches, at once. Their rows have other places.
    pub(super) fn choose(self, batches: BatchChoice) {
        self.with_rows(|rows| rows.choose(batches));
        self.revision().set(self.rows_revision());
    }

    fn with_rows<T>(self, look: impl FnOnce(&mut BatchRows) -> T) -> T {
        match self.scope {
            RowScope::Outcomes => OUTCOMES.with_borrow_mut(look),
            RowScope::Cases => CASES.with_borrow_mut(|cases| look(cases.get_or_insert_default())),
        }
    }

    /// Gives the rows to `look` once.
    pub(super) fn with_untracked<T>(self, look: impl FnOnce(&ResultStore) -> T) -> T {
        match self.scope {
            RowScope::Outcomes => OUTCOMES.with_borrow(|rows| look(rows.shown())),
            RowScope::Cases => CASES.with_borrow(|rows| match rows {
                Some(rows) => look(rows.shown()),
                None => look(&ResultStore::default()),
            }),
        }
    }

    /// Whether more rows are still to come: there are fewer than cases with an outcome.
    fn is_reading(self) -> bool {
        let rows = OUTCOMES.with_borrow(|rows| rows.shown().len()) as u64;
        self.counts.get_untracked().is_none_or(|counts| rows < counts.done + counts.failed)
    }

    /// Returns the time without a change to wait for before rows are made something of: `quiet`, or longer while they are being
    /// read, since it would be made anew with the next ones.
    pub(super) fn quiet(self, quiet: Duration) -> Duration {
        if self.is_reading() { quiet.max(ROWS_QUIET) } else { quiet }
    }

    /// Returns the counts that the shell knows of the study.
    pub(super) const fn counts(self) -> RwSignal<Option<ShownCounts>> {
        self.counts
    }

    /// Runs the caller again when there are other rows.
    pub(super) fn track(self) {
        self.revision().track();
    }

    /// Returns the revision of the rows that are shown, and runs the caller again when there are others.
    pub(super) fn shown_revision(self) -> u64 {
        self.revision().get()
    }

    /// Gives those rows of the shown batches to `look` that no analysis has, and runs the caller again when there are others.
    pub(super) fn with_aids<T>(self, look: impl FnOnce(&ResultStore) -> T) -> T {
        self.revision().track();
        OUTCOMES.with_borrow(|rows| look(rows.aids()))
    }

    /// Gives the rows to `look`, and runs the caller again when there are others.
    pub(super) fn with<T>(self, look: impl FnOnce(&ResultStore) -> T) -> T {
        self.revision().track();
        self.with_untracked(look)
    }
}

/// Takes bytes that the shell handed over. Bytes that are nothing known were written by another version of this page: they are read
/// again soon. `is_first` of several: room is made for the others.
fn take(bytes: &[u8], is_first: bool) {
    let in_both = |change: &dyn Fn(&mut BatchRows)| {
        OUTCOMES.with_borrow_mut(change);
        CASES.with_borrow_mut(|cases| cases.as_mut().map(change));
    };
    if let Some(versions) = CaseVersions::from_bytes(bytes) {
        return in_both(&|rows| rows.set_versions(versions.clone()));
    }
    if let Some(chunk) = Chunk::from_bytes(bytes) {
        // The waiting chunks are expected to have as many rows to a byte as this one, and some more.
        let more = if is_first { rows::waiting_bytes() / bytes.len() * chunk.len() } else { 0 };
        return in_both(&|rows| {
            rows.append(&chunk);
            rows.make_room(more + more / 16);
        });
    }
    let inputs = || DesignedCases::from_bytes(bytes).map(|designed| Untold::Inputs(Box::new(designed)));
    if let Some(untold) = CaseStates::from_bytes(bytes).map(Untold::States).or_else(inputs) {
        CASES.with_borrow_mut(|cases| match cases {
            Some(cases) => take_untold(cases, untold),
            None => UNTAKEN.with_borrow_mut(|untaken| untaken.push(untold)),
        });
    }
}

fn take_untold(cases: &mut BatchRows, untold: Untold) {
    match untold {
        Untold::States(states) => cases.set_states(&states),
        Untold::Inputs(designed) => cases.append_designed(&designed),
    }
}

/// Sets the pause by the time that it took to show the last rows.
fn pace() {
    let took_millis = Date::now() - SHOWN_MILLIS.get();
    PAUSE_MILLIS.set((PAUSE_FACTOR * took_millis).clamp(MIN_PAUSE_MILLIS, MAX_PAUSE_MILLIS));
}
