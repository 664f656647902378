//! Frame around every page: the rail, and the bar at the top.

use cruncher_browser::components::press::press;
use cruncher_browser::state::route::{BatchChoice, Page};
use cruncher_browser::state::shortcuts::{SHORTCUTS, ShortcutAct};
use cruncher_browser::{address, frozen, sharing, theme};
use cruncher_study::access::Role;
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::number_format::{ago, thousands};
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::dialogs::{Dialogs, is_mac};
use crate::live::{LiveStudy, OpenStudy, ReaderState};

/// Maximum number of batches to choose from; the palette finds all.
const MAX_BATCHES: usize = 500;

/// Sets the focus behind the rail.
pub(crate) fn skip(event: MouseEvent) {
    event.prevent_default();
    let main = document().get_element_by_id("main").and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(main) = main {
        // An element of the page can take the focus.
        let _ = main.focus();
    }
}

/// Draws the rail, with an entry for each page.
pub(crate) fn rail(live: LiveStudy, reader: ReaderState) -> AnyView {
    let route = reader.route.get();
    let failed =
        live.snapshot.read().as_ref().map_or(0, |snapshot| {
            snapshot.error_groups(route.batches.one()).iter().map(ErrorGroup::len).sum::<usize>()
        });
    let entry = |page: Page| {
        let count = (page == Page::Errors && failed > 0)
            .then(|| view! { <span class="rail__count">{thousands(failed as u64)}</span> });
        let is_here = (route.page == page).then_some("page");
        view! { <a class="rail__entry" href=route.on(page).to_string() aria-current=is_here>{page.name()}{count}</a> }
    };
    let entries: Vec<_> = Page::ALL.into_iter().map(entry).collect();
    view! {
        <nav class="rail" aria-label="Pages">
            <span class="rail__brand" aria-hidden="true">"Cruncher"</span>
            {entries}
        </nav>
    }
    .into_any()
}

/// Draws the bar at the top: the study, how fresh its figures are, and what this tab may do.
pub(crate) fn top_bar(open: &OpenStudy, dialogs: Option<&Dialogs>, look_again: UnsyncCallback<()>) -> AnyView {
    let is_dark = open.reader.is_dark;
    let switch = move |_| {
        theme::switch();
        is_dark.set(theme::is_dark());
    };
    let lock = press(|_| sharing::lock());
    let lock = frozen::label().is_none().then(|| {
        view! { <button class="quiet" on:click=lock title="Forget the key, and what was read of the study">"Lock"</button> }
    });
    let explained = match open.role {
        Role::Viewer => "You may look. The operator may also send cases and attach workers.",
        Role::Operator => "You may look, send cases and attach workers.",
    };
    let (role, explained) = match frozen::label() {
        Some(label) => (label, "The study as it was then. Nothing here changes any more."),
        None => (open.role.to_string(), explained),
    };
    let left_out = frozen::left_out().map(|words| {
        view! { <span class="top__role" title="It was too much for one file, or couldn't be read.">{format!("without {words}")}</span> }
    });
    let (symbol, theme) = if is_dark.get() { ("☀", "Use light colours") } else { ("☾", "Use dark colours") };
    view! {
        <header class="top">
            <h1 class="top__study">{open.study.config.study.clone()}</h1>
            {batch_picker(open.live, open.reader)}
            <span class="top__gap"></span>
            {dialogs.cloned().map(dialog_buttons)}
            {live_dot(open.live, look_again)}
            <span class="top__role" title=explained>{role}</span>
            {left_out}
            <button class="quiet" on:click=press(switch) title=theme aria-label=theme>{symbol}</button>
            {lock}
        </header>
    }
    .into_any()
}

/// Draws the buttons that open the palette and the dialog of news.
fn dialog_buttons(dialogs: Dialogs) -> AnyView {
    let told = dialogs.clone();
    let search = move |_| dialogs.act(ShortcutAct::Palette);
    let news = move |_| told.show_news();
    view! {
        <button class="top__search" aria-label="Search" aria-keyshortcuts="Control+K Meta+K" title=SHORTCUTS[0].words() on:click=press(search)>
            <span class="top__glass" aria-hidden="true">"⌕"</span>
            <span class="top__words" aria-hidden="true">"Search …"</span>
            <kbd class="top__words" aria-hidden="true">{SHORTCUTS[0].keys(is_mac())}</kbd>
        </button>
        <button class="quiet top__news" title="When the study ends, halts, or cases fail in a new way" on:click=press(news)>"Tell me …"</button>
    }
    .into_any()
}

/// Draws the list of batches, if there is a choice. Hosts serve all batches, and a draft is of none: its own field says
/// into which it will be sent.
fn batch_picker(live: LiveStudy, reader: ReaderState) -> Option<AnyView> {
    let route = reader.route.get();
    let snapshot = live.snapshot.get()?;
    let all = snapshot.batches_to_name(MAX_BATCHES);
    let beyond = snapshot.batches.len() - all.len();
    let mut names: Vec<String> = all.iter().map(|account| account.batch.to_string()).collect();
    let chosen = route.batches.one().map(ToString::to_string);
    // The chosen batch may have no cases left, or be a folder of batches.
    names.extend(chosen.clone().filter(|chosen| !names.contains(chosen)));
    if names.len() < 2 || matches!(route.page, Page::Design | Page::Fleet) {
        return None;
    }
    let pick = move |event| {
        let batches = BatchChoice::parse(&event_target_value(&event));
        address::go_to(&reader.route.get_untracked().of(batches).to_string());
    };
    let option = |name: String| {
        let is_chosen = chosen.as_ref() == Some(&name);
        view! { <option value=name.clone() prop:selected=is_chosen>{name.clone()}</option> }
    };
    let options: Vec<_> = names.into_iter().map(option).collect();
    let more = (beyond > 0).then(|| {
        let words = format!("… and {} more: search for them", thousands(beyond as u64));
        view! { <option disabled=true>{words}</option> }
    });
    let picker = view! {
        <select class="top__batch" aria-label="Batch" on:change=pick>
            <option value="*" prop:selected=chosen.is_none()>"all batches"</option>
            {options}
            {more}
        </select>
    };
    Some(picker.into_any())
}

fn live_dot(live: LiveStudy, look_again: UnsyncCallback<()>) -> AnyView {
    let age = live.snapshot.read().as_ref().map(|snapshot| ago(live.now.get() - snapshot.time));
    let (class, words) = match (live.problem.read().is_some(), age) {
        (false, None) => ("live live--opening", "reading …".to_owned()),
        (true, None) => ("live live--broken", "no answer".to_owned()),
        (false, Some(age)) => ("live", format!("live · {age}")),
        (true, Some(age)) => ("live live--broken", format!("no answer · as of {age}")),
    };
    view! {
        <button class=class on:click=press(move |_| look_again.run(())) title="How old the figures are. Press to look again now.">
            <span class="live__dot" aria-hidden="true"></span>
            {words}
        </button>
    }
    .into_any()
}
