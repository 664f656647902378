//! The centred discrepancy.
//!
//! F. J. Hickernell: A generalized discrepancy and quadrature error bound. Mathematics of Computation 67 (1998) 299–322.

use crate::UnitPoints;

/// Maximum number of points of which a page computes the discrepancy: in 10 dimensions it takes about two seconds there.
pub const MAX_DISCREPANCY_POINTS: usize = 20_000;

/// Number of products that are computed at a time: few enough to stay in the nearest cache.
const BLOCK: usize = 64;

/// Returns the square of the centred L2-discrepancy, which measures how far the points are from being spread evenly over the
/// unit cube, in all projections along its axes. Lower is better; zero can't be reached.
///
/// The number has no unit; it can be compared between points of the same number of dimensions. Takes a time proportional to the
/// square of the number of points, times their dimensions. With no points at all it is (13/12)^d.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 points")]
pub fn centred_discrepancy(points: &UnitPoints) -> f64 {
    let nothing = (0..points.dimensions()).fold(1.0, |product, _| product * (13.0 / 12.0));
    if points.is_empty() {
        return nothing;
    }
    let count = points.len() as f64;
    let columns: Vec<Vec<f64>> = points.columns().map(|column| column.iter().copied().map(halved).collect()).collect();
    nothing - 2.0 / count * singles(&columns, points.len()) + pairs(&columns, points.len()) / (count * count)
}

/// Returns the mean [`centred_discrepancy`] of `points` independent points, each evenly distributed over the unit cube:
/// ((5/4)^d − (13/12)^d) / n, no unit.
///
/// This is the expected value of Hickernell's formula (source above): the product that a pair of points contributes is
/// (13/12)^d on average, as is that of a single point, and (5/4)^d if a point is paired with itself.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 points")]
pub fn mean_discrepancy_of_random(points: usize, dimensions: usize) -> f64 {
    let power = |base: f64| (0..dimensions).fold(1.0, |product, _| product * base);
    (power(5.0 / 4.0) - power(13.0 / 12.0)) / points.max(1) as f64
}

/// Returns the discrepancy that an optimised Latin hypercube of `points` points reaches: within a tenth for 2 dimensions or
/// more. `None` if that isn't known: beyond 10 dimensions, and for fewer than 8 or more than 4,096 points.
///
/// A design can hardly be more even, so this is the figure to compare [`centred_discrepancy`] with; no unit. It comes from a
/// table, since improving a hypercube takes a second in a browser.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 points")]
pub fn discrepancy_of_optimised(points: usize, dimensions: usize) -> Option<f64> {
    let reached = REACHED.get(dimensions.checked_sub(1)?)?;
    let doublings = (points as f64).log2() - 3.0;
    if !(0.0..=9.0).contains(&doublings) {
        return None;
    }
    let mut above = reached.iter().enumerate().skip_while(|(place, _)| (*place as f64) < doublings);
    let (place, next) = above.next()?;
    let last = reached[place.saturating_sub(1)];
    // Between two entries the discrepancy falls evenly in the logarithms.
    Some(next * (last / next).powf(place as f64 - doublings))
}

/// The centred discrepancy of [`optimised_latin_hypercube`](crate::optimised_latin_hypercube) with seed 1: a row a number of
/// dimensions from 1, a column a number of points: 8, 16 … 4,096.
const REACHED: [[f64; 10]; 10] = [
    [2.153e-3, 6.105e-4, 1.560e-4, 4.065e-5, 9.843e-6, 2.471e-6, 6.299e-7, 1.575e-7, 3.892e-8, 9.871e-9],
    [6.632e-3, 1.789e-3, 4.801e-4, 1.215e-4, 3.172e-5, 8.348e-6, 2.257e-6, 6.775e-7, 1.912e-7, 5.219e-8],
    [1.421e-2, 4.184e-3, 1.157e-3, 3.223e-4, 9.347e-5, 2.647e-5, 8.472e-6, 2.694e-6, 7.439e-7, 2.045e-7],
    [2.891e-2, 8.583e-3, 2.607e-3, 7.858e-4, 2.372e-4, 7.426e-5, 2.655e-5, 8.284e-6, 2.533e-6, 7.068e-7],
    [5.264e-2, 1.577e-2, 5.073e-3, 1.669e-3, 5.383e-4, 1.771e-4, 6.486e-5, 2.156e-5, 6.997e-6, 2.151e-6],
    [8.527e-2, 2.747e-2, 9.378e-3, 3.233e-3, 1.098e-3, 3.855e-4, 1.436e-4, 5.228e-5, 1.802e-5, 5.687e-6],
    [1.383e-1, 4.531e-2, 1.634e-2, 5.750e-3, 2.059e-3, 7.614e-4, 3.076e-4, 1.157e-4, 4.216e-5, 1.382e-5],
    [2.120e-1, 7.117e-2, 2.628e-2, 9.830e-3, 3.667e-3, 1.388e-3, 5.742e-4, 2.208e-4, 8.895e-5, 2.999e-5],
    [3.098e-1, 1.076e-1, 4.135e-2, 1.591e-2, 6.123e-3, 2.438e-3, 1.037e-3, 4.246e-4, 1.721e-4, 5.804e-5],
    [4.396e-1, 1.589e-1, 6.182e-2, 2.462e-2, 9.812e-3, 4.045e-3, 1.810e-3, 7.239e-4, 2.898e-4, 1.088e-4],
];

/// Half the distance from the centre, with its sign: the form in which the functions below take a coordinate.
pub(crate) fn halved(value: f64) -> f64 {
    (value - 0.5) * 0.5
}

/// Contribution of one coordinate of a pair of points to the product of this pair.
pub(crate) fn kernel(first: f64, second: f64) -> f64 {
    1.0 + first.abs() + (second.abs() - (first - second).abs())
}

/// Contribution of one coordinate of a point to the product of this point.
pub(crate) fn single(coordinate: f64) -> f64 {
    1.0 + coordinate.abs() - 2.0 * coordinate * coordinate
}

fn singles(columns: &[Vec<f64>], count: usize) -> f64 {
    (0..count).map(|point| columns.iter().map(|column| single(column[point])).product::<f64>()).sum()
}

/// The sum over all pairs: each point with itself once, with each other twice.
fn pairs(columns: &[Vec<f64>], count: usize) -> f64 {
    let mut sum = 0.0;
    for point in 0..count {
        let itself: f64 = columns.iter().map(|column| kernel(column[point], column[point])).product();
        let blocks = (point + 1..count).step_by(BLOCK);
        let others: f64 = blocks.map(|start| with_others(columns, point, start..count.min(start + BLOCK))).sum();
        sum += itself + 2.0 * others;
    }
    sum
}

/// The sum over the pairs of a point with a few others, at most `BLOCK`.
// A browser optimises a function when it is called again: hence a separate function.
#[inline(never)]
fn with_others(columns: &[Vec<f64>], point: usize, others: std::ops::Range<usize>) -> f64 {
    let mut products = [1.0; BLOCK];
    let products = &mut products[..others.len()];
    for column in columns {
        let coordinate = column[point];
        for (product, &other) in products.iter_mut().zip(&column[others.clone()]) {
            *product *= kernel(coordinate, other);
        }
    }
    products.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{OptimisationCriterion, optimised_latin_hypercube, random};

    /// The formula as the literature gives it.
    fn by_the_formula(points: &UnitPoints) -> f64 {
        let z = |point: usize| points.row(point).map(|value| value - 0.5).collect::<Vec<_>>();
        let rows: Vec<Vec<f64>> = (0..points.len()).map(z).collect();
        let count = f64::from(u32::try_from(points.len()).unwrap());
        let single = |row: &Vec<f64>| row.iter().map(|z| 1.0 + 0.5 * z.abs() - 0.5 * z * z).product::<f64>();
        let pair = |(one, other): (&Vec<f64>, &Vec<f64>)| {
            let factors = one.iter().zip(other).map(|(a, b)| 1.0 + 0.5 * a.abs() + 0.5 * b.abs() - 0.5 * (a - b).abs());
            factors.product::<f64>()
        };
        let pairs = rows.iter().flat_map(|one| rows.iter().map(move |other| (one, other)));
        (13.0_f64 / 12.0).powi(i32::try_from(points.dimensions()).unwrap())
            - 2.0 / count * rows.iter().map(single).sum::<f64>()
            + pairs.map(pair).sum::<f64>() / (count * count)
    }

    proptest! {
        #[test]
        fn the_discrepancy_is_that_of_the_formula(dimensions in 0..6_usize, count in 1..150_usize, seed: u64) {
            let points = random(dimensions, count, seed, 0);
            prop_assert!((centred_discrepancy(&points) - by_the_formula(&points)).abs() < 1e-13);
        }
    }

    #[test]
    fn an_optimised_hypercube_reaches_what_the_table_says() {
        for (points, dimensions) in
            [(8, 2), (16, 3), (23, 3), (100, 5), (50, 2), (700, 7), (9, 10), (1024, 4), (4096, 2)]
        {
            let seeds = if points > 1000 { 2..3 } else { 2..5 };
            for seed in seeds {
                let made =
                    optimised_latin_hypercube(dimensions, points, seed, 0, OptimisationCriterion::CentredDiscrepancy);
                let ratio = centred_discrepancy(&made) / discrepancy_of_optimised(points, dimensions).unwrap();
                assert!((0.85..1.15).contains(&ratio), "{points} points in {dimensions} dimensions: {ratio}");
            }
        }
    }

    #[test]
    fn what_was_not_computed_is_not_told() {
        for (points, dimensions) in [(0, 2), (7, 2), (4097, 2), (16, 0), (16, 11), (usize::MAX, 3)] {
            assert_eq!(discrepancy_of_optimised(points, dimensions), None, "{points} in {dimensions}");
        }
        assert_eq!(discrepancy_of_optimised(8, 1), Some(REACHED[0][0]));
        assert_eq!(discrepancy_of_optimised(4096, 10), Some(REACHED[9][9]));
    }

    #[test]
    fn known_points_have_the_discrepancy_that_scipy_says() {
        let check = |points: &UnitPoints, expected: f64| {
            let found = centred_discrepancy(points);
            assert!((found - expected).abs() < 1e-14 * expected.max(1.0), "{found} is {expected}");
        };
        let integers = [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [3.0, 6.0, 2.0, 5.0, 1.0, 4.0]];
        let scaled = integers.map(|column| column.map(|value| (2.0 * value - 1.0) / 12.0));
        check(&UnitPoints::from_columns(&scaled).unwrap(), 0.008_142_039_609_053_464);
        check(&crate::halton(5, 0..100, None), 0.002_896_481_682_294_505);
        check(&crate::sobol(10, 0..128, None), 0.014_797_092_969_288_883);
    }

    #[test]
    fn random_points_have_the_discrepancy_that_is_expected() {
        const REPEATS: u32 = 2_000;
        for (points, dimensions) in [(1, 1), (10, 3), (30, 6)] {
            let found: Vec<f64> =
                (0..REPEATS).map(|seed| centred_discrepancy(&random(dimensions, points, u64::from(seed), 0))).collect();
            let mean = found.iter().sum::<f64>() / f64::from(REPEATS);
            let variance = found.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / f64::from(REPEATS);
            let expected = mean_discrepancy_of_random(points, dimensions);
            let error = (variance / f64::from(REPEATS)).sqrt();
            assert!((mean - expected).abs() < 4.0 * error, "{mean} ± {error} is {expected}");
        }
    }

    #[test]
    fn one_point_in_the_centre_of_a_line_is_best() {
        let of = |value: f64| centred_discrepancy(&UnitPoints::from_columns(&[[value]]).unwrap());
        assert!((of(0.5) - 1.0 / 12.0).abs() < 1e-15);
        assert!(of(0.5) < of(0.4) && of(0.4) < of(0.1));
    }

    #[test]
    fn no_points_are_the_worst_and_no_dimensions_the_best() {
        assert!((centred_discrepancy(&UnitPoints::zeros(2, 0)) - (13.0_f64 / 12.0).powi(2)).abs() < 1e-15);
        assert!(centred_discrepancy(&UnitPoints::zeros(0, 7)).abs() < 1e-15);
    }
}
