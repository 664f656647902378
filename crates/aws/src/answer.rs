//! Reading the common parts of all answers: the status, the error body, the request id.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::{Error, ErrorKind};
use crate::operation::Answer;
use crate::{time, xml};

/// Maximum number of characters of a message. The rest is noise, for example a proxy's page of HTML.
const MAX_MESSAGE_CHARS: usize = 400;

/// Reads the body of an XML answer, or the refusal that it is.
///
/// S3 may answer 200 and then fail: the status was sent before the work was done, and the body is an error.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub(crate) fn document(answer: &Answer) -> Result<xml::XmlElement<'_>, Error> {
    succeeded(answer)?;
    let root = xml::parse(answer.body()).ok_or_else(|| unreadable(answer, "the answer is no complete XML document"))?;
    if root.name == "Error" {
        return Err(refusal(answer));
    }
    Ok(root)
}

/// Reads the value of a JSON answer, or the refusal that it is.
pub(crate) fn json<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    succeeded(answer)?;
    serde_json::from_slice(answer.body()).map_err(|error| unreadable(answer, &format!("the answer's JSON: {error}")))
}

/// Checks that an answer is a success; the error is the refusal that it is.
pub(crate) fn succeeded(answer: &Answer) -> Result<(), Error> {
    if answer.status().is_success() { Ok(()) } else { Err(refusal(answer)) }
}

/// Makes the error of a successful answer whose content isn't the one asked for.
pub(crate) fn unreadable(answer: &Answer, message: &str) -> Error {
    Error::malformed(message).with_request_id(request_id(answer.headers()))
}

/// Returns a header's value.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// Returns the time of the server's clock, from the `Date` header.
pub(crate) fn date(answer: &Answer) -> Option<Duration> {
    time::from_http(header(answer, "date")?)
}

/// Reads the error that the answer is, from its body, its headers, or its status alone.
pub(crate) fn refusal(answer: &Answer) -> Error {
    let body = from_xml(answer.body()).or_else(|| from_json(answer.body())).unwrap_or_default();
    // A proxy's page can't be what a service refused with.
    let code = body.code.or_else(|| code_of_header(answer.headers()));
    let message = match body.message.as_deref().map(presentable) {
        Some(message) if !message.is_empty() => message,
        _ => message_of_status(answer.status()),
    };
    let kind = kind(answer.status(), code.as_deref(), &message);
    Error::refused(kind, answer.status().as_u16(), code, message)
        .with_request_id(body.request_id.or_else(|| request_id(answer.headers())))
        .with_server_time(body.server_time)
}

#[derive(Default)]
struct Body {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    server_time: Option<Duration>,
}

/// Reads `<Error>` of S3, `<ErrorResponse><Error>` of the query protocol, or `<Response><Errors><Error>` of EC2.
fn from_xml(body: &[u8]) -> Option<Body> {
    let root = xml::parse(body)?;
    let error = if root.name == "Error" { &root } else { root.child("Errors").unwrap_or(&root).child("Error")? };
    let owned = |name: &str| error.text(name).or_else(|| root.text(name)).map(str::to_owned);
    Some(Body {
        code: owned("Code"),
        message: owned("Message"),
        request_id: owned("RequestId").or_else(|| owned("RequestID")),
        server_time: error.text("ServerTime").and_then(time::from_iso),
    })
}

fn from_json(body: &[u8]) -> Option<Body> {
    #[derive(serde::Deserialize)]
    struct Wire {
        #[serde(rename = "__type")]
        code: Option<String>,
        #[serde(alias = "Message")]
        message: Option<String>,
    }
    let wire: Wire = serde_json::from_slice(body).ok()?;
    Some(Body { code: wire.code.as_deref().map(bare_code), message: wire.message, ..Body::default() })
}

/// Reads the code in a header. SQS gives old clients those of its query protocol:
/// `AWS.SimpleQueueService.NonExistentQueue;Sender`.
fn code_of_header(headers: &HeaderMap) -> Option<String> {
    ["x-amzn-query-error", "x-amzn-errortype", "x-amz-error-code"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .map(bare_code)
}

/// Returns `QueueDoesNotExist` of `com.amazonaws.sqs#QueueDoesNotExist` and of `QueueDoesNotExist;Sender`.
fn bare_code(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split([';', ':']).next().unwrap_or(code).to_owned()
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-amz-request-id").or_else(|| headers.get("x-amzn-requestid"))?;
    Some(value.to_str().ok()?.to_owned())
}

/// Returns the first sentence or so. In some messages the whole canonical request follows, session token included.
fn presentable(message: &str) -> String {
    let end = ["The Canonical String", "The String-to-Sign"]
        .iter()
        .filter_map(|mark| message.find(mark))
        .min()
        .unwrap_or(message.len());
    message[..end].trim().chars().take(MAX_MESSAGE_CHARS).collect()
}

fn message_of_status(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("unknown status").to_ascii_lowercase()
}

fn kind(status: StatusCode, code: Option<&str>, message: &str) -> ErrorKind {
    let by_code = code.map_or(ErrorKind::Other, |code| kind_of_code(code, message));
    match (by_code, status.as_u16()) {
        (ErrorKind::Other, 401) => ErrorKind::RefusedCredentials,
        (ErrorKind::Other, 403) => ErrorKind::AccessDenied,
        (ErrorKind::Other, 404) => ErrorKind::NotFound,
        (ErrorKind::Other, 409) => ErrorKind::Conflict,
        (ErrorKind::Other, 412) => ErrorKind::PreconditionFailed,
        (ErrorKind::Other, 429) => ErrorKind::Throttled,
        // A service that can't do it won't be able to the next time.
        (ErrorKind::Other, 501) if code == Some("NotImplemented") => ErrorKind::Other,
        (ErrorKind::Other, 408 | 500..) => ErrorKind::Server,
        (kind, _) => kind,
    }
}

/// Returns the kind of a code: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and the common errors
/// of the other services.
pub(crate) fn kind_of_code(code: &str, message: &str) -> ErrorKind {
    match code {
        "NoSuchKey"
        | "NoSuchBucket"
        | "NoSuchVersion"
        | "NoSuchUpload"
        | "NoSuchEntity"
        | "NotFound"
        | "QueueDoesNotExist"
        | "AWS.SimpleQueueService.NonExistentQueue" => ErrorKind::NotFound,
        "PreconditionFailed" => ErrorKind::PreconditionFailed,
        "AlreadyExistsException"
        | "EntityAlreadyExists"
        | "BucketAlreadyExists"
        | "BucketAlreadyOwnedByYou"
        | "BucketNotEmpty"
        | "OperationAborted"
        | "ConditionalRequestConflict"
        | "DeleteConflict"
        | "PurgeQueueInProgress"
        | "AWS.SimpleQueueService.PurgeQueueInProgress" => ErrorKind::Conflict,
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => ErrorKind::ClockSkew,
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "InvalidSignature" if names_a_date(message) => {
            ErrorKind::ClockSkew
        }
        "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "InvalidSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "InvalidSecurity"
        | "InvalidToken"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "TokenRefreshRequired"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "MissingSecurityHeader"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "AuthFailure"
        | "NotSignedUp"
        | "OptInRequired" => ErrorKind::RefusedCredentials,
        "AccessDenied"
        | "AccessDeniedException"
        | "AllAccessDisabled"
        | "AccountProblem"
        | "UnauthorizedOperation"
        | "UnauthorizedAccess" => ErrorKind::AccessDenied,
        "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "BandwidthLimitExceeded"
        | "ProvisionedThroughputExceededException"
        | "PriorRequestNotComplete" => ErrorKind::Throttled,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "ServiceFailure"
        | "RequestTimeout"
        | "RequestTimeoutException" => ErrorKind::Server,
        "LimitExceeded" | "LimitExceededException" | "TooManyBuckets" | "OverLimit" => ErrorKind::LimitExceeded,
        _ => ErrorKind::Other,
    }
}

/// Whether a message is about the time: `Signature expired: 20260101T000000Z is now earlier than …`, `Signature not yet
/// current: …`.
fn names_a_date(message: &str) -> bool {
    ["Signature expired", "Signature not yet current", "Request has expired"]
        .iter()
        .any(|start| message.contains(start))
}

#[cfg(test)]
mod tests;
