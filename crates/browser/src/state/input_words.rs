//! Inputs of a case in words: with the digits that matter, or with all of them.

use cruncher_study::case::{ParameterValue, Parameters};
use cruncher_study::number_format::significant;

/// Maximum number of components of a vector that stand in a line.
const MAX_COMPONENTS: usize = 6;

/// Returns a value with all of its digits, as JSON.
#[must_use]
pub fn exact(value: &ParameterValue) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Returns a value with as many digits as a reader needs.
pub fn short(value: &ParameterValue) -> String {
    match value {
        ParameterValue::Number(number) => significant(*number),
        ParameterValue::List(components) => components.iter().map(short).collect::<Vec<_>>().join(", "),
        ParameterValue::Text(text) => text.clone(),
        other => exact(other),
    }
}

/// Returns a value like [`short`], but of a long vector only the first components.
pub fn cut(value: &ParameterValue) -> String {
    match value {
        ParameterValue::List(components) if components.len() > MAX_COMPONENTS => {
            let shown: Vec<String> = components.iter().take(MAX_COMPONENTS).map(short).collect();
            format!("{}, … ({} in all)", shown.join(", "), components.len())
        }
        other => short(other),
    }
}

/// Returns all inputs in a line, to tell cases apart. Texts are in front, since they do so at a glance.
#[must_use]
pub fn line(inputs: &Parameters) -> String {
    let is_text = |(_, value): &(&String, &ParameterValue)| matches!(value, ParameterValue::Text(_));
    let (texts, others): (Vec<_>, Vec<_>) = inputs.iter().partition(is_text);
    let one = |(name, value): (&String, &ParameterValue)| format!("{name} {}", cut(value));
    texts.into_iter().chain(others).map(one).collect::<Vec<_>>().join(" · ")
}

/// Returns all inputs in a line, exactly: `cohesion 61234.5 · soil "clay"`.
#[must_use]
pub fn exact_line(inputs: &Parameters) -> String {
    let one = |(name, value): (&String, &ParameterValue)| format!("{name} {}", exact(value));
    inputs.iter().map(one).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(json: &str) -> Parameters {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn texts_stand_in_front_and_numbers_have_six_digits() {
        let inputs = inputs(
            r#"{"angle": 29.123456789012344, "loads": [1, 2.5, 3, 4, 5, 6, 7], "seed": 9007199254740993, "soil": "silt"}"#,
        );
        let words = "soil silt · angle 29.1235 · loads 1, 2.5, 3, 4, 5, 6, … (7 in all) · seed 9007199254740993";
        assert_eq!(line(&inputs), words);
        let exact = r#"angle 29.123456789012344 · loads [1,2.5,3,4,5,6,7] · seed 9007199254740993 · soil "silt""#;
        assert_eq!(exact_line(&inputs), exact);
    }

    #[test]
    fn a_case_without_inputs_has_no_words() {
        assert_eq!((line(&Parameters::new()), exact_line(&Parameters::new())), (String::new(), String::new()));
    }
}
