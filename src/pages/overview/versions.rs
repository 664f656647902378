//! Versions and designs that a batch's cases are of, and the withdrawal of an older version of its model.

use cruncher_browser::components::press::press;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::clock_time;
use cruncher_browser::state::steering::SteeringRequest;
use cruncher_browser::state::versions::{VersionAct, VersionChange, VersionOffer, VersionShare, shares};
use cruncher_study::access::Role;
use cruncher_study::accounting::BatchAccount;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDetailsElement, HtmlElement};

use super::steering::ask;
use crate::live::{OpenStudy, PendingChange, ReaderState};

/// Draws the versions and designs that the cases of a batch are of, as of `now`, each line behind `name`. If all cases are of
/// one design, that is told only if it is asked for by `tells_one`.
pub(crate) fn version_shares(
    account: &BatchAccount,
    name: &str,
    tells_one: bool,
    now: f64,
    open: &OpenStudy,
) -> Option<AnyView> {
    let shares = shares(account, tells_one, &|time| clock_time(time, now));
    if shares.is_empty() {
        return None;
    }
    let line = |VersionShare { words, offer }| {
        let offer = offer.filter(|_| open.role == Role::Operator).map(|offer| question(offer, open.reader));
        view! { <li>{format!("{name}{words}")} " "{offer}</li> }
    };
    let lines: Vec<_> = shares.into_iter().map(line).collect();
    Some(view! { <ul class="versions" aria-label="What the cases are of">{lines}</ul> }.into_any())
}

/// Tells how far the requested change is.
pub(crate) fn asked(reader: ReaderState) -> Option<AnyView> {
    match reader.asked.get()? {
        PendingChange::Refused(problem) => Some(problem_note(problem)),
        PendingChange::Waits => Some(view! { <p class="faint" role="status">"Changing …"</p> }.into_any()),
    }
}

/// Draws the offer, which says what it means when it is opened.
fn question(VersionOffer { act, of, submissions, meaning }: VersionOffer, reader: ReaderState) -> AnyView {
    let request = SteeringRequest::Versions(VersionChange { act, submissions });
    let act_now = move |event: MouseEvent| {
        close_around(&event);
        ask(&request, reader);
    };
    let words = match act {
        VersionAct::Withdraw => format!("Withdraw {of}"),
        VersionAct::CountAgain => format!("Count {of} again"),
    };
    view! {
        <details>
            <summary>{act.name()}" …"</summary>
            <p>{meaning}</p>
            <button on:click=press(act_now)>{words}</button>
        </details>
    }
    .into_any()
}

/// Closes the element that is open around the pressed button.
fn close_around(event: &MouseEvent) {
    let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    let details = button.and_then(|button| button.closest("details").ok()?);
    if let Some(details) = details.and_then(|details| details.dyn_into::<HtmlDetailsElement>().ok()) {
        details.set_open(false);
        // The button is out of sight, and would take the focus with it.
        let summary = details.first_element_child().and_then(|summary| summary.dyn_into::<HtmlElement>().ok());
        let _ = summary.map(|summary| summary.focus());
    }
}
