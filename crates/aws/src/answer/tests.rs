use super::*;
use crate::testing::{NEW_YEAR, answer};

/// Returns the kind of an S3 error with this status and code.
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
        (501, "NotImplemented", ErrorKind::Other),
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
    assert_eq!(refusal(&answer(400, &[], body)).message().chars().count(), MAX_MESSAGE_CHARS);
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
