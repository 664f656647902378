//! Outliers: values far outside of the range of nearly all others, which would leave these no room on an axis.

use crate::axis::Axis;
use crate::number::{extent, real};

/// Shares of the values that may be far outside, in per cent.
const SHARES_PERCENT: [usize; 5] = [1, 2, 5, 10, 20];

/// Least ratio between the range of all values and that of the others, if some are far outside.
const MIN_FACTOR: f64 = 4.0;

/// Number of values that are looked at first if there are more: mostly they show already that no value is far outside.
const MAX_LOOKED_AT: usize = 20_000;
/// Factor by which the densest part of all values may be narrower than that of this sample.
const CHANCE: f64 = 0.9;

/// Values that are far outside, and the range of the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outliers {
    /// The least of the others.
    pub least: f64,
    /// The largest of the others.
    pub most: f64,
    /// Number of values that are far outside.
    pub count: usize,
    /// Number of values that the axis can show.
    pub of: usize,
}

impl Outliers {
    /// Looks for values that lie far outside, as the axis measures: on a logarithmic one by factors. `None` if there are none.
    /// `ends` are the least and the largest value that the axis can show.
    ///
    /// The others are those of the shortest interval that leaves out one in a hundred, or up to one in five if that isn't
    /// enough, and those that are no farther from it than it is long. The shortest half of values as a measure of location:
    /// Grübel, R. (1988): The length of the shorth.
    #[must_use]
    pub fn of(axis: &Axis, values: &[f64], ends: (f64, f64)) -> Option<Self> {
        let range = |(least, most): (f64, f64)| axis.stretched(most) - axis.stretched(least);
        let whole = range(ends);
        if is_dense(axis, values, whole) {
            return None;
        }
        let mut values: Vec<f64> = values.iter().copied().filter(|value| axis.can_show(*value)).collect();
        let is_much_narrower = |ends| range(ends) > 0.0 && MIN_FACTOR * range(ends) < whole;
        SHARES_PERCENT.iter().find_map(|share| {
            let left_out = values.len() * share / 100;
            let interval = shortest(&mut values, left_out, range).filter(|ends| is_much_narrower(*ends))?;
            let is_near = |value: &f64| is_near(axis, interval, *value);
            let ends = extent(values.iter().copied().filter(is_near))?;
            let count = values.iter().filter(|value| !is_near(value)).count();
            is_much_narrower(ends).then_some(Self { least: ends.0, most: ends.1, count, of: values.len() })
        })
    }

    /// Writes the share of the values that are far outside: `1 %`, `0.03 %`.
    #[must_use]
    pub fn share_in_words(&self) -> String {
        let percent = 100.0 * real(self.count) / real(self.of.max(1));
        let power = crate::label::power_of(percent).min(0);
        let unit = 10_f64.powi(-power);
        format!("{} %", crate::label::figure((percent * unit).round() / unit))
    }
}

/// Whether a sample of very many values shows already that no value is far outside: even its densest part takes too much of the
/// whole range.
fn is_dense(axis: &Axis, values: &[f64], whole: f64) -> bool {
    if values.len() <= MAX_LOOKED_AT {
        return false;
    }
    let some = values.iter().copied().step_by(values.len().div_ceil(MAX_LOOKED_AT));
    let mut some: Vec<f64> = some.filter(|value| axis.can_show(*value)).collect();
    let left_out = some.len() * SHARES_PERCENT[SHARES_PERCENT.len() - 1] / 100;
    let range = |(least, most): (f64, f64)| axis.stretched(most) - axis.stretched(least);
    shortest(&mut some, left_out, range).is_some_and(|densest| CHANCE * MIN_FACTOR * range(densest) > whole)
}

/// Whether the distance of a value from an interval is at most the length of the interval.
fn is_near(axis: &Axis, (least, most): (f64, f64), value: f64) -> bool {
    let (least, most, value) = (axis.stretched(least), axis.stretched(most), axis.stretched(value));
    (least - (most - least)..=most + (most - least)).contains(&value)
}

/// Returns the ends of the shortest interval that leaves out a number of values. The values are reordered.
fn shortest(values: &mut [f64], left_out: usize, range: impl Fn((f64, f64)) -> f64) -> Option<(f64, f64)> {
    let last = values.len().checked_sub(left_out + 1).filter(|last| left_out > 0 && *last > left_out)?;
    values.select_nth_unstable_by(left_out, f64::total_cmp);
    // The search continues behind the value that was found, which would otherwise be moved away from its place.
    values[left_out + 1..].select_nth_unstable_by(last - left_out - 1, f64::total_cmp);
    values[..left_out].sort_unstable_by(f64::total_cmp);
    values[last..].sort_unstable_by(f64::total_cmp);
    let intervals = (0..=left_out).map(|first| (values[first], values[last + first]));
    intervals.min_by(|one, other| range(*one).total_cmp(&range(*other)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::axis::AxisScale;
    use crate::samples::{bell, uniform};

    fn outliers(values: &[f64], scale: AxisScale) -> Option<Outliers> {
        let axis = Axis::covering("", "", scale, values);
        Outliers::of(&axis, values, axis.extent(values.iter().copied())?)
    }

    /// Joins some values, and others far outside.
    fn with(values: Vec<f64>, others: &[f64]) -> Vec<f64> {
        [values, others.to_vec()].concat()
    }

    #[test]
    fn a_penalty_is_far_outside_whatever_its_share() {
        for share in [1, 3, 20, 90] {
            let values = with(uniform(500, 1), &vec![1e9; share]);
            let found = outliers(&values, AxisScale::Linear).unwrap();
            assert_eq!((found.count, found.of), (share, 500 + share));
            assert!(found.least >= 0.0 && found.most <= 1.0, "{found:?}");
        }
        let many = outliers(&with(uniform(100_000, 1), &[500.0]), AxisScale::Linear).unwrap();
        assert_eq!((many.count, many.share_in_words()), (1, "0.001 %".to_owned()));
        let both = outliers(&with(bell(500, 1), &[1e300, -1e9]), AxisScale::Linear).unwrap();
        assert_eq!((both.count, both.share_in_words()), (2, "0.4 %".to_owned()));
        let low = outliers(&with(bell(500, 1), &[-200.0; 5]), AxisScale::Linear).unwrap();
        assert_eq!((low.count, low.share_in_words()), (5, "1 %".to_owned()));
    }

    #[test]
    fn values_without_a_gap_are_not_far_outside() {
        for values in
            [uniform(500, 1), uniform(100_000, 1), bell(100_000, 2), vec![5.0; 30], vec![1.0, 1e9], Vec::new()]
        {
            assert_eq!(outliers(&values, AxisScale::Linear), None);
        }
        let flags = with(vec![0.0; 500], &[1.0; 3]);
        assert_eq!(outliers(&flags, AxisScale::Linear), None, "a rare value is none");
    }

    #[test]
    fn a_logarithm_measures_by_factors() {
        let values: Vec<f64> = bell(800, 3).iter().map(|value| 10_f64.powf(3.0 * value)).collect();
        assert_eq!(outliers(&values, AxisScale::Logarithmic), None);
        assert!(outliers(&values, AxisScale::Linear).is_some());
    }

    proptest! {
        #[test]
        fn the_shortest_interval_is_that_among_sorted_values(
            mut values in prop::collection::vec(prop_oneof![0.0..9.0_f64, (0..9).prop_map(f64::from)], 0..60), left_out in 1..20_usize,
        ) {
            let length = |(least, most): (f64, f64)| most - least;
            let mut sorted = values.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            let others = sorted.len().saturating_sub(left_out).max(1);
            let lengths = sorted.windows(others).map(|window| length((window[0], window[others - 1])));
            let expected = lengths.min_by(f64::total_cmp).filter(|_| others > left_out + 1);
            prop_assert_eq!(shortest(&mut values, left_out, length).map(length), expected);
        }

        #[test]
        fn those_far_outside_and_the_others_are_all(values in prop::collection::vec(prop_oneof![prop::num::f64::ANY, -1.0..1.0_f64], 0..300)) {
            for scale in [AxisScale::Linear, AxisScale::Logarithmic] {
                let axis = Axis::covering("", "", scale, &values);
                let ends = axis.extent(values.iter().copied());
                if let Some(Outliers { least, most, count, of }) = ends.and_then(|ends| Outliers::of(&axis, &values, ends)) {
                    let inside = values.iter().filter(|value| (least..=most).contains(*value)).count();
                    prop_assert_eq!(inside + count, of);
                    prop_assert!(5 * count <= of && least < most);
                }
            }
        }
    }
}
