//! A frozen study: a document that holds all that it shows.
//!
//! Its own script, which no other page has, unpacks what the document holds before this program begins, and puts it into a
//! property of the window: what to write where the role stands, the configuration, the numbers of a snapshot, what is left out, the texts of the
//! snapshot.
//! Documents that are asked for later it gives in place of the network.

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

/// The property.
const FROZEN: &str = "cruncherFrozen";

/// Where in it what stands.
const LABEL: u32 = 0;
const CONFIG: u32 = 1;
const NUMBERS: u32 = 2;
const LEFT_OUT: u32 = 3;
const TEXTS: u32 = 4;

fn frozen() -> Option<Array> {
    Reflect::get(&window(), &FROZEN.into()).ok()?.dyn_into().ok()
}

/// What stands where the role stands otherwise, if this page is a frozen study.
#[must_use]
pub fn label() -> Option<String> {
    frozen()?.get(LABEL).as_string()
}

/// What it doesn't hold, in words, if this page is a frozen study that lacks something.
#[must_use]
pub fn left_out() -> Option<String> {
    frozen()?.get(LEFT_OUT).as_string().filter(|words| !words.is_empty())
}

/// The study, and an access that nobody asks for, if this page is a frozen study.
#[must_use]
pub fn study() -> Option<(Study, StudyAccess)> {
    let config = StudyConfig::parse(frozen()?.get(CONFIG).as_string()?.as_bytes()).ok()?;
    let key = AccessKey { key_id: String::new(), secret: String::new() };
    let access = StudyAccess { role: Role::Viewer, key, worker: None };
    Some((Study::new(network(), config, &access.key), access))
}

/// What was seen of it last.
pub fn snapshot() -> Option<Snapshot> {
    let frozen = frozen()?;
    let numbers = frozen.get(NUMBERS).dyn_ref().map(Float64Array::to_vec)?;
    let texts = (TEXTS..frozen.length()).map(|text| frozen.get(text).as_string().unwrap_or_default()).collect();
    snapshot_codec::read(EncodedSnapshot { numbers, texts })
}
