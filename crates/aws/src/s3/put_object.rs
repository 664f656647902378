use bytes::Bytes;
use http::Method;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Writes an object.
///
/// A conditional write whose answer got lost is sent again, and then fails by its own first success: if
/// [`Error::attempts`] is more than one, a failed precondition tells no more than that there is an object.
#[derive(Debug, Clone)]
pub struct PutObject {
    bucket: String,
    key: String,
    body: Bytes,
    content_type: Option<String>,
    content_encoding: Option<String>,
    cache_control: Option<String>,
    if_match: Option<String>,
    if_none_match: Option<&'static str>,
}

/// Receipt of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutReceipt {
    /// The object's entity tag, with its quotation marks.
    pub etag: Option<String>,
}

impl PutObject {
    /// Writes `body`, over the object that is there.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            bucket: bucket.into(),
            key: key.into(),
            body: body.into(),
            content_type: None,
            content_encoding: None,
            cache_control: None,
            if_match: None,
            if_none_match: None,
        }
    }

    /// Sets the media type that it is served with.
    #[must_use]
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.content_type = Some(media_type.into());
        self
    }

    /// Sets the encoding by which the body is packed: `gzip`.
    #[must_use]
    pub fn content_encoding(mut self, encoding: impl Into<String>) -> Self {
        self.content_encoding = Some(encoding.into());
        self
    }

    /// Sets the time for which browsers may keep it, as a header's value.
    #[must_use]
    pub fn cache_control(mut self, directives: impl Into<String>) -> Self {
        self.cache_control = Some(directives.into());
        self
    }

    /// Writes it only if there is no object of this key.
    #[must_use]
    pub fn if_none_match_any(mut self) -> Self {
        self.if_none_match = Some("*");
        self
    }

    /// Writes it only if the object has the entity tag `etag`.
    #[must_use]
    pub fn if_match(mut self, etag: impl Into<String>) -> Self {
        self.if_match = Some(etag.into());
        self
    }
}

impl Operation for PutObject {
    type Output = PutReceipt;

    const NAME: &'static str = "PutObject";

    fn resource(&self) -> String {
        super::name(&self.bucket, &self.key)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::s3(Method::PUT, super::url(endpoints, &self.bucket, &self.key)?)
            .header_if(CONTENT_TYPE, self.content_type.as_deref())
            .header_if(CONTENT_ENCODING, self.content_encoding.as_deref())
            .header_if(CACHE_CONTROL, self.cache_control.as_deref())
            .header_if(IF_MATCH, self.if_match.as_deref())
            .header_if(IF_NONE_MATCH, self.if_none_match)
            .body(self.body.clone())
    }

    fn parse(&self, answer: &Answer) -> Result<PutReceipt, Error> {
        answer::succeeded(answer)?;
        Ok(PutReceipt { etag: super::etag(answer) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, check_unhappy_answers, invalid, written};

    #[test]
    fn all_headers_are_sent() {
        let operation = PutObject::new("b", "assets/app.js", "content")
            .content_type("text/javascript")
            .content_encoding("gzip")
            .cache_control("immutable")
            .if_none_match_any();
        assert_eq!(
            written(&operation),
            "PUT https://b.s3.eu-central-1.amazonaws.com/assets/app.js\ncontent-type: text/javascript\n\
             content-encoding: gzip\ncache-control: immutable\nif-none-match: *\n\ncontent"
        );
    }

    #[test]
    fn a_replacement_names_what_it_replaces() {
        let operation = PutObject::new("b", "control.json", "{}").if_match("\"tag\"");
        assert_eq!(
            written(&operation),
            "PUT https://b.s3.eu-central-1.amazonaws.com/control.json\nif-match: \"tag\"\n\n{}"
        );
    }

    #[test]
    fn a_line_break_does_not_smuggle_a_header_in() {
        let operation = PutObject::new("b", "k", "").content_type("text/plain\r\nx-amz-acl: public-read");
        assert!(invalid(&operation).contains("header"));
    }

    #[test]
    fn the_entity_tag_is_read() {
        let put = PutObject::new("b", "k", "").parse(&answer(200, &[("etag", "\"tag\"")], ""));
        assert_eq!(put.expect("no error").etag.as_deref(), Some("\"tag\""));
    }

    #[test]
    fn a_lost_race_is_a_failed_precondition() {
        let body = "<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified \
                    did not hold</Message><Condition>If-None-Match</Condition></Error>";
        let error = PutObject::new("b", "k", "").parse(&answer(412, &[], body)).expect_err("refused");
        assert!(error.is_precondition_failed());
    }

    #[test]
    fn refusals_are_read() {
        check_unhappy_answers(&PutObject::new("b", "k", ""), "");
    }
}
