//! Sending cases again that came to no result: those that failed, that are lost, or that were called off.
//!
//! A new submission is sent for each one that the cases were last part of, with its model and inputs. The queue takes a case
//! once for its earlier submission: whoever asks twice, in two tabs, or on the page and the command line, sends it once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::control::StudyControl;
use cruncher_study::model::ModelReference;
use cruncher_study::number_format::counted;

use super::key_value_store::TransientStore;
use super::pause_handle::PauseHandle;
use super::plan::{EnqueuePlan, submission_id};
use super::preflight::CaseSelection;
use super::submission_sender::SubmissionSender;
use super::{EnqueueError, check_pools};
use crate::administer::control::{change_control, control};
use crate::fetch::submitted::submissions_of;
use crate::study::Study;

/// Wish to send cases again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RetryRequest {
    /// The cases.
    pub cases: Vec<CaseRef>,
    /// Time at which they were seen in need of that, in seconds since 1970: what was submitted later isn't sent once more.
    pub seen_time: f64,
    /// Maximum duration.
    pub time_limit: RetryTimeLimit,
    /// Number of attempts in place of the earlier one.
    pub max_attempts: Option<u32>,
    /// Whether cases are computed although they have a result, which the new one replaces.
    pub is_forced: bool,
    /// The sender: a role, or a user of the command line.
    pub by: String,
    /// The model that is run over files of the cases, which aren't computed again then, if so.
    pub extract: Option<ExtractOrder>,
}

/// Wish to run a second model over files of cases.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractOrder {
    /// The model.
    pub model: ModelReference,
    /// What keeps the queue from taking a case of it twice: the same for all who have looked at the same extractions.
    pub after: String,
}

/// Maximum duration of cases that are sent again.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum RetryTimeLimit {
    /// The earlier one.
    #[default]
    Earlier,
    /// None.
    Unlimited,
    /// A number of seconds.
    Secs(f64),
}

impl RetryTimeLimit {
    /// Reads what somebody typed: a number of seconds above 0, `none`, or nothing for the earlier one; `None` if it is something else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim() {
            "" => Some(Self::Earlier),
            "none" => Some(Self::Unlimited),
            text => text.parse().ok().filter(|secs: &f64| secs.is_finite() && *secs > 0.0).map(Self::Secs),
        }
    }
}

/// Outcome of sending cases again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryOutcome {
    /// Number of cases that the queue has accepted.
    pub sent: u64,
    /// Number of cases that somebody else had sent again already.
    pub sent_before: u64,
    /// Cases that no table names: nobody knows their inputs.
    pub unknown: Vec<CaseRef>,
}

/// Tells what was sent, and what somebody else had sent.
impl fmt::Display for RetryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let are = if self.sent == 1 { "is" } else { "are" };
        write!(f, "{} {are} in the queue again.", counted(self.sent, "case", "cases"))?;
        match self.sent_before {
            0 => Ok(()),
            before => {
                write!(f, " {} meanwhile.", counted(before, "other one was sent again", "others were sent again"))
            }
        }
    }
}

/// Sends cases again; `tell` gets the number of those that were sent so far. Cases that are called off one by one are no longer.
///
/// # Errors
/// If one of their batches is called off as a whole, a pool isn't there, or a design or table can't be read: nothing was sent then. If a
/// request fails: cases that were sent until then are; a second call sends the others.
pub async fn retry(study: &Study, request: &RetryRequest, tell: &dyn Fn(u64)) -> Result<RetryOutcome, EnqueueError> {
    let mut wanted: BTreeMap<&Batch, BTreeSet<CaseId>> = BTreeMap::new();
    for (batch, case) in &request.cases {
        wanted.entry(batch).or_default().insert(*case);
    }
    let before = control(study).await?;
    if let Some(batch) = wanted.keys().find(|batch| before.cancelled_batches.contains(**batch)) {
        return Err(EnqueueError::BatchCancelled((*batch).clone()));
    }
    let (mut outcome, mut plans) = (RetryOutcome::default(), Vec::new());
    for (batch, mut cases) in wanted {
        for submission in submissions_of(study, batch).await? {
            if cases.is_empty() {
                break;
            }
            plans.extend(plan_of(study, request, (batch, &submission), &mut cases, &mut outcome).await?);
        }
        outcome.unknown.extend(cases.into_iter().map(|case| (batch.clone(), case)));
    }
    // Whatever can't be sent is found before anything is.
    for plan in &plans {
        plan.check_attempts(study.config.max_receives)?;
        check_pools(study, plan).await?;
    }
    restore(study, &before, request).await?;
    for plan in plans {
        let sent = u64::from(plan.len());
        let selection = CaseSelection::all(&plan);
        let mut sender = SubmissionSender::new(study, plan, &selection, None, Rc::<TransientStore>::default());
        sender.run(&PauseHandle::default(), &mut |_| {}).await?;
        outcome.sent += sent;
        tell(outcome.sent);
    }
    Ok(outcome)
}

/// Takes the cases out of those that are called off.
async fn restore(study: &Study, before: &StudyControl, request: &RetryRequest) -> Result<(), EnqueueError> {
    let is_cancelled = |(_, case): &&CaseRef| before.cancelled_cases.contains(case);
    let cancelled: Vec<CaseId> = request.cases.iter().filter(is_cancelled).map(|(_, case)| *case).collect();
    if cancelled.is_empty() {
        return Ok(());
    }
    let change = |control: &mut StudyControl| control.cancelled_cases.retain(|case| !cancelled.contains(case));
    change_control(study, &change).await.map(|_| ()).map_err(EnqueueError::Control)
}

/// Plans to send those of `cases` that a submission names, and takes them out; `None` if it names none that is to be sent.
async fn plan_of(
    study: &Study,
    request: &RetryRequest,
    (batch, earlier): (&Batch, &str),
    cases: &mut BTreeSet<CaseId>,
    outcome: &mut RetryOutcome,
) -> Result<Option<EnqueuePlan>, EnqueueError> {
    let plan = EnqueuePlan::read_back(study, batch, earlier).await?;
    let named: BTreeSet<CaseId> =
        (0..plan.len()).map(|place| plan.case_id(place)).filter(|case| cases.contains(case)).collect();
    if named.is_empty() {
        return Ok(None);
    }
    cases.retain(|case| !named.contains(case));
    if plan.document().submit_time >= request.seen_time {
        outcome.sent_before += named.len() as u64;
        return Ok(None);
    }
    plan.again(&named, request, submission_id(study.client.ports())).map(Some)
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
