//! A column put in order.

use std::borrow::Cow;

use super::selected;

/// Returns a whole number that is larger for a larger number. Both zeros have the same.
#[must_use]
pub const fn sort_key(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// A column's values at some rows, and their order: made once, compared with many.
///
/// Takes four bytes a row, and eight more unless it is of all rows. Functions that compare two rankings expect them to be of
/// the same rows in the same order.
#[derive(Debug, Clone)]
pub struct ColumnRanking<'a> {
    /// A value a row, NaN where it is missing.
    values: Cow<'a, [f64]>,
    /// Places in `values` of those that aren't missing, the smallest first.
    order: Vec<u32>,
}

impl<'a> ColumnRanking<'a> {
    /// Puts a column's values at these rows in order.
    #[must_use]
    pub fn of(column: &'a [f64], rows: &[u32]) -> Self {
        let values = selected(column, rows);
        let present = (0..).zip(&*values).filter(|(_, value)| !value.is_nan());
        // A value beside its place is compared without being looked up all over the column.
        let mut keyed: Vec<(u64, u32)> = Vec::with_capacity(values.len());
        keyed.extend(present.map(|(place, value)| (sort_key(*value), place)));
        keyed.sort_unstable();
        let mut order: Vec<u32> = keyed.into_iter().map(|(_, place)| place).collect();
        // The places stand in the memory of the keys, which took four times as much.
        order.shrink_to_fit();
        Self { values, order }
    }

    /// Returns the number of rows, including those whose value is missing.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len()
    }

    /// A value a row, NaN where it is missing.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the places of the values that have a counterpart in `others`, the smallest first.
    pub(super) fn paired(&self, others: &[f64]) -> Cow<'_, [u32]> {
        let is_paired = |place: &u32| others.get(*place as usize).is_some_and(|other| other.is_finite());
        if self.order.iter().all(is_paired) {
            return Cow::Borrowed(&self.order);
        }
        self.order.iter().copied().filter(is_paired).collect()
    }

    /// Divides places in order into those of equal values.
    pub(super) fn ties<'b>(&'b self, places: &'b [u32]) -> impl Iterator<Item = &'b [u32]> {
        let key = |place: &u32| sort_key(self.values[*place as usize]);
        places.chunk_by(move |first, second| key(first) == key(second))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::checks::{all, numbers, value};
    use super::*;

    fn groups(column: &[f64]) -> Vec<Vec<u32>> {
        let ranking = ColumnRanking::of(column, &all(column.len()));
        let paired = ranking.paired(&vec![0.0; column.len()]);
        ranking.ties(&paired).map(<[u32]>::to_vec).collect()
    }

    #[test]
    fn values_are_put_in_order_and_equal_ones_together() {
        let column = [0.0, f64::NAN, -1e300, 2.0, -0.0, f64::INFINITY, -3.0, 2.0, 1e-310];
        assert_eq!(groups(&column), [vec![2], vec![6], vec![0, 4], vec![8], vec![3, 7]]);
    }

    #[test]
    fn many_values_are_put_in_order() {
        let column: Vec<f64> = numbers(1, 10_000).into_iter().map(|number| (number - 0.5).powi(9)).collect();
        let ranking = ColumnRanking::of(&column, &all(column.len()));
        let mut expected = all(column.len());
        expected.sort_by(|first, second| column[*first as usize].total_cmp(&column[*second as usize]));
        assert_eq!(ranking.order, expected);
    }

    #[test]
    fn rows_that_do_not_count_or_do_not_exist_are_left_out() {
        let ranking = ColumnRanking::of(&[5.0, 4.0, 3.0], &[2, 7, 0]);
        assert_eq!((ranking.order.as_slice(), ranking.rows()), ([0, 2].as_slice(), 3));
        assert!(ranking.values()[1].is_nan());
        assert_eq!(*ranking.paired(&[1.0]), [0]);
    }

    proptest! {
        #[test]
        fn every_value_is_in_order_once(column in prop::collection::vec(value(), 0..50)) {
            let ranking = ColumnRanking::of(&column, &all(column.len()));
            prop_assert!(ranking.order.is_sorted_by(|first, second| column[*first as usize] <= column[*second as usize]));
            let mut places = ranking.order;
            places.sort_unstable();
            prop_assert_eq!(places.len(), column.iter().filter(|value| !value.is_nan()).count());
            places.dedup();
            prop_assert!(places.iter().all(|place| !column[*place as usize].is_nan()));
        }
    }
}
