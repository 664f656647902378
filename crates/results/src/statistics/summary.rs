//! A column in a few numbers.

use super::centred::{Centred, limits};
use super::quantiles::quantiles;
use super::{float, selected};

/// What a column's values are, at some rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// How many rows have a value.
    pub count: usize,
    /// How many rows have none.
    pub missing: usize,
    /// None if no row has a value.
    pub figures: Option<Figures>,
}

/// Where values are, in the unit of the column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, as that of a sample: the sum of squares is divided by their number less 1. None for
    /// a single value.
    pub standard_deviation: Option<f64>,
    /// The smallest one.
    pub least: f64,
    /// What 5 % are below.
    pub low: f64,
    /// What half of them are below.
    pub median: f64,
    /// What 95 % are below.
    pub high: f64,
    /// The largest one.
    pub most: f64,
}

impl Summary {
    /// Summarises a column's values at these rows.
    #[must_use]
    pub fn of(column: &[f64], rows: &[u32]) -> Self {
        let values: Vec<f64> = selected(column, rows).filter(|value| !value.is_nan()).collect();
        Self { count: values.len(), missing: rows.len() - values.len(), figures: figures(values) }
    }
}

fn figures(mut values: Vec<f64>) -> Option<Figures> {
    let [low, median, high] = quantiles(&mut values, [0.05, 0.5, 0.95])?;
    let (least, most) = limits(&values);
    let count = values.len();
    let (mean, squares) = match Centred::of(values) {
        Some(centred) => (centred.mean, (centred.squares / float(count.max(2) - 1)).sqrt() * centred.span),
        // All are the same, or as far from each other as floats get.
        None => (least / 2.0 + most / 2.0, most - least),
    };
    let mean = mean.clamp(least, most);
    Some(Figures { mean, standard_deviation: (count > 1).then_some(squares), least, low, median, high, most })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{all, assert_close, value};
    use super::*;

    /// `v = [3.5, -1, 7.25, 0.5, 3.5, 12, -4.5, 2]; numpy.mean(v), numpy.std(v, ddof=1), numpy.quantile(v, [0.05, 0.95])`.
    #[test]
    fn figures_are_those_of_numpy() {
        let column = [3.5, f64::NAN, -1.0, 7.25, 0.5, 3.5, f64::INFINITY, 12.0, -4.5, 2.0];
        let found = Summary::of(&column, &all(10));
        assert_eq!((found.count, found.missing), (8, 2));
        let found = found.figures.unwrap();
        assert_close(found.mean, 2.906_25, 1e-15);
        assert_close(found.standard_deviation.unwrap(), 5.056_709_651_542_196, 1e-15);
        assert_eq!((found.least, found.median, found.most), (-4.5, 2.75, 12.0));
        assert_close(found.low, -3.275, 1e-14);
        assert_close(found.high, 10.337_5, 1e-14);
    }

    #[test]
    fn only_the_rows_that_count_are_summarised() {
        let found = Summary::of(&[1.0, 2.0, 30.0], &[1, 0, 9]);
        assert_eq!((found.count, found.missing, found.figures.unwrap().most), (2, 1, 2.0));
    }

    #[test]
    fn no_values_have_no_figures_and_one_has_no_deviation() {
        assert_eq!(Summary::of(&[f64::NAN; 3], &all(3)), Summary { count: 0, missing: 3, figures: None });
        let found = Summary::of(&[0.1], &all(1)).figures.unwrap();
        assert_eq!((found.mean, found.standard_deviation, found.low, found.high), (0.1, None, 0.1, 0.1));
    }

    #[test]
    fn equal_values_deviate_by_nothing() {
        let found = Summary::of(&[0.1; 7], &all(7)).figures.unwrap();
        assert_eq!((found.mean, found.standard_deviation), (0.1, Some(0.0)));
    }

    /// The sum of squares of 1, 2, 3 and 4 less their mean is 5.
    #[test]
    fn a_small_spread_around_a_large_value_is_seen() {
        let column: Vec<f64> = (1..5).map(|step| 1e9 + f64::from(step) / 1024.0).collect();
        let found = Summary::of(&column, &all(4)).figures.unwrap();
        assert_close(found.standard_deviation.unwrap() * 1024.0, (5.0_f64 / 3.0).sqrt(), 1e-13);
        assert_eq!(found.mean.to_bits(), (1e9 + 2.5 / 1024.0_f64).to_bits());
    }

    proptest! {
        #[test]
        fn figures_are_in_order(column in prop::collection::vec(value(), 0..60)) {
            let found = Summary::of(&column, &all(column.len()));
            prop_assert_eq!(found.count + found.missing, column.len());
            prop_assert_eq!(found.figures.is_some(), found.count > 0);
            if let Some(found) = found.figures {
                prop_assert!([found.least, found.low, found.median, found.high, found.most].is_sorted());
                prop_assert!((found.least..=found.most).contains(&found.mean));
                prop_assert!(found.standard_deviation.is_none_or(|deviation| deviation <= found.most - found.least));
            }
        }
    }
}
