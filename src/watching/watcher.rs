//! Watcher of the study: the page here, or a worker beside it.

use cruncher_backend::Study;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::{LightStrategy, StudyWatch};
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::Page;
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_study::access::AccessKey;
use leptos::prelude::RwSignal;

use crate::watching::watch_worker::WatchWorker;

/// Watcher of the study: here while it is small, and beside the page from then on.
pub(crate) struct StudyWatcher {
    key: AccessKey,
    /// Bytes that the worker has read, and bytes in all.
    progress: RwSignal<(u64, u64)>,
    here: Option<StudyWatch<LightStrategy>>,
    beside: Option<WatchWorker>,
    /// Whether inputs of cases without a row are read, too.
    wants_inputs: bool,
}

impl StudyWatcher {
    /// Starts the worker that is needed, if the study was a large one at the last visit or rows are wanted: nothing is known
    /// of it yet, but the worker takes a while.
    pub(crate) fn ahead(page: Page) -> Option<WatchWorker> {
        let is_needed = VisitFlag::Large.is_set() || page.needs_rows();
        is_needed.then(WatchWorker::start)?
    }

    /// Watches `study` with `key`: with the worker `beside` the page, or in the page if there is none.
    pub(crate) fn new(
        study: Study,
        key: AccessKey,
        beside: Option<WatchWorker>,
        progress: RwSignal<(u64, u64)>,
    ) -> Self {
        let here = beside.is_none().then(|| StudyWatch::light(study));
        Self { key, progress, here, beside, wants_inputs: false }
    }

    /// Reads what `page` shows. Rows are read only by the worker beside the page.
    pub(crate) fn read_for(&mut self, page: Page) {
        if page.needs_rows() {
            self.here = None;
        }
        self.wants_inputs |= page == Page::Cases;
    }

    /// Whether it reads rows: what the page itself watches has none.
    pub(crate) const fn reads_rows(&self) -> bool {
        self.here.is_none()
    }

    /// Looks again. If the look `is_thorough`, it lists all documents.
    pub(crate) async fn refresh(&mut self, is_thorough: bool) -> Result<Snapshot, PageProblem> {
        if let Some(watch) = &mut self.here {
            if is_thorough {
                watch.expect_change();
            }
            match watch.refresh().await {
                Ok(Some(snapshot)) => return Ok(snapshot),
                Ok(None) => {
                    VisitFlag::Large.set(true);
                    self.here = None;
                }
                Err(error) => return Err(PageProblem::from(&error)),
            }
        }
        if self.beside.is_none() {
            self.beside = WatchWorker::start();
        }
        let seen = match &mut self.beside {
            Some(beside) => beside.refresh(&self.key, (is_thorough, self.wants_inputs), self.progress).await,
            None => None,
        };
        // A worker that broke is started anew with the next look.
        seen.unwrap_or_else(|| {
            self.beside = None;
            Err(PageProblem::no_watcher())
        })
    }
}
