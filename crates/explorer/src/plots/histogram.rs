//! Distribution of the response's values.

use std::cell::RefCell;

use cruncher_plot::histogram::{Histogram, HistogramBins};
use cruncher_plot::{Axis, Chart};
use cruncher_results::column_id::ColumnId;
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use super::{select, select_exactly};
use crate::columns::{PlottedColumn, plotted, shown};
use crate::results_state::ResultsState;
use crate::surface::{BrushRectangle, DrawTarget, Place, PlotHit, ResultsPlot};

/// Distribution of the response's values.
pub(crate) struct HistogramPlot {
    state: ResultsState,
    /// Bins of a column on an axis, for the rows of a revision, whatever is selected.
    last: RefCell<Option<(Of, HistogramBins)>>,
}

type Of = (u64, ColumnId, Axis);

impl HistogramPlot {
    pub(crate) const fn new(state: ResultsState) -> Self {
        Self { state, last: RefCell::new(None) }
    }

    fn with_chart<T>(&self, look: impl FnOnce(&Histogram, &PlottedColumn) -> T) -> Option<T> {
        let state = self.state;
        let shown = shown(state)?;
        let selected = state.selected.get();
        state.data.with(|store| {
            let column = plotted(state, store, &shown.response);
            let of = (store.revision(), shown.response, column.axis.clone());
            let mut last = self.last.borrow_mut();
            if last.as_ref().is_none_or(|(known, _)| *known != of) {
                *last = Some((of, HistogramBins::of(&column.values, &column.axis)));
            }
            let (_, bins) = last.as_ref()?;
            Some(look(&bins.histogram(selected.as_plotted()), &column))
        })
    }
}

impl ResultsPlot for HistogramPlot {
    fn track(&self) {
        self.state.view.track();
        self.state.selected.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|histogram, _| show(histogram));
    }

    fn brush(&self, target: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        let response = shown(self.state)?.response;
        let (brush, range, column) = self.with_chart(|histogram, column| {
            let frame = histogram.frame(target.size, target.look);
            let inside = |right: f64| right.clamp(frame.left_px, frame.right_px);
            let (left, right) = (inside(from.0), inside(to.0));
            let range = (frame.values_at(left, frame.top_px).0, frame.values_at(right, frame.top_px).0);
            let brush = BrushRectangle { from: (left, frame.top_px), to: (right, frame.bottom_px) };
            (brush, range, column.clone().into_owned())
        })?;
        select(self.state, &response, &column, range);
        Some(brush)
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        self.with_chart(|histogram, _| {
            let frame = histogram.frame(target.size, target.look);
            let bar = histogram.bar_at(&frame, at.0)?;
            let all = histogram.bins.bars[bar].all;
            let mut words = vec![histogram.bins.words(bar), counted(all as u64, "case", "cases")];
            if histogram.selected[bar] < all {
                words.push(format!("{} selected", histogram.selected[bar]));
            }
            Some(PlotHit { words, row: None })
        })?
    }

    fn press(&self, target: DrawTarget, at: Place) {
        let Some(response) = shown(self.state).map(|shown| shown.response) else { return };
        let bar = self.with_chart(|histogram, column| {
            let frame = histogram.frame(target.size, target.look);
            let values = histogram.bins.bars[histogram.bar_at(&frame, at.0)?].values?;
            Some((values, column.clone().into_owned()))
        });
        if let Some((values, column)) = bar.flatten() {
            select_exactly(self.state, &response, &column, values);
        }
    }

    fn hint(&self) -> &'static str {
        "Drag to select a range, press a bar to select it, Escape to select nothing."
    }
}
