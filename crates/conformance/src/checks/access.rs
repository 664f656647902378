//! Access with right and wrong keys and clocks.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use cruncher_aws::retry::RetryPolicy;
use cruncher_aws::s3::{DeleteObject, GetObject, ListObjects, PutObject};
use cruncher_aws::sqs::{
    BatchEntry, CreateQueue, DeleteQueue, GetQueueAttributes, PurgeQueue, ReceiveMessage, SendMessageBatch,
    SetQueueAttributes,
};
use cruncher_aws::{Client, Credentials, Endpoints, Error, ErrorKind, Operation};

use crate::cloud::{CheckedCloud, WrongKeys};
use crate::failure::{CheckFailure, equal, holds, refused};

const TWENTY_MINUTES: Duration = Duration::from_mins(20);

fn denied(what: &str, error: &Error) -> Result<(), CheckFailure> {
    holds(&format!("{what} is denied: {error}"), || error.is_access_denied())?;
    equal("attempts", &error.attempts(), &1)
}

pub(super) async fn anyone_reads_the_configuration(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    cloud.anonymous().send(&GetObject::new(cloud.bucket(), "public/config.json")).await?;
    Ok(())
}

/// Reads anonymously first, as a page does, and so learns the time.
pub(super) async fn a_clock_is_corrected_before_the_first_signature(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    for wrong in [WrongKeys::Fast(TWENTY_MINUTES), WrongKeys::Slow(TWENTY_MINUTES)] {
        let anonymous = Client::new(cloud.ports_that_are(wrong), cloud.endpoints(), None);
        anonymous.send(&GetObject::new(cloud.bucket(), "public/config.json")).await?;
        let signing = anonymous.with(cloud.endpoints(), Some(cloud.administrator_credentials()));
        signing.send(&ListObjects::new(cloud.bucket()).max_keys(1)).await?;
        signing.send(&GetQueueAttributes::new(cloud.queue_url())).await?;
        equal("requests", &signing.requests_sent(), &3)?;
    }
    Ok(())
}

/// Sends `operation` twice by a clock that is wrong: the first time it is refused, and sent again once the time is known.
async fn corrects_a_wrong_clock(cloud: &CheckedCloud, operation: &impl Operation) -> Result<(), CheckFailure> {
    for wrong in [WrongKeys::Fast(TWENTY_MINUTES), WrongKeys::Slow(TWENTY_MINUTES)] {
        let credentials = Some(cloud.administrator_credentials());
        let client = Client::new(cloud.ports_that_are(wrong), cloud.endpoints(), credentials);
        client.send(operation).await?;
        equal("requests", &client.requests_sent(), &2)?;
        client.send(operation).await?;
        equal("requests once the time is known", &client.requests_sent(), &3)?;
    }
    Ok(())
}

pub(super) async fn s3_corrects_a_wrong_clock(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    corrects_a_wrong_clock(cloud, &ListObjects::new(cloud.bucket()).max_keys(1)).await
}

pub(super) async fn sqs_corrects_a_wrong_clock(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    corrects_a_wrong_clock(cloud, &GetQueueAttributes::new(cloud.queue_url())).await
}

/// Sends `operation` with a known key and a wrong secret, and with a key that nobody has.
async fn refuses_wrong_keys(
    cloud: &CheckedCloud,
    operation: &impl Operation<Output: Debug>,
) -> Result<(), CheckFailure> {
    let known = cloud.administrator_credentials();
    for key_id in [known.key_id(), "AKIAUNKNOWNKEY000000"] {
        let client = cloud.client(Some(Credentials::new(key_id, "a wrong secret")));
        let error = refused("it", client.send(operation).await)?;
        equal(&error.to_string(), &error.kind(), &ErrorKind::RefusedCredentials)?;
        equal("attempts", &error.attempts(), &1)?;
    }
    Ok(())
}

pub(super) async fn s3_refuses_wrong_keys(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    refuses_wrong_keys(cloud, &ListObjects::new(cloud.bucket())).await
}

pub(super) async fn sqs_refuses_wrong_keys(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    refuses_wrong_keys(cloud, &GetQueueAttributes::new(cloud.queue_url())).await
}

pub(super) async fn a_missing_bucket_is_not_found(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let error = refused("a listing", cloud.administrator().send(&ListObjects::new("cruncher-no-such-bucket")).await)?;
    equal("code", &error.code(), &Some("NoSuchBucket"))?;
    holds("it is not found", || error.is_not_found())
}

pub(super) async fn a_viewer_may_only_look(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (viewer, bucket, queue_url) = (cloud.viewer(), cloud.bucket(), cloud.queue_url());
    viewer.send(&ListObjects::new(bucket).max_keys(1)).await?;
    viewer.send(&GetQueueAttributes::new(queue_url)).await?;
    let put = viewer.send(&PutObject::new(bucket, "control.json", "{}")).await;
    denied("writing", &refused("writing", put)?)?;
    let purge = viewer.send(&PurgeQueue::new(queue_url)).await;
    denied("purging", &refused("purging", purge)?)?;
    let receive = viewer.send(&ReceiveMessage::new(queue_url)).await;
    denied("receiving", &refused("receiving", receive)?)
}

pub(super) async fn an_operator_may_not_touch_results(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (administrator, operator, bucket) = (cloud.administrator(), cloud.operator(), cloud.bucket());
    let (result, failure) = ("data/access/done-1.json", "data/access/error-1.json");
    for key in [result, failure] {
        administrator.send(&PutObject::new(bucket, key, "{}")).await?;
    }
    let overwrite = operator.send(&PutObject::new(bucket, result, "forged")).await;
    denied("overwriting", &refused("overwriting", overwrite)?)?;
    let delete = operator.send(&DeleteObject::new(bucket, result)).await;
    denied("deleting", &refused("deleting", delete)?)?;
    operator.send(&DeleteObject::new(bucket, failure)).await?;
    administrator.send(&GetObject::new(bucket, result)).await?;
    let gone = refused("reading", administrator.send(&GetObject::new(bucket, failure)).await)?;
    holds("the error document is gone", || gone.is_not_found())
}

pub(super) async fn the_queues_of_pools_are_covered_and_no_other_studys(
    cloud: &CheckedCloud,
) -> Result<(), CheckFailure> {
    let (administrator, operator, viewer) = (cloud.administrator(), cloud.operator(), cloud.viewer());
    let mut urls = Vec::new();
    for name in ["-Pool-gpu.fifo", "-Pool-gpu-Dead.fifo", "-2-Pool-gpu.fifo"] {
        let fifo = BTreeMap::from([("FifoQueue".to_owned(), "true".to_owned())]);
        urls.push(administrator.send(&CreateQueue::new(format!("{}{name}", cloud.stack())).attributes(fifo)).await?);
    }
    let [cases, dead, foreign] = &urls[..] else { return Err(CheckFailure::new("three queues")) };
    let message = |url: &str| {
        let [id, body] = ["pool"; 2].map(str::to_owned);
        let (group_id, deduplication_id) = (id.clone(), id.clone());
        SendMessageBatch::new(url, vec![BatchEntry { id, body, group_id, deduplication_id }])
    };
    for url in [cases, dead] {
        viewer.send(&GetQueueAttributes::new(url)).await?;
        denied("receiving", &refused("receiving", viewer.send(&ReceiveMessage::new(url)).await)?)?;
    }
    operator.send(&message(cases)).await?;
    operator.send(&ReceiveMessage::new(dead)).await?;
    denied("a case born dead", &refused("a case born dead", operator.send(&message(dead)).await)?)?;
    denied("taking a case", &refused("taking a case", operator.send(&ReceiveMessage::new(cases)).await)?)?;
    for client in [&viewer, &operator] {
        denied("another study's", &refused("another study's", client.send(&GetQueueAttributes::new(foreign)).await)?)?;
    }
    denied("another study's", &refused("another study's", operator.send(&message(foreign)).await)?)?;
    for url in &urls {
        administrator.send(&DeleteQueue::new(url)).await?;
    }
    Ok(())
}

pub(super) async fn an_operator_makes_pools_of_its_own_study_alone(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (administrator, operator, viewer) = (cloud.administrator(), cloud.operator(), cloud.viewer());
    let make = |name: &str| {
        let fifo = BTreeMap::from([("FifoQueue".to_owned(), "true".to_owned())]);
        CreateQueue::new(format!("{}{name}", cloud.stack())).attributes(fifo).tag("cruncher:pool", "new")
    };
    let settings = || BTreeMap::from([("VisibilityTimeout".to_owned(), "60".to_owned())]);
    let (own, foreign) = (["-Pool-new.fifo", "-Pool-new-Dead.fifo"], "-2-Pool-new.fifo");
    let foreign_url = administrator.send(&make(foreign)).await?;
    for name in own {
        denied("a viewer's pool", &refused("a viewer's pool", viewer.send(&make(name)).await)?)?;
        let url = operator.send(&make(name)).await?;
        operator.send(&SetQueueAttributes::new(&url, settings())).await?;
        let change = viewer.send(&SetQueueAttributes::new(&url, settings())).await;
        denied("a viewer's change", &refused("a viewer's change", change)?)?;
        denied("a viewer's removal", &refused("a viewer's removal", viewer.send(&DeleteQueue::new(&url)).await)?)?;
        operator.send(&DeleteQueue::new(&url)).await?;
    }
    denied("another study's", &refused("another study's", operator.send(&make(foreign)).await)?)?;
    for url in [foreign_url.as_str(), cloud.queue_url()] {
        let change = operator.send(&SetQueueAttributes::new(url, settings())).await;
        denied("changing what is no pool", &refused("changing what is no pool", change)?)?;
        let delete = operator.send(&DeleteQueue::new(url)).await;
        denied("deleting what is no pool", &refused("deleting what is no pool", delete)?)?;
    }
    administrator.send(&DeleteQueue::new(&foreign_url)).await?;
    Ok(())
}

pub(super) async fn anyone_may_not_read_results(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let key = "data/access/done-2.json";
    cloud.administrator().send(&PutObject::new(cloud.bucket(), key, "{}")).await?;
    let error = refused("reading", cloud.anonymous().send(&GetObject::new(cloud.bucket(), key)).await)?;
    denied("reading", &error)?;
    let listing = refused("listing", cloud.anonymous().send(&ListObjects::new(cloud.bucket())).await)?;
    denied("listing", &listing)
}

/// Sends to port 9, on which nobody listens: its service, discarding, is out of use.
pub(super) async fn nobody_listens(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let endpoints = Endpoints::new("eu-central-1", Some("http://127.0.0.1:9".to_owned()));
    let policy = RetryPolicy { max_attempts: 2, first_wait: Duration::from_millis(1), ..RetryPolicy::default() };
    let client = Client::new(cloud.ports().clone(), endpoints, None).with_policy(policy);
    let error = refused("a listing", client.send(&ListObjects::new("b")).await)?;
    equal("kind", &error.kind(), &ErrorKind::Transport)?;
    equal("attempts", &error.attempts(), &2)
}
