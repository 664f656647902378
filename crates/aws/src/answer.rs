//! Reads what all answers share: the status, the error body, the request id.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::error::{Error, ErrorKind};
use crate::operation::Answer;
use crate::{time, xml};

/// More of a message is noise; a proxy's page of HTML ends here, too.
const LONGEST_MESSAGE: usize = 400;

/// The body of an XML answer, or the refusal that it is.
///
/// S3 may answer 200 and then fail: the status was sent before the work was done, and the body is an error.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
pub(crate) fn document(answer: &Answer) -> Result<xml::Element<'_>, Error> {
    succeeded(answer)?;
    let root = xml::parse(answer.body()).ok_or_else(|| unreadable(answer, "the answer is no complete XML document"))?;
    if root.name == "Error" {
        return Err(refusal(answer));
    }
    Ok(root)
}

/// The value of a JSON answer, or the refusal that it is.
pub(crate) fn json<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Error> {
    succeeded(answer)?;
    serde_json::from_slice(answer.body()).map_err(|error| unreadable(answer, &format!("the answer's JSON: {error}")))
}

/// Nothing, or the refusal that the answer is.
pub(crate) fn succeeded(answer: &Answer) -> Result<(), Error> {
    if answer.status().is_success() { Ok(()) } else { Err(refusal(answer)) }
}

/// An answer that says yes, but not what was asked.
pub(crate) fn unreadable(answer: &Answer, message: &str) -> Error {
    Error::malformed(message).with_request_id(request_id(answer.headers()))
}

/// A header's value.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}

/// The server's clock, from the `Date` header.
pub(crate) fn date(answer: &Answer) -> Option<Duration> {
    time::from_http(header(answer, "date")?)
}

/// The error that the answer is, from its body, its headers, or its status alone.
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

/// `<Error>` of S3, or `<ErrorResponse><Error>` of the query protocol.
fn from_xml(body: &[u8]) -> Option<Body> {
    let root = xml::parse(body)?;
    let error = if root.name == "Error" { &root } else { root.child("Error")? };
    let owned = |name: &str| error.text(name).or_else(|| root.text(name)).map(str::to_owned);
    Some(Body {
        code: owned("Code"),
        message: owned("Message"),
        request_id: owned("RequestId"),
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

/// SQS answers old clients with the codes of its query protocol: `AWS.SimpleQueueService.NonExistentQueue;Sender`.
fn code_of_header(headers: &HeaderMap) -> Option<String> {
    ["x-amzn-query-error", "x-amzn-errortype", "x-amz-error-code"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .map(bare_code)
}

/// `QueueDoesNotExist` of `com.amazonaws.sqs#QueueDoesNotExist` and of `QueueDoesNotExist;Sender`.
fn bare_code(code: &str) -> String {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.split([';', ':']).next().unwrap_or(code).to_owned()
}

fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-amz-request-id").or_else(|| headers.get("x-amzn-requestid"))?;
    Some(value.to_str().ok()?.to_owned())
}

/// The first sentence or so: what follows in some messages is the whole canonical request, session token included.
fn presentable(message: &str) -> String {
    let end = ["The Canonical String", "The String-to-Sign", "\n\n"]
        .iter()
        .filter_map(|mark| message.find(mark))
        .min()
        .unwrap_or(message.len());
    message[..end].trim().chars().take(LONGEST_MESSAGE).collect()
}

fn message_of_status(status: StatusCode) -> String {
    status.canonical_reason().unwrap_or("unknown status").to_lowercase()
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
        (ErrorKind::Other, 408 | 500..) => ErrorKind::Server,
        (kind, _) => kind,
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html> and the common errors of the other services.
fn kind_of_code(code: &str, message: &str) -> ErrorKind {
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

/// `Signature expired: 20260101T000000Z is now earlier than …`, `Signature not yet current: …`.
fn names_a_date(message: &str) -> bool {
    ["Signature expired", "Signature not yet current", "Request has expired"]
        .iter()
        .any(|start| message.contains(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{NEW_YEAR, answer};

    /// The kind of an S3 error with this status and code.
    fn kind_of(status: u16, code: &str, message: &str) -> ErrorKind {
        let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
        refusal(&answer(status, &[], body)).kind()
    }

    #[test]
    fn codes_have_their_kinds() {
        for (status, code, kind) in [
            (404, "NoSuchKey", ErrorKind::NotFound),
            (404, "NoSuchBucket", ErrorKind::NotFound),
            (400, "AWS.SimpleQueueService.NonExistentQueue", ErrorKind::NotFound),
            (412, "PreconditionFailed", ErrorKind::PreconditionFailed),
            (409, "ConditionalRequestConflict", ErrorKind::Conflict),
            (400, "AlreadyExistsException", ErrorKind::Conflict),
            (403, "InvalidAccessKeyId", ErrorKind::RefusedCredentials),
            (403, "SignatureDoesNotMatch", ErrorKind::RefusedCredentials),
            (400, "ExpiredToken", ErrorKind::RefusedCredentials),
            (403, "InvalidClientTokenId", ErrorKind::RefusedCredentials),
            (403, "AccessDenied", ErrorKind::AccessDenied),
            (403, "RequestTimeTooSkewed", ErrorKind::ClockSkew),
            (503, "SlowDown", ErrorKind::Throttled),
            (400, "ThrottlingException", ErrorKind::Throttled),
            (400, "Throttling", ErrorKind::Throttled),
            (403, "RequestThrottled", ErrorKind::Throttled),
            (500, "InternalError", ErrorKind::Server),
            (400, "RequestTimeout", ErrorKind::Server),
            (409, "LimitExceeded", ErrorKind::LimitExceeded),
            (400, "ValidationError", ErrorKind::Other),
        ] {
            assert_eq!(kind_of(status, code, "m"), kind, "{code}");
        }
    }

    #[test]
    fn a_signature_that_is_too_old_or_too_new_is_a_wrong_clock() {
        for message in [
            "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)",
            "Signature not yet current: 20260101T010000Z is still later than 20260101T000500Z",
        ] {
            assert_eq!(kind_of(403, "SignatureDoesNotMatch", message), ErrorKind::ClockSkew);
            assert_eq!(kind_of(403, "InvalidSignatureException", message), ErrorKind::ClockSkew);
        }
    }

    #[test]
    fn without_a_code_the_status_decides() {
        for (status, kind, message) in [
            (401, ErrorKind::RefusedCredentials, "unauthorized"),
            (403, ErrorKind::AccessDenied, "forbidden"),
            (404, ErrorKind::NotFound, "not found"),
            (412, ErrorKind::PreconditionFailed, "precondition failed"),
            (429, ErrorKind::Throttled, "too many requests"),
            (500, ErrorKind::Server, "internal server error"),
            (503, ErrorKind::Server, "service unavailable"),
            (400, ErrorKind::Other, "bad request"),
        ] {
            let error = refusal(&answer(status, &[], ""));
            assert_eq!((error.kind(), error.message(), error.status()), (kind, message, Some(status)));
        }
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    #[test]
    fn the_documentations_error_is_read() {
        let body = r#"<?xml version="1.0" encoding="UTF-8"?>
            <Error>
              <Code>NoSuchKey</Code>
              <Message>The resource you requested does not exist</Message>
              <Resource>/mybucket/myfoto.jpg</Resource>
              <RequestId>4442587FB7D0A2F9</RequestId>
            </Error>"#;
        let error = refusal(&answer(404, &[("x-amz-request-id", "another")], body));
        assert!(error.is_not_found());
        assert_eq!(error.message(), "The resource you requested does not exist");
        assert_eq!(error.request_id(), Some("4442587FB7D0A2F9"));
    }

    #[test]
    fn codes_of_sqs_lose_their_namespace_and_their_tail() {
        let body = r#"{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "No such queue"}"#;
        let error = refusal(&answer(400, &[("x-amzn-query-error", "AWS.X;Sender")], body));
        assert_eq!((error.code(), error.kind()), (Some("QueueDoesNotExist"), ErrorKind::NotFound));
        let error = refusal(&answer(400, &[("x-amzn-query-error", "AWS.SimpleQueueService.X;Sender")], "{}"));
        assert_eq!(error.code(), Some("AWS.SimpleQueueService.X"));
    }

    #[test]
    fn a_message_never_quotes_the_signed_request() {
        let message = "The request signature we calculated does not match the signature you provided. Check your AWS \
                       Secret Access Key and signing method. Consult the service documentation for details.\n\n\
                       The Canonical String for this request should have been\n'POST\n/\n\n\
                       x-amz-security-token:hidden-token\n'";
        let body = serde_json::json!({"__type": "InvalidSignatureException", "message": message}).to_string();
        let error = refusal(&answer(403, &[], body));
        assert_eq!(error.kind(), ErrorKind::RefusedCredentials);
        assert!(error.message().ends_with("for details."), "{}", error.message());
        assert!(!format!("{error} {error:?}").contains("hidden-token"));
    }

    #[test]
    fn a_long_message_is_cut() {
        let body = format!("<Error><Code>X</Code><Message>{}</Message></Error>", "ä".repeat(10_000));
        assert_eq!(refusal(&answer(400, &[], body)).message().chars().count(), LONGEST_MESSAGE);
    }

    #[test]
    fn a_success_with_an_error_in_it_is_a_refusal() {
        let body = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";
        let error = document(&answer(200, &[], body)).expect_err("a refusal");
        assert_eq!((error.kind(), error.code()), (ErrorKind::Server, Some("InternalError")));
    }

    #[test]
    fn the_servers_time_is_read_from_header_and_body() {
        let body = "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2026-01-01T00:00:00Z</ServerTime></Error>";
        let answer = answer(403, &[("date", "Thu, 01 Jan 2026 00:00:00 GMT")], body);
        assert_eq!(date(&answer), Some(NEW_YEAR));
        assert_eq!(refusal(&answer).server_time(), Some(NEW_YEAR));
    }
}
