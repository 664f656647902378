//! Numbers as people read them.

/// Writes a whole number with a comma before each group of three digits: `1,234,567`.
#[must_use]
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a number with a noun in the right form: `1 case`, `2,000 cases`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

/// Writes a number with up to six significant digits, and all digits before the point: `1256673`, `0.182319`, `1.2e-9`.
#[must_use]
pub fn significant(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    if !(1e-3..1e7).contains(&size) {
        let text = format!("{number:.5e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        return format!("{digits}e{exponent}");
    }
    let decimals = [(1e5, 0), (1e4, 1), (1e3, 2), (1e2, 3), (1e1, 4), (1e0, 5), (1e-1, 6), (1e-2, 7)];
    let decimals = decimals.iter().find(|(least, _)| size >= *least).map_or(8, |(_, decimals)| *decimals);
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Writes a duration with two digits, or in its two largest units: `3 ms`, `0.25 s`, `4.2 s`, `12 s`, `3 min 20 s`,
/// `1 h 5 min`, `2 d 3 h`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and rounded on purpose")]
pub fn duration(secs: f64) -> String {
    let secs = if secs.is_finite() { secs.max(0.0) } else { 0.0 };
    if secs < 0.0995 {
        return split_second(secs);
    }
    if secs < 0.995 {
        return format!("{secs:.2} s");
    }
    if secs < 9.95 {
        return format!("{secs:.1} s");
    }
    let whole = secs.round() as u64;
    let units = [(86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")];
    for (size, name, next_size, next_name) in units {
        if whole >= size {
            let next = whole % size / next_size;
            let large = whole / size;
            return if next == 0 { format!("{large} {name}") } else { format!("{large} {name} {next} {next_name}") };
        }
    }
    format!("{whole} s")
}

/// Writes a duration of less than a tenth of a second, with two digits.
fn split_second(secs: f64) -> String {
    let (value, unit) = if secs < 0.999_5e-3 { (secs * 1e6, "µs") } else { (secs * 1e3, "ms") };
    match value {
        0.0 => "0 s".to_owned(),
        ..0.95 => format!("< 1 {unit}"),
        ..9.95 => format!("{} {unit}", format!("{value:.1}").trim_end_matches(".0")),
        _ => format!("{value:.0} {unit}"),
    }
}

/// Writes the time since something happened, in its largest unit: `4 s ago`, `3 min ago`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and rounded on purpose")]
pub fn ago(secs: f64) -> String {
    let whole = if secs.is_finite() { secs.max(0.0) as u64 } else { 0 };
    match whole {
        0 => "now".to_owned(),
        1..60 => format!("{whole} s ago"),
        60..3_600 => format!("{} min ago", whole / 60),
        3_600..172_800 => format!("{} h ago", whole / 3_600),
        _ => format!("{} d ago", whole / 86_400),
    }
}

/// Returns a number of bytes in words: `512 bytes`, `1.5 KiB`.
#[expect(clippy::cast_precision_loss, reason = "three digits of it are shown")]
#[must_use]
pub fn size(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1 << 10 {
        return counted(bytes, "byte", "bytes");
    }
    let place = (1..units.len()).take_while(|place| bytes >> (10 * (place + 1)) > 0).count();
    let number = bytes as f64 / 1024_f64.powi(i32::try_from(place).unwrap_or(0) + 1);
    let rounded = if number < 100.0 { (number * 10.0).round() / 10.0 } else { number.round() };
    format!("{} {}", significant(rounded), units[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
        assert_eq!(counted(1, "case", "cases"), "1 case");
        assert_eq!(counted(2_000, "case", "cases"), "2,000 cases");
    }

    #[test]
    fn numbers_have_six_digits_at_most_where_that_leaves_whole_ones() {
        for (number, text) in [
            (0.0, "0"),
            (125_667.271_749, "125667"),
            (1_234.567_8, "1234.57"),
            (0.182_318_9, "0.182319"),
            (2.5, "2.5"),
            (-0.001_234_567, "-0.00123457"),
            (1.2e-9, "1.2e-9"),
            (5e12, "5e12"),
            (-10.0, "-10"),
            (100.0, "100"),
        ] {
            assert_eq!(significant(number), text);
        }
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (secs, text) in [
            (-1.0, "0 s"),
            (0.0, "0 s"),
            (1e-9, "< 1 µs"),
            (0.000_004_24, "4.2 µs"),
            (0.000_25, "250 µs"),
            (0.000_999_6, "1 ms"),
            (0.003, "3 ms"),
            (0.004_24, "4.2 ms"),
            (0.009_96, "10 ms"),
            (0.042_4, "42 ms"),
            (0.099_6, "0.10 s"),
            (0.254, "0.25 s"),
            (0.996, "1.0 s"),
            (4.24, "4.2 s"),
            (12.4, "12 s"),
            (59.6, "1 min"),
            (200.0, "3 min 20 s"),
            (3_900.0, "1 h 5 min"),
            (7_200.0, "2 h"),
            (183_600.0, "2 d 3 h"),
            (f64::NAN, "0 s"),
        ] {
            assert_eq!(duration(secs), text);
        }
    }

    #[test]
    fn ages_have_one_unit() {
        for (secs, text) in
            [(0.4, "now"), (4.9, "4 s ago"), (185.0, "3 min ago"), (7_300.0, "2 h ago"), (2e5, "2 d ago")]
        {
            assert_eq!(ago(secs), text);
        }
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (1_023, "1,023 bytes"),
            (1_024, "1 KiB"),
            (1_536, "1.5 KiB"),
            (300 << 10, "300 KiB"),
            (5 << 20, "5 MiB"),
            (3 << 30, "3 GiB"),
            (7 << 40, "7 TiB"),
            (2_000 << 40, "2000 TiB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
