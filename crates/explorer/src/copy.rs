//! A button that copies.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use cruncher_browser::clipboard::copy;

/// Time for which the button says what it did, in milliseconds.
const SAID_MILLIS: u64 = 4_000;

/// Draws a button that copies `text`. Its label is `words`, and `done` after copying; `what` is its description.
pub(super) fn copy_button(
    words: &'static str,
    what: &str,
    done: &'static str,
    text: impl Fn() -> String + 'static,
) -> AnyView {
    let outcome = RwSignal::new(None::<bool>);
    let said = move || match outcome.get() {
        None => words,
        Some(true) => done,
        Some(false) => "Copying isn't allowed",
    };
    let press = move |_| {
        let text = text();
        spawn_local(async move {
            outcome.set(Some(copy(text).await));
            set_timeout(move || outcome.set(None), Duration::from_millis(SAID_MILLIS));
        });
    };
    let told = move || outcome.get().map(|_| said());
    let what = what.to_owned();
    view! {
        <button aria-label=what.clone() title=what on:click=press>{said}</button>
        <span class="visually-hidden" role="status">{told}</span>
    }
    .into_any()
}
