//! The pages of single cases: Results, Cases and Errors. Each is made when it is shown for the first time, and stays.

use std::time::Duration;

use cruncher_backend::fetch::submitted::submitted;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::rows::ShownCounts;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{Page, Route};
use cruncher_browser::{address, frozen, kept_access};
use cruncher_results::store::ResultStore;
use cruncher_study::access::StudyAccess;
use cruncher_study::number_format::{counted, thousands};
use leptos::ev;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::action_pause::ActionPause;
use super::case::case;
use super::cases::cases;
use super::choices::choices;
use super::columns::shown;
use super::combined::combined;
use super::data::ResultsData;
use super::downloads::downloads;
use super::errors::errors;
use super::extract::extract_menu;
use super::extractions::{ExtractionsState, extractions};
use super::extremes::extremes;
use super::mixed_versions::mixed_versions;
use super::plots::panels;
use super::reading;
use super::results_state::{ResultsState, is_here};
use super::selection::selection;
use super::table::table;
use crate::state::view::ResultsView;

/// Time without a change after which the view is written into the address.
const ADDRESS_QUIET: Duration = Duration::from_millis(200);

/// Shows the pages in their place, where they stay.
pub(super) fn show() {
    let Some(place) = PageProgram::Explorer.place() else { return };
    place.set_inner_html("");
    mount_to(place, || match frozen::study().map(|(_, access)| access).or_else(kept_access::kept) {
        Some(access) => pages(access),
        None => problem_note(PageProblem::no_access()),
    })
    .forget();
}

fn pages(access: StudyAccess) -> AnyView {
    let here = RwSignal::new(Route::parse(&address::fragment()).page);
    let listener = window_event_listener(ev::hashchange, move |_| here.set(Route::parse(&address::fragment()).page));
    on_cleanup(move || listener.remove());
    let data = ResultsData::follow();
    let access = StoredValue::new(access);
    let page = move |page: Page, content: fn(StudyAccess, ResultsData) -> AnyView| {
        let was_shown = Memo::new(move |before: Option<&bool>| before == Some(&true) || here.get() == page);
        let content = move || was_shown.get().then(|| untrack(|| content(access.get_value(), data)));
        view! { <div hidden=move || here.get() != page>{content}</div> }
    };
    view! {
        {page(Page::Results, results)}
        {page(Page::Cases, |access, data| {
            let state = ResultsState::new(Page::Cases, access, data.all_cases());
            follow_address(state);
            follow_designs(state, is_empty(state));
            cases(state)
        })}
        {page(Page::Errors, |access, data| {
            let state = ResultsState::new(Page::Errors, access, data.all_cases());
            follow_address(state);
            follow_designs(state, is_empty(state));
            errors(state)
        })}
    }
    .into_any()
}

fn is_empty(state: ResultsState) -> Memo<bool> {
    Memo::new(move |_| state.data.with(ResultStore::is_empty))
}

fn results(access: StudyAccess, data: ResultsData) -> AnyView {
    let state = ResultsState::new(Page::Results, access, data);
    follow_address(state);
    let is_empty = is_empty(state);
    Effect::new(move || {
        if !is_empty.get() {
            state.drop_foreign_factors();
        }
    });
    follow_designs(state, is_empty);
    let extracted = ExtractionsState::follow(state);
    let body = move || {
        if is_empty.get() {
            return view! { {nothing(state)} {combined(state)} }.into_any();
        }
        let plots = move || {
            // Curves that were read of single cases, and the table's scroll position, depend on the rows of these batches.
            state.batches.track();
            plots(state)
        };
        view! {
            <div class="results__top">
                <h2>"Results"</h2>
                <p class="faint">{move || summary(state)}</p>
                {downloads(state, extract_menu(extracted))}
            </div>
            {mixed_versions(state)}
            {combined(state)}
            {extractions(extracted)}
            {plots}
        }
        .into_any()
    };
    view! { <div class="results">{body}</div> }.into_any()
}

fn nothing(state: ResultsState) -> AnyView {
    let is_over = state.data.counts().get().is_some_and(|counts| counts.done == 0 || counts.are_rows_read);
    if !is_over {
        return view! { <p class="empty" role="status">"Reading the results …"</p> }.into_any();
    }
    let title = match state.batches.get().one() {
        Some(batch) => format!("No results in batch {batch} yet"),
        None => "No results yet".to_owned(),
    };
    view! {
        <section class="empty" role="status">
            <h2>{title}</h2>
            <p>"As soon as workers finish cases, their results are plotted here."</p>
        </section>
    }
    .into_any()
}

fn plots(state: ResultsState) -> AnyView {
    // The shown columns stay the same while somebody selects.
    let shown = Memo::new(move |_| shown(state));
    view! {
        {choices(state, shown)}
        {extremes(state, shown)}
        {selection(state, shown)}
        {panels(state, shown)}
        {table(state)}
        {case(state)}
    }
    .into_any()
}

/// Tells how many cases have a result, how many failed, and how many are still to be read.
fn summary(state: ResultsState) -> String {
    let (done, failed) = state.data.with(|store| {
        let done = store.done().count();
        (done as u64, (store.len() - done) as u64)
    });
    let aids = state.data.with_aids(|store| (store.len() as u64, store.done().count() as u64));
    let counts = state.data.counts().get().map(|counts| ShownCounts {
        cases: counts.cases.saturating_sub(aids.0),
        done: counts.done.saturating_sub(aids.1),
        ..counts
    });
    let results = match counts {
        Some(counts) if counts.cases > done => {
            format!("{} of {} have a result", thousands(done), counted(counts.cases, "case", "cases"))
        }
        _ => counted(done, "result", "results"),
    };
    let unread = counts.map_or(0, |counts| counts.done.saturating_sub(done));
    let part =
        |count: u64, words: &str| if count > 0 { format!(" · {} {words}", thousands(count)) } else { String::new() };
    format!("{results}{}{}", part(failed, "failed"), part(unread, "still to be read"))
}

/// Shows the view that the address names, and writes the view into the address when it changes.
fn follow_address(state: ResultsState) {
    // The address isn't written while somebody drags: that takes its time, and browsers don't allow many changes in a row.
    let mut write = debounce(ADDRESS_QUIET, move |()| state.write_address());
    Effect::new(move || {
        state.view.track();
        write(());
    });
    let listener = window_event_listener(ev::hashchange, move |_| {
        state.known_address.set_value(address::fragment());
        if is_here(state.page) {
            state.show(ResultsView::parse(&address::fragment()));
        }
    });
    on_cleanup(move || listener.remove());
}

/// Reads the designs, which name the unit of each factor, once there are rows: nobody waits for units. More cases, or those of
/// another batch, may be of a design that came since.
fn follow_designs(state: ResultsState, is_empty: Memo<bool>) {
    let asked = Memo::new(move |_| (state.data.counts().get().map(|counts| counts.cases), state.batches.get()));
    let (pause, is_wanted) = (ActionPause::default(), StoredValue::new(false));
    Effect::new(move |before: Option<_>| {
        state.data.track();
        let asked = asked.get();
        if before.as_ref() != Some(&asked) {
            is_wanted.set_value(true);
        }
        if is_wanted.get_value() && !is_empty.get() {
            pause.after(state.data.quiet(Duration::ZERO), move || {
                is_wanted.set_value(false);
                spawn_local(read_designs(state));
            });
        }
        asked
    });
}

async fn read_designs(state: ResultsState) {
    let Ok(study) = reading::study(state).await else { return };
    let known = state.designs.get_untracked();
    // Without designs there are no units. Another reading that began later may have found more.
    if let Ok(designs) = submitted(&study, &known).await
        && designs.len() > state.designs.read_untracked().len()
    {
        state.designs.set(designs);
    }
}
