//! What the page's three programs share: the browser around them (address, storage, clipboard, time, files, workers), components,
//! and what an address says.
//!
//! Whatever two programs need of the browser is called here. What one of them needs alone, such as the canvas of the plots, it calls
//! itself.

#[cfg(target_arch = "wasm32")]
pub mod address;
#[cfg(target_arch = "wasm32")]
pub mod appearance;
#[cfg(target_arch = "wasm32")]
pub mod browser_store;
#[cfg(target_arch = "wasm32")]
pub mod clipboard;
#[cfg(target_arch = "wasm32")]
pub mod components;
#[cfg(target_arch = "wasm32")]
pub mod designer;
#[cfg(target_arch = "wasm32")]
pub mod download;
#[cfg(target_arch = "wasm32")]
pub mod frozen;
#[cfg(target_arch = "wasm32")]
pub mod local_time;
#[cfg(target_arch = "wasm32")]
pub mod programs;
#[cfg(target_arch = "wasm32")]
pub mod rows;
pub mod state;
#[cfg(target_arch = "wasm32")]
pub mod tabs;
#[cfg(target_arch = "wasm32")]
pub mod theme;
#[cfg(target_arch = "wasm32")]
pub mod visit_flags;
#[cfg(target_arch = "wasm32")]
pub mod watch_messages;

/// What requests are sent with.
#[cfg(target_arch = "wasm32")]
#[must_use]
pub fn network() -> cruncher_aws::Ports {
    cruncher_aws::transport::fetch::ports()
}
