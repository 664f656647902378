//! A design: which points of the factors' space are computed.

use serde::{Deserialize, Serialize};

use crate::PROTOCOL_VERSION;
use crate::batch::Batch;
use crate::case::{CaseId, Parameters};
use crate::factor::{Factor, FactorError, check_factors};
use crate::latin_hypercube::latin_hypercube;
use crate::message::Message;
use crate::model::{Model, ModelDigest, ModelKind};

/// The most cases that one submission may have.
pub const MAX_CASES: usize = 1_000_000;

/// What an engineer writes down: a design and the model that it is for.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DesignFile {
    /// The batch that its cases belong to.
    pub batch: Batch,
    /// The model's file, beside this one.
    pub model: ModelFile,
    /// The inputs that vary.
    pub factors: Vec<Factor>,
    /// How points are chosen.
    pub sampler: Sampler,
    /// What the points follow from: the same seed, the same points.
    #[serde(default)]
    pub seed: u64,
    /// How often a case is tried.
    #[serde(default = "three")]
    pub max_attempts: u32,
    /// How long a case may take, in seconds.
    #[serde(default)]
    pub time_limit_secs: Option<f64>,
    /// Whether a case is computed although its result exists.
    #[serde(default)]
    pub force: bool,
}

fn three() -> u32 {
    3
}

/// The model of a design file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ModelFile {
    /// The file's name.
    pub file: String,
    /// How a worker runs it.
    pub kind: ModelKind,
}

/// How the points of a design are chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sampler {
    /// Hierarchical Latin hypercubes: one of 2^level points for each level from the first to the last.
    LatinHypercube {
        /// The first and the last level.
        levels: [u32; 2],
    },
}

/// How many cases a level has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelSize {
    /// The level.
    pub level: u32,
    /// Its cases.
    pub cases: u64,
}

/// A design that can't become cases.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// A factor can't be sampled.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// Nothing varies.
    #[error("the design has no factor: add one")]
    NoFactor,
    /// The levels are no range.
    #[error("the first level, {0}, is above the last, {1}")]
    Levels(u32, u32),
    /// More cases than a submission takes.
    #[error("the design has more than {MAX_CASES} cases: lower its last level, or split it into batches")]
    TooManyCases,
    /// No attempt.
    #[error("`max_attempts` is 0: a case needs at least one attempt")]
    NoAttempt,
}

/// One point of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What identifies it.
    pub case_id: CaseId,
    /// Its place in the order of the batch.
    pub level: u32,
    /// Its inputs.
    pub parameters: Parameters,
    /// Which of several equal ones it is.
    pub replicate: u32,
}

impl DesignFile {
    /// Its cases, level by level, for a model of this content.
    ///
    /// # Errors
    /// If a factor can't be sampled, or there would be no case or too many.
    pub fn cases(&self, model: &ModelDigest) -> Result<Vec<Case>, DesignError> {
        check_factors(&self.factors)?;
        if self.factors.is_empty() {
            return Err(DesignError::NoFactor);
        }
        if self.max_attempts == 0 {
            return Err(DesignError::NoAttempt);
        }
        let Sampler::LatinHypercube { levels: [first, last] } = self.sampler;
        if first > last {
            return Err(DesignError::Levels(first, last));
        }
        if last >= 20 || (1_usize << (last + 1)) - (1 << first) > MAX_CASES {
            return Err(DesignError::TooManyCases);
        }
        let dimensions = self.factors.iter().map(Factor::dimensions).sum();
        let cases = (first..=last).flat_map(|level| {
            latin_hypercube(dimensions, 1 << level, self.seed, u64::from(level))
                .into_iter()
                .map(move |point| (level, self.parameters(&point)))
        });
        Ok(cases
            .map(|(level, parameters)| Case {
                case_id: CaseId::of(model, &parameters, 0),
                level,
                parameters,
                replicate: 0,
            })
            .collect())
    }

    fn parameters(&self, mut point: &[f64]) -> Parameters {
        let mut parameters = Parameters::new();
        for factor in &self.factors {
            let (fractions, rest) = point.split_at(factor.dimensions());
            parameters.insert(factor.name.clone(), factor.value(fractions));
            point = rest;
        }
        parameters
    }

    /// What is written down of a submission before its first message is sent.
    #[must_use]
    pub fn document(
        &self,
        cases: &[Case],
        model: Model,
        submission: &str,
        submit_time: f64,
        by: &str,
    ) -> DesignDocument {
        let mut levels: Vec<LevelSize> = Vec::new();
        for case in cases {
            match levels.last_mut() {
                Some(last) if last.level == case.level => last.cases += 1,
                _ => levels.push(LevelSize { level: case.level, cases: 1 }),
            }
        }
        DesignDocument {
            v: PROTOCOL_VERSION,
            submission: submission.to_owned(),
            batch: self.batch.clone(),
            submit_time,
            submitted_by: by.to_owned(),
            model,
            factors: self.factors.clone(),
            sampler: Some(self.sampler.clone()),
            seed: self.seed,
            replicates: 1,
            force: self.force,
            time_limit_secs: self.time_limit_secs,
            max_attempts: self.max_attempts,
            levels,
        }
    }
}

/// `design-<submission>.json`: what was submitted, by whom, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignDocument {
    /// The version of the protocol.
    pub v: u32,
    /// What tells this submission from others of the batch: 16 hex digits.
    pub submission: String,
    /// The batch.
    pub batch: Batch,
    /// When it was submitted.
    pub submit_time: f64,
    /// By whom: the role, or the command line's user.
    #[serde(default)]
    pub submitted_by: String,
    /// The model.
    pub model: Model,
    /// The inputs that vary.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// How points were chosen; none when they were imported.
    #[serde(default)]
    pub sampler: Option<Sampler>,
    /// What the points follow from.
    #[serde(default)]
    pub seed: u64,
    /// How many of each case.
    pub replicates: u32,
    /// Whether a case is computed although its result exists.
    #[serde(default)]
    pub force: bool,
    /// How long a case may take, in seconds.
    #[serde(default)]
    pub time_limit_secs: Option<f64>,
    /// How often a case is tried.
    pub max_attempts: u32,
    /// How many cases each level has, in order.
    pub levels: Vec<LevelSize>,
}

impl DesignDocument {
    /// The message of one of its cases.
    #[must_use]
    pub fn message(&self, case: &Case) -> Message {
        Message {
            v: PROTOCOL_VERSION,
            case_id: case.case_id,
            batch: self.batch.clone(),
            level: case.level,
            submission: self.submission.clone(),
            model: self.model.clone(),
            parameters: case.parameters.clone(),
            replicate: case.replicate,
            force: self.force,
            time_limit_secs: self.time_limit_secs,
            max_attempts: self.max_attempts,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn file(levels: &str) -> DesignFile {
        let json = format!(
            r#"{{"batch": "b", "model": {{"file": "m.py", "kind": "python"}}, "seed": 1,
                "factors": [{{"name": "c", "count": 5, "minimum": 50000.0, "maximum": 500000.0, "unit": "Pa"}},
                            {{"name": "width", "minimum": 1, "maximum": 2}}],
                "sampler": {{"kind": "latin_hypercube", "levels": {levels}}}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn levels_come_in_order_each_with_a_power_of_two_of_cases() {
        let file = file("[3, 6]");
        let digest = ModelDigest::of(b"model");
        let cases = file.cases(&digest).unwrap();
        assert!(cases.is_sorted_by_key(|case| case.level));
        let ids: BTreeSet<CaseId> = cases.iter().map(|case| case.case_id).collect();
        assert_eq!(ids.len(), 8 + 16 + 32 + 64);
        let document = file.document(&cases, Model::new(&digest, "m.py", ModelKind::Python), "00", 0.0, "me");
        let sizes: Vec<_> = document.levels.iter().map(|size| (size.level, size.cases)).collect();
        assert_eq!(sizes, [(3, 8), (4, 16), (5, 32), (6, 64)]);
    }

    #[test]
    fn the_same_design_has_the_same_cases_next_time() {
        let digest = ModelDigest::of(b"model");
        assert_eq!(file("[2, 3]").cases(&digest), file("[2, 3]").cases(&digest));
        let other: Vec<_> = file("[2, 3]").cases(&ModelDigest::of(b"other")).unwrap();
        assert_ne!(file("[2, 3]").cases(&digest).unwrap()[0].case_id, other[0].case_id);
    }

    #[test]
    fn a_design_that_can_not_become_cases_says_why() {
        let digest = ModelDigest::of(b"model");
        assert_eq!(file("[4, 3]").cases(&digest), Err(DesignError::Levels(4, 3)));
        assert_eq!(file("[3, 19]").cases(&digest), Err(DesignError::TooManyCases));
        assert_eq!(file("[0, 4294967295]").cases(&digest), Err(DesignError::TooManyCases));
        let empty = DesignFile { factors: Vec::new(), ..file("[0, 1]") };
        assert_eq!(empty.cases(&digest), Err(DesignError::NoFactor));
        let never = DesignFile { max_attempts: 0, ..file("[0, 1]") };
        assert_eq!(never.cases(&digest), Err(DesignError::NoAttempt));
    }
}
