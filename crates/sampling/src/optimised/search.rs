//! Exchanges of coordinates that make a Latin hypercube better.
//!
//! Threshold accepting: G. Dueck, T. Scheuer: Threshold accepting. Journal of Computational Physics 90 (1990) 161–175, for
//! designs by K.-T. Fang, X. Lu, P. Winker: Lower bounds for centered and wrap-around L2-discrepancies and construction of
//! uniform designs by threshold accepting. Journal of Complexity 19 (2003) 692–711. The idea that the threshold follows the
//! number of accepted exchanges is taken from R. Jin, W. Chen, A. Sudjianto: An efficient algorithm for constructing optimal
//! design of computer experiments. Journal of Statistical Planning and Inference 134 (2005) 268–287.

use crate::UnitPoints;
use crate::generator::RandomGenerator;

/// Number of coordinates that all trials look at together, which takes some tenths of a second.
const EFFORT: usize = 300_000_000;

/// Maximum number of trials a point: more don't pay.
const TRIALS_PER_POINT: usize = 1000;

/// Number of points of which the nearest one is tried: an exchange of similar coordinates is more often an improvement.
const CANDIDATES: usize = 5;

/// Part of the trials that may accept an exchange that is no improvement.
const EXPLORING: f64 = 0.9;

/// Criterion that the search lowers.
pub(super) trait SearchObjective {
    /// Computes the change of the criterion if two points exchanged their coordinate, for each dimension.
    fn changes(&mut self, first: usize, second: usize, changes: &mut [f64]);

    /// Takes note of an exchange.
    fn exchange(&mut self, exchange: PointExchange);
}

/// Exchange of two points' coordinates along a dimension.
#[derive(Debug, Clone, Copy)]
pub(super) struct PointExchange {
    pub(super) dimension: usize,
    pub(super) first: usize,
    pub(super) second: usize,
}

/// Makes the points better, or leaves them as they are.
pub(super) fn improve(points: &mut UnitPoints, objective: &mut impl SearchObjective, generator: &mut RandomGenerator) {
    if points.len() < 2 || points.dimensions() < 2 {
        return;
    }
    let trials = (EFFORT / (points.len() * points.dimensions())).clamp(1, TRIALS_PER_POINT * points.len());
    let (mut threshold, mut course) = (Threshold::new(trials, points.len()), Course::default());
    let mut changes = vec![0.0; points.dimensions()];
    for trial in 0..trials {
        let (first, second) = pair(points, generator);
        objective.changes(first, second, &mut changes);
        let (dimension, change) = smallest(&changes);
        if threshold.accepts(change, trial) {
            let exchange = PointExchange { dimension, first, second };
            points.column_mut(dimension).swap(first, second);
            objective.exchange(exchange);
            course.add(exchange, change);
        }
    }
    course.return_to_best(points);
}

/// Draws a random point, and one that is near it along a random dimension.
fn pair(points: &UnitPoints, generator: &mut RandomGenerator) -> (usize, usize) {
    let column = points.column(below(points.dimensions(), generator));
    let first = below(points.len(), generator);
    let mut other = || (first + 1 + below(points.len() - 1, generator)) % points.len();
    let mut second = other();
    for _ in 1..CANDIDATES {
        let candidate = other();
        if (column[candidate] - column[first]).abs() < (column[second] - column[first]).abs() {
            second = candidate;
        }
    }
    (first, second)
}

fn below(bound: usize, generator: &mut RandomGenerator) -> usize {
    generator.below(u32::try_from(bound).expect("a design has fewer than 2^32 points")) as usize
}

/// Returns the smallest of some numbers, and its index: the first of several equal ones.
fn smallest(numbers: &[f64]) -> (usize, f64) {
    let first = (0, f64::INFINITY);
    let numbered = numbers.iter().copied().enumerate();
    numbered.fold(first, |smallest, number| if number.1 < smallest.1 { number } else { smallest })
}

/// Largest change with which an exchange is accepted. It follows the number of exchanges that are accepted without being an
/// improvement, and so adapts to the criterion's scale.
struct Threshold {
    change: f64,
    rate: f64,
    exploring_trials: f64,
}

impl Threshold {
    /// With few trials for each point there is no time for detours.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    fn new(trials: usize, count: usize) -> Self {
        let rate = (trials as f64 / (1000.0 * count as f64)).min(0.3);
        Self { change: 0.0, rate, exploring_trials: EXPLORING * trials as f64 }
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53")]
    fn accepts(&mut self, change: f64, trial: usize) -> bool {
        let rate = self.rate * (1.0 - trial as f64 / self.exploring_trials);
        if change < 0.0 || rate <= 0.0 {
            return change < 0.0;
        }
        if self.change == 0.0 && change.is_finite() {
            self.change = 0.01 * change;
        }
        let is_accepted = change < self.change;
        self.change *= if is_accepted { 0.9 } else { 1.0 + 0.1 * rate };
        is_accepted
    }
}

/// Course of the criterion during the search.
#[derive(Debug, Default)]
struct Course {
    /// Present value of the criterion, less the value at the beginning.
    change: f64,
    /// Lowest change up to now.
    best: f64,
    /// Exchanges since the criterion was lowest.
    since: Vec<PointExchange>,
}

impl Course {
    fn add(&mut self, exchange: PointExchange, change: f64) {
        self.change += change;
        self.since.push(exchange);
        if self.change < self.best {
            self.best = self.change;
            self.since.clear();
        }
    }

    fn return_to_best(self, points: &mut UnitPoints) {
        for PointExchange { dimension, first, second } in self.since.into_iter().rev() {
            points.column_mut(dimension).swap(first, second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An objective that no exchange improves.
    struct Uphill;

    impl SearchObjective for Uphill {
        fn changes(&mut self, _: usize, _: usize, changes: &mut [f64]) {
            changes.fill(1.0);
        }

        fn exchange(&mut self, _: PointExchange) {}
    }

    #[test]
    fn points_that_can_not_be_improved_stay_as_they_are() {
        let start = crate::latin_hypercube(2, 10, 1, 0);
        let mut points = start.clone();
        improve(&mut points, &mut Uphill, &mut RandomGenerator::new(crate::generator::RandomPurpose::Optimised, &[1]));
        assert_eq!(points, start);
    }

    fn step(first: usize) -> PointExchange {
        PointExchange { dimension: 0, first, second: first + 1 }
    }

    #[test]
    fn the_course_returns_to_where_the_criterion_was_lowest() {
        let mut points = UnitPoints::from_columns(&[[0.0, 0.1, 0.2, 0.3]]).unwrap();
        let mut course = Course::default();
        for (first, change) in [(0, -2.0), (1, 1.0), (2, -0.5)] {
            points.column_mut(0).swap(first, first + 1);
            course.add(step(first), change);
        }
        course.return_to_best(&mut points);
        assert_eq!(points.column(0), [0.1, 0.0, 0.2, 0.3]);
    }

    #[test]
    fn improvements_are_always_accepted_and_detours_only_early() {
        let mut threshold = Threshold::new(1000, 1);
        let accepted = |threshold: &mut Threshold, trial| (0..400).filter(|_| threshold.accepts(1.0, trial)).count();
        assert!(accepted(&mut threshold, 0) > 10);
        assert_eq!(accepted(&mut threshold, 900), 0);
        assert!(threshold.accepts(-1e-9, 0) && threshold.accepts(-1e-9, 999));
        assert!(!threshold.accepts(f64::INFINITY, 0) && !threshold.accepts(f64::NAN, 0));
    }
}
