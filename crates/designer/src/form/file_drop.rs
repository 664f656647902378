//! Places where files are dropped, or chosen.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, File, FileList, HtmlInputElement};

/// Shows a place for one file; `id` is that of its input, `name` its label for a screen reader, `accept` the permitted endings
/// of a file's name; `take` is called with the file.
pub(crate) fn file_drop(
    id: &'static str,
    name: &'static str,
    words: &'static str,
    accept: &'static str,
    take: impl Fn(File) + Copy + 'static,
) -> AnyView {
    let first = |files: Option<FileList>| files.and_then(|files| files.get(0));
    let choose = move |event: ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(file) = first(input.files()) {
            take(file);
        }
        // An empty value lets the same file, changed meanwhile, be chosen again.
        input.set_value("");
    };
    let drop = move |event: DragEvent| {
        event.prevent_default();
        mark(&event, "drop");
        if let Some(file) = first(event.data_transfer().and_then(|transfer| transfer.files())) {
            take(file);
        }
    };
    let over = |event: DragEvent| {
        event.prevent_default();
        mark(&event, "drop drop--over");
    };
    view! {
        <label class="drop" on:drop=drop on:dragover=over on:dragleave=|event| mark(&event, "drop")>
            <input class="visually-hidden" id=id type="file" accept=accept aria-label=name on:change=choose />
            <span class="drop__button">"Choose a file"</span>
            <span class="faint">{words}</span>
        </label>
    }
    .into_any()
}

/// Marks whether a file is above the place.
fn mark(event: &DragEvent, class: &str) {
    let place = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    if let Some(place) = place {
        place.set_class_name(class);
    }
}

/// Shows a button that chooses a file.
pub(crate) fn file_button(
    words: &'static str,
    name: &'static str,
    accept: &'static str,
    take: impl Fn(File) + Copy + 'static,
) -> AnyView {
    let choose = move |event: ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take(file);
        }
        input.set_value("");
    };
    view! {
        <label class="file-button" title=name>
            <input class="visually-hidden" type="file" accept=accept aria-label=name on:change=choose />
            {words}
        </label>
    }
    .into_any()
}
