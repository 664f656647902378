//! The decision whether, and after which wait, a request is sent again: a pure function.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::operation::RepeatSafety;

/// Limits of repetition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum number of times one request is sent, the first included.
    pub max_attempts: u32,
    /// Maximum time from the first send to the beginning of the last.
    pub max_elapsed: Duration,
    /// Maximum of the first wait; it doubles with each attempt.
    pub first_wait: Duration,
    /// Maximum of any wait.
    pub longest_wait: Duration,
}

impl Default for RetryPolicy {
    /// Allows eight attempts within a minute.
    fn default() -> Self {
        Self {
            max_attempts: 8,
            max_elapsed: Duration::from_mins(1),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(10),
        }
    }
}

/// Outcome of an attempt, as far as the decision is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// Refused for the rate of requests.
    Throttled,
    /// The service failed, no answer came, or it is unreadable; sending again does no harm.
    Failed,
    /// Refused for a wrong clock, and the right time is known by now.
    ClockLearnt,
    /// The same request would end the same way, or mustn't be sent twice.
    Final,
}

impl AttemptOutcome {
    /// Returns the outcome of `error`, for an operation that may be repeated as `repeat` says.
    #[must_use]
    pub fn of(error: &Error, repeat: RepeatSafety) -> Self {
        match error.kind() {
            ErrorKind::Throttled => Self::Throttled,
            // S3 asks to try again while another conditional write of the key is under way.
            ErrorKind::Conflict if error.code() == Some("ConditionalRequestConflict") => Self::Throttled,
            ErrorKind::Server | ErrorKind::Transport | ErrorKind::Malformed if repeat == RepeatSafety::Always => {
                Self::Failed
            }
            _ => Self::Final,
        }
    }
}

/// Decision about the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryDecision {
    /// Send again after this time.
    Wait(Duration),
    /// Report the error.
    GiveUp,
}

/// Decides with full jitter: a wait anywhere between nothing and a ceiling that doubles with each attempt, so that clients
/// which failed together don't come back together.
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
///
/// `attempt` counts from 1, `elapsed` runs since the first send, `random` is a number `x` with `0 ≤ x < 1`.
#[must_use]
pub fn decide(
    policy: &RetryPolicy,
    outcome: AttemptOutcome,
    attempt: u32,
    elapsed: Duration,
    random: f64,
) -> RetryDecision {
    let first_wait = match outcome {
        AttemptOutcome::Final => return RetryDecision::GiveUp,
        AttemptOutcome::ClockLearnt => Duration::ZERO,
        AttemptOutcome::Failed => policy.first_wait,
        // The limit applies to all clients of an account, so the wait is longer.
        AttemptOutcome::Throttled => policy.first_wait * 3,
    };
    if attempt >= policy.max_attempts {
        return RetryDecision::GiveUp;
    }
    let doubled = first_wait.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
    let wait = doubled.min(policy.longest_wait).mul_f64(random.clamp(0.0, 1.0));
    if elapsed.saturating_add(wait) > policy.max_elapsed {
        return RetryDecision::GiveUp;
    }
    RetryDecision::Wait(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 4,
        max_elapsed: Duration::from_secs(10),
        first_wait: Duration::from_millis(100),
        longest_wait: Duration::from_millis(250),
    };

    fn check(outcome: AttemptOutcome, attempt: u32, elapsed_millis: u64, random: f64, expected: Option<u64>) {
        let decision = decide(&POLICY, outcome, attempt, Duration::from_millis(elapsed_millis), random);
        let expected =
            expected.map_or(RetryDecision::GiveUp, |millis| RetryDecision::Wait(Duration::from_millis(millis)));
        assert_eq!(decision, expected, "{outcome:?}, attempt {attempt}, after {elapsed_millis} ms, random {random}");
    }

    #[test]
    fn the_ceiling_doubles_up_to_the_longest_wait() {
        for (attempt, expected) in [(1, 50), (2, 100), (3, 125)] {
            check(AttemptOutcome::Failed, attempt, 0, 0.5, Some(expected));
        }
    }

    #[test]
    fn jitter_is_full() {
        for (random, expected) in [(0.0, 0), (0.25, 25), (0.5, 50)] {
            check(AttemptOutcome::Failed, 1, 0, random, Some(expected));
        }
    }

    #[test]
    fn throttling_waits_longer() {
        check(AttemptOutcome::Throttled, 1, 0, 0.5, Some(125));
        let patient = RetryPolicy { longest_wait: Duration::from_secs(9), ..POLICY };
        assert_eq!(
            decide(&patient, AttemptOutcome::Throttled, 1, Duration::ZERO, 0.5),
            RetryDecision::Wait(Duration::from_millis(150))
        );
    }

    #[test]
    fn a_learnt_clock_needs_no_wait() {
        check(AttemptOutcome::ClockLearnt, 1, 0, 0.9, Some(0));
    }

    #[test]
    fn what_is_final_is_not_repeated() {
        check(AttemptOutcome::Final, 1, 0, 0.0, None);
    }

    #[test]
    fn attempts_and_time_are_limited() {
        for outcome in [AttemptOutcome::Failed, AttemptOutcome::Throttled, AttemptOutcome::ClockLearnt] {
            check(outcome, 4, 0, 0.0, None);
            check(outcome, 1, 10_001, 0.0, None);
        }
        check(AttemptOutcome::Failed, 1, 9_950, 0.5, Some(50));
        check(AttemptOutcome::Failed, 1, 9_951, 0.5, None);
    }

    #[test]
    fn a_high_attempt_does_not_overflow() {
        let endless = RetryPolicy { max_attempts: u32::MAX, ..POLICY };
        for attempt in [31, 32, 33, 64, u32::MAX - 1] {
            let decision = decide(&endless, AttemptOutcome::Failed, attempt, Duration::ZERO, 0.5);
            assert_eq!(decision, RetryDecision::Wait(Duration::from_millis(125)));
        }
    }

    #[test]
    fn the_kind_of_error_decides() {
        let refused = |kind, code: &str| Error::refused(kind, 400, Some(code.to_owned()), String::new());
        let lost = || Error::from(crate::TransportError::new("reset"));
        for (error, repeat, expected) in [
            (lost(), RepeatSafety::Always, AttemptOutcome::Failed),
            (lost(), RepeatSafety::UnlessItMayHaveWorked, AttemptOutcome::Final),
            (Error::malformed(""), RepeatSafety::Always, AttemptOutcome::Failed),
            (Error::malformed(""), RepeatSafety::UnlessItMayHaveWorked, AttemptOutcome::Final),
            (refused(ErrorKind::Server, "InternalError"), RepeatSafety::Always, AttemptOutcome::Failed),
            (refused(ErrorKind::Server, "InternalError"), RepeatSafety::UnlessItMayHaveWorked, AttemptOutcome::Final),
            (refused(ErrorKind::Throttled, "SlowDown"), RepeatSafety::UnlessItMayHaveWorked, AttemptOutcome::Throttled),
            (
                refused(ErrorKind::Conflict, "ConditionalRequestConflict"),
                RepeatSafety::Always,
                AttemptOutcome::Throttled,
            ),
            (refused(ErrorKind::Conflict, "BucketNotEmpty"), RepeatSafety::Always, AttemptOutcome::Final),
            (refused(ErrorKind::ClockSkew, "RequestTimeTooSkewed"), RepeatSafety::Always, AttemptOutcome::Final),
            (refused(ErrorKind::AccessDenied, "AccessDenied"), RepeatSafety::Always, AttemptOutcome::Final),
            (refused(ErrorKind::NotFound, "NoSuchKey"), RepeatSafety::Always, AttemptOutcome::Final),
        ] {
            assert_eq!(AttemptOutcome::of(&error, repeat), expected, "{error}");
        }
    }
}
