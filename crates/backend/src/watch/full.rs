//! Watching a study of any size: rows are read by column, and what was read once stands on a shelf.

use std::rc::Rc;

use cruncher_aws::{Error, s3};
use cruncher_results::chunk::Chunk;
use cruncher_study::case_table::{TableRow, read_table};
use cruncher_study::key::{DATA_PREFIX, WorkerKey};

use super::means::{Means, ReadTable};
use super::{MAX_ROWS_BYTES, Watch};
use crate::listing::{Outline, Row};
use crate::reading::{Body, Wanted};
use crate::shelf::{Kept, NoShelf, Shelf};
use crate::snapshot::Snapshot;
use crate::study::Study;

/// So many segments are read before what they hold is put on the shelf.
const AT_ONCE: usize = 64;

/// Reads studies of any size.
pub struct Full {
    shelf: Rc<dyn Shelf>,
    /// What was seen of the data, where the rest of it is listed with the next look.
    outline: Option<Outline>,
}

impl Watch {
    /// Watches `study` from now on.
    #[must_use]
    pub fn new(study: Study) -> Self {
        Self::with_shelf(study, Rc::new(NoShelf))
    }

    /// Watches `study` from now on; what stands on `shelf` isn't read again.
    #[must_use]
    pub fn with_shelf(study: Study, shelf: Rc<dyn Shelf>) -> Self {
        Self::by(Full { shelf, outline: None }, study)
    }

    /// Looks again. When nothing changed this takes four requests.
    ///
    /// The first snapshot of a large study comes from tables and segments alone; the next one knows its documents, too.
    ///
    /// # Errors
    /// If a request fails. What was learnt before stays, and the next call goes on from there.
    ///
    /// # Panics
    /// Never: nothing is too much.
    pub async fn refresh(&mut self) -> Result<Snapshot, Error> {
        Ok(self.look().await?.expect("studies of any size are read"))
    }

    /// What isn't there as it is now is still to be read.
    async fn take_segments_from_shelf(&mut self, mut wanted: Vec<Wanted>) -> Vec<Wanted> {
        let names: Vec<String> =
            wanted.iter().filter(|wanted| wanted.start == 0).map(|wanted| wanted.object.key.clone()).collect();
        let mut found = self.means.shelf.clone().get(&names).await.into_iter();
        wanted.retain(|Wanted { object, start }| {
            let kept = if *start == 0 { found.next().flatten() } else { None };
            let kept = kept.as_deref().and_then(|kept| Kept::read(kept, &object.etag));
            let Some((kept, chunk)) = kept.and_then(|kept| Some((kept, Chunk::from_bytes(kept)?))) else { return true };
            self.enter_chunk(&chunk, kept);
            self.segments.insert(object.key.clone(), object.size_bytes);
            false
        });
        wanted
    }

    async fn read_some_segments(
        &mut self,
        wanted: Vec<Wanted>,
        read_bytes: &mut u64,
        of_bytes: u64,
    ) -> Result<(), Error> {
        let (study, place) = (self.study.clone(), self.means.shelf.clone());
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

    /// Enters what was read of a segment, and gives what is put on the shelf, if it was read from its beginning.
    fn enter_segment(&mut self, object: s3::ListedObject, read: Body) -> Option<(String, Vec<u8>)> {
        let Some(WorkerKey::Segment(worker)) = WorkerKey::parse(&object.key) else { return None };
        let body = match read {
            Ok(body) => body,
            Err(reason) => {
                self.note_unreadable(object.key, reason);
                return None;
            }
        };
        let parsed = Chunk::parse(worker, &body);
        let bytes = parsed.chunk.to_bytes();
        self.enter_chunk(&parsed.chunk, &bytes);
        let read_bytes = parsed.read_bytes as u64;
        self.note_segment(object.key.clone(), read_bytes, parsed.unreadable);
        let is_whole = read_bytes == object.size_bytes && parsed.unreadable == 0;
        is_whole.then(|| (object.key, Kept::write(&object.etag, &bytes)))
    }

    /// Enters rows, and gives them on as bytes.
    fn enter_chunk(&mut self, chunk: &Chunk, bytes: &[u8]) {
        for (worker, row) in chunk.rows() {
            self.ledger.add_row(worker, &row);
        }
        self.means.shelf.rows(bytes);
    }
}

impl Means for Full {
    async fn read_segments(watch: &mut Watch<Self>, grown: Vec<Wanted>) -> Result<Option<()>, Error> {
        let mut unread = watch.take_segments_from_shelf(grown).await;
        let of_bytes = unread.iter().map(Wanted::bytes).sum();
        let mut read_bytes = 0;
        while !unread.is_empty() {
            let rest = unread.split_off(unread.len().min(AT_ONCE));
            watch.read_some_segments(std::mem::replace(&mut unread, rest), &mut read_bytes, of_bytes).await?;
        }
        Ok(Some(()))
    }

    async fn read_tables(watch: &Watch<Self>, wanted: Vec<Wanted>) -> Result<Vec<ReadTable>, Error> {
        let names: Vec<String> = wanted.iter().map(|wanted| wanted.object.key.clone()).collect();
        let found = watch.means.shelf.get(&names).await;
        let (mut tables, mut unread, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        for (wanted, found) in wanted.into_iter().zip(found) {
            let found = found.as_deref().and_then(|found| Kept::read(found, &wanted.object.etag));
            match found.and_then(TableRow::from_bytes) {
                Some(rows) => tables.push((wanted.object, Ok(rows))),
                None => unread.push(wanted),
            }
        }
        let mut enter = |object: s3::ListedObject, read: Body| {
            let rows = read.and_then(|body| read_table(&body).map_err(|error| error.to_string()));
            if let Ok(rows) = &rows {
                kept.push((object.key.clone(), Kept::write(&object.etag, &TableRow::to_bytes(rows))));
            }
            tables.push((object, rows));
        };
        watch.study.read_each(unread, MAX_ROWS_BYTES, &mut enter).await?;
        watch.means.shelf.put(kept).await;
        Ok(tables)
    }

    async fn look_at_data(watch: &mut Watch<Self>) -> Result<Option<bool>, Error> {
        let Study { client, config } = watch.study.clone();
        let start = watch.study.now();
        let (mut outline, is_first) = match watch.means.outline.take() {
            Some(outline) => (outline, false),
            None => (Outline::of(&client, &config.bucket, DATA_PREFIX).await?, watch.listing.is_none()),
        };
        outline.leave_out(Row::Files);
        if is_first && !outline.is_complete() {
            let has_changed = watch.compare_tables(outline.tables().cloned().collect()).await?;
            watch.means.outline = Some(outline);
            return Ok(Some(has_changed));
        }
        let objects = outline.complete(&client).await?;
        watch.compare(objects, start).await.map(Some)
    }
}
