//! A factor as JSON has it: which of its fields are there tells which values it takes.

use serde::{Deserialize, Serialize};

use super::{Factor, Scale, Values};
use crate::case::Parameter;

/// A misspelt field isn't passed over: without it the factor would take other values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireFactor {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minimum: Option<Parameter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    maximum: Option<Parameter>,
    #[serde(default, skip_serializing_if = "is_linear")]
    scale: Scale,
    #[serde(default, skip_serializing_if = "is_false")]
    integer: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    levels: Option<Vec<Parameter>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Parameter>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_linear(scale: &Scale) -> bool {
    *scale == Scale::Linear
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
    fn values(&self) -> Result<Values, &'static str> {
        let Self { minimum, maximum, scale, levels, value, .. } = self;
        match (minimum, maximum, levels, value) {
            (Some(minimum), Some(maximum), None, None) if self.integer => match (minimum, maximum) {
                (Parameter::Integer(minimum), Parameter::Integer(maximum)) => {
                    Ok(Values::Integers { minimum: *minimum, maximum: *maximum })
                }
                _ => Err("is `integer`, so its `minimum` and `maximum` must be whole numbers below 2^63"),
            },
            (Some(minimum), Some(maximum), None, None) => match (minimum.as_number(), maximum.as_number()) {
                (Some(minimum), Some(maximum)) => Ok(Values::Range { minimum, maximum, scale: *scale }),
                _ => Err("must have numbers as `minimum` and `maximum`"),
            },
            (None, None, Some(levels), None) if !levels.iter().any(|level| matches!(level, Parameter::List(_))) => {
                Ok(Values::Levels(levels.clone()))
            }
            (None, None, Some(_), None) => Err("has a list among its `levels`"),
            (None, None, None, Some(value)) => Ok(Values::Fixed(value.clone())),
            (None, None, None, None) => Ok(Values::Listed),
            _ => Err("must have either `minimum` and `maximum`, or `levels`, or a `value`"),
        }
    }
}

impl From<Factor> for WireFactor {
    fn from(Factor { name, count, values, unit, note }: Factor) -> Self {
        let (minimum, maximum, levels, value) = (None, None, None, None);
        let empty =
            Self { name, count, minimum, maximum, scale: Scale::Linear, integer: false, levels, value, unit, note };
        match values {
            Values::Range { minimum, maximum, scale } => {
                let [minimum, maximum] = [minimum, maximum].map(|bound| Some(Parameter::Number(bound)));
                Self { minimum, maximum, scale, ..empty }
            }
            Values::Integers { minimum, maximum } => {
                let [minimum, maximum] = [minimum, maximum].map(|bound| Some(Parameter::Integer(bound)));
                Self { minimum, maximum, integer: true, ..empty }
            }
            Values::Levels(levels) => Self { levels: Some(levels), ..empty },
            Values::Fixed(value) => Self { value: Some(value), ..empty },
            Values::Listed => empty,
        }
    }
}
