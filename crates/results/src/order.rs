//! Order of a table's rows by the values of a column.

use crate::column_id::{CaseField, ColumnId};
use crate::mask::RowMask;
use crate::store::{ResultStore, StoreColumn};
use cruncher_analysis::sort_key;

/// Direction of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortDirection {
    /// The least number comes first, and the first text.
    #[default]
    Ascending,
    /// The largest number comes first, and the last text.
    Descending,
}

/// Sorts the chosen rows: numbers, then texts and flags, then rows without a value, in either direction.
///
/// Rows with the same value stay in the order of the store.
#[must_use]
pub fn order(store: &ResultStore, column: &ColumnId, direction: SortDirection, rows: &RowMask) -> Vec<u32> {
    if *column == ColumnId::Case(CaseField::CaseId) {
        let ids = store.case_ids();
        let keys =
            numbered(rows).filter_map(|row| Some((u128::from_be_bytes(*ids.get(row as usize)?.as_bytes()), row)));
        return sorted(keys.collect(), |key| if direction == SortDirection::Ascending { key } else { !key });
    }
    let none = StoreColumn::default();
    let column = store.column(column).unwrap_or(&none);
    let turned = |key: u64| if direction == SortDirection::Ascending { key } else { !key };
    let ranks = ranks(store, column);
    let (mut numbers, mut texts, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for row in numbered(rows) {
        let (number, code) = (column.number(row as usize), column.code(row as usize));
        if !number.is_nan() {
            numbers.push((sort_key(number), row));
        } else if code != 0 {
            texts.push((ranks[code as usize], row));
        } else {
            missing.push(row);
        }
    }
    let mut order = sorted(numbers, turned);
    if column.has_integers() {
        settle(&mut order, column, direction);
    }
    order.extend(sorted(texts, turned));
    order.extend(missing);
    order
}

/// Sorts rows by their turned keys; the first of rows with equal keys comes first.
fn sorted<K: Ord + Copy>(mut keys: Vec<(K, u32)>, turned: impl Fn(K) -> K) -> Vec<u32> {
    for (key, _) in &mut keys {
        *key = turned(*key);
    }
    keys.sort_unstable();
    keys.into_iter().map(|(_, row)| row).collect()
}

/// Sorts large integers that are the same float, and therefore stand side by side.
fn settle(order: &mut [u32], column: &StoreColumn, direction: SortDirection) {
    let number = |row: &u32| column.number(*row as usize).to_bits();
    for equal in order.chunk_by_mut(|one, other| number(one) == number(other)) {
        let rest = |row: &u32| column.rest_or_zero(*row as usize);
        equal.sort_by_key(|row| if direction == SortDirection::Ascending { rest(row) } else { -rest(row) });
    }
}

/// Returns the rows as numbers of 32 bits: a store has fewer than 2^32 rows.
fn numbered(rows: &RowMask) -> impl Iterator<Item = u32> {
    rows.iter().map_while(|row| u32::try_from(row).ok())
}

/// Returns the place of each code's text among all texts of the column. The flag and the text `true` come one after the other.
fn ranks(store: &ResultStore, column: &StoreColumn) -> Vec<u64> {
    let mut ranks = vec![0; if column.codes().is_empty() { 0 } else { store.codes() }];
    if !ranks.is_empty() {
        (0..).zip(store.categories(column)).for_each(|(rank, category)| ranks[category.code as usize] = rank);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::samples;
    use crate::store::CellValue;

    fn check(values: &[serde_json::Value], direction: SortDirection, expected: &[u32]) {
        let store = samples::factor("c", values);
        assert_eq!(order(&store, &ColumnId::Factor("c".into()), direction, &store.all()), expected, "{values:?}");
    }

    #[test]
    fn numbers_come_before_texts_and_texts_before_nothing() {
        let values =
            [json!(null), json!("b"), json!(3), json!(-0.0), json!(0), json!("a"), json!(true), json!(-5), json!(3)];
        check(&values, SortDirection::Ascending, &[7, 3, 4, 2, 8, 5, 1, 6, 0]);
        check(&values, SortDirection::Descending, &[2, 8, 3, 4, 7, 6, 1, 5, 0]);
    }

    #[test]
    fn a_column_that_is_not_there_leaves_the_order() {
        let store = samples::factor("c", &[json!(2), json!(1)]);
        assert_eq!(order(&store, &ColumnId::Factor("d".into()), SortDirection::Descending, &store.all()), [0, 1]);
    }

    #[test]
    fn only_chosen_rows_are_there() {
        let store = samples::factor("c", &[json!(2), json!(1), json!(0)]);
        let chosen = RowMask::from_fn(3, |row| row != 1);
        assert_eq!(order(&store, &ColumnId::Factor("c".into()), SortDirection::Ascending, &chosen), [2, 0]);
        let by_id = order(&store, &ColumnId::Case(CaseField::CaseId), SortDirection::Descending, &store.all());
        assert_eq!(by_id, [2, 1, 0], "ids of samples ascend");
    }

    #[test]
    fn integers_that_are_the_same_float_are_in_order() {
        let values = [
            json!(4_611_686_018_427_387_907_u64),
            json!(4_611_686_018_427_387_904_f64),
            json!(4_611_686_018_427_387_905_u64),
            json!(-9_223_372_036_854_775_807_i64),
            json!(4_611_686_018_427_387_906_u64),
            json!(null),
            json!(18_446_744_073_709_551_615_u64),
        ];
        check(&values, SortDirection::Ascending, &[3, 1, 2, 4, 0, 6, 5]);
        check(&values, SortDirection::Descending, &[6, 0, 4, 2, 1, 3, 5]);
    }

    proptest! {
        #[test]
        fn order_is_that_of_a_stable_sort(numbers in prop::collection::vec(prop_oneof![any::<f64>(), (-2_i8..3).prop_map(f64::from)], 1..40)) {
            let values: Vec<_> = numbers.iter().map(|number| json!(number)).collect();
            let store = samples::factor("c", &values);
            let column = ColumnId::Factor("c".into());
            let cell = |row: u32| if let CellValue::Number(number) = store.cell(&column, row as usize) { number } else { f64::NAN };
            let mut expected: Vec<u32> = (0..).take(numbers.len()).collect();
            expected.sort_by(|a, b| cell(*a).partial_cmp(&cell(*b)).unwrap());
            prop_assert_eq!(order(&store, &column, SortDirection::Ascending, &store.all()), expected.clone());
            expected.sort_by(|a, b| cell(*b).partial_cmp(&cell(*a)).unwrap().then(a.cmp(b)));
            prop_assert_eq!(order(&store, &column, SortDirection::Descending, &store.all()), expected);
        }
    }
}
