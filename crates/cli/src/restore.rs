//! `cruncher restore`

use cruncher_aws::s3::ObjectVersion;
use cruncher_backend::administer::restore::{RestoreError, restore, versions};
use cruncher_backend::study::Study;
use cruncher_study::number_format::ago;

use crate::arguments::{CloudAccount, RestoreArguments};
use crate::cloud;
use crate::failure::{CommandFailure, sentence};
use crate::output::{result, result_part};
use crate::text::{TextAlign, size, table};

/// Lists the versions of an object, or brings one back.
pub(crate) async fn run(account: &CloudAccount, arguments: &RestoreArguments) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    match &arguments.version {
        None => list(&study, &arguments.key).await,
        Some(version_id) => bring_back(&study, &arguments.key, version_id).await,
    }
}

async fn list(study: &Study, key: &str) -> Result<(), CommandFailure> {
    let versions = versions(&study.client, &study.config.bucket, key).await?;
    if versions.is_empty() {
        return Err(CommandFailure::new(format!(
            "There is no {key} in the study's bucket, and no earlier version of it is kept. A key is written as in the \
             bucket: data/BATCH/done-CASE.json."
        )));
    }
    let columns = [("version", TextAlign::Left), ("written", TextAlign::Left), ("size", TextAlign::Right)];
    let rows: Vec<_> = versions.iter().map(|version| row(version, study.now())).collect();
    result_part(table(&columns, &rows));
    result(format_args!("To bring one back:  cruncher restore {} {key} VERSION", study.config.study));
    Ok(())
}

fn row(version: &ObjectVersion, now: f64) -> Vec<String> {
    let time = ago(now - version.last_modified.as_secs_f64());
    let time = if version.is_latest { format!("{time}, the one that counts") } else { time };
    let size = version.size_bytes.map_or_else(|| "deleted".to_owned(), size);
    vec![version.version_id.clone(), time, size]
}

async fn bring_back(study: &Study, key: &str, version_id: &str) -> Result<(), CommandFailure> {
    let restored = restore(&study.client, &study.config.bucket, key, version_id).await;
    let version = restored.map_err(|error| match error {
        RestoreError::Aws(error) => error.into(),
        error => CommandFailure::new(format!(
            "{} `cruncher restore {} {key}` lists the versions.",
            sentence(&error),
            study.config.study
        )),
    })?;
    let age = ago(study.now() - version.last_modified.as_secs_f64());
    if version.is_latest {
        result(format_args!("{key} is this version already, written {age}."));
    } else {
        result(format_args!(
            "{key} is again as it was written {age}. What it was until now is kept as a version, too."
        ));
    }
    Ok(())
}
