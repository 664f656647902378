use std::collections::BTreeMap;

use serde::Serialize;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Changes settings of a queue; those that aren't named stay.
#[derive(Debug, Clone)]
pub struct SetQueueAttributes {
    queue_url: String,
    attributes: BTreeMap<String, String>,
}

impl SetQueueAttributes {
    /// Gives the queue at `queue_url` these attributes, by their names in SQS.
    pub fn new(queue_url: impl Into<String>, attributes: BTreeMap<String, String>) -> Self {
        Self { queue_url: queue_url.into(), attributes }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_url: &'a str,
    attributes: &'a BTreeMap<String, String>,
}

impl Operation for SetQueueAttributes {
    type Output = ();

    const NAME: &'static str = "SetQueueAttributes";

    fn resource(&self) -> String {
        super::name(&self.queue_url)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body { queue_url: &self.queue_url, attributes: &self.attributes };
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
    fn settings_are_named() {
        let attributes = BTreeMap::from([("VisibilityTimeout".to_owned(), "60".to_owned())]);
        let set = SetQueueAttributes::new("https://sqs/1/a.fifo", attributes);
        assert_eq!(
            written(&set),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.SetQueueAttributes\n\n\
             {\"QueueUrl\":\"https://sqs/1/a.fifo\",\"Attributes\":{\"VisibilityTimeout\":\"60\"}}"
        );
        assert_eq!(set.resource(), "queue a.fifo");
        read(&set, "").expect("no error");
        check_unhappy_answers(&set, "");
    }
}
