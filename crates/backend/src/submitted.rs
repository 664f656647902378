//! The designs that were submitted to a study.

use cruncher_aws::{Error, s3};
use cruncher_study::design_document::DesignDocument;
use cruncher_study::key::{DATA_PREFIX, DataKey};

use crate::listing::tables_below;
use crate::reading::{MAX_DOCUMENT_BYTES, Wanted, parse};
use crate::study::Study;

/// The designs that were submitted to a study, the last one first. What can't be read is left out.
///
/// # Errors
/// If a request fails.
pub async fn submitted(study: &Study) -> Result<Vec<DesignDocument>, Error> {
    let objects = tables_below(&study.client, &study.config.bucket, DATA_PREFIX).await?;
    let is_design = |object: &s3::ListedObject| matches!(DataKey::parse(&object.key), Some(DataKey::Design(..)));
    let designs = objects.into_iter().filter(is_design).map(Wanted::whole).collect();
    let read = study.read_all(designs, MAX_DOCUMENT_BYTES).await?;
    let mut designs: Vec<DesignDocument> = read.into_iter().filter_map(|(_, body)| parse(body).ok()).collect();
    designs.sort_by(|one, other| other.submit_time.total_cmp(&one.submit_time));
    Ok(designs)
}
