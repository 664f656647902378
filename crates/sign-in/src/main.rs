//! The page for somebody who has no access yet: a passphrase, or a link, opens the study.
//!
//! A program of its own, since whoever has access already doesn't need it (`cruncher_browser::programs`). The same program, without a
//! window, is the worker that opens sealed access: that takes half a second, in which the page must not stand still (`opener`).

#[cfg(target_arch = "wasm32")]
mod opener;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod sealed;

/// Shows the page if there is a window; otherwise it runs beside the page, and opens sealed access.
#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    if web_sys::window().is_some() {
        page::show();
    } else {
        wasm_bindgen_futures::spawn_local(opener::work());
    }
}

/// Outside of a browser there is nothing to show; the workspace's native checks build this all the same.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
