//! What the designer tells the page: that tables of cases have changed.

use leptos::prelude::window;
use web_sys::Event;

/// The event by which it does.
pub(crate) const SENT: &str = "cruncher-sent";

/// Says that tables of cases have changed.
pub(crate) fn tell_sent() {
    if let Ok(event) = Event::new(SENT) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}
