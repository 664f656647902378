//! The designer's page: the form to the left, the preview to the right.

use cruncher_browser::components::confirmation::{ConfirmationDialog, ConfirmationQuestion};
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::clock_time;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{kept_access, rows};
use cruncher_study::access::StudyAccess;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::import::NumberReading;
use js_sys::Date;
use leptos::html::Canvas;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::design_state::{DesignState, PointsState, TableState};
use super::focus::{FocusPart, form, skip_links};
use super::form::file_drop::file_button;
use super::form::quoted::quoted;
use super::form::{factors, folder_reading, model, pool, preview, sampler, submit, table};
use super::messages::SendOrder;
use super::opened_design::{choose_model, open_file};
use super::send_state::SendState;
use super::sending;
use super::{draft_storage, preview_client, said, steering};
use crate::state::draft::{DesignDraft, PointsSource};
use crate::state::earlier;

/// Shows the page in its place, where it stays.
pub(super) fn show() {
    let Some(place) = PageProgram::Designer.place() else { return };
    place.set_inner_html("");
    mount_to(place, || match kept_access::kept() {
        Some(access) => page(access),
        None => problem_note(PageProblem::no_access()),
    })
    .forget();
}

/// Updates the number of workers that are alive whenever the page has looked.
fn follow_workers(state: DesignState) {
    let update = move || {
        let workers = rows::counts().map(|counts| counts.workers);
        if state.alive_workers.get_untracked() != workers {
            state.alive_workers.set(workers);
        }
    };
    update();
    window_event_listener_untyped(rows::MORE, move |_| update());
}

fn page(access: StudyAccess) -> AnyView {
    steering::follow(&access);
    let state = DesignState::new(access);
    said::follow(state);
    follow_workers(state);
    pool::follow_pools(state);
    let canvas = NodeRef::<Canvas>::new();
    let is_restored = RwSignal::new(false);
    spawn_local(async move {
        draft_storage::restore(state).await;
        is_restored.set(true);
        preview_client::follow(state, canvas);
        sending::open(state);
    });
    // The form waits for the draft, which would replace what is typed before.
    view! { {move || is_restored.get().then(|| form_and_preview(state, canvas))} }.into_any()
}

fn form_and_preview(state: DesignState, canvas: NodeRef<Canvas>) -> AnyView {
    model::follow_command(state);
    let content = view! {
        {skip_links()}
        {toolbar(state)}
        {move || state.said.get().map(|words| view! { <p class="faint" role="status">{quoted(&words)}</p> })}
        {move || undo(state)}
        {move || note(state.unkept.read().words(state.draft.read().is_folder()))}
        {move || submitted(state)}
        {model::section(state)}
        <section class="step" id=FocusPart::Points.id() tabindex="-1" aria-labelledby="step-points">
            <h3 id="step-points">"Points"</h3>
            {move || source(state)}
            <div class="points" class:is-hidden=move || state.draft.read().source == PointsSource::Table>
                {factors::section(state)}
                {sampler::section(state)}
            </div>
            <div class="points" class:is-hidden=move || state.draft.read().source == PointsSource::Sampler>{table::section(state)}</div>
        </section>
        {submit::section(state)}
    };
    view! { <div class="designer">{form(content.into_any())} {preview::section(state, canvas)}</div> }.into_any()
}

fn note(words: Option<String>) -> Option<AnyView> {
    words.map(|words| view! { <p class="field__warning" role="status">{words}</p> }.into_any())
}

/// Shows the button that restores the content of the form before a design was opened.
fn undo(state: DesignState) -> Option<AnyView> {
    let (draft, model) = state.replaced.get()?;
    let press = move |_| {
        state.draft.set(draft.clone());
        choose_model(state, model.clone());
        state.replaced.set(None);
        state.said.set(None);
    };
    Some(
        view! { <p><button class="quiet" on:click=press>"Undo: bring back what stood here before"</button></p> }
            .into_any(),
    )
}

fn toolbar(state: DesignState) -> AnyView {
    let confirmation = ConfirmationDialog::new("design");
    let anew = move |_| {
        if state.draft.read_untracked().is_untouched() {
            clear(state);
            return;
        }
        confirmation.ask(ConfirmationQuestion {
            title: "Throw this draft away?".into(),
            words: "Factors, model and table of this form go, and a new design begins. What was sent stays as it is."
                .into(),
            action: "Throw it away".into(),
            act: Box::new(move || clear(state)),
        });
    };
    let extend = move |_| {
        state.say("Looking for designs that were submitted …");
        sending::order(state, SendOrder::Submitted);
    };
    let is_operator = state.access.with_value(|access| access.role) == cruncher_study::access::Role::Operator;
    view! {
        {confirmation.view()}
        <div class="designer__top">
            <h2>"Design"</h2>
            <span class="top__gap"></span>
            {file_button("Open …", "Open a design file", ".json,application/json", move |file| open_file(state, file))}
            {is_operator.then(|| view! { <button class="quiet" on:click=extend title="Begin with a design that was submitted, and keep its points">"Earlier …"</button> })}
            <button class="quiet" on:click=move |_| preview_client::write_json(state) title="Save the design, with its model, as a file that brings both back">"Save JSON"</button>
            <button class="quiet" on:click=move |_| preview_client::write_table(state) title="Save the table of cases">"Save CSV"</button>
            <button class="quiet" on:click=anew>"New"</button>
        </div>
    }
    .into_any()
}

fn clear(state: DesignState) {
    state.is_strict.set(false);
    state.model.set(None);
    state.chosen.update_value(|chosen| (chosen.file, chosen.folder) = (None, None));
    folder_reading::stop(state);
    state.model_problem.set(None);
    state.table.set(TableState::None);
    state.table_file.set_value(None);
    state.points.set(PointsState::None);
    state.reading.set(NumberReading::default());
    state.drawn.set(Vec::new());
    state.unfolded.update(|unfolded| unfolded.factors.clear());
    state.said.set(None);
    state.replaced.set(None);
    if state.sending.with_untracked(|sending| sending.sent().is_none()) {
        state.sending.set(SendState::Idle);
    }
    state.draft.set(DesignDraft::default());
    draft_storage::forget_files(state);
    preview_client::import(state);
}

fn source(state: DesignState) -> AnyView {
    let chosen = state.draft.read().source;
    let option = |source, words| {
        let press = move |_| state.draft.update(|draft| draft.source = source);
        view! { <button class="segments__one" aria-pressed=(source == chosen).to_string() on:click=press>{words}</button> }
    };
    view! {
        <div class="segments" role="group" aria-label="Where points come from">
            {option(PointsSource::Sampler, "Factors and a sampler")}
            {option(PointsSource::Table, "A table of cases")}
        </div>
    }
    .into_any()
}

/// Shows the designs that were submitted, to begin with one of them.
fn submitted(state: DesignState) -> Option<AnyView> {
    let designs = state.reports.submitted.get()?;
    let close = move |_| state.reports.submitted.set(None);
    let line = |design: &DesignDocument| {
        let (design, batch) = (design.clone(), design.batch.to_string());
        let facts = earlier::facts(&design, &designs);
        let time = clock_time(design.submit_time, Date::now() / 1000.0);
        let take = move |_| {
            state.say(format!("Reading {} …", design.model.label()));
            sending::order(state, SendOrder::ReadModel(Box::new(design.clone())));
            state.reports.submitted.set(None);
        };
        view! {
            <li class="actions">
                <button on:click=take>{batch}</button>
                <span class="faint">{facts}" · "{time}</span>
            </li>
        }
    };
    let lines: Vec<_> = designs.iter().map(line).collect();
    let none = lines.is_empty().then(|| view! { <p>"No design was submitted to this study yet."</p> });
    let view = view! {
        <section class="panel" aria-label="Designs that were submitted">
            <h3>"Begin with an earlier design"</h3>
            <p class="faint">"Extend it below: the points that it has are kept, and so are their results."</p>
            {none}
            <ul class="earlier">{lines}</ul>
            <button class="quiet" on:click=close>"Close"</button>
        </section>
    };
    Some(view.into_any())
}
