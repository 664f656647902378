//! Dates as AWS writes them, read into the time since 1970.

use std::time::{Duration, SystemTime};

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, of HTTP headers.
pub(crate) fn from_http(text: &str) -> Option<Duration> {
    httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// Reads `2009-10-12T17:50:30.000Z`, of XML documents: UTC, the fraction of any length or absent.
pub(crate) fn from_iso(text: &str) -> Option<Duration> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(number);
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut clock = clock.splitn(3, ':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let secs = days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Duration::from_secs(secs) + Duration::from_nanos(nanoseconds(fraction)?))
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

fn nanoseconds(fraction: &str) -> Option<u64> {
    let kept = fraction.get(..fraction.len().min(9))?;
    number(&format!("{kept:0<9}"))
}

/// Returns the number of days since 1970. Years begin in March here, so that a leap day is the last day of one.
/// <https://howardhinnant.github.io/date_algorithms.html#days_from_civil>
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_documentations_examples_are_read() {
        assert_eq!(from_http("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(784_111_777)));
        assert_eq!(from_iso("1970-01-01T00:00:00Z"), Some(Duration::ZERO));
        assert_eq!(from_iso("2009-10-12T17:50:30.250Z"), Some(Duration::from_millis(1_255_369_830_250)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "Z",
            "T",
            "2009-10-12",
            "2009-10-12T17:50Z",
            "2009-10-12T17:50:30+02:00",
            "2009-13-12T17:50:30Z",
            "2009-00-12T17:50:30Z",
            "1969-12-31T23:59:59Z",
            "2009-10-12T24:50:30Z",
            "2009-10-12T17:50:30.äöüäöüZ",
            "+009-10-12T17:50:30Z",
            "99999999999999999999-10-12T17:50:30Z",
        ] {
            assert_eq!(from_iso(text), None, "{text}");
        }
        assert_eq!(from_http("yesterday"), None);
    }

    proptest! {
        #[test]
        fn both_forms_of_a_time_agree(secs in 0_u64..250_000_000_000) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(secs);
            let http = httpdate::fmt_http_date(time);
            // `Sun, 06 Nov 1994 08:49:37 GMT`
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let month = 1 + months.iter().position(|name| *name == &http[8..11]).expect("a month");
            let iso = format!("{}-{month:02}-{}T{}Z", &http[12..16], &http[5..7], &http[17..25]);
            prop_assert_eq!(from_iso(&iso), Some(Duration::from_secs(secs)));
            prop_assert_eq!(from_http(&http), Some(Duration::from_secs(secs)));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = from_iso(&text);
            let _ = from_iso(&format!("{text}T{text}.{text}Z"));
        }
    }
}
