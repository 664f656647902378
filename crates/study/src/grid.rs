//! Designs on a grid: every combination, or one factor at a time.

use cruncher_sampling::Points;

use crate::factor::{Factor, Values};

/// The middle of a range.
const MIDDLE: f64 = 0.5;

/// How many points a full grid has; `u64::MAX` if that is more than can be told.
#[must_use]
pub(crate) fn full_grid_len(factors: &[Factor], steps: u32) -> u64 {
    axes(factors, steps).iter().fold(1, |points, axis| points.saturating_mul(axis.len() as u64))
}

/// Every combination of the factors' values, the last factor varying fastest.
///
/// A range contributes `steps` values at equal distances, its ends included; whole numbers and levels all of theirs, or
/// `steps` of the whole numbers if there are more.
#[must_use]
pub(crate) fn full_grid(factors: &[Factor], steps: u32) -> Points {
    let axes = axes(factors, steps);
    let count = axes.iter().map(Vec::len).product();
    let mut points = Points::zeros(axes.len(), count);
    let mut repeats = count;
    for (dimension, axis) in axes.iter().enumerate() {
        repeats /= axis.len().max(1);
        for (index, place) in points.column_mut(dimension).iter_mut().enumerate() {
            *place = axis[index / repeats % axis.len()];
        }
    }
    points
}

/// How many points vary one factor at a time.
#[must_use]
pub(crate) fn one_at_a_time_len(factors: &[Factor], steps: u32) -> u64 {
    let others = axes(factors, steps).into_iter().zip(bases(factors));
    1 + others
        .map(|(axis, base)| axis.iter().filter(|place| place.total_cmp(&base).is_ne()).count() as u64)
        .sum::<u64>()
}

/// The base point, where every factor is in its middle, then each factor's other values with all others in the middle.
#[must_use]
pub(crate) fn one_at_a_time(factors: &[Factor], steps: u32) -> Points {
    let (axes, bases) = (axes(factors, steps), bases(factors));
    let moves = axes.iter().enumerate().flat_map(|(dimension, axis)| {
        let base = bases[dimension];
        axis.iter().filter(move |place| place.total_cmp(&base).is_ne()).map(move |place| (dimension, *place))
    });
    let moves: Vec<(usize, f64)> = moves.collect();
    let mut points = Points::zeros(bases.len(), moves.len() + 1);
    for (dimension, base) in bases.iter().enumerate() {
        points.column_mut(dimension).fill(*base);
    }
    for (index, (dimension, place)) in moves.into_iter().enumerate() {
        points.column_mut(dimension)[index + 1] = place;
    }
    points
}

/// The places, as fractions of its range, that each dimension takes on the grid.
fn axes(factors: &[Factor], steps: u32) -> Vec<Vec<f64>> {
    let axis = |factor: &Factor| match (&factor.values, factor.levels()) {
        (Values::Range { .. }, _) => (0..steps).map(|step| f64::from(step) / f64::from(steps - 1)).collect(),
        (Values::Integers { .. }, Some(levels)) if levels > u64::from(steps) => {
            (0..u64::from(steps)).map(|step| part(spread(step, u64::from(steps), levels), levels)).collect()
        }
        (_, levels) => (0..levels.unwrap_or(1)).map(|level| part(level, levels.unwrap_or(1))).collect::<Vec<f64>>(),
    };
    factors.iter().flat_map(|factor| std::iter::repeat_n(axis(factor), factor.dimensions())).collect()
}

/// The level, of `levels`, that is nearest to the given step of `steps` at equal distances.
fn spread(step: u64, steps: u64, levels: u64) -> u64 {
    let exact = u128::from(step) * u128::from(levels - 1);
    let nearest = (2 * exact + u128::from(steps - 1)) / (2 * u128::from(steps - 1));
    u64::try_from(nearest).unwrap_or(levels - 1)
}

/// The middle of one of `levels` equal parts of the unit interval.
#[expect(clippy::cast_precision_loss, reason = "a grid has far fewer levels than 2^53")]
fn part(level: u64, levels: u64) -> f64 {
    (level as f64 + MIDDLE) / levels as f64
}

/// The place of each dimension while another one varies: the middle of a range, the middle one of its levels.
fn bases(factors: &[Factor]) -> Vec<f64> {
    let base = |factor: &Factor| factor.levels().map_or(MIDDLE, |levels| part((levels - 1) / 2, levels));
    factors.iter().flat_map(|factor| std::iter::repeat_n(base(factor), factor.dimensions())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Parameter;
    use crate::factor::Scale;

    fn factor(count: Option<usize>, values: Values) -> Factor {
        Factor { name: "x".into(), count, values, unit: String::new(), note: String::new() }
    }

    fn range() -> Values {
        Values::Range { minimum: 0.0, maximum: 10.0, scale: Scale::Linear }
    }

    fn values(factors: &[Factor], points: &Points) -> Vec<String> {
        let row = |index| {
            let mut fractions: &[f64] = &points.row(index).collect::<Vec<f64>>();
            let mut texts = Vec::new();
            for factor in factors {
                let (own, rest) = fractions.split_at(factor.dimensions());
                texts.push(serde_json::to_string(&factor.value(own)).unwrap());
                fractions = rest;
            }
            texts.join(" ")
        };
        (0..points.len()).map(row).collect()
    }

    #[test]
    fn a_grid_has_every_combination_and_both_ends() {
        let levels = Values::Levels(vec![Parameter::Flag(false), Parameter::Flag(true)]);
        let factors = [factor(None, levels), factor(None, range()), factor(None, Values::Fixed(Parameter::Integer(7)))];
        let points = full_grid(&factors, 3);
        assert_eq!(
            values(&factors, &points),
            ["false 0.0 7", "false 5.0 7", "false 10.0 7", "true 0.0 7", "true 5.0 7", "true 10.0 7"]
        );
        assert_eq!(full_grid_len(&factors, 3), 6);
    }

    #[test]
    fn whole_numbers_are_all_taken_or_spread_evenly() {
        let few = [factor(None, Values::Integers { minimum: 1, maximum: 3 })];
        assert_eq!(values(&few, &full_grid(&few, 5)), ["1", "2", "3"]);
        let many = [factor(None, Values::Integers { minimum: 0, maximum: 100 })];
        assert_eq!(values(&many, &full_grid(&many, 5)), ["0", "25", "50", "75", "100"]);
    }

    #[test]
    fn a_grid_beyond_all_bounds_is_counted_without_overflow() {
        let factors = [factor(Some(100), range())];
        assert_eq!(full_grid_len(&factors, 10), u64::MAX);
    }

    #[test]
    fn one_factor_at_a_time_leaves_the_middle() {
        let factors = [factor(Some(2), range())];
        assert_eq!(
            values(&factors, &one_at_a_time(&factors, 3)),
            ["[5.0,5.0]", "[0.0,5.0]", "[10.0,5.0]", "[5.0,0.0]", "[5.0,10.0]"]
        );
        assert_eq!(one_at_a_time_len(&factors, 3), 5);
        assert_eq!(one_at_a_time_len(&factors, 4), 9, "an even number of steps leaves out the middle");
    }

    #[test]
    fn twice_the_steps_less_one_keep_every_point() {
        let factors = [factor(Some(2), range()), factor(None, Values::Integers { minimum: 1, maximum: 3 })];
        let (coarse, fine) = (values(&factors, &full_grid(&factors, 4)), values(&factors, &full_grid(&factors, 7)));
        assert!(coarse.iter().all(|point| fine.contains(point)));
    }
}
