//! What every chart can do.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingAreaErrorKind, DrawingBackend};

use crate::look::Look;
use crate::raster::{Image, Raster};
use crate::sheet::{LineOutcome, Sheet, SheetLine};
use crate::svg::document;

/// The size of what is drawn on, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width_px: u32,
    /// From top to bottom.
    pub height_px: u32,
}

/// An image below and a sheet above it.
pub trait Chart {
    /// Paints the image into `raster`, which can be used again and again. A chart that needs none leaves it empty.
    fn paint(&self, size: Size, look: &Look, raster: &mut Raster);

    /// Axes, letters, bars and lines.
    fn sheet(&self, size: Size, look: &Look) -> Sheet;

    /// What there is to be seen, in a sentence, for those who can't see it.
    fn summary(&self) -> String;
}

/// Draws what stands above the image, on an area of which every pixel is the chart's; lines as [`Sheet::draw`] says.
///
/// # Errors
/// If the backend does.
pub fn draw<DB: DrawingBackend>(
    chart: &dyn Chart,
    area: &DrawingArea<DB, Shift>,
    look: &Look,
    draw_line: &dyn Fn(&SheetLine) -> LineOutcome,
) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
    let (width_px, height_px) = area.dim_in_pixel();
    chart.sheet(Size { width_px, height_px }, look).draw(area, draw_line)
}

/// The whole chart as an SVG document. `encode` makes a data URI of an image, such as `data:image/png;base64,…`.
#[must_use]
pub fn svg(chart: &dyn Chart, size: Size, look: &Look, encode: &dyn Fn(&Image) -> String) -> String {
    let mut raster = Raster::default();
    chart.paint(size, look, &mut raster);
    document(size, look, raster.image(), &chart.sheet(size, look), encode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correlation::{CoefficientEstimate, Correlation, Row};
    use crate::curves::{Curve, CurveGaps, Curves};
    use crate::field::{Field, Values};
    use crate::histogram::Bins;
    use crate::matrix::Matrix;
    use crate::parallel::Parallel;
    use crate::samples::{light, uniform};
    use crate::scatter::Scatter;
    use crate::timeline::{Attempt, Attempts, Outcome, Timeline, time_axis};
    use crate::{Axis, Column, Mask, Scale};

    /// Every chart, of the same numbers.
    fn with_each(numbers: &[f64], look: impl Fn(&dyn Chart)) {
        let covering = |scale| Axis::covering("a", "b", scale, numbers);
        let linear = || covering(Scale::Linear);
        let along = |axis| Column::new(axis, numbers);
        let columns = || vec![along(linear()), along(covering(Scale::Logarithmic)), along(linear())];
        look(&Scatter {
            x: along(linear()),
            y: along(covering(Scale::Logarithmic)),
            selected: Mask::All,
            colour: Some(along(covering(Scale::Linear))),
            pointed_at: Some(0),
        });
        let every_other: Vec<bool> = (0..numbers.len()).map(|index| index % 2 == 0).collect();
        let selected = Mask::Flags(&every_other);
        look(&Scatter { x: along(linear()), y: along(linear()), selected, colour: None, pointed_at: None });
        look(&Bins::of(numbers, &linear()).histogram(Mask::All));
        look(&Matrix { columns: columns(), selected: Mask::Flags(&[]) });
        let brushes = vec![Some((0.2, 0.4))];
        look(&Parallel { columns: columns(), selected: Mask::All, brushes, pointed_at: Some(0) });
        let curves = [Curve { x: numbers, y: numbers }];
        look(&Curves {
            curves: &curves,
            selected: Mask::All,
            colour: None,
            x: linear(),
            y: linear(),
            band: None,
            gaps: CurveGaps::of(&curves, &linear(), &linear()),
            pointed_at: Some(0),
        });
        let values = Values { x: numbers, y: numbers, response: numbers, selected: Mask::All };
        look(&Field::of(&values, &linear(), &linear(), &linear(), (5, 5)));
        let half = CoefficientEstimate { value: 0.5, interval: (0.3, 0.7) };
        let row = Row { label: "a".to_owned(), pearson: half, spearman: half, cases: 50, only_ranked: 0 };
        look(&Correlation { response: "b".to_owned(), rows: vec![row; 3], needed_cases: 16 });
        let attempt = |index: usize| {
            let (start, end) = (numbers[index], numbers[index] + 1.0);
            Attempt { lane: 0, start, end, outcome: Outcome::Failed }
        };
        let attempts = Attempts { count: numbers.len(), at: &attempt };
        look(&Timeline { lanes: &["a".to_owned()], attempts, x: time_axis(attempts, 0.0) });
    }

    #[test]
    fn no_size_is_too_small_and_no_number_too_strange() {
        let strange = [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e308, -1e308, 0.0, -0.0, 5e-324];
        let mut raster = Raster::default();
        for numbers in [&uniform(50, 1)[..], &uniform(3_000, 1)[..], &strange, &strange[3..5], &[0.3], &[]] {
            let raster = std::cell::RefCell::new(&mut raster);
            with_each(numbers, |chart| {
                for side_px in [0, 1, 7, 60, 200] {
                    let size = Size { width_px: side_px, height_px: side_px };
                    chart.paint(size, &light(), &mut raster.borrow_mut());
                    chart.sheet(size, &light());
                    assert!(!chart.summary().is_empty());
                }
            });
        }
    }

    #[test]
    fn the_same_raster_paints_the_same_again() {
        let numbers = uniform(30_000, 1);
        let used = std::cell::RefCell::new(Raster::default());
        with_each(&numbers, |chart| {
            let (size, mut fresh) = (Size { width_px: 150, height_px: 100 }, Raster::default());
            chart.paint(size, &light(), &mut fresh);
            chart.paint(size, &light(), &mut used.borrow_mut());
            assert_eq!(used.borrow().image(), fresh.image());
        });
    }
}
