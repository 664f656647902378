//! What is selected, in words, and how to change that without a pointer.

use cruncher_results::column_id::{ColumnId, Field};
use cruncher_results::filter::Condition;
use cruncher_results::store::Store;
use cruncher_study::figures::{significant, thousands};
use js_sys::Date;
use leptos::prelude::*;

use super::columns::label;
use super::desk::Desk;
use crate::platform::local_time::clock_time;

/// How many are selected, and by what.
pub(super) fn selection(desk: Desk) -> AnyView {
    let bar = move || {
        let conditions = desk.view.read().selection.conditions.clone();
        if conditions.is_empty() {
            return view! { <p class="faint">"Drag in a plot to select cases: they are selected in all plots."</p> }
                .into_any();
        }
        let selected = desk.selected.get().count;
        let all = desk.data.with(Store::len);
        let words = format!("{} of {} selected", thousands(selected as u64), thousands(all as u64));
        let chips = conditions.into_iter().map(|condition| chip(desk, condition)).collect_view();
        let rename = move |event| {
            let name = event_target_value(&event);
            desk.view.update(|view| view.name = name.chars().take(80).collect());
        };
        view! {
            <strong role="status">{words}</strong>
            <ul class="chips" aria-label="Conditions">{chips}</ul>
            <label class="selection__name">
                <span class="visually-hidden">"Name of the selection"</span>
                <input placeholder="name it" prop:value=desk.view.read().name.clone() on:change=rename/>
            </label>
            <button class="quiet" on:click=move |_| desk.clear_selection()>"Select all"</button>
        }
        .into_any()
    };
    view! { <div class="selection" role="group" aria-label="Selection">{bar}</div> }.into_any()
}

/// A condition, which can be changed and taken away.
fn chip(desk: Desk, condition: Condition) -> AnyView {
    let name = match condition.column() {
        Some(id) => label(id),
        None => "case".to_owned(),
    };
    let away = {
        let condition = condition.clone();
        move |_| desk.view.update(|view| view.selection.conditions.retain(|other| *other != condition))
    };
    let title = format!("Take {name} out of the selection");
    let body = match condition {
        Condition::Range { column, least, most } => range(desk, column, least, most),
        Condition::OneOf { values, .. } => view! { <span>{format!("{name}: {}", values.join(", "))}</span> }.into_any(),
        Condition::HasValue(_) => view! { <span>{format!("{name} is there")}</span> }.into_any(),
        Condition::HasNone(_) => view! { <span>{format!("{name} is missing")}</span> }.into_any(),
        Condition::Cases(cases) => view! { <span>{format!("{} chosen cases", cases.len())}</span> }.into_any(),
    };
    view! { <li class="chips__one">{body}<button class="chips__away" aria-label=title.clone() title=title on:click=away>"✕"</button></li> }
        .into_any()
}

fn range(desk: Desk, column: ColumnId, least: Option<f64>, most: Option<f64>) -> AnyView {
    let name = label(&column);
    if let ColumnId::Case(Field::StartTime | Field::EndTime) = column {
        let time = |secs: Option<f64>| secs.map(|secs| clock_time(secs, Date::now() / 1000.0)).unwrap_or_default();
        return view! { <span>{format!("{name} {} – {}", time(least), time(most))}</span> }.into_any();
    }
    let end = move |which: &'static str, value: Option<f64>, is_least: bool| {
        let column = column.clone();
        let words = format!("{which} {}", label(&column));
        let change = move |event| {
            let typed: Option<f64> = event_target_value(&event).trim().replace(',', ".").parse().ok();
            let typed = typed.filter(|number| number.is_finite());
            let (least, most) = if is_least { (typed, most) } else { (least, typed) };
            let changed = Condition::Range { column: column.clone(), least, most };
            desk.view.update(|view| match (least, most) {
                (None, None) => view.selection.clear(&column),
                _ => view.selection.set(changed),
            });
        };
        let text = value.map(significant).unwrap_or_default();
        let title = value.map(|value| value.to_string());
        view! { <input class="chips__end" inputmode="decimal" aria-label=words title=title prop:value=text on:change=change/> }
    };
    view! { <span>{name}</span>{end.clone()("Least", least, true)}<span aria-hidden="true">"–"</span>{end("Most", most, false)} }
        .into_any()
}
