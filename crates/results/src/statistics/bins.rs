//! Means of a column over the cells of two others: what a heat map shows.

use super::centred::limits;
use super::selected;

/// A stretch of a column, divided into bins of equal width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bins {
    /// Where the first bin begins.
    pub least: f64,
    /// Where the last bin ends; what is exactly there belongs to it.
    pub most: f64,
    /// How many there are.
    pub count: usize,
}

impl Bins {
    /// From the smallest to the largest value that a column has at these rows; none if it has none there, or if no bin
    /// is wanted.
    #[must_use]
    pub fn over(column: &[f64], rows: &[u32], count: usize) -> Option<Self> {
        let values: Vec<f64> = selected(column, rows).filter(|value| !value.is_nan()).collect();
        let (least, most) = limits(&values);
        (least <= most && count > 0).then_some(Self { least, most, count })
    }

    /// The bin of a value, counted from 0; none if it is beyond them, or missing.
    ///
    /// What is on the border of two bins belongs to the upper one. If all bins are of no width, it is the first one.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least 0")]
    pub fn bin_of(&self, value: f64) -> Option<usize> {
        if self.count == 0 || !(self.least..=self.most).contains(&value) {
            return None;
        }
        let part = (value - self.least) / (self.most - self.least);
        // Nothing divided by nothing is no number, and 0 as whole number.
        Some(((part * super::float(self.count)) as usize).min(self.count - 1))
    }

    /// Where a bin begins, or for the number of bins, where the last one ends.
    #[must_use]
    pub fn edge(&self, bin: usize) -> f64 {
        let part = super::float(bin) / super::float(self.count);
        self.least * (1.0 - part) + self.most * part
    }
}

/// A cell of two columns' bins.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// How many rows are in it that have all three values.
    pub count: usize,
    /// The mean of their values; 0 if there are none.
    pub mean: f64,
}

/// A mean a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct BinnedMean {
    /// The cells, `x.count` of them for each bin of `y`, the first bins first.
    pub cells: Vec<Cell>,
    /// How many rows lack a value, or are beyond the bins.
    pub left_out: usize,
}

/// The means of a column's values at these rows, over the bins of two columns.
#[must_use]
pub fn binned_mean(x: (&[f64], Bins), y: (&[f64], Bins), values: &[f64], rows: &[u32]) -> BinnedMean {
    let mut cells = vec![Cell::default(); x.1.count * y.1.count];
    let mut left_out = 0;
    let places = selected(x.0, rows).zip(selected(y.0, rows));
    for ((place, other), value) in places.zip(selected(values, rows)) {
        match (x.1.bin_of(place), y.1.bin_of(other)) {
            (Some(column), Some(row)) if !value.is_nan() => cells[row * x.1.count + column].add(value),
            _ => left_out += 1,
        }
    }
    BinnedMean { cells, left_out }
}

impl Cell {
    /// Moves the mean: a sum would lose a small spread. Welford (1962), *Note on a method for calculating corrected sums
    /// of squares and products*, Technometrics 4:419–420.
    fn add(&mut self, value: f64) {
        self.count += 1;
        self.mean += (value - self.mean) / super::float(self.count);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{all, assert_close, numbers, value};
    use super::*;

    const NONE: f64 = f64::NAN;

    #[test]
    fn values_are_averaged_where_their_rows_are() {
        let x = [0.0, 0.9, 3.0, 1.0, NONE, 2.5, 2.0, 9.0];
        let y = [5.0, 5.0, 7.0, 6.0, 5.0, 6.5, 6.0, 5.0];
        let values = [1.0, 3.0, 10.0, 5.0, 1.0, 20.0, NONE, 1.0];
        let (across, up) = (Bins { least: 0.0, most: 3.0, count: 3 }, Bins { least: 5.0, most: 7.0, count: 2 });
        let found = binned_mean((&x, across), (&y, up), &values, &all(8));
        let cells: Vec<(usize, f64)> = found.cells.iter().map(|cell| (cell.count, cell.mean)).collect();
        assert_eq!(cells, [(2, 2.0), (0, 0.0), (0, 0.0), (0, 0.0), (1, 5.0), (2, 15.0)]);
        assert_eq!(found.left_out, 3);
    }

    #[test]
    fn bins_go_from_the_least_to_the_most() {
        let bins = Bins::over(&[4.0, NONE, 1.0, 99.0, 2.0], &[0, 1, 2, 4], 3).unwrap();
        assert_eq!(bins, Bins { least: 1.0, most: 4.0, count: 3 });
        assert_eq!(
            [1.0, 1.9, 2.0, 3.0, 4.0, 4.1, 0.9, NONE].map(|value| bins.bin_of(value)),
            [Some(0), Some(0), Some(1), Some(2), Some(2), None, None, None]
        );
        for (bin, edge) in [1.0, 2.0, 3.0, 4.0].into_iter().enumerate() {
            assert_close(bins.edge(bin), edge, 1e-15);
        }
        assert_eq!(Bins::over(&[NONE], &[0], 3), None);
        assert_eq!(Bins::over(&[1.0], &[0], 0), None);
    }

    #[test]
    fn a_constant_column_is_in_its_first_bin() {
        let bins = Bins::over(&[0.1; 5], &all(5), 4).unwrap();
        assert_eq!((bins.bin_of(0.1), bins.bin_of(0.2)), (Some(0), None));
    }

    #[test]
    fn a_mean_far_from_zero_keeps_its_digits() {
        let values: Vec<f64> = numbers(1, 100_000).iter().map(|number| 1e9 + number).collect();
        let bins = Bins { least: 0.0, most: 1.0, count: 1 };
        let zeros = vec![0.0; values.len()];
        let found = binned_mean((&zeros, bins), (&zeros, bins), &values, &all(values.len()));
        let expected = values.iter().map(|value| value - 1e9).sum::<f64>() / 1e5;
        assert_close(found.cells[0].mean - 1e9, expected, 1e-4);
    }

    proptest! {
        #[test]
        fn every_row_is_in_a_cell_or_left_out(rows in prop::collection::vec((value(), value(), value()), 0..60), across in 1..9_usize, up in 1..9_usize) {
            let x: Vec<f64> = rows.iter().map(|row| row.0).collect();
            let y: Vec<f64> = rows.iter().map(|row| row.1).collect();
            let values: Vec<f64> = rows.iter().map(|row| row.2).collect();
            let numbers = all(rows.len());
            if let (Some(across), Some(up)) = (Bins::over(&x, &numbers, across), Bins::over(&y, &numbers, up)) {
                let found = binned_mean((&x, across), (&y, up), &values, &numbers);
                let complete = rows.iter().filter(|row| !(row.0 + row.1 + row.2).is_nan()).count();
                prop_assert_eq!(found.cells.iter().map(|cell| cell.count).sum::<usize>(), complete);
                prop_assert_eq!(found.left_out, rows.len() - complete);
                prop_assert!(found.cells.iter().all(|cell| (-100.0..=100.0).contains(&cell.mean)));
            }
        }
    }
}
