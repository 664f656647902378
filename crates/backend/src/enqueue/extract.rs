//! Extracting again: a second model runs over the files of finished cases, and what it returns joins their results.

use std::collections::BTreeSet;

use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::key::DATA_PREFIX;
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};
use futures::future;

use super::EnqueueError;
use super::extractions::{CaseExtractState, ExtractionWatch, results};
use super::named_cases::NamedCases;
use super::plan::{check_file_name, short_digest};
use super::retry::{ExtractOrder, RetryOutcome, RetryRequest, retry};
use super::settled::{alive_workers, is_queue_empty};
use super::writing::put_model;
use crate::administer::control::control;
use crate::study::Study;

/// The model that is run over files of finished cases.
#[derive(Debug, Clone, Copy)]
pub struct ExtractModel<'a> {
    /// Its file's name.
    pub file: &'a str,
    /// The way in which a worker runs it.
    pub kind: ModelKind,
    /// Content of that file.
    pub content: &'a [u8],
}

impl ExtractModel<'_> {
    fn reference(&self) -> ModelReference {
        ModelReference::new(&ModelDigest::of(self.content), self.file, self.kind)
    }
}

/// Account of an extraction in the study as it is, before anything is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtractPreflight {
    /// Number of cases that have a result and count.
    pub finished: u64,
    /// Number of cases that have no result yet: nothing is extracted from them.
    pub unfinished: u64,
    /// Those of the finished cases that have left no files.
    pub without_files: u64,
    /// Those with files from which this model has extracted already, and no other one since. Only with `force` they are sent.
    pub extracted: u64,
    /// Those with files that were sent to be extracted from by this model, and wait. Only with `force` they are sent once more.
    pub waiting: u64,
    /// Those with files that were sent to be extracted from by this model, and that no queue holds: they are sent once more.
    pub lost: u64,
    /// Number of workers that are alive.
    pub workers: u64,
    /// Whether workers take no case until somebody lets them go on.
    pub is_stopped: bool,
    batch: Batch,
    model: ModelReference,
    cases: Vec<CaseId>,
    after: String,
    is_forced: bool,
}

impl ExtractPreflight {
    /// Returns the number of cases that are sent, each in a message.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.cases.len() as u64
    }

    /// Returns the reason why nothing can be extracted, whatever is forced; `None` if something can.
    #[must_use]
    pub fn hindrance(&self) -> Option<String> {
        match self {
            Self { finished: 0, batch, .. } => {
                Some(format!("No case of batch {batch} that counts has a result: there is nothing to extract from."))
            }
            Self { finished, without_files, batch, .. } if finished == without_files => {
                Some(format!("No finished case of batch {batch} has left files: there is nothing to extract from."))
            }
            _ => None,
        }
    }

    /// Tells in lines what is sent and what isn't, and why: a count, and what it counts.
    #[must_use]
    pub fn lines(&self) -> Vec<(u64, &'static str)> {
        let forced = self.is_forced;
        let lines = [
            (self.finished, "finished cases"),
            (self.unfinished, "without a result so far, left out: extract again when they have one"),
            (self.without_files, "without files, left out"),
            (
                self.extracted,
                if forced {
                    "extracted from by the same model already, and again now"
                } else {
                    "extracted from by the same model already, skipped"
                },
            ),
            (
                self.waiting,
                if forced {
                    "waiting for this extraction already, sent once more"
                } else {
                    "waiting for this extraction already, skipped"
                },
            ),
            (self.lost, "in no queue, since who sent them was interrupted: sent once more"),
            (self.cases(), "to be sent, each as a message"),
        ];
        let last = lines.len() - 1;
        let is_told = |(place, (count, _)): &(usize, (u64, &str))| *count > 0 || *place == 0 || *place == last;
        lines.into_iter().enumerate().filter(is_told).map(|(_, line)| line).collect()
    }

    /// Returns the batch.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Whether some cases are skipped that `force` would send.
    #[must_use]
    pub const fn skips(&self) -> bool {
        !self.is_forced && self.extracted + self.waiting > 0
    }
}

/// Looks at what an extraction comes to: which cases have a result and files, and from which this model has extracted already.
///
/// # Errors
/// If the model's name can't be in a key, a table can't be read, or a request fails.
pub async fn extract_preflight(
    study: &Study,
    batch: &Batch,
    model: &ExtractModel<'_>,
    is_forced: bool,
) -> Result<ExtractPreflight, EnqueueError> {
    check_file_name(model.file)?;
    let model = model.reference();
    let named = NamedCases::read(study, batch).await?;
    let looks =
        future::try_join4(results(study, batch), with_files(study, batch), alive_workers(study), control(study));
    let (results, with_files, workers, control) = looks.await?;
    // Withdrawn ones aren't extracted from: they don't count.
    let finished: Vec<CaseId> = results.keys().copied().filter(|case| !named.withdrawn.contains(case)).collect();
    let unfinished = named.counted.iter().filter(|case| !results.contains_key(case)).count() as u64;
    let mut watch = ExtractionWatch::default();
    let states = watch.states(study, batch, &model, &results).await?;
    let is_open = states.values().any(|state| matches!(state, CaseExtractState::Open(_)));
    let (is_empty, now) = (is_open && is_queue_empty(study, &control).await?, study.now());
    let (mut extracted, mut waiting, mut lost, mut cases) = (0, 0, 0, Vec::new());
    for case in finished.iter().copied().filter(|case| with_files.contains(case)) {
        let is_extracted = watch.is_extracted(case, &model);
        let state = states.get(&case).filter(|_| !is_extracted);
        let is_lost = state.is_some_and(|state| is_empty && state.is_lost(now));
        let is_waiting = !is_lost && matches!(state, Some(CaseExtractState::Open(_)));
        lost += u64::from(is_lost);
        extracted += u64::from(is_extracted);
        waiting += u64::from(is_waiting);
        if is_forced || !(is_extracted || is_waiting) {
            cases.push(case);
        }
    }
    let without_files = finished.iter().filter(|case| !with_files.contains(case)).count() as u64;
    Ok(ExtractPreflight {
        finished: finished.len() as u64,
        unfinished,
        without_files,
        extracted,
        waiting,
        lost,
        workers: workers.len() as u64,
        is_stopped: control.is_stopped(),
        after: short_digest(&format!("{batch} {} {:?}", model.key, watch.last_of(&model))),
        batch: batch.clone(),
        model,
        cases,
        is_forced,
    })
}

/// Sends the cases of an extraction; `tell` gets the number of those that were sent so far.
///
/// # Errors
/// If the batch is called off, a pool isn't there, a design or table can't be read, or a request fails.
pub async fn extract(
    study: &Study,
    preflight: &ExtractPreflight,
    content: &[u8],
    by: String,
    tell: &dyn Fn(u64),
) -> Result<RetryOutcome, EnqueueError> {
    let ExtractPreflight { batch, model, cases, after, is_forced, .. } = preflight;
    if cases.is_empty() {
        return Ok(RetryOutcome::default());
    }
    put_model(study, model, content).await?;
    // Whatever was submitted: that a case is computed again doesn't keep its result from being read.
    let request = RetryRequest {
        cases: cases.iter().map(|case| (batch.clone(), *case)).collect(),
        seen_time: f64::INFINITY,
        is_forced: *is_forced,
        by,
        extract: Some(ExtractOrder { model: model.clone(), after: after.clone() }),
        ..RetryRequest::default()
    };
    retry(study, &request, tell).await
}

/// Returns the cases of a batch that have left files: a listing that gives each case's folder once.
async fn with_files(study: &Study, batch: &Batch) -> Result<BTreeSet<CaseId>, Error> {
    let prefix = format!("{DATA_PREFIX}{batch}/files/");
    let mut found = BTreeSet::new();
    let mut next = Some(s3::ListObjects::new(&study.config.bucket).prefix(&prefix).delimiter("/"));
    while let Some(operation) = next {
        let page = study.client.send(&operation).await?;
        next = operation.following(&page)?;
        let case = |folder: &String| CaseId::parse(folder.strip_prefix(&prefix)?.strip_suffix('/')?).ok();
        found.extend(page.common_prefixes.iter().filter_map(case));
    }
    Ok(found)
}

#[cfg(test)]
#[path = "extract_tests.rs"]
mod tests;
