//! Watching a study of any size: rows are read by column, and are kept on a cache once they were read.

use std::collections::BTreeSet;
use std::rc::Rc;

use cruncher_aws::{Error, s3};
use cruncher_results::chunk::Chunk;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::case_table::{TableRow, read_table};
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::key::WorkerKey;
use cruncher_study::number_format::thousands;
use cruncher_study::segment::RowOutcome;

use super::document_cache::{CacheEntry, DocumentCache, NoCache};
use super::documents::KnownDocuments;
use super::first_response;
use super::held_rows::{HeldChunk, HeldRows};
use super::legacy::LegacyObjects;
use super::opening::{OpeningListing, tables_on};
use super::snapshot::Snapshot;
use super::strategy::{ReadTable, WatchStrategy};
use super::untold::ToldStates;
use super::versions::ToldVersions;
use super::{SegmentPlace, StudyWatch};
use crate::reading::{Body, MAX_ROWS_BYTES, ReadRequest};
use crate::study::Study;

/// Number of segments that are read before their rows are put on the cache.
const AT_ONCE: usize = 64;

/// Reads studies of any size.
pub struct FullStrategy {
    pub(super) cache: Rc<dyn DocumentCache>,
    pub(super) opening: OpeningListing,
    pub(super) documents: KnownDocuments,
    pub(super) held_rows: HeldRows,
    pub(super) legacy: LegacyObjects,
    pub(super) told_versions: ToldVersions,
    pub(super) told_states: ToldStates,
    /// Key and entity tag of each table whose cases' inputs were told.
    pub(super) told_inputs: BTreeSet<(String, String)>,
}

impl StudyWatch {
    /// Watches `study` from now on.
    #[must_use]
    pub fn new(study: Study) -> Self {
        Self::with_cache(study, Rc::new(NoCache))
    }

    /// Watches `study` from now on; entries of `cache` aren't read again.
    #[must_use]
    pub fn with_cache(study: Study, cache: Rc<dyn DocumentCache>) -> Self {
        let (opening, documents, legacy) =
            (OpeningListing::default(), KnownDocuments::default(), LegacyObjects::default());
        let (told_versions, told_states, told_inputs) = <(ToldVersions, ToldStates, BTreeSet<_>)>::default();
        let held_rows = HeldRows::default();
        let strategy =
            FullStrategy { cache, opening, documents, held_rows, legacy, told_versions, told_states, told_inputs };
        Self::by(strategy, study)
    }

    /// Looks again. This takes four requests if nothing changed.
    ///
    /// The first snapshot of a large study comes from tables and segments alone; the next one knows its documents, too.
    /// Results without a row are then read gradually, some with each look.
    ///
    /// # Errors
    /// If a request fails. Everything learnt before stays, and the next call continues from there.
    ///
    /// # Panics
    /// Never: this strategy reads studies of any size.
    pub async fn refresh(&mut self) -> Result<Snapshot, Error> {
        let has_read = self.read_documents().await?;
        let snapshot = self.look().await?.expect("studies of any size are read");
        self.tell_versions(&snapshot);
        self.tell_states(&snapshot);
        Ok(Snapshot { has_changed: snapshot.has_changed || has_read, ..snapshot })
    }

    /// Looks until all is known: until all documents were looked at, and the results that have no row were read.
    ///
    /// While workers compute there is always something new. The end is therefore reached as soon as no fewer results are left
    /// than with the look before.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn refresh_until_read(&mut self) -> Result<Snapshot, Error> {
        let mut unread = usize::MAX;
        loop {
            let snapshot = self.refresh().await?;
            if !snapshot.is_checked {
                continue;
            }
            let left = self.strategy.documents.unread() + self.heartbeats.unread();
            if left == 0 || left >= unread {
                return Ok(snapshot);
            }
            unread = left;
        }
    }

    /// Enters segments that are on the cache as they are now, and returns those that are still to be read.
    async fn take_segments_from_cache(&mut self, mut wanted: Vec<ReadRequest>) -> Vec<ReadRequest> {
        let names: Vec<String> =
            wanted.iter().filter(|wanted| wanted.start == 0).map(|wanted| wanted.object.key.clone()).collect();
        let mut found = self.strategy.cache.clone().get(&names).await.into_iter();
        wanted.retain(|ReadRequest { object, start }| {
            let kept = if *start == 0 { found.next().flatten() } else { None };
            let kept = kept.as_deref().and_then(|kept| CacheEntry::read(kept, &object.etag));
            let Some((kept, chunk)) = kept.and_then(|kept| Some((kept, Chunk::from_bytes(kept)?))) else { return true };
            self.enter_segment_rows(object, &chunk, kept.to_vec());
            let place = SegmentPlace { read: object.size_bytes, size: object.size_bytes };
            self.segments.insert(object.key.clone(), place);
            false
        });
        wanted
    }

    /// Reads these segments, some at once.
    async fn read_all_segments(&mut self, grown: Vec<ReadRequest>) -> Result<(), Error> {
        let mut unread = self.take_segments_from_cache(grown).await;
        let of_bytes = unread.iter().map(ReadRequest::bytes).sum();
        let mut read_bytes = 0;
        while !unread.is_empty() {
            let rest = unread.split_off(unread.len().min(AT_ONCE));
            self.read_some_segments(std::mem::replace(&mut unread, rest), &mut read_bytes, of_bytes).await?;
        }
        Ok(())
    }

    async fn read_some_segments(
        &mut self,
        wanted: Vec<ReadRequest>,
        read_bytes: &mut u64,
        of_bytes: u64,
    ) -> Result<(), Error> {
        let (study, place) = (self.study.clone(), self.strategy.cache.clone());
        let mut kept = Vec::new();
        let mut enter = |object: s3::ListedObject, read: Body| {
            *read_bytes += read.as_ref().map_or(0, |body| body.len() as u64);
            place.progress(*read_bytes, of_bytes);
            kept.extend(self.enter_segment(object, read));
        };
        let read = study.read_each(wanted, MAX_ROWS_BYTES, &mut enter).await;
        place.put(kept).await;
        read
    }

    /// Enters the rows of a segment, and returns its entry for the cache, if it was read as a whole.
    fn enter_segment(&mut self, object: s3::ListedObject, read: Body) -> Option<(String, Vec<u8>)> {
        let Some(WorkerKey::Segment(worker)) = WorkerKey::parse(&object.key) else { return None };
        let body = match read {
            Ok(body) => body,
            Err(reason) => {
                self.note_unreadable_segment(object, reason);
                return None;
            }
        };
        let parsed = Chunk::parse(worker, &body);
        let bytes = parsed.chunk.to_bytes();
        let read_bytes = parsed.read_bytes as u64;
        let is_whole = read_bytes == object.size_bytes && parsed.unreadable == 0;
        let kept = is_whole.then(|| (object.key.clone(), CacheEntry::write(&object.etag, &bytes)));
        self.enter_segment_rows(&object, &parsed.chunk, bytes);
        self.note_segment(object, read_bytes, parsed.unreadable);
        kept
    }

    /// Enters rows of a segment, and passes them on as `bytes`, if all their cases are known. Otherwise they are held until it is
    /// known which results there are: whoever has a worker's key can write any row.
    fn enter_segment_rows(&mut self, object: &s3::ListedObject, chunk: &Chunk, bytes: Vec<u8>) {
        let written = object.last_modified.as_secs_f64();
        if self.known_rows(chunk).len() == chunk.len() {
            self.enter_chunk(chunk, &bytes, written);
        } else {
            let held = HeldChunk { key: object.key.clone(), bytes, written, time: self.study.now() };
            self.strategy.held_rows.hold(held);
        }
    }

    /// The rows whose cases a table, a listing or a document names.
    fn known_rows(&self, chunk: &Chunk) -> Vec<usize> {
        let is_known = |row: &usize| {
            let attempt = chunk.attempt(*row);
            self.ledger.knows(attempt.batch, attempt.case_id)
        };
        (0..chunk.len()).filter(is_known).collect()
    }

    /// Enters the rows that were held, of cases that are known by now, after a listing that was begun at `listed`. The others tell
    /// of nothing, nor does one of a result that isn't there; what was read since then waits for the next listing.
    pub(super) fn release_held_rows(&mut self, listed: f64) {
        for held in self.strategy.held_rows.take() {
            let Some(chunk) = Chunk::from_bytes(&held.bytes) else { continue };
            let is_there = |row: &usize| {
                let row = chunk.attempt(*row).to_row().bounded(held.written);
                row.outcome == RowOutcome::Failed
                    || self.ledger.has_proof(&(row.batch, row.case_id), row.end_time, listed)
            };
            let mut rows = self.known_rows(&chunk);
            rows.retain(is_there);
            let others = chunk.len() - rows.len();
            if others == 0 {
                self.enter_chunk(&chunk, &held.bytes, held.written);
                continue;
            }
            if held.time > listed {
                self.strategy.held_rows.hold(held);
                continue;
            }
            self.note_unreadable(
                held.key,
                format!(
                    "{} of its rows are of cases that nobody has sent, or of results that aren't there",
                    thousands(others as u64)
                ),
            );
            if !rows.is_empty() {
                let chunk = chunk.only(&rows);
                self.enter_chunk(&chunk, &chunk.to_bytes(), held.written);
            }
        }
    }

    /// Enters rows that were written by the time `written`, and passes them on as bytes.
    pub(super) fn enter_chunk(&mut self, chunk: &Chunk, bytes: &[u8], written: f64) {
        self.add_rows(chunk, written);
        self.strategy.cache.rows(bytes);
    }

    pub(super) fn add_rows(&mut self, chunk: &Chunk, written: f64) {
        first_response::add_rows(&mut self.ledger, chunk, written);
    }
}

impl WatchStrategy for FullStrategy {
    async fn read_segments(watch: &mut StudyWatch<Self>, grown: Vec<ReadRequest>) -> Result<Option<()>, Error> {
        watch.open().await?;
        watch.read_all_segments(grown).await.map(Some)
    }

    async fn read_tables(watch: &StudyWatch<Self>, wanted: Vec<ReadRequest>) -> Result<Vec<ReadTable>, Error> {
        let listed = wanted.into_iter().map(|wanted| wanted.object).collect();
        let (mut tables, unread) = tables_on(&watch.strategy.cache, listed).await;
        let (unread, mut kept) = (unread.into_iter().map(ReadRequest::whole).collect(), Vec::new());
        let mut enter = |object: s3::ListedObject, read: Body| {
            let rows = read.and_then(|body| read_table(&body).map_err(|error| error.to_string()));
            if let Ok(rows) = &rows {
                kept.push((object.key.clone(), CacheEntry::write(&object.etag, &TableRow::to_bytes(rows))));
            }
            tables.push((object, rows));
        };
        watch.study.read_each(unread, MAX_ROWS_BYTES, &mut enter).await?;
        watch.strategy.cache.put(kept).await;
        Ok(tables)
    }

    async fn look_at_data(watch: &mut StudyWatch<Self>) -> Result<Option<bool>, Error> {
        watch.look_below_data().await.map(Some)
    }

    fn unread_errors(&self) -> usize {
        self.documents.unread_errors()
    }

    fn goes_on(&self, now: f64) -> bool {
        self.legacy.goes_on(now) || !self.held_rows.is_empty()
    }

    fn workers(&self) -> &[Heartbeat] {
        self.legacy.workers()
    }

    fn running(&self, now: f64) -> impl Iterator<Item = CaseRef> {
        self.legacy.running(now)
    }

    fn has_other_queue(&self) -> bool {
        self.legacy.is_there()
    }

    fn held_elsewhere(&self, now: f64) -> BTreeSet<Batch> {
        self.legacy.held_elsewhere(now)
    }
}
