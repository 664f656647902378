//! How the page hands rows to the results: both stand in the same window.
//!
//! The page puts chunks of rows into an array, the results take them out. What they took is theirs alone.

use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Event;

/// The event by which the page says that there are more.
pub(crate) const MORE: &str = "cruncher-rows";

/// The window's property that the array is.
const ARRAY: &str = "cruncherRows";

/// Hands a chunk over, which is a typed array.
pub(crate) fn give(chunk: &JsValue) {
    array().push(chunk);
    if let Ok(event) = Event::new(MORE) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Takes the chunk that was handed over first, if there is any left.
pub(crate) fn take() -> Option<Vec<u8>> {
    let chunk = array().shift();
    chunk.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

fn array() -> Array {
    let (window, name) = (window(), JsValue::from(ARRAY));
    let known = Reflect::get(&window, &name).ok().and_then(|array| array.dyn_into().ok());
    known.unwrap_or_else(|| {
        let array = Array::new();
        // A window takes every property.
        let _ = Reflect::set(&window, &name, &array);
        array
    })
}
