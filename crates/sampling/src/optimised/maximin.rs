//! Change of the distances between points when two of them exchange a coordinate.
//!
//! M. D. Morris, T. J. Mitchell: Exploratory designs for computational experiments. Journal of Statistical Planning and
//! Inference 43 (1995) 381–402. Their φ is the p-th root of the sum used here.

use super::lanes::{padded, sum};
use super::search::{PointExchange, SearchObjective};
use crate::UnitPoints;

pub(super) struct MaximinObjective {
    count: usize,
    columns: Vec<Vec<f64>>,
    /// The squared distances of the first point from each other one.
    first: Vec<f64>,
    /// The squared distances of the second point from each other one.
    second: Vec<f64>,
}

impl MaximinObjective {
    pub(super) fn new(points: &UnitPoints) -> Self {
        let columns = padded(points, |value| value);
        let distances = columns.first().cloned().unwrap_or_default();
        Self { count: points.len(), columns, first: distances.clone(), second: distances }
    }

    /// Computes the squared distances of two points from all others. These two count as infinitely far: their own
    /// distance doesn't change.
    fn measure(&mut self, first: usize, second: usize) {
        self.first.fill(0.0);
        self.second.fill(0.0);
        for column in &self.columns {
            let coordinates = (column[first], column[second]);
            for ((squared, other_squared), &value) in self.first.iter_mut().zip(&mut self.second).zip(column) {
                *squared += square(coordinates.0 - value);
                *other_squared += square(coordinates.1 - value);
            }
        }
        for index in [first, second].into_iter().chain(self.count..self.first.len()) {
            self.first[index] = f64::INFINITY;
            self.second[index] = f64::INFINITY;
        }
    }
}

impl SearchObjective for MaximinObjective {
    // A browser optimises a function when it is called again: hence a separate function.
    #[inline(never)]
    fn changes(&mut self, first: usize, second: usize, changes: &mut [f64]) {
        self.measure(first, second);
        let now =
            sum([&self.first, &self.second, &self.second], |[first, second, _]| nearness(first) + nearness(second));
        for (column, change) in self.columns.iter().zip(changes) {
            let coordinates = (column[first], column[second]);
            let then = sum([&self.first, &self.second, column], |[first, second, value]| {
                let moved = square(coordinates.1 - value) - square(coordinates.0 - value);
                nearness(first + moved) + nearness(second - moved)
            });
            *change = then - now;
        }
    }

    fn exchange(&mut self, PointExchange { dimension, first, second }: PointExchange) {
        self.columns[dimension].swap(first, second);
    }
}

fn square(value: f64) -> f64 {
    value * value
}

/// A squared distance to the power -8, which is the distance to the power -16.
fn nearness(squared_distance: f64) -> f64 {
    square(square(square(1.0 / squared_distance)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latin_hypercube;

    fn sum_of_all(points: &UnitPoints) -> f64 {
        let squared =
            |first, second| points.row(first).zip(points.row(second)).map(|(one, other)| square(one - other)).sum();
        (0..points.len()).flat_map(|first| (0..first).map(move |second| nearness(squared(first, second)))).sum()
    }

    #[test]
    fn a_change_is_the_difference_of_sums() {
        for count in [2, 5, 8] {
            let points = latin_hypercube(3, count, 1, 0);
            let mut changes = [0.0; 3];
            MaximinObjective::new(&points).changes(1, 0, &mut changes);
            for (dimension, change) in changes.into_iter().enumerate() {
                let mut exchanged = points.clone();
                exchanged.column_mut(dimension).swap(0, 1);
                let (now, then) = (sum_of_all(&points), sum_of_all(&exchanged));
                assert!((change - (then - now)).abs() < 1e-9 * (now + then), "{change} is {}", then - now);
            }
        }
    }
}
