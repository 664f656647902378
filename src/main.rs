//! The dashboard: a study's page, in the study's own bucket. It signs its own requests; there is no server.

#![cfg_attr(
    target_arch = "wasm32",
    expect(
        unreachable_pub,
        clippy::needless_pass_by_value,
        reason = "components are public by their macro, and own what they show"
    )
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
    if let Some(loading) = leptos::prelude::document().get_element_by_id("loading") {
        loading.remove();
    }
    leptos::mount::mount_to_body(app::App);
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
