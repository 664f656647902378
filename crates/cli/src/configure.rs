//! `cruncher configure`

use cruncher_backend::administer::launch::{ConfiguredStudy, configure};
use cruncher_backend::administer::sealed_access::{AccessSealing, RolePassphrases};

use crate::arguments::{CloudAccount, ConfigureArguments};
use crate::cloud;
use crate::failure::{CommandFailure, of_launch};
use crate::links::{NewAccess, StudyLinks};
use crate::output::{ProgressReporter, note, result};
use crate::passphrases;
use crate::release::{page_to_publish, release};
use crate::rotation::KeyRotation;
use crate::signal::unless_ended;

/// Brings a study up to this version; prints its addresses, and new passphrases if there are any.
pub(crate) async fn run(account: &CloudAccount, arguments: &ConfigureArguments) -> Result<(), CommandFailure> {
    let study = arguments.study.as_str();
    let work = async {
        let rotation =
            if arguments.rotate_keys { Some(Box::pin(KeyRotation::begin(account, arguments)).await?) } else { None };
        let passphrases = passphrases::generate(arguments.rotation.public_view);
        let configured = Box::pin(update(account, arguments, &passphrases)).await?;
        match rotation {
            // Keys that were just made need no other ones.
            Some(rotation) if configured.new_keys.is_none() => Ok(Some((rotation, configured))),
            _ => {
                print(&configured, &passphrases, arguments);
                Ok(None)
            }
        }
    };
    let interrupted =
        || format!("Interrupted: study {study} may be changed in part. `cruncher configure {study}` can be run again.");
    match unless_ended(work, interrupted).await? {
        Some((rotation, configured)) => Box::pin(rotation.finish(&configured, arguments)).await,
        None => Ok(()),
    }
}

async fn update(
    account: &CloudAccount,
    arguments: &ConfigureArguments,
    passphrases: &RolePassphrases,
) -> Result<ConfiguredStudy, CommandFailure> {
    let (page, study) = (page_to_publish()?, arguments.study.as_str());
    let limit_bytes = arguments.outputs_limit_mib.map(|mib| u64::from(mib) << 20);
    let client = cloud::client(account).await?;
    let region = client.endpoints().region.clone();
    let mut reporter = ProgressReporter::new();
    let sealing = AccessSealing { passphrases, random: &mut passphrases::random };
    reporter.line(format_args!("Configuring study {study} in {region}"));
    let configured =
        configure(&client, study, release(&page), sealing, limit_bytes, &mut |step| reporter.step(step)).await;
    configured.map_err(|error| of_launch(error, study, &region))
}

fn print(configured: &ConfiguredStudy, passphrases: &RolePassphrases, arguments: &ConfigureArguments) {
    let study = &arguments.study;
    let access = configured.new_keys.as_ref().map(|keys| NewAccess::of_all(keys, passphrases));
    let is_new = access.is_some();
    let links = StudyLinks::new(&configured.config, &configured.outputs.website_url, access);
    if !configured.keys_are_accepted {
        note("The new keys are not accepted everywhere yet: should a link be refused, reload the page in a minute.");
    }
    if arguments.json {
        links.print_json();
        return;
    }
    result(format_args!("Study {study} is configured."));
    result("");
    links.print();
    if !is_new {
        result("");
        result(format_args!(
            "Passphrases and links stay valid. `cruncher configure {study} --rotate-keys` makes new ones."
        ));
    }
}
