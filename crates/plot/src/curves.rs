//! Chart of many curves on one another, with the band that most of them lie in.

mod band;
mod gaps;

use plotters::style::RGBColor;

use crate::axis::Axis;
use crate::chart::{Chart, ChartSize};
use crate::column::PlotColumn;
use crate::coverage::{AbsenceReason, PlotCoverage, uncoloured};
use crate::frame::{PlotFrame, write_nothing};
use crate::key;
use crate::label::count;
use crate::mask::CaseMask;
use crate::number::{extent, real};
use crate::raster::{ImageLayer, RasterBuffers};
use crate::scene::{AlphaColour, ChartScene, Place};
use crate::theme::PlotTheme;
use crate::window::PixelRect;

pub use band::CurveBand;
pub use gaps::CurveGaps;

/// Line widths on the page.
const MEDIAN_PX: f64 = 2.0;
const POINTED_AT_PX: f64 = 2.0;
/// Opacity of the band.
const BAND_OPACITY: f64 = 0.12;
/// Share of that opacity where some curves have ended.
const PARTS_OPACITY: f64 = 0.4;
const EDGE_PX: f64 = 1.0;

/// A curve: as many numbers from left to right as from bottom to top. A missing number leaves a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve<'a> {
    /// From left to right.
    pub x: &'a [f64],
    /// From bottom to top.
    pub y: &'a [f64],
}

/// Curves between two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvesChart<'a> {
    /// The curves, one a case.
    pub curves: &'a [Curve<'a>],
    /// The curves in colour; the others lie below them.
    pub selected: CaseMask<'a>,
    /// Values that give the curves their colour, one for each, if there are such.
    pub colour: Option<PlotColumn<'a>>,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// The median and the range of most curves, computed once by [`CurveBand::of`].
    pub band: Option<&'a CurveBand>,
    /// The points that aren't drawn, computed once by [`CurveGaps::of`].
    pub gaps: CurveGaps,
    /// A curve that stands out.
    pub pointed_at: Option<usize>,
}

impl CurvesChart<'_> {
    /// Returns the frame with the places of the axes.
    #[must_use]
    pub fn frame(&self, size: ChartSize, look: &PlotTheme) -> PlotFrame {
        PlotFrame::new(size, look, &self.x, &self.y, key::room_px(self.colour_axis(), size, look))
    }

    /// Returns the curve nearest to a pixel, if one is within `reach_px`.
    #[must_use]
    pub fn nearest(&self, frame: &PlotFrame, (x_px, y_px): Place, reach_px: f64, among: CaseMask) -> Option<usize> {
        let (mut nearest, mut least) = (None, reach_px);
        for (index, curve) in self.curves.iter().enumerate().filter(|(index, _)| among.contains(*index)) {
            let mut before = None;
            for place in places_on(frame, curve) {
                let distance = before.map_or(f64::INFINITY, |before| distance((x_px, y_px), before, place));
                if distance <= least {
                    (nearest, least) = (Some(index), distance);
                }
                before = Some(place);
            }
        }
        nearest
    }

    /// Returns the curves that pass through the rectangle with two opposite corners, in pixels, as far as it lies in the frame:
    /// their indices, rising. A line between two points counts as a whole; a single point without lines doesn't count.
    #[must_use]
    pub fn passing(&self, frame: &PlotFrame, from: Place, to: Place) -> Vec<usize> {
        let window = PixelRect::between(frame.inside(from), frame.inside(to));
        let curves = self.curves.iter().enumerate();
        curves.filter(|(_, curve)| window.is_touched(places_on(frame, curve))).map(|(index, _)| index).collect()
    }

    /// Counts the curves with a part that is shown, those without, and those that have no line.
    pub(crate) fn drawn(&self) -> PlotCoverage {
        let mut drawn = PlotCoverage::default();
        for curve in self.curves {
            match () {
                () if !has_line(curve) => drawn.missing += 1,
                () if self.is_shown(curve) => drawn.shown += 1,
                () => drawn.outside += 1,
            }
        }
        drawn
    }

    fn absent(&self) -> AbsenceReason {
        let unplaced = self.gaps.unplaced.iter().zip([&self.x, &self.y]);
        let shown = self.curves.iter().enumerate().filter(|(_, curve)| self.is_shown(curve)).map(|(index, _)| index);
        let others = uncoloured(self.colour.as_ref(), shown).into_iter().chain(self.gaps.words());
        AbsenceReason::new(self.drawn(), unplaced).lacking("without a line").with(others)
    }

    fn colour_axis(&self) -> Option<&Axis> {
        self.colour.as_ref().map(|column| &column.axis)
    }

    /// Returns the least and the largest values that are shown, to the right and upwards.
    fn ranges(&self) -> Option<(Place, Place)> {
        let is_shown = |axis: &Axis, value: f64| (axis.least..=axis.most).contains(&value);
        let points = || self.curves.iter().flat_map(|curve| curve.x.iter().copied().zip(curve.y.iter().copied()));
        let shown = || points().filter(|(x, y)| is_shown(&self.x, *x) && is_shown(&self.y, *y));
        extent(shown().map(|(x, _)| x)).zip(extent(shown().map(|(_, y)| y)))
    }

    fn is_shown(&self, curve: &Curve) -> bool {
        let (x, y) = (self.x.mapping(1.0), self.y.mapping(1.0));
        let place = |(x_value, y_value): (&f64, &f64)| (x.place_on_way(*x_value), y.place_on_way(*y_value));
        let places = curve.x.iter().zip(curve.y).map(place);
        PixelRect::between((0.0, 0.0), (1.0, 1.0)).is_touched(places)
    }

    fn draw_pointed_at(&self, frame: &PlotFrame, scene: &mut ChartScene, look: &PlotTheme) {
        let Some(curve) = self.pointed_at.and_then(|index| self.curves.get(index)) else { return };
        for path in PixelRect::of(frame).paths(places_on(frame, curve)) {
            scene.path(path, look.text, POINTED_AT_PX * look.pixel_ratio);
        }
    }
}

/// Whether two successive points are numbers.
fn has_line(curve: &Curve) -> bool {
    let mut was_there = false;
    curve.x.iter().zip(curve.y).any(|(x, y)| {
        let is_there = !x.is_nan() && !y.is_nan();
        std::mem::replace(&mut was_there, is_there) && is_there
    })
}

/// Returns the places of a curve's points.
fn places_on<'a>(frame: &PlotFrame, curve: &Curve<'a>) -> impl Iterator<Item = Place> + use<'a> {
    let (width, height) = frame.size_px();
    let (x, y) = (frame.x.mapping(width), frame.y.mapping(height));
    let (left, bottom) = (frame.left_px, frame.bottom_px);
    let points = curve.x.iter().zip(curve.y);
    points.map(move |(x_value, y_value)| (left + x.place_on_way(*x_value), bottom - y.place_on_way(*y_value)))
}

/// Draws the band and its median. Where some of the curves have ended, both are faint and begin anew.
fn draw_band(band: &CurveBand, ink: RGBColor, frame: &PlotFrame, scene: &mut ChartScene, look: &PlotTheme) {
    for run in band.runs() {
        let opacity = if band.has_all(run.start) { 1.0 } else { PARTS_OPACITY };
        draw_run(band, run, (ink, opacity), frame, scene, look);
    }
}

fn draw_run(
    band: &CurveBand,
    run: std::ops::Range<usize>,
    (ink, opacity): (RGBColor, f64),
    frame: &PlotFrame,
    scene: &mut ChartScene,
    look: &PlotTheme,
) {
    let window = PixelRect::of(frame);
    let places = |values: &[f64]| -> Vec<Place> {
        let there = |place: &Place| place.0.is_finite() && place.1.is_finite();
        places_on(frame, &Curve { x: &band.x[run.clone()], y: &values[run.clone()] }).filter(there).collect()
    };
    let mut outline = places(&band.high);
    outline.extend(places(&band.low).into_iter().rev());
    let outline = window.shape(outline);
    if outline.len() > 2 {
        scene.shape(outline, AlphaColour::faint(ink, opacity * BAND_OPACITY));
    }
    for (values, width_px) in [(&band.low, EDGE_PX), (&band.high, EDGE_PX), (&band.median, MEDIAN_PX)] {
        for path in window.paths(places(values).into_iter()) {
            scene.path(path, AlphaColour::faint(ink, opacity), width_px * look.pixel_ratio);
        }
    }
}

/// Returns the distance of a place from a line; infinite if that isn't a line.
fn distance(place: Place, from: Place, to: Place) -> f64 {
    let (right, down) = (to.0 - from.0, to.1 - from.1);
    let length = right * right + down * down;
    let share = ((place.0 - from.0) * right + (place.1 - from.1) * down) / length;
    let share = if length > 0.0 { share.clamp(0.0, 1.0) } else { 0.0 };
    let distance = (place.0 - from.0 - share * right).hypot(place.1 - from.1 - share * down);
    if distance.is_nan() { f64::INFINITY } else { distance }
}

impl Chart for CurvesChart<'_> {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        let frame = self.frame(size, look);
        frame.begin_image(raster, look);
        raster.begin_lines();
        let (width, height) = frame.size_px();
        let (x, y) = (frame.x.mapping(width), frame.y.mapping(height));
        let lines = |curve: &Curve, count: &mut dyn FnMut(Place, Place)| {
            let mut last = (f64::NAN, f64::NAN);
            for (x_value, y_value) in curve.x.iter().zip(curve.y) {
                let place = (x.place_on_way(*x_value), height - y.place_on_way(*y_value));
                count(last, place);
                last = place;
            }
        };
        if self.colour.is_some() {
            raster.begin_tints();
        }
        for (index, curve) in self.curves.iter().enumerate() {
            let tint = self.colour.as_ref().map(|colour| colour.tint(index));
            match (self.selected.contains(index), tint) {
                (true, None) => lines(curve, &mut |from, to| raster.count_line(ImageLayer::Data, from, to)),
                (true, Some(Some(tint))) => lines(curve, &mut |from, to| raster.count_tinted_line(tint, from, to)),
                _ => lines(curve, &mut |from, to| raster.count_line(ImageLayer::Muted, from, to)),
            }
        }
        match &self.colour {
            None => raster.shade_lines(look),
            Some(colour) => raster.shade_tinted_lines(colour, look),
        }
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (frame, mut scene) = (self.frame(size, look), ChartScene::default());
        if let Some(band) = self.band {
            // The band doesn't take the accent colour, which a category may have.
            let ink = if self.colour.is_some() { look.text } else { look.accent };
            draw_band(band, ink, &frame, &mut scene, look);
        }
        self.draw_pointed_at(&frame, &mut scene, look);
        frame.rule(&mut scene, look, &self.absent());
        key::draw(self.colour_axis(), &mut scene, &frame, size, look);
        if self.curves.iter().all(|curve| !self.is_shown(curve)) {
            write_nothing(&mut scene, &frame, look);
        }
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, .. } = self.drawn();
        let (x, y) = (&self.x, &self.y);
        let mut parts = vec![format!("{} of {} curves", count(shown), count(self.curves.len()))];
        if let Some((right, up)) = self.ranges() {
            let (right, up) = (x.range_in_words(right.0, right.1), y.range_in_words(up.0, up.1));
            parts.push(format!(": {} {up} over {} {right}", y.label, x.label));
        }
        if let Some((place, median, low, high)) = self.band.and_then(CurveBand::last) {
            let words = [median, low, high].map(|value| y.words(value));
            parts.push(format!(
                "; at {} the median is {}, nine in ten lie between {} and {}",
                x.words(place),
                words[0],
                words[1],
                words[2]
            ));
        }
        if self.band.is_some_and(CurveBand::has_parts) {
            parts.push("; fewer elsewhere".to_owned());
        }
        parts.extend(self.colour_axis().map(|axis| format!("; coloured by {}", axis.label)));
        parts.push(self.absent().words());
        parts.concat()
    }
}

/// Returns equal steps on an axis from the beginning of the first curve to the end of the last one, for [`CurveBand::of`].
#[must_use]
pub fn steps(curves: &[Curve], axis: &Axis, number: usize) -> Vec<f64> {
    let extent = axis.extent(curves.iter().flat_map(|curve| curve.x.iter().copied()));
    let Some((least, most)) = extent else { return Vec::new() };
    let (from, to) = (axis.place(least), axis.place(most));
    // The clamp keeps the ends exact in spite of rounding.
    let value =
        |index: usize| axis.value(from + (to - from) * real(index) / real(number.max(2) - 1)).clamp(least, most);
    (0..number).map(value).collect()
}

#[cfg(test)]
mod tests;
