//! Line to be copied.

use cruncher_browser::clipboard::copy;
use cruncher_browser::components::press::press;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::live::{CopiedLine, OpenStudy};

/// Time for which the button says what it did, in seconds.
const SAID_SECS: f64 = 2.0;

/// Draws a line and the button that copies it; `name` says what the line is.
pub(crate) fn copy_line(line: String, name: &'static str, open: &OpenStudy) -> AnyView {
    let (now, copied) = (open.live.now, open.reader.copied);
    let is_said = |last: &CopiedLine| last.name == name && now.get() - last.time < SAID_SECS;
    let outcome = copied.get().filter(is_said).map(|last| last.worked);
    let words = match outcome {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Select it, then Ctrl-C",
    };
    let shown = line.clone();
    let copy_it = move |_| {
        let line = line.clone();
        spawn_local(async move {
            let worked = copy(line).await;
            copied.set(Some(CopiedLine { name, worked, time: now.get_untracked() }));
        });
    };
    view! {
        <div class="copy">
            <code class="copy__line" tabindex="0" role="textbox" aria-readonly="true" aria-label=name>{shown}</code>
            <button class="copy__button" aria-label=format!("Copy {name}") on:click=press(copy_it)>{words}</button>
            <span class="visually-hidden" role="status">{outcome.map(|_| words)}</span>
        </div>
    }
    .into_any()
}
