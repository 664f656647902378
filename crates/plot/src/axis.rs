//! Axes: the range of values that is shown, and the place of each value.

use crate::label;
use crate::number::{between, log2, real, whole};
use crate::time;

/// The largest number that linear axes show. The range between two such numbers is finite, and so is the sum of a million of
/// them. A larger number is no measurement, but the largest float as a penalty, or the result of an overflow: it is counted.
pub const MAX_SHOWN: f64 = 1e300;

/// The years 1 to 9999, in seconds since 1970: the times that a calendar shows.
const CALENDAR_SECS: std::ops::RangeInclusive<f64> = -62_135_596_800.0..=253_402_300_799.0;

/// Least width of a range: a length divided by a narrower one isn't finite.
const MIN_RANGE: f64 = 1e-290;
/// Least width of a range, as a share of its larger end: some ten floats lie in it.
const MIN_RELATIVE_RANGE: f64 = 1e-14;
/// Least width of a range of logarithms: their last digits are no digits of the values.
const MIN_RANGE_OF_LOGARITHMS: f64 = 1e-6;

/// Room beside the outermost values, as a share of the range.
const PADDING: f64 = 0.04;

/// Rule by which places follow from values.
#[derive(Debug, Clone, PartialEq)]
pub enum AxisScale {
    /// Equal differences are equally far apart.
    Linear,
    /// As linear, with ticks at whole numbers only.
    Counts,
    /// Equal factors are equally far apart; zero and less have no place.
    Logarithmic,
    /// As linear, in seconds since 1970. Ticks show the clock and the calendar with an offset from UTC.
    Time {
        /// Seconds ahead of UTC.
        utc_offset_secs: f64,
    },
    /// The values are 0, 1, 2, …, one for each name.
    Categories(Vec<String>),
}

/// An axis, with the range that it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Name of the quantity.
    pub label: String,
    /// Their unit; may be empty.
    pub unit: String,
    /// The value at place 0.
    pub least: f64,
    /// The value at place 1.
    pub most: f64,
    /// Rule by which places follow from values.
    pub scale: AxisScale,
}

impl Axis {
    /// Returns an axis that shows all finite values that have a place, and a little more. The axis doesn't reach beyond zero if
    /// no value does: a quantity that can't be negative isn't drawn as if it could. If all values are equal, or there is none,
    /// the axis shows a range around them.
    #[must_use]
    pub fn covering(label: &str, unit: &str, scale: AxisScale, values: &[f64]) -> Self {
        let (label, unit) = (label.to_owned(), unit.to_owned());
        let mut axis = Self { label, unit, least: 1.0, most: 10.0, scale };
        if let AxisScale::Categories(names) = &axis.scale {
            (axis.least, axis.most) = (-0.5, real(names.len().max(1)) - 0.5);
            return axis;
        }
        let extent = axis.extent(values.iter().copied());
        let extent = extent.map(|(least, most)| (axis.stretched(least), axis.stretched(most)));
        let (least, most) = extent.map_or_else(|| axis.default_extent(), |extent| axis.widened(extent));
        let padding = PADDING * (most - least);
        (axis.least, axis.most) = axis.within_sign((least, most), (least - padding, most + padding));
        (axis.least, axis.most) = (axis.shrunk(axis.least), axis.shrunk(axis.most));
        axis
    }

    /// Cuts a linear range with room at its ends at zero, unless the values, which lie from `least` to `most`, have both signs.
    fn within_sign(&self, (least, most): (f64, f64), (from, to): (f64, f64)) -> (f64, f64) {
        match self.scale {
            AxisScale::Linear | AxisScale::Counts => {
                (if least >= 0.0 { from.max(0.0) } else { from }, if most <= 0.0 { to.min(0.0) } else { to })
            }
            _ => (from, to),
        }
    }

    /// Whether some range of the axis has a place for a value.
    #[must_use]
    #[inline]
    pub fn can_show(&self, value: f64) -> bool {
        match self.scale {
            AxisScale::Linear | AxisScale::Counts => value.abs() <= MAX_SHOWN,
            AxisScale::Logarithmic => value > 0.0 && value.is_finite(),
            AxisScale::Time { .. } => CALENDAR_SECS.contains(&value),
            AxisScale::Categories(_) => value.is_finite(),
        }
    }

    /// Returns the least and the largest of the values that the axis can show.
    #[must_use]
    pub fn extent(&self, values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
        crate::number::extent(values.filter(|value| self.can_show(*value)))
    }

    /// Returns an axis with equal places for categories, whose values are 0, 1, 2, ….
    #[must_use]
    pub fn of_categories(label: &str, names: Vec<String>) -> Self {
        Self::covering(label, "", AxisScale::Categories(names), &[])
    }

    /// Returns an axis from no case to the number `most`, and a little more.
    #[must_use]
    pub fn of_counts(label: &str, most: f64) -> Self {
        let most = most.max(1.0) * (1.0 + PADDING);
        Self { label: label.to_owned(), unit: String::new(), least: 0.0, most, scale: AxisScale::Counts }
    }

    /// Returns the place of a value: 0 at the beginning of the axis, 1 at its end, less or more outside of the range that is
    /// shown. Not a number if the value isn't, and infinite if the axis has no place for it.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        self.mapping(1.0).place(value)
    }

    /// Returns the value that stands at a place.
    #[must_use]
    pub fn value(&self, place: f64) -> f64 {
        match place {
            // The ends are returned exactly: rounding would change them.
            0.0 => self.least,
            1.0 => self.most,
            place => self.shrunk(between(self.stretched(self.least), self.stretched(self.most), place)),
        }
    }

    /// Shows `factor` times the range; the value at `place` stays there. Half the range is a factor of 0.5. The axis stays as
    /// it was if no digits are left to tell the ends apart.
    #[must_use]
    pub fn zoomed(&self, place: f64, factor: f64) -> Self {
        self.between(self.value(place - place * factor), self.value(place + (1.0 - place) * factor))
    }

    /// Shows the range further on, by a share of its length.
    #[must_use]
    pub fn panned(&self, share: f64) -> Self {
        self.between(self.value(share), self.value(1.0 + share))
    }

    /// Shows another range. The axis stays as it was if that isn't a range, or reaches beyond the values that can be shown.
    #[must_use]
    pub fn between(&self, least: f64, most: f64) -> Self {
        let (from, to) = (self.stretched(least), self.stretched(most));
        let is_range = self.can_show(least) && self.can_show(most) && to - from > self.finest((from, to));
        if is_range { Self { least, most, ..self.clone() } } else { self.clone() }
    }

    /// Joins label and unit: `friction, °`.
    #[must_use]
    pub fn title(&self) -> String {
        match (self.label.as_str(), self.unit.as_str()) {
            (label, "") => label.to_owned(),
            ("", unit) => unit.to_owned(),
            (label, unit) => format!("{label}, {unit}"),
        }
    }

    /// Writes a value in words, with its unit: `23.5 °`, `21 Nov 2026, 12:03`, `dense`.
    #[must_use]
    pub fn words(&self, value: f64) -> String {
        self.words_of(value, label::figure)
    }

    /// Writes a range in words, with as many digits as tell its ends apart: `from 20 ° to 40 °`.
    pub(crate) fn range_in_words(&self, least: f64, most: f64) -> String {
        // Three digits of the difference between the ends.
        let power = label::power_of(most - least) - 2;
        format!("from {} to {}", self.words_to(least, power), self.words_to(most, power))
    }

    /// Writes a value in words, with the digits down to a power of ten.
    pub(crate) fn words_to(&self, value: f64, power: i32) -> String {
        self.words_of(value, |value| label::figure_to(value, power))
    }

    fn words_of(&self, value: f64, write: impl Fn(f64) -> String) -> String {
        match &self.scale {
            AxisScale::Time { utc_offset_secs } => time::moment(value + utc_offset_secs),
            AxisScale::Categories(names) if value >= 0.0 => {
                names.get(whole(value.round())).cloned().unwrap_or_else(|| write(value))
            }
            _ if self.unit.is_empty() => write(value),
            _ => format!("{} {}", write(value), self.unit),
        }
    }

    /// Writes the range that is shown in words.
    pub(crate) fn shown_in_words(&self) -> String {
        self.range_in_words(self.least, self.most)
    }

    /// Returns the mapping of values to lengths, where place 1 is `length`.
    pub(crate) fn mapping(&self, length: f64) -> AxisMapping {
        let (least, most) = (self.stretched(self.least), self.stretched(self.most));
        let is_logarithmic = self.scale == AxisScale::Logarithmic;
        AxisMapping { is_logarithmic, offset: least, range: most - least, length }
    }

    /// Transforms a value so that places are proportional to it: takes its logarithm on a logarithmic axis.
    pub(crate) fn stretched(&self, value: f64) -> f64 {
        if self.scale == AxisScale::Logarithmic { log2(value) } else { value }
    }

    /// Inverts [`Self::stretched`], within the values that can be shown.
    fn shrunk(&self, stretched: f64) -> f64 {
        match self.scale {
            AxisScale::Logarithmic => stretched.exp2().clamp(f64::from_bits(1), f64::MAX),
            AxisScale::Time { .. } => stretched.clamp(*CALENDAR_SECS.start(), *CALENDAR_SECS.end()),
            _ => stretched.clamp(-MAX_SHOWN, MAX_SHOWN),
        }
    }

    /// Widens a range, stretched, that is too narrow to be shown.
    fn widened(&self, (least, most): (f64, f64)) -> (f64, f64) {
        let (finest, middle) = (self.finest((least, most)), f64::midpoint(least, most));
        match most - least {
            // Values that differ by next to nothing are shown as one.
            range if range <= MIN_RANGE => self.around(least),
            range if range < 2.0 * finest => (middle - finest, middle + finest),
            _ => (least, most),
        }
    }

    /// Returns the width that a range, stretched, must exceed.
    fn finest(&self, (least, most): (f64, f64)) -> f64 {
        match self.scale {
            AxisScale::Logarithmic => MIN_RANGE_OF_LOGARITHMS,
            AxisScale::Categories(_) => MIN_RANGE,
            _ => (MIN_RELATIVE_RANGE * least.abs().max(most.abs())).max(MIN_RANGE),
        }
    }

    /// Returns a range around a single value, both stretched.
    fn around(&self, value: f64) -> (f64, f64) {
        let reach = match self.scale {
            AxisScale::Logarithmic => 1.0,
            AxisScale::Time { .. } => 30.0,
            _ if value.abs() <= MIN_RANGE => 1.0,
            _ => 0.1 * value.abs(),
        };
        (value - reach, value + reach)
    }

    /// Returns the range, stretched, of an axis without values.
    fn default_extent(&self) -> (f64, f64) {
        match self.scale {
            AxisScale::Logarithmic => (0.0, log2(10.0)),
            AxisScale::Time { .. } => (0.0, 3_600.0),
            _ => (0.0, 1.0),
        }
    }
}

/// Mapping of values to lengths along an axis, with everything computed beforehand that doesn't depend on the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AxisMapping {
    is_logarithmic: bool,
    offset: f64,
    range: f64,
    length: f64,
}

/// Largest distance of a line's points: farther outside the course of a line can't be seen.
const FAR: f64 = 1e9;

impl AxisMapping {
    #[inline]
    pub(crate) fn place(&self, value: f64) -> f64 {
        let stretched = if self.is_logarithmic { log2(value) } else { value };
        // The division comes first, so that the end of the axis is exactly `length`.
        (stretched - self.offset) / self.range * self.length
    }

    /// Returns the length for a point of a line: a value far outside stands far outside, at a finite place. Infinite if the
    /// axis has no place for the value.
    #[inline]
    pub(crate) fn place_on_way(&self, value: f64) -> f64 {
        if self.is_logarithmic && value <= 0.0 { f64::NEG_INFINITY } else { self.place(value).clamp(-FAR, FAR) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_that_differ_by_next_to_nothing_are_shown_as_one() {
        let axis = Axis::covering("a", "", AxisScale::Linear, &[1.9e-308, -0.0]);
        assert!((0.0..=1.0).contains(&axis.place(1.9e-308)), "{axis:?}");
    }

    fn axis(least: f64, most: f64, scale: AxisScale) -> Axis {
        Axis { label: "friction".to_owned(), unit: "°".to_owned(), least, most, scale }
    }

    #[test]
    fn a_range_covers_its_values_and_a_little_more() {
        let axis = Axis::covering("", "", AxisScale::Linear, &[3.0, f64::NAN, 13.0, f64::INFINITY]);
        assert_eq!((axis.least, axis.most), (2.6, 13.4));
        let axis = Axis::covering("", "", AxisScale::Logarithmic, &[-3.0, 0.0, 1.0, 1_024.0]);
        assert!((axis.least - 0.757_858).abs() < 1e-5, "{}", axis.least);
    }

    #[test]
    fn an_axis_has_no_other_sign_than_its_values() {
        let ends = |values: &[f64]| {
            let axis = Axis::covering("capacity", "", AxisScale::Linear, values);
            (axis.least, axis.most)
        };
        assert_eq!(ends(&[30.0, 1_280.0]), (0.0, 1_330.0));
        assert_eq!(ends(&[0.0, 1.0]), (0.0, 1.04));
        assert_eq!(ends(&[-1.0, 0.0]), (-1.04, 0.0));
        assert_eq!(ends(&[-1.0, 24.0]), (-2.0, 25.0));
        assert_eq!(ends(&[100.0, 200.0]), (96.0, 204.0));
        let zero = Axis::covering("", "", AxisScale::Linear, &[0.0, 1.0]);
        assert_eq!((zero.place(0.0), zero.zoomed(0.5, 2.0).least < 0.0), (0.0, true), "who zooms sees what is there");
    }

    #[test]
    fn a_single_value_stands_in_the_middle() {
        for scale in [AxisScale::Linear, AxisScale::Logarithmic, AxisScale::Time { utc_offset_secs: 0.0 }] {
            for value in [1e-9, 5.0, 1e10] {
                let axis = Axis::covering("", "", scale.clone(), &[value; 3]);
                assert!((axis.place(value) - 0.5).abs() < 1e-3, "{scale:?} {value}");
            }
            let empty = Axis::covering("", "", scale.clone(), &[f64::NAN]);
            assert!(empty.least < empty.most, "{scale:?}");
        }
        let zero = Axis::covering("", "", AxisScale::Linear, &[0.0]);
        assert_eq!((zero.least, zero.most), (-1.08, 1.08));
    }

    #[test]
    fn what_no_measurement_has_is_left_out_of_the_range() {
        let values = [500.0, f64::MAX, 530.0, f64::MIN, f64::INFINITY];
        let axis = Axis::covering("", "", AxisScale::Linear, &values);
        assert_eq!((axis.least, axis.most), (498.8, 531.2));
        assert_eq!(values.map(|value| axis.can_show(value)), [true, false, true, false, false]);
        let all = Axis::covering("", "", AxisScale::Linear, &[f64::MAX]);
        assert!(all.least < all.most && all.most.is_finite());
        let times = Axis::covering("", "", AxisScale::Time { utc_offset_secs: 0.0 }, &[1.8e9, 1.8e9 + 100.0, 1e300]);
        assert!(times.most < 1.9e9, "{times:?}");
    }

    #[test]
    fn values_that_differ_in_their_last_digits_are_told_apart() {
        for (one, other) in [(1.0, 1.0_f64.next_up()), (1e17, 1e17 + 160.0), (-1e300, (-1e300_f64).next_up())] {
            let axis = Axis::covering("", "", AxisScale::Linear, &[one, other]);
            assert!((0.0..=1.0).contains(&axis.place(one)) && axis.place(one) < axis.place(other), "{axis:?}");
        }
    }

    #[test]
    fn the_ends_stand_at_the_ends() {
        for (least, most) in [(0.1, 0.7), (-3.3, 1e17), (-1e300, 1e300), (1e-310, 5e-300)] {
            let axis = axis(least, most, AxisScale::Linear);
            assert_eq!((axis.place(least), axis.place(most)), (0.0, 1.0));
            assert_eq!((axis.value(0.0), axis.value(1.0)), (least, most));
        }
    }

    #[test]
    fn a_logarithm_has_no_place_for_zero_and_less() {
        let axis = axis(1.0, 100.0, AxisScale::Logarithmic);
        assert_eq!((axis.place(0.0), axis.place(-5.0)), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        assert!(axis.place(f64::NAN).is_nan());
        assert!((axis.place(10.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn categories_stand_in_the_middle_of_equal_places() {
        let axis = Axis::of_categories("soil", vec!["sand".to_owned(), "clay".to_owned()]);
        assert_eq!((axis.place(0.0), axis.place(1.0)), (0.25, 0.75));
        assert_eq!([0.0, 1.0, f64::NAN].map(|value| axis.words(value)), ["sand", "clay", "NaN"]);
    }

    #[test]
    fn a_zoom_keeps_what_is_pointed_at() {
        let zoomed = axis(0.0, 100.0, AxisScale::Linear).zoomed(0.25, 0.5);
        assert_eq!((zoomed.least, zoomed.most), (12.5, 62.5));
        let endless = (0..5_000).fold(zoomed, |axis, _| axis.zoomed(0.3, 0.5));
        assert!(endless.least < endless.most && endless.place(endless.value(0.5)).is_finite());
        let far = (0..5_000).fold(axis(1.0, 2.0, AxisScale::Logarithmic), |axis, _| axis.zoomed(0.3, 2.0));
        assert!(far.least > 0.0 && far.most.is_finite());
        let far = (0..5_000).fold(axis(1.0, 2.0, AxisScale::Linear), |axis, _| axis.zoomed(0.3, 2.0));
        assert!((far.most - far.least).is_finite() && far.place(far.value(0.5)).is_finite());
    }

    #[test]
    fn words_have_the_unit() {
        assert_eq!(axis(0.0, 1.0, AxisScale::Linear).words(0.25), "0.25 °");
        assert_eq!(axis(0.0, 1.0, AxisScale::Linear).title(), "friction, °");
        assert_eq!(axis(0.0, 1.0, AxisScale::Time { utc_offset_secs: 3_600.0 }).words(0.0), "1 Jan 1970, 01:00");
    }

    proptest! {
        #[test]
        fn a_value_stands_at_its_place(least in -1e9..1e9_f64, span in 1e-3..1e9_f64, place in -1.0..2.0_f64) {
            let axis = axis(least, least + span, AxisScale::Linear);
            prop_assert!((axis.place(axis.value(place)) - place).abs() < 1e-3);
        }

        #[test]
        fn a_value_stands_at_its_place_on_a_logarithm(power in -30.0..30.0_f64, span in 0.01..30.0_f64, place in -1.0..2.0_f64) {
            let axis = axis(10_f64.powf(power), 10_f64.powf(power + span), AxisScale::Logarithmic);
            prop_assert!((axis.place(axis.value(place)) - place).abs() < 1e-6);
        }

        #[test]
        fn there_and_back_is_where_one_was(least in 0.1..1e3_f64, factor in 1.1..1e3_f64, place in 0.0..1.0_f64, zoom in 0.1..10.0_f64, share in -1.0..1.0_f64) {
            for scale in [AxisScale::Linear, AxisScale::Logarithmic] {
                let axis = axis(least, least * factor, scale);
                let back = axis.zoomed(place, zoom).zoomed(place, 1.0 / zoom).panned(share).panned(-share);
                prop_assert!(axis.place(back.least).abs() < 1e-6 && (axis.place(back.most) - 1.0).abs() < 1e-6);
            }
        }
    }
}
