//! The address bar, and the access that a link brought.

use cruncher_study::access::{AccessError, StudyAccess};
use leptos::prelude::window;

use crate::kept_access::{self, KeepPlace};

/// Fragment of the page that comes first.
pub const OVERVIEW: &str = "#/overview";

/// Fragment of a study that was locked: whoever comes next is asked who they are, also where anyone may look.
pub const LOCKED: &str = "#/locked";

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
            kept_access::keep(&access, KeepPlace::Tab);
            Ok(Some(access))
        }
        None => Ok(kept_access::kept()),
    }
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

fn hide_fragment() {
    replace(OVERVIEW);
}
