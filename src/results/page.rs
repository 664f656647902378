//! The page of the results.

use leptos::mount::mount_to;
use leptos::prelude::*;

use super::data::Data;
use crate::platform::programs::Program;

/// Shows the page in its place, where it stays.
pub(super) fn show() {
    let Some(place) = Program::Results.place() else { return };
    place.set_inner_html("");
    mount_to(place, || {
        let data = Data::follow();
        view! { <h2>"Results"</h2><p>{move || data.with(|store| format!("{} cases", store.len()))}</p> }
    })
    .forget();
}
