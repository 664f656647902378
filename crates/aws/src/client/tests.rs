use futures::executor::block_on;

use super::*;
use crate::testing::{NEW_YEAR, ScriptedPorts, answer, endpoints};
use crate::{TransportError, iam, s3};

fn client(ports: Ports) -> Client {
    Client::new(ports, endpoints(), Some(Credentials::new("AKIDEXAMPLE", "secret")))
}

fn lost<T>() -> Result<T, TransportError> {
    Err(TransportError::new("connection reset"))
}

#[test]
fn a_request_is_signed_and_counted() {
    let (world, ports) = ScriptedPorts::new(NEW_YEAR, [Ok(answer(200, &[], "content"))]);
    let client = client(ports);
    block_on(client.send(&s3::GetObject::new("b", "k"))).expect("an object");
    assert_eq!(client.requests_sent(), 1);
    assert_eq!(world.header(0, "x-amz-date").as_deref(), Some("20260101T000000Z"));
    let authorization = world.header(0, "authorization").expect("a signature");
    assert!(
        authorization.starts_with(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-central-1/s3/aws4_request, \
             SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="
        ),
        "{authorization}"
    );
}

#[test]
fn iam_is_signed_for_its_own_region() {
    let (world, ports) = ScriptedPorts::new(NEW_YEAR, [Ok(answer(403, &[], ""))]);
    block_on(client(ports).send(&iam::ListAccessKeys::new("u"))).expect_err("denied");
    assert!(world.header(0, "authorization").expect("a signature").contains("/us-east-1/iam/"));
}

#[test]
fn an_anonymous_client_does_not_sign() {
    let (world, ports) = ScriptedPorts::new(NEW_YEAR, [Ok(answer(200, &[], ""))]);
    block_on(Client::new(ports, endpoints(), None).send(&s3::GetObject::new("b", "k"))).expect("an object");
    assert_eq!(world.header(0, "authorization"), None);
    assert_eq!(world.header(0, "x-amz-date"), None);
}

#[test]
fn failures_are_repeated_with_growing_waits() {
    let slow_down = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    let answers = [lost(), Ok(answer(500, &[], "")), Ok(answer(503, &[], slow_down)), Ok(answer(200, &[], "x"))];
    let (world, ports) = ScriptedPorts::new(NEW_YEAR, answers);
    let client = client(ports);
    block_on(client.send(&s3::GetObject::new("b", "k"))).expect("an object in the end");
    assert_eq!(client.requests_sent(), 4);
    let waits: Vec<u128> = world.waits.lock().expect("waits").iter().map(Duration::as_millis).collect();
    assert_eq!(waits, [100, 200, 1_200]);
}

#[test]
fn an_unreadable_answer_is_asked_for_again() {
    let listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    let (_, ports) =
        ScriptedPorts::new(NEW_YEAR, [Ok(answer(200, &[], &listing[..30])), Ok(answer(200, &[], listing))]);
    let client = client(ports);
    let read = block_on(client.send(&s3::ListObjects::new("b"))).expect("a listing");
    assert_eq!((read, client.requests_sent()), (s3::ListingPage::default(), 2));
}

#[test]
fn patience_ends() {
    let (_, ports) = ScriptedPorts::new(NEW_YEAR, []);
    let client = client(ports);
    let error = block_on(client.send(&s3::GetObject::new("b", "k"))).expect_err("no answer");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 8));
    assert_eq!((error.operation(), error.resource()), ("GetObject", "s3://b/k"));
    assert_eq!(client.requests_sent(), 8);
}

#[test]
fn what_was_refused_for_good_is_not_repeated() {
    let (_, ports) = ScriptedPorts::new(NEW_YEAR, [Ok(answer(403, &[], ""))]);
    let client = client(ports);
    let error = block_on(client.send(&s3::GetObject::new("b", "k"))).expect_err("denied");
    assert!(error.is_access_denied());
    assert_eq!(client.requests_sent(), 1);
}

#[test]
fn a_second_access_key_is_not_made_for_a_lost_answer() {
    for first in [lost(), Ok(answer(500, &[], "")), Ok(answer(200, &[], "<Cut"))] {
        let (_, ports) = ScriptedPorts::new(NEW_YEAR, [first]);
        let client = client(ports);
        block_on(client.send(&iam::CreateAccessKey::new("u"))).expect_err("nobody knows");
        assert_eq!(client.requests_sent(), 1);
    }
}

#[test]
fn a_request_that_cannot_be_made_is_not_sent() {
    let (_, ports) = ScriptedPorts::new(NEW_YEAR, []);
    let client = client(ports);
    let error = block_on(client.send(&s3::GetObject::new("b", "a/../k"))).expect_err("no such key");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Invalid, 0));
    assert_eq!(client.requests_sent(), 0);
}

const SKEWED: &str = "<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message>\
                      <ServerTime>2026-01-01T00:00:00Z</ServerTime></Error>";

#[test]
fn a_wrong_clock_is_corrected_by_the_answer() {
    for wrong in [NEW_YEAR + Duration::from_mins(20), NEW_YEAR.saturating_sub(Duration::from_mins(20))] {
        // A browser may not show the header; then the body has to do.
        for date in [&[("date", "Thu, 01 Jan 2026 00:00:00 GMT")][..], &[]] {
            let (world, ports) = ScriptedPorts::new(wrong, [Ok(answer(403, date, SKEWED)), Ok(answer(200, &[], ""))]);
            let client = client(ports);
            block_on(client.send(&s3::GetObject::new("b", "k"))).expect("an object");
            assert_eq!(world.header(1, "x-amz-date").as_deref(), Some("20260101T000000Z"));
            assert!(world.waits.lock().expect("waits").is_empty());
            assert_eq!(client.now(), NEW_YEAR);
        }
    }
}

#[test]
fn one_attempt_says_what_it_is_to_a_decision_and_learns_the_time() {
    let throttled = r#"{"__type": "com.amazonaws.sqs#ThrottlingException", "message": "Rate exceeded"}"#;
    let date = [("date", "Thu, 01 Jan 2026 00:00:00 GMT")];
    for (now, answer, expected) in [
        (NEW_YEAR, lost(), AttemptOutcome::Failed),
        (NEW_YEAR, Ok(answer(400, &[], throttled)), AttemptOutcome::Throttled),
        (NEW_YEAR, Ok(answer(403, &[], "")), AttemptOutcome::Final),
        (NEW_YEAR + Duration::from_mins(20), Ok(answer(403, &date, SKEWED)), AttemptOutcome::ClockLearnt),
        (NEW_YEAR, Ok(answer(403, &date, SKEWED)), AttemptOutcome::Final),
    ] {
        let (_, ports) = ScriptedPorts::new(now, [answer]);
        let client = client(ports);
        let (error, outcome) = block_on(client.send_once(&s3::GetObject::new("b", "k"))).expect_err("a failure");
        assert_eq!((outcome, error.operation(), client.requests_sent()), (expected, "GetObject", 1));
        assert_eq!(client.now(), NEW_YEAR);
    }
}

#[test]
fn a_clock_that_is_refused_though_it_is_right_ends_it() {
    let date = [("date", "Thu, 01 Jan 2026 00:00:00 GMT")];
    let (_, ports) = ScriptedPorts::new(NEW_YEAR, [Ok(answer(403, &date, SKEWED))]);
    let client = client(ports);
    let error = block_on(client.send(&s3::GetObject::new("b", "k"))).expect_err("refused");
    assert_eq!((error.kind(), client.requests_sent()), (ErrorKind::ClockSkew, 1));
}

#[test]
fn a_client_made_from_another_knows_the_time_already() {
    let date = [("date", "Thu, 01 Jan 2026 00:00:00 GMT")];
    let wrong = NEW_YEAR + Duration::from_mins(20);
    let (world, ports) = ScriptedPorts::new(wrong, [Ok(answer(200, &date, "")), Ok(answer(200, &date, ""))]);
    let anonymous = Client::new(ports, endpoints(), None);
    block_on(anonymous.send(&s3::GetObject::new("b", "public/config.json"))).expect("an object");
    let signing = anonymous.with(endpoints(), Some(Credentials::new("AKIDEXAMPLE", "secret")));
    block_on(signing.send(&s3::GetObject::new("b", "k"))).expect("an object");
    assert_eq!(world.header(1, "x-amz-date").as_deref(), Some("20260101T000000Z"));
    assert_eq!(anonymous.requests_sent(), 2);
}

#[test]
fn a_client_can_be_shared_by_threads() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    check::<Client>();
    check::<Ports>();
}

#[test]
fn requests_are_counted_by_what_they_cost() {
    let listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
    let counts = r#"{"Attributes": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0"}}"#;
    let answers = ["x", listing, counts, ""].map(|body| Ok(answer(200, &[], body)));
    let (_, ports) = ScriptedPorts::new(NEW_YEAR, answers);
    let client = client(ports);
    block_on(client.send(&s3::GetObject::new("b", "k"))).expect("an object");
    block_on(client.send(&s3::ListObjects::new("b"))).expect("a listing");
    block_on(client.send(&crate::sqs::GetQueueAttributes::new("q"))).expect("counts");
    let _ = block_on(client.send(&iam::ListAccessKeys::new("u")));
    assert_eq!(client.sent_by_price(), [1, 1, 1]);
    assert!(client.requests_sent() >= 4);
}
