use serde::{Deserialize, Serialize};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind};
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Maximum number of entries that SQS takes in one request; their bodies may have 256 KiB in all.
pub const MAX_ENTRIES: usize = 10;

/// Sends up to [`MAX_ENTRIES`] messages to a FIFO queue. Each is accepted or refused on its own.
#[derive(Debug, Clone)]
pub struct SendMessageBatch {
    queue_url: String,
    entries: Vec<BatchEntry>,
}

/// One message of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchEntry {
    /// Name of the entry in the outcome: letters, digits, `-` and `_`, at most 80, unlike every other in the batch.
    pub id: String,
    /// The message.
    pub body: String,
    /// Group of the message. Messages of one group are handed out one after the other.
    pub group_id: String,
    /// Id by which duplicates are recognised: a second message with it within five minutes is accepted, but not delivered.
    pub deduplication_id: String,
}

/// Outcome of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// The ids of entries that are in the queue.
    pub sent: Vec<String>,
    /// The entries that are not.
    pub failed: Vec<BatchFailure>,
}

/// An entry that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchFailure {
    /// The entry's id.
    pub id: String,
    /// AWS's code.
    pub code: String,
    /// AWS's message.
    pub message: String,
    /// Whether the entry is wrong, and would be refused again; otherwise the service failed.
    pub sender_fault: bool,
}

impl BatchFailure {
    /// Whether it was refused for the rate of requests alone. SQS isn't consistent in whose fault that is.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        answer::kind_of_code(&self.code, &self.message) == ErrorKind::Throttled
    }
}

impl SendMessageBatch {
    /// Sends `entries` to the queue at `queue_url`.
    pub fn new(queue_url: impl Into<String>, entries: Vec<BatchEntry>) -> Self {
        Self { queue_url: queue_url.into(), entries }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
    entries: Vec<BodyEntry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct BodyEntry<'a> {
    id: &'a str,
    message_body: &'a str,
    message_group_id: &'a str,
    message_deduplication_id: &'a str,
}

impl<'a> From<&'a BatchEntry> for BodyEntry<'a> {
    fn from(entry: &'a BatchEntry) -> Self {
        Self {
            id: &entry.id,
            message_body: &entry.body,
            message_group_id: &entry.group_id,
            message_deduplication_id: &entry.deduplication_id,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    #[serde(default)]
    successful: Vec<ReplySuccess>,
    #[serde(default)]
    failed: Vec<ReplyFailure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReplySuccess {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReplyFailure {
    id: String,
    code: String,
    message: Option<String>,
    #[serde(default)]
    sender_fault: bool,
}

impl Operation for SendMessageBatch {
    type Output = BatchOutcome;

    const NAME: &'static str = "SendMessageBatch";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        if self.entries.is_empty() || self.entries.len() > MAX_ENTRIES {
            return Err(Error::invalid(format!("a batch has 1 to {MAX_ENTRIES} entries")));
        }
        let body = Body { queue_url: &self.queue_url, entries: self.entries.iter().map(BodyEntry::from).collect() };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<BatchOutcome, Error> {
        let reply: Reply = answer::json(answer)?;
        if reply.successful.len() + reply.failed.len() != self.entries.len() {
            return Err(answer::unreadable(answer, "the answer doesn't tell of every entry"));
        }
        let failure = |entry: ReplyFailure| BatchFailure {
            id: entry.id,
            code: entry.code,
            message: entry.message.unwrap_or_default(),
            sender_fault: entry.sender_fault,
        };
        Ok(BatchOutcome {
            sent: reply.successful.into_iter().map(|entry| entry.id).collect(),
            failed: reply.failed.into_iter().map(failure).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, invalid, read, written};

    fn batch(entries: usize) -> SendMessageBatch {
        let entry = |number| BatchEntry {
            id: format!("e{number}"),
            body: "{\"v\": 1}".to_owned(),
            group_id: format!("g{number}"),
            deduplication_id: format!("d{number}"),
        };
        SendMessageBatch::new("https://sqs/1/Cases.fifo", (0..entries).map(entry).collect())
    }

    #[test]
    fn entries_are_written() {
        assert_eq!(
            written(&batch(1)),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.SendMessageBatch\n\n\
             {\"QueueUrl\":\"https://sqs/1/Cases.fifo\",\"Entries\":[{\"Id\":\"e0\",\"MessageBody\":\"{\\\"v\\\": 1}\",\
             \"MessageGroupId\":\"g0\",\"MessageDeduplicationId\":\"d0\"}]}"
        );
    }

    #[test]
    fn nothing_and_too_many_are_refused() {
        for entries in [0, 11] {
            assert_eq!(invalid(&batch(entries)), "a batch has 1 to 10 entries");
        }
    }

    const REPLY: &str = r#"{"Successful": [{"Id": "e0", "MessageId": "m", "MD5OfMessageBody": "x", "SequenceNumber": "1"}],
        "Failed": [{"Id": "e1", "Code": "InvalidParameterValue", "Message": "too long", "SenderFault": true}]}"#;

    #[test]
    fn each_entry_has_its_own_outcome() {
        let failure = BatchFailure {
            id: "e1".to_owned(),
            code: "InvalidParameterValue".to_owned(),
            message: "too long".to_owned(),
            sender_fault: true,
        };
        let expected = BatchOutcome { sent: vec!["e0".to_owned()], failed: vec![failure] };
        assert_eq!(read(&batch(2), REPLY).expect("an outcome"), expected);
    }

    #[test]
    fn a_throttled_entry_is_told_from_a_wrong_one() {
        for (code, expected) in [("ThrottlingException", true), ("RequestThrottled", true), ("InternalError", false)] {
            let failure =
                BatchFailure { id: String::new(), code: code.into(), message: String::new(), sender_fault: true };
            assert_eq!(failure.is_throttled(), expected, "{code}");
        }
    }

    #[test]
    fn an_entry_without_outcome_is_not_taken_for_sent() {
        for body in ["{}", REPLY] {
            let error = read(&batch(3), body).expect_err("unreadable");
            assert_eq!(error.kind(), ErrorKind::Malformed);
        }
        check_unhappy_answers(&batch(2), REPLY);
    }
}
