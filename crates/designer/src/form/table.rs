//! A table of points, imported in place of factors and a sampler.

use std::time::Duration;

use cruncher_study::import::NumberReading;
use cruncher_study::number_format::counted;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::{Blob, File};

use super::field::sentence;
use super::file_drop::file_drop;
use super::pool::missing_pools;
use super::quoted::quoted;
use super::reading::{asked, choices};
use super::script;
use super::understood::understood;
use crate::design_state::{DesignState, TableState};
use crate::messages::{TableSummary, WrongTable};
use crate::{draft_storage, preview_client};

/// Time without a key after which a typed table is read.
const TYPING_PAUSE: Duration = Duration::from_millis(600);

/// Maximum number of wrong rows that are listed.
const MAX_ROWS: usize = 20;

/// Shows the section of the table.
pub(crate) fn section(state: DesignState) -> AnyView {
    let outcome = move || match state.table.get() {
        TableState::None => None,
        TableState::Reading { name } => {
            Some(view! { <p role="status" class="faint">{format!("Reading {name} …")}</p> }.into_any())
        }
        TableState::Read { name, table } => Some(read(state, &name, &table)),
        TableState::Wrong { problem: WrongTable { question: Some(question), .. }, .. } => Some(asked(&question)),
        TableState::Wrong { name, problem } => Some(wrong(&name, &problem)),
    };
    let pasted = move |event: ev::ClipboardEvent| {
        let text = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok()).unwrap_or_default();
        if read_text(state, "Pasted table", &text) {
            event.prevent_default();
        }
    };
    // It is read while somebody types: on leaving the field, what appears would move the button that was pressed.
    let mut read_typed = debounce(TYPING_PAUSE, move |text: String| {
        let is_begun = text.trim().contains('\n');
        // A line that is begun below a table that was read is no table yet.
        if is_begun || !matches!(&*state.table.read_untracked(), TableState::Read { .. }) {
            read_text(state, "Typed table", &text);
        }
    });
    let typed = move |event| read_typed(event_target_value(&event));
    view! {
        <p class="faint">"One row a case, a header that names the inputs; " <code>"c[0], c[1]"</code> " are the components of a vector."</p>
        {file_drop("table-file", "Table of cases", "or drop it here: CSV, JSON, or a script points.py", ".py,.csv,.tsv,.tab,.txt,.dat,.json,.jsonl,.ndjson,text/csv,application/json", move |file: File| {
            let name = file.name();
            if script::is_script(&name) {
                script::compute(state, file);
            } else {
                script::forget(state);
                read_table(state, name, file.into());
            }
        })}
        <label class="field">
            <span class="field__label">"or paste it from a spreadsheet"</span>
            <textarea class="field__input paste" rows="2" aria-label="Paste a table" placeholder="Click here, then Ctrl-V" prop:value="" on:paste=pasted on:input=typed></textarea>
        </label>
        {move || script::view(state)}
        {outcome}
        {choices(state)}
    }
    .into_any()
}

/// Reads a text as the table; returns false if it is empty.
fn read_text(state: DesignState, name: &str, text: &str) -> bool {
    let blob = Blob::new_with_str_sequence(&js_sys::Array::of1(&JsValue::from(text)));
    let Some(blob) = blob.ok().filter(|_| !text.trim().is_empty()) else { return false };
    script::forget(state);
    read_table(state, name.to_owned(), blob);
    true
}

/// Reads a file as the table.
pub(crate) fn read_table(state: DesignState, name: String, file: Blob) {
    state.table_file.set_value(Some(file.clone()));
    state.reading.set(NumberReading::default());
    state.table.set(TableState::Reading { name: name.clone() });
    draft_storage::keep_table(state, name, Some(file));
    preview_client::import(state);
}

fn read(state: DesignState, name: &str, table: &TableSummary) -> AnyView {
    let rows = counted(table.rows as u64, "row", "rows");
    let notes: Vec<_> = table.notes.iter().map(|note| view! { <li>{quoted(&sentence(note))}</li> }).collect();
    let forget = move |_| {
        state.table.set(TableState::None);
        state.table_file.set_value(None);
        state.reading.set(NumberReading::default());
        draft_storage::keep_table(state, String::new(), None);
        preview_client::import(state);
    };
    view! {
        <p class="model" role="status">
            <strong>{name.to_owned()}</strong> <span class="faint">{rows}</span>
            <button class="quiet" on:click=forget>"Remove"</button>
        </p>
        {understood(table)}
        {(!notes.is_empty()).then(|| view! { <ul class="read-notes" aria-label="How it was read">{notes}</ul> })}
        {missing_pools(state, &table.pools)}
    }
    .into_any()
}

fn wrong(name: &str, problem: &WrongTable) -> AnyView {
    let told = problem.rows.len().min(MAX_ROWS);
    let row = |(row, reason): &(usize, String)| view! { <li><strong>{format!("Row {row}: ")}</strong>{quoted(&sentence(reason))}</li> };
    let rows: Vec<_> = problem.rows.iter().take(MAX_ROWS).map(row).collect();
    let more = (problem.rows.len() > told).then(|| view! { <li>"… and more."</li> });
    view! {
        <section class="note note--problem" role="alert">
            <p class="note__title">{format!("{name} can't be used")}</p>
            <p>{quoted(&sentence(&problem.reason))}</p>
            <ul>{rows}{more}</ul>
            <p>"Nothing was sent. Correct it and choose it again."</p>
        </section>
    }
    .into_any()
}
