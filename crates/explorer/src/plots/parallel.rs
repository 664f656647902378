//! Parallel coordinates: every case is a line through all of its factors and the response.

use cruncher_plot::Chart;
use cruncher_plot::parallel::ParallelCoordinates;
use cruncher_results::column_id::ColumnId;
use cruncher_results::filter::{FilterCondition, RangeLimit};
use leptos::prelude::*;

use super::{REACH_PX, in_words, select, side_by_side};
use crate::columns::{OnAxis, PlottedColumn, plotted, shown};
use crate::results_state::ResultsState;
use crate::surface::{BrushRectangle, DrawTarget, Place, PlotHit, ResultsPlot};

/// Room that an axis needs, in pixels of the page.
const AXIS_PX: f64 = 48.0;

/// Parallel coordinates: every case is a line.
pub(crate) struct ParallelPlot {
    pub(crate) state: ResultsState,
    /// Number of factors that there is room for.
    pub(crate) room: RwSignal<usize>,
}

impl ParallelPlot {
    fn with_chart<T>(
        &self,
        DrawTarget { size, look }: DrawTarget,
        act: impl FnOnce(&ParallelCoordinates, &[ColumnId], &[PlottedColumn]) -> T,
    ) -> Option<T> {
        let state = self.state;
        let response = shown(state)?.response;
        let selected = state.selected.get();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten axes")]
        let most = (f64::from(size.width_px) / look.pixel_ratio / AXIS_PX) as usize;
        Some(state.data.with(|store| {
            let ids = side_by_side(state, store, &response, self.room, most);
            let columns: Vec<PlottedColumn> = ids.iter().map(|id| plotted(state, store, id)).collect();
            let on_axes: Vec<OnAxis> = columns.iter().map(|column| column.along(column.bare_axis())).collect();
            let view = state.view.read();
            let brush = |(id, column): (&ColumnId, &PlottedColumn)| {
                view.selection.conditions.iter().find_map(|condition| brushed(condition, id, column))
            };
            let parallel = ParallelCoordinates {
                columns: on_axes.iter().map(OnAxis::column).collect(),
                selected: selected.as_plotted(),
                brushes: ids.iter().zip(&columns).map(brush).collect(),
                pointed_at: state.pointed_at.get(),
            };
            act(&parallel, &ids, &columns)
        }))
    }
}

/// Returns the part of an axis that a condition chooses; `None` if the condition is on another column.
#[expect(clippy::cast_precision_loss, reason = "there are some ten categories")]
fn brushed(condition: &FilterCondition, id: &ColumnId, column: &PlottedColumn) -> Option<(f64, f64)> {
    match condition {
        FilterCondition::Range { column: own, least, most } if own == id => Some((
            least.map_or(column.axis.least, RangeLimit::nearest),
            most.map_or(column.axis.most, RangeLimit::nearest),
        )),
        FilterCondition::OneOf { column: own, values } if own == id => {
            let names = column.categories.as_ref()?;
            let mut places = names.iter().enumerate().filter(|(_, name)| values.contains(name)).map(|(place, _)| place);
            let first = places.next()?;
            let last = places.next_back().unwrap_or(first);
            Some((first as f64 - 0.5, last as f64 + 0.5))
        }
        _ => None,
    }
}

impl ResultsPlot for ParallelPlot {
    fn track(&self) {
        self.state.view.track();
        self.state.selected.track();
        self.state.pointed_at.track();
    }

    fn with(&self, target: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(target, |parallel, _, _| show(parallel));
    }

    fn brush(&self, target: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        let (brush, id, column, range) = self.with_chart(target, |parallel, ids, columns| {
            let layout = parallel.axes(target.size, target.look);
            let axis = layout.nearest(from.0)?;
            let inside = |down: f64| down.clamp(layout.top_px, layout.bottom_px);
            let (one, other) = (inside(from.1), inside(to.1));
            let value = |down| parallel.columns[axis].axis.value(layout.place_at(down));
            let half_px = 8.0 * target.look.pixel_ratio;
            let brush =
                BrushRectangle { from: (layout.x_px[axis] - half_px, one), to: (layout.x_px[axis] + half_px, other) };
            Some((brush, ids[axis].clone(), columns[axis].clone().into_owned(), (value(one), value(other))))
        })??;
        select(self.state, &id, &column, range);
        Some(brush)
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let selected = self.state.selected.get();
        let reach_px = REACH_PX / 2.0 * target.look.pixel_ratio;
        let (row, ids) = self.with_chart(target, |parallel, ids, _| {
            let layout = parallel.axes(target.size, target.look);
            let row = parallel.nearest(&layout, at, reach_px, selected.as_plotted())?;
            Some((row, ids.to_vec()))
        })??;
        let words = self.state.data.with(|store| in_words(self.state, store, row, &ids));
        Some(PlotHit { words, row: Some(row) })
    }

    fn press(&self, target: DrawTarget, at: Place) {
        let axis = self.with_chart(target, |parallel, ids, _| {
            let layout = parallel.axes(target.size, target.look);
            layout.nearest(at.0).map(|axis| (ids[axis].clone(), (layout.x_px[axis] - at.0).abs()))
        });
        if let Some((id, distance_px)) = axis.flatten()
            && distance_px <= REACH_PX * target.look.pixel_ratio
        {
            self.state.clear(&id);
        } else if let Some(row) = self.find(target, at).and_then(|found| found.row) {
            self.state.opened.set(Some(row));
        }
    }

    fn hint(&self) -> &'static str {
        "Drag along an axis to select a range of it, press the axis to select all of it again, Escape to select nothing."
    }
}
