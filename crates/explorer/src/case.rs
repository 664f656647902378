//! The open case, in a sheet beside the plots.

use cruncher_browser::frozen;
use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::number::exact;
use cruncher_results::store::{CellValue, FAILED, ResultStore};
use cruncher_study::case::CaseRef;
use cruncher_study::key::DataKey;
use cruncher_study::number_format::{counted, duration, thousands};
use js_sys::Date;
use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, KeyboardEvent};

mod attempts;
mod files;
mod fold;
mod model;

use super::columns::unit;
use super::copy::copy_button;
use super::document::{document, shown};
use super::outcome::outcome;
use super::reading;
use super::results_state::{ResultsState, case_of, is_here};
use crate::state::words::{CellText, words};

/// Maximum length of a text that stands in one line of a narrow window, in characters.
const MAX_SHORT_CHARS: usize = 40;

/// Maximum number of factors or responses in the sheet; the document has all of them.
const MAX_VALUES: usize = 200;

/// Shows the open case, if there is one.
pub(super) fn case(state: ResultsState) -> AnyView {
    let is_open = Memo::new(move |_| state.opened.get().is_some());
    (move || is_open.get().then(|| sheet(state))).into_any()
}

fn sheet(state: ResultsState) -> AnyView {
    let before = document_focus();
    let sheet = NodeRef::<Div>::new();
    Effect::new(move || {
        if let Some(sheet) = sheet.get() {
            // A sheet can take the focus.
            let _ = sheet.focus();
        }
    });
    let close = move || {
        state.opened.set(None);
        state.pointed_at.set(None);
        let back = before.as_ref().filter(|element| element.is_connected() && element.tag_name() != "BODY").cloned();
        if let Some(back) = back.or_else(table) {
            // An element that had the focus can take it again.
            let _ = back.focus();
        }
    };
    let (press, escape) = (close.clone(), close);
    // It covers what else is there: Escape closes it wherever the focus is, unless a menu that is open took it.
    let keys = window_event_listener(ev::keydown, move |event| {
        if event.key() == "Escape" && !event.default_prevented() && is_here(state.page) {
            escape();
        }
    });
    on_cleanup(move || keys.remove());
    let row = Memo::new(move |before: Option<&usize>| state.opened.get().or(before.copied()).unwrap_or_default());
    let case = Memo::new(move |_| state.data.with(|store| case_of(store, row.get())));
    let document_key = Memo::new(move |_| state.data.with(|store| reading::key(store, row.get())));
    let id =
        move || state.data.with(|store| store.case_ids().get(row.get()).map(ToString::to_string)).unwrap_or_default();
    let short = move || format!("Case {:.8}", id());
    view! {
        <div
            class="case" node_ref=sheet tabindex="-1" role="dialog" aria-labelledby="case-title"
            aria-description="Arrow keys lead to the next case, Escape closes this one."
            on:scroll=|_| tell_plots() on:keydown=move |event| step_by_key(state, row, &event)
        >
            <div class="case__top">
                <h3 id="case-title">{short}</h3>
                {steps(state, row)}
                <button class="quiet" aria-label="Close the case" title="Close (Escape)" on:click=move |_| press()>"✕"</button>
            </div>
            <div class="case__id"><code>{id}</code>{copy_button("Copy", "Copy the case's id", "Copied", move || untrack(id))}</div>
            {move || facts(state, row.get())}
            {attempts::attempts(state, row)}
            {move || values(state, row.get(), Part::Factors)}
            {move || values(state, row.get(), Part::Responses)}
            {document(state, document_key)}
            {move || (has_earlier_failure(state, row.get())).then(|| earlier_failure(state, case))}
            {frozen::label().is_none().then(|| view! { {model::model(state, case)}{files::files(state, case)} })}
        </div>
    }
    .into_any()
}

/// Returns the element that has the focus.
fn document_focus() -> Option<HtmlElement> {
    leptos::prelude::document().active_element()?.dyn_into().ok()
}

/// Returns the table, which takes the focus when the element that had it is gone.
fn table() -> Option<HtmlElement> {
    leptos::prelude::document().query_selector(".cases__grid").ok()??.dyn_into().ok()
}

/// Tells the plots in the sheet that it was scrolled: they are drawn when they come into sight, and listen to the window for
/// that.
fn tell_plots() {
    if let Ok(event) = Event::new("scroll") {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Whether a case that has a result failed before.
fn has_earlier_failure(state: ResultsState, row: usize) -> bool {
    state.data.with(|store| reading::is_done(store, row) && store.attempts(row).iter().any(|attempt| !attempt.is_done))
}

/// Draws the document of the last failure of a case that has a result.
fn earlier_failure(state: ResultsState, case: Memo<Option<CaseRef>>) -> AnyView {
    let read = move |(batch, case)| async move { reading::document(state, &DataKey::Error(batch, case)).await };
    fold::fold("Document of the last failure", case, read, move |_, document| shown(state, document))
}

/// Returns the row so many places further on in the order of the table; `None` if there is none, or the row isn't shown.
fn beside(state: ResultsState, row: usize, step: isize) -> Option<usize> {
    let order = state.order.read();
    let place = order.iter().position(|own| *own as usize == row)?.checked_add_signed(step)?;
    order.get(place).map(|row| *row as usize)
}

/// Opens the case so many places further on, if there is one.
fn go(state: ResultsState, row: Memo<usize>, step: isize) {
    if let Some(row) = untrack(|| beside(state, row.get(), step)) {
        state.opened.set(Some(row));
        state.pointed_at.set(Some(row));
    }
}

/// Goes to the next case by an arrow key, unless that moves something else: a long text, or a plot.
fn step_by_key(state: ResultsState, row: Memo<usize>, event: &KeyboardEvent) {
    let step = match &*event.key() {
        "ArrowDown" | "ArrowRight" => 1,
        "ArrowUp" | "ArrowLeft" => -1,
        _ => return,
    };
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let moves_itself =
        |target: &Element| target.closest("pre, canvas, input, select").is_ok_and(|found| found.is_some());
    let is_plain = !(event.ctrl_key() || event.alt_key() || event.meta_key() || event.shift_key());
    if is_plain && !target.as_ref().is_some_and(moves_itself) {
        event.prevent_default();
        go(state, row, step);
    }
}

/// Draws the buttons that lead to the case before and to the next one, in the order of the table.
fn steps(state: ResultsState, row: Memo<usize>) -> AnyView {
    let place = Memo::new(move |_| state.order.read().iter().position(|own| *own as usize == row.get()));
    let has_beside = move |step: isize| beside(state, row.get(), step).is_some();
    let said = move || {
        let all = thousands(state.order.read().len() as u64);
        place
            .get()
            .map_or_else(|| "not selected".to_owned(), |place| format!("{} of {all}", thousands(place as u64 + 1)))
    };
    view! {
        <span class="faint case__place" role="status">{said}</span>
        <button
            class="quiet" aria-label="The case before" title="The case before, in the order of the table (arrow keys)"
            aria-disabled=move || (!has_beside(-1)).to_string() on:click=move |_| go(state, row, -1)
        >"↑"</button>
        <button
            class="quiet" aria-label="The next case" title="The next case, in the order of the table (arrow keys)"
            aria-disabled=move || (!has_beside(1)).to_string() on:click=move |_| go(state, row, 1)
        >"↓"</button>
    }
    .into_any()
}

/// Shows the facts that the table knows of a case besides its factors and responses.
fn facts(state: ResultsState, row: usize) -> AnyView {
    state.data.with(|store| {
        let cell = |field: CaseField| store.cell(&ColumnId::Case(field), row);
        let number = |field: CaseField| store.field(field).number(row);
        let now = Date::now() / 1000.0;
        let time = |field: CaseField| match number(field) {
            secs if secs.is_nan() => ("–".to_owned(), None),
            secs => {
                (format!("{}:{:02.0}", clock_time(secs, now), secs.rem_euclid(60.0).floor()), Some(exact_time(secs)))
            }
        };
        let took = match number(CaseField::DurationSecs) {
            secs if secs.is_nan() => ("–".to_owned(), None),
            secs => (duration(secs), Some(format!("{} s", exact(secs)))),
        };
        let (state, class) = outcome(cell(CaseField::State));
        let is_over = if cell(CaseField::State) == CellValue::Text(FAILED) { ", no attempt is left" } else { "" };
        let plain = |field: CaseField| (words(cell(field)).text, None);
        let facts = [
            ("State", (format!("{state}{is_over}"), None), class),
            ("Batch", plain(CaseField::Batch), ""),
            (MODEL_VERSION, plain(CaseField::Model), ""),
            ("Level", plain(CaseField::Level), ""),
            ("Replicate", plain(CaseField::Replicate), ""),
            ("Worker", plain(CaseField::Worker), ""),
            (POOL, plain(CaseField::Pool), ""),
            ("Start", time(CaseField::StartTime), ""),
            ("End", time(CaseField::EndTime), ""),
            ("Duration", took, ""),
        ];
        let is_missing = |field| cell(field) == CellValue::Missing;
        let left_out = [(MODEL_VERSION, is_missing(CaseField::Model)), (POOL, is_missing(CaseField::Pool))];
        let facts: Vec<_> = facts
            .into_iter()
            .filter(|(name, ..)| !left_out.contains(&(*name, true)))
            .map(|(name, (fact, title), class)| view! { <dt>{name}</dt><dd class=class title=title>{fact}</dd> })
            .collect();
        view! { <dl class="facts case__facts">{facts}</dl> }.into_any()
    })
}

/// Names of facts that most cases don't have.
const MODEL_VERSION: &str = "Model version";
const POOL: &str = "Pool";

/// Kind of the values in a list.
#[derive(Clone, Copy)]
enum Part {
    Factors,
    Responses,
}

fn values(state: ResultsState, row: usize, part: Part) -> Option<AnyView> {
    let (title, ids) = state.data.with(|store| match part {
        Part::Factors => ("Factors", ids(store, row, store.factors().map(|(id, _)| id))),
        Part::Responses => ("Responses", ids(store, row, store.responses().map(|(id, _)| id))),
    });
    let more = ids.len().saturating_sub(MAX_VALUES);
    let one = |id: &ColumnId| {
        // The sheet has room for all digits.
        let CellText { text, exact } = state.data.with(|store| words(store.cell(id, row)));
        let text = exact.unwrap_or(text);
        // Words of several lines are read from their beginning, so they aren't set like a number.
        let class = if text.chars().count() > MAX_SHORT_CHARS { "" } else { "number" };
        view! { <tr><th scope="row">{id.name().to_owned()}</th><td class=class>{text}</td><td class="faint">{unit(state, id)}</td></tr> }
    };
    let rows: Vec<_> = ids.iter().take(MAX_VALUES).map(one).collect();
    let more = (more > 0).then(|| format!("{more} more are in the document."));
    let is_cut = |id: &&ColumnId| state.data.with(|store| matches!(store.cell(id, row), CellValue::Cut(..)));
    let cut = match ids.iter().take(MAX_VALUES).filter(is_cut).count() as u64 {
        0 => None,
        cut => Some(format!("{} cut here, and whole in the document.", counted(cut, "text is", "texts are"))),
    };
    let notes: Vec<String> = more.into_iter().chain(cut).collect();
    let notes = (!notes.is_empty()).then(|| view! { <p class="faint">{notes.join(" ")}</p> });
    let list = view! {
        <h4>{title}</h4>
        <table class="case__values" aria-label=title><tbody>{rows}</tbody></table>
        {notes}
    };
    (!ids.is_empty()).then(|| list.into_any())
}

/// Returns the columns in which a case has a value.
fn ids<'a>(store: &ResultStore, row: usize, all: impl Iterator<Item = &'a ColumnId>) -> Vec<ColumnId> {
    all.filter(|id| store.cell(id, row) != CellValue::Missing).cloned().collect()
}
