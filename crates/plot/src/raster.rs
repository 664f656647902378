//! Images of many marks: pixels are counted first and coloured afterwards, so that no mark is left out.

mod dots;
mod flow;
mod lines;
mod points;
mod shade;

use plotters::style::RGBColor;

use crate::number::whole;

use flow::LineDensity;
pub(crate) use lines::{ImageLayer, LineColour};
pub(crate) use points::PlotPoints;

/// The largest image, in pixels a side.
const MAX_SIDE_PX: usize = 65_535;

/// Pixels, and their position on the drawing area.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RasterImage {
    /// Position of its left edge, from the left.
    pub left_px: usize,
    /// Position of its upper edge, from the top.
    pub top_px: usize,
    /// From left to right.
    pub width_px: usize,
    /// From top to bottom.
    pub height_px: usize,
    /// Red, green, blue and opacity of each pixel, row by row from the top.
    pub rgba: Vec<u8>,
}

/// Buffers that an image is painted with, used again by the next painting.
#[derive(Debug, Default)]
pub struct RasterBuffers {
    image: RasterImage,
    /// Marks by pixel, in colour and muted; 0 between two paintings.
    counts: Vec<u32>,
    muted: Vec<u32>,
    sums: Vec<f32>,
    votes: Vec<[u32; 2]>,
    flow: LineDensity,
    /// Number of lines through each bin of each column.
    passing: Vec<u64>,
    /// Buffers for small images that become part of this one.
    small: Option<Box<RasterBuffers>>,
}

impl RasterBuffers {
    /// Returns the image that was painted last.
    #[must_use]
    pub fn image(&self) -> &RasterImage {
        &self.image
    }

    /// Empties the image, and gives it a place and a size.
    pub(crate) fn begin_at(&mut self, corner: (f64, f64), size: (f64, f64)) {
        self.image.begin(corner, size);
    }

    pub(crate) fn image_mut(&mut self) -> &mut RasterImage {
        &mut self.image
    }

    /// Empties the image, and keeps its memory.
    pub(crate) fn empty(&mut self) {
        self.image = RasterImage { rgba: std::mem::take(&mut self.image.rgba), ..RasterImage::default() };
        self.image.rgba.clear();
    }
}

impl RasterImage {
    pub(crate) fn begin(&mut self, (left_px, top_px): (f64, f64), (width_px, height_px): (f64, f64)) {
        (self.left_px, self.top_px) = (whole(left_px), whole(top_px));
        self.width_px = whole(width_px).clamp(1, MAX_SIDE_PX);
        self.height_px = whole(height_px).clamp(1, MAX_SIDE_PX);
        self.rgba.clear();
        self.rgba.resize(4 * self.width_px * self.height_px, 0);
    }

    /// Fills a rectangle, as far as it lies in the image.
    pub(crate) fn fill(&mut self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>, colour: RGBColor) {
        let (first, last) = (columns.start.min(self.width_px), columns.end.min(self.width_px));
        for row in rows.start..rows.end.min(self.height_px) {
            let start = 4 * row * self.width_px;
            for pixel in self.rgba[start + 4 * first..start + 4 * last.max(first)].chunks_exact_mut(4) {
                pixel.copy_from_slice(&[colour.0, colour.1, colour.2, 255]);
            }
        }
    }

    /// Puts another image over this one.
    pub(crate) fn put(&mut self, other: &Self, column: usize, row: usize) {
        let width = other.width_px.min(self.width_px.saturating_sub(column));
        for (index, pixels) in other.rgba.chunks_exact(4 * other.width_px).enumerate() {
            if row + index < self.height_px {
                let start = 4 * ((row + index) * self.width_px + column);
                self.rgba[start..start + 4 * width].copy_from_slice(&pixels[..4 * width]);
            }
        }
    }

    /// Draws a vertical line below what is painted.
    pub(crate) fn line_down(&mut self, x_px: f64, thickness_px: f64, colour: RGBColor) {
        let first = whole(x_px).min(self.width_px - 1);
        for column in first..(first + whole(thickness_px)).min(self.width_px) {
            (0..self.height_px).for_each(|row| self.fill_empty(row * self.width_px + column, colour));
        }
    }

    /// Draws a horizontal line below what is painted.
    pub(crate) fn line_across(&mut self, y_px: f64, thickness_px: f64, colour: RGBColor) {
        let first = whole(y_px);
        for row in first..(first + whole(thickness_px)).min(self.height_px) {
            (0..self.width_px).for_each(|column| self.fill_empty(row * self.width_px + column, colour));
        }
    }

    fn fill_empty(&mut self, pixel: usize, colour: RGBColor) {
        let pixel = &mut self.rgba[4 * pixel..4 * pixel + 4];
        if pixel[3] == 0 {
            pixel.copy_from_slice(&[colour.0, colour.1, colour.2, 255]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_below_leaves_what_is_painted() {
        let mut image = RasterImage::default();
        image.begin((0.0, 0.0), (3.0, 2.0));
        image.fill(1..2, 0..9, RGBColor(1, 2, 3));
        image.line_across(0.0, 1.0, RGBColor(9, 9, 9));
        let reds: Vec<u8> = image.rgba.chunks_exact(4).map(|pixel| pixel[0]).collect();
        assert_eq!(reds, [9, 1, 9, 0, 1, 0]);
    }
}
