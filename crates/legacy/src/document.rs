//! The predecessor's documents. A field that is missing or has another form counts as not known.

use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use serde_json::{Map, Value, json};

use crate::enqueued::EnqueuedCases;
use crate::failure::LegacyFailure;
use crate::fields::{level, text, time};
use crate::{LegacyError, LegacyKey, json, parameters};

/// The content of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LegacyDocument {
    /// A computer waits; the time at which it wrote so, if it is known.
    Waiting(Option<f64>),
    Pending(LegacyAttempt),
    Error(LegacyAttempt, LegacyFailure),
    Done(LegacyAttempt, LegacyResult),
    Parameters(Parameters),
    Enqueued(EnqueuedCases),
}

/// The attempt that computed a case, as every document of the case tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LegacyAttempt {
    pub(super) computer: String,
    pub(super) version: String,
    pub(super) start_time: Option<f64>,
    /// Time when it had its result or failed.
    pub(super) end_time: Option<f64>,
    pub(super) level: Option<u32>,
    pub(super) parameters: Parameters,
}

/// A result, and the number of its values that weren't finite.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LegacyResult {
    result: Value,
    not_finite: usize,
}

/// The case of a document, and the time when it was written.
#[derive(Debug, Clone)]
pub(super) struct DocumentOrigin {
    pub(super) batch: Batch,
    pub(super) case_id: CaseId,
    pub(super) level: u32,
    pub(super) changed: f64,
}

/// Reads a `done` document that was written at `changed`. Its key names the case; a case that the document names doesn't count.
///
/// # Errors
/// If it is no JSON object.
pub fn read_result(batch: Batch, case_id: CaseId, changed: f64, json: &[u8]) -> Result<ResultDocument, LegacyError> {
    let (attempt, outcome) = done(json)?;
    let level = attempt.level.unwrap_or_default();
    Ok(outcome.document(&attempt, DocumentOrigin { batch, case_id, level, changed }))
}

/// Reads an `error` document that was written at `changed`. The error is final, and its attempt the only one.
///
/// # Errors
/// If it is no JSON object.
pub fn read_error(batch: Batch, case_id: CaseId, changed: f64, json: &[u8]) -> Result<ErrorDocument, LegacyError> {
    let (attempt, failure) = error(json)?;
    let level = attempt.level.unwrap_or_default();
    Ok(failure.document(&attempt, DocumentOrigin { batch, case_id, level, changed }))
}

impl LegacyDocument {
    /// Reads the object under `key`: the document, as far as there is one, and what is wrong with it.
    pub(super) fn read(key: &LegacyKey, json: &[u8]) -> (Option<Self>, Option<LegacyError>) {
        let read = match key {
            LegacyKey::Waiting(_) => json::fields(json).map(|(fields, _)| Self::Waiting(time(&fields, "time"))),
            LegacyKey::Pending(_) => {
                json::fields(json).map(|(fields, _)| Self::Pending(LegacyAttempt::read(&fields, "")))
            }
            LegacyKey::Error(_) => error(json).map(|(attempt, failure)| Self::Error(attempt, failure)),
            LegacyKey::Done(..) => done(json).map(|(attempt, outcome)| Self::Done(attempt, outcome)),
            LegacyKey::Parameters(..) => json::parse(json).map(|(value, _)| Self::Parameters(parameters::read(&value))),
            LegacyKey::AllRuns => match EnqueuedCases::read(json) {
                Ok(read) if read.others > 0 => {
                    let problem = LegacyError::Entries(read.others);
                    return (Some(Self::Enqueued(read)), Some(problem));
                }
                read => read.map(Self::Enqueued),
            },
        };
        match read {
            Ok(document) => (Some(document), None),
            Err(error) => (None, Some(error)),
        }
    }
}

fn done(json: &[u8]) -> Result<(LegacyAttempt, LegacyResult), LegacyError> {
    let (mut fields, not_finite) = json::fields(json)?;
    let result = fields.remove("result").unwrap_or_default();
    Ok((LegacyAttempt::read(&fields, "end_time"), LegacyResult { result, not_finite }))
}

fn error(json: &[u8]) -> Result<(LegacyAttempt, LegacyFailure), LegacyError> {
    let (fields, _) = json::fields(json)?;
    let traceback = match fields.get("traceback") {
        Some(Value::Array(pieces)) => pieces.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(text)) => vec![text.as_str()],
        _ => Vec::new(),
    };
    let failure = LegacyFailure::read(&text(&fields, "exception"), &traceback, &text(&fields, "base_file"));
    Ok((LegacyAttempt::read(&fields, "error_time"), failure))
}

impl LegacyAttempt {
    fn read(fields: &Map<String, Value>, end_field: &str) -> Self {
        Self {
            computer: text(fields, "computer"),
            version: text(fields, "version"),
            start_time: time(fields, "start_time"),
            end_time: time(fields, end_field),
            level: level(fields),
            parameters: fields.get("parameters").map(parameters::read).unwrap_or_default(),
        }
    }

    /// The attempt as a document, without parameters.
    pub(super) fn abridged(&self) -> Value {
        json!({
            "computer": self.computer, "version": self.version, "start_time": self.start_time, "end_time": self.end_time,
            "cube_id": self.level,
        })
    }

    /// Time when the attempt ended, or else when the document was written.
    fn end(&self, changed: f64) -> f64 {
        self.end_time.unwrap_or(changed)
    }

    /// Duration of the attempt, in seconds, if it is known.
    pub(super) fn duration_secs(&self) -> Option<f64> {
        Some((self.end_time? - self.start_time?).max(0.0))
    }
}

impl LegacyResult {
    /// Forgets the model's answer.
    pub(super) fn forget(&mut self) {
        self.result = Value::Null;
    }

    pub(super) fn document(&self, attempt: &LegacyAttempt, origin: DocumentOrigin) -> ResultDocument {
        let end_time = attempt.end(origin.changed);
        let lost = (self.not_finite > 0).then(|| match self.not_finite {
            1 => "a number isn't finite and was read as null".to_owned(),
            count => format!("{count} numbers aren't finite and were read as null"),
        });
        let undated = attempt.duration_secs().is_none().then(|| "it doesn't say how long the case took".to_owned());
        ResultDocument {
            case_id: origin.case_id,
            batch: origin.batch,
            level: origin.level,
            replicate: 0,
            submission: String::new(),
            parameters: attempt.parameters.clone(),
            result: self.result.clone(),
            worker: attempt.computer.clone(),
            pool: None,
            computer: attempt.computer.clone(),
            start_time: attempt.start_time.unwrap_or(end_time),
            end_time,
            attempt: 1,
            log: String::new(),
            warnings: lost.into_iter().chain(undated).collect(),
        }
    }
}

impl LegacyFailure {
    pub(super) fn document(&self, attempt: &LegacyAttempt, origin: DocumentOrigin) -> ErrorDocument {
        let end_time = attempt.end(origin.changed);
        ErrorDocument {
            case_id: origin.case_id,
            batch: origin.batch,
            level: origin.level,
            submission: String::new(),
            parameters: attempt.parameters.clone(),
            worker: attempt.computer.clone(),
            pool: None,
            computer: attempt.computer.clone(),
            start_time: attempt.start_time.unwrap_or(end_time),
            end_time,
            attempt: 1,
            max_attempts: 1,
            exception: self.exception.clone(),
            message: self.message.clone(),
            traceback: self.traceback.clone(),
            signature: self.signature.clone(),
            is_final: true,
            log: String::new(),
        }
    }
}
