//! Scatter matrix: all columns against one another.

use cruncher_plot::Chart;
use cruncher_plot::matrix::ScatterMatrix;
use cruncher_results::column_id::ColumnId;
use leptos::prelude::*;

use super::side_by_side;
use crate::columns::{OnAxis, PlottedColumn, plotted, shown};
use crate::results_state::ResultsState;
use crate::surface::{DrawTarget, Place, PlotHit, ResultsPlot};

/// Room that a cell needs, in pixels of the page: to the right, and down.
const CELL_PX: (f64, f64) = (48.0, 40.0);

/// Scatter matrix: all columns against one another.
pub(crate) struct MatrixPlot {
    pub(crate) state: ResultsState,
    /// Number of factors that there is room for.
    pub(crate) room: RwSignal<usize>,
}

impl MatrixPlot {
    fn with_chart<T>(
        &self,
        DrawTarget { size, look }: DrawTarget,
        act: impl FnOnce(&ScatterMatrix, &[ColumnId]) -> T,
    ) -> Option<T> {
        let state = self.state;
        let response = shown(state)?.response;
        let selected = state.selected.get();
        let most = (f64::from(size.width_px) / CELL_PX.0).min(f64::from(size.height_px) / CELL_PX.1) / look.pixel_ratio;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some ten cells")]
        let most = most as usize;
        Some(state.data.with(|store| {
            let ids = side_by_side(state, store, &response, self.room, most);
            let columns: Vec<PlottedColumn> = ids.iter().map(|id| plotted(state, store, id)).collect();
            let on_axes: Vec<OnAxis> = columns.iter().map(PlottedColumn::on_axis).collect();
            let matrix = ScatterMatrix {
                columns: on_axes.iter().map(OnAxis::column).collect(),
                selected: selected.as_plotted(),
                bar_range: None,
            };
            act(&matrix, &ids)
        }))
    }

    fn pair_at(&self, target: DrawTarget, at: Place) -> Option<(ColumnId, ColumnId)> {
        self.with_chart(target, |matrix, ids| {
            let (column, row) = matrix.cell_at(target.size, target.look, at.0, at.1)?;
            Some((ids[column].clone(), ids[row].clone()))
        })?
    }
}

impl ResultsPlot for MatrixPlot {
    fn track(&self) {
        self.state.view.track();
        self.state.selected.track();
    }

    fn with(&self, target: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(target, |matrix, _| show(matrix));
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let (column, row) = self.pair_at(target, at)?;
        let words = if column == row {
            vec![column.name().to_owned()]
        } else {
            vec![format!("{} against {}", row.name(), column.name()), "press to enlarge".to_owned()]
        };
        Some(PlotHit { words, row: None })
    }

    fn press(&self, target: DrawTarget, at: Place) {
        if let Some((column, row)) = self.pair_at(target, at).filter(|(column, row)| column != row) {
            self.state.view.update(|view| {
                view.factor = Some(column);
                match row {
                    ColumnId::Response(_) => view.response = Some(row),
                    other => view.second = Some(other),
                }
                view.zoom = None;
            });
        }
    }

    fn hint(&self) -> &'static str {
        "Press a cell to see it larger."
    }
}
