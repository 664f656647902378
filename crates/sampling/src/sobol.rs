//! The Sobol' sequence.
//!
//! I. M. Sobol': On the distribution of points in a cube and the approximate evaluation of integrals. USSR
//! Computational Mathematics and Mathematical Physics 7 (1967) 86–112. In Gray-code order: I. A. Antonov, V. M. Saleev:
//! An economic method of computing LPτ-sequences. Ibid. 19 (1979) 252–256. Direction numbers of S. Joe and F. Y. Kuo
//! (2008).

mod directions;

use std::ops::Range;

use directions::{FIRST_NUMBERS, POLYNOMIALS};

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose, unit};
use crate::points::numbered;

/// Number of dimensions that have direction numbers.
pub const MAX_SOBOL_DIMENSIONS: usize = POLYNOMIALS.len() + 1;

/// The binary digits of a coordinate: as many as a float between 0 and 1 always has.
const BITS: usize = 53;

/// The points number `range.start` to `range.end`, excluded, of the Sobol' sequence in `dimensions` dimensions.
///
/// Without `scramble` these are the points of Joe and Kuo in Gray-code order; number 0 is the origin. With a seed they
/// are scrambled by a random linear matrix and a digital shift for each dimension: J. Matoušek: On the L2-discrepancy
/// for anchored boxes. Journal of Complexity 14 (1998) 527–556. Then each point is uniform in the unit cube, and the
/// sequence is as even as before: each of its first 2^k points has one of the 2^k intervals of each dimension for
/// itself.
///
/// A range gives the same points, bit for bit, as that part of a longer one. The bits are the same on every platform.
///
/// # Panics
/// If there are more than [`MAX_SOBOL_DIMENSIONS`], or the range ends above 2^53.
#[must_use]
pub fn sobol(dimensions: usize, range: Range<u64>, scramble: Option<u64>) -> UnitPoints {
    assert!(dimensions <= MAX_SOBOL_DIMENSIONS, "{dimensions} dimensions, of {MAX_SOBOL_DIMENSIONS}");
    assert!(range.end <= 1 << BITS, "numbers below 2^{BITS} have a point");
    let mut points = UnitPoints::zeros(dimensions, numbered(&range));
    let mut numbers = FIRST_NUMBERS.as_slice();
    for dimension in 0..dimensions {
        let mut sequence = match dimension.checked_sub(1) {
            None => Sequence::van_der_corput(),
            Some(index) => Sequence::of_polynomial(POLYNOMIALS[index], &mut numbers),
        };
        if let Some(seed) = scramble {
            sequence.scramble(&mut RandomGenerator::new(RandomPurpose::Sobol, &[seed, dimension as u64]));
        }
        sequence.fill(points.column_mut(dimension), range.start);
    }
    points
}

/// One dimension of the sequence. Coordinates are whole numbers of 2^-53.
struct Sequence {
    /// Contribution of each binary digit of a point's Gray code; zero from the 53rd on.
    directions: [u64; 64],
    shift: u64,
}

impl Sequence {
    /// The first dimension: digits in reverse.
    fn van_der_corput() -> Self {
        let mut directions = [0; 64];
        for (index, direction) in directions[..BITS].iter_mut().enumerate() {
            *direction = 1 << (BITS - 1 - index);
        }
        Self { directions, shift: 0 }
    }

    /// Another dimension, whose first direction numbers are taken from the front of `numbers`.
    fn of_polynomial(polynomial: u16, numbers: &mut &[u16]) -> Self {
        let degree = polynomial.ilog2() as usize;
        let first = numbers.split_off(..degree).expect("each polynomial has its numbers");
        let mut directions = [0; 64];
        for (index, &number) in first.iter().enumerate() {
            directions[index] = u64::from(number) << (BITS - 1 - index);
        }
        for index in degree..BITS {
            let terms = (1..degree).filter(|term| (polynomial >> (degree - term)) & 1 == 1);
            let last = directions[index - degree];
            directions[index] = terms.fold(last ^ (last >> degree), |sum, term| sum ^ directions[index - term]);
        }
        Self { directions, shift: 0 }
    }

    /// Multiplies by a random lower triangular matrix with ones on the diagonal, and adds random digits.
    fn scramble(&mut self, generator: &mut RandomGenerator) {
        let rows: [u64; BITS] = std::array::from_fn(|digit| {
            let more_significant = (u64::MAX << 1) << digit;
            (generator.bits() & more_significant) | (1 << digit)
        });
        for direction in &mut self.directions {
            let digits =
                rows.iter().enumerate().map(|(digit, row)| u64::from((row & *direction).count_ones() & 1) << digit);
            *direction = digits.sum();
        }
        self.shift = generator.bits() >> (64 - BITS);
    }

    /// Fills in the coordinates of the points from number `start` on.
    // A browser optimises a function when it is called again: hence a separate function.
    #[inline(never)]
    fn fill(&self, values: &mut [f64], start: u64) {
        let gray_code = start ^ (start >> 1);
        let digits = (0..BITS).filter(|digit| (gray_code >> digit) & 1 == 1);
        let mut state = digits.fold(self.shift, |state, digit| state ^ self.directions[digit]);
        for (value, number) in values.iter_mut().zip(start..) {
            *value = unit(state);
            // The Gray codes of neighbours differ in one digit. The mask only spares a check.
            state ^= self.directions[number.trailing_ones() as usize & 63];
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{bits, check_part, check_strata, check_unit_cube};

    proptest! {
        #[test]
        fn a_range_is_a_part_of_the_sequence(start in 0..300_usize, count in 0..300_usize, seed: Option<u64>) {
            let end = (start + count) as u64;
            check_part(&sobol(7, start as u64..end, seed), &sobol(7, 0..end, seed), start);
        }

        #[test]
        fn each_interval_holds_one_point_of_a_power_of_two(exponent in 0..9_u32, seed: Option<u64>) {
            check_strata(&sobol(MAX_SOBOL_DIMENSIONS, 0..1 << exponent, seed));
        }

        #[test]
        fn points_are_in_the_cube_however_far_the_sequence_goes(start in 0..1_u64 << BITS, seed: Option<u64>) {
            check_unit_cube(&sobol(5, start..(start + 3).min(1 << BITS), seed));
        }
    }

    #[test]
    fn the_sequence_begins_as_published() {
        let points = sobol(3, 0..5, None);
        assert_eq!(points.column(0), [0.0, 0.5, 0.75, 0.25, 0.375]);
        assert_eq!(points.column(1), [0.0, 0.5, 0.25, 0.75, 0.375]);
        assert_eq!(points.column(2), [0.0, 0.5, 0.25, 0.75, 0.625]);
    }

    #[test]
    fn each_square_of_a_plane_holds_one_point_in_the_first_two_dimensions() {
        for seed in [None, Some(1), Some(2)] {
            let points = sobol(2, 0..256, seed);
            let square = |index| points.row(index).map(|value| (value * 16.0).floor().to_bits()).collect::<Vec<_>>();
            let squares: std::collections::BTreeSet<_> = (0..256).map(square).collect();
            assert_eq!(squares.len(), 256);
        }
    }

    #[test]
    fn a_seed_gives_the_same_bits_everywhere() {
        assert_eq!(
            bits(&sobol(2, 5..7, Some(1))),
            [
                4_581_008_424_342_583_104,
                4_600_064_300_842_241_156,
                4_601_799_154_464_867_834,
                4_605_381_023_583_200_444
            ]
        );
        assert_eq!(bits(&sobol(256, 1000..1001, None))[254..], [4_601_500_142_707_671_040, 4_598_140_035_173_187_584]);
    }

    #[test]
    #[should_panic(expected = "257 dimensions, of 256")]
    fn too_many_dimensions_are_refused() {
        let _ = sobol(257, 0..1, None);
    }
}
