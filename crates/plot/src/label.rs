//! Numbers as text for readers: `2,500,000`, `2.5×10⁷`, `−0.04`.

use crate::number::real;

/// Numbers below this one are written out.
const MAX_WRITTEN_OUT: f64 = 1e7;
/// Maximum number of decimals of numbers that are written out.
const MAX_DECIMALS: i32 = 6;
/// Number of digits behind the first one that tells all floats apart.
const MAX_DIGITS: usize = 16;

/// Style in which all numbers of one axis are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LabelStyle {
    /// With this number of decimals.
    Plain(usize),
    /// As a multiple of a power of ten, with a number of decimals.
    Scientific(i32, usize),
}

impl LabelStyle {
    /// Returns a style that tells multiples of a step apart. The step's last digit stands at the power `step_power` of ten;
    /// `most` is the largest number.
    pub(crate) fn of_steps(step_power: i32, most: f64) -> Self {
        let most = most.abs();
        if most < MAX_WRITTEN_OUT && -step_power <= MAX_DECIMALS {
            return Self::Plain(decimals(-step_power));
        }
        let power = power_of(most);
        Self::Scientific(power, decimals(power - step_power))
    }

    /// Writes a number.
    pub(crate) fn write(self, value: f64) -> String {
        match self {
            Self::Plain(decimals) => grouped(value, decimals),
            Self::Scientific(..) if value == 0.0 => "0".to_owned(),
            Self::Scientific(power, decimals) => {
                format!("{}×{}", grouped(mantissa(value, power), decimals), power_of_ten(power))
            }
        }
    }
}

/// Returns a number divided by a power of ten, which may be too small to be a float.
pub(crate) fn mantissa(value: f64, power: i32) -> f64 {
    /// Close to the least power of ten that has all of its digits.
    const MIN_POWER: i32 = -300;
    let rest = (power - MIN_POWER).min(0);
    value * 10_f64.powi(-rest) / 10_f64.powi(power - rest)
}

fn decimals(places: i32) -> usize {
    usize::try_from(places.min(17)).unwrap_or(0)
}

/// Returns the power of ten of a number's first digit; 0 if it has none.
pub(crate) fn power_of(value: f64) -> i32 {
    scientific(value, None).1
}

/// Splits a number into the digits before a power of ten, and that power: rounded to a number of decimals, or exactly.
fn scientific(value: f64, decimals: Option<usize>) -> (String, i32) {
    if !value.is_finite() {
        return (value.to_string(), 0);
    }
    // The standard library rounds correctly, even where a power of ten would be no float, and carries: 9.9996e7 is 1.000e8.
    let text = decimals.map_or_else(|| format!("{value:e}"), |decimals| format!("{value:.decimals$e}"));
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.replace('-', "−"), power.parse().unwrap_or(0))
}

/// Writes a power of ten: `10⁻³`.
pub(crate) fn power_of_ten(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |letter: char| letter.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    format!("10{}", power.to_string().chars().map(digit).collect::<String>())
}

/// Writes a number with `decimals` decimals, and a comma before each three digits.
pub(crate) fn grouped(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, decimals) = digits.split_at(digits.find('.').unwrap_or(digits.len()));
    let is_zero = digits.bytes().all(|digit| matches!(digit, b'0' | b'.'));
    let mut text = String::from(if value < 0.0 && !is_zero { "−" } else { "" });
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + decimals
}

/// Writes a number of things.
pub(crate) fn count(count: usize) -> String {
    grouped(real(count), 0)
}

/// Writes a single number, to four digits: `0.01234`, `1,234`, `1.234×10⁹`.
pub(crate) fn figure(value: f64) -> String {
    with_decimals(value, 3)
}

/// Writes a single number with the digits down to a power of ten, and at least four.
pub(crate) fn figure_to(value: f64, power: i32) -> String {
    let digits = usize::try_from(power_of(value) - power).unwrap_or(0);
    with_decimals(value, digits.clamp(3, MAX_DIGITS))
}

/// Writes the same number, or fewer digits, so that it fits; nothing if no digit does.
pub(crate) fn figure_that_fits(value: f64, power: i32, fits: impl Fn(&str) -> bool) -> String {
    let text = figure_to(value, power);
    if fits(&text) {
        return text;
    }
    let shorter = (0..3).rev().map(|decimals| with_decimals(value, decimals));
    let shortest = (0..3).rev().map(|decimals| {
        let (digits, power) = scientific(value, Some(decimals));
        format!("{}×{}", trimmed(&digits), power_of_ten(power))
    });
    shorter.chain(shortest).find(|text| fits(text)).unwrap_or_default()
}

/// Writes a number rounded to `decimals` decimals of its scientific notation, without zeros at the end.
fn with_decimals(value: f64, decimals: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let (digits, power) = scientific(value, Some(decimals));
    if !(-4..7).contains(&power) {
        return format!("{}×{}", trimmed(&digits), power_of_ten(power));
    }
    let decimals = i32::try_from(decimals).unwrap_or(0) - power;
    trimmed(&grouped(value, usize::try_from(decimals).unwrap_or(0))).to_owned()
}

/// Removes zeros at the end of decimals.
fn trimmed(digits: &str) -> &str {
    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_read() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (12.0, "12"),
            (-1_234.0, "−1,234"),
            (2_500_000.0, "2,500,000"),
            (0.012_345, "0.01235"),
            (1_000.0, "1,000"),
            (2.5e9, "2.5×10⁹"),
            (-1e-7, "−1×10⁻⁷"),
            (f64::INFINITY, "inf"),
            (99_999_999.0, "1×10⁸"),
            (9_999_999.9, "1×10⁷"),
            (-9_999.96, "−10,000"),
            (0.000_099_999_99, "0.0001"),
            (999_949.0, "999,949"),
            (f64::MAX, "1.798×10³⁰⁸"),
            (f64::from_bits(1), "4.941×10⁻³²⁴"),
        ] {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn a_figure_has_the_digits_that_are_asked_for() {
        for (value, power, text) in [
            (1e17 + 160.0, 1, "1.0000000000000016×10¹⁷"),
            (1_234.567_8, -3, "1,234.568"),
            (1_234.567_8, 2, "1,235"),
            (0.1 + 0.2, -3, "0.3"),
            (0.0, -9, "0"),
        ] {
            assert_eq!(figure_to(value, power), text);
        }
    }

    #[test]
    fn a_figure_loses_digits_rather_than_its_end() {
        for (value, letters, text) in [
            (4.867e-12, 7, "5×10⁻¹²"),
            (1_026_458.0, 9, "1,026,458"),
            (1_026_458.0, 8, "1.03×10⁶"),
            (0.123_45, 4, "0.12"),
            (7e9, 2, ""),
        ] {
            assert_eq!(figure_that_fits(value, 0, |text| text.chars().count() <= letters), text, "{value}");
        }
    }

    #[test]
    fn a_power_is_that_of_the_first_digit() {
        for (value, power) in
            [(1_000.0, 3), (999.999, 2), (1e-5, -5), (f64::from_bits(1), -324), (f64::MAX, 308), (0.0, 0)]
        {
            assert_eq!(power_of(value), power, "{value}");
            assert!(value == 0.0 || (1.0..10.0).contains(&mantissa(value, power)), "{value}");
        }
    }

    #[test]
    fn numbers_of_an_axis_have_as_many_decimals() {
        let written = |power, values: [f64; 3]| values.map(|value| LabelStyle::of_steps(power, values[2]).write(value));
        assert_eq!(written(-1, [0.0, 0.5, 1.0]), ["0.0", "0.5", "1.0"]);
        assert_eq!(written(5, [0.0, 1e6, 2.5e6]), ["0", "1,000,000", "2,500,000"]);
        assert_eq!(written(6, [0.0, 5e6, 1e7]), ["0", "0.5×10⁷", "1.0×10⁷"]);
        assert_eq!(written(-8, [0.0, 5e-8, 1e-7]), ["0", "0.5×10⁻⁷", "1.0×10⁻⁷"]);
    }
}
