//! `cruncher extract`: a second model runs over the files of finished cases.

use std::path::Path;

use cruncher_backend::enqueue::extract::{ExtractModel, ExtractPreflight, extract, extract_preflight};
use cruncher_backend::enqueue::extractions::{Extraction, ExtractionWatch, withdraw_extraction};
use cruncher_backend::study::Study;
use cruncher_study::batch::Batch;
use cruncher_study::model::{MAX_MODEL_BYTES, ModelDigest, ModelKind, ModelReference};
use cruncher_study::number_format::{counted, thousands};

use crate::arguments::{CloudAccount, ExtractArguments};
use crate::cloud;
use crate::control::of_control;
use crate::enqueue::user;
use crate::failure::{CommandFailure, of_enqueue};
use crate::output::{can_ask, note, result, yes_or_no};

/// Maximum number of failed cases that are named.
const MAX_NAMED: usize = 5;

/// Sends the finished cases of a batch, each to be extracted from again; or tells how far extractions are.
pub(crate) async fn run(account: &CloudAccount, arguments: &ExtractArguments) -> Result<(), CommandFailure> {
    let batch = &arguments.batch;
    let Some(path) = &arguments.model else {
        let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
        return show(&study, batch).await;
    };
    let content = read(path)?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_python = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("py"));
    let usual = if is_python { ModelKind::Python } else { ModelKind::Command };
    let kind = arguments.kind.map_or(usual, Into::into);
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    if arguments.withdraw {
        return withdraw(&study, batch, &ModelReference::new(&ModelDigest::of(&content), &file, kind)).await;
    }
    let model = ExtractModel { file: &file, kind, content: &content };
    let command = format!("cruncher extract {} {batch} {}", arguments.study, path.display());
    let failed = |error| of_enqueue(error, &command);
    let preflight = extract_preflight(&study, batch, &model, arguments.force).await.map_err(failed)?;
    if let Some(words) = preflight.hindrance() {
        return Err(CommandFailure::new(words));
    }
    tell(&arguments.study, batch, &file, &preflight);
    if preflight.cases() == 0 {
        return Ok(());
    }
    if !arguments.yes && can_ask() && !yes_or_no("Send?").await? {
        return Err(CommandFailure::new("Nothing was sent."));
    }
    let tell = |sent| note(format_args!("{} …", counted(sent, "case", "cases")));
    let sent = extract(&study, &preflight, &content, user(), &tell).await.map_err(failed)?;
    result(format_args!(
        "{} to extract from by {file}.",
        counted(sent.sent, "finished case is sent", "finished cases are sent")
    ));
    match sent.unknown.as_slice() {
        [] => Ok(()),
        [(_, case), ..] => Err(CommandFailure::new(format!(
            "No table names {}, so nobody knows their inputs: {case} for one.",
            counted(sent.unknown.len() as u64, "case", "cases")
        ))),
    }
}

/// Tells what is sent and what isn't, before anything is.
fn tell(study: &str, batch: &Batch, file: &str, preflight: &ExtractPreflight) {
    result(format_args!("Batch {batch} of study {study}, to extract from by {file}"));
    for (count, words) in preflight.lines() {
        let more = match (words.starts_with("waiting"), words.ends_with("skipped")) {
            (true, true) => " (--force sends them, also those that were never sent since their sender was interrupted)",
            (false, true) => " (--force sends them)",
            (_, false) => "",
        };
        result(format_args!("  {:>9}  {words}{more}", thousands(count)));
    }
    if preflight.is_stopped && preflight.cases() > 0 {
        result("Workers take no case until the study goes on:  cruncher resume");
    } else if preflight.workers == 0 && preflight.cases() > 0 {
        result("No worker is attached: the cases wait for one.");
    }
}

/// Tells how far the extractions of a batch are.
async fn show(study: &Study, batch: &Batch) -> Result<(), CommandFailure> {
    let found = extractions(study, batch).await?;
    if found.is_empty() {
        result(format_args!("Nothing was extracted again in batch {batch}."));
    }
    for extraction in &found {
        result(format_args!("{}: {}", extraction.model.file_name(), extraction.in_words()));
        tell_failed(extraction);
        if let Some(words) = extraction.lost_in_words() {
            result(format_args!("  {words}"));
        }
    }
    Ok(())
}

/// Looks at the extractions of a batch until every document that tells of them was read.
async fn extractions(study: &Study, batch: &Batch) -> Result<Vec<Extraction>, CommandFailure> {
    let mut watch = ExtractionWatch::default();
    loop {
        let found = watch.look(study, batch).await?;
        if found.iter().all(|one| one.unread == 0) {
            return Ok(found);
        }
    }
}

fn tell_failed(extraction: &Extraction) {
    for (case, error) in extraction.failed.iter().take(MAX_NAMED) {
        result(format_args!("  case {:.8}: {error}", case.to_string()));
    }
    if let more @ 1.. = extraction.failed.len().saturating_sub(MAX_NAMED) {
        result(format_args!("  … and {} more", thousands(more as u64)));
    }
}

async fn withdraw(study: &Study, batch: &Batch, model: &ModelReference) -> Result<(), CommandFailure> {
    let found = extractions(study, batch).await?;
    let Some(own) = found.iter().find(|extraction| extraction.model == *model) else {
        return Err(CommandFailure::new(format!(
            "Batch {batch} has no extraction by this {}: there is nothing to withdraw.",
            model.file_name()
        )));
    };
    withdraw_extraction(study, &own.submissions).await.map_err(of_control)?;
    let waiting = counted(own.queued + own.running + own.lost, "case isn't", "cases aren't");
    result(format_args!("Withdrawn: {waiting} extracted from any more. The cases and their results stay."));
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    let unreadable = |reason: String| CommandFailure::new(format!("{} can't be read: {reason}.", path.display()));
    let size_bytes = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size_bytes > MAX_MODEL_BYTES {
        return Err(unreadable(format!("it is larger than the {} MiB of a model", MAX_MODEL_BYTES >> 20)));
    }
    let content = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    if content.trim_ascii().is_empty() {
        return Err(CommandFailure::new(format!("{} is empty: it would extract nothing.", path.display())));
    }
    Ok(content)
}
