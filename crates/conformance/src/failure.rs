//! Failures of checks.

use std::error::Error as _;
use std::fmt;

use cruncher_aws::Error;

/// Failure of a check: a sentence on what was found instead of what was expected.
#[derive(Debug)]
pub struct CheckFailure(String);

impl CheckFailure {
    /// Makes a failure of one sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Error> for CheckFailure {
    fn from(error: Error) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        Self(format!("{:?}: {error}{cause}", error.kind()))
    }
}

/// Fails unless `found` is `expected`.
pub(crate) fn equal<T: PartialEq + fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), CheckFailure> {
    if found == expected {
        return Ok(());
    }
    Err(CheckFailure(format!("{what}: {found:?} instead of {expected:?}")))
}

/// Fails unless `condition` holds.
pub(crate) fn holds(what: &str, condition: impl FnOnce() -> bool) -> Result<(), CheckFailure> {
    if condition() { Ok(()) } else { Err(CheckFailure(format!("not so: {what}"))) }
}

/// Returns the error of something that mustn't succeed.
pub(crate) fn refused<T: fmt::Debug>(what: &str, result: Result<T, Error>) -> Result<Error, CheckFailure> {
    match result {
        Ok(output) => Err(CheckFailure(format!("{what} was not refused: {output:?}"))),
        Err(error) => Ok(error),
    }
}
