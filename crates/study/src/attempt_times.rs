//! Times of an attempt, as a worker tells them: another clock, or somebody who has a worker's key, may tell any.

/// Largest difference between a worker's clock and the bucket's that is taken for one, in seconds.
const CLOCK_SECS: f64 = 60.0;

/// A time before any study, in seconds since 1970: the beginning of 2020.
const FIRST_SECS: f64 = 1_577_836_800.0;

/// Returns beginning and end of an attempt of which a document tells that was written at `written`: no attempt ends after that, or
/// takes less than no time, and one that ended before there were studies ended then.
#[must_use]
pub fn bounded(start_time: f64, end_time: f64, written: f64) -> (f64, f64) {
    let end = if end_time < FIRST_SECS { written } else { end_time.min(written + CLOCK_SECS) };
    if end.to_bits() == end_time.to_bits() && (FIRST_SECS..=end).contains(&start_time) {
        return (start_time, end);
    }
    let duration_secs = (end_time - start_time).clamp(0.0, (end - FIRST_SECS).max(0.0));
    (end - duration_secs, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attempt_ends_after_it_was_told_of() {
        const NOW: f64 = 1_790_000_000.0;
        for (told, expected) in [
            ([NOW - 99.75, NOW - 9.5], [NOW - 99.75, NOW - 9.5]),
            // The clocks differ.
            ([NOW, NOW + 30.0], [NOW, NOW + 30.0]),
            ([NOW + 4_000.0, NOW + 4_010.0], [NOW + 50.0, NOW + 60.0]),
            ([1e300, 1e300], [NOW + 60.0, NOW + 60.0]),
            ([-1e300, 1e300], [FIRST_SECS, NOW + 60.0]),
            ([-1e300, -1e300], [NOW, NOW]),
            ([0.0, 5.0], [NOW - 5.0, NOW]),
            ([NOW, NOW - 60.0], [NOW - 60.0, NOW - 60.0]),
        ] {
            let (start, end) = bounded(told[0], told[1], NOW);
            assert_eq!([start, end].map(f64::to_bits), expected.map(f64::to_bits), "{told:?}");
        }
    }
}
