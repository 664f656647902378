//! Scrolling to what has just come.

use leptos::html::Div;
use leptos::prelude::*;

/// How much of the window's lower end the rail covers on a phone, at most.
const COVERED_PX: f64 = 72.0;

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
