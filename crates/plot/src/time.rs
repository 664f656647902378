//! Ticks of clock and calendar.

use crate::number::{real, whole};

const DAY_SECS: f64 = 86_400.0;
/// One of the days with which weeks begin: 1970 began on a Thursday.
const MONDAY: f64 = -3.0 * DAY_SECS;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Distances that clocks and calendars have, in seconds; shorter ones are 1, 2 and 5 times a power of ten.
const STEPS_SECS: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 10_800.0, 21_600.0,
    43_200.0, DAY_SECS,
];
/// Distances in days; the week begins on Monday.
const STEPS_DAYS: [f64; 3] = [2.0, 7.0, 14.0];
/// Distances in months.
const STEPS_MONTHS: [i64; 16] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000, 24_000, 60_000];

/// The distance between two ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum TimeStep {
    Secs(f64),
    Days(f64),
    Months(i64),
}

/// Returns every distance, from short to long.
pub(crate) fn steps() -> impl Iterator<Item = TimeStep> {
    let below =
        (1..=6).rev().flat_map(|power| [1.0, 2.0, 5.0].map(|factor| TimeStep::Secs(factor / 10_f64.powi(power))));
    let clock = STEPS_SECS.into_iter().map(TimeStep::Secs);
    below.chain(clock).chain(STEPS_DAYS.map(TimeStep::Days)).chain(STEPS_MONTHS.map(TimeStep::Months))
}

/// Returns the times of a range, in seconds since 1970 as the clock shows them, that lie on the step; `None` if there are more
/// than `limit`.
pub(crate) fn times(step: TimeStep, from: f64, to: f64, limit: usize) -> Option<Vec<f64>> {
    match step {
        TimeStep::Secs(secs) => multiples(0.0, secs, from, to, limit),
        TimeStep::Days(days) => multiples(MONDAY, days * DAY_SECS, from, to, limit),
        TimeStep::Months(months) => {
            let index = |time: f64| Date::of(time).months_since_1970().div_euclid(months);
            // One of them may lie before the range.
            usize::try_from(index(to) - index(from)).ok().filter(|number| *number <= limit)?;
            let times = (index(from)..=index(to)).map(|index| first_of_month(index * months));
            let times: Vec<f64> = times.filter(|time| *time >= from).collect();
            (times.len() <= limit).then_some(times)
        }
    }
}

fn multiples(origin: f64, secs: f64, from: f64, to: f64, limit: usize) -> Option<Vec<f64>> {
    let (first, last) = (((from - origin) / secs).ceil(), ((to - origin) / secs).floor());
    let number = (last - first + 1.0).max(0.0);
    (number <= real(limit)).then(|| (0..whole(number)).map(|index| origin + (first + real(index)) * secs).collect())
}

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Date {
    year: i64,
    /// From 0.
    month: i64,
    day: i64,
}

impl Date {
    /// Returns the day of a time, in seconds since 1970.
    ///
    /// Hinnant, H.: chrono-compatible low-level date algorithms. <https://howardhinnant.github.io/date_algorithms.html>
    fn of(time: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, millions of years away")]
        let days = (time / DAY_SECS).floor().clamp(-1e9, 1e9) as i64 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let month = (march_month + 2) % 12;
        let year = year_of_era + era * 400 + i64::from(month < 2);
        Self { year, month, day: of_year - (153 * march_month + 2) / 5 + 1 }
    }

    fn month_name(&self) -> &'static str {
        MONTHS[usize::try_from(self.month).unwrap_or(0) % 12]
    }

    fn months_since_1970(self) -> i64 {
        (self.year - 1970) * 12 + self.month
    }
}

/// Returns the beginning of a month, counted from January 1970, in seconds since then.
#[expect(clippy::cast_precision_loss, reason = "days of the calendar")]
fn first_of_month(month: i64) -> f64 {
    let (year, month) = (1970 + month.div_euclid(12), month.rem_euclid(12));
    // The computation takes years that begin in March.
    let year = if month < 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 10) % 12) + 2) / 5;
    (era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468) as f64 * DAY_SECS
}

/// Writes the label of a tick: the clock, or the date where a day begins.
pub(crate) fn label(step: TimeStep, time: f64) -> String {
    let date = Date::of(time);
    let month = date.month_name();
    match step {
        TimeStep::Secs(secs) if secs < DAY_SECS && time.rem_euclid(DAY_SECS) > 0.0 => clock(secs, time),
        TimeStep::Secs(_) | TimeStep::Days(_) => format!("{} {month}", date.day),
        TimeStep::Months(months) if months < 12 && date.month > 0 => month.to_owned(),
        TimeStep::Months(_) => date.year.to_string(),
    }
}

fn clock(step_secs: f64, time: f64) -> String {
    let of_day = time.rem_euclid(DAY_SECS);
    let (hours, minutes) = ((of_day / 3_600.0).floor(), (of_day / 60.0).floor() % 60.0);
    let secs = of_day % 60.0;
    if step_secs >= 60.0 {
        return format!("{hours:02.0}:{minutes:02.0}");
    }
    let decimals = usize::try_from(-crate::label::power_of(step_secs)).unwrap_or(0);
    let width = if decimals > 0 { decimals + 3 } else { 2 };
    format!("{hours:02.0}:{minutes:02.0}:{secs:0width$.decimals$}")
}

/// Writes the date that the labels of the ticks leave out: `21 Nov 2026`, `2026`, or nothing.
pub(crate) fn context(step: TimeStep, times: &[f64], least: f64) -> String {
    let first = Date::of(least);
    let month = first.month_name();
    match step {
        TimeStep::Secs(secs) if secs < DAY_SECS && times.iter().all(|time| time.rem_euclid(DAY_SECS) > 0.0) => {
            format!("{} {month} {}", first.day, first.year)
        }
        TimeStep::Secs(_) | TimeStep::Days(_) => first.year.to_string(),
        TimeStep::Months(months) if months < 12 && times.iter().all(|time| Date::of(*time).month > 0) => {
            first.year.to_string()
        }
        TimeStep::Months(_) => String::new(),
    }
}

/// Writes date and clock, to the minute.
pub(crate) fn moment(time: f64) -> String {
    let date = Date::of(time);
    let month = date.month_name();
    format!("{} {month} {}, {}", date.day, date.year, clock(60.0, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_dates_of_the_calendar() {
        for (time, text) in [
            (0.0, "1 Jan 1970, 00:00"),
            (951_782_400.0, "29 Feb 2000, 00:00"),
            (1_795_263_719.0, "21 Nov 2026, 12:21"),
            (4_107_542_399.0, "28 Feb 2100, 23:59"),
            (4_107_542_400.0, "1 Mar 2100, 00:00"),
            (-1.0, "31 Dec 1969, 23:59"),
        ] {
            assert_eq!(moment(time), text);
        }
    }

    #[test]
    fn a_month_begins_on_its_first_day() {
        for month in -1_000..3_000 {
            let date = Date::of(first_of_month(month));
            assert_eq!((date.months_since_1970(), date.day), (month, 1));
        }
    }

    #[test]
    fn labels_say_what_changes() {
        let day = 1_795_219_200.0;
        assert_eq!(label(TimeStep::Secs(3_600.0), day + 3_600.0), "01:00");
        assert_eq!(label(TimeStep::Secs(3_600.0), day), "21 Nov");
        assert_eq!(label(TimeStep::Secs(0.5), day + 1.5), "00:00:01.5");
        assert_eq!(label(TimeStep::Secs(5.0), day + 65.0), "00:01:05");
        assert_eq!(label(TimeStep::Months(1), first_of_month(13)), "Feb");
        assert_eq!(label(TimeStep::Months(1), first_of_month(12)), "1971");
        assert_eq!(context(TimeStep::Secs(60.0), &[day + 60.0], day), "21 Nov 2026");
        assert_eq!(context(TimeStep::Secs(60.0), &[day], day), "2026");
    }
}
