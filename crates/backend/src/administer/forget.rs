//! Forgetting workers that are gone: they are shown no more. Their rows and logs stay.

use std::collections::BTreeSet;

use cruncher_aws::s3;
use cruncher_study::control::StudyControl;
use cruncher_study::key::WORKERS_PREFIX;

use super::control::{ControlError, change_control};
use crate::study::{ReadError, Study};

/// Deletes the heartbeats of these workers, and takes them out of those that are drained.
///
/// # Errors
/// If a request fails. Workers that were forgotten until then are.
pub async fn forget(study: &Study, workers: &BTreeSet<String>) -> Result<(), ControlError> {
    for worker in workers {
        let key = format!("{WORKERS_PREFIX}{worker}/heartbeat.json");
        let delete = s3::DeleteObject::new(&study.config.bucket, key);
        study.client.send(&delete).await.map_err(ReadError::Aws)?;
    }
    change_control(study, &|control: &mut StudyControl| control.drain.retain(|worker| !workers.contains(worker)))
        .await
        .map(|_| ())
}
