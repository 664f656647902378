//! When a study will be finished.

use crate::ledger::Finish;

/// How many of the last durations are taken.
const SAMPLE: usize = 200;

/// Without this many durations there is no forecast.
const MIN_SAMPLE: usize = 3;

/// A case that has been running for so many times the longest duration of the sample is of another kind.
const STRANGE: f64 = 3.0;

/// Between these many standard deviations below and above the mean lie 90 % of a normal distribution.
const NINETY_PERCENT: f64 = 1.645;

/// How long the open cases will take, in seconds, with a chance of nine in ten.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// The lower end.
    pub least_secs: f64,
    /// The upper end.
    pub most_secs: f64,
}

/// Forecasts how long `open` cases take `workers` workers, from the durations of the last finished cases.
///
/// The work ahead is taken as a sum of `open` independent durations whose mean and variance are those of a sample of k.
/// Its variance is open · s² for their scatter, and open² · s² / k since the mean is only estimated. At the end, a worker
/// waits on average half a case for the others.
///
/// There is none if a case has been `running_secs` for much longer than all of the sample: the open ones are of another kind.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
pub fn forecast(finishes: &[Finish], running_secs: f64, open: u64, workers: u64) -> Option<Forecast> {
    let durations: Vec<f64> = finishes.iter().rev().filter_map(|finish| finish.duration_secs).take(SAMPLE).collect();
    if durations.len() < MIN_SAMPLE || open == 0 || workers == 0 {
        return None;
    }
    let longest = durations.iter().copied().fold(0.0, f64::max);
    if running_secs > STRANGE * longest {
        return None;
    }
    let (sample, open, workers) = (durations.len() as f64, open as f64, workers.min(open) as f64);
    let mean = durations.iter().sum::<f64>() / sample;
    let variance = durations.iter().map(|duration| (duration - mean).powi(2)).sum::<f64>() / (sample - 1.0);
    let work_secs = open * mean;
    let spread_secs = NINETY_PERCENT * (open * variance + open * open * variance / sample).sqrt();
    let tail_secs = if workers > 1.0 { mean / 2.0 } else { 0.0 };
    Some(Forecast {
        least_secs: ((work_secs - spread_secs) / workers).max(0.0),
        most_secs: (work_secs + spread_secs) / workers + tail_secs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finishes(durations: &[f64]) -> Vec<Finish> {
        durations.iter().map(|secs| Finish { end_time: 0.0, duration_secs: Some(*secs) }).collect()
    }

    #[test]
    fn equal_durations_give_a_narrow_range() {
        let range = forecast(&finishes(&[10.0; 20]), 5.0, 100, 4).unwrap();
        assert!((range.least_secs - 250.0).abs() < 1e-9 && (range.most_secs - 255.0).abs() < 1e-9, "{range:?}");
    }

    #[test]
    fn scattered_durations_give_a_wide_one_around_the_mean() {
        let range = forecast(&finishes(&[5.0, 15.0, 5.0, 15.0]), 5.0, 100, 1).unwrap();
        assert!(range.least_secs < 900.0 && range.most_secs > 1_100.0, "{range:?}");
    }

    #[test]
    fn more_workers_than_cases_do_not_help() {
        let sample = finishes(&[10.0; 3]);
        assert_eq!(forecast(&sample, 0.0, 2, 2), forecast(&sample, 0.0, 2, 50));
    }

    #[test]
    fn cases_that_run_much_longer_than_any_before_are_not_forecast() {
        assert!(forecast(&finishes(&[1.0; 9]), 2.9, 5, 1).is_some());
        assert_eq!(forecast(&finishes(&[1.0; 9]), 3.1, 5, 1), None);
    }

    #[test]
    fn without_a_sample_a_worker_or_an_open_case_there_is_none() {
        assert_eq!(forecast(&finishes(&[1.0, 1.0]), 0.0, 5, 1), None);
        assert_eq!(forecast(&finishes(&[1.0; 9]), 0.0, 5, 0), None);
        assert_eq!(forecast(&finishes(&[1.0; 9]), 0.0, 0, 1), None);
    }
}
