//! How much of what there is a chart shows.

use crate::axis::Axis;
use crate::label::count;

/// How many values are shown, and why others aren't: together they are all that there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Inside of the axes' ranges.
    pub shown: usize,
    /// Outside of them, or without a place on a logarithmic axis.
    pub outside: usize,
    /// No number.
    pub missing: usize,
    /// Shown, selected, and without a value that has a colour.
    pub uncoloured: usize,
}

impl Drawn {
    /// Looks at the values of all cases on all axes, an axis a column.
    pub(crate) fn of_cases(axes: &[Axis], columns: &[&[f64]]) -> Self {
        let cases = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let (mut is_missing, mut is_outside) = (vec![false; cases], vec![false; cases]);
        for (axis, column) in axes.iter().zip(columns) {
            for ((value, missing), outside) in column.iter().zip(&mut is_missing).zip(&mut is_outside) {
                *missing |= value.is_nan();
                *outside |= !(axis.least..=axis.most).contains(value);
            }
        }
        let missing = is_missing.iter().filter(|is_it| **is_it).count();
        let outside = is_missing.iter().zip(&is_outside).filter(|(missing, outside)| !**missing && **outside).count();
        Self { shown: cases - missing - outside, outside, missing, uncoloured: 0 }
    }
}

/// `; 12 outside; 26 without a value`.
pub(crate) fn absent(outside: usize, missing: usize) -> String {
    let part =
        |number: usize, text: &str| if number > 0 { format!("; {} {text}", count(number)) } else { String::new() };
    part(outside, "outside of what is shown") + &part(missing, "without a value")
}
