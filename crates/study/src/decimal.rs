//! Values between two decimal numbers, as exact as a float can be.
//!
//! A person who types 0.1 means that number, and not the float next to it. So a float is taken for the shortest decimal number
//! that is read as this float, values between two of them are computed exactly, and the result is rounded once.

use std::cmp::Ordering;

/// Minimum size of the digits of a quotient: more digits than any float has.
const ENOUGH: i128 = 1_000_000_000_000_000_000_000_000_000;

/// Maximum number of digits of a decimal number that a power may be equal to.
const MAX_DIGITS: usize = 15;

/// Maximum relative distance between a power and a decimal number that it may be equal to: more than the error of a logarithm
/// and its inverse.
const NEAR: f64 = 1e-12;

/// The prime number modulo which powers are compared.
const PRIME: u128 = (1 << 61) - 1;

/// A decimal number: `digits` · 10^`exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

/// Returns the value at `part` of `parts` equal parts of the way from one number to another.
#[must_use]
pub(crate) fn between(from: f64, to: f64, part: u32, parts: u32) -> f64 {
    exactly_between(Decimal::of(from), Decimal::of(to), part, parts).unwrap_or_else(|| {
        // One of the two is so much smaller that it changes at most the last digits.
        let share = f64::from(part) / f64::from(parts);
        from * (1.0 - share) + to * share
    })
}

fn exactly_between(from: Decimal, to: Decimal, part: u32, parts: u32) -> Option<f64> {
    let exponent = match (from.digits, to.digits) {
        (0, _) => to.exponent,
        (_, 0) => from.exponent,
        _ => from.exponent.min(to.exponent),
    };
    let from = from.digits_by(exponent)?.checked_mul(i128::from(parts - part))?;
    let to = to.digits_by(exponent)?.checked_mul(i128::from(part))?;
    Some(quotient(from.checked_add(to)?, i128::from(parts), exponent))
}

/// Returns `dividend` / `divisor` · 10^`exponent`, rounded once.
fn quotient(dividend: i128, divisor: i128, mut exponent: i32) -> f64 {
    let (mut digits, mut rest) = (dividend / divisor, dividend % divisor);
    while rest != 0 && digits.abs() < ENOUGH {
        rest *= 10;
        digits = 10 * digits + rest / divisor;
        rest %= divisor;
        exponent -= 1;
    }
    let sign = if dividend < 0 { "-" } else { "" };
    // A further digit decides the rounding of a number in the middle of two floats.
    let more = if rest == 0 { "" } else { "1" };
    let exponent = if rest == 0 { exponent } else { exponent - 1 };
    format!("{sign}{}{more}e{exponent}", digits.abs()).parse().unwrap_or_default()
}

/// Returns the value at `part` of `parts` equal ratios of the way from one positive number to another, `from` · (`to` /
/// `from`)^(`part` / `parts`), of which `nearby` is an approximation: a decimal number that it is equal to, or else `nearby`.
#[must_use]
pub(crate) fn ratio_between(from: f64, to: f64, part: u32, parts: u32, nearby: f64) -> f64 {
    let (from, to) = (Decimal::of(from), Decimal::of(to));
    let is_it = |candidate: &f64| Decimal::of(*candidate).is_ratio_between(from, to, part, parts);
    let candidates = (0..MAX_DIGITS).filter_map(|digits| format!("{nearby:.digits$e}").parse::<f64>().ok());
    let mut near = candidates.filter(|candidate| (candidate - nearby).abs() <= NEAR * nearby);
    near.find(is_it).unwrap_or(nearby)
}

impl Decimal {
    /// Returns the shortest decimal number that is read as this float; zero for NaN and infinity.
    fn of(number: f64) -> Self {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let digits: i128 = digits.replace('.', "").parse().unwrap_or_default();
        let exponent: i32 = exponent.parse().unwrap_or_default();
        Self { digits, exponent: exponent - i32::try_from(decimals).unwrap_or_default() }
    }

    /// Returns the number in units of 10^`exponent`, for an exponent that isn't above its own, or for zero; `None` if it has
    /// too many digits.
    fn digits_by(self, exponent: i32) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        let power = u32::try_from(self.exponent.checked_sub(exponent)?).ok()?;
        self.digits.checked_mul(10_i128.checked_pow(power)?)
    }

    /// Whether its power `parts` is `from` to the power `parts` − `part` times `to` to the power `part`.
    ///
    /// These are whole numbers once powers of ten are on one side, but too large to be written down: the remainders are
    /// compared. For numbers that are nearly equal, a wrong yes has a chance of 10^-18.
    fn is_ratio_between(self, from: Self, to: Self, part: u32, parts: u32) -> bool {
        let exponents = i64::from(self.exponent) * i64::from(parts)
            - i64::from(from.exponent) * i64::from(parts - part)
            - i64::from(to.exponent) * i64::from(part);
        let own = power(self.digits.unsigned_abs(), u64::from(parts));
        let other = times(
            power(from.digits.unsigned_abs(), u64::from(parts - part)),
            power(to.digits.unsigned_abs(), u64::from(part)),
        );
        let tens = power(10, exponents.unsigned_abs());
        match exponents.cmp(&0) {
            Ordering::Less => own == times(other, tens),
            Ordering::Equal => own == other,
            Ordering::Greater => times(own, tens) == other,
        }
    }
}

fn times(one: u128, other: u128) -> u128 {
    one * other % PRIME
}

/// Remainder of a power.
fn power(base: u128, mut exponent: u64) -> u128 {
    let (mut square, mut product) = (base % PRIME, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = times(product, square);
        }
        square = times(square, square);
        exponent >>= 1;
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn linear(from: f64, to: f64, steps: u32) -> Vec<String> {
        (0..steps).map(|step| between(from, to, step, steps - 1).to_string()).collect()
    }

    fn logarithmic(from: f64, to: f64, steps: u32) -> Vec<String> {
        let nearby = |step: u32| (from.ln() + f64::from(step) / f64::from(steps - 1) * (to.ln() - from.ln())).exp();
        (0..steps).map(|step| ratio_between(from, to, step, steps - 1, nearby(step)).to_string()).collect()
    }

    #[test]
    fn values_between_decimals_are_decimals() {
        assert_eq!(linear(0.0, 0.3, 4), ["0", "0.1", "0.2", "0.3"]);
        assert_eq!(linear(0.1, 0.9, 9), ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(linear(-0.3, 0.3, 7), ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"]);
        assert_eq!(linear(1e-7, 4e-7, 4), ["0.0000001", "0.0000002", "0.0000003", "0.0000004"]);
        assert_eq!(linear(5e4, 5e5, 4), ["50000", "200000", "350000", "500000"]);
        assert_eq!(linear(0.7, 2.1, 3)[1], "1.4");
    }

    #[test]
    fn what_is_no_short_decimal_is_rounded_once() {
        assert_eq!(linear(0.0, 1.0, 4), ["0", "0.3333333333333333", "0.6666666666666666", "1"]);
        assert_eq!(linear(0.0, -1.0, 4)[1], "-0.3333333333333333");
        assert_eq!(linear(0.1, 0.2, 4)[1], "0.13333333333333333");
    }

    #[test]
    fn numbers_of_very_different_sizes_are_no_problem() {
        for (from, to) in [(-1e308, 1e308), (-f64::MAX, f64::MAX), (1e-300, 1e300), (5e-324, 1.0), (-1.0, 1e-300)] {
            let middle = between(from, to, 1, 2);
            assert!(middle.is_finite() && from <= middle && middle <= to, "{from} {to}: {middle}");
            assert_eq!((between(from, to, 0, 2), between(from, to, 2, 2)), (from, to));
        }
        assert_eq!(between(-1e308, 1e308, 1, 2).to_string(), "0");
    }

    #[test]
    fn powers_that_are_decimals_are_these() {
        assert_eq!(logarithmic(1e-3, 1e3, 7), ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]);
        assert_eq!(logarithmic(2.0, 32.0, 5), ["2", "4", "8", "16", "32"]);
        assert_eq!(logarithmic(0.2, 12.8, 3), ["0.2", "1.6", "12.8"]);
        assert_eq!(logarithmic(3e-9, 3e-3, 3)[1], "0.000003");
        assert_eq!(logarithmic(1e-300, 1e300, 5)[1], 1e-150.to_string());
    }

    #[test]
    fn powers_that_are_no_decimals_stay() {
        let root = ratio_between(1.0, 10.0, 1, 2, 10_f64.sqrt());
        assert_eq!(root.to_bits(), 10_f64.sqrt().to_bits());
        assert_eq!(ratio_between(1.0, 1.000_000_000_000_2, 1, 2, 1.000_000_000_000_1).to_string(), "1.0000000000001");
    }

    proptest! {
        #[test]
        fn values_lie_between_their_ends_and_go_up(
            from in -1e9..1e9_f64, width in 1e-9..1e9_f64, parts in 1..50_u32
        ) {
            let to = from + width;
            let values: Vec<f64> = (0..=parts).map(|part| between(from, to, part, parts)).collect();
            prop_assert!(values.is_sorted());
            prop_assert_eq!((values[0], values[parts as usize]), (from, to));
        }

        #[test]
        fn a_grid_of_short_decimals_has_the_shortest(first in -5_000..5_000_i32, step in 1..100_i32, steps in 2..40_u32, places in 0..9_usize) {
            let number = |units: i64| format!("{units}e-{places}").parse::<f64>().unwrap();
            let at = |index: u32| number(i64::from(first) + i64::from(step) * i64::from(index));
            for index in 0..steps {
                let value = between(at(0), at(steps - 1), index, steps - 1);
                prop_assert_eq!(value.to_string(), at(index).to_string());
            }
        }

        #[test]
        fn a_value_is_the_float_next_to_the_exact_one(from in -1_000_000..1_000_000_i32, width in 1..1_000_000_i32, part in 0..97_i32) {
            // A quotient of two floats that are whole numbers is rounded once.
            let exact = f64::from(from * 97 + width * part) / 97.0;
            let value = between(f64::from(from), f64::from(from + width), part.unsigned_abs(), 97);
            prop_assert_eq!(value.to_bits(), exact.to_bits());
        }
    }
}
