//! Times in the time zone of the reader's computer, in words.

use cruncher_study::number_format::ago;
use js_sys::{Array, Date, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::frozen;

fn date(secs: f64) -> Date {
    Date::new(&JsValue::from_f64(secs * 1000.0))
}

/// Returns `16:40`, or if that isn't on the day of `now`, the time with its day: `Mon 16:40`, and from six days on `12 Mar
/// 16:40`.
#[must_use]
pub fn clock_time(secs: f64, now: f64) -> String {
    let (time, today) = (date(secs), date(now));
    let clock = format!("{:02}:{:02}", time.get_hours(), time.get_minutes());
    if time.to_date_string() == today.to_date_string() {
        return clock;
    }
    let options: &[(&str, &str)] = if (secs - now).abs() < 6.0 * 86_400.0 {
        &[("weekday", "short")]
    } else {
        &[("day", "numeric"), ("month", "short")]
    };
    format!("{} {clock}", formatted(&time, options))
}

/// Returns `3 min ago`, as of `now`; in a frozen study, which has no now, `at 16:40`.
#[must_use]
pub fn past_time(secs: f64, now: f64) -> String {
    if frozen::label().is_some() { format!("at {}", clock_time(secs, now)) } else { ago(now - secs) }
}

/// Returns a time with its date, seconds and time zone, for a title.
#[must_use]
pub fn exact_time(secs: f64) -> String {
    formatted(&date(secs), &[("dateStyle", "medium"), ("timeStyle", "long")])
}

fn formatted(time: &Date, options: &[(&str, &str)]) -> String {
    let bag = Object::new();
    for (name, value) in options {
        // Setting a property of a fresh object can't fail.
        let _ = Reflect::set(&bag, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    let locales = Array::of1(&JsValue::from_str("en-GB"));
    let format = js_sys::Intl::DateTimeFormat::new(locales.unchecked_ref(), bag.unchecked_ref()).format();
    format.call1(&JsValue::UNDEFINED, time).ok().and_then(|text| text.as_string()).unwrap_or_default()
}

/// Returns how far this computer's local time is ahead of UTC, in seconds.
#[must_use]
pub fn utc_offset_secs() -> f64 {
    -60.0 * Date::new_0().get_timezone_offset()
}
