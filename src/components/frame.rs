//! What stands around every page: the rail, and the bar at the top.

use cruncher_study::access::Role;
use cruncher_study::batch::Batch;
use cruncher_study::figures::ago;
use leptos::prelude::*;

use crate::app::{Dark, OpenStudy};
use crate::components::problem_note::ProblemNote;
use crate::platform::polling::Wake;
use crate::platform::{address, theme};
use crate::state::live::Live;
use crate::state::route::{Page, Route};

/// The rail, the bar, and between them the page.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let live = expect_context::<Live>();
    view! {
        <a class="skip" href="#main" on:click=|event| { event.prevent_default(); focus_main(); }>"Skip to content"</a>
        <div class="frame">
            <Rail />
            <TopBar />
            <main id="main" class="frame__page" tabindex="-1">
                {move || live.problem.get().map(|problem| view! { <ProblemNote problem /> })}
                {children()}
            </main>
        </div>
    }
}

fn focus_main() {
    use wasm_bindgen::JsCast;
    let main = document().get_element_by_id("main").and_then(|main| main.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(main) = main {
        // An element of the page can take the focus.
        let _ = main.focus();
    }
}

#[component]
fn Rail() -> impl IntoView {
    let route = expect_context::<RwSignal<Route>>();
    let live = expect_context::<Live>();
    let failures = move || {
        let snapshot = live.snapshot.read();
        snapshot.as_ref().map_or(0, |snapshot| snapshot.error_groups.len())
    };
    let entry = move |page: Page| {
        let is_here = move || (route.read().page == page).then_some("page");
        view! {
            <a class="rail__entry" href=move || route.read().on(page).to_string() aria-current=is_here>
                {page.name()}
                {move || (page == Page::Errors && failures() > 0).then(|| view! { <span class="rail__count">{failures()}</span> })}
            </a>
        }
    };
    view! {
        <nav class="rail" aria-label="Pages">
            <span class="rail__brand" aria-hidden="true">"Cruncher"</span>
            {Page::ALL.map(entry)}
        </nav>
    }
}

#[component]
fn TopBar() -> impl IntoView {
    let OpenStudy { study, role, .. } = expect_context::<OpenStudy>();
    let is_dark = expect_context::<Dark>().0;
    let switch = move |_| {
        theme::switch();
        is_dark.set(theme::is_dark());
    };
    let leave = |_| {
        address::forget_access();
        address::reload();
    };
    let explained = match role {
        Role::Viewer => "You may look. The operator's link also sends cases and attaches workers.",
        Role::Operator => "You may look, send cases and attach workers. Don't pass this link on lightly.",
    };
    view! {
        <header class="top">
            <h1 class="top__study">{study.config.study.clone()}</h1>
            <BatchPicker />
            <span class="top__gap"></span>
            <LiveDot />
            <span class="top__role" title=explained>{role.to_string()}</span>
            <button class="quiet" on:click=switch title=move || if is_dark.get() { "Use light colours" } else { "Use dark colours" }>
                <span aria-hidden="true">{move || if is_dark.get() { "☀" } else { "☾" }}</span>
                <span class="visually-hidden">{move || if is_dark.get() { "Use light colours" } else { "Use dark colours" }}</span>
            </button>
            <button class="quiet" on:click=leave title="Forget the key in this tab">"Leave"</button>
        </header>
    }
}

#[component]
fn BatchPicker() -> impl IntoView {
    let route = expect_context::<RwSignal<Route>>();
    let live = expect_context::<Live>();
    let batches = Memo::new(move |_| {
        let snapshot = live.snapshot.read();
        let batches = snapshot.as_ref().map(|snapshot| snapshot.batches.iter().map(|account| account.batch.clone()));
        batches.map(Iterator::collect::<Vec<_>>).unwrap_or_default()
    });
    let pick = move |event| {
        let batch = Batch::parse(&event_target_value(&event)).ok();
        address::go_to(&Route { batch, group: None, ..route.get_untracked() }.to_string());
    };
    let option = move |batch: Batch| {
        let name = batch.to_string();
        let is_picked = move || route.read().batch.as_ref() == Some(&batch);
        view! { <option value=name.clone() selected=is_picked>{name.clone()}</option> }
    };
    view! {
        <select class="top__batch" aria-label="Batch" on:change=pick>
            <option value="" selected=move || route.read().batch.is_none()>"all batches"</option>
            {move || batches.get().into_iter().map(option).collect_view()}
        </select>
    }
}

#[component]
fn LiveDot() -> impl IntoView {
    let live = expect_context::<Live>();
    let wake = expect_context::<Wake>();
    let age = move || live.snapshot.read().as_ref().map(|snapshot| (live.now.get() - snapshot.time).max(0.0));
    let class = move || match (live.problem.read().is_some(), age()) {
        (true, _) => "live live--broken",
        (false, None) => "live live--opening",
        (false, Some(_)) => "live",
    };
    let words = move || match (live.problem.read().is_some(), age()) {
        (false, None) => "reading …".to_owned(),
        (true, None) => "no answer".to_owned(),
        (false, Some(age)) => format!("live · {}", ago(age)),
        (true, Some(age)) => format!("no answer · as of {}", ago(age)),
    };
    view! {
        <button class=class on:click=move |_| wake.now() title="How old the figures are. Press to look again now.">
            <span class="live__dot" aria-hidden="true"></span>
            {words}
        </button>
    }
}
