//! Texts about an enqueueing: what will be sent, and what was done.

use std::fmt::Write as _;

use cruncher_backend::enqueue::{
    CaseOutcome, CaseSelection, EnqueuePlan, EnqueuePreflight, EnqueueProgress, Journal, SendEnd,
};
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::number_format::{counted, duration, thousands};
use serde_json::{Value, json};

use crate::text::{count, printable};

/// Maximum length of a line of inputs or outputs.
const MAX_CHARS: usize = 160;

/// Describes what will be sent, before anybody is asked.
pub(super) fn of_preflight(
    study: &str,
    plan: &EnqueuePlan,
    preflight: &EnqueuePreflight,
    selection: &CaseSelection,
) -> String {
    let document = plan.document();
    let levels = plan.cases().levels().len() as u64;
    let levels = if levels > 1 { format!(" in {levels} levels") } else { String::new() };
    let mut text = format!(
        "Batch {} of study {study}: {}{levels}, for {}\n",
        document.batch,
        count(preflight.cases, "case"),
        document.model.label()
    );
    let mut line = |number: u64, what: &str| {
        if number > 0 {
            // Writing to a string can't fail.
            let _ = writeln!(text, "  {:>9}  {what}", thousands(number));
        }
    };
    line(preflight.left_out, "left out: outside the constraints");
    line(preflight.duplicates, "left out: the same as another one");
    let unchanged = ", skipped: their inputs haven't changed (--force computes them again)";
    let again = if document.force { ", computed again" } else { unchanged };
    line(preflight.done(), &format!("with a result{again}"));
    line(preflight.failed_before(), "failed before, sent again");
    line(preflight.sent_before(), &format!("sent before, waiting or running{}", fate(preflight, selection)));
    let _ = write!(
        text,
        "  {:>9}  to send, with {}",
        thousands(selection.cases()),
        count(selection.requests(plan), "request")
    );
    let _ = write!(text, "\n{}", fleet(preflight, selection));
    for key in &preflight.unreadable {
        let _ = write!(text, "\n{} can't be read: what it names may be sent twice.", printable(key, MAX_CHARS));
    }
    text
}

/// Describes the treatment of cases that were sent before.
fn fate(preflight: &EnqueuePreflight, selection: &CaseSelection) -> &'static str {
    let is_sent = selection.cases() + preflight.done() >= preflight.cases;
    if is_sent { ", sent again" } else { "; --again sends them again" }
}

fn fleet(preflight: &EnqueuePreflight, selection: &CaseSelection) -> String {
    let workers = preflight.fleet.workers;
    if workers == 0 {
        return "No worker is attached: the cases wait until there is one.".to_owned();
    }
    let halted = match preflight.fleet.halted {
        0 => String::new(),
        halted => format!(", {} halted (`cruncher resume` lets them go on)", thousands(halted)),
    };
    let attached = counted(workers, "worker is attached", "workers are attached") + &halted;
    match preflight.expected_secs(selection).filter(|secs| *secs > 0.0) {
        Some(secs) => format!("{attached}: about {}.", duration(secs)),
        None => format!("{attached}."),
    }
}

/// Describes an enqueueing that was interrupted.
pub(super) fn of_journal(study: &str, journal: &Journal) -> String {
    format!(
        "Going on with the submission {} to batch {} of study {study}: {} of {} are sent.",
        journal.submission().id,
        journal.batch(),
        thousands(journal.accepted()),
        count(journal.of(), "case")
    )
}

/// Describes what was done.
pub(super) fn of_progress(sent: u64, progress: &EnqueueProgress, secs: f64) -> String {
    let throttled = match progress.throttled {
        0 => String::new(),
        number => format!(", {} throttled", thousands(number)),
    };
    format!(
        "Sent {} with {}{throttled} in {}.",
        count(sent, "case"),
        count(progress.requests, "request"),
        duration(secs)
    )
}

/// Describes the outcome of one of the first cases.
pub(super) fn of_outcome(case: CaseId, parameters: &Parameters, outcome: &CaseOutcome) -> String {
    let inputs = compact(parameters);
    let id = &case.to_string()[..8];
    match outcome {
        CaseOutcome::Waiting => format!("  {id}  waiting\n            {inputs}"),
        CaseOutcome::Done(document) => {
            let mut text = format!("  {id}  done in {}\n            {inputs}", duration(document.duration_secs()));
            let _ = write!(text, "\n            → {}", compact(&document.result));
            for warning in &document.warnings {
                let _ = write!(text, "\n            warning: {}", printable(warning, MAX_CHARS));
            }
            text
        }
        CaseOutcome::Failed(document) => {
            let summary = printable(&document.summary(), MAX_CHARS);
            let attempts = format!("attempt {} of {}", document.attempt, document.max_attempts);
            format!("  {id}  failed, {attempts}\n            {inputs}\n            ✗ {summary}")
        }
    }
}

fn compact(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    printable(json.trim_start_matches('{').trim_end_matches('}'), MAX_CHARS)
}

/// Writes the outcome for programs.
pub(super) fn outcome_json(case: CaseId, outcome: &CaseOutcome) -> Value {
    match outcome {
        CaseOutcome::Waiting => json!({"case_id": case, "state": "waiting"}),
        CaseOutcome::Done(document) => json!({
            "case_id": case, "state": "done", "duration_secs": document.duration_secs(), "parameters": document.parameters,
            "result": document.result, "warnings": document.warnings,
        }),
        CaseOutcome::Failed(document) => json!({
            "case_id": case, "state": "failed", "final": document.is_final, "parameters": document.parameters,
            "error": document.summary(),
        }),
    }
}

/// Returns the end of an enqueueing in a word.
pub(super) const fn word(ended: SendEnd) -> &'static str {
    match ended {
        SendEnd::Complete => "complete",
        SendEnd::Held => "held",
        SendEnd::Paused => "paused",
        SendEnd::Cancelled => "cancelled",
    }
}
