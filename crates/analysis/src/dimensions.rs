//! Correlation between the dimensions of points.

use super::centred::CentredValues;

/// Correlation between two dimensions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DimensionCorrelation {
    /// Pearson's coefficient, from -1 to 1.
    pub value: f64,
    /// The one dimension, counted from 0.
    pub first: usize,
    /// The other one, above `first`.
    pub second: usize,
}

/// Returns the two dimensions whose correlation is farthest from zero: the first of several equal ones. `columns` are the
/// dimensions, each with a value a point.
///
/// Returns `None` if there aren't two dimensions along which the points differ. Takes a time proportional to the number of
/// points, times the square of their dimensions.
#[must_use]
pub fn largest_correlation<'a>(columns: impl Iterator<Item = &'a [f64]>) -> Option<DimensionCorrelation> {
    let centred = columns.map(|column| CentredValues::of(column.to_vec())).enumerate();
    let columns: Vec<(usize, CentredValues)> = centred.filter_map(|(index, column)| Some((index, column?))).collect();
    let mut largest: Option<DimensionCorrelation> = None;
    for (index, (first, column)) in columns.iter().enumerate() {
        for (second, other) in &columns[index + 1..] {
            let value = column.correlation(other).clamp(-1.0, 1.0);
            if largest.is_none_or(|largest| value.abs() > largest.value.abs()) {
                largest = Some(DimensionCorrelation { value, first: *first, second: *second });
            }
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(columns: &[[f64; 5]]) -> Option<DimensionCorrelation> {
        largest_correlation(columns.iter().map(<[f64; 5]>::as_slice))
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
        for columns in [&[][..], &[&[][..]; 3], &[&[0.5][..]; 3]] {
            assert_eq!(largest_correlation(columns.iter().copied()), None);
        }
    }
}
