//! Watching a small study.

use cruncher_aws::{Error, s3};
use cruncher_legacy::may_be_legacy;
use cruncher_study::case_table::read_table;
use cruncher_study::key::{DATA_PREFIX, DataKey, WorkerKey};
use cruncher_study::ledger::DataListing;
use cruncher_study::outcome::ErrorDocument;
use cruncher_study::segment::parse_segment;

use super::StudyWatch;
use super::snapshot::Snapshot;
use super::strategy::{ReadTable, WatchStrategy};
use crate::reading::{Body, MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES, ReadRequest, parse};
use crate::study::Study;

/// Maximum number of workers: each is a request, and they come again if there turn out to be too many rows.
const MAX_WORKERS: usize = 100;

/// Maximum number of bytes of segments read at once: a thousand rows and more.
const MAX_BYTES: u64 = 512 << 10;

/// Reads studies whose data fit into one page of a listing.
#[derive(Debug, Clone, Copy)]
pub struct LightStrategy;

impl StudyWatch<LightStrategy> {
    /// Watches `study` from now on, as long as it is small.
    #[must_use]
    pub fn light(study: Study) -> Self {
        Self::by(LightStrategy, study)
    }

    /// Looks again. This takes four requests if nothing changed. `None` if the study is large.
    ///
    /// # Errors
    /// If one of these fails. Everything learnt before stays, and the next call continues from there.
    pub async fn refresh(&mut self) -> Result<Option<Snapshot>, Error> {
        self.look().await
    }

    fn enter_segment(&mut self, object: s3::ListedObject, read: Body) {
        let Some(WorkerKey::Segment(worker)) = WorkerKey::parse(&object.key) else { return };
        match read {
            Err(reason) => self.note_unreadable_segment(object, reason),
            Ok(body) => {
                let written = object.last_modified.as_secs_f64();
                let rows = parse_segment(&body);
                for row in rows.rows {
                    let row = row.bounded(written);
                    let response = row.numbers.first(self.ledger.first_response(&row.batch));
                    self.ledger.add_result(worker, &row, response);
                }
                self.note_segment(object, rows.read_bytes as u64, rows.unreadable);
            }
        }
    }

    /// Compares with the documents below `data/`, which are the truth, and returns whether anything was new.
    async fn compare_page(&mut self, objects: Vec<s3::ListedObject>, start: f64) -> Result<bool, Error> {
        let mut listing = DataListing::default();
        let (mut tables, mut errors) = (Vec::new(), Vec::new());
        for object in objects {
            let Some(key) = DataKey::parse(&object.key) else { continue };
            let changed = object.last_modified.as_secs_f64();
            match key {
                DataKey::Cases(..) | DataKey::Design(..) => tables.push(object),
                DataKey::Error(..) => errors.push(ReadRequest::whole(object)),
                DataKey::Done(..) | DataKey::ExtractDesign(..) | DataKey::ExtractCases(..) => {}
            }
            listing.add(key, changed);
        }
        let mut has_changed = self.compare_tables(tables).await?;
        let (done, failed) = (self.ledger.done_cases(), self.ledger.failures().len());
        let mut unread = self.ledger.reconcile(&listing, start).into_iter().peekable();
        // Both are in the order of the listing.
        errors.retain(|ReadRequest { object, .. }| {
            unread.next_if(|(batch, case)| DataKey::Error(batch.clone(), *case).key() == object.key).is_some()
        });
        for (object, read) in self.study.read_all(errors, MAX_DOCUMENT_BYTES).await? {
            self.enter_error(object, read);
        }
        has_changed |= (done, failed) != (self.ledger.done_cases(), self.ledger.failures().len());
        self.note_listing(start);
        Ok(has_changed)
    }

    fn enter_error(&mut self, s3::ListedObject { key, last_modified, .. }: s3::ListedObject, read: Body) {
        match parse::<ErrorDocument>(read) {
            Ok(document) if DataKey::Error(document.batch.clone(), document.case_id).key() == key => {
                self.ledger.add_error(&document.bounded(last_modified.as_secs_f64()));
            }
            Ok(_) => self.note_unreadable(key, "it names another case".into()),
            Err(reason) => self.note_unreadable(key, reason),
        }
    }
}

impl WatchStrategy for LightStrategy {
    const MAX_WORKERS: usize = MAX_WORKERS;

    async fn read_segments(watch: &mut StudyWatch<Self>, grown: Vec<ReadRequest>) -> Result<Option<()>, Error> {
        if grown.iter().map(ReadRequest::bytes).sum::<u64>() > MAX_BYTES {
            return Ok(None);
        }
        for (object, read) in watch.study.read_all(grown, MAX_ROWS_BYTES).await? {
            watch.enter_segment(object, read);
        }
        Ok(Some(()))
    }

    async fn read_tables(watch: &StudyWatch<Self>, wanted: Vec<ReadRequest>) -> Result<Vec<ReadTable>, Error> {
        let rows = |read: Body| read.and_then(|body| read_table(&body).map_err(|error| error.to_string()));
        let read = watch.study.read_all(wanted, MAX_ROWS_BYTES).await?;
        Ok(read.into_iter().map(|(object, read)| (object, rows(read))).collect())
    }

    async fn look_at_data(watch: &mut StudyWatch<Self>) -> Result<Option<bool>, Error> {
        let start = watch.study.now();
        let listing = s3::ListObjects::new(&watch.study.config.bucket).prefix(DATA_PREFIX);
        let page = watch.study.client.send(&listing).await?;
        if page.next.is_some() || page.objects.iter().any(|object| may_be_legacy(&object.key)) {
            return Ok(None);
        }
        watch.compare_page(page.objects, start).await.map(Some)
    }
}
