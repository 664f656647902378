//! Numbers as they are read: `2,500,000`, `2.5×10⁷`, `−0.04`.

use crate::number::real;

/// Up to this number, digits are written out.
const MOST_WRITTEN_OUT: f64 = 1e7;
/// And up to so many decimals.
const MOST_DECIMALS: i32 = 6;

/// How the numbers of one axis are written: all alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Style {
    /// With so many decimals.
    Plain(usize),
    /// As a multiple of a power of ten, with so many decimals.
    Scientific(i32, usize),
}

impl Style {
    /// Tells multiples of `step` apart, a number whose last digit stands at the power `step_power` of ten, when the
    /// largest of them is `most`.
    pub(crate) fn of_steps(step_power: i32, most: f64) -> Self {
        let most = most.abs();
        if most < MOST_WRITTEN_OUT && -step_power <= MOST_DECIMALS {
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
                format!("{}×{}", grouped(value / 10_f64.powi(power), decimals), power_of_ten(power))
            }
        }
    }
}

fn decimals(places: i32) -> usize {
    usize::try_from(places.min(17)).unwrap_or(0)
}

/// The power of ten of a number's first digit; 0 if there is none.
#[expect(clippy::cast_possible_truncation, reason = "between -324 and 308")]
pub(crate) fn power_of(value: f64) -> i32 {
    if value == 0.0 || !value.is_finite() {
        return 0;
    }
    let power = value.abs().log10().floor() as i32;
    // The logarithm of 1000 may be a bit less than 3.
    if 10_f64.powi(power + 1) <= value.abs() { power + 1 } else { power }
}

/// `10⁻³`.
pub(crate) fn power_of_ten(power: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |letter: char| letter.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    format!("10{}", power.to_string().chars().map(digit).collect::<String>())
}

/// With so many decimals, and a comma before each three digits.
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

/// A number of things.
pub(crate) fn count(count: usize) -> String {
    grouped(real(count), 0)
}

/// A number alone, to four digits: `0.01234`, `1,234`, `1.234×10⁹`.
pub(crate) fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !value.is_finite() {
        return value.to_string();
    }
    let power = power_of(value);
    let step_power = (power - 3).min(0);
    let style =
        if (-4..7).contains(&power) { Style::Plain(decimals(-step_power)) } else { Style::Scientific(power, 3) };
    let text = style.write(value);
    let (digits, rest) = text.split_at(text.find('×').unwrap_or(text.len()));
    if !digits.contains('.') {
        return text;
    }
    format!("{}{rest}", digits.trim_end_matches('0').trim_end_matches('.'))
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
        ] {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn numbers_of_an_axis_have_as_many_decimals() {
        let written = |power, values: [f64; 3]| values.map(|value| Style::of_steps(power, values[2]).write(value));
        assert_eq!(written(-1, [0.0, 0.5, 1.0]), ["0.0", "0.5", "1.0"]);
        assert_eq!(written(5, [0.0, 1e6, 2.5e6]), ["0", "1,000,000", "2,500,000"]);
        assert_eq!(written(6, [0.0, 5e6, 1e7]), ["0", "0.5×10⁷", "1.0×10⁷"]);
        assert_eq!(written(-8, [0.0, 5e-8, 1e-7]), ["0", "0.5×10⁻⁷", "1.0×10⁻⁷"]);
    }
}
