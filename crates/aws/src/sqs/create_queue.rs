use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Makes a queue, and returns its URL. If there is one of this name with the same attributes, it is returned.
#[derive(Debug, Clone)]
pub struct CreateQueue {
    name: String,
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
}

impl CreateQueue {
    /// Makes a queue of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), attributes: BTreeMap::new(), tags: BTreeMap::new() }
    }

    /// Gives it these attributes, by their names in SQS.
    #[must_use]
    pub fn attributes(mut self, attributes: BTreeMap<String, String>) -> Self {
        self.attributes = attributes;
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_name: &'a str,
    attributes: &'a BTreeMap<String, String>,
    // The one name that SQS writes small.
    #[serde(rename = "tags")]
    tags: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    queue_url: String,
}

impl Operation for CreateQueue {
    type Output = String;

    const NAME: &'static str = "CreateQueue";

    fn resource(&self) -> String {
        super::name(&self.name)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body { queue_name: &self.name, attributes: &self.attributes, tags: &self.tags };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<String, Error> {
        Ok(answer::json::<Reply>(answer)?.queue_url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    const REPLY: &str = r#"{"QueueUrl": "https://sqs.eu-central-1.amazonaws.com/1/a.fifo"}"#;

    #[test]
    fn a_queue_is_made_with_attributes_and_tags() {
        let attributes = BTreeMap::from([("FifoQueue".to_owned(), "true".to_owned())]);
        let create = CreateQueue::new("a.fifo").attributes(attributes).tag("cruncher:study", "soil");
        assert_eq!(
            written(&create),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.CreateQueue\n\n{\"QueueName\":\"a.fifo\",\"Attributes\":{\"FifoQueue\":\"true\"},\
             \"tags\":{\"cruncher:study\":\"soil\"}}"
        );
        assert_eq!(create.resource(), "queue a.fifo");
        assert_eq!(read(&create, REPLY).expect("a queue"), "https://sqs.eu-central-1.amazonaws.com/1/a.fifo");
        check_unhappy_answers(&create, REPLY);
    }
}
