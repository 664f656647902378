//! Panels of the page's plots: their order and their titles.

use leptos::prelude::*;

use super::{CorrelationPlot, FieldPlot, HistogramPlot, MatrixPlot, ParallelPlot, ScatterPlot, TimelinePlot};
use crate::columns::{ShownColumns, label};
use crate::counts::counts;
use crate::curves::{CurveReader, curves};
use crate::importance::importance;
use crate::results_state::ResultsState;
use crate::side_by_side::{SideBySide, choice};
use crate::state::responses::has_mean;
use crate::surface::surface;

/// Height of a row of correlations and of the parts around them, in pixels, and maximum number of rows that are shown.
const ROW_PX: usize = 22;
const AROUND_ROWS_PX: usize = 44;
const MAX_ROWS: usize = 36;

/// Draws the plots in the order of the page: a new chart is one more line here.
pub(crate) fn panels(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
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
    }
    .into_any()
}

/// Gives a plot room for this number of rows, as far as it isn't higher than a screen.
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
