//! Light or dark: the system's choice, unless the reader made one.

use leptos::prelude::{document, window};

const STORAGE_NAME: &str = "cruncher-theme";

/// Whether the page is dark now.
#[must_use]
pub fn is_dark() -> bool {
    chosen().unwrap_or_else(|| {
        window().match_media("(prefers-color-scheme: dark)").ok().flatten().is_some_and(|query| query.matches())
    })
}

/// Shows what the reader chose in an earlier visit.
pub fn restore() {
    if let Some(is_dark) = chosen() {
        show(is_dark);
    }
}

/// Chooses the other theme, and remembers it.
pub fn switch() {
    let is_dark = !is_dark();
    if let Ok(Some(storage)) = window().local_storage() {
        // Without storage the choice lives until the page is reloaded.
        let _ = storage.set_item(STORAGE_NAME, name(is_dark));
    }
    show(is_dark);
}

fn show(is_dark: bool) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-theme", name(is_dark));
    }
}

fn chosen() -> Option<bool> {
    let shown = document().document_element().and_then(|root| root.get_attribute("data-theme"));
    let stored = || window().local_storage().ok()??.get_item(STORAGE_NAME).ok()?;
    match shown.or_else(stored)?.as_str() {
        "dark" => Some(true),
        "light" => Some(false),
        _ => None,
    }
}

const fn name(is_dark: bool) -> &'static str {
    if is_dark { "dark" } else { "light" }
}
