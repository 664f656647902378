//! When what is drawn on a canvas has to be drawn anew.

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{MutationObserver, MutationObserverInit, ResizeObserver};

/// Calls `redraw` when the colours change, or the room that there is.
pub(crate) fn when_it_looks_different(canvas: NodeRef<Canvas>, redraw: impl Fn() + 'static) {
    let changed = Closure::<dyn FnMut()>::new(redraw);
    let changed = changed.into_js_value();
    let colours = MutationObserver::new(changed.unchecked_ref());
    if let (Ok(colours), Some(root)) = (colours, document().document_element()) {
        let options = MutationObserverInit::new();
        options.set_attributes(true);
        // The document's root can be observed.
        let _ = colours.observe_with_options(&root, &options);
    }
    Effect::new(move || {
        if let (Some(canvas), Ok(room)) = (canvas.get(), ResizeObserver::new(changed.unchecked_ref())) {
            room.observe(&canvas);
        }
    });
}
