//! A factor in JSON: the fields that are there tell which kind of values it takes.

use serde::{Deserialize, Serialize};

use super::{Factor, FactorScale, FactorValues};
use crate::case::ParameterValue;

/// The fields of a factor. A misspelt field isn't passed over: without it the factor would take other values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFactor {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<ParameterValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum: Option<ParameterValue>,
    #[serde(default, skip_serializing_if = "is_linear")]
    scale: FactorScale,
    #[serde(default, skip_serializing_if = "is_false")]
    integer: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    levels: Option<Vec<ParameterValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<ParameterValue>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_linear(scale: &FactorScale) -> bool {
    *scale == FactorScale::Linear
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl TryFrom<WireFactor> for Factor {
    type Error = String;

    fn try_from(wire: WireFactor) -> Result<Self, String> {
        let values = wire.values().map_err(|problem| format!("the factor `{}` {problem}", wire.name))?;
        let WireFactor { name, count, unit, note, .. } = wire;
        Ok(Self { name, count, values, unit, note })
    }
}

impl WireFactor {
    fn values(&self) -> Result<FactorValues, &'static str> {
        let Self { minimum, maximum, scale, levels, value, .. } = self;
        match (minimum, maximum, levels, value) {
            (Some(minimum), Some(maximum), None, None) if self.integer => match (minimum, maximum) {
                (ParameterValue::Integer(minimum), ParameterValue::Integer(maximum)) => {
                    Ok(FactorValues::Integers { minimum: *minimum, maximum: *maximum })
                }
                _ => Err("is `integer`, so its `minimum` and `maximum` must be whole numbers below 2^63"),
            },
            (Some(minimum), Some(maximum), None, None) => match (minimum.as_number(), maximum.as_number()) {
                (Some(minimum), Some(maximum)) => Ok(FactorValues::Range { minimum, maximum, scale: *scale }),
                _ => Err("must have numbers as `minimum` and `maximum`"),
            },
            (None, None, Some(levels), None)
                if !levels.iter().any(|level| matches!(level, ParameterValue::List(_))) =>
            {
                Ok(FactorValues::Levels(levels.clone()))
            }
            (None, None, Some(_), None) => Err("has a list among its `levels`"),
            (None, None, None, Some(value)) => Ok(FactorValues::Fixed(value.clone())),
            (None, None, None, None) => Ok(FactorValues::Listed),
            _ => Err("must have either `minimum` and `maximum`, or `levels`, or a `value`"),
        }
    }
}

impl From<Factor> for WireFactor {
    fn from(Factor { name, count, values, unit, note }: Factor) -> Self {
        let (minimum, maximum, levels, value) = (None, None, None, None);
        let empty = Self {
            name,
            count,
            minimum,
            maximum,
            scale: FactorScale::Linear,
            integer: false,
            levels,
            value,
            unit,
            note,
        };
        match values {
            FactorValues::Range { minimum, maximum, scale } => {
                let [minimum, maximum] = [minimum, maximum].map(|bound| Some(ParameterValue::Number(bound)));
                Self { minimum, maximum, scale, ..empty }
            }
            FactorValues::Integers { minimum, maximum } => {
                let [minimum, maximum] = [minimum, maximum].map(|bound| Some(ParameterValue::Integer(bound)));
                Self { minimum, maximum, integer: true, ..empty }
            }
            FactorValues::Levels(levels) => Self { levels: Some(levels), ..empty },
            FactorValues::Fixed(value) => Self { value: Some(value), ..empty },
            FactorValues::Listed => empty,
        }
    }
}
