//! `all_runs.json`: the cases that were enqueued last, as `put_cases_in_queue.py` writes them. Beside the inputs of a case,
//! `data` is the message that the queue got; nothing here tells whether the case was computed.
//!
//! The oldest version names its entries by the ids that the queue gave the messages, and puts no `case_id` into these: there
//! the key of the parameters names a case.

use std::collections::BTreeMap;
use std::fmt;

use cruncher_study::case::{CaseId, Parameters};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::{LegacyError, LegacyFolder, fields, json, parameters};

/// The cases that were enqueued last.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct EnqueuedCases {
    pub(super) cases: BTreeMap<CaseId, EnqueuedCase>,
    /// Number of entries that name no case.
    pub(super) others: usize,
}

/// A case that was enqueued.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct EnqueuedCase {
    /// The level, which the predecessor calls cube.
    pub(super) level: Option<u32>,
    /// The folder that holds its parameters, and later its result.
    pub(super) folder: Option<LegacyFolder>,
    /// The inputs as JSON: there may be a million cases, and only few whose inputs stand nowhere else.
    parameters: Box<str>,
}

impl EnqueuedCases {
    /// Reads the object.
    ///
    /// # Errors
    /// If it is no JSON object.
    pub(super) fn read(json: &[u8]) -> Result<Self, LegacyError> {
        json::parse::<Self>(json).map(|(read, _)| read).map_err(|error| match error {
            LegacyError::Json(error) if error.is_data() => LegacyError::NotAnObject,
            error => error,
        })
    }

    fn add(&mut self, case: &str, entry: Value) {
        match (CaseId::from_uuid(case), entry) {
            (Some(name), Value::Object(entry)) => {
                let message = entry.get("data").and_then(Value::as_object);
                let case = message.and_then(fields::case_id).unwrap_or(name);
                self.cases.insert(case, EnqueuedCase::read(&entry));
            }
            _ => self.others += 1,
        }
    }
}

/// Reads one entry after the other: as values, the whole would take many times the room.
impl<'de> Deserialize<'de> for EnqueuedCases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = EnqueuedCases;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of cases")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<EnqueuedCases, A::Error> {
                let mut read = EnqueuedCases::default();
                while let Some((case, entry)) = entries.next_entry::<String, Value>()? {
                    read.add(&case, entry);
                }
                Ok(read)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl EnqueuedCase {
    fn read(entry: &Map<String, Value>) -> Self {
        let message = entry.get("data").and_then(Value::as_object);
        let parameters = entry.get("parameters").map(Value::to_string).unwrap_or_default();
        Self {
            level: message.and_then(fields::level),
            folder: message.and_then(fields::folder),
            parameters: parameters.into(),
        }
    }

    /// Its inputs.
    pub(super) fn parameters(&self) -> Parameters {
        serde_json::from_str(&self.parameters).map(|value| parameters::read(&value)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const UUID: &str = "9f86d081-884c-4d65-9a2f-eaa0c55ad015";

    fn read(entry: &Value) -> EnqueuedCases {
        EnqueuedCases::read(json!({UUID: entry}).to_string().as_bytes()).unwrap()
    }

    fn check(entry: &Value, level: Option<u32>, folder: Option<&str>, parameters: &Value) {
        let enqueued = read(entry);
        let case = &enqueued.cases[&CaseId::from_uuid(UUID).unwrap()];
        assert_eq!(case.level, level, "{entry}");
        assert_eq!(case.folder.as_ref().map(LegacyFolder::to_string).as_deref(), folder, "{entry}");
        assert_eq!(serde_json::to_value(case.parameters()).unwrap(), *parameters, "{entry}");
    }

    #[test]
    fn an_entry_is_inputs_and_the_message_of_the_queue() {
        let pfile = format!("data/demo/set1/pfile-{UUID}.json");
        let message =
            json!({"case_id": UUID, "base_file": "public/footing.py", "parameter_file": pfile, "cube_id": 12});
        let inputs = json!({"cohesion_array": [1.0, 2.0], "raw_parameters": [0.5, 0.25]});
        check(&json!({"parameters": inputs, "data": message}), Some(12), Some("demo/set1/"), &inputs);
    }

    #[test]
    fn an_entry_of_the_oldest_version_is_the_case_of_its_parameters() {
        let name = |entry: &Value| read(entry).cases.into_keys().map(CaseId::to_uuid).collect::<Vec<_>>();
        let (other, third) = (UUID.replace("9f", "8f"), UUID.replace("9f", "7f"));
        let pfile = format!("data/pfile-{other}.json");
        let inputs = json!({"cohesion_array": [1.0, 2.0]});
        let oldest = json!({"parameters": inputs, "data": {"base_file": "public/footing.py", "parameter_file": pfile}});
        assert_eq!(name(&oldest), [other.as_str()]);
        assert_eq!(name(&json!({"data": {"case_id": third, "parameter_file": pfile}})), [third]);
        assert_eq!(name(&json!({"data": {"case_id": "3", "parameter_file": "footing.json"}})), [UUID]);
    }

    #[test]
    fn what_lacks_or_has_another_type_is_not_known() {
        let nothing = json!({});
        check(&nothing, None, None, &nothing);
        check(&json!({"parameters": null, "data": null}), None, None, &nothing);
        check(&json!({"parameters": {}, "data": [1, 2]}), None, None, &nothing);
        check(&json!({"data": {"cube_id": "3", "parameter_file": 3}}), Some(3), None, &nothing);
        for wrong in [json!(-1), json!(1.5), json!(1e300), json!(true), json!("cube"), json!([3]), json!(null)] {
            check(&json!({"data": {"cube_id": wrong, "parameter_file": "pfile.json"}}), None, None, &nothing);
        }
    }

    #[test]
    fn entries_that_name_no_case_are_counted() {
        let json = format!(r#"{{"{UUID}": {{}}, "summary": {{}}, "{UUID}0": {{}}, "{}": 3}}"#, UUID.replace('9', "8"));
        let enqueued = EnqueuedCases::read(json.as_bytes()).unwrap();
        assert_eq!((enqueued.cases.len(), enqueued.others), (1, 3));
    }

    #[test]
    fn what_is_cut_off_or_no_object_is_refused() {
        let whole = json!({UUID: {"parameters": {}, "data": {"cube_id": 3}}}).to_string();
        for end in 0..whole.len() {
            assert!(matches!(EnqueuedCases::read(&whole.as_bytes()[..end]), Err(LegacyError::Json(_))), "{end}");
        }
        for other in ["[]", "3", "null", "\"{}\""] {
            assert!(matches!(EnqueuedCases::read(other.as_bytes()), Err(LegacyError::NotAnObject)), "{other}");
        }
    }
}
