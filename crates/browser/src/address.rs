//! The address bar, and the access that a link brought.

use cruncher_study::access::{AccessError, StudyAccess};
use leptos::prelude::window;

/// Returns the address's fragment, with its `#`; empty if there is none.
#[must_use]
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Returns the page's address, with its fragment.
#[must_use]
pub fn page_url() -> String {
    window().location().href().unwrap_or_default()
}

/// Changes the address's fragment, as a step that the back button undoes.
pub fn go_to(fragment: &str) {
    // A fragment can always be set.
    let _ = window().location().set_hash(fragment);
}

/// Changes the address's fragment, without a step that the back button undoes and without a `hashchange` event.
pub fn replace(fragment: &str) {
    if let Ok(history) = window().history() {
        // An address of this page can always be set.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(fragment));
    }
}

/// Changes the address's fragment like [`replace`], and sends a `hashchange` event if that changed anything.
pub fn settle(fragment: &str) {
    if self::fragment() == fragment {
        return;
    }
    replace(fragment);
    // If the replacement failed, there is no event: its listeners would ask for the same fragment again and again.
    if self::fragment() == fragment
        && let Ok(event) = web_sys::Event::new("hashchange")
    {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Loads the page anew.
pub fn reload() {
    let _ = window().location().reload();
}

/// Returns the access that a link brought, now or earlier in this tab.
///
/// The access is kept in the tab, and taken out of the address bar and the history.
///
/// # Errors
/// If the link was cut off.
pub fn take_access() -> Result<Option<StudyAccess>, AccessError> {
    let brought = StudyAccess::from_fragment(&fragment());
    if !matches!(brought, Ok(None)) {
        // Even a link that was cut off can hold a whole key.
        hide_fragment();
    }
    match brought? {
        Some(access) => {
            // Without storage it lives until the page is loaded anew.
            let _ = keep(&access);
            Ok(Some(access))
        }
        None => Ok(kept()),
    }
}

/// Opens the study anew with the access of a link's fragment, at the place that was asked for before the link was given.
/// Returns false if the fragment holds no access.
///
/// # Errors
/// If the link was cut off.
pub fn enter(fragment: &str, asked_for: &str) -> Result<bool, AccessError> {
    let Some(access) = StudyAccess::from_fragment(fragment)? else { return Ok(false) };
    if keep(&access) {
        replace(asked_for);
    } else {
        // Without storage only the address survives a reload of the page.
        go_to(fragment);
    }
    reload();
    Ok(true)
}

/// Whether the address bar holds an access, since a link was opened in this tab.
#[must_use]
pub fn holds_access() -> bool {
    !matches!(StudyAccess::from_fragment(&fragment()), Ok(None))
}

/// Returns the page's address without a key: it shows the same view to a reader who has access.
///
/// The access is taken out of the address when a link is opened; still, a key must not be passed on by mistake.
#[must_use]
pub fn url_of_view() -> String {
    let url = page_url();
    if holds_access() { url.split('#').next().unwrap_or_default().to_owned() } else { url }
}

/// Forgets the access.
pub fn forget_access() {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.remove_item(&storage_name());
    }
}

/// Keeps an access in this tab. Returns false without storage: then the access lasts until the page is loaded anew.
#[must_use]
pub fn keep(access: &StudyAccess) -> bool {
    let json = serde_json::to_string(access).unwrap_or_default();
    let Ok(Some(storage)) = window().session_storage() else { return false };
    storage.set_item(&storage_name(), &json).is_ok()
}

/// Returns the access that this tab keeps, if there is one.
#[must_use]
pub fn kept() -> Option<StudyAccess> {
    let storage = window().session_storage().ok()??;
    // Read as bytes, like every other document: the page has one JSON parser.
    serde_json::from_slice(storage.get_item(&storage_name()).ok()??.as_bytes()).ok()
}

/// Returns the access's name in the tab's storage. It contains the path, because in the local cloud several studies share an
/// origin.
fn storage_name() -> String {
    format!("cruncher-access {}", window().location().pathname().unwrap_or_default())
}

fn hide_fragment() {
    replace("#/overview");
}
