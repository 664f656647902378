//! Errors of calls, and advice for the user.

use std::fmt;
use std::time::Duration;

use crate::ports::TransportError;

/// Error of a call that failed.
#[derive(Debug, Clone)]
pub struct Error(Box<Details>);

#[derive(Debug, Clone)]
struct Details {
    kind: ErrorKind,
    operation: &'static str,
    resource: String,
    status: Option<u16>,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    server_time: Option<Duration>,
    attempts: u32,
    transport: Option<TransportError>,
}

/// Kinds of errors; each has its own remedy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no such object, bucket, queue, stack, user or key.
    NotFound,
    /// Somebody else wrote in between, or the object is there already.
    PreconditionFailed,
    /// Another change of the same thing is under way, or a thing of that name exists.
    Conflict,
    /// The key is unknown, or signs with another secret.
    RefusedCredentials,
    /// The key is good, but may not do this.
    AccessDenied,
    /// This machine's clock is wrong.
    ClockSkew,
    /// Too many requests.
    Throttled,
    /// The service failed.
    Server,
    /// No answer came.
    Transport,
    /// The answer can't be read.
    Malformed,
    /// The account has no room for more of these.
    LimitExceeded,
    /// The request was never sent: no valid one can be made.
    Invalid,
    /// Anything else that the service refused.
    Other,
}

impl ErrorKind {
    /// Whether a failure may be over at the next try.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::Transport | Self::Server | Self::Throttled | Self::Malformed)
    }
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind,
            operation: "",
            resource: String::new(),
            status: None,
            code: None,
            message: message.into(),
            request_id: None,
            server_time: None,
            attempts: 1,
            transport: None,
        }))
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    pub(crate) fn refused(kind: ErrorKind, status: u16, code: Option<String>, message: String) -> Self {
        let mut error = Self::new(kind, message);
        error.0.status = Some(status);
        error.0.code = code;
        error
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
    }

    pub(crate) fn with_server_time(mut self, time: Option<Duration>) -> Self {
        self.0.server_time = time;
        self
    }

    pub(crate) fn of(mut self, operation: &'static str, resource: String, attempts: u32) -> Self {
        self.0.operation = operation;
        self.0.resource = resource;
        self.0.attempts = attempts;
        self
    }

    /// Returns its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the operation's name, `PutObject`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// Returns the operation's resource: `s3://bucket/key`, `queue cases.fifo`, `stack cruncher-prandtl`, `user …`.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.0.resource
    }

    /// Returns the HTTP status, if an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Returns AWS's code, `NoSuchKey`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Returns AWS's message, or that of an error on this side.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the id under which AWS's support finds the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// Returns the number of times the request was sent. If it is more than one, a failed precondition may be the effect of an
    /// earlier attempt whose answer got lost.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Returns the time of the service's own clock, if the answer's body has it.
    pub(crate) fn server_time(&self) -> Option<Duration> {
        self.0.server_time
    }

    /// Whether there is no such thing. S3 says so only to those who may list the bucket; others are denied access.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.kind == ErrorKind::NotFound
    }

    /// Whether the key is good, but may not do this.
    #[must_use]
    pub fn is_access_denied(&self) -> bool {
        self.0.kind == ErrorKind::AccessDenied
    }

    /// Whether the service refused to hand out this one thing, and may answer other requests of the same key: an object that
    /// lies in an archive, or is encrypted with a key of its writer's own, or of a service that this key may not use.
    #[must_use]
    pub fn is_about_resource(&self) -> bool {
        let is_answered = self.0.status.is_some_and(|status| (400..500).contains(&status));
        // A proxy on the way has no code of AWS: its refusal is about all requests.
        is_answered && self.0.code.is_some() && matches!(self.0.kind, ErrorKind::AccessDenied | ErrorKind::Other)
    }

    /// Whether somebody else wrote in between, or the object is there already.
    #[must_use]
    pub fn is_precondition_failed(&self) -> bool {
        self.0.kind == ErrorKind::PreconditionFailed
    }

    /// Returns advice for the user, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.0.kind {
            ErrorKind::NotFound => "Check the name and the region, and that it was not deleted.",
            ErrorKind::PreconditionFailed => "Somebody else changed it in the meantime: load it again, then repeat.",
            ErrorKind::Conflict => "Wait until the other change is finished, or choose another name.",
            ErrorKind::RefusedCredentials => {
                "Use a current key: this one was deleted, has expired, or was not copied completely."
            }
            ErrorKind::AccessDenied => "Use a key whose role may do this, or ask the study's owner for one.",
            ErrorKind::ClockSkew => "Set this computer's clock: AWS refuses requests that are off by minutes.",
            ErrorKind::Throttled => "Wait a minute and repeat: AWS limits how fast requests may come.",
            ErrorKind::Server => "Repeat in a while: the service failed, not the request.",
            ErrorKind::Transport => {
                "Check the network, proxies and the address; a browser also reports a refused request like this."
            }
            ErrorKind::Malformed => "Repeat: the answer arrived damaged; a proxy on the way may have changed it.",
            ErrorKind::LimitExceeded => "Delete what is no longer used, or have the account's limit raised.",
            ErrorKind::Invalid => "Correct the value that the message names.",
            ErrorKind::Other => "Read the service's message; it refused the request as it stands.",
        }
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let mut made = Self::new(ErrorKind::Transport, "no answer came");
        made.0.transport = Some(error);
        made
    }
}

impl fmt::Display for Error {
    /// Writes an error in one line:
    /// `GetObject of s3://bucket/key: The specified key does not exist (NoSuchKey, status 404, request 4442587FB7D0A2F9)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &*self.0;
        if !details.operation.is_empty() {
            write!(f, "{} of {}: ", details.operation, details.resource)?;
        }
        f.write_str(details.message.trim_end_matches('.'))?;
        let mut notes = Vec::new();
        notes.extend(details.code.clone());
        notes.extend(details.status.map(|status| format!("status {status}")));
        notes.extend(details.request_id.as_ref().map(|id| format!("request {id}")));
        if details.attempts > 1 {
            notes.push(format!("{} attempts", details.attempts));
        }
        if notes.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", notes.join(", "))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.transport.as_ref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_happened_to_what() {
        let error = Error::refused(ErrorKind::NotFound, 404, Some("NoSuchKey".into()), "No such key.".into())
            .with_request_id(Some("R1".into()))
            .of("GetObject", "s3://bucket/key".into(), 1);
        assert_eq!(error.to_string(), "GetObject of s3://bucket/key: No such key (NoSuchKey, status 404, request R1)");
        assert_eq!((error.operation(), error.resource(), error.attempts()), ("GetObject", "s3://bucket/key", 1));
    }

    #[test]
    fn a_lost_answer_keeps_its_cause() {
        let error = Error::from(TransportError::new("connection reset")).of("GetObject", "s3://b/k".into(), 8);
        assert_eq!(error.to_string(), "GetObject of s3://b/k: no answer came (8 attempts)");
        let source = std::error::Error::source(&error).expect("a cause");
        assert_eq!(source.to_string(), "connection reset");
    }

    #[test]
    fn every_kind_has_advice_of_one_sentence() {
        use ErrorKind::{
            AccessDenied, ClockSkew, Conflict, Invalid, LimitExceeded, Malformed, NotFound, Other, PreconditionFailed,
            RefusedCredentials, Server, Throttled, Transport,
        };
        let kinds = [
            AccessDenied,
            ClockSkew,
            Conflict,
            Invalid,
            LimitExceeded,
            Malformed,
            NotFound,
            Other,
            PreconditionFailed,
            RefusedCredentials,
            Server,
            Throttled,
            Transport,
        ];
        let advice: std::collections::BTreeSet<&str> =
            kinds.into_iter().map(|kind| Error::new(kind, "").advice()).collect();
        assert_eq!(advice.len(), kinds.len());
        for sentence in advice {
            assert!(sentence.ends_with('.') && sentence.matches('.').count() == 1, "{sentence}");
        }
    }
}
