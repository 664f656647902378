//! Scatter plot: the response against a factor, with a point for each case.

use cruncher_plot::scatter::ScatterChart;
use cruncher_plot::{Axis, CaseMask, Chart, PlotFrame};
use leptos::prelude::*;

use super::{REACH_PX, in_words, select};
use crate::columns::{OnAxis, PlottedColumn, ShownColumns, plotted, shown};
use crate::results_state::ResultsState;
use crate::surface::{BrushRectangle, DrawTarget, Place, PlotHit, PlotZoom, ResultsPlot};

/// Plot of the response against a factor.
pub(crate) struct ScatterPlot {
    pub(crate) state: ResultsState,
}

impl ScatterPlot {
    /// Gives the chart as it is now to `look`.
    fn with_chart<T>(
        &self,
        look: impl FnOnce(&ScatterChart, &ShownColumns, (&PlottedColumn, &PlottedColumn)) -> T,
    ) -> Option<T> {
        let state = self.state;
        let shown = shown(state)?;
        let selected = state.selected.get();
        Some(state.data.with(|store| {
            let (x, y) = (plotted(state, store, &shown.factor), plotted(state, store, &shown.response));
            let colour = shown.colour.as_ref().map(|id| plotted(state, store, id));
            let colour = colour.as_ref().map(PlottedColumn::on_axis);
            let (mut right, mut up) = (x.axis.clone(), y.axis.clone());
            if let Some([left, most, bottom, top]) = state.view.read().zoom {
                (right, up) = (right.between(left, most), up.between(bottom, top));
            }
            let (right, up) = (x.along(right), y.along(up));
            let scatter = ScatterChart {
                x: right.column(),
                y: up.column(),
                selected: selected.as_plotted(),
                colour: colour.as_ref().map(OnAxis::column),
                pointed_at: state.pointed_at.get(),
            };
            look(&scatter, &shown, (&x, &y))
        }))
    }
}

impl ResultsPlot for ScatterPlot {
    fn track(&self) {
        self.state.view.track();
        self.state.selected.track();
        self.state.pointed_at.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|scatter, _, _| show(scatter));
    }

    fn brush(&self, target: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        self.with_chart(|scatter, shown, (x, y)| {
            let frame = scatter.frame(target.size, target.look);
            let (from, to) = (frame.inside(from), frame.inside(to));
            let (one, other) = (frame.values_at(from.0, from.1), frame.values_at(to.0, to.1));
            (BrushRectangle { from, to }, shown.clone(), (x.clone().into_owned(), y.clone().into_owned()), (one, other))
        })
        .map(|(brush, shown, (x, y), (one, other))| {
            select(self.state, &shown.factor, &x, (one.0, other.0));
            select(self.state, &shown.response, &y, (one.1, other.1));
            brush
        })
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let reach_px = REACH_PX * target.look.pixel_ratio;
        let row = self.with_chart(|scatter, _, _| {
            let frame = scatter.frame(target.size, target.look);
            let nearest = |among| scatter.nearest(&frame, at, reach_px, among);
            nearest(scatter.selected).or_else(|| nearest(CaseMask::All))
        })??;
        let shown = shown(self.state)?;
        let ids = [&shown.response, &shown.factor].into_iter().chain(&shown.colour);
        let words = self.state.data.with(|store| in_words(self.state, store, row, ids));
        Some(PlotHit { words, row: Some(row) })
    }

    fn press(&self, target: DrawTarget, at: Place) {
        if let Some(row) = self.find(target, at).and_then(|found| found.row) {
            self.state.opened.set(Some(row));
        }
    }

    fn frame(&self, target: DrawTarget) -> Option<PlotFrame> {
        self.with_chart(|scatter, _, _| scatter.frame(target.size, target.look))
    }

    fn zoom(&self) -> PlotZoom {
        PlotZoom::of(self.state.view.read().zoom)
    }

    fn show_range(&self, (x, y): (Axis, Axis)) {
        self.state.view.update(|view| view.zoom = Some([x.least, x.most, y.least, y.most]));
    }

    fn reset(&self) {
        self.state.view.update(|view| view.zoom = None);
    }

    fn hint(&self) -> &'static str {
        "Drag to select, press a point to open its case, drag with the shift key or use the arrow keys to move, plus and minus or Ctrl and the wheel to zoom, 0 to show everything, Escape to select nothing."
    }
}
