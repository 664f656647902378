//! Histogram: the number of cases by their values.

mod division;

use crate::axis::{Axis, AxisScale};
use crate::chart::{Chart, ChartSize};
use crate::coverage::{AbsenceReason, PlotCoverage, UnplacedValues};
use crate::frame::{PlotFrame, write_nothing};
use crate::label::{count, power_of};
use crate::mask::CaseMask;
use crate::number::real;
use crate::raster::RasterBuffers;
use crate::scene::ChartScene;
use crate::theme::PlotTheme;

pub(crate) use division::{AxisDivision, grid_step};

/// Maximum distance from a bar, in pixels, at which a pointer still means it.
const REACH_PX: f64 = 3.0;
/// Share of its room that is left free on both sides of a bar that stands for a value: no value lies between two such bars.
const INSET: f64 = 0.15;

/// The bar of a case that isn't shown.
const NOWHERE: u16 = u16::MAX;

/// Bars along an axis, and the bar of each case, independent of the selection.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramBins {
    /// The axis of the values. It may be longer than the one that was given, so that bars have room.
    pub axis: Axis,
    /// The bars, from low to high.
    pub bars: Vec<HistogramBar>,
    of_case: Vec<u16>,
    is_by_value: bool,
    /// Number of values that are counted, of those outside of the axis' range, and of those that aren't numbers.
    drawn: PlotCoverage,
    unplaced: UnplacedValues,
}

/// A part of an axis, and the cases whose values lie there.
#[derive(Debug, Clone, PartialEq)]
pub struct HistogramBar {
    /// Number of cases.
    pub all: usize,
    /// The least and the largest value of these: a selection of that range selects exactly them.
    pub values: Option<(f64, f64)>,
    /// The least and the largest value that cases in it can have.
    ends: (f64, f64),
    /// Beginning and end of the bar.
    sides: (f64, f64),
}

/// Cases counted by parts of an axis, one bar for each part.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram<'a> {
    /// The parts, and all cases.
    pub bins: &'a HistogramBins,
    /// Number of selected cases of each part.
    pub selected: Vec<usize>,
}

impl HistogramBins {
    /// Returns bars that suit the values, as far as the axis shows them.
    ///
    /// # Examples
    /// ```
    /// use cruncher_plot::histogram::HistogramBins;
    /// use cruncher_plot::{Axis, AxisScale, CaseMask, Chart};
    ///
    /// let loads = [1.0, 1.5, 2.0, 2.5, 9.0, f64::NAN];
    /// let axis = Axis::covering("load", "kN", AxisScale::Linear, &loads);
    /// let bins = HistogramBins::of(&loads, &axis);
    /// // Of the first three cases alone: a selection doesn't move the bars.
    /// let histogram = bins.histogram(CaseMask::Flags(&[true, true, true, false, false, false]));
    /// assert_eq!(histogram.selected.iter().sum::<usize>(), 3);
    /// assert!(histogram.summary().contains("1 without a value"), "{}", histogram.summary());
    /// ```
    #[must_use]
    pub fn of(values: &[f64], axis: &Axis) -> Self {
        let mapping = axis.mapping(1.0);
        // The places are dropped as soon as the axis is divided: there may be a million.
        let mut shown = Vec::with_capacity(values.len());
        shown.extend(values.iter().map(|value| mapping.place(*value)).filter(|place| is_shown(*place)));
        Self::divided(values, axis, &AxisDivision::of(axis, shown))
    }

    fn divided(values: &[f64], axis: &Axis, division: &AxisDivision) -> Self {
        let mapping = axis.mapping(1.0);
        let value = |(from, to): (f64, f64)| (axis.value(from), axis.value(to));
        let bar = |part| {
            let (ends, sides) = (value(division.ends(part)), value(division.sides(part)));
            HistogramBar { all: 0, values: None, ends, sides }
        };
        let mut bars: Vec<HistogramBar> = (0..division.len()).map(bar).collect();
        let mut of_case = vec![NOWHERE; values.len()];
        for (value, case) in values.iter().zip(&mut of_case) {
            let place = mapping.place(*value);
            if is_shown(place) {
                let part = division.find(place);
                bars[part].add(*value);
                *case = u16::try_from(part).unwrap_or(NOWHERE);
            }
        }
        let shown = bars.iter().map(|bar| bar.all).sum();
        let missing = values.iter().filter(|value| value.is_nan()).count();
        let drawn = PlotCoverage { shown, outside: values.len() - shown - missing, missing };
        let unplaced = if drawn.outside > 0 {
            UnplacedValues::of(axis, values.iter().copied())
        } else {
            UnplacedValues::default()
        };
        Self { axis: with_room(axis, &bars), bars, of_case, is_by_value: division.is_by_value(), drawn, unplaced }
    }

    /// Counts the selected cases.
    #[must_use]
    pub fn histogram(&self, selected: CaseMask) -> Histogram<'_> {
        if selected == CaseMask::All {
            return Histogram { bins: self, selected: self.bars.iter().map(|bar| bar.all).collect() };
        }
        let mut counts = vec![0; self.bars.len()];
        for (_, bar) in self.of_case.iter().enumerate().filter(|(case, _)| selected.contains(*case)) {
            if let Some(count) = counts.get_mut(usize::from(*bar)) {
                *count += 1;
            }
        }
        Histogram { bins: self, selected: counts }
    }

    /// Writes the values of a bar in words: `7`, `5.5 – 6`.
    #[must_use]
    pub fn words(&self, bar: usize) -> String {
        let [from, to] = self.ends_in_words(bar);
        if self.is_by_value { from } else { format!("{from} – {to}") }
    }

    /// Writes the values of a bar for use in a sentence.
    fn words_in_sentence(&self, bar: usize) -> String {
        let [from, to] = self.ends_in_words(bar);
        match &self.axis.scale {
            AxisScale::Categories(_) => from,
            _ if self.is_by_value => format!("at {from}"),
            _ => format!("between {from} and {to}"),
        }
    }

    /// Writes the ends of a bar, with as many digits as tell them from those of its neighbours.
    fn ends_in_words(&self, bar: usize) -> [String; 2] {
        let HistogramBar { ends, sides, .. } = self.bars[bar];
        let power = power_of(sides.1 - sides.0) - 1;
        [ends.0, ends.1].map(|value| self.axis.words_to(value, power))
    }

    /// Returns the least and the largest of the values that are counted.
    fn range(&self) -> Option<(f64, f64)> {
        let values = || self.bars.iter().filter_map(|bar| bar.values);
        Some((values().next()?.0, values().next_back()?.1))
    }

    fn absent(&self) -> AbsenceReason {
        AbsenceReason::new(self.drawn, [(&self.unplaced, &self.axis)])
    }
}

impl HistogramBar {
    fn add(&mut self, value: f64) {
        self.all += 1;
        let (least, most) = self.values.unwrap_or((value, value));
        self.values = Some((least.min(value), most.max(value)));
    }
}

fn is_shown(place: f64) -> bool {
    (0.0..=1.0).contains(&place)
}

/// Returns the axis, lengthened so that all bars fit.
fn with_room(axis: &Axis, bars: &[HistogramBar]) -> Axis {
    match (bars.first(), bars.last()) {
        (Some(first), Some(last)) => axis.between(axis.least.min(first.sides.0), axis.most.max(last.sides.1)),
        _ => axis.clone(),
    }
}

impl Histogram<'_> {
    /// Returns the largest number of cases of a bar.
    #[must_use]
    pub fn most(&self) -> usize {
        self.bins.bars.iter().map(|bar| bar.all).max().unwrap_or(0)
    }

    /// Returns the frame with the places of the axes.
    #[must_use]
    pub fn frame(&self, size: ChartSize, look: &PlotTheme) -> PlotFrame {
        PlotFrame::new(size, look, &self.bins.axis, &Axis::of_counts("cases", real(self.most())), 0.0)
    }

    /// Returns the bar above or below a pixel.
    #[must_use]
    pub fn bar_at(&self, frame: &PlotFrame, x_px: f64) -> Option<usize> {
        let distance = |(index, bar): (usize, &HistogramBar)| {
            let (left, right) = (frame.pixel_of(bar.sides.0, 0.0).0, frame.pixel_of(bar.sides.1, 0.0).0);
            (index, (left - x_px).max(x_px - right).max(0.0))
        };
        let nearest = self.bins.bars.iter().enumerate().map(distance).min_by(|one, other| one.1.total_cmp(&other.1));
        nearest.filter(|(_, distance)| *distance <= REACH_PX).map(|(index, _)| index)
    }

    /// Draws two bars on one another: all cases in grey, and the selected ones in colour.
    fn draw_bars(&self, scene: &mut ChartScene, frame: &PlotFrame, look: &PlotTheme) {
        for (bar, selected) in self.bins.bars.iter().zip(&self.selected) {
            let (left, right) = self.sides_px(bar, frame, look);
            for (number, colour) in [(bar.all, look.muted), (*selected, look.data)] {
                // A single case among many is still a line.
                let top = frame.pixel_of(0.0, real(number)).1.round().min(frame.bottom_px - look.hairline_px());
                if number > 0 {
                    scene.bar((left, top), (right, frame.bottom_px), colour);
                }
            }
        }
    }

    /// Returns the left and the right side of a bar, which is at least a pixel wide.
    fn sides_px(&self, bar: &HistogramBar, frame: &PlotFrame, look: &PlotTheme) -> (f64, f64) {
        let inside = |value: f64| frame.pixel_of(value, 0.0).0.round().clamp(frame.left_px, frame.right_px);
        let (left, right) = (inside(bar.sides.0), inside(bar.sides.1));
        let inset = if self.bins.is_by_value { (INSET * (right - left)).floor() } else { 0.0 };
        let gap = if right - left > 5.0 * look.pixel_ratio { look.hairline_px() } else { 0.0 };
        let left = (left + inset).min(frame.right_px - 1.0);
        (left, (right - inset - gap).max(left + 1.0))
    }
}

impl Chart for Histogram<'_> {
    fn paint(&self, _size: ChartSize, _look: &PlotTheme, raster: &mut RasterBuffers) {
        raster.empty();
    }

    fn scene(&self, size: ChartSize, look: &PlotTheme) -> ChartScene {
        let (frame, mut scene) = (self.frame(size, look), ChartScene::default());
        frame.lines_across(&mut scene, look);
        self.draw_bars(&mut scene, &frame, look);
        frame.rule(&mut scene, look, &self.bins.absent());
        if self.bins.drawn.shown == 0 {
            write_nothing(&mut scene, &frame, look);
        }
        scene
    }

    fn summary(&self) -> String {
        let PlotCoverage { shown, outside, missing } = self.bins.drawn;
        let mut parts = vec![format!("{} of {} cases", count(shown), count(shown + outside + missing))];
        let highest = self.bins.bars.iter().rposition(|bar| bar.all == self.most() && shown > 0);
        if let Some((highest, (least, most))) = highest.zip(self.bins.range()) {
            let range = match self.bins.axis.scale {
                AxisScale::Categories(_) => String::new(),
                _ => self.bins.axis.range_in_words(least, most) + ", ",
            };
            let (label, words) = (&self.bins.axis.label, self.bins.words_in_sentence(highest));
            parts.push(format!(": {label} {range}most of them ({}) {words}", count(self.most())));
        }
        let selected: usize = self.selected.iter().sum();
        if selected < shown {
            parts.push(format!("; {} selected", count(selected)));
        }
        parts.push(self.bins.absent().words());
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{SMALL, bell, dark, golden, light, uniform};

    fn bins(values: &[f64], scale: AxisScale) -> HistogramBins {
        HistogramBins::of(values, &Axis::covering("end_load", "N", scale, values))
    }

    #[test]
    fn selected_cases_stand_before_all() {
        let values: Vec<f64> = bell(2_000, 5).iter().map(|value| 5e5 + 1e5 * value).collect();
        let selected: Vec<bool> = values.iter().map(|value| *value < 5.2e5).collect();
        let bins = bins(&values, AxisScale::Linear);
        let histogram = bins.histogram(CaseMask::Flags(&selected));
        insta::assert_snapshot!(golden(&histogram, SMALL, &light()));
    }

    #[test]
    fn a_logarithm_has_bars_of_equal_factors() {
        let values: Vec<f64> = bell(500, 6).iter().map(|value| 10_f64.powf(1.5 * value - 4.0)).collect();
        insta::assert_snapshot!(golden(
            &bins(&values, AxisScale::Logarithmic).histogram(CaseMask::All),
            SMALL,
            &dark()
        ));
    }

    #[test]
    fn a_category_has_a_bar() {
        let values = [0.0, 0.0, 2.0, 1.0, 2.0, 2.0];
        let names = ["sand", "clay", "granite"].map(str::to_owned).to_vec();
        let bins = bins(&values, AxisScale::Categories(names));
        let histogram = bins.histogram(CaseMask::Flags(&[true, false, true]));
        assert_eq!(bins.bars.iter().map(|bar| bar.all).collect::<Vec<_>>(), [2, 1, 3]);
        assert_eq!(histogram.summary(), "6 of 6 cases: end_load most of them (3) granite; 2 selected");
        insta::assert_snapshot!(golden(&histogram, SMALL, &light()));
    }

    #[test]
    fn equal_values_are_one_bar_and_none_is_no_bar() {
        let one = bins(&[7.0; 3], AxisScale::Linear);
        assert_eq!(one.bars.iter().filter(|bar| bar.all > 0).count(), 1);
        insta::assert_snapshot!("single", golden(&one.histogram(CaseMask::All), SMALL, &light()));
        insta::assert_snapshot!(
            "empty",
            golden(&bins(&[], AxisScale::Linear).histogram(CaseMask::All), SMALL, &light())
        );
    }

    #[test]
    fn uniform_values_have_bars_of_equal_height() {
        let values: Vec<f64> = uniform(50_000, 8);
        let bins = bins(&values, AxisScale::Linear);
        let mean = 50_000.0 / real(bins.bars.len());
        assert!(bins.bars.iter().all(|bar| (real(bar.all) / mean - 1.0).abs() < 0.1), "{:?}", bins.bars);
        let histogram = bins.histogram(CaseMask::All);
        let frame = histogram.frame(SMALL, &light());
        let middle = histogram.bar_at(&frame, frame.pixel_of(0.5, 0.0).0);
        assert_eq!(middle, Some(bins.bars.len() / 2));
        assert_eq!(histogram.bar_at(&frame, frame.right_px), None, "there is none");
    }

    #[test]
    fn whole_numbers_have_a_bar_each() {
        let values: Vec<f64> = uniform(600, 2).iter().map(|share| 3.0 + (share * 8.0).floor()).collect();
        let bins = bins(&values, AxisScale::Linear);
        for (index, bar) in bins.bars.iter().enumerate() {
            let value = 3.0 + real(index);
            assert_eq!(bar.all, values.iter().filter(|other| (**other - value).abs() < 0.5).count());
            assert_eq!((bar.values, bins.words(index)), (Some((value, value)), format!("{value} N")));
        }
        insta::assert_snapshot!(golden(&bins.histogram(CaseMask::All), SMALL, &light()));
    }

    #[test]
    fn a_penalty_is_outside_and_named() {
        let bins = bins(&[500.0, 510.0, f64::MAX, 530.0, f64::NAN, f64::MAX], AxisScale::Linear);
        let expected = "3 of 6 cases: end_load from 500 N to 530 N, most of them (1) at 530 N; 2 outside of what is shown; \
                        1 without a value; end_load of 2 cases can't be shown: 1.798×10³⁰⁸";
        assert_eq!(bins.histogram(CaseMask::All).summary(), expected);
    }

    proptest! {
        #[test]
        fn a_bar_has_exactly_the_cases_between_its_values(values in prop::collection::vec(prop_oneof![prop::num::f64::ANY, (-9..9_i8).prop_map(f64::from), -1e3..1e3_f64], 0..200)) {
            for scale in [AxisScale::Linear, AxisScale::Logarithmic] {
                let axis = Axis::covering("", "", scale, &values);
                for axis in [axis.between(-5.0, 6.0), axis] {
                    let bins = HistogramBins::of(&values, &axis);
                    let PlotCoverage { shown, outside, missing } = bins.drawn;
                    prop_assert_eq!(bins.bars.iter().map(|bar| bar.all).sum::<usize>(), shown);
                    prop_assert_eq!(shown + outside + missing, values.len());
                    for bar in &bins.bars {
                        let is_meant = |value: &&f64| bar.values.is_some_and(|(least, most)| (least..=most).contains(*value));
                        prop_assert_eq!(values.iter().filter(is_meant).count(), bar.all);
                    }
                    let selected = bins.histogram(CaseMask::Flags(&[true; 50])).selected;
                    prop_assert!(selected.iter().zip(&bins.bars).all(|(selected, bar)| *selected <= bar.all));
                }
            }
        }
    }
}
