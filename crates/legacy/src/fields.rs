//! The fields of the predecessor's documents. A field that is missing or has another type counts as not known.

use cruncher_study::case::CaseId;
use serde_json::{Map, Value};

use crate::{LegacyFolder, LegacyKey};

/// A time, which may be written as a text.
pub(super) fn time(fields: &Map<String, Value>, name: &str) -> Option<f64> {
    number(fields.get(name)?)
}

/// A text, or a number as a text.
pub(super) fn text(fields: &Map<String, Value>, name: &str) -> String {
    match fields.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// The level: the predecessor numbers the cubes of its design.
pub(super) fn level(fields: &Map<String, Value>) -> Option<u32> {
    let number = number(fields.get("cube_id")?)?;
    let is_level = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number of that range")]
    is_level.then_some(number as u32)
}

/// The case that a message names: its `case_id`, or else, in the oldest version, that of its parameters.
pub(super) fn case_id(fields: &Map<String, Value>) -> Option<CaseId> {
    let own = fields.get("case_id").and_then(Value::as_str).and_then(CaseId::from_uuid);
    own.or_else(|| parameters_key(fields).map(|(_, case)| case))
}

/// The folder that the parameters lie in: `parameter_file` is a whole key.
pub(super) fn folder(fields: &Map<String, Value>) -> Option<LegacyFolder> {
    parameters_key(fields).map(|(folder, _)| folder)
}

fn parameters_key(fields: &Map<String, Value>) -> Option<(LegacyFolder, CaseId)> {
    match LegacyKey::parse(fields.get("parameter_file")?.as_str()?)? {
        LegacyKey::Parameters(folder, case) => Some((folder, case)),
        _ => None,
    }
}

/// A number, which may be written as a text.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok()?,
        value => value.as_f64()?,
    };
    number.is_finite().then_some(number)
}
