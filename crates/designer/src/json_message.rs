//! Messages between the page and its worker: a value that serde knows, with parts that only a browser knows, such as files and
//! typed arrays.

use cruncher_browser::worker_channel::ChannelMessage;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;

/// Parts of a message that only a browser knows.
pub(super) type Parts = Vec<JsValue>;

/// A message: a value as JSON, and its parts.
#[derive(Debug)]
pub(super) struct JsonMessage<T> {
    pub(super) value: T,
    pub(super) parts: Parts,
}

impl<T> From<T> for JsonMessage<T> {
    fn from(value: T) -> Self {
        Self { value, parts: Parts::new() }
    }
}

impl<T: Serialize + DeserializeOwned> ChannelMessage for JsonMessage<T> {
    fn into_entries(self) -> Vec<JsValue> {
        let json = serde_json::to_string(&self.value).unwrap_or_default();
        std::iter::once(json.into()).chain(self.parts).collect()
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        let (json, parts) = entries.split_first()?;
        // The text is read as bytes, like every other document: the page has one JSON parser.
        let value = serde_json::from_slice(json.as_string()?.as_bytes()).ok()?;
        Some(Self { value, parts: parts.to_vec() })
    }
}
