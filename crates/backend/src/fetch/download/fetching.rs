//! Fetching the files that aren't there yet.

use std::ops::Range;
use std::time::Duration;

use cruncher_aws::s3::{FetchedObject, GetObject, StoredObject};
use cruncher_aws::{Client, Error, ErrorKind};
use futures::{StreamExt as _, stream};

use super::planning::{DownloadPlan, PlannedFile};
use super::tally::{DownloadTally, ObjectOutcome};
use super::{DownloadError, ExistingFile, FolderError, PartialFile, TargetFolder};

/// Number of objects fetched at once.
const CONCURRENT_READS: usize = 16;

/// Maximum number of bytes of a request: larger objects are fetched piece by piece, so that memory holds a few pieces.
pub(super) const PIECE_BYTES: u64 = 8 << 20;

/// Fetches the files of `plan` that `folder` doesn't have, calls `report` after each, and returns what is there in the end.
///
/// `client` has to deliver objects as they are stored.
///
/// # Errors
/// If a request fails, or nothing more can be written.
pub async fn fetch(
    client: &Client,
    bucket: &str,
    plan: &DownloadPlan,
    folder: &impl TargetFolder,
    report: impl Fn(&DownloadTally),
) -> Result<DownloadTally, DownloadError> {
    let mut tally = DownloadTally::default();
    let fetching =
        plan.wanted.iter().map(|wanted| async move { (wanted, settle(client, bucket, wanted, folder).await) });
    let mut settled = stream::iter(fetching).buffer_unordered(CONCURRENT_READS);
    while let Some((PlannedFile { path, kind, object }, outcome)) = settled.next().await {
        tally.add(path, *kind, object.size_bytes, outcome?);
        report(&tally);
    }
    tally.failed.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(tally)
}

async fn settle(
    client: &Client,
    bucket: &str,
    wanted: &PlannedFile,
    folder: &impl TargetFolder,
) -> Result<ObjectOutcome, DownloadError> {
    let fetched = async {
        if folder.find(&wanted.path)?.is_some_and(|found| is_current(found, wanted)) {
            return Ok(ObjectOutcome::WasThere);
        }
        fetch_one(client, bucket, wanted, folder).await
    };
    match fetched.await {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Folder(FolderError::OfFile(reason))) => Ok(ObjectOutcome::Failed(reason)),
        Err(Stop::Folder(FolderError::OfAll(reason))) => Err(DownloadError::Folder(reason)),
        Err(Stop::Aws(error)) if error.is_not_found() => Ok(ObjectOutcome::Vanished),
        // These are keys that can't be requested, and objects that have become shorter than the start of the next piece.
        Err(Stop::Aws(error)) if error.kind() == ErrorKind::Invalid || error.status() == Some(416) => {
            Ok(ObjectOutcome::Failed(error.message().to_owned()))
        }
        Err(Stop::Aws(error)) => Err(error.into()),
    }
}

/// Whether a file is the object as it is listed. An object that was replaced by another one of the same size is newer.
fn is_current(found: ExistingFile, PlannedFile { object, .. }: &PlannedFile) -> bool {
    // Whole seconds are compared, since an answer's header has no others.
    found.size_bytes == object.size_bytes && found.changed.as_secs() >= object.last_modified.as_secs()
}

enum Stop {
    Folder(FolderError),
    Aws(Error),
}

impl From<FolderError> for Stop {
    fn from(error: FolderError) -> Self {
        Self::Folder(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Aws(error)
    }
}

async fn fetch_one(
    client: &Client,
    bucket: &str,
    wanted: &PlannedFile,
    folder: &impl TargetFolder,
) -> Result<ObjectOutcome, Stop> {
    let PlannedFile { object, path, .. } = wanted;
    let (mut size_bytes, mut begun) = (0, None);
    for piece in pieces(object.size_bytes) {
        let get = GetObject::new(bucket, &object.key);
        let get = piece.into_iter().fold(get, GetObject::range);
        let FetchedObject::Object(StoredObject { body, etag, last_modified, .. }) = client.send(&get).await? else {
            continue;
        };
        // The file must not be older than listed: else it would be fetched again the next time.
        let changed = last_modified.unwrap_or_default().max(object.last_modified);
        let begun = match &mut begun {
            None => begun.insert(Begun { draft: folder.begin(path)?, etag, changed }),
            Some(begun) if begun.etag == etag => begun,
            Some(_) => return Ok(ObjectOutcome::Failed("it was replaced while it was fetched".to_owned())),
        };
        begun.draft.write(&body)?;
        size_bytes += body.len() as u64;
    }
    let Some(Begun { draft, etag, changed }) = begun else { return Ok(ObjectOutcome::Vanished) };
    // An object that was replaced since may have another size, if it came as a whole.
    let may_differ = object.size_bytes <= PIECE_BYTES && etag.is_some_and(|etag| etag != object.etag);
    if size_bytes != object.size_bytes && !may_differ {
        let listed = object.size_bytes;
        return Ok(ObjectOutcome::Failed(format!("it should have {listed} bytes, and {size_bytes} came")));
    }
    draft.commit(changed)?;
    Ok(ObjectOutcome::Fetched { size_bytes })
}

/// A file whose first piece came.
struct Begun {
    draft: Box<dyn PartialFile>,
    etag: Option<String>,
    changed: Duration,
}

/// Returns the ranges that an object is requested in; a single `None` if it is small.
fn pieces(size_bytes: u64) -> Vec<Option<Range<u64>>> {
    if size_bytes <= PIECE_BYTES {
        return vec![None];
    }
    let starts = (0..size_bytes.div_ceil(PIECE_BYTES)).map(|number| number * PIECE_BYTES);
    starts.map(|start| Some(start..size_bytes.min(start + PIECE_BYTES))).collect()
}
