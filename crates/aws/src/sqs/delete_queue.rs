use serde::Serialize;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes a queue with all its messages. For a minute afterwards none of its name can be made.
#[derive(Debug, Clone)]
pub struct DeleteQueue {
    queue_url: String,
}

impl DeleteQueue {
    /// Deletes the queue at `queue_url`.
    pub fn new(queue_url: impl Into<String>) -> Self {
        Self { queue_url: queue_url.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
}

impl Operation for DeleteQueue {
    type Output = ();

    const NAME: &'static str = "DeleteQueue";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::sqs(endpoints, Self::NAME, &Body { queue_url: &self.queue_url })
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
    fn the_queue_is_named() {
        let delete = DeleteQueue::new("https://sqs/1/a.fifo");
        assert_eq!(
            written(&delete),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.DeleteQueue\n\n{\"QueueUrl\":\"https://sqs/1/a.fifo\"}"
        );
        assert_eq!(delete.resource(), "queue a.fifo");
        read(&delete, "").expect("no error");
        check_unhappy_answers(&delete, "");
    }
}
