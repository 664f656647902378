//! Rows that are shown: those of the chosen batches, among all that the shell reads.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use cruncher_browser::rows;
use cruncher_browser::rows::ShownCounts;
use cruncher_browser::state::route::BatchChoice;
use cruncher_results::case_versions::CaseVersions;
use cruncher_results::chunk::Chunk;
use cruncher_results::store::ResultStore;
use js_sys::Date;
use leptos::prelude::*;

use crate::state::rows::BatchRows;

/// Number of chunks that are taken at once: in between the page reacts to its reader.
const AT_ONCE: usize = 16;

/// Least and greatest time between two drawings while rows come; within these limits, a multiple of the last drawing's time.
const MIN_PAUSE_MILLIS: f64 = 100.0;
const MAX_PAUSE_MILLIS: f64 = 400.0;
const PAUSE_FACTOR: f64 = 3.0;

thread_local! {
    static ROWS: RefCell<BatchRows> = RefCell::default();
    /// Time at which rows were shown last.
    static SHOWN_MILLIS: Cell<f64> = const { Cell::new(0.0) };
    /// Time until the next rows may be shown.
    static PAUSE_MILLIS: Cell<f64> = const { Cell::new(MIN_PAUSE_MILLIS) };
    static IS_WAITING: Cell<bool> = const { Cell::new(false) };
    static IS_TAKING: Cell<bool> = const { Cell::new(false) };
}

/// The rows. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct ResultsData {
    revision: RwSignal<u64>,
    counts: RwSignal<Option<ShownCounts>>,
}

impl ResultsData {
    /// Takes the rows that the shell hands over, now and from now on.
    pub(super) fn follow() -> Self {
        let data = Self { revision: RwSignal::new(0), counts: RwSignal::new(None) };
        let listener = window_event_listener_untyped(rows::MORE, move |_| data.take_chunks_soon());
        on_cleanup(move || listener.remove());
        data.take_chunks_soon();
        data
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
            if let Some(versions) = CaseVersions::from_bytes(&bytes) {
                ROWS.with_borrow_mut(|own| own.set_versions(versions));
            }
            // Bytes that are neither versions nor a chunk were written by another version of this page: they are read again
            // soon.
            if let Some(chunk) = Chunk::from_bytes(&bytes) {
                ROWS.with_borrow_mut(|own| {
                    own.append(&chunk);
                    if taken == 1 {
                        // The waiting chunks are expected to have as many rows to a byte as this one, and some more.
                        let rows = rows::waiting_bytes() / bytes.len() * chunk.len();
                        own.make_room(rows + rows / 16);
                    }
                });
            }
        }
        if taken == AT_ONCE {
            self.take_chunks_soon();
        }
        self.show();
    }

    /// Shows the rows that there are now; while many come, only now and then.
    fn show(self) {
        let revision = self.with_untracked(ResultStore::revision);
        if revision == self.revision.get_untracked() {
            return;
        }
        let wait_millis = SHOWN_MILLIS.get() + PAUSE_MILLIS.get() - Date::now();
        if wait_millis <= 0.0 {
            SHOWN_MILLIS.set(Date::now());
            self.revision.set(revision);
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

    /// Shows other batches, at once. Their rows have other places.
    pub(super) fn choose(self, batches: BatchChoice) {
        ROWS.with_borrow_mut(|rows| rows.choose(batches));
        self.revision.set(self.with_untracked(ResultStore::revision));
    }

    /// Gives the rows to `look` once.
    #[expect(clippy::unused_self, reason = "whoever has no data has nothing to look at")]
    pub(super) fn with_untracked<T>(self, look: impl FnOnce(&ResultStore) -> T) -> T {
        ROWS.with_borrow(|rows| look(rows.shown()))
    }

    /// Returns the counts that the shell knows of the study.
    pub(super) const fn counts(self) -> RwSignal<Option<ShownCounts>> {
        self.counts
    }

    /// Runs the caller again when there are other rows.
    pub(super) fn track(self) {
        self.revision.track();
    }

    /// Gives the rows to `look`, and runs the caller again when there are others.
    pub(super) fn with<T>(self, look: impl FnOnce(&ResultStore) -> T) -> T {
        self.revision.track();
        self.with_untracked(look)
    }
}

/// Sets the pause by the time that it took to show the last rows.
fn pace() {
    let took_millis = Date::now() - SHOWN_MILLIS.get();
    PAUSE_MILLIS.set((PAUSE_FACTOR * took_millis).clamp(MIN_PAUSE_MILLIS, MAX_PAUSE_MILLIS));
}
