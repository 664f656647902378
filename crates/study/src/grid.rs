//! Designs on a grid: every combination, or one factor at a time.

use cruncher_sampling::UnitPoints;

use crate::case::ParameterValue;
use crate::decimal::{between, ratio_between};
use crate::factor::{Factor, FactorScale, FactorValues};
use crate::sampler::Sampler;

/// The middle of a range.
const MIDDLE: f64 = 0.5;

/// The values that ranges take on a grid, as exact as a float can be: an eighth of the way from 0.1 to 0.9 is 0.2.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GridValues {
    /// For each factor its values in equal steps, twice as many steps as the grid has, so that the middle is one of them; empty
    /// if the factor is no range.
    factors: Vec<Vec<f64>>,
}

impl GridValues {
    /// No values, as of samplers that are no grid.
    pub(crate) const NONE: Self = Self { factors: Vec::new() };

    /// Returns the values of a grid; none for other samplers.
    pub(crate) fn of(sampler: Sampler, factors: &[Factor]) -> Self {
        let (Sampler::FullGrid { steps } | Sampler::OneAtATime { steps }) = sampler else { return Self::NONE };
        Self { factors: factors.iter().map(|factor| half_steps(factor, 2 * (steps - 1))).collect() }
    }

    /// Returns the value of the factor at a position, at a fraction of its range: one of the grid's values.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a fraction of some steps"
    )]
    pub(crate) fn at(&self, position: usize, factor: &Factor, fraction: f64) -> ParameterValue {
        let values = self.factors.get(position).map_or(&[] as &[f64], Vec::as_slice);
        let index = (fraction * values.len().saturating_sub(1) as f64).round() as usize;
        values.get(index).map_or_else(|| factor.at(fraction), |value| ParameterValue::Number(*value))
    }
}

/// Returns the values of a range, its ends included, in this number of equal parts.
fn half_steps(factor: &Factor, parts: u32) -> Vec<f64> {
    let FactorValues::Range { minimum, maximum, scale } = factor.values else { return Vec::new() };
    let value = |part: u32| match scale {
        FactorScale::Linear => between(minimum, maximum, part, parts),
        FactorScale::Log => {
            let nearby = factor.at(f64::from(part) / f64::from(parts)).as_number().unwrap_or(minimum);
            ratio_between(minimum, maximum, part, parts, nearby).clamp(minimum, maximum)
        }
    };
    (0..=parts).map(value).collect()
}

/// Number of points of a full grid; `u64::MAX` if it is larger than any whole number of 64 bits.
#[must_use]
pub(crate) fn full_grid_len(factors: &[Factor], steps: u32) -> u64 {
    let lengths = factors.iter().map(|factor| {
        let dimensions = u32::try_from(factor.dimensions()).unwrap_or(u32::MAX);
        axis_len(factor, steps).saturating_pow(dimensions)
    });
    lengths.fold(1, u64::saturating_mul)
}

/// Number of values that a dimension of the factor takes on the grid.
fn axis_len(factor: &Factor, steps: u32) -> u64 {
    match (&factor.values, factor.levels()) {
        (FactorValues::Range { .. }, _) => u64::from(steps),
        (FactorValues::Integers { .. }, Some(levels)) => levels.min(u64::from(steps)),
        (_, levels) => levels.unwrap_or(1),
    }
}

/// Returns every combination of the factors' values, the last factor varying fastest.
///
/// A range contributes `steps` values at equal distances, its ends included; whole numbers and levels all of their values, or
/// `steps` of the whole numbers if there are more.
#[must_use]
pub(crate) fn full_grid(factors: &[Factor], steps: u32) -> UnitPoints {
    let axes = axes(factors, steps);
    let count = axes.iter().map(Vec::len).product();
    let mut points = UnitPoints::zeros(axes.len(), count);
    let mut repeats = count;
    for (dimension, axis) in axes.iter().enumerate() {
        repeats /= axis.len().max(1);
        for (index, place) in points.column_mut(dimension).iter_mut().enumerate() {
            *place = axis[index / repeats % axis.len()];
        }
    }
    points
}

/// Number of points that vary one factor at a time.
#[must_use]
pub(crate) fn one_at_a_time_len(factors: &[Factor], steps: u32) -> u64 {
    let moves = factors.iter().map(|factor| {
        let others = axis_len(factor, steps) - u64::from(has_base(factor, u64::from(steps)));
        others.saturating_mul(factor.dimensions() as u64)
    });
    moves.fold(1, u64::saturating_add)
}

/// Whether one of the values that a dimension takes on the grid is its base.
fn has_base(factor: &Factor, steps: u64) -> bool {
    match (&factor.values, factor.levels()) {
        (FactorValues::Range { .. }, _) => !steps.is_multiple_of(2),
        (FactorValues::Integers { .. }, Some(levels)) if levels > steps => {
            // With an even number of steps the base may be one of the two around the middle.
            let middle = (steps - 1) / 2;
            (middle..=middle + 1).any(|step| part(spread(step, steps, levels), levels).total_cmp(&base(factor)).is_eq())
        }
        _ => true,
    }
}

/// Returns the base point, at which every factor is in its middle, then each factor's other values with all others in the
/// middle.
#[must_use]
pub(crate) fn one_at_a_time(factors: &[Factor], steps: u32) -> UnitPoints {
    let (axes, bases) = (axes(factors, steps), bases(factors));
    let moves = axes.iter().enumerate().flat_map(|(dimension, axis)| {
        let base = bases[dimension];
        axis.iter().filter(move |place| place.total_cmp(&base).is_ne()).map(move |place| (dimension, *place))
    });
    let moves: Vec<(usize, f64)> = moves.collect();
    let mut points = UnitPoints::zeros(bases.len(), moves.len() + 1);
    for (dimension, base) in bases.iter().enumerate() {
        points.column_mut(dimension).fill(*base);
    }
    for (index, (dimension, place)) in moves.into_iter().enumerate() {
        points.column_mut(dimension)[index + 1] = place;
    }
    points
}

/// Returns the places, as fractions of its range, that each dimension takes on the grid.
fn axes(factors: &[Factor], steps: u32) -> Vec<Vec<f64>> {
    let axis = |factor: &Factor| match (&factor.values, factor.levels()) {
        (FactorValues::Range { .. }, _) => (0..steps).map(|step| f64::from(step) / f64::from(steps - 1)).collect(),
        (FactorValues::Integers { .. }, Some(levels)) if levels > u64::from(steps) => {
            (0..u64::from(steps)).map(|step| part(spread(step, u64::from(steps), levels), levels)).collect()
        }
        (_, levels) => (0..levels.unwrap_or(1)).map(|level| part(level, levels.unwrap_or(1))).collect::<Vec<f64>>(),
    };
    factors.iter().flat_map(|factor| std::iter::repeat_n(axis(factor), factor.dimensions())).collect()
}

/// Returns the level, of `levels`, that is nearest to the given step of `steps` at equal distances.
fn spread(step: u64, steps: u64, levels: u64) -> u64 {
    let exact = u128::from(step) * u128::from(levels - 1);
    let nearest = (2 * exact + u128::from(steps - 1)) / (2 * u128::from(steps - 1));
    u64::try_from(nearest).unwrap_or(levels - 1)
}

/// Returns the middle of one of `levels` equal parts of the unit interval.
#[expect(clippy::cast_precision_loss, reason = "a grid has far fewer levels than 2^53")]
fn part(level: u64, levels: u64) -> f64 {
    (level as f64 + MIDDLE) / levels as f64
}

/// Returns the place of each dimension while another one varies: the middle of a range, the middle one of its levels.
fn bases(factors: &[Factor]) -> Vec<f64> {
    factors.iter().flat_map(|factor| std::iter::repeat_n(base(factor), factor.dimensions())).collect()
}

fn base(factor: &Factor) -> f64 {
    factor.levels().map_or(MIDDLE, |levels| part((levels - 1) / 2, levels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(count: Option<usize>, values: FactorValues) -> Factor {
        Factor { name: "x".into(), count, values, unit: String::new(), note: String::new() }
    }

    fn range() -> FactorValues {
        FactorValues::Range { minimum: 0.0, maximum: 10.0, scale: FactorScale::Linear }
    }

    #[test]
    fn values_of_a_grid_are_the_decimals_that_are_meant() {
        for (minimum, maximum, scale, steps, expected) in [
            (0.0, 0.3, FactorScale::Linear, 4, "0.0 0.1 0.2 0.3"),
            (0.1, 0.9, FactorScale::Linear, 9, "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9"),
            (1e-3, 1e3, FactorScale::Log, 7, "0.001 0.01 0.1 1.0 10.0 100.0 1000.0"),
        ] {
            let factors = [factor(None, FactorValues::Range { minimum, maximum, scale })];
            for sampler in [Sampler::FullGrid { steps }, Sampler::OneAtATime { steps }] {
                let grid = GridValues::of(sampler, &factors);
                let points = sampler.sample(&factors, 1).unwrap().remove(0).points;
                let mut values: Vec<f64> =
                    points.column(0).iter().map(|place| grid.at(0, &factors[0], *place).as_number().unwrap()).collect();
                values.sort_unstable_by(f64::total_cmp);
                values.dedup();
                let told: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
                let middle =
                    if steps % 2 == 0 && matches!(sampler, Sampler::OneAtATime { .. }) { "0.1 0.15" } else { "0.1" };
                assert_eq!(told.join(" "), expected.replacen("0.1", middle, 1), "{sampler:?}");
            }
        }
    }

    #[test]
    fn a_finer_grid_has_the_same_values_between_others() {
        for scale in [FactorScale::Linear, FactorScale::Log] {
            for (minimum, maximum) in [(0.1, 0.7), (1e-9, 3e4), (5.0, 6.0)] {
                let factor = factor(None, FactorValues::Range { minimum, maximum, scale });
                let coarse = half_steps(&factor, 2 * 4);
                let fine = half_steps(&factor, 2 * 8);
                assert_eq!(coarse, fine.iter().copied().step_by(2).collect::<Vec<f64>>());
            }
        }
    }

    fn values(factors: &[Factor], points: &UnitPoints) -> Vec<String> {
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
        let levels = FactorValues::Levels(vec![ParameterValue::Flag(false), ParameterValue::Flag(true)]);
        let factors = [
            factor(None, levels),
            factor(None, range()),
            factor(None, FactorValues::Fixed(ParameterValue::Integer(7))),
        ];
        let points = full_grid(&factors, 3);
        assert_eq!(
            values(&factors, &points),
            ["false 0.0 7", "false 5.0 7", "false 10.0 7", "true 0.0 7", "true 5.0 7", "true 10.0 7"]
        );
        assert_eq!(full_grid_len(&factors, 3), 6);
    }

    #[test]
    fn whole_numbers_are_all_taken_or_spread_evenly() {
        let few = [factor(None, FactorValues::Integers { minimum: 1, maximum: 3 })];
        assert_eq!(values(&few, &full_grid(&few, 5)), ["1", "2", "3"]);
        let many = [factor(None, FactorValues::Integers { minimum: 0, maximum: 100 })];
        assert_eq!(values(&many, &full_grid(&many, 5)), ["0", "25", "50", "75", "100"]);
    }

    #[test]
    fn a_grid_beyond_all_bounds_is_counted_without_overflow() {
        let factors = [factor(Some(100), range())];
        assert_eq!(full_grid_len(&factors, 10), u64::MAX);
    }

    #[test]
    fn a_grid_is_counted_without_being_made() {
        let factors =
            [factor(Some(3), range()), factor(None, FactorValues::Integers { minimum: 0, maximum: i64::MAX })];
        assert_eq!(full_grid_len(&factors[..1], u32::MAX), u64::MAX);
        assert_eq!(full_grid_len(&factors[1..], u32::MAX), u64::from(u32::MAX));
        assert_eq!(one_at_a_time_len(&factors[..1], u32::MAX), 1 + 3 * u64::from(u32::MAX - 1));
        assert_eq!(one_at_a_time_len(&[factor(Some(usize::MAX), range())], u32::MAX), u64::MAX);
    }

    #[test]
    fn as_many_points_are_made_as_were_counted() {
        for steps in 2..12 {
            for maximum in 2..40 {
                let factors = [factor(Some(2), FactorValues::Integers { minimum: 1, maximum }), factor(None, range())];
                assert_eq!(full_grid(&factors, steps).len() as u64, full_grid_len(&factors, steps));
                let made = one_at_a_time(&factors, steps).len() as u64;
                assert_eq!(made, one_at_a_time_len(&factors, steps), "{steps} {maximum}");
            }
        }
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
        let factors = [factor(Some(2), range()), factor(None, FactorValues::Integers { minimum: 1, maximum: 3 })];
        let (coarse, fine) = (values(&factors, &full_grid(&factors, 4)), values(&factors, &full_grid(&factors, 7)));
        assert!(coarse.iter().all(|point| fine.contains(point)));
    }
}
