//! Number of cases that were finished in each stretch of time, and their rate.

use cruncher_study::number_format::thousands;

/// Stretches of time that people think in, in seconds: from a second to a week.
const STRETCHES_SECS: [f64; 19] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 43_200.0,
    86_400.0, 172_800.0, 604_800.0,
];

/// The shortest stretch that the present rate is taken from, in seconds, and the minimum number of cases in it, unless all
/// together are fewer.
const MIN_RECENT_SECS: f64 = 600.0;
const MIN_RECENT: u64 = 20;

/// Minimum number of finished cases for a rate.
const MIN_FINISHED: u64 = 4;

/// Rate at which cases are finished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FinishRate {
    /// Cases that were finished in this time.
    pub(crate) cases: u64,
    /// The time, in seconds, up to now, or up to the last end.
    pub(crate) secs: f64,
    /// Whether earlier cases were left out. If none was, the time begins with the end of the first case, which doesn't count.
    pub(crate) is_recent: bool,
}

impl FinishRate {
    /// Takes the rate from ends of cases, in seconds since 1970: the present one as of `now`, from the shortest of 10, 20, 40 … minutes
    /// with 20 cases; or that of all, if there is no present. Returns `None` if few cases were finished.
    pub(crate) fn of(end_times: &[f64], now: Option<f64>) -> Option<Self> {
        let times = || end_times.iter().copied().filter(|time| time.is_finite());
        let first = times().reduce(f64::min)?;
        let last = times().fold(now.unwrap_or(first), f64::max);
        // Cases by the number of times that the shortest stretch is doubled to reach back to their end.
        let mut by_doubling = [0_u64; 64];
        for time in times() {
            let times_longer = ((last - time) / MIN_RECENT_SECS).max(1.0).to_bits();
            // The exponent of a float, rounded up: a logarithm would be a larger part of the first view.
            let doublings = (times_longer >> 52) - 1_023 + u64::from(times_longer & ((1 << 52) - 1) != 0);
            by_doubling[doublings.min(63) as usize] += 1;
        }
        // The first end begins the time in which the others came.
        let all = Self { cases: by_doubling.iter().sum::<u64>() - 1, secs: last - first, is_recent: false };
        let mut recent = Self { cases: 0, secs: MIN_RECENT_SECS, is_recent: true };
        for cases in by_doubling {
            recent.cases += cases;
            if now.is_none() || recent.cases >= MIN_RECENT || recent.secs >= all.secs {
                break;
            }
            recent.secs *= 2.0;
        }
        let found = if now.is_none() || recent.secs >= all.secs { all } else { recent };
        (all.cases + 1 >= MIN_FINISHED && found.secs > 0.0).then_some(found)
    }

    /// Returns the number of cases an hour, in words: `1,200`, `8.5`.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and rounded on purpose"
    )]
    pub(crate) fn per_hour(&self) -> String {
        let rate = 3_600.0 * self.cases as f64 / self.secs;
        if rate < 10.0 { format!("{rate:.1}") } else { thousands(rate.round() as u64) }
    }
}

/// Finished cases, counted by stretches of equal length.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ThroughputChart {
    /// Start of the first stretch, in seconds since 1970; a multiple of `stretch_secs`.
    pub(crate) start: f64,
    /// Length of a stretch, in seconds.
    pub(crate) stretch_secs: f64,
    /// Number of cases that were finished in each stretch.
    pub(crate) counts: Vec<u64>,
}

impl ThroughputChart {
    /// Counts finished cases by the times of their ends, in seconds since 1970, up to `now`, or to the last end if that is
    /// later.
    ///
    /// Stretches are as short as `most` of them allow. Returns `None` if no case was finished.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "between 0 and the number of stretches"
    )]
    pub(crate) fn of(end_times: &[f64], now: f64, most: usize) -> Option<Self> {
        let first = end_times.iter().copied().filter(|time| time.is_finite()).reduce(f64::min)?;
        let last = end_times.iter().copied().filter(|time| time.is_finite()).fold(now, f64::max);
        let needed = |stretch: f64| (last / stretch).floor() - (first / stretch).floor() + 1.0;
        let longest = STRETCHES_SECS[STRETCHES_SECS.len() - 1];
        let longer = std::iter::successors(Some(longest), |stretch| Some(2.0 * stretch));
        let fits = |stretch: &f64| needed(*stretch) <= most.max(1) as f64;
        let stretch_secs = STRETCHES_SECS.into_iter().chain(longer).find(fits)?;
        let start = (first / stretch_secs).floor() * stretch_secs;
        let mut counts = vec![0; needed(stretch_secs) as usize];
        for time in end_times.iter().filter(|time| time.is_finite()) {
            let stretch = ((time - start) / stretch_secs).floor() as usize;
            if let Some(count) = counts.get_mut(stretch) {
                *count += 1;
            }
        }
        Some(Self { start, stretch_secs, counts })
    }

    /// Returns the greatest number of cases in a stretch.
    #[must_use]
    pub(crate) fn most(&self) -> u64 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// Returns the length of a stretch in words: `10 seconds`, `hour`.
    #[must_use]
    pub(crate) fn stretch_name(&self) -> String {
        let (size, name) = match self.stretch_secs {
            secs if secs < 60.0 => (secs, "second"),
            secs if secs < 3_600.0 => (secs / 60.0, "minute"),
            secs if secs < 86_400.0 => (secs / 3_600.0, "hour"),
            secs => (secs / 86_400.0, "day"),
        };
        if size <= 1.0 { name.to_owned() } else { format!("{size} {name}s") }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stretches_are_as_short_as_their_number_allows() {
        for (span, most, name) in [
            (5.0, 40, "second"),
            (100.0, 40, "5 seconds"),
            (7_000.0, 40, "5 minutes"),
            (3e6, 40, "day"),
            (1e9, 10, "1792 days"),
        ] {
            let throughput = ThroughputChart::of(&[1_000_000.0], 1_000_000.0 + span, most).unwrap();
            assert_eq!((throughput.stretch_name().as_str(), throughput.most()), (name, 1), "{span}");
        }
        assert_eq!(ThroughputChart::of(&[], 5.0, 40), None);
        assert_eq!(ThroughputChart::of(&[f64::NAN], 5.0, 40), None);
    }

    proptest! {
        #[test]
        fn every_case_is_in_one_stretch(times in prop::collection::vec(0.0..1e9_f64, 1..100), ahead in 0.0..1e8_f64, most in 1..60_usize) {
            let now = times.iter().copied().fold(0.0, f64::max) + ahead;
            let throughput = ThroughputChart::of(&times, now, most).unwrap();
            prop_assert!(throughput.counts.len() <= most);
            prop_assert_eq!(throughput.counts.iter().sum::<u64>(), times.len() as u64);
        }
    }

    #[test]
    fn the_rate_is_of_the_last_minutes_or_of_the_last_cases_if_they_take_longer() {
        let every = |secs: f64, cases: u32| (0..cases).map(|case| 1e9 + secs * f64::from(case)).collect::<Vec<_>>();
        for (ends, now, expected) in [
            (every(1.0, 5_000), Some(1e9 + 5_000.0), Some((600, 600.0, "3,600"))),
            (every(600.0, 100), Some(1e9 + 59_400.0), Some((33, 19_200.0, "6.2"))),
            (every(10.0, 5), Some(1e9 + 100.0), Some((4, 100.0, "144"))),
            (every(1.0, 100), Some(1e9 + 1e6), Some((99, 1e6, "0.4"))),
            (every(60.0, 61), None, Some((60, 3_600.0, "60"))),
            (every(60.0, 3), None, None),
            (every(0.0, 50), None, None),
            (vec![f64::NAN; 9], Some(1e9), None),
            (vec![], Some(1e9), None),
        ] {
            let found = FinishRate::of(&ends, now);
            let told = found.map(|rate| (rate.cases, rate.secs, rate.per_hour()));
            assert_eq!(
                found.is_some_and(|rate| rate.is_recent),
                found.is_some_and(|rate| rate.cases + 1 < ends.len() as u64)
            );
            assert_eq!(told, expected.map(|(cases, secs, words)| (cases, secs, words.to_owned())));
        }
    }
}
