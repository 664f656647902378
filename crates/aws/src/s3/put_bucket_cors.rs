use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use http::header::{CONTENT_TYPE, HeaderName};
use sha2::{Digest as _, Sha256};

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::xml;

/// Says which requests pages of any other origin may send to a bucket, in place of what was said before.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html>
#[derive(Debug, Clone)]
pub struct PutBucketCors {
    bucket: String,
    methods: Vec<String>,
    exposed_headers: Vec<String>,
    max_age_secs: u32,
}

impl PutBucketCors {
    /// Allows these methods, with any header, to pages of any origin, which may read these headers of the answer, and may remember
    /// this for so long.
    pub fn any_origin(
        bucket: impl Into<String>,
        methods: &[&str],
        exposed_headers: &[&str],
        max_age_secs: u32,
    ) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let (methods, exposed_headers) = (owned(methods), owned(exposed_headers));
        Self { bucket: bucket.into(), methods, exposed_headers, max_age_secs }
    }

    fn document(&self) -> String {
        let mut rule = "<AllowedOrigin>*</AllowedOrigin><AllowedHeader>*</AllowedHeader>".to_owned();
        let methods = self.methods.iter().map(|method| ("AllowedMethod", method));
        for (name, text) in methods.chain(self.exposed_headers.iter().map(|header| ("ExposeHeader", header))) {
            // Writing to a string can't fail.
            let _ = write!(rule, "<{name}>{}</{name}>", xml::escape(text));
        }
        let max_age = self.max_age_secs;
        format!(
            "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule>{rule}<MaxAgeSeconds>{max_age}\
             </MaxAgeSeconds></CORSRule></CORSConfiguration>"
        )
    }
}

impl Operation for PutBucketCors {
    type Output = ();

    const NAME: &'static str = "PutBucketCors";

    fn resource(&self) -> String {
        super::name(&self.bucket, "")
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let document = self.document();
        // S3 requires a checksum of this body beside the signature.
        let checksum = STANDARD.encode(Sha256::digest(document.as_bytes()));
        UnsignedRequest::s3(Method::PUT, format!("{}?cors=", endpoints.bucket_url(&self.bucket)))
            .header(CONTENT_TYPE, "application/xml")
            .header(HeaderName::from_static("x-amz-checksum-sha256"), &checksum)
            .header(HeaderName::from_static("x-amz-sdk-checksum-algorithm"), "SHA256")
            .body(document)
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
    fn the_rule_is_written_with_its_checksum() {
        let operation = PutBucketCors::any_origin("b", &["GET", "PUT"], &["ETag"], 60);
        let request = written(&operation);
        let (head, body) = request.split_once("\n\n").expect("a body");
        assert!(head.starts_with("PUT https://b.s3.eu-central-1.amazonaws.com/?cors=\n"), "{head}");
        assert!(head.contains("x-amz-checksum-sha256: "), "{head}");
        assert_eq!(
            body,
            "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><CORSRule><AllowedOrigin>*</AllowedOrigin>\
             <AllowedHeader>*</AllowedHeader><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>\
             <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule></CORSConfiguration>"
        );
        read(&operation, "").expect("it succeeded");
        check_unhappy_answers(&operation, "");
    }
}
