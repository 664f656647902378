//! Parallel coordinates: an axis for each column, a line for each case.

mod paint;
mod parallel_axes;

use crate::axis::{Axis, AxisScale};
use crate::chart::{Chart, ChartSize};
use crate::column::PlotColumn;
use crate::coverage::{AbsenceReason, PlotCoverage};
use crate::frame::ticks_upwards;
use crate::label::{count, figure_that_fits, power_of};
use crate::mask::CaseMask;
use crate::number::real;
use crate::raster::RasterBuffers;
use crate::scene::{AlphaColour, ChartScene, HorizontalAnchor, Place, VerticalAnchor};
use crate::text::{TEXT_PX, fitted, fitted_title, width_px};
use crate::theme::PlotTheme;
use crate::ticks::AxisTicks;

pub use parallel_axes::ParallelAxes;

/// Lengths on the page, in its pixels.
const SIDE_PX: f64 = 32.0;
const LINE_PX: f64 = TEXT_PX + 4.0;
const TICK_PX: f64 = 3.0;
const BRUSH_PX: f64 = 5.0;
const GAP_PX: f64 = 6.0;
/// Distance of axes below which names stand in two rows.
const NARROW_PX: f64 = 72.0;
/// Maximum number of digits at the ends of an axis, which more would have no room.
const MAX_END_DIGITS: i32 = 6;

/// Cases as lines through all of their values.
#[derive(Debug, Clone, PartialEq)]
pub struct ParallelCoordinates<'a> {
    /// From left to right; each has a range and a scale of its own.
    pub columns: Vec<PlotColumn<'a>>,
    /// The lines in colour; the others lie below them.
    pub selected: CaseMask<'a>,
    /// The range that is chosen on each axis, if there is one.
    pub brushes: Vec<Option<(f64, f64)>>,
    /// A line that stands out.
    pub pointed_at: Option<usize>,
}

impl ParallelCoordinates<'_> {
    /// Returns the places of the axes.
    #[must_use]
    pub fn axes(&self, size: ChartSize, look: &PlotTheme) -> ParallelAxes {
        let (width, height) = (f64::from(size.width_px), f64::from(size.height_px));
        let margin = look.px(SIDE_PX).min((width / 4.0).floor());
        let step = (width - 2.0 * margin) / real(self.columns.len().max(2) - 1);
        let x_px = (0..self.columns.len()).map(|index| (margin + step * real(index)).round()).collect();
        let rows = if step < NARROW_PX * look.pixel_ratio { 3.0 } else { 2.0 };
        let top_px = look.px(rows * LINE_PX + 2.0);
        let rows = if self.drawn().shown < self.cases() { 2.0 } else { 1.0 };
        ParallelAxes { top_px, bottom_px: (height - look.px(rows * LINE_PX + 2.0)).max(top_px + 1.0), x_px }
    }

    /// Returns the line nearest to a pixel between two axes, if it is within `reach_px` above or below.
    #[must_use]
    pub fn nearest(
        &self,
        layout: &ParallelAxes,
        (x_px, y_px): (f64, f64),
        reach_px: f64,
        among: CaseMask,
    ) -> Option<usize> {
        let left = layout.x_px.windows(2).position(|sides| (sides[0]..=sides[1]).contains(&x_px))?;
        let share = (x_px - layout.x_px[left]) / (layout.x_px[left + 1] - layout.x_px[left]);
        let (from, to) = (&self.columns[left], &self.columns[left + 1]);
        let maps = [from.axis.mapping(1.0), to.axis.mapping(1.0)];
        let (mut nearest, mut least) = (None, reach_px);
        for (index, (from, to)) in from.values.iter().zip(to.values).enumerate() {
            let (from, to) = (maps[0].place(*from), maps[1].place(*to));
            let distance = (layout.y_px(from + share * (to - from)) - y_px).abs();
            if distance <= least && among.contains(index) && (nearest.is_none() || distance < least) {
                (nearest, least) = (Some(index), distance);
            }
        }
        nearest
    }

    /// Returns the number of cases.
    fn cases(&self) -> usize {
        self.columns.iter().map(|column| column.values.len()).min().unwrap_or(0)
    }

    fn drawn(&self) -> PlotCoverage {
        PlotCoverage::of_cases(&self.columns)
    }

    fn absent(&self) -> AbsenceReason {
        AbsenceReason::of_columns(self.drawn(), &self.columns)
    }

    /// Writes which cases aren't shown, below the axes.
    fn write_note(&self, layout: &ParallelAxes, size: ChartSize, scene: &mut ChartScene, look: &PlotTheme) {
        let (text_px, gap) = (TEXT_PX * look.pixel_ratio, look.px(GAP_PX));
        let note = fitted(&self.absent().note(), text_px, f64::from(size.width_px) - 2.0 * gap);
        if !note.is_empty() {
            let at = (gap, layout.bottom_px + look.px(LINE_PX + 2.0));
            scene.text(&note, at, (HorizontalAnchor::Start, VerticalAnchor::Top), look.text, text_px);
        }
    }

    /// Draws an axis, its ticks, its ends and its name.
    fn draw_axis(
        &self,
        index: usize,
        layout: &ParallelAxes,
        size: ChartSize,
        scene: &mut ChartScene,
        look: &PlotTheme,
    ) {
        let (axis, x, line) = (&self.columns[index].axis, layout.x_px[index], look.hairline_px());
        let ink = AlphaColour::faint(look.text, 0.7);
        scene.bar((x, layout.top_px), (x + line, layout.bottom_px), ink);
        let ticks = ticks_upwards(axis, layout.bottom_px - layout.top_px, look);
        for tick in &ticks.major {
            let y = layout.y_px(tick.place).round();
            scene.bar((x - look.px(TICK_PX), y), (x, y + line), ink);
        }
        let (text_px, width) = (TEXT_PX * look.pixel_ratio, f64::from(size.width_px));
        let slot = layout.slot_px().min(width);
        // A label neither reaches its neighbour's room nor beyond the edge.
        let room = |slot: f64| {
            let to_edge = x.min(width - x).max(0.0) + slot / 2.0;
            slot.min(to_edge) - look.px(GAP_PX)
        };
        let mut write = |text: &str, at: Place| {
            let half = width_px(text, text_px) / 2.0 + 1.0;
            let x = at.0.min(width - half).max(half);
            scene.text(text, (x, at.1), (HorizontalAnchor::Middle, VerticalAnchor::Top), look.text, text_px);
        };
        let fits = |text: &str| width_px(text, text_px) <= room(slot);
        let [least, most] = match self.only_value(index) {
            Some(value) => [format!("= {}", figure_that_fits(value, power_of(value), fits)), String::new()],
            None => ends(axis, fits),
        };
        for (text, y) in [(least, layout.bottom_px + look.px(2.0)), (most, layout.top_px - look.px(LINE_PX))] {
            write(&fitted(&text, text_px, room(slot)), (x, y));
        }
        let is_narrow = slot < NARROW_PX * look.pixel_ratio;
        let row = if is_narrow && index % 2 == 1 { 1.0 } else { 0.0 };
        let room = room(if is_narrow { 2.0 * slot } else { slot });
        write(&fitted_title(axis, text_px, room), (x, look.px(2.0 + row * LINE_PX)));
        if let AxisScale::Categories(_) = axis.scale {
            write_names(&ticks, (x, slot, width), layout, scene, look);
        }
    }

    /// Returns the value of an axis on which all cases have the same one.
    fn only_value(&self, index: usize) -> Option<f64> {
        let PlotColumn { axis, values, .. } = &self.columns[index];
        if let AxisScale::Categories(_) | AxisScale::Time { .. } = axis.scale {
            return None;
        }
        let mut shown = values.iter().filter(|value| (axis.least..=axis.most).contains(*value));
        let first = shown.next()?;
        shown.all(|value| (*first..=*first).contains(value)).then_some(*first)
    }

    fn draw_brush(&self, index: usize, layout: &ParallelAxes, scene: &mut ChartScene, look: &PlotTheme) {
        let Some(Some((least, most))) = self.brushes.get(index) else { return };
        let y = |value: f64| layout.y_px(self.columns[index].axis.place(value).clamp(0.0, 1.0)).round();
        let (x, half, line) = (layout.x_px[index], look.px(BRUSH_PX), 2.0 * look.hairline_px());
        let (top, bottom) = (y(*most), y(*least));
        scene.bar((x - half, top), (x + half, bottom), AlphaColour::faint(look.accent, 0.3));
        for y in [top, bottom] {
            scene.bar((x - half, y - line / 2.0), (x + half, y + line / 2.0), look.accent);
        }
    }

    fn draw_pointed_at(&self, layout: &ParallelAxes, scene: &mut ChartScene, look: &PlotTheme) {
        let Some(case) = self.pointed_at.filter(|case| *case < self.cases()) else { return };
        let place = |(column, x): (&PlotColumn, &f64)| (*x, layout.y_px(column.axis.place(column.values[case])));
        let places: Vec<Place> = self.columns.iter().zip(&layout.x_px).map(place).collect();
        let is_inside = |place: &Place| (layout.top_px..=layout.bottom_px).contains(&place.1);
        for part in places.split(|place| !is_inside(place)).filter(|part| part.len() > 1) {
            scene.path(part.to_vec(), look.accent, 2.0 * look.pixel_ratio);
        }
    }
}

/// Returns the labels at the ends of an axis. They have as many digits as tell the ends apart; if those are too many, the upper
/// label is the difference from the lower one.
fn ends(axis: &Axis, fits: impl Fn(&str) -> bool) -> [String; 2] {
    let range = axis.most - axis.least;
    let write = |value: f64, power: i32| figure_that_fits(value, power, &fits);
    let power = power_of(range) - 2;
    match axis.scale {
        AxisScale::Categories(_) => Default::default(),
        AxisScale::Time { .. } => [axis.least, axis.most].map(|value| axis.words(value)),
        AxisScale::Logarithmic => [axis.least, axis.most].map(|value| write(value, power_of(value))),
        _ if power_of(axis.least.abs().max(axis.most.abs())) - power > MAX_END_DIGITS => {
            [write(axis.least, power_of(axis.least)), format!("+{}", write(range, power))]
        }
        AxisScale::Linear | AxisScale::Counts => [axis.least, axis.most].map(|value| write(value, power)),
    }
}

/// Writes the names of categories beside their axis, on a ground of their own, since lines lie below.
fn write_names(
    ticks: &AxisTicks,
    (x, slot, width): (f64, f64, f64),
    layout: &ParallelAxes,
    scene: &mut ChartScene,
    look: &PlotTheme,
) {
    let text_px = TEXT_PX * look.pixel_ratio;
    let (gap, half) = (look.px(GAP_PX), look.px(LINE_PX / 2.0));
    for tick in &ticks.major {
        let name = fitted(&tick.label, text_px, slot - 3.0 * gap);
        let (y, room) = (layout.y_px(tick.place), width_px(&name, text_px) + gap);
        // The last axis has room on its left only.
        let left = if x + gap + room > width { x - gap - room } else { x + gap };
        scene.bar((left, y - half), (left + room, y + half), AlphaColour::faint(look.background, 0.75));
        scene.text(&name, (left + gap / 2.0, y), (HorizontalAnchor::Start, VerticalAnchor::Middle), look.text, text_px);
    }
}

impl Chart for ParallelCoordinates<'_> {
    fn paint(&self, size: ChartSize, look: &PlotTheme, raster: &mut RasterBuffers) {
        paint::paint(self, &self.axes(size, look), look, raster);
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (layout, mut scene) = (self.axes(size, look), ChartScene::default());
        for index in 0..self.columns.len() {
            self.draw_axis(index, &layout, size, &mut scene, look);
        }
        self.write_note(&layout, size, &mut scene, look);
        self.draw_pointed_at(&layout, &mut scene, look);
        for index in 0..self.columns.len() {
            self.draw_brush(index, &layout, &mut scene, look);
        }
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, .. } = self.drawn();
        let of_axis = |axis: &Axis| match &axis.scale {
            AxisScale::Categories(_) => axis.label.clone(),
            _ => format!("{} {}", axis.label, axis.shown_in_words()),
        };
        let axes: Vec<String> = self.columns.iter().map(|column| of_axis(&column.axis)).collect();
        let text = format!("{} of {} cases: {}", count(shown), count(self.cases()), axes.join(", "));
        let brushed = self.brushes.iter().flatten().count();
        let selected = if brushed > 0 || self.selected != CaseMask::All {
            format!("; {} selected", count(self.selected.count(self.cases())))
        } else {
            String::new()
        };
        text + &selected + &self.absent().words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{SMALL, USUAL, bell, dark, golden, light};

    fn columns(cases: usize) -> Vec<Vec<f64>> {
        let (a, b, c) = (bell(cases, 1), bell(cases, 2), bell(cases, 3));
        let load = (0..cases).map(|index| 5e5 + 1e5 * (2.0 * a[index] + b[index])).collect();
        let flow = (0..cases).map(|index| 10_f64.powf(b[index] * 2.0 - 4.0 + 0.3 * c[index])).collect();
        let soil = a
            .iter()
            .map(|a| {
                if *a > 0.4 {
                    2.0
                } else if *a > 0.0 {
                    1.0
                } else {
                    0.0
                }
            })
            .collect();
        vec![a.iter().map(|a| 30.0 + 4.0 * a).collect(), soil, b, load, flow]
    }

    fn parallel(columns: &[Vec<f64>]) -> ParallelCoordinates<'_> {
        let names = ["sand", "clay", "rock"].map(str::to_owned).to_vec();
        let axes = [
            ("friction", "°", AxisScale::Linear),
            ("soil", "", AxisScale::Categories(names)),
            ("dilation", "", AxisScale::Linear),
            ("end_load", "N", AxisScale::Linear),
            ("permeability", "m/s", AxisScale::Logarithmic),
        ];
        ParallelCoordinates {
            columns: axes
                .into_iter()
                .zip(columns)
                .map(|((label, unit, scale), values)| {
                    PlotColumn::new(Axis::covering(label, unit, scale, values), values)
                })
                .collect(),
            selected: CaseMask::All,
            brushes: Vec::new(),
            pointed_at: None,
        }
    }

    #[test]
    fn a_few_lines_can_be_followed() {
        let columns = columns(60);
        let selected: Vec<bool> = columns[0].iter().map(|friction| (30.0..34.0).contains(friction)).collect();
        let chart = ParallelCoordinates {
            selected: CaseMask::Flags(&selected),
            brushes: vec![Some((30.0, 34.0))],
            pointed_at: Some(3),
            ..parallel(&columns)
        };
        insta::assert_snapshot!(golden(&chart, SMALL, &light()));
        assert!(chart.summary().starts_with("60 of 60 cases: friction from"), "{}", chart.summary());
    }

    #[test]
    fn many_lines_flow() {
        let columns = columns(20_000);
        let selected: Vec<bool> = columns[3].iter().map(|load| *load > 6.5e5).collect();
        let chart = ParallelCoordinates { selected: CaseMask::Flags(&selected), ..parallel(&columns) };
        insta::assert_snapshot!(golden(&chart, SMALL, &dark()));
    }

    #[test]
    fn no_line_and_one_line_are_shown_as_such() {
        insta::assert_snapshot!("empty", golden(&parallel(&columns(0)), SMALL, &light()));
        insta::assert_snapshot!("single", golden(&parallel(&columns(1)), SMALL, &light()));
    }

    #[test]
    fn a_case_without_a_value_is_counted_as_such() {
        let mut columns = columns(10);
        columns[2][4] = f64::NAN;
        columns[4][5] = -1.0;
        let chart = parallel(&columns);
        assert_eq!(chart.drawn(), PlotCoverage { shown: 8, outside: 1, missing: 1 });
    }

    #[test]
    fn the_nearest_line_is_found() {
        let columns = columns(50);
        let chart = parallel(&columns);
        let layout = chart.axes(USUAL, &light());
        let y = layout.y_px(chart.columns[0].axis.place(columns[0][7]));
        assert_eq!(chart.nearest(&layout, (layout.x_px[0], y), 3.0, CaseMask::All), Some(7));
        assert_eq!(chart.nearest(&layout, (layout.x_px[0], -50.0), 3.0, CaseMask::All), None);
        assert_eq!(layout.nearest(layout.x_px[2] + 5.0), Some(2));
    }
}
