//! `cruncher extract`: a second model runs over the files of finished cases.

use std::path::Path;

use cruncher_backend::enqueue::extract::{ExtractModel, extract};
use cruncher_study::model::{MAX_MODEL_BYTES, ModelKind};
use cruncher_study::number_format::counted;

use crate::arguments::{CloudAccount, ExtractArguments};
use crate::cloud;
use crate::enqueue::user;
use crate::failure::{CommandFailure, of_enqueue};
use crate::output::{note, result};

/// Sends the finished cases of a batch, each to be extracted from again.
pub(crate) async fn run(account: &CloudAccount, arguments: &ExtractArguments) -> Result<(), CommandFailure> {
    let (path, batch) = (&arguments.model, &arguments.batch);
    let content = read(path)?;
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let is_python = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("py"));
    let usual = if is_python { ModelKind::Python } else { ModelKind::Command };
    let kind = arguments.kind.map_or(usual, Into::into);
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    let tell = |sent| note(format_args!("{} …", counted(sent, "case", "cases")));
    let model = ExtractModel { file: &file, kind, content: &content };
    let command = format!("cruncher extract {} {batch} {}", arguments.study, path.display());
    let sent = extract(&study, batch, model, user(), &tell).await.map_err(|error| of_enqueue(error, &command))?;
    if sent.sent == 0 && sent.unknown.is_empty() {
        return Err(CommandFailure::new(format!(
            "No case of batch {batch} that counts has a result: there is nothing to extract from."
        )));
    }
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

fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    let unreadable = |reason: String| CommandFailure::new(format!("{} can't be read: {reason}.", path.display()));
    let size_bytes = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?.len();
    if size_bytes > MAX_MODEL_BYTES {
        return Err(unreadable(format!("it is larger than the {} MiB of a model", MAX_MODEL_BYTES >> 20)));
    }
    std::fs::read(path).map_err(|error| unreadable(error.to_string()))
}
