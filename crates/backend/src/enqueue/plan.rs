//! Plan of an enqueueing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cruncher_aws::Ports;
use cruncher_study::PROTOCOL_VERSION;
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, ParameterValue, Parameters};
use cruncher_study::case_table::read_cases;
use cruncher_study::cases::DesignCases;
use cruncher_study::combination::CombineReference;
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::{DesignDocument, Submission};
use cruncher_study::factor::{Factor, FactorValues};
use cruncher_study::key::DataKey;
use cruncher_study::message::{CaseMessage, MAX_MESSAGE_BYTES};
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};
use cruncher_study::model_document::ModelDocument;
use cruncher_study::pool::{MAX_POOL_CHARS, Pool, shown};
use cruncher_study::template::command_line;
use sha2::{Digest, Sha256};

use super::{EnqueueError, RetryRequest, RetryTimeLimit};
use crate::reading::{MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES};
use crate::study::Study;

/// Maximum length of the name of a model's file, in characters.
const MAX_FILE_NAME_CHARS: usize = 200;

/// Maximum length of a number as JSON.
const MAX_NUMBER_CHARS: usize = 26;

/// Plan of an enqueueing: the cases of a design, for a model, as one submission.
#[derive(Debug, Clone, PartialEq)]
pub struct EnqueuePlan {
    document: DesignDocument,
    cases: DesignCases,
    digest: String,
    /// A length that no message exceeds.
    longest_bytes: usize,
    /// Each level, and the place behind its last case.
    levels: Vec<(u32, u32)>,
    /// The script that combines, if the design has one and isn't in the bucket yet.
    combine_script: Option<String>,
    /// The submission before it: that whose cases are sent again, or that which was the batch's last one when its sender looked;
    /// `None` if the sender didn't look.
    pub(super) earlier: Option<String>,
}

impl EnqueuePlan {
    /// Plans the cases of `file` for a model with this content.
    ///
    /// # Errors
    /// If the design has no cases, one that is too large for the queue, or a model whose name can't be in a key.
    pub fn new(file: &DesignFile, model: &[u8], submission: &Submission) -> Result<Self, EnqueueError> {
        check_file_name(&file.model.file)?;
        let digest = ModelDigest::of(model);
        let cases = DesignCases::of(file.design()?, &digest, file.replicates);
        if file.model.kind == ModelKind::CommandLine {
            check_commands(model, &cases)?;
        }
        let place = ModelReference::new(&digest, &file.model.file, file.model.kind);
        let mut plan = Self::of(DesignDocument::new(file, &cases, place, submission), cases)?;
        if let Some(combine) = &file.combine {
            check_file_name(&combine.file)?;
            plan.combine_script = Some(combine.text.clone().ok_or(EnqueueError::NoScript)?);
        }
        Ok(plan)
    }

    /// Reads back a plan that was begun from the study's bucket: after the end of a tab or process, or on another computer.
    ///
    /// # Errors
    /// If design or table aren't there or can't be read, or a request fails.
    pub async fn read_back(study: &Study, batch: &Batch, submission_id: &str) -> Result<Self, EnqueueError> {
        let key = DataKey::Design(batch.clone(), submission_id.to_owned()).key();
        let json = study.read(&key, MAX_DOCUMENT_BYTES).await?;
        let document: DesignDocument =
            serde_json::from_slice(&json).map_err(|source| EnqueueError::Unreadable { key, source })?;
        let table = DataKey::Cases(batch.clone(), submission_id.to_owned()).key();
        let table = study.read_packed(&table, MAX_ROWS_BYTES).await?;
        let cases = read_cases(&document, &table)?;
        Self::of(document, cases)
    }

    pub(super) fn of(document: DesignDocument, cases: DesignCases) -> Result<Self, EnqueueError> {
        let longest_bytes = longest_message(&document, &cases)?;
        let digest = digest(&document, &cases);
        let mut end = 0;
        let levels = cases.levels().into_iter().map(|level| {
            end += u32::try_from(level.cases).unwrap_or(u32::MAX);
            (level.level, end)
        });
        Ok(Self {
            levels: levels.collect(),
            document,
            cases,
            digest,
            longest_bytes,
            combine_script: None,
            earlier: None,
        })
    }

    /// Returns the same cases as another submission: one that was begun earlier and continues.
    #[must_use]
    pub fn with_submission(mut self, submission: &Submission) -> Self {
        self.document.submission.clone_from(&submission.id);
        self.document.submit_time = submission.time;
        self.document.submitted_by.clone_from(&submission.by);
        self
    }

    /// Puts the cases into another batch.
    #[cfg(test)]
    pub(super) fn set_batch(&mut self, batch: Batch) {
        self.document.batch = batch;
    }

    /// Sets the time of submission: the plan may have been made some time before.
    pub(super) const fn submit_at(&mut self, secs: f64) {
        self.document.submit_time = secs;
    }

    /// Returns the document that is written to the bucket.
    #[must_use]
    pub const fn document(&self) -> &DesignDocument {
        &self.document
    }

    /// Returns its cases.
    #[must_use]
    pub const fn cases(&self) -> &DesignCases {
        &self.cases
    }

    /// Returns a digest that distinguishes it from plans with other cases, another model or other settings: 64 hex digits. It
    /// doesn't depend on the submission.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns the name under which its journal is kept: 32 hex digits.
    #[must_use]
    pub fn key(&self, bucket: &str) -> String {
        let mut key = hex(Sha256::new().chain_update(format!("{bucket} {} {}", self.document.batch, self.digest)));
        key.truncate(32);
        key
    }

    /// Checks that a queue which hands a case out `max_receives` times does so often enough for all attempts.
    ///
    /// # Errors
    /// If it doesn't.
    pub fn check_attempts(&self, max_receives: Option<u32>) -> Result<(), EnqueueError> {
        let max_attempts = self.document.max_attempts;
        match max_receives {
            Some(max_receives) if max_attempts > max_receives => {
                Err(EnqueueError::TooManyAttempts { max_attempts, max_receives })
            }
            _ => Ok(()),
        }
    }

    /// Checks that a study with these pools has a queue for each case.
    ///
    /// # Errors
    /// If a case names another pool.
    pub fn check_pools(&self, pools: &[Pool]) -> Result<(), EnqueueError> {
        let wrong = (0..self.cases.len()).filter_map(|place| {
            let pool = self.cases.pool(place).filter(|pool| !pools.contains(pool))?;
            Some((self.cases.row(place), pool))
        });
        let Some((row, pool)) = wrong.min() else { return Ok(()) };
        let row = (self.document.pool != Some(pool)).then_some(row);
        Err(EnqueueError::NoPool { row, pool, pools: pools.to_vec() })
    }

    /// Returns the script that combines, and its place; `None` if there is none, or it is in the bucket.
    pub(super) fn combine_script(&self) -> Option<(&ModelReference, &[u8])> {
        Some((&self.document.combine.as_ref()?.model, self.combine_script.as_ref()?.as_bytes()))
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.cases.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn case_id(&self, place: u32) -> CaseId {
        self.cases.case_id(place as usize)
    }

    pub(super) fn message(&self, place: u32) -> CaseMessage {
        self.document.message(self.cases.case(place as usize))
    }

    pub(super) fn pool(&self, place: u32) -> Option<Pool> {
        self.cases.pool(place as usize)
    }

    pub(super) const fn longest_bytes(&self) -> usize {
        self.longest_bytes
    }

    /// Returns each level, and the place behind its last case.
    pub(super) fn levels(&self) -> &[(u32, u32)] {
        &self.levels
    }

    pub(super) fn level_of(&self, place: u32) -> u32 {
        let index = self.levels.partition_point(|(_, end)| *end <= place);
        self.levels.get(index).map_or(0, |(level, _)| *level)
    }

    /// Returns what stands in place of the batch's last submission if it has none. Another batch may have the same cases.
    pub(super) fn no_submission(&self) -> String {
        short_digest(self.document.batch.as_str())
    }

    /// Returns the id that keeps the queue from holding a case twice: the same for all who send it after the same submission.
    pub(super) fn deduplication_id(&self, message: &CaseMessage) -> String {
        match &self.earlier {
            Some(earlier) => format!("{}-after-{earlier}", message.case_id),
            None => message.deduplication_id(),
        }
    }

    /// Returns the plan of sending those of its cases again that are `named`.
    pub(super) fn again(
        &self,
        named: &BTreeSet<CaseId>,
        request: &RetryRequest,
        submission: String,
    ) -> Result<Self, EnqueueError> {
        let (mut document, cases) = self.retain(|place| named.contains(&self.cases.case_id(place)));
        document.retry_of = Some(std::mem::replace(&mut document.submission, submission));
        document.submitted_by.clone_from(&request.by);
        document.force = request.is_forced;
        // How a batch is combined is wanted by who sends its cases, not by who sends some of them again.
        document.combine = None;
        document.extract = request.extract.as_ref().map(|order| order.model.clone());
        match request.time_limit {
            RetryTimeLimit::Earlier => {}
            RetryTimeLimit::Unlimited => document.time_limit_secs = None,
            RetryTimeLimit::Secs(secs) => document.time_limit_secs = Some(secs),
        }
        document.max_attempts = request.max_attempts.unwrap_or(document.max_attempts);
        // An extraction doesn't come after a submission of cases: several may follow one.
        let after = request.extract.as_ref().map(|order| order.after.clone());
        Ok(Self { earlier: after.or_else(|| document.retry_of.clone()), ..Self::of(document, cases)? })
    }

    /// Returns its document and cases with only those cases whose places `keep` accepts.
    pub(super) fn retain(&self, keep: impl FnMut(usize) -> bool) -> (DesignDocument, DesignCases) {
        let (mut document, mut cases) = (self.document.clone(), self.cases.clone());
        cases.retain(keep);
        document.levels = cases.levels();
        (document, cases)
    }
}

/// Makes the id of a new submission: 16 hex digits.
#[must_use]
pub fn submission_id(ports: &Ports) -> String {
    let digit = |_| {
        let below = ports.random.fraction() * 16.0;
        let digit = (0..16_u32).rev().find(|digit| f64::from(*digit) <= below);
        digit.and_then(|digit| char::from_digit(digit, 16)).unwrap_or('0')
    };
    (0..16).map(digit).collect()
}

/// Returns 16 hex digits that stand for a text.
pub(super) fn short_digest(text: &str) -> String {
    let mut digits = hex(Sha256::new().chain_update(text));
    digits.truncate(16);
    digits
}

pub(super) fn check_file_name(name: &str) -> Result<(), EnqueueError> {
    let is_part = !name.is_empty() && name != "." && name != "..";
    let is_plain = !name.contains(['/', '\\']) && !name.chars().any(char::is_control);
    if is_part && is_plain && name.chars().count() <= MAX_FILE_NAME_CHARS {
        return Ok(());
    }
    Err(EnqueueError::FileName(name.chars().take(MAX_FILE_NAME_CHARS).collect()))
}

/// Checks that the commands of all cases can be started, as far as that is known without a computer.
fn check_commands(model: &[u8], cases: &DesignCases) -> Result<(), EnqueueError> {
    let document = ModelDocument::parse(model).map_err(|error| EnqueueError::ModelDocument(error.to_string()))?;
    let (command, is_shell) =
        document.command_line().ok_or_else(|| EnqueueError::ModelDocument("it has no command line".to_owned()))?;
    let parameters = cases.iter().map(|case| case.parameters);
    match command_line::unrunnable(command, is_shell, parameters).next() {
        Some((place, source)) => Err(EnqueueError::Command { number: place + 1, source }),
        None => Ok(()),
    }
}

fn digest(document: &DesignDocument, cases: &DesignCases) -> String {
    let DesignDocument { model, force, time_limit_secs, max_attempts, isolation, .. } = document;
    // The usual isolation isn't written: a sending that was begun before there was another one goes on.
    let isolation = if isolation.is_usual() { "" } else { " isolated" };
    let settings = format!("{} {:?} {force} {time_limit_secs:?} {max_attempts}{isolation}\n", model.key, model.kind);
    let mut digest = Sha256::new().chain_update(settings);
    if let Some(CombineReference { model, of, file_extension }) = &document.combine {
        digest.update(format!("combine {} {} {file_extension:?}\n", model.key, of.name()));
    }
    let have_pools = cases.have_pools();
    for place in 0..cases.len() {
        digest.update(cases.case_id(place).to_string());
        if have_pools {
            digest.update(format!(" {}\n", shown(cases.pool(place).as_ref())));
        }
    }
    hex(digest)
}

fn hex(digest: Sha256) -> String {
    let mut hex = String::with_capacity(64);
    for byte in digest.finalize() {
        // Writing to a string doesn't fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// Returns a length that no message exceeds. If the factors alone bound it, no message is made.
fn longest_message(document: &DesignDocument, cases: &DesignCases) -> Result<usize, EnqueueError> {
    let bound = bound(document, cases).filter(|bound| *bound <= MAX_MESSAGE_BYTES);
    if let Some(bound) = bound {
        return Ok(bound);
    }
    let mut longest_bytes = 0;
    for (index, case) in cases.iter().enumerate() {
        let size_bytes = document.message(case).body().len();
        if size_bytes > MAX_MESSAGE_BYTES {
            return Err(EnqueueError::CaseTooLarge { number: index + 1, size_bytes });
        }
        longest_bytes = longest_bytes.max(size_bytes);
    }
    Ok(longest_bytes)
}

fn bound(document: &DesignDocument, cases: &DesignCases) -> Option<usize> {
    let DesignDocument { batch, submission, model, force, time_limit_secs, max_attempts, isolation, extract, .. } =
        document.clone();
    let frame = CaseMessage {
        v: PROTOCOL_VERSION,
        case_id: CaseId::default(),
        batch,
        level: u32::MAX,
        submission,
        model,
        parameters: Parameters::new(),
        replicate: u32::MAX,
        force,
        time_limit_secs,
        max_attempts,
        isolation,
        pool: cases.have_pools().then(|| Pool::parse(&"p".repeat(MAX_POOL_CHARS)).ok()).flatten(),
        extract,
    };
    let parameters = cases.design().factors().iter().map(longest_value).sum::<Option<usize>>()?;
    Some(frame.body().len() + parameters)
}

/// Returns a length that name and value of a factor don't exceed; `None` if its values are in a table.
fn longest_value(factor: &Factor) -> Option<usize> {
    let chars = |value: &ParameterValue| serde_json::to_string(value).map_or(0, |json| json.len());
    let component = match &factor.values {
        FactorValues::Range { .. } | FactorValues::Integers { .. } => MAX_NUMBER_CHARS,
        FactorValues::Levels(levels) => levels.iter().map(chars).max().unwrap_or(0) + 1,
        FactorValues::Fixed(value) => chars(value) + 1,
        FactorValues::Listed => return None,
    };
    let components = match &factor.values {
        FactorValues::Fixed(_) => 1,
        _ => factor.count.unwrap_or(1),
    };
    // The 6 are a quotation mark on each side, a colon, a comma and a pair of brackets.
    Some(factor.name.len() + components.saturating_mul(component).saturating_add(6))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
