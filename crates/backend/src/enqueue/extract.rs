//! Extracting again: a second model runs over the files of finished cases, and what it returns joins their results.

use cruncher_aws::s3;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};

use super::EnqueueError;
use super::named_cases::NamedCases;
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
    /// Content of that file.
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

/// Lists the cases of a batch that have a result. Withdrawn ones aren't extracted from: another submission would have them count again.
async fn finished(study: &Study, batch: &Batch) -> Result<Vec<CaseRef>, EnqueueError> {
    let list = s3::ListObjects::new(&study.config.bucket).prefix(format!("{DATA_PREFIX}{batch}/done-"));
    let done = s3::list_all(&study.client, list).await?;
    if done.is_empty() {
        return Ok(Vec::new());
    }
    let withdrawn = NamedCases::read(study, batch).await?.withdrawn;
    let case = |object: s3::ListedObject| match DataKey::parse(&object.key) {
        Some(DataKey::Done(of, case)) if of == *batch && !withdrawn.contains(&case) => Some((of, case)),
        _ => None,
    };
    Ok(done.into_iter().filter_map(case).collect())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::administer::control::change_control;
    use crate::enqueue::pause_handle::PauseHandle;
    use crate::enqueue::preflight::CaseSelection;
    use crate::enqueue::submission_sender::SubmissionSender;
    use crate::testing::{MODEL, TestCloud, memory, plan};

    #[test]
    fn withdrawn_cases_are_not_extracted_from() {
        let (cloud, study) = TestCloud::study();
        let plan = plan(3);
        let selection = CaseSelection::all(&plan);
        let begun = SubmissionSender::begin(&study, plan.clone(), MODEL, &selection, None, memory());
        block_on(block_on(begun).unwrap().run(&PauseHandle::default(), &mut |_| {})).unwrap();
        let batch = plan.document().batch.clone();
        for place in [0, 2] {
            cloud.put(&DataKey::Done(batch.clone(), plan.case_id(place)).key(), "{}");
        }
        let sent = || {
            cloud.queue.lock().unwrap().clear();
            cloud.pass(600);
            let model = ExtractModel { file: "peaks.py", kind: ModelKind::Python, content: b"result['peak'] = 1" };
            block_on(extract(&study, &batch, model, "operator".into(), &|_| {})).unwrap().sent
        };
        assert_eq!(sent(), 2);
        assert_eq!(cloud.queue.lock().unwrap()[0]["extract"]["kind"], "python");
        // A version is withdrawn with all of its submissions: also the one that has extracted.
        let all = block_on(crate::fetch::submitted::submissions_of(&study, &batch)).unwrap();
        assert_eq!(all.len(), 2);
        block_on(change_control(&study, &|control| control.withdrawn_submissions.extend(all.clone()))).unwrap();
        assert_eq!(sent(), 0);
        assert!(cloud.queued().is_empty());
    }
}
