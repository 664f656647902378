//! How long something took, for whoever looks at the page with the browser's tools or measures it.

use js_sys::{Function, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

/// The time, in milliseconds since the page was opened.
pub(crate) fn now_millis() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Tells the browser that something began at `start_millis` and has come to its end now, and of how many rows it was.
///
/// Observers are told; of each name the browser keeps the last one only.
pub(crate) fn tell(name: &str, start_millis: f64, rows: usize) {
    if let Some(performance) = window().performance() {
        performance.clear_measures_with_measure_name(name);
        // A browser that doesn't take the third part of it does without.
        let _ = measure(&performance, name, start_millis, rows);
    }
}

/// `web_sys` knows the options only as something that may change.
#[expect(clippy::cast_precision_loss, reason = "a browser holds fewer than 2^32 rows")]
fn measure(performance: &JsValue, name: &str, start_millis: f64, rows: usize) -> Result<(), JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"start".into(), &start_millis.into())?;
    Reflect::set(&options, &"detail".into(), &(rows as f64).into())?;
    let measure: Function = Reflect::get(performance, &"measure".into())?.dyn_into()?;
    measure.call2(performance, &name.into(), &options)?;
    Ok(())
}
