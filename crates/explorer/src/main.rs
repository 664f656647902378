//! The explorer, the page of the results: a program of its own because of its size.
//!
//! It is loaded when its page is shown for the first time (`cruncher_browser::programs`) and then stays. The same program,
//! without a window, is the worker that watches a large study (`watch_worker`) or freezes one (`freeze_worker`).

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::needless_pass_by_value, reason = "what is shown is handed over, not lent")
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "outside of a browser only the tests use the state")
)]

#[cfg(target_arch = "wasm32")]
mod action_pause;
#[cfg(target_arch = "wasm32")]
mod archive;
#[cfg(target_arch = "wasm32")]
mod case;
#[cfg(target_arch = "wasm32")]
mod cases;
#[cfg(target_arch = "wasm32")]
mod choices;
#[cfg(target_arch = "wasm32")]
mod columns;
#[cfg(target_arch = "wasm32")]
mod columns_menu;
#[cfg(target_arch = "wasm32")]
mod combined;
#[cfg(target_arch = "wasm32")]
mod copy;
#[cfg(target_arch = "wasm32")]
mod counts;
#[cfg(target_arch = "wasm32")]
mod curves;
#[cfg(target_arch = "wasm32")]
mod data;
#[cfg(target_arch = "wasm32")]
mod document;
#[cfg(target_arch = "wasm32")]
mod document_cache;
#[cfg(target_arch = "wasm32")]
mod downloads;
#[cfg(target_arch = "wasm32")]
mod errors;
#[cfg(target_arch = "wasm32")]
mod extract;
#[cfg(target_arch = "wasm32")]
mod extractions;
#[cfg(target_arch = "wasm32")]
mod extremes;
#[cfg(target_arch = "wasm32")]
mod file_preview;
#[cfg(target_arch = "wasm32")]
mod files;
#[cfg(target_arch = "wasm32")]
mod freeze;
#[cfg(target_arch = "wasm32")]
mod freeze_messages;
#[cfg(target_arch = "wasm32")]
mod freeze_worker;
#[cfg(target_arch = "wasm32")]
mod gzip;
#[cfg(target_arch = "wasm32")]
mod importance;
#[cfg(target_arch = "wasm32")]
mod menu;
#[cfg(target_arch = "wasm32")]
mod mixed_versions;
#[cfg(target_arch = "wasm32")]
mod outcome;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod plots;
#[cfg(target_arch = "wasm32")]
mod reading;
#[cfg(target_arch = "wasm32")]
mod results_state;
#[cfg(target_arch = "wasm32")]
mod selection;
#[cfg(target_arch = "wasm32")]
mod side_by_side;
mod state;
#[cfg(target_arch = "wasm32")]
mod steering;
#[cfg(target_arch = "wasm32")]
mod surface;
#[cfg(target_arch = "wasm32")]
mod table;
#[cfg(target_arch = "wasm32")]
mod timings;
#[cfg(target_arch = "wasm32")]
mod watch_worker;

/// Shows the page if there is a window; otherwise it runs beside the page, and is the worker that watches a large study, or freezes it.
#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    if web_sys::window().is_some() {
        page::show();
    } else {
        wasm_bindgen_futures::spawn_local(watch_worker::work());
    }
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
