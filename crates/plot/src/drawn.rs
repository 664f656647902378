//! How much of what there is a chart shows.

use crate::column::Column;
use crate::label::count;

/// How many values are shown, and why others aren't: together they are all that there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// Inside of the axes' ranges.
    pub(crate) shown: usize,
    /// Outside of them, or without a place on a logarithmic axis.
    pub(crate) outside: usize,
    /// No number.
    pub(crate) missing: usize,
}

impl Drawn {
    /// Looks at the values of all cases on all axes.
    pub(crate) fn of_cases(columns: &[Column]) -> Self {
        let cases = columns.iter().map(|column| column.values.len()).min().unwrap_or(0);
        let (mut is_missing, mut is_outside) = (vec![false; cases], vec![false; cases]);
        for Column { axis, values, .. } in columns {
            for ((value, missing), outside) in values.iter().zip(&mut is_missing).zip(&mut is_outside) {
                *missing |= value.is_nan();
                *outside |= !(axis.least..=axis.most).contains(value);
            }
        }
        let missing = is_missing.iter().filter(|is_it| **is_it).count();
        let outside = is_missing.iter().zip(&is_outside).filter(|(missing, outside)| !**missing && **outside).count();
        Self { shown: cases - missing - outside, outside, missing }
    }
}

/// `; 12 outside; 26 without a value`.
pub(crate) fn absent(outside: usize, missing: usize) -> String {
    let part =
        |number: usize, text: &str| if number > 0 { format!("; {} {text}", count(number)) } else { String::new() };
    part(outside, "outside of what is shown") + &part(missing, "without a value")
}
