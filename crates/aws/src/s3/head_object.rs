use std::time::Duration;

use http::Method;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Requests the metadata of an object. A refusal has no body, hence no code: only its status gives the reason.
#[derive(Debug, Clone)]
pub struct HeadObject {
    bucket: String,
    key: String,
}

/// Metadata of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Its size as it is stored; browsers don't show it for one that is stored packed.
    pub size_bytes: Option<u64>,
    /// The entity tag, with its quotation marks.
    pub etag: Option<String>,
    /// Time at which it was written, since 1970.
    pub last_modified: Option<Duration>,
    /// The media type it was written with.
    pub content_type: Option<String>,
}

impl HeadObject {
    /// Requests the metadata of one object.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into() }
    }
}

impl Operation for HeadObject {
    type Output = ObjectHead;

    const NAME: &'static str = "HeadObject";

    fn resource(&self) -> String {
        super::name(&self.bucket, &self.key)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::s3(Method::HEAD, super::url(endpoints, &self.bucket, &self.key)?).empty()
    }

    fn parse(&self, answer: &Answer) -> Result<ObjectHead, Error> {
        answer::succeeded(answer)?;
        Ok(ObjectHead {
            size_bytes: answer::header(answer, "content-length").and_then(|size| size.parse().ok()),
            etag: super::etag(answer),
            last_modified: super::last_modified(answer),
            content_type: answer::header(answer, "content-type").map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, check_unhappy_answers, written};

    #[test]
    fn it_is_a_head_request() {
        assert_eq!(written(&HeadObject::new("b", "k")), "HEAD https://b.s3.eu-central-1.amazonaws.com/k\n\n");
    }

    #[test]
    fn what_is_known_is_read() {
        let headers = [("content-length", "434234"), ("etag", "\"tag\""), ("content-type", "text/plain")];
        let head = HeadObject::new("b", "k").parse(&answer(200, &headers, "")).expect("a head");
        let expected = ObjectHead {
            size_bytes: Some(434_234),
            etag: Some("\"tag\"".to_owned()),
            last_modified: None,
            content_type: Some("text/plain".to_owned()),
        };
        assert_eq!(head, expected);
    }

    #[test]
    fn a_missing_object_is_known_by_its_status() {
        let error = HeadObject::new("b", "k").parse(&answer(404, &[], "")).expect_err("missing");
        assert!(error.is_not_found());
        check_unhappy_answers(&HeadObject::new("b", "k"), "");
    }
}
