//! Where the bars of a histogram begin and end.

use crate::axis::{Axis, AxisScale};
use crate::number::{extent, real, whole};

/// Fewer bars show no shape, more are no summary.
const MIN_BINS: usize = 5;
const MAX_BINS: usize = 80;

/// Up to so many values of a grid, or values that come again and again, have a bar each.
const MAX_LEVELS: usize = 30;
/// And values that aren't of a grid only if they are so far from each other, as a share of what all cover.
const MIN_GAP: f64 = 0.005;
/// How much of the least distance between two values their bars take, and how wide a single bar is, as a share of the axis.
const LEVEL_SHARE: f64 = 0.7;
const LONELY: f64 = 0.1;

/// A finer grid is none: nobody sees that one bar has a value more than the next.
const MAX_STEPS: f64 = 10_000.0;
/// How far beside its place on a grid a value may lie because of rounding, as a share of a step.
const ROUNDING: f64 = 1e-6;

/// How the places of an axis are divided.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AxisDivision {
    /// Equal parts from a place on. Where values stand on a grid, with the step of that.
    Parts { first: f64, width: f64, number: usize, step: Option<f64> },
    /// Single places, rising, and how wide their bars are.
    Levels { levels: Vec<f64>, width: f64 },
}

impl AxisDivision {
    /// One that suits values that stand at such places of an axis, all of which are shown.
    ///
    /// A category has a bar; so has a value of a grid, such as a whole number, or several values have one, equally many for each;
    /// so has a value that many have. Everything else is divided into equal parts.
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
        // Behind the others: it brings them into another order.
        let wished = suitable_bins(&mut places, (least, most));
        let grid = step.map(|step| Self::of_grid((least, most), step, wished));
        let has_bar_each = grid.as_ref().is_some_and(Self::is_by_value);
        levels.filter(|_| !has_bar_each).or(grid).unwrap_or_else(|| Self::equal((least, most), wished))
    }

    fn equal((least, most): (f64, f64), number: usize) -> Self {
        Self::Parts { first: least, width: (most - least) / real(number), number, step: None }
    }

    /// Parts of a grid from its first to its last place: one a value, or equally many values each, about as many parts as wished.
    pub(crate) fn of_grid((least, most): (f64, f64), step: f64, wished: usize) -> Self {
        let values = whole(((most - least) / step).round()) + 1;
        let each = if values <= MAX_LEVELS { 1 } else { values.div_ceil(wished) };
        let width = real(each) * step;
        Self::Parts { first: least - step / 2.0, width, number: values.div_ceil(each), step: Some(step) }
    }

    /// How many parts there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Parts { number, .. } => *number,
            Self::Levels { levels, .. } => levels.len(),
        }
    }

    /// The part that a place belongs to; the last one has its end, too.
    pub(super) fn find(&self, place: f64) -> usize {
        match self {
            Self::Parts { first, width, number, .. } => whole((place - first) / width).min(number - 1),
            Self::Levels { levels, .. } => {
                levels.partition_point(|level| *level < place).min(levels.len().saturating_sub(1))
            }
        }
    }

    /// Where a part begins and ends.
    pub(super) fn sides(&self, part: usize) -> (f64, f64) {
        match self {
            Self::Parts { first, width, .. } => (first + real(part) * width, first + real(part + 1) * width),
            Self::Levels { levels, width } => (levels[part] - width / 2.0, levels[part] + width / 2.0),
        }
    }

    /// The first and the last place in a part that values may have.
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

/// How many equal parts suit values at such places.
///
/// Freedman, D. and Diaconis, P. (1981): On the histogram as a density estimator. Where half of the values are equal, Sturges
/// (1926) helps out. At least 5 and at most 80. The places, of which there is one at least, are brought into another order.
fn suitable_bins(places: &mut [f64], (least, most): (f64, f64)) -> usize {
    let quartile = |places: &mut [f64], index: usize| *places.select_nth_unstable_by(index, f64::total_cmp).1;
    let (low, high) = (places.len() / 4, places.len() * 3 / 4);
    let spread = quartile(places, high) - quartile(places, low);
    let width = 2.0 * spread / real(places.len()).cbrt();
    let bins = if width > 0.0 { (most - least) / width } else { real(places.len()).log2() + 1.0 };
    whole(bins.ceil()).clamp(MIN_BINS, MAX_BINS)
}

/// The largest step of which all distances between values are multiples, if it isn't too fine: by Euclid's algorithm.
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
        // Both ends stand on the grid: no error adds up.
        step = span / (span / step).round();
    }
    Some(step)
}

/// A bar a value, if they are few, far enough from each other to be seen, and most come more than once.
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

    /// How many bars there are, and whether each is a value's.
    #[track_caller]
    fn check(values: &[f64], scale: AxisScale, number: usize, is_by_value: bool) {
        let division = division(values, scale);
        assert_eq!((division.len(), division.is_by_value()), (number, is_by_value), "{division:?}");
    }

    /// Values from 0 to `most`, each as often as any other, in no order.
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
