//! Coverage: the number of values that a chart shows and of those that it doesn't.

use crate::axis::{Axis, AxisScale};
use crate::column::{ABSENT, AxisPlaces, MISSING, PlotColumn};
use crate::label::{count, figure};

/// Number of values that are shown, and of the others by reason: together they are all values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PlotCoverage {
    /// Inside of the axes' ranges.
    pub(crate) shown: usize,
    /// Outside of them, or without a place on any.
    pub(crate) outside: usize,
    /// Without a number.
    pub(crate) missing: usize,
}

impl PlotCoverage {
    /// Counts the cases by their values on all axes.
    pub(crate) fn of_cases<'a>(columns: impl IntoIterator<Item = &'a PlotColumn<'a>>) -> Self {
        let columns: Vec<&AxisPlaces> = columns.into_iter().map(PlotColumn::places).collect();
        let cases = columns.iter().map(|places| places.each().len()).min().unwrap_or(0);
        let incomplete: Vec<&AxisPlaces> =
            columns.into_iter().filter(|places| places.shown() < cases || places.each().len() > cases).collect();
        match incomplete.as_slice() {
            [] => Self { shown: cases, ..Self::default() },
            [one] if one.each().len() == cases => Self::of_places(one),
            several => Self::of_several(several, cases),
        }
    }

    /// Counts the values of one column.
    pub(crate) fn of_places(places: &AxisPlaces) -> Self {
        let (shown, missing) = (places.shown(), places.missing());
        Self { shown, outside: places.each().len() - shown - missing, missing }
    }

    /// Counts the cases of several columns. A case that lacks a value is missing, wherever its other values are. Some thousand
    /// cases are taken at once, since all of them are looked at for every drawing.
    fn of_several(columns: &[&AxisPlaces], cases: usize) -> Self {
        const AT_ONCE: usize = 4_096;
        let (mut absent, mut missing) = (0, 0);
        for first in (0..cases).step_by(AT_ONCE) {
            let mut flags = [0_u8; AT_ONCE];
            for places in columns {
                places.flag_absent(first..cases.min(first + AT_ONCE), &mut flags);
            }
            absent += flags.iter().map(|flags| usize::from(flags & ABSENT)).sum::<usize>();
            missing += flags.iter().map(|flags| usize::from(flags / MISSING)).sum::<usize>();
        }
        Self { shown: cases - absent, outside: absent - missing, missing }
    }
}

/// Counts, in words, the cases that are shown without a colour of their own: beyond the ends of the colours, or grey.
pub(crate) fn uncoloured(colour: Option<&PlotColumn>, shown: impl Iterator<Item = usize>) -> Vec<String> {
    let Some(colour) = colour.filter(|colour| colour.places().shown() < colour.values.len()) else {
        return Vec::new();
    };
    let (mut beyond, mut without) = (0, 0);
    for index in shown.filter(|index| !colour.places().is_shown(*index)) {
        if colour.has_colour(index) { beyond += 1 } else { without += 1 }
    }
    let parts = [(beyond, "beyond the colours"), (without, "without a colour")];
    let some = parts.into_iter().filter(|(number, _)| *number > 0);
    some.map(|(number, words)| format!("{} {words}", count(number))).collect()
}

/// Values that no range of their axis shows, such as the largest float, or zero on a logarithmic axis.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct UnplacedValues {
    pub(crate) count: usize,
    /// The least and the largest of them.
    ends: Option<(f64, f64)>,
}

impl UnplacedValues {
    /// Collects those of some values.
    pub(crate) fn of(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let mut unplaced = Self::default();
        values.filter(|value| !value.is_nan() && !axis.can_show(*value)).for_each(|value| unplaced.add(value));
        unplaced
    }

    pub(crate) fn add(&mut self, value: f64) {
        self.add_ends((value, value));
    }

    /// Adds a case that has several values.
    pub(crate) fn add_case(&mut self, case: Self) {
        case.ends.into_iter().for_each(|ends| self.add_ends(ends));
    }

    fn add_ends(&mut self, (from, to): (f64, f64)) {
        self.count += 1;
        let (least, most) = self.ends.unwrap_or((from, to));
        self.ends = Some((least.min(from), most.max(to)));
    }

    /// Writes `load of 3 cases can't be shown: 1.798×10³⁰⁸`; `None` if there are no such values.
    pub(crate) fn words(&self, axis: &Axis) -> Option<String> {
        let values = self.values()?;
        let cases = if self.count == 1 { "case" } else { "cases" };
        let verb = if axis.scale == AxisScale::Logarithmic { "has no logarithm" } else { "can't be shown" };
        Some(format!("{} of {} {cases} {verb}: {values}", axis.label, count(self.count)).trim_start().to_owned())
    }

    /// Writes the values: `1.798×10³⁰⁸`, `−2 to 0`.
    fn values(&self) -> Option<String> {
        Some(match self.ends? {
            (least, most) if (most..=most).contains(&least) => figure(most),
            (least, most) if (most..=most).contains(&-least) => format!("±{}", figure(most)),
            (least, most) => format!("{} to {}", figure(least), figure(most)),
        })
    }
}

/// Writes in words which values no range of an axis shows: `load of 3 cases can't be shown: 1.798×10³⁰⁸`; `None` if there are
/// none.
#[must_use]
pub fn unplaced_in_words(axis: &Axis, values: &[f64]) -> Option<String> {
    UnplacedValues::of(axis, values.iter().copied()).words(axis)
}

/// Reasons why values aren't shown.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AbsenceReason {
    outside: usize,
    missing: usize,
    /// Words for values that are missing.
    lack: &'static str,
    /// Further remarks.
    others: Vec<String>,
    /// The values that no axis shows, in a sentence, and shorter.
    unplaced: Vec<(String, String)>,
}

impl AbsenceReason {
    /// Collects the reasons for values of some columns that aren't drawn.
    pub(crate) fn of_columns<'a>(drawn: PlotCoverage, columns: impl IntoIterator<Item = &'a PlotColumn<'a>>) -> Self {
        Self::new(drawn, columns.into_iter().map(|column| (column.places().unplaced(), &column.axis)))
    }

    /// Collects the reasons for values whose axes are given.
    pub(crate) fn new<'a>(
        drawn: PlotCoverage,
        unplaced: impl IntoIterator<Item = (&'a UnplacedValues, &'a Axis)>,
    ) -> Self {
        let words = |(unplaced, axis): (&UnplacedValues, &Axis)| {
            Some((
                unplaced.words(axis)?,
                format!("{} {} can't be shown", axis.label, unplaced.values()?).trim_start().to_owned(),
            ))
        };
        let unplaced = unplaced.into_iter().filter_map(words).collect();
        Self { outside: drawn.outside, missing: drawn.missing, lack: "without a value", others: Vec::new(), unplaced }
    }

    /// Replaces the words for values that are missing.
    pub(crate) fn lacking(self, lack: &'static str) -> Self {
        Self { lack, ..self }
    }

    /// Adds further remarks: `2 points of 1 curve missing`.
    pub(crate) fn with(mut self, words: impl IntoIterator<Item = String>) -> Self {
        self.others.extend(words);
        self
    }

    /// Writes the reasons in a sentence: `; 12 outside of what is shown; 26 without a value`.
    pub(crate) fn words(&self) -> String {
        let counted = [(self.outside, "outside of what is shown"), (self.missing, self.lack)];
        let counted = counted.into_iter().filter(|(number, _)| *number > 0);
        let counted = counted.map(|(number, text)| format!("; {} {text}", count(number)));
        let others = self.others.iter().chain(self.unplaced.iter().map(|(words, _)| words));
        counted.chain(others.map(|words| format!("; {words}"))).collect()
    }

    /// Writes the note that stands on a chart: `12 outside, 26 without a value, load 1.798×10³⁰⁸ can't be shown`.
    pub(crate) fn note(&self) -> String {
        let counted = [(self.outside, "outside"), (self.missing, self.lack)];
        let counted = counted.into_iter().filter(|(number, _)| *number > 0);
        let counted = counted.map(|(number, text)| format!("{} {text}", count(number)));
        let others = self.others.iter().chain(self.unplaced.iter().map(|(_, values)| values)).cloned();
        counted.chain(others).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(scale: AxisScale) -> Axis {
        Axis { label: "load".to_owned(), unit: String::new(), least: 1.0, most: 10.0, scale }
    }

    fn words(scale: AxisScale, values: &[f64]) -> Option<String> {
        let axis = axis(scale);
        UnplacedValues::of(&axis, values.iter().copied()).words(&axis)
    }

    #[test]
    fn values_that_no_axis_shows_are_named() {
        for (scale, values, text) in [
            (AxisScale::Linear, &[f64::MAX, 5.0, f64::MAX][..], Some("load of 2 cases can't be shown: 1.798×10³⁰⁸")),
            (AxisScale::Linear, &[f64::MAX, f64::MIN], Some("load of 2 cases can't be shown: ±1.798×10³⁰⁸")),
            (AxisScale::Linear, &[-1e301], Some("load of 1 case can't be shown: −1×10³⁰¹")),
            (AxisScale::Logarithmic, &[0.0, -2.0, 5.0], Some("load of 2 cases has no logarithm: −2 to 0")),
            (AxisScale::Logarithmic, &[f64::MAX, f64::NAN], None),
        ] {
            assert_eq!(words(scale, values).as_deref(), text, "{values:?}");
        }
    }

    #[test]
    fn a_case_is_counted_once_whatever_its_columns_lack() {
        let values =
            [[5.0, 50.0, 5.0, f64::NAN, f64::NAN], [5.0, 5.0, f64::NAN, 50.0, f64::NAN], [5.0, 50.0, 5.0, 5.0, 5.0]];
        let columns: Vec<PlotColumn> =
            values.iter().map(|values| PlotColumn::new(axis(AxisScale::Linear), values)).collect();
        assert_eq!(PlotCoverage::of_cases(&columns), PlotCoverage { shown: 1, outside: 1, missing: 3 });
        assert_eq!(PlotCoverage::of_cases(&columns[2..]), PlotCoverage { shown: 4, outside: 1, missing: 0 });
        let absent = AbsenceReason::of_columns(PlotCoverage::of_cases(&columns), &columns);
        assert_eq!(absent.words(), "; 1 outside of what is shown; 3 without a value");
        assert_eq!(absent.note(), "1 outside, 3 without a value");
        let penalty = [PlotColumn::new(axis(AxisScale::Linear), &[5.0, f64::MAX])];
        let absent = AbsenceReason::of_columns(PlotCoverage::of_cases(&penalty), &penalty);
        assert_eq!(absent.note(), "1 outside, load 1.798×10³⁰⁸ can't be shown");
    }
}
