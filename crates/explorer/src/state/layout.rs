//! Columns of the table of cases, as a reader chooses them: which ones are shown, and how wide.

use cruncher_results::column_id::{CaseField, ColumnId};

/// Least and greatest width of a column, in pixels.
pub(crate) const MIN_WIDTH_PX: u32 = 40;
pub(crate) const MAX_WIDTH_PX: u32 = 1_000;

/// Maximum number of columns of which an address says anything.
const MAX_SAID: usize = 500;

/// Reader's choices, as far as they differ from what the table shows by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TableLayout {
    /// Columns that are hidden although the table shows them by itself, or the other way round.
    toggled: Vec<ColumnId>,
    /// Widths in pixels.
    widths: Vec<(ColumnId, u32)>,
}

impl TableLayout {
    /// Whether nothing was chosen.
    pub(crate) const fn is_usual(&self) -> bool {
        self.toggled.is_empty() && self.widths.is_empty()
    }

    /// Whether a column is shown that the table shows by itself, or doesn't.
    pub(crate) fn shows(&self, id: &ColumnId, by_itself: bool) -> bool {
        is_fixed(id) || self.toggled.contains(id) != by_itself
    }

    /// Shows a column, or hides it.
    pub(crate) fn toggle(&mut self, id: &ColumnId) {
        super::view::toggle(&mut self.toggled, id);
    }

    /// Shows or hides many columns, each of which the table shows by itself, or doesn't.
    pub(crate) fn show<'a>(&mut self, columns: impl IntoIterator<Item = (&'a ColumnId, bool)>, is_shown: bool) {
        for (id, by_itself) in columns {
            if !is_fixed(id) && self.shows(id, by_itself) != is_shown {
                self.toggle(id);
            }
        }
    }

    /// Returns the width of a column, if somebody chose one.
    pub(crate) fn width_px(&self, id: &ColumnId) -> Option<u32> {
        self.widths.iter().find(|(own, _)| own == id).map(|(_, px)| *px)
    }

    /// Makes a column this wide, within limits.
    pub(crate) fn set_width(&mut self, id: &ColumnId, px: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is within the limits")]
        let px = px.round().clamp(f64::from(MIN_WIDTH_PX), f64::from(MAX_WIDTH_PX)) as u32;
        match self.widths.iter_mut().find(|(own, _)| own == id) {
            Some((_, own)) => *own = px,
            None => self.widths.push((id.clone(), px)),
        }
    }

    /// Takes a field of an address, if it is one of these.
    pub(crate) fn read(&mut self, name: &str, value: &str) {
        if name == "col" && self.toggled.len() < MAX_SAID {
            self.toggled.extend(value.parse::<ColumnId>().ok().filter(|id| !self.toggled.contains(id)));
        }
        if name == "width"
            && self.widths.len() < MAX_SAID
            && let Some((id, px)) = value.rsplit_once(':')
            && let (Ok(id), Ok(px)) = (id.parse(), px.parse::<u32>())
        {
            self.set_width(&id, f64::from(px));
        }
    }

    /// Returns the fields of an address.
    pub(crate) fn fields(&self) -> Vec<String> {
        let toggled = self.toggled.iter().map(|id| format!("col={id}"));
        toggled.chain(self.widths.iter().map(|(id, px)| format!("width={id}:{px}"))).collect()
    }

    /// Returns the choices for columns that there are.
    pub(crate) fn of(self, has: impl Fn(&ColumnId) -> bool) -> Self {
        Self {
            toggled: self.toggled.into_iter().filter(&has).collect(),
            widths: self.widths.into_iter().filter(|(id, _)| has(id)).collect(),
        }
    }
}

/// Whether a column can't be hidden: it leads to the case.
pub(crate) const fn is_fixed(id: &ColumnId) -> bool {
    matches!(id, ColumnId::Case(CaseField::CaseId))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ColumnId {
        text.parse().unwrap()
    }

    fn read(fields: &str) -> TableLayout {
        let mut layout = TableLayout::default();
        fields.split('&').filter_map(|field| field.split_once('=')).for_each(|(name, value)| layout.read(name, value));
        layout
    }

    #[test]
    fn what_is_chosen_stands_in_the_address() {
        let mut layout = TableLayout::default();
        layout.toggle(&id("factor.a"));
        layout.toggle(&id("case.end_time"));
        layout.set_width(&ColumnId::Factor("b, c:d".into()), 120.4);
        layout.set_width(&id("factor.a"), 5.0);
        layout.set_width(&id("factor.a"), 1e9);
        let fields = layout.fields().join("&");
        assert_eq!(read(&fields), layout, "{fields}");
        assert!(!layout.shows(&id("factor.a"), true) && layout.shows(&id("case.end_time"), false));
        assert!(layout.shows(&id("factor.x"), true) && !layout.shows(&id("case.start_time"), false));
        let widths = [ColumnId::Factor("b, c:d".into()), id("factor.a"), id("factor.x")].map(|id| layout.width_px(&id));
        assert_eq!(widths, [Some(120), Some(MAX_WIDTH_PX), None]);
    }

    #[test]
    fn many_are_shown_or_hidden_at_once_and_the_case_stays() {
        let (case, a, end) = (id("case.case_id"), id("factor.a"), id("case.end_time"));
        let all = [(&case, true), (&a, true), (&end, false)];
        let mut layout = TableLayout::default();
        layout.show(all, false);
        assert_eq!(all.map(|(id, by_itself)| layout.shows(id, by_itself)), [true, false, false]);
        layout.show(all, true);
        assert_eq!(all.map(|(id, by_itself)| layout.shows(id, by_itself)), [true, true, true]);
        layout.toggle(&end);
        assert!(layout.is_usual());
    }

    #[test]
    fn nonsense_in_an_address_is_left_out() {
        assert_eq!(
            read("col=x&col=&width=factor.a&width=factor.a:x&width=:1&width=factor.a:-3"),
            TableLayout::default()
        );
        assert_eq!(read("width=factor.a:1").width_px(&id("factor.a")), Some(MIN_WIDTH_PX));
        assert_eq!(read("col=factor.a&col=factor.a").fields(), ["col=factor.a"]);
    }
}
