//! How far the page is scrolled: as it was left, and to what has just come.

use leptos::ev;
use leptos::html::Div;
use leptos::prelude::*;

use crate::platform::address;
use crate::state::route::{Page, Route};

/// How much of the window's lower end the rail covers on a phone, at most.
const COVERED_PX: f64 = 72.0;

/// Whoever comes back from another page finds this one scrolled as they left it.
pub(super) fn keep_scrolled() {
    let left_at_px = StoredValue::new(0.0);
    let scrolled = window_event_listener(ev::scroll, move |_| {
        // A shorter page that is shown in the place of this one is scrolled, too.
        if is_here() {
            left_at_px.set_value(window().scroll_y().unwrap_or_default());
        }
    });
    let came = window_event_listener(ev::hashchange, move |_| {
        let y = left_at_px.get_value();
        if is_here() {
            request_animation_frame(move || window().scroll_to_with_x_and_y(0.0, y));
        }
    });
    on_cleanup(move || {
        scrolled.remove();
        came.remove();
    });
}

fn is_here() -> bool {
    Route::parse(&address::fragment()).page == Page::Design
}

/// Brings an element into the window to its end once what has changed is in the document, unless the reader does something
/// elsewhere.
pub(super) fn show_whole(place: NodeRef<Div>) {
    request_animation_frame(move || {
        let Some(element) = place.get_untracked() else { return };
        let is_elsewhere = !element.contains(document().active_element().as_deref());
        let seen = element.get_bounding_client_rect();
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        let height = height - COVERED_PX;
        if !is_elsewhere && seen.bottom() > height {
            // What is higher than the window is shown from its beginning.
            element.scroll_into_view_with_bool(seen.height() > height);
        }
    });
}
