//! Difference between the distributions of two samples.

use super::{float, sort_key};

/// Returns the largest difference between the empirical distributions of two samples, from 0 (the same) to 1 (all values of one are
/// below all of the other): the statistic of Kolmogorov and Smirnov. What isn't finite is left out; `None` if nothing is left of one.
#[must_use]
pub fn largest_difference(one: &[f64], other: &[f64]) -> Option<f64> {
    let mut sorted: Vec<u64> = one.iter().filter(|value| value.is_finite()).map(|value| sort_key(*value)).collect();
    sorted.sort_unstable();
    let others: Vec<u64> = other.iter().filter(|value| value.is_finite()).map(|value| sort_key(*value)).collect();
    if sorted.is_empty() || others.is_empty() {
        return None;
    }
    // Between two values of the first sample its distribution is constant and the other one only rises: the largest difference
    // is at one of these values, or just before it.
    let (mut up_to, mut below) = (vec![0_usize; sorted.len() + 1], vec![0_usize; sorted.len() + 1]);
    for value in &others {
        up_to[sorted.partition_point(|own| own < value)] += 1;
        below[sorted.partition_point(|own| own <= value)] += 1;
    }
    let (all, all_others) = (float(sorted.len()), float(others.len()));
    let (mut largest, mut count_up_to, mut count_below) = (0.0_f64, 0, 0);
    for (place, value) in sorted.iter().enumerate() {
        count_up_to += up_to[place];
        count_below += below[place];
        let is_first = place == 0 || sorted[place - 1] != *value;
        let is_last = sorted.get(place + 1) != Some(value);
        if is_first {
            largest = largest.max((float(place) / all - float(count_below) / all_others).abs());
        }
        if is_last {
            largest = largest.max((float(place + 1) / all - float(count_up_to) / all_others).abs());
        }
    }
    Some(largest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(one: &[f64], other: &[f64], expected: Option<f64>) {
        for found in [largest_difference(one, other), largest_difference(other, one)] {
            let is_near = found.zip(expected).is_none_or(|(found, expected)| (found - expected).abs() < 1e-12);
            assert!(found.is_some() == expected.is_some() && is_near, "{one:?}, {other:?}: {found:?}");
        }
    }

    #[test]
    fn samples_that_lie_apart_differ_by_one_and_equal_ones_by_nothing() {
        check(&[1.0, 2.0], &[3.0, 4.0], Some(1.0));
        check(&[1.0, 2.0, 2.0], &[2.0, 1.0, 2.0], Some(0.0));
        check(&[0.0], &[-0.0], Some(0.0));
        check(&[1.0, 3.0], &[2.0, 4.0], Some(0.5));
        check(&[1.0, f64::NAN, f64::INFINITY], &[1.0], Some(0.0));
        check(&[f64::NAN], &[1.0], None);
        check(&[], &[], None);
    }

    proptest! {
        #[test]
        fn it_is_the_largest_difference_at_any_value(one in prop::collection::vec(-4_i8..4, 1..20), other in prop::collection::vec(-4_i8..4, 1..20)) {
            let (one, other): (Vec<f64>, Vec<f64>) = (one.into_iter().map(f64::from).collect(), other.into_iter().map(f64::from).collect());
            let share = |sample: &[f64], at: f64| float(sample.iter().filter(|value| **value <= at).count()) / float(sample.len());
            let at = |place: i8| (share(&one, f64::from(place)) - share(&other, f64::from(place))).abs();
            let expected = (-5..5).map(at).fold(0.0, f64::max);
            prop_assert!((largest_difference(&one, &other).unwrap() - expected).abs() < 1e-12);
        }
    }
}
