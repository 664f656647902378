//! The palette: one field that finds pages, batches, cases, workers and actions.

use cruncher_browser::kept_text::KeptText;
use cruncher_browser::state::dialog_request::PaletteEntry;
use cruncher_browser::state::route::{Page, Route};
use cruncher_browser::{address, dialogs};
use cruncher_study::number_format::counted;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::modal::ModalDialog;
use crate::state::matching::{found, recent_key};

/// Maximum number of entries that are shown.
const MAX_SHOWN: usize = 50;

/// Maximum number of choices that are remembered.
const MAX_RECENT: usize = 8;

/// What is chosen by a press, or by Enter.
#[derive(Clone, Copy, PartialEq)]
enum Choice {
    /// An entry, by its place.
    Entry(usize),
    /// The cases in which the typed text stands.
    Cases,
}

/// Draws the palette.
pub(crate) fn palette(entries: Vec<PaletteEntry>, modal: ModalDialog) -> AnyView {
    let recent: Vec<String> = KeptText::Recent.get().unwrap_or_default().lines().map(str::to_owned).collect();
    let entries = StoredValue::new(entries);
    let typed = RwSignal::new(String::new());
    let active = RwSignal::new(0_usize);
    let choices = Memo::new(move |_| {
        let typed = typed.read();
        let mut choices: Vec<Choice> =
            entries.with_value(|entries| found(entries, &typed, &recent)).into_iter().map(Choice::Entry).collect();
        choices.truncate(MAX_SHOWN);
        if !typed.trim().is_empty() {
            choices.push(Choice::Cases);
        }
        choices
    });
    let choose = move |choice: Choice| {
        modal.close();
        match choice {
            Choice::Entry(place) => {
                entries.with_value(|entries| remember(&entries[place]));
                dialogs::choose(u32::try_from(place).unwrap_or(u32::MAX));
            }
            Choice::Cases => show_cases(typed.get_untracked().trim()),
        }
    };
    let type_in = move |event| {
        typed.set(event_target_value(&event));
        active.set(0);
    };
    let key = move |event: KeyboardEvent| {
        let (at, count) = (active.get_untracked(), choices.with_untracked(Vec::len));
        let next = match event.key().as_str() {
            "ArrowDown" => (at + 1) % count.max(1),
            "ArrowUp" => (at + count.saturating_sub(1)) % count.max(1),
            "PageDown" => (at + 10).min(count.saturating_sub(1)),
            "PageUp" => at.saturating_sub(10),
            "Enter" if !event.is_composing() => {
                event.prevent_default();
                if let Some(choice) = choices.with_untracked(|choices| choices.get(at).copied()) {
                    choose(choice);
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        active.set(next);
        show_option(next);
    };
    let option = move |(place, choice): (usize, Choice)| {
        let (kind, label, hint) = match choice {
            Choice::Entry(entry) => entries.with_value(|entries| {
                let PaletteEntry { kind, label, hint } = entries[entry].clone();
                (kind, label, hint)
            }),
            Choice::Cases => {
                ("Cases".to_owned(), format!("with “{}”", typed.read().trim()), "in id, inputs or error".to_owned())
            }
        };
        view! {
            <li
                class="palette__one" role="option" id=format!("palette-{place}") aria-selected=move || (active.get() == place).to_string()
                on:mousemove=move |_| active.set(place) on:click=move |_| choose(choice)
            >
                <span class="palette__kind">{kind}</span>
                <span class="palette__label">{label}</span>
                <span class="palette__hint">{hint}</span>
            </li>
        }
    };
    let options = move || choices.get().into_iter().enumerate().map(option).collect_view();
    view! {
        <input
            class="palette__field" type="text" role="combobox" aria-label="Search pages, batches, cases, workers and actions"
            aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list" autocomplete="off" autocapitalize="off"
            spellcheck="false" placeholder="Page, batch, case, worker or action" data-first=""
            aria-activedescendant=move || format!("palette-{}", active.get()) on:input=type_in on:keydown=key
        />
        <ul class="palette__list" role="listbox" id="palette-list" aria-label="Found">{options}</ul>
        <p class="visually-hidden" role="status">{move || counted(choices.read().len() as u64, "entry", "entries")}</p>
    }
    .into_any()
}

/// Shows the cases in which a text stands, in ids, too.
fn show_cases(text: &str) {
    let here = Route::parse(&address::fragment()).on(Page::Cases).to_string();
    let mark = if here.contains('?') { '&' } else { '?' };
    address::go_to(&format!("{here}{mark}select=*:{}", js_sys::encode_uri_component(text)));
}

/// Scrolls the list until an option can be seen.
fn show_option(place: usize) {
    if let Some(option) = document().get_element_by_id(&format!("palette-{place}")) {
        let list = option.parent_element().and_then(|list| list.dyn_into::<Element>().ok());
        if let Some(list) = list {
            let (shown, own) = (list.get_bounding_client_rect(), option.get_bounding_client_rect());
            let above = (shown.top() - own.top()).max(0.0);
            let below = (own.bottom() - shown.bottom()).max(0.0);
            #[expect(clippy::cast_possible_truncation, reason = "pixels of a list")]
            list.set_scroll_top(list.scroll_top() + (below - above) as i32);
        }
    }
}

/// Remembers what was chosen, the latest first.
fn remember(entry: &PaletteEntry) {
    let key = recent_key(entry);
    let before = KeptText::Recent.get().unwrap_or_default();
    let others = before.lines().filter(|line| *line != key).take(MAX_RECENT - 1);
    let lines: Vec<&str> = std::iter::once(key.as_str()).chain(others).collect();
    KeptText::Recent.set(&lines.join("\n"));
}
