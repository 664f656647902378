//! How many cases have which values.

use crate::axis::{Axis, Scale};
use crate::chart::{Chart, Size};
use crate::drawn::{Drawn, absent};
use crate::frame::{Frame, write_nothing};
use crate::label::count;
use crate::look::Look;
use crate::mask::Mask;
use crate::number::{extent, real, whole};
use crate::raster::Raster;
use crate::sheet::Sheet;

/// Fewer bars show no shape, more are no summary.
const LEAST_BINS: usize = 5;
const MOST_BINS: usize = 80;

/// The bin of a case that isn't shown.
const NOWHERE: u16 = u16::MAX;

/// Equal parts of an axis, and which of them each case is in: whatever is selected.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// The axis of the values.
    pub axis: Axis,
    /// Where the parts begin and end, one more than there are parts.
    pub edges: Vec<f64>,
    /// How many cases each part has.
    pub all: Vec<usize>,
    of_case: Vec<u16>,
    /// How many values are counted, how many lie outside of the axis' range, and how many aren't numbers.
    drawn: Drawn,
}

/// Cases counted by equal parts of an axis, a bar a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram<'a> {
    /// The parts, and all cases.
    pub bins: &'a Bins,
    /// How many cases of each part are selected.
    pub selected: Vec<usize>,
}

/// How many equal parts suit the values that `axis` shows.
///
/// Freedman, D. and Diaconis, P. (1981): On the histogram as a density estimator. Where half of the values are equal, Sturges
/// (1926) helps out. At least 5 and at most 80; an axis of categories has one a name.
fn suitable_bins(values: &[f64], axis: &Axis) -> usize {
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

impl Bins {
    /// Parts of what the values cover, as far as the axis shows it, as many as suit them.
    #[must_use]
    pub fn of(values: &[f64], axis: &Axis) -> Self {
        Self::in_parts(values, axis, suitable_bins(values, axis))
    }

    /// Equal places, so equal factors on a logarithmic axis. The last part has its end, too.
    fn in_parts(values: &[f64], axis: &Axis, bins: usize) -> Self {
        let mapping = axis.mapping(1.0);
        let places: Vec<f64> = values.iter().map(|value| mapping.place(*value)).collect();
        let is_shown = |place: &f64| (0.0..=1.0).contains(place);
        let (least, most) = match &axis.scale {
            Scale::Categories(_) => (axis.place(-0.5), axis.place(real(bins) - 0.5)),
            _ => extent(places.iter().copied().filter(is_shown)).map_or((0.0, 1.0), widened),
        };
        let edge = |index: usize| axis.value(least + (most - least) * real(index) / real(bins));
        let bin = |place: &f64| {
            let bin = whole((place - least) / (most - least) * real(bins)).min(bins - 1);
            if is_shown(place) { u16::try_from(bin).unwrap_or(NOWHERE) } else { NOWHERE }
        };
        let of_case: Vec<u16> = places.iter().map(bin).collect();
        let mut all = vec![0; bins];
        of_case.iter().filter(|bin| **bin != NOWHERE).for_each(|bin| all[usize::from(*bin)] += 1);
        let (shown, missing) = (all.iter().sum(), values.iter().filter(|value| value.is_nan()).count());
        let drawn = Drawn { shown, outside: values.len() - shown - missing, missing };
        Self { axis: axis.clone(), edges: (0..=bins).map(edge).collect(), all, of_case, drawn }
    }

    /// Counts the cases that are selected.
    #[must_use]
    pub fn histogram(&self, selected: Mask) -> Histogram<'_> {
        if selected == Mask::All {
            return Histogram { bins: self, selected: self.all.clone() };
        }
        let mut counts = vec![0; self.all.len()];
        for (_, bin) in self.of_case.iter().enumerate().filter(|(case, _)| selected.contains(*case)) {
            if let Some(count) = counts.get_mut(usize::from(*bin)) {
                *count += 1;
            }
        }
        Histogram { bins: self, selected: counts }
    }
}

impl Histogram<'_> {
    /// The most cases that any bar has.
    #[must_use]
    pub fn most(&self) -> usize {
        self.bins.all.iter().copied().max().unwrap_or(0)
    }

    /// Where its axes stand.
    #[must_use]
    pub fn frame(&self, size: Size, look: &Look) -> Frame {
        Frame::new(size, look, &self.bins.axis, &Axis::of_counts("cases", real(self.most())), 0.0)
    }

    /// The bar above or below a pixel.
    #[must_use]
    pub fn bar_at(&self, frame: &Frame, x_px: f64) -> Option<usize> {
        let (value, _) = frame.values_at(x_px, frame.top_px);
        self.bins.edges.windows(2).position(|edges| (edges[0]..=edges[1]).contains(&value))
    }

    /// One bar above another one: all cases in grey, and those that are selected.
    pub(crate) fn draw_bars(&self, sheet: &mut Sheet, frame: &Frame, look: &Look) {
        let step = frame.size_px().0 / real(self.bins.all.len());
        // Categories have nothing between them.
        let is_named = matches!(self.bins.axis.scale, Scale::Categories(_));
        let inset = if is_named { (0.15 * step).floor() } else { 0.0 };
        let gap = if step > 5.0 * look.pixel_ratio { look.hairline_px() } else { 0.0 };
        let inside = |x: f64| x.round().clamp(frame.left_px, frame.right_px);
        for (index, edges) in self.bins.edges.windows(2).enumerate() {
            let left = inside(frame.pixel_of(edges[0], 0.0).0) + inset;
            let right = inside(frame.pixel_of(edges[1], 0.0).0) - inset - gap;
            for (number, colour) in [(self.bins.all[index], look.muted), (self.selected[index], look.data)] {
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

impl Chart for Histogram<'_> {
    fn paint(&self, _size: Size, _look: &Look, raster: &mut Raster) {
        raster.empty();
    }

    fn sheet(&self, size: Size, look: &Look) -> Sheet {
        let (frame, mut sheet) = (self.frame(size, look), Sheet::default());
        frame.lines_across(&mut sheet, look);
        self.draw_bars(&mut sheet, &frame, look);
        frame.rule(&mut sheet, look);
        if self.bins.drawn.shown == 0 {
            write_nothing(&mut sheet, &frame, look);
        }
        sheet
    }

    fn summary(&self) -> String {
        let Drawn { shown, outside, missing } = self.bins.drawn;
        let mut parts = vec![format!("{} of {} cases", count(shown), count(shown + outside + missing))];
        let highest = self.bins.all.iter().rposition(|number| *number == self.most() && shown > 0);
        if let Some(highest) = highest {
            let (from, to) =
                (self.bins.axis.words(self.bins.edges[highest]), self.bins.axis.words(self.bins.edges[highest + 1]));
            let of_highest = match &self.bins.axis.scale {
                Scale::Categories(_) => self.bins.axis.words(real(highest)),
                _ => format!("between {from} and {to}"),
            };
            let range = if let Scale::Categories(_) = self.bins.axis.scale {
                String::new()
            } else {
                self.bins.axis.range_in_words(self.bins.edges[0], self.bins.edges[self.bins.all.len()]) + ", "
            };
            parts.push(format!(": {} {range}most of them ({}) {of_highest}", self.bins.axis.label, count(self.most())));
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

    fn bins(values: &[f64], scale: Scale) -> Bins {
        Bins::of(values, &Axis::covering("end_load", "N", scale, values))
    }

    #[test]
    fn selected_cases_stand_before_all() {
        let values: Vec<f64> = bell(2_000, 5).iter().map(|value| 5e5 + 1e5 * value).collect();
        let selected: Vec<bool> = values.iter().map(|value| *value < 5.2e5).collect();
        let bins = bins(&values, Scale::Linear);
        let histogram = bins.histogram(Mask::Flags(&selected));
        insta::assert_snapshot!(golden(&histogram, SMALL, &light()));
    }

    #[test]
    fn a_logarithm_has_bars_of_equal_factors() {
        let values: Vec<f64> = bell(500, 6).iter().map(|value| 10_f64.powf(1.5 * value - 4.0)).collect();
        insta::assert_snapshot!(golden(&bins(&values, Scale::Logarithmic).histogram(Mask::All), SMALL, &dark()));
    }

    #[test]
    fn a_category_has_a_bar() {
        let values = [0.0, 0.0, 2.0, 1.0, 2.0, 2.0];
        let names = ["sand", "clay", "granite"].map(str::to_owned).to_vec();
        let bins = bins(&values, Scale::Categories(names));
        let histogram = bins.histogram(Mask::Flags(&[true, false, true]));
        assert_eq!(bins.all, [2, 1, 3]);
        assert_eq!(histogram.summary(), "6 of 6 cases: end_load most of them (3) granite; 2 selected");
        insta::assert_snapshot!(golden(&histogram, SMALL, &light()));
    }

    #[test]
    fn equal_values_are_one_bar_and_none_is_no_bar() {
        let one = bins(&[7.0; 3], Scale::Linear);
        assert_eq!(one.all.iter().filter(|number| **number > 0).count(), 1);
        insta::assert_snapshot!("single", golden(&one.histogram(Mask::All), SMALL, &light()));
        insta::assert_snapshot!("empty", golden(&bins(&[], Scale::Linear).histogram(Mask::All), SMALL, &light()));
    }

    #[test]
    fn uniform_values_have_bars_of_equal_height() {
        let values: Vec<f64> = (0..1_000).map(|index| f64::from(index) / 999.0).collect();
        let bins = bins(&values, Scale::Linear);
        assert!(bins.all.iter().all(|number| (99..=101).contains(number)), "{:?}", bins.all);
        let histogram = bins.histogram(Mask::All);
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
        fn bars_sum_up_to_the_number_of_values(values in prop::collection::vec(prop::num::f64::ANY, 0..200), parts in 1..100_usize, least in -5.0..5.0_f64) {
            for axis in [Axis::covering("", "", Scale::Linear, &values), Axis { least, most: 6.0, ..Axis::covering("", "", Scale::Linear, &[]) }, Axis::covering("", "", Scale::Logarithmic, &values)] {
                let bins = Bins::in_parts(&values, &axis, parts);
                let Drawn { shown, outside, missing } = bins.drawn;
                prop_assert_eq!(bins.all.iter().sum::<usize>(), shown);
                prop_assert_eq!(shown + outside + missing, values.len());
                let selected = bins.histogram(Mask::Flags(&[true; 50])).selected;
                prop_assert!(selected.iter().zip(&bins.all).all(|(selected, all)| selected <= all));
            }
        }
    }
}
