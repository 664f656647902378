//! Gaps: the points of curves that no line goes through.

use super::Curve;
use crate::axis::Axis;
use crate::coverage::UnplacedValues;
use crate::label::count;

/// The points of curves that aren't drawn, and the values that no axis shows: counted once for many drawings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct CurveGaps {
    /// Number of curves that have a line, but not through all of their points.
    pub curves: usize,
    /// Number of points of these curves without a line: those without a number, and those alone between two such.
    pub points: usize,
    /// Curves with values that no axis shows, to the right and upwards.
    pub(super) unplaced: [UnplacedValues; 2],
}

impl CurveGaps {
    /// Looks at all points of some curves.
    #[must_use]
    pub fn of(curves: &[Curve], x: &Axis, y: &Axis) -> Self {
        let mut gaps = Self::default();
        for curve in curves {
            gaps.add(curve);
            gaps.unplaced[0].add_case(UnplacedValues::of(x, curve.x.iter().copied()));
            gaps.unplaced[1].add_case(UnplacedValues::of(y, curve.y.iter().copied()));
        }
        gaps
    }

    fn add(&mut self, curve: &Curve) {
        let (points, on_lines) = points_on_lines(curve);
        // A curve without any line is counted elsewhere, as missing.
        if (1..points).contains(&on_lines) {
            self.curves += 1;
            self.points += points - on_lines;
        }
    }

    /// Writes `40 points of 3 curves missing`; `None` if there are none.
    pub(super) fn words(&self) -> Option<String> {
        let named = |number: usize, one: &str, several: &str| {
            format!("{} {}", count(number), if number == 1 { one } else { several })
        };
        let (points, curves) = (named(self.points, "point", "points"), named(self.curves, "curve", "curves"));
        (self.points > 0).then(|| format!("{points} of {curves} missing"))
    }
}

/// Counts the points of a curve, and those of them that are joined with a neighbour.
fn points_on_lines(curve: &Curve) -> (usize, usize) {
    let is_there = |point: usize| {
        let numbers = curve.x.get(point).zip(curve.y.get(point));
        numbers.is_some_and(|(x, y)| !x.is_nan() && !y.is_nan())
    };
    let points = curve.x.len().min(curve.y.len());
    let is_on_line = |point: &usize| is_there(*point) && (is_there(point + 1) || *point > 0 && is_there(point - 1));
    (points, (0..points).filter(is_on_line).count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::AxisScale;

    const NONE: f64 = f64::NAN;

    #[track_caller]
    fn check(y: &[f64], expected: Option<&str>) {
        let x: Vec<f64> = (0..9).map(f64::from).collect();
        let axis = Axis::covering("a", "", AxisScale::Linear, &[0.0, 1.0]);
        let curves = [Curve { x: &x[..y.len()], y }, Curve { x: &x[..3], y: &[1.0, 2.0, 3.0] }];
        assert_eq!(CurveGaps::of(&curves, &axis, &axis).words().as_deref(), expected, "{y:?}");
    }

    #[test]
    fn points_without_a_number_are_counted_wherever_they_are() {
        check(&[1.0, 2.0, NONE, 3.0, 4.0], Some("1 point of 1 curve missing"));
        check(&[NONE, 2.0, 5.0, NONE, NONE], Some("3 points of 1 curve missing"));
        check(&[1.0, 2.0, 3.0], None);
    }

    #[test]
    fn a_number_alone_has_no_line_either() {
        check(&[1.0, 2.0, NONE, 3.0, NONE, 4.0, 5.0], Some("3 points of 1 curve missing"));
        check(&[1.0, 2.0, NONE, 3.0], Some("2 points of 1 curve missing"));
    }

    #[test]
    fn a_curve_without_a_line_is_none_with_gaps() {
        check(&[1.0, NONE, 3.0], None);
        check(&[NONE, NONE], None);
        check(&[], None);
    }

    #[test]
    fn curves_with_values_that_no_axis_shows_are_counted() {
        let axis = Axis::covering("load", "", AxisScale::Linear, &[0.0, 1.0]);
        let curves = [Curve { x: &[0.0, 1.0, 2.0], y: &[f64::MAX, f64::MAX, 1.0] }];
        let gaps = CurveGaps::of(&curves, &axis, &axis);
        assert_eq!(gaps.unplaced.map(|unplaced| unplaced.count), [0, 1]);
    }
}
