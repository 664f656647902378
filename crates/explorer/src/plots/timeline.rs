//! Timeline: the worker and the time of each case.

use cruncher_browser::local_time::utc_offset_secs;
use cruncher_plot::Chart;
use cruncher_plot::timeline::{TimelineAttempt, TimelineAttempts, TimelineChart, TimelineOutcome, time_axis};
use cruncher_results::column_id::{CaseField, ColumnId};
use leptos::prelude::*;

use super::{REACH_PX, in_words, select};
use crate::columns::plotted;
use crate::results_state::ResultsState;
use crate::surface::{BrushRectangle, DrawTarget, Place, PlotHit, ResultsPlot};

/// The last attempt of each case, by worker and time.
pub(crate) struct TimelinePlot {
    pub(crate) state: ResultsState,
}

impl TimelinePlot {
    fn with_chart<T>(&self, look: impl FnOnce(&TimelineChart) -> T) -> T {
        let selected = self.state.settled.get_untracked();
        self.state.data.with(|store| {
            let (worker, done) = (store.field(CaseField::Worker), store.done());
            let (start, end) = (store.field(CaseField::StartTime), store.field(CaseField::EndTime));
            let workers = store.categories(worker);
            let mut lane_of = vec![0; workers.iter().map(|worker| worker.code as usize + 1).max().unwrap_or(1)];
            for (lane, worker) in workers.iter().enumerate() {
                lane_of[worker.code as usize] = lane;
            }
            let names: Vec<String> = workers.iter().map(|worker| worker.label.to_owned()).collect();
            let attempt = |row: usize| TimelineAttempt {
                lane: lane_of[worker.code(row) as usize],
                start: start.number(row),
                end: end.number(row),
                outcome: if done.contains(row) { TimelineOutcome::Done } else { TimelineOutcome::Failed },
                is_selected: selected.contains(row),
            };
            let attempts = TimelineAttempts { count: store.len(), at: &attempt };
            look(&TimelineChart { lanes: &names, attempts, x: time_axis(attempts, utc_offset_secs()) })
        })
    }
}

impl ResultsPlot for TimelinePlot {
    /// Follows the selection once it has settled: there may be a million attempts.
    fn track(&self) {
        self.state.settled.track();
    }

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|timeline| show(timeline));
    }

    fn brush(&self, target: DrawTarget, BrushRectangle { from, to }: BrushRectangle) -> Option<BrushRectangle> {
        let (brush, range) = self.with_chart(|timeline| {
            let frame = timeline.frame(target.size, target.look);
            let inside = |right: f64| right.clamp(frame.left_px, frame.right_px);
            let (left, right) = (inside(from.0), inside(to.0));
            let time = |right: f64| frame.values_at(right, frame.top_px).0;
            let brush = BrushRectangle { from: (left, frame.top_px), to: (right, frame.bottom_px) };
            (brush, (time(left), time(right)))
        });
        let id = ColumnId::Case(CaseField::EndTime);
        let column = self.state.data.with(|store| plotted(self.state, store, &id).into_owned());
        select(self.state, &id, &column, range);
        Some(brush)
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        let reach_px = REACH_PX / 2.0 * target.look.pixel_ratio;
        let row = self.with_chart(|timeline| timeline.nearest(target.size, target.look, at, reach_px))?;
        let ids = [CaseField::Worker, CaseField::State, CaseField::DurationSecs].map(ColumnId::Case);
        let words = self.state.data.with(|store| in_words(self.state, store, row, &ids));
        Some(PlotHit { words, row: Some(row) })
    }

    fn press(&self, target: DrawTarget, at: Place) {
        if let Some(row) = self.find(target, at).and_then(|found| found.row) {
            self.state.opened.set(Some(row));
        }
    }

    fn hint(&self) -> &'static str {
        "Drag to select what ended in that time, press a case to open it, Escape to select nothing."
    }
}
