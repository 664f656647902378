//! Ports: the interfaces through which a client uses its surroundings.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::LocalBoxFuture;

/// Everything that a client takes from its surroundings.
#[derive(Clone)]
pub struct Ports {
    /// Sends requests.
    pub transport: Arc<dyn Transport>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Waits.
    pub sleep: Arc<dyn Sleep>,
    /// Spreads waits.
    pub random: Arc<dyn RandomSource>,
}

/// Sends one request and brings back one answer, whatever its status.
///
/// A body that came with `Content-Encoding: gzip` is handed over unpacked, since browsers do that unasked; only
/// `transport::native::ports_as_stored` leaves it as it is.
/// Dropping the future abandons the request.
pub trait Transport: Send + Sync + 'static {
    /// Sends `request`.
    fn send(&self, request: http::Request<Bytes>) -> LocalBoxFuture<'_, Result<http::Response<Bytes>, TransportError>>;

    /// Unpacks what gzip has packed, for bodies that were asked for as they are stored. No more than `max_bytes` are unpacked:
    /// a body of a few KiB may hold many GiB.
    ///
    /// # Errors
    /// If the body is damaged or holds more than that.
    fn unpack(&self, packed: Bytes, max_bytes: usize) -> LocalBoxFuture<'_, Result<Bytes, TransportError>>;
}

/// The one clock of a shell.
pub trait Clock: Send + Sync + 'static {
    /// Returns the time since the beginning of 1970, UTC.
    fn now(&self) -> Duration;
}

/// A timer.
pub trait Sleep: Send + Sync + 'static {
    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> LocalBoxFuture<'_, ()>;
}

/// A source of random numbers; nothing secret depends on it.
pub trait RandomSource: Send + Sync + 'static {
    /// Returns a number `x` with `0 ≤ x < 1`.
    fn fraction(&self) -> f64;
}

/// A missing answer: the request may have had its effect, or not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    message: String,
}

impl TransportError {
    /// Makes an error with the message of the transport.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }

    /// Makes the error of a body that holds more than `max_bytes`.
    #[must_use]
    pub fn unpacks_to_more_than(max_bytes: usize) -> Self {
        Self::new(format!("unpacked it has more than the {max_bytes} bytes that are read"))
    }

    /// Makes the error of a body that isn't what gzip writes.
    #[must_use]
    pub fn not_unpacked() -> Self {
        Self::new("it can't be unpacked")
    }

    /// Makes the error of a time-out after `patience`.
    #[must_use]
    pub fn timed_out(patience: Duration) -> Self {
        Self::new(format!("no answer within {} s", patience.as_secs()))
    }
}
