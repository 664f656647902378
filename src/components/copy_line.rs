//! A line to be copied.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::platform::clipboard::copy;
use crate::state::live::Reader;

/// How long the button says what it did.
const SAID: Duration = Duration::from_secs(2);

/// A line and the button that copies it; `name` says what the line is.
pub(crate) fn copy_line(line: String, name: &'static str, reader: Reader) -> AnyView {
    let outcome = reader.copied.get().and_then(|(copied, worked)| (copied == name).then_some(worked));
    let words = match outcome {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Select it, then Ctrl-C",
    };
    let shown = line.clone();
    let press = move |_| {
        let line = line.clone();
        spawn_local(async move {
            reader.copied.set(Some((name, copy(line).await)));
            set_timeout(move || reader.copied.set(None), SAID);
        });
    };
    view! {
        <div class="copy">
            <code class="copy__line" tabindex="0" role="textbox" aria-readonly="true" aria-label=name>{shown}</code>
            <button class="copy__button" aria-label=format!("Copy {name}") on:click=press>{words}</button>
            <span class="visually-hidden" role="status">{outcome.map(|_| words)}</span>
        </div>
    }
    .into_any()
}
