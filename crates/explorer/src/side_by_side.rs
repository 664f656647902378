//! Factors that stand side by side in a plot of all of them, as far as there is room.

use cruncher_results::column_id::ColumnId;
use leptos::prelude::*;

use super::columns::{ShownColumns, factors_of, label};
use super::plots::{all_sides, sides};
use super::results_state::ResultsState;
use crate::state::view::toggle;

/// The factors beside the response in a plot of all of them.
#[derive(Clone, Copy)]
pub(super) struct SideBySide {
    state: ResultsState,
    response: Memo<Option<ColumnId>>,
    /// Number of factors that there is room for.
    pub(super) room: RwSignal<usize>,
}

impl SideBySide {
    /// Assumes room for all factors, until the plot is drawn.
    pub(super) fn new(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> Self {
        let response = Memo::new(move |_| shown.read().as_ref().map(|shown| shown.response.clone()));
        Self { state, response, room: RwSignal::new(usize::MAX) }
    }

    /// Returns the factors to choose from.
    fn all(self) -> Vec<ColumnId> {
        let Some(response) = self.response.get() else { return Vec::new() };
        self.state.data.with(|store| all_sides(self.state, store, &response))
    }

    /// Returns the factors that are shown.
    fn shown(self) -> Vec<ColumnId> {
        let Some(response) = self.response.get() else { return Vec::new() };
        let mut ids = self.state.data.with(|store| sides(self.state, store, &response));
        ids.truncate(self.room.get());
        ids
    }

    /// Tells which part of the factors the plot shows: `all factors at once`, or `5 of 9 factors at once`.
    pub(super) fn title(self, of_all: &str, of_some: &str) -> String {
        let (shown, all) = (self.shown().len(), self.all().len());
        if shown == all { of_all.to_owned() } else { format!("{shown} of {all} {of_some}") }
    }

    /// Whether the reader has chosen the factors.
    pub(super) fn are_chosen(self) -> bool {
        let all = self.all();
        self.state.view.read().axes.iter().any(|id| all.contains(id))
    }

    /// Whether these are the factors that are shown unless the reader chooses.
    fn are_usual(self, ids: &[ColumnId]) -> bool {
        let Some(response) = self.response.get() else { return false };
        let usual = self.state.data.with(|store| factors_of(store, &response));
        usual.len() == ids.len() && usual.iter().all(|id| ids.contains(id))
    }

    /// Takes a factor into the plot, in place of the last one if there is no more room; or out of it, unless it is the only one.
    fn choose(self, id: &ColumnId) {
        let mut shown = untrack(|| self.shown());
        if !shown.contains(id) {
            shown.truncate(self.room.get_untracked().saturating_sub(1));
        }
        toggle(&mut shown, id);
        if !shown.is_empty() {
            let is_usual = untrack(|| self.are_usual(&shown));
            self.state.view.update(|view| view.axes = if is_usual { Vec::new() } else { shown });
        }
    }
}

/// Draws a list of factors to choose from; nothing if there is no choice.
pub(super) fn choice(sides: SideBySide) -> AnyView {
    let all = Memo::new(move |_| sides.all());
    let shown = Memo::new(move |_| sides.shown());
    let check = move |id: ColumnId| {
        let (own, name) = (id.clone(), label(&id));
        let is_shown = Memo::new(move |_| shown.read().contains(&own));
        let is_only = Memo::new(move |_| is_shown.get() && shown.read().len() == 1);
        let change = move |_| sides.choose(&id);
        view! {
            <label class="menu__check">
                <input type="checkbox" prop:checked=move || is_shown.get() disabled=move || is_only.get() on:change=change/>
                {name}
            </label>
        }
    };
    let list = move || {
        let ids = all.get();
        (ids.len() > 1).then(|| {
            let checks = ids.into_iter().map(check).collect_view();
            view! {
                <details class="sides">
                    <summary>"Choose factors"</summary>
                    <fieldset class="sides__list"><legend class="visually-hidden">"Factors that are shown"</legend>{checks}</fieldset>
                </details>
            }
        })
    };
    view! { {list} }.into_any()
}
