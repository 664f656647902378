//! Failed cases of a group against done ones, over two factors.

use cruncher_canvas::colour;
use cruncher_plot::scatter::ScatterChart;
use cruncher_plot::{CaseMask, Chart, ChartScene, ChartSize, PlotColumn, PlotTheme, RasterBuffers};
use cruncher_results::column_id::ColumnId;
use cruncher_results::mask::RowMask;
use leptos::prelude::*;

use super::{REACH_PX, in_words};
use crate::columns::plotted;
use crate::results_state::ResultsState;
use crate::surface::{DrawTarget, Place, PlotHit, ResultsPlot};

/// Cases that the plot shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PlottedFailures {
    /// Their rows.
    pub(crate) rows: Vec<u32>,
    /// The failed ones, by their places in `rows`.
    pub(crate) failed: RowMask,
}

/// Plot of failed and done cases over two factors.
pub(crate) struct FailurePlot {
    pub(crate) state: ResultsState,
    pub(crate) cases: Memo<PlottedFailures>,
    /// The factors, to the right and upwards.
    pub(crate) factors: Memo<Option<(ColumnId, ColumnId)>>,
}

/// Chart whose data have the colour of failures.
struct InFailureColour<'a>(ScatterChart<'a>);

impl InFailureColour<'_> {
    fn theme(look: &PlotTheme) -> PlotTheme {
        PlotTheme { data: colour("--state-failed"), accent: look.text, ..*look }
    }
}

impl Chart for InFailureColour<'_> {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        self.0.paint(size, &Self::theme(look), raster);
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        self.0.scene(size, &Self::theme(look))
    }

    fn summary(&self) -> String {
        self.0.summary().replace(" selected", " failed")
    }
}

impl FailurePlot {
    fn with_chart<T>(
        &self,
        look: impl FnOnce(&InFailureColour, &PlottedFailures, &(ColumnId, ColumnId)) -> T,
    ) -> Option<T> {
        let (state, factors) = (self.state, self.factors.get()?);
        let cases = self.cases.read();
        Some(state.data.with(|store| {
            let column = |id: &ColumnId| {
                let all = plotted(state, store, id);
                let value = |row: &u32| all.values.get(*row as usize).copied().unwrap_or(f64::NAN);
                (all.axis.clone(), cases.rows.iter().map(value).collect::<Vec<f64>>())
            };
            let ((right, x), (up, y)) = (column(&factors.0), column(&factors.1));
            let pointed = state.pointed_at.get();
            let chart = ScatterChart {
                x: PlotColumn::new(right, &x),
                y: PlotColumn::new(up, &y),
                selected: CaseMask::Words(cases.failed.words()),
                colour: None,
                pointed_at: pointed.and_then(|row| cases.rows.iter().position(|own| *own as usize == row)),
            };
            look(&InFailureColour(chart), &cases, &factors)
        }))
    }
}

impl ResultsPlot for FailurePlot {
    fn track(&self) {
        self.cases.track();
        self.factors.track();
        self.state.view.track();
        self.state.pointed_at.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|chart, _, _| show(chart));
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let reach_px = REACH_PX * target.look.pixel_ratio;
        let (row, factors) = self.with_chart(|InFailureColour(chart), cases, factors| {
            let frame = chart.frame(target.size, target.look);
            let nearest = |among| chart.nearest(&frame, at, reach_px, among);
            let place = nearest(chart.selected).or_else(|| nearest(CaseMask::All))?;
            Some((*cases.rows.get(place)? as usize, factors.clone()))
        })??;
        let words = self.state.data.with(|store| in_words(self.state, store, row, [&factors.0, &factors.1]));
        Some(PlotHit { words, row: Some(row) })
    }

    fn press(&self, target: DrawTarget, at: Place) {
        if let Some(row) = self.find(target, at).and_then(|found| found.row) {
            self.state.opened.set(Some(row));
        }
    }

    /// Leaves everything as it is: nothing is selected here.
    fn unselect(&self, _state: ResultsState) {}

    fn hint(&self) -> &'static str {
        "Press a point to open its case."
    }
}
