//! Durations, for people who look at the page with the browser's tools or measure it.

use js_sys::{Function, Object, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};

/// Returns the time since the page was opened, in milliseconds.
pub(crate) fn now_millis() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Tells the browser that something began at `start_millis` and has ended now, and how many rows it was about.
///
/// Observers are told; the browser keeps only the last measure of each name.
pub(crate) fn tell(name: &str, start_millis: f64, rows: usize) {
    if let Some(performance) = window().performance() {
        performance.clear_measures_with_measure_name(name);
        // A browser that doesn't take the options goes without the measure.
        let _ = measure(&performance, name, start_millis, rows);
    }
}

/// Adds a measure by the browser's own function, since `web_sys` has its options only among its unstable parts.
#[expect(clippy::cast_precision_loss, reason = "a browser holds fewer than 2^32 rows")]
fn measure(performance: &JsValue, name: &str, start_millis: f64, rows: usize) -> Result<(), JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"start".into(), &start_millis.into())?;
    Reflect::set(&options, &"detail".into(), &(rows as f64).into())?;
    let measure: Function = Reflect::get(performance, &"measure".into())?.dyn_into()?;
    measure.call2(performance, &name.into(), &options)?;
    Ok(())
}
