//! Progress and rate of an enqueueing.

use std::collections::VecDeque;

/// Time over which the rate is taken, in seconds.
const WINDOW_SECS: f64 = 10.0;

/// Progress of an enqueueing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EnqueueProgress {
    /// Cases that the queue has accepted, those of earlier attempts at this enqueueing included.
    pub sent: u64,
    /// Cases to be sent in all.
    pub of: u64,
    /// Requests for messages that were sent since it was begun or resumed.
    pub requests: u64,
    /// Number of them that the service refused, as a whole or in part, for their rate.
    pub throttled: u64,
    /// Number of requests that may be under way at once.
    pub concurrency: usize,
    /// The level that is being sent.
    pub level: u32,
    /// Cases a second, over the last seconds; `None` at the beginning.
    pub rate: Option<f64>,
}

impl EnqueueProgress {
    /// Returns the time that the rest takes at this rate, in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most a million cases")]
    pub fn remaining_secs(&self) -> Option<f64> {
        let rate = self.rate.filter(|rate| *rate > 0.0)?;
        Some(self.of.saturating_sub(self.sent) as f64 / rate)
    }
}

/// Rate in cases a second, from times and numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct SendRate {
    samples: VecDeque<(f64, u64)>,
}

impl SendRate {
    /// Notes that `sent` cases were sent at `time`, in seconds.
    pub(super) fn note(&mut self, time: f64, sent: u64) {
        while self.samples.len() > 1 && self.samples.get(1).is_some_and(|(next, _)| time - next >= WINDOW_SECS) {
            self.samples.pop_front();
        }
        // A hundred of them are enough.
        let mut latest = self.samples.iter().rev();
        if let (Some((last, _)), Some((before, _))) = (latest.next(), latest.next())
            && last - before < WINDOW_SECS / 100.0
        {
            self.samples.pop_back();
        }
        self.samples.push_back((time, sent));
    }

    /// Returns cases a second; `None` before half a second is over.
    #[expect(clippy::cast_precision_loss, reason = "at most a million cases")]
    pub(super) fn per_sec(&self) -> Option<f64> {
        let (first, last) = (self.samples.front()?, self.samples.back()?);
        let secs = last.0 - first.0;
        (secs >= 0.5).then(|| last.1.saturating_sub(first.1) as f64 / secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let mut rate = SendRate::default();
        assert_eq!(rate.per_sec(), None);
        for step in 0..1_000_u32 {
            // Fast at first, then slow.
            let sent = if step < 500 { 100 * step } else { 50_000 + 10 * (step - 500) };
            rate.note(f64::from(step) * 0.05, u64::from(sent));
        }
        assert!((rate.per_sec().unwrap() - 200.0).abs() < 1.0, "{:?}", rate.per_sec());
        assert!(rate.samples.len() <= 102, "{}", rate.samples.len());
    }

    #[test]
    fn what_remains_follows_from_the_rate() {
        let progress = EnqueueProgress { sent: 100, of: 300, rate: Some(50.0), ..EnqueueProgress::default() };
        assert_eq!(progress.remaining_secs(), Some(4.0));
        assert_eq!(EnqueueProgress { rate: Some(0.0), ..progress }.remaining_secs(), None);
    }
}
