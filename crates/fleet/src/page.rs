//! The page: its sections, of which one is shown.

use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::kept_access;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use leptos::mount::mount_to;
use leptos::prelude::*;

use super::cost::{CostState, cost};
use super::fleet_state::FleetState;
use super::fleets::FleetsState;
use super::hosts::hosts;
use super::logs::{LogsState, logs};
use super::pools;
use crate::state::section::PageSection;

/// Shows the page in its place, where it stays.
pub(super) fn show() {
    let Some(place) = PageProgram::Fleet.place() else { return };
    place.set_inner_html("");
    mount_to(place, || match kept_access::kept() {
        Some(access) => page(FleetState::follow(access)),
        None => problem_note(PageProblem::no_access()),
    })
    .forget();
}

fn page(state: FleetState) -> AnyView {
    pools::show(state);
    let (logs_state, cost_state) = (LogsState::follow(state), CostState::follow(state));
    let fleets_state = FleetsState::follow(state);
    let shown = move || match state.section.get() {
        PageSection::Hosts => hosts(state, fleets_state),
        PageSection::Logs => logs(state, logs_state),
        PageSection::Cost => cost(state, cost_state),
    };
    view! {
        <div class="fleet-page">
            <h2>"Fleet"</h2>
            {move || sections(state)}
            {move || state.problem.get().map(problem_note)}
            {shown}
        </div>
    }
    .into_any()
}

/// Draws a link to each section, if there is a choice.
fn sections(state: FleetState) -> Option<AnyView> {
    let (shown, route) = (state.section.get(), state.route.get());
    let entry = |section: PageSection| {
        let is_here = (section == shown).then_some("true");
        view! { <a class="sections__one" href=section.address(&route) aria-current=is_here>{section.name()}</a> }
    };
    let entries = PageSection::ALL.map(entry).into_iter().collect_view();
    (PageSection::ALL.len() > 1)
        .then(|| view! { <nav class="sections" aria-label="Sections of the fleet">{entries}</nav> }.into_any())
}
