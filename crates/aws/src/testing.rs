//! Things that the tests of several modules need: ports that follow a script, and checks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind};
use crate::operation::{Answer, Operation};
use crate::ports::{Clock, Ports, RandomSource, Sleep, Transport, TransportError};

/// Time of Thu, 01 Jan 2026 00:00:00 GMT.
pub(crate) const NEW_YEAR: Duration = Duration::from_hours(490_896);

pub(crate) fn endpoints() -> Endpoints {
    Endpoints::new("eu-central-1", None)
}

/// Writes the request that `operation` builds for AWS as text: method and address, headers, blank line, body.
pub(crate) fn written<O: Operation>(operation: &O) -> String {
    let request = operation.build(&endpoints()).expect("a valid request").http();
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.extend([name.as_str(), ": ", value.to_str().expect("plain text"), "\n"]);
    }
    text.push('\n');
    text.push_str(std::str::from_utf8(request.body()).expect("text"));
    text
}

/// Asserts that an operation that can't succeed sends nothing, and returns the reason.
pub(crate) fn invalid<O: Operation>(operation: &O) -> String {
    let error = operation.build(&endpoints()).expect_err("no request");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    error.message().to_owned()
}

pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut builder = http::Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).expect("a valid answer")
}

/// Lets `operation` read a successful answer.
pub(crate) fn read<O: Operation>(operation: &O, body: &'static str) -> Result<O::Output, Error> {
    operation.parse(&answer(200, &[], body))
}

/// Asserts how an operation reads answers that every operation may get in place of the `good` one.
pub(crate) fn check_unhappy_answers<O: Operation>(operation: &O, good: &'static str)
where
    O::Output: std::fmt::Debug,
{
    let denied = [
        "<Error><Code>AccessDenied</Code><Message>Access Denied.</Message><RequestId>R1</RequestId></Error>",
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Access Denied.</Message></Error><RequestId>R1</RequestId></ErrorResponse>",
        r#"{"__type": "com.amazonaws.sqs#AccessDenied", "message": "Access Denied."}"#,
    ];
    for body in denied {
        let error = operation.parse(&answer(403, &[("x-amzn-requestid", "R1")], body)).expect_err("denied");
        assert!(error.is_access_denied());
        assert_eq!(error.code(), Some("AccessDenied"));
        assert_eq!(error.message(), "Access Denied.");
        assert_eq!(error.request_id(), Some("R1"));
        assert_eq!(error.status(), Some(403));
    }
    let broken = operation.parse(&answer(502, &[], "<html><hr>Bad gateway")).expect_err("a proxy's page");
    assert_eq!((broken.kind(), broken.code(), broken.message()), (ErrorKind::Server, None, "bad gateway"));
    for length in (0..good.len()).filter(|length| good.is_char_boundary(*length)) {
        let error = operation.parse(&answer(200, &[], &good[..length])).expect_err("cut short");
        assert_eq!(error.kind(), ErrorKind::Malformed, "{}", &good[..length]);
    }
}

/// Ports that follow a script, and write down what happens.
#[derive(Default)]
pub(crate) struct ScriptedPorts {
    answers: Mutex<VecDeque<Result<Answer, TransportError>>>,
    pub(crate) requests: Mutex<Vec<http::Request<Bytes>>>,
    pub(crate) waits: Mutex<Vec<Duration>>,
    now: Mutex<Duration>,
}

impl ScriptedPorts {
    /// Makes ports whose clock shows `now`, and that give `answers` in this order and nothing after them.
    pub(crate) fn new(
        now: Duration,
        answers: impl IntoIterator<Item = Result<Answer, TransportError>>,
    ) -> (Arc<Self>, Ports) {
        let world = Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            now: Mutex::new(now),
            ..Self::default()
        });
        let ports =
            Ports { transport: world.clone(), clock: world.clone(), sleep: world.clone(), random: world.clone() };
        (world, ports)
    }

    pub(crate) fn header(&self, request: usize, name: &str) -> Option<String> {
        let requests = self.requests.lock().expect("requests");
        Some(requests[request].headers().get(name)?.to_str().expect("plain text").to_owned())
    }
}

impl Transport for ScriptedPorts {
    fn send(&self, request: http::Request<Bytes>) -> LocalBoxFuture<'_, Result<Answer, TransportError>> {
        self.requests.lock().expect("requests").push(request);
        let answer = self.answers.lock().expect("answers").pop_front();
        async { answer.unwrap_or_else(|| Err(TransportError::new("the script is over"))) }.boxed_local()
    }

    fn unpack(&self, _: Bytes, _: usize) -> LocalBoxFuture<'_, Result<Bytes, TransportError>> {
        futures::future::ready(Err(TransportError::not_unpacked())).boxed_local()
    }
}

impl Clock for ScriptedPorts {
    fn now(&self) -> Duration {
        *self.now.lock().expect("now")
    }
}

impl Sleep for ScriptedPorts {
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()> {
        self.waits.lock().expect("waits").push(duration);
        *self.now.lock().expect("now") += duration;
        futures::future::ready(()).boxed_local()
    }
}

impl RandomSource for ScriptedPorts {
    fn fraction(&self) -> f64 {
        0.5
    }
}
