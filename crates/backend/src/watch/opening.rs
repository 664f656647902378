//! The first look at a study's data: figures as soon as there are some.
//!
//! The list of the tables at the last visit is on the cache, beside the tables: the first snapshot then needs no listing.
//! Without it, the outline of the data comes first, with the tables.

use std::rc::Rc;
use std::time::Duration;

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_study::case_table::TableRow;
use cruncher_study::key::DATA_PREFIX;

use super::document_cache::{CacheEntry, DocumentCache};
use super::strategy::ReadTable;
use super::tables::batch_of_table;
use super::{FullStrategy, StudyWatch};
use crate::listing::{ListingOutline, ListingRow};
use crate::study::Study;

/// Name of the list of tables on the cache.
const TABLES: &str = "tables";

/// Part of the data that was seen before all of it was listed.
#[derive(Default)]
pub(super) enum OpeningListing {
    /// Nothing.
    #[default]
    Unseen,
    /// The outline, whose tables are entered with this look.
    Seen(Box<SeenOutline>),
    /// The outline, whose tables were entered with the look before; the rest is listed with this one.
    Entered(Box<SeenOutline>),
    /// Tables as they were at the last visit, entered with this look; all is listed with the next one.
    Remembered,
    /// The first looks are over.
    Over,
}

/// An outline, and the time at which it was begun.
pub(super) struct SeenOutline {
    pub(super) outline: ListingOutline,
    pub(super) start: f64,
}

impl SeenOutline {
    pub(super) async fn of(study: &Study) -> Result<Self, Error> {
        let start = study.now();
        let mut outline = ListingOutline::of(&study.client, &study.config.bucket, DATA_PREFIX).await?;
        outline.leave_out(ListingRow::Files);
        Ok(Self { outline, start })
    }
}

impl StudyWatch<FullStrategy> {
    /// Enters the tables with the first look, before segments are read: rows are believed of cases that a table names.
    pub(super) async fn open(&mut self) -> Result<(), Error> {
        if !matches!(self.strategy.opening, OpeningListing::Unseen) {
            return Ok(());
        }
        self.strategy.opening = if self.enter_remembered_tables().await {
            OpeningListing::Remembered
        } else {
            let seen = SeenOutline::of(&self.study).await?;
            self.compare_tables(seen.outline.tables().cloned().collect()).await?;
            OpeningListing::Seen(Box::new(seen))
        };
        Ok(())
    }

    /// Looks at what lies below `data/`, and says whether anything is new.
    pub(super) async fn look_below_data(&mut self) -> Result<bool, Error> {
        self.open().await?;
        let was_ahead = !matches!(self.strategy.opening, OpeningListing::Over);
        let seen = match std::mem::replace(&mut self.strategy.opening, OpeningListing::Over) {
            OpeningListing::Remembered => return Ok(true),
            OpeningListing::Seen(seen) if !seen.outline.is_complete() => {
                self.strategy.opening = OpeningListing::Entered(seen);
                return Ok(true);
            }
            OpeningListing::Seen(seen) | OpeningListing::Entered(seen) => *seen,
            OpeningListing::Unseen | OpeningListing::Over => SeenOutline::of(&self.study).await?,
        };
        let objects = seen.outline.complete(&self.study.client).await?;
        let has_changed = self.compare(objects, seen.start).await?;
        if was_ahead && !self.strategy.held_rows.is_empty() {
            // They were read after the outline: another listing tells what they are worth.
            self.schedule.expect_change();
        }
        Ok(has_changed)
    }

    /// Enters the tables of the last visit, if all of them are on the cache.
    async fn enter_remembered_tables(&mut self) -> bool {
        let place = self.strategy.cache.clone();
        let list = place.get(&[TABLES.to_owned()]).await.into_iter().flatten().next();
        let Some(listed) = list.and_then(|list| read_list(&list)) else { return false };
        let (tables, unread) = tables_on(&place, listed).await;
        let is_whole = unread.is_empty() && !tables.is_empty();
        if is_whole {
            for (object, rows) in tables {
                self.enter_table(object, rows);
            }
        }
        is_whole
    }

    /// Puts the list of those of these tables that could be read on the cache; designs are left out.
    pub(super) async fn remember_tables(&self, listed: &[ListedObject]) {
        let is_read = |object: &&ListedObject| {
            batch_of_table(&object.key).is_some() && !self.unreadable.contains_key(&object.key)
        };
        let list: Vec<(&str, &str, f64)> = listed
            .iter()
            .filter(is_read)
            .map(|object| (object.key.as_str(), object.etag.as_str(), object.last_modified.as_secs_f64()))
            .collect();
        if let Ok(list) = serde_json::to_vec(&list) {
            self.strategy.cache.put(vec![(TABLES.to_owned(), list)]).await;
        }
    }
}

fn read_list(list: &[u8]) -> Option<Vec<ListedObject>> {
    let list: Vec<(String, String, f64)> = serde_json::from_slice(list).ok()?;
    let object = |(key, etag, changed)| {
        let last_modified = Duration::try_from_secs_f64(changed).ok()?;
        Some(ListedObject { key, etag, size_bytes: 0, last_modified })
    };
    list.into_iter().map(object).collect()
}

/// Separates tables that are on the cache as they are now from the others.
pub(super) async fn tables_on(
    cache: &Rc<dyn DocumentCache>,
    listed: Vec<ListedObject>,
) -> (Vec<ReadTable>, Vec<ListedObject>) {
    let names: Vec<String> = listed.iter().map(|object| object.key.clone()).collect();
    let found = cache.get(&names).await;
    let (mut tables, mut others) = (Vec::new(), Vec::new());
    for (object, found) in listed.into_iter().zip(found) {
        let found = found.as_deref().and_then(|found| CacheEntry::read(found, &object.etag));
        match found.and_then(TableRow::from_bytes) {
            Some(rows) => tables.push((object, Ok(rows))),
            None => others.push(object),
        }
    }
    (tables, others)
}
