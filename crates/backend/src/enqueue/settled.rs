//! The cases of one batch for which nothing has to be sent any more.

use std::collections::BTreeSet;

use cruncher_aws::{Error, s3, sqs};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::control::StudyControl;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::key::{DATA_PREFIX, DataKey, WORKERS_PREFIX, WorkerKey};
use cruncher_study::pool::queues;

use crate::reading::{MAX_HEARTBEAT_BYTES, ReadRequest, parse};
use crate::study::Study;

/// Returns the cases of a batch that have a result.
pub(super) async fn done(study: &Study, batch: &Batch) -> Result<BTreeSet<CaseId>, Error> {
    named_since(study, batch, "done-", 0.0).await
}

/// Returns the cases of which a document with such a name was written at this time, in seconds since 1970, or later. S3 gives
/// times in whole seconds.
async fn named_since(study: &Study, batch: &Batch, start: &str, since_secs: f64) -> Result<BTreeSet<CaseId>, Error> {
    let mut cases = BTreeSet::new();
    let each = |object: s3::ListedObject| {
        let is_news = object.last_modified.as_secs_f64() >= since_secs.floor();
        if let Some(DataKey::Done(_, case) | DataKey::Error(_, case)) = DataKey::parse(&object.key).filter(|_| is_news)
        {
            cases.insert(case);
        }
    };
    s3::list_each(&study.client, listing(study, batch, start), each).await?;
    Ok(cases)
}

/// Lists the objects of a batch whose names begin with `start`.
pub(super) fn listing(study: &Study, batch: &Batch, start: &str) -> s3::ListObjects {
    s3::ListObjects::new(&study.config.bucket).prefix(format!("{DATA_PREFIX}{batch}/{start}"))
}

/// Returns the cases that have an error document.
pub(super) async fn errors(study: &Study, batch: &Batch) -> Result<Vec<(CaseId, s3::ListedObject)>, Error> {
    let objects = s3::list_all(&study.client, listing(study, batch, "error-")).await?;
    let error = |object: s3::ListedObject| match DataKey::parse(&object.key) {
        Some(DataKey::Error(_, case)) => Some((case, object)),
        _ => None,
    };
    Ok(objects.into_iter().filter_map(error).collect())
}

/// Returns the last heartbeat of every worker that is alive.
pub(super) async fn alive_workers(study: &Study) -> Result<Vec<Heartbeat>, Error> {
    let listing = s3::ListObjects::new(&study.config.bucket).prefix(WORKERS_PREFIX);
    let mut wanted = Vec::new();
    let each = |object: s3::ListedObject| {
        if let Some(WorkerKey::Heartbeat(_)) = WorkerKey::parse(&object.key) {
            wanted.push(ReadRequest::whole(object));
        }
    };
    s3::list_each(&study.client, listing, each).await?;
    let read = study.read_all(wanted, MAX_HEARTBEAT_BYTES).await?;
    let now = study.now();
    let heartbeats = read.into_iter().filter_map(|(_, body)| parse::<Heartbeat>(body).ok());
    Ok(heartbeats.filter(|worker| worker.is_alive(now)).collect())
}

/// Returns the cases of a batch that a worker has finished since then, in seconds since 1970, by a result or an error document,
/// or that a live worker computes. Older documents tell of an earlier message.
pub(super) async fn taken(study: &Study, batch: &Batch, since_secs: f64) -> Result<BTreeSet<CaseId>, Error> {
    let (mut cases, failed, workers) = futures::future::try_join3(
        named_since(study, batch, "done-", since_secs),
        named_since(study, batch, "error-", since_secs),
        alive_workers(study),
    )
    .await?;
    cases.extend(failed);
    let running = workers.into_iter().filter_map(|worker| worker.case);
    cases.extend(running.filter(|case| case.batch == *batch).map(|case| case.case_id));
    Ok(cases)
}

/// Whether the study's own queue and those of its pools hold no message, as far as SQS counts.
pub(super) async fn is_queue_empty(study: &Study, control: &StudyControl) -> Result<bool, Error> {
    for pool in std::iter::once(None).chain(control.pools.iter().map(Some)) {
        let count = sqs::GetQueueAttributes::new(queues(&study.config, pool).queue_url);
        match study.client.send(&count).await {
            Err(error) if pool.is_some() && error.is_not_found() => {}
            counts => {
                let sqs::QueueAttributes { visible, in_flight, delayed, .. } = counts?;
                if visible + in_flight + delayed > 0 {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}
