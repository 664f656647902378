//! `cruncher combine`: one file of what the cases of a batch came to.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cruncher_backend::administer::control::{change_control, control};
use cruncher_backend::enqueue::{CombineEnd, CombineError, CombineOutcome, CombineRequest, combine};
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_study::accounting::CaseCounts;
use cruncher_study::batch::Batch;
use cruncher_study::combination::{has_combine_function, says_extension};
use cruncher_study::control::StudyControl;
use cruncher_study::model::MAX_MODEL_BYTES;
use serde_json::json;

use crate::arguments::{CloudAccount, CombineArguments, PoolChoice};
use crate::cloud;
use crate::enqueue::user;
use crate::failure::{CommandFailure, of_enqueue, sentence};
use crate::output::{note, result};
use crate::report::counts_line;
use crate::signal::unless_ended;
use crate::status;

/// Pause between two looks at a batch that isn't complete yet.
const PAUSE: Duration = Duration::from_secs(3);

/// Sends a case that combines, when the batch is complete or at once.
pub(crate) async fn run(account: &CloudAccount, arguments: &CombineArguments) -> Result<(), CommandFailure> {
    let Some(path) = &arguments.script else {
        return unless_ended(Box::pin(never(account, arguments)), || "Interrupted.".to_owned()).await;
    };
    let script = read_script(path, arguments.file_extension.is_some())?;
    let work = Box::pin(combine_when_complete(account, arguments, script));
    unless_ended(work, || "Interrupted: nothing was sent to be combined.".to_owned()).await
}

/// Takes back the wish of a design to combine the batch.
async fn never(account: &CloudAccount, arguments: &CombineArguments) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    let batch = &arguments.batch;
    if control(&study).await?.wanted_file(batch).is_none() {
        return Err(CommandFailure::new(format!("Batch {batch} isn't combined by itself.")));
    }
    let take_back = |control: &mut StudyControl| {
        control.combine_no_more(batch);
    };
    change_control(&study, &take_back).await.map_err(|error| CommandFailure::new(sentence(&error)))?;
    result(format_args!("Batch {batch} isn't combined by itself any more."));
    Ok(())
}

async fn combine_when_complete(
    account: &CloudAccount,
    arguments: &CombineArguments,
    script: Vec<u8>,
) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    if !arguments.now {
        let mut watch = StudyWatch::new(study.clone());
        wait(&mut watch, arguments).await?;
    }
    let request = CombineRequest {
        batch: arguments.batch.clone(),
        of: arguments.of.into(),
        script_name: script_name(arguments.script.as_deref().unwrap_or(Path::new(""))),
        script,
        file_extension: arguments.file_extension.clone(),
        time_limit_secs: arguments.time_limit,
        max_attempts: arguments.attempts,
        is_forced: arguments.force,
        pool: arguments.pool.and_then(PoolChoice::pool),
        by: user(),
    };
    let outcome = combine(&study, &request).await.map_err(|error| failed(error, arguments))?;
    tell(arguments, &outcome);
    Ok(())
}

fn tell(arguments: &CombineArguments, outcome: &CombineOutcome) {
    let (batch, case) = &outcome.case;
    if arguments.json {
        let end = match outcome.end {
            CombineEnd::Sent => "sent",
            CombineEnd::SentBefore => "sent before",
            CombineEnd::Done => "done",
        };
        let CombineOutcome { cases, missing, files, .. } = outcome;
        let counts = json!({"cases": cases, "missing": missing, "files": files});
        result(format_args!("{:#}", json!({"batch": batch, "case_id": case, "end": end, "of": counts})));
    } else {
        result(outcome);
        result(format_args!("Its file will be data/{batch}/files/{case}/; the Results page shows it."));
    }
}

/// Waits until every case of the batch is done.
async fn wait(watch: &mut StudyWatch, arguments: &CombineArguments) -> Result<(), CommandFailure> {
    let (mut snapshot, mut last) = (status::look(watch).await?, String::new());
    loop {
        let counts = counts_of(&snapshot, &arguments.batch)?;
        let line = format!("Batch {}: {}", arguments.batch, counts_line(&counts));
        if counts.is_complete() {
            return Ok(());
        }
        if counts.open() == 0 && snapshot.is_checked {
            return Err(CommandFailure::new(format!(
                "{line}. Nothing waits or runs any more, and the batch is not complete: `cruncher retry {}` sends cases again; \
                 --now combines what is there.",
                arguments.study
            )));
        }
        if line != last {
            note(format_args!("{line}; it is combined when all are done"));
            last = line;
        }
        watch.study().client.ports().sleep.sleep(PAUSE).await;
        match watch.refresh().await {
            Ok(next) => snapshot = next,
            Err(error) if error.kind().is_passing() => note(format_args!("{error}; trying again")),
            Err(error) => return Err(error.into()),
        }
    }
}

fn counts_of(snapshot: &Snapshot, batch: &Batch) -> Result<CaseCounts, CommandFailure> {
    let found = snapshot.batches.iter().find(|account| account.batch == *batch);
    found.map(|account| account.counts).ok_or_else(|| {
        let names: Vec<String> = snapshot.batches.iter().take(20).map(|account| account.batch.to_string()).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        CommandFailure::new(format!("There is no batch {batch}. The study has: {names}."))
    })
}

/// Reads a script that combines, and checks that it has what the worker will call and ask for.
pub(crate) fn read_script(path: &Path, has_extension: bool) -> Result<Vec<u8>, CommandFailure> {
    let script = read(path)?;
    check_script(&script, path, has_extension)?;
    Ok(script)
}

fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    let unreadable = |reason: &str| CommandFailure::new(format!("{} can't be read: {reason}.", path.display()));
    let content = fs::read(path).map_err(|error| unreadable(&error.to_string()))?;
    if content.len() as u64 > MAX_MODEL_BYTES { Err(unreadable("it has more than 16 MiB")) } else { Ok(content) }
}

/// Checks that the script has what the worker will call and ask for, as far as its text tells.
fn check_script(script: &[u8], path: &Path, has_extension: bool) -> Result<(), CommandFailure> {
    let (code, path) = (String::from_utf8_lossy(script), path.display());
    if !has_combine_function(&code) {
        return Err(CommandFailure::new(format!("There is no function combine(files, output) in {path}.")));
    }
    if !has_extension && !says_extension(&code) {
        return Err(CommandFailure::new(format!(
            "{path} doesn't say what the file's name ends with: write file_extension = \"csv\" into it, say, or name it with \
             --file-extension."
        )));
    }
    Ok(())
}

/// Returns the name under which the script is kept: workers know by it that it is Python.
pub(crate) fn script_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if name.to_ascii_lowercase().ends_with(".py") { name } else { format!("{name}.py") }
}

fn failed(error: CombineError, arguments: &CombineArguments) -> CommandFailure {
    match error {
        CombineError::Enqueue(error) => of_enqueue(error, &format!("cruncher combine {}", arguments.study)),
        CombineError::Aws(error) => error.into(),
        error => CommandFailure::new(sentence(&error)),
    }
}
