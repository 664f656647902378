//! Many curves as one band: where half of them are, and 90 %.

use super::float;
use super::quantiles::quantiles;

/// A line through points, in the order in which they stand; x may rise, fall, or turn back.
///
/// A point whose x or y isn't finite is a gap: nothing is drawn from the one before it to the one after it.
#[derive(Debug, Clone, Copy)]
pub struct Curve<'a> {
    /// Where the points are.
    pub x: &'a [f64],
    /// A value each: those in excess of the other are ignored.
    pub y: &'a [f64],
}

/// Curves at one x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// Where.
    pub x: f64,
    /// How many curves have a value there.
    pub count: usize,
    /// None if no curve has.
    pub values: Option<Spread>,
}

/// Values of curves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// What 5 % of them are below.
    pub low: f64,
    /// What half of them are below.
    pub median: f64,
    /// What 95 % of them are below.
    pub high: f64,
}

/// Equal steps from the smallest to the largest x of all curves; nothing if there is no point or `count` is below 2.
#[must_use]
pub fn even_grid(curves: &[Curve], count: usize) -> Vec<f64> {
    let points = curves.iter().flat_map(Curve::points).flatten();
    let (least, most) =
        points.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), (x, _)| (x.min(least), x.max(most)));
    if least > most || count < 2 {
        return Vec::new();
    }
    let part = |step: usize| float(step) / float(count - 1);
    (0..count).map(|step| least * (1.0 - part(step)) + most * part(step)).collect()
}

/// The curves at each x of a grid, which rises.
///
/// Between its points a curve goes straight; beyond its ends, and in its gaps, it has no value. Where it passes an x
/// several times it counts once, with the mean. Keeps a float a curve and x.
#[must_use]
pub fn band(curves: &[Curve], grid: &[f64]) -> Vec<Slice> {
    let mut values = vec![f64::NAN; curves.len() * grid.len()];
    let mut passages = vec![Passages::default(); grid.len()];
    for (index, curve) in curves.iter().enumerate() {
        passages.fill(Passages::default());
        curve.pass(grid, &mut passages);
        for (place, passages) in passages.iter().enumerate().filter(|(_, passages)| passages.count > 0.0) {
            values[place * curves.len() + index] = passages.sum / passages.count;
        }
    }
    let count = curves.len();
    let slices = grid.iter().enumerate();
    slices.map(|(place, x)| Slice::of(*x, &mut values[place * count..(place + 1) * count])).collect()
}

/// What a curve is where it passes an x.
#[derive(Debug, Clone, Copy, Default)]
struct Passages {
    sum: f64,
    count: f64,
}

impl Passages {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }
}

impl Curve<'_> {
    /// Its points; none for a gap.
    fn points(&self) -> impl Iterator<Item = Option<(f64, f64)>> {
        let is_finite = |(x, y): &(f64, f64)| x.is_finite() && y.is_finite();
        self.x.iter().copied().zip(self.y.iter().copied()).map(move |point| Some(point).filter(is_finite))
    }

    /// Enters its values where it passes the grid, a point at the end of a line once.
    fn pass(&self, grid: &[f64], passages: &mut [Passages]) {
        let mut last = None;
        for point in self.points() {
            if let Some(to) = point {
                match last {
                    Some(from) if from != to => pass_line(from, to, grid, passages),
                    Some(_) => {}
                    None => pass_line(to, to, grid, passages),
                }
            }
            last = point;
        }
    }
}

/// From after `from` up to and with `to`; of a line straight up or down only its end.
#[expect(clippy::float_cmp, reason = "exactly at the end")]
fn pass_line(from: (f64, f64), to: (f64, f64), grid: &[f64], passages: &mut [Passages]) {
    let first = grid.partition_point(|x| *x < from.0.min(to.0));
    for (x, passages) in grid[first..].iter().zip(&mut passages[first..]) {
        if *x > from.0.max(to.0) {
            return;
        }
        if *x == to.0 {
            passages.add(to.1);
        } else if *x != from.0 {
            let part = (x - from.0) / (to.0 - from.0);
            passages.add(from.1 * (1.0 - part) + to.1 * part);
        }
    }
}

impl Slice {
    fn of(x: f64, values: &mut [f64]) -> Self {
        let count = values.iter().filter(|value| value.is_finite()).count();
        let values = quantiles(values, [0.05, 0.5, 0.95]).map(|[low, median, high]| Spread { low, median, high });
        Self { x, count, values }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{assert_close, numbers};
    use super::*;

    const NONE: f64 = f64::NAN;

    /// What a single curve is on a grid.
    #[track_caller]
    fn check(x: &[f64], y: &[f64], grid: &[f64], expected: &[Option<f64>]) {
        let slices = band(&[Curve { x, y }], grid);
        let found: Vec<Option<f64>> = slices.iter().map(|slice| slice.values.map(|values| values.median)).collect();
        assert_eq!(found, expected);
        assert!(slices.iter().all(|slice| slice.count == usize::from(slice.values.is_some())));
    }

    #[test]
    fn a_curve_goes_straight_between_its_points_and_ends_at_its_ends() {
        let expected = [None, Some(1.0), Some(2.0), Some(3.0), Some(0.0), None];
        check(&[1.0, 3.0, 4.0], &[1.0, 3.0, 0.0], &[0.5, 1.0, 2.0, 3.0, 4.0, 4.1], &expected);
        check(&[4.0, 3.0, 1.0], &[0.0, 3.0, 1.0], &[0.5, 1.0, 2.0, 3.0, 4.0, 4.1], &expected);
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let expected = [Some(1.0), None, None, Some(3.0), Some(4.0)];
        check(&[1.0, 1.5, 2.0, 2.5], &[1.0, NONE, 3.0, 5.0], &[1.0, 1.2, 1.8, 2.0, 2.25], &expected);
        check(&[1.0, NONE, 2.0, 2.5], &[1.0, 2.0, 3.0, 5.0], &[1.0, 1.2, 1.8, 2.0, 2.25], &expected);
        check(&[1.0, 2.0], &[NONE, 3.0], &[1.5, 2.0], &[None, Some(3.0)]);
    }

    #[test]
    fn a_curve_that_turns_back_counts_once_with_its_mean() {
        check(&[0.0, 2.0, 0.0], &[0.0, 2.0, 6.0], &[0.0, 1.0, 2.0], &[Some(3.0), Some(2.5), Some(2.0)]);
        // A step is in its middle.
        check(&[0.0, 1.0, 1.0, 2.0], &[1.0, 1.0, 3.0, 3.0], &[0.5, 1.0, 1.5], &[Some(1.0), Some(2.0), Some(3.0)]);
        // A point that is there twice is one.
        check(&[0.0, 1.0, 1.0, 0.5], &[0.0, 6.0, 6.0, 0.0], &[1.0], &[Some(6.0)]);
    }

    #[test]
    fn no_curve_and_no_point_is_no_band() {
        let nothing = Slice { x: 1.0, count: 0, values: None };
        assert_eq!(band(&[Curve { x: &[], y: &[] }], &[1.0]), [nothing]);
        assert_eq!(band(&[], &[]), []);
        assert_eq!(band(&[], &[1.0]), [nothing]);
        assert!(even_grid(&[Curve { x: &[NONE], y: &[1.0] }], 5).is_empty());
    }

    #[test]
    fn a_grid_goes_from_the_first_to_the_last_point_of_all() {
        let curves = [Curve { x: &[3.0, 1.0], y: &[0.0, 0.0] }, Curve { x: &[0.0, 2.0, 9.0], y: &[NONE, 0.0] }];
        assert_eq!(even_grid(&curves, 5), [1.0, 1.5, 2.0, 2.5, 3.0]);
        assert_eq!(even_grid(&curves, 1), [0.0; 0]);
    }

    /// `numpy.quantile(numpy.arange(101) * 2, [0.05, 0.5, 0.95])`, at x = 2.
    #[test]
    fn the_band_has_ninety_percent_of_the_curves() {
        let slopes: Vec<[f64; 2]> = (0..=100).map(|slope| [0.0, 3.0 * f64::from(slope)]).collect();
        let mut curves: Vec<Curve> = slopes.iter().map(|y| Curve { x: &[0.0, 3.0], y }).collect();
        curves.push(Curve { x: &[2.5, 3.0], y: &[7.0, 7.0] });
        let found = band(&curves, &[2.0, 2.5]);
        assert_eq!((found[0].count, found[1].count), (101, 102));
        let values = found[0].values.unwrap();
        for (found, expected) in [(values.low, 10.0), (values.median, 100.0), (values.high, 190.0)] {
            assert_close(found, expected, 1e-14);
        }
    }

    proptest! {
        #[test]
        fn rising_curves_are_what_looking_up_their_points_gives(steps in prop::collection::vec(0.01..1.0_f64, 2..30), seed: u64) {
            let x: Vec<f64> = steps.iter().scan(0.0, |x, step| { *x += step; Some(*x) }).collect();
            let y = numbers(seed, x.len());
            let grid: Vec<f64> = (0..40).map(|step| f64::from(step) / 2.0).collect();
            let found = band(&[Curve { x: &x, y: &y }], &grid);
            for slice in found {
                let after = x.partition_point(|x| *x < slice.x);
                let is_inside = x[0] <= slice.x && slice.x <= x[x.len() - 1];
                prop_assert_eq!(slice.count, usize::from(is_inside));
                if let Some(values) = slice.values && after > 0 {
                    let part = (slice.x - x[after - 1]) / (x[after] - x[after - 1]);
                    let expected = y[after - 1] + part * (y[after] - y[after - 1]);
                    prop_assert!((values.median - expected).abs() < 1e-12);
                    prop_assert_eq!((values.low, values.high), (values.median, values.median));
                }
            }
        }

        #[test]
        fn the_order_of_the_curves_does_not_matter(seed in 0..u64::MAX - 50, count in 1..20_u64) {
            let y: Vec<Vec<f64>> = (0..count).map(|curve| numbers(seed + curve, 5)).collect();
            let mut curves: Vec<Curve> = y.iter().map(|y| Curve { x: &[0.0, 1.0, 2.0, 3.0, 4.0], y }).collect();
            let found = band(&curves, &[0.5, 3.0]);
            curves.reverse();
            prop_assert_eq!(band(&curves, &[0.5, 3.0]), found);
        }
    }
}
