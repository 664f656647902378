//! Pages that are programs of their own. Each shows itself, in an element that stays in the document.

use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::programs::{POOLS, PageProgram, pools_place};
use cruncher_browser::state::route::Page;
use cruncher_browser::visit_flags::VisitFlag;
use leptos::prelude::*;

use crate::components::frame;
use crate::live::{OpenStudy, ReaderState};
use crate::pages::overview::steering;

/// Draws the elements that the programs fill.
pub(crate) fn places() -> AnyView {
    let place = |program: PageProgram| {
        let words = format!("Loading the {} …", program.title());
        view! { <div id=program.name() hidden><p class="empty" role="status">{words}</p></div> }
    };
    let places = PageProgram::OF_PAGES.map(place).into_iter().collect_view();
    view! { {places} <div id=POOLS hidden></div> <div id=PageProgram::Dialogs.name()></div> }.into_any()
}

/// Shows a program's element while its page is shown, and loads the program the first time; the designer is loaded at once if
/// cases were being sent when the page was closed.
pub(crate) fn show(open: &OpenStudy) {
    let reader = open.reader;
    let page = reader.route.read().page;
    for program in PageProgram::OF_PAGES {
        let is_here = program.shows(page);
        let failed = reader.failed(program);
        let has_failed = failed.read().is_some();
        if let Some(place) = program.place() {
            place.set_hidden(!is_here || has_failed);
        }
        // Whoever is told of a failure decides whether it is tried again.
        if !has_failed && (is_here || program == PageProgram::Designer && VisitFlag::Sending.is_set()) {
            program.load(Some(failed));
        }
    }
    // Beside the lines that attach workers an operator makes pools.
    let are_pools_here = page == Page::Attach && steering::may_steer(open);
    if let Some(place) = pools_place() {
        place.set_hidden(!are_pools_here);
    }
    let failed = reader.failed(PageProgram::Fleet);
    if are_pools_here && failed.read().is_none() {
        PageProgram::Fleet.load(Some(failed));
    }
}

/// Tells why what a program shows can't be shown, if so.
pub(crate) fn page(program: PageProgram, reader: ReaderState) -> AnyView {
    let failed = reader.failed(program);
    let again = move |event| {
        // The button goes, and its focus with it.
        frame::skip(event);
        program.load(Some(failed));
    };
    match failed.get() {
        None => ().into_any(),
        Some(problem) => {
            view! { {problem_note(problem)} <button on:click=press(again)>"Try again"</button> }.into_any()
        }
    }
}
