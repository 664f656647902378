//! Latin hypercube sampling.
//!
//! M. D. `McKay`, R. J. Beckman, W. J. Conover: A comparison of three methods for selecting values of input variables
//! in the analysis of output from a computer code. Technometrics 21 (1979) 239–245.

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose};

/// Returns a Latin hypercube of `count` points in the unit cube of `dimensions` dimensions.
///
/// Along each dimension, each of the `count` intervals of equal length holds exactly one point, at a random place of
/// its interval. `stream` selects one of the independent hypercubes of a seed. The bits are the same on every platform.
///
/// # Panics
/// If there are 2^32 points or more.
///
/// # Examples
/// ```
/// let points = cruncher_sampling::latin_hypercube(2, 4, 1, 0);
/// // Each quarter of a dimension has one point.
/// let mut quarters: Vec<f64> = points.column(0).iter().map(|place| (4.0 * place).floor()).collect();
/// quarters.sort_by(f64::total_cmp);
/// assert_eq!(quarters, [0.0, 1.0, 2.0, 3.0]);
/// ```
#[must_use]
pub fn latin_hypercube(dimensions: usize, count: usize, seed: u64, stream: u64) -> UnitPoints {
    let mut points = UnitPoints::zeros(dimensions, count);
    let places = StratumPlaces::of(count);
    for dimension in 0..dimensions {
        let mut generator = RandomGenerator::new(RandomPurpose::LatinHypercube, &[seed, stream, dimension as u64]);
        let strata = generator.permutation(count);
        places.fill(points.column_mut(dimension), &strata, &mut generator);
    }
    points
}

/// Random places in strata, so far from their edges that no rounding leads across one: neither when a place is computed here,
/// nor when a reader multiplies it by the number of strata and rounds down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StratumPlaces {
    count: f64,
    shift: u32,
    scale: f64,
}

impl StratumPlaces {
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub(crate) fn of(count: usize) -> Self {
        let bits = 50 - (usize::BITS - count.leading_zeros());
        Self { count: count as f64, shift: 64 - bits, scale: 1.0 / (1_u64 << bits) as f64 }
    }

    /// Draws a place for each of the strata.
    // A browser optimises a function when it is called again: hence a separate function.
    #[inline(never)]
    pub(crate) fn fill(self, values: &mut [f64], strata: &[u32], generator: &mut RandomGenerator) {
        for (value, &stratum) in values.iter_mut().zip(strata) {
            *value = self.draw(stratum, generator);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    pub(crate) fn draw(self, stratum: u32, generator: &mut RandomGenerator) -> f64 {
        let fraction = ((generator.bits() >> self.shift).cast_signed() as f64 + 0.5) * self.scale;
        (f64::from(stratum) + fraction) / self.count
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{bits, check_strata};

    proptest! {
        #[test]
        fn each_interval_of_each_dimension_holds_one_point(dimensions in 0..8_usize, count in 0..300_usize, seed: u64) {
            check_strata(&latin_hypercube(dimensions, count, seed, 0));
        }

        #[test]
        fn places_stay_in_their_strata_however_many_there_are(
            count in 1..2_000_000_u32, seed: u64, part in 0.0..1.0_f64
        ) {
            let stratum: f64 = (f64::from(count) * part).floor();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the count")]
            let value = StratumPlaces::of(count as usize).draw(stratum as u32, &mut RandomGenerator::new(RandomPurpose::Random, &[seed]));
            prop_assert!(((value * f64::from(count)).floor() - stratum).abs() < 0.5);
        }
    }

    #[test]
    fn a_million_points_have_an_interval_each() {
        check_strata(&latin_hypercube(1, 1_000_000, 1, 0));
    }

    #[test]
    fn a_seed_and_a_stream_give_the_same_bits_everywhere() {
        assert_eq!(
            bits(&latin_hypercube(2, 2, 1, 3)),
            [
                4_604_428_173_538_063_896,
                4_601_955_545_906_183_824,
                4_605_190_815_612_437_192,
                4_596_945_245_053_464_992
            ]
        );
    }

    #[test]
    fn streams_and_seeds_differ() {
        assert_ne!(latin_hypercube(2, 8, 1, 3), latin_hypercube(2, 8, 1, 4));
        assert_ne!(latin_hypercube(2, 8, 1, 3), latin_hypercube(2, 8, 2, 3));
    }
}
