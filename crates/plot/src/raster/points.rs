//! Points: located, counted by pixel, coloured.

use super::dots::DotShape;
use super::{LineColour, RasterBuffers, RasterImage};
use crate::axis::AxisScale;
use crate::column::{AxisPlace, AxisPlaces, PlotColumn};
use crate::mask::CaseMask;
use crate::number::{real, whole};
use crate::theme::PlotTheme;

/// Maximum number of points in sight of which each is a dot of its own,
const MAX_DOTS: usize = 20_000;
/// and minimum number of pixels for each of them.
const MIN_PIXELS: usize = 40;

/// Maximum number of pixels that are counted up in all; with few points each takes several.
const MAX_COUNTED_UP: f64 = 2e6;
/// Maximum width of a point that is counted, on the page.
const MAX_WIDTH_PX: f64 = 1.6;

/// Points of a plane, by column; the i-th case is the i-th place of both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PlotPoints<'a> {
    /// From left to right.
    pub(crate) x: &'a AxisPlaces,
    /// From bottom to top.
    pub(crate) y: &'a AxisPlaces,
    /// The points in colour; the others lie below them.
    pub(crate) selected: CaseMask<'a>,
    /// The column that gives them their colour. Without one, a pixel with many points is darker, by the logarithm of their
    /// number.
    ///
    /// The place of a value on its axis is a place in the look's sequence: a pixel has the mean of its points' places, and
    /// values beyond the ends have the colours of the ends. A category has a colour: a pixel has that of more than half of its
    /// points; if there is no such category, one of theirs.
    pub(crate) colour: Option<&'a PlotColumn<'a>>,
}

impl<'a> PlotPoints<'a> {
    /// Returns the points that are shown: the index, and the column and the row of the pixel.
    pub(crate) fn pixels(
        &self,
        (width, height): (usize, usize),
    ) -> impl Iterator<Item = (usize, usize, usize)> + use<'a> {
        let shown = self.x.each().zip(self.y.each()).enumerate().filter(|(_, (x, y))| x.is_shown() && y.is_shown());
        shown.map(move |(index, (x, y))| (index, x.part(width), height - 1 - y.part(height)))
    }

    /// Returns the maximum number of points that are shown.
    fn shown(&self) -> usize {
        self.x.shown().min(self.y.shown())
    }
}

impl RasterBuffers {
    /// Paints points onto the emptied image.
    pub(crate) fn paint_points(&mut self, points: &PlotPoints, look: &PlotTheme) {
        let RasterImage { width_px, height_px, .. } = self.image;
        let shown = points.shown();
        if shown <= MAX_DOTS.min(width_px * height_px / MIN_PIXELS) {
            let dot = DotShape::of(shown, width_px.min(height_px), look);
            self.paint_dots(points, &dot, look);
        } else {
            let room = MAX_COUNTED_UP.min(real(width_px * height_px));
            let dot_px = (room / real(shown)).sqrt();
            let dot_px = whole(dot_px.min((MAX_WIDTH_PX * look.pixel_ratio).round())).max(1);
            let most = self.count(points, dot_px);
            self.shade(points.colour, most, look);
        }
    }

    /// Paints points in a small image, and puts it over this one.
    pub(crate) fn paint_small(
        &mut self,
        points: &PlotPoints,
        corner: (usize, usize),
        size: (f64, f64),
        look: &PlotTheme,
    ) {
        let mut small = self.small.take().unwrap_or_default();
        small.begin_at((0.0, 0.0), size);
        small.paint_points(points, look);
        self.image.put(&small.image, corner.0, corner.1);
        self.small = Some(small);
    }

    /// Counts the points of each pixel, and returns the number of the fullest one.
    fn count(&mut self, points: &PlotPoints, dot_px: usize) -> MaxCounts {
        let pixels = self.image.width_px * self.image.height_px;
        let has_muted = points.selected != CaseMask::All || points.colour.is_some();
        self.counts.resize(pixels, 0);
        self.muted.resize(if has_muted { pixels } else { 0 }, 0);
        match points.colour {
            // A width that is known when this is compiled is counted faster: most screens have one of these.
            None if dot_px == 1 => self.count_squares::<1>(points),
            None if dot_px == 2 => self.count_squares::<2>(points),
            None if dot_px == 3 => self.count_squares::<3>(points),
            None => self.count_each(points, dot_px, |_, _, _| true),
            Some(column) if column.is_named() => {
                let mut votes = std::mem::take(&mut self.votes);
                refill(&mut votes, pixels, [0, 0]);
                let most = self.count_each(points, dot_px, |index, stamp, width| {
                    let category = column.category(index);
                    if let Some(category) = category {
                        stamp.pixels(width, &mut votes, |seat| vote(seat, category));
                    }
                    category.is_some()
                });
                self.votes = votes;
                most
            }
            Some(column) => {
                let mut sums = std::mem::take(&mut self.sums);
                refill(&mut sums, pixels, 0.0);
                let most = self.count_each(points, dot_px, |index, stamp, width| {
                    let level = column.level(index);
                    if let Some(level) = level {
                        stamp.pixels(width, &mut sums, |sum| *sum += level);
                    }
                    level.is_some()
                });
                self.sums = sums;
                most
            }
        }
    }

    /// Counts up a square of pixels for every point. The loop has no branch that can't be predicted, since there may be a million
    /// points.
    fn count_squares<const SIDE: usize>(&mut self, points: &PlotPoints) -> MaxCounts {
        let (width, height) = (self.image.width_px, self.image.height_px);
        let layers = [&mut self.muted[..], &mut self.counts[..]];
        let mut most = [0; 2];
        for (index, column, row) in points.pixels((width, height)) {
            let layer = usize::from(points.selected.contains(index));
            let (counts, most) = (&mut *layers[layer], &mut most[layer]);
            let mut count_up = |count: &mut u32| {
                *count += 1;
                *most = (*most).max(*count);
            };
            if column + SIDE <= width && row + SIDE <= height {
                for row in row..row + SIDE {
                    let first = row * width + column;
                    counts[first..first + SIDE].iter_mut().for_each(&mut count_up);
                }
            } else {
                Stamp::at(column, row, SIDE, (width, height)).pixels(width, counts, count_up);
            }
        }
        MaxCounts { muted: most[0], coloured: most[1] }
    }

    /// Counts up the pixels of every point. A point is muted if it isn't selected, or if `colour` returns false.
    fn count_each(
        &mut self,
        points: &PlotPoints,
        dot_px: usize,
        mut colour: impl FnMut(usize, Stamp, usize) -> bool,
    ) -> MaxCounts {
        let (width, height) = (self.image.width_px, self.image.height_px);
        let mut most = MaxCounts::default();
        for (index, column, row) in points.pixels((width, height)) {
            let stamp = Stamp::at(column, row, dot_px, (width, height));
            let is_coloured = points.selected.contains(index) && colour(index, stamp, width);
            let (counts, most) =
                if is_coloured { (&mut self.counts, &mut most.coloured) } else { (&mut self.muted, &mut most.muted) };
            stamp.pixels(width, counts, |count| {
                *count += 1;
                *most = (*most).max(*count);
            });
        }
        most
    }
}

/// Counts of the fullest pixel of each layer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MaxCounts {
    pub(super) muted: u32,
    pub(super) coloured: u32,
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
    fn at(column: usize, row: usize, dot_px: usize, (width, height): (usize, usize)) -> Self {
        Self { first: row * width + column, columns: dot_px.min(width - column), rows: dot_px.min(height - row) }
    }

    #[inline]
    fn pixels<T>(self, width: usize, image: &mut [T], mut each: impl FnMut(&mut T)) {
        for row in 0..self.rows {
            let first = self.first + row * width;
            image[first..first + self.columns].iter_mut().for_each(&mut each);
        }
    }
}

/// Takes part in the vote of Boyer and Moore: a category with more than half of the votes remains.
#[inline]
fn vote(seat: &mut [u32; 2], category: u32) {
    let [holder, lead] = *seat;
    *seat = match lead {
        0 => [category, 1],
        lead if holder == category => [holder, lead + 1],
        lead => [holder, lead - 1],
    };
    // One of the pixel's categories stays in its seat even if no category leads.
}

/// Colours of a column's values.
impl PlotColumn<'_> {
    /// Whether it has categories.
    pub(crate) fn is_named(&self) -> bool {
        matches!(self.axis.scale, AxisScale::Categories(_))
    }

    /// Returns the category of a case; `None` if it has none, or one without a name.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "one that has a place is a small number"
    )]
    pub(super) fn category(&self, case: usize) -> Option<u32> {
        self.place_of(case).filter(|place| place.is_shown()).map(|_| self.values[case] as u32)
    }

    /// Returns the place of a case in a sequence of colours, from 0 to 1; values beyond have the place of the end. `None` if
    /// the case has no value, or one that no axis shows.
    #[inline]
    pub(super) fn level(&self, case: usize) -> Option<f32> {
        let place = self.place_of(case)?;
        if place.is_shown() { Some(place.share()) } else { self.end(case) }
    }

    /// Whether a case isn't grey.
    pub(crate) fn has_colour(&self, case: usize) -> bool {
        self.tint(case).is_some()
    }

    /// Returns the colour of a case, if it isn't grey.
    pub(crate) fn tint(&self, case: usize) -> Option<LineColour> {
        if self.is_named() {
            self.category(case).map(LineColour::Category)
        } else {
            self.level(case).map(LineColour::Level)
        }
    }

    /// Returns the end of the axis beyond which a value lies.
    #[cold]
    fn end(&self, case: usize) -> Option<f32> {
        let value = self.values[case];
        let end = if value < self.axis.least { 0.0 } else { 1.0 };
        self.axis.can_show(value).then_some(end)
    }

    #[inline]
    fn place_of(&self, case: usize) -> Option<AxisPlace> {
        self.places().at(case)
    }
}

pub(super) fn refill<T: Copy>(buffer: &mut Vec<T>, length: usize, value: T) {
    buffer.clear();
    buffer.resize(length, value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;

    #[test]
    fn a_value_beyond_the_colours_has_that_of_the_end_and_one_that_no_axis_shows_has_none() {
        let axis = Axis { least: 1.0, most: 3.0, ..Axis::covering("load", "", AxisScale::Linear, &[]) };
        let column = PlotColumn::new(axis, &[-7.0, 2.0, 9.0, f64::MAX, f64::NAN]);
        assert_eq!(
            [0, 1, 2, 3, 4, 5].map(|case| column.level(case)),
            [Some(0.0), Some(0.5), Some(1.0), None, None, None]
        );
        let axis = Axis { least: 1.0, most: 4.0, ..Axis::covering("load", "", AxisScale::Logarithmic, &[]) };
        let column = PlotColumn::new(axis, &[0.0, 0.5, 2.0, 8.0]);
        assert_eq!([0, 1, 2, 3].map(|case| column.level(case)), [None, Some(0.0), Some(0.5), Some(1.0)]);
    }

    #[test]
    fn squares_are_counted_like_points_of_any_width() {
        let values: Vec<f64> = (0..40).map(|index| f64::from(index % 7) / 6.0).collect();
        let places =
            AxisPlaces::of(&Axis { least: 0.0, most: 1.0, ..Axis::covering("", "", AxisScale::Linear, &[]) }, &values);
        let selected: Vec<bool> = (0..40).map(|index| index % 3 > 0).collect();
        let points = PlotPoints { x: &places, y: &places, selected: CaseMask::Flags(&selected), colour: None };
        let count = |count: &dyn Fn(&mut RasterBuffers) -> MaxCounts| {
            let mut buffers = RasterBuffers::default();
            buffers.begin_at((0.0, 0.0), (11.0, 9.0));
            (buffers.counts, buffers.muted) = (vec![0; 99], vec![0; 99]);
            let most = count(&mut buffers);
            (buffers.counts, buffers.muted, most.coloured, most.muted)
        };
        assert_eq!(
            count(&|buffers| buffers.count_squares::<1>(&points)),
            count(&|buffers| buffers.count_each(&points, 1, |_, _, _| true))
        );
        assert_eq!(
            count(&|buffers| buffers.count_squares::<3>(&points)),
            count(&|buffers| buffers.count_each(&points, 3, |_, _, _| true))
        );
    }

    #[test]
    fn a_category_without_a_name_has_no_colour() {
        let names = ["sand", "clay"].map(str::to_owned).to_vec();
        let column = PlotColumn::new(Axis::of_categories("soil", names), &[1.0, 0.0, 2.0, f64::NAN]);
        assert_eq!([0, 1, 2, 3].map(|case| column.category(case)), [Some(1), Some(0), None, None]);
    }
}
