//! Comparison of a study of any size with a listing of its documents, which are the truth.

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_legacy::LegacyKey;
use cruncher_study::case::CaseRef;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::ledger::{DataListing, Ledger};

use super::document_packs::find;
use super::{FullStrategy, StudyWatch};
use crate::reading::ReadRequest;

/// Objects of a listing by kind, each in the order of keys.
#[derive(Default)]
struct Sorted {
    listing: DataListing,
    /// Designs and tables of cases.
    tables: Vec<ListedObject>,
    results: Vec<(CaseRef, ListedObject)>,
    errors: Vec<ListedObject>,
    legacy: Vec<(LegacyKey, ListedObject)>,
}

impl Sorted {
    fn add(&mut self, object: ListedObject) {
        let Some(key) = DataKey::parse(&object.key) else {
            self.legacy.extend(LegacyKey::parse(&object.key).map(|key| (key, object)));
            return;
        };
        self.listing.add(key.clone(), object.last_modified.as_secs_f64());
        match key {
            DataKey::Design(..) | DataKey::Cases(..) => self.tables.push(object),
            DataKey::Error(..) => self.errors.push(object),
            DataKey::Done(batch, case) => self.results.push(((batch, case), object)),
            DataKey::ExtractDesign(..) | DataKey::ExtractCases(..) => {}
        }
    }
}

impl StudyWatch<FullStrategy> {
    /// Compares with the documents below `data/`, and returns whether anything was new.
    pub(super) async fn compare(&mut self, objects: Vec<ListedObject>, start: f64) -> Result<bool, Error> {
        self.unreadable.retain(|key, _| !key.starts_with(DATA_PREFIX) || find(&objects, key).is_some());
        self.strategy.documents.compare(&objects);
        let mut has_changed = self.take_documents_from_cache(&objects).await;
        let mut sorted = Sorted::default();
        for object in objects {
            sorted.add(object);
        }
        if !self.schedule.was_listed() || self.strategy.legacy.is_there() || !sorted.legacy.is_empty() {
            sorted.legacy.extend(self.study.find_all_runs().await?.map(|object| (LegacyKey::AllRuns, object)));
        }
        let Sorted { mut listing, tables, results, errors, legacy } = sorted;
        let (has_legacy_changed, legacy_results) = self.compare_legacy(legacy).await?;
        has_changed |= has_legacy_changed;
        let is_first = !self.schedule.was_listed();
        let have_tables_changed = self.compare_tables(tables.clone()).await?;
        if have_tables_changed || is_first {
            self.remember_tables(&tables).await;
        }
        has_changed |= have_tables_changed | self.compare_outcomes(&mut listing, errors, start).await?;
        self.release_held_rows(start);
        let unread = results.into_iter().filter(|(case, object)| self.wants(case, object)).map(|(_, object)| object);
        let unread = unread.chain(legacy_results).map(ReadRequest::whole).collect();
        self.strategy.documents.want(unread);
        self.note_listing(start);
        has_changed |= self.read_results().await?;
        Ok(has_changed)
    }

    /// Whether an error document was read, and what it says isn't known any more: rows had told of a result that isn't there.
    fn has_forgotten(&self, key: &str) -> bool {
        let Some(DataKey::Error(batch, case)) = DataKey::parse(key) else { return false };
        !self.ledger.failures().contains_key(&(batch, case)) && !self.unreadable.contains_key(key)
    }

    /// Enters results and errors, reads the errors that no row tells of, and returns whether any of that was new.
    async fn compare_outcomes(
        &mut self,
        listing: &mut DataListing,
        errors: Vec<ListedObject>,
        start: f64,
    ) -> Result<bool, Error> {
        self.strategy.legacy.enter(&mut self.ledger, listing);
        let known = |ledger: &Ledger| (ledger.done_cases(), ledger.failures().len());
        let before = known(&self.ledger);
        let mut unread = self.ledger.reconcile(listing, start).into_iter().peekable();
        self.strategy.legacy.enter_errors(&mut self.ledger);
        // Both are in the order of the listing.
        let is_unread = |object: &ListedObject| {
            unread.next_if(|(batch, case)| DataKey::Error(batch.clone(), *case).key() == object.key).is_some()
        };
        let unread: Vec<ListedObject> = errors.into_iter().filter(is_unread).collect();
        let is_wanted =
            |object: &ListedObject| !self.strategy.documents.knows(object) || self.has_forgotten(&object.key);
        let unread = unread.into_iter().filter(is_wanted).map(ReadRequest::whole).collect();
        self.strategy.documents.want_errors(unread);
        self.read_errors().await?;
        Ok(known(&self.ledger) != before)
    }
}
