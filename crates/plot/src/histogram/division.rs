//! Division of an axis into the bars of a histogram.

use crate::axis::{Axis, AxisScale};
use crate::number::{extent, real, whole};

/// Minimum and maximum number of bars: fewer show no shape, more are no summary.
const MIN_BINS: usize = 5;
const MAX_BINS: usize = 80;

/// Maximum number of values, of a grid or repeated, that have a bar each.
const MAX_LEVELS: usize = 30;
/// Least distance of values that aren't of a grid and have a bar each, as a share of the range of all values.
const MIN_GAP: f64 = 0.005;
/// Width of such bars, as a share of the least distance between two values, and width of a single bar, as a share of the axis.
const LEVEL_SHARE: f64 = 0.7;
const LONELY: f64 = 0.1;

/// Maximum number of steps of a grid: on a finer grid nobody sees that one bar has a value more than the next.
const MAX_STEPS: f64 = 10_000.0;
/// Distance from its place on a grid that rounding may cause, as a share of a step.
const ROUNDING: f64 = 1e-6;

/// Division of the places of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AxisDivision {
    /// Equal parts from a place on. If values stand on a grid, with its step.
    Parts { first: f64, width: f64, number: usize, step: Option<f64> },
    /// Single places, rising, and the width of their bars.
    Levels { levels: Vec<f64>, width: f64 },
}

impl AxisDivision {
    /// Divides an axis so that it suits values at these places, all of which are shown.
    ///
    /// A category has a bar. A value of a grid, such as a whole number, has a bar, or several values share one, equally many in
    /// each. A value that many cases have has a bar. All other values are divided into equal parts.
    pub(super) fn of(axis: &Axis, mut places: Vec<f64>) -> Self {
        if let AxisScale::Categories(names) = &axis.scale {
            let (first, number) = (axis.place(-0.5), names.len().max(1));
            let width = (axis.place(real(number) - 0.5) - first) / real(number);
            return Self::Parts { first, width, number, step: Some(width) };
        }
        let Some((least, most)) = extent(places.iter().copied()) else { return Self::equal((0.0, 1.0), MIN_BINS) };
        if least >= most {
            return Self::Levels { levels: vec![least], width: LONELY };
        }
        let step = grid_step(places.iter().copied(), (least, most));
        let levels = levels(&places, (least, most));
        // This comes after the other two, since it reorders the places.
        let wished = suitable_bins(&mut places, (least, most));
        let grid = step.map(|step| Self::of_grid((least, most), step, wished));
        let has_bar_each = grid.as_ref().is_some_and(Self::is_by_value);
        levels.filter(|_| !has_bar_each).or(grid).unwrap_or_else(|| Self::equal((least, most), wished))
    }

    fn equal((least, most): (f64, f64), number: usize) -> Self {
        Self::Parts { first: least, width: (most - least) / real(number), number, step: None }
    }

    /// Returns parts of a grid from its first to its last place: one for each value, or equally many values each, about as many
    /// parts as wished.
    pub(crate) fn of_grid((least, most): (f64, f64), step: f64, wished: usize) -> Self {
        let values = whole(((most - least) / step).round()) + 1;
        let each = if values <= MAX_LEVELS { 1 } else { values.div_ceil(wished) };
        let width = real(each) * step;
        Self::Parts { first: least - step / 2.0, width, number: values.div_ceil(each), step: Some(step) }
    }

    /// Returns the number of parts.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Parts { number, .. } => *number,
            Self::Levels { levels, .. } => levels.len(),
        }
    }

    /// Returns the part that a place belongs to; the last part includes its end.
    pub(super) fn find(&self, place: f64) -> usize {
        match self {
            Self::Parts { first, width, number, .. } => whole((place - first) / width).min(number - 1),
            Self::Levels { levels, .. } => {
                levels.partition_point(|level| *level < place).min(levels.len().saturating_sub(1))
            }
        }
    }

    /// Returns the beginning and the end of a part.
    pub(super) fn sides(&self, part: usize) -> (f64, f64) {
        match self {
            Self::Parts { first, width, .. } => (first + real(part) * width, first + real(part + 1) * width),
            Self::Levels { levels, width } => (levels[part] - width / 2.0, levels[part] + width / 2.0),
        }
    }

    /// Returns the first and the last place in a part that values may have.
    pub(super) fn ends(&self, part: usize) -> (f64, f64) {
        let (from, to) = self.sides(part);
        match self {
            Self::Parts { step, .. } => {
                let inset = step.unwrap_or(0.0) / 2.0;
                (from + inset, to - inset)
            }
            Self::Levels { levels, .. } => (levels[part], levels[part]),
        }
    }

    /// Whether each part stands for a single value.
    pub(super) fn is_by_value(&self) -> bool {
        match self {
            Self::Parts { width, step, .. } => step.is_some_and(|step| width < &(1.5 * step)),
            Self::Levels { .. } => true,
        }
    }
}

/// Returns the number of equal parts that suits values at these places.
///
/// The rule is that of Freedman, D. and Diaconis, P. (1981): On the histogram as a density estimator. If half of the values are
/// equal, the rule of Sturges (1926) replaces it. At least 5 and at most 80. The places, of which there must be one at least,
/// are reordered.
fn suitable_bins(places: &mut [f64], (least, most): (f64, f64)) -> usize {
    let quartile = |places: &mut [f64], index: usize| *places.select_nth_unstable_by(index, f64::total_cmp).1;
    let (low, high) = (places.len() / 4, places.len() * 3 / 4);
    let spread = quartile(places, high) - quartile(places, low);
    let width = 2.0 * spread / real(places.len()).cbrt();
    let bins = if width > 0.0 { (most - least) / width } else { real(places.len()).log2() + 1.0 };
    whole(bins.ceil()).clamp(MIN_BINS, MAX_BINS)
}

/// Returns the largest step of which all distances between values are multiples, if it isn't too fine, by Euclid's algorithm.
pub(crate) fn grid_step(places: impl IntoIterator<Item = f64>, (least, most): (f64, f64)) -> Option<f64> {
    let span = most - least;
    let mut step = if span > 0.0 { span } else { return None };
    for place in places {
        let way = place - least;
        let mut rest = (way - (way / step).round() * step).abs();
        while rest > ROUNDING * step {
            (step, rest) = (rest, (step - (step / rest).round() * rest).abs());
            if step < span / MAX_STEPS {
                return None;
            }
        }
        // Both ends stand on the grid, so the step is corrected there: no error adds up.
        step = span / (span / step).round();
    }
    Some(step)
}

/// Returns a bar for each value, if the values are few, far enough from each other to be seen, and most come more than once.
fn levels(places: &[f64], (least, most): (f64, f64)) -> Option<AxisDivision> {
    let mut levels: Vec<f64> = Vec::new();
    for place in places {
        if let Err(at) = levels.binary_search_by(|level| level.total_cmp(place)) {
            levels.insert(at, *place);
        }
        if levels.len() > MAX_LEVELS {
            return None;
        }
    }
    let gap = levels.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let is_few = 2 * levels.len() <= places.len() && gap >= MIN_GAP * (most - least);
    is_few.then_some(AxisDivision::Levels { levels, width: LEVEL_SHARE * gap })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{bell, uniform};

    fn division(values: &[f64], scale: AxisScale) -> AxisDivision {
        let axis = Axis::covering("", "", scale, values);
        let places: Vec<f64> = values.iter().map(|value| axis.place(*value)).collect();
        AxisDivision::of(&axis, places)
    }

    /// Checks the number of bars, and whether each stands for a value.
    #[track_caller]
    fn check(values: &[f64], scale: AxisScale, number: usize, is_by_value: bool) {
        let division = division(values, scale);
        assert_eq!((division.len(), division.is_by_value()), (number, is_by_value), "{division:?}");
    }

    /// Returns whole numbers from 0 to `most`, each about as often as any other, in no order.
    fn wholes(number: usize, most: u32) -> Vec<f64> {
        uniform(number, 3).iter().map(|share| (share * f64::from(most + 1)).floor()).collect()
    }

    #[test]
    fn a_value_of_a_grid_has_a_bar() {
        check(&wholes(500, 6), AxisScale::Linear, 7, true);
        check(&wholes(500, 6).iter().map(|value| 0.1 * value - 7.3).collect::<Vec<_>>(), AxisScale::Linear, 7, true);
        check(
            &wholes(500, 6).iter().map(|value| 1e17 + 1_600.0 * value).collect::<Vec<_>>(),
            AxisScale::Linear,
            7,
            true,
        );
        check(
            &wholes(500, 6).iter().map(|value| 10_f64.powf(value - 9.0)).collect::<Vec<_>>(),
            AxisScale::Logarithmic,
            7,
            true,
        );
        check(&[0.0, 1.0, 1.0], AxisScale::Linear, 2, true);
    }

    #[test]
    fn many_values_of_a_grid_share_bars_equally() {
        for most in [59, 100, 999] {
            let AxisDivision::Parts { width, number, step: Some(step), .. } =
                division(&wholes(5_000, most), AxisScale::Linear)
            else {
                panic!("{most} is no grid");
            };
            let each = width / step;
            assert!((each - each.round()).abs() < 1e-6, "{each} values a bar");
            assert!((5..=80).contains(&number) && real(number) * each >= f64::from(most + 1), "{number} bars");
        }
    }

    #[test]
    fn a_value_that_comes_again_and_again_has_a_bar() {
        let values: Vec<f64> = [1.0, 2.0, 5.0, 10.0, 22.31].repeat(20);
        check(&values, AxisScale::Linear, 5, true);
        check(&[3.0; 9], AxisScale::Linear, 1, true);
        let near: Vec<f64> = [1.0, 1.000_001, 5.0, 10.0, 22.31].repeat(20);
        assert!(!division(&near, AxisScale::Linear).is_by_value(), "two bars would lie on one another");
    }

    #[test]
    fn other_values_have_equal_parts() {
        let bins = |number| division(&uniform(number, 4), AxisScale::Linear).len();
        assert_eq!([10, 1_000, 1_000_000].map(bins), [5, 10, 80]);
        check(&[], AxisScale::Linear, 5, false);
        check(&bell(400, 2), AxisScale::Linear, division(&bell(400, 2), AxisScale::Linear).len(), false);
        assert_eq!(suitable_bins(&mut [0.5; 100], (0.5, 0.5)), 8);
    }
}
