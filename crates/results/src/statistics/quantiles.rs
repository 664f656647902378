//! Quantiles of values in any order.

/// Quantiles of those values that there are; none if there are none.
///
/// Between two values it goes straight, as `numpy.quantile` does by default: type 7 of Hyndman and Fan (1996), *Sample
/// quantiles in statistical packages*, The American Statistician 50:361–365. A probability is from 0 to 1; beyond, it
/// is taken for the nearer of the two.
///
/// Changes the order of the values, but doesn't sort them: takes a time proportional to their number times the logarithm
/// of that of the probabilities.
#[must_use]
pub fn quantiles<const N: usize>(values: &mut [f64], probabilities: [f64; N]) -> Option<[f64; N]> {
    let values = finite(values);
    let last = values.len().checked_sub(1)?;
    let places = probabilities.map(|probability| Place::of(probability, last));
    let mut indices: Vec<usize> = places.iter().flat_map(|place| [place.index, (place.index + 1).min(last)]).collect();
    indices.sort_unstable();
    indices.dedup();
    select(values, &indices, 0);
    Some(places.map(|place| place.between(values)))
}

/// The value that half of the others are below, or the mean of the middle two; none if there are no values.
#[must_use]
pub fn median(values: &mut [f64]) -> Option<f64> {
    quantiles(values, [0.5]).map(|[median]| median)
}

/// Where a quantile is among values in order.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// Of the value below.
    index: usize,
    /// How far it is to the next one, from 0 to 1.
    part: f64,
}

impl Place {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to `last`")]
    fn of(probability: f64, last: usize) -> Self {
        let position = super::float(last) * probability.clamp(0.0, 1.0);
        Self { index: position.floor() as usize, part: position.fract() }
    }

    /// Numbers in between are found from the closer end, which keeps them in order.
    fn between(self, values: &[f64]) -> f64 {
        let below = values[self.index];
        let Some(above) = values.get(self.index + 1) else { return below };
        if self.part < 0.5 { below + (above - below) * self.part } else { above - (above - below) * (1.0 - self.part) }
    }
}

/// Moves the finite values to the front.
fn finite(values: &mut [f64]) -> &mut [f64] {
    let mut count = 0;
    for index in 0..values.len() {
        if values[index].is_finite() {
            values.swap(index, count);
            count += 1;
        }
    }
    &mut values[..count]
}

/// Puts the values of these places, which rise and start at `first`, where they were if all values were sorted.
fn select(values: &mut [f64], places: &[usize], first: usize) {
    let middle = places.len() / 2;
    let Some(place) = places.get(middle) else { return };
    let (below, _, above) = values.select_nth_unstable_by(place - first, f64::total_cmp);
    select(below, &places[..middle], first);
    select(above, &places[middle + 1..], place + 1);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{assert_close, numbers, value};
    use super::*;

    const NONE: f64 = f64::NAN;

    /// `numpy.quantile([3.5, -1, 7.25, 0.5, 3.5, 12, -4.5, 2], [0.05, 0.25, 0.5, 0.95, 0.9])`.
    #[test]
    fn quantiles_are_those_of_numpy() {
        let mut values = [3.5, NONE, -1.0, 7.25, 0.5, 3.5, f64::INFINITY, 12.0, -4.5, 2.0];
        let found = quantiles(&mut values, [0.05, 0.25, 0.5, 0.95, 0.9]).unwrap();
        for (found, expected) in found.into_iter().zip([-3.275, 0.125, 2.75, 10.337_5, 8.675]) {
            assert_close(found, expected, 1e-15);
        }
    }

    #[test]
    fn the_ends_are_the_least_and_the_most() {
        assert_eq!(quantiles(&mut [4.0, 1.0, 3.0], [0.0, 1.0, -7.0, 7.0]), Some([1.0, 4.0, 1.0, 4.0]));
        assert_eq!(quantiles(&mut [4.0], [0.0, 0.3, 1.0]), Some([4.0; 3]));
    }

    #[test]
    fn no_values_have_no_quantiles() {
        assert_eq!(quantiles(&mut [], [0.5]), None);
        assert_eq!(quantiles(&mut [NONE, f64::INFINITY], [0.5]), None);
        assert_eq!(quantiles(&mut [4.0], []), Some([]));
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert_eq!(median(&mut [4.0, 1.0, NONE, 3.0, 8.0]), Some(3.5));
        assert_eq!(median(&mut [4.0, 1.0, 3.0]), Some(3.0));
        assert_eq!(median(&mut [1e9 + 0.5; 4]), Some(1e9 + 0.5));
    }

    proptest! {
        #[test]
        fn selecting_finds_what_sorting_does(mut values in prop::collection::vec(value(), 1..80), probabilities: [f64; 6]) {
            let probabilities = probabilities.map(|probability| probability.abs().fract());
            let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            sorted.sort_by(f64::total_cmp);
            let found = quantiles(&mut values, probabilities);
            let expected = sorted.len().checked_sub(1).map(|last| probabilities.map(|probability| Place::of(probability, last).between(&sorted)));
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn a_higher_probability_has_no_lower_quantile(seed: u64, first in 0.0..=1.0_f64, second in 0.0..=1.0_f64) {
            let found = quantiles(&mut numbers(seed, 20), [first.min(second), first.max(second)]).unwrap();
            prop_assert!(found[0] <= found[1]);
        }
    }
}
