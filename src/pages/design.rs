//! The designer's page. The designer shows it by itself, in an element that stays in the document.

use leptos::prelude::*;

use crate::components::frame;
use crate::components::press::press;
use crate::components::problem_note::problem_note;
use crate::platform::designer;
use crate::state::live::Reader;
use crate::state::route::Page;

/// Shows the designer's element while its page is shown, and the first time loads the designer; at once if cases were being
/// sent when the page was closed.
pub(crate) fn show_designer(reader: Reader) {
    let is_here = reader.route.read().page == Page::Design;
    if let Some(place) = designer::place() {
        place.set_hidden(!is_here || reader.designer.read().is_some());
    }
    if is_here || designer::was_sending() {
        designer::load(reader.designer);
    }
}

/// Why there is no designer, if so.
pub(crate) fn page(reader: Reader) -> AnyView {
    let again = move |event| {
        // The button goes, and its focus with it.
        frame::skip(event);
        designer::load_again(reader.designer);
    };
    match reader.designer.get() {
        None => ().into_any(),
        Some(problem) => {
            view! { {problem_note(problem)} <button on:click=press(again)>"Try again"</button> }.into_any()
        }
    }
}
