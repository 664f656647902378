//! Export of numbers for Python: the format `.npy` 1.0 of [NEP 1](https://numpy.org/neps/nep-0001-npy-format.html).

use std::borrow::Cow;
use std::fmt::Write;

use crate::column_id::ColumnId;
use crate::mask::RowMask;
use crate::store::{ResultStore, StoreColumn};

/// A table of numbers as a `.npy` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NpyMatrix {
    /// The file: an array of floats of 64 bits with the shape (rows, columns), row by row; NaN for a missing number.
    pub bytes: Vec<u8>,
    /// The columns, in order.
    pub columns: Vec<ColumnId>,
    /// The columns that were left out, since the chosen rows have no number in them.
    pub left_out: Vec<ColumnId>,
    /// The columns with integers that are no floats, which are replaced by the nearest ones.
    pub rounded: Vec<ColumnId>,
}

/// Writes the factors of the chosen rows, components of vectors one by one.
#[must_use]
pub fn factors(store: &ResultStore, rows: &RowMask) -> NpyMatrix {
    let factors: Vec<_> = store.factors().map(|(id, _)| id.clone()).collect();
    matrix(store, &factors, rows)
}

/// Writes some columns of the chosen rows.
#[must_use]
pub fn matrix(store: &ResultStore, columns: &[ColumnId], rows: &RowMask) -> NpyMatrix {
    let (columns, left_out): (Vec<_>, Vec<_>) = columns.iter().cloned().partition(|id| has_number(store, id, rows));
    let sources: Vec<_> = columns.iter().map(|id| numbers(store, id)).collect();
    let rounded = columns.iter().filter(|id| is_rounded(store, id, rows)).cloned().collect();
    let count = rows.count();
    let mut bytes = header("<f8", &format!("({count}, {})", sources.len()));
    bytes.reserve_exact(count * sources.len() * size_of::<f64>());
    for row in rows.iter() {
        for source in &sources {
            bytes.extend_from_slice(&source.get(row).copied().unwrap_or(f64::NAN).to_le_bytes());
        }
    }
    NpyMatrix { bytes, columns, left_out, rounded }
}

/// The numbers of a column.
fn numbers<'a>(store: &'a ResultStore, id: &ColumnId) -> Cow<'a, [f64]> {
    store.column(id).map(StoreColumn::numbers).unwrap_or_default()
}

/// Whether a column has a number in any of these rows: else a matrix of them leaves it out.
#[must_use]
pub fn has_number(store: &ResultStore, id: &ColumnId, rows: &RowMask) -> bool {
    let numbers = numbers(store, id);
    rows.iter().any(|row| numbers.get(row).is_some_and(|number| !number.is_nan()))
}

/// Whether a column has integers in these rows that are no floats.
#[must_use]
pub fn is_rounded(store: &ResultStore, id: &ColumnId, rows: &RowMask) -> bool {
    let column = store.column(id).filter(|column| column.has_integers());
    column.is_some_and(|column| rows.iter().any(|row| column.rest_or_zero(row) != 0))
}

/// Writes texts as a `.npy` file: an array with one dimension, of texts as long as the longest one.
///
/// Its reader drops NUL characters at the end of a text.
#[must_use]
pub fn texts(texts: &[&str]) -> Vec<u8> {
    let longest = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0).max(1);
    let mut bytes = header(&format!("<U{longest}"), &format!("({},)", texts.len()));
    for text in texts {
        let letters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest);
        letters.for_each(|letter| bytes.extend_from_slice(&letter.to_le_bytes()));
    }
    bytes
}

/// Returns magic, version, length of the description, and the description: 64 bytes, or 128 and so on.
fn header(kind: &str, shape: &str) -> Vec<u8> {
    const BEFORE: usize = 10;
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let padding = (BEFORE + text.len() + 1).next_multiple_of(64) - BEFORE - text.len();
    // Writing to a text can't fail.
    let _ = writeln!(text, "{:1$}", "", padding - 1);
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [b"\x93NUMPY\x01\x00".as_slice(), &length.to_le_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples;

    fn ids(names: &[&str]) -> Vec<ColumnId> {
        names.iter().map(|name| ColumnId::Factor((*name).to_owned())).collect()
    }

    #[test]
    fn a_matrix_has_its_shape_and_its_rows() {
        let store = samples::store(&[
            (json!({"c": [1, 2], "soil": "clay"}), json!({})),
            (json!({"c": [3, 4], "soil": "sand"}), json!({})),
            (json!({"c": ["x", 6], "soil": "sand"}), json!({})),
        ]);
        let matrix = factors(&store, &RowMask::from_fn(3, |row| row != 1));
        assert_eq!((matrix.columns, matrix.left_out), (ids(&["c[0]", "c[1]"]), ids(&["soil"])));
        let has_number =
            |name: &str, row| super::has_number(&store, &ids(&[name])[0], &RowMask::from_fn(3, |own| own == row));
        assert!(has_number("c[0]", 0) && !has_number("c[0]", 2) && !has_number("soil", 0) && !has_number("d", 0));
        let header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }";
        let spaces = [b' '; 128 - 10 - 59 - 1];
        let rows = [1.0, 2.0, f64::NAN, 6.0].map(f64::to_le_bytes).concat();
        assert_eq!(matrix.bytes, [header.as_slice(), &spaces, b"\n", &rows].concat());
    }

    #[test]
    fn a_column_without_a_number_in_the_chosen_rows_is_left_out() {
        let store = samples::store(&[(json!({"c": 1, "depth": 2}), json!({})), (json!({"c": 3}), json!({}))]);
        let matrix = factors(&store, &RowMask::from_fn(2, |row| row == 1));
        assert_eq!((matrix.columns, matrix.left_out), (ids(&["c"]), ids(&["depth"])));
    }

    #[test]
    fn columns_whose_integers_are_no_floats_are_named() {
        let rows = [(1_u64 << 60, (1_u64 << 60) + 1), (u64::MAX, 3), (5, (1 << 60) + 2)];
        let rows = rows.map(|(a, b)| (json!({"a": a, "b": b}), json!({})));
        let store = samples::store(&rows);
        let rounded = |rows: &[usize]| factors(&store, &RowMask::from_fn(3, |row| rows.contains(&row))).rounded;
        assert_eq!(rounded(&[0, 1, 2]), ids(&["a", "b"]));
        assert_eq!(rounded(&[0]), ids(&["b"]));
        assert_eq!(rounded(&[]), []);
        let nearest = factors(&store, &RowMask::from_fn(3, |row| row == 1)).bytes;
        assert_eq!(nearest[128..136], 18_446_744_073_709_551_616_f64.to_le_bytes());
    }

    #[test]
    fn texts_are_padded_to_the_longest() {
        let bytes = texts(&["ä", "b1"]);
        assert!(
            String::from_utf8_lossy(&bytes[..80]).contains("{'descr': '<U2', 'fortran_order': False, 'shape': (2,), }")
        );
        assert_eq!(bytes.len() % 64, 16);
        assert_eq!(bytes[bytes.len() - 16..], [0xe4, 0, 0, 0, 0, 0, 0, 0, b'b', 0, 0, 0, b'1', 0, 0, 0]);
    }

    #[test]
    fn data_begin_at_a_multiple_of_64() {
        for count in [0, 1, 10, 100_000] {
            let store = samples::factor("c", &[json!(1)]);
            let columns = vec![ColumnId::Factor("c".into()); count];
            assert_eq!(matrix(&store, &columns, &store.all()).bytes.len() % 64, count * 8 % 64, "{count}");
        }
    }
}
