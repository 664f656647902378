//! The licences of what the page is made of: a file beside it, written with each build, which is read when it is shown.

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::Response;

use crate::modal::{ModalDialog, head};

/// The file, seen from the page.
const ADDRESS: &str = "assets/licences.txt";

/// Draws the licences.
pub(crate) fn licences(modal: ModalDialog) -> AnyView {
    let text = RwSignal::new(None::<Option<String>>);
    spawn_local(async move { text.set(Some(read().await.ok().flatten())) });
    let shown = move || {
        match text.get() {
        None => view! { <p class="faint" role="status">"Reading the licences …"</p> }.into_any(),
        Some(None) => view! {
            <p role="alert">"The licences can't be read: " <code>{ADDRESS}</code> " didn't come. " <code>"cruncher licences"</code> " prints them."</p>
        }
        .into_any(),
        Some(Some(text)) => view! {
            <pre class="licences" role="region" aria-label="Texts of the licences" tabindex="0">{text}</pre>
        }
        .into_any(),
    }
    };
    view! {
        {head("Licences", modal)}
        {shown}
    }
    .into_any()
}

/// Reads the file; `None` if it isn't there.
async fn read() -> Result<Option<String>, JsValue> {
    let answer: Response = JsFuture::from(window().fetch_with_str(ADDRESS)).await?.unchecked_into();
    Ok(if answer.ok() { JsFuture::from(answer.text()?).await?.as_string() } else { None })
}
