//! The designs that were submitted to a study.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::factor::Factor;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::model::{MAX_MODEL_BYTES, ModelDigest, ModelKind, ModelReference};

use crate::enqueue::bundle::MAX_PACKED_BYTES;
use crate::listing::tables_below;
use crate::reading::{MAX_DOCUMENT_BYTES, ReadRequest, parse};
use crate::study::Study;

/// Reads the designs that were submitted to a study, the last one first. Those that can't be read are left out, and those that
/// are `known` aren't read again.
///
/// # Errors
/// If a request fails.
pub async fn submitted(study: &Study, known: &[DesignDocument]) -> Result<Vec<DesignDocument>, Error> {
    let objects = tables_below(&study.client, &study.config.bucket, DATA_PREFIX).await?;
    let submissions: BTreeSet<&str> = known.iter().map(|design| design.submission.as_str()).collect();
    let is_new = |object: &s3::ListedObject| match DataKey::parse(&object.key) {
        Some(DataKey::Design(_, submission)) => !submissions.contains(submission.as_str()),
        _ => false,
    };
    let new = objects.into_iter().filter(is_new).map(ReadRequest::whole).collect();
    let read = study.read_all(new, MAX_DOCUMENT_BYTES).await?;
    let mut designs: Vec<DesignDocument> = read.into_iter().filter_map(|(_, body)| parse(body).ok()).collect();
    designs.extend(known.iter().cloned());
    designs.sort_by(|one, other| other.submit_time.total_cmp(&one.submit_time));
    Ok(designs)
}

/// Returns the submissions of a batch, the last one first.
pub(crate) async fn submissions_of(study: &Study, batch: &Batch) -> Result<Vec<String>, Error> {
    let prefix = format!("{DATA_PREFIX}{batch}/cases-");
    let listed = s3::list_all(&study.client, s3::ListObjects::new(&study.config.bucket).prefix(prefix)).await?;
    let named = listed.into_iter().filter_map(|object| match DataKey::parse(&object.key) {
        Some(DataKey::Cases(own, id)) if own == *batch => Some((object.last_modified, id)),
        _ => None,
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    Ok(named.into_iter().rev().map(|(_, id)| id).collect())
}

/// Reads the model that a design was submitted with: a file, or the bundle of a folder.
///
/// # Errors
/// If it can't be read, or isn't the one that its key names. The error says why in words.
pub async fn submitted_content(study: &Study, model: &ModelReference) -> Result<Bytes, String> {
    let (digest, _) = ModelReference::parse_key(&model.key).ok_or("its key is none of a model")?;
    let max_bytes = if model.kind == ModelKind::Bundle { MAX_PACKED_BYTES } else { MAX_MODEL_BYTES };
    let content = study.read(&model.key, max_bytes).await.map_err(|error| error.to_string())?;
    if ModelDigest::of(&content) != digest {
        return Err("what stands in the bucket isn't what was submitted".to_owned());
    }
    Ok(content)
}

/// Reads the model file that a design was submitted with.
///
/// # Errors
/// If it can't be read, isn't text, or isn't the one that its key names. The error says why in words.
pub async fn submitted_model(study: &Study, model: &ModelReference) -> Result<String, String> {
    let content = submitted_content(study, model).await?;
    String::from_utf8(content.into()).map_err(|_foreign| "it isn't UTF-8".to_owned())
}

/// Returns the unit of each factor that has one, by its name. Factors to which designs give different units are left out, since
/// their values are in both.
#[must_use]
pub fn units<'a>(factors: impl IntoIterator<Item = &'a Factor>) -> BTreeMap<String, String> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for factor in factors.into_iter().filter(|factor| !factor.unit.is_empty()) {
        found.entry(&factor.name).or_default().insert(&factor.unit);
    }
    let single = |(name, units): (&str, BTreeSet<&str>)| match units.first() {
        Some(unit) if units.len() == 1 => Some((name.to_owned(), (*unit).to_owned())),
        _ => None,
    };
    found.into_iter().filter_map(single).collect()
}

#[cfg(test)]
mod tests {
    use cruncher_study::factor::FactorValues;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    #[test]
    fn a_model_that_is_not_the_one_of_its_key_is_not_given() {
        let (cloud, study) = TestCloud::study();
        let model = ModelReference::new(&ModelDigest::of(b"result['a'] = 1"), "m.py", ModelKind::Python);
        cloud.put(&model.key, "result['a'] = 1");
        assert_eq!(block_on(submitted_model(&study, &model)).unwrap(), "result['a'] = 1");
        cloud.put(&model.key, "result['a'] = 2");
        let error = block_on(submitted_model(&study, &model)).unwrap_err();
        assert_eq!(error, "what stands in the bucket isn't what was submitted");
    }

    #[test]
    fn a_bundle_comes_as_bytes_also_if_it_is_larger_than_a_file_may_be() {
        let (cloud, study) = TestCloud::study();
        let content = vec![0xff; usize::try_from(MAX_MODEL_BYTES).unwrap() + 1];
        let of = |kind| ModelReference::new(&ModelDigest::of(&content), "wave.zip", kind);
        cloud.put(&of(ModelKind::Bundle).key, content.clone());
        assert_eq!(block_on(submitted_content(&study, &of(ModelKind::Bundle))).unwrap(), content);
        assert!(block_on(submitted_content(&study, &of(ModelKind::Python))).is_err());
    }

    #[test]
    fn a_unit_is_known_if_designs_agree() {
        let factor = |name: &str, unit: &str| {
            let (name, unit, note) = (name.to_owned(), unit.to_owned(), String::new());
            Factor { name, count: None, values: FactorValues::Listed, unit, note }
        };
        let factors = [("c", "Pa"), ("c", "kPa"), ("w", "m"), ("w", ""), ("w", "m"), ("soil", "")];
        let factors = factors.map(|(name, unit)| factor(name, unit));
        assert_eq!(units(&factors), BTreeMap::from([("w".to_owned(), "m".to_owned())]));
    }
}
