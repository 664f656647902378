//! A menu: a button, and below it what it unfolds.

use leptos::ev::KeyboardEvent;
use leptos::html::Details;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

/// Draws the menu. Escape folds it, and so does a press elsewhere; its body is made whenever it is unfolded.
pub(super) fn menu(title: &'static str, body: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    let details = NodeRef::<Details>::new();
    let is_open = RwSignal::new(false);
    let toggled = move |_| is_open.set(details.get_untracked().is_some_and(|details| details.open()));
    let key = move |event: KeyboardEvent| {
        if let Some(details) = details.get_untracked().filter(|details| event.key() == "Escape" && details.open()) {
            event.prevent_default();
            details.set_open(false);
            let summary = details.query_selector("summary").ok().flatten();
            if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<web_sys::HtmlElement>().ok()) {
                // A summary can take the focus.
                let _ = summary.focus();
            }
        }
    };
    let pressed = window_event_listener(leptos::ev::pointerdown, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        if let Some(details) = details.get_untracked().filter(|details| !details.contains(target.as_ref())) {
            details.set_open(false);
        }
    });
    on_cleanup(move || pressed.remove());
    view! {
        <details class="menu" node_ref=details on:toggle=toggled on:keydown=key>
            <summary class="menu__button">{title}</summary>
            <div class="menu__body">{move || is_open.get().then(&body)}</div>
        </details>
    }
    .into_any()
}
