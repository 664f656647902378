//! State of the page of the results.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cruncher_backend::Study;
use cruncher_browser::state::route::{BatchChoice, Page, Route};
use cruncher_browser::{address, frozen};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::filter::{FilterCondition, RowFilter};
use cruncher_results::mask::RowMask;
use cruncher_results::order::{SortDirection, order};
use cruncher_results::store::{CellValue, ResultStore};
use cruncher_study::access::{Role, StudyAccess};
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::design_document::DesignDocument;
use js_sys::Date;
use leptos::prelude::*;

use super::action_pause::ActionPause;
use super::data::ResultsData;
use crate::state::designed::DesignedFactors;
use crate::state::view::ResultsView;

/// Time without a change after which the selection has settled.
const QUIET: Duration = Duration::from_millis(150);

/// Time after which a selection settles although rows are still being read.
const MAX_UNSETTLED_MILLIS: f64 = 3_000.0;

/// Wait before a computation for a settled selection, so that it doesn't stand between rows that have come and their first
/// drawing.
pub(super) const AFTER_DRAWING: Duration = Duration::from_millis(50);

/// State of the page. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct ResultsState {
    /// The page that it is the state of.
    pub(super) page: Page,
    /// Role and key of the tab.
    pub(super) access: StoredValue<StudyAccess>,
    /// All rows of the batches that are shown.
    pub(super) data: ResultsData,
    /// View of these rows: columns, selection, and zoom.
    pub(super) view: RwSignal<ResultsView>,
    /// Rows that are selected.
    pub(super) selected: Memo<SelectedRows>,
    /// The selection as it was when it was left alone last, for computations that take longer than a step of a brush may.
    pub(super) settled: RwSignal<SelectedRows>,
    /// Designs that were submitted, the last one first, as soon as they were read.
    pub(super) designs: RwSignal<Vec<DesignDocument>>,
    /// Batches that are shown: whatever depends on rows is made anew for others.
    pub(super) batches: Memo<BatchChoice>,
    /// Units and scales of factors, as the designs of these batches name them.
    pub(super) designed: Memo<DesignedFactors>,
    /// The row that is pointed at, in any of the plots.
    pub(super) pointed_at: RwSignal<Option<usize>>,
    /// The row whose case stands open.
    pub(super) opened: RwSignal<Option<usize>>,
    /// Rows that were chosen one by one, for what is done about them.
    pub(super) chosen: RwSignal<BTreeSet<usize>>,
    /// Whether curves were read: a study that is frozen then shows them at once.
    pub(super) are_curves_read: RwSignal<bool>,
    /// The selected rows in the order of the table, once the selection has settled.
    pub(super) order: Memo<Arc<Vec<u32>>>,
    /// Selections and their names of the batches that were shown before.
    kept_selections: StoredValue<Vec<(BatchChoice, RowFilter, String)>>,
    /// Fragment of the address that the view was read from, or written into, last.
    pub(super) known_address: StoredValue<String>,
    /// Name of the study, as soon as that was read.
    pub(super) study_name: RwSignal<String>,
    /// The study itself, as soon as something was read from it.
    pub(super) study: StoredValue<Option<Study>, LocalStorage>,
}

/// Rows that are selected.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct SelectedRows {
    /// `None` if all rows are selected, since nobody has chosen any.
    pub(super) mask: Option<Arc<RowMask>>,
    /// Number of selected rows.
    pub(super) count: usize,
}

impl SelectedRows {
    /// Returns the selection as charts take it.
    pub(super) fn as_plotted(&self) -> cruncher_plot::CaseMask<'_> {
        self.mask.as_ref().map_or(cruncher_plot::CaseMask::All, |mask| cruncher_plot::CaseMask::Words(mask.words()))
    }

    /// Whether a row is selected.
    pub(super) fn contains(&self, row: usize) -> bool {
        self.mask.as_ref().is_none_or(|mask| mask.contains(row))
    }

    /// Returns the selected rows, rising.
    #[expect(clippy::cast_possible_truncation, reason = "a browser holds fewer than 2^32 rows")]
    pub(super) fn rows(&self, store: &ResultStore) -> Vec<u32> {
        match &self.mask {
            // A selection that is older than the shown rows may name rows that aren't there any more.
            Some(mask) => mask.iter().take_while(|row| *row < store.len()).map(|row| row as u32).collect(),
            None => (0..store.len() as u32).collect(),
        }
    }
}

/// Returns the selected rows in the order of the table.
fn in_order(store: &ResultStore, selected: &SelectedRows, sorting: Option<&(ColumnId, SortDirection)>) -> Vec<u32> {
    match (sorting, &selected.mask) {
        (Some((column, direction)), Some(mask)) => order(store, column, *direction, mask),
        (Some((column, direction)), None) => order(store, column, *direction, &store.all()),
        (None, _) => selected.rows(store),
    }
}

/// Whether the address is one of this page.
pub(super) fn is_here(page: Page) -> bool {
    Route::parse(&address::fragment()).page == page
}

/// Returns the case of a row, as documents are asked for.
pub(super) fn case_of(store: &ResultStore, row: usize) -> Option<CaseRef> {
    let CellValue::Text(batch) = store.cell(&ColumnId::Case(CaseField::Batch), row) else { return None };
    Some((Batch::parse(batch).ok()?, *store.case_ids().get(row)?))
}

/// Returns the conditions on rows: to be of the error group that stands open, if one does, or those of the selection.
fn asked(view: &ResultsView) -> RowFilter {
    let group = view.group.iter().map(|signature| FilterCondition::OneOf {
        column: ColumnId::Case(CaseField::Signature),
        values: vec![signature.clone()],
    });
    let group: Vec<_> = group.collect();
    if group.is_empty() { view.selection.clone() } else { RowFilter { conditions: group } }
}

/// Returns the rows that meet all conditions.
fn selected(store: &ResultStore, filter: &RowFilter) -> SelectedRows {
    if filter.conditions.is_empty() {
        return SelectedRows { mask: None, count: store.len() };
    }
    let mask = filter.apply(store);
    SelectedRows { count: mask.count(), mask: Some(Arc::new(mask)) }
}

/// Returns a signal that follows the selection once it has settled.
fn settled(data: ResultsData, selected: Memo<SelectedRows>) -> RwSignal<SelectedRows> {
    let settled = RwSignal::new(SelectedRows { mask: Some(Arc::default()), count: 0 });
    let (pause, settled_millis) = (ActionPause::default(), StoredValue::new(Date::now()));
    let settle = move || {
        // The page may have been closed meanwhile.
        let Some(selected) = selected.try_get_untracked() else { return };
        settled_millis.set_value(Date::now());
        settled.set(selected);
    };
    Effect::new(move |before: Option<u64>| {
        let revision = data.shown_revision();
        selected.track();
        // An empty selection is followed at once: nobody is brushing then.
        let is_first = settled.with_untracked(|settled| settled.count == 0);
        let quiet = if before == Some(revision) { QUIET } else { data.quiet(QUIET) };
        if is_first || quiet > QUIET && Date::now() - settled_millis.get_value() > MAX_UNSETTLED_MILLIS {
            settle();
        } else {
            pause.after(quiet, settle);
        }
        revision
    });
    settled
}

/// Opens the case that the address names, as soon as its row is there, and names the one that is opened.
fn open_as_addressed(data: ResultsData, view: RwSignal<ResultsView>, opened: RwSignal<Option<usize>>) {
    let id_of =
        move |row: Option<usize>| row.and_then(|row| data.with_untracked(|store| store.case_ids().get(row).copied()));
    Effect::new(move |before: Option<()>| {
        let case = id_of(opened.get());
        if before.is_some() && view.with_untracked(|view| view.case != case) {
            view.update(|view| view.case = case);
        }
    });
    let addressed = Memo::new(move |_| view.with(|view| view.case));
    Effect::new(move || {
        data.track();
        let Some(case) = addressed.get().filter(|case| id_of(opened.get_untracked()) != Some(*case)) else { return };
        let row = data.with_untracked(|store| store.case_ids().iter().position(|own| *own == case));
        if row.is_some() {
            opened.set(row);
        }
    });
}

impl ResultsState {
    /// Creates the state, with the view that the address names.
    pub(super) fn new(page: Page, access: StudyAccess, data: ResultsData) -> Self {
        let view = RwSignal::new(ResultsView::parse(&address::fragment()));
        data.choose(view.read_untracked().batches.clone());
        // A zoom, or the choice of a column, doesn't change the selection.
        let asked = Memo::new(move |_| view.with(asked));
        let selected = Memo::new(move |_| asked.with(|filter| data.with(|store| selected(store, filter))));
        let batches = Memo::new(move |_| view.with(|view| view.batches.clone()));
        let designs = RwSignal::<Vec<DesignDocument>>::default();
        let settled = settled(data, selected);
        let sorting = Memo::new(move |_| view.with(|view| view.sorting.clone()));
        let opened = RwSignal::new(None);
        open_as_addressed(data, view, opened);
        Self {
            page,
            access: StoredValue::new(access),
            data,
            view,
            selected,
            settled,
            designs,
            batches,
            designed: Memo::new(move |_| DesignedFactors::of(&designs.read(), &batches.read())),
            pointed_at: RwSignal::new(None),
            opened,
            chosen: RwSignal::default(),
            are_curves_read: RwSignal::new(false),
            order: Memo::new(move |_| {
                let (settled, sorting) = (settled.read(), sorting.read());
                data.with_untracked(|store| Arc::new(in_order(store, &settled, sorting.as_ref())))
            }),
            known_address: StoredValue::new(address::fragment()),
            kept_selections: StoredValue::default(),
            study_name: RwSignal::default(),
            study: StoredValue::new_local(None),
        }
    }

    /// Shows the view that an address names. If it names nothing but batches, earlier choices stay as far as these have their
    /// columns.
    pub(super) fn show(self, asked: ResultsView) {
        let shown = self.view.get_untracked();
        if shown == asked {
            return;
        }
        let batches = asked.batches.clone();
        let says_nothing_else = ResultsView { batches: BatchChoice::Unsaid, ..asked.clone() } == ResultsView::default();
        if batches != shown.batches {
            // Rows have other places from here on.
            self.opened.set(None);
            self.pointed_at.set(None);
            self.chosen.set(BTreeSet::new());
            self.data.choose(batches.clone());
        }
        // A batch without rows has no columns yet: choices wait for them, and for the way back.
        let has = |id: &ColumnId| {
            let has_column = |store: &ResultStore| store.is_empty() || store.column(id).is_some();
            matches!(id, ColumnId::Case(_)) || self.data.with_untracked(has_column)
        };
        let view =
            if says_nothing_else { self.with_own_selection(shown.clone().in_batches(batches, has)) } else { asked };
        let is_elsewhere = view.batches != shown.batches;
        self.view.set(view);
        if is_elsewhere {
            self.settled.set(self.selected.get_untracked());
        }
    }

    /// Returns the view with the selection that its batches had when they were shown last: the ranges and the name are of their
    /// cases. What is selected now is kept for those that are shown now.
    fn with_own_selection(self, mut view: ResultsView) -> ResultsView {
        let shown = self.view.get_untracked();
        if view.batches != shown.batches && shown.batches != BatchChoice::Unsaid {
            let kept = self.kept_selections;
            kept.update_value(|kept| {
                kept.retain(|(batches, ..)| *batches != shown.batches);
                kept.push((shown.batches, shown.selection, shown.name));
            });
            let own = kept.with_value(|kept| kept.iter().find(|(batches, ..)| *batches == view.batches).cloned());
            (view.selection, view.name) = own.map(|(_, selection, name)| (selection, name)).unwrap_or_default();
        }
        view
    }

    /// Writes the view into the address, unless that has just changed, and its event is still to come.
    pub(super) fn write_address(self) {
        if is_here(self.page) && self.known_address.with_value(|known| *known == address::fragment()) {
            address::replace(&self.view.read_untracked().fragment(self.page));
            self.known_address.set_value(address::fragment());
        }
    }

    /// Leaves conditions on factors behind that the cases don't have, once the first rows of a batch have come.
    pub(super) fn drop_foreign_factors(self) {
        let has = |id: &ColumnId| {
            !matches!(id, ColumnId::Factor(_)) || self.data.with_untracked(|store| store.column(id).is_some())
        };
        if self.view.with_untracked(|view| view.selection.conditions.iter().any(|own| !own.column().is_some_and(has))) {
            self.view.update(|view| view.selection.conditions.retain(|own| own.column().is_some_and(has)));
        }
    }

    /// Selects the cases between two values of a column, besides the conditions of other columns.
    pub(super) fn select_range(self, column: &ColumnId, (one, other): (f64, f64)) {
        let (least, most) = (one.min(other), one.max(other));
        let range =
            FilterCondition::Range { column: column.clone(), least: Some(least.into()), most: Some(most.into()) };
        self.view.update(|view| view.selection.set(range));
    }

    /// Selects the cases between two values of a column that somebody has drawn, besides the conditions of other columns.
    pub(super) fn select_drawn(self, column: &ColumnId, ends: (f64, f64)) {
        let range = self.data.with_untracked(|store| FilterCondition::drawn(store, column, ends));
        self.view.update(|view| view.selection.set(range));
    }

    /// Selects the cases with these texts in a column.
    pub(super) fn select_texts(self, column: &ColumnId, values: Vec<String>) {
        self.view.update(|view| view.selection.set(FilterCondition::OneOf { column: column.clone(), values }));
    }

    /// Selects these cases, in place of others that were chosen one by one, besides the conditions of columns.
    pub(super) fn select_cases(self, cases: Vec<CaseId>) {
        self.view.update(|view| view.selection.set(FilterCondition::Cases(cases)));
    }

    /// Returns the number of cases that are chosen one by one, if any are.
    pub(super) fn chosen_cases(self) -> Option<usize> {
        let view = self.view.read();
        let mut conditions = view.selection.conditions.iter();
        conditions.find_map(|condition| match condition {
            FilterCondition::Cases(cases) => Some(cases.len()),
            _ => None,
        })
    }

    /// Whether this tab may ask for a change of the study.
    pub(super) fn may_steer(self) -> bool {
        frozen::label().is_none() && self.access.with_value(|access| access.role == Role::Operator)
    }

    /// Removes the condition of a column.
    pub(super) fn clear(self, column: &ColumnId) {
        self.view.update(|view| view.selection.clear(column));
    }

    /// Removes all conditions and the selection's name: all cases stand out.
    pub(super) fn clear_selection(self) {
        self.view.update(|view| {
            view.selection.conditions.clear();
            view.name.clear();
        });
    }
}
