//! `cruncher results`

mod disk;
mod table;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::path::Path;

use cruncher_aws::Client;
use cruncher_backend::administer::launch::find_config;
use cruncher_backend::fetch::download::{
    DownloadError, DownloadPlan, DownloadTally, FailedObject, ObjectKind, SkippedObject, fetch, plan,
};
use cruncher_backend::fetch::withdrawn::{case_of, withdrawn_cases};
use cruncher_backend::listing::{ListingOutline, ListingRow};
use cruncher_backend::study::Study;
use cruncher_study::key::DATA_PREFIX;
use cruncher_study::number_format::{counted, thousands};

use crate::arguments::{CloudAccount, ResultsArguments, ResultsDestination, ResultsKind};
use crate::cloud;
use crate::failure::{CommandFailure, of_launch};
use crate::output::{ProgressLine, ProgressReporter, note, result};
use crate::release::VERSION;
use crate::signal::unless_ended;
use crate::text::{count, printable, size};

use disk::DiskFolder;

/// Maximum number of missing objects that are named.
const MAX_NAMED: usize = 20;

/// Maximum number of characters of a key or reason that are shown.
const MAX_CHARS: usize = 300;

/// Fetches the files that aren't there yet, or writes a table.
pub(crate) async fn run(account: &CloudAccount, arguments: &ResultsArguments) -> Result<(), CommandFailure> {
    let ResultsDestination { folder, table } = &arguments.destination;
    match (folder, table) {
        (Some(folder), _) => fill(account, arguments, folder).await,
        (None, Some(file)) => table::run(account, arguments, file).await,
        // One destination is required.
        (None, None) => Err(CommandFailure::new("Name a folder that the results go into, or a table.")),
    }
}

async fn fill(account: &CloudAccount, arguments: &ResultsArguments, folder: &Path) -> Result<(), CommandFailure> {
    let so_far = RefCell::new(SoFar::default());
    let tally = unless_ended(fetch_into(account, arguments, folder, &so_far), || so_far.borrow().interrupted()).await?;
    conclude(&tally, folder)
}

/// Progress of a download.
#[derive(Default)]
struct SoFar {
    settled: u64,
    of: Option<u64>,
}

impl SoFar {
    fn interrupted(&self) -> String {
        let Some(of) = self.of else { return "Interrupted: nothing was fetched.".to_owned() };
        format!(
            "Interrupted: {} of {} are there. The same command goes on.",
            thousands(self.settled),
            count(of, "object")
        )
    }
}

async fn fetch_into(
    account: &CloudAccount,
    arguments: &ResultsArguments,
    path: &Path,
    so_far: &RefCell<SoFar>,
) -> Result<DownloadTally, CommandFailure> {
    let folder = DiskFolder::open(path)?;
    let client = cloud::client_as_stored(account).await?;
    let bucket = bucket(&client, arguments).await?;
    let plan = look(&client, &bucket, arguments, &folder).await?;
    tell_skipped(&plan.skipped);
    let of = plan.wanted.len() as u64;
    so_far.borrow_mut().of = Some(of);
    let gauge = ProgressLine::new(of, "objects");
    let report = |tally: &DownloadTally| {
        so_far.borrow_mut().settled = tally.settled();
        gauge.show_count(tally.settled(), format!(", {}", size(tally.size_bytes)));
    };
    fetch(&client, &bucket, &plan, &folder, report).await.map_err(|error| failure(error, path))
}

async fn bucket(client: &Client, arguments: &ResultsArguments) -> Result<String, CommandFailure> {
    if let Some(bucket) = &arguments.bucket {
        return Ok(bucket.clone());
    }
    let (study, region) = (&arguments.study, &client.endpoints().region);
    let config = find_config(client, study, VERSION).await.map_err(|error| of_launch(error, study, region))?;
    Ok(config.bucket)
}

async fn look(
    client: &Client,
    bucket: &str,
    arguments: &ResultsArguments,
    folder: &DiskFolder,
) -> Result<DownloadPlan, CommandFailure> {
    let reporter = ProgressReporter::new();
    reporter.now("looking what there is");
    let prefix =
        arguments.batch.as_ref().map_or_else(|| DATA_PREFIX.to_owned(), |batch| format!("{DATA_PREFIX}{batch}/"));
    let mut outline = ListingOutline::of(client, bucket, &prefix).await?;
    let is_wanted =
        |kind| arguments.only.is_empty() || arguments.only.iter().any(|only: &ResultsKind| only.kind() == kind);
    for (kind, row) in [
        (ObjectKind::Result, ListingRow::Done),
        (ObjectKind::Error, ListingRow::Error),
        (ObjectKind::File, ListingRow::Files),
    ] {
        if !is_wanted(kind) {
            outline.leave_out(row);
        }
    }
    let mut objects = outline.complete(client).await?;
    let withdrawn = withdrawn_cases(&Study::of_bucket(client.clone(), bucket), &objects).await?;
    if !withdrawn.is_empty() {
        objects.retain(|object| case_of(&object.key).is_none_or(|case| !withdrawn.contains(&case)));
        note(format_args!("Left out: {}", counted(withdrawn.len() as u64, "withdrawn case", "withdrawn cases")));
    }
    Ok(plan(objects, folder.naming(), is_wanted))
}

fn failure(error: DownloadError, path: &Path) -> CommandFailure {
    let on = "What was fetched stays, and the same command goes on.";
    match error {
        DownloadError::Folder(reason) => CommandFailure::new(format!(
            "Nothing more can be written into {}: {reason}. Make room, or name another folder. {on}",
            path.display()
        )),
        DownloadError::Aws(error) => {
            let failure = CommandFailure::from(error);
            CommandFailure::new(format!("{} {on}", failure.message()))
        }
    }
}

fn tell_skipped(skipped: &[SkippedObject]) {
    for SkippedObject { key, reason } in skipped.iter().take(MAX_NAMED) {
        note(format_args!("Left out: {}: {reason}", printable(key, MAX_CHARS)));
    }
    tell_more(skipped.len(), "left out");
}

fn tell_more(number: usize, what: &str) {
    if number > MAX_NAMED {
        note(format_args!("… and {} more {what}", thousands((number - MAX_NAMED) as u64)));
    }
}

fn conclude(tally: &DownloadTally, folder: &Path) -> Result<(), CommandFailure> {
    result(summary(tally));
    for FailedObject { path, reason } in tally.failed.iter().take(MAX_NAMED) {
        note(format_args!("Not fetched: {}: {}", printable(path, MAX_CHARS), printable(reason, MAX_CHARS)));
    }
    tell_more(tally.failed.len(), "not fetched");
    if tally.failed.is_empty() {
        return Ok(());
    }
    let objects = count(tally.failed.len() as u64, "object");
    Err(CommandFailure::new(format!(
        "{objects} could not be fetched into {}. The same command tries it again.",
        folder.display()
    )))
}

/// Summarises a download: `1,204 results, 3 errors, 12 files: 1,219 objects (15.2 MB), 1,210 of them were there already`
fn summary(tally: &DownloadTally) -> String {
    let kinds = [
        (tally.results, "result"),
        (tally.errors, "error"),
        (tally.files, "file"),
        (tally.designs, "design or table"),
        (tally.others, "other"),
    ];
    let kinds: Vec<String> =
        kinds.into_iter().filter(|(number, _)| *number > 0).map(|(number, kind)| of_kind(number, kind)).collect();
    if kinds.is_empty() {
        return "There is nothing to fetch.".to_owned();
    }
    let mut text = format!("{}: {} ({})", kinds.join(", "), count(tally.objects(), "object"), size(tally.size_bytes));
    if tally.were_there > 0 {
        // Writing to a string can't fail.
        let _ = write!(text, ", {} of them were there already", thousands(tally.were_there));
    }
    if tally.vanished > 0 {
        let _ = write!(text, "; {} went away in the meantime", thousands(tally.vanished));
    }
    text
}

fn of_kind(number: u64, kind: &str) -> String {
    match kind {
        "design or table" if number != 1 => format!("{} designs and tables", thousands(number)),
        kind => count(number, kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_what_is_there() {
        let tally = DownloadTally {
            results: 1_204,
            errors: 3,
            files: 12,
            size_bytes: 15_200_000,
            were_there: 1_210,
            ..DownloadTally::default()
        };
        let text = "1,204 results, 3 errors, 12 files: 1,219 objects (15 MB), 1,210 of them were there already";
        assert_eq!(summary(&tally), text);
        let tally = DownloadTally { results: 1, designs: 2, vanished: 1, size_bytes: 7, ..DownloadTally::default() };
        let text = "1 result, 2 designs and tables: 3 objects (7 bytes); 1 went away in the meantime";
        assert_eq!(summary(&tally), text);
        assert_eq!(summary(&DownloadTally::default()), "There is nothing to fetch.");
    }
}
