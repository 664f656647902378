use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::try_join_all;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName};
use sha2::{Digest as _, Sha256};

use crate::answer;
use crate::client::Client;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::xml;

use super::{DeleteVersion, ObjectVersion};

/// Maximum number of keys that S3 takes in one request.
pub const MAX_KEYS: usize = 1_000;

/// Number of requests under way when versions are deleted one by one.
const AT_ONCE: usize = 16;

/// Deletes up to [`MAX_KEYS`] objects. The output names the keys that were not deleted.
#[derive(Debug, Clone)]
pub struct DeleteObjects {
    bucket: String,
    keys: Vec<(String, Option<String>)>,
}

/// A key that is still there, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteFailure {
    /// The key.
    pub key: String,
    /// AWS's code.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

impl DeleteObjects {
    /// Deletes `keys`.
    pub fn new<K: Into<String>>(bucket: impl Into<String>, keys: impl IntoIterator<Item = K>) -> Self {
        Self { bucket: bucket.into(), keys: keys.into_iter().map(|key| (key.into(), None)).collect() }
    }

    /// Deletes versions for good.
    pub fn versions(bucket: impl Into<String>, versions: impl IntoIterator<Item = ObjectVersion>) -> Self {
        let keys = versions.into_iter().map(|version| (version.key, Some(version.version_id)));
        Self { bucket: bucket.into(), keys: keys.collect() }
    }

    fn document(&self) -> String {
        let mut document =
            String::from("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>");
        for (key, version_id) in &self.keys {
            // Writing to a string can't fail.
            let _ = write!(document, "<Object><Key>{}</Key>", xml::escape(key));
            if let Some(id) = version_id {
                let _ = write!(document, "<VersionId>{}</VersionId>", xml::escape(id));
            }
            document.push_str("</Object>");
        }
        document.push_str("</Delete>");
        document
    }
}

impl Operation for DeleteObjects {
    type Output = Vec<DeleteFailure>;

    const NAME: &'static str = "DeleteObjects";

    fn resource(&self) -> String {
        format!("{} ({} keys)", super::name(&self.bucket, ""), self.keys.len())
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        if self.keys.is_empty() || self.keys.len() > MAX_KEYS {
            return Err(Error::invalid(format!("S3 deletes 1 to {MAX_KEYS} keys at once")));
        }
        let document = self.document();
        // S3 requires a checksum of this body beside the signature.
        let checksum = STANDARD.encode(Sha256::digest(document.as_bytes()));
        UnsignedRequest::s3(Method::POST, format!("{}?delete=", endpoints.bucket_url(&self.bucket)))
            .header(CONTENT_TYPE, "application/xml")
            .header(HeaderName::from_static("x-amz-checksum-sha256"), &checksum)
            .header(HeaderName::from_static("x-amz-sdk-checksum-algorithm"), "SHA256")
            .body(document)
    }

    fn parse(&self, answer: &Answer) -> Result<Vec<DeleteFailure>, Error> {
        let root = answer::document(answer)?;
        if root.name != "DeleteResult" {
            return Err(answer::unreadable(answer, "the answer is no DeleteResult"));
        }
        let failure = |error: &xml::XmlElement<'_>| {
            Some(DeleteFailure {
                key: error.text("Key")?.to_owned(),
                code: error.text("Code")?.to_owned(),
                message: error.text("Message").unwrap_or_default().to_owned(),
            })
        };
        root.all("Error")
            .map(|error| failure(error).ok_or_else(|| answer::unreadable(answer, "a failure without key or code")))
            .collect()
    }
}

/// Deletes any number of objects, [`MAX_KEYS`] at a time, and returns those that are still there.
///
/// # Errors
/// If a request fails as a whole; those before it were carried out.
pub async fn delete_all(client: &Client, bucket: &str, keys: &[String]) -> Result<Vec<DeleteFailure>, Error> {
    let mut failures = Vec::new();
    for keys in keys.chunks(MAX_KEYS) {
        failures.extend(client.send(&DeleteObjects::new(bucket, keys)).await?);
    }
    Ok(failures)
}

/// Deletes up to [`MAX_KEYS`] versions for good, and returns those that are still there. What a document can't name is deleted by
/// a request of its own.
///
/// # Errors
/// If a request fails as a whole; those before it were carried out.
pub async fn delete_versions(
    client: &Client,
    bucket: &str,
    versions: Vec<ObjectVersion>,
) -> Result<Vec<DeleteFailure>, Error> {
    let (plain, odd): (Vec<_>, Vec<_>) = versions.into_iter().partition(|version| is_plain(&version.key));
    let mut waiting = odd.into_iter().peekable();
    while waiting.peek().is_some() {
        let some: Vec<_> = waiting.by_ref().take(AT_ONCE).map(|version| DeleteVersion::new(bucket, version)).collect();
        try_join_all(some.iter().map(|delete| client.send(delete))).await?;
    }
    if plain.is_empty() { Ok(Vec::new()) } else { client.send(&DeleteObjects::versions(bucket, plain)).await }
}

/// Whether a key comes out of an XML document as it went in: XML has no control characters, and readers disagree about blanks at
/// both ends. <https://www.w3.org/TR/xml/#charsets>
fn is_plain(key: &str) -> bool {
    !key.chars().any(|letter| letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}')) && key.trim() == key
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::executor::block_on;

    use super::*;
    use crate::error::ErrorKind;
    use crate::s3::delete_version::tests::version;
    use crate::testing::{ScriptedPorts, answer, check_unhappy_answers, endpoints, invalid, read, written};

    #[test]
    fn keys_are_escaped_and_the_body_has_a_checksum() {
        let operation = DeleteObjects::new("b", ["a & b", "<c>"]);
        assert_eq!(
            written(&operation),
            "POST https://b.s3.eu-central-1.amazonaws.com/?delete=\ncontent-type: application/xml\n\
             x-amz-checksum-sha256: aaXUBZWxVxQSxuuUaTB6oztCInbHMqrZIiVPIh9iebk=\n\
             x-amz-sdk-checksum-algorithm: SHA256\n\n\
             <Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>\
             <Object><Key>a &amp; b</Key></Object><Object><Key>&lt;c&gt;</Key></Object></Delete>"
        );
    }

    #[test]
    fn versions_are_named_beside_their_keys() {
        let document = DeleteObjects::versions("b", [version("a", "<1>")]).document();
        assert!(
            document.contains("<Object><Key>a</Key><VersionId>&lt;1&gt;</VersionId></Object></Delete>"),
            "{document}"
        );
    }

    #[test]
    fn what_a_document_can_not_hold_is_deleted_by_a_request_of_its_own() {
        for key in ["a", "a b/..", "é", "\u{202e}", "\u{10ffff}", "<&>"] {
            assert!(is_plain(key), "{key:?}");
        }
        for key in ["\u{1}", "a\nb", "a\r", "\t", "a\u{7f}", "\u{85}", "\u{ffff}", " a", "a ", "a\u{a0}"] {
            assert!(!is_plain(key), "{key:?}");
        }
        let keys = ["a", "a\u{1}", "b", "c "];
        let versions = keys.map(|key| version(key, "1")).to_vec();
        let answers =
            [Ok(answer(204, &[], "")), Ok(answer(204, &[], "")), Ok(answer(200, &[], "<DeleteResult></DeleteResult>"))];
        let (world, ports) = ScriptedPorts::new(Duration::ZERO, answers);
        let client = Client::new(ports, endpoints(), None);
        assert_eq!(block_on(delete_versions(&client, "b", versions)).expect("deleted"), []);
        let asked: Vec<String> =
            world.requests.lock().expect("requests").iter().map(|request| request.uri().to_string()).collect();
        assert!(asked[0].ends_with("/a%01?versionId=1") && asked[1].ends_with("/c%20?versionId=1"), "{asked:?}");
        assert!(asked[2].ends_with("/?delete="), "{asked:?}");
    }

    #[test]
    fn nothing_and_too_many_are_refused() {
        for count in [0, 1_001] {
            let operation = DeleteObjects::new("b", vec!["k"; count]);
            assert_eq!(invalid(&operation), "S3 deletes 1 to 1000 keys at once");
        }
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html#API_DeleteObjects_Examples>
    #[test]
    fn failures_are_read_key_by_key() {
        let body = r#"<?xml version="1.0" encoding="UTF-8"?>
            <DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
                <Deleted><Key>sample1.txt</Key></Deleted>
                <Error><Key>sample2.txt</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>
            </DeleteResult>"#;
        let failures = read(&DeleteObjects::new("b", ["sample1.txt", "sample2.txt"]), body).expect("an answer");
        let expected = DeleteFailure {
            key: "sample2.txt".to_owned(),
            code: "AccessDenied".to_owned(),
            message: "Access Denied".to_owned(),
        };
        assert_eq!(failures, [expected]);
    }

    #[test]
    fn a_failure_of_the_whole_with_status_200_is_an_error() {
        let body = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
        let error = read(&DeleteObjects::new("b", ["k"]), body).expect_err("a failure");
        assert_eq!(error.kind(), ErrorKind::Server);
    }

    #[test]
    fn other_documents_are_unreadable() {
        for body in ["<Other/>", "<DeleteResult><Error><Key>k</Key></Error></DeleteResult>"] {
            let error = read(&DeleteObjects::new("b", ["k"]), body).expect_err("unreadable");
            assert_eq!(error.kind(), ErrorKind::Malformed);
        }
        check_unhappy_answers(&DeleteObjects::new("b", ["k"]), "<DeleteResult></DeleteResult>");
    }
}
