//! Outcomes of a few cases.

use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::key::DataKey;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use crate::reading::MAX_DOCUMENT_BYTES;
use crate::study::{ReadError, Study};

/// Number of cases looked at at once.
const CONCURRENT_LOOKS: usize = 8;

/// Outcome of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseOutcome {
    /// It has no outcome yet.
    Waiting,
    /// It has a result.
    Done(Box<ResultDocument>),
    /// It failed; unless that is final, it will be tried again.
    Failed(Box<ErrorDocument>),
}

impl CaseOutcome {
    /// Whether the outcome is final.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Waiting => false,
            Self::Done(_) => true,
            Self::Failed(document) => document.is_final,
        }
    }

    /// Returns the outcome as it counts for a submission. With `force` a case is computed again: another submission's result
    /// isn't the one that is waited for. A failure from before the submission doesn't count, either.
    fn of_submission(self, document: &DesignDocument) -> Self {
        let is_older = match &self {
            Self::Waiting => false,
            Self::Done(found) => document.force && found.submission != document.submission,
            // The clocks of sender and worker differ: a failure of this submission is never older than it.
            Self::Failed(found) => found.submission != document.submission && found.end_time < document.submit_time,
        };
        if is_older { Self::Waiting } else { self }
    }
}

/// Returns the outcomes of these cases of a submission, in their order: two requests each at most. Outcomes from before the
/// submission don't count.
///
/// # Errors
/// If a request fails, or a document isn't one.
pub async fn outcomes(
    study: &Study,
    document: &DesignDocument,
    cases: &[CaseId],
) -> Result<Vec<CaseOutcome>, ReadError> {
    let looks = cases.iter().map(|case| outcome(study, &document.batch, *case));
    let found: Vec<CaseOutcome> = stream::iter(looks).buffered(CONCURRENT_LOOKS).try_collect().await?;
    Ok(found.into_iter().map(|outcome| outcome.of_submission(document)).collect())
}

async fn outcome(study: &Study, batch: &Batch, case: CaseId) -> Result<CaseOutcome, ReadError> {
    if let Some(document) = document(study, DataKey::Done(batch.clone(), case)).await? {
        return Ok(CaseOutcome::Done(Box::new(document)));
    }
    let failure = document(study, DataKey::Error(batch.clone(), case)).await?;
    Ok(failure.map_or(CaseOutcome::Waiting, |document| CaseOutcome::Failed(Box::new(document))))
}

async fn document<T: DeserializeOwned>(study: &Study, key: DataKey) -> Result<Option<T>, ReadError> {
    let key = key.key();
    match study.read(&key, MAX_DOCUMENT_BYTES).await {
        Ok(json) => serde_json::from_slice(&json).map(Some).map_err(|source| ReadError::Json { key, source }),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::{TestCloud, plan};

    fn done(submission: &str) -> String {
        format!(
            r#"{{"case_id": "00000000000000000000000000000000", "batch": "b", "submission": "{submission}", "start_time": 1.0,
            "end_time": 2.0, "result": {{}}}}"#
        )
    }

    fn failed(submission: &str, end_time: f64) -> String {
        format!(
            r#"{{"case_id": "00000000000000000000000000000000", "batch": "b", "submission": "{submission}", "start_time": 1.0, "end_time": {end_time},
            "attempt": 3, "max_attempts": 3, "exception": "E", "signature": "00", "final": true}}"#
        )
    }

    fn check(kind: &str, json: &str, is_forced: bool, is_settled: bool) {
        let (cloud, study) = TestCloud::study();
        let plan = plan(1);
        let document = DesignDocument { force: is_forced, ..plan.document().clone() };
        cloud.put(&format!("data/b/{kind}-{}.json", plan.case_id(0)), json);
        let outcomes = block_on(outcomes(&study, &document, &[plan.case_id(0)])).unwrap();
        assert_eq!(outcomes[0].is_settled(), is_settled, "{json}");
    }

    #[test]
    fn what_became_of_a_case_before_it_was_submitted_is_not_waited_for() {
        check("done", &done("00f1e2d3c4b5a697"), true, true);
        check("done", &done("0000000000000000"), false, true);
        check("done", &done("0000000000000000"), true, false);
        check("error", &failed("0000000000000000", 1_790_000_001.0), false, true);
        check("error", &failed("0000000000000000", 1_789_999_999.0), false, false);
        // The worker's clock is behind the sender's.
        check("error", &failed("00f1e2d3c4b5a697", 1_789_999_999.0), false, true);
    }
}
