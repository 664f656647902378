use serde::Serialize;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes a received message.
#[derive(Debug, Clone)]
pub struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

impl DeleteMessage {
    /// Deletes the message that came with `receipt_handle`.
    pub fn new(queue_url: impl Into<String>, receipt_handle: impl Into<String>) -> Self {
        Self { queue_url: queue_url.into(), receipt_handle: receipt_handle.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
    receipt_handle: &'a str,
}

impl Operation for DeleteMessage {
    type Output = ();

    const NAME: &'static str = "DeleteMessage";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body { queue_url: &self.queue_url, receipt_handle: &self.receipt_handle };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_receipt_is_written() {
        assert_eq!(
            written(&DeleteMessage::new("q", "r")),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.DeleteMessage\n\n{\"QueueUrl\":\"q\",\"ReceiptHandle\":\"r\"}"
        );
    }

    #[test]
    fn an_empty_answer_is_a_success() {
        read(&DeleteMessage::new("q", "r"), "").expect("no error");
        check_unhappy_answers(&DeleteMessage::new("q", "r"), "");
    }
}
