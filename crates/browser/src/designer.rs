//! Messages between the page and the designer's program. The program is loaded when it is needed: it finds an earlier request
//! in an attribute of its place in the page.

use leptos::prelude::window;
use web_sys::Event;

use crate::programs::PageProgram;
use crate::state::problem::PageProblem;

/// Event by which the designer reports that tables of cases, or the requests to the workers, have changed.
pub const SENT: &str = "cruncher-sent";

/// Event by which the page asks the designer to change the requests to the workers.
pub const ASKED: &str = "cruncher-asked";

/// Event by which the designer reports that such a change failed.
pub const REFUSED: &str = "cruncher-refused";

/// Attributes of the designer's place: one holds the requested change, the other the reason why it failed.
const CHANGE: &str = "data-change";
const REFUSAL: &str = "data-refusal";

/// Reports that tables of cases, or the requests to the workers, have changed.
pub fn tell_sent() {
    tell(SENT);
}

/// Asks for a change, in the text form of [`crate::state::steering::SteeringRequest`].
pub fn ask(change: &str) {
    note(CHANGE, change);
    tell(ASKED);
}

/// Takes the requested change: a second call returns `None`.
#[must_use]
pub fn asked() -> Option<String> {
    noted(CHANGE)
}

/// Reports why the requested change failed.
pub fn refuse(PageProblem { title, advice, detail }: &PageProblem) {
    note(REFUSAL, &[title.as_str(), advice, detail].join("\n"));
    tell(REFUSED);
}

/// Takes the reason why the requested change failed: a second call returns `None`.
pub fn refusal() -> Option<PageProblem> {
    let words = noted(REFUSAL)?;
    let mut lines = words.splitn(3, '\n').map(str::to_owned);
    let mut line = || lines.next().unwrap_or_default();
    Some(PageProblem { title: line(), advice: line(), detail: line() })
}

fn tell(event: &str) {
    if let Ok(event) = Event::new(event) {
        // Nobody cancels it.
        let _ = window().dispatch_event(&event);
    }
}

fn note(attribute: &str, words: &str) {
    if let Some(place) = PageProgram::Designer.place() {
        // The names of these attributes are valid.
        let _ = place.set_attribute(attribute, words);
    }
}

fn noted(attribute: &str) -> Option<String> {
    let place = PageProgram::Designer.place()?;
    let words = place.get_attribute(attribute);
    let _ = place.remove_attribute(attribute);
    words
}
