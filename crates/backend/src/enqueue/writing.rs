//! Writing the documents of a submission.

use std::io::Write as _;
use std::path::Path;

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use cruncher_study::case_table::write_table;
use cruncher_study::cases::DesignCases;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::key::DataKey;
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::EnqueueError;
use super::plan::EnqueuePlan;
use crate::study::Study;

/// Writes the model, unless it is there.
pub(super) async fn write_model(study: &Study, plan: &EnqueuePlan, model: &[u8]) -> Result<(), EnqueueError> {
    let place = &plan.document().model;
    if ModelDigest::of(model) != place.digest() {
        return Err(EnqueueError::OtherModel);
    }
    Ok(put_model(study, place, model).await?)
}

/// Size of a model from which one more request asks whether it is there, before all of it is sent.
const LARGE_BYTES: usize = 1 << 20;

/// Writes a model at its place, unless it is there.
pub(super) async fn put_model(study: &Study, place: &ModelReference, model: &[u8]) -> Result<(), Error> {
    if model.len() > LARGE_BYTES {
        let head = s3::HeadObject::new(&study.config.bucket, &place.key);
        // Whatever else is wrong, the writing says it.
        if study.client.send(&head).await.is_ok() {
            return Ok(());
        }
    }
    let put = s3::PutObject::new(&study.config.bucket, &place.key, model.to_vec());
    let put = put.content_type(media_type(place, model)).if_none_match_any();
    match study.client.send(&put).await {
        Err(error) if !error.is_precondition_failed() => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Returns the media type of the model, for a browser that opens it: workers don't ask.
fn media_type(place: &ModelReference, model: &[u8]) -> &'static str {
    let is_text = !model.contains(&0) && std::str::from_utf8(model).is_ok();
    let is_named_python = Path::new(place.file_name()).extension().is_some_and(|end| end.eq_ignore_ascii_case("py"));
    let is_python = place.kind == ModelKind::Python || is_named_python;
    if place.kind == ModelKind::CommandLine {
        return "application/json";
    }
    match (is_text, is_python) {
        (false, _) => "application/octet-stream",
        (true, true) => "text/x-python; charset=utf-8",
        (true, false) => "text/plain; charset=utf-8",
    }
}

/// Writes design and table of cases, over those that an earlier attempt may have left.
pub(super) async fn write_down(
    study: &Study,
    document: &DesignDocument,
    cases: &DesignCases,
) -> Result<(), EnqueueError> {
    let json = serde_json::to_vec_pretty(document).unwrap_or_default();
    put(study, &document.key(), json.into(), |put| put.content_type("application/json")).await?;
    let table = gzip(&write_table(cases)?);
    put(study, &document.table_key(), table, |put| {
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

/// Packs fast: a table is mostly digits without any pattern, so more time would save little.
fn gzip(content: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(content.len() / 2), Compression::fast());
    // Writing to memory doesn't fail.
    let _ = encoder.write_all(content);
    encoder.finish().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_is_a_text_is_one_for_a_browser_too() {
        let check = |file: &str, kind: ModelKind, model: &[u8], expected: &str| {
            let place = ModelReference::new(&ModelDigest::of(model), file, kind);
            assert_eq!(media_type(&place, model), expected, "{file}");
        };
        check("footing.dat", ModelKind::Python, "kohäsion = {{c}}".as_bytes(), "text/x-python; charset=utf-8");
        check("footing.py", ModelKind::Command, b"print(1)", "text/x-python; charset=utf-8");
        check("run.sh", ModelKind::Command, b"#!/bin/sh\n", "text/plain; charset=utf-8");
        check("model.json", ModelKind::CommandLine, b"{}", "application/json");
        check("run", ModelKind::Command, b"\x7fELF\x02\x00", "application/octet-stream");
        check("latin.py", ModelKind::Python, b"# -*- coding: latin-1 -*-\nx = '\xe4'", "application/octet-stream");
    }
}
