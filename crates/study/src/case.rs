//! A case: one design row, that is a model, its parameters and a replicate.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::batch::Batch;
use crate::canonical::canonical;
use crate::model::ModelDigest;

/// The value of one input of the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ParameterValue {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number below 2^63.
    Integer(i64),
    /// A whole number from 2^63 on: a seed of 64 bits may be one. [`ParameterValue::from`] and [`ParameterValue::whole`] choose.
    Unsigned(u64),
    /// Any other number; always finite, since JSON knows no other.
    Number(f64),
    /// A text.
    Text(String),
    /// A vector.
    List(Vec<ParameterValue>),
}

impl From<u64> for ParameterValue {
    fn from(integer: u64) -> Self {
        i64::try_from(integer).map_or(Self::Unsigned(integer), Self::Integer)
    }
}

impl ParameterValue {
    /// The whole number that a text is, if it fits into 64 bits, with a sign or without: from -2^63 to 2^64 - 1.
    #[must_use]
    pub fn whole(text: &str) -> Option<Self> {
        text.parse().map(Self::Integer).or_else(|_| text.parse().map(Self::Unsigned)).ok()
    }

    /// The number, if it is one.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a plot or a table of floats takes the nearest float")]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Unsigned(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            Self::Flag(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// Reads a value as it comes. What `#[serde(untagged)]` would make of it is ten times as long in the page.
impl<'de> Deserialize<'de> for ParameterValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ParameterVisitor)
    }
}

struct ParameterVisitor;

impl<'de> Visitor<'de> for ParameterVisitor {
    type Value = ParameterValue;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, a text, true, false, or a list of those")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<ParameterValue, E> {
        Ok(ParameterValue::Flag(flag))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<ParameterValue, E> {
        Ok(ParameterValue::Integer(integer))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<ParameterValue, E> {
        Ok(ParameterValue::from(integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<ParameterValue, E> {
        Ok(ParameterValue::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<ParameterValue, E> {
        Ok(ParameterValue::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ParameterValue, A::Error> {
        let mut components = Vec::new();
        while let Some(component) = list.next_element()? {
            components.push(component);
        }
        Ok(ParameterValue::List(components))
    }
}

/// The inputs of a case by name.
pub type Parameters = BTreeMap<String, ParameterValue>;

/// What a case is, whoever computes it: the same inputs have the same id.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseId([u8; 16]);

/// A case and the batch that it stands in.
pub type CaseRef = (Batch, CaseId);

/// A text that is no case id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a case id has 32 lower-case hex digits, `{0}` hasn't")]
pub struct CaseIdError(String);

impl CaseId {
    /// The id of a case: the first 32 hex digits of SHA-256 over the canonical JSON of its inputs.
    ///
    /// # Panics
    /// If a parameter is not finite, which [`ParameterValue`] rules out.
    #[must_use]
    pub fn of(model: &ModelDigest, parameters: &Parameters, replicate: u32) -> Self {
        let canonical = canonical(model, parameters, replicate);
        let digest = Sha256::digest(&canonical);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Self(id)
    }

    /// The id of these bytes: its digits, two a byte.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its digits, two a byte.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 lower-case hex digits.
    ///
    /// # Errors
    /// If it is anything else.
    pub fn parse(text: &str) -> Result<Self, CaseIdError> {
        let refused = || CaseIdError(text.chars().take(80).collect());
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return Err(refused());
        }
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            let high = hex_value(pair[0]).ok_or_else(refused)?;
            let low = hex_value(pair[1]).ok_or_else(refused)?;
            *byte = high << 4 | low;
        }
        Ok(Self(id))
    }

    /// Reads a UUID as text: 32 lower-case hex digits with dashes after the 8th, 12th, 16th and 20th.
    #[must_use]
    pub fn from_uuid(text: &str) -> Option<Self> {
        let id = Self::parse(&text.replace('-', "")).ok()?;
        (id.to_uuid() == text).then_some(id)
    }

    /// The text of the UUID that has the same bytes.
    #[must_use]
    pub fn to_uuid(self) -> String {
        let digits = self.to_string();
        let groups = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
        groups.join("-")
    }
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for CaseId {
    type Error = CaseIdError;

    fn try_from(text: String) -> Result<Self, CaseIdError> {
        Self::parse(&text)
    }
}

impl From<CaseId> for String {
    fn from(id: CaseId) -> Self {
        id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_those_of_the_golden_file() {
        #[derive(Deserialize)]
        struct Golden {
            name: String,
            model: ModelDigest,
            parameters: Parameters,
            replicate: u32,
            case_id: CaseId,
        }
        let golden = include_str!("../../../tests/golden/case_ids.json");
        let golden: Vec<Golden> = serde_json::from_str(golden).unwrap();
        assert!(golden.len() > 5);
        for case in golden {
            assert_eq!(CaseId::of(&case.model, &case.parameters, case.replicate), case.case_id, "{}", case.name);
        }
    }

    #[test]
    fn a_text_that_is_no_id_is_refused() {
        for text in ["", "abc", &"g".repeat(32), &"A".repeat(32), &"0".repeat(33), &"é".repeat(16)] {
            assert!(CaseId::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_uuid_is_an_id_with_dashes_at_their_places() {
        let uuid = "9f86d081-884c-4d65-9a2f-eaa0c55ad015";
        let id = CaseId::from_uuid(uuid).unwrap();
        assert_eq!(id.to_string(), uuid.replace('-', ""));
        assert_eq!(id.to_uuid(), uuid);
        let elsewhere = "9f86d08-1884c-4d65-9a2f-eaa0c55ad015";
        for text in [elsewhere, &id.to_string(), &uuid.to_uppercase(), &uuid[..35], &format!("{uuid}-"), ""] {
            assert_eq!(CaseId::from_uuid(text), None, "{text}");
        }
    }

    #[test]
    fn a_text_of_a_whole_number_is_exact_or_none() {
        for (text, expected) in [
            ("-9223372036854775808", Some(ParameterValue::Integer(i64::MIN))),
            ("9223372036854775807", Some(ParameterValue::Integer(i64::MAX))),
            ("+9223372036854775808", Some(ParameterValue::Unsigned(1 << 63))),
            ("18446744073709551615", Some(ParameterValue::Unsigned(u64::MAX))),
            ("18446744073709551616", None),
            ("-9223372036854775809", None),
            ("1.0", None),
            ("", None),
        ] {
            assert_eq!(ParameterValue::whole(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_read_as_they_come() {
        for (json, expected) in [
            ("true", ParameterValue::Flag(true)),
            ("-3", ParameterValue::Integer(-3)),
            ("3.0", ParameterValue::Number(3.0)),
            ("9223372036854775807", ParameterValue::Integer(i64::MAX)),
            ("9223372036854775808", ParameterValue::Unsigned(1 << 63)),
            ("18446744073709551615", ParameterValue::Unsigned(u64::MAX)),
            ("18446744073709551616", ParameterValue::Number(18_446_744_073_709_551_616.0)),
            ("\"clay\"", ParameterValue::Text("clay".into())),
            ("[1, 2.5]", ParameterValue::List(vec![ParameterValue::Integer(1), ParameterValue::Number(2.5)])),
        ] {
            assert_eq!(serde_json::from_str::<ParameterValue>(json).unwrap(), expected);
        }
        for json in ["null", "{}", "[null]"] {
            assert!(serde_json::from_str::<ParameterValue>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_read_back_from_its_text(bytes in any::<[u8; 16]>()) {
            let id = CaseId(bytes);
            prop_assert_eq!(CaseId::parse(&id.to_string()), Ok(id));
        }
    }
}
