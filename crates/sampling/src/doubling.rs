//! Latin hypercubes that grow.
//!
//! C. J. Sallaberry, J. C. Helton, S. C. Hora: Extension of Latin hypercube samples with correlated variables. Reliability
//! Engineering & System Safety 93 (2008) 1047–1059, for independent variables. The smaller hypercube is nested in the larger
//! one: P. Z. G. Qian: Nested Latin hypercube designs. Biometrika 96 (2009) 957–970.

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose};
use crate::latin_hypercube::StratumPlaces;

/// Returns as many points again, which together with `points` are a Latin hypercube, if `points` are one.
///
/// Halving the intervals leaves, along each dimension, one half of each empty; the new points fill these, in random
/// order. If `points` are no Latin hypercube, the new ones go to different empty intervals. Several doublings may have
/// the same seed and stream. The bits are the same on every platform.
///
/// # Panics
/// If `points` are 2^31 or more.
#[must_use]
pub fn double_latin_hypercube(points: &UnitPoints, seed: u64, stream: u64) -> UnitPoints {
    let count = points.len();
    let mut added = UnitPoints::zeros(points.dimensions(), count);
    let places = StratumPlaces::of(2 * count);
    for (dimension, column) in points.columns().enumerate() {
        let mut generator =
            RandomGenerator::new(RandomPurpose::Doubled, &[seed, stream, count as u64, dimension as u64]);
        let mut strata = empty_strata(column, 2 * count);
        generator.shuffle(&mut strata);
        places.fill(added.column_mut(dimension), &strata, &mut generator);
    }
    added
}

/// Returns the indices of the intervals of length 1 / `count` that hold none of the values.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what is out of bounds counts as the nearest"
)]
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
fn empty_strata(values: &[f64], count: usize) -> Vec<u32> {
    let mut is_empty = vec![true; count];
    for value in values {
        is_empty[((value * count as f64) as usize).min(count - 1)] = false;
    }
    let strata = (0..u32::try_from(count).expect("fewer strata than 2^32")).zip(is_empty);
    strata.filter_map(|(stratum, is_empty)| is_empty.then_some(stratum)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{bits, check_part, check_strata, check_unit_cube};
    use crate::{latin_hypercube, random};

    fn doubled(points: &UnitPoints, seed: u64) -> UnitPoints {
        let mut both = points.clone();
        both.append(&double_latin_hypercube(points, seed, 0));
        both
    }

    proptest! {
        #[test]
        fn a_latin_hypercube_stays_one_however_often_it_is_doubled(
            dimensions in 0..6_usize, count in 0..60_usize, seed: u64
        ) {
            let first = latin_hypercube(dimensions, count, seed, 0);
            let second = doubled(&first, seed);
            let third = doubled(&second, seed);
            check_strata(&second);
            check_strata(&third);
            check_strata(&doubled(&third, seed));
            check_part(&first, &third, 0);
        }

        #[test]
        fn other_points_get_new_ones_in_empty_intervals(count in 0..60_usize, seed: u64) {
            let points = random(2, count, seed, 0);
            let added = double_latin_hypercube(&points, seed, 0);
            check_unit_cube(&added);
            for (old, new) in points.columns().zip(added.columns()) {
                let strata = empty_strata(old, 2 * count);
                prop_assert_eq!(empty_strata(&[old, new].concat(), 2 * count).len() + count, strata.len());
            }
        }
    }

    #[test]
    fn points_outside_the_cube_do_no_harm() {
        let points = UnitPoints::from_columns(&[[f64::NAN, -1.0, 1.0, f64::INFINITY]]).unwrap();
        check_unit_cube(&double_latin_hypercube(&points, 1, 0));
    }

    #[test]
    fn a_seed_and_a_stream_give_the_same_bits_everywhere() {
        assert_eq!(
            bits(&double_latin_hypercube(&latin_hypercube(2, 2, 1, 3), 1, 3)),
            [
                4_605_954_991_958_583_624,
                4_585_537_937_256_082_560,
                4_604_405_390_288_698_984,
                4_598_254_902_714_474_224
            ]
        );
    }
}
