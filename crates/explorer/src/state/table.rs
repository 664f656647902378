//! Table of many rows, of which only those that can be seen are in the document.

/// Maximum height of a scroll container. A taller table scrolls in larger steps: browsers cut off what is taller than some ten
/// million pixels.
const MAX_PX: f64 = 8e6;

/// Number of rows in the document above and below those that can be seen, so that they are there when somebody scrolls.
const AHEAD: usize = 4;

/// Rows of a table, all of one height, and the part of the container in which they are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TableRows {
    pub(crate) count: usize,
    pub(crate) row_px: f64,
    pub(crate) view_px: f64,
}

/// Rows that are in the document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VisibleRows {
    /// Place of the first of them.
    pub(crate) first: usize,
    /// Place behind the last of them.
    pub(crate) end: usize,
    /// Distance of the first one from the upper edge of all rows, in pixels.
    pub(crate) top_px: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a store has fewer than 2^32 rows")]
const fn real(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row's place is not negative")]
fn whole(number: f64) -> usize {
    number.max(0.0) as usize
}

impl TableRows {
    /// Returns the height that all rows would have in the document, in pixels.
    fn whole_px(self) -> f64 {
        real(self.count) * self.row_px
    }

    /// Returns the height of the rows in the container, at most [`MAX_PX`].
    pub(crate) fn height_px(self) -> f64 {
        self.whole_px().min(MAX_PX)
    }

    /// Returns how far the container can be scrolled, in pixels.
    pub(crate) fn most_scrolled_px(self) -> f64 {
        (self.height_px() - self.view_px).max(0.0)
    }

    /// Returns the pixels of the rows for one pixel of the container's scroll bar.
    fn step(self) -> f64 {
        let (whole, scrolled) = (self.whole_px() - self.view_px, self.most_scrolled_px());
        if scrolled > 0.0 { (whole / scrolled).max(1.0) } else { 1.0 }
    }

    /// Returns the rows that are in the document after the container was scrolled that far.
    pub(crate) fn part(self, scrolled_px: f64) -> VisibleRows {
        let scrolled_px = scrolled_px.clamp(0.0, self.most_scrolled_px());
        let above_px = scrolled_px * self.step();
        let first = whole(above_px / self.row_px).saturating_sub(AHEAD).min(self.count);
        let end = (whole((above_px + self.view_px) / self.row_px) + 1 + AHEAD).min(self.count);
        VisibleRows { first, end, top_px: scrolled_px - above_px + real(first) * self.row_px }
    }

    /// Returns how far the container has to be scrolled until a row can be seen; as far as now if it can be seen already.
    pub(crate) fn scrolled_to(self, place: usize, scrolled_px: f64) -> f64 {
        let (top_px, above_px) = (real(place) * self.row_px, scrolled_px * self.step());
        let nearest_px = above_px.clamp((top_px + self.row_px - self.view_px).min(top_px), top_px);
        if (nearest_px - above_px).abs() < 0.5 { scrolled_px } else { nearest_px / self.step() }
    }

    /// Returns the place that a key leads to from a row; `None` if it isn't a key of tables, or there are no rows.
    pub(crate) fn moved(self, key: &str, from: Option<usize>) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        let page = whole(self.view_px / self.row_px).max(2) - 1;
        let place = match (key, from) {
            ("Home", _) | ("ArrowDown" | "PageDown", None) => 0,
            ("End", _) | ("ArrowUp" | "PageUp", None) => last,
            ("ArrowDown", Some(from)) => from + 1,
            ("ArrowUp", Some(from)) => from.saturating_sub(1),
            ("PageDown", Some(from)) => from + page,
            ("PageUp", Some(from)) => from.saturating_sub(page),
            _ => return None,
        };
        Some(place.min(last))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(count: usize) -> TableRows {
        TableRows { count, row_px: 28.0, view_px: 392.0 }
    }

    #[test]
    fn only_what_is_seen_is_there() {
        for (scrolled_px, first, end, top_px) in
            [(0.0, 0, 19, 0.0), (280.0, 6, 29, 168.0), (1e9, 99_982, 100_000, 99_982.0 * 28.0)]
        {
            assert_eq!(rows(100_000).part(scrolled_px), VisibleRows { first, end, top_px }, "{scrolled_px}");
        }
        assert_eq!(rows(3).part(50.0), VisibleRows { first: 0, end: 3, top_px: 0.0 });
        assert_eq!(rows(0).part(0.0), VisibleRows { first: 0, end: 0, top_px: 0.0 });
    }

    #[test]
    fn keys_lead_to_other_rows_and_not_out_of_the_table() {
        let check = |key: &str, from: Option<usize>, expected: Option<usize>| {
            assert_eq!(rows(100).moved(key, from), expected, "{key} {from:?}");
        };
        check("ArrowDown", None, Some(0));
        check("ArrowDown", Some(99), Some(99));
        check("ArrowUp", Some(0), Some(0));
        check("PageDown", Some(0), Some(13));
        check("PageUp", Some(50), Some(37));
        check("End", Some(3), Some(99));
        check("Home", Some(3), Some(0));
        check("a", Some(3), None);
        assert_eq!(rows(0).moved("Home", None), None);
    }

    #[test]
    fn a_row_that_is_seen_stays_where_it_is() {
        for (place, expected) in [(0, 0.0), (13, 0.0), (14, 28.0), (50, 1036.0)] {
            let scrolled: f64 = rows(1000).scrolled_to(place, 0.0);
            assert!((scrolled - expected).abs() < 1e-9, "{place}: {scrolled}");
        }
        assert_eq!(rows(1000).scrolled_to(2, 280.0).to_bits(), 56_f64.to_bits());
    }

    proptest! {
        #[test]
        fn what_was_scrolled_to_is_seen(count in 1_usize..3_000_000, share in 0.0..1.0, from in 0.0..1.0) {
            let rows = rows(count);
            let place = whole(real(count - 1) * share);
            let from = from * (rows.height_px() - rows.view_px).max(0.0);
            let scrolled_px = rows.scrolled_to(place, from);
            let part = rows.part(scrolled_px);
            prop_assert!((part.first..part.end).contains(&place));
            let top_px = part.top_px + real(place - part.first) * rows.row_px - scrolled_px;
            prop_assert!(top_px > -1.0 && top_px + rows.row_px < rows.view_px + 1.0, "{}", top_px);
        }
    }
}
