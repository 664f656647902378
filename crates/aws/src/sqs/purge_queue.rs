use serde::Serialize;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes every message of a queue; it takes up to a minute, and a second purge within that minute is refused.
#[derive(Debug, Clone)]
pub struct PurgeQueue {
    queue_url: String,
}

impl PurgeQueue {
    /// Empties the queue at `queue_url`.
    pub fn new(queue_url: impl Into<String>) -> Self {
        Self { queue_url: queue_url.into() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
}

impl Operation for PurgeQueue {
    type Output = ();

    const NAME: &'static str = "PurgeQueue";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body { queue_url: &self.queue_url };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{answer, check_unhappy_answers, read, written};

    #[test]
    fn the_queue_is_written() {
        assert_eq!(
            written(&PurgeQueue::new("q")),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.PurgeQueue\n\n{\"QueueUrl\":\"q\"}"
        );
    }

    #[test]
    fn a_second_purge_within_a_minute_is_a_conflict() {
        let body =
            r#"{"__type": "com.amazonaws.sqs#PurgeQueueInProgress", "message": "Only one PurgeQueue operation"}"#;
        let error = PurgeQueue::new("q").parse(&answer(403, &[], body)).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Conflict);
        read(&PurgeQueue::new("q"), "").expect("no error");
        check_unhappy_answers(&PurgeQueue::new("q"), "");
    }
}
