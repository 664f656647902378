//! Listings of everything below a prefix of the bucket, even of very many objects.
//!
//! A page of a listing has 1,000 keys and names the next, so that a batch of 100,000 results would be a hundred requests,
//! one after the other. An [`ListingOutline`] leaves such rows out: it takes a few requests, and has the designs and tables.
//! [`ListingOutline::complete`] then lists the rows, each in stretches by the first digit, several at once.

mod row;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use cruncher_aws::s3::{ListObjects, ListedObject, ListingPage};
use cruncher_aws::{Client, Error};
use cruncher_study::key::DataKey;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

pub use row::ListingRow;
use row::{KeyRange, ahead};

/// Number of requests under way at once.
const CONCURRENT_REQUESTS: usize = 8;

/// Maximum number of parts into which the folders of a study are divided: each is a request or more.
const MAX_PARTS: usize = 32;

/// Maximum depth at which a folder is looked for that has more than one folder in it. Only odd batches are nested deeper.
const MAX_LEVELS: usize = 8;

/// Outline of a part of the bucket: everything but the rest of long [`ListingRow`]s.
pub struct ListingOutline {
    bucket: String,
    found: Vec<ListedObject>,
    rest: Vec<KeyRange>,
}

/// Lists the designs and tables of cases below `prefix`, in the order of keys, at the price of a few requests.
///
/// # Errors
/// If a request fails.
pub async fn tables_below(client: &Client, bucket: &str, prefix: &str) -> Result<Vec<ListedObject>, Error> {
    Ok(ListingOutline::of(client, bucket, prefix).await?.tables().cloned().collect())
}

impl ListingOutline {
    /// Outlines everything below `prefix`. If it fits into one page, this is the only request.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn of(client: &Client, bucket: &str, prefix: &str) -> Result<Self, Error> {
        let mut outline = Self { bucket: bucket.to_owned(), found: Vec::new(), rest: Vec::new() };
        let first = Range::below(bucket, prefix);
        let page = client.send(&first.operation).await?;
        if page.next.is_none() {
            outline.found = page.objects;
            return Ok(outline);
        }
        let parts = outline.divide(client, prefix).await?;
        let (found, rest) = list(client, bucket, parts, Rows::Aside).await?;
        outline.found.extend(found);
        outline.rest.extend(rest);
        in_order(&mut outline.found);
        Ok(outline)
    }

    /// Whether everything was seen.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.rest.is_empty()
    }

    /// Returns the designs and tables of cases, in the order of keys.
    pub fn tables(&self) -> impl Iterator<Item = &ListedObject> {
        self.found
            .iter()
            .filter(|object| matches!(DataKey::parse(&object.key), Some(DataKey::Design(..) | DataKey::Cases(..))))
    }

    /// Leaves out the unseen rest of a kind of row: few of its objects, or none, will be in the listing.
    pub fn leave_out(&mut self, row: ListingRow) {
        self.rest.retain(|stretch| stretch.row != row);
    }

    /// Lists the rest, and returns everything in the order of keys.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn complete(self, client: &Client) -> Result<Vec<ListedObject>, Error> {
        let Self { bucket, mut found, rest } = self;
        let ranges = rest.into_iter().map(|stretch| Range::along(&bucket, stretch));
        let (listed, _) = list(client, &bucket, ranges, Rows::Listed).await?;
        found.extend(listed);
        in_order(&mut found);
        Ok(found)
    }

    /// Reads the topmost folder that has others in it, and divides these into parts.
    async fn divide(&mut self, client: &Client, prefix: &str) -> Result<Vec<Range>, Error> {
        let mut prefix = prefix.to_owned();
        for _ in 0..MAX_LEVELS {
            if ListingRow::of(&prefix).is_some() {
                break;
            }
            let (own, mut folders) = self.read_folder(client, &prefix).await?;
            let parts = parts(&self.bucket, &prefix, &folders, &own);
            self.found.extend(own);
            match folders.pop() {
                Some(only) if folders.is_empty() => prefix = only,
                _ => return Ok(parts),
            }
        }
        Ok(vec![Range::below(&self.bucket, &prefix)])
    }

    /// Lists the objects directly below `prefix`, without the rest of long rows, and the folders there.
    async fn read_folder(&mut self, client: &Client, prefix: &str) -> Result<(Vec<ListedObject>, Vec<String>), Error> {
        let (mut own, mut folders) = (Vec::new(), Vec::<String>::new());
        let from_start = || ListObjects::new(&self.bucket).prefix(prefix).delimiter("/");
        let mut next = Some(from_start());
        while let Some(operation) = next {
            let page = client.send(&operation).await?;
            let ends_in_row = page.objects.last().map(|object| &object.key) > page.common_prefixes.last();
            let stretches = if page.next.is_some() && ends_in_row { ahead(&page.objects, None) } else { None };
            next = match stretches.as_ref().and_then(|stretches| stretches.last()) {
                Some(last) => Some(from_start().start_after(&last.until)),
                None => operation.following(&page)?,
            };
            self.rest.extend(stretches.into_iter().flatten());
            own.extend(page.objects);
            folders.extend(page.common_prefixes);
        }
        let (files, folders): (Vec<_>, Vec<_>) =
            folders.into_iter().partition(|folder| KeyRange::is_row_of_files(folder));
        self.rest.extend(files.into_iter().map(KeyRange::of_files));
        Ok((own, folders))
    }
}

fn in_order(objects: &mut Vec<ListedObject>) {
    objects.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    // Parts may overlap a little, by keys that no study has.
    objects.dedup_by(|a, b| a.key == b.key);
}

/// Divides folders into parts: those that stand side by side share a part if there are too many. Folders with objects
/// between them don't, since a long row may stand there, too.
fn parts(bucket: &str, prefix: &str, folders: &[String], own: &[ListedObject]) -> Vec<Range> {
    let most = folders.len().div_ceil(MAX_PARTS).max(1);
    let place = |folder: &String| own.partition_point(|object| object.key < *folder);
    let neighbours = folders.chunk_by(|a, b| place(a) == place(b));
    neighbours.flat_map(|folders| folders.chunks(most)).map(|folders| Range::over(bucket, prefix, folders)).collect()
}

/// A part of the bucket, and the request that comes next in it.
struct Range {
    operation: ListObjects,
    /// Last key of the range, whether or not an object has it. `None` if the range ends with the prefix.
    until: Option<String>,
}

impl Range {
    fn below(bucket: &str, prefix: &str) -> Self {
        Self { operation: ListObjects::new(bucket).prefix(prefix), until: None }
    }

    fn along(bucket: &str, KeyRange { stem, after, until, .. }: KeyRange) -> Self {
        Self { operation: ListObjects::new(bucket).prefix(stem).start_after(after), until: Some(until) }
    }

    /// Returns the range of folders that stand side by side below `prefix`.
    fn over(bucket: &str, prefix: &str, folders: &[String]) -> Self {
        let (first, last) = match folders {
            [first, .., last] => (first, last),
            [only] => return Self::below(bucket, only),
            [] => return Self::below(bucket, prefix),
        };
        let name = |folder: &String| folder.trim_end_matches('/').to_owned();
        // A slash sorts between a point and a nought; a tilde behind all characters of batches' names.
        let (after, until) = (name(first) + ".~", name(last) + "0");
        Self { operation: ListObjects::new(bucket).prefix(prefix).start_after(after), until: Some(until) }
    }

    /// Takes in a page, and moves on in the range.
    fn turn(self, page: ListingPage) -> Result<Turned, Error> {
        let Self { operation, until } = self;
        let following = operation.clone().following(&page)?;
        let mut objects = page.objects;
        let inside = objects.partition_point(|object| until.as_ref().is_none_or(|until| object.key <= *until));
        if following.is_none() || inside < objects.len() {
            objects.truncate(inside);
            return Ok(Turned { objects, stretches: Vec::new(), next: None });
        }
        let stretches = ahead(&objects, until.as_deref()).unwrap_or_default();
        let operation = match stretches.last() {
            Some(last) if until.as_ref().is_some_and(|until| *until <= last.until) => None,
            Some(last) => Some(operation.start_after(&last.until)),
            None => following,
        };
        Ok(Turned { objects, stretches, next: operation.map(|operation| Self { operation, until }) })
    }
}

/// Outcome of a page of a range.
struct Turned {
    /// Objects of the page that are in the range.
    objects: Vec<ListedObject>,
    /// Rest of the long row that the page ends in.
    stretches: Vec<KeyRange>,
    /// Rest of the range behind that.
    next: Option<Range>,
}

/// Treatment of the rest of a long row.
#[derive(Clone, Copy)]
enum Rows {
    Aside,
    Listed,
}

/// Lists ranges, several at once. Returns their objects, in no order, and the stretches that were set aside.
async fn list(
    client: &Client,
    bucket: &str,
    ranges: impl IntoIterator<Item = Range>,
    rows: Rows,
) -> Result<(Vec<ListedObject>, Vec<KeyRange>), Error> {
    let (mut found, mut aside) = (Vec::new(), Vec::new());
    let mut queue: VecDeque<Range> = ranges.into_iter().collect();
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < CONCURRENT_REQUESTS
            && let Some(range) = queue.pop_front()
        {
            under_way.push(async move {
                let page = client.send(&range.operation).await?;
                range.turn(page)
            });
        }
        let Some(turned) = under_way.next().await else { return Ok((found, aside)) };
        let Turned { objects, stretches, next } = turned?;
        found.extend(objects);
        match rows {
            Rows::Aside => aside.extend(stretches),
            Rows::Listed => queue.extend(stretches.into_iter().map(|stretch| Range::along(bucket, stretch))),
        }
        // Pages of a range come one after another, so a range that has begun continues before others begin.
        if let Some(next) = next {
            queue.push_front(next);
        }
    }
}
