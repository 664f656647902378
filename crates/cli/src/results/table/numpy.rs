//! A table as arrays of `NumPy`: `X`, `Y`, `X_names`, `Y_names` and `case_ids` of the cases that are done.

use std::io::{self, Write};

use cruncher_results::column_id::ColumnId;
use cruncher_results::export::npy::{matrix, texts};
use cruncher_results::export::zip::npz;

use super::selection::TableSelection;

/// Values that arrays of floats don't hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LostValues {
    /// Columns that are in no array, since they have no numbers.
    pub(super) left_out: Vec<ColumnId>,
    /// Columns with integers that no float equals.
    pub(super) rounded: Vec<ColumnId>,
}

/// Writes the arrays.
pub(super) fn write(selection: &TableSelection<'_>, out: &mut impl Write) -> io::Result<LostValues> {
    let TableSelection { store, done, .. } = selection;
    let (x, y) = (matrix(store, &selection.factors, done), matrix(store, &selection.responses, done));
    let ids: Vec<String> = done.iter().map(|row| store.case_ids()[row].to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let arrays = [
        ("X", &x.bytes),
        ("Y", &y.bytes),
        ("X_names", &names(&x.columns)),
        ("Y_names", &names(&y.columns)),
        ("case_ids", &texts(&ids)),
    ];
    let file = npz(&arrays.map(|(name, bytes)| (name, bytes.as_slice())))
        .map_err(|error| io::Error::other(format!("{error}; a .parquet file holds more")))?;
    out.write_all(&file)?;
    Ok(LostValues { left_out: [x.left_out, y.left_out].concat(), rounded: [x.rounded, y.rounded].concat() })
}

fn names(columns: &[ColumnId]) -> Vec<u8> {
    texts(&columns.iter().map(ColumnId::name).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::selection::tests::store;
    use super::*;

    #[test]
    fn columns_without_numbers_are_left_out_and_named() {
        let store = store();
        let mut out = Vec::new();
        let lost = write(&TableSelection::new(&store, None), &mut out).unwrap();
        assert_eq!(lost.rounded, []);
        assert_eq!(lost.left_out, [ColumnId::Factor("soil".into()), ColumnId::Response("ok".into())]);
        let shapes = ["'shape': (3, 3)", "'shape': (3,)"];
        let text = String::from_utf8_lossy(&out);
        // These are X, Y, and five names and ids.
        assert_eq!(shapes.map(|shape| text.matches(shape).count()), [2, 3]);
    }
}
