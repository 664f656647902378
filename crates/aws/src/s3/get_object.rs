use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use http::header::{IF_NONE_MATCH, RANGE};
use http::{Method, StatusCode};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Reads an object, or a part of it.
#[derive(Debug, Clone)]
pub struct GetObject {
    bucket: String,
    key: String,
    if_none_match: Option<String>,
    range: Option<Range<u64>>,
    is_as_stored: bool,
}

/// An object, or the news that it wasn't modified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchedObject {
    /// The object, or the asked part of it.
    Object(StoredObject),
    /// The object still has the entity tag that was asked for.
    NotModified,
}

/// An object's content and metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredObject {
    /// The content, unpacked if it was stored with `Content-Encoding: gzip`, unless it was asked for as it is stored.
    pub body: Bytes,
    /// The entity tag, with its quotation marks.
    pub etag: Option<String>,
    /// Time at which it was written, since 1970.
    pub last_modified: Option<Duration>,
    /// The media type it was written with.
    pub content_type: Option<String>,
}

impl GetObject {
    /// Reads the whole object.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into(), if_none_match: None, range: None, is_as_stored: false }
    }

    /// Reads it only if the object's entity tag is another than `etag`.
    #[must_use]
    pub fn if_none_match(mut self, etag: impl Into<String>) -> Self {
        self.if_none_match = Some(etag.into());
        self
    }

    /// Reads only the bytes from `range.start` to before `range.end`, which may lie behind the object's end.
    #[must_use]
    pub fn range(mut self, range: Range<u64>) -> Self {
        self.range = Some(range);
        self
    }

    /// Reads the bytes as they are stored, whatever `Content-Encoding` whoever wrote the object has given to it: a browser
    /// would unpack them without limit, and give nothing at all of what can't be unpacked. Only signed requests may ask so.
    #[must_use]
    pub const fn as_stored(mut self) -> Self {
        self.is_as_stored = true;
        self
    }

    fn range_header(&self) -> Result<Option<String>, Error> {
        match &self.range {
            Some(range) if range.is_empty() => Err(Error::invalid("a range can't be empty")),
            Some(range) => Ok(Some(format!("bytes={}-{}", range.start, range.end - 1))),
            None => Ok(None),
        }
    }
}

impl Operation for GetObject {
    type Output = FetchedObject;

    const NAME: &'static str = "GetObject";

    fn resource(&self) -> String {
        super::name(&self.bucket, &self.key)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let query = if self.is_as_stored { "?response-content-encoding=identity" } else { "" };
        UnsignedRequest::s3(Method::GET, super::url(endpoints, &self.bucket, &self.key)? + query)
            .header_if(IF_NONE_MATCH, self.if_none_match.as_deref())
            .header_if(RANGE, self.range_header()?.as_deref())
            .empty()
    }

    fn parse(&self, answer: &Answer) -> Result<FetchedObject, Error> {
        if answer.status() == StatusCode::NOT_MODIFIED {
            return Ok(FetchedObject::NotModified);
        }
        answer::succeeded(answer)?;
        Ok(FetchedObject::Object(StoredObject {
            body: answer.body().clone(),
            etag: super::etag(answer),
            last_modified: super::last_modified(answer),
            content_type: answer::header(answer, "content-type").map(str::to_owned),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NEW_YEAR, answer, check_unhappy_answers, invalid, written};

    #[test]
    fn a_whole_object_is_asked_for() {
        let operation = GetObject::new("b", "data/a b+c.json");
        assert_eq!(written(&operation), "GET https://b.s3.eu-central-1.amazonaws.com/data/a%20b%2Bc.json\n\n");
    }

    #[test]
    fn conditions_and_ranges_are_headers() {
        let operation = GetObject::new("b", "k").if_none_match("\"tag\"").range(10..20);
        assert_eq!(
            written(&operation),
            "GET https://b.s3.eu-central-1.amazonaws.com/k\nif-none-match: \"tag\"\nrange: bytes=10-19\n\n"
        );
    }

    #[test]
    fn an_object_is_asked_for_as_it_is_stored() {
        assert_eq!(
            written(&GetObject::new("b", "k").as_stored()),
            "GET https://b.s3.eu-central-1.amazonaws.com/k?response-content-encoding=identity\n\n"
        );
    }

    #[test]
    fn keys_and_ranges_that_cannot_be_asked_for_are_refused() {
        assert_eq!(invalid(&GetObject::new("b", "")), "a key can't be empty");
        for key in ["..", "a/../b", "./a", "a/."] {
            assert_eq!(invalid(&GetObject::new("b", key)), "a key can't have a part that is `.` or `..`");
        }
        assert_eq!(invalid(&GetObject::new("b", "k").range(5..5)), "a range can't be empty");
        assert!(invalid(&GetObject::new("b", "k").if_none_match("line\nbreak")).contains("header"));
    }

    #[test]
    fn an_object_is_read() {
        let headers = [
            ("etag", "\"tag\""),
            ("last-modified", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("content-type", "application/json"),
        ];
        let expected = StoredObject {
            body: Bytes::from_static(b"{}"),
            etag: Some("\"tag\"".to_owned()),
            last_modified: Some(NEW_YEAR),
            content_type: Some("application/json".to_owned()),
        };
        for status in [200, 206] {
            let fetched = GetObject::new("b", "k").parse(&answer(status, &headers, "{}")).expect("an object");
            assert_eq!(fetched, FetchedObject::Object(expected.clone()));
        }
    }

    #[test]
    fn an_unchanged_object_is_not_sent_again() {
        let fetched = GetObject::new("b", "k").parse(&answer(304, &[("etag", "\"tag\"")], ""));
        assert_eq!(fetched.expect("no error"), FetchedObject::NotModified);
    }

    #[test]
    fn refusals_are_read() {
        check_unhappy_answers(&GetObject::new("b", "k"), "");
    }
}
