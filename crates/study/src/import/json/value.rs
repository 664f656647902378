//! Any JSON, with the fields of objects in their order: `serde_json::Value` sorts them, unless a feature changes that for every crate.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::case::ParameterValue;

/// Any JSON; the fields of an object stay in their order.
#[derive(Debug)]
pub(super) enum AnyJson {
    Null,
    Scalar(ParameterValue),
    List(Vec<AnyJson>),
    Object(Vec<(String, AnyJson)>),
}

impl AnyJson {
    pub(super) const fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    pub(super) fn into_list(self) -> Vec<Self> {
        if let Self::List(list) = self { list } else { Vec::new() }
    }

    pub(super) const fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    pub(super) fn into_text(self) -> Option<String> {
        if let Self::Scalar(ParameterValue::Text(text)) = self { Some(text) } else { None }
    }

    pub(super) fn into_fields(self) -> Vec<(String, Self)> {
        if let Self::Object(fields) = self { fields } else { Vec::new() }
    }

    /// The field of an object, null if it has no such field; the value itself if it is no object.
    pub(super) fn or_field(self, name: &str) -> Self {
        match self {
            Self::Object(fields) => {
                fields.into_iter().find(|(field, _)| field == name).map_or(Self::Null, |(_, value)| value)
            }
            other => other,
        }
    }

    pub(super) const fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Null)
    }
}

impl<'de> Deserialize<'de> for AnyJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = AnyJson;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<AnyJson, E> {
        Ok(AnyJson::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<AnyJson, E> {
        Ok(AnyJson::Scalar(ParameterValue::Flag(flag)))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<AnyJson, E> {
        Ok(AnyJson::Scalar(ParameterValue::Integer(integer)))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<AnyJson, E> {
        Ok(AnyJson::Scalar(ParameterValue::from(integer)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<AnyJson, E> {
        Ok(AnyJson::Scalar(ParameterValue::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<AnyJson, E> {
        Ok(AnyJson::Scalar(ParameterValue::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<AnyJson, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(AnyJson::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<AnyJson, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(AnyJson::Object(fields))
    }
}
