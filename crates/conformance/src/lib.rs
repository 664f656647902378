//! One suite of checks, run by a process and by a browser through the transports that ship, against the same cloud.
//!
//! A check is an async function of a [`CheckedCloud`]; it knows nothing of the shell that runs it. Checks that a shell can't
//! make are left to the other one: a browser hides a refusal that comes without CORS headers.

#[cfg(target_arch = "wasm32")]
pub mod browser;
mod checks;
mod cloud;
mod failure;
pub mod signing;

pub use checks::{CheckShell, ConformanceCheck, run};
pub use cloud::{CheckedCloud, DeployedKeys};
pub use failure::CheckFailure;
