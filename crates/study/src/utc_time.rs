//! Times in the notation of ISO 8601, in UTC: written with milliseconds, read with any fraction or none.

/// The last second of the year 9999, in seconds since 1970.
pub const MAX_SECS: f64 = 253_402_300_799.0;

/// Writes a time in seconds since 1970 as `2026-09-21T14:13:20.500Z`. A time outside of the years 1970 to 9999 becomes their nearest end.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded one line before")]
pub fn written(secs: f64) -> String {
    let secs = if secs.is_nan() { 0.0 } else { secs.clamp(0.0, MAX_SECS) };
    let millis = (secs * 1_000.0) as u64;
    format!("{}.{:03}Z", to_the_second(millis / 1_000), millis % 1_000)
}

/// Writes a time in whole seconds since 1970 as `2026-09-21T14:13:20`, without a zone, so that a fraction can follow.
#[must_use]
pub fn to_the_second(secs: u64) -> String {
    let (year, month, day) = date(secs / 86_400);
    let (hour, minute, second) = (secs / 3_600 % 24, secs / 60 % 60, secs % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// Reads `2026-09-21T14:13:20.500Z`, `2026-09-21T14:13Z` or `2026-09-21`, in seconds since 1970. The `Z` may be missing: there is no
/// other zone.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "up to the year 9999")]
pub fn read(text: &str) -> Option<f64> {
    let (date, clock) = text.trim_end_matches('Z').split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next().unwrap_or(Some(0))?);
    let is_date = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 || fraction.len() > 9 {
        return None;
    }
    // Both are exact, and so the quotient is the nearest number: a reader of numbers would be 13 KiB more of the page.
    let fraction_secs = number(fraction)? as f64 / 10_u64.pow(u32::try_from(fraction.len()).ok()?) as f64;
    let secs = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(secs as f64 + fraction_secs)
}

fn number(digits: &str) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_plain.then(|| digits.parse().ok())?
}

/// Returns the number of days since 1970. Years begin in March here, so that a leap day is the last day of one.
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// Returns year, month and day of a number of days since 1970.
/// <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>
const fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_those_of_a_calendar() {
        for (secs, expected) in [
            (0.0, "1970-01-01T00:00:00.000Z"),
            (951_868_799.25, "2000-02-29T23:59:59.250Z"),
            (1_790_000_000.5, "2026-09-21T14:13:20.500Z"),
            (MAX_SECS, "9999-12-31T23:59:59.000Z"),
            (f64::NAN, "1970-01-01T00:00:00.000Z"),
            (1e300, "9999-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(written(secs), expected);
        }
        for (text, expected) in [
            ("2026-09-21", 1_789_948_800.0),
            ("2026-09-21T14:13Z", 1_789_999_980.0),
            ("2026-09-21 14:13:20.5", 1_790_000_000.5),
        ] {
            assert_eq!(read(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "Z",
            "T",
            "2026",
            "2026-13-01",
            "2026-09-21T25:00Z",
            "2026-09-21T14:13:20+02:00",
            "2026-09-21T14:13:20.äZ",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(secs in 0_u32..u32::MAX, eighths in 0_u8..8) {
            let secs = f64::from(secs) + f64::from(eighths) / 8.0;
            prop_assert_eq!(read(&written(secs)), Some(secs));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = read(&text);
            let _ = read(&format!("{text}T{text}.{text}Z"));
        }
    }
}
