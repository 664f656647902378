//! Saving a file on the reader's computer.

use js_sys::{Array, Uint8Array};
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

/// Offers `content` as a file.
pub fn save(name: &str, media_type: &str, content: &JsValue) {
    save_parts(name, media_type, &Array::of1(content));
}

/// Hands a part of a file to the browser, which thus needn't take the whole file at once later.
pub fn part(bytes: &[u8]) -> JsValue {
    let bytes = Uint8Array::from(bytes);
    Blob::new_with_u8_array_sequence(&Array::of1(&bytes)).map_or_else(|_| bytes.into(), JsValue::from)
}

/// Offers parts, one after the other, as a file.
pub fn save_parts(name: &str, media_type: &str, parts: &Array) {
    if let Ok(blob) = blob(media_type, parts) {
        save_blob(name, &blob);
    }
}

/// Makes a file of parts, one after the other.
///
/// # Errors
/// If the browser has no memory left.
pub fn blob(media_type: &str, parts: &Array) -> Result<Blob, JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(media_type);
    Blob::new_with_u8_array_sequence_and_options(parts, &options)
}

/// Offers a blob as a file.
pub fn save_blob(name: &str, blob: &Blob) {
    let Ok(url) = Url::create_object_url_with_blob(blob) else { return };
    let anchor = document().create_element("a").ok().and_then(|anchor| anchor.dyn_into::<HtmlAnchorElement>().ok());
    if let Some(anchor) = anchor {
        anchor.set_href(&url);
        anchor.set_download(name);
        anchor.click();
    }
    // The download has begun; the address isn't needed any more.
    let _ = Url::revoke_object_url(&url);
}
