//! The designer, a program of its own: it is loaded when its page is shown for the first time.

use leptos::prelude::{RwSignal, Set, document, window};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Event, HtmlElement};

use crate::state::problem::Problem;

/// What starts it: in the page as a module, and beside the page as a worker.
pub(crate) const START: &str = "assets/designer-start.js";

/// By this it finds the element that it is started by.
const SCRIPT: &str = "designer-start";

/// The element that it fills, in the place of what it finds there. It stays in the document, so that a draft stays, and
/// what is being sent goes on, while another page is shown.
pub(crate) fn place() -> Option<HtmlElement> {
    document().get_element_by_id("designer")?.dyn_into().ok()
}

/// The event by which the designer says that tables of cases have changed.
pub(crate) const SENT: &str = "cruncher-sent";

/// Says that tables of cases have changed.
pub(crate) fn tell_sent() {
    if let Ok(event) = Event::new(SENT) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Notes whether cases are being sent, so that a page that is opened again goes on with that.
pub(crate) fn note_sending(is_sending: bool) {
    let Ok(Some(storage)) = window().local_storage() else { return };
    // Without storage it goes on when the Design page is opened.
    let _ = if is_sending { storage.set_item(&sending_name(), "") } else { storage.remove_item(&sending_name()) };
}

/// Whether cases were being sent when the page was closed.
pub(crate) fn was_sending() -> bool {
    let noted = || window().local_storage().ok()??.get_item(&sending_name()).ok()?;
    noted().is_some()
}

/// In the local cloud several studies share an origin: the path tells them apart.
fn sending_name() -> String {
    format!("cruncher-sending {}", window().location().pathname().unwrap_or_default())
}

/// Loads and starts it, unless that was done before; says in `failed` if it doesn't come about.
pub(crate) fn load(failed: RwSignal<Option<Problem>>) {
    if script().is_none() {
        // A document takes every element.
        let _ = start("", failed);
    }
}

/// Loads and starts it although that has failed before.
pub(crate) fn load_again(failed: RwSignal<Option<Problem>>) {
    failed.set(None);
    if let Some(script) = script() {
        script.remove();
    }
    // Some browsers remember modules that they couldn't load: hence another name.
    let _ = start(&format!("?{}", js_sys::Date::now()), failed);
}

fn script() -> Option<Element> {
    document().get_element_by_id(SCRIPT)
}

fn start(attempt: &str, failed: RwSignal<Option<Problem>>) -> Result<(), JsValue> {
    let script = document().create_element("script")?;
    script.set_id(SCRIPT);
    script.set_attribute("type", "module")?;
    script.set_attribute("src", &format!("{START}{attempt}"))?;
    let fail = Closure::<dyn FnMut(Event)>::new(move |_| failed.set(Some(Problem::no_designer()))).into_js_value();
    script.add_event_listener_with_callback("error", fail.unchecked_ref())?;
    document().body().ok_or(JsValue::NULL)?.append_child(&script)?;
    Ok(())
}
