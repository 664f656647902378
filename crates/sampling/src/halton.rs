//! The Halton sequence.
//!
//! J. H. Halton: On the efficiency of certain quasi-random sequences of points in evaluating multi-dimensional
//! integrals. Numerische Mathematik 2 (1960) 84–90.

use std::ops::Range;

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose};
use crate::points::numbered;

/// Maximum number of dimensions: the bases are the first prime numbers, and sequences of large bases take long to become even.
pub const MAX_HALTON_DIMENSIONS: usize = 256;

/// Points have numbers below this.
const MAX_NUMBER: u64 = 1 << 42;

/// The points number `range.start` to `range.end`, excluded, of the Halton sequence in `dimensions` dimensions.
///
/// The bases are the first prime numbers, and point number 0 is the origin. With the seed `scramble` the digits at each
/// place of each dimension are permuted at random: A. B. Owen: A randomized Halton algorithm in R. arXiv 1706.02808
/// (2017).
///
/// A range gives the same points, bit for bit, as that part of a longer one. The bits are the same on every platform.
///
/// # Panics
/// If there are more than [`MAX_HALTON_DIMENSIONS`], or the range ends above 2^42.
#[must_use]
pub fn halton(dimensions: usize, range: Range<u64>, scramble: Option<u64>) -> UnitPoints {
    assert!(dimensions <= MAX_HALTON_DIMENSIONS, "{dimensions} dimensions, of {MAX_HALTON_DIMENSIONS}");
    assert!(range.end <= MAX_NUMBER, "numbers below {MAX_NUMBER} have a point");
    let mut points = UnitPoints::zeros(dimensions, numbered(&range));
    for (dimension, base) in primes().take(dimensions).enumerate() {
        let generator = scramble.map(|seed| RandomGenerator::new(RandomPurpose::Halton, &[seed, dimension as u64]));
        Counter::new(base, range.start, generator).fill(points.column_mut(dimension));
    }
    points
}

/// Returns the prime numbers, in order.
fn primes() -> impl Iterator<Item = u32> {
    (2..).filter(|&number| {
        (2..number).take_while(|divisor| divisor * divisor <= number).all(|divisor| number % divisor != 0)
    })
}

/// A number in some base, and the contributions of its digits when they are read in reverse, behind the point.
///
/// Everything is whole numbers below 2^53, so that only the last division rounds.
struct Counter {
    base: usize,
    /// The digits, the least significant first: as many as fit into 53 bits.
    digits: Vec<usize>,
    /// The contribution of each digit at each place: `base` numbers a place.
    parts: Vec<u64>,
    /// The sum of the digits' parts.
    numerator: u64,
    denominator: u64,
}

impl Counter {
    /// Returns the counter at `start`. With a generator, each place has digits in a random order.
    fn new(base: u32, start: u64, mut generator: Option<RandomGenerator>) -> Self {
        let places = places(base);
        let digit =
            |place| usize::try_from(start / u64::from(base).pow(place) % u64::from(base)).expect("below the base");
        let mut parts = Vec::new();
        for place in (0..places).rev() {
            let mut order: Vec<u32> = (0..base).collect();
            if let Some(generator) = &mut generator {
                generator.shuffle(&mut order);
            }
            parts.extend(order.into_iter().map(|digit| u64::from(digit) * u64::from(base).pow(place)));
        }
        let (base, digits) = (base as usize, (0..places).map(digit).collect::<Vec<_>>());
        let numerator = digits.iter().enumerate().map(|(place, digit)| parts[place * base + digit]).sum();
        Self { base, digits, parts, numerator, denominator: (base as u64).pow(places) }
    }

    /// Fills in the coordinates of the points from the counter's number on.
    // A browser optimises a function when it is called again: hence a separate function.
    #[inline(never)]
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53")]
    fn fill(mut self, values: &mut [f64]) {
        let denominator = self.denominator as f64;
        for value in values {
            *value = self.numerator.cast_signed() as f64 / denominator;
            self.advance();
        }
    }

    /// Counts one further.
    fn advance(&mut self) {
        for (digit, parts) in self.digits.iter_mut().zip(self.parts.chunks_exact(self.base)) {
            let before = parts[*digit];
            *digit = if *digit + 1 == self.base { 0 } else { *digit + 1 };
            self.numerator = self.numerator - before + parts[*digit];
            if *digit > 0 {
                return;
            }
        }
    }
}

/// Number of digits of a base that fit into 53 bits.
fn places(base: u32) -> u32 {
    (1_u64 << 53).ilog(u64::from(base))
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
            check_part(&halton(7, start as u64..end, seed), &halton(7, 0..end, seed), start);
        }

        #[test]
        fn points_are_in_the_cube_however_far_the_sequence_goes(start in 0..MAX_NUMBER, seed: Option<u64>) {
            check_unit_cube(&halton(MAX_HALTON_DIMENSIONS, start..(start + 3).min(MAX_NUMBER), seed));
        }

        #[test]
        fn each_interval_holds_one_point_of_a_power_of_the_base(seed: Option<u64>) {
            check_strata(&UnitPoints::from_columns(&[halton(2, 0..512, seed).column(0)]).unwrap());
            let in_thirds: Vec<f64> = halton(2, 0..243, seed).column(1).iter().map(|value| value + 1e-12).collect();
            check_strata(&UnitPoints::from_columns(&[in_thirds]).unwrap());
        }
    }

    #[test]
    fn the_sequence_begins_as_published() {
        let points = halton(2, 0..5, None);
        assert_eq!(points.column(0), [0.0, 0.5, 0.25, 0.75, 0.125]);
        assert_eq!(points.column(1), [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0 / 9.0, 4.0 / 9.0]);
    }

    #[test]
    fn bases_are_the_first_prime_numbers() {
        assert!(primes().take(8).eq([2, 3, 5, 7, 11, 13, 17, 19]));
        assert_eq!(primes().nth(MAX_HALTON_DIMENSIONS - 1), Some(1619));
    }

    #[test]
    fn every_number_has_enough_digits_in_every_base() {
        assert!(primes().take(MAX_HALTON_DIMENSIONS).all(|base| u64::from(base).pow(places(base)) >= MAX_NUMBER));
    }

    #[test]
    fn a_seed_gives_the_same_bits_everywhere() {
        assert_eq!(
            bits(&halton(2, 5..7, Some(1))),
            [
                4_602_811_209_131_260_307,
                4_598_439_999_462_503_206,
                4_597_840_468_735_058_188,
                4_605_347_331_242_374_325
            ]
        );
        assert_eq!(bits(&halton(256, 1000..1001, None))[254..], [4_603_759_348_035_506_417, 4_603_738_653_303_609_333]);
    }

    #[test]
    #[should_panic(expected = "257 dimensions, of 256")]
    fn too_many_dimensions_are_refused() {
        let _ = halton(257, 0..1, None);
    }
}
