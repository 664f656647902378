use http::Method;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes a bucket, which has to be empty.
#[derive(Debug, Clone)]
pub struct DeleteBucket {
    bucket: String,
}

impl DeleteBucket {
    /// Deletes `bucket`.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

impl Operation for DeleteBucket {
    type Output = ();

    const NAME: &'static str = "DeleteBucket";

    fn resource(&self) -> String {
        super::name(&self.bucket, "")
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::s3(Method::DELETE, endpoints.bucket_url(&self.bucket)).empty()
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{answer, check_unhappy_answers, written};

    #[test]
    fn it_is_a_delete_request() {
        assert_eq!(written(&DeleteBucket::new("b")), "DELETE https://b.s3.eu-central-1.amazonaws.com/\n\n");
    }

    #[test]
    fn a_bucket_with_objects_stays() {
        let body = "<Error><Code>BucketNotEmpty</Code><Message>The bucket is not empty</Message></Error>";
        let error = DeleteBucket::new("b").parse(&answer(409, &[], body)).expect_err("refused");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Conflict, Some("BucketNotEmpty")));
        DeleteBucket::new("b").parse(&answer(204, &[], "")).expect("no error");
        check_unhappy_answers(&DeleteBucket::new("b"), "");
    }
}
