//! What a batch's cases are of, and the withdrawal of an older version of its model.

use cruncher_backend::Study;
use cruncher_backend::control::change_control;
use cruncher_study::access::Role;
use cruncher_study::accounting::BatchAccount;
use cruncher_study::control::Control;
use leptos::ev::MouseEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDetailsElement};

use crate::components::press::press;
use crate::components::problem_note::problem_note;
use crate::platform::designer;
use crate::platform::local_time::clock_time;
use crate::state::live::OpenStudy;
use crate::state::problem::Problem;
use crate::state::versions::{Act, Offer, Share, shares};

/// What the cases of a batch are of, as of `now`; nothing where they are all of one design.
pub(crate) fn version_shares(account: &BatchAccount, now: f64, open: &OpenStudy) -> Option<AnyView> {
    let shares = shares(account, &|time| clock_time(time, now));
    if shares.is_empty() {
        return None;
    }
    let line = |Share { words, offer }| {
        let offer = offer.filter(|_| open.role == Role::Operator).map(|offer| question(offer, open));
        view! { <li>{words} " "{offer}</li> }
    };
    let lines: Vec<_> = shares.into_iter().map(line).collect();
    let problem = open.reader.unchanged.get().map(problem_note);
    Some(view! { <ul class="versions" aria-label="What the cases are of">{lines}</ul>{problem} }.into_any())
}

/// The offer, which says what it means when it is opened.
fn question(Offer { act, version, submissions, meaning }: Offer, open: &OpenStudy) -> AnyView {
    let (study, unchanged) = (open.study.clone(), open.reader.unchanged);
    let act_now = move |event: MouseEvent| {
        let (study, submissions) = (study.clone(), submissions.clone());
        let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        unchanged.set(None);
        spawn_local(async move {
            match change(&study, act, submissions).await {
                Ok(()) => close_around(button),
                Err(problem) => unchanged.set(Some(problem)),
            }
        });
    };
    let words = match act {
        Act::Withdraw => format!("Withdraw {version}"),
        Act::CountAgain => format!("Count {version} again"),
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

async fn change(study: &Study, act: Act, submissions: Vec<String>) -> Result<(), Problem> {
    let change = |control: &mut Control| match act {
        Act::Withdraw => control.withdrawn_submissions.extend(submissions.iter().cloned()),
        Act::CountAgain => control.withdrawn_submissions.retain(|id| !submissions.contains(id)),
    };
    change_control(study, &change).await.map_err(|error| Problem::from(&error))?;
    // The page looks again at once.
    designer::tell_sent();
    Ok(())
}

/// Closes what is open around a button.
fn close_around(button: Option<Element>) {
    let details = button.and_then(|button| button.closest("details").ok()?);
    if let Some(details) = details.and_then(|details| details.dyn_into::<HtmlDetailsElement>().ok()) {
        details.set_open(false);
    }
}
