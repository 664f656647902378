//! Storage of draft, model and table in this browser, so that a reload loses nothing.

use std::sync::Arc;

use cruncher_browser::address;
use cruncher_browser::browser_store::{BrowserStore, KeepError};
use cruncher_study::import::NumberReading;
use js_sys::{Array, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::design_state::{DesignState, ModelText, PointsState, TableState};
use super::messages::PointsCase;
use super::preview_client;
use crate::state::kept::{KeptModel, KeptPart};

/// Restores the content that was kept, then keeps every change of the draft.
pub(super) async fn restore(state: DesignState) {
    // A browser that keeps nothing has nothing to restore, and says so when something is to be kept.
    let _ = bring_back(state).await;
    Effect::new(move || {
        let json = serde_json::to_string(&*state.draft.read()).unwrap_or_default();
        spawn_local(async move { keep(state, KeptPart::Draft, &JsValue::from(json)).await });
    });
}

async fn bring_back(state: DesignState) -> Result<(), KeepError> {
    let kept = BrowserStore::open(&address::page_url()).await?;
    if let Some(json) = kept.get(KeptPart::Draft.key()).await?.and_then(|json| json.as_string()) {
        // It is read as bytes, like every other document. A draft of an earlier version may be unreadable: then the form is
        // empty.
        state.draft.set(serde_json::from_slice(json.as_bytes()).unwrap_or_default());
    }
    if let Some((name, content)) = kept.get(KeptPart::Model.key()).await?.and_then(named) {
        let content = Uint8Array::new(&content).to_vec();
        let model = ModelText { name, content: Arc::from(content) };
        match state.draft.with_untracked(|draft| draft.kept_model(&model.name, model.is_folder())) {
            KeptModel::Current => state.model.set(Some(model)),
            KeptModel::Aside => state.chosen.update_value(|chosen| chosen.set_aside(model)),
            KeptModel::Foreign => {}
        }
    }
    if let Some(json) = kept.get(KeptPart::Points.key()).await?.and_then(|json| json.as_string())
        && let Ok(case) = serde_json::from_slice(json.as_bytes())
    {
        state.points.set(PointsState::Waiting(case));
    }
    let table = kept.get(KeptPart::Table.key()).await?;
    let reading = table.as_ref().and_then(reading);
    if let Some((name, file)) = table.and_then(named)
        && let Ok(file) = file.dyn_into::<Blob>()
    {
        state.table_file.set_value(Some(file));
        state.reading.set(reading.unwrap_or_default());
        state.table.set(TableState::Reading { name });
        preview_client::import(state);
    }
    Ok(())
}

/// Reads a name and the value that belongs to it.
fn named(kept: JsValue) -> Option<(String, JsValue)> {
    let pair = kept.dyn_into::<Array>().ok()?;
    Some((pair.get(0).as_string()?, pair.get(1)))
}

/// Returns the reading of a table's numbers, which stands behind its file.
fn reading(kept: &JsValue) -> Option<NumberReading> {
    let json = kept.dyn_ref::<Array>()?.get(2).as_string()?;
    serde_json::from_slice(json.as_bytes()).ok()
}

/// Keeps the model, or forgets it. A command stands in the draft.
pub(super) async fn keep_model(state: DesignState, model: Option<&ModelText>) {
    if model.is_some_and(ModelText::is_command) {
        return;
    }
    // The one of before goes first: it would stay if there is no room for this one, and this one may need its room.
    let deleted = async { BrowserStore::open(&address::page_url()).await?.delete(KeptPart::Model.key()).await };
    let deleted = deleted.await;
    match model {
        Some(ModelText { name, content }) => {
            let named = Array::of2(&name.as_str().into(), &Uint8Array::from(&**content));
            keep(state, KeptPart::Model, &named).await;
        }
        None => note(state, KeptPart::Model, deleted),
    }
}

/// Keeps the table and its reading, or forgets it.
pub(super) fn keep_table(state: DesignState, name: String, file: Option<Blob>) {
    let reading = serde_json::to_string(&state.reading.get_untracked()).unwrap_or_default();
    spawn_local(async move {
        let kept = file.map_or(JsValue::NULL, |file| Array::of3(&name.into(), &file, &reading.into()).into());
        keep(state, KeptPart::Table, &kept).await;
    });
}

/// Keeps the case that computes the table, or forgets it.
pub(super) async fn keep_points(state: DesignState, case: Option<PointsCase>) {
    let kept = case.map_or(JsValue::NULL, |case| serde_json::to_string(&case).unwrap_or_default().into());
    keep(state, KeptPart::Points, &kept).await;
}

/// Forgets model, table and script.
pub(super) fn forget_files(state: DesignState) {
    spawn_local(async move { keep_points(state, None).await });
    spawn_local(async move { keep_model(state, None).await });
    keep_table(state, String::new(), None);
}

/// Keeps a part, or says that it isn't kept.
async fn keep(state: DesignState, part: KeptPart, value: &JsValue) {
    let put = async { BrowserStore::open(&address::page_url()).await?.put(part.key(), value).await };
    note(state, part, put.await);
}

/// Notes whether a part is kept.
fn note(state: DesignState, part: KeptPart, kept: Result<(), KeepError>) {
    let mut unkept = state.unkept.get_untracked();
    unkept.note(part, kept.err().map(|error| error.to_string()));
    if *state.unkept.read_untracked() != unkept {
        state.unkept.set(unkept);
    }
}
