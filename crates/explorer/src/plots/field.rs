//! The response over two factors.

use std::cell::RefCell;

use cruncher_plot::field::{AxisGrid, FieldCells, FieldChart, FieldValues};
use cruncher_plot::{Axis, AxisScale, Chart};
use cruncher_results::column_id::ColumnId;
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use super::select;
use crate::columns::{PlottedColumn, plotted, shown};
use crate::results_state::ResultsState;
use crate::surface::{BrushRectangle, DrawTarget, Place, PlotHit, ResultsPlot};

/// The response over two factors: the mean of the selected cases in each cell.
pub(crate) struct FieldPlot {
    state: ResultsState,
    /// Grids of two columns on their axes, for the rows of a revision, whatever is selected.
    last: RefCell<[Option<Known>; 2]>,
}

type Of = (u64, ColumnId, Axis);

/// Input of a grid, and the grid, if there is one.
type Known = (Of, Option<AxisGrid>);

/// A column, and the cells along its axis.
type Side<'a> = (&'a PlottedColumn<'a>, &'a FieldCells);

impl FieldPlot {
    pub(crate) const fn new(state: ResultsState) -> Self {
        Self { state, last: RefCell::new([None, None]) }
    }

    /// Returns the cells along the axis of a column, without room at its ends: the outer cells would be half empty.
    fn cells(&self, side: usize, of: (u64, &ColumnId), column: &PlottedColumn, wished: usize) -> FieldCells {
        let axis = column.bare_axis();
        let of = (of.0, of.1.clone(), axis.clone());
        let last = &mut self.last.borrow_mut()[side];
        let known = last.as_ref().filter(|(known, _)| *known == of).map(|(_, grid)| *grid);
        let grid = known.unwrap_or_else(|| last.insert((of, AxisGrid::of(&axis, &column.values))).1);
        FieldCells::of(&axis, grid, wished)
    }

    fn with_chart<T>(&self, look: impl FnOnce(&FieldChart, (Side, Side)) -> T) -> Option<T> {
        let state = self.state;
        let shown = shown(state)?;
        let selected = state.selected.get();
        Some(state.data.with(|store| {
            let (x, y) = (plotted(state, store, &shown.factor), plotted(state, store, &shown.second));
            let response = plotted(state, store, &shown.response);
            let values =
                FieldValues { x: &x.values, y: &y.values, response: &response.values, selected: selected.as_plotted() };
            let wished = FieldChart::suitable_cells(selected.count);
            let right = self.cells(0, (store.revision(), &shown.factor), &x, wished);
            let up = self.cells(1, (store.revision(), &shown.second), &y, wished);
            // The mean of flags is the share of those that are true.
            let axis = match response.categories {
                Some(_) => Axis::covering(&response.axis.label, "share", AxisScale::Linear, &[0.0, 1.0]),
                None => response.axis,
            };
            let field = FieldChart::of(&values, &right.axis, &up.axis, &axis, (right.number, up.number));
            look(&field, ((&x, &right), (&y, &up)))
        }))
    }
}

impl ResultsPlot for FieldPlot {
    fn track(&self) {
        self.state.view.track();
        self.state.selected.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|field, _| show(field));
    }

    fn brush(&self, target: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        let shown = shown(self.state)?;
        let (brush, (one, other), (x, y)) = self.with_chart(|field, ((x, _), (y, _))| {
            let frame = field.frame(target.size, target.look);
            let (from, to) = (frame.inside(from), frame.inside(to));
            let values = (frame.values_at(from.0, from.1), frame.values_at(to.0, to.1));
            (BrushRectangle { from, to }, values, (x.clone().into_owned(), y.clone().into_owned()))
        })?;
        select(self.state, &shown.factor, &x, (one.0, other.0));
        select(self.state, &shown.second, &y, (one.1, other.1));
        Some(brush)
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        self.with_chart(|field, ((_, right), (_, up))| {
            let frame = field.frame(target.size, target.look);
            let cell = field.cell_at(&frame, at.0, at.1)?;
            let (x, y) = frame.values_at(at.0, at.1);
            let (x, y) = (right.value(x), up.value(y));
            let mut words =
                vec![format!("{} {}, {} {}", field.x.label, field.x.words(x), field.y.label, field.y.words(y))];
            if field.counts[cell] > 0 {
                words.push(format!("{} {} in the mean", field.response.label, field.response.words(field.means[cell])));
            }
            words.push(counted(field.counts[cell] as u64, "case", "cases"));
            Some(PlotHit { words, row: None })
        })?
    }

    fn hint(&self) -> &'static str {
        "Drag to select, Escape to select nothing."
    }
}
