//! What became of a few cases.

use cruncher_aws::s3;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::key::DataKey;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;

use crate::study::{ReadError, Study};

/// How many cases are looked at at once.
const CONCURRENT_LOOKS: usize = 8;

/// What became of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseOutcome {
    /// Nothing so far.
    Waiting,
    /// It has a result.
    Done(Box<ResultDocument>),
    /// It failed; unless that is final, it will be tried again.
    Failed(Box<ErrorDocument>),
}

impl CaseOutcome {
    /// Whether it stays like this.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self {
            Self::Waiting => false,
            Self::Done(_) => true,
            Self::Failed(document) => document.is_final,
        }
    }
}

/// What became of these cases of a batch, in their order: two requests each at most.
///
/// # Errors
/// If a request fails, or a document isn't one.
pub async fn outcomes(study: &Study, batch: &Batch, cases: &[CaseId]) -> Result<Vec<CaseOutcome>, ReadError> {
    let looks = cases.iter().map(|case| outcome(study, batch, *case));
    stream::iter(looks).buffered(CONCURRENT_LOOKS).try_collect().await
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
    match study.client.send(&s3::GetObject::new(&study.config.bucket, &key)).await {
        Ok(s3::Fetched::Object(object)) => {
            serde_json::from_slice(&object.body).map(Some).map_err(|source| ReadError::Json { key, source })
        }
        Ok(s3::Fetched::NotModified) => Ok(None),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
