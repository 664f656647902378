//! An AWS call as a value.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};

use crate::encode;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;

/// An answer of any status.
pub type Answer = http::Response<Bytes>;

/// One call of one service: it builds its request, and it reads the answer. It neither signs, nor sends, nor waits.
///
/// # Examples
/// ```
/// use cruncher_aws::{Endpoints, Operation, s3};
///
/// let read = s3::GetObject::new("soil", "public/config.json");
/// assert_eq!(read.resource(), "s3://soil/public/config.json");
/// // A client signs this, sends it, and repeats it if need be.
/// let request = read.build(&Endpoints::new("eu-central-1", None))?;
/// # drop(request);
/// # Ok::<(), cruncher_aws::Error>(())
/// ```
pub trait Operation {
    /// Value that the answer is read into.
    type Output;

    /// AWS's name of the operation.
    const NAME: &'static str;

    /// Whether it may be sent a second time if the outcome of the first is unknown.
    const REPEAT: RepeatSafety = RepeatSafety::Always;

    /// Returns the resource that it is about, for messages: `s3://bucket/key`, `queue cases.fifo`.
    fn resource(&self) -> String;

    /// Builds the request, unsigned.
    ///
    /// # Errors
    /// If no request can be made of it, for example because a header has a line break.
    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error>;

    /// Reads an answer of any status.
    ///
    /// # Errors
    /// If the service refused, or the answer can't be read.
    fn parse(&self, answer: &Answer) -> Result<Self::Output, Error>;
}

/// Whether an operation may be sent again after a lost or unreadable answer. Throttled requests and those refused for
/// a wrong clock had no effect, so they are always repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepeatSafety {
    /// Yes: sent twice, it has the effect of once.
    Always,
    /// No, since it may have worked: it would make a second access key or a second stack.
    UnlessItMayHaveWorked,
}

/// A request that isn't signed yet.
#[derive(Debug)]
pub struct UnsignedRequest {
    service: Service,
    http: http::Request<Bytes>,
}

impl UnsignedRequest {
    /// Returns the service that it is signed for.
    #[must_use]
    pub fn service(&self) -> Service {
        self.service
    }

    /// Returns a copy that can be signed and sent.
    #[must_use]
    pub fn http(&self) -> http::Request<Bytes> {
        self.http.clone()
    }

    pub(crate) fn s3(method: http::Method, url: String) -> RequestBuilder {
        RequestBuilder::new(Service::S3, method, url)
    }

    /// Builds a call in the JSON protocol. <https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html>
    pub(crate) fn sqs(endpoints: &Endpoints, action: &str, body: &impl serde::Serialize) -> Result<Self, Error> {
        let (version, target) = ("application/x-amz-json-1.0", format!("AmazonSQS.{action}"));
        Self::json(endpoints, Service::Sqs, version, &target, body)
    }

    /// Builds such a call of the price list. <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>
    pub(crate) fn pricing(endpoints: &Endpoints, action: &str, body: &impl serde::Serialize) -> Result<Self, Error> {
        let (version, target) = ("application/x-amz-json-1.1", format!("AWSPriceListService.{action}"));
        Self::json(endpoints, Service::Pricing, version, &target, body)
    }

    fn json(
        endpoints: &Endpoints,
        service: Service,
        version: &str,
        target: &str,
        body: &impl serde::Serialize,
    ) -> Result<Self, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::invalid(error.to_string()))?;
        RequestBuilder::new(service, http::Method::POST, endpoints.service_url(service))
            .header(CONTENT_TYPE, version)
            .header(HeaderName::from_static("x-amz-target"), target)
            .body(body)
    }

    /// Builds a call in the query protocol. <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
    pub(crate) fn query(
        endpoints: &Endpoints,
        service: Service,
        action: &str,
        parameters: &[(String, String)],
    ) -> Result<Self, Error> {
        let version = match service {
            Service::Iam => "2010-05-08",
            Service::AutoScaling => "2011-01-01",
            Service::Ec2 => "2016-11-15",
            _ => "2010-05-15",
        };
        let head = [("Action", action), ("Version", version)];
        let rest = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        RequestBuilder::new(service, http::Method::POST, endpoints.service_url(service))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
            .body(encode::pairs(head.into_iter().chain(rest)))
    }
}

/// A request being put together; its errors are returned by [`RequestBuilder::body`].
pub(crate) struct RequestBuilder {
    service: Service,
    builder: http::request::Builder,
}

impl RequestBuilder {
    fn new(service: Service, method: http::Method, url: String) -> Self {
        let builder = http::Request::builder().method(method).uri(url);
        Self { service, builder }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    pub(crate) fn header_if(self, name: HeaderName, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    pub(crate) fn body(self, body: impl Into<Bytes>) -> Result<UnsignedRequest, Error> {
        let http = self.builder.body(body.into()).map_err(|error| Error::invalid(error.to_string()))?;
        Ok(UnsignedRequest { service: self.service, http })
    }

    pub(crate) fn empty(self) -> Result<UnsignedRequest, Error> {
        self.body(Bytes::new())
    }
}
