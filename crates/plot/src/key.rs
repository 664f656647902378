//! The key of a chart's colours at the right of a frame: a bar of a sequence, or names of categories.

use crate::axis::{Axis, AxisScale};
use crate::chart::ChartSize;
use crate::frame::{PlotFrame, ticks_upwards};
use crate::label::count;
use crate::number::{real, whole};
use crate::scene::{ChartScene, HorizontalAnchor, VerticalAnchor};
use crate::text::{TEXT_PX, fitted, width_px};
use crate::theme::PlotTheme;

/// Lengths on the page, in its pixels.
const BAR_PX: f64 = 10.0;
const GAP_PX: f64 = 4.0;
const APART_PX: f64 = 14.0;
const LINE_PX: f64 = 16.0;
/// Maximum share of the width for names.
const MAX_SHARE: f64 = 0.28;
/// Number of steps of a bar.
const STEPS: usize = 64;

/// Returns the room that a key takes at the right of a frame.
pub(crate) fn room_px(colour: Option<&Axis>, size: ChartSize, look: &PlotTheme) -> f64 {
    let text_px = TEXT_PX * look.pixel_ratio;
    let widest =
        |labels: &mut dyn Iterator<Item = &str>| labels.map(|text| width_px(text, text_px)).fold(0.0, f64::max);
    let Some(axis) = colour else { return 0.0 };
    if let AxisScale::Categories(names) = &axis.scale {
        let names = widest(&mut names.iter().map(String::as_str));
        let room = look.px(APART_PX + BAR_PX + GAP_PX) + names.ceil();
        return room.min((f64::from(size.width_px) * MAX_SHARE).floor());
    }
    let ticks = ticks_upwards(axis, f64::from(size.height_px) * 0.8, look);
    let labels = widest(&mut ticks.major.iter().map(|tick| tick.label.as_str()));
    look.px(APART_PX + BAR_PX + 2.0 * GAP_PX) + labels.ceil()
}

/// Draws the key beside its frame.
pub(crate) fn draw(
    colour: Option<&Axis>,
    scene: &mut ChartScene,
    frame: &PlotFrame,
    size: ChartSize,
    look: &PlotTheme,
) {
    match colour {
        None => {}
        Some(Axis { scale: AxisScale::Categories(names), .. }) => draw_names(names, scene, frame, size, look),
        Some(axis) => draw_bar(axis, scene, frame, size, look),
    }
}

/// Draws the colours of an axis, from low at the bottom to high at the top, with its ticks and its title.
fn draw_bar(axis: &Axis, scene: &mut ChartScene, frame: &PlotFrame, size: ChartSize, look: &PlotTheme) {
    let text_px = TEXT_PX * look.pixel_ratio;
    let (left, height) = (frame.right_px + look.px(APART_PX), frame.size_px().1);
    let right = left + look.px(BAR_PX);
    let y = |place: f64| (frame.bottom_px - place * height).round();
    for step in 0..STEPS {
        let (low, high) = (real(step) / real(STEPS), real(step + 1) / real(STEPS));
        scene.bar((left, y(high)), (right, y(low)), look.of_place(f64::midpoint(low, high)));
    }
    let ticks = ticks_upwards(axis, height, look);
    for tick in &ticks.major {
        let at = (right + look.px(GAP_PX), y(tick.place));
        scene.text(&tick.label, at, (HorizontalAnchor::Start, VerticalAnchor::Middle), look.text, text_px);
    }
    let edge = f64::from(size.width_px) - look.px(GAP_PX);
    let title = fitted(&axis.title(), text_px, edge / 2.0 - look.px(GAP_PX));
    scene.text(&title, (edge, look.px(2.0)), (HorizontalAnchor::End, VerticalAnchor::Top), look.text, text_px);
}

/// Draws a square and a name for each category. If there isn't room for all, the last line says how many more there are.
fn draw_names(names: &[String], scene: &mut ChartScene, frame: &PlotFrame, size: ChartSize, look: &PlotTheme) {
    let text_px = TEXT_PX * look.pixel_ratio;
    let left = frame.right_px + look.px(APART_PX);
    let right = left + look.px(BAR_PX);
    let room = f64::from(size.width_px) - right - look.px(GAP_PX);
    let top_of = |line: usize| frame.top_px + real(line) * look.px(LINE_PX);
    let lines = whole((frame.size_px().1 / look.px(LINE_PX)).floor());
    let shown = if names.len() <= lines { names.len() } else { lines.saturating_sub(1) };
    let mut write = |text: &str, line: usize| {
        let at = (right + look.px(GAP_PX), top_of(line) + look.px(BAR_PX / 2.0));
        scene.text(
            &fitted(text, text_px, room),
            at,
            (HorizontalAnchor::Start, VerticalAnchor::Middle),
            look.text,
            text_px,
        );
    };
    (0..).zip(&names[..shown]).for_each(|(line, name)| write(name, line));
    if shown < names.len() {
        write(&format!("{} more", count(names.len() - shown)), shown);
    }
    for (category, line) in (0_u32..).zip(0..shown) {
        let top = top_of(line);
        scene.bar((left, top), (right, top + look.px(BAR_PX)), look.of_category(category));
    }
}
