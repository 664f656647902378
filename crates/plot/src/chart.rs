//! The interface that every chart implements.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, DrawingBackend};

pub use crate::chart_size::ChartSize;
use crate::raster::{RasterBuffers, RasterImage};
use crate::scene::{ChartScene, LineOutcome, SceneLine};
use crate::svg::document;
use crate::theme::PlotTheme;

/// An image below and a scene above it.
pub trait Chart {
    /// Paints the image into `raster`, which can be used again and again. A chart without an image leaves `raster` empty.
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers);

    /// Returns axes, letters, bars and lines.
    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene;

    /// Describes in a sentence what the chart shows, for those who can't see it.
    fn summary(&self) -> String;
}

/// Draws the scene above the image, on an area of which every pixel is the chart's. Lines are drawn as [`ChartScene::draw`]
/// says.
///
/// # Errors
/// Returns the error of the backend.
pub fn draw<DB: DrawingBackend>(
    chart: &dyn Chart,
    area: &DrawingArea<DB, Shift>,
    look: &PlotTheme,
    draw_line: &dyn Fn(&SceneLine) -> LineOutcome,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let (width_px, height_px) = area.dim_in_pixel();
    chart.scene(ChartSize { width_px, height_px }, look).draw(area, draw_line)
}

/// Returns the whole chart as an SVG document. `encode` makes a data URI of an image, such as `data:image/png;base64,…`.
#[must_use]
pub fn svg(chart: &dyn Chart, size: ChartSize, look: &PlotTheme, encode: &dyn Fn(&RasterImage) -> String) -> String {
    let mut raster = RasterBuffers::default();
    chart.paint(size, look, &mut raster);
    document(size, look, raster.image(), &chart.scene(size, look), encode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlation::{CoefficientEstimate, CorrelationChart, CorrelationRow};
    use crate::curves::{Curve, CurveGaps, CurvesChart};
    use crate::field::{FieldChart, FieldValues};
    use crate::histogram::HistogramBins;
    use crate::matrix::ScatterMatrix;
    use crate::parallel::ParallelCoordinates;
    use crate::samples::{light, uniform};
    use crate::scatter::ScatterChart;
    use crate::timeline::{TimelineAttempt, TimelineAttempts, TimelineChart, TimelineOutcome, time_axis};
    use crate::{Axis, AxisScale, CaseMask, PlotColumn};

    /// Calls `look` with every chart, each of the same numbers.
    fn with_each(numbers: &[f64], look: impl Fn(&dyn Chart)) {
        let covering = |scale| Axis::covering("a", "b", scale, numbers);
        let linear = || covering(AxisScale::Linear);
        let along = |axis| PlotColumn::new(axis, numbers);
        let columns = || vec![along(linear()), along(covering(AxisScale::Logarithmic)), along(linear())];
        look(&ScatterChart {
            x: along(linear()),
            y: along(covering(AxisScale::Logarithmic)),
            selected: CaseMask::All,
            colour: Some(along(covering(AxisScale::Linear))),
            pointed_at: Some(0),
        });
        let every_other: Vec<bool> = (0..numbers.len()).map(|index| index % 2 == 0).collect();
        let selected = CaseMask::Flags(&every_other);
        look(&ScatterChart { x: along(linear()), y: along(linear()), selected, colour: None, pointed_at: None });
        look(&HistogramBins::of(numbers, &linear()).histogram(CaseMask::All));
        look(&ScatterMatrix { columns: columns(), selected: CaseMask::Flags(&[]), bar_range: None });
        look(&ScatterMatrix { columns: columns(), selected: CaseMask::All, bar_range: Some((0.0, 1.0)) });
        let brushes = vec![Some((0.2, 0.4))];
        look(&ParallelCoordinates { columns: columns(), selected: CaseMask::All, brushes, pointed_at: Some(0) });
        let curves = [Curve { x: numbers, y: numbers }];
        look(&CurvesChart {
            curves: &curves,
            selected: CaseMask::All,
            colour: None,
            x: linear(),
            y: linear(),
            band: None,
            gaps: CurveGaps::of(&curves, &linear(), &linear()),
            pointed_at: Some(0),
        });
        let values = FieldValues { x: numbers, y: numbers, response: numbers, selected: CaseMask::All };
        look(&FieldChart::of(&values, &linear(), &linear(), &linear(), (5, 5)));
        let half = CoefficientEstimate { value: 0.5, interval: (0.3, 0.7) };
        let row = CorrelationRow { label: "a".to_owned(), pearson: half, spearman: half, cases: 50, only_ranked: 0 };
        look(&CorrelationChart {
            response: "b".to_owned(),
            rows: vec![row; 3],
            needed_cases: 16,
            unordered: Vec::new(),
        });
        let attempt = |index: usize| {
            let (start, end) = (numbers[index], numbers[index] + 1.0);
            TimelineAttempt { lane: 0, start, end, outcome: TimelineOutcome::Failed, is_selected: true }
        };
        let attempts = TimelineAttempts { count: numbers.len(), at: &attempt };
        look(&TimelineChart { lanes: &["a".to_owned()], attempts, x: time_axis(attempts, 0.0) });
    }

    #[test]
    fn no_size_is_too_small_and_no_number_too_strange() {
        let strange = [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e308, -1e308, 0.0, -0.0, 5e-324];
        let mut raster = RasterBuffers::default();
        for numbers in [&uniform(50, 1)[..], &uniform(3_000, 1)[..], &strange, &strange[3..5], &[0.3], &[]] {
            let raster = std::cell::RefCell::new(&mut raster);
            with_each(numbers, |chart| {
                for side_px in [0, 1, 7, 60, 200] {
                    let size = ChartSize { width_px: side_px, height_px: side_px };
                    chart.paint(size, &light(), &mut raster.borrow_mut());
                    chart.scene(size, &light());
                    assert!(!chart.summary().is_empty());
                }
            });
        }
    }

    #[test]
    fn the_same_raster_paints_the_same_again() {
        let numbers = uniform(30_000, 1);
        let used = std::cell::RefCell::new(RasterBuffers::default());
        with_each(&numbers, |chart| {
            let (size, mut fresh) = (ChartSize { width_px: 150, height_px: 100 }, RasterBuffers::default());
            chart.paint(size, &light(), &mut fresh);
            chart.paint(size, &light(), &mut used.borrow_mut());
            assert_eq!(used.borrow().image(), fresh.image());
        });
    }
}
