//! `cruncher configure`

use cruncher_aws::Client;
use cruncher_backend::administer::keys;
use cruncher_backend::administer::launch::{ConfiguredStudy, KeyPolicy, configure};
use cruncher_backend::administer::sealed_access::{AccessSealing, RolePassphrases};

use crate::arguments::{CloudAccount, ConfigureArguments};
use crate::cloud;
use crate::failure::{CommandFailure, of_launch};
use crate::links::StudyLinks;
use crate::output::{ProgressReporter, note, result};
use crate::passphrases;
use crate::release::{page_to_publish, release};
use crate::signal::unless_ended;

/// Brings a study up to this version; prints its addresses, and new links if there are any.
pub(crate) async fn run(account: &CloudAccount, arguments: &ConfigureArguments) -> Result<(), CommandFailure> {
    let study = arguments.study.as_str();
    unless_ended(update(account, arguments), || {
        format!("Interrupted: study {study} may be changed in part. `cruncher configure {study}` can be run again.")
    })
    .await
}

async fn update(account: &CloudAccount, arguments: &ConfigureArguments) -> Result<(), CommandFailure> {
    let study = arguments.study.as_str();
    let policy = if arguments.rotate_keys { KeyPolicy::Renew } else { KeyPolicy::Keep };
    let passphrases = passphrases::generate(arguments.public_view);
    let page = page_to_publish()?;
    let client = cloud::client(account).await?;
    let region = client.endpoints().region.clone();
    let configured = {
        let mut reporter = ProgressReporter::new();
        let sealing = AccessSealing { passphrases: &passphrases, random: &mut passphrases::random };
        reporter.line(format_args!("Configuring study {study} in {region}"));
        let configured =
            configure(&client, study, release(&page), policy, sealing, &mut |step| reporter.step(step)).await;
        configured.map_err(|error| of_launch(error, study, &region))?
    };
    print(&configured, &passphrases, arguments);
    delete_old_keys(&client, &configured).await
}

fn print(configured: &ConfiguredStudy, passphrases: &RolePassphrases, arguments: &ConfigureArguments) {
    let study = &arguments.study;
    let keys = configured.new_keys.as_ref().map(|new| (&new.keys, passphrases));
    let links = StudyLinks::new(&configured.config, &configured.website_url, keys);
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
    if keys.is_none() {
        result("");
        result(format_args!(
            "Passphrases and links stay valid. `cruncher configure {study} --rotate-keys` makes new ones."
        ));
    }
}

/// Deletes the old keys. This comes after the new links were printed, so that nobody is locked out should it fail.
async fn delete_old_keys(client: &Client, configured: &ConfiguredStudy) -> Result<(), CommandFailure> {
    let old = configured.new_keys.as_ref().map(|new| new.old.as_slice()).unwrap_or_default();
    if old.is_empty() {
        return Ok(());
    }
    keys::delete(client, old).await?;
    note("Deleted the old keys: old passphrases, links and attached workers are refused from now on.");
    Ok(())
}
