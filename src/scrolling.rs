//! Scroll position of each page.

use leptos::ev;
use leptos::prelude::*;

use cruncher_browser::address;
use cruncher_browser::state::route::{Page, Route};

/// Keeps the scroll position of each page: a reader who comes back finds a page as they left it, and a page that is new to them
/// begins at its top.
pub(crate) fn keep_for_each_page() {
    let shown = StoredValue::new(here());
    let left_at_px = StoredValue::new([0.0; Page::ALL.len()]);
    let scrolled = window_event_listener(ev::scroll, move |_| {
        // A shorter page that is shown in the place of the last one is scrolled, too, before the address is known.
        let page = here();
        if page == shown.get_value() {
            left_at_px.update_value(|left| left[page as usize] = window().scroll_y().unwrap_or_default());
        }
    });
    let came = window_event_listener(ev::hashchange, move |_| {
        let page = here();
        if page != shown.get_value() {
            shown.set_value(page);
            let y = left_at_px.get_value()[page as usize];
            request_animation_frame(move || window().scroll_to_with_x_and_y(0.0, y));
        }
    });
    on_cleanup(move || {
        scrolled.remove();
        came.remove();
    });
}

fn here() -> Page {
    Route::parse(&address::fragment()).page
}
