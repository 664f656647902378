//! Lines: the part of each pixel that they cover, counted in sixteenths.

use super::RasterBuffers;
use super::flow::{self, Both};
use super::points::refill;
use super::shade::{CountColours, opaque};
use crate::column::PlotColumn;
use crate::number::{real, whole};
use crate::scene::Place;
use crate::theme::{PlotTheme, blend};
use crate::window::PixelRect;

/// Count of a pixel that one line covers.
pub(super) const WHOLE: u32 = 16;

/// The two layers of an image; each line belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageLayer {
    Muted,
    Data,
}

/// Source of a line's colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum LineColour {
    /// A place in the look's sequence, from 0 to 1.
    Level(f32),
    /// A category.
    Category(u32),
}

impl ImageLayer {
    /// Returns the count of one line in this layer.
    fn line(self) -> Both {
        match self {
            Self::Muted => flow::MUTED,
            Self::Data => flow::DATA,
        }
    }
}

impl RasterBuffers {
    /// Prepares for lines.
    pub(crate) fn begin_lines(&mut self) {
        let pixels = self.image.width_px * self.image.height_px;
        self.counts.resize(pixels, 0);
        self.muted.resize(pixels, 0);
    }

    /// Counts up the pixels that a line covers, as far as it lies in the image; its end belongs to the line that goes on from
    /// there. Places are pixels of the image.
    pub(crate) fn count_line(&mut self, layer: ImageLayer, from: Place, to: Place) {
        let size = (self.image.width_px, self.image.height_px);
        let counts = match layer {
            ImageLayer::Muted => &mut self.muted,
            ImageLayer::Data => &mut self.counts,
        };
        each_part(size, (from, to), |pixel, part| counts[pixel] += part);
    }

    /// Prepares for lines with colours of their own, after [`RasterBuffers::begin_lines`].
    pub(crate) fn begin_tints(&mut self) {
        let pixels = self.image.width_px * self.image.height_px;
        refill(&mut self.sums, pixels, 0.0);
        refill(&mut self.votes, pixels, [0, 0]);
    }

    /// Counts up a line with a colour of its own, in the layer of the data, as [`RasterBuffers::count_line`] does.
    #[expect(clippy::cast_precision_loss, reason = "sixteenths")]
    pub(crate) fn count_tinted_line(&mut self, tint: LineColour, from: Place, to: Place) {
        let size = (self.image.width_px, self.image.height_px);
        let (counts, sums, votes) = (&mut self.counts, &mut self.sums, &mut self.votes);
        each_part(size, (from, to), |pixel, part| {
            counts[pixel] += part;
            match tint {
                LineColour::Level(level) => sums[pixel] += level * part as f32,
                LineColour::Category(category) => vote(&mut votes[pixel], category, part),
            }
        });
    }

    /// Prepares for flows of lines between bins of the image's height.
    pub(crate) fn begin_flows(&mut self, bins: usize) {
        refill(&mut self.passing, bins * self.image.width_px, 0);
    }

    /// Adds up lines across some columns of the image, from bin to bin of its height; the lowest bin is the first.
    pub(crate) fn add_flow(
        &mut self,
        lines: impl Iterator<Item = (usize, usize, ImageLayer)>,
        columns: std::ops::Range<usize>,
    ) {
        let width = self.image.width_px;
        self.flow.begin(self.passing.len() / width);
        lines.for_each(|(start, end, layer)| self.flow.add(start, end, layer.line()));
        self.flow.columns(columns.len(), &mut |column, bins| {
            let column = columns.start + column;
            for (to, passing) in self.passing.iter_mut().skip(column).step_by(width).zip(bins) {
                *to += passing;
            }
        });
    }

    /// Colours each pixel by the lines that flow through it; a pixel between two bins is weighted by its distance from them.
    pub(crate) fn shade_flows(&mut self, look: &PlotTheme) {
        let (width, most) =
            (self.image.width_px, |half: fn(u64) -> u64| self.passing.iter().map(|both| half(*both)).max());
        let most =
            [most(|both| both & LOWER), most(|both| both >> 32)].map(|most| WHOLE * saturated(most.unwrap_or(0)));
        let muted = CountColours::up_to(most[0], WHOLE, look.background, look.muted);
        let shades = CountColours::up_to(most[1], WHOLE, look.background, look.data);
        let rows = rows(self.image.height_px, self.passing.len() / width);
        for ((low, high, share), row) in rows.into_iter().zip(self.image.rgba.chunks_exact_mut(4 * width)) {
            let bins = self.passing[low * width..].iter().zip(&self.passing[high * width..]);
            for (rgba, (low, high)) in row.chunks_exact_mut(4).zip(bins).filter(|(_, (low, high))| **low | **high > 0) {
                let count = |low: Both, high: Both| (WHOLE - share) * saturated(low) + share * saturated(high);
                match (count(low >> 32, high >> 32), count(low & LOWER, high & LOWER)) {
                    (0, 0) => {}
                    (0, count) => rgba.copy_from_slice(&muted.of_count(count)),
                    (count, _) => rgba.copy_from_slice(&shades.of_count(count)),
                }
            }
        }
    }

    /// Colours the pixels that were counted.
    pub(crate) fn shade_lines(&mut self, look: &PlotTheme) {
        let muted = CountColours::of_parts(&self.muted, WHOLE, look.background, look.muted);
        let shades = CountColours::of_parts(&self.counts, WHOLE, look.background, look.data);
        self.fill_pixels(&muted, |_, count| shades.of_count(count));
    }
}

impl RasterBuffers {
    /// Colours the pixels that were counted, by the colours of the lines: a pixel has the mean place of the lines in a
    /// sequence, or the category of more than half of the parts that cover it, as strongly as it is covered.
    #[expect(clippy::cast_precision_loss, reason = "a colour has fewer digits")]
    pub(crate) fn shade_tinted_lines(&mut self, colour: &PlotColumn, look: &PlotTheme) {
        let muted = CountColours::of_parts(&self.muted, WHOLE, look.background, look.muted);
        let (sums, votes) = (std::mem::take(&mut self.sums), std::mem::take(&mut self.votes));
        self.fill_pixels(&muted, |pixel, count| {
            let own = if colour.is_named() {
                look.of_category(votes[pixel][0])
            } else {
                look.of_place(f64::from(sums[pixel] / count as f32))
            };
            opaque(blend(look.background, own, (f64::from(count) / f64::from(WHOLE)).min(1.0)))
        });
        (self.sums, self.votes) = (sums, votes);
    }
}

/// Takes part in the vote of Boyer and Moore, with `votes` votes at once: a category with more than half of them remains.
#[inline]
fn vote(seat: &mut [u32; 2], category: u32, votes: u32) {
    *seat = match *seat {
        [holder, lead] if holder == category => [holder, lead + votes],
        [holder, lead] if lead > votes => [holder, lead - votes],
        [_, lead] => [category, votes - lead],
    };
}

/// The lower half of the bits.
const LOWER: Both = (1 << 32) - 1;

#[expect(clippy::cast_possible_truncation, reason = "half of the bits")]
fn saturated(half: Both) -> u32 {
    half.min(u64::from(u32::MAX / WHOLE)) as u32
}

/// Returns for each row, from the uppermost on, the two bins between which its middle lies, and the weight of the upper one in
/// sixteenths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sixteenths")]
fn rows(height: usize, bins: usize) -> Vec<(usize, usize, u32)> {
    let of_row = |row: usize| {
        let place = (1.0 - (real(row) + 0.5) / real(height)) * real(bins) - 0.5;
        let place = place.clamp(0.0, real(bins - 1));
        (whole(place), (whole(place) + 1).min(bins - 1), (place.fract() * f64::from(WHOLE)) as u32)
    };
    (0..height).map(of_row).collect()
}

/// Calls `add` with each pixel of an image and the part of it that a line covers, in sixteenths.
#[inline]
fn each_part((width, height): (usize, usize), (from, to): (Place, Place), add: impl FnMut(usize, u32)) {
    let window = PixelRect::between((0.0, 0.0), (real(width), real(height)));
    let Some((from, to)) = window.clipped(from, to) else { return };
    if (to.0 - from.0).abs() >= (to.1 - from.1).abs() {
        along(from, to, (1, width), (width, height), add);
    } else {
        along((from.1, from.0), (to.1, to.0), (width, 1), (height, width), add);
    }
}

/// Goes from one place to another along the first coordinate, pixel by pixel, and shares each between two neighbours. `strides`
/// are those of the two coordinates in the image, and `lengths` the number of pixels of each.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within an image")]
#[inline]
fn along(from: Place, to: Place, strides: (usize, usize), lengths: (usize, usize), mut add: impl FnMut(usize, u32)) {
    /// Parts of a pixel: whole numbers are faster.
    const PARTS: f64 = 65_536.0;
    let (from, to) = if from.0 <= to.0 { (from, to) } else { (to, from) };
    let slope = if to.0 > from.0 { (to.1 - from.1) / (to.0 - from.0) } else { 0.0 };
    // The pixels are those whose middle lies between the ends.
    let (first, last) = (whole(from.0 + 0.5), whole(to.0 + 0.5).min(lengths.0));
    // One is added, so that the number is never negative.
    let mut across = ((from.1 + (real(first) + 0.5 - from.0) * slope + 0.5) * PARTS) as i64;
    let step = (slope * PARTS) as i64;
    for pixel in first..last {
        let (low, upper) = ((across >> 16) as usize, (across >> 12 & 15) as u32);
        let start = pixel * strides.0;
        if low >= 1 && low <= lengths.1 {
            add(start + (low - 1) * strides.1, WHOLE - upper);
        }
        if low < lengths.1 {
            add(start + low * strides.1, upper);
        }
        across += step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(from: Place, to: Place) -> Vec<u32> {
        let mut raster = RasterBuffers::default();
        raster.image.begin((0.0, 0.0), (6.0, 4.0));
        raster.begin_lines();
        raster.count_line(ImageLayer::Data, from, to);
        raster.counts
    }

    #[test]
    fn a_line_covers_as_many_pixels_as_it_is_long() {
        assert_eq!(covered((0.0, 1.5), (6.0, 1.5))[6..12], [WHOLE; 6]);
        for (from, to, length) in
            [((0.0, 0.5), (6.0, 3.5), 6), ((3.0, 0.0), (2.0, 4.0), 4), ((5.0, 2.0), (1.0, 2.0), 4)]
        {
            let sum: u32 = covered(from, to).iter().sum();
            assert!(sum.abs_diff(length * WHOLE) <= 2 * WHOLE / 3, "{from:?} {to:?} {sum}");
        }
    }

    #[test]
    fn a_pixel_has_the_mean_of_its_lines_or_the_category_of_most() {
        let look = crate::samples::light();
        let pixel = |colour: &PlotColumn, tints: &[LineColour]| -> [u8; 4] {
            let mut raster = RasterBuffers::default();
            raster.image.begin((0.0, 0.0), (6.0, 4.0));
            raster.begin_lines();
            raster.begin_tints();
            for tint in tints {
                raster.count_tinted_line(*tint, (0.0, 1.5), (6.0, 1.5));
            }
            raster.shade_tinted_lines(colour, &look);
            raster.image.rgba[24..28].try_into().unwrap()
        };
        let axis = crate::axis::Axis::covering("", "", crate::axis::AxisScale::Linear, &[0.0, 1.0]);
        let numbers = PlotColumn::new(axis, &[]);
        let levels = [0.25, 0.75, 0.5].map(LineColour::Level);
        assert_eq!(pixel(&numbers, &levels), opaque(look.of_place(0.5)));
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let categories = PlotColumn::new(crate::axis::Axis::of_categories("", names), &[]);
        assert_eq!(pixel(&categories, &[2, 1, 2].map(LineColour::Category)), opaque(look.of_category(2)));
        assert_eq!(pixel(&categories, &[]), [0; 4]);
    }

    #[test]
    fn what_lies_outside_is_cut() {
        assert_eq!(covered((-1e12, 1.5), (1e12, 1.5))[6..12], [WHOLE; 6]);
        assert_eq!(covered((-5.0, 9.0), (9.0, 9.0)), [0; 24]);
        assert_eq!(covered((0.0, f64::NAN), (6.0, 1.0)), [0; 24]);
        assert_eq!(covered((0.0, 1.0), (f64::INFINITY, 1.0)), [0; 24]);
    }
}
