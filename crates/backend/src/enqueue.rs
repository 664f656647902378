//! Writing a design down and sending its cases to the queue.

use std::io::Write as _;

use bytes::Bytes;
use cruncher_aws::{Error, s3, sqs};
use cruncher_study::case_table::{TableError, write_table};
use cruncher_study::design::{Case, DesignDocument, DesignError, DesignFile};
use cruncher_study::key::DataKey;
use cruncher_study::message::MAX_MESSAGE_BYTES;
use cruncher_study::model::{Model, ModelDigest};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::{StreamExt, TryStreamExt, stream};

use crate::study::Study;

/// How many batches of messages are under way at once.
const CONCURRENT_BATCHES: usize = 8;

/// How often a batch is sent whose entries the service fails to accept.
const MAX_SENDS: u32 = 8;

/// What tells one enqueueing from every other.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// 16 lower-case hex digits.
    pub id: String,
    /// When, in seconds since 1970.
    pub time: f64,
    /// Who: a role, or a user of the command line.
    pub by: String,
}

/// How far an enqueueing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Messages that the queue accepted.
    pub sent: u64,
    /// All of them.
    pub of: u64,
}

/// An enqueueing that ended early.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The design has no cases.
    #[error(transparent)]
    Design(#[from] DesignError),
    /// The table can't be written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A case is too large for the queue; nothing was sent.
    #[error(
        "case {row} is {size_bytes} bytes long as a message, and the queue takes {MAX_MESSAGE_BYTES} at most; nothing was sent"
    )]
    CaseTooLarge {
        /// Its number in the design, from 1.
        row: usize,
        /// The length of its message.
        size_bytes: usize,
    },
    /// The queue refused a case.
    #[error("the queue refused case {case_id}: {code}: {message}")]
    Refused {
        /// The case.
        case_id: String,
        /// SQS's code.
        code: String,
        /// SQS's message.
        message: String,
    },
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// Writes the model, the design and the table of cases, then sends the cases, level by level.
///
/// A level is sent only after every message of the level before was accepted. Sending the same submission again within
/// five minutes sends nothing twice.
///
/// # Errors
/// If the design has no cases or one that is too large, before anything is written; otherwise if a request fails.
pub async fn enqueue(
    study: &Study,
    design: &DesignFile,
    model: &[u8],
    submission: &Submission,
    progress: &mut dyn FnMut(Sent),
) -> Result<DesignDocument, EnqueueError> {
    let digest = ModelDigest::of(model);
    let cases = design.cases(&digest)?;
    let place = Model::new(&digest, &design.model.file, design.model.kind);
    let document = design.document(&cases, place, &submission.id, submission.time, &submission.by);
    let bodies = bodies(&document, &cases)?;
    write_down(study, &document, &cases, model).await?;

    let of = cases.len() as u64;
    let mut sent = 0;
    progress(Sent { sent, of });
    let mut rest = bodies.as_slice();
    for level in &document.levels {
        let (now, later) = rest.split_at(usize::try_from(level.cases).unwrap_or(rest.len()).min(rest.len()));
        rest = later;
        let mut batches =
            stream::iter(batches(now)).map(|batch| send_batch(study, batch)).buffer_unordered(CONCURRENT_BATCHES);
        while let Some(accepted) = batches.try_next().await? {
            sent += accepted;
            progress(Sent { sent, of });
        }
    }
    Ok(document)
}

fn bodies(document: &DesignDocument, cases: &[Case]) -> Result<Vec<sqs::Entry>, EnqueueError> {
    let entry = |(index, case): (usize, &Case)| {
        let message = document.message(case);
        let body = message.body();
        if body.len() > MAX_MESSAGE_BYTES {
            return Err(EnqueueError::CaseTooLarge { row: index + 1, size_bytes: body.len() });
        }
        Ok(sqs::Entry {
            id: case.case_id.to_string(),
            group_id: case.case_id.to_string(),
            deduplication_id: message.deduplication_id(),
            body,
        })
    };
    cases.iter().enumerate().map(entry).collect()
}

/// The model first, the table last but before any message: whoever finds a message finds what it refers to.
async fn write_down(
    study: &Study,
    document: &DesignDocument,
    cases: &[Case],
    model: &[u8],
) -> Result<(), EnqueueError> {
    let bucket = &study.config.bucket;
    let put = s3::PutObject::new(bucket, &document.model.key, model.to_vec()).if_none_match_any();
    match study.client.send(&put).await {
        Err(error) if !error.is_precondition_failed() => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    let key = DataKey::Design(document.batch.clone(), document.submission.clone()).key();
    let json = serde_json::to_vec_pretty(document).unwrap_or_default();
    study.client.send(&s3::PutObject::new(bucket, key, json).content_type("application/json")).await?;

    let key = DataKey::Cases(document.batch.clone(), document.submission.clone()).key();
    let table = gzip(&write_table(&document.factors, cases)?);
    let put = s3::PutObject::new(bucket, key, table).content_type("text/csv; charset=utf-8").content_encoding("gzip");
    study.client.send(&put).await?;
    Ok(())
}

fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory doesn't fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default().into()
}

/// Cuts messages into batches that SQS takes: ten messages, 256 KiB in all.
fn batches(mut entries: &[sqs::Entry]) -> Vec<Vec<sqs::Entry>> {
    let mut batches = Vec::new();
    while !entries.is_empty() {
        let mut size_bytes = 0;
        let fits = |entry: &&sqs::Entry| {
            size_bytes += entry.body.len();
            size_bytes <= MAX_MESSAGE_BYTES
        };
        let count = entries.iter().take(sqs::MOST_ENTRIES).take_while(fits).count().max(1);
        let (batch, rest) = entries.split_at(count);
        batches.push(batch.to_vec());
        entries = rest;
    }
    batches
}

/// Sends a batch until each of its entries was accepted, and returns how many there are.
async fn send_batch(study: &Study, mut entries: Vec<sqs::Entry>) -> Result<u64, EnqueueError> {
    let count = entries.len() as u64;
    let ports = study.client.ports();
    for send in 1.. {
        let outcome = study.client.send(&sqs::SendMessageBatch::new(&study.config.queue_url, entries.clone())).await?;
        let Some(failure) = outcome.failed.first() else { break };
        if failure.sender_fault || send == MAX_SENDS {
            let sqs::BatchFailure { id, code, message, .. } = failure.clone();
            return Err(EnqueueError::Refused { case_id: id, code, message });
        }
        entries.retain(|entry| outcome.failed.iter().any(|failure| failure.id == entry.id));
        let limit = std::time::Duration::from_millis(100 << send);
        ports.sleep.sleep(limit.mul_f64(ports.random.fraction())).await;
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: usize, size_bytes: usize) -> sqs::Entry {
        let id = number.to_string();
        sqs::Entry { group_id: id.clone(), deduplication_id: id.clone(), id, body: "x".repeat(size_bytes) }
    }

    #[test]
    fn batches_keep_the_limits_and_the_order() {
        let small: Vec<_> = (0..25).map(|number| entry(number, 10)).collect();
        assert_eq!(batches(&small).iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
        let large: Vec<_> = (0..5).map(|number| entry(number, 100 * 1024)).collect();
        assert_eq!(batches(&large).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        let order: Vec<_> = batches(&large).concat().iter().map(|entry| entry.id.clone()).collect();
        assert_eq!(order, ["0", "1", "2", "3", "4"]);
        assert!(batches(&[]).is_empty());
        assert_eq!(batches(&[entry(0, MAX_MESSAGE_BYTES)]).len(), 1);
    }
}
