//! Reading the rows of all cases, as the page does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use cruncher_backend::study::Study;
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::document_cache::DocumentCache;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_results::column_id::CaseField;
use cruncher_results::mask::RowMask;
use cruncher_results::store::ResultStore;
use cruncher_study::accounting::{BatchAccount, CaseCounts, total};
use cruncher_study::batch::Batch;
use cruncher_study::key::{DataKey, WorkerKey};

use super::selection::TableSelection;
use crate::failure::CommandFailure;
use crate::output::ProgressReporter;
use crate::text::size;

/// Pause between looks for rows that may come, and the maximum number of looks. Workers write rows every 5 seconds.
const PAUSE: Duration = Duration::from_secs(1);
const MAX_LOOKS: usize = 7;

/// Results of a study, as far as they could be read.
pub(super) struct GatheredResults {
    /// The rows of cases that count: of all batches, or of the wanted ones.
    pub(super) store: ResultStore,
    /// The counts of the cases of the wanted batches, by all that is known.
    pub(super) counts: CaseCounts,
    /// Objects whose rows are wanted and can't be read, with the reasons.
    pub(super) unreadable: BTreeMap<String, String>,
    /// Number of cases of these batches that ended without a row that says how.
    pub(super) lacking: u64,
}

impl GatheredResults {
    fn new(store: ResultStore, snapshot: Snapshot, batch: Option<&Batch>) -> Self {
        let counts = counts(&snapshot, batch);
        let mut unreadable = snapshot.unreadable;
        unreadable.retain(|key, _| has_rows(key, batch));
        let lacking = lacking(&counts, &TableSelection::new(&store, batch));
        // Columns of an older version, or of another batch, aren't wanted.
        let store = if store.versions().is_empty() { store } else { store.part(&wanted_rows(&store, batch)) };
        Self { store, counts, unreadable, lacking }
    }

    /// Whether a table of it has every case that ended.
    pub(super) fn is_complete(&self) -> bool {
        self.unreadable.is_empty() && self.lacking == 0
    }
}

/// Selects the rows of the batches that are wanted, without those of withdrawn cases.
fn wanted_rows(store: &ResultStore, batch: Option<&Batch>) -> RowMask {
    let batches = store.field(CaseField::Batch);
    let mut rows = store.counted();
    rows.retain(|row| batch.is_none_or(|batch| batch.contains(store.label(batches.code(row)))));
    rows
}

/// Counts the cases of the batches that are wanted.
fn counts(snapshot: &Snapshot, batch: Option<&Batch>) -> CaseCounts {
    let is_wanted = |account: &&BatchAccount| batch.is_none_or(|batch| batch.contains(account.batch.as_str()));
    total(&snapshot.batches.iter().filter(is_wanted).cloned().collect::<Vec<_>>())
}

/// Returns the number of cases that are known to have ended, and that a table doesn't have.
fn lacking(known: &CaseCounts, table: &TableSelection<'_>) -> u64 {
    let missing = |known: u64, rows: &RowMask| known.saturating_sub(rows.count() as u64);
    missing(known.done, &table.done) + missing(known.failed, &table.failed)
}

/// Reads a study until all its documents are known. The rows of cases that have just ended come within seconds: it waits for
/// those of workers that are alive.
pub(super) async fn gather(study: Study, batch: Option<&Batch>) -> Result<GatheredResults, CommandFailure> {
    let cache = Rc::new(Collection { store: RefCell::default(), reporter: ProgressReporter::new() });
    cache.reporter.now("looking what there is");
    let mut watch = StudyWatch::with_cache(study, cache.clone());
    let mut snapshot = watch.refresh_until_read().await?;
    for _ in 0..MAX_LOOKS {
        if !is_behind(&cache.store.borrow(), &snapshot, batch) {
            break;
        }
        cache.reporter.now("waiting for the rows of cases that have just ended");
        watch.study().client.ports().sleep.sleep(PAUSE).await;
        snapshot = watch.refresh_until_read().await?;
    }
    Ok(GatheredResults::new(cache.store.take(), snapshot, batch))
}

/// Whether cases have ended whose rows a worker may still write.
fn is_behind(store: &ResultStore, snapshot: &Snapshot, batch: Option<&Batch>) -> bool {
    let is_alive = snapshot.workers.iter().any(|worker| worker.is_alive(snapshot.time));
    is_alive && lacking(&counts(snapshot, batch), &TableSelection::new(store, batch)) > 0
}

/// Whether an object holds rows of the batch.
fn has_rows(key: &str, batch: Option<&Batch>) -> bool {
    match DataKey::parse(key) {
        Some(DataKey::Done(own, _) | DataKey::Error(own, _)) => batch.is_none_or(|batch| batch.contains(own.as_str())),
        Some(_) => false,
        None => matches!(WorkerKey::parse(key), Some(WorkerKey::Segment(_))),
    }
}

/// Cache that collects what is read, and keeps nothing for another time.
struct Collection {
    store: RefCell<ResultStore>,
    reporter: ProgressReporter,
}

impl DocumentCache for Collection {
    fn rows(&self, chunk: &[u8]) {
        self.store.borrow_mut().take_bytes(chunk);
    }

    fn progress(&self, read_bytes: u64, of_bytes: u64) {
        self.reporter.now(format!("reading rows, {} of {}", size(read_bytes), size(of_bytes)));
    }
}
