//! The dialogs above the page: the palette, the shortcuts, and how a reader is told of events.
//!
//! A program of its own, which is loaded when one of them is shown for the first time (`cruncher_browser::programs`) and then
//! stays. The same program, without a window, is the worker that calls webhooks (`webhook`).

#![cfg_attr(
    not(any(target_arch = "wasm32", test)),
    expect(dead_code, reason = "outside of a browser only the tests use the state")
)]

#[cfg(target_arch = "wasm32")]
mod licences;
#[cfg(target_arch = "wasm32")]
mod modal;
#[cfg(target_arch = "wasm32")]
mod news;
#[cfg(target_arch = "wasm32")]
mod palette;
#[cfg(target_arch = "wasm32")]
mod shortcuts;
mod state;
#[cfg(target_arch = "wasm32")]
mod webhook;

/// Shows the dialogs if there is a window; otherwise it runs beside the page, and calls webhooks.
#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    if web_sys::window().is_some() {
        modal::show();
    } else {
        wasm_bindgen_futures::spawn_local(webhook::work());
    }
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
