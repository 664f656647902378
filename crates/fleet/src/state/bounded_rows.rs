//! Tables draw a limited number of rows: a browser stands still at a hundred thousand.

use cruncher_study::number_format::counted;

/// Maximum number of rows of a table.
pub(crate) const MAX_ROWS: usize = 500;

/// Says how many rows a table leaves out, if it does.
pub(crate) fn more(rows: usize) -> Option<String> {
    let others = rows.saturating_sub(MAX_ROWS) as u64;
    (others > 0).then(|| format!("and {}", counted(others, "more row", "more rows")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_left_out_are_counted() {
        assert_eq!(more(MAX_ROWS), None);
        assert_eq!(more(MAX_ROWS + 1).as_deref(), Some("and 1 more row"));
        assert_eq!(more(MAX_ROWS + 1_200).as_deref(), Some("and 1,200 more rows"));
    }
}
