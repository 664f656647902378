//! How many cases have which values.

use crate::axis::{Axis, Scale};
use crate::chart::{Chart, Size};
use crate::drawn::Drawn;
use crate::drawn::absent;
use crate::frame::Frame;
use crate::frame::write_nothing;
use crate::label::count;
use crate::look::Look;
use crate::mask::Mask;
use crate::number::extent;
use crate::number::{real, whole};
use crate::raster::Raster;
use crate::sheet::Sheet;

/// Fewer bars show no shape, more are no summary.
const LEAST_BINS: usize = 5;
const MOST_BINS: usize = 80;

/// Cases counted by equal parts of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// The axis of the values.
    pub axis: Axis,
    /// Where the bars begin and end, one more than there are bars.
    pub edges: Vec<f64>,
    /// How many cases each bar has.
    pub all: Vec<usize>,
    /// How many of those are selected.
    pub selected: Vec<usize>,
    /// How many values are counted, how many lie outside of the axis' range, and how many aren't numbers.
    pub drawn: Drawn,
}

/// How many equal parts suit the values that `axis` shows.
///
/// Freedman, D. and Diaconis, P. (1981): On the histogram as a density estimator. Where half of the values are equal, Sturges
/// (1926) helps out. At least 5 and at most 80; an axis of categories has one a name.
#[must_use]
pub fn suitable_bins(values: &[f64], axis: &Axis) -> usize {
    if let Scale::Categories(names) = &axis.scale {
        return names.len().max(1);
    }
    let mut places: Vec<f64> = values.iter().map(|value| axis.place(*value)).collect();
    places.retain(|place| (0.0..=1.0).contains(place));
    let Some((least, most)) = extent(places.iter().copied()) else { return LEAST_BINS };
    let quartile = |places: &mut Vec<f64>, index: usize| *places.select_nth_unstable_by(index, f64::total_cmp).1;
    let (low, high) = (places.len() / 4, places.len() * 3 / 4);
    let spread = quartile(&mut places, high) - quartile(&mut places, low);
    let width = 2.0 * spread / real(places.len()).cbrt();
    let bins = if width > 0.0 { (most - least) / width } else { real(places.len()).log2() + 1.0 };
    whole(bins.ceil()).clamp(LEAST_BINS, MOST_BINS)
}

impl Histogram {
    /// Counts the values in `bins` parts of what they cover, as far as the axis shows it: equal places, so equal factors on a
    /// logarithmic axis. The last part has its end, too.
    #[must_use]
    pub fn of(values: &[f64], selected: Mask, axis: &Axis, bins: usize) -> Self {
        let mapping = axis.mapping(1.0);
        let places: Vec<f64> = values.iter().map(|value| mapping.place(*value)).collect();
        let is_shown = |place: &f64| (0.0..=1.0).contains(place);
        let shown: Vec<f64> = places.iter().copied().filter(is_shown).collect();
        let (least, most) = match &axis.scale {
            Scale::Categories(_) => (axis.place(-0.5), axis.place(real(bins) - 0.5)),
            _ => extent(shown.iter().copied()).map_or((0.0, 1.0), widened),
        };
        let bins = bins.max(1);
        let edge = |index: usize| axis.value(least + (most - least) * real(index) / real(bins));
        let (mut all, mut chosen) = (vec![0; bins], vec![0; bins]);
        for (index, place) in places.iter().enumerate().filter(|(_, place)| is_shown(place)) {
            let bin = whole((place - least) / (most - least) * real(bins)).min(bins - 1);
            all[bin] += 1;
            chosen[bin] += usize::from(selected.contains(index));
        }
        let missing = values.iter().filter(|value| value.is_nan()).count();
        let outside = values.len() - shown.len() - missing;
        let drawn = Drawn { shown: shown.len(), outside, missing, uncoloured: 0 };
        Self { axis: axis.clone(), edges: (0..=bins).map(edge).collect(), all, selected: chosen, drawn }
    }

    /// The most cases that any bar has.
    #[must_use]
    pub fn most(&self) -> usize {
        self.all.iter().copied().max().unwrap_or(0)
    }

    /// Where its axes stand.
    #[must_use]
    pub fn frame(&self, size: Size, look: &Look) -> Frame {
        Frame::new(size, look, &self.axis, &Axis::of_counts("cases", real(self.most())), 0.0)
    }

    /// The bar above or below a pixel.
    #[must_use]
    pub fn bar_at(&self, frame: &Frame, x_px: f64) -> Option<usize> {
        let (value, _) = frame.values_at(x_px, frame.top_px);
        self.edges.windows(2).position(|edges| (edges[0]..=edges[1]).contains(&value))
    }

    /// One bar above another one: all cases in grey, and those that are selected.
    pub(crate) fn draw_bars(&self, sheet: &mut Sheet, frame: &Frame, look: &Look) {
        let step = frame.size_px().0 / real(self.all.len());
        // Categories have nothing between them.
        let is_named = matches!(self.axis.scale, Scale::Categories(_));
        let inset = if is_named { (0.15 * step).floor() } else { 0.0 };
        let gap = if step > 5.0 * look.pixel_ratio { look.hairline_px() } else { 0.0 };
        let inside = |x: f64| x.round().clamp(frame.left_px, frame.right_px);
        for (index, edges) in self.edges.windows(2).enumerate() {
            let left = inside(frame.pixel_of(edges[0], 0.0).0) + inset;
            let right = inside(frame.pixel_of(edges[1], 0.0).0) - inset - gap;
            for (number, colour) in [(self.all[index], look.muted), (self.selected[index], look.data)] {
                // One case among many is a line.
                let top = frame.pixel_of(0.0, real(number)).1.round().min(frame.bottom_px - look.hairline_px());
                if number > 0 && right > left {
                    sheet.bar((left, top), (right, frame.bottom_px), colour);
                }
            }
        }
    }
}

/// A range with a width, also when all values are equal.
fn widened((least, most): (f64, f64)) -> (f64, f64) {
    if most - least > 1e-9 { (least, most) } else { (least - 0.05, least + 0.05) }
}

impl Chart for Histogram {
    fn paint(&self, _size: Size, _look: &Look, raster: &mut Raster) -> Drawn {
        raster.empty();
        self.drawn
    }

    fn sheet(&self, size: Size, look: &Look) -> Sheet {
        let (frame, mut sheet) = (self.frame(size, look), Sheet::default());
        frame.lines_across(&mut sheet, look);
        self.draw_bars(&mut sheet, &frame, look);
        frame.rule(&mut sheet, look);
        if self.drawn.shown == 0 {
            write_nothing(&mut sheet, &frame, look);
        }
        sheet
    }

    fn summary(&self) -> String {
        let Drawn { shown, outside, missing, .. } = self.drawn;
        let mut parts = vec![format!("{} of {} cases", count(shown), count(shown + outside + missing))];
        let highest = self.all.iter().rposition(|number| *number == self.most() && shown > 0);
        if let Some(highest) = highest {
            let (from, to) = (self.axis.words(self.edges[highest]), self.axis.words(self.edges[highest + 1]));
            let of_highest = match &self.axis.scale {
                Scale::Categories(_) => self.axis.words(real(highest)),
                _ => format!("between {from} and {to}"),
            };
            let range = if let Scale::Categories(_) = self.axis.scale {
                String::new()
            } else {
                self.axis.range_in_words(self.edges[0], self.edges[self.all.len()]) + ", "
            };
            parts.push(format!(": {} {range}most of them ({}) {of_highest}", self.axis.label, count(self.most())));
        }
        let selected: usize = self.selected.iter().sum();
        if selected < shown {
            parts.push(format!("; {} selected", count(selected)));
        }
        parts.push(absent(outside, missing));
        parts.concat()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples::{SMALL, bell, dark, golden, light, uniform};

    fn histogram(values: &[f64], selected: Mask, scale: Scale) -> Histogram {
        let axis = Axis::covering("end_load", "N", scale, values);
        Histogram::of(values, selected, &axis, suitable_bins(values, &axis))
    }

    #[test]
    fn selected_cases_stand_before_all() {
        let values: Vec<f64> = bell(2_000, 5).iter().map(|value| 5e5 + 1e5 * value).collect();
        let selected: Vec<bool> = values.iter().map(|value| *value < 5.2e5).collect();
        let histogram = histogram(&values, Mask::Flags(&selected), Scale::Linear);
        insta::assert_snapshot!(golden(&histogram, SMALL, &light()));
    }

    #[test]
    fn a_logarithm_has_bars_of_equal_factors() {
        let values: Vec<f64> = bell(500, 6).iter().map(|value| 10_f64.powf(1.5 * value - 4.0)).collect();
        insta::assert_snapshot!(golden(&histogram(&values, Mask::All, Scale::Logarithmic), SMALL, &dark()));
    }

    #[test]
    fn a_category_has_a_bar() {
        let values = [0.0, 0.0, 2.0, 1.0, 2.0, 2.0];
        let names = ["sand", "clay", "granite"].map(str::to_owned).to_vec();
        let histogram = histogram(&values, Mask::Flags(&[true, false, true]), Scale::Categories(names));
        assert_eq!(histogram.all, [2, 1, 3]);
        assert_eq!(histogram.summary(), "6 of 6 cases: end_load most of them (3) granite; 2 selected");
        insta::assert_snapshot!(golden(&histogram, SMALL, &light()));
    }

    #[test]
    fn equal_values_are_one_bar_and_none_is_no_bar() {
        let one = histogram(&[7.0; 3], Mask::All, Scale::Linear);
        assert_eq!(one.all.iter().filter(|number| **number > 0).count(), 1);
        insta::assert_snapshot!("single", golden(&one, SMALL, &light()));
        insta::assert_snapshot!("empty", golden(&histogram(&[], Mask::All, Scale::Linear), SMALL, &light()));
    }

    #[test]
    fn uniform_values_have_bars_of_equal_height() {
        let values: Vec<f64> = (0..1_000).map(|index| f64::from(index) / 999.0).collect();
        let histogram = histogram(&values, Mask::All, Scale::Linear);
        assert!(histogram.all.iter().all(|number| (99..=101).contains(number)), "{:?}", histogram.all);
        assert_eq!(histogram.bar_at(&histogram.frame(SMALL, &light()), 200.0), Some(5));
    }

    #[test]
    fn bins_grow_with_the_number_of_cases() {
        let axis = |values: &[f64]| Axis::covering("", "", Scale::Linear, values);
        let bins = |number| suitable_bins(&uniform(number, 4), &axis(&uniform(number, 4)));
        assert_eq!([10, 1_000, 1_000_000].map(bins), [5, 10, 80]);
        assert_eq!(suitable_bins(&[1.0; 100], &axis(&[1.0; 100])), 8);
    }

    proptest! {
        #[test]
        fn bars_sum_up_to_the_number_of_values(values in prop::collection::vec(prop::num::f64::ANY, 0..200), bins in 1..100_usize, least in -5.0..5.0_f64) {
            for axis in [Axis::covering("", "", Scale::Linear, &values), Axis { least, most: 6.0, ..Axis::covering("", "", Scale::Linear, &[]) }, Axis::covering("", "", Scale::Logarithmic, &values)] {
                let histogram = Histogram::of(&values, Mask::Flags(&[true; 50]), &axis, bins);
                let Drawn { shown, outside, missing, .. } = histogram.drawn;
                prop_assert_eq!(histogram.all.iter().sum::<usize>(), shown);
                prop_assert_eq!(shown + outside + missing, values.len());
                prop_assert!(histogram.selected.iter().zip(&histogram.all).all(|(selected, all)| selected <= all));
            }
        }
    }
}
