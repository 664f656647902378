//! Combining what the cases of a batch came to into one file: a case of its own, sent like others.
//!
//! Its inputs are listed here, by somebody who may list the bucket, and the list is stored beside the models: so a worker needs no
//! right to list, all attempts see the same files, and the same script over the same files is the same case, whoever sends it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use cruncher_aws::{Error, s3};
use cruncher_study::batch::{Batch, BatchError};
use cruncher_study::case::{CaseId, CaseRef, ParameterValue};
use cruncher_study::combination::{CombinedInputs, is_file_extension};
use cruncher_study::control::StudyControl;
use cruncher_study::design::{DesignFile, ModelFile};
use cruncher_study::design_document::{DesignDocument, Submission};
use cruncher_study::import::{ImportedTable, InputColumn};
use cruncher_study::isolation::CaseIsolation;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::model::{ModelDigest, ModelKind};
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::pool::Pool;
use cruncher_study::sampler::Sampler;
use serde_json::json;

use super::key_value_store::TransientStore;
use super::named_cases::NamedCases;
use super::pause_handle::PauseHandle;
use super::plan::{EnqueuePlan, submission_id};
use super::preflight::{SentBefore, preflight};
use super::submission_sender::SubmissionSender;
use super::{EnqueueError, check_pools};
use crate::administer::control::{ControlError, change_control, control};
use crate::fetch::submitted::submitted_model;
use crate::reading::MAX_DOCUMENT_BYTES;
use crate::study::Study;

/// The part that the batch of the cases which combine has behind that of their inputs.
pub const COMBINED_PART: &str = "combined";

/// Maximum number of files that are combined: they all lie in a folder of one worker.
const MAX_COMBINED_FILES: usize = 100_000;

/// Wish to combine what the cases of a batch came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CombineRequest {
    /// The batch whose cases are combined; those of batches below it are not.
    pub batch: Batch,
    /// Kind of the documents that are combined.
    pub of: CombinedInputs,
    /// The script's file name.
    pub script_name: String,
    /// The script, a file in Python with a function `combine(files, output)`.
    pub script: Vec<u8>,
    /// The ending of the file that is made, in place of the one that the script says.
    pub file_extension: Option<String>,
    /// Maximum duration of the script, in seconds.
    pub time_limit_secs: Option<f64>,
    /// Maximum number of attempts.
    pub max_attempts: u32,
    /// Whether it is computed although its result exists.
    pub is_forced: bool,
    /// The pool whose workers compute it; `None` is the study's own queue.
    pub pool: Option<Pool>,
    /// The sender: a role, or a user of the command line.
    pub by: String,
}

/// Outcome of a wish to combine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CombineOutcome {
    /// The case that combines.
    pub case: CaseRef,
    /// Number of cases that go in.
    pub cases: u64,
    /// Number of cases of the batch that have no result.
    pub missing: u64,
    /// Number of files that go in.
    pub files: u64,
    /// What became of the case.
    pub end: CombineEnd,
}

/// What became of the case that combines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CombineEnd {
    /// The queue has it.
    Sent,
    /// It was sent before, by the same script for the same files, and waits or runs.
    SentBefore,
    /// It was done before, by the same script for the same files.
    Done,
}

/// Tells what was sent.
impl fmt::Display for CombineOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = if self.files == self.cases {
            String::new()
        } else {
            format!(" ({})", counted(self.files, "file", "files"))
        };
        let cases = counted(self.cases, "case", "cases");
        let missing = match self.missing {
            0 => String::new(),
            missing => format!(
                ", without {} that {}",
                thousands(missing),
                if missing == 1 { "has no result," } else { "have no result," }
            ),
        };
        let (batch, case) = &self.case;
        let end = match self.end {
            CombineEnd::Sent => "is in the queue",
            CombineEnd::SentBefore => "was sent before, and waits or runs",
            CombineEnd::Done => "is done already: nothing has changed since",
        };
        write!(f, "What combines {cases}{files}{missing} {end}: case {case} of {batch}.")
    }
}

/// A wish that can't be met.
#[derive(Debug, thiserror::Error)]
pub enum CombineError {
    /// No table of the batch names cases.
    #[error("there is no batch {0}")]
    NoBatch(Batch),
    /// No case has a result.
    #[error("none of the {cases} cases of {batch} has a result, so there is nothing to combine")]
    NoResults {
        /// The batch.
        batch: Batch,
        /// Number of its cases.
        cases: u64,
    },
    /// No case has left a file.
    #[error("no case of {0} has left a file, so there is nothing to combine")]
    NoFiles(Batch),
    /// More files than a worker's folder is to hold.
    #[error("{0} files are too many to be combined by one worker: {MAX_COMBINED_FILES} at most")]
    TooMany(usize),
    /// The ending isn't one.
    #[error("`{0}` can't be the ending of a file: it has letters, digits, `-`, `_`, and points between them")]
    Extension(String),
    /// It was to be combined when it is complete, and it isn't.
    #[error("{missing} of the cases of {batch} have no result yet")]
    Incomplete {
        /// The batch.
        batch: Batch,
        /// Number of cases without a result.
        missing: u64,
    },
    /// Nobody wants the batch to be combined by itself.
    #[error("nothing says how {0} is combined when it is complete")]
    NotWanted(String),
    /// The batch is called off.
    #[error("{0} is cancelled, so it isn't combined by itself")]
    Cancelled(Batch),
    /// The script can't be read.
    #[error("{key} can't be read: {why}")]
    Script {
        /// Its key.
        key: String,
        /// The reason, in words.
        why: String,
    },
    /// The control document can't be changed, so that nobody knows that the batch was combined.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The batch of the case has no valid name.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The case can't be sent.
    #[error(transparent)]
    Enqueue(#[from] EnqueueError),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// Sends a case that combines what the cases of a batch have come to by now.
///
/// # Errors
/// If there is nothing to be combined, the ending is no ending, or a request fails; nothing was sent then.
pub async fn combine(study: &Study, request: &CombineRequest) -> Result<CombineOutcome, CombineError> {
    combine_if(study, request, CombineWhen::Now).await
}

/// Sends the case that combines a batch which a look has found complete, as a submission of it says (`batch/submission`), and notes of
/// how many `cases` that is, and when the last of them has ended: it is sent again when there are others, or results have come since. Two who look at the same moment send the same case, which the queue
/// takes once.
///
/// # Errors
/// If the batch isn't complete any more, is called off, or nothing says how it is combined; if a request fails.
pub async fn combine_wanted(
    study: &Study,
    name: &str,
    (cases, end_time): (u64, f64),
) -> Result<CombineOutcome, CombineError> {
    let outcome = combine_if(study, &wanted(study, name).await?, CombineWhen::Complete).await?;
    change_control(study, &|control: &mut StudyControl| control.note_combined(name, cases, end_time)).await?;
    Ok(outcome)
}

/// Sends a case that combines what is there of a batch which isn't complete, as a submission of it says (`batch/submission`). It is
/// combined anew when it is complete.
///
/// # Errors
/// If there is nothing to be combined, or nothing says how; if a request fails.
pub async fn combine_what_is_there(study: &Study, name: &str) -> Result<CombineOutcome, CombineError> {
    combine(study, &wanted(study, name).await?).await
}

/// Reads how a submission wants its batch combined.
async fn wanted(study: &Study, name: &str) -> Result<CombineRequest, CombineError> {
    let not_wanted = || CombineError::NotWanted(name.to_owned());
    let (batch, submission) = name.rsplit_once('/').ok_or_else(not_wanted)?;
    let batch = Batch::parse(batch)?;
    let key = DataKey::Design(batch.clone(), submission.to_owned()).key();
    let json = study.read(&key, MAX_DOCUMENT_BYTES).await.map_err(EnqueueError::from)?;
    let document: DesignDocument =
        serde_json::from_slice(&json).map_err(|source| EnqueueError::Unreadable { key, source })?;
    let wanted = document.combine.ok_or_else(not_wanted)?;
    let unread = |why| CombineError::Script { key: wanted.model.key.clone(), why };
    let script = submitted_model(study, &wanted.model).await.map_err(unread)?;
    Ok(CombineRequest {
        batch,
        of: wanted.of,
        script_name: wanted.model.file_name().to_owned(),
        script: script.into_bytes(),
        file_extension: wanted.file_extension,
        time_limit_secs: None,
        max_attempts: document.max_attempts,
        is_forced: false,
        pool: document.pool,
        by: document.submitted_by,
    })
}

/// When something is combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CombineWhen {
    /// At once, with what is there.
    Now,
    /// Only if every case is done. That no case has left a file is told by the script then.
    Complete,
}

async fn combine_if(
    study: &Study,
    request: &CombineRequest,
    when: CombineWhen,
) -> Result<CombineOutcome, CombineError> {
    check_extension(request.file_extension.as_deref())?;
    let cases = NamedCases::read(study, &request.batch).await?.counted;
    if cases.is_empty() {
        return Err(CombineError::NoBatch(request.batch.clone()));
    }
    let inputs = Inputs::list(study, request, &cases, when).await?;
    let batch = Batch::parse(&format!("{}/{COMBINED_PART}", request.batch))?;
    let list = write_list(study, request, &inputs).await?;
    let submission = Submission { id: submission_id(study.client.ports()), time: study.now(), by: request.by.clone() };
    let plan = EnqueuePlan::new(&design(request, batch.clone(), &inputs, list), &request.script, &submission)?;
    plan.check_attempts(study.config.max_receives)?;
    check_pools(study, &plan).await?;
    let cancelled = control(study).await?.cancelled_batches;
    if cancelled.contains(&batch) {
        return Err(EnqueueError::BatchCancelled(batch).into());
    }
    if when == CombineWhen::Complete && cancelled.contains(&request.batch) {
        return Err(CombineError::Cancelled(request.batch.clone()));
    }
    let end = send(study, request, &plan).await?;
    let case = (batch, plan.case_id(0));
    Ok(CombineOutcome { case, cases: inputs.cases, missing: inputs.missing, files: inputs.names.len() as u64, end })
}

async fn send(study: &Study, request: &CombineRequest, plan: &EnqueuePlan) -> Result<CombineEnd, CombineError> {
    let preflight = preflight(study, plan).await?;
    let selection = preflight.selection(plan, SentBefore::Wait);
    if selection.cases() == 0 {
        return Ok(if preflight.done() > 0 { CombineEnd::Done } else { CombineEnd::SentBefore });
    }
    let keep = Rc::<TransientStore>::default();
    let mut sender = SubmissionSender::begin(study, plan.clone(), &request.script, &selection, None, keep).await?;
    sender.run(&PauseHandle::default(), &mut |_| {}).await?;
    Ok(CombineEnd::Sent)
}

fn check_extension(extension: Option<&str>) -> Result<(), CombineError> {
    match extension.filter(|text| !is_file_extension(text)) {
        Some(text) => Err(CombineError::Extension(text.to_owned())),
        None => Ok(()),
    }
}

/// What goes in, by names behind `data/<batch>/`, with entity tags.
struct Inputs {
    names: Vec<(String, String)>,
    cases: u64,
    missing: u64,
}

impl Inputs {
    async fn list(
        study: &Study,
        request: &CombineRequest,
        all: &[CaseId],
        when: CombineWhen,
    ) -> Result<Self, CombineError> {
        let batch = &request.batch;
        let mut done = BTreeMap::new();
        for (name, etag) in below(study, batch, "done-").await? {
            let case = name.strip_prefix("done-").and_then(|rest| CaseId::parse(rest.strip_suffix(".json")?).ok());
            done.extend(case.map(|case| (case, (name, etag))));
        }
        let wanted: Vec<CaseId> = all.iter().copied().filter(|case| done.contains_key(case)).collect();
        let (cases, missing) = (wanted.len() as u64, (all.len() - wanted.len()) as u64);
        if missing > 0 && when == CombineWhen::Complete {
            return Err(CombineError::Incomplete { batch: batch.clone(), missing });
        }
        if wanted.is_empty() {
            return Err(CombineError::NoResults { batch: batch.clone(), cases: all.len() as u64 });
        }
        let names: Vec<(String, String)> = match request.of {
            CombinedInputs::Results => wanted.iter().filter_map(|case| done.remove(case)).collect(),
            CombinedInputs::Files => Self::files(study, batch, &wanted).await?,
        };
        match names.len() {
            0 if when == CombineWhen::Now => Err(CombineError::NoFiles(batch.clone())),
            many if many > MAX_COMBINED_FILES => Err(CombineError::TooMany(many)),
            _ => Ok(Self { names, cases, missing }),
        }
    }

    async fn files(study: &Study, batch: &Batch, cases: &[CaseId]) -> Result<Vec<(String, String)>, CombineError> {
        let wanted: BTreeSet<&CaseId> = cases.iter().collect();
        let mut files: BTreeMap<CaseId, Vec<(String, String)>> = BTreeMap::new();
        for (name, etag) in below(study, batch, "files/").await? {
            let case = name.split('/').nth(1).and_then(|case| CaseId::parse(case).ok());
            if let Some(case) = case.filter(|case| wanted.contains(case)) {
                files.entry(case).or_default().push((name, etag));
            }
        }
        Ok(cases.iter().filter_map(|case| files.remove(case)).flatten().collect())
    }
}

/// Lists objects of a batch by their names behind `data/<batch>/`.
async fn below(study: &Study, batch: &Batch, start: &str) -> Result<Vec<(String, String)>, Error> {
    let folder = format!("{DATA_PREFIX}{batch}/");
    let list = s3::ListObjects::new(&study.config.bucket).prefix(format!("{folder}{start}"));
    let objects = s3::list_all(&study.client, list).await?;
    let name = |object: s3::ListedObject| Some((object.key.strip_prefix(&folder)?.to_owned(), object.etag));
    Ok(objects.into_iter().filter_map(name).collect())
}

/// Writes the list of inputs where workers read it, unless it is there, and returns its key.
async fn write_list(study: &Study, request: &CombineRequest, inputs: &Inputs) -> Result<String, CombineError> {
    let list = json!({"v": 1, "batch": request.batch, "of": request.of.name(), "files": inputs.names}).to_string();
    let key = format!("models/{}/inputs.json", ModelDigest::of(list.as_bytes()).as_str());
    let put = s3::PutObject::new(&study.config.bucket, &key, list.into_bytes());
    match study.client.send(&put.content_type("application/json").if_none_match_any()).await {
        Err(error) if !error.is_precondition_failed() => Err(error.into()),
        Ok(_) | Err(_) => Ok(key),
    }
}

/// Makes the design of the one case that combines: its parameters say all.
fn design(request: &CombineRequest, batch: Batch, inputs: &Inputs, list: String) -> DesignFile {
    let text = |value: &str| ParameterValue::Text(value.to_owned());
    let whole = |value: u64| ParameterValue::from(value);
    let mut row = vec![
        ("batch", text(request.batch.as_str())),
        ("of", text(request.of.name())),
        ("cases", whole(inputs.cases)),
        ("missing", whole(inputs.missing)),
        ("inputs", ParameterValue::Text(list)),
    ];
    row.extend(request.file_extension.as_deref().map(|extension| ("file_extension", text(extension))));
    let column = |name: &&str| InputColumn { name: (*name).to_owned(), count: None };
    let (columns, values): (Vec<&str>, Vec<ParameterValue>) = row.into_iter().unzip();
    DesignFile {
        batch,
        model: ModelFile { file: request.script_name.clone(), kind: ModelKind::Combine, text: None },
        factors: Vec::new(),
        constraints: Vec::new(),
        sampler: Sampler::Table,
        table: Some(ImportedTable {
            columns: columns.iter().map(column).collect(),
            rows: vec![values],
            ..ImportedTable::default()
        }),
        seed: 0,
        replicates: 1,
        max_attempts: request.max_attempts,
        time_limit_secs: request.time_limit_secs,
        force: request.is_forced,
        pool: request.pool,
        isolation: CaseIsolation::Case,
        combine: None,
    }
}

#[cfg(test)]
#[path = "combine_tests.rs"]
mod tests;
