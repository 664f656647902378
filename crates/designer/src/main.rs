//! The Design page, on which cases are defined and sent: a separate program because of its size.
//!
//! It is loaded when its page is shown for the first time (`cruncher_browser::programs`) and then stays. It leaves long work to
//! the same program in a worker, so that the page never stands still.

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::needless_pass_by_value, reason = "what is shown is handed over, not lent")
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "outside of a browser only the tests use the state")
)]

#[cfg(target_arch = "wasm32")]
mod design_state;
#[cfg(target_arch = "wasm32")]
mod draft_storage;
#[cfg(target_arch = "wasm32")]
mod focus;
#[cfg(target_arch = "wasm32")]
mod form;
#[cfg(target_arch = "wasm32")]
mod journals;
#[cfg(target_arch = "wasm32")]
mod json_message;
#[cfg(target_arch = "wasm32")]
mod messages;
#[cfg(target_arch = "wasm32")]
mod opened_design;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod place;
#[cfg(target_arch = "wasm32")]
mod points;
#[cfg(target_arch = "wasm32")]
mod preview_canvas;
#[cfg(target_arch = "wasm32")]
mod preview_client;
#[cfg(target_arch = "wasm32")]
mod said;
#[cfg(target_arch = "wasm32")]
mod send_state;
#[cfg(target_arch = "wasm32")]
mod sender;
#[cfg(target_arch = "wasm32")]
mod sending;
#[cfg(target_arch = "wasm32")]
mod sent_form;
mod state;
#[cfg(target_arch = "wasm32")]
mod steering;
#[cfg(target_arch = "wasm32")]
mod tab_lock;
#[cfg(target_arch = "wasm32")]
mod worker;

/// Runs the page if there is a window, and otherwise its worker.
#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    if web_sys::window().is_some() {
        page::show();
    } else {
        wasm_bindgen_futures::spawn_local(worker::work());
    }
}

/// Does nothing outside of a browser; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
