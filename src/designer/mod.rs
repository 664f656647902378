//! The designer: the page on which cases are made and sent.
//!
//! It is a program of its own, which is loaded when its page is shown for the first time (`platform/designer.rs`) and then
//! stays. What takes long it leaves to the same program in a worker, so that the page never stands still.

mod channel;
mod design_state;
mod draft_storage;
mod focus;
mod form;
mod messages;
mod page;
mod place;
mod points;
mod preview_canvas;
mod preview_client;
mod said;
mod sender;
mod sending;
mod tab_lock;
mod versions;
mod worker;

/// Is the page where there is a window, and beside it, where there is none, its worker.
pub fn start() {
    if web_sys::window().is_some() {
        page::show();
    } else {
        wasm_bindgen_futures::spawn_local(worker::work());
    }
}
