//! Choice of the columns that are shown.

use cruncher_browser::state::shorten;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, ResultStore};
use leptos::prelude::*;

use super::columns::{ShownColumns, is_logarithmic, label, showable, unit};
use super::results_state::ResultsState;
use crate::state::export::beginning;
use crate::state::view::ResultsView;
use crate::state::words::words;

/// Maximum number of constant responses that are named.
const MAX_CONSTANTS: usize = 5;

/// Function that puts a choice into the view.
type Choose = fn(&mut ResultsView, Option<ColumnId>);

/// Draws the lists from which response, factors and colour are chosen.
pub(super) fn choices(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let response = move || shown.get().map(|shown| shown.response);
    let factor = move || shown.get().map(|shown| shown.factor);
    let second = move || shown.get().map(|shown| shown.second);
    let colour = move || shown.get().and_then(|shown| shown.colour);
    view! {
        <div class="choices">
            {picker(state, "Response", response, |view, id| view.response = id, false)}
            {picker(state, "Factor", factor, |view, id| view.factor = id, false)}
            {picker(state, "Second factor", second, |view, id| view.second = id, false)}
            {picker(state, "Colour", colour, |view, id| view.colour = id, true)}
        </div>
        {constant_responses(state)}
    }
    .into_any()
}

/// Names the responses that no list has, since all cases have the same value: `stable = false`.
fn constant_responses(state: ResultsState) -> AnyView {
    let found = Memo::new(move |_| state.data.with(constants));
    let line = move || {
        let found = found.get();
        let named: Vec<&str> = found.iter().take(MAX_CONSTANTS).map(String::as_str).collect();
        let more = found.len().saturating_sub(MAX_CONSTANTS);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let words = format!("The same in all cases that have it, and so in no list: {}{more}.", named.join(", "));
        (!found.is_empty()).then(|| view! { <p class="faint">{words}</p> })
    };
    view! { {line} }.into_any()
}

/// Returns the responses of which there is one value, with that. A single case tells nothing.
fn constants(store: &ResultStore) -> Vec<String> {
    let written = |(id, _): (&ColumnId, _)| {
        let statistics = store.column(id)?.statistics();
        let is_of_one_kind =
            (statistics.numbers > 1 && statistics.texts == 0) || (statistics.texts > 1 && statistics.numbers == 0);
        if !is_of_one_kind || !showable(store, std::iter::once(id.clone())).is_empty() {
            return None;
        }
        let row = (0..store.len()).find(|row| store.cell(id, *row) != CellValue::Missing)?;
        Some(format!("{} = {}", label(id), beginning(&words(store.cell(id, row)).text)))
    };
    store.responses().filter_map(written).collect()
}

fn picker(
    state: ResultsState,
    name: &'static str,
    current: impl Fn() -> Option<ColumnId> + Send + Sync + Copy + 'static,
    choose: Choose,
    may_be_none: bool,
) -> AnyView {
    // The groups of a list change only when columns do.
    let columns = Memo::new(move |_| state.data.with(groups));
    let change = move |event| {
        let id = event_target_value(&event).parse().ok();
        state.view.update(|view| {
            choose(view, id);
            view.zoom = None;
        });
    };
    let options = move || {
        let current = current();
        let none = may_be_none.then(|| view! { <option value="" selected=current.is_none()>"none"</option> });
        let group = |(title, ids): (&'static str, Vec<ColumnId>)| {
            let name = |id: &ColumnId| {
                let unit = unit(state, id);
                (label(id), if unit.is_empty() { unit } else { format!(", {unit}") })
            };
            let names = shorten::choices(&ids.iter().map(name).collect::<Vec<_>>());
            let option = |(id, name): (ColumnId, String)| {
                let title = label(&id);
                view! { <option value=id.to_string() title=title selected=current.as_ref() == Some(&id)>{name}</option> }
            };
            let options = ids.into_iter().zip(names).map(option).collect_view();
            view! { <optgroup label=title>{options}</optgroup> }
        };
        let mut columns = columns.get();
        if let Some(id) = current.as_ref().filter(|id| !columns.iter().any(|(_, ids)| ids.contains(id))) {
            // An address may ask for a column in which all cases are equal.
            columns[place_of(id)].1.push(id.clone());
        }
        let groups = columns.into_iter().filter(|(_, ids)| !ids.is_empty()).map(group).collect_view();
        view! { {none}{groups} }
    };
    let scale = Memo::new(move |_| {
        let id = current()?;
        let can_be = state.data.with(|store| {
            store.column(&id).is_some_and(|column| column.statistics().least.is_some_and(|least| least > 0.0))
        });
        let is_log = is_logarithmic(state, &id);
        (can_be || is_log).then_some((id, is_log))
    });
    let scale = move || {
        let (id, is_log) = scale.get()?;
        let title = format!("Logarithmic axis for {}", label(&id));
        let switch = move |_| state.view.update(|view| view.switch_scale(&id));
        Some(
            view! { <button class="choice__log" aria-pressed=is_log.to_string() aria-label=title.clone() title=title on:click=switch>"log"</button> },
        )
    };
    view! {
        <div class="choice">
            <div class="field__label">
                <span aria-hidden="true">{name}</span>
                <select class="choice__list" aria-label=name on:change=change>{options}</select>
            </div>
            {scale}
        </div>
    }
    .into_any()
}

/// Index of a column's group in [`groups`].
const fn place_of(id: &ColumnId) -> usize {
    match id {
        ColumnId::Response(_) => 0,
        ColumnId::Factor(_) => 1,
        ColumnId::Case(_) => 2,
    }
}

/// Returns the columns that have something to show, in groups.
fn groups(store: &ResultStore) -> Vec<(&'static str, Vec<ColumnId>)> {
    let fields = [
        CaseField::DurationSecs,
        CaseField::StartTime,
        CaseField::EndTime,
        CaseField::Worker,
        CaseField::Pool,
        CaseField::Batch,
        CaseField::Model,
        CaseField::Level,
        CaseField::State,
    ];
    vec![
        ("Responses", showable(store, store.responses().map(|(id, _)| id.clone()))),
        ("Factors", showable(store, store.factors().map(|(id, _)| id.clone()))),
        ("Cases", showable(store, fields.into_iter().map(ColumnId::Case))),
    ]
}
