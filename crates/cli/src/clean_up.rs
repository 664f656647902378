//! `cruncher clean-up`

use cruncher_aws::Client;
use cruncher_backend::administer::clean_up::{
    BucketDisposal, CleanUpError, StudyInventory, clean_up, take_inventory, what_is_left,
};
use cruncher_backend::administer::stack::stack_name;

use crate::arguments::{CleanUp, CloudAccount};
use crate::cloud;
use crate::failure::{CommandFailure, of_stack, sentence};
use crate::output::{ProgressReporter, result, result_part};
use crate::signal::unless_ended;
use crate::text::{count, size};

/// Lists what will be deleted, asks, and deletes it.
pub(crate) async fn run(account: &CloudAccount, arguments: &CleanUp) -> Result<(), CommandFailure> {
    let study = arguments.study.as_str();
    let results = if arguments.delete_results { BucketDisposal::Delete } else { BucketDisposal::Keep };
    let prepared =
        unless_ended(prepare(account, arguments, results), || "Interrupted: nothing was deleted.".to_owned());
    let (client, inventory) = prepared.await?;
    let deletion = unless_ended(delete(&client, &inventory, results), || {
        format!(
            "Interrupted: what was deleted is gone. `cruncher clean-up {study}` can be run again and does the rest."
        )
    });
    deletion.await?;
    check_deleted(&client, &inventory, results).await?;
    conclude(&inventory, results);
    Ok(())
}

/// Lists again what there was.
async fn check_deleted(
    client: &Client,
    inventory: &StudyInventory,
    results: BucketDisposal,
) -> Result<(), CommandFailure> {
    let left = what_is_left(client, inventory, results).await?;
    if left.is_empty() {
        return Ok(());
    }
    Err(CommandFailure::new(format!(
        "Of study {study} there is still: {}. Run `cruncher clean-up {study}` again.",
        left.join(", "),
        study = inventory.study
    )))
}

async fn prepare(
    account: &CloudAccount,
    arguments: &CleanUp,
    results: BucketDisposal,
) -> Result<(Client, StudyInventory), CommandFailure> {
    let client = cloud::client(account).await?;
    let inventory = count_everything(&client, arguments).await?;
    check(&inventory, results, arguments, &client.endpoints().region)?;
    explain(&inventory, results);
    if !arguments.yes {
        ask(&arguments.study).await?;
    }
    Ok((client, inventory))
}

async fn delete(client: &Client, inventory: &StudyInventory, results: BucketDisposal) -> Result<(), CommandFailure> {
    let mut reporter = ProgressReporter::new();
    let deleted = clean_up(client, inventory, results, &mut |step| reporter.step(step)).await;
    deleted.map_err(|error| failure(error, &inventory.study))
}

async fn count_everything(client: &Client, arguments: &CleanUp) -> Result<StudyInventory, CommandFailure> {
    let reporter = ProgressReporter::new();
    reporter.now("counting what there is");
    let inventory = take_inventory(client, &arguments.study, arguments.bucket.as_deref()).await;
    inventory.map_err(|error| failure(error, &arguments.study))
}

/// Checks that there is something to do.
fn check(
    inventory: &StudyInventory,
    results: BucketDisposal,
    arguments: &CleanUp,
    region: &str,
) -> Result<(), CommandFailure> {
    let study = &inventory.study;
    let has_parts = inventory.stack.is_some() || !inventory.pool_queues.is_empty() || !inventory.fleets.is_empty();
    if has_parts || (inventory.bucket.is_some() && results == BucketDisposal::Delete) {
        return Ok(());
    }
    let advice = match (&arguments.bucket, &inventory.bucket) {
        (Some(bucket), Some(_)) => format!("Its bucket {bucket} is still there: --delete-results deletes it."),
        (Some(bucket), None) => format!("There is no bucket {bucket}, either."),
        (None, _) => format!(
            "Check its name, the region (--region) and the account (--profile). If only its results are left, name their \
             bucket: cruncher clean-up {study} --delete-results --bucket NAME."
        ),
    };
    Err(CommandFailure::new(format!("There is no study {study} in {region}. {advice}")))
}

fn explain(inventory: &StudyInventory, results: BucketDisposal) {
    let StudyInventory { study, stack, outputs, bucket, pool_queues, fleets, .. } = inventory;
    result(format_args!("Clean-up of study {study} deletes"));
    if outputs.is_some() {
        result("  the access keys: every link and every attached worker is refused from then on");
    }
    for fleet in fleets {
        result(format_args!("  the fleet {}, with its instances and what else belongs to it", fleet.name));
    }
    for queue in pool_queues {
        result(format_args!("  the queue {} with {}", queue.name(), count(queue.messages, "message")));
    }
    if stack.is_some() {
        result(format_args!(
            "  the stack {}: the queue with {}, the dead-letter queue with {}, the three users",
            stack_name(study),
            count(inventory.queued, "case"),
            count(inventory.dead_letters, "case")
        ));
    }
    let Some(bucket) = bucket else { return };
    let results_text = count(inventory.results, "result");
    match results {
        BucketDisposal::Delete => {
            let (objects, size) = (count(inventory.objects, "object"), size(inventory.size_bytes));
            result(format_args!("  the bucket {bucket} with {results_text}, in all {objects} of {size}"));
        }
        BucketDisposal::Keep => {
            result("  the page");
            result("and keeps");
            result(format_args!("  the bucket {bucket} with {results_text} and the documents that belong to them"));
        }
    }
}

async fn ask(study: &str) -> Result<(), CommandFailure> {
    result_part("Type the study's name to go on: ");
    let read = || {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    };
    let answer = tokio::task::spawn_blocking(read).await.ok().and_then(Result::ok).unwrap_or_default();
    if answer.trim() == study {
        return Ok(());
    }
    Err(CommandFailure::new(format!(
        "Nothing was deleted: that is not the study's name. Type {study}, or give --yes where nobody can be asked."
    )))
}

fn conclude(inventory: &StudyInventory, results: BucketDisposal) {
    let study = &inventory.study;
    let bucket = if results == BucketDisposal::Delete && inventory.bucket.is_some() { ", no bucket" } else { "" };
    result(format_args!(
        "Listed again: there is no stack, no fleet, no queue of a pool{bucket} of study {study} any more."
    ));
    match (&inventory.bucket, results) {
        (Some(bucket), BucketDisposal::Keep) => {
            result(format_args!("Study {study} is deleted. Its results are in the bucket {bucket}."));
            result(format_args!("  to fetch them:   cruncher results {study} {study}-data --bucket {bucket}"));
            result(format_args!("  to delete them:  cruncher clean-up {study} --delete-results --bucket {bucket}"));
        }
        (Some(_), BucketDisposal::Delete) => result(format_args!("Study {study} is deleted, and so are its results.")),
        (None, _) => result(format_args!("Study {study} is deleted.")),
    }
}

fn failure(error: CleanUpError, study: &str) -> CommandFailure {
    match error {
        CleanUpError::Stack(error) => of_stack(error, study),
        CleanUpError::Aws(error) => error.into(),
        error @ CleanUpError::ForeignBucket { .. } => CommandFailure::new(format!(
            "{} Nothing was deleted; name the bucket that an earlier clean-up kept.",
            sentence(&error)
        )),
        error @ CleanUpError::Undeletable { .. } => CommandFailure::new(format!(
            "{} Correct that, then run `cruncher clean-up {study}` again.",
            sentence(&error)
        )),
    }
}
