//! Wait of the page before it looks again.

use std::time::Duration;

/// The wait after something has changed, in seconds.
const MIN_PAUSE_SECS: f64 = 3.0;

/// The wait when nothing has changed for long, in seconds.
const MAX_PAUSE_SECS: f64 = 60.0;

/// Outcome of a look at the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookOutcome {
    Changed,
    Unchanged,
    Failed,
}

/// Wait between looks. It grows while nothing changes, and returns to the shortest at once when something does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PollBackoff {
    wait_secs: f64,
}

impl Default for PollBackoff {
    fn default() -> Self {
        Self { wait_secs: MIN_PAUSE_SECS }
    }
}

impl PollBackoff {
    /// Returns the wait after a look that ended like this.
    pub(crate) fn after(&mut self, look: LookOutcome) -> Duration {
        let factor = match look {
            LookOutcome::Changed => 0.0,
            LookOutcome::Unchanged => 1.25,
            LookOutcome::Failed => 2.0,
        };
        self.wait_secs = (self.wait_secs * factor).clamp(MIN_PAUSE_SECS, MAX_PAUSE_SECS);
        Duration::from_secs_f64(self.wait_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_while_nothing_changes_and_shrinks_at_once() {
        let mut backoff = PollBackoff::default();
        let waits: Vec<u64> = (0..20).map(|_| backoff.after(LookOutcome::Unchanged).as_secs()).collect();
        assert!(waits.is_sorted() && waits[0] == 3 && waits[19] == 60, "{waits:?}");
        assert_eq!(backoff.after(LookOutcome::Changed).as_secs(), 3);
        assert_eq!(backoff.after(LookOutcome::Failed).as_secs(), 6);
    }
}
