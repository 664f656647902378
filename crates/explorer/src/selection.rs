//! Selection in words, and controls that change it without a pointer.

use cruncher_browser::local_time::clock_time;
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::filter::{FilterCondition, RangeLimit};
use cruncher_results::store::{ResultStore, StoreColumn};
use cruncher_study::number_format::thousands;
use js_sys::Date;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::columns::{ShownColumns, label};
use super::results_state::ResultsState;
use crate::state::export::{condition_in_words, limit_in_words};

/// Tells how many cases are selected, and by which conditions.
pub(super) fn selection(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let is_chosen = Memo::new(move |_| !state.view.read().selection.conditions.is_empty());
    let bar = move || if is_chosen.get() { chosen(state, shown) } else { hint(state, shown) };
    view! { <div class="selection" role="group" aria-label="Selection">{bar}</div> }.into_any()
}

fn hint(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    view! {
        <p class="faint">"Drag in a plot to select cases: they are selected in all plots."</p>
        {offers(state, shown)}
    }
    .into_any()
}

/// Draws buttons that begin a range of a plotted column, for readers without a pointer.
fn offers(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let ids = Memo::new(move |_| {
        let shown = shown
            .get()
            .map_or_else(Vec::new, |ShownColumns { response, factor, second, .. }| vec![response, factor, second]);
        let view = state.view.read();
        let has_range =
            |id: &ColumnId| view.selection.conditions.iter().any(|condition| condition.column() == Some(id));
        let mut ids: Vec<ColumnId> = Vec::new();
        for id in shown {
            if !ids.contains(&id) && !has_range(&id) && whole_range(state, &id).is_some() {
                ids.push(id);
            }
        }
        ids
    });
    let button = move |id: ColumnId| {
        let name = label(&id);
        let title = format!("Add a range of {name}");
        let add = move |_| {
            let range = FilterCondition::Range { column: id.clone(), least: None, most: None };
            state.view.update(|view| view.selection.set(range));
            request_animation_frame(focus_last);
        };
        view! { <button class="quiet selection__offer" aria-label=title.clone() title=title on:click=add>{name}</button> }
    };
    let buttons = move || {
        let ids = ids.get();
        (!ids.is_empty()).then(|| {
            let buttons = ids.into_iter().map(button).collect_view();
            view! { <span class="selection__offers"><span class="faint">"Add a range of"</span>{buttons}</span> }
        })
    };
    view! { {buttons} }.into_any()
}

/// Returns the least and the largest number of a column, if its ranges are typed.
fn whole_range(state: ResultsState, id: &ColumnId) -> Option<(f64, f64)> {
    let is_time = matches!(id, ColumnId::Case(CaseField::StartTime | CaseField::EndTime));
    let statistics = state.data.with(|store| store.column(id).map(StoreColumn::statistics))?;
    statistics.least.zip(statistics.most).filter(|_| !is_time)
}

/// Puts the focus on the range that was added last, so that it can be typed at once.
fn focus_last() {
    let last = document().query_selector(".chips__one:last-child .chips__end").ok().flatten();
    if let Some(end) = last.and_then(|end| end.dyn_into::<web_sys::HtmlInputElement>().ok()) {
        end.select();
        // A field can take the focus.
        let _ = end.focus();
    }
}

fn chosen(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let words = move || {
        let all = state.data.with(ResultStore::len);
        format!("{} of {} selected", thousands(state.selected.get().count as u64), thousands(all as u64))
    };
    let conditions = move || state.view.read().selection.conditions.clone();
    let rename = move |event| {
        let name = event_target_value(&event);
        state.view.update(|view| view.name = name.chars().take(80).collect());
    };
    // Conditions are told apart by column, so that a reader who types a range stays in its field when it changes.
    let key = |condition: &FilterCondition| (condition.column().cloned(), std::mem::discriminant(condition));
    view! {
        <strong role="status">{words}</strong>
        <ul class="chips" aria-label="Conditions">
            <For each=conditions key=key children=move |condition| chip(state, condition)/>
        </ul>
        {offers(state, shown)}
        <label class="selection__name">
            <span class="visually-hidden">"Name of the selection"</span>
            <input placeholder="name it" prop:value=move || state.view.read().name.clone() on:change=rename/>
        </label>
        <button class="quiet" on:click=move |_| state.clear_selection()>"Select all"</button>
    }
    .into_any()
}

/// Draws a condition, which can be changed and taken away.
fn chip(state: ResultsState, condition: FilterCondition) -> AnyView {
    let column = condition.column().cloned();
    let name = column.as_ref().map_or_else(|| "the choice of cases".to_owned(), label);
    let own = column.clone();
    let away =
        move |_| state.view.update(|view| view.selection.conditions.retain(|other| other.column() != own.as_ref()));
    let title = format!("Take {name} out of the selection");
    let body = match (condition, column) {
        (FilterCondition::Range { .. }, Some(column)) => range(state, &column),
        (_, column) => {
            let words = move || {
                let view = state.view.read();
                let mut conditions = view.selection.conditions.iter();
                let is_it = |condition: &&FilterCondition| {
                    condition.column() == column.as_ref() && !matches!(condition, FilterCondition::Range { .. })
                };
                let label = column.as_ref().map(label).unwrap_or_default();
                conditions.find(is_it).map(|condition| condition_in_words(condition, &label))
            };
            view! { <span>{words}</span> }.into_any()
        }
    };
    view! { <li class="chips__one">{body}<button class="chips__away" aria-label=title.clone() title=title on:click=away>"✕"</button></li> }
        .into_any()
}

/// Returns the range of a column, as it is now.
fn range_of(state: ResultsState, column: &ColumnId) -> (Option<RangeLimit>, Option<RangeLimit>) {
    let view = state.view.read();
    let mut conditions = view.selection.conditions.iter();
    let range = conditions.find_map(|condition| match condition {
        FilterCondition::Range { column: own, least, most } if own == column => Some((*least, *most)),
        _ => None,
    });
    range.unwrap_or_default()
}

fn range(state: ResultsState, column: &ColumnId) -> AnyView {
    let name = label(column);
    if let ColumnId::Case(CaseField::StartTime | CaseField::EndTime) = column {
        let column = column.clone();
        let words = move || {
            let now = Date::now() / 1000.0;
            let time =
                |limit: Option<RangeLimit>| limit.map(|limit| clock_time(limit.nearest(), now)).unwrap_or_default();
            match range_of(state, &column) {
                (least, None) => format!("{name} ≥ {}", time(least)),
                (None, most) => format!("{name} ≤ {}", time(most)),
                (least, most) => format!("{name} {} – {}", time(least), time(most)),
            }
        };
        return view! { <span>{words}</span> }.into_any();
    }
    let (least, most) = (end(state, column, End::Least), end(state, column, End::Most));
    view! { <span>{name}</span>{least}<span aria-hidden="true">"–"</span>{most} }.into_any()
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Least,
    Most,
}

/// Draws the field of one end of a range. An empty field is no limit.
fn end(state: ResultsState, column: &ColumnId, which: End) -> AnyView {
    let name = if which == End::Least { "Least" } else { "Most" };
    let words = format!("{name} {}", label(column));
    let of =
        move |(least, most): (Option<RangeLimit>, Option<RangeLimit>)| if which == End::Least { least } else { most };
    let (shown, exact, column) = (column.clone(), column.clone(), column.clone());
    let value = move || of(range_of(state, &shown)).map(limit_in_words).unwrap_or_default();
    let title = move || match of(range_of(state, &exact)) {
        Some(limit) => limit.to_string(),
        None => whole_range(state, &exact).map_or_else(String::new, |whole| outermost(which, whole)),
    };
    let change = move |event| {
        let typed = RangeLimit::parse(&event_target_value(&event).trim().replace(',', "."));
        let (least, most) = untrack(|| range_of(state, &column));
        let (least, most) = if which == End::Least { (typed, most) } else { (least, typed) };
        state.view.update(|view| match (least, most) {
            (None, None) => view.selection.clear(&column),
            _ => view.selection.set(FilterCondition::Range { column: column.clone(), least, most }),
        });
    };
    view! {
        <input
            class="chips__end" inputmode="decimal" placeholder="no limit" aria-label=words title=title
            prop:value=value on:change=change
        />
    }
    .into_any()
}

/// Describes an end without a limit, by the value that it reaches to.
fn outermost(which: End, (least, most): (f64, f64)) -> String {
    match which {
        End::Least => format!("no limit: the least is {least}"),
        End::Most => format!("no limit: the most is {most}"),
    }
}
