//! What the page and the designer's program tell each other. The program is loaded when it is needed: what it is asked for
//! before, it finds at its place.

use leptos::prelude::window;
use web_sys::Event;

use crate::programs::PageProgram;
use crate::state::problem::PageProblem;

/// The event by which the designer says that tables of cases, or what is asked of the workers, have changed.
pub const SENT: &str = "cruncher-sent";

/// The event by which the page asks the designer for a change of what is asked of the workers.
pub const ASKED: &str = "cruncher-asked";

/// The event by which the designer says that this failed.
pub const REFUSED: &str = "cruncher-refused";

/// The attributes of the designer's place that hold what is asked, and why it failed.
const CHANGE: &str = "data-change";
const REFUSAL: &str = "data-refusal";

/// Says that tables of cases, or what is asked of the workers, have changed.
pub fn tell_sent() {
    tell(SENT);
}

/// Asks for a change, in the words of [`crate::state::versions::VersionChange`].
pub fn ask(change: &str) {
    note(CHANGE, change);
    tell(ASKED);
}

/// What was asked for, once.
#[must_use]
pub fn asked() -> Option<String> {
    noted(CHANGE)
}

/// Says why what was asked for failed.
pub fn refuse(PageProblem { title, advice, detail }: &PageProblem) {
    note(REFUSAL, &[title.as_str(), advice, detail].join("\n"));
    tell(REFUSED);
}

/// Why what was asked for failed, once.
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
        // It is a proper name.
        let _ = place.set_attribute(attribute, words);
    }
}

fn noted(attribute: &str) -> Option<String> {
    let place = PageProgram::Designer.place()?;
    let words = place.get_attribute(attribute);
    let _ = place.remove_attribute(attribute);
    words
}
