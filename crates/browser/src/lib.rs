//! Shared parts of the page's programs: the browser around them (address, storage, clipboard, time, files, workers),
//! components, and the state and words of several pages.
//!
//! A function of the browser that two programs need is called here. One that a single program needs, such as the canvas of the
//! plots, is called there.

#[cfg(target_arch = "wasm32")]
pub mod address;
#[cfg(target_arch = "wasm32")]
pub mod browser_store;
#[cfg(target_arch = "wasm32")]
pub mod clipboard;
#[cfg(target_arch = "wasm32")]
pub mod components;
#[cfg(target_arch = "wasm32")]
pub mod designer;
#[cfg(target_arch = "wasm32")]
pub mod dialogs;
#[cfg(target_arch = "wasm32")]
pub mod download;
#[cfg(target_arch = "wasm32")]
pub mod frozen;
#[cfg(target_arch = "wasm32")]
pub mod kept_access;
#[cfg(target_arch = "wasm32")]
pub mod kept_text;
#[cfg(target_arch = "wasm32")]
pub mod local_time;
#[cfg(target_arch = "wasm32")]
pub mod programs;
#[cfg(target_arch = "wasm32")]
pub mod rows;
#[cfg(target_arch = "wasm32")]
pub mod sharing;
pub mod state;
#[cfg(target_arch = "wasm32")]
pub mod tabs;
#[cfg(target_arch = "wasm32")]
pub mod theme;
#[cfg(target_arch = "wasm32")]
pub mod visit_flags;
#[cfg(target_arch = "wasm32")]
pub mod watch_messages;
#[cfg(target_arch = "wasm32")]
pub mod worker_channel;

/// Returns the ports by which requests are sent.
#[cfg(target_arch = "wasm32")]
#[must_use]
pub fn network() -> cruncher_aws::Ports {
    cruncher_aws::transport::fetch::ports()
}
