//! Events after which a canvas has to be drawn anew.

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{IntersectionObserver, IntersectionObserverInit, MutationObserver, MutationObserverInit, ResizeObserver};

/// Calls `redraw` when the colours or the canvas's size change.
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
        // A media query list that was returned can be listened to.
        let _ = scheme.add_event_listener_with_callback("change", changed.unchecked_ref());
    }
    Effect::new(move || {
        if let (Some(canvas), Ok(room)) = (canvas.get(), ResizeObserver::new(changed.unchecked_ref())) {
            room.observe(&canvas);
        }
    });
}

/// Calls `act` when a canvas comes within `reach_px` of the visible part of the page, or leaves that: because somebody scrolls,
/// the window grows, or something above the canvas goes away.
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
