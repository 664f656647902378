use http::Method;
use http::header::HeaderName;

use super::ObjectVersion;
use crate::answer;
use crate::encode;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Makes an earlier version of an object what it is now, by a copy within S3, with its headers. The version itself stays.
#[derive(Debug, Clone)]
pub struct RestoreVersion {
    bucket: String,
    version: ObjectVersion,
}

impl RestoreVersion {
    /// Copies this version over its object.
    pub fn new(bucket: impl Into<String>, version: ObjectVersion) -> Self {
        Self { bucket: bucket.into(), version }
    }
}

impl Operation for RestoreVersion {
    type Output = ();

    const NAME: &'static str = "CopyObject";

    fn resource(&self) -> String {
        super::name(&self.bucket, &self.version.key)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let ObjectVersion { key, version_id, .. } = &self.version;
        let source =
            format!("{}/{}?{}", self.bucket, encode::path(key), encode::pairs([("versionId", version_id.as_str())]));
        UnsignedRequest::s3(Method::PUT, super::url(endpoints, &self.bucket, key)?)
            .header(HeaderName::from_static("x-amz-copy-source"), &source)
            .empty()
    }

    /// S3 begins its answer before the copy is done, so that a failure may come with status 200.
    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        match answer::document(answer)?.name.as_str() {
            "CopyObjectResult" => Ok(()),
            _ => Err(answer::unreadable(answer, "the answer is no CopyObjectResult")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::s3::delete_version::tests::version;
    use crate::testing::{check_unhappy_answers, invalid, read, written};

    const COPIED: &str = "<CopyObjectResult><ETag>&quot;9b2cf535&quot;</ETag></CopyObjectResult>";

    #[test]
    fn the_source_is_encoded() {
        assert_eq!(
            written(&RestoreVersion::new("b", version("data/a b/done-0.json", "3/L"))),
            "PUT https://b.s3.eu-central-1.amazonaws.com/data/a%20b/done-0.json\n\
             x-amz-copy-source: b/data/a%20b/done-0.json?versionId=3%2FL\n\n"
        );
        assert!(invalid(&RestoreVersion::new("b", version("a/../b", "1"))).contains(".."));
    }

    #[test]
    fn a_failure_may_come_with_status_200() {
        let operation = RestoreVersion::new("b", version("k", "1"));
        read(&operation, COPIED).expect("copied");
        let body = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
        assert_eq!(read(&operation, body).expect_err("a failure").kind(), ErrorKind::Server);
        check_unhappy_answers(&operation, COPIED);
    }
}
