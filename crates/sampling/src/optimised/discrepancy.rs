//! Change of the centred discrepancy when two points exchange a coordinate.
//!
//! Pairs with neither of the two points stay as they are: R. Jin, W. Chen, A. Sudjianto: An efficient algorithm for
//! constructing optimal design of computer experiments. Journal of Statistical Planning and Inference 134 (2005) 268–287.
//! Products of a pair are computed when they are needed, and for all dimensions at once: a table would have as many entries as
//! there are pairs.

use super::lanes::{padded, sum};
use super::search::{PointExchange, SearchObjective};
use crate::UnitPoints;
use crate::quality::{halved, kernel, single};

pub(super) struct DiscrepancyObjective {
    count: usize,
    /// The coordinates, halved.
    columns: Vec<Vec<f64>>,
    /// The products of the first point with each other one.
    first: Vec<f64>,
    /// The products of the second point with each other one.
    second: Vec<f64>,
}

impl DiscrepancyObjective {
    pub(super) fn new(points: &UnitPoints) -> Self {
        let columns = padded(points, halved);
        let products = columns.first().cloned().unwrap_or_default();
        Self { count: points.len(), columns, first: products.clone(), second: products }
    }

    /// Computes the products of two points with all others, and zero for these two.
    fn multiply(&mut self, first: usize, second: usize) {
        self.first.fill(1.0);
        self.second.fill(1.0);
        for column in &self.columns {
            let coordinates = (column[first], column[second]);
            for ((product, other_product), &value) in self.first.iter_mut().zip(&mut self.second).zip(column) {
                *product *= kernel(coordinates.0, value);
                *other_product *= kernel(coordinates.1, value);
            }
        }
        for index in [first, second].into_iter().chain(self.count..self.first.len()) {
            self.first[index] = 0.0;
            self.second[index] = 0.0;
        }
    }

    /// Returns the product of a function of a point's coordinates.
    fn product(&self, point: usize, factor: fn(f64) -> f64) -> f64 {
        self.columns.iter().map(|column| factor(column[point])).product()
    }
}

impl SearchObjective for DiscrepancyObjective {
    // A browser optimises a function when it is called again: hence a separate function.
    #[inline(never)]
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 points")]
    fn changes(&mut self, first: usize, second: usize, changes: &mut [f64]) {
        self.multiply(first, second);
        let own = [first, second].map(|point| self.product(point, own_kernel));
        let singles = [first, second].map(|point| self.product(point, single));
        let weight = 1.0 / self.count as f64;
        for (column, change) in self.columns.iter().zip(changes) {
            let coordinates = [column[first], column[second]];
            let pairs = sum([&self.first, &self.second, column], |[first, second, value]| {
                exchanged([first, second], coordinates.map(|coordinate| kernel(coordinate, value)))
            });
            let own = exchanged(own, coordinates.map(own_kernel));
            let singles = exchanged(singles, coordinates.map(single));
            *change = weight * (weight * (2.0 * pairs + own) - 2.0 * singles);
        }
    }

    fn exchange(&mut self, PointExchange { dimension, first, second }: PointExchange) {
        self.columns[dimension].swap(first, second);
    }
}

/// Contribution of a coordinate to the product of its point with itself.
fn own_kernel(coordinate: f64) -> f64 {
    kernel(coordinate, coordinate)
}

/// Change of the sum of two products when they exchange one of their factors.
fn exchanged(products: [f64; 2], factors: [f64; 2]) -> f64 {
    let differences = (products[0] * factors[1] - products[1] * factors[0]) * (factors[1] - factors[0]);
    differences / (factors[0] * factors[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latin_hypercube;
    use crate::quality::centred_discrepancy;

    #[test]
    fn a_change_is_the_difference_of_discrepancies() {
        for count in [2, 5, 8] {
            let points = latin_hypercube(3, count, 1, 0);
            let mut changes = [0.0; 3];
            DiscrepancyObjective::new(&points).changes(1, 0, &mut changes);
            for (dimension, change) in changes.into_iter().enumerate() {
                let mut exchanged = points.clone();
                exchanged.column_mut(dimension).swap(0, 1);
                let difference = centred_discrepancy(&exchanged) - centred_discrepancy(&points);
                assert!((change - difference).abs() < 1e-14, "{change} is {difference}");
            }
        }
    }
}
