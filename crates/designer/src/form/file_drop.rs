//! Places where files are dropped, or chosen.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DataTransfer, DragEvent, File, FileList, HtmlInputElement};

use super::folder_reading::{take_chosen, take_dropped, take_file};
use crate::design_state::DesignState;

/// Shows a place for one file; `id` is that of its input, `name` its label for a screen reader, `accept` the permitted endings
/// of a file's name; `take` is called with the file.
pub(crate) fn file_drop(
    id: &'static str,
    name: &'static str,
    words: &'static str,
    accept: &'static str,
    take: impl Fn(File) + Copy + 'static,
) -> AnyView {
    let take_first = move |files: Option<FileList>| {
        if let Some(file) = files.and_then(|files| files.get(0)) {
            take(file);
        }
    };
    let choose = move |event: ev::Event| chosen(&event, |input| take_first(input.files()));
    let input =
        view! { <input class="visually-hidden" id=id type="file" accept=accept aria-label=name on:change=choose /> };
    drop_place(input.into_any(), "Choose a file", words, move |dropped| take_first(dropped.files()))
}

/// Shows the place for a model: a file is chosen, a file or a folder dropped.
pub(crate) fn model_drop(state: DesignState, id: &'static str, words: &'static str) -> AnyView {
    let choose = move |input: &HtmlInputElement| {
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            take_file(state, file);
        }
    };
    let accept = ".py,.txt,.zip,text/x-python,application/zip";
    let input = view! {
        <input class="visually-hidden" id=id type="file" accept=accept aria-label="Model file" on:change=move |event| chosen(&event, choose) />
    };
    drop_place(input.into_any(), "Choose a file", words, move |dropped| take_dropped(state, &dropped))
}

/// Shows the place for a model that is a folder.
pub(crate) fn folder_drop(state: DesignState, id: &'static str) -> AnyView {
    let choose = move |input: &HtmlInputElement| {
        if let Some(files) = input.files() {
            take_chosen(state, &files);
        }
    };
    let input = view! {
        <input class="visually-hidden" id=id type="file" prop:webkitdirectory=true aria-label="Model folder" on:change=move |event| chosen(&event, choose) />
    };
    let words = "or drop it here: code, data, and what else a case needs";
    drop_place(input.into_any(), "Choose a folder", words, move |dropped| take_dropped(state, &dropped))
}

fn chosen(event: &ev::Event, take: impl Fn(&HtmlInputElement)) {
    let input: HtmlInputElement = event_target(event);
    take(&input);
    // An empty value lets the same file, changed meanwhile, be chosen again.
    input.set_value("");
}

fn drop_place(
    input: AnyView,
    button: &'static str,
    words: &'static str,
    take: impl Fn(DataTransfer) + 'static,
) -> AnyView {
    let drop = move |event: DragEvent| {
        event.prevent_default();
        mark(&event, "drop");
        if let Some(dropped) = event.data_transfer() {
            take(dropped);
        }
    };
    let over = |event: DragEvent| {
        event.prevent_default();
        mark(&event, "drop drop--over");
    };
    view! {
        <label class="drop" on:drop=drop on:dragover=over on:dragleave=|event| mark(&event, "drop")>
            {input}
            <span class="drop__button">{button}</span>
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
        chosen(&event, |input| {
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                take(file);
            }
        });
    };
    view! {
        <label class="file-button" title=name>
            <input class="visually-hidden" type="file" accept=accept aria-label=name on:change=choose />
            {words}
        </label>
    }
    .into_any()
}
