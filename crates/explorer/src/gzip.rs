//! Packing by the browser: the page carries no gzip of its own.

use js_sys::{Array, Function, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableWritablePair, Response};

/// Packs pieces, one behind another. Meanwhile the page reacts to its reader.
///
/// # Errors
/// If the browser can't pack, or has no memory left.
pub(crate) async fn gzip(pieces: impl Iterator<Item = &[u8]>) -> Result<Uint8Array, JsValue> {
    let pieces: Array = pieces.map(Uint8Array::from).collect();
    let pieces = Blob::new_with_u8_array_sequence(&pieces)?;
    // `CompressionStream` is unstable in web-sys, though every browser of the last two years has it.
    let stream: Function = Reflect::get(&js_sys::global(), &"CompressionStream".into())?.dyn_into()?;
    let stream = Reflect::construct(&stream, &Array::of1(&"gzip".into()))?;
    let packed = pieces.stream().pipe_through(stream.unchecked_ref::<ReadableWritablePair>());
    let read = Response::new_with_opt_readable_stream(Some(&packed))?.array_buffer()?;
    Ok(Uint8Array::new(&JsFuture::from(read).await?))
}
