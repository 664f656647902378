//! `design-<submission>.json`: a submission's design, its sender and its time.

use serde::{Deserialize, Serialize};

use crate::PROTOCOL_VERSION;
use crate::batch::Batch;
use crate::cases::{DesignCase, DesignCases, LevelSize};
use crate::combination::{CombineFile, CombineReference};
use crate::constraint::Constraint;
use crate::design::{DesignFile, ModelFile};
use crate::factor::Factor;
use crate::isolation::CaseIsolation;
use crate::key::DataKey;
use crate::message::CaseMessage;
use crate::model::{ModelDigest, ModelKind, ModelReference};
use crate::pool::Pool;
use crate::sampler::Sampler;

/// The identity of one enqueueing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// 16 lower-case hex digits.
    pub id: String,
    /// Time of the submission, in seconds since 1970.
    pub time: f64,
    /// The sender: a role, or a user of the command line.
    pub by: String,
}

/// A submission's design, its sender and its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignDocument {
    /// The version of the protocol.
    pub v: u32,
    /// The id that tells this submission from others of the batch: 16 hex digits.
    pub submission: String,
    /// The batch.
    pub batch: Batch,
    /// Time of the submission, in seconds since 1970.
    pub submit_time: f64,
    /// The sender: the role, or the command line's user.
    #[serde(default)]
    pub submitted_by: String,
    /// The model.
    pub model: ModelReference,
    /// The inputs.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Conditions that every point meets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// The way in which points were chosen.
    #[serde(default)]
    pub sampler: Option<Sampler>,
    /// The source of all random choices.
    #[serde(default)]
    pub seed: u64,
    /// Number of cases a point.
    #[serde(default = "one")]
    pub replicates: u32,
    /// Whether a case is computed although its result exists.
    #[serde(default)]
    pub force: bool,
    /// Maximum duration of a case, in seconds.
    #[serde(default)]
    pub time_limit_secs: Option<f64>,
    /// Maximum number of attempts a case.
    pub max_attempts: u32,
    /// Number of cases of each level, in order.
    pub levels: Vec<LevelSize>,
    /// Lifetime of the process that a case is computed in.
    #[serde(default, skip_serializing_if = "CaseIsolation::is_usual")]
    pub isolation: CaseIsolation,
    /// The pool of all its cases, if it names one. What counts is the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    /// The submission some of whose cases this one sends again, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
    /// The model that is run over files of these cases, which were computed before, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<ModelReference>,
    /// The script that makes one file when the batch is complete, if one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combine: Option<CombineReference>,
}

fn reference(CombineFile { file, text, of, file_extension }: &CombineFile) -> CombineReference {
    let digest = ModelDigest::of(text.as_deref().unwrap_or_default().as_bytes());
    let model = ModelReference::new(&digest, file, ModelKind::Combine);
    CombineReference { model, of: *of, file_extension: file_extension.clone() }
}

fn one() -> u32 {
    1
}

impl DesignDocument {
    /// Makes the document that is written before the submission's first message is sent.
    #[must_use]
    pub fn new(file: &DesignFile, cases: &DesignCases, model: ModelReference, submission: &Submission) -> Self {
        Self {
            v: PROTOCOL_VERSION,
            submission: submission.id.clone(),
            batch: file.batch.clone(),
            submit_time: submission.time,
            submitted_by: submission.by.clone(),
            model,
            factors: cases.design().factors().to_vec(),
            constraints: file.constraints.clone(),
            sampler: Some(file.sampler),
            seed: file.seed,
            replicates: file.replicates,
            force: file.force,
            time_limit_secs: file.time_limit_secs,
            max_attempts: file.max_attempts,
            levels: cases.levels(),
            isolation: file.isolation,
            pool: file.pool,
            retry_of: None,
            extract: None,
            combine: file.combine.as_deref().map(reference),
        }
    }

    /// Returns the key that the document is stored by: that of an extraction is none of a submission of cases.
    #[must_use]
    pub fn key(&self) -> DataKey {
        let (batch, submission) = (self.batch.clone(), self.submission.clone());
        if self.extract.is_some() {
            DataKey::ExtractDesign(batch, submission)
        } else {
            DataKey::Design(batch, submission)
        }
    }

    /// Returns the key of its table.
    #[must_use]
    pub fn table_key(&self) -> DataKey {
        let (batch, submission) = (self.batch.clone(), self.submission.clone());
        if self.extract.is_some() {
            DataKey::ExtractCases(batch, submission)
        } else {
            DataKey::Cases(batch, submission)
        }
    }

    /// Returns the design file that it was submitted from, except for an imported table and the model's text.
    #[must_use]
    pub fn design_file(&self) -> DesignFile {
        DesignFile {
            batch: self.batch.clone(),
            model: ModelFile { file: self.model.file_name().to_owned(), kind: self.model.kind, text: None },
            factors: self.factors.clone(),
            constraints: self.constraints.clone(),
            sampler: self.sampler.unwrap_or(Sampler::Table),
            table: None,
            seed: self.seed,
            replicates: self.replicates,
            max_attempts: self.max_attempts,
            time_limit_secs: self.time_limit_secs,
            force: self.force,
            isolation: self.isolation,
            pool: self.pool,
            combine: self.combine.as_ref().map(|wanted| {
                Box::new(CombineFile {
                    file: wanted.model.file_name().to_owned(),
                    text: None,
                    of: wanted.of,
                    file_extension: wanted.file_extension.clone(),
                })
            }),
        }
    }

    /// Returns the message of one of its cases.
    #[must_use]
    pub fn message(&self, case: DesignCase) -> CaseMessage {
        CaseMessage {
            v: PROTOCOL_VERSION,
            case_id: case.case_id,
            batch: self.batch.clone(),
            level: case.level,
            submission: self.submission.clone(),
            model: self.model.clone(),
            parameters: case.parameters,
            replicate: case.replicate,
            force: self.force,
            time_limit_secs: self.time_limit_secs,
            max_attempts: self.max_attempts,
            isolation: self.isolation,
            pool: case.pool,
            extract: self.extract.clone(),
        }
    }
}
