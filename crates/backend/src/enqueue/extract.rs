//! Extracting again: a second model runs over the files of finished cases, and what it returns joins their results.

use cruncher_aws::s3;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};

use super::EnqueueError;
use super::plan::check_file_name;
use super::retry::{RetryOutcome, RetryRequest, retry};
use super::writing::put_model;
use crate::study::Study;

/// The model that is run over files of finished cases.
#[derive(Debug, Clone, Copy)]
pub struct ExtractModel<'a> {
    /// Its file's name.
    pub file: &'a str,
    /// The way in which a worker runs it.
    pub kind: ModelKind,
    /// What it holds.
    pub content: &'a [u8],
}

/// Sends the finished cases of a batch, each to be extracted from again; `tell` gets the number of those that were sent so far.
///
/// # Errors
/// If the batch is called off, the model's name can't be in a key, a design or table can't be read, or a request fails.
pub async fn extract(
    study: &Study,
    batch: &Batch,
    model: ExtractModel<'_>,
    by: String,
    tell: &dyn Fn(u64),
) -> Result<RetryOutcome, EnqueueError> {
    check_file_name(model.file)?;
    let cases = finished(study, batch).await?;
    if cases.is_empty() {
        return Ok(RetryOutcome::default());
    }
    let reference = ModelReference::new(&ModelDigest::of(model.content), model.file, model.kind);
    put_model(study, &reference, model.content).await?;
    // Whatever was submitted: that a case is computed again doesn't keep its result from being read.
    let request =
        RetryRequest { cases, seen_time: f64::INFINITY, by, extract: Some(reference), ..RetryRequest::default() };
    retry(study, &request, tell).await
}

/// Lists the cases of a batch that have a result.
async fn finished(study: &Study, batch: &Batch) -> Result<Vec<CaseRef>, EnqueueError> {
    let list = s3::ListObjects::new(&study.config.bucket).prefix(format!("{DATA_PREFIX}{batch}/done-"));
    let case = |object: s3::ListedObject| match DataKey::parse(&object.key) {
        Some(DataKey::Done(of, case)) if of == *batch => Some((of, case)),
        _ => None,
    };
    Ok(s3::list_all(&study.client, list).await?.into_iter().filter_map(case).collect())
}
