//! Handover of rows from the page to the results, which are in the same window.
//!
//! The page puts chunks of rows into an array, and the results take them out. A chunk that was taken belongs to the results
//! alone.

use js_sys::{Array, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Event;

/// Event by which the page reports that there are more rows, or other counts.
pub const MORE: &str = "cruncher-rows";

/// Window's property that holds the counts of cases and workers.
const COUNTS: &str = "cruncherCounts";

/// Window's property that holds the objects that can't be read.
const UNREADABLE: &str = "cruncherUnreadable";

/// Window's property that holds what batches wait for to be combined.
const COMBINE_WAITS: &str = "cruncherCombineWaits";

/// Window's property that holds the array of chunks.
const ARRAY: &str = "cruncherRows";

/// Hands over a chunk, which is a typed array.
pub fn give(chunk: &JsValue) {
    array().push(chunk);
    tell_more();
}

/// Counts of the study's cases and workers, as far as the page knows them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShownCounts {
    /// All cases.
    pub cases: u64,
    /// Cases with a result.
    pub done: u64,
    /// Whether the rows of all documents that can be read were handed over.
    pub are_rows_read: bool,
    /// Workers that are alive.
    pub workers: u64,
    /// Cases with a failure, of the batches that are shown and of others.
    pub failed: u64,
    pub failed_elsewhere: u64,
    /// Cases of the batches that are shown that are withdrawn.
    pub withdrawn: u64,
    /// Time of these counts by the servers' clock, in seconds since 1970.
    pub time: f64,
}

/// Tells the results how many cases and workers there are.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
pub fn set_counts(counts: ShownCounts) {
    let are_rows_read = f64::from(u8::from(counts.are_rows_read));
    let ShownCounts { cases, done, workers, failed, failed_elsewhere, withdrawn, time, .. } = counts;
    let [cases, done, workers, failed, failed_elsewhere, withdrawn] =
        [cases, done, workers, failed, failed_elsewhere, withdrawn].map(|count| count as f64);
    let numbers = [cases, done, are_rows_read, workers, failed, failed_elsewhere, withdrawn, time];
    let numbers: Array = numbers.map(JsValue::from).iter().collect();
    // A window takes every property.
    let _ = Reflect::set(&window(), &COUNTS.into(), &numbers);
    tell_more();
}

/// Returns the counts of cases and workers; `None` before the first look.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they were counted")]
#[must_use]
pub fn counts() -> Option<ShownCounts> {
    let numbers: Array = Reflect::get(&window(), &COUNTS.into()).ok()?.dyn_into().ok()?;
    let number = |index| numbers.get(index).as_f64().unwrap_or_default() as u64;
    Some(ShownCounts {
        cases: number(0),
        done: number(1),
        are_rows_read: number(2) > 0,
        workers: number(3),
        failed: number(4),
        failed_elsewhere: number(5),
        withdrawn: number(6),
        time: numbers.get(7).as_f64()?,
    })
}

/// Tells the results which objects can't be read, and why. Whoever asks for them hears of changes by [`MORE`].
pub fn set_unreadable<'a>(objects: impl Iterator<Item = (&'a String, &'a String)>) {
    set_pairs(UNREADABLE, &objects.flat_map(|(key, reason)| [key, reason]).map(JsValue::from).collect());
}

/// Tells the results what batches wait for to be combined, each with the name by which that is asked for, or none.
pub fn set_combine_waits(waits: impl Iterator<Item = (String, String)>) {
    set_pairs(COMBINE_WAITS, &waits.flat_map(|(name, words)| [name, words]).map(JsValue::from).collect());
}

/// Returns what batches wait for to be combined, each with the name by which that is asked for, or none.
#[must_use]
pub fn combine_waits() -> Vec<(String, String)> {
    pairs(COMBINE_WAITS)
}

fn set_pairs(property: &str, words: &Array) {
    // A window takes every property.
    let _ = Reflect::set(&window(), &property.into(), words);
}

/// Returns the key of each object that can't be read, and why.
#[must_use]
pub fn unreadable() -> Vec<(String, String)> {
    pairs(UNREADABLE)
}

fn pairs(property: &str) -> Vec<(String, String)> {
    let words = Reflect::get(&window(), &property.into()).ok().and_then(|words| words.dyn_into::<Array>().ok());
    let words: Vec<String> = words.iter().flat_map(Array::iter).filter_map(|word| word.as_string()).collect();
    let (pairs, _) = words.as_chunks();
    pairs.iter().map(|[key, reason]| (key.clone(), reason.clone())).collect()
}

fn tell_more() {
    if let Ok(event) = Event::new(MORE) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

/// Takes the oldest chunk that is left, if there is one.
pub fn next_chunk() -> Option<Vec<u8>> {
    let chunk = array().shift();
    chunk.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec)
}

/// Returns the size of all chunks that nobody took yet, in bytes.
#[must_use]
pub fn waiting_bytes() -> usize {
    array().iter().filter_map(|chunk| chunk.dyn_ref::<Uint8Array>().map(|chunk| chunk.length() as usize)).sum()
}

fn array() -> Array {
    let (window, name) = (window(), JsValue::from(ARRAY));
    let known = Reflect::get(&window, &name).ok().and_then(|array| array.dyn_into().ok());
    known.unwrap_or_else(|| {
        let array = Array::new();
        // A window takes every property.
        let _ = Reflect::set(&window, &name, &array);
        array
    })
}
