//! Points: located, counted by pixel, coloured.

use super::dots::Dot;
use super::{Image, NOWHERE, Raster};
use crate::axis::{Axis, Mapping};
use crate::drawn::Drawn;
use crate::frame::Frame;
use crate::look::Look;
use crate::mask::Mask;
use crate::number::{real, whole};

/// With so many points in sight or fewer, each is a dot of its own,
const MOST_DOTS: usize = 20_000;
/// if there are so many pixels for each.
const LEAST_PIXELS: usize = 40;

/// How many pixels may be counted up in all; with few points each takes several.
const MOST_COUNTED_UP: f64 = 2e6;
/// But not more than this, on the page.
const MOST_WIDTH_PX: f64 = 1.6;

/// What gives points their colour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Colour<'a> {
    /// Nothing: where many are it is darker, by the logarithm of their number.
    #[default]
    Plain,
    /// A value each; its place on the axis is a place in the look's sequence. A pixel has the mean of its points' places.
    Values(&'a [f64], &'a Axis),
    /// A category each, counted from 0; [`u32::MAX`] is none. A pixel has that of more than half of its points; if there is
    /// none such, one of theirs.
    Categories(&'a [u32], &'a [String]),
}

/// Points of a plane, by column; the i-th case is the i-th number of every slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Points<'a> {
    /// From left to right.
    pub x: &'a [f64],
    /// From bottom to top.
    pub y: &'a [f64],
    /// Which points are in colour; the others lie below them.
    pub selected: Mask<'a>,
    /// Which colour.
    pub colour: Colour<'a>,
}

impl Raster {
    /// Paints points onto the emptied image of a frame's rectangle.
    pub(crate) fn paint_points(&mut self, points: &Points, frame: &Frame, look: &Look) -> Drawn {
        let (width, height) = frame.size_px();
        self.paint_mapped(points, (frame.x.mapping(width), frame.y.mapping(height)), look)
    }

    /// Paints points of which both coordinates lie between 0 and 1 in a small image, and that over this one.
    pub(crate) fn paint_small(&mut self, points: &Points, corner: (usize, usize), size: (f64, f64), look: &Look) {
        let mut small = self.small.take().unwrap_or_default();
        small.begin_at((0.0, 0.0), size);
        let mapping = |factor| Mapping { is_logarithmic: false, offset: 0.0, factor };
        small.paint_mapped(points, (mapping(size.0), mapping(size.1)), look);
        self.image.put(&small.image, corner.0, corner.1);
        self.small = Some(small);
    }

    fn paint_mapped(&mut self, points: &Points, (x, y): (Mapping, Mapping), look: &Look) -> Drawn {
        let mut drawn = self.locate(points, x, y);
        let Image { width_px, height_px, .. } = self.image;
        if drawn.shown <= MOST_DOTS.min(width_px * height_px / LEAST_PIXELS) {
            let dot = Dot::of(drawn.shown, width_px.min(height_px), look);
            drawn.uncoloured = self.paint_dots(points, &dot, look);
        } else {
            let room = MOST_COUNTED_UP.min(real(width_px * height_px));
            let dot_px = (room / real(drawn.shown)).sqrt();
            let dot_px = whole(dot_px.min((MOST_WIDTH_PX * look.pixel_ratio).round())).max(1);
            drawn.uncoloured = self.count(points, dot_px);
            self.shade(points.colour, look);
        }
        drawn
    }

    /// Finds the pixel of each point.
    fn locate(&mut self, points: &Points, x: Mapping, y: Mapping) -> Drawn {
        let (width, height) = (self.image.width_px, self.image.height_px);
        let (most_x, most_y) = (real(width), real(height));
        let (last_column, last_row) = (width - 1, height - 1);
        let mut drawn = Drawn::default();
        self.places.clear();
        self.places.extend(points.x.iter().zip(points.y).map(|(x_value, y_value)| {
            let (right, up) = (x.place(*x_value), y.place(*y_value));
            if right >= 0.0 && right <= most_x && up >= 0.0 && up <= most_y {
                drawn.shown += 1;
                let (column, row) = (whole(right).min(last_column), last_row - whole(up).min(last_row));
                return place(column, row);
            }
            if x_value.is_nan() || y_value.is_nan() {
                drawn.missing += 1;
            } else {
                drawn.outside += 1;
            }
            NOWHERE
        }));
        drawn
    }

    /// Counts the points of each pixel, and says how many of those that are selected have no colour.
    fn count(&mut self, points: &Points, dot_px: usize) -> usize {
        let pixels = self.image.width_px * self.image.height_px;
        refill(&mut self.counts, pixels, 0);
        let has_muted = points.selected != Mask::All || points.colour != Colour::Plain;
        refill(&mut self.muted, if has_muted { pixels } else { 0 }, 0);
        match points.colour {
            Colour::Plain => self.count_each(points.selected, dot_px, |_, _, _| true),
            Colour::Values(values, axis) => {
                let mapping = axis.mapping(1.0);
                let mut sums = std::mem::take(&mut self.sums);
                refill(&mut sums, pixels, 0.0);
                let uncoloured = self.count_each(points.selected, dot_px, |index, stamp, width| {
                    let place = values.get(index).map_or(f64::NAN, |value| mapping.place(*value));
                    let is_coloured = place.is_finite();
                    if is_coloured {
                        let place = level(place);
                        stamp.pixels(width, |pixel| sums[pixel] += place);
                    }
                    is_coloured
                });
                self.sums = sums;
                uncoloured
            }
            Colour::Categories(categories, _) => {
                let mut votes = std::mem::take(&mut self.votes);
                refill(&mut votes, pixels, [0, 0]);
                let uncoloured = self.count_each(points.selected, dot_px, |index, stamp, width| {
                    let category = categories.get(index).copied().unwrap_or(u32::MAX);
                    if category != u32::MAX {
                        stamp.pixels(width, |pixel| vote(&mut votes[pixel], category));
                    }
                    category != u32::MAX
                });
                self.votes = votes;
                uncoloured
            }
        }
    }

    /// Counts up the pixels of every point; those of which `colour` says no, and those that aren't selected, as muted.
    fn count_each(
        &mut self,
        selected: Mask,
        dot_px: usize,
        mut colour: impl FnMut(usize, Stamp, usize) -> bool,
    ) -> usize {
        let (width, height) = (self.image.width_px, self.image.height_px);
        let mut uncoloured = 0;
        for (index, place) in self.places.iter().enumerate().filter(|(_, place)| **place != NOWHERE) {
            let stamp = Stamp::at(*place, dot_px, width, height);
            let is_selected = selected.contains(index);
            let is_coloured = is_selected && colour(index, stamp, width);
            uncoloured += usize::from(is_selected && !is_coloured);
            let counts = if is_coloured { &mut self.counts } else { &mut self.muted };
            stamp.pixels(width, |pixel| counts[pixel] += 1);
        }
        uncoloured
    }
}

/// A square of pixels.
#[derive(Debug, Clone, Copy)]
struct Stamp {
    first: usize,
    columns: usize,
    rows: usize,
}

impl Stamp {
    #[inline]
    fn at(place: u32, dot_px: usize, width: usize, height: usize) -> Self {
        let (column, row) = split(place);
        Self { first: row * width + column, columns: dot_px.min(width - column), rows: dot_px.min(height - row) }
    }

    #[inline]
    fn pixels(self, width: usize, mut each: impl FnMut(usize)) {
        for row in 0..self.rows {
            for column in 0..self.columns {
                each(self.first + row * width + column);
            }
        }
    }
}

/// The vote of Boyer and Moore: whoever has more than half of the votes remains.
#[inline]
fn vote(seat: &mut [u32; 2], category: u32) {
    let [holder, lead] = *seat;
    *seat = match lead {
        0 => [category, 1],
        lead if holder == category => [holder, lead + 1],
        lead => [holder, lead - 1],
    };
    // One of the pixel's categories stays in its seat even when nobody leads.
}

#[expect(clippy::cast_possible_truncation, reason = "a level of a colour")]
#[inline]
fn level(place: f64) -> f32 {
    place.clamp(0.0, 1.0) as f32
}

#[expect(clippy::cast_possible_truncation, reason = "sides of images are bounded")]
#[inline]
pub(super) fn place(column: usize, row: usize) -> u32 {
    ((row << 16) | column) as u32
}

/// Column and row.
#[inline]
pub(super) fn split(place: u32) -> (usize, usize) {
    ((place & 0xffff) as usize, (place >> 16) as usize)
}

pub(super) fn refill<T: Copy>(buffer: &mut Vec<T>, length: usize, value: T) {
    buffer.clear();
    buffer.resize(length, value);
}
