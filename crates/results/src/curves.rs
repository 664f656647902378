//! Curves: the arrays of results.
//!
//! Segments hold scalars. The arrays of a result stand in its document alone, which must be read to show them.

mod array_seed;
mod curve_set;

use serde::de::DeserializeSeed;
use serde_json::Value;

use self::array_seed::ArraySeed;
pub use curve_set::{CaseCurve, CurveAbscissa, CurveLosses, CurveSet, MAX_BYTES, MAX_CASES, NotAlong};

/// Maximum depth to which objects and lists are searched.
const MAX_DEPTH: usize = 8;

/// Maximum number of arrays of a result that are taken.
pub const MAX_ARRAYS: usize = 32;

/// Maximum number of points of an array; a longer one is thinned evenly, since no screen shows more.
pub const MAX_POINTS: usize = 10_000;

/// Maximum length of a name, in bytes: nobody chooses a longer one.
const MAX_NAME_BYTES: usize = 256;

/// An array of numbers in a result.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultArray {
    /// Its path in the result: `curve.load_pa`, `layers[0].depth_m`.
    pub name: String,
    /// Name of the object it stands in: empty at the top. `None` for an array within an array, which belongs to no other one.
    pub object: Option<String>,
    /// Number of values that are stored: more than are kept if it was thinned.
    pub stored: usize,
    /// Its numbers; not a number for a null.
    pub values: Vec<f64>,
}

/// The arrays of a result.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundArrays {
    /// Those that are taken, in the order in which they were found.
    pub series: Vec<ResultArray>,
    /// Number of further arrays that aren't taken, beyond the maximum or with too long a name.
    pub left_out: usize,
    /// Number of arrays that were too long and lost points.
    pub thinned: usize,
    /// Number of arrays of several items with less than two numbers, which aren't curves: the other items are null.
    pub numberless: usize,
}

impl FoundArrays {
    /// Finds the arrays of numbers in a result, in the order of its fields' names. An array is taken if it has at least two numbers,
    /// and nothing else but nulls.
    #[must_use]
    pub fn of(result: &Value) -> Self {
        let mut found = Self::default();
        // JSON that was read already can be read again.
        let _ = ArraySeed::top(&mut found).deserialize(result);
        found
    }

    /// The same of a result as it is stored, in the order in which it was written.
    ///
    /// # Errors
    /// If it isn't JSON.
    pub fn read(result: &str) -> Result<Self, serde_json::Error> {
        let mut found = Self::default();
        ArraySeed::top(&mut found).deserialize(&mut serde_json::Deserializer::from_str(result))?;
        Ok(found)
    }

    /// Takes an array of numbers and gaps, if it has enough numbers to be a curve.
    fn take(&mut self, name: String, object: Option<String>, values: &[f64]) {
        if values.iter().filter(|number| !number.is_nan()).nth(1).is_none() {
            self.numberless += usize::from(values.len() > 1);
            return;
        }
        if self.series.len() == MAX_ARRAYS || name.len() > MAX_NAME_BYTES {
            self.left_out += 1;
            return;
        }
        self.thinned += usize::from(values.len() > MAX_POINTS);
        self.series.push(ResultArray { name, object, stored: values.len(), values: thinned(values) });
    }
}

/// Returns as many points as are kept, the first and the last one among them.
fn thinned(values: &[f64]) -> Vec<f64> {
    if values.len() <= MAX_POINTS {
        return values.to_vec();
    }
    (0..MAX_POINTS).map(|point| values[point * (values.len() - 1) / (MAX_POINTS - 1)]).collect()
}

/// Returns the places of at most `most` of `of` things, evenly over all of them, in rising order.
pub fn spread(of: usize, most: usize) -> impl Iterator<Item = usize> {
    let number = of.min(most);
    (0..number).map(move |place| place * of / number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(result: &Value, expected: &[(&str, &[f64])]) {
        let found = FoundArrays::of(result);
        let series: Vec<_> = found.series.iter().map(|series| (&*series.name, &*series.values)).collect();
        assert_eq!(series, expected, "{result}");
    }

    #[test]
    fn arrays_of_numbers_are_found_by_their_place() {
        check(
            &json!({"end_load": 5.0, "curve": {"radius_m": [1, 2.5], "load_pa": [3.0, 4.0, 5.0]}}),
            &[("curve.load_pa", &[3.0, 4.0, 5.0]), ("curve.radius_m", &[1.0, 2.5])],
        );
        check(&json!([1, 2]), &[("", &[1.0, 2.0])]);
        check(
            &json!({"layers": [{"z": [1, 2]}, 7, {"z": [3, 4]}], "grid": [[1, 2], [3, 4]]}),
            &[
                ("grid[0]", &[1.0, 2.0]),
                ("grid[1]", &[3.0, 4.0]),
                ("layers[0].z", &[1.0, 2.0]),
                ("layers[2].z", &[3.0, 4.0]),
            ],
        );
    }

    #[test]
    fn what_is_stored_is_read_in_its_own_order() {
        let json =
            r#"{"time": [1, 2], "load": [3, 4], "layers": [{"z": [1, 2], "a": [null, 2, 3]}, {"z": 1}], "end": 3}"#;
        let names = |found: FoundArrays| found.series.into_iter().map(|series| series.name).collect::<Vec<_>>();
        assert_eq!(names(FoundArrays::read(json).unwrap()), ["time", "load", "layers[0].z", "layers[0].a"]);
        let sorted = FoundArrays::of(&serde_json::from_str(json).unwrap());
        assert_eq!(names(sorted), ["layers[0].a", "layers[0].z", "load", "time"]);
        assert!(FoundArrays::read(r#"{"a": [1, 2"#).is_err());
    }

    #[test]
    fn what_is_no_curve_is_not_found() {
        for result in [
            json!(null),
            json!(1.0),
            json!({}),
            json!({"a": [], "b": [1.0], "c": [null, 1.0], "d": ["1", "2"], "e": [true, false], "f": [1, "x"]}),
        ] {
            check(&result, &[]);
        }
    }

    #[test]
    fn arrays_without_numbers_are_counted() {
        let found = FoundArrays::of(
            &json!({"a": [null, null], "b": [null, 1.0], "c": [null], "d": [], "e": [1.0], "f": ["x", null], "g": [1, 2]}),
        );
        assert_eq!((found.numberless, found.series.len()), (2, 1));
    }

    #[test]
    fn a_number_that_is_missing_is_a_gap() {
        let found = FoundArrays::of(&json!({"a": [1.0, null, 3.0]}));
        assert!(found.series[0].values[1].is_nan());
    }

    #[test]
    fn a_result_without_bounds_is_taken_with_bounds() {
        let many: serde_json::Map<String, Value> =
            (0..100).map(|place| (format!("{place:03}"), json!([1, 2]))).collect();
        let found = FoundArrays::of(&Value::Object(many));
        assert_eq!((found.series.len(), found.left_out), (MAX_ARRAYS, 100 - MAX_ARRAYS));

        let long: Vec<usize> = (0..=3 * MAX_POINTS).collect();
        let found = FoundArrays::of(&json!({ "a": long }));
        let values = &found.series[0].values;
        assert_eq!((values.len(), values[0], values[MAX_POINTS - 1]), (MAX_POINTS, 0.0, 30_000.0));
        assert_eq!(found.thinned, 1);

        let deep = (0..100).fold(json!([1, 2]), |inner, _| json!({ "a": inner }));
        check(&deep, &[]);
        check(&json!({ "n".repeat(1000): [1, 2] }), &[]);
    }

    proptest! {
        #[test]
        fn a_spread_is_even_and_never_twice_the_same(of in 0..5_000_usize, most in 0..600_usize) {
            let places: Vec<usize> = spread(of, most).collect();
            prop_assert_eq!(places.len(), of.min(most));
            prop_assert!(places.iter().all(|place| *place < of));
            for pair in places.windows(2) {
                let step = pair[1] - pair[0];
                prop_assert!(step >= of / most.max(1) && step <= of / most.max(1) + 1 && step > 0);
            }
        }
    }
}
