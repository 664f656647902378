//! Statistics of a study whose results are incomplete.
//!
//! A column is a slice of floats, a value a row. Which rows count, say their numbers, counted from 0: in any order,
//! and one that stands there twice counts twice. A value that isn't finite is missing, and so is that of a row which a
//! column doesn't have: nothing is made up for it, it is left out, and counted.

mod centred;
#[cfg(test)]
mod checks;
use std::borrow::Cow;

pub mod correlation;
pub mod importance;
mod ranking;

pub use ranking::Ranking;

/// A column's values at these rows; NaN is what is missing. All rows in their order take no copy: there may be a million.
fn selected<'a>(column: &'a [f64], rows: &[u32]) -> Cow<'a, [f64]> {
    let is_all = rows.len() == column.len() && (0..).zip(rows).all(|(place, row)| place == *row);
    if is_all && !column.iter().any(|value| value.is_infinite()) {
        return Cow::Borrowed(column);
    }
    let value = |row: &u32| column.get(*row as usize).copied().filter(|value| value.is_finite()).unwrap_or(f64::NAN);
    rows.iter().map(value).collect()
}

/// A count as float.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 of anything")]
fn float(count: usize) -> f64 {
    count as f64
}
