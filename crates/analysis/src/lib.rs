//! Statistics of a study whose results are incomplete.
//!
//! A column is a slice of floats, a value a row. The numbers of rows, counted from 0, say which rows count: in any order, and a
//! row named twice counts twice. A value that isn't finite is missing, and so is the value of a row beyond the column's end:
//! nothing is made up for it, it is left out, and counted.

mod centred;
#[cfg(test)]
mod checks;
pub mod correlation;
mod difference;
mod dimensions;
pub mod importance;
mod ranking;

use std::borrow::Cow;

pub use difference::largest_difference;
pub use dimensions::{DimensionCorrelation, largest_correlation};
pub use ranking::{ColumnRanking, sort_key};

/// Returns a column without the values outside of a range, both of whose ends belong to it: there they are missing.
///
/// If one value is the largest float, as a penalty, results computed from sums, such as Pearson's coefficient and shares of
/// variance, say nothing of the other values any more. Ranks do.
#[must_use]
pub fn within(column: &[f64], (least, most): (f64, f64)) -> Cow<'_, [f64]> {
    let is_inside = |value: &f64| (least..=most).contains(value);
    if column.iter().all(|value| value.is_nan() || is_inside(value)) {
        return Cow::Borrowed(column);
    }
    column.iter().map(|value| if is_inside(value) { *value } else { f64::NAN }).collect()
}

/// Returns a column's values at these rows, NaN for a missing one. All rows in their order take no copy: there may be a
/// million.
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

#[cfg(test)]
mod tests {
    use super::correlation::{CorrelationCoefficient, correlations};
    use super::*;

    #[test]
    fn a_penalty_decides_pearson_alone_unless_it_is_left_out() {
        let factor = checks::numbers(1, 100);
        let mut response: Vec<f64> = factor.iter().map(|value| 3.0 * value).collect();
        response[7] = f64::MAX;
        let of = |coefficient, response: &[f64]| correlations(coefficient, &[&factor], response, &checks::all(100))[0];
        let kept = of(CorrelationCoefficient::Pearson, &response);
        assert!(kept.value.unwrap().abs() < 0.3, "{kept:?}");
        let without = of(CorrelationCoefficient::Pearson, &within(&response, (-1e300, 1e300)));
        assert!(without.value.unwrap() > 0.999_999, "{without:?}");
        assert_eq!((kept.pairs, without.pairs, without.left_out), (100, 99, 1));
        assert!(of(CorrelationCoefficient::Spearman, &response).value.unwrap() > 0.9);
    }

    #[test]
    fn a_column_inside_of_the_range_is_not_copied() {
        assert!(matches!(within(&[1.0, f64::NAN, 2.0], (1.0, 2.0)), Cow::Borrowed(_)));
        let found = within(&[1.0, f64::NAN, 2.5, 2.0], (1.0, 2.0));
        assert_eq!(found.iter().map(|value| value.is_nan()).collect::<Vec<_>>(), [false, true, true, false]);
    }
}
