//! The Fleet page, which shows the computers of a study, and the pools on the page *Attach*: a separate program, since few readers need it.
//!
//! It is loaded when its page is shown for the first time (`cruncher_browser::programs`) and then stays.

#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "outside of a browser only the tests use the state")
)]

#[cfg(target_arch = "wasm32")]
mod cost;
#[cfg(target_arch = "wasm32")]
mod fleet_state;
#[cfg(target_arch = "wasm32")]
mod fleets;
#[cfg(target_arch = "wasm32")]
mod hosts;
#[cfg(target_arch = "wasm32")]
mod logs;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod pools;
mod state;

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    page::show();
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
