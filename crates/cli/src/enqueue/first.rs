//! The first cases: waiting for their results, and showing them.

use std::time::Duration;

use cruncher_backend::enqueue::{CaseOutcome, SubmissionSender, outcomes};
use cruncher_backend::study::ReadError;
use cruncher_study::case::CaseId;

use super::{EnqueueSession, command, summary};
use crate::failure::{CommandFailure, sentence};
use crate::output::{ProgressReporter, can_ask, yes_or_no};
use crate::signal::unless_ended;
use crate::text::count;

/// Pause between two looks at them.
const PAUSE: Duration = Duration::from_secs(1);

/// One of the first cases, and its outcome.
pub(super) struct SentCase {
    pub case: CaseId,
    pub outcome: CaseOutcome,
}

impl EnqueueSession<'_> {
    /// Waits until each of the first cases has come to its end, and shows them.
    pub(super) async fn look_at_first(&self, sending: &SubmissionSender) -> Result<Vec<SentCase>, CommandFailure> {
        let left = || format!("Interrupted. The first cases are sent. To send the rest:  {}", command());
        let looks = unless_ended(self.wait_for_first(sending), left).await?;
        self.tell("The first results:");
        for (look, place) in looks.iter().zip(places(sending)) {
            let parameters = self.plan.cases().case(place).parameters;
            self.tell(summary::of_outcome(look.case, &parameters, &look.outcome));
        }
        Ok(looks)
    }

    async fn wait_for_first(&self, sending: &SubmissionSender) -> Result<Vec<SentCase>, CommandFailure> {
        let cases: Vec<CaseId> = places(sending).into_iter().map(|place| self.plan.cases().case_id(place)).collect();
        let reporter = ProgressReporter::new();
        reporter.line(format_args!("Waiting for the results of the first {}", count(cases.len() as u64, "case")));
        loop {
            let looks = self.outcomes(&cases).await?;
            let settled = looks.iter().filter(|look| look.outcome.is_settled()).count();
            if settled == looks.len() {
                return Ok(looks);
            }
            reporter.now(format!("{settled} of {} have come to their end", looks.len()));
            self.study.client.ports().sleep.sleep(PAUSE).await;
        }
    }

    async fn outcomes(&self, cases: &[CaseId]) -> Result<Vec<SentCase>, CommandFailure> {
        let found = outcomes(&self.study, self.plan.document(), cases).await.map_err(of_read)?;
        let looks = cases.iter().zip(found);
        Ok(looks.map(|(case, outcome)| SentCase { case: *case, outcome }).collect())
    }

    /// Whether the rest is sent as well.
    pub(super) async fn wants_rest(&self, looks: &[SentCase]) -> Result<bool, CommandFailure> {
        if self.arguments.yes {
            return Ok(looks.iter().all(|look| matches!(look.outcome, CaseOutcome::Done(_))));
        }
        if !can_ask() {
            return Ok(false);
        }
        let left = || format!("Interrupted. To send the rest:  {}", command());
        unless_ended(yes_or_no("Send the rest?"), left).await
    }
}

/// Returns the first cases' places in the plan.
fn places(sending: &SubmissionSender) -> Vec<usize> {
    let most = sending.journal().hold_after().unwrap_or_default();
    let places = sending.journal().first(usize::try_from(most).unwrap_or(usize::MAX));
    places.into_iter().map(|place| place as usize).collect()
}

fn of_read(error: ReadError) -> CommandFailure {
    match error {
        ReadError::Aws(error) => error.into(),
        error @ (ReadError::Json { .. } | ReadError::TooLarge { .. }) => CommandFailure::new(sentence(&error)),
    }
}
