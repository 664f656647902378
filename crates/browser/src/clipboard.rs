//! Copying to the clipboard, on http pages too.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

/// Copies `text`, and returns whether that worked.
pub async fn copy(text: String) -> bool {
    // `navigator.clipboard` doesn't exist on pages that came over http, such as an S3 website.
    if window().is_secure_context() && JsFuture::from(window().navigator().clipboard().write_text(&text)).await.is_ok()
    {
        return true;
    }
    copy_by_selection(&text).unwrap_or(false)
}

fn copy_by_selection(text: &str) -> Option<bool> {
    let document = document().dyn_into::<web_sys::HtmlDocument>().ok()?;
    let field: web_sys::HtmlTextAreaElement = document.create_element("textarea").ok()?.dyn_into().ok()?;
    field.set_value(text);
    field.set_class_name("visually-hidden");
    let body = document.body()?;
    body.append_child(&field).ok()?;
    field.select();
    let was_copied = document.exec_command("copy");
    field.remove();
    was_copied.ok()
}
