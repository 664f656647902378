//! Taking a study down: its keys, its stack, its page, and its results if they are to go as well.

use std::time::Duration;

use cruncher_aws::cloudformation::{DeleteStack, DescribeStack, ListStacks, StackDescription};
use cruncher_aws::{Client, Error, ErrorKind, s3, sqs};
use cruncher_study::control::CONTROL_KEY;
use cruncher_study::key::DataKey;

use super::keys;
use super::page::{ASSETS_PREFIX, INDEX_KEY, ROBOTS_KEY};
use super::stack::{EventLog, StackError, StackOutputs, stack_name};
use super::{pool_account, pools};
use crate::progress::{Progress, ProgressStep};

/// Prefix of objects that anyone may read, besides the page.
const PUBLIC_PREFIX: &str = "public/";

/// Maximum number of attempts to delete a bucket that others still write to; it is emptied in between.
const MAX_ROUNDS: u32 = 5;

/// Time for which SQS may answer for a queue that was deleted.
const QUEUE_PATIENCE: Duration = Duration::from_mins(1);

/// Pause before such a queue is asked again.
const QUEUE_PAUSE: Duration = Duration::from_secs(5);

/// Inventory of a study: its parts, and what they hold at the moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StudyInventory {
    /// The study.
    pub study: String,
    /// Its stack, if there is one.
    pub stack: Option<StackDescription>,
    /// Outputs of the stack, if it was ever complete.
    pub outputs: Option<StackOutputs>,
    /// Its bucket, if it is there.
    pub bucket: Option<String>,
    /// Number of cases that wait in the queue or are in a worker's hands.
    pub queued: u64,
    /// Number of cases in the dead-letter queue.
    pub dead_letters: u64,
    /// Queues of its pools, also of those that nothing else names.
    pub pool_queues: Vec<PoolQueue>,
    /// The stacks of its fleets.
    pub fleets: Vec<StackDescription>,
    /// Number of results in the bucket.
    pub results: u64,
    /// Number of objects in the bucket, the results included.
    pub objects: u64,
    /// Their total size.
    pub size_bytes: u64,
}

/// A queue of a pool, or its dead-letter queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoolQueue {
    /// Its address.
    pub url: String,
    /// Number of its messages.
    pub messages: u64,
}

impl PoolQueue {
    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }
}

/// Treatment of the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BucketDisposal {
    /// It stays, with everything but the page.
    Keep,
    /// It is deleted, with everything in it.
    Delete,
}

/// A clean-up that didn't succeed. It can be begun again.
#[derive(Debug, thiserror::Error)]
pub enum CleanUpError {
    /// The bucket is another study's.
    #[error("bucket {bucket} is not the one of study {study}")]
    ForeignBucket {
        /// The bucket that was named.
        bucket: String,
        /// The study.
        study: String,
    },
    /// An object can't be deleted.
    #[error("{key} can't be deleted: {message}")]
    Undeletable {
        /// Its key.
        key: String,
        /// The service's message.
        message: String,
    },
    /// The stack can't be deleted.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// Counts what there is. `bucket` names the study's bucket if the stack can't, since it is gone.
///
/// # Errors
/// If a request fails, or `bucket` is another study's.
pub async fn take_inventory(
    client: &Client,
    study: &str,
    bucket: Option<&str>,
) -> Result<StudyInventory, CleanUpError> {
    let stack = client.send(&DescribeStack::new(stack_name(study))).await?;
    let outputs = stack.as_ref().and_then(|stack| StackOutputs::of(stack).ok());
    let mut inventory = StudyInventory { study: study.to_owned(), stack, outputs, ..StudyInventory::default() };
    if let Some(outputs) = &inventory.outputs {
        inventory.queued = count_messages(client, &outputs.queue_url).await?;
        inventory.dead_letters = count_messages(client, &outputs.dead_letter_queue_url).await?;
    }
    for url in pool_account::queue_urls(client, study).await? {
        let messages = count_messages(client, &url).await?;
        inventory.pool_queues.push(PoolQueue { url, messages });
    }
    for name in fleet_names(client, study).await? {
        inventory.fleets.extend(client.send(&DescribeStack::new(name)).await?);
    }
    let own = inventory.outputs.as_ref().map(|outputs| outputs.bucket.clone());
    if let Some(bucket) = bucket {
        check_bucket(study, bucket, own.as_deref())?;
    }
    if let Some(bucket) = own.or_else(|| bucket.map(str::to_owned)) {
        count_objects(client, bucket, &mut inventory).await?;
    }
    Ok(inventory)
}

/// Returns what the names of all stacks of a study's fleets begin with, and no other stack's: a study's name has no capital.
fn fleet_prefix(study: &str) -> String {
    format!("{}-Fleet-", stack_name(study))
}

/// Returns the names of the stacks of a study's fleets.
async fn fleet_names(client: &Client, study: &str) -> Result<Vec<String>, Error> {
    let (mut names, mut next) = (Vec::new(), ListStacks::default());
    loop {
        let page = client.send(&next).await?;
        names.extend(page.names.into_iter().filter(|name| name.starts_with(&fleet_prefix(study))));
        match page.next {
            Some(token) => next = ListStacks::default().next_token(token),
            None => return Ok(names),
        }
    }
}

/// Lists again what a clean-up has deleted, and names what is there all the same.
///
/// # Errors
/// If a request fails.
pub async fn what_is_left(
    client: &Client,
    inventory: &StudyInventory,
    results: BucketDisposal,
) -> Result<Vec<String>, Error> {
    let study = &inventory.study;
    let until = client.ports().clock.now() + QUEUE_PATIENCE;
    let mut left = Vec::new();
    if client.send(&DescribeStack::new(stack_name(study))).await?.is_some() {
        left.push(format!("stack {}", stack_name(study)));
    }
    left.extend(fleet_names(client, study).await?.into_iter().map(|name| format!("stack {name}")));
    // A queue that was deleted is listed for up to a minute.
    for url in pool_account::queue_urls(client, study).await? {
        let was_deleted = inventory.pool_queues.iter().any(|queue| queue.url == url);
        if is_queue_left(client, &url, was_deleted.then_some(until)).await? {
            left.push(format!("queue {}", PoolQueue { url, messages: 0 }.name()));
        }
    }
    if let (Some(bucket), BucketDisposal::Delete) = (&inventory.bucket, results) {
        match client.send(&s3::ListObjects::new(bucket).max_keys(1)).await {
            Ok(_) => left.push(format!("bucket {bucket}")),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(left)
}

/// Whether a queue is there. One that was deleted may answer as if nothing had happened: it is asked `until` then.
async fn is_queue_left(client: &Client, url: &str, until: Option<Duration>) -> Result<bool, Error> {
    let ports = client.ports();
    loop {
        match client.send(&sqs::GetQueueAttributes::new(url)).await {
            Ok(_) if until.is_some_and(|until| ports.clock.now() < until) => ports.sleep.sleep(QUEUE_PAUSE).await,
            Ok(_) => return Ok(true),
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Checks that a bucket is the study's. It gets its name from the stack: `cruncher-prandtl-bucket-1x2y`.
fn check_bucket(study: &str, bucket: &str, own: Option<&str>) -> Result<(), CleanUpError> {
    let is_own = own.map_or_else(|| bucket.starts_with(&format!("{}-bucket-", stack_name(study))), |own| own == bucket);
    if is_own {
        return Ok(());
    }
    Err(CleanUpError::ForeignBucket { bucket: bucket.to_owned(), study: study.to_owned() })
}

async fn count_messages(client: &Client, queue_url: &str) -> Result<u64, Error> {
    match client.send(&sqs::GetQueueAttributes::new(queue_url)).await {
        Ok(counts) => Ok(counts.visible + counts.in_flight + counts.delayed),
        Err(error) if error.is_not_found() => Ok(0),
        Err(error) => Err(error),
    }
}

async fn count_objects(client: &Client, bucket: String, inventory: &mut StudyInventory) -> Result<(), Error> {
    let mut next = s3::ListObjects::new(&bucket);
    loop {
        let page = match client.send(&next).await {
            Ok(page) => page,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        };
        for object in &page.objects {
            inventory.objects += 1;
            inventory.size_bytes += object.size_bytes;
            inventory.results += u64::from(matches!(DataKey::parse(&object.key), Some(DataKey::Done(..))));
        }
        match page.next {
            Some(token) => next = next.continuation_token(token),
            None => break,
        }
    }
    inventory.bucket = Some(bucket);
    Ok(())
}

/// Takes the study down. Objects go before the stack, so that a clean-up that was interrupted still knows its bucket.
///
/// # Errors
/// If a request fails or the stack can't be deleted. Deletions until then are final; the rest is deleted next time.
pub async fn clean_up(
    client: &Client,
    inventory: &StudyInventory,
    results: BucketDisposal,
    progress: Progress<'_>,
) -> Result<(), CleanUpError> {
    if let Some(outputs) = &inventory.outputs {
        let keys = keys::existing(client, outputs).await?;
        keys::delete(client, &keys).await?;
        progress(ProgressStep::KeysDeleted);
    }
    // Before anything else, so that no instance is started that finds nothing any more.
    for fleet in &inventory.fleets {
        delete_stack(client, fleet, progress).await?;
    }
    for queue in &inventory.pool_queues {
        pools::delete_queue(client, &queue.url).await?;
    }
    if !inventory.pool_queues.is_empty() {
        progress(ProgressStep::QueuesDeleted { queues: inventory.pool_queues.len() });
    }
    if let Some(bucket) = &inventory.bucket {
        match results {
            BucketDisposal::Keep => delete_page(client, bucket, progress).await?,
            BucketDisposal::Delete => empty(client, bucket, &mut 0, progress).await?,
        }
    }
    if let Some(stack) = &inventory.stack {
        delete_stack(client, stack, progress).await?;
    }
    match (&inventory.bucket, results) {
        (Some(bucket), BucketDisposal::Delete) => delete_bucket(client, bucket, progress).await,
        _ => Ok(()),
    }
}

async fn delete_stack(client: &Client, stack: &StackDescription, progress: Progress<'_>) -> Result<(), CleanUpError> {
    let mut log = EventLog::from_now_on(client, stack).await?;
    client.send(&DeleteStack::new(&stack.id)).await?;
    Ok(log.follow(progress).await?)
}

/// Deletes the page, which would only confuse without its queue, and `control.json`, since nobody is left to be controlled.
async fn delete_page(client: &Client, bucket: &str, progress: Progress<'_>) -> Result<(), CleanUpError> {
    let mut keys = [INDEX_KEY, ROBOTS_KEY, CONTROL_KEY].map(str::to_owned).to_vec();
    for prefix in [ASSETS_PREFIX, PUBLIC_PREFIX] {
        let listed = s3::list_all(client, s3::ListObjects::new(bucket).prefix(prefix)).await?;
        keys.extend(listed.into_iter().map(|object| object.key));
    }
    check_deleted(&s3::delete_all(client, bucket, &keys).await?)?;
    progress(ProgressStep::ObjectsDeleted { deleted: keys.len() as u64 });
    Ok(())
}

/// Deletes every version of every object.
async fn empty(client: &Client, bucket: &str, deleted: &mut u64, progress: Progress<'_>) -> Result<(), CleanUpError> {
    loop {
        let versions = match client.send(&s3::ListVersions::new(bucket)).await {
            Ok(versions) => versions,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if versions.is_empty() {
            return Ok(());
        }
        let count = versions.len() as u64;
        check_deleted(&s3::delete_versions(client, bucket, versions).await?)?;
        *deleted += count;
        progress(ProgressStep::ObjectsDeleted { deleted: *deleted });
    }
}

fn check_deleted(failures: &[s3::DeleteFailure]) -> Result<(), CleanUpError> {
    match failures.first() {
        None => Ok(()),
        Some(failure) => Err(CleanUpError::Undeletable { key: failure.key.clone(), message: failure.message.clone() }),
    }
}

/// Deletes the bucket. A worker may have written once more before its key was gone everywhere, hence several rounds.
async fn delete_bucket(client: &Client, bucket: &str, progress: Progress<'_>) -> Result<(), CleanUpError> {
    let mut deleted = 0;
    for round in 1.. {
        match client.send(&s3::DeleteBucket::new(bucket)).await {
            Err(error) if error.kind() == ErrorKind::Conflict && round < MAX_ROUNDS => {
                empty(client, bucket, &mut deleted, progress).await?;
            }
            Err(error) if !error.is_not_found() => return Err(error.into()),
            _ => break,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    #[test]
    fn a_queue_that_was_deleted_is_named_only_if_it_lasts() {
        let (cloud, study) = TestCloud::study();
        let client = &study.client;
        let begun = client.ports().clock.now();
        let waited = || client.ports().clock.now().saturating_sub(begun).as_secs();
        let is_left = |until| block_on(is_queue_left(client, "d", until)).expect("an answer");
        assert!(is_left(None) && waited() == 0, "nobody has deleted it");
        *cloud.queues_end.lock().expect("an end") = Some(begun + Duration::from_secs(42));
        assert!(!is_left(Some(begun + QUEUE_PATIENCE)) && waited() == 45, "{}", waited());
        *cloud.queues_end.lock().expect("an end") = None;
        assert!(is_left(Some(begun + QUEUE_PATIENCE)) && waited() == 60, "{}", waited());
    }

    #[test]
    fn only_the_studys_own_bucket_is_cleaned_up() {
        for (bucket, own, is_fine) in [
            ("cruncher-soil-bucket-1x2y", None, true),
            ("cruncher-soil-2-bucket-1x2y", None, false),
            ("photos", None, false),
            ("cruncher-soil-bucket-1x2y", Some("cruncher-soil-bucket-1x2y"), true),
            ("cruncher-soil-bucket-zzzz", Some("cruncher-soil-bucket-1x2y"), false),
        ] {
            assert_eq!(check_bucket("soil", bucket, own).is_ok(), is_fine, "{bucket}");
        }
    }
}
