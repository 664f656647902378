//! Ticks: round values of an axis, and their labels.

use crate::axis::{Axis, AxisScale};
use crate::label::{self, LabelStyle};
use crate::number::{real, whole};
use crate::time;

/// Factor between the ends of a logarithmic axis below which its ticks are those of a linear one.
const MIN_FACTOR: f64 = 6.0;
/// Powers of ten that are written out.
const WRITTEN_OUT: std::ops::RangeInclusive<i32> = -4..=6;
/// Distance beside the range that rounding may give a tick, as a share of a step.
const ROUNDING: f64 = 1e-9;
/// Number of digits above which labels are written as a difference from a round value.
const MAX_DIGITS: i32 = 7;

/// A round value.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisTick {
    /// The value.
    pub value: f64,
    /// Its place, from 0 to 1.
    pub place: f64,
    /// The text beside it; empty if there is no room for it.
    pub label: String,
}

/// The ticks of an axis.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AxisTicks {
    /// Those with a label, from low to high.
    pub major: Vec<AxisTick>,
    /// The places of those in between, on logarithmic axes.
    pub minor: Vec<f64>,
    /// The part that the labels leave out: the day of a clock, or a value that is to be added to them.
    pub context: String,
}

impl Axis {
    /// Returns at most `most` round values, each with a label.
    #[must_use]
    pub fn ticks(&self, most: usize) -> AxisTicks {
        let range = self.most - self.least;
        if most == 0 || !(range > 0.0 && range.is_finite()) {
            return AxisTicks::default();
        }
        match &self.scale {
            AxisScale::Linear => self.linear(most),
            AxisScale::Counts => self.linear(most.min(whole(self.most - self.least.max(0.0)) + 1)),
            AxisScale::Logarithmic if self.least > 0.0 => self.logarithmic(most),
            AxisScale::Logarithmic => AxisTicks::default(),
            AxisScale::Time { utc_offset_secs } => self.of_time(*utc_offset_secs, most),
            AxisScale::Categories(names) => self.of_names(names, most),
        }
    }

    fn linear(&self, most: usize) -> AxisTicks {
        let multiples = Multiples::of(self.least, self.most, most);
        let (origin, context) = multiples.origin();
        let style = multiples.style(origin);
        let tick = |number: f64| {
            let value = multiples.value(number).clamp(self.least, self.most);
            let label = style.write(multiples.value(number - origin));
            AxisTick { value, place: self.place(value).clamp(0.0, 1.0), label }
        };
        AxisTicks { major: distinct(multiples.each().map(tick).collect()), minor: Vec::new(), context }
    }

    fn logarithmic(&self, most: usize) -> AxisTicks {
        let powers = (label::power_of(self.least), label::power_of(self.most));
        let values = decades(self.least, self.most, most);
        if self.most / self.least < MIN_FACTOR || values.len() < 2 {
            return self.linear(most);
        }
        let is_written_out = values.iter().all(|value| WRITTEN_OUT.contains(&label::power_of(*value)));
        let write = |value: f64| if is_written_out { label::figure(value) } else { of_power(value) };
        let minor = self.between_decades(powers, &values, most);
        AxisTicks { minor, ..self.labelled(values, write) }
    }

    /// Returns the places of 2, 3, … 9 times the powers of ten, or, if there is no room for so many, of the powers of ten.
    fn between_decades(&self, powers: (i32, i32), major: &[f64], most: usize) -> Vec<f64> {
        let decades = usize::try_from(powers.1 - powers.0).unwrap_or(0);
        let factors = if decades <= most { 1..10 } else { 1..2 };
        let kept = if decades <= 4 * most { powers.0..powers.1 + 1 } else { 0..0 };
        let all = kept.flat_map(|power| factors.clone().map(move |factor| times_power(f64::from(factor), power)));
        let is_minor = |value: &f64| *value >= self.least && *value <= self.most && !major.contains(value);
        all.filter(is_minor).map(|value| self.place(value)).collect()
    }

    fn of_time(&self, utc_offset_secs: f64, most: usize) -> AxisTicks {
        let (from, to) = (self.least + utc_offset_secs, self.most + utc_offset_secs);
        let found = time::steps().find_map(|step| Some((step, time::times(step, from, to, most)?)));
        let Some((step, times)) = found else { return AxisTicks::default() };
        let context = time::context(step, &times, from);
        // A range that is smaller than the digits of a clock has none: the nearest one lies outside of it.
        let is_shown = |time: &f64| *time >= self.least && *time <= self.most;
        let values = times.into_iter().map(|time| time - utc_offset_secs).filter(is_shown).collect();
        AxisTicks { context, ..self.labelled(values, |value| time::label(step, value + utc_offset_secs)) }
    }

    /// Returns every name; if there are more than `most`, each second of them, or third.
    fn of_names(&self, names: &[String], most: usize) -> AxisTicks {
        let (first, last) = (self.least.ceil().max(0.0), self.most.floor().min(real(names.len()) - 1.0));
        let shown = whole(last - first + 1.0);
        let stride = shown.div_ceil(most).max(1);
        let values = (0..shown).step_by(stride).map(|index| first + real(index)).collect();
        self.labelled(values, |value| names.get(whole(value)).cloned().unwrap_or_default())
    }

    fn labelled(&self, values: Vec<f64>, write: impl Fn(f64) -> String) -> AxisTicks {
        let tick = |value: f64| AxisTick { value, place: self.place(value).clamp(0.0, 1.0), label: write(value) };
        AxisTicks { major: distinct(values.into_iter().map(tick).collect()), minor: Vec::new(), context: String::new() }
    }
}

/// Removes ticks that fall on one another, since digits run out.
fn distinct(mut ticks: Vec<AxisTick>) -> Vec<AxisTick> {
    ticks.dedup_by(|next, tick| next.value <= tick.value);
    ticks
}

/// Multiples of a round step that lie in a range.
#[derive(Debug, Clone, Copy)]
struct Multiples {
    /// The step, as factor and power of ten.
    factor: f64,
    power: i32,
    /// The first and the last one, in steps.
    first: f64,
    last: f64,
}

impl Multiples {
    /// Returns as many multiples as possible, at most `limit`.
    fn of(from: f64, to: f64, limit: usize) -> Self {
        let mut power = label::power_of((to - from) / real(limit)) - 1;
        loop {
            for factor in [1.0, 2.0, 5.0] {
                let step = times_power(factor, power);
                let (first, last) = ((from / step - ROUNDING).ceil(), (to / step + ROUNDING).floor());
                if last - first + 1.0 <= real(limit) {
                    return Self { factor, power, first, last };
                }
            }
            power += 1;
        }
    }

    fn each(self) -> impl Iterator<Item = f64> {
        (0..whole(self.last - self.first + 1.0)).map(move |index| self.first + real(index))
    }

    /// Returns the value of a number of steps, computed from that number, so that no error adds up.
    fn value(&self, number: f64) -> f64 {
        times_power(number * self.factor, self.power)
    }

    /// Returns the style of labels that count from `origin` on, in steps.
    fn style(&self, origin: f64) -> LabelStyle {
        let largest = (self.first - origin).abs().max((self.last - origin).abs());
        LabelStyle::of_steps(self.power, self.value(largest))
    }

    /// Returns the origin from which labels count, in steps, and the words of the axis for it: zero and no words as long as few
    /// digits tell the labels apart.
    fn origin(&self) -> (f64, String) {
        let largest = self.value(self.first.abs().max(self.last.abs()));
        if label::power_of(largest) - self.power < MAX_DIGITS || self.first > self.last {
            return (0.0, String::new());
        }
        // The origin is a multiple of a power of ten that is larger than the range: one that is shown, or the one below.
        let power = label::power_of(self.value((self.last - self.first).max(1.0))) + 1;
        let steps = times_power(1.0 / self.factor, power - self.power).round();
        let origin = (self.last / steps).floor() * steps;
        let value = self.value(origin);
        let sign = if value < 0.0 { "minus" } else { "plus" };
        (origin, format!("{sign} {}", label::figure_to(value.abs(), power)))
    }
}

/// Returns `factor` times a power of ten, rounded once: 3 times 10⁻¹ is 0.3.
fn times_power(factor: f64, power: i32) -> f64 {
    match power {
        -22..0 => factor / 10_f64.powi(-power),
        0..=22 => factor * 10_f64.powi(power),
        // Beyond these, the power of ten isn't exact any more.
        _ => format!("{factor}e{power}").parse().unwrap_or(f64::NAN),
    }
}

/// Returns at most `limit` values: 1, 2 and 5 times powers of ten, or powers of ten, or each second of them, or third, ….
fn decades(least: f64, most: f64, limit: usize) -> Vec<f64> {
    let powers = || label::power_of(least) - 1..=label::power_of(most) + 1;
    let shown = |value: &f64| *value >= least && *value <= most;
    let of_factors = |factors: &[f64], stride: i32| -> Vec<f64> {
        let kept = powers().filter(|power| power.rem_euclid(stride) == 0);
        let values = kept.flat_map(|power| factors.iter().map(move |factor| times_power(*factor, power)));
        values.filter(shown).collect()
    };
    let fine = of_factors(&[1.0, 2.0, 5.0], 1);
    if fine.len() <= limit {
        return fine;
    }
    let strides = [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1_000];
    let coarse = strides.into_iter().map(|stride| of_factors(&[1.0], stride));
    coarse.into_iter().find(|values| values.len() <= limit).unwrap_or_default()
}

/// Writes a value as `10³` or `2×10³`.
fn of_power(value: f64) -> String {
    let power = label::power_of(value);
    let factor = label::mantissa(value, power).round();
    let ten = label::power_of_ten(power);
    if factor > 1.0 { format!("{factor}×{ten}") } else { ten }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(least: f64, most: f64, scale: AxisScale, limit: usize) -> String {
        let axis = Axis { label: String::new(), unit: String::new(), least, most, scale };
        let ticks = axis.ticks(limit);
        ticks.major.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ticks_are_round() {
        for (least, most, limit, text) in [
            (0.0, 1.0, 6, "0.0 0.2 0.4 0.6 0.8 1.0"),
            (0.0, 1.0, 5, "0.0 0.5 1.0"),
            (-0.4, 10.4, 6, "0 2 4 6 8 10"),
            (-3e6, 3e6, 4, "−2,000,000 0 2,000,000"),
            (1e8, 4e8, 4, "1×10⁸ 2×10⁸ 3×10⁸ 4×10⁸"),
            (0.0, 3e-9, 4, "0 1×10⁻⁹ 2×10⁻⁹ 3×10⁻⁹"),
            (3.2, 3.4, 1, ""),
            (20.0, 40.0, 3, "20 30 40"),
            (99_999_989.0, 99_999_999.4, 3, "0 5"),
            (9.6e7, 99_999_999.999, 3, "0.96×10⁸ 0.98×10⁸ 1.00×10⁸"),
            (-1e300, 1e300, 3, "−1×10³⁰⁰ 0 1×10³⁰⁰"),
            (1e-307, 3e-307, 3, "1×10⁻³⁰⁷ 2×10⁻³⁰⁷ 3×10⁻³⁰⁷"),
        ] {
            assert_eq!(labels(least, most, AxisScale::Linear, limit), text, "{least} to {most}");
        }
    }

    #[test]
    fn long_labels_are_written_as_what_a_round_value_is_added_to() {
        for (least, most, plus, text) in [
            (1e17, 1e17 + 1_600.0, "plus 1×10¹⁷", "0 500 1,000 1,500"),
            (1_234_567.000_1, 1_234_567.000_9, "plus 1,234,567", "0.0002 0.0004 0.0006 0.0008"),
            (-1e9 - 1.0, -1e9 + 1.0, "minus 1×10⁹", "−1 0 1"),
            (1.0, 1.0 + 1e-14, "plus 1", "0 0.5×10⁻¹⁴ 1.0×10⁻¹⁴"),
            (1e6, 1.1e6, "", "1,000,000 1,050,000 1,100,000"),
        ] {
            let axis = Axis { label: String::new(), unit: String::new(), least, most, scale: AxisScale::Linear };
            assert_eq!(axis.ticks(4).context, plus, "{least} to {most}");
            assert_eq!(labels(least, most, AxisScale::Linear, 4), text, "{least} to {most}");
        }
    }

    #[test]
    fn ticks_of_logarithms_are_powers_of_ten() {
        for (least, most, limit, text) in [
            (1.0, 1e4, 6, "1 10 100 1,000 10,000"),
            (1.0, 100.0, 8, "1 2 5 10 20 50 100"),
            (1e-9, 1e9, 5, "10⁻⁵ 10⁰ 10⁵"),
            (2.0, 3.0, 6, "2.0 2.2 2.4 2.6 2.8 3.0"),
            (1.5e7, 1.2e8, 5, "2×10⁷ 5×10⁷ 10⁸"),
            (0.01, 10.0, 5, "0.01 0.1 1 10"),
        ] {
            assert_eq!(labels(least, most, AxisScale::Logarithmic, limit), text);
        }
    }

    #[test]
    fn ticks_of_time_are_those_of_clock_and_calendar() {
        let day = 1_795_219_200.0;
        let time = |utc_offset_secs| AxisScale::Time { utc_offset_secs };
        for (least, most, offset, limit, text) in [
            (day + 3_000.0, day + 20_000.0, 0.0, 6, "01:00 02:00 03:00 04:00 05:00"),
            (day - 50_000.0, day + 50_000.0, 0.0, 5, "12:00 18:00 21 Nov 06:00 12:00"),
            (day - 50_000.0, day + 50_000.0, 0.0, 4, "12:00 21 Nov 12:00"),
            (day, day + 3e6, 0.0, 6, "23 Nov 30 Nov 7 Dec 14 Dec 21 Dec"),
            (day, day + 3e7, 0.0, 6, "2027 Mar May Jul Sep Nov"),
            (day, day + 0.4, 0.0, 5, "21 Nov 00:00:00.1 00:00:00.2 00:00:00.3 00:00:00.4"),
            (day, day + 7_200.0, 1_800.0, 3, "01:00 02:00"),
        ] {
            assert_eq!(labels(least, most, time(offset), limit), text);
        }
    }

    #[test]
    fn a_range_smaller_than_the_digits_of_a_clock_has_no_ticks_outside_of_it() {
        let scale = AxisScale::Time { utc_offset_secs: -3_600.0 };
        assert_eq!(labels(5e-129, 4e-128, scale, 1), "");
    }

    #[test]
    fn categories_are_named_as_far_as_there_is_room() {
        let names = || AxisScale::Categories(["a", "b", "c", "d", "e"].map(str::to_owned).to_vec());
        assert_eq!(labels(-0.5, 4.5, names(), 5), "a b c d e");
        assert_eq!(labels(-0.5, 4.5, names(), 3), "a c e");
        assert_eq!(labels(1.2, 3.2, names(), 9), "c d");
    }

    /// Generates ends of ranges that data may have.
    fn numbers() -> impl Strategy<Value = f64> {
        let sampled = [
            0.0,
            -0.0,
            1.0,
            1.0_f64.next_up(),
            f64::from_bits(1),
            f64::MIN_POSITIVE,
            1e-300,
            1e17,
            1e300,
            f64::MAX,
            f64::MIN,
        ];
        prop_oneof![
            prop::num::f64::NORMAL,
            prop::num::f64::SUBNORMAL,
            -1e6..1e6_f64,
            prop::sample::select(sampled.to_vec())
        ]
    }

    proptest! {
        #[test]
        fn ticks_lie_in_the_range_and_rise(ends in prop_oneof![(numbers(), numbers()), (-1e6..1e6_f64, -6.0..8.0_f64).prop_map(|(least, power)| (least, least + 10_f64.powf(power)))], limit in 1..30_usize) {
            for scale in [AxisScale::Linear, AxisScale::Logarithmic, AxisScale::Time { utc_offset_secs: -3_600.0 }] {
                let axis = Axis::covering("", "", scale, &[ends.0, ends.1]);
                let ticks = axis.ticks(limit);
                prop_assert!(ticks.major.len() <= limit, "{:?}", ticks);
                prop_assert!(ticks.major.is_sorted_by(|tick, next| tick.value < next.value), "{:?}", ticks);
                prop_assert!(ticks.major.is_sorted_by(|tick, next| tick.label != next.label), "{:?}", ticks);
                for tick in &ticks.major {
                    prop_assert!(tick.value >= axis.least && tick.value <= axis.most);
                    prop_assert!((0.0..=1.0).contains(&tick.place));
                    prop_assert!(!tick.label.contains("NaN") && !tick.label.contains("inf"), "{:?}", ticks);
                }
                prop_assert!(ticks.minor.iter().all(|place| (0.0..=1.0).contains(place)));
            }
        }
    }
}
