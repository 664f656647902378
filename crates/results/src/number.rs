//! Numbers as texts that are read back as the same number.

mod large;

use std::fmt;

pub use large::LargeInteger;
pub(crate) use large::{NO_REST, Rest};

/// A number that is written with as many digits as it needs: `0.1`, `30`, `1.5e-7`.
pub(crate) struct ExactNumber(pub(crate) f64);

impl fmt::Display for ExactNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size == 0.0 || (1e-5..1e16).contains(&size) { write!(f, "{}", self.0) } else { write!(f, "{:e}", self.0) }
    }
}

/// Writes a number in as few characters as it needs, as in an address: `2e5`.
pub(crate) fn shortest(number: f64) -> String {
    let (plain, scientific) = (number.to_string(), format!("{number:e}"));
    if plain.len() <= scientific.len() { plain } else { scientific }
}

/// Writes a number with all of its digits, as in tables: `0.1`, `30`, `1.5e-7`.
#[must_use]
pub fn exact(number: f64) -> String {
    ExactNumber(number).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (number, text, short) in [
            (0.0, "0", "0"),
            (30.0, "30", "30"),
            (-0.1, "-0.1", "-0.1"),
            (2e5, "200000", "2e5"),
            (1.5e-7, "1.5e-7", "1.5e-7"),
            (1e300, "1e300", "1e300"),
            (1_790_000_000.125, "1790000000.125", "1790000000.125"),
        ] {
            assert_eq!((ExactNumber(number).to_string().as_str(), shortest(number).as_str()), (text, short));
        }
    }

    proptest! {
        #[test]
        fn any_number_comes_back(number in any::<f64>()) {
            for text in [ExactNumber(number).to_string(), shortest(number)] {
                prop_assert_eq!(text.parse::<f64>().map(f64::to_bits), Ok(number.to_bits()));
            }
        }
    }
}
