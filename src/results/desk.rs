//! What the page of the results knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cruncher_backend::Study;
use cruncher_results::column_id::{ColumnId, Field};
use cruncher_results::filter::Condition;
use cruncher_results::mask::Mask;
use cruncher_results::order::{Direction, order};
use cruncher_results::store::Store;
use cruncher_study::access::Access;
use cruncher_study::batch::Batch;
use leptos::prelude::*;

use super::data::Data;
use crate::platform::address;
use crate::state::view::View;

/// What the page knows. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    /// What the tab may do, and with which key.
    pub(super) access: StoredValue<Access>,
    /// All rows.
    pub(super) data: Data,
    /// What is shown of them.
    pub(super) view: RwSignal<View>,
    /// Which rows are selected.
    pub(super) selected: Memo<Selected>,
    /// The unit of each factor, as far as designs say.
    pub(super) units: RwSignal<BTreeMap<String, String>>,
    /// The factors whose design says that their scale is logarithmic.
    pub(super) logarithmic: RwSignal<BTreeSet<String>>,
    /// The row that is pointed at, in any of the plots.
    pub(super) pointed_at: RwSignal<Option<usize>>,
    /// The row whose case stands open.
    pub(super) opened: RwSignal<Option<usize>>,
    /// By which column the table is sorted; by none, cases stand as they came.
    pub(super) sorting: RwSignal<Option<(ColumnId, Direction)>>,
    /// The selected rows in the order of the table.
    pub(super) order: Memo<Arc<Vec<u32>>>,
    /// What the study is called, as soon as that was read.
    pub(super) study_name: RwSignal<String>,
    /// The study itself, as soon as something was read from it.
    pub(super) study: StoredValue<Option<Study>, LocalStorage>,
    /// What failures say, by their signatures, as far as somebody looked.
    pub(super) messages: RwSignal<BTreeMap<String, String>>,
}

/// Rows that are selected.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Selected {
    /// None if all are, since nobody has chosen any.
    pub(super) mask: Option<Arc<Mask>>,
    /// How many there are.
    pub(super) count: usize,
}

impl Selected {
    /// The same, as charts take it.
    pub(super) fn as_plotted(&self) -> cruncher_plot::Mask<'_> {
        self.mask.as_ref().map_or(cruncher_plot::Mask::All, |mask| cruncher_plot::Mask::Words(mask.words()))
    }
}

/// The cases of a batch and of those below it.
fn within(store: &Store, batch: &Batch) -> Condition {
    let (own, below) = (batch.to_string(), format!("{batch}/"));
    let batches = store.categories(store.field(Field::Batch));
    let is_within = |label: &&str| *label == own || label.starts_with(&below);
    let values = batches.iter().map(|category| category.label).filter(is_within).map(str::to_owned).collect();
    Condition::OneOf { column: ColumnId::Case(Field::Batch), values }
}

/// The selected rows in the order of the table.
fn in_order(store: &Store, selected: &Selected, sorting: Option<&(ColumnId, Direction)>) -> Vec<u32> {
    let all = || Arc::new(store.all());
    let mask = selected.mask.clone().unwrap_or_else(all);
    match sorting {
        Some((column, direction)) => order(store, column, *direction, &mask),
        None => mask.iter().map_while(|row| u32::try_from(row).ok()).collect(),
    }
}

impl Desk {
    /// What is in the address is shown.
    pub(super) fn new(access: Access) -> Self {
        let data = Data::follow();
        let view = RwSignal::new(View::parse(&address::fragment()));
        let selected = Memo::new(move |_| {
            view.with(|view| {
                data.with(|store| {
                    let mut filter = view.selection.clone();
                    filter.conditions.extend(view.batch.as_ref().map(|batch| within(store, batch)));
                    if filter.conditions.is_empty() {
                        return Selected { mask: None, count: store.len() };
                    }
                    let mask = filter.apply(store);
                    Selected { count: mask.count(), mask: Some(Arc::new(mask)) }
                })
            })
        });
        let sorting = RwSignal::new(None);
        Self {
            access: StoredValue::new(access),
            data,
            view,
            selected,
            units: RwSignal::default(),
            logarithmic: RwSignal::default(),
            pointed_at: RwSignal::new(None),
            opened: RwSignal::new(None),
            sorting,
            order: Memo::new(move |_| {
                data.with(|store| Arc::new(in_order(store, &selected.read(), sorting.read().as_ref())))
            }),
            study_name: RwSignal::default(),
            study: StoredValue::new_local(None),
            messages: RwSignal::default(),
        }
    }

    /// Selects the cases between two values of a column, besides what other columns say.
    pub(super) fn select_range(self, column: &ColumnId, (one, other): (f64, f64)) {
        let (least, most) = (one.min(other), one.max(other));
        let range = Condition::Range { column: column.clone(), least: Some(least), most: Some(most) };
        self.view.update(|view| view.selection.set(range));
    }

    /// Selects the cases with these texts in a column.
    pub(super) fn select_texts(self, column: &ColumnId, values: Vec<String>) {
        self.view.update(|view| view.selection.set(Condition::OneOf { column: column.clone(), values }));
    }

    /// Whatever a column says doesn't matter any more.
    pub(super) fn clear(self, column: &ColumnId) {
        self.view.update(|view| view.selection.clear(column));
    }

    /// Selects nothing: all cases stand out.
    pub(super) fn clear_selection(self) {
        self.view.update(|view| {
            view.selection.conditions.clear();
            view.name.clear();
        });
    }
}
