//! `cruncher launch`

use cruncher_backend::administer::launch::{LaunchedStudy, QueueThroughput, launch};
use cruncher_backend::administer::sealed_access::{AccessSealing, RolePassphrases};
use cruncher_backend::administer::stack::stack_name;

use crate::arguments::{CloudAccount, LaunchArguments};
use crate::cloud;
use crate::failure::{CommandFailure, of_launch};
use crate::links::{NewAccess, StudyLinks};
use crate::output::{ProgressReporter, note, result};
use crate::passphrases;
use crate::release::{page_to_publish, release};
use crate::signal::unless_ended;

/// Launches a study and prints its links.
pub(crate) async fn run(account: &CloudAccount, arguments: &LaunchArguments) -> Result<(), CommandFailure> {
    let study = arguments.study.as_str();
    let passphrases = passphrases::generate(arguments.public_view);
    let launched = unless_ended(create(account, arguments, &passphrases), || interrupted(study)).await?;
    if !launched.keys_are_accepted {
        note("The new keys are not accepted everywhere yet: should a link be refused, reload the page in a minute.");
    }
    let access = NewAccess::of_all(&launched.keys, &passphrases);
    let links = StudyLinks::new(&launched.config, &launched.website_url, Some(access));
    if arguments.json {
        links.print_json();
        return Ok(());
    }
    result(format_args!("Study {study} is launched."));
    result("");
    links.print();
    result("Next: open the page as operator, and attach workers with the line of its Attach page.");
    Ok(())
}

async fn create(
    account: &CloudAccount,
    arguments: &LaunchArguments,
    passphrases: &RolePassphrases,
) -> Result<LaunchedStudy, CommandFailure> {
    let study = arguments.study.as_str();
    let throughput = if arguments.high_throughput { QueueThroughput::High } else { QueueThroughput::Usual };
    let page = page_to_publish()?;
    let client = cloud::client(account).await?;
    let region = client.endpoints().region.clone();
    let mut reporter = ProgressReporter::new();
    reporter.line(format_args!("Launching study {study} in {region}; on AWS this takes about two minutes"));
    let sealing = AccessSealing { passphrases, random: &mut passphrases::random };
    let launched = launch(&client, study, (release(&page), throughput), sealing, &mut |step| reporter.step(step)).await;
    launched.map_err(|error| of_launch(error, study, &region))
}

fn interrupted(study: &str) -> String {
    let stack = stack_name(study);
    format!(
        "Interrupted. CloudFormation goes on with stack {stack} if it had begun; `aws cloudformation describe-stack-events \
         --stack-name {stack}` shows how far it is. Once it is complete, `cruncher configure {study} --rotate-keys` does the \
         rest and prints the passphrases; `cruncher clean-up {study}` deletes it."
    )
}
