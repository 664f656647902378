//! Dots that can be told from one another, as long as they are few.

use super::RasterBuffers;
use super::points::PlotPoints;
use crate::number::{channel, real, whole};
use crate::theme::PlotTheme;
use plotters::style::RGBColor;

/// The radius of a dot on the page, in its pixels, by the maximum number of points that have it.
const RADII_PX: [(usize, f64); 5] = [(50, 4.0), (300, 3.5), (1_500, 2.75), (6_000, 2.0), (usize::MAX, 1.4)];

/// Length of an image's shorter side on the page below which dots are smaller, and the least factor for them.
const USUAL_SIDE_PX: f64 = 160.0;
const SMALLEST: f64 = 0.5;

/// Opacity of a dot: places where dots lie on one another are darker.
const OPACITY: f64 = 0.8;
/// Opacity of dots whose colours have a meaning: these are mixed less.
const OPACITY_OF_COLOUR: f64 = 0.95;

/// The shape of a dot: the share of each pixel of a square that it covers.
pub(super) struct DotShape {
    reach: usize,
    coverage: Vec<f64>,
}

impl DotShape {
    /// Returns the dot for one of `points` points in an image whose shorter side has `side_px` pixels.
    pub(super) fn of(points: usize, side_px: usize, look: &PlotTheme) -> Self {
        let share = (real(side_px) / look.pixel_ratio / USUAL_SIDE_PX).clamp(SMALLEST, 1.0);
        let radius = RADII_PX.iter().find(|(most, _)| points <= *most).map_or(1.0, |(_, radius)| *radius);
        let radius = (radius * share).max(1.0) * look.pixel_ratio;
        let reach = whole(radius + 0.5);
        let offset = |index: usize| real(index) - real(reach);
        let side = 2 * reach + 1;
        let distance = |index: usize| offset(index % side).hypot(offset(index / side));
        let coverage = (0..side * side).map(|index| (radius + 0.5 - distance(index)).clamp(0.0, 1.0)).collect();
        Self { reach, coverage }
    }
}

impl RasterBuffers {
    /// Paints a dot for each point, muted ones first.
    pub(super) fn paint_dots(&mut self, points: &PlotPoints, dot: &DotShape, look: &PlotTheme) {
        let size = (self.image.width_px, self.image.height_px);
        let colour = |index: usize| colour_of(points, index, look).filter(|_| points.selected.contains(index));
        for (_, column, row) in points.pixels(size).filter(|(index, ..)| colour(*index).is_none()) {
            self.paint_dot(dot, (column, row), look.muted, OPACITY, look.background);
        }
        let opacity = if points.colour.is_none() { OPACITY } else { OPACITY_OF_COLOUR };
        for (index, column, row) in points.pixels(size) {
            if let Some(colour) = colour(index) {
                self.paint_dot(dot, (column, row), colour, opacity, look.background);
            }
        }
    }

    fn paint_dot(
        &mut self,
        dot: &DotShape,
        (column, row): (usize, usize),
        colour: RGBColor,
        opacity: f64,
        ground: RGBColor,
    ) {
        let side = 2 * dot.reach + 1;
        for (index, coverage) in dot.coverage.iter().enumerate().filter(|(_, coverage)| **coverage > 0.0) {
            let x = (column + index % side).wrapping_sub(dot.reach);
            let y = (row + index / side).wrapping_sub(dot.reach);
            if x < self.image.width_px && y < self.image.height_px {
                let start = 4 * (y * self.image.width_px + x);
                cover(&mut self.image.rgba[start..start + 4], colour, coverage * opacity, ground);
            }
        }
    }
}

/// Returns the colour of a point; `None` if it has no value.
fn colour_of(points: &PlotPoints, index: usize, look: &PlotTheme) -> Option<RGBColor> {
    match points.colour {
        None => Some(look.data),
        Some(column) if column.is_named() => column.category(index).map(|category| look.of_category(category)),
        Some(column) => column.level(index).map(|level| look.of_place(f64::from(level))),
    }
}

/// Covers a share of a pixel. An empty pixel has the colour of the ground.
pub(super) fn cover(pixel: &mut [u8], colour: RGBColor, share: f64, ground: RGBColor) {
    let below = if pixel[3] == 0 { [ground.0, ground.1, ground.2] } else { [pixel[0], pixel[1], pixel[2]] };
    for (below, (to, above)) in below.into_iter().zip(pixel.iter_mut().zip([colour.0, colour.1, colour.2])) {
        *to = channel(f64::from(below) + (f64::from(above) - f64::from(below)) * share);
    }
    pixel[3] = 255;
}
