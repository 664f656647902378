//! Results that no segment has a row of: they are read one by one, a limited number with each look.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_results::chunk::Chunk;
use cruncher_study::case::CaseRef;
use cruncher_study::key::DataKey;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};

use super::document_packs::{DocumentPack, PackNumbers, PackedDocument, find};
use super::{FullStrategy, StudyWatch};
use crate::reading::{Body, MAX_DOCUMENT_BYTES, ReadRequest, parse};

/// Maximum number of documents that a look reads.
const MAX_DOCUMENTS: usize = 500;

/// Maximum number of bytes of documents that a look reads, though it reads one document in any case.
const MAX_BYTES: u64 = 16 << 20;

/// Minimum age of a result before it is read, in seconds: until then its row may still come.
const ROW_DELAY_SECS: f64 = 60.0;

/// Longest time between the end of an attempt and the writing of the result that its row tells of, in seconds. A result
/// written later than that has replaced the row's result.
const WRITING_SECS: f64 = 300.0;

/// Single documents, as far as they are known.
#[derive(Default)]
pub(super) struct KnownDocuments {
    /// Documents still to be read, in the order in which they will be.
    unread: VecDeque<ReadRequest>,
    /// Error documents that no row tells of and that are still to be read.
    unread_errors: VecDeque<ReadRequest>,
    /// Entity tags of documents that needn't be read again, though the ledger doesn't know that.
    known: BTreeMap<String, String>,
    packs: Option<PackNumbers>,
    read_bytes: u64,
    of_bytes: u64,
}

/// A document and its content, or why it couldn't be read.
type Read = (ListedObject, Body);

impl KnownDocuments {
    /// Sets the documents that are to be read from now on.
    pub(super) fn want(&mut self, unread: Vec<ReadRequest>) {
        (self.read_bytes, self.of_bytes) = (0, unread.iter().map(ReadRequest::bytes).sum());
        self.unread = unread.into();
    }

    /// Sets the error documents that are to be read from now on.
    pub(super) fn want_errors(&mut self, unread: Vec<ReadRequest>) {
        self.unread_errors = unread.into();
    }

    /// Returns the number of documents that are still to be read, or wait for their rows.
    pub(super) fn unread(&self) -> usize {
        self.unread.len() + self.unread_errors.len()
    }

    /// Returns the number of error documents that are still to be read.
    pub(super) fn unread_errors(&self) -> usize {
        self.unread_errors.len()
    }

    pub(super) fn knows(&self, object: &ListedObject) -> bool {
        self.known.get(&object.key) == Some(&object.etag)
    }

    pub(super) fn know(&mut self, object: &ListedObject) {
        self.known.insert(object.key.clone(), object.etag.clone());
    }

    /// Forgets documents that are gone or have changed.
    pub(super) fn compare(&mut self, listed: &[ListedObject]) {
        self.known.retain(|key, etag| find(listed, key).is_some_and(|object| object.etag == *etag));
    }
}

/// Returns the number of bytes that are read of a document: one that is too large is named, and not read.
const fn read_bytes(wanted: &ReadRequest) -> u64 {
    if wanted.bytes() > MAX_DOCUMENT_BYTES { 0 } else { wanted.bytes() }
}

impl StudyWatch<FullStrategy> {
    /// Takes the contents of documents that haven't changed from the cache, once. Returns whether there were any.
    pub(super) async fn take_documents_from_cache(&mut self, listed: &[ListedObject]) -> bool {
        if self.strategy.documents.packs.is_some() {
            return false;
        }
        let mut numbers = PackNumbers::default();
        let packs = numbers.take(&self.strategy.cache, listed).await;
        self.strategy.documents.packs = Some(numbers);
        for (pack, chunk) in &packs {
            let of_pack = || pack.documents.iter().filter_map(|packed| Some((packed, find(listed, &packed.key)?)));
            if !self.remember_legacy(of_pack()) {
                // Rows on the cache were bounded when they were read.
                self.add_rows(chunk, f64::MAX);
                of_pack().for_each(|(_, object)| self.know_if_odd(object));
            }
            self.strategy.cache.rows(&pack.rows);
        }
        !packs.is_empty()
    }

    /// Whether a result must be read: it has no row, or has replaced the result that the row tells of.
    pub(super) fn wants(&self, case: &CaseRef, object: &ListedObject) -> bool {
        let is_told = self.ledger.finish_of(case).is_some_and(|finish| {
            let is_replaced = object.last_modified.as_secs_f64() > finish.end_time + WRITING_SECS;
            finish.duration_secs.is_some() && !is_replaced
        });
        !is_told && !self.strategy.documents.knows(object)
    }

    /// Reads some of the documents that are still to be read, and returns whether there were any.
    pub(super) async fn read_documents(&mut self) -> Result<bool, Error> {
        Ok(self.read_errors().await? | self.read_results().await?)
    }

    /// Reads some of the results that are still to be read, and returns whether there were any.
    pub(super) async fn read_results(&mut self) -> Result<bool, Error> {
        let portion = self.portion();
        if portion.is_empty() {
            return Ok(false);
        }
        let (study, place) = (self.study.clone(), self.strategy.cache.clone());
        let again: Vec<ListedObject> = portion.iter().map(|wanted| wanted.object.clone()).collect();
        let (mut read_bytes, of_bytes) = (self.strategy.documents.read_bytes, self.strategy.documents.of_bytes);
        let mut read: Vec<Read> = Vec::new();
        let mut enter = |object: ListedObject, body: Body| {
            read_bytes += object.size_bytes;
            place.progress(read_bytes, of_bytes);
            read.push((object, body));
        };
        let outcome = study.read_each(portion, MAX_DOCUMENT_BYTES, &mut enter).await;
        self.strategy.documents.read_bytes = read_bytes;
        if outcome.is_err() {
            let keys: BTreeSet<&str> = read.iter().map(|(object, _)| object.key.as_str()).collect();
            let rest = again.into_iter().filter(|object| !keys.contains(object.key.as_str())).map(ReadRequest::whole);
            let rest: Vec<ReadRequest> = rest.collect();
            rest.into_iter().rev().for_each(|wanted| self.strategy.documents.unread.push_front(wanted));
        }
        let (present, legacy) = read.into_iter().partition(|(object, _)| DataKey::parse(&object.key).is_some());
        self.enter_results(present).await;
        self.enter_legacy_results(legacy).await;
        outcome.map(|()| true)
    }

    /// Takes the next documents. Those whose rows have come meanwhile are left out; young ones wait behind all others.
    fn portion(&mut self) -> Vec<ReadRequest> {
        let now = self.study.now();
        let (mut portion, mut bytes) = (Vec::new(), 0);
        for _ in 0..self.strategy.documents.unread.len() {
            let Some(wanted) = self.strategy.documents.unread.pop_front() else { break };
            if portion.len() == MAX_DOCUMENTS || (bytes > 0 && bytes + wanted.bytes() > MAX_BYTES) {
                self.strategy.documents.unread.push_front(wanted);
                break;
            }
            if let Some(DataKey::Done(batch, case)) = DataKey::parse(&wanted.object.key) {
                if !self.wants(&(batch, case), &wanted.object) {
                    continue;
                }
                if now - wanted.object.last_modified.as_secs_f64() < ROW_DELAY_SECS {
                    self.strategy.documents.unread.push_back(wanted);
                    continue;
                }
            }
            bytes += read_bytes(&wanted);
            portion.push(wanted);
        }
        portion
    }

    async fn enter_results(&mut self, read: Vec<Read>) {
        let (mut documents, mut objects) = (Vec::new(), Vec::new());
        for (object, body) in read {
            let is_it =
                |document: &ResultDocument| DataKey::Done(document.batch.clone(), document.case_id).key() == object.key;
            if let Some(document) = self.parse_document(&object, body, is_it) {
                documents.push(document.bounded(object.last_modified.as_secs_f64()));
                objects.push(object);
            }
        }
        self.enter_documents(&Chunk::from_documents(&documents), &objects).await;
        for object in &objects {
            self.know_if_odd(object);
        }
    }

    /// Notes that a document was read, if the ledger doesn't show it.
    fn know_if_odd(&mut self, object: &ListedObject) {
        let is_odd = match DataKey::parse(&object.key) {
            Some(DataKey::Done(batch, case)) => self.wants(&(batch, case), object),
            _ => true,
        };
        if is_odd {
            self.strategy.documents.know(object);
        }
    }

    /// Reads some of the error documents that are still to be read, and returns whether there were any. Without them it isn't known
    /// which cases have failed for good.
    pub(super) async fn read_errors(&mut self) -> Result<bool, Error> {
        let queue = &mut self.strategy.documents.unread_errors;
        let (mut portion, mut bytes) = (Vec::new(), 0);
        while portion.len() < MAX_DOCUMENTS
            && let Some(wanted) = queue.pop_front_if(|wanted| bytes == 0 || bytes + read_bytes(wanted) <= MAX_BYTES)
        {
            bytes += read_bytes(&wanted);
            portion.push(wanted);
        }
        if portion.is_empty() {
            return Ok(false);
        }
        let study = self.study.clone();
        let again: Vec<ListedObject> = portion.iter().map(|wanted| wanted.object.clone()).collect();
        let (mut documents, mut objects) = (Vec::new(), Vec::new());
        let mut enter = |object: ListedObject, body: Body| {
            let written = object.last_modified.as_secs_f64();
            let is_it =
                |document: &ErrorDocument| DataKey::Error(document.batch.clone(), document.case_id).key() == object.key;
            if let Some(document) = self.parse_document(&object, body, is_it) {
                let document = document.bounded(written);
                self.ledger.add_error(&document);
                self.strategy.documents.know(&object);
                documents.push(document);
                objects.push(object);
            }
        };
        let outcome = study.read_each(portion, MAX_DOCUMENT_BYTES, &mut enter).await;
        self.enter_documents(&Chunk::from_errors(&documents), &objects).await;
        if outcome.is_err() {
            let rest =
                again.into_iter().filter(|object| !self.strategy.documents.knows(object)).map(ReadRequest::whole);
            let rest: Vec<ReadRequest> = rest.collect();
            rest.into_iter().rev().for_each(|wanted| self.strategy.documents.unread_errors.push_front(wanted));
        }
        outcome.map(|()| true)
    }

    /// Parses a document, which must name the case of its key. If it can't be read or names another, that is noted until it is
    /// written anew.
    fn parse_document<T: serde::de::DeserializeOwned>(
        &mut self,
        object: &ListedObject,
        body: Body,
        is_it: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let is_it = |document: T| if is_it(&document) { Ok(document) } else { Err("it names another case".to_owned()) };
        match parse::<T>(body).and_then(is_it) {
            Ok(document) => {
                self.unreadable.remove(&object.key);
                Some(document)
            }
            Err(reason) => {
                self.note_unreadable(object.key.clone(), reason);
                self.strategy.documents.know(object);
                None
            }
        }
    }

    /// Enters rows of these documents, passes them on, and puts them on the cache.
    async fn enter_documents(&mut self, chunk: &Chunk, objects: &[ListedObject]) {
        if chunk.is_empty() {
            return;
        }
        let rows = chunk.to_bytes();
        // The documents' own times are bounded.
        self.enter_chunk(chunk, &rows, f64::MAX);
        let packed =
            |object: &ListedObject| PackedDocument { key: object.key.clone(), etag: object.etag.clone(), more: None };
        self.pack(DocumentPack { documents: objects.iter().map(packed).collect(), rows }).await;
    }

    pub(super) async fn pack(&mut self, pack: DocumentPack) {
        let place = self.strategy.cache.clone();
        self.strategy.documents.packs.get_or_insert_default().put(&place, &pack).await;
    }
}
