use serde::Serialize;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Hides a received message for another time from now on, or gives it back at once.
#[derive(Debug, Clone)]
pub struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    timeout_secs: u32,
}

impl ChangeMessageVisibility {
    /// Hides the message that came with `receipt_handle` for `timeout_secs` from now on; 0 gives it back.
    pub fn new(queue_url: impl Into<String>, receipt_handle: impl Into<String>, timeout_secs: u32) -> Self {
        Self { queue_url: queue_url.into(), receipt_handle: receipt_handle.into(), timeout_secs }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
    receipt_handle: &'a str,
    visibility_timeout: u32,
}

impl Operation for ChangeMessageVisibility {
    type Output = ();

    const NAME: &'static str = "ChangeMessageVisibility";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body {
            queue_url: &self.queue_url,
            receipt_handle: &self.receipt_handle,
            visibility_timeout: self.timeout_secs,
        };
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
    fn the_time_is_written() {
        assert_eq!(
            written(&ChangeMessageVisibility::new("q", "r", 0)),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.ChangeMessageVisibility\n\n\
             {\"QueueUrl\":\"q\",\"ReceiptHandle\":\"r\",\"VisibilityTimeout\":0}"
        );
    }

    #[test]
    fn an_empty_answer_is_a_success() {
        read(&ChangeMessageVisibility::new("q", "r", 0), "").expect("no error");
        check_unhappy_answers(&ChangeMessageVisibility::new("q", "r", 0), "");
    }
}
