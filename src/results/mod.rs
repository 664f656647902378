//! The results: the page that shows what came out.
//!
//! It is a program of its own, which is loaded when its page is shown for the first time (`platform/programs.rs`) and then
//! stays. The same program, without a window, is the worker that watches a large study (`watching/`).

mod archive;
mod case;
mod choices;
mod columns;
mod copy;
mod counts;
mod curves;
mod data;
mod document;
mod downloads;
mod extremes;
mod files;
mod freeze;
mod importance;
mod mixed_versions;
mod outcome;
mod page;
mod pictures;
mod plots;
mod reading;
mod results_state;
mod selection;
mod side_by_side;
mod surface;
mod table;

use crate::watching;

/// Is the page where there is a window; beside it, where there is none, the worker that watches a large study.
pub fn start() {
    if web_sys::window().is_some() {
        page::show();
    } else {
        wasm_bindgen_futures::spawn_local(watching::work());
    }
}
