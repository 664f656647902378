//! Latin hypercubes that fill the cube better than random ones.

mod discrepancy;
mod lanes;
mod maximin;
mod search;

use discrepancy::DiscrepancyObjective;
use maximin::MaximinObjective;

use crate::UnitPoints;
use crate::generator::{RandomGenerator, RandomPurpose};
use crate::latin_hypercube::{StratumPlaces, latin_hypercube};
use crate::quality::smallest_distance;
use crate::sobol::{MAX_SOBOL_DIMENSIONS, sobol};

/// Maximum number of points of an optimised Latin hypercube: with more, improving them takes longer than it is worth.
pub const MAX_OPTIMISED: usize = 10_000;

/// The property that an optimised Latin hypercube is improved in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptimisationCriterion {
    /// Its points are spread evenly, in all projections along the axes: a low centred discrepancy (F. J. Hickernell,
    /// 1998).
    CentredDiscrepancy,
    /// Its points are far from each other: a large smallest distance. The objective that is lowered is φ of M. D. Morris and T.
    /// J. Mitchell: Exploratory designs for computational experiments. Journal of Statistical Planning and Inference 43 (1995)
    /// 381–402, with the power p = 16.
    Maximin,
}

/// Returns a Latin hypercube of `count` points in the unit cube of `dimensions` dimensions that is good by a criterion.
///
/// It begins with a scrambled Sobol' sequence, whose coordinates are replaced by random places in the intervals of
/// their ranks: Y. Saka, M. Gunzburger, J. Burkardt: Latinized, improved LHS, and CVT point sets in hypercubes.
/// International Journal of Numerical Analysis and Modeling 4 (2007) 729–743. Then coordinates are exchanged between
/// points, by threshold accepting. The result is never worse than the beginning.
///
/// The number of exchanges that are tried follows from the size alone: some tenths of a second natively, a few times that in a
/// browser. `stream` selects one of the independent hypercubes of a seed. The bits are the same on every platform.
///
/// # Panics
/// If there are 2^32 points or more.
#[must_use]
pub fn optimised_latin_hypercube(
    dimensions: usize,
    count: usize,
    seed: u64,
    stream: u64,
    criterion: OptimisationCriterion,
) -> UnitPoints {
    let mut generator = RandomGenerator::new(RandomPurpose::Optimised, &[seed, stream]);
    let start = start(dimensions, count, &mut generator);
    let mut points = start.clone();
    match criterion {
        OptimisationCriterion::CentredDiscrepancy => {
            search::improve(&mut points, &mut DiscrepancyObjective::new(&start), &mut generator);
        }
        OptimisationCriterion::Maximin => {
            search::improve(&mut points, &mut MaximinObjective::new(&start), &mut generator);
        }
    }
    // φ ranks designs nearly as their smallest distance does, but not always.
    let is_worse =
        criterion == OptimisationCriterion::Maximin && smallest_distance(&points) < smallest_distance(&start);
    if is_worse { start } else { points }
}

/// Returns an even Latin hypercube; a random one if no Sobol' sequence has as many dimensions.
fn start(dimensions: usize, count: usize, generator: &mut RandomGenerator) -> UnitPoints {
    if dimensions > MAX_SOBOL_DIMENSIONS {
        return latin_hypercube(dimensions, count, generator.bits(), 0);
    }
    let mut points = sobol(dimensions, 0..count as u64, Some(generator.bits()));
    let places = StratumPlaces::of(count);
    for dimension in 0..dimensions {
        let column = points.column_mut(dimension);
        for (stratum, index) in (0..).zip(order(column)) {
            column[index] = places.draw(stratum, generator);
        }
    }
    points
}

/// Returns the indices of the values, from the smallest to the largest.
fn order(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&first, &second| values[first].total_cmp(&values[second]));
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{check_strata, digest};
    use crate::quality::centred_discrepancy;

    const CRITERIA: [OptimisationCriterion; 2] =
        [OptimisationCriterion::CentredDiscrepancy, OptimisationCriterion::Maximin];

    fn start_of(dimensions: usize, count: usize, seed: u64) -> UnitPoints {
        start(dimensions, count, &mut RandomGenerator::new(RandomPurpose::Optimised, &[seed, 0]))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn each_interval_of_each_dimension_holds_one_point(dimensions in 0..5_usize, count in 0..24_usize, seed: u64) {
            for criterion in CRITERIA {
                check_strata(&optimised_latin_hypercube(dimensions, count, seed, 0, criterion));
            }
        }

        #[test]
        fn the_result_is_never_worse_than_the_beginning(dimensions in 2..5_usize, count in 2..24_usize, seed: u64) {
            let start = start_of(dimensions, count, seed);
            let even = optimised_latin_hypercube(dimensions, count, seed, 0, OptimisationCriterion::CentredDiscrepancy);
            prop_assert!(centred_discrepancy(&even) <= centred_discrepancy(&start) + 1e-12);
            let distant = optimised_latin_hypercube(dimensions, count, seed, 0, OptimisationCriterion::Maximin);
            prop_assert!(smallest_distance(&distant) >= smallest_distance(&start));
        }
    }

    #[test]
    fn each_criterion_is_much_better_than_at_random() {
        for seed in 0..3 {
            let random = latin_hypercube(3, 40, seed, 0);
            let even = optimised_latin_hypercube(3, 40, seed, 0, OptimisationCriterion::CentredDiscrepancy);
            assert!(centred_discrepancy(&even) < 0.4 * centred_discrepancy(&random));
            let distant = optimised_latin_hypercube(3, 40, seed, 0, OptimisationCriterion::Maximin);
            assert!(smallest_distance(&distant).unwrap() > 1.5 * smallest_distance(&random).unwrap());
        }
    }

    #[test]
    fn more_dimensions_than_the_sobol_sequence_has_are_fine() {
        check_strata(&optimised_latin_hypercube(MAX_SOBOL_DIMENSIONS + 1, 3, 1, 0, OptimisationCriterion::Maximin));
    }

    #[test]
    fn a_seed_and_a_stream_give_the_same_bits_everywhere() {
        let digests = CRITERIA.map(|criterion| digest(&optimised_latin_hypercube(3, 30, 1, 3, criterion)));
        assert_eq!(digests, [17_383_454_728_439_358_082, 11_753_460_246_406_609_234]);
    }

    #[test]
    fn streams_and_seeds_differ() {
        let points = |seed, stream| optimised_latin_hypercube(2, 8, seed, stream, OptimisationCriterion::Maximin);
        assert_ne!(points(1, 3), points(1, 4));
        assert_ne!(points(1, 3), points(2, 3));
    }
}
