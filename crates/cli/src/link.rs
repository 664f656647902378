//! `cruncher link`

use cruncher_aws::Endpoints;
use cruncher_backend::administer::page::INDEX_KEY;
use cruncher_backend::administer::sealed_access::{SealedAccessError, read_access};
use cruncher_sealing::{OpenError, Passphrase};
use cruncher_study::access::{Role, StudyAccess};

use crate::arguments::{CloudAccount, LinkArguments};
use crate::cloud;
use crate::failure::{CommandFailure, sentence};
use crate::output::{note, result, secret};

/// Prints a link that opens the study's page without a passphrase.
pub(crate) async fn run(account: &CloudAccount, arguments: &LinkArguments) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    let bucket = &study.config.bucket;
    let role = Role::from(arguments.role);
    let failed = |error: SealedAccessError| CommandFailure::new(format!("{} {}", sentence(&error), error.advice()));
    let document = read_access(&study.client, bucket).await.map_err(failed)?;
    let no_passphrase = || failed(OpenError::NoPassphrase.into());
    let document = document.ok_or_else(no_passphrase)?;
    let public = document.public_viewer.as_ref().filter(|_| role == Role::Viewer);
    let access = if let Some(key) = public {
        StudyAccess { role, key: key.clone(), worker: None, viewer: None }
    } else {
        let passphrase = Passphrase::typed(&secret(&format!("{role}'s passphrase: ")).await?);
        let opened = document.open(bucket, &passphrase).map_err(|error| failed(error.into()))?;
        opened
            .as_role(role)
            .ok_or_else(|| CommandFailure::new("This is the viewer's passphrase, which makes no operator's link."))?
    };
    let endpoints = Endpoints::new(&study.config.region, study.config.endpoint_url.clone());
    result(access.link(&endpoints.object_url(bucket, INDEX_KEY)));
    note(format_args!(
        "Whoever has this link has the {role}'s rights, until `cruncher configure {} --rotate-keys`.",
        arguments.study
    ));
    Ok(())
}
