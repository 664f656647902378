//! Reports on sending, in the page's own messages.

use cruncher_backend::enqueue::{CaseOutcome, EnqueueError, EnqueueProgress, SubmissionSender};
use cruncher_browser::state::problem::PageProblem;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::outcome::ErrorDocument;

use crate::messages::{FirstCase, FirstOutcome, PointsFailure, SendProgress, StopReason};
use crate::state::script_trace::of_script;

/// Returns the progress of sending that goes on, or could.
pub(super) fn sent(sending: &SubmissionSender) -> SendProgress {
    let journal = sending.journal();
    SendProgress {
        batch: journal.batch().to_string(),
        accepted: journal.accepted(),
        of: journal.of(),
        ..SendProgress::default()
    }
}

/// Returns the progress of sending that goes on, with its speed.
pub(super) fn sent_of(batch: &str, progress: &EnqueueProgress) -> SendProgress {
    SendProgress {
        batch: batch.to_owned(),
        accepted: progress.sent,
        of: progress.of,
        rate: progress.rate,
        remaining_secs: progress.remaining_secs(),
        is_throttled: progress.throttled > 0,
    }
}

/// Reports that a script gave no points, for a reason that isn't the script's.
pub(super) fn no_points(reason: &str) -> PointsFailure {
    PointsFailure { reason: reason.to_owned(), ..PointsFailure::default() }
}

/// Reports what went wrong in a script.
pub(super) fn points_failed(document: &ErrorDocument) -> PointsFailure {
    // What the script returned is no table: its own lines don't say why.
    let is_table = document.exception == "PointsError";
    PointsFailure {
        reason: if is_table { document.message.clone() } else { document.summary() },
        traceback: if is_table { String::new() } else { of_script(&document.traceback) },
        printed: document.log.clone(),
    }
}

/// Returns the reason why sending has failed.
pub(super) fn failed(error: &EnqueueError) -> StopReason {
    stop(match error {
        EnqueueError::Aws(error) => PageProblem::from(error),
        withdrawn @ EnqueueError::Withdrawn => PageProblem {
            title: "This design was withdrawn meanwhile.".to_owned(),
            advice:
                "Workers wouldn't compute the rest. Cancel it, or count the design again on the Overview and go on."
                    .to_owned(),
            detail: withdrawn.to_string(),
        },
        other => PageProblem {
            title: "Sending was interrupted.".to_owned(),
            advice: "What was sent stays in the queue. Try again, or cancel the rest.".to_owned(),
            detail: other.to_string(),
        },
    })
}

/// Returns a problem as the reason why nothing is sent.
pub(super) fn stop(PageProblem { title, advice, detail }: PageProblem) -> StopReason {
    StopReason::Failed { title, advice, detail }
}

/// Returns the outcome of one of the first cases.
pub(super) fn first_case((case_id, inputs): &(CaseId, Parameters), outcome: &CaseOutcome) -> FirstCase {
    let outcome = match outcome {
        CaseOutcome::Waiting => FirstOutcome::Waiting,
        CaseOutcome::Done(document) => FirstOutcome::Done {
            duration_secs: document.duration_secs(),
            responses: responses(&document.result),
            result: all_of(&document.result),
            warnings: document.warnings.clone(),
        },
        CaseOutcome::Failed(document) => FirstOutcome::Failed {
            error: document.summary(),
            traceback: document.traceback.clone(),
            is_final: document.is_final,
        },
    };
    FirstCase { case_id: *case_id, inputs: inputs.clone(), outcome }
}

/// Returns a result as JSON; `None` if the model has put nothing into it.
fn all_of(result: &serde_json::Value) -> Option<String> {
    let is_empty = result.as_object().is_none_or(serde_json::Map::is_empty);
    (!is_empty).then(|| serde_json::to_string_pretty(result).unwrap_or_default())
}

/// Returns the values that fit on a line: curves and tables don't.
fn responses(result: &serde_json::Value) -> Vec<(String, String)> {
    let is_short = |value: &&serde_json::Value| !value.is_array() && !value.is_object();
    let named = result.as_object().into_iter().flatten().filter(|(_, value)| is_short(value));
    named.map(|(name, value)| (name.clone(), value.to_string())).collect()
}
