//! The dashboard: a study's page, in the study's own bucket. It signs its own requests; there is no server.
//!
//! This is the shell, which everybody loads first: it opens the study, watches it, and shows the frame, Overview and Attach.
//! The other pages and all dialogs are programs of their own (`crates/designer`, `crates/explorer`, `crates/dialogs`,
//! `crates/sign-in`), which load when they are shown; the functions of the browser that several of them need stand in `crates/browser`.

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::needless_pass_by_value, reason = "what is shown is handed over, not lent")
)]
#![cfg_attr(
    not(any(target_arch = "wasm32", test)),
    expect(dead_code, reason = "outside of a browser only the tests use what needs none")
)]

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod dialogs;
mod fleet;
#[cfg(target_arch = "wasm32")]
mod live;
#[cfg(target_arch = "wasm32")]
mod news;
#[cfg(target_arch = "wasm32")]
mod pages;
mod poll_backoff;
#[cfg(target_arch = "wasm32")]
mod polling;
#[cfg(target_arch = "wasm32")]
mod scrolling;
mod throughput;
#[cfg(target_arch = "wasm32")]
mod watching;

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(app::start());
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
