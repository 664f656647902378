//! When what is drawn on a canvas has to be drawn anew.

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverInit, MutationObserver, MutationObserverInit, ResizeObserver};

/// Calls `redraw` when the colours change, or the room that there is.
pub fn when_it_looks_different(canvas: NodeRef<Canvas>, redraw: impl Fn() + 'static) {
    let changed = Closure::<dyn FnMut()>::new(redraw);
    let changed = changed.into_js_value();
    let colours = MutationObserver::new(changed.unchecked_ref());
    if let (Ok(colours), Some(root)) = (colours, document().document_element()) {
        let options = MutationObserverInit::new();
        options.set_attributes(true);
        // The document's root can be observed.
        let _ = colours.observe_with_options(&root, &options);
    }
    // The system becomes dark in the evening, while the page is open.
    if let Ok(Some(scheme)) = window().match_media("(prefers-color-scheme: dark)") {
        // Whoever asks for a scheme can listen to it.
        let _ = scheme.add_event_listener_with_callback("change", changed.unchecked_ref());
    }
    Effect::new(move || {
        if let (Some(canvas), Ok(room)) = (canvas.get(), ResizeObserver::new(changed.unchecked_ref())) {
            room.observe(&canvas);
        }
    });
}

/// Calls `act` when a canvas comes near to what is seen of the page, or leaves that: whether somebody scrolls, the window grows, or
/// what stands above it goes away.
pub fn when_it_comes_near(canvas: NodeRef<Canvas>, reach_px: f64, act: impl Fn() + 'static) {
    let near = Closure::<dyn FnMut()>::new(act).into_js_value();
    Effect::new(move || {
        let options = IntersectionObserverInit::new();
        options.set_root_margin(&format!("{reach_px}px"));
        let observer = IntersectionObserver::new_with_options(near.unchecked_ref(), &options);
        if let (Some(canvas), Ok(observer)) = (canvas.get(), observer) {
            observer.observe(&canvas);
        }
    });
}
