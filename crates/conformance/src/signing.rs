//! Signing operations that are described in JSON, for a comparison with another implementation.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cruncher_aws::cloudformation::CreateStack;
use cruncher_aws::s3::{GetObject, ListObjects, PutObject};
use cruncher_aws::sqs::{BatchEntry, SendMessageBatch};
use cruncher_aws::{Credentials, Endpoints, Error, Operation, SigningScope, UnsignedRequest, sign};
use serde::{Deserialize, Serialize};

use crate::failure::CheckFailure;

/// One operation, with the key and the time for its signature.
#[derive(Deserialize)]
pub struct SigningOrder {
    region: String,
    endpoint_url: Option<String>,
    key_id: String,
    secret: String,
    session_token: Option<String>,
    /// Time in seconds since 1970.
    time: u64,
    operation: Described,
}

#[derive(Deserialize)]
#[serde(tag = "name")]
enum Described {
    GetObject { bucket: String, key: String, if_none_match: Option<String> },
    PutObject { bucket: String, key: String, body: String, content_type: Option<String> },
    ListObjects { bucket: String, prefix: String, start_after: String, delimiter: String, token: String },
    SendMessageBatch { queue_url: String, body: String },
    CreateStack { stack: String, template: String, parameters: BTreeMap<String, String> },
}

/// A request as it would be sent.
#[derive(Serialize)]
pub struct SignedRequest {
    method: String,
    url: String,
    headers: BTreeMap<String, String>,
    /// The body in Base64.
    body: String,
    service: &'static str,
    signing_region: String,
}

/// Builds and signs the operation that `line` describes.
///
/// # Errors
/// If the line isn't an order, or its operation can't be built.
pub fn signed(line: &str) -> Result<SignedRequest, CheckFailure> {
    let order: SigningOrder = serde_json::from_str(line).map_err(|error| CheckFailure::new(error.to_string()))?;
    let endpoints = Endpoints::new(&order.region, order.endpoint_url.clone());
    let request = order.operation.build(&endpoints)?;
    let mut credentials = Credentials::new(&order.key_id, &order.secret);
    if let Some(token) = &order.session_token {
        credentials = credentials.with_session_token(token);
    }
    let region = endpoints.signing_region(request.service());
    let mut http = request.http();
    let scope = SigningScope { service: request.service().name(), region };
    sign(&mut http, &credentials, scope, Duration::from_secs(order.time))?;
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Ok(SignedRequest {
        method: http.method().to_string(),
        url: http.uri().to_string(),
        headers: http.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body: STANDARD.encode(http.body()),
        service: request.service().name(),
        signing_region: region.to_owned(),
    })
}

impl Described {
    fn build(self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        match self {
            Self::GetObject { bucket, key, if_none_match } => {
                let mut operation = GetObject::new(bucket, key);
                if let Some(etag) = if_none_match {
                    operation = operation.if_none_match(etag);
                }
                operation.build(endpoints)
            }
            Self::PutObject { bucket, key, body, content_type } => {
                let mut operation = PutObject::new(bucket, key, body);
                if let Some(media_type) = content_type {
                    operation = operation.content_type(media_type);
                }
                operation.build(endpoints)
            }
            Self::ListObjects { bucket, prefix, start_after, delimiter, token } => ListObjects::new(bucket)
                .prefix(prefix)
                .start_after(start_after)
                .delimiter(delimiter)
                .continuation_token(token)
                .build(endpoints),
            Self::SendMessageBatch { queue_url, body } => {
                let entry = BatchEntry { id: "0".into(), group_id: body.clone(), deduplication_id: body.clone(), body };
                SendMessageBatch::new(queue_url, vec![entry]).build(endpoints)
            }
            Self::CreateStack { stack, template, parameters } => parameters
                .into_iter()
                .fold(CreateStack::new(stack, template), |operation, (key, value)| operation.parameter(key, value))
                .build(endpoints),
        }
    }
}
