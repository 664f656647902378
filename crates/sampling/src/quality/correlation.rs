//! Correlation between dimensions.

use crate::UnitPoints;

/// How two dimensions depend on each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DimensionCorrelation {
    /// Pearson's coefficient, from -1 to 1.
    pub value: f64,
    /// The one dimension, counted from 0.
    pub first: usize,
    /// The other one, above `first`.
    pub second: usize,
}

/// The two dimensions whose correlation is farthest from zero: of several equal ones the first.
///
/// None if there aren't two dimensions along which the points differ. Takes a time proportional to the number of
/// points, times the square of their dimensions.
#[must_use]
pub fn largest_correlation(points: &UnitPoints) -> Option<DimensionCorrelation> {
    let columns: Vec<(usize, Vec<f64>)> =
        points.columns().map(standardised).enumerate().filter_map(|(index, column)| Some((index, column?))).collect();
    let mut largest: Option<DimensionCorrelation> = None;
    for (index, (first, column)) in columns.iter().enumerate() {
        for (second, other) in &columns[index + 1..] {
            let value = product(column, other).clamp(-1.0, 1.0);
            if largest.is_none_or(|largest| value.abs() > largest.value.abs()) {
                largest = Some(DimensionCorrelation { value, first: *first, second: *second });
            }
        }
    }
    largest
}

/// The values, moved and scaled such that their sum is 0 and the sum of their squares 1; none if all are the same.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 points")]
fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    let first = values.first()?;
    // A mean is rounded: that of equal values may differ from them.
    if values.iter().all(|value| value.to_bits() == first.to_bits()) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let length = product(&centred, &centred).sqrt();
    (length > 0.0).then(|| centred.into_iter().map(|value| value / length).collect())
}

/// The sum of the products, in four sums that don't wait for each other.
// A browser optimises a function when it is called again: hence a call of its own.
#[inline(never)]
fn product(first: &[f64], second: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    for (first, second) in first.chunks(4).zip(second.chunks(4)) {
        for (sum, (first, second)) in sums.iter_mut().zip(first.iter().zip(second)) {
            *sum += first * second;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(columns: &[[f64; 5]]) -> Option<DimensionCorrelation> {
        largest_correlation(&UnitPoints::from_columns(columns).unwrap())
    }

    #[test]
    fn the_two_dimensions_farthest_from_zero_are_found_with_their_sign() {
        let (steps, other) = ([0.1, 0.2, 0.3, 0.4, 0.5], [0.5, 0.1, 0.4, 0.2, 0.35]);
        let falling = steps.map(|value| 1.0 - value * value);
        let found = largest(&[other, steps, falling]).unwrap();
        assert_eq!((found.first, found.second), (1, 2));
        // -6 / sqrt(37.4), by hand.
        assert!((found.value + 6.0 / 37.4_f64.sqrt()).abs() < 1e-15, "{}", found.value);
    }

    #[test]
    fn a_constant_dimension_has_no_correlation() {
        let (steps, constant) = ([0.1, 0.2, 0.3, 0.4, 0.5], [0.1; 5]);
        assert_eq!(largest(&[steps, constant]), None);
        assert_eq!(largest(&[constant, constant]), None);
        let found = largest(&[steps, constant, steps]).unwrap();
        assert_eq!((found.first, found.second), (0, 2));
        assert!((found.value - 1.0).abs() < 1e-15 && found.value <= 1.0);
    }

    #[test]
    fn fewer_than_two_dimensions_or_points_have_none() {
        assert_eq!(largest(&[[0.1, 0.2, 0.3, 0.4, 0.5]]), None);
        for (dimensions, count) in [(0, 0), (0, 5), (3, 0), (3, 1)] {
            assert_eq!(largest_correlation(&UnitPoints::zeros(dimensions, count)), None);
        }
    }
}
