//! Correlation of the response with each factor.

use cruncher_analysis::correlation::{self, CorrelationCoefficient, MIN_TOLD_PAIRS, correlations};
use cruncher_plot::Chart;
use cruncher_plot::correlation::{CoefficientEstimate, CorrelationChart, CorrelationRow};
use cruncher_results::column_id::ColumnId;
use cruncher_results::store::ResultStore;
use cruncher_study::number_format::{counted, thousands};
use leptos::prelude::*;

use crate::columns;
use crate::columns::{PlottedColumn, factors_of, label, plotted};
use crate::results_state::{AFTER_DRAWING, ResultsState, SelectedRows};
use crate::state::responses::{has_mean, is_text};
use crate::surface::{DrawTarget, Place, PlotHit, ResultsPlot};

/// Correlation of the response with each factor, among the selected cases.
pub(crate) struct CorrelationPlot {
    state: ResultsState,
    found: RwSignal<Option<(Vec<ColumnId>, CorrelationChart)>>,
}

impl CorrelationPlot {
    /// Computes the correlations whenever the selection has settled: ranks take a while. Sets `rows` to their number, with a
    /// row for each note, and `correlated` to the factors that the response follows by more than chance.
    pub(crate) fn new(
        state: ResultsState,
        shown: Memo<Option<columns::ShownColumns>>,
        rows: RwSignal<usize>,
        correlated: RwSignal<Vec<ColumnId>>,
    ) -> Self {
        let found = RwSignal::new(None);
        let mut compute = debounce(AFTER_DRAWING, move |(response, selected): (ColumnId, SelectedRows)| {
            let correlations = state.data.with_untracked(|store| computed(state, store, &response, &selected));
            // A note takes the room of a row.
            rows.set(correlations.0.len() + correlations.1.notes().len());
            correlated.set(standing_out(&correlations));
            found.set(Some(correlations));
        });
        Effect::new(move || {
            let selected = state.settled.get();
            if let Some(shown) = shown.get() {
                compute((shown.response, selected));
            }
        });
        Self { state, found }
    }

    fn with_chart<T>(&self, look: impl FnOnce(&CorrelationChart, &[ColumnId]) -> T) -> Option<T> {
        self.found.with(|found| found.as_ref().map(|(ids, chart)| look(chart, ids)))
    }

    /// Returns the row of the chart at a height.
    fn row_at(&self, target: DrawTarget, at: Place) -> Option<usize> {
        self.with_chart(|chart, _| chart.row_at(target.size, target.look, at.1))?
    }
}

fn computed(
    state: ResultsState,
    store: &ResultStore,
    response: &ColumnId,
    selected: &SelectedRows,
) -> (Vec<ColumnId>, CorrelationChart) {
    if !has_mean(store, response) {
        return (Vec::new(), chart(response, Vec::new(), Vec::new()));
    }
    let (texts, ids): (Vec<_>, Vec<_>) = factors_of(store, response).into_iter().partition(|id| is_text(store, id));
    let columns: Vec<_> = ids.iter().map(|id| plotted(state, store, id)).collect();
    let values = plotted(state, store, response);
    let rows = selected.rows(store);
    let measured: Vec<_> = columns.iter().map(PlottedColumn::measured).collect();
    let slices: Vec<&[f64]> = measured.iter().map(|values| &**values).collect();
    let pearson = correlations(CorrelationCoefficient::Pearson, &slices, &values.measured(), &rows);
    // The rank of a penalty says as much as that of any other value, so no values are left out.
    let all: Vec<&[f64]> = columns.iter().map(|column| &*column.values).collect();
    let spearman = correlations(CorrelationCoefficient::Spearman, &all, &values.values, &rows);
    let mut found: Vec<(ColumnId, CorrelationRow)> = ids
        .into_iter()
        .zip(pearson.iter().zip(&spearman))
        .map(|(id, (pearson, spearman))| {
            let row = CorrelationRow {
                label: label(&id),
                pearson: estimate(pearson),
                spearman: estimate(spearman),
                cases: spearman.pairs,
                only_ranked: spearman.pairs - pearson.pairs,
            };
            (id, row)
        })
        .collect();
    let strength = |row: &CorrelationRow| if row.spearman.value.is_nan() { -1.0 } else { row.spearman.value.abs() };
    found.sort_by(|one, other| strength(&other.1).total_cmp(&strength(&one.1)));
    let (ids, rows) = found.into_iter().unzip();
    (ids, chart(response, rows, texts.iter().map(label).collect()))
}

/// Returns the factors that have a coefficient that can be told from chance.
fn standing_out((ids, chart): &(Vec<ColumnId>, CorrelationChart)) -> Vec<ColumnId> {
    let stands_out = |row: &CorrelationRow| row.pearson.stands_out() || row.spearman.stands_out();
    ids.iter().zip(&chart.rows).filter(|(_, row)| stands_out(row)).map(|(id, _)| id.clone()).collect()
}

fn chart(response: &ColumnId, rows: Vec<CorrelationRow>, unordered: Vec<String>) -> CorrelationChart {
    CorrelationChart { response: label(response), rows, needed_cases: MIN_TOLD_PAIRS, unordered }
}

/// Returns a coefficient with its interval, or none if there are too few cases for it to say something.
fn estimate(found: &correlation::ColumnCorrelation) -> CoefficientEstimate {
    let shown = found.told().zip(found.interval).map(|(value, interval)| CoefficientEstimate { value, interval });
    shown.unwrap_or(CoefficientEstimate::NONE)
}

/// Returns a coefficient and its interval in words, or a dash.
fn written(CoefficientEstimate { value, interval: (from, to) }: CoefficientEstimate) -> String {
    if value.is_nan() { "–".to_owned() } else { format!("{value:.3} (95 %: {from:.2} to {to:.2})") }
}

impl ResultsPlot for CorrelationPlot {
    /// Tracks the correlations, which wait for the selection to settle.
    fn track(&self) {
        self.found.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|chart, _| show(chart));
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let place = self.row_at(target, at)?;
        self.with_chart(|chart, _| {
            let row = chart.rows.get(place)?;
            let mut words = vec![
                row.label.clone(),
                format!("Pearson {}", written(row.pearson)),
                format!("Spearman {}", written(row.spearman)),
                counted(row.cases as u64, "case", "cases"),
            ];
            if row.cases < chart.needed_cases {
                words.push(format!("too few for a coefficient: {} are needed", chart.needed_cases));
            }
            if row.only_ranked > 0 {
                words.push(format!("{} of them for Spearman only", thousands(row.only_ranked as u64)));
            }
            Some(PlotHit { words, row: None })
        })?
    }

    fn press(&self, target: DrawTarget, at: Place) {
        let Some(place) = self.row_at(target, at) else { return };
        let chosen = self.with_chart(|_, ids| ids.get(place).cloned()).flatten();
        if let Some(id) = chosen {
            self.state.view.update(|view| {
                view.factor = Some(id);
                view.zoom = None;
            });
        }
    }

    fn hint(&self) -> &'static str {
        "Press a factor to plot the response against it."
    }
}
