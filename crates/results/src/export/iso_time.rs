//! Times in the notation of ISO 8601.

use cruncher_study::utc_time::{MAX_SECS, to_the_second};

use crate::number::exact;

/// Writes a time in seconds since 1970 as `2026-09-21T14:13:20.500Z`: in UTC, with milliseconds, or with more digits if it has
/// more. `None` for a time outside of the years 1970 to 9999.
pub(super) fn iso_time(secs: f64) -> Option<String> {
    if !(0.0..=MAX_SECS).contains(&secs) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "up to the year 9999")]
    let whole = secs as u64;
    // These are as many digits as tell the float apart, and those that it is written with elsewhere.
    let written = exact(secs);
    let fraction = written.split_once('.').map_or("", |(_, fraction)| fraction);
    // A millionth of a millionth is written with an exponent, and left out.
    let fraction = if written.contains('e') { "" } else { fraction };
    Some(format!("{}.{fraction:0<3}Z", to_the_second(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `datetime.datetime.fromtimestamp(secs, datetime.UTC).isoformat()`
    #[test]
    fn times_are_those_of_a_calendar() {
        for (secs, expected) in [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (951_782_400.0, "2000-02-29T00:00:00.000Z"),
            (951_868_799.25, "2000-02-29T23:59:59.250Z"),
            (1_709_251_199.0, "2024-02-29T23:59:59.000Z"),
            (1_790_000_000.5, "2026-09-21T14:13:20.500Z"),
            (1_790_000_000.123_456_7, "2026-09-21T14:13:20.1234567Z"),
            (MAX_SECS, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(iso_time(secs).as_deref(), Some(expected));
        }
        for secs in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(iso_time(secs), None);
        }
    }
}
