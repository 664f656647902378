//! The client: it signs operations, sends them, and repeats them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::answer;
use crate::credentials::Credentials;
use crate::endpoints::{Endpoints, Service};
use crate::error::{Error, ErrorKind};
use crate::operation::{Answer, Operation, RepeatSafety, UnsignedRequest};
use crate::ports::Ports;
use crate::retry::{self, AttemptOutcome, RetryDecision, RetryPolicy};
use crate::sign::{SigningScope, sign};

/// Difference of a clock below which it counts as right: `Date` has whole seconds, and answers take their time.
const TOLERATED_MILLIS: i64 = 30_000;

/// Client of one cloud with one key. Clones are cheap, and share the count of requests and the servers' time.
#[derive(Clone)]
pub struct Client {
    ports: Ports,
    endpoints: Arc<Endpoints>,
    credentials: Option<Arc<Credentials>>,
    policy: RetryPolicy,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Numbers of requests that were sent: those that read an object of S3, those that write or list there, those to SQS, and all others.
    sent_by_price: [AtomicU64; 4],
    /// Offset to be added to this machine's clock to get the servers'.
    clock_offset_millis: AtomicI64,
}

impl Client {
    /// Makes a client that signs with `credentials`; without any it is anonymous and doesn't sign.
    #[must_use]
    pub fn new(ports: Ports, endpoints: Endpoints, credentials: Option<Credentials>) -> Self {
        Self {
            ports,
            endpoints: Arc::new(endpoints),
            credentials: credentials.map(Arc::new),
            policy: RetryPolicy::default(),
            shared: Arc::default(),
        }
    }

    /// Makes a client of other endpoints with another key. It shares the ports, the count of requests, and the servers' time: a
    /// page that read its configuration anonymously signs its first request with the right time.
    #[must_use]
    pub fn with(&self, endpoints: Endpoints, credentials: Option<Credentials>) -> Self {
        Self { endpoints: Arc::new(endpoints), credentials: credentials.map(Arc::new), ..self.clone() }
    }

    /// Returns the same client with another policy for repeating requests.
    #[must_use]
    pub fn with_policy(mut self, policy: RetryPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Returns the addresses that its requests go to.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Returns the ports that it was made with.
    #[must_use]
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Returns the number of requests sent until now, repeated ones included.
    #[must_use]
    pub fn requests_sent(&self) -> u64 {
        self.shared.sent_by_price.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Returns the same by what they cost: to S3 GET and HEAD, PUT, POST and LIST, and to SQS all of them. Deleting is free.
    #[must_use]
    pub fn sent_by_price(&self) -> [u64; 3] {
        [0, 1, 2].map(|kind| self.shared.sent_by_price[kind].load(Ordering::Relaxed))
    }

    /// Returns the time since 1970 by the servers' clock, as far as it is known.
    #[must_use]
    pub fn now(&self) -> Duration {
        shifted(self.ports.clock.now(), self.offset_millis())
    }

    /// Sends `operation`, again if need be, and reads the answer.
    ///
    /// # Errors
    /// If the service refuses, or doesn't answer before the policy ends the repetition.
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

    /// Sends `operation` once, for a caller that repeats it by itself with [`retry::decide`].
    ///
    /// # Errors
    /// The failure, and the outcome of the attempt for that decision.
    pub async fn send_once<O: Operation>(&self, operation: &O) -> Result<O::Output, (Error, AttemptOutcome)> {
        let mut attempts = Attempts { count: 0, start: self.ports.clock.now(), offset_millis: 0 };
        let result = async {
            let request = operation.build(&self.endpoints)?;
            operation.parse(&self.attempt(&request, &mut attempts).await?)
        };
        result.await.map_err(|error: Error| {
            let outcome = self.outcome(&error, O::REPEAT, &attempts);
            (error.of(O::NAME, operation.resource(), attempts.count), outcome)
        })
    }

    async fn attempt(&self, request: &UnsignedRequest, attempts: &mut Attempts) -> Result<Answer, Error> {
        attempts.count += 1;
        attempts.offset_millis = self.offset_millis();
        let mut http = request.http();
        if let Some(credentials) = &self.credentials {
            let scope = SigningScope {
                service: request.service().name(),
                region: self.endpoints.signing_region(request.service()),
            };
            sign(&mut http, credentials, scope, self.now())?;
        }
        self.shared.sent_by_price[price(request.service(), &http)].fetch_add(1, Ordering::Relaxed);
        let answer = self.ports.transport.send(http).await?;
        self.learn_time(&answer);
        Ok(answer)
    }

    /// Waits for another attempt, or returns the error if there is none.
    async fn wait(&self, error: Error, repeat: RepeatSafety, attempts: &Attempts) -> Result<(), Error> {
        let outcome = self.outcome(&error, repeat, attempts);
        let elapsed = self.ports.clock.now().saturating_sub(attempts.start);
        let random = self.ports.random.fraction();
        match retry::decide(&self.policy, outcome, attempts.count, elapsed, random) {
            RetryDecision::GiveUp => Err(error),
            RetryDecision::Wait(duration) => {
                if !duration.is_zero() {
                    self.ports.sleep.sleep(duration).await;
                }
                Ok(())
            }
        }
    }

    /// Returns the outcome of the last attempt, for the decision whether there is another one.
    fn outcome(&self, error: &Error, repeat: RepeatSafety, attempts: &Attempts) -> AttemptOutcome {
        if let Some(time) = error.server_time() {
            self.learn(time);
        }
        let clock_changed = (self.offset_millis() - attempts.offset_millis).abs() > TOLERATED_MILLIS;
        match error.kind() {
            ErrorKind::ClockSkew if clock_changed => AttemptOutcome::ClockLearnt,
            _ => AttemptOutcome::of(error, repeat),
        }
    }

    /// Sets the clock by the `Date` of an answer of the same cloud that was fetched without this client.
    pub fn learn_time(&self, answer: &Answer) {
        if let Some(date) = answer::date(answer) {
            self.learn(date);
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

/// Returns the place of a request among those that cost the same.
fn price(service: Service, request: &http::Request<Bytes>) -> usize {
    let is_list = || request.uri().query().is_some_and(|query| query.contains("list-type="));
    match (service, request.method()) {
        (Service::S3, &Method::GET) if is_list() => 1,
        (Service::S3, &(Method::GET | Method::HEAD)) => 0,
        (Service::S3, &(Method::PUT | Method::POST)) => 1,
        (Service::Sqs, _) => 2,
        _ => 3,
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
mod tests;
