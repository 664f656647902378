//! Values less their mean.

use super::float;

/// Values less their mean, in units of their span: from -1 to 1, so that no square is lost and no sum overflows.
#[derive(Debug)]
pub(super) struct CentredValues {
    /// One value per input value, in the same order.
    pub deviations: Vec<f64>,
    /// The sum of their squares, above 0.
    pub squares: f64,
}

impl CentredValues {
    /// Returns `None` if there aren't two different values, or if their difference is no finite float.
    ///
    /// Works in two passes, shifted by a value: Chan, Golub and `LeVeque` (1983), *Algorithms for computing the sample
    /// variance: analysis and recommendations*, The American Statistician 37:242–247. The result is as exact far from 0 as
    /// close to it.
    pub(super) fn of(mut deviations: Vec<f64>) -> Option<Self> {
        let (least, most) = limits(&deviations);
        let span = most - least;
        if !(span > 0.0 && span.is_finite()) {
            return None;
        }
        let first = deviations[0];
        for value in &mut deviations {
            *value = (*value - first) / span;
        }
        subtract_mean(&mut deviations);
        let squares = product(&deviations, &deviations);
        Some(Self { deviations, squares })
    }

    /// Pearson's coefficient with `other`, which has as many values; rounding may take it beyond 1.
    pub(super) fn correlation(&self, other: &Self) -> f64 {
        product(&self.deviations, &other.deviations) / (self.squares * other.squares).sqrt()
    }
}

/// The smallest and the largest of some finite values; infinite and in the wrong order if there are no values.
pub(super) fn limits(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)))
}

fn subtract_mean(values: &mut [f64]) {
    let mean = sum(values) / float(values.len());
    for value in values {
        *value -= mean;
    }
}

// A browser optimises a function when it is called again: hence separate functions.
#[inline(never)]
fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    for values in values.chunks(4) {
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value;
        }
    }
    sums.iter().sum()
}

/// The sum of the products, in four sums that don't wait for each other.
#[inline(never)]
pub(super) fn product(first: &[f64], second: &[f64]) -> f64 {
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

    #[test]
    fn a_small_spread_far_from_zero_keeps_its_digits() {
        // 1e9 + 1/64, 2/64, 3/64 and 4/64 are floats: their sum of squares is 5/64².
        let centred = CentredValues::of((1..5).map(|step| 1e9 + f64::from(step) / 64.0).collect()).unwrap();
        let span = 3.0 / 64.0;
        let squares = centred.squares * span * span;
        assert!((squares * 4096.0 - 5.0).abs() < 1e-13, "{squares}");
    }

    #[test]
    fn squares_neither_vanish_nor_overflow() {
        for scale in [1e-300, 1e300] {
            let centred = CentredValues::of(vec![scale, 2.0 * scale, 3.0 * scale]).unwrap();
            assert!((centred.squares - 0.5).abs() < 1e-15, "{scale}: {}", centred.squares);
        }
    }

    #[test]
    fn what_does_not_differ_has_no_deviations() {
        assert!(CentredValues::of(Vec::new()).is_none());
        assert!(CentredValues::of(vec![0.1]).is_none());
        assert!(CentredValues::of(vec![0.1; 7]).is_none());
        assert!(CentredValues::of(vec![-f64::MAX, f64::MAX]).is_none());
    }
}
