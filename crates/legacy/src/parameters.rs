//! The predecessor's parameters, which may have any form, as the inputs of a case.

use serde::Deserialize;
use serde_json::Value;

use cruncher_study::case::{ParameterValue, Parameters};

/// The name of a value that has none of its own.
const NAMELESS: &str = "parameters";

/// Reads the inputs of a case, by name. Names of objects in objects are joined by a point, places in lists stand in brackets; a
/// list without nulls and objects is a vector. Nulls are left out.
pub(super) fn read(value: &Value) -> Parameters {
    let mut parameters = Parameters::new();
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| enter(&mut parameters, name.clone(), value)),
        other => enter(&mut parameters, NAMELESS.to_owned(), other),
    }
    parameters
}

fn enter(parameters: &mut Parameters, name: String, value: &Value) {
    if let Ok(parameter) = ParameterValue::deserialize(value) {
        parameters.insert(name, parameter);
        return;
    }
    match value {
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(place, value)| enter(parameters, format!("{name}[{place}]"), value));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(field, value)| enter(parameters, format!("{name}.{field}"), value));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(value: &Value, expected: &Value) {
        assert_eq!(serde_json::to_value(read(value)).unwrap(), *expected);
    }

    #[test]
    fn an_object_of_values_is_taken_as_it_is() {
        let value = json!({"c": 1.5, "n": 3, "soil": "clay", "on": true, "depths": [0.0, 2.5]});
        check(&value, &value);
    }

    #[test]
    fn objects_and_gaps_are_taken_apart() {
        let value = json!({"soil": {"c": 1.0, "layers": [{"d": 2.0}, null, 3.0]}, "nothing": null, "": {}});
        check(&value, &json!({"soil.c": 1.0, "soil.layers[0].d": 2.0, "soil.layers[2]": 3.0}));
    }

    #[test]
    fn a_list_or_a_value_alone_gets_a_name() {
        check(&json!([1.0, 2.0]), &json!({"parameters": [1.0, 2.0]}));
        check(&json!([1.0, null]), &json!({"parameters[0]": 1.0}));
        check(&json!("footing.dat"), &json!({"parameters": "footing.dat"}));
        check(&json!(null), &json!({}));
    }
}
