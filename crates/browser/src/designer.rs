//! Messages between the page and the designer's program. The program is loaded when it is needed: it finds an earlier request
//! in an attribute of its place in the page. If it can't be loaded, what was asked for is refused, and isn't done later.

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

/// Event by which the designer reports what came of a change of a pool.
pub const POOL_ANSWERED: &str = "cruncher-pool-answered";

/// The same attributes for a change of a pool.
const POOL_CHANGE: &str = "data-pool-change";
const POOL_REFUSAL: &str = "data-pool-refusal";

/// Event by which the designer reports what came of combining a batch.
pub const COMBINE_ANSWERED: &str = "cruncher-combine-answered";

/// The same attributes for that; an answer without advice is no problem.
const COMBINE: &str = "data-combine";
const COMBINE_ANSWER: &str = "data-combine-answer";

/// Reports that tables of cases, or the requests to the workers, have changed.
pub fn tell_sent() {
    tell(SENT);
}

/// Asks for a change, in the text form of [`crate::state::steering::SteeringRequest`].
pub fn ask(change: &str) {
    request(CHANGE, change);
}

/// Takes the requested change: a second call returns `None`.
#[must_use]
pub fn asked() -> Option<String> {
    noted(CHANGE)
}

/// Reports why the requested change failed.
pub fn refuse(problem: &PageProblem) {
    note_problem(REFUSAL, problem);
    tell(REFUSED);
}

/// Takes the reason why the requested change failed: a second call returns `None`.
#[must_use]
pub fn refusal() -> Option<PageProblem> {
    noted_problem(REFUSAL)
}

/// Asks for a change of a pool, in the text form of [`crate::state::pool_change::PoolChange`].
pub fn ask_pool(change: &str) {
    request(POOL_CHANGE, change);
}

/// Takes the requested change of a pool: a second call returns `None`.
#[must_use]
pub fn asked_pool() -> Option<String> {
    noted(POOL_CHANGE)
}

/// Reports what came of a change of a pool: nothing, or why it failed.
pub fn tell_pool(problem: Option<&PageProblem>) {
    if let Some(problem) = problem {
        note_problem(POOL_REFUSAL, problem);
    }
    tell(POOL_ANSWERED);
}

/// Takes the reason why the change of a pool failed: a second call returns `None`.
#[must_use]
pub fn pool_refusal() -> Option<PageProblem> {
    noted_problem(POOL_REFUSAL)
}

/// Asks for what is there of a batch to be combined as a submission says (`batch/submission`).
pub fn ask_to_combine(name: &str) {
    request(COMBINE, name);
}

/// Takes the batch that is to be combined: a second call returns `None`.
#[must_use]
pub fn asked_to_combine() -> Option<String> {
    noted(COMBINE)
}

/// Reports what came of combining: words alone, or a problem with advice.
pub fn tell_combined(answer: &PageProblem) {
    note_problem(COMBINE_ANSWER, answer);
    tell(COMBINE_ANSWERED);
}

/// Takes what came of combining: a second call returns `None`.
#[must_use]
pub fn combine_answer() -> Option<PageProblem> {
    noted_problem(COMBINE_ANSWER)
}

/// Refuses what was asked for and wasn't taken.
pub(crate) fn refuse_all(problem: &PageProblem) {
    if asked().is_some() {
        refuse(problem);
    }
    if asked_pool().is_some() {
        tell_pool(Some(problem));
    }
    if asked_to_combine().is_some() {
        tell_combined(problem);
    }
}

/// Hands a request over to the program, and loads it the first time.
fn request(attribute: &str, words: &str) {
    note(attribute, words);
    tell(ASKED);
    PageProgram::Designer.load(None);
}

fn note_problem(attribute: &str, PageProblem { title, advice, detail }: &PageProblem) {
    note(attribute, &[title.as_str(), advice, detail].join("\n"));
}

fn noted_problem(attribute: &str) -> Option<PageProblem> {
    let words = noted(attribute)?;
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
