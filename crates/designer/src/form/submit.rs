//! Sending: the summary before it, its progress, and the outcomes of the first cases.

use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::route::{BatchChoice, Page, Route};
use cruncher_study::access::Role;
use cruncher_study::model::ModelKind;
use cruncher_study::number_format::{counted, duration, thousands};
use js_sys::Date;
use leptos::ev::MouseEvent;
use leptos::html::Div;
use leptos::prelude::*;

use super::combine;
use super::field::{FieldNeed, FormComplaints, FormField, check_box, sentence};
use super::first_cases::{first_cases, tally, untried};
use super::model::{certain_failure, show_place};
use super::pool::{missing_pools, pool_choice};
use super::quoted::quoted;
use crate::design_state::DesignState;
use crate::focus::{FocusPart, REVIEW, focus};
use crate::messages::{PreflightSummary, SendEffort, SendOrder, SendProgress, StopReason, WaitingCases};
use crate::place::show_whole;
use crate::send_state::SendState;
use crate::sending::{cancel, order, prepare, review_instead, send, stopping};
use crate::sent_form::{is_form_changed, replaced_model};
use crate::state::draft::FormPlace;

/// Number of cases that are sent before the rest, unless another number is typed.
pub(crate) const FIRST_CASES: u64 = 5;

/// Id of the summary.
const SUMMARY: &str = "summary";

/// Shows the section of sending.
pub(crate) fn section(state: DesignState) -> AnyView {
    let fields = move || fields(state);
    let sending = move || sending(state);
    let place = NodeRef::<Div>::new();
    // A pressed button goes, and the focus with it: without a mouse the reader would be at the top of the page.
    let keep_focus = move |_| {
        request_animation_frame(move || {
            let is_lost = document().active_element().is_none_or(|element| element.tag_name() == "BODY");
            if let Some(place) = place.get_untracked().filter(|_| is_lost) {
                // This can't fail: every element of the document that has a tabindex can be focused.
                let _ = place.focus();
            }
        });
    };
    Effect::new(move |was_ready: Option<bool>| {
        let is_ready = matches!(&*state.sending.read(), SendState::Ready(_));
        if is_ready && was_ready == Some(false) {
            focus(SUMMARY);
        }
        is_ready
    });
    Effect::new(move |before: Option<Option<bool>>| {
        let is_over = first_are_over(state);
        if is_over.is_some() && before.is_some_and(|before| before != is_over) {
            show_whole(place);
        }
        is_over
    });
    view! {
        <section class="step step--send" id=FocusPart::Send.id() tabindex="-1" aria-labelledby="step-send">
            <h3 id="step-send">"Send"</h3>
            {fields}
            <div class="step" tabindex="-1" node_ref=place on:click=keep_focus>{sending}</div>
        </section>
    }
    .into_any()
}

/// Whether the cases that were sent first are over; `None` as long as there are none, or if the rest is sent, too.
fn first_are_over(state: DesignState) -> Option<bool> {
    let is_held = matches!(&*state.sending.read(), SendState::Stopped(_, StopReason::Held));
    let cases = state.reports.first.read();
    (is_held && !cases.is_empty()).then(|| tally(&cases).waiting == 0)
}

fn fields(state: DesignState) -> AnyView {
    let complaints = FormComplaints::of(state);
    let draft = state.draft.read();
    let field = |label, value: &str, hint, place| FormField {
        hint,
        problem: complaints.at(place),
        ..FormField::new(label, value)
    };
    let batch = field("Batch", &draft.batch, "footing/soft-clay", FormPlace::Batch);
    let attempts = field("Attempts per case", &draft.max_attempts, "3", FormPlace::MaxAttempts);
    let limit = FormField {
        need: FieldNeed::Optional,
        ..field("Time limit, minutes", &draft.time_limit_minutes, "none", FormPlace::TimeLimit)
    };
    view! {
        <div class="fields">
            {batch.view(state, |draft, text| draft.batch = text)}
            {attempts.view(state, |draft, text| draft.max_attempts = text)}
            {limit.view(state, |draft, text| draft.time_limit_minutes = text)}
            {pool_choice(state)}
        </div>
        {missing_pools(state, draft.pool.as_slice())}
        {combine::section(state, draft.combine.as_ref(), complaints.at(FormPlace::Combine))}
        {check_box("Compute cases again that have a result", |draft| draft.is_forced, state, |draft, is| draft.is_forced = is)}
        {(draft.kind == ModelKind::Python).then(|| check_box("Give each case a Python of its own: slower, but none finds what another has left", |draft| draft.is_isolated, state, |draft, is| draft.is_isolated = is))}
    }
    .into_any()
}

fn sending(state: DesignState) -> AnyView {
    if state.access.with_value(|access| access.role) != Role::Operator {
        return view! { <p class="faint">"Whoever has the operator's link can send this design. Until then it stays in this browser; save it as JSON to pass it on."</p> }.into_any();
    }
    match state.sending.get() {
        SendState::Idle => review(state, None),
        SendState::Refused(reason) => review(state, Some(reason)),
        SendState::Preparing => view! { <p role="status">"Looking what is done already …"</p> }.into_any(),
        SendState::Ready(preflight) => summary(state, preflight),
        SendState::Going(sent) => {
            let pause = move |_| {
                stopping(state);
                order(state, SendOrder::Pause);
            };
            view! {
                {progress(&sent, so_far("Sending", &sent))}
                {first_cases(state, true)}
                <p class="actions"><button on:click=pause>"Pause"</button> {cancel_button(state, &sent)}</p>
                <p class="faint">"Other pages of the study may be looked at meanwhile. If this tab is closed, sending goes on when the page is opened again."</p>
            }
            .into_any()
        }
        SendState::Stopping(sent) => progress(&sent, so_far("Stopping", &sent)),
        SendState::Stopped(sent, stop) => stopped(state, &sent, stop),
    }
}

fn review(state: DesignState, refused: Option<String>) -> AnyView {
    let open = FormComplaints::of(state);
    let is_wrong = state.is_strict.get() && !open.is_empty();
    let count = is_wrong.then(|| {
        let words = format!(
            "{} above: see the marked fields.",
            counted(open.len() as u64, "thing is wrong or missing", "things are wrong or missing")
        );
        view! { <p class="field__problem" role="alert">{words}</p> }
    });
    let must_fail = refused.is_some() && certain_failure(state).is_some();
    let refused = refused.map(|reason| {
        view! { <p class="field__problem" role="alert">{quoted(&sentence(&reason))}" Nothing was sent."</p> }
    });
    let to_model = must_fail.then(|| view! { <button on:click=|_| show_place()>"Go to the model"</button> });
    view! {
        {refused}
        {count}
        <p class="actions">{to_model}<button class="primary" id=REVIEW on:click=move |_| prepare(state)>"Review and send …"</button></p>
    }
    .into_any()
}

fn summary(state: DesignState, preflight: PreflightSummary) -> AnyView {
    let line = |name: &'static str, value: String| view! { <dt>{name}</dt> <dd>{value}</dd> };
    let some = |name: &'static str, count: u64| (count > 0).then(|| line(name, thousands(count)));
    let SendEffort { cases, requests, expected_secs } = preflight.new;
    let back = move |_| state.sending.set(SendState::Idle);
    // The number is read anew: a reader without workers attaches one, and comes back.
    let workers = state.alive_workers.get().unwrap_or(preflight.workers);
    view! {
        <div class="panel summary" id=SUMMARY role="group" aria-label="Summary" tabindex="-1">
            <dl class="facts">
                {line("To be sent", format!("{} to the batch {}", counted(cases, "case", "cases"), preflight.batch))}
                {some("Done already", preflight.done)}
                {some("Sent before, not done yet", preflight.sent_before)}
                {some("Failed before, sent again", preflight.failed_before)}
                {some("Left out by constraints", preflight.left_out)}
                {(preflight.before.cases > 0).then(|| line("In the queue before them", before(preflight.before)))}
                {combine::summary(state).map(|words| line("When all are done", words))}
                {line("Expected time", expected_time(expected_secs, workers, preflight.halted_workers))}
            </dl>
            {(!preflight.unreadable.is_empty()).then(|| {
                let words = format!("Can't be read, so that cases they name may be sent twice: {}", preflight.unreadable.join(", "));
                view! { <p class="field__warning">{words}</p> }
            })}
            {preflight.earlier.clone().map(|words| view! { <p class="field__warning">{words}</p> })}
            {send_buttons(state, &preflight)}
            <details>
                <summary>"Details"</summary>
                <dl class="facts">
                    {line("Cases of the design", thousands(preflight.cases))}
                    {line("Duplicates within", thousands(preflight.duplicates))}
                    {line("Requests", thousands(requests))}
                </dl>
            </details>
            <button class="quiet" on:click=back>"Back to the design"</button>
        </div>
    }
    .into_any()
}

/// Writes how many cases wait in the queue, and how long: the queue returns cases in the order in which they came, of every
/// batch.
fn before(WaitingCases { cases, expected_secs }: WaitingCases) -> String {
    let time = expected_secs.filter(|secs| *secs > 0.0).map(|secs| format!(", about {}", duration(secs)));
    format!("{}{}", counted(cases, "case", "cases"), time.unwrap_or_default())
}

fn expected_time(expected_secs: Option<f64>, workers: u64, halted_workers: u64) -> String {
    let halted = match halted_workers {
        0 => String::new(),
        halted => format!(", {} halted: the Overview lets them go on", thousands(halted)),
    };
    let attached = format!("{} attached{halted}", counted(workers, "worker is", "workers are"));
    match (expected_secs, workers) {
        (_, 0) => "no worker is attached yet".to_owned(),
        (None, _) => format!("not known before one of these cases is done; {attached}"),
        (Some(secs), _) => format!("about {}; {attached}", duration(secs)),
    }
}

fn send_buttons(state: DesignState, preflight: &PreflightSummary) -> AnyView {
    let cases = preflight.new.cases;
    let first = (cases > FIRST_CASES).then(|| {
        let words = format!("Send {FIRST_CASES} first, then decide");
        view! { <button class="primary" on:click=move |_| send(state, Some(FIRST_CASES), false)>{words}</button> }
    });
    let all = (cases > 0).then(|| {
        let words = if cases == 1 { "Send it".to_owned() } else { format!("Send all {}", thousands(cases)) };
        let class = if cases > FIRST_CASES { "" } else { "primary" };
        view! { <button class=class on:click=move |_| send(state, None, false)>{words}</button> }
    });
    let again = (preflight.sent_before > 0).then(|| {
        let words = format!("Also send the {} before again", counted(preflight.sent_before, "case sent", "cases sent"));
        view! { <button class="quiet" on:click=move |_| send(state, None, true)>{words}</button> }
    });
    let nothing =
        (cases == 0).then(|| view! { <p>"There is nothing to send: every case is done or was sent before."</p> });
    view! { {nothing} <p class="actions">{first} {all} {again}</p> }.into_any()
}

/// Returns the address of a batch's progress.
fn progress_address(batch: &str) -> String {
    Route { page: Page::Overview, batches: BatchChoice::parse(batch), ..Route::default() }.to_string()
}

/// Shows that the first cases are sent, and the choice of what to do with the rest.
fn held(state: DesignState, sent: &SendProgress, go_on: impl Fn(MouseEvent) + 'static) -> AnyView {
    let rest = thousands(sent.of.saturating_sub(sent.accepted));
    let tally = tally(&state.reports.first.read());
    let (is_changed, has_trouble) = (is_form_changed(state), tally.has_trouble());
    let instead = match (is_changed, has_trouble) {
        (true, _) => {
            let review = move |_| review_instead(state);
            Some(view! { <button class="primary" id=REVIEW on:click=review>"Review and send …"</button> }.into_any())
        }
        (false, true) => {
            Some(view! { <button class="primary" on:click=|_| show_place()>"Fix the model"</button> }.into_any())
        }
        (false, false) => None,
    };
    let class = if instead.is_none() { "primary" } else { "" };
    let as_it_was = match replaced_model(state) {
        Some(name) => format!(" with {name} as it was"),
        None if is_changed => " as they were".to_owned(),
        None => String::new(),
    };
    let changed = is_changed.then(|| {
        let words = format!("What stands above has changed since. To send that, the other {rest} are withdrawn first; what was computed stays.");
        view! { <p class="faint">{words}</p> }
    });
    view! {
        {first_cases(state, false)}
        {(!is_changed).then(|| untried(state))}
        {progress(sent, format!("{} of {} sent, the rest waits for you", thousands(sent.accepted), counted(sent.of, "case", "cases")))}
        {changed}
        <p class="actions">{instead}<button class=class on:click=go_on>{format!("Send the remaining {rest}{as_it_was}")}</button> {cancel_button(state, sent)}</p>
    }
    .into_any()
}

/// Writes `Sending: 5 of 24 cases sent`.
fn so_far(doing: &str, sent: &SendProgress) -> String {
    format!("{doing}: {} of {} sent", thousands(sent.accepted), counted(sent.of, "case", "cases"))
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
fn progress(sent: &SendProgress, words: String) -> AnyView {
    let share = 100.0 * sent.accepted as f64 / sent.of.max(1) as f64;
    let rate = sent.rate.map(|rate| format!("{rate:.0} a second"));
    let rest = sent.remaining_secs.map(|secs| format!("{} to go", duration(secs)));
    let throttled = sent.is_throttled.then(|| "the queue asks for patience".to_owned());
    let details: Vec<String> = [rate, rest, throttled].into_iter().flatten().collect();
    view! {
        <p class="model"><strong>{words}</strong> <span class="faint">{details.join(" · ")}</span></p>
        <div class="bar" role="progressbar" aria-label="Cases sent" aria-valuemin="0" aria-valuemax=sent.of.to_string() aria-valuenow=sent.accepted.to_string()>
            <span class="bar__part state-done" style:width=format!("{share}%")></span>
        </div>
    }
    .into_any()
}

fn cancel_button(state: DesignState, sent: &SendProgress) -> AnyView {
    let words = format!("Cancel the other {}", thousands(sent.of.saturating_sub(sent.accepted)));
    view! { <button class="quiet" on:click=move |_| cancel(state) title="What was sent stays in the queue; the rest is taken out of the table of cases">{words}</button> }.into_any()
}

fn complete(state: DesignState, sent: &SendProgress) -> AnyView {
    let end_time = state.reports.end_time.get();
    let all = if sent.of == 1 { "1 case was".to_owned() } else { format!("All {} cases were", thousands(sent.of)) };
    let next = next_design(state, "Send another design");
    view! {
        <p class="model" role="status" title=exact_time(end_time)><strong>{format!("{all} sent at {}", clock_time(end_time, Date::now() / 1000.0))}</strong> <span class="faint">{format!("batch {}", sent.batch)}</span></p>
        {first_cases(state, true)}
        <p class="actions"><a href=progress_address(&sent.batch)>"Watch progress"</a> {next}</p>
    }
    .into_any()
}

/// Draws the button that leads from the last sending to the next one: a draft that was changed since is reviewed at once.
fn next_design(state: DesignState, words: &'static str) -> AnyView {
    let another = move |_| state.sending.set(SendState::Idle);
    let review = move |_| {
        // Its problems are shown only while nothing is being sent.
        state.sending.set(SendState::Idle);
        prepare(state);
    };
    if is_form_changed(state) {
        view! { <button class="primary" id=REVIEW on:click=review>"Review and send …"</button> }.into_any()
    } else {
        view! { <button class="quiet" on:click=another>{words}</button> }.into_any()
    }
}

fn stopped(state: DesignState, sent: &SendProgress, stop: StopReason) -> AnyView {
    let go_on = move |_| {
        state.sending.update(|sending| {
            if let Some(sent) = sending.sent().cloned() {
                *sending = SendState::Going(sent);
            }
        });
        order(state, SendOrder::GoOn);
    };
    match stop {
        StopReason::Complete => complete(state, sent),
        StopReason::Cancelled => view! {
            <p role="status">{format!("Cancelled: {} were sent, the rest is no part of the batch any more.", counted(sent.accepted, "case", "cases"))}</p>
            <p class="actions">{next_design(state, "Back to the design")}</p>
        }
        .into_any(),
        StopReason::Elsewhere => view! {
            <p role="status">"Another tab of this browser is sending cases to this study."</p>
            <p class="actions"><button on:click=move |_| cruncher_browser::address::reload()>"Look again"</button></p>
        }
        .into_any(),
        StopReason::Held => held(state, sent, go_on),
        StopReason::Paused => view! {
            {progress(sent, so_far("Paused", sent))}
            <p class="actions"><button class="primary" on:click=go_on>"Go on"</button> {cancel_button(state, sent)}</p>
        }
        .into_any(),
        StopReason::Failed { title, advice, detail } => {
            // Otherwise the number of cases to be sent isn't even known.
            let is_begun = sent.of > 0;
            let again = if is_begun { "Go on" } else { "Try again" };
            let forget = move |_| order(state, SendOrder::Forget);
            let rest = if is_begun {
                cancel_button(state, sent)
            } else {
                view! { <button class="quiet" on:click=forget title="What was sent stays in the queue">"Forget it"</button> }
                    .into_any()
            };
            view! {
                {is_begun.then(|| progress(sent, so_far("Interrupted", sent)))}
                {problem_note(PageProblem { title, advice, detail })}
                <p class="actions"><button class="primary" on:click=go_on>{again}</button> {rest}</p>
            }
            .into_any()
        }
    }
}
