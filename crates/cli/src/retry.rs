//! `cruncher retry`: cases are sent again.

use std::collections::BTreeSet;

use cruncher_backend::enqueue::{EnqueueError, RetryOutcome, RetryRequest};
use cruncher_backend::watch::StudyWatch;
use cruncher_study::accounting::CaseState;
use cruncher_study::case::CaseRef;
use cruncher_study::number_format::counted;

use crate::arguments::{CloudAccount, RetryArguments};
use crate::cloud;
use crate::enqueue::user;
use crate::failure::{CommandFailure, of_enqueue, sentence};
use crate::output::{note, result};
use crate::status;

/// Sends cases again.
pub(crate) async fn retry(account: &CloudAccount, arguments: &RetryArguments) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    let mut watch = StudyWatch::new(study.clone());
    let snapshot = status::look(&mut watch).await?;
    let cases = chosen(&watch, arguments)?;
    if cases.is_empty() {
        result("There is no such case: nothing is sent.");
        return Ok(());
    }
    let request = RetryRequest {
        cases,
        seen_time: snapshot.time,
        time_limit: arguments.time_limit,
        max_attempts: arguments.attempts,
        is_forced: arguments.force,
        by: user(),
        extract: None,
    };
    let tell = |sent| note(format_args!("{} …", counted(sent, "case", "cases")));
    let command = format!("cruncher retry {}", arguments.study);
    let sent = cruncher_backend::enqueue::retry(&study, &request, &tell).await;
    report(&sent.map_err(|error| of_retry(error, &command))?)
}

/// Returns the cases that are meant.
fn chosen(watch: &StudyWatch, arguments: &RetryArguments) -> Result<Vec<CaseRef>, CommandFailure> {
    let mut chosen = BTreeSet::new();
    let states = [
        (arguments.failed, CaseState::Failed),
        (arguments.lost, CaseState::Lost),
        (arguments.cancelled, CaseState::Cancelled),
    ];
    for (_, state) in states.into_iter().filter(|(is_meant, _)| *is_meant) {
        chosen.extend(watch.cases_in(state));
    }
    for signature in &arguments.signatures {
        let of_group = watch.failed_with(signature);
        if of_group.is_empty() {
            return Err(CommandFailure::new(format!("No case has failed for good with the signature `{signature}`.")));
        }
        chosen.extend(of_group);
    }
    for case in &arguments.cases {
        let found = watch.cases_with_id(*case);
        if found.is_empty() {
            return Err(CommandFailure::new(format!("There is no case `{case}`.")));
        }
        chosen.extend(found.into_iter().filter(|found| arguments.force || watch.is_at_rest(found)));
    }
    let is_here = |(batch, _): &CaseRef| arguments.batch.as_ref().is_none_or(|chosen| chosen.contains(batch.as_str()));
    Ok(chosen.into_iter().filter(is_here).collect())
}

fn of_retry(error: EnqueueError, command: &str) -> CommandFailure {
    match error {
        EnqueueError::Table(_) | EnqueueError::Unreadable { .. } | EnqueueError::TooLarge { .. } => {
            CommandFailure::new(format!(
                "{} `cruncher enqueue --again` with its design sends the cases.",
                sentence(&error)
            ))
        }
        error => of_enqueue(error, command),
    }
}

fn report(outcome: &RetryOutcome) -> Result<(), CommandFailure> {
    result(outcome);
    match outcome.unknown.as_slice() {
        [] => Ok(()),
        [(batch, case), ..] => Err(CommandFailure::new(format!(
            "No table names {}, so nobody knows their inputs: {case} of {batch} for one.",
            counted(outcome.unknown.len() as u64, "case", "cases")
        ))),
    }
}
