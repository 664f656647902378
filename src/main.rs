//! The dashboard: a study's page, in the study's own bucket. It signs its own requests; there is no server.

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(cruncher_dashboard::app::start());
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
