//! The smallest distance between two points.
//!
//! A tree of boxes, each of which holds half the points of the box around it: J. L. Bentley: Multidimensional binary search
//! trees used for associative searching. Communications of the ACM 18 (1975) 509–517. Two boxes that are farther from each
//! other than the nearest points found before needn't be opened.

use std::ops::Range;

use crate::UnitPoints;

/// Maximum number of points of a box that isn't divided further.
const LEAF: usize = 16;

/// Returns the smallest Euclidean distance between two points, in units of the cube's edge; `None` for fewer than two points.
///
/// The result is exact. In a few dimensions it takes little longer than sorting the points; in very many, each point is
/// compared with each.
#[must_use]
pub fn smallest_distance(points: &UnitPoints) -> Option<f64> {
    if points.len() < 2 {
        return None;
    }
    if points.dimensions() == 0 {
        return Some(0.0);
    }
    let tree = Tree::new(points);
    let mut smallest = f64::INFINITY;
    tree.search_within(&tree.root, &mut smallest);
    Some(smallest.sqrt())
}

/// The points, one behind the other, such that each box holds neighbours.
struct Tree {
    dimensions: usize,
    coordinates: Vec<f64>,
    root: Node,
}

/// A box around some of the points.
struct Node {
    points: Range<usize>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    halves: Option<Box<[Node; 2]>>,
}

impl Tree {
    fn new(points: &UnitPoints) -> Self {
        let mut order: Vec<usize> = (0..points.len()).collect();
        let root = Node::new(points, &mut order, 0);
        let coordinates = order.iter().flat_map(|&index| points.row(index)).collect();
        Self { dimensions: points.dimensions(), coordinates, root }
    }

    fn point(&self, index: usize) -> &[f64] {
        &self.coordinates[index * self.dimensions..][..self.dimensions]
    }

    /// Looks for a smaller squared distance between two points of a box.
    fn search_within(&self, node: &Node, smallest: &mut f64) {
        if let Some(halves) = &node.halves {
            let [first, second] = &**halves;
            self.search_within(first, smallest);
            self.search_within(second, smallest);
            self.search_between(first, second, smallest);
        } else {
            for index in node.points.clone() {
                self.compare(index, index + 1..node.points.end, smallest);
            }
        }
    }

    /// Looks for a smaller squared distance between a point of one box and a point of the other.
    fn search_between(&self, first: &Node, second: &Node, smallest: &mut f64) {
        if first.squared_gap(&second.lower, &second.upper) >= *smallest {
            return;
        }
        if first.halves.is_none() && second.halves.is_none() {
            return self.search_leaves(first, second, smallest);
        }
        for part in first.parts() {
            for other in second.parts() {
                self.search_between(part, other, smallest);
            }
        }
    }

    /// Looks for a smaller squared distance between points of two boxes that aren't divided further.
    fn search_leaves(&self, first: &Node, second: &Node, smallest: &mut f64) {
        for index in first.points.clone() {
            let point = self.point(index);
            if second.squared_gap(point, point) < *smallest {
                self.compare(index, second.points.clone(), smallest);
            }
        }
    }

    /// Compares a point with others.
    fn compare(&self, index: usize, others: Range<usize>, smallest: &mut f64) {
        let point = self.point(index);
        for other in others {
            let differences = point.iter().zip(self.point(other)).map(|(first, second)| first - second);
            let squared = differences.map(|difference| difference * difference).sum();
            if squared < *smallest {
                *smallest = squared;
            }
        }
    }
}

impl Node {
    /// Makes the box around the points in `order`, which stand from `start` on in the order of all; brings them into order.
    fn new(points: &UnitPoints, order: &mut [usize], start: usize) -> Self {
        let bounds = |column: &[f64]| {
            let values = order.iter().map(|&index| column[index]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        };
        let (lower, upper): (Vec<f64>, Vec<f64>) = points.columns().map(bounds).unzip();
        let halves =
            (order.len() > LEAF).then(|| Box::new(Self::divided(points, order, start, longest(&lower, &upper))));
        Self { points: start..start + order.len(), lower, upper, halves }
    }

    /// Makes both halves along a dimension.
    fn divided(points: &UnitPoints, order: &mut [usize], start: usize, dimension: usize) -> [Self; 2] {
        let column = points.column(dimension);
        let middle = order.len() / 2;
        order.select_nth_unstable_by(middle, |&first, &second| column[first].total_cmp(&column[second]));
        let (first, second) = order.split_at_mut(middle);
        [Self::new(points, first, start), Self::new(points, second, start + middle)]
    }

    /// The box's halves, or the box itself if it isn't divided further.
    fn parts(&self) -> &[Self] {
        self.halves.as_deref().map_or(std::slice::from_ref(self), <[Self; 2]>::as_slice)
    }

    /// The square of the distance to another box.
    ///
    /// No pair of points is nearer, not even after rounding: all steps are those of a pair's distance, and rounding keeps
    /// order.
    fn squared_gap(&self, other_lower: &[f64], other_upper: &[f64]) -> f64 {
        let own = self.lower.iter().zip(&self.upper);
        let gaps = own.zip(other_lower.iter().zip(other_upper)).map(|((low, high), (other_low, other_high))| {
            let gap = gap(low - other_high, other_low - high);
            gap * gap
        });
        gaps.sum()
    }
}

/// The larger of two distances, of which one is negative, or zero if both are.
///
/// Computed without a branch, which no processor could predict, and without rounding.
fn gap(first: f64, second: f64) -> f64 {
    0.5 * ((first + first.abs()) + (second + second.abs()))
}

/// The dimension along which a box is longest.
fn longest(lower: &[f64], upper: &[f64]) -> usize {
    let lengths = lower.iter().zip(upper).map(|(low, high)| high - low).enumerate();
    lengths.max_by(|(_, first), (_, second)| first.total_cmp(second)).map_or(0, |(dimension, _)| dimension)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{random, sobol};

    fn of_each_pair(points: &UnitPoints) -> Option<f64> {
        let squared = |(first, second)| {
            points.row(first).zip(points.row(second)).map(|(one, other)| (one - other) * (one - other)).sum::<f64>()
        };
        let pairs = (0..points.len()).flat_map(|first| (first + 1..points.len()).map(move |second| (first, second)));
        pairs.map(squared).min_by(f64::total_cmp).map(f64::sqrt)
    }

    proptest! {
        #[test]
        fn the_distance_is_that_of_comparing_each_pair(dimensions in 0..7_usize, count in 0..400_usize, seed: u64) {
            let start = seed >> 40;
            let even = sobol(dimensions, start..start + count as u64, None);
            for points in [random(dimensions, count, seed, 0), even] {
                prop_assert_eq!(smallest_distance(&points), of_each_pair(&points));
            }
        }

        #[test]
        fn points_on_a_grid_are_found_too(steps in prop::collection::vec((0..4_u32, 0..40_u32), 2..60)) {
            let scaled = steps.iter().map(|&(x, y)| (f64::from(x) / 4.0, f64::from(y) / 40.0));
            let (first, second): (Vec<f64>, Vec<f64>) = scaled.unzip();
            let points = UnitPoints::from_columns(&[first, second]).unwrap();
            prop_assert_eq!(smallest_distance(&points), of_each_pair(&points));
        }
    }

    #[test]
    fn one_point_alone_has_no_distance() {
        assert_eq!(smallest_distance(&UnitPoints::zeros(2, 1)), None);
        assert_eq!(smallest_distance(&UnitPoints::zeros(2, 0)), None);
    }

    #[test]
    fn many_equal_points_take_no_time() {
        for dimensions in [0, 1, 3] {
            assert_eq!(smallest_distance(&UnitPoints::zeros(dimensions, 200_000)), Some(0.0));
        }
    }
}
