//! Conversion of counts to lengths and back.

/// Returns a count as a length.
#[expect(clippy::cast_precision_loss, reason = "counts of what fits into memory")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// Returns the whole part of a length; 0 if it is negative or no number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
pub(crate) fn whole(length: f64) -> usize {
    length as usize
}

/// Returns the nearest pixel.
#[expect(clippy::cast_possible_truncation, reason = "saturates, far outside of any screen")]
pub(crate) fn pixel(length: f64) -> i32 {
    length.round() as i32
}

/// Returns the channel of a colour.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates between 0 and 255")]
pub(crate) fn channel(level: f64) -> u8 {
    level.round() as u8
}

/// Returns the binary logarithm, to ten digits, which is more than any screen has; negative infinity of zero and less.
///
/// The logarithm of the standard library takes several times as long, and there may be a million values.
pub(crate) fn log2(value: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    const ONE: u64 = 1023 << 52;
    if !(value >= f64::MIN_POSITIVE && value.is_finite()) {
        return log2_of_odd(value);
    }
    let bits = value.to_bits();
    // The exponent is below 2^11.
    #[expect(clippy::cast_precision_loss, reason = "an exponent has eleven bits")]
    let exponent = (bits >> 52) as f64 - 1023.0;
    let mantissa = f64::from_bits((bits & MANTISSA) | ONE);
    let is_large = mantissa > std::f64::consts::SQRT_2;
    let (mantissa, exponent) = if is_large { (mantissa / 2.0, exponent + 1.0) } else { (mantissa, exponent) };
    // The series of the inverse hyperbolic tangent; z is below 0.172.
    let z = (mantissa - 1.0) / (mantissa + 1.0);
    let z2 = z * z;
    let series = 1.0 + z2 * (1.0 / 3.0 + z2 * (0.2 + z2 * (1.0 / 7.0 + z2 * (1.0 / 9.0 + z2 / 11.0))));
    exponent + z * series * (2.0 / std::f64::consts::LN_2)
}

/// Returns the logarithm of a number without an exponent of its own: a subnormal one, one that isn't above zero, or one that
/// isn't finite.
#[cold]
fn log2_of_odd(value: f64) -> f64 {
    const TWO_TO_54: f64 = 18_014_398_509_481_984.0;
    match value {
        value if value.is_nan() || value == f64::INFINITY => value,
        value if value > 0.0 => log2(value * TWO_TO_54) - 54.0,
        _ => f64::NEG_INFINITY,
    }
}

/// Returns the value at a share of the way from one to another: at the ends exactly these, and finite between the largest
/// numbers.
#[inline]
pub(crate) fn between(from: f64, to: f64, share: f64) -> f64 {
    let range = to - from;
    match share {
        share if !range.is_finite() => (1.0 - share) * from + share * to,
        share if share < 0.5 => from + share * range,
        share => to - (1.0 - share) * range,
    }
}

/// Returns the least and the largest of some values; `None` if there are none.
pub(crate) fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let wider = |range: Option<(f64, f64)>, value: f64| {
        Some(range.map_or((value, value), |(least, most)| (least.min(value), most.max(value))))
    };
    values.fold(None, wider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_standard_library() {
        for value in [1e-300, 0.001, 0.7, 1.0, 1.414, 1.415, 2.0, 3.0, 1e5, 1e300] {
            assert!((log2(value) - value.log2()).abs() < 1e-9, "{value}");
        }
        assert_eq!((log2(0.0), log2(-1.0)), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert!(log2(f64::INFINITY).is_infinite());
        assert!(log2(f64::NAN).is_nan());
    }

    #[test]
    fn subnormal_numbers_have_a_logarithm() {
        for (value, power) in [(f64::from_bits(1), -1_074.0), (f64::MIN_POSITIVE / 2.0, -1_023.0)] {
            assert!((log2(value) - power).abs() < 1e-9, "{value}");
        }
    }

    #[test]
    fn between_two_values_the_ends_are_exact() {
        for (from, to) in [(1e17, 5.0), (5.0, 1e17), (-0.1, 0.3), (-1.7e308, 1.7e308)] {
            assert_eq!((between(from, to, 0.0), between(from, to, 1.0)), (from, to));
        }
        assert_eq!((between(-1.7e308, 1.7e308, 0.5), between(0.1, 0.1, 0.7)), (0.0, 0.1));
    }
}
