//! Redriving: cases of the dead-letter queue go back to the queue.
//!
//! By receiving, sending and deleting, which every cloud has: SQS's own way (`StartMessageMoveTask`) isn't everywhere.

use std::collections::BTreeSet;

use cruncher_aws::{Error, sqs};
use cruncher_study::control::{DeadLetters, StudyControl};
use cruncher_study::message::{CaseMessage, MAX_MESSAGE_BYTES};
use cruncher_study::pool::{Pool, PoolQueues, queues};

use super::control::{change_control, control};
use crate::study::Study;

/// Time for which a received message is hidden from others, in seconds: it is sent and deleted in this time.
const HIDDEN_SECS: u32 = 60;

/// Time for which the dead-letter queue is asked for a message, in seconds. An answer without one may come although there are some.
const WAIT_SECS: u32 = 2;

/// Outcome of redriving.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RedriveOutcome {
    /// Number of cases that are in the queue again.
    pub redriven: u64,
    /// Number of messages that are no case, and stay in the dead-letter queue.
    pub left: u64,
    /// The queue's reasons for refusing cases, which stay in the dead-letter queue, too.
    pub refused: Vec<String>,
}

/// Number of times that the dead-letter queue is asked again although it gave nothing, because somebody else looks at its messages at
/// this moment: for [`HIDDEN_SECS`](super::observe::HIDDEN_SECS).
const MAX_REPEATS: u32 = super::observe::HIDDEN_SECS / WAIT_SECS + 1;

/// Sends the cases of the dead-letter queues again, each to its own pool, and deletes them there, until none gives another one. `tell` gets
/// the number of cases so far. A case whose answer gets lost is in both queues, and computed once: its second message is skipped.
///
/// # Errors
/// If a request fails. What was redriven until then is.
pub async fn redrive(study: &Study, tell: &dyn Fn(u64)) -> Result<RedriveOutcome, Error> {
    let mut outcome = RedriveOutcome::default();
    let pools = forget_notes(study).await?;
    for pool in std::iter::once(None).chain(pools.into_iter().map(Some)) {
        redrive_pool(study, &queues(&study.config, pool.as_ref()), &mut outcome, tell).await?;
    }
    Ok(outcome)
}

async fn redrive_pool(
    study: &Study,
    own: &PoolQueues,
    outcome: &mut RedriveOutcome,
    tell: &dyn Fn(u64),
) -> Result<(), Error> {
    let before = outcome.redriven;
    let mut seen = BTreeSet::new();
    let mut repeats = 0;
    loop {
        let receive = sqs::ReceiveMessage::new(&own.dead_letter_queue_url)
            .max_messages(10)
            .wait_secs(WAIT_SECS)
            .visibility_timeout_secs(HIDDEN_SECS);
        let mut received = study.client.send(&receive).await?;
        received.retain(|message| seen.insert(message.id.clone()));
        if received.is_empty() {
            let staying = seen.len() as u64 - (outcome.redriven - before);
            if repeats == MAX_REPEATS || !holds_others(study, own, staying).await? {
                return Ok(());
            }
            repeats += 1;
            continue;
        }
        let all = received.len();
        received.retain(|message| serde_json::from_str::<CaseMessage>(&message.body).is_ok());
        outcome.left += (all - received.len()) as u64;
        for part in parts(&received) {
            send(study, own, part, outcome).await?;
        }
        tell(outcome.redriven);
    }
}

/// Forgets what operators' looks have noted: a case that was dead or lost may be in the queue again. Should that fail, the page says so
/// for a while. Returns the study's pools.
async fn forget_notes(study: &Study) -> Result<Vec<Pool>, Error> {
    let forget = |control: &mut StudyControl| {
        control.queue_empty_time = 0.0;
        control.dead_letters = DeadLetters::default();
    };
    match change_control(study, &forget).await {
        Ok(control) => Ok(control.pools),
        Err(_) => Ok(control(study).await?.pools),
    }
}

/// Whether the dead-letter queue has more messages than those that were received here and stay there.
async fn holds_others(study: &Study, own: &PoolQueues, staying: u64) -> Result<bool, Error> {
    let counts = study.client.send(&sqs::GetQueueAttributes::new(&own.dead_letter_queue_url)).await?;
    Ok(counts.visible + counts.in_flight > staying)
}

/// Splits messages into as many as one request takes.
fn parts(messages: &[sqs::ReceivedMessage]) -> Vec<&[sqs::ReceivedMessage]> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (place, message) in messages.iter().enumerate() {
        if place > start && bytes + message.body.len() > MAX_MESSAGE_BYTES {
            parts.push(&messages[start..place]);
            (start, bytes) = (place, 0);
        }
        bytes += message.body.len();
    }
    parts.extend((start < messages.len()).then(|| &messages[start..]));
    parts
}

async fn send(
    study: &Study,
    own: &PoolQueues,
    part: &[sqs::ReceivedMessage],
    outcome: &mut RedriveOutcome,
) -> Result<(), Error> {
    let entry = |(place, message): (usize, &sqs::ReceivedMessage)| sqs::BatchEntry {
        id: place.to_string(),
        body: message.body.clone(),
        group_id: message.group_id.clone().unwrap_or_else(|| message.id.clone()),
        // Whoever repeats this within five minutes, because the answer got lost, sends it once.
        deduplication_id: format!("redrive-{}", message.id),
    };
    let entries = part.iter().enumerate().map(entry).collect();
    let sent = study.client.send(&sqs::SendMessageBatch::new(&own.queue_url, entries)).await?;
    outcome.refused.extend(sent.failed.iter().map(|failure| format!("{}: {}", failure.code, failure.message)));
    for message in sent.sent.iter().filter_map(|id| part.get(id.parse::<usize>().ok()?)) {
        let delete = sqs::DeleteMessage::new(&own.dead_letter_queue_url, &message.receipt_handle);
        study.client.send(&delete).await?;
        outcome.redriven += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_takes_as_many_messages_as_fit() {
        let of = |sizes: &[usize]| -> Vec<usize> {
            let message = |size: &usize| sqs::ReceivedMessage {
                id: String::new(),
                receipt_handle: String::new(),
                body: "x".repeat(*size),
                receive_count: None,
                group_id: None,
            };
            let messages: Vec<_> = sizes.iter().map(message).collect();
            parts(&messages).iter().map(|part| part.len()).collect()
        };
        assert_eq!(of(&[]), [0; 0]);
        assert_eq!(of(&[1, 2, 3]), [3]);
        assert_eq!(of(&[MAX_MESSAGE_BYTES, 1, MAX_MESSAGE_BYTES - 1, 1]), [1, 2, 1]);
    }
}
