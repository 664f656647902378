//! Frozen study: a document that holds all the data that it shows.
//!
//! The document's own script, which no other page has, unpacks this data before the program begins, and puts it into a property
//! of the window: the label in the place of the role, the configuration, the numbers of a snapshot, a list of what is left out,
//! the texts of the snapshot. Documents that are asked for later come from the script, not from the network.

use cruncher_backend::Study;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::snapshot_codec;
use cruncher_backend::watch::snapshot_codec::EncodedSnapshot;
use cruncher_study::access::{AccessKey, Role, StudyAccess};
use cruncher_study::config::StudyConfig;
use js_sys::{Array, Float64Array, Reflect};
use leptos::prelude::window;
use wasm_bindgen::JsCast;

use crate::network;

/// Name of the window's property.
const FROZEN: &str = "cruncherFrozen";

/// Positions in the property's array.
const LABEL: u32 = 0;
const CONFIG: u32 = 1;
const NUMBERS: u32 = 2;
const LEFT_OUT: u32 = 3;
const TEXTS: u32 = 4;

fn frozen() -> Option<Array> {
    Reflect::get(&window(), &FROZEN.into()).ok()?.dyn_into().ok()
}

/// Returns the label that is shown in the place of the role, if this page is a frozen study.
#[must_use]
pub fn label() -> Option<String> {
    frozen()?.get(LABEL).as_string()
}

/// Returns, in words, what the page lacks, if it is a frozen study that lacks something.
#[must_use]
pub fn left_out() -> Option<String> {
    frozen()?.get(LEFT_OUT).as_string().filter(|words| !words.is_empty())
}

/// Returns the study, with an access whose key is empty since nobody asks for it, if this page is a frozen study.
#[must_use]
pub fn study() -> Option<(Study, StudyAccess)> {
    let config = StudyConfig::parse(frozen()?.get(CONFIG).as_string()?.as_bytes()).ok()?;
    let key = AccessKey { key_id: String::new(), secret: String::new() };
    let access = StudyAccess { role: Role::Viewer, key, worker: None, viewer: None };
    Some((Study::new(network(), config, &access.key), access))
}

/// Returns the snapshot of the study, if this page is a frozen study.
pub fn snapshot() -> Option<Snapshot> {
    let frozen = frozen()?;
    let numbers = frozen.get(NUMBERS).dyn_ref().map(Float64Array::to_vec)?;
    let texts = (TEXTS..frozen.length()).map(|text| frozen.get(text).as_string().unwrap_or_default()).collect();
    snapshot_codec::read(EncodedSnapshot { numbers, texts })
}
