//! The dashboard: a study's page, in the study's own bucket. It signs its own requests; there is no server.

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::needless_pass_by_value, reason = "what is shown is handed over, not lent")
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "outside of a browser only the tests use the state")
)]

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod platform;
mod state;

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(app::start());
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
