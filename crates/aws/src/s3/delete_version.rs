use http::Method;

use super::ObjectVersion;
use crate::answer;
use crate::encode;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes a version of an object for good, whatever its key is. Not for browsers, which would ask for another object if a part of
/// the key is `.` or `..`.
#[derive(Debug, Clone)]
pub struct DeleteVersion {
    bucket: String,
    version: ObjectVersion,
}

impl DeleteVersion {
    /// Deletes one version.
    pub fn new(bucket: impl Into<String>, version: ObjectVersion) -> Self {
        Self { bucket: bucket.into(), version }
    }
}

impl Operation for DeleteVersion {
    type Output = ();

    const NAME: &'static str = "DeleteObject";

    fn resource(&self) -> String {
        super::name(&self.bucket, &self.version.key)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        if self.version.key.is_empty() {
            return Err(Error::invalid("a key can't be empty"));
        }
        let query = encode::pairs([("versionId", self.version.version_id.as_str())]);
        let url = endpoints.object_url(&self.bucket, &self.version.key);
        UnsignedRequest::s3(Method::DELETE, format!("{url}?{query}")).empty()
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{answer, check_unhappy_answers, written};

    pub(crate) fn version(key: &str, version_id: &str) -> ObjectVersion {
        let (key, version_id) = (key.to_owned(), version_id.to_owned());
        ObjectVersion { key, version_id, last_modified: Duration::ZERO, size_bytes: Some(1), is_latest: true }
    }

    #[test]
    fn any_key_is_named_as_it_is() {
        let delete = |key: &str| DeleteVersion::new("b", version(key, "1+/"));
        for (key, path) in [("a/../\u{1}", "a/../%01"), (". ", ".%20"), ("a\n\u{ffff}", "a%0A%EF%BF%BF")] {
            let expected = format!("DELETE https://b.s3.eu-central-1.amazonaws.com/{path}?versionId=1%2B%2F\n\n");
            assert_eq!(written(&delete(key)), expected);
        }
        delete("k").parse(&answer(204, &[], "")).expect("no error");
        check_unhappy_answers(&delete("k"), "");
    }
}
