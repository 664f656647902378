//! Cells that follow the grid on which values stand, such as that of whole numbers.

use crate::axis::{Axis, AxisScale};
use crate::histogram::{AxisDivision, grid_step};
use crate::number::{extent, real};

/// The grid of a column's values along an axis. The search for it needs all values, but not the selection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AxisGrid {
    /// The distance of two values, as a share of the axis.
    step: f64,
}

/// An axis that is divided into equal cells.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldCells {
    /// The axis, from the beginning of the first cell to the end of the last one.
    pub axis: Axis,
    /// Number of cells.
    pub number: usize,
    /// Whether each cell has a single value, in its middle.
    is_by_value: bool,
}

impl AxisGrid {
    /// Finds the grid of values from one end of an axis to the other; `None` if they stand on no grid that can be seen.
    #[must_use]
    pub fn of(axis: &Axis, values: &[f64]) -> Option<Self> {
        if let AxisScale::Categories(_) = axis.scale {
            return None;
        }
        let mapping = axis.mapping(1.0);
        let places = || values.iter().map(|value| mapping.place(*value)).filter(|place| (0.0..=1.0).contains(place));
        let (least, most) = extent(places())?;
        let is_whole_axis = least <= 0.0 && most >= 1.0;
        is_whole_axis.then(|| grid_step(places(), (0.0, 1.0)))?.map(|step| Self { step })
    }

    /// Returns cells of equally many values each: of one, or of so many that there are about as many cells as wished.
    fn cells(self, axis: &Axis, wished: usize) -> Option<FieldCells> {
        let AxisDivision::Parts { first, width, number, .. } = AxisDivision::of_grid((0.0, 1.0), self.step, wished)
        else {
            return None;
        };
        let longer = axis.between(axis.value(first), axis.value(first + real(number) * width));
        let is_by_value = width < 1.5 * self.step;
        // If the axis can't be longer, the cells at its ends would be halves: `None` then, since equal cells suit it better.
        (longer != *axis).then_some(FieldCells { axis: longer, number, is_by_value })
    }
}

impl FieldCells {
    /// Divides an axis into about as many cells as wished, which follow the grid of its values, if there is one.
    #[must_use]
    pub fn of(axis: &Axis, grid: Option<AxisGrid>, wished: usize) -> Self {
        let equal = || Self { axis: axis.clone(), number: wished, is_by_value: false };
        grid.and_then(|grid| grid.cells(axis, wished)).unwrap_or_else(equal)
    }

    /// Returns the value that a pointer means: that of the cell, if it has a single value, or else the value pointed at.
    #[must_use]
    pub fn value(&self, pointed_at: f64) -> f64 {
        let number = real(self.number);
        let cell = (self.axis.place(pointed_at) * number).floor().clamp(0.0, number - 1.0);
        if self.is_by_value { self.axis.value((cell + 0.5) / number) } else { pointed_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::uniform;

    /// Returns the cells of an axis from the least to the largest of some values.
    fn cells(values: &[f64], scale: AxisScale, wished: usize) -> FieldCells {
        let axis = Axis::covering("a", "", scale, values);
        let (least, most) = axis.extent(values.iter().copied()).unwrap();
        let axis = axis.between(least, most);
        FieldCells::of(&axis, AxisGrid::of(&axis, values), wished)
    }

    fn wholes(most: u32) -> Vec<f64> {
        (0..=most).map(f64::from).collect()
    }

    #[test]
    fn a_whole_number_has_a_cell() {
        for wished in [4, 17] {
            let found = cells(&wholes(6), AxisScale::Linear, wished);
            assert_eq!((found.number, found.axis.least, found.axis.most), (7, -0.5, 6.5));
            for (pointed_at, value) in [(-0.4, 0.0), (0.4, 0.0), (0.6, 1.0), (6.4, 6.0)] {
                assert!((found.value(pointed_at) - value).abs() < 1e-9, "{pointed_at}");
            }
        }
        let powers: Vec<f64> = (-3..=2).map(|power| 10_f64.powi(power)).collect();
        let found = cells(&powers, AxisScale::Logarithmic, 20);
        assert_eq!(found.number, 6);
        assert!((found.axis.most / 316.227_766 - 1.0).abs() < 1e-6, "{:?}", found.axis);
    }

    #[test]
    fn many_values_of_a_grid_share_cells_equally() {
        let found = cells(&wholes(99), AxisScale::Linear, 10);
        assert_eq!((found.number, found.axis.least, found.axis.most.round()), (10, -0.5, 100.0));
        assert!((found.axis.most - 99.5).abs() < 1e-9);
        assert!((found.value(7.3) - 7.3).abs() < 1e-12, "a cell is of several values");
    }

    #[test]
    fn other_values_have_as_many_cells_as_wished() {
        let values = uniform(500, 1);
        let found = cells(&values, AxisScale::Linear, 12);
        assert_eq!((found.number, found.axis.least), (12, values.iter().copied().fold(1.0, f64::min)));
        let axis = Axis::of_categories("soil", vec!["sand".to_owned()]);
        assert_eq!(AxisGrid::of(&axis, &[0.0, 0.0]), None);
        assert_eq!(
            AxisGrid::of(&Axis::covering("", "", AxisScale::Linear, &[5.0]), &[5.0]),
            None,
            "one value has none"
        );
        assert_eq!(AxisGrid::of(&Axis::covering("", "", AxisScale::Linear, &[]), &[f64::NAN]), None);
    }
}
