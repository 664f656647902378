//! Points by a script: a worker computes the table, which is shown like one that was chosen.

use cruncher_browser::state::route::{Page, Route};
use cruncher_study::access::Role;
use cruncher_study::batch::Batch;
use cruncher_study::import::NumberReading;
use cruncher_study::points_script::MAX_SCRIPT_BYTES;
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File};

use super::field::sentence;
use super::quoted::quoted;
use super::table::read_table;
use crate::design_state::{DesignState, PointsState, TableState};
use crate::json_message::Parts;
use crate::messages::{PointsCase, PointsFailure, SendOrder};
use crate::{draft_storage, preview_client, sending};

/// Whether a file is a script, by its name.
pub(super) fn is_script(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".py")
}

/// Has a worker compute the table of a script.
pub(super) fn compute(state: DesignState, file: File) {
    let name = file.name();
    // A table of before would be taken for the script's.
    state.table.set(TableState::None);
    state.table_file.set_value(None);
    state.reading.set(NumberReading::default());
    draft_storage::keep_table(state, String::new(), None);
    preview_client::import(state);
    state.points.set(PointsState::Sending { name: name.clone() });
    spawn_local(async move {
        match content(state, &file).await {
            Ok(script) => {
                let batch = state.draft.with_untracked(|draft| draft.batch.trim().to_owned());
                let batch = Batch::parse(&batch).ok().map(|batch| batch.to_string());
                sending::order_with(state, SendOrder::ComputePoints { name, batch }, Parts::from([script.into()]));
            }
            Err(reason) => failed(state, PointsFailure { reason, ..PointsFailure::default() }),
        }
    });
}

async fn content(state: DesignState, file: &File) -> Result<Uint8Array, String> {
    if state.access.with_value(|access| access.role) != Role::Operator {
        return Err("a worker computes it, and only an operator sends cases to workers".to_owned());
    }
    if file.size() > f64::from(MAX_SCRIPT_BYTES) {
        return Err("a script has 1 MiB at most".to_owned());
    }
    let buffer =
        JsFuture::from(file.array_buffer()).await.map_err(|_refused| "the browser can't read it".to_owned())?;
    Ok(Uint8Array::new(&buffer))
}

/// Takes the case that computes the table: it is waited for, also after a reload.
pub(crate) fn take_case(state: DesignState, case: PointsCase) {
    state.points.set(PointsState::Waiting(case.clone()));
    spawn_local(async move { draft_storage::keep_points(state, Some(case)).await });
}

/// Takes the table, unless nobody waits for it any more.
pub(crate) fn take_table(state: DesignState, parts: Parts) {
    let name = state.points.with_untracked(PointsState::name);
    if name.is_empty() {
        return;
    }
    forget(state);
    let part = parts.into_iter().next().unwrap_or_default();
    if let Ok(table) = Blob::new_with_u8_array_sequence(&Array::of1(&part)) {
        read_table(state, name, table);
    }
}

/// Takes what went wrong.
pub(crate) fn failed(state: DesignState, failure: PointsFailure) {
    let name = state.points.with_untracked(PointsState::name);
    if !name.is_empty() {
        spawn_local(async move { draft_storage::keep_points(state, None).await });
        state.points.set(PointsState::Failed { name, failure });
    }
}

/// Waits for no table any more.
pub(super) fn forget(state: DesignState) {
    spawn_local(async move { draft_storage::keep_points(state, None).await });
    state.points.set(PointsState::None);
}

/// Shows how far a script is.
pub(super) fn view(state: DesignState) -> Option<AnyView> {
    match state.points.get() {
        PointsState::None => None,
        PointsState::Sending { name } => {
            Some(view! { <p role="status" class="faint">{format!("Sending {name} to a worker …")}</p> }.into_any())
        }
        PointsState::Waiting(case) => Some(waiting(state, &case)),
        PointsState::Failed { name, failure } => Some(failure_note(&name, &failure)),
    }
}

fn waiting(state: DesignState, case: &PointsCase) -> AnyView {
    let words = format!("A worker calls get_points() of {} …", case.name);
    let end = move |_| {
        sending::order(state, SendOrder::ForgetPoints);
        // It is shown as ended when the browser has noted that: a reload doesn't bring it back.
        spawn_local(async move {
            draft_storage::keep_points(state, None).await;
            state.points.set(PointsState::None);
        });
    };
    let attach = Route { page: Page::Attach, ..Route::default() }.to_string();
    let no_worker = move || {
        let attach = attach.clone();
        (state.alive_workers.get() == Some(0)).then(|| {
            view! { <p class="field__warning">"No worker is attached: it waits until there is one. "<a href=attach>"Attach a worker"</a></p> }
        })
    };
    view! {
        <p role="status" class="model">
            {words} <button class="quiet" on:click=end>"Don't wait"</button>
        </p>
        {no_worker}
    }
    .into_any()
}

fn failure_note(name: &str, failure: &PointsFailure) -> AnyView {
    let folded = |title: &'static str, text: &str| {
        let text = text.trim().to_owned();
        (!text.is_empty()).then(
            || view! { <details><summary>{title}</summary><pre class="trace" tabindex="0">{text}</pre></details> },
        )
    };
    let trace = failure.traceback.trim().to_owned();
    let trace = (!trace.is_empty())
        .then(|| view! { <pre class="trace" tabindex="0" role="region" aria-label="Traceback">{trace}</pre> });
    view! {
        <section class="note note--problem" role="alert">
            <p class="note__title">{format!("{name} gave no points")}</p>
            <p>{quoted(&sentence(&failure.reason))}</p>
            {trace}
            {folded("What it printed", &failure.printed)}
            <p>"No case was sent. Correct it and choose it again."</p>
        </section>
    }
    .into_any()
}
