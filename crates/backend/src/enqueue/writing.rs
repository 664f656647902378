//! Writing a submission down.

use std::io::Write as _;

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use cruncher_study::case_table::write_table;
use cruncher_study::cases::Cases;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::key::DataKey;
use cruncher_study::model::ModelDigest;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::EnqueueError;
use super::plan::Plan;
use crate::study::Study;

/// Writes the model, unless it is there.
pub(super) async fn write_model(study: &Study, plan: &Plan, model: &[u8]) -> Result<(), EnqueueError> {
    let place = &plan.document().model;
    if ModelDigest::of(model) != place.digest() {
        return Err(EnqueueError::OtherModel);
    }
    let put = s3::PutObject::new(&study.config.bucket, &place.key, model.to_vec()).if_none_match_any();
    match study.client.send(&put).await {
        Err(error) if !error.is_precondition_failed() => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Writes design and table of cases, over what an earlier attempt may have left.
pub(super) async fn write_down(study: &Study, document: &DesignDocument, cases: &Cases) -> Result<(), EnqueueError> {
    let (batch, submission) = (&document.batch, &document.submission);
    let json = serde_json::to_vec_pretty(document).unwrap_or_default();
    put(study, &DataKey::Design(batch.clone(), submission.clone()), json.into(), |put| {
        put.content_type("application/json")
    })
    .await?;
    let table = gzip(&write_table(cases)?);
    put(study, &DataKey::Cases(batch.clone(), submission.clone()), table, |put| {
        put.content_type("text/csv; charset=utf-8").content_encoding("gzip")
    })
    .await?;
    Ok(())
}

async fn put(
    study: &Study,
    key: &DataKey,
    content: Bytes,
    headers: impl FnOnce(s3::PutObject) -> s3::PutObject,
) -> Result<(), Error> {
    study.client.send(&headers(s3::PutObject::new(&study.config.bucket, key.key(), content))).await?;
    Ok(())
}

/// Fast: a table is mostly digits without any pattern, of which more time would save little.
fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(content.len() / 2), Compression::fast());
    // Writing to memory doesn't fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default().into()
}
