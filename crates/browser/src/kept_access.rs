//! The access that this page has, and where it is kept.
//!
//! In a storage it is masked ([`masking`](crate::state::masking)), and its seed is a cookie: what is removed from a storage stays on the disk
//! for a while, a cookie that is deleted doesn't.

use cruncher_study::access::StudyAccess;
use js_sys::Reflect;
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, HtmlDocument, Storage};

use crate::state::masking::{SEED_BYTES, from_hex, hex, mask, unmask};

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

/// Keeps an access, and nowhere else any more. Without storage or cookies it lasts until the page is loaded anew.
pub fn keep(access: &StudyAccess, place: KeepPlace) {
    forget_stored();
    let json = serde_json::to_string(access).unwrap_or_default();
    let _ = store(&json, place);
    // A window takes every property.
    let _ = Reflect::set(&window(), &IN_PAGE.into(), &json.into());
}

/// Returns the access that this page has, if there is one.
#[must_use]
pub fn kept() -> Option<StudyAccess> {
    let in_page = || Reflect::get(&window(), &IN_PAGE.into()).ok()?.as_string();
    let json = in_page().or_else(|| stored(KeepPlace::Tab)).or_else(|| stored(KeepPlace::Computer))?;
    // Read as bytes, like every other document: the page has one JSON parser.
    serde_json::from_slice(json.as_bytes()).ok()
}

/// Stores an access in a place: the id of its seed, a point, and the masked text. `None` if that can't be.
fn store(json: &str, place: KeepPlace) -> Option<()> {
    let (storage, seed, nonce, id) = (place.storage()?, random()?, random()?, random()?);
    let cookie = SeedCookie { place, id: hex(&id[..4]) };
    cookie.keep(&seed);
    // A browser may keep no cookies.
    cookie.get()?;
    storage.set_item(&storage_name(), &format!("{}.{}", cookie.id, mask(json, &seed, &nonce))).ok()
}

fn stored(place: KeepPlace) -> Option<String> {
    let storage = place.storage()?;
    let text = storage.get_item(&storage_name()).ok()??;
    let found = text.split_once('.').and_then(|(id, masked)| {
        let cookie = SeedCookie { place, id: id.to_owned() };
        let seed = cookie.get()?;
        let json = unmask(masked, &seed)?;
        // It lasts for a year from now on.
        cookie.keep(&seed);
        Some(json)
    });
    if found.is_none() {
        // Nobody can read it any more, or an earlier version has written it.
        let _ = storage.remove_item(&storage_name());
    }
    found
}

/// Whether this computer keeps an access.
#[must_use]
pub fn is_on_computer() -> bool {
    stored(KeepPlace::Computer).is_some()
}

/// Forgets the access, wherever it is kept.
pub fn forget() {
    forget_stored();
    let _ = Reflect::set(&window(), &IN_PAGE.into(), &JsValue::UNDEFINED);
}

fn forget_stored() {
    for place in KeepPlace::ALL {
        let Some(storage) = place.storage() else { continue };
        if let Ok(Some(text)) = storage.get_item(&storage_name())
            && let Some((id, _)) = text.split_once('.')
        {
            SeedCookie { place, id: id.to_owned() }.delete();
        }
        let _ = storage.remove_item(&storage_name());
    }
}

/// Cookie of this page alone with the seed of what is kept in a place. It lasts until the browser ends, or for a year if this computer
/// keeps the access.
struct SeedCookie {
    place: KeepPlace,
    id: String,
}

/// A year, in seconds: browsers keep no cookie for much longer.
const YEAR_SECS: u32 = 365 * 24 * 3600;

impl SeedCookie {
    fn name(&self) -> String {
        format!("cruncher-seed-{}", self.id)
    }

    fn get(&self) -> Option<Vec<u8>> {
        let cookies = document().cookie().ok()?;
        let name = self.name() + "=";
        let value = cookies.split("; ").find_map(|cookie| cookie.strip_prefix(&name))?;
        from_hex(value).filter(|seed| seed.len() == SEED_BYTES)
    }

    fn keep(&self, seed: &[u8]) {
        self.set(&hex(seed), (self.place == KeepPlace::Computer).then_some(YEAR_SECS));
    }

    fn delete(&self) {
        self.set("", Some(0));
    }

    fn set(&self, value: &str, secs: Option<u32>) {
        let location = window().location();
        let path = location.pathname().unwrap_or_default();
        let age = secs.map(|secs| format!("; max-age={secs}")).unwrap_or_default();
        let secure = if window().is_secure_context() && location.protocol().is_ok_and(|is| is == "https:") {
            "; secure"
        } else {
            ""
        };
        // A path with a semicolon would be cut: then there is no cookie for this page, and nothing is stored.
        let _ = document().set_cookie(&format!("{}={value}; path={path}; samesite=strict{age}{secure}", self.name()));
    }
}

fn document() -> HtmlDocument {
    leptos::prelude::document().unchecked_into()
}

fn random() -> Option<[u8; SEED_BYTES]> {
    let mut bytes = [0; SEED_BYTES];
    window().crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes)
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
