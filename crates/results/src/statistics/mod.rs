//! Statistics of a study whose results are incomplete.
//!
//! A column is a slice of floats, a value a row. Which rows count, say their numbers, counted from 0: in any order,
//! and one that stands there twice counts twice. A value that isn't finite is missing, and so is that of a row which a
//! column doesn't have: nothing is made up for it, it is left out, and counted.

mod centred;
#[cfg(test)]
mod checks;
pub mod correlation;
pub mod importance;
mod ranking;

pub use ranking::Ranking;

/// A column's values at these rows; NaN is what is missing.
fn selected<'a>(column: &'a [f64], rows: &'a [u32]) -> impl ExactSizeIterator<Item = f64> + 'a {
    rows.iter().map(|row| column.get(*row as usize).copied().filter(|value| value.is_finite()).unwrap_or(f64::NAN))
}

/// A count as float.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 of anything")]
fn float(count: usize) -> f64 {
    count as f64
}
