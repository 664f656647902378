//! Number of cases that were finished in each stretch of time.

/// Stretches of time that people think in, in seconds: from a second to a week.
const STRETCHES_SECS: [f64; 19] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 21_600.0, 43_200.0,
    86_400.0, 172_800.0, 604_800.0,
];

/// Width of a bar, as a share of its stretch, and minimum height of a bar, as a share of the highest one.
const BAR_WIDTH: f64 = 0.85;
const LOWEST: f64 = 0.02;

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

    /// Returns the bars as the path of an SVG, in a box that is as wide as there are stretches, and of height 1.
    ///
    /// They aren't drawn by plotters, as other charts are: this chart is part of the first view, which has a budget, and a path
    /// takes its size and its colours from the style sheet.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of the highest bar")]
    pub(crate) fn path(&self) -> String {
        let most = self.most().max(1) as f64;
        let bar = |(index, count): (usize, &u64)| {
            // A bar that stands for anything can be seen.
            let top = 1.0 - (*count as f64 / most).max(LOWEST);
            format!("M{index} 1V{top:.3}h{BAR_WIDTH}V1z")
        };
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(bar).collect()
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
            assert_eq!(throughput.stretch_name(), name, "{span}");
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
    fn a_bar_is_as_high_as_its_share_of_the_highest_and_none_is_invisible() {
        let throughput = ThroughputChart { start: 0.0, stretch_secs: 60.0, counts: vec![30, 0, 120, 1] };
        assert_eq!(throughput.path(), "M0 1V0.750h0.85V1zM2 1V0.000h0.85V1zM3 1V0.980h0.85V1z");
    }
}
