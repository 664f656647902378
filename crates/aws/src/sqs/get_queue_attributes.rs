use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Requests the number of a queue's messages, and its settings.
#[derive(Debug, Clone)]
pub struct GetQueueAttributes {
    queue_url: String,
}

/// A queue's counts, which SQS calls approximate: they settle within a minute after the last change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueAttributes {
    /// Number of messages that can be received.
    pub visible: u64,
    /// Number of messages that were received and neither deleted nor given back.
    pub in_flight: u64,
    /// Number of messages that can't be received yet.
    pub delayed: u64,
    /// Time for which a message is hidden after it was received, in seconds.
    pub visibility_timeout_secs: Option<u64>,
    /// Time for which a message is kept, in seconds.
    pub retention_secs: Option<u64>,
    /// The policy by which messages go to a dead-letter queue, if there is one, as JSON.
    pub redrive_policy: Option<String>,
    /// The queue's ARN.
    pub arn: Option<String>,
    /// Whether deduplication and the limit of requests are by message group.
    pub high_throughput: bool,
}

impl GetQueueAttributes {
    /// Requests the attributes of the queue at `queue_url`.
    pub fn new(queue_url: impl Into<String>) -> Self {
        Self { queue_url: queue_url.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
    attribute_names: [&'static str; 1],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    attributes: BTreeMap<String, String>,
}

impl Operation for GetQueueAttributes {
    type Output = QueueAttributes;

    const NAME: &'static str = "GetQueueAttributes";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body { queue_url: &self.queue_url, attribute_names: ["All"] };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<QueueAttributes, Error> {
        let attributes = answer::json::<Reply>(answer)?.attributes;
        let number = |name: &str| attributes.get(name).and_then(|value| value.parse().ok());
        let count = |name: &str| number(name).ok_or_else(|| answer::unreadable(answer, &format!("no count {name}")));
        Ok(QueueAttributes {
            visible: count("ApproximateNumberOfMessages")?,
            in_flight: count("ApproximateNumberOfMessagesNotVisible")?,
            delayed: count("ApproximateNumberOfMessagesDelayed")?,
            visibility_timeout_secs: number("VisibilityTimeout"),
            retention_secs: number("MessageRetentionPeriod"),
            redrive_policy: attributes.get("RedrivePolicy").cloned(),
            arn: attributes.get("QueueArn").cloned(),
            high_throughput: attributes.get("FifoThroughputLimit").is_some_and(|limit| limit == "perMessageGroupId"),
        })
    }
}

impl QueueAttributes {
    /// Returns the number of times that a message is handed out before it goes to the dead-letter queue. In the policy it is a
    /// number or a text.
    #[must_use]
    pub fn max_receives(&self) -> Option<u32> {
        let policy: serde_json::Value = serde_json::from_str(self.redrive_policy.as_deref()?).ok()?;
        let count = policy.get("maxReceiveCount")?;
        let number = count.as_u64().or_else(|| count.as_str()?.parse().ok())?;
        u32::try_from(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{answer, check_unhappy_answers, read, written};

    const URL: &str = "https://sqs.eu-central-1.amazonaws.com/1/Cases.fifo";

    #[test]
    fn the_queue_is_named_in_the_body() {
        assert_eq!(
            written(&GetQueueAttributes::new(URL)),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.GetQueueAttributes\n\n\
             {\"QueueUrl\":\"https://sqs.eu-central-1.amazonaws.com/1/Cases.fifo\",\"AttributeNames\":[\"All\"]}"
        );
        assert_eq!(GetQueueAttributes::new(URL).resource(), "queue Cases.fifo");
    }

    const REPLY: &str = r#"{"Attributes": {"ApproximateNumberOfMessages": "12", "VisibilityTimeout": "120",
        "ApproximateNumberOfMessagesDelayed": "0", "ApproximateNumberOfMessagesNotVisible": "3",
        "QueueArn": "arn:aws:sqs:eu-central-1:1:Cases.fifo", "MessageRetentionPeriod": "1209600", "FifoThroughputLimit": "perMessageGroupId",
        "RedrivePolicy": "{\"deadLetterTargetArn\":\"arn:aws:sqs:eu-central-1:1:Dead.fifo\",\"maxReceiveCount\":5}"}}"#;

    #[test]
    fn counts_are_read() {
        let attributes = read(&GetQueueAttributes::new(URL), REPLY).expect("attributes");
        let expected = QueueAttributes {
            visible: 12,
            in_flight: 3,
            delayed: 0,
            visibility_timeout_secs: Some(120),
            retention_secs: Some(1_209_600),
            redrive_policy: Some(
                r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-central-1:1:Dead.fifo","maxReceiveCount":5}"#.to_owned(),
            ),
            arn: Some("arn:aws:sqs:eu-central-1:1:Cases.fifo".to_owned()),
            high_throughput: true,
        };
        assert_eq!(attributes, expected);
        assert_eq!(attributes.max_receives(), Some(5));
    }

    #[test]
    fn the_number_of_receives_may_be_a_text() {
        let of =
            |policy: &str| QueueAttributes { redrive_policy: Some(policy.to_owned()), ..QueueAttributes::default() };
        assert_eq!(of(r#"{"maxReceiveCount": "20"}"#).max_receives(), Some(20));
        for policy in ["", "{}", r#"{"maxReceiveCount": -1}"#, r#"{"maxReceiveCount": "many"}"#] {
            assert_eq!(of(policy).max_receives(), None, "{policy}");
        }
    }

    #[test]
    fn a_missing_count_is_not_taken_for_none() {
        let error = read(&GetQueueAttributes::new(URL), r#"{"Attributes": {}}"#).expect_err("unreadable");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Malformed, "no count ApproximateNumberOfMessages"));
        check_unhappy_answers(&GetQueueAttributes::new(URL), REPLY);
    }

    #[test]
    fn a_missing_queue_is_not_found() {
        let body =
            r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The specified queue does not exist."}"#;
        let error = GetQueueAttributes::new(URL).parse(&answer(400, &[], body)).expect_err("missing");
        assert!(error.is_not_found());
    }
}
