//! Questions about pools that take the account's own credentials: finding their queues by name, and looking at stacks.

use std::collections::BTreeSet;

use cruncher_aws::cloudformation::DescribeStack;
use cruncher_aws::sqs::ListQueues;
use cruncher_aws::{Client, Error};
use cruncher_study::pool::{Pool, queue_name_prefix};

use super::control::control;
use super::fleet::fleet_name;
use super::pools::{PoolChangeError, PoolState, delete_pool, look_at, make_pool};
use super::stack::stack_name;
use crate::study::Study;

/// The output of stacks whose users may use the queues of pools.
const POOLS_OUTPUT: &str = "PoolQueues";

/// Makes a pool, as [`make_pool`] does, in a study whose users may use it.
///
/// # Errors
/// If the study's stack is of a version without pools, and otherwise as [`make_pool`].
pub async fn add_pool(study: &Study, pool: &Pool) -> Result<bool, PoolChangeError> {
    let stack = study.client.send(&DescribeStack::new(stack_name(&study.config.study))).await?;
    if !stack.is_some_and(|stack| stack.outputs.contains_key(POOLS_OUTPUT)) {
        return Err(PoolChangeError::NotConfigured);
    }
    make_pool(study, pool).await
}

/// Returns the study's own queue and all its pools, also those that were made or removed in part.
///
/// # Errors
/// If a request fails.
pub async fn list_pools(study: &Study) -> Result<Vec<PoolState>, Error> {
    let named = control(study).await?.pools;
    let prefix = queue_name_prefix(&study.config.study);
    let listed = queue_urls(&study.client, &study.config.study).await?;
    let found = listed.iter().filter_map(|url| {
        let name = url.rsplit('/').next()?.strip_prefix(&prefix)?.strip_suffix(".fifo")?;
        Pool::parse(name.strip_suffix("-Dead").unwrap_or(name)).ok()
    });
    let all: BTreeSet<Pool> = found.chain(named.iter().copied()).collect();
    let mut states = Vec::new();
    for pool in std::iter::once(None).chain(all.into_iter().map(Some)) {
        let is_named = pool.as_ref().is_none_or(|pool| named.contains(pool));
        states.push(PoolState { is_named, ..look_at(study, pool).await? });
    }
    Ok(states)
}

/// Deletes a pool's queues, and names it no more. Returns the number of messages that were lost with them.
///
/// # Errors
/// If there is no such pool, it has a fleet, a request fails, or a queue isn't empty although it has to be.
pub async fn remove_pool(study: &Study, pool: &Pool, may_lose_cases: bool) -> Result<u64, PoolChangeError> {
    let stack = fleet_name(&study.config.study, pool.as_str());
    if study.client.send(&DescribeStack::new(&stack)).await?.is_some() {
        return Err(PoolChangeError::HasFleet { pool: *pool, stack });
    }
    delete_pool(study, pool, may_lose_cases).await
}

/// Returns the addresses of all queues of a study's pools, also of those that `control.json` doesn't name.
pub(super) async fn queue_urls(client: &Client, study: &str) -> Result<Vec<String>, Error> {
    let prefix = queue_name_prefix(study);
    let (mut urls, mut next) = (Vec::new(), ListQueues::new(&prefix));
    loop {
        let page = client.send(&next).await?;
        urls.extend(page.queue_urls);
        let Some(token) = page.next else { break };
        next = ListQueues::new(&prefix).next_token(token);
    }
    // A cloud that doesn't tell large letters from small ones would list others', too.
    urls.retain(|url| url.rsplit('/').next().is_some_and(|name| name.starts_with(&prefix)));
    Ok(urls)
}
