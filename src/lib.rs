//! The programs of a study's page: what they know, what they show, and the browser around them.
//!
//! Each is a binary of a few lines. What several use stands here once, and each carries only what it uses.

#![cfg_attr(
    target_arch = "wasm32",
    expect(clippy::needless_pass_by_value, reason = "what is shown is handed over, not lent")
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    expect(dead_code, reason = "outside of a browser only the tests use the state")
)]

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
pub mod designer;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod platform;
#[cfg(target_arch = "wasm32")]
pub mod results;
mod state;
#[cfg(target_arch = "wasm32")]
mod watching;
