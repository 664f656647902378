//! Outcomes of the cases that were sent first.

use cruncher_study::number_format::{duration, significant};
use leptos::prelude::*;

use super::values::values;
use crate::design_state::DesignState;
use crate::messages::{FirstCase, FirstOutcome};
use crate::state::draft::PointsSource;
use crate::state::first_cases::{FirstTally, untried_choices};

/// Counts the cases by outcome.
pub(super) fn tally(cases: &[FirstCase]) -> FirstTally {
    let mut tally = FirstTally::default();
    for case in cases {
        let count = match &case.outcome {
            FirstOutcome::Waiting => &mut tally.waiting,
            FirstOutcome::Done { result: None, .. } => &mut tally.empty,
            FirstOutcome::Done { .. } => &mut tally.done,
            FirstOutcome::Failed { is_final: true, .. } => &mut tally.failed,
            FirstOutcome::Failed { .. } => &mut tally.repeated,
        };
        *count += 1;
    }
    tally
}

/// Shows the outcomes in a line, and then one by one; nothing as long as they aren't known. If others than the first cases were
/// sent, the line says that it speaks of the first ones.
pub(super) fn first_cases(state: DesignState, are_others_sent: bool) -> Option<AnyView> {
    let cases = state.reports.first.read();
    if cases.is_empty() {
        return None;
    }
    let tally = tally(&cases);
    let which = are_others_sent.then(|| format!("The first {}: ", cases.len()));
    let attach = (tally.waiting > 0).then(|| {
        view! { <span class="faint"><a href="#/attach">"Attach a worker"</a>" if none is at work."</span> }
    });
    let rows: Vec<_> = cases.iter().map(first_case).collect();
    let list = view! {
        <p class="model" role="status"><strong>{which}{tally.words()}</strong> {attach}</p>
        <ul class="first" aria-label="The first cases">{rows}</ul>
    };
    Some(list.into_any())
}

/// Shows which choices of the design aren't among its first cases, if there are such: the model may fail for them.
pub(super) fn untried(state: DesignState) -> Option<AnyView> {
    let draft = state.draft.read();
    let factors = (draft.source == PointsSource::Sampler).then(|| draft.points().ok())??.factors;
    let cases = state.reports.first.read();
    let inputs: Vec<_> = cases.iter().map(|case| &case.inputs).collect();
    let words = untried_choices(&factors, &inputs).filter(|_| !inputs.is_empty())?;
    Some(view! { <p class="field__warning">{format!("Not among them: {words}.")}</p> }.into_any())
}

fn first_case(case: &FirstCase) -> AnyView {
    let (class, symbol, words, more) = match &case.outcome {
        FirstOutcome::Waiting => ("symbol", "○", "waiting".to_owned(), None),
        FirstOutcome::Done { duration_secs, responses, result, warnings } => {
            let but = if result.is_none() { ", but returned nothing" } else { "" };
            let words = format!("done in {}{but}", duration(*duration_secs));
            ("symbol state-text-done", "✓", words, Some(done(responses, result.as_deref(), warnings)))
        }
        FirstOutcome::Failed { error, traceback, is_final } => {
            let words = if *is_final { "failed" } else { "failed, will be tried again" };
            ("symbol state-text-failed", "✕", words.to_owned(), Some(failed(error, traceback)))
        }
    };
    let id = format!("Case {}", case.case_id);
    view! {
        <li>
            <p title=id><span class=class aria-hidden="true">{symbol}</span>{values(&case.inputs)}" "{words}</p>
            {more}
        </li>
    }
    .into_any()
}

fn done(responses: &[(String, String)], result: Option<&str>, warnings: &[String]) -> AnyView {
    let response = |(name, value): &(String, String)| {
        let shown = value.parse().map_or_else(|_text| value.clone(), significant);
        view! { <span class="value" title=value.clone()>{format!("{name} = {shown}")}</span>" " }
    };
    let responses: Vec<_> = responses.iter().map(response).collect();
    let all = result.map(|result| {
        view! { <details><summary>"All of the result"</summary><pre class="trace first__result">{result.to_owned()}</pre></details> }
    });
    let nothing = result.is_none().then(|| {
        view! {
            <p class="field__warning">
                "The model put nothing into " <code>"result"</code> ", as in " <code>"result[\"name\"] = value"</code> "."
            </p>
        }
    });
    let warnings: Vec<_> =
        warnings.iter().map(|warning| view! { <p class="field__warning">{warning.clone()}</p> }).collect();
    view! { <p>{responses}</p> {nothing} {all} {warnings} }.into_any()
}

fn failed(error: &str, traceback: &str) -> AnyView {
    view! {
        <p class="group__error">{error.to_owned()}</p>
        <details><summary>"Traceback"</summary><pre class="trace">{traceback.to_owned()}</pre></details>
    }
    .into_any()
}
