//! The median of many curves, and the band that contains nine in ten of them.

use super::{Curve, has_line};
use crate::mask::CaseMask;
use crate::number::{between, real, whole};

/// Quantiles of curves, at places that these share. Not a number at a place that no curve reaches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CurveBand {
    /// The places.
    pub x: Vec<f64>,
    /// Value below which 5 % of the curves lie.
    pub low: Vec<f64>,
    /// Value below which half of the curves lie.
    pub median: Vec<f64>,
    /// Value below which 95 % of the curves lie.
    pub high: Vec<f64>,
    /// Number of curves at each place.
    pub counts: Vec<usize>,
    /// Number of curves in all.
    pub curves: usize,
}

impl CurveBand {
    /// Computes quantiles of the selected curves at rising places `x`. Each curve is interpolated linearly between its points;
    /// beyond its ends, in its gaps, and where it is infinite, it has no value. If a curve turns back, its first pass counts.
    ///
    /// A quantile between two values is interpolated by definition 7 of Hyndman, R. J. and Fan, Y. (1996): Sample quantiles in
    /// statistical packages.
    #[must_use]
    pub fn of(curves: &[Curve], selected: CaseMask, x: &[f64]) -> Self {
        let mut values: Vec<Vec<f64>> = vec![Vec::new(); x.len()];
        let mut of_curve = vec![f64::NAN; x.len()];
        let mut number = 0;
        for (_, curve) in curves.iter().enumerate().filter(|(index, _)| selected.contains(*index)) {
            number += usize::from(has_line(curve));
            of_curve.fill(f64::NAN);
            interpolate(curve, x, &mut of_curve);
            for (values, value) in values.iter_mut().zip(&of_curve).filter(|(_, value)| !value.is_nan()) {
                values.push(*value);
            }
        }
        let mut band = Self { x: x.to_vec(), curves: number, ..Self::default() };
        for values in &mut values {
            values.sort_unstable_by(f64::total_cmp);
            band.low.push(quantile(values, 0.05));
            band.median.push(quantile(values, 0.5));
            band.high.push(quantile(values, 0.95));
            band.counts.push(values.len());
        }
        band
    }

    /// Whether all curves reach a place. If some have ended, the quantiles there are those of fewer curves, and can't be
    /// compared with those beside.
    #[must_use]
    pub fn has_all(&self, place: usize) -> bool {
        self.counts[place] == self.curves
    }

    /// Whether there are curves at places that not all of them reach.
    #[must_use]
    pub fn has_parts(&self) -> bool {
        (0..self.x.len()).any(|place| self.counts[place] > 0 && !self.has_all(place))
    }

    /// Returns the last place that all curves reach, with median, low and high.
    pub(super) fn last(&self) -> Option<(f64, f64, f64, f64)> {
        let last = (0..self.x.len()).rfind(|place| self.counts[*place] > 0 && self.has_all(*place))?;
        Some((self.x[last], self.median[last], self.low[last], self.high[last]))
    }

    /// Returns runs of neighbouring places of the same curves, as far as there are any: between two such runs there is a break.
    pub(super) fn runs(&self) -> Vec<std::ops::Range<usize>> {
        let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
        for place in (0..self.x.len()).filter(|place| self.counts[*place] > 0) {
            match runs.last_mut() {
                Some(run) if run.end == place && self.has_all(run.start) == self.has_all(place) => run.end += 1,
                _ => runs.push(place..place + 1),
            }
        }
        runs
    }
}

/// Fills in the values at those places that lie between two points of a curve and have none yet.
fn interpolate(curve: &Curve, x: &[f64], values: &mut [f64]) {
    let points: Vec<(f64, f64)> = curve.x.iter().copied().zip(curve.y.iter().copied()).collect();
    let is_line = |pair: &&[(f64, f64)]| pair.iter().all(|(x, y)| x.is_finite() && y.is_finite());
    for pair in points.windows(2).filter(is_line) {
        let (from, to) = if pair[0].0 <= pair[1].0 { (pair[0], pair[1]) } else { (pair[1], pair[0]) };
        let first = x.partition_point(|place| *place < from.0);
        for (place, value) in x.iter().zip(values.iter_mut()).skip(first).take_while(|(place, _)| **place <= to.0) {
            if value.is_nan() {
                let share = if to.0 > from.0 { (place - from.0) / (to.0 - from.0) } else { 0.0 };
                *value = between(from.1, to.1, share);
            }
        }
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let (Some(last), place) = (sorted.len().checked_sub(1), share * real(sorted.len().max(1) - 1)) else {
        return f64::NAN;
    };
    let (low, high) = (sorted[whole(place).min(last)], sorted[(whole(place) + 1).min(last)]);
    between(low, high, place.fract())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn between_points_it_is_linear_and_beyond_there_is_nothing() {
        let curves = [Curve { x: &[1.0, 3.0], y: &[10.0, 30.0] }, Curve { x: &[2.0, 4.0], y: &[0.0, 0.0] }];
        let band = CurveBand::of(&curves, CaseMask::All, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(band.counts, [0, 1, 2, 2, 1, 0]);
        assert!(band.median[0].is_nan() && band.median[5].is_nan());
        assert_eq!(band.median[1..5], [10.0, 10.0, 15.0, 0.0]);
        assert_eq!(CurveBand::of(&curves, CaseMask::Flags(&[true, false]), &[2.0]).median, [20.0]);
    }

    #[test]
    fn where_a_curve_has_ended_there_is_a_break() {
        let curves = [
            Curve { x: &[0.0, 5.0], y: &[0.0, 5.0] },
            Curve { x: &[0.0, 3.0], y: &[0.0, 9.0] },
            Curve { x: &[0.0], y: &[1.0] },
        ];
        let band = CurveBand::of(&curves, CaseMask::All, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((band.curves, band.runs(), band.has_parts()), (2, vec![0..4, 4..6], true));
        assert_eq!(band.last(), Some((3.0, 6.0, 3.3, 8.7)));
        let both = CurveBand::of(&curves, CaseMask::All, &[0.0, 1.0]);
        assert!(!both.has_parts());
        let apart = [Curve { x: &[0.0, 1.0], y: &[0.0, 0.0] }, Curve { x: &[2.0, 3.0], y: &[0.0, 0.0] }];
        assert_eq!(CurveBand::of(&apart, CaseMask::All, &[0.0, 1.0, 2.0]).last(), None);
    }

    #[test]
    fn gaps_stay_gaps_and_the_first_pass_counts() {
        let gap = [Curve { x: &[0.0, 1.0, 2.0, 3.0], y: &[0.0, 1.0, f64::NAN, 3.0] }];
        assert_eq!(CurveBand::of(&gap, CaseMask::All, &[0.5, 1.5, 2.5, 3.0]).counts, [1, 0, 0, 0]);
        let back = [Curve { x: &[0.0, 2.0, 0.0], y: &[0.0, 2.0, 9.0] }];
        assert_eq!(CurveBand::of(&back, CaseMask::All, &[1.0]).median, [1.0]);
    }

    #[test]
    fn behind_a_jump_the_values_are_those_of_the_curves() {
        let jump = [Curve { x: &[0.0, 1.0, 2.0, 3.0], y: &[1.0, 1e17, 5.0, 5.0] }];
        assert_eq!(CurveBand::of(&jump, CaseMask::All, &[0.0, 1.0, 2.0, 3.0]).median, [1.0, 1e17, 5.0, 5.0]);
        let all =
            [Curve { x: &[0.0, 1.0], y: &[-1.7e308, 1.7e308] }, Curve { x: &[0.0, 1.0], y: &[1.7e308, -1.7e308] }];
        assert_eq!(CurveBand::of(&all, CaseMask::All, &[0.0, 0.5, 1.0]).median, [0.0; 3]);
    }

    proptest! {
        #[test]
        fn quantiles_rise(levels in prop::collection::vec(-1e6..1e6_f64, 1..60)) {
            let numbers: Vec<[f64; 2]> = levels.iter().map(|level| [*level, *level]).collect();
            let curves: Vec<Curve> = numbers.iter().map(|y| Curve { x: &[0.0, 1.0], y }).collect();
            let band = CurveBand::of(&curves, CaseMask::All, &[0.5]);
            prop_assert!(band.low[0] <= band.median[0] && band.median[0] <= band.high[0]);
            let below = levels.iter().filter(|level| **level < band.median[0]).count();
            prop_assert!(2 * below <= levels.len());
        }
    }
}
