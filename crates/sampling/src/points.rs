//! Points, stored by column.

use std::ops::Range;

/// Points of the unit cube [0, 1)^d, one column a dimension, one row a point.
///
/// Samplers fill one dimension after the other, and measures read one after the other: hence columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UnitPoints {
    /// The columns, one behind the other, each of `count` values.
    values: Vec<f64>,
    count: usize,
    dimensions: usize,
}

impl UnitPoints {
    /// `count` points in the origin.
    #[must_use]
    pub fn zeros(dimensions: usize, count: usize) -> Self {
        Self { values: vec![0.0; dimensions * count], count, dimensions }
    }

    /// Returns points with these coordinates, one column a dimension; `None` if the columns have different lengths.
    ///
    /// It is up to the caller that the values are from 0, included, to 1, excluded.
    #[must_use]
    pub fn from_columns<Column: AsRef<[f64]>>(columns: &[Column]) -> Option<Self> {
        let count = columns.first().map_or(0, |column| column.as_ref().len());
        let are_equal = columns.iter().all(|column| column.as_ref().len() == count);
        let values = || columns.iter().flat_map(AsRef::as_ref).copied().collect();
        are_equal.then(|| Self { values: values(), count, dimensions: columns.len() })
    }

    /// Number of points.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no point.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Number of coordinates of a point.
    #[must_use]
    pub const fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The coordinates of all points along a dimension, `len` values.
    ///
    /// # Panics
    /// If there is no such dimension.
    #[must_use]
    pub fn column(&self, dimension: usize) -> &[f64] {
        assert!(dimension < self.dimensions, "dimension {dimension} of {}", self.dimensions);
        &self.values[dimension * self.count..][..self.count]
    }

    /// The coordinates of all points along a dimension, to be changed.
    ///
    /// # Panics
    /// If there is no such dimension.
    #[must_use]
    pub fn column_mut(&mut self, dimension: usize) -> &mut [f64] {
        assert!(dimension < self.dimensions, "dimension {dimension} of {}", self.dimensions);
        &mut self.values[dimension * self.count..][..self.count]
    }

    /// All columns, in order.
    pub fn columns(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.dimensions).map(|dimension| self.column(dimension))
    }

    /// The coordinates of a point, `dimensions` values.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn row(&self, index: usize) -> impl Iterator<Item = f64> {
        assert!(index < self.count, "point {index} of {}", self.count);
        (0..self.dimensions).map(move |dimension| self.values[dimension * self.count + index])
    }

    /// Adds the points of `other` behind these.
    ///
    /// # Panics
    /// If `other` has another number of dimensions.
    pub fn append(&mut self, other: &Self) {
        assert_eq!(self.dimensions, other.dimensions, "both have the same dimensions");
        let both = self.columns().zip(other.columns());
        self.values = both.flat_map(|(first, second)| [first, second]).flatten().copied().collect();
        self.count += other.count;
    }
}

/// Number of points of a sequence in a range.
///
/// # Panics
/// If they don't fit into the address space.
pub(crate) fn numbered(range: &Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).expect("as many points as fit into memory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_a_row_of_the_columns() {
        let points = UnitPoints::from_columns(&[[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]).unwrap();
        assert_eq!((points.len(), points.dimensions(), points.is_empty()), (3, 2, false));
        assert_eq!(points.row(1).collect::<Vec<_>>(), [0.2, 0.5]);
        assert_eq!(points.column(1), [0.4, 0.5, 0.6]);
    }

    #[test]
    fn columns_of_different_lengths_are_no_points() {
        assert_eq!(UnitPoints::from_columns(&[vec![0.1, 0.2], vec![0.3]]), None);
    }

    #[test]
    fn appended_points_come_behind_in_each_column() {
        let mut points = UnitPoints::from_columns(&[[0.1], [0.2]]).unwrap();
        points.append(&UnitPoints::from_columns(&[[0.3, 0.5], [0.4, 0.6]]).unwrap());
        assert_eq!(points, UnitPoints::from_columns(&[[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]).unwrap());
    }

    #[test]
    fn no_points_and_no_dimensions_are_fine() {
        let mut none = UnitPoints::zeros(3, 0);
        none.append(&UnitPoints::zeros(3, 0));
        assert!(none.is_empty());
        assert_eq!(none.column(2), [0.0; 0]);
        let mut flat = UnitPoints::zeros(0, 2);
        flat.append(&UnitPoints::zeros(0, 3));
        assert_eq!((flat.len(), flat.row(4).count(), flat.columns().count()), (5, 0, 0));
        assert_eq!(UnitPoints::from_columns::<[f64; 0]>(&[]), Some(UnitPoints::default()));
    }
}
