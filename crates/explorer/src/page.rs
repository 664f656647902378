//! The page of the results.

use std::time::Duration;

use cruncher_backend::fetch::submitted::submitted;
use cruncher_results::store::ResultStore;
use cruncher_study::access::StudyAccess;
use cruncher_study::number_format::{counted, thousands};
use leptos::ev;
use leptos::mount::mount_to;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::case::case;
use super::choices::choices;
use super::columns::{ShownColumns, label, shown};
use super::counts::counts;
use super::curves::{CurveReader, curves};
use super::downloads::downloads;
use super::extremes::extremes;
use super::importance::importance;
use super::mixed_versions::mixed_versions;
use super::plots::{CorrelationPlot, FieldPlot, HistogramPlot, MatrixPlot, ParallelPlot, ScatterPlot, TimelinePlot};
use super::reading;
use super::results_state::ResultsState;
use super::selection::selection;
use super::side_by_side::{SideBySide, choice};
use super::surface::surface;
use super::table::table;
use crate::state::responses::has_mean;
use crate::state::view::ResultsView;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::{address, frozen};

/// After this time without a change, what is shown is written into the address.
const ADDRESS_QUIET: Duration = Duration::from_millis(200);

/// The height of a row of correlations and of what stands around them, in pixels, and the most rows that are shown.
const ROW_PX: usize = 22;
const AROUND_ROWS_PX: usize = 44;
const MAX_ROWS: usize = 36;

/// Shows the page in its place, where it stays.
pub(super) fn show() {
    let Some(place) = PageProgram::Explorer.place() else { return };
    place.set_inner_html("");
    mount_to(place, || match frozen::study().map(|(_, access)| access).or_else(address::kept) {
        Some(access) => page(access),
        None => problem_note(PageProblem::no_access()),
    })
    .forget();
}

fn page(access: StudyAccess) -> AnyView {
    let state = ResultsState::new(access);
    follow_address(state);
    let is_empty = Memo::new(move |_| state.data.with(ResultStore::is_empty));
    Effect::new(move || {
        // After the rows: nobody waits for units.
        if !is_empty.get() {
            spawn_local(read_designs(state));
        }
    });
    let body = move || {
        if is_empty.get() {
            return nothing(state);
        }
        let plots = move || {
            // What was read of single cases, and where the table is scrolled to, goes by rows.
            state.batches.track();
            plots(state)
        };
        view! {
            <div class="results__top">
                <h2>"Results"</h2>
                <p class="faint">{move || summary(state)}</p>
                {downloads(state)}
            </div>
            {mixed_versions(state)}
            {plots}
        }
        .into_any()
    };
    view! { <div class="results">{body}</div> }.into_any()
}

fn nothing(state: ResultsState) -> AnyView {
    let is_over = state.data.counts().get().is_some_and(|counts| counts.done == 0 || counts.is_checked);
    if !is_over {
        return view! { <p class="empty" role="status">"Reading the results …"</p> }.into_any();
    }
    let title = match state.batches.get().one() {
        Some(batch) => format!("No results in {batch} yet"),
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
    // It stays the same while somebody selects.
    let shown = Memo::new(move |_| shown(state));
    let title = move |of: fn(&ShownColumns) -> String| move || shown.read().as_ref().map(of).unwrap_or_default();
    let scatter = title(|shown| format!("{} against {}", label(&shown.response), label(&shown.factor)));
    let histogram = title(|shown| format!("Distribution of {}", label(&shown.response)));
    let correlation = title(|shown| format!("Correlation with {}", label(&shown.response)));
    let shares = title(|shown| format!("Share of the variance of {}", label(&shown.response)));
    let field =
        title(|shown| format!("{} over {} and {}", label(&shown.response), label(&shown.factor), label(&shown.second)));
    let counts_title = title(|shown| format!("Counts of {}", label(&shown.response)));
    // Texts are counted: there is no mean of them that could follow a factor.
    let has_mean = Memo::new(move |_| {
        shown.read().as_ref().is_none_or(|shown| state.data.with(|store| has_mean(store, &shown.response)))
    });
    let reader = CurveReader::new(state);
    let (rows, correlated) = (RwSignal::new(0), RwSignal::new(Vec::new()));
    let (lines, cells) = (SideBySide::new(state, shown), SideBySide::new(state, shown));
    let pairs = move || {
        let which = if cells.are_chosen() { "as chosen above" } else { "the first ones" };
        format!("Scatter matrix · {}", cells.title("each against each", &format!("factors each against each, {which}")))
    };
    view! {
        {choices(state, shown)}
        {extremes(state, shown)}
        {selection(state, shown)}
        <div class="plots" class:plots--texts=move || !has_mean.get()>
            {panel("plots__wide", scatter, surface(state, "Scatter plot", "plot--large", ScatterPlot { state }))}
            {panel("", histogram, surface(state, "Histogram", "", HistogramPlot::new(state)))}
            {panel("plots__counts", counts_title, counts(state, shown))}
            {panel("plots__means", correlation, as_high_as(rows, surface(state, "Correlations", "", CorrelationPlot::new(state, shown, rows, correlated))))}
            <section class="plots__one plots__wide plots__flat">
                <div class="plots__head">
                    <h3>{move || format!("Parallel coordinates · {}", lines.title("all factors at once", "factors at once"))}</h3>
                    {choice(lines)}
                </div>
                {surface(state, "Parallel coordinates", "plot--large", ParallelPlot { state, room: lines.room })}
            </section>
            {panel("plots__means", shares, importance(state, shown, correlated.into()))}
            {panel("plots__half plots__means", field, surface(state, "Contour", "plot--large", FieldPlot::new(state)))}
            {panel("plots__half", pairs, surface(state, "Scatter matrix", "plot--large", MatrixPlot { state, room: cells.room }))}
            {panel("plots__all", move || reader.title(), curves(reader))}
            {panel("plots__all", || "Timeline · who computed what when".to_owned(), surface(state, "Timeline", "", TimelinePlot { state }))}
        </div>
        {table(state)}
        {case(state)}
    }
    .into_any()
}

/// A plot with room for so many rows, as far as it isn't higher than a screen.
fn as_high_as(rows: RwSignal<usize>, plot: AnyView) -> AnyView {
    let height = move || format!("{}px", MAX_ROWS.min(rows.get()) * ROW_PX + AROUND_ROWS_PX);
    view! { <div class="plots__rows" style:min-height=height>{plot}</div> }.into_any()
}

fn panel(class: &'static str, title: impl Fn() -> String + Send + 'static, plot: AnyView) -> AnyView {
    view! {
        <section class=format!("plots__one {class}")>
            <h3>{title}</h3>
            {plot}
        </section>
    }
    .into_any()
}

/// How many cases there are, and what became of them.
fn summary(state: ResultsState) -> String {
    let (done, failed) = state.data.with(|store| {
        let done = store.done().count();
        (done as u64, (store.len() - done) as u64)
    });
    let counts = state.data.counts().get();
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

/// The address says what is shown, and what is shown stands in the address.
fn follow_address(state: ResultsState) {
    let known = StoredValue::new(address::fragment());
    // Not while somebody drags: it takes its time, and browsers don't take many in a row.
    let mut write = debounce(ADDRESS_QUIET, move |()| {
        // Of an address that has just changed the event is still to come.
        if is_here() && known.with_value(|known| *known == address::fragment()) {
            address::replace(&state.view.read_untracked().to_string());
            known.set_value(address::fragment());
        }
    });
    Effect::new(move || {
        state.view.track();
        write(());
    });
    let listener = window_event_listener(ev::hashchange, move |_| {
        known.set_value(address::fragment());
        if is_here() {
            state.show(ResultsView::parse(&address::fragment()));
        }
    });
    on_cleanup(move || listener.remove());
}

fn is_here() -> bool {
    address::fragment().starts_with("#/results")
}

/// Designs say in which unit each factor is.
async fn read_designs(state: ResultsState) {
    let Ok(study) = reading::study(state).await else { return };
    // Without designs there are no units.
    state.designs.set(submitted(&study).await.unwrap_or_default());
}
