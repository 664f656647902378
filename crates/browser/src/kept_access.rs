//! The access that this page has, and where it is kept.

use cruncher_study::access::StudyAccess;
use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::JsValue;
use web_sys::{Event, Storage};

/// Event by which the sign-in says that there is an access now.
pub const SIGNED_IN: &str = "cruncher-signed-in";

/// Window's property that holds the access, as JSON. The page's programs share the window, and nothing else.
const IN_PAGE: &str = "cruncherAccess";

/// Place where an access is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepPlace {
    /// The page's memory: until it is closed or loaded anew.
    Page,
    /// The tab: until it is closed.
    Tab,
    /// This computer: until it is forgotten.
    Computer,
}

impl KeepPlace {
    /// All places, from the shortest time to the longest.
    pub const ALL: [Self; 3] = [Self::Page, Self::Tab, Self::Computer];

    /// Says how long it is kept there.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Page => "until this page is closed or loaded anew",
            Self::Tab => "until this tab is closed",
            Self::Computer => "on this computer, until Lock is pressed",
        }
    }

    fn storage(self) -> Option<Storage> {
        match self {
            Self::Page => None,
            Self::Tab => window().session_storage().ok()?,
            Self::Computer => window().local_storage().ok()?,
        }
    }
}

/// Keeps an access, and nowhere else any more. Without storage it lasts until the page is loaded anew.
pub fn keep(access: &StudyAccess, place: KeepPlace) {
    forget();
    let json = serde_json::to_string(access).unwrap_or_default();
    let _ = place.storage().map(|storage| storage.set_item(&storage_name(), &json));
    // A window takes every property.
    let _ = Reflect::set(&window(), &IN_PAGE.into(), &json.into());
}

/// Returns the access that this page has, if there is one.
#[must_use]
pub fn kept() -> Option<StudyAccess> {
    let in_page = || Reflect::get(&window(), &IN_PAGE.into()).ok()?.as_string();
    let stored = |place: KeepPlace| place.storage()?.get_item(&storage_name()).ok()?;
    let json = in_page().or_else(|| stored(KeepPlace::Tab)).or_else(|| stored(KeepPlace::Computer))?;
    // Read as bytes, like every other document: the page has one JSON parser.
    serde_json::from_slice(json.as_bytes()).ok()
}

/// Whether this computer keeps an access.
#[must_use]
pub fn is_on_computer() -> bool {
    KeepPlace::Computer
        .storage()
        .is_some_and(|storage| storage.get_item(&storage_name()).is_ok_and(|kept| kept.is_some()))
}

/// Forgets the access, wherever it is kept.
pub fn forget() {
    for storage in KeepPlace::ALL.into_iter().filter_map(KeepPlace::storage) {
        let _ = storage.remove_item(&storage_name());
    }
    let _ = Reflect::set(&window(), &IN_PAGE.into(), &JsValue::UNDEFINED);
}

/// Says that there is an access now.
pub fn tell_signed_in() {
    if let Ok(event) = Event::new(SIGNED_IN) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Returns the access's name in a storage. It contains the path, because in the local cloud several studies share an origin.
fn storage_name() -> String {
    format!("cruncher-access {}", window().location().pathname().unwrap_or_default())
}
