use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Receives messages, which are hidden from others until they are deleted, given back, or their time is over.
#[derive(Debug, Clone)]
pub struct ReceiveMessage {
    queue_url: String,
    max_messages: u32,
    wait_secs: u32,
    visibility_timeout_secs: Option<u32>,
}

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// SQS's id of the message.
    pub id: String,
    /// Handle by which it is deleted, or its visibility changed.
    pub receipt_handle: String,
    /// Its content.
    pub body: String,
    /// Number of times it was received, this time included.
    pub receive_count: Option<u32>,
    /// The group that it was sent in.
    pub group_id: Option<String>,
}

impl ReceiveMessage {
    /// Receives at most one message, without waiting for one.
    pub fn new(queue_url: impl Into<String>) -> Self {
        Self { queue_url: queue_url.into(), max_messages: 1, wait_secs: 0, visibility_timeout_secs: None }
    }

    /// Receives at most `messages` messages; the maximum is 10.
    #[must_use]
    pub fn max_messages(mut self, messages: u32) -> Self {
        self.max_messages = messages;
        self
    }

    /// Waits for a message; the maximum is 20 s.
    #[must_use]
    pub fn wait_secs(mut self, secs: u32) -> Self {
        self.wait_secs = secs;
        self
    }

    /// Hides the messages for this time, instead of the queue's own.
    #[must_use]
    pub fn visibility_timeout_secs(mut self, secs: u32) -> Self {
        self.visibility_timeout_secs = Some(secs);
        self
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
    max_number_of_messages: u32,
    wait_time_seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    visibility_timeout: Option<u32>,
    message_system_attribute_names: [&'static str; 2],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    messages: Option<Vec<ReplyMessage>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReplyMessage {
    message_id: String,
    receipt_handle: String,
    body: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

impl Operation for ReceiveMessage {
    type Output = Vec<ReceivedMessage>;

    const NAME: &'static str = "ReceiveMessage";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body {
            queue_url: &self.queue_url,
            max_number_of_messages: self.max_messages,
            wait_time_seconds: self.wait_secs,
            visibility_timeout: self.visibility_timeout_secs,
            message_system_attribute_names: ["ApproximateReceiveCount", "MessageGroupId"],
        };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<Vec<ReceivedMessage>, Error> {
        let message = |mut message: ReplyMessage| ReceivedMessage {
            id: message.message_id,
            receipt_handle: message.receipt_handle,
            body: message.body,
            receive_count: message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok()),
            group_id: message.attributes.remove("MessageGroupId"),
        };
        let messages = answer::json::<Reply>(answer)?.messages.unwrap_or_default();
        Ok(messages.into_iter().map(message).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    const HEAD: &str = "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
                        x-amz-target: AmazonSQS.ReceiveMessage\n\n";

    #[test]
    fn wishes_are_written() {
        let attributes = r#""MessageSystemAttributeNames":["ApproximateReceiveCount","MessageGroupId"]}"#;
        assert_eq!(
            written(&ReceiveMessage::new("q")),
            format!(r#"{HEAD}{{"QueueUrl":"q","MaxNumberOfMessages":1,"WaitTimeSeconds":0,{attributes}"#)
        );
        assert_eq!(
            written(&ReceiveMessage::new("q").max_messages(10).wait_secs(20).visibility_timeout_secs(0)),
            format!(
                r#"{HEAD}{{"QueueUrl":"q","MaxNumberOfMessages":10,"WaitTimeSeconds":20,"VisibilityTimeout":0,{attributes}"#
            )
        );
    }

    const REPLY: &str = r#"{"Messages": [{"MessageId": "m", "ReceiptHandle": "r", "Body": "{}", "MD5OfBody": "x",
        "Attributes": {"ApproximateReceiveCount": "2", "MessageGroupId": "g"}}]}"#;

    #[test]
    fn messages_are_read() {
        let expected = ReceivedMessage {
            id: "m".to_owned(),
            receipt_handle: "r".to_owned(),
            body: "{}".to_owned(),
            receive_count: Some(2),
            group_id: Some("g".to_owned()),
        };
        assert_eq!(read(&ReceiveMessage::new("q"), REPLY).expect("messages"), [expected]);
    }

    #[test]
    fn an_empty_queue_has_no_messages() {
        for body in ["{}", r#"{"Messages": []}"#, r#"{"Messages": null}"#] {
            assert_eq!(read(&ReceiveMessage::new("q"), body).expect("messages"), []);
        }
        check_unhappy_answers(&ReceiveMessage::new("q"), REPLY);
    }
}
