//! Signs, sends, repeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::answer;
use crate::credentials::Credentials;
use crate::endpoints::Endpoints;
use crate::error::{Error, ErrorKind};
use crate::operation::{Answer, Operation, Repeat, Request};
use crate::ports::Ports;
use crate::retry::{self, Decision, Outcome, Policy};
use crate::sign::{Scope, sign};

/// A clock that is off by less is as good as right: `Date` has whole seconds, and answers take their time.
const TOLERATED_MILLIS: i64 = 30_000;

/// Sends operations to one cloud with one key. Clones are cheap, and share what they count and learn.
#[derive(Clone)]
pub struct Client {
    ports: Ports,
    endpoints: Arc<Endpoints>,
    credentials: Option<Arc<Credentials>>,
    policy: Policy,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    requests_sent: AtomicU64,
    /// What to add to this machine's clock to get the servers'.
    clock_offset_millis: AtomicI64,
}

impl Client {
    /// A client that signs with `credentials`; without any it is anonymous and doesn't sign.
    #[must_use]
    pub fn new(ports: Ports, endpoints: Endpoints, credentials: Option<Credentials>) -> Self {
        Self {
            ports,
            endpoints: Arc::new(endpoints),
            credentials: credentials.map(Arc::new),
            policy: Policy::default(),
            shared: Arc::default(),
        }
    }

    /// A client of other endpoints with another key. It shares the ports, the count of requests, and what was learnt
    /// about the clock: a page that read its configuration anonymously signs its first request with the right time.
    #[must_use]
    pub fn with(&self, endpoints: Endpoints, credentials: Option<Credentials>) -> Self {
        Self { endpoints: Arc::new(endpoints), credentials: credentials.map(Arc::new), ..self.clone() }
    }

    /// The same client with other patience.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where its requests go.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What it was made with.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Requests sent so far, repeated ones included.
    #[must_use]
    pub fn requests_sent(&self) -> u64 {
        self.shared.requests_sent.load(Ordering::Relaxed)
    }

    /// The time since 1970 by the servers' clock, as far as it is known.
    #[must_use]
    pub fn now(&self) -> Duration {
        shifted(self.ports.clock.now(), self.offset_millis())
    }

    /// Sends `operation`, again if need be, and reads the answer.
    ///
    /// # Errors
    /// If the service refuses, or doesn't answer for as long as there is patience.
    pub async fn send<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        let mut attempts = Attempts { count: 0, start: self.ports.clock.now(), offset_millis: 0 };
        let result = async {
            let request = operation.build(&self.endpoints)?;
            loop {
                let parsed = match self.attempt(&request, &mut attempts).await {
                    Ok(answer) => operation.parse(&answer),
                    Err(error) => Err(error),
                };
                match parsed {
                    Ok(output) => return Ok(output),
                    Err(error) => self.wait(error, O::REPEAT, &attempts).await?,
                }
            }
        };
        result.await.map_err(|error: Error| error.of(O::NAME, operation.resource(), attempts.count))
    }

    async fn attempt(&self, request: &Request, attempts: &mut Attempts) -> Result<Answer, Error> {
        attempts.count += 1;
        attempts.offset_millis = self.offset_millis();
        let mut http = request.http();
        if let Some(credentials) = &self.credentials {
            let scope =
                Scope { service: request.service().name(), region: self.endpoints.signing_region(request.service()) };
            sign(&mut http, credentials, scope, self.now())?;
        }
        self.shared.requests_sent.fetch_add(1, Ordering::Relaxed);
        let answer = self.ports.transport.send(http).await?;
        if let Some(date) = answer::date(&answer) {
            self.learn(date);
        }
        Ok(answer)
    }

    /// Waits, or gives the error back.
    async fn wait(&self, error: Error, repeat: Repeat, attempts: &Attempts) -> Result<(), Error> {
        if let Some(time) = error.server_time() {
            self.learn(time);
        }
        let clock_changed = (self.offset_millis() - attempts.offset_millis).abs() > TOLERATED_MILLIS;
        let outcome = match error.kind() {
            ErrorKind::ClockSkew if clock_changed => Outcome::ClockLearnt,
            _ => Outcome::of(&error, repeat),
        };
        let elapsed = self.ports.clock.now().saturating_sub(attempts.start);
        let random = self.ports.random.fraction();
        match retry::decide(&self.policy, outcome, attempts.count, elapsed, random) {
            Decision::GiveUp => Err(error),
            Decision::Wait(duration) => {
                if !duration.is_zero() {
                    self.ports.sleep.sleep(duration).await;
                }
                Ok(())
            }
        }
    }

    fn offset_millis(&self) -> i64 {
        self.shared.clock_offset_millis.load(Ordering::Relaxed)
    }

    fn learn(&self, server_time: Duration) {
        let offset = millis(server_time) - millis(self.ports.clock.now());
        if (offset - self.offset_millis()).abs() > TOLERATED_MILLIS {
            self.shared.clock_offset_millis.store(offset, Ordering::Relaxed);
        }
    }
}

struct Attempts {
    count: u32,
    start: Duration,
    /// The clock's correction that the last one was signed with.
    offset_millis: i64,
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}

fn shifted(time: Duration, offset_millis: i64) -> Duration {
    let offset = Duration::from_millis(offset_millis.unsigned_abs());
    if offset_millis < 0 { time.saturating_sub(offset) } else { time.saturating_add(offset) }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::{NEW_YEAR, World, answer, endpoints};
    use crate::{TransportError, iam, s3};

    fn client(ports: Ports) -> Client {
        Client::new(ports, endpoints(), Some(Credentials::new("AKIDEXAMPLE", "secret")))
    }

    fn lost<T>() -> Result<T, TransportError> {
        Err(TransportError::new("connection reset"))
    }

    #[test]
    fn a_request_is_signed_and_counted() {
        let (world, ports) = World::new(NEW_YEAR, [Ok(answer(200, &[], "content"))]);
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
        let (world, ports) = World::new(NEW_YEAR, [Ok(answer(403, &[], ""))]);
        block_on(client(ports).send(&iam::ListAccessKeys::new("u"))).expect_err("denied");
        assert!(world.header(0, "authorization").expect("a signature").contains("/us-east-1/iam/"));
    }

    #[test]
    fn an_anonymous_client_does_not_sign() {
        let (world, ports) = World::new(NEW_YEAR, [Ok(answer(200, &[], ""))]);
        block_on(Client::new(ports, endpoints(), None).send(&s3::GetObject::new("b", "k"))).expect("an object");
        assert_eq!(world.header(0, "authorization"), None);
        assert_eq!(world.header(0, "x-amz-date"), None);
    }

    #[test]
    fn failures_are_repeated_with_growing_waits() {
        let slow_down = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
        let answers = [lost(), Ok(answer(500, &[], "")), Ok(answer(503, &[], slow_down)), Ok(answer(200, &[], "x"))];
        let (world, ports) = World::new(NEW_YEAR, answers);
        let client = client(ports);
        block_on(client.send(&s3::GetObject::new("b", "k"))).expect("an object in the end");
        assert_eq!(client.requests_sent(), 4);
        let waits: Vec<u128> = world.waits.lock().expect("waits").iter().map(Duration::as_millis).collect();
        assert_eq!(waits, [100, 200, 1_200]);
    }

    #[test]
    fn an_unreadable_answer_is_asked_for_again() {
        let listing = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        let (_, ports) = World::new(NEW_YEAR, [Ok(answer(200, &[], &listing[..30])), Ok(answer(200, &[], listing))]);
        let client = client(ports);
        let read = block_on(client.send(&s3::ListObjects::new("b"))).expect("a listing");
        assert_eq!((read, client.requests_sent()), (s3::Listing::default(), 2));
    }

    #[test]
    fn patience_ends() {
        let (_, ports) = World::new(NEW_YEAR, []);
        let client = client(ports);
        let error = block_on(client.send(&s3::GetObject::new("b", "k"))).expect_err("no answer");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 8));
        assert_eq!((error.operation(), error.resource()), ("GetObject", "s3://b/k"));
        assert_eq!(client.requests_sent(), 8);
    }

    #[test]
    fn what_was_refused_for_good_is_not_repeated() {
        let (_, ports) = World::new(NEW_YEAR, [Ok(answer(403, &[], ""))]);
        let client = client(ports);
        let error = block_on(client.send(&s3::GetObject::new("b", "k"))).expect_err("denied");
        assert!(error.is_access_denied());
        assert_eq!(client.requests_sent(), 1);
    }

    #[test]
    fn a_second_access_key_is_not_made_for_a_lost_answer() {
        for first in [lost(), Ok(answer(500, &[], "")), Ok(answer(200, &[], "<Cut"))] {
            let (_, ports) = World::new(NEW_YEAR, [first]);
            let client = client(ports);
            block_on(client.send(&iam::CreateAccessKey::new("u"))).expect_err("nobody knows");
            assert_eq!(client.requests_sent(), 1);
        }
    }

    #[test]
    fn a_request_that_cannot_be_made_is_not_sent() {
        let (_, ports) = World::new(NEW_YEAR, []);
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
                let (world, ports) = World::new(wrong, [Ok(answer(403, date, SKEWED)), Ok(answer(200, &[], ""))]);
                let client = client(ports);
                block_on(client.send(&s3::GetObject::new("b", "k"))).expect("an object");
                assert_eq!(world.header(1, "x-amz-date").as_deref(), Some("20260101T000000Z"));
                assert!(world.waits.lock().expect("waits").is_empty());
                assert_eq!(client.now(), NEW_YEAR);
            }
        }
    }

    #[test]
    fn a_clock_that_is_refused_though_it_is_right_ends_it() {
        let date = [("date", "Thu, 01 Jan 2026 00:00:00 GMT")];
        let (_, ports) = World::new(NEW_YEAR, [Ok(answer(403, &date, SKEWED))]);
        let client = client(ports);
        let error = block_on(client.send(&s3::GetObject::new("b", "k"))).expect_err("refused");
        assert_eq!((error.kind(), client.requests_sent()), (ErrorKind::ClockSkew, 1));
    }

    #[test]
    fn a_client_made_from_another_knows_the_time_already() {
        let date = [("date", "Thu, 01 Jan 2026 00:00:00 GMT")];
        let wrong = NEW_YEAR + Duration::from_mins(20);
        let (world, ports) = World::new(wrong, [Ok(answer(200, &date, "")), Ok(answer(200, &date, ""))]);
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
}
