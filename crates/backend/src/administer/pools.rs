//! Pools of a study: making and deleting their queues, and the list of them in `control.json`, as an operator may.
//!
//! Questions that take the account's own credentials stand in [`super::pool_account`].
//!
//! A pool's queues are there before it is named, and until after it is named no more: whoever finds its name can use it.

use std::collections::BTreeMap;

use cruncher_aws::sqs::{CreateQueue, DeleteQueue, GetQueueAttributes, QueueAttributes, SetQueueAttributes};
use cruncher_aws::{Client, Error};
use cruncher_study::config::StudyConfig;
use cruncher_study::control::StudyControl;
use cruncher_study::diagnosis::QueueCounts;
use cruncher_study::pool::{MAX_POOLS, Pool, queues};

use super::control::{ControlError, change_control, control};
use super::fleet::fleets;
use super::launch::STUDY_TAG;
use crate::study::Study;

/// Tag on the queues of a pool, beside the study's.
const POOL_TAG: &str = "cruncher:pool";

/// Number of messages of a pool's queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolState {
    /// The pool; `None` is the study's own queue.
    pub pool: Option<Pool>,
    /// Its messages; `None` if the queue is gone.
    pub queue: Option<QueueCounts>,
    /// Number of messages in its dead-letter queue.
    pub dead_letters: u64,
    /// Whether it is named in `control.json`; if not, making or removing it was interrupted.
    pub is_named: bool,
}

/// Reason why a pool isn't made or removed.
#[derive(Debug, thiserror::Error)]
pub enum PoolChangeError {
    /// There are enough of them.
    #[error("the study has {MAX_POOLS} pools, and can't have more")]
    TooMany,
    /// The study's keys lack the rights.
    #[error("the study's stack is of a version of Cruncher without pools: its keys may not use their queues")]
    NotConfigured,
    /// There is no such pool.
    #[error("there is no pool `{pool}`")]
    Missing {
        /// The pool.
        pool: Pool,
        /// Those that there are.
        pools: Vec<Pool>,
    },
    /// Computers of its fleet would go on, and begin again, though there is nothing for them to do.
    #[error("pool `{pool}` has a fleet, stack {stack}")]
    HasFleet {
        /// The pool.
        pool: Pool,
        /// The name of the fleet's stack.
        stack: String,
    },
    /// Nobody says whether it has one.
    #[error("Auto Scaling doesn't say whether the pool has a fleet")]
    UnknownFleet(#[source] Error),
    /// Its cases would be lost.
    #[error("pool `{pool}` isn't empty")]
    NotEmpty {
        /// The pool.
        pool: Pool,
        /// Number of cases in its queue.
        cases: u64,
        /// Number of its dead letters.
        dead_letters: u64,
    },
    /// A queue of this name was deleted a moment ago.
    #[error("a queue of pool `{0}` was deleted a moment ago: SQS makes none of that name for a minute")]
    DeletedRecently(Pool),
    /// `control.json` can't be changed.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// Makes a pool's queues with the settings of the study's own, and names it. What is there already is brought to these settings:
/// so the same call finishes one that was interrupted. Returns whether it is new.
///
/// # Errors
/// If there are too many pools, or a request fails: of a key without the right, the first one that makes a queue.
pub async fn make_pool(study: &Study, pool: &Pool) -> Result<bool, PoolChangeError> {
    let known = control(study).await?.pools;
    if !known.contains(pool) && known.len() >= MAX_POOLS {
        return Err(PoolChangeError::TooMany);
    }
    let StudyConfig { study: name, queue_url, .. } = &study.config;
    let own = study.client.send(&GetQueueAttributes::new(queue_url)).await?;
    let dead = make(study, pool, pool.dead_letter_queue_name(name)).await?;
    set(&study.client, &dead, settings(&own, None)).await?;
    let dead_arn = study.client.send(&GetQueueAttributes::new(&dead)).await?.arn.unwrap_or_default();
    let cases = make(study, pool, pool.queue_name(name)).await?;
    set(&study.client, &cases, settings(&own, Some(&dead_arn))).await?;
    let add = |control: &mut StudyControl| {
        insert(&mut control.pools, *pool);
    };
    change_control(study, &add).await?;
    Ok(!known.contains(pool))
}

/// Puts a pool among those that are named, in order.
fn insert(pools: &mut Vec<Pool>, pool: Pool) {
    if let Err(place) = pools.binary_search(&pool) {
        pools.insert(place, pool);
    }
}

async fn make(study: &Study, pool: &Pool, name: String) -> Result<String, PoolChangeError> {
    // A queue that is there is returned if it has the attributes that are named here.
    let fifo = BTreeMap::from([("FifoQueue".to_owned(), "true".to_owned())]);
    let create =
        CreateQueue::new(name).attributes(fifo).tag(STUDY_TAG, &study.config.study).tag(POOL_TAG, pool.as_str());
    study.client.send(&create).await.map_err(|error| match error.code() {
        Some(code) if code.ends_with("QueueDeletedRecently") => PoolChangeError::DeletedRecently(*pool),
        _ => error.into(),
    })
}

async fn set(client: &Client, queue_url: &str, settings: BTreeMap<String, String>) -> Result<(), Error> {
    client.send(&SetQueueAttributes::new(queue_url, settings)).await
}

/// Returns the settings of the study's own queue, for a pool's queue of cases or, without the ARN of that, its dead-letter queue.
fn settings(own: &QueueAttributes, dead_letter_arn: Option<&str>) -> BTreeMap<String, String> {
    let mut settings = BTreeMap::from([("SqsManagedSseEnabled".to_owned(), "true".to_owned())]);
    let mut put = |name: &str, value: Option<String>| {
        settings.extend(value.map(|value| (name.to_owned(), value)));
    };
    put("MessageRetentionPeriod", own.retention_secs.map(|secs| secs.to_string()));
    if let Some(arn) = dead_letter_arn {
        put("VisibilityTimeout", own.visibility_timeout_secs.map(|secs| secs.to_string()));
        let redrive = |count| serde_json::json!({"deadLetterTargetArn": arn, "maxReceiveCount": count}).to_string();
        put("RedrivePolicy", own.max_receives().map(redrive));
        let (scope, limit) =
            if own.high_throughput { ("messageGroup", "perMessageGroupId") } else { ("queue", "perQueue") };
        put("DeduplicationScope", Some(scope.to_owned()));
        put("FifoThroughputLimit", Some(limit.to_owned()));
        // As the study's own: no other queue's dead letters come here.
        put("RedriveAllowPolicy", Some(r#"{"redrivePermission":"denyAll"}"#.to_owned()));
    }
    settings
}

/// Deletes a pool's queues, and names it no more. Returns the number of messages that were lost with them.
///
/// Whether it has a fleet is asked by who calls: [`delete_own_pool`] with an operator's key, or [`remove_pool`](super::pool_account::remove_pool).
///
/// # Errors
/// If there is no such pool, a request fails, or a queue isn't empty although it has to be.
pub(super) async fn delete_pool(study: &Study, pool: &Pool, may_lose_cases: bool) -> Result<u64, PoolChangeError> {
    let own = queues(&study.config, Some(pool));
    let named = control(study).await?.pools;
    let count = async || {
        let cases = counts(&study.client, &own.queue_url).await?;
        let dead = counts(&study.client, &own.dead_letter_queue_url).await?;
        Ok::<_, Error>((cases, dead))
    };
    let is_empty = |(cases, dead): (Option<QueueCounts>, Option<QueueCounts>)| {
        let (cases, dead_letters) = (cases.unwrap_or_default().messages(), dead.unwrap_or_default().messages());
        if may_lose_cases || cases + dead_letters == 0 {
            return Ok(cases + dead_letters);
        }
        Err(PoolChangeError::NotEmpty { pool: *pool, cases, dead_letters })
    };
    let before = count().await?;
    if !named.contains(pool) && before == (None, None) {
        return Err(PoolChangeError::Missing { pool: *pool, pools: named });
    }
    is_empty(before)?;
    let forget = |control: &mut StudyControl| {
        control.pools.retain(|known| known != pool);
    };
    change_control(study, &forget).await?;
    // Somebody may have sent a case until its name was gone.
    let lost = match is_empty(count().await?) {
        Ok(lost) => lost,
        Err(error) => {
            let add_again = |control: &mut StudyControl| {
                insert(&mut control.pools, *pool);
            };
            change_control(study, &add_again).await?;
            return Err(error);
        }
    };
    delete_queue(&study.client, &own.queue_url).await?;
    delete_queue(&study.client, &own.dead_letter_queue_url).await?;
    Ok(lost)
}

/// Deletes an empty pool with an operator's key, by which Auto Scaling says whether it has a fleet.
///
/// # Errors
/// If there is no such pool, it has a fleet or cases, or a request fails.
pub async fn delete_own_pool(study: &Study, pool: &Pool) -> Result<(), PoolChangeError> {
    let found = fleets(study).await.map_err(PoolChangeError::UnknownFleet)?;
    if let Some(fleet) = found.into_iter().find(|fleet| fleet.pool == pool.as_str()) {
        return Err(PoolChangeError::HasFleet { pool: *pool, stack: fleet.group.name });
    }
    delete_pool(study, pool, false).await.map(|_| ())
}

/// Returns the pools that `control.json` names, which is all that an operator's key can find.
///
/// # Errors
/// If a request fails.
pub async fn named_pools(study: &Study) -> Result<Vec<PoolState>, Error> {
    let mut states = Vec::new();
    for pool in control(study).await?.pools {
        states.push(look_at(study, Some(pool)).await?);
    }
    Ok(states)
}

/// Counts the messages of a pool that is named.
pub(super) async fn look_at(study: &Study, pool: Option<Pool>) -> Result<PoolState, Error> {
    let own = queues(&study.config, pool.as_ref());
    let queue = counts(&study.client, &own.queue_url).await?;
    let dead_letters = counts(&study.client, &own.dead_letter_queue_url).await?.unwrap_or_default().messages();
    Ok(PoolState { pool, queue, dead_letters, is_named: true })
}

/// Returns the number of messages; `None` if there is no such queue.
async fn counts(client: &Client, queue_url: &str) -> Result<Option<QueueCounts>, Error> {
    match client.send(&GetQueueAttributes::new(queue_url)).await {
        Ok(QueueAttributes { visible, in_flight, delayed, .. }) => {
            Ok(Some(QueueCounts { waiting: visible, leased: in_flight, delayed }))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Deletes a queue, if it is there.
pub(super) async fn delete_queue(client: &Client, queue_url: &str) -> Result<(), Error> {
    match client.send(&DeleteQueue::new(queue_url)).await {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pools_queues_have_the_settings_of_the_studys_own() {
        let own = QueueAttributes {
            visibility_timeout_secs: Some(60),
            retention_secs: Some(1_209_600),
            redrive_policy: Some(r#"{"deadLetterTargetArn": "of the study", "maxReceiveCount": "7"}"#.into()),
            ..QueueAttributes::default()
        };
        let text = |settings: &BTreeMap<String, String>| {
            settings.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            text(&settings(&own, Some("of the pool"))),
            "DeduplicationScope=queue FifoThroughputLimit=perQueue MessageRetentionPeriod=1209600 \
             RedriveAllowPolicy={\"redrivePermission\":\"denyAll\"} RedrivePolicy={\"deadLetterTargetArn\":\"of the pool\",\"maxReceiveCount\":7} SqsManagedSseEnabled=true \
             VisibilityTimeout=60"
        );
        assert_eq!(text(&settings(&own, None)), "MessageRetentionPeriod=1209600 SqsManagedSseEnabled=true");
        let fast = settings(&QueueAttributes { high_throughput: true, ..own }, Some(""));
        assert_eq!(
            (&*fast["DeduplicationScope"], &*fast["FifoThroughputLimit"]),
            ("messageGroup", "perMessageGroupId")
        );
    }
}
