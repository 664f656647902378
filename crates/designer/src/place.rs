//! Scrolling to new content.

use leptos::html::Div;
use leptos::prelude::*;

/// Maximum height of the window's lower end that the rail covers on a phone.
const COVERED_PX: f64 = 72.0;

/// Brings the end of an element into the window once changes are in the document, unless the focus is elsewhere.
pub(super) fn show_whole(place: NodeRef<Div>) {
    request_animation_frame(move || {
        let Some(element) = place.get_untracked() else { return };
        let is_elsewhere = !element.contains(document().active_element().as_deref());
        let seen = element.get_bounding_client_rect();
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        let height = height - COVERED_PX;
        if !is_elsewhere && seen.bottom() > height {
            // An element that is higher than the window is shown from its beginning.
            element.scroll_into_view_with_bool(seen.height() > height);
        }
    });
}
