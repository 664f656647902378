use http::Method;

use crate::answer;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};

/// Deletes an object. It is no error if there is none.
#[derive(Debug, Clone)]
pub struct DeleteObject {
    bucket: String,
    key: String,
}

impl DeleteObject {
    /// Deletes one object.
    pub fn new(bucket: impl Into<String>, key: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: key.into() }
    }
}

impl Operation for DeleteObject {
    type Output = ();

    const NAME: &'static str = "DeleteObject";

    fn resource(&self) -> String {
        super::name(&self.bucket, &self.key)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        UnsignedRequest::s3(Method::DELETE, super::url(endpoints, &self.bucket, &self.key)?).empty()
    }

    fn parse(&self, answer: &Answer) -> Result<(), Error> {
        answer::succeeded(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answer, check_unhappy_answers, written};

    #[test]
    fn it_is_a_delete_request() {
        assert_eq!(written(&DeleteObject::new("b", "a/k")), "DELETE https://b.s3.eu-central-1.amazonaws.com/a/k\n\n");
    }

    #[test]
    fn an_empty_answer_is_a_success() {
        DeleteObject::new("b", "k").parse(&answer(204, &[], "")).expect("no error");
        check_unhappy_answers(&DeleteObject::new("b", "k"), "");
    }
}
