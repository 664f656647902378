//! The first response of a batch, as a small histogram for those who only glance at it.

use crate::ledger::CaseFinish;

/// Maximum number of bins.
pub const MAX_BINS: usize = 24;

/// Maximum number of values that quartiles are taken from.
const MAX_SAMPLE: usize = 255;

/// Distance from the quartiles, in interquartile ranges, beyond which a number is far from all others.
const FAR: f64 = 10.0;

/// The numbers of the response that came first in the results of a batch, or of several.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ResponseSummary {
    /// Its name.
    pub name: String,
    /// Number of results with a number there.
    pub numbers: u64,
    /// Number of other results: with a text, with nothing there, or not read.
    pub others: u64,
    /// The least number.
    pub least: f64,
    /// The largest number.
    pub most: f64,
    /// Numbers in no bin: they lie far from all others, and would leave no room for those.
    pub far: u64,
    /// The rest.
    pub bins: ResponseBins,
}

/// Counts of numbers in bins of equal width. The width is a power of two, and a bin begins at a multiple of it, so that the bins of
/// several batches fit onto each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseBins {
    /// The power of two.
    pub exponent: i32,
    /// Beginning of the first bin, in widths.
    pub first: i64,
    /// Number of numbers in each bin.
    pub counts: Vec<u64>,
}

/// Numbers of the first response, by the place of their case's finish.
#[derive(Debug, Default)]
pub(crate) struct ResponseValues {
    name: Option<String>,
    /// NaN where there is none; ends after the last one.
    values: Vec<f64>,
}

impl ResponseValues {
    /// Returns the name of the response, once there was a number.
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the number at this place, with the response's name.
    pub(crate) fn get(&self, place: usize) -> Option<(&str, f64)> {
        Some((self.name()?, *self.values.get(place)?))
    }

    /// Notes what the result at this place has, in place of what it had. The first number tells which response counts.
    pub(crate) fn set(&mut self, place: usize, response: Option<(&str, f64)>) {
        let response = response.filter(|(_, number)| number.is_finite());
        if let (None, Some((name, _))) = (&self.name, response) {
            self.name = Some(name.to_owned());
        }
        let number = response.filter(|(name, _)| self.name() == Some(name)).map(|(_, number)| number);
        if number.is_some() && self.values.len() <= place {
            self.values.resize(place + 1, f64::NAN);
        }
        if let Some(value) = self.values.get_mut(place) {
            *value = number.unwrap_or(f64::NAN);
        }
    }

    /// Summarises the results whose finish has a time; `None` if none of them has a number.
    pub(crate) fn summary(&self, finishes: &[CaseFinish]) -> Option<ResponseSummary> {
        let counts = |(value, finish): &(&f64, &CaseFinish)| !value.is_nan() && !finish.end_time.is_nan();
        let values = || self.values.iter().zip(finishes).filter(counts).map(|(value, _)| *value);
        let (numbers, least, most) = extent(&mut values());
        if numbers == 0 {
            return None;
        }
        let results = finishes.iter().filter(|finish| !finish.end_time.is_nan()).count() as u64;
        let [low, high] = fences(numbers, &mut values());
        let is_near = |value: &f64| (low..=high).contains(value);
        let (near, low, high) = extent(&mut values().filter(is_near));
        let mut bins = ResponseBins::between(low, high);
        values().filter(is_near).for_each(|value| bins.count(value));
        let name = self.name.clone().unwrap_or_default();
        Some(ResponseSummary { name, numbers, others: results - numbers, least, most, far: numbers - near, bins })
    }
}

impl ResponseSummary {
    /// Puts the summaries of batches together. What has another first response than the first of them counts as without a number.
    #[must_use]
    pub fn combined<'a>(mut summaries: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut all = summaries.next()?.clone();
        for other in summaries {
            if other.name == all.name {
                all.numbers += other.numbers;
                all.others += other.others;
                all.far += other.far;
                all.least = all.least.min(other.least);
                all.most = all.most.max(other.most);
                all.bins.add(&other.bins);
            } else {
                all.others += other.numbers + other.others;
            }
        }
        Some(all)
    }
}

impl ResponseBins {
    /// Makes as many bins as there may be from one number to another.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "at most 2^53 widths")]
    fn between(least: f64, most: f64) -> Self {
        let parts = (MAX_BINS - 2) as f64;
        // The numbers of bins are whole ones, which floats tell apart up to 2^53.
        let finest = exponent_above(least.abs().max(most.abs())) - 52;
        let exponent = exponent_above(most / parts - least / parts).max(finest).clamp(-1_022, 1_023);
        let place = |number: f64| (number / power(exponent)).floor() as i64;
        let first = place(least);
        let bins = usize::try_from(place(most) - first).unwrap_or_default() + 1;
        Self { exponent, first, counts: vec![0; bins.min(MAX_BINS)] }
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 2^53 widths")]
    fn count(&mut self, number: f64) {
        let place = (number / power(self.exponent)).floor() as i64 - self.first;
        if let Some(count) = usize::try_from(place).ok().and_then(|place| self.counts.get_mut(place)) {
            *count += 1;
        }
    }

    /// Returns the beginning of a bin; that of the one after the last is the end of it.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most 2^53 widths")]
    pub fn start(&self, bin: usize) -> f64 {
        (self.first + i64::try_from(bin).unwrap_or_default()) as f64 * power(self.exponent)
    }

    /// Adds the counts of others: the bins become as wide as all need.
    fn add(&mut self, other: &Self) {
        let mut exponent = self.exponent.max(other.exponent);
        loop {
            let ends = [&*self, other].map(|bins| {
                let last = bins.first + i64::try_from(bins.counts.len()).unwrap_or_default() - 1;
                [bins.first, last].map(|place| place >> bins.steps_to(exponent))
            });
            let (first, last) = (ends[0][0].min(ends[1][0]), ends[0][1].max(ends[1][1]));
            let bins = usize::try_from(last - first).map_or(usize::MAX, |bins| bins + 1);
            if bins <= MAX_BINS {
                let mut counts = vec![0; bins];
                for bins in [&*self, other] {
                    for (place, count) in (bins.first..).zip(&bins.counts) {
                        let place = (place >> bins.steps_to(exponent)) - first;
                        if let Some(sum) = usize::try_from(place).ok().and_then(|place| counts.get_mut(place)) {
                            *sum += count;
                        }
                    }
                }
                *self = Self { exponent, first, counts };
                return;
            }
            exponent += 1;
        }
    }

    /// Number of times that a width is doubled to be that of `exponent`. More than 63 times makes no difference.
    fn steps_to(&self, exponent: i32) -> i32 {
        (exponent - self.exponent).clamp(0, 63)
    }
}

/// Number, minimum and maximum of values.
fn extent(values: &mut dyn Iterator<Item = f64>) -> (u64, f64, f64) {
    let mut extent = (0, f64::INFINITY, f64::NEG_INFINITY);
    for value in values {
        extent = (extent.0 + 1, extent.1.min(value), extent.2.max(value));
    }
    extent
}

/// Returns the limits beyond which values are far from all others.
fn fences(numbers: u64, values: &mut dyn Iterator<Item = f64>) -> [f64; 2] {
    let step = usize::try_from(numbers).unwrap_or(usize::MAX).div_ceil(MAX_SAMPLE).max(1);
    // Inserted one by one: a sorting algorithm would be a larger part of the first view.
    let mut sample: Vec<f64> = Vec::with_capacity(MAX_SAMPLE);
    for value in values.step_by(step) {
        sample.insert(sample.partition_point(|other| *other <= value), value);
    }
    let quartile = |quarters: usize| sample.get(quarters * (sample.len() - 1) / 4).copied().unwrap_or_default();
    let (lower, upper) = (quartile(1), quartile(3));
    let reach = FAR * (upper - lower);
    if reach > 0.0 { [lower - reach, upper + reach] } else { [f64::NEG_INFINITY, f64::INFINITY] }
}

/// Returns the exponent of the least power of two that isn't less than a positive number.
const fn exponent_above(number: f64) -> i32 {
    let bits = number.to_bits();
    let is_between = bits & ((1 << 52) - 1) != 0;
    (bits >> 52 & 0x7ff) as i32 - 1_023 + is_between as i32
}

/// Returns a power of two, from the least float with all digits to the largest.
#[expect(clippy::cast_sign_loss, reason = "clamped to what is positive")]
fn power(exponent: i32) -> f64 {
    f64::from_bits(((exponent.clamp(-1_022, 1_023) + 1_023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn summary(values: &[f64]) -> Option<ResponseSummary> {
        let mut own = ResponseValues::default();
        values.iter().enumerate().for_each(|(place, value)| own.set(place, Some(("load", *value))));
        own.summary(&vec![CaseFinish { end_time: 1.0, duration_secs: None }; values.len()])
    }

    #[test]
    fn numbers_stand_in_bins_whose_width_is_a_power_of_two() {
        let found = summary(&[0.0, 1.0, 2.0, 2.5, 3.0, 10.0]).unwrap();
        assert_eq!((found.least, found.most, found.numbers, found.far), (0.0, 10.0, 6, 0));
        assert_eq!((found.bins.exponent, found.bins.first), (-1, 0));
        let placed: Vec<(f64, u64)> =
            found.bins.counts.iter().enumerate().map(|(bin, count)| (found.bins.start(bin), *count)).collect();
        let placed: Vec<_> = placed.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(placed, [(0.0, 1), (1.0, 1), (2.0, 1), (2.5, 1), (3.0, 1), (10.0, 1)]);
    }

    #[test]
    fn one_penalty_doesn_t_squeeze_all_others_into_a_bin() {
        let mut values: Vec<f64> = (0..100).map(f64::from).collect();
        values.extend([1e308, -1e308]);
        let found = summary(&values).unwrap();
        assert_eq!((found.numbers, found.far, found.least, found.most), (102, 2, -1e308, 1e308));
        assert!(found.bins.counts.iter().filter(|count| **count > 0).count() > 12, "{found:?}");
    }

    #[test]
    fn a_constant_is_one_bin_and_no_number_is_no_histogram() {
        for constant in [7.25, 0.0, -1e308, 5e-324, 1e17] {
            let found = summary(&[constant; 5]).unwrap();
            assert_eq!(found.bins.counts, [5], "{constant}");
        }
        assert_eq!(summary(&[]), None);
        assert_eq!(summary(&[f64::NAN, f64::INFINITY]), None);
    }

    #[test]
    fn a_result_that_is_replaced_counts_once_and_a_text_counts_as_none() {
        let mut own = ResponseValues::default();
        let finishes = [CaseFinish { end_time: 1.0, duration_secs: None }; 3];
        own.set(1, Some(("load", 2.0)));
        own.set(1, Some(("load", 3.0)));
        own.set(0, Some(("other", 9.0)));
        let found = own.summary(&finishes).unwrap();
        assert_eq!((found.numbers, found.others, found.least, found.name.as_str()), (1, 2, 3.0, "load"));
        own.set(1, None);
        assert_eq!(own.summary(&finishes), None);
        own.set(2, Some(("load", 4.0)));
        let withdrawn = [finishes[0], finishes[1], CaseFinish { end_time: f64::NAN, ..finishes[2] }];
        assert_eq!(own.summary(&withdrawn), None);
    }

    #[test]
    fn batches_are_put_together_and_another_response_is_counted_apart() {
        let [small, large] = [summary(&[0.0, 0.25, 1.0]).unwrap(), summary(&[100.0, 200.0]).unwrap()];
        let other = ResponseSummary { name: "path".into(), others: 4, ..small.clone() };
        let all = ResponseSummary::combined([&small, &other, &large].into_iter()).unwrap();
        assert_eq!((all.numbers, all.others, all.least, all.most), (5, 7, 0.0, 200.0));
        assert_eq!(all.bins.counts.iter().sum::<u64>(), 5);
        assert!(all.bins.counts.len() <= MAX_BINS && all.bins.start(all.bins.counts.len()) >= 200.0);
        assert_eq!(ResponseSummary::combined([].into_iter()), None);
    }

    proptest! {
        #[test]
        fn no_number_is_left_out_without_a_word(
            values in prop::collection::vec(any::<f64>(), 0..60),
            others in prop::collection::vec(any::<f64>(), 1..60),
        ) {
            let finite = values.iter().filter(|value| value.is_finite()).count() as u64;
            let found = summary(&values);
            prop_assert_eq!(found.is_some(), finite > 0);
            for found in [found.clone(), ResponseSummary::combined(found.iter().chain(summary(&others).iter()))].into_iter().flatten() {
                prop_assert_eq!(found.bins.counts.iter().sum::<u64>() + found.far, found.numbers);
                prop_assert!(found.bins.counts.len() <= MAX_BINS);
            }
            if let Some(found) = found {
                prop_assert_eq!(found.numbers + found.others, values.len() as u64);
            }
        }
    }
}
