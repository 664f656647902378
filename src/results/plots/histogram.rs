//! How often the response has which value.

use std::cell::RefCell;

use cruncher_plot::histogram::{Histogram, HistogramBins};
use cruncher_plot::{Axis, Chart};
use cruncher_results::column_id::ColumnId;
use cruncher_study::figures::counted;
use leptos::prelude::*;

use super::{select, select_exactly};
use crate::results::columns::{PlottedColumn, plotted, shown};
use crate::results::desk::ResultsState;
use crate::results::surface::{BrushRectangle, DrawTarget, Place, PlotHit, ResultsPlot};

/// How often the response has which value.
pub(crate) struct HistogramPlot {
    desk: ResultsState,
    /// The bins of a column on an axis, in the rows of a revision: whatever is selected.
    last: RefCell<Option<(Of, HistogramBins)>>,
}

type Of = (u64, ColumnId, Axis);

impl HistogramPlot {
    pub(crate) const fn new(desk: ResultsState) -> Self {
        Self { desk, last: RefCell::new(None) }
    }

    fn look<T>(&self, look: impl FnOnce(&Histogram, &PlottedColumn) -> T) -> Option<T> {
        let desk = self.desk;
        let shown = shown(desk)?;
        let selected = desk.selected.get();
        desk.data.with(|store| {
            let column = plotted(desk, store, &shown.response);
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
        self.desk.view.track();
        self.desk.selected.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.look(|histogram, _| show(histogram));
    }

    fn brush(&self, paper: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        let response = shown(self.desk)?.response;
        let (brush, range, column) = self.look(|histogram, column| {
            let frame = histogram.frame(paper.size, paper.look);
            let inside = |right: f64| right.clamp(frame.left_px, frame.right_px);
            let (left, right) = (inside(from.0), inside(to.0));
            let range = (frame.values_at(left, frame.top_px).0, frame.values_at(right, frame.top_px).0);
            let brush = BrushRectangle { from: (left, frame.top_px), to: (right, frame.bottom_px) };
            (brush, range, column.clone().into_owned())
        })?;
        select(self.desk, &response, &column, range);
        Some(brush)
    }

    fn find(&self, paper: DrawTarget, at: Place) -> Option<PlotHit> {
        self.look(|histogram, _| {
            let frame = histogram.frame(paper.size, paper.look);
            let bar = histogram.bar_at(&frame, at.0)?;
            let all = histogram.bins.bars[bar].all;
            let mut words = vec![histogram.bins.words(bar), counted(all as u64, "case", "cases")];
            if histogram.selected[bar] < all {
                words.push(format!("{} selected", histogram.selected[bar]));
            }
            Some(PlotHit { words, row: None })
        })?
    }

    fn press(&self, paper: DrawTarget, at: Place) {
        let Some(response) = shown(self.desk).map(|shown| shown.response) else { return };
        let bar = self.look(|histogram, column| {
            let frame = histogram.frame(paper.size, paper.look);
            let values = histogram.bins.bars[histogram.bar_at(&frame, at.0)?].values?;
            Some((values, column.clone().into_owned()))
        });
        if let Some((values, column)) = bar.flatten() {
            select_exactly(self.desk, &response, &column, values);
        }
    }

    fn hint(&self) -> &'static str {
        "Drag to select a range, press a bar to select it, Escape to select nothing."
    }
}
