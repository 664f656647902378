//! A curve of a single case.

use std::sync::Arc;

use cruncher_plot::curves::{Curve, CurveGaps, CurvesChart};
use cruncher_plot::{Axis, AxisScale, CaseMask, Chart};
use cruncher_study::number_format::significant;

use super::REACH_PX;
use crate::results_state::ResultsState;
use crate::state::shown_document::{ArrayLine, ShownDocument};
use crate::surface::{DrawTarget, Place, PlotHit, ResultsPlot};

/// Plot of one of the arrays that a case left.
pub(crate) struct OwnCurvePlot {
    pub(crate) ended: Arc<ShownDocument>,
    pub(crate) index: usize,
}

/// Returns a name without the objects that it stands in.
fn own_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl OwnCurvePlot {
    fn with_chart<T>(&self, look: impl FnOnce(&CurvesChart, &ArrayLine) -> T) -> Option<T> {
        let line = self.ended.lines.get(self.index)?;
        let over = line.over.as_deref().map_or("place", own_name);
        let curves = [Curve { x: &line.x, y: &line.y }];
        let x = Axis::covering(over, "", AxisScale::Linear, &line.x);
        let y = Axis::covering(own_name(&line.name), "", AxisScale::Linear, &line.y);
        let gaps = CurveGaps::of(&curves, &x, &y);
        let selected = CaseMask::All;
        let curves = CurvesChart { curves: &curves, selected, colour: None, x, y, band: None, gaps, pointed_at: None };
        Some(look(&curves, line))
    }
}

impl ResultsPlot for OwnCurvePlot {
    /// Tracks nothing: the plot shows its case, whatever is selected.
    fn track(&self) {}

    fn with(&self, _paper: DrawTarget, show: &mut dyn FnMut(&dyn Chart)) {
        self.with_chart(|curves, _| show(curves));
    }

    fn find(&self, target: DrawTarget, at: Place) -> Option<PlotHit> {
        self.with_chart(|curves, line| {
            let frame = curves.frame(target.size, target.look);
            let away = |(x, y): (&f64, &f64)| {
                let place = frame.pixel_of(*x, *y);
                (place.0 - at.0).hypot(place.1 - at.1)
            };
            let points = line.x.iter().zip(&line.y).filter(|(_, y)| !y.is_nan());
            let nearest = points.min_by(|one, other| away(*one).total_cmp(&away(*other)))?;
            let is_near = away(nearest) < 2.0 * REACH_PX * target.look.pixel_ratio;
            let words = |name: &str, value: f64| format!("{} {}", own_name(name), significant(value));
            let over = line.over.as_deref().unwrap_or("place");
            is_near.then(|| PlotHit { words: vec![words(&line.name, *nearest.1), words(over, *nearest.0)], row: None })
        })?
    }

    /// Leaves the selection as it is: this is not where cases are selected.
    fn unselect(&self, _state: ResultsState) {}
}
