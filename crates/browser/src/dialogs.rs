//! Messages between the page and the program of its dialogs. The program is loaded when it is needed: it finds earlier requests
//! in an array of the window.

use js_sys::{Array, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, CustomEventInit, Event};

use crate::state::dialog_request::DialogRequest;

/// Event by which the page says that there is a request.
pub const ASKED: &str = "cruncher-dialog";

/// Event by which the program says which entry of the palette was chosen: its number.
pub const CHOSEN: &str = "cruncher-chosen";

/// Window's property that holds the array of requests.
const REQUESTS: &str = "cruncherDialogs";

/// Asks for something.
pub fn ask(request: &DialogRequest) {
    requests().push(&request.to_text().into());
    if let Ok(event) = Event::new(ASKED) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Takes the oldest request that is left.
#[must_use]
pub fn asked() -> Option<DialogRequest> {
    DialogRequest::parse(&requests().shift().as_string()?)
}

/// Says which entry of the palette was chosen.
pub fn choose(entry: u32) {
    let init = CustomEventInit::new();
    init.set_detail(&entry.into());
    if let Ok(event) = CustomEvent::new_with_event_init_dict(CHOSEN, &init) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Returns the number of the entry that an event says was chosen.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number that the program has said")]
#[must_use]
pub fn chosen(event: &Event) -> Option<usize> {
    event.dyn_ref::<CustomEvent>()?.detail().as_f64().map(|entry| entry as usize)
}

fn requests() -> Array {
    let (window, name) = (window(), JsValue::from(REQUESTS));
    let known = Reflect::get(&window, &name).ok().and_then(|array| array.dyn_into().ok());
    known.unwrap_or_else(|| {
        let array = Array::new();
        // A window takes every property.
        let _ = Reflect::set(&window, &name, &array);
        array
    })
}
