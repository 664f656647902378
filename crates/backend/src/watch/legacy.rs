//! Objects that the predecessor has left in a bucket, beside the study's own.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_legacy::{ALL_RUNS_KEY, LegacyKey, LegacyStudy, LegacyTable, MAX_COMPUTING_SECS};
use cruncher_results::chunk::Chunk;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::ledger::{DataListing, Ledger};

use super::document_packs::{DocumentPack, PackedDocument};
use super::tables::batch_of_table;
use super::{FullStrategy, StudyWatch};
use crate::reading::{Body, MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES, ReadRequest};

/// Time for which the predecessor may still be at work after something was enqueued or a computer reported, in seconds.
const RECENT_SECS: f64 = 24.0 * 3600.0;

/// The predecessor's objects, as far as they are known.
#[derive(Default)]
pub(super) struct LegacyObjects {
    study: LegacyStudy,
    tables: Vec<LegacyTable>,
    workers: Vec<Heartbeat>,
    /// The cases that computers took, and when.
    taken: Vec<(CaseRef, f64)>,
}

impl LegacyObjects {
    /// Whether the bucket has anything of the predecessor.
    pub(super) fn is_there(&self) -> bool {
        self.study != LegacyStudy::default()
    }

    /// Whether the predecessor may still be at work: something was taken, written or reported lately.
    pub(super) fn goes_on(&self, now: f64) -> bool {
        let is_recent = |time: f64| now - time < RECENT_SECS;
        self.running(now).next().is_some()
            || self.workers.iter().any(|worker| is_recent(worker.time))
            || self.tables.iter().any(|table| is_recent(table.submit_time))
    }

    /// Returns the computers.
    pub(super) fn workers(&self) -> &[Heartbeat] {
        &self.workers
    }

    /// Returns the cases that count as running.
    pub(super) fn running(&self, now: f64) -> impl Iterator<Item = CaseRef> {
        let taken = self.taken.iter().filter(move |(_, time)| now - time < MAX_COMPUTING_SECS);
        taken.map(|(case, _)| case.clone())
    }

    /// Returns the batches of its cases, as long as one of its computers is at work: they take cases from a queue of their own.
    pub(super) fn held_elsewhere(&self, now: f64) -> BTreeSet<Batch> {
        let is_at_work = self.workers.iter().any(|worker| worker.is_alive(now));
        self.tables.iter().filter(|_| is_at_work).map(|table| table.batch.clone()).collect()
    }

    /// Enters cases and results, and adds the objects to a listing, behind everything else.
    pub(super) fn enter(&self, ledger: &mut Ledger, listing: &mut DataListing) {
        for table in &self.tables {
            ledger.add_table(&table.batch, "", table.submit_time, &table.rows);
        }
        for (worker, row) in self.study.rows() {
            ledger.add_row(&worker, &row);
        }
        self.study.extend_listing(listing);
    }

    /// Enters errors, once the ledger knows what is done.
    pub(super) fn enter_errors(&self, ledger: &mut Ledger) {
        self.study.errors().for_each(|error| ledger.add_error(&error));
    }

    fn look_at_workers(&mut self) -> bool {
        let before = (std::mem::take(&mut self.workers), std::mem::take(&mut self.taken));
        self.workers = self.study.heartbeats();
        self.taken = self.study.taken_cases();
        before != (self.workers.clone(), self.taken.clone())
    }
}

fn by_batch(tables: &[LegacyTable]) -> BTreeMap<&Batch, &LegacyTable> {
    tables.iter().map(|table| (&table.batch, table)).collect()
}

impl StudyWatch<FullStrategy> {
    /// Compares with the predecessor's objects, and reads those that tell of states. Returns whether anything was new, and the
    /// results that are still to be read.
    pub(super) async fn compare_legacy(
        &mut self,
        listed: Vec<(LegacyKey, ListedObject)>,
    ) -> Result<(bool, Vec<ListedObject>), Error> {
        if listed.is_empty() && !self.strategy.legacy.is_there() {
            return Ok((false, Vec::new()));
        }
        if !listed.iter().any(|(key, _)| *key == LegacyKey::AllRuns) {
            self.unreadable.remove(ALL_RUNS_KEY);
        }
        let times = listed.iter().map(|(key, object)| (key.clone(), object.last_modified.as_secs_f64())).collect();
        let mut reads = self.strategy.legacy.study.reconcile(&times);
        let objects: BTreeMap<LegacyKey, ListedObject> = listed.into_iter().collect();
        let mut asked = BTreeSet::new();
        // One object may make another one worth reading, and one that was cut off tells nothing.
        loop {
            let wanted: Vec<LegacyKey> = reads.states.into_iter().filter(|key| !asked.contains(key)).collect();
            if wanted.is_empty() {
                break;
            }
            asked.extend(wanted.iter().cloned());
            self.read_legacy_states(wanted.iter().filter_map(|key| objects.get(key))).await?;
            reads = self.strategy.legacy.study.reads();
        }
        self.give_legacy_errors(&asked);
        let has_changed = !asked.is_empty() | self.strategy.legacy.look_at_workers() | self.compare_legacy_tables();
        Ok((has_changed, reads.results.iter().filter_map(|key| objects.get(key)).cloned().collect()))
    }

    async fn read_legacy_states(&mut self, objects: impl Iterator<Item = &ListedObject>) -> Result<(), Error> {
        let (all_runs, single): (Vec<&ListedObject>, Vec<_>) = objects.partition(|object| object.key == ALL_RUNS_KEY);
        let study = self.study.clone();
        for (objects, max_bytes) in [(all_runs, MAX_ROWS_BYTES), (single, MAX_DOCUMENT_BYTES)] {
            let wanted = objects.into_iter().cloned().map(ReadRequest::whole).collect();
            study.read_each(wanted, max_bytes, &mut |object, body| drop(self.add_legacy(&object, body))).await?;
        }
        Ok(())
    }

    /// Adds an object that was read, and returns its key. If it can't be read, that is noted.
    fn add_legacy(&mut self, object: &ListedObject, body: Body) -> Option<LegacyKey> {
        let key = LegacyKey::parse(&object.key)?;
        let add = |body: bytes::Bytes| {
            let added = self.strategy.legacy.study.add(&key, object.last_modified.as_secs_f64(), &body);
            added.map_err(|error| error.to_string())
        };
        match body.and_then(add) {
            Ok(()) => drop(self.unreadable.remove(&object.key)),
            Err(reason) => self.note_unreadable(object.key.clone(), reason),
        }
        Some(key)
    }

    /// Passes on errors that were read, as rows.
    fn give_legacy_errors(&self, read: &BTreeSet<LegacyKey>) {
        let errors =
            self.strategy.legacy.study.errors().filter(|error| read.contains(&LegacyKey::Error(error.case_id)));
        self.give(&Chunk::from_errors(&errors.collect::<Vec<_>>()));
    }

    fn give(&self, chunk: &Chunk) {
        if !chunk.is_empty() {
            self.strategy.cache.rows(&chunk.to_bytes());
        }
    }

    /// Notes the predecessor's tables. If a batch's have changed, all its tables are entered anew, the study's own as well.
    fn compare_legacy_tables(&mut self) -> bool {
        let tables = self.strategy.legacy.study.tables();
        let (known, now) = (by_batch(&self.strategy.legacy.tables), by_batch(&tables));
        let is_other = |batch: &&&Batch| known.get(**batch) != now.get(**batch);
        let batches: BTreeSet<Batch> =
            known.keys().chain(now.keys()).filter(is_other).map(|batch| (*batch).clone()).collect();
        for batch in &batches {
            self.ledger.forget_tables(batch);
        }
        self.tables.retain(|(key, _)| batch_of_table(key).is_none_or(|batch| !batches.contains(&batch)));
        self.strategy.legacy.tables = tables;
        !batches.is_empty()
    }

    /// Takes the predecessor's results from the cache; false if these documents aren't the predecessor's.
    pub(super) fn remember_legacy<'a>(
        &mut self,
        documents: impl Iterator<Item = (&'a PackedDocument, &'a ListedObject)>,
    ) -> bool {
        let mut are_legacy = false;
        for (packed, object) in documents {
            if let Some(more) = &packed.more {
                are_legacy = true;
                self.add_legacy(object, Ok(more.to_string().into()));
            }
        }
        are_legacy
    }

    /// Enters results of the predecessor that were read, passes them on as rows, and puts them on the cache.
    pub(super) async fn enter_legacy_results(&mut self, read: Vec<(ListedObject, Body)>) {
        let (mut cases, mut documents) = (BTreeSet::new(), Vec::new());
        for (object, body) in read {
            let Some(key) = self.add_legacy(&object, body) else { continue };
            let Some(more) = self.strategy.legacy.study.abridged(&key) else { continue };
            if let LegacyKey::Done(_, case) = key {
                cases.insert(case);
            }
            documents.push(PackedDocument { key: object.key, etag: object.etag, more: Some(more) });
        }
        if documents.is_empty() {
            return;
        }
        let legacy = &mut self.strategy.legacy;
        let rows = Chunk::from_documents(&legacy.study.take_results(&cases)).to_bytes();
        for (worker, row) in legacy.study.rows_of(&cases) {
            self.ledger.add_row(&worker, &row);
        }
        // The computers' work follows from all objects together; until all are read it is looked at with each listing only.
        if self.strategy.documents.unread() == 0 {
            legacy.look_at_workers();
        }
        self.strategy.cache.rows(&rows);
        self.pack(DocumentPack { documents, rows }).await;
    }
}
