//! Independent random points.

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose};

/// Returns `count` independent points, uniform in the unit cube of `dimensions` dimensions.
///
/// A larger number of points of the same seed and stream begins with the same points, bit for bit: each dimension has a
/// generator of its own. `stream` selects one of the independent sequences of a seed. The bits are the same on every platform.
#[must_use]
pub fn random(dimensions: usize, count: usize, seed: u64, stream: u64) -> UnitPoints {
    let mut points = UnitPoints::zeros(dimensions, count);
    for dimension in 0..dimensions {
        RandomGenerator::new(RandomPurpose::Random, &[seed, stream, dimension as u64])
            .fill(points.column_mut(dimension));
    }
    points
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{bits, check_part, check_unit_cube};

    proptest! {
        #[test]
        fn more_points_begin_with_the_same_ones(
            dimensions in 0..6_usize, count in 0..50_usize, more in 0..50_usize, seed: u64
        ) {
            let points = random(dimensions, count + more, seed, 1);
            check_unit_cube(&points);
            check_part(&random(dimensions, count, seed, 1), &points, 0);
        }
    }

    #[test]
    fn a_seed_and_a_stream_give_the_same_bits_everywhere() {
        assert_eq!(
            bits(&random(2, 2, 1, 3)),
            [
                4_592_533_931_936_654_120,
                4_604_773_433_931_190_665,
                4_603_656_401_419_431_455,
                4_597_327_268_366_922_644
            ]
        );
    }

    #[test]
    fn streams_and_seeds_differ() {
        assert_ne!(random(2, 8, 1, 3), random(2, 8, 1, 4));
        assert_ne!(random(2, 8, 1, 3), random(2, 8, 2, 3));
    }

    #[test]
    fn points_are_uniform_and_independent() {
        let points = random(3, 100_000, 5, 0);
        for column in points.columns() {
            let mean = column.iter().sum::<f64>() / 1e5;
            // Five standard errors.
            assert!((mean - 0.5).abs() < 5.0 * (1.0_f64 / 12e5).sqrt(), "{mean}");
        }
        let columns: Vec<&[f64]> = points.columns().collect();
        for (first, second) in [(0, 1), (0, 2), (1, 2)] {
            let pairs = columns[first].iter().zip(columns[second]);
            let correlation = 12.0 * pairs.map(|(first, second)| (first - 0.5) * (second - 0.5)).sum::<f64>() / 1e5;
            assert!(correlation.abs() < 5.0 / 1e5_f64.sqrt(), "{correlation}");
        }
    }
}
