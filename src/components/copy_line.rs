//! A line to be copied.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::platform::clipboard::copy;

/// How long the button says what it did.
const SAID: Duration = Duration::from_secs(2);

/// A line and the button that copies it.
#[component]
pub(crate) fn CopyLine(
    /// The line.
    #[prop(into)]
    line: Signal<String>,
    /// What the line is, for the button's name.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    let outcome = RwSignal::new(None::<bool>);
    let press = move |_| {
        spawn_local(async move {
            outcome.set(Some(copy(line.get_untracked()).await));
            set_timeout(move || outcome.set(None), SAID);
        });
    };
    let words = move || match outcome.get() {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Select it, then Ctrl-C",
    };
    view! {
        <div class="copy">
            <code class="copy__line" tabindex="0">{move || line.get()}</code>
            <button class="copy__button" aria-label=format!("Copy {name}") on:click=press>{words}</button>
            <span class="visually-hidden" role="status">{move || outcome.get().map(|_| words())}</span>
        </div>
    }
}
