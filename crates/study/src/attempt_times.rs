//! Times of an attempt, as a worker tells them: another clock, or somebody who has a worker's key, may tell any.

/// Largest difference between a worker's clock and the bucket's that is taken for one, in seconds.
const CLOCK_SECS: f64 = 60.0;

/// Returns beginning and end of an attempt of which a document tells that was written at `written`: no attempt ends after that, or
/// takes less than no time.
#[must_use]
pub fn bounded(start_time: f64, end_time: f64, written: f64) -> (f64, f64) {
    let end = end_time.clamp(0.0, (written + CLOCK_SECS).max(0.0));
    let duration_secs = (end_time - start_time).clamp(0.0, end);
    if end.to_bits() == end_time.to_bits() && start_time >= 0.0 && start_time <= end {
        return (start_time, end);
    }
    (end - duration_secs, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attempt_ends_after_it_was_told_of() {
        for (told, expected) in [
            ([900.25, 960.5], [900.25, 960.5]),
            // The clocks differ.
            ([1_000.0, 1_030.0], [1_000.0, 1_030.0]),
            ([5_000.0, 5_010.0], [1_050.0, 1_060.0]),
            ([1e300, 1e300], [1_060.0, 1_060.0]),
            ([-1e300, 1e300], [0.0, 1_060.0]),
            ([-1e300, -1e300], [0.0, 0.0]),
            ([960.0, 900.0], [900.0, 900.0]),
        ] {
            let (start, end) = bounded(told[0], told[1], 1_000.0);
            assert_eq!([start, end].map(f64::to_bits), expected.map(f64::to_bits), "{told:?}");
        }
    }
}
