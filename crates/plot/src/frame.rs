//! The rectangle between two axes, with ticks, labels and titles around it.

use crate::axis::{Axis, AxisScale};
use crate::chart_size::ChartSize;
use crate::coverage::AbsenceReason;
use crate::number::{real, whole};
use crate::raster::{RasterBuffers, RasterImage};
use crate::scene::{AlphaColour, ChartScene, HorizontalAnchor, Place, VerticalAnchor};
use crate::text::{TEXT_PX, fitted, width_px};
use crate::theme::PlotTheme;
use crate::ticks::{AxisTick, AxisTicks};

/// Lengths on the page, in its pixels.
const TICK_PX: f64 = 4.0;
const GAP_PX: f64 = 4.0;
const EDGE_PX: f64 = 10.0;
const TITLE_PX: f64 = TEXT_PX + 8.0;
/// Least distance of two labels: side by side, and above one another.
const APART_PX: f64 = 10.0;
const STEP_DOWN_PX: f64 = 30.0;
/// Least distance of two ticks side by side, and of two categories above one another.
const SLOT_PX: f64 = 36.0;
const LINE_PX: f64 = 14.0;
/// Maximum number of ticks of an axis.
const MAX_TICKS: f64 = 12.0;
/// Maximum share of the width for the labels on the left.
const MAX_LEFT: f64 = 0.35;
/// Share of the width that is kept for a title beside a note, if the title is that long.
const MAX_TITLE: f64 = 0.4;
/// Opacity of axes.
const AXIS_OPACITY: f64 = 0.5;

/// Two axes on an area, and the rectangle between them, in whole pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotFrame {
    /// The rectangle's left edge.
    pub left_px: f64,
    /// Its upper edge.
    pub top_px: f64,
    /// Its right edge.
    pub right_px: f64,
    /// Its lower edge.
    pub bottom_px: f64,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    x_ticks: AxisTicks,
    y_ticks: AxisTicks,
    width_px: f64,
}

impl PlotFrame {
    /// Takes the part of the area that titles and labels of the axes leave, and keeps `room_px` free at the right.
    #[must_use]
    pub fn new(size: ChartSize, look: &PlotTheme, x: &Axis, y: &Axis, room_px: f64) -> Self {
        let (width_px, height_px) = (f64::from(size.width_px), f64::from(size.height_px));
        let text_px = TEXT_PX * look.pixel_ratio;
        let top_px = if y.title().is_empty() { look.px(EDGE_PX) } else { look.px(TITLE_PX) };
        let is_titled = !x.title().is_empty() || matches!(x.scale, AxisScale::Time { .. });
        let below = if is_titled { TITLE_PX - GAP_PX } else { 0.0 };
        let bottom_px = (height_px - look.px(TICK_PX + GAP_PX + TEXT_PX + below)).max(top_px + 1.0);
        let mut y_ticks = ticks_upwards(y, bottom_px - top_px, look);
        let room = width_px * MAX_LEFT - look.px(TICK_PX + 2.0 * GAP_PX);
        y_ticks.major.iter_mut().for_each(|tick| tick.label = fitted(&tick.label, text_px, room));
        let widest = y_ticks.major.iter().map(|tick| width_px_of(tick, text_px)).fold(0.0, f64::max);
        let left_px = widest.ceil() + look.px(TICK_PX + 2.0 * GAP_PX);
        let right_px = (width_px - room_px.ceil() - look.px(EDGE_PX)).max(left_px + 1.0);
        let edges = (-left_px, width_px - left_px);
        let x_ticks = ticks_across(x, right_px - left_px, edges, look);
        Self { left_px, top_px, right_px, bottom_px, x: x.clone(), y: y.clone(), x_ticks, y_ticks, width_px }
    }

    /// Returns width and height, from edge to edge.
    #[must_use]
    pub fn size_px(&self) -> (f64, f64) {
        (self.right_px - self.left_px, self.bottom_px - self.top_px)
    }

    /// Returns the pixel of two values.
    #[must_use]
    pub fn pixel_of(&self, x: f64, y: f64) -> (f64, f64) {
        let (width, height) = self.size_px();
        (self.left_px + self.x.place(x) * width, self.bottom_px - self.y.place(y) * height)
    }

    /// Returns the values at a pixel, inside of the rectangle and outside.
    #[must_use]
    pub fn values_at(&self, x_px: f64, y_px: f64) -> (f64, f64) {
        let (x, y) = self.places_at(x_px, y_px);
        (self.x.value(x), self.y.value(y))
    }

    /// Whether a pixel lies in the rectangle.
    #[must_use]
    pub fn contains(&self, x_px: f64, y_px: f64) -> bool {
        (self.left_px..=self.right_px).contains(&x_px) && (self.top_px..=self.bottom_px).contains(&y_px)
    }

    /// Returns the place in the rectangle that is nearest to a pixel.
    #[must_use]
    pub fn inside(&self, (x_px, y_px): Place) -> Place {
        (x_px.clamp(self.left_px, self.right_px), y_px.clamp(self.top_px, self.bottom_px))
    }

    /// Returns the axes with `factor` times their range; the values at a pixel stay there.
    #[must_use]
    pub fn zoomed(&self, x_px: f64, y_px: f64, factor: f64) -> (Axis, Axis) {
        let (x, y) = self.places_at(x_px, y_px);
        (self.x.zoomed(x, factor), self.y.zoomed(y, factor))
    }

    /// Returns the axes after the chart was dragged by a number of pixels, to the right and down.
    #[must_use]
    pub fn panned(&self, right_px: f64, down_px: f64) -> (Axis, Axis) {
        let (width, height) = self.size_px();
        (self.x.panned(-right_px / width), self.y.panned(down_px / height))
    }

    fn places_at(&self, x_px: f64, y_px: f64) -> (f64, f64) {
        let (width, height) = self.size_px();
        ((x_px - self.left_px) / width, (self.bottom_px - y_px) / height)
    }

    /// Empties an image, gives it the size of the frame's rectangle, and draws the grid into it.
    pub(crate) fn begin_image(&self, raster: &mut RasterBuffers, look: &PlotTheme) {
        raster.begin_at((self.left_px, self.top_px), self.size_px());
        self.grid_below(raster.image_mut(), look);
    }

    /// Draws the grid into an image of the rectangle, below all that is painted on it.
    pub(crate) fn grid_below(&self, image: &mut RasterImage, look: &PlotTheme) {
        self.grid_down_below(image, look);
        let height = self.size_px().1;
        for tick in &self.y_ticks.major {
            image.line_across((1.0 - tick.place) * height, look.hairline_px(), look.grid);
        }
    }

    /// Draws the vertical lines of the grid.
    pub(crate) fn grid_down_below(&self, image: &mut RasterImage, look: &PlotTheme) {
        for tick in &self.x_ticks.major {
            image.line_down(tick.place * self.size_px().0, look.hairline_px(), look.grid);
        }
    }

    /// Draws lines across the rectangle at the ticks of the vertical axis.
    pub(crate) fn lines_across(&self, scene: &mut ChartScene, look: &PlotTheme) {
        for tick in &self.y_ticks.major {
            let y = self.down(tick.place);
            scene.bar((self.left_px, y), (self.right_px, y + look.hairline_px()), look.grid);
        }
    }

    /// Draws both axes with their ticks, labels and titles, and a note on the values that aren't shown between them.
    pub(crate) fn rule(&self, scene: &mut ChartScene, look: &PlotTheme, absent: &AbsenceReason) {
        self.rule_x(scene, look, &absent.note());
        self.rule_y(scene, look);
    }

    fn rule_x(&self, scene: &mut ChartScene, look: &PlotTheme, note: &str) {
        let (ink, line) = (AlphaColour::faint(look.text, AXIS_OPACITY), look.hairline_px());
        let text_px = TEXT_PX * look.pixel_ratio;
        scene.bar((self.left_px, self.bottom_px), (self.right_px, self.bottom_px + line), ink);
        for place in &self.x_ticks.minor {
            let x = self.across(*place);
            scene.bar((x, self.bottom_px), (x + line, self.bottom_px + look.px(TICK_PX / 2.0)), ink);
        }
        let edges = (-self.left_px, self.width_px - self.left_px);
        let y = self.bottom_px + look.px(TICK_PX + GAP_PX / 2.0);
        for tick in &self.x_ticks.major {
            let x = self.across(tick.place);
            scene.bar((x, self.bottom_px), (x + line, self.bottom_px + look.px(TICK_PX)), ink);
            let middle = self.left_px + middle_of(tick, self.size_px().0, edges, look);
            scene.text(&tick.label, (middle, y), (HorizontalAnchor::Middle, VerticalAnchor::Top), look.text, text_px);
        }
        let y = y + look.px(TEXT_PX + GAP_PX);
        let title = with_context(&self.x.title(), &self.x_ticks.context);
        let (left, room) = (look.px(GAP_PX), self.right_px - look.px(GAP_PX));
        // Both are cut so that part of each can be seen, whichever is too long.
        let title_room = width_px(&title, text_px).min(MAX_TITLE * room);
        let note = fitted(note, text_px, room - title_room - look.px(APART_PX));
        if !note.is_empty() {
            scene.text(&note, (left, y), (HorizontalAnchor::Start, VerticalAnchor::Top), look.text, text_px);
        }
        let taken = if note.is_empty() { 0.0 } else { width_px(&note, text_px) + look.px(APART_PX) };
        let title = fitted(&title, text_px, room - taken);
        scene.text(&title, (self.right_px, y), (HorizontalAnchor::End, VerticalAnchor::Top), look.text, text_px);
    }

    fn rule_y(&self, scene: &mut ChartScene, look: &PlotTheme) {
        let (ink, line) = (AlphaColour::faint(look.text, AXIS_OPACITY), look.hairline_px());
        let text_px = TEXT_PX * look.pixel_ratio;
        scene.bar((self.left_px - line, self.top_px), (self.left_px, self.bottom_px + line), ink);
        for place in &self.y_ticks.minor {
            let y = self.down(*place);
            scene.bar((self.left_px - look.px(TICK_PX / 2.0), y), (self.left_px, y + line), ink);
        }
        for tick in &self.y_ticks.major {
            let y = self.down(tick.place);
            scene.bar((self.left_px - look.px(TICK_PX), y), (self.left_px, y + line), ink);
            let at = (self.left_px - look.px(TICK_PX + GAP_PX), y + line / 2.0);
            scene.text(&tick.label, at, (HorizontalAnchor::End, VerticalAnchor::Middle), look.text, text_px);
        }
        let title = with_context(&self.y.title(), &self.y_ticks.context);
        let title = fitted(&title, text_px, self.right_px - 2.0 * look.px(GAP_PX));
        let at = (look.px(GAP_PX), look.px(2.0));
        scene.text(&title, at, (HorizontalAnchor::Start, VerticalAnchor::Top), look.text, text_px);
    }

    /// Returns the left edge of a line at a place.
    fn across(&self, place: f64) -> f64 {
        (self.left_px + place * self.size_px().0).floor().min(self.right_px - 1.0)
    }

    /// Returns the upper edge of a line at a place.
    fn down(&self, place: f64) -> f64 {
        (self.top_px + (1.0 - place) * self.size_px().1).floor().min(self.bottom_px)
    }
}

fn with_context(title: &str, context: &str) -> String {
    match (title, context) {
        (title, "") => title.to_owned(),
        ("", context) => context.to_owned(),
        (title, context) => format!("{title}, {context}"),
    }
}

fn width_px_of(tick: &AxisTick, text_px: f64) -> f64 {
    width_px(&tick.label, text_px)
}

/// Returns as many ticks of a vertical axis as there is room for.
pub(crate) fn ticks_upwards(axis: &Axis, length_px: f64, look: &PlotTheme) -> AxisTicks {
    let is_named = matches!(axis.scale, AxisScale::Categories(_));
    let step_px = if is_named { LINE_PX } else { STEP_DOWN_PX } * look.pixel_ratio;
    let most = if is_named { f64::INFINITY } else { MAX_TICKS };
    axis.ticks(whole((length_px / step_px).clamp(2.0, most)))
}

/// Returns as many ticks of a horizontal axis as there is room for their labels, between edges relative to its beginning.
pub(crate) fn ticks_across(axis: &Axis, length_px: f64, edges: (f64, f64), look: &PlotTheme) -> AxisTicks {
    if let AxisScale::Categories(_) = axis.scale {
        return names_across(axis, length_px, look);
    }
    let do_fit = |ticks: &AxisTicks| {
        let text_px = TEXT_PX * look.pixel_ratio;
        let sides = ticks.major.iter().map(|tick| {
            let (middle, half) = (middle_of(tick, length_px, edges, look), width_px_of(tick, text_px) / 2.0);
            (middle - half, middle + half)
        });
        let sides: Vec<(f64, f64)> = sides.collect();
        sides.is_sorted_by(|label, next| label.1 + APART_PX * look.pixel_ratio <= next.0)
    };
    let most = whole((length_px / (SLOT_PX * look.pixel_ratio)).clamp(1.0, MAX_TICKS));
    (1..=most).rev().map(|most| axis.ticks(most)).find(do_fit).unwrap_or_default()
}

fn names_across(axis: &Axis, length_px: f64, look: &PlotTheme) -> AxisTicks {
    let text_px = TEXT_PX * look.pixel_ratio;
    let mut ticks = axis.ticks(whole((length_px / (SLOT_PX * look.pixel_ratio)).max(1.0)));
    let slot_px = length_px / real(ticks.major.len().max(1));
    for tick in &mut ticks.major {
        tick.label = fitted(&tick.label, text_px, slot_px - GAP_PX * look.pixel_ratio);
    }
    ticks
}

/// Returns the middle of a tick's label: below the tick, but not beyond the edges.
fn middle_of(tick: &AxisTick, length_px: f64, edges: (f64, f64), look: &PlotTheme) -> f64 {
    let half = width_px_of(tick, TEXT_PX * look.pixel_ratio) / 2.0 + 1.0;
    (tick.place * length_px).min(edges.1 - half).max(edges.0 + half)
}

/// Writes in the middle of a frame that there is nothing in it.
pub(crate) fn write_nothing(scene: &mut ChartScene, frame: &PlotFrame, look: &PlotTheme) {
    let middle = (f64::midpoint(frame.left_px, frame.right_px), f64::midpoint(frame.top_px, frame.bottom_px));
    let anchor = (HorizontalAnchor::Middle, VerticalAnchor::Middle);
    scene.text("No values to show", middle, anchor, look.text, TEXT_PX * look.pixel_ratio);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn axis(label: &str, least: f64, most: f64, scale: AxisScale) -> Axis {
        Axis { label: label.to_owned(), unit: String::new(), least, most, scale }
    }

    fn frame(width_px: u32, height_px: u32) -> PlotFrame {
        let (x, y) = (axis("x", 0.0, 10.0, AxisScale::Linear), axis("y", 1.0, 1e6, AxisScale::Logarithmic));
        PlotFrame::new(ChartSize { width_px, height_px }, &samples::light(), &x, &y, 0.0)
    }

    #[test]
    fn a_pixel_is_that_of_its_values() {
        let frame = frame(400, 300);
        let (x, y) = frame.values_at(123.0, 45.0);
        let (x_px, y_px) = frame.pixel_of(x, y);
        assert!((x_px - 123.0).abs() < 1e-6 && (y_px - 45.0).abs() < 1e-6);
        assert!(frame.contains(123.0, 45.0) && !frame.contains(1.0, 45.0));
    }

    #[test]
    fn what_is_pointed_at_or_dragged_follows() {
        let frame = frame(400, 300);
        let before = frame.values_at(200.0, 100.0);
        let (x, y) = frame.zoomed(200.0, 100.0, 0.5);
        let zoomed = PlotFrame { x, y, ..frame.clone() };
        assert!((zoomed.values_at(200.0, 100.0).1 / before.1 - 1.0).abs() < 1e-6);
        let (x, y) = frame.panned(30.0, -20.0);
        let panned = PlotFrame { x, y, ..frame };
        let after = panned.values_at(230.0, 80.0);
        assert!((after.0 - before.0).abs() < 1e-6 && (after.1 / before.1 - 1.0).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn no_label_leaves_the_area_or_touches_another(width_px in 200..4_000_u32, height_px in 120..2_000_u32, least in -1e7..1e7_f64, span_power in -5.0..9.0_f64) {
            let look = samples::light();
            let axis = axis("a", least, least + 10_f64.powf(span_power), AxisScale::Linear);
            let frame = PlotFrame::new(ChartSize { width_px, height_px }, &look, &axis, &axis, 0.0);
            prop_assert!(frame.left_px >= 0.0 && frame.right_px <= f64::from(width_px) && frame.left_px < frame.right_px);
            let edges = (-frame.left_px, f64::from(width_px) - frame.left_px);
            let mut end = -frame.left_px;
            for tick in &frame.x_ticks.major {
                let (middle, width) = (middle_of(tick, frame.size_px().0, edges, &look), width_px_of(tick, TEXT_PX));
                prop_assert!(middle - width / 2.0 >= end, "{:?}", frame.x_ticks);
                end = middle + width / 2.0;
            }
            prop_assert!(frame.left_px + end <= f64::from(width_px));
        }
    }
}
