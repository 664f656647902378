//! The curves of many cases.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::FoundArrays;
use crate::percent;

/// Maximum number of cases that are kept.
pub const MAX_CASES: usize = 20_000;

/// Maximum number of bytes of numbers that are kept.
pub const MAX_BYTES: usize = 64 << 20;

/// Maximum number of arrays that are known by name: results whose arrays are called after their case have no end of them.
const MAX_NAMES: usize = 256;

/// Number of cases that are looked at to find out which arrays go together.
const ASKED: usize = 64;

/// Abscissa of a curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CurveAbscissa {
    /// Its points one after another: 0, 1, 2 …
    Index,
    /// Another array, by its name.
    Array(String),
}

/// Writes it as it stands in an address.
impl fmt::Display for CurveAbscissa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index => f.write_str("index"),
            Self::Array(name) => write!(f, "array.{}", percent::encode(name)),
        }
    }
}

/// A text that is no abscissa.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither `index` nor an array")]
pub struct NotAlong;

impl FromStr for CurveAbscissa {
    type Err = NotAlong;

    fn from_str(text: &str) -> Result<Self, NotAlong> {
        if text == "index" {
            return Ok(Self::Index);
        }
        text.strip_prefix("array.").and_then(percent::decode).map(Self::Array).ok_or(NotAlong)
    }
}

/// The arrays of cases, each case a row of the store. It is bounded: arrays with further names aren't taken, and
/// [`CurveSet::is_full`] tells when no more cases may be read.
#[derive(Debug, Clone, Default)]
pub struct CurveSet {
    /// The arrays, in the order in which they were seen.
    names: Vec<String>,
    /// The arrays by row, and in a row by name.
    rows: BTreeMap<usize, Vec<Array>>,
    /// The numbers 0, 1, 2 … up to the length of the longest array.
    counting: Vec<f64>,
    size_bytes: usize,
    shortcomings: CurveLosses,
}

/// Losses: arrays that aren't kept as they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CurveLosses {
    /// Number of arrays that were left out.
    pub left_out: usize,
    /// Number of arrays that lost points.
    pub thinned: usize,
    /// Number of arrays with fewer than two numbers, which are therefore no curves.
    pub numberless: usize,
}

#[derive(Debug, Clone)]
struct Array {
    name: usize,
    values: Vec<f64>,
}

/// A curve of a case: as many numbers to the right as upwards.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaseCurve<'a> {
    /// The case's row.
    pub row: usize,
    /// To the right.
    pub x: &'a [f64],
    /// Upwards.
    pub y: &'a [f64],
}

impl CurveSet {
    /// Takes the arrays of a row. A row without arrays is noted, too, so that they aren't looked for again.
    pub fn add(&mut self, row: usize, found: FoundArrays) {
        self.shortcomings.left_out += found.left_out;
        self.shortcomings.thinned += found.thinned;
        self.shortcomings.numberless += found.numberless;
        let mut arrays = Vec::with_capacity(found.series.len());
        for series in found.series {
            let known = self.names.iter().position(|name| *name == series.name);
            let Some(name) = known.or_else(|| (self.names.len() < MAX_NAMES).then_some(self.names.len())) else {
                self.shortcomings.left_out += 1;
                continue;
            };
            if name == self.names.len() {
                self.names.push(series.name);
            }
            self.count_to(series.values.len());
            self.size_bytes += size_of_val(series.values.as_slice());
            arrays.push(Array { name, values: series.values });
        }
        let before = self.rows.insert(row, arrays).unwrap_or_default();
        self.size_bytes -= before.iter().map(|array| size_of_val(array.values.as_slice())).sum::<usize>();
    }

    #[expect(clippy::cast_precision_loss, reason = "arrays are thinned to some thousand points")]
    fn count_to(&mut self, len: usize) {
        self.counting.extend((self.counting.len()..len).map(|point| point as f64));
    }

    /// Returns the number of cases that were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether no case was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the rows that were read, rising.
    pub fn rows(&self) -> impl Iterator<Item = usize> {
        self.rows.keys().copied()
    }

    /// Whether a row was read.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.rows.contains_key(&row)
    }

    /// Whether no more may be read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MAX_CASES || self.size_bytes >= MAX_BYTES
    }

    /// Returns the losses of the arrays that were read.
    #[must_use]
    pub const fn shortcomings(&self) -> CurveLosses {
        self.shortcomings
    }

    /// Returns all arrays, in the order in which they were seen.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the arrays that this one can be drawn along: those of the same length in some of the first cases.
    #[must_use]
    pub fn partners(&self, of: &str) -> Vec<&str> {
        let Some(of) = self.place(of) else { return Vec::new() };
        let mut is_partner = vec![false; self.names.len()];
        for arrays in self.rows.values().take(ASKED) {
            let Some(len) = values_of(arrays, of).map(<[f64]>::len) else { continue };
            for array in arrays.iter().filter(|array| array.name != of && array.values.len() == len) {
                is_partner[array.name] = true;
            }
        }
        self.names.iter().zip(is_partner).filter(|(_, is_partner)| *is_partner).map(|(name, _)| &**name).collect()
    }

    /// Returns the curve to be shown for a choice. A part of the choice that isn't there, or that doesn't go with the other
    /// one, is replaced: by an array along the one of equal length that looks most like an axis, of several the first one, or along
    /// its index if there is no such array. `None` if there is no array at all.
    #[must_use]
    pub fn pair(&self, x: Option<&CurveAbscissa>, y: Option<&str>) -> Option<(CurveAbscissa, &str)> {
        let chosen = y.and_then(|y| self.names.iter().find(|name| **name == y));
        let of: &[String] = chosen.map_or(&self.names, std::slice::from_ref);
        let pairs = of.iter().flat_map(|y| self.partners(y).into_iter().map(move |x| (x, &**y)));
        // Of several with the same likeness, the one whose abscissa comes first.
        let best = pairs.rev().max_by_key(|(x, _)| (self.likeness_of_axis(x), Reverse(self.place(x))));
        let (x_found, y) = match best {
            Some((x, y)) => (CurveAbscissa::Array(x.to_owned()), y),
            None => (CurveAbscissa::Index, &**of.first()?),
        };
        let fits = |x: &&CurveAbscissa| match x {
            CurveAbscissa::Index => true,
            CurveAbscissa::Array(name) => self.partners(y).contains(&&**name),
        };
        Some((x.filter(fits).cloned().unwrap_or(x_found), y))
    }

    /// Rates the likeness of an array to an axis: it rises in every case, is the same in all, and has even steps.
    fn likeness_of_axis(&self, name: &str) -> usize {
        let place = self.place(name);
        let found = |arrays: &'_ Vec<Array>| arrays.iter().position(|array| Some(array.name) == place);
        let asked: Vec<&[f64]> =
            self.rows.values().filter_map(|arrays| Some(&*arrays[found(arrays)?].values)).take(ASKED).collect();
        if !asked.iter().all(|values| values.is_sorted_by(|one, next| one < next)) {
            return 0;
        }
        let is_same = asked.iter().all(|values| values == &asked[0]);
        1 + usize::from(is_same) + usize::from(asked.iter().all(|values| has_even_steps(values)))
    }

    /// Returns the curves of `y` along `x`, in the order of their rows. A case in which the two differ in length has none.
    pub fn curves(&self, x: &CurveAbscissa, y: &str) -> impl Iterator<Item = CaseCurve<'_>> {
        let y = self.place(y);
        let x = match x {
            CurveAbscissa::Index => None,
            // For an unknown name, a place that no array has.
            CurveAbscissa::Array(name) => Some(self.place(name).unwrap_or(usize::MAX)),
        };
        self.rows.iter().filter_map(move |(row, arrays)| {
            let y = values_of(arrays, y?)?;
            let x = match x {
                None => &self.counting[..y.len()],
                Some(x) => values_of(arrays, x).filter(|x| x.len() == y.len())?,
            };
            Some(CaseCurve { row: *row, x, y })
        })
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

fn values_of(arrays: &[Array], name: usize) -> Option<&[f64]> {
    arrays.iter().find(|array| array.name == name).map(|array| &*array.values)
}

/// Whether no step is twice as large as another.
fn has_even_steps(values: &[f64]) -> bool {
    let steps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let (least, most) = steps().fold((f64::INFINITY, 0.0), |(least, most), step| (step.min(least), step.max(most)));
    most <= 2.0 * least
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn curve_set(results: &[Value]) -> CurveSet {
        let mut curve_set = CurveSet::default();
        for (row, result) in results.iter().enumerate() {
            curve_set.add(row, FoundArrays::of(result));
        }
        curve_set
    }

    fn check_first_pair(results: &[Value], expected: Option<(&str, &str)>) {
        let curve_set = curve_set(results);
        let found = curve_set.pair(None, None).map(|(x, y)| (x.to_string(), y.to_owned()));
        assert_eq!(found, expected.map(|(x, y)| (x.to_owned(), y.to_owned())), "{results:?}");
    }

    #[test]
    fn what_looks_most_like_an_axis_is_one() {
        let curve = |load: [f64; 3]| json!({"curve": {"load": load, "settlement": [0.0, 1.0, 2.0]}});
        let pair = Some(("array.curve.settlement", "curve.load"));
        check_first_pair(&[curve([0.0, 5.0, 6.0]), curve([0.0, 7.0, 8.0])], pair);
        check_first_pair(&[curve([0.0, 5.0, 4.0])], pair);
        let own = |settlement: [f64; 3]| json!({"load": [0.0, 5.0, 4.0], "settlement": settlement});
        check_first_pair(&[own([0.0, 1.0, 4.0]), own([0.0, 2.0, 8.0])], Some(("array.settlement", "load")));
    }

    #[test]
    fn of_two_that_look_alike_the_first_is_the_axis() {
        let results = [json!({"depth": [0.0, 1.5, 4.0], "strength": [1.0, 2.5, 7.0]})];
        check_first_pair(&results, Some(("array.depth", "strength")));
    }

    #[test]
    fn arrays_of_no_length_in_common_are_drawn_along_their_index() {
        check_first_pair(&[json!({"a": [3, 2], "b": [1, 2, 3]})], Some(("index", "a")));
        check_first_pair(&[json!({"a": [3, 2, 7]})], Some(("index", "a")));
        check_first_pair(&[json!({"a": 3})], None);
        let curve_set = curve_set(&[json!({"a": [3, 2, 7]})]);
        let curves: Vec<_> = curve_set.curves(&CurveAbscissa::Index, "a").collect();
        assert_eq!(curves, [CaseCurve { row: 0, x: &[0.0, 1.0, 2.0], y: &[3.0, 2.0, 7.0] }]);
    }

    #[test]
    fn what_is_chosen_is_shown_as_far_as_it_goes_together() {
        let curve_set = curve_set(&[json!({"x": [0, 1, 2], "y": [3, 1, 2], "z": [1, 2, 5], "other": [7, 8]})]);
        let check = |x: Option<&str>, y: Option<&str>, expected: (&str, &str)| {
            let x = x.map(|x| x.parse::<CurveAbscissa>().unwrap());
            let (found, of) = curve_set.pair(x.as_ref(), y).unwrap();
            assert_eq!((&*found.to_string(), of), expected, "{x:?} {y:?}");
        };
        check(None, Some("z"), ("array.x", "z"));
        check(Some("array.y"), Some("z"), ("array.y", "z"));
        check(Some("index"), Some("z"), ("index", "z"));
        check(Some("array.other"), Some("z"), ("array.x", "z"));
        check(Some("array.x"), Some("other"), ("index", "other"));
        check(Some("array.x"), Some("gone"), ("array.x", "y"));
        check(Some("array.gone"), None, ("array.x", "y"));
    }

    #[test]
    fn a_case_whose_arrays_do_not_fit_has_no_curve() {
        let curve_set =
            curve_set(&[json!({"a": [3, 2], "b": [1, 2]}), json!({"a": [3, 2], "b": [1, 2, 3]}), json!({"a": [5, 6]})]);
        let rows = |x: &str, y: &str| -> Vec<usize> {
            curve_set.curves(&x.parse().unwrap(), y).map(|curve| curve.row).collect()
        };
        assert_eq!(rows("array.b", "a"), [0]);
        assert_eq!(rows("index", "a"), [0, 1, 2]);
        assert_eq!(rows("array.c", "a"), [0; 0]);
        assert_eq!(rows("index", "c"), [0; 0]);
        assert_eq!(curve_set.partners("a"), ["b"]);
    }

    #[test]
    fn a_curve_set_ends_somewhere() {
        let mut curve_set = CurveSet::default();
        let long = json!({ "a": vec![1.0; super::super::MAX_POINTS] });
        let rows = MAX_BYTES / (super::super::MAX_POINTS * 8) + 1;
        for row in 0..rows {
            assert!(!curve_set.is_full(), "{row}");
            // An array that is read again takes no room twice.
            curve_set.add(row, FoundArrays::of(&long));
            curve_set.add(row, FoundArrays::of(&long));
        }
        assert!(curve_set.is_full());
        let mut curve_set = CurveSet::default();
        (0..MAX_CASES).for_each(|row| curve_set.add(row, FoundArrays::default()));
        assert!(curve_set.is_full() && curve_set.contains(7) && !curve_set.contains(MAX_CASES));
    }

    #[test]
    fn arrays_that_are_called_after_their_case_are_counted() {
        let mut curve_set = CurveSet::default();
        (0..MAX_NAMES + 5)
            .for_each(|row| curve_set.add(row, FoundArrays::of(&json!({ format!("case {row}"): [1, 2] }))));
        assert_eq!((curve_set.names().len(), curve_set.shortcomings().left_out), (MAX_NAMES, 5));
    }

    #[test]
    fn what_a_curve_is_drawn_along_is_read_back() {
        for along in
            [CurveAbscissa::Index, CurveAbscissa::Array("a & b=c,%".into()), CurveAbscissa::Array(String::new())]
        {
            assert_eq!(along.to_string().parse(), Ok(along));
        }
        assert_eq!("radius".parse::<CurveAbscissa>(), Err(NotAlong));
    }
}
