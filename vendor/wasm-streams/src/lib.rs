//! Stands in for wasm-streams.
//!
//! leptos brings it for its server functions, of which this page has none. The real one exports classes to JavaScript, which
//! no linker takes out again: they were a part of the first view that nothing ever called.

use futures::stream::{Pending, pending};
use wasm_bindgen::JsValue;

/// A stream that nobody makes.
pub enum ReadableStream {}

impl ReadableStream {
    /// Never called.
    pub fn from_raw(_raw: web_sys::ReadableStream) -> Self {
        unreachable!()
    }

    /// Never called.
    pub fn from_stream<S>(_stream: S) -> Self {
        unreachable!()
    }

    /// Never called.
    pub fn into_raw(self) -> web_sys::ReadableStream {
        match self {}
    }

    /// Never called.
    pub fn into_stream(self) -> Pending<Result<JsValue, JsValue>> {
        pending()
    }
}
