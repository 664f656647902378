//! Columns: the values of all cases, and their places on an axis.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::axis::Axis;
use crate::coverage::UnplacedValues;
use crate::number::{real, whole};

/// Number of places on an axis.
pub(crate) const PLACES: usize = 1 << 16;
const SHARES: f32 = 65_536.0;

/// Places of a value outside of the axis, and of a case without a value.
const OUTSIDE: u16 = u16::MAX - 1;
const NO_VALUE: u16 = u16::MAX;

/// Flags of cases: the value isn't shown, and there is no value.
pub(crate) const ABSENT: u8 = 1;
pub(crate) const MISSING: u8 = 2;

/// Maximum number of places that are listed one by one.
const MAX_LEVELS: usize = 40;

/// Places of a column's values on an axis, in 65,536 steps: finer than any screen, and small enough to be kept. Counts that are
/// repeated for other selections are made from these.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AxisPlaces {
    of_case: Vec<u16>,
    shown: usize,
    missing: usize,
    unplaced: UnplacedValues,
    levels: OnceCell<Option<Vec<u16>>>,
}

impl AxisPlaces {
    /// Finds the place of each value.
    #[must_use]
    pub fn of(axis: &Axis, values: &[f64]) -> Self {
        let (mapping, all) = (axis.mapping(real(PLACES)), real(PLACES));
        #[expect(clippy::cast_possible_truncation, reason = "below 65,536")]
        let place = |value: &f64| {
            let place = mapping.place(*value);
            // The end of the axis belongs to its last place.
            if place >= 0.0 && place <= all { whole(place).min(PLACES - 3) as u16 } else { OUTSIDE }
        };
        let mut of_case: Vec<u16> = values.iter().map(place).collect();
        let shown = of_case.iter().filter(|place| **place < OUTSIDE).count();
        let (mut missing, mut unplaced) = (0, UnplacedValues::default());
        if shown < values.len() {
            for (place, value) in of_case.iter_mut().zip(values).filter(|(place, _)| **place == OUTSIDE) {
                if value.is_nan() {
                    *place = NO_VALUE;
                    missing += 1;
                } else if !axis.can_show(*value) {
                    unplaced.add(*value);
                }
            }
        }
        Self { of_case, shown, missing, unplaced, levels: OnceCell::new() }
    }

    /// Returns the number of values that aren't numbers.
    pub(crate) const fn missing(&self) -> usize {
        self.missing
    }

    /// Returns the values that no range of the axis shows.
    pub(crate) const fn unplaced(&self) -> &UnplacedValues {
        &self.unplaced
    }

    /// Returns the places that are shown, rising, if they are few and most have several values.
    pub(crate) fn levels(&self) -> Option<&[u16]> {
        let few = || {
            let mut levels: Vec<u16> = Vec::new();
            for place in self.of_case.iter().filter(|place| **place < OUTSIDE) {
                if let Err(at) = levels.binary_search(place) {
                    levels.insert(at, *place);
                }
                if levels.len() > MAX_LEVELS {
                    return None;
                }
            }
            (levels.len() < 3 || 2 * levels.len() <= self.shown).then_some(levels)
        };
        self.levels.get_or_init(few).as_deref()
    }

    /// Returns the number of values that are shown.
    pub(crate) const fn shown(&self) -> usize {
        self.shown
    }

    /// Returns the first and the last place that is shown; the whole axis if none is.
    pub(crate) fn extent(&self) -> (usize, usize) {
        let shown = || self.each().filter(|place| place.is_shown()).map(AxisPlace::index);
        shown().min().zip(shown().max()).unwrap_or((0, PLACES - 1))
    }

    /// Flags those of some cases that aren't shown, in addition to flags that are set already.
    pub(crate) fn flag_absent(&self, cases: std::ops::Range<usize>, flags: &mut [u8]) {
        for (flags, place) in flags.iter_mut().zip(&self.of_case[cases]) {
            *flags |= (u8::from(*place >= OUTSIDE) * ABSENT) | (u8::from(*place == NO_VALUE) * MISSING);
        }
    }

    /// Returns the place of a case, shown or not; `None` if it has no value.
    #[inline]
    pub(crate) fn at(&self, case: usize) -> Option<AxisPlace> {
        self.of_case.get(case).filter(|place| **place != NO_VALUE).map(|place| AxisPlace(*place))
    }

    /// Whether a case is shown.
    pub(crate) fn is_shown(&self, case: usize) -> bool {
        self.at(case).is_some_and(AxisPlace::is_shown)
    }

    /// Returns the place of each case.
    pub(crate) fn each(&self) -> impl ExactSizeIterator<Item = AxisPlace> {
        self.of_case.iter().map(|place| AxisPlace(*place))
    }
}

/// Place of a value on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AxisPlace(u16);

impl AxisPlace {
    #[inline]
    pub(crate) const fn is_shown(self) -> bool {
        self.0 < OUTSIDE
    }

    /// Returns its number, counted from the beginning of the axis.
    #[inline]
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns its share of the axis.
    #[inline]
    pub(crate) fn share(self) -> f32 {
        f32::from(self.0) / SHARES
    }

    /// Returns which of `parts` equal parts of the axis it lies in, if it is shown.
    #[inline]
    pub(crate) const fn part(self, parts: usize) -> usize {
        self.index() * parts / PLACES
    }
}

/// A column of values for a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotColumn<'a> {
    /// The axis of the values.
    pub axis: Axis,
    /// One number for each case; not a number where there is no value.
    pub values: &'a [f64],
    places: Cow<'a, AxisPlaces>,
}

impl<'a> PlotColumn<'a> {
    /// Places values along an axis.
    #[must_use]
    pub fn new(axis: Axis, values: &'a [f64]) -> Self {
        let places = Cow::Owned(AxisPlaces::of(&axis, values));
        Self { axis, values, places }
    }

    /// Takes values whose places on the axis are known.
    #[must_use]
    pub const fn located(axis: Axis, values: &'a [f64], places: &'a AxisPlaces) -> Self {
        Self { axis, values, places: Cow::Borrowed(places) }
    }

    /// Returns the places of the values.
    pub(crate) fn places(&self) -> &AxisPlaces {
        &self.places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::AxisScale;

    fn axis(least: f64, most: f64) -> Axis {
        Axis { least, most, ..Axis::covering("", "", AxisScale::Linear, &[]) }
    }

    #[test]
    fn what_is_not_shown_has_no_place() {
        let places = AxisPlaces::of(&axis(0.0, 1.0), &[f64::NAN, -0.1, 0.0, 0.5, 1.0, 1.1, f64::INFINITY]);
        let shown: Vec<bool> = places.each().map(AxisPlace::is_shown).collect();
        assert_eq!(shown, [false, false, true, true, true, false, false]);
        assert_eq!((places.shown(), places.missing()), (3, 1));
        assert_eq!(places.unplaced().count, 1);
    }

    #[test]
    fn few_places_are_told_one_by_one() {
        let places = |values: &[f64]| AxisPlaces::of(&axis(0.0, 1.0), values);
        let few = places(&[0.5, 0.25, f64::NAN, 0.5, 3.0]);
        assert_eq!(few.levels(), Some(&[1 << 14, 1 << 15][..]));
        assert_eq!(places(&[0.1, 0.2, 0.3, 0.3]).levels(), None, "as good as each value differs");
        let many: Vec<f64> = (0..100).map(|index| f64::from(index) / 100.0).collect();
        assert_eq!(places(&many).levels(), None);
    }

    proptest! {
        #[test]
        fn a_part_of_the_axis_has_what_stands_there(value in 0.0..=1.0_f64, parts in 1..5_000_usize) {
            let place = AxisPlaces::of(&axis(0.0, 1.0), &[value]).each().next().unwrap();
            let (low, high) = (value - 1.0 / real(PLACES), value + 1.0 / real(PLACES));
            let part = place.part(parts);
            prop_assert!(part < parts);
            prop_assert!(real(part) <= high * real(parts) && real(part + 1) >= low * real(parts), "{part} of {parts}");
        }
    }
}
