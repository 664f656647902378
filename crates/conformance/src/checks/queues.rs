//! Messages.

use std::collections::BTreeMap;

use cruncher_aws::Client;
use cruncher_aws::sqs::{
    BatchEntry, ChangeMessageVisibility, CreateQueue, DeleteMessage, DeleteQueue, GetQueueAttributes, ListQueues,
    PurgeQueue, ReceiveMessage, ReceivedMessage, SendMessageBatch, SetQueueAttributes,
};

use crate::cloud::CheckedCloud;
use crate::failure::{CheckFailure, equal, holds, refused};

/// Returns a name that no earlier check, and no earlier run, has used: a queue remembers deduplication ids for minutes.
fn fresh(cloud: &CheckedCloud, name: &str) -> String {
    let nanos = cloud.ports().clock.now().as_nanos();
    let digits = (cloud.ports().random.fraction() * 1e9).to_string();
    format!("{name}-{nanos}-{}", digits.split('.').next().unwrap_or_default())
}

fn entry(cloud: &CheckedCloud, id: &str, body: &str) -> BatchEntry {
    BatchEntry { id: id.into(), body: body.into(), group_id: fresh(cloud, id), deduplication_id: fresh(cloud, id) }
}

async fn send(client: &Client, queue_url: &str, entries: Vec<BatchEntry>) -> Result<(), CheckFailure> {
    let outcome = client.send(&SendMessageBatch::new(queue_url, entries)).await?;
    equal("failed entries", &outcome.failed, &Vec::new())
}

async fn receive(client: &Client, queue_url: &str) -> Result<Vec<ReceivedMessage>, CheckFailure> {
    Ok(client.send(&ReceiveMessage::new(queue_url).max_messages(10)).await?)
}

async fn one(client: &Client, queue_url: &str) -> Result<ReceivedMessage, CheckFailure> {
    let mut messages = receive(client, queue_url).await?;
    equal("messages", &messages.len(), &1)?;
    messages.pop().ok_or_else(|| CheckFailure::new("no message"))
}

async fn delete(client: &Client, queue_url: &str, messages: &[ReceivedMessage]) -> Result<(), CheckFailure> {
    for message in messages {
        client.send(&DeleteMessage::new(queue_url, &message.receipt_handle)).await?;
    }
    Ok(())
}

pub(super) async fn a_batch_is_counted(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.queue_url());
    let entries = ["a", "b", "c"].map(|id| entry(cloud, id, id)).to_vec();
    let outcome = client.send(&SendMessageBatch::new(queue_url, entries)).await?;
    equal("sent", &outcome.sent, &["a", "b", "c"].map(str::to_owned).to_vec())?;
    let waiting = client.send(&GetQueueAttributes::new(queue_url)).await?;
    equal("waiting", &(waiting.visible, waiting.in_flight, waiting.delayed), &(3, 0, 0))?;
    let messages = receive(&client, queue_url).await?;
    let bodies: Vec<&str> = messages.iter().map(|message| message.body.as_str()).collect();
    equal("bodies, in the order of sending", &bodies, &vec!["a", "b", "c"])?;
    let received = client.send(&GetQueueAttributes::new(queue_url)).await?;
    equal("received", &(received.visible, received.in_flight, received.delayed), &(0, 3, 0))?;
    equal("how long messages are kept", &received.retention_secs, &Some(1_209_600))?;
    delete(&client, queue_url, &messages).await
}

pub(super) async fn a_wrong_entry_fails_alone(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.queue_url());
    // A body may have only the characters of XML 1.0, and this one isn't among them.
    let entries = vec![entry(cloud, "good", "x"), entry(cloud, "wrong", "\u{ffff}"), entry(cloud, "also-good", "y")];
    let outcome = client.send(&SendMessageBatch::new(queue_url, entries)).await?;
    let messages = receive(&client, queue_url).await?;
    delete(&client, queue_url, &messages).await?;
    equal("sent", &outcome.sent, &["good", "also-good"].map(str::to_owned).to_vec())?;
    equal("failed", &outcome.failed.len(), &1)?;
    let failure = &outcome.failed[0];
    equal("id", &failure.id.as_str(), &"wrong")?;
    holds("the sender is at fault", || failure.sender_fault)?;
    holds("it is explained", || !failure.code.is_empty() && !failure.message.is_empty())?;
    equal("messages", &messages.len(), &2)
}

pub(super) async fn a_message_is_hidden_given_back_and_deleted(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.queue_url());
    let sent = entry(cloud, "case", "content");
    send(&client, queue_url, vec![sent.clone()]).await?;
    let first = one(&client, queue_url).await?;
    equal("body", &first.body, &sent.body)?;
    equal("group", &first.group_id, &Some(sent.group_id))?;
    equal("receives", &first.receive_count, &Some(1))?;
    equal("while it is hidden", &receive(&client, queue_url).await?, &Vec::new())?;
    client.send(&ChangeMessageVisibility::new(queue_url, &first.receipt_handle, 600)).await?;
    equal("while it is hidden longer", &receive(&client, queue_url).await?, &Vec::new())?;
    client.send(&ChangeMessageVisibility::new(queue_url, &first.receipt_handle, 0)).await?;
    let second = one(&client, queue_url).await?;
    equal("id", &second.id, &first.id)?;
    equal("receives", &second.receive_count, &Some(2))?;
    client.send(&DeleteMessage::new(queue_url, &second.receipt_handle)).await?;
    equal("once it is deleted", &receive(&client, queue_url).await?, &Vec::new())?;
    let attributes = client.send(&GetQueueAttributes::new(queue_url)).await?;
    equal("counts", &(attributes.visible, attributes.in_flight), &(0, 0))
}

pub(super) async fn a_group_waits_for_its_message(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.queue_url());
    let group_id = fresh(cloud, "group");
    let of_group = |id: &str| BatchEntry { group_id: group_id.clone(), ..entry(cloud, id, id) };
    send(&client, queue_url, vec![of_group("first"), of_group("second")]).await?;
    let first = client.send(&ReceiveMessage::new(queue_url).visibility_timeout_secs(600)).await?;
    equal("bodies", &first.iter().map(|message| message.body.as_str()).collect(), &vec!["first"])?;
    equal("while the first is out", &receive(&client, queue_url).await?, &Vec::new())?;
    delete(&client, queue_url, &first).await?;
    let second = client.send(&ReceiveMessage::new(queue_url).wait_secs(5)).await?;
    equal("bodies", &second.iter().map(|message| message.body.as_str()).collect(), &vec!["second"])?;
    delete(&client, queue_url, &second).await
}

pub(super) async fn a_duplicate_is_not_delivered(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.queue_url());
    let sent = entry(cloud, "same", "content");
    send(&client, queue_url, vec![sent.clone()]).await?;
    send(&client, queue_url, vec![sent]).await?;
    let messages = receive(&client, queue_url).await?;
    equal("messages", &messages.len(), &1)?;
    delete(&client, queue_url, &messages).await
}

pub(super) async fn odd_bodies_come_back(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.queue_url());
    let large = "ä".repeat(100_000);
    for body in ["{\"a\": \"b\\n\"}", " \t\n\r", "<a>&amp;</a>", "日本🦀", "a+b %20 'c'", large.as_str()] {
        send(&client, queue_url, vec![entry(cloud, "odd", body)]).await?;
        let message = one(&client, queue_url).await?;
        holds(&format!("the body came back: {body:.20}"), || message.body == body)?;
        delete(&client, queue_url, &[message]).await?;
    }
    Ok(())
}

/// Purges the other queue, since a queue can be purged only once a minute.
pub(super) async fn a_purged_queue_is_empty(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, queue_url) = (cloud.administrator(), cloud.dead_letter_queue_url());
    send(&client, queue_url, ["a", "b"].map(|id| entry(cloud, id, id)).to_vec()).await?;
    client.send(&PurgeQueue::new(queue_url)).await?;
    let attributes = client.send(&GetQueueAttributes::new(queue_url)).await?;
    equal("counts", &(attributes.visible, attributes.in_flight), &(0, 0))
}

/// As pools are: made twice, since making one may be interrupted, brought to its settings, found by its name, and deleted.
pub(super) async fn a_queue_is_made_changed_listed_and_deleted(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let attributes = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    let (start, other) = (fresh(cloud, "Made-"), fresh(cloud, "made-"));
    let make = |start: &str| {
        let name = format!("{start}-Pool-gpu.fifo");
        CreateQueue::new(name).attributes(attributes("FifoQueue", "true")).tag("cruncher:pool", "gpu")
    };
    let url = client.send(&make(&start)).await?;
    let foreign = client.send(&make(&other)).await?;
    client.send(&SetQueueAttributes::new(&url, attributes("VisibilityTimeout", "77"))).await?;
    equal("made again", &client.send(&make(&start)).await?, &url)?;
    let changed = client.send(&GetQueueAttributes::new(&url)).await?;
    equal("its lease", &changed.visibility_timeout_secs, &Some(77))?;
    let listed = client.send(&ListQueues::new(format!("{start}-Pool-"))).await?;
    equal("what begins so", &listed.queue_urls, &vec![url.clone()])?;
    for url in [&url, &foreign] {
        client.send(&DeleteQueue::new(url)).await?;
    }
    let error = refused("its counts", client.send(&GetQueueAttributes::new(&url)).await)?;
    holds(&format!("it is not found: {error}"), || error.is_not_found())
}

pub(super) async fn a_missing_queue_is_not_found(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let missing = format!("{}-missing.fifo", cloud.queue_url().trim_end_matches(".fifo"));
    let error = refused("its counts", cloud.administrator().send(&GetQueueAttributes::new(missing)).await)?;
    holds(&format!("it is not found: {error}"), || error.is_not_found())
}
