use serde::{Deserialize, Serialize};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Number of queues of a page.
const PAGE: u32 = 1_000;

/// Lists the queues whose names begin with a prefix, up to a thousand a page.
#[derive(Debug, Clone)]
pub struct ListQueues {
    prefix: String,
    next: Option<String>,
}

/// A page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueuePage {
    /// The queues' URLs.
    pub queue_urls: Vec<String>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
}

impl ListQueues {
    /// Lists the queues whose names begin with `prefix`.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), next: None }
    }

    /// Lists the page behind another one.
    #[must_use]
    pub fn next_token(mut self, token: impl Into<String>) -> Self {
        self.next = Some(token.into());
        self
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    queue_name_prefix: &'a str,
    // Without it the answer is cut without a token.
    max_results: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reply {
    #[serde(default)]
    queue_urls: Vec<String>,
    #[serde(default)]
    next_token: Option<String>,
}

impl Operation for ListQueues {
    type Output = QueuePage;

    const NAME: &'static str = "ListQueues";

    fn resource(&self) -> String {
        format!("queues {}*", self.prefix)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let body = Body { queue_name_prefix: &self.prefix, max_results: PAGE, next_token: self.next.as_deref() };
        UnsignedRequest::sqs(endpoints, Self::NAME, &body)
    }

    fn parse(&self, answer: &Answer) -> Result<QueuePage, Error> {
        let Reply { queue_urls, next_token } = answer::json(answer)?;
        Ok(QueuePage { queue_urls, next: next_token.filter(|token| !token.is_empty()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    const REPLY: &str = r#"{"QueueUrls": ["https://sqs/1/a.fifo"], "NextToken": "t"}"#;

    #[test]
    fn a_page_is_asked_for_and_read() {
        assert_eq!(
            written(&ListQueues::new("cruncher-a-Pool-").next_token("t")),
            "POST https://sqs.eu-central-1.amazonaws.com/\ncontent-type: application/x-amz-json-1.0\n\
             x-amz-target: AmazonSQS.ListQueues\n\n\
             {\"QueueNamePrefix\":\"cruncher-a-Pool-\",\"MaxResults\":1000,\"NextToken\":\"t\"}"
        );
        let list = ListQueues::new("a");
        assert_eq!(list.resource(), "queues a*");
        let page = QueuePage { queue_urls: vec!["https://sqs/1/a.fifo".to_owned()], next: Some("t".to_owned()) };
        assert_eq!(read(&list, REPLY).expect("a page"), page);
        assert_eq!(read(&list, "{}").expect("no queue"), QueuePage::default());
        check_unhappy_answers(&list, REPLY);
    }
}
