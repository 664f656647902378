//! Every case as a line through all of its factors and the response.

use cruncher_plot::Chart;
use cruncher_plot::parallel::Parallel;
use cruncher_results::column_id::ColumnId;
use cruncher_results::filter::{Condition, Limit};
use leptos::prelude::*;

use super::{REACH_PX, in_words, select, side_by_side};
use crate::results::columns::{OnAxis, Plotted, plotted, shown};
use crate::results::desk::Desk;
use crate::results::surface::{Brush, Found, Paper, Place, Plot};

/// An axis needs so much room, in pixels of the page.
const AXIS_PX: f64 = 48.0;

/// Every case as a line.
pub(crate) struct ParallelPlot {
    pub(crate) desk: Desk,
    /// How many factors there is room for.
    pub(crate) room: RwSignal<usize>,
}

impl ParallelPlot {
    fn look<T>(
        &self,
        Paper { size, look }: Paper,
        act: impl FnOnce(&Parallel, &[ColumnId], &[Plotted]) -> T,
    ) -> Option<T> {
        let desk = self.desk;
        let response = shown(desk)?.response;
        let selected = desk.selected.get();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten axes")]
        let most = (f64::from(size.width_px) / look.pixel_ratio / AXIS_PX) as usize;
        Some(desk.data.with(|store| {
            let ids = side_by_side(desk, store, &response, self.room, most);
            let columns: Vec<Plotted> = ids.iter().map(|id| plotted(desk, store, id)).collect();
            let on_axes: Vec<OnAxis> = columns.iter().map(|column| column.along(column.bare_axis())).collect();
            let view = desk.view.read();
            let brush = |(id, column): (&ColumnId, &Plotted)| {
                view.selection.conditions.iter().find_map(|condition| brushed(condition, id, column))
            };
            let parallel = Parallel {
                columns: on_axes.iter().map(OnAxis::column).collect(),
                selected: selected.as_plotted(),
                brushes: ids.iter().zip(&columns).map(brush).collect(),
                pointed_at: desk.pointed_at.get(),
            };
            act(&parallel, &ids, &columns)
        }))
    }
}

/// The part of an axis that a condition chooses.
#[expect(clippy::cast_precision_loss, reason = "there are some ten categories")]
fn brushed(condition: &Condition, id: &ColumnId, column: &Plotted) -> Option<(f64, f64)> {
    match condition {
        Condition::Range { column: own, least, most } if own == id => {
            Some((least.map_or(column.axis.least, Limit::nearest), most.map_or(column.axis.most, Limit::nearest)))
        }
        Condition::OneOf { column: own, values } if own == id => {
            let names = column.categories.as_ref()?;
            let mut places = names.iter().enumerate().filter(|(_, name)| values.contains(name)).map(|(place, _)| place);
            let first = places.next()?;
            let last = places.next_back().unwrap_or(first);
            Some((first as f64 - 0.5, last as f64 + 0.5))
        }
        _ => None,
    }
}

impl Plot for ParallelPlot {
    fn track(&self) {
        self.desk.view.track();
        self.desk.selected.track();
        self.desk.pointed_at.track();
    }

    fn with(&self, paper: Paper, show: &mut dyn FnMut(&dyn Chart)) {
        self.look(paper, |parallel, _, _| show(parallel));
    }

    fn brush(&self, paper: Paper, Brush { from, to }: Brush) -> Option<Brush> {
        let (brush, id, column, range) = self.look(paper, |parallel, ids, columns| {
            let rails = parallel.rails(paper.size, paper.look);
            let axis = rails.nearest(from.0)?;
            let inside = |down: f64| down.clamp(rails.top_px, rails.bottom_px);
            let (one, other) = (inside(from.1), inside(to.1));
            let value = |down| parallel.columns[axis].axis.value(rails.place_at(down));
            let half_px = 8.0 * paper.look.pixel_ratio;
            let brush = Brush { from: (rails.x_px[axis] - half_px, one), to: (rails.x_px[axis] + half_px, other) };
            Some((brush, ids[axis].clone(), columns[axis].clone().into_owned(), (value(one), value(other))))
        })??;
        select(self.desk, &id, &column, range);
        Some(brush)
    }

    fn find(&self, paper: Paper, at: Place) -> Option<Found> {
        let selected = self.desk.selected.get();
        let reach_px = REACH_PX / 2.0 * paper.look.pixel_ratio;
        let (row, ids) = self.look(paper, |parallel, ids, _| {
            let rails = parallel.rails(paper.size, paper.look);
            let row = parallel.nearest(&rails, at, reach_px, selected.as_plotted())?;
            Some((row, ids.to_vec()))
        })??;
        let words = self.desk.data.with(|store| in_words(self.desk, store, row, &ids));
        Some(Found { words, row: Some(row) })
    }

    fn press(&self, paper: Paper, at: Place) {
        let axis = self.look(paper, |parallel, ids, _| {
            let rails = parallel.rails(paper.size, paper.look);
            rails.nearest(at.0).map(|axis| (ids[axis].clone(), (rails.x_px[axis] - at.0).abs()))
        });
        if let Some((id, distance_px)) = axis.flatten()
            && distance_px <= REACH_PX * paper.look.pixel_ratio
        {
            self.desk.clear(&id);
        } else if let Some(row) = self.find(paper, at).and_then(|found| found.row) {
            self.desk.opened.set(Some(row));
        }
    }

    fn hint(&self) -> &'static str {
        "Drag along an axis to select a range of it, press the axis to select all of it again, Escape to select nothing."
    }
}
