//! The canonical JSON of a case's inputs, from which its id is made.
//!
//! It is the JSON of RFC 8785 with one exception: a whole number of 64 bits is written with all of its digits. RFC 8785 takes
//! every number for a float, and would write one text for 9007199254740992 and 9007199254740993: two seeds, one case.
//! `tests/support/case_identity.py` is the other implementation; `case_ids.json` among the golden files holds both to the same
//! texts.

use std::fmt::Write as _;

use crate::case::{ParameterValue, Parameters};
use crate::model::ModelDigest;

/// Returns the canonical JSON of a case's inputs.
///
/// # Panics
/// If a parameter is not finite, which [`ParameterValue`] rules out.
pub(crate) fn canonical(model: &ModelDigest, parameters: &Parameters, replicate: u32) -> String {
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    let mut json = format!("{{\"model\":\"{}\",\"parameters\":{{", model.as_str());
    for (index, (name, parameter)) in sorted.into_iter().enumerate() {
        json.push_str(if index == 0 { "" } else { "," });
        write_text(&mut json, name);
        json.push(':');
        write_value(&mut json, parameter);
    }
    // Writing to a string doesn't fail.
    let _ = write!(json, "}},\"replicate\":{replicate}}}");
    json
}

fn write_value(json: &mut String, parameter: &ParameterValue) {
    // Writing to a string doesn't fail.
    let _ = match parameter {
        ParameterValue::Flag(flag) => write!(json, "{flag}"),
        ParameterValue::Integer(integer) => write!(json, "{integer}"),
        ParameterValue::Unsigned(integer) => write!(json, "{integer}"),
        ParameterValue::Number(number) => {
            write_float(json, *number);
            Ok(())
        }
        ParameterValue::Text(text) => {
            write_text(json, text);
            Ok(())
        }
        ParameterValue::List(components) => {
            for (index, component) in components.iter().enumerate() {
                json.push(if index == 0 { '[' } else { ',' });
                write_value(json, component);
            }
            json.push_str(if components.is_empty() { "[]" } else { "]" });
            Ok(())
        }
    };
}

/// Writes a float; one that is a whole number of 64 bits is written as a whole number: 30.0 and 30 are one case.
#[expect(clippy::cast_possible_truncation, reason = "the range was looked at: 65 bits and a sign fit into 128")]
fn write_float(json: &mut String, number: f64) {
    let is_whole = number.fract() == 0.0 && (-2.0_f64.powi(63)..2.0_f64.powi(64)).contains(&number);
    if is_whole {
        json.push_str(&(number as i128).to_string());
    } else {
        json.push_str(&serde_json_canonicalizer::to_string(&number).expect("parameters are finite"));
    }
}

fn write_text(json: &mut String, text: &str) {
    json.push_str(&serde_json_canonicalizer::to_string(&text).expect("a text is JSON"));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};

    use super::*;

    #[test]
    fn the_texts_are_those_of_the_golden_file() {
        #[derive(Deserialize)]
        struct Golden {
            name: String,
            model: ModelDigest,
            parameters: Parameters,
            replicate: u32,
            canonical: String,
        }
        let golden = include_str!("../../../tests/golden/case_ids.json");
        let golden: Vec<Golden> = serde_json::from_str(golden).unwrap();
        assert!(golden.len() > 15);
        for case in golden {
            assert_eq!(canonical(&case.model, &case.parameters, case.replicate), case.canonical, "{}", case.name);
        }
    }

    /// Whether RFC 8785 has an exact text for the number.
    fn is_exact(number: f64) -> bool {
        number.fract() != 0.0 || number.abs() < 9_007_199_254_740_992.0
    }

    fn parameter() -> impl Strategy<Value = ParameterValue> {
        let scalar = prop_oneof![
            any::<bool>().prop_map(ParameterValue::Flag),
            (-(1_i64 << 53)..=1 << 53).prop_map(ParameterValue::Integer),
            any::<f64>()
                .prop_filter("finite and exact", |x| x.is_finite() && is_exact(*x))
                .prop_map(ParameterValue::Number),
            any::<String>().prop_map(ParameterValue::Text),
        ];
        prop_oneof![scalar.clone(), vec(scalar, 0..4).prop_map(ParameterValue::List)]
    }

    proptest! {
        #[test]
        fn what_rfc_8785_writes_exactly_is_written_as_there(
            parameters in btree_map(any::<String>(), parameter(), 0..4), replicate: u32,
        ) {
            #[derive(Serialize)]
            struct Inputs<'a> {
                model: &'a str,
                parameters: &'a BTreeMap<String, ParameterValue>,
                replicate: u32,
            }
            let model = ModelDigest::of(b"");
            let inputs = Inputs { model: model.as_str(), parameters: &parameters, replicate };
            let expected = serde_json_canonicalizer::to_string(&inputs).unwrap();
            prop_assert_eq!(canonical(&model, &parameters, replicate), expected);
        }

        #[test]
        fn whole_numbers_of_64_bits_that_differ_have_texts_that_differ(least: u64, more in 1_u64..5) {
            let text = |integer: u64| {
                let parameters = [("seed".to_owned(), ParameterValue::from(integer))].into();
                canonical(&ModelDigest::of(b""), &parameters, 0)
            };
            prop_assert_ne!(text(least), text(least.wrapping_add(more)));
        }
    }
}
