//! Large integers, which a float can't hold.

use std::fmt;

/// Difference between a large integer and its nearest float: floats below 2^64 are at most 2,048 apart.
pub(crate) type Rest = i16;

/// Marker of a value that is no large integer, but a float or missing.
pub(crate) const NO_REST: Rest = Rest::MIN;

/// Largest number up to which a float stands for one integer only.
const EXACT: u64 = 1 << 53;

/// An integer of 64 bits, signed or unsigned, beyond ±2^53: from there on not every integer is a float.
///
/// It is kept as the nearest float, which plots and statistics take, and the rest. A column with such integers therefore takes
/// two bytes a row more than one of floats, and a column without them nothing more.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct LargeInteger {
    nearest: f64,
    rest: Rest,
}

impl LargeInteger {
    /// Returns the integer; `None` if a float holds it, and no other integer is the same float.
    #[must_use]
    pub const fn of_u64(integer: u64) -> Option<Self> {
        Self::of_size(integer, false)
    }

    /// Returns the same for an integer that may be negative.
    #[must_use]
    pub const fn of_i64(integer: i64) -> Option<Self> {
        Self::of_size(integer.unsigned_abs(), integer < 0)
    }

    #[expect(clippy::cast_precision_loss, reason = "what is lost is the rest")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the rest is at most 1,024 in size")]
    const fn of_size(size: u64, is_negative: bool) -> Option<Self> {
        if size <= EXACT {
            return None;
        }
        let nearest = size as f64;
        // The largest integers are rounded to 2^64, which is 0 here; so is the difference.
        let rounded = if nearest < 18_446_744_073_709_551_616.0 { nearest as u64 } else { 0 };
        let rest = size.wrapping_sub(rounded) as Rest;
        Some(if is_negative { Self { nearest: -nearest, rest: -rest } } else { Self { nearest, rest } })
    }

    /// Reads an integer from digits, with a sign or without; `None` if it is no integer, a smaller one, or has more than 64
    /// bits.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let of_u64 = || digits.parse().ok().and_then(Self::of_u64);
        digits.parse().map_or_else(|_more_than_i64| of_u64(), Self::of_i64)
    }

    /// Restores an integer from its parts; `None` if there was none, or if the parts don't belong together.
    pub(crate) fn of_parts(nearest: f64, rest: Rest) -> Option<Self> {
        let integer = Self { nearest, rest };
        (rest != NO_REST && Self::of_value(integer.value()) == Some(integer)).then_some(integer)
    }

    fn of_value(value: i128) -> Option<Self> {
        let of_i64 = || i64::try_from(value).ok().and_then(Self::of_i64);
        u64::try_from(value).map_or_else(|_negative| of_i64(), Self::of_u64)
    }

    /// Returns the nearest float.
    #[must_use]
    pub const fn nearest(self) -> f64 {
        self.nearest
    }

    pub(crate) const fn rest(self) -> Rest {
        self.rest
    }

    /// Returns the integer.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the nearest float is an integer, of at most 65 bits")]
    pub const fn value(self) -> i128 {
        (self.nearest as i128).saturating_add(self.rest as i128)
    }
}

/// Writes all digits.
impl fmt::Display for LargeInteger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Integers of 128 bits would take more code to write.
        match u64::try_from(self.value().unsigned_abs()) {
            Ok(size) if self.nearest < 0.0 => write!(f, "-{size}"),
            Ok(size) => write!(f, "{size}"),
            Err(_) => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_a_float_may_not_hold_is_large() {
        for (text, is_large) in [
            ("0", false),
            ("9007199254740992", false),
            ("9007199254740993", true),
            ("-9007199254740992", false),
            ("-9007199254740993", true),
            ("9223372036854775808", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("-9223372036854775808", true),
            ("-9223372036854775809", false),
            ("1e18", false),
            ("", false),
        ] {
            let integer = LargeInteger::parse(text);
            assert_eq!(integer.is_some(), is_large, "{text}");
            assert_eq!(integer.map(|integer| integer.to_string()), is_large.then(|| text.to_owned()));
        }
    }

    #[test]
    fn parts_that_do_not_belong_together_are_none() {
        let largest = LargeInteger::of_u64(u64::MAX).unwrap();
        assert_eq!((largest.nearest().to_bits(), largest.rest()), (18_446_744_073_709_551_616_f64.to_bits(), -1));
        assert_eq!(LargeInteger::of_parts(largest.nearest(), -1), Some(largest));
        for (nearest, rest) in
            [(f64::NAN, 0), (f64::INFINITY, 0), (1e300, 0), (5.0, 0), (0.5, 0), (largest.nearest(), 0), (1e17, NO_REST)]
        {
            assert_eq!(LargeInteger::of_parts(nearest, rest), None, "{nearest} {rest}");
        }
        assert_eq!(LargeInteger::of_parts(1e17, 9), None, "another float is nearer");
    }

    proptest! {
        #[test]
        fn integers_are_exact_and_in_order(one in any::<u64>(), other in any::<i64>(), near in -2_000_i64..2_000) {
            for value in [i128::from(one), i128::from(other), i128::from(other) + i128::from(near)] {
                let Some(integer) = LargeInteger::of_value(value) else { continue };
                prop_assert_eq!(integer.value(), value);
                prop_assert_eq!(LargeInteger::parse(&value.to_string()), Some(integer));
                prop_assert_eq!(LargeInteger::of_parts(integer.nearest(), integer.rest()), Some(integer));
                prop_assert_eq!(integer.nearest().to_bits(), value.to_string().parse::<f64>().unwrap().to_bits());
                let next = LargeInteger::of_value(value + 1);
                prop_assert!(next.is_none_or(|next| integer < next));
            }
        }
    }
}
