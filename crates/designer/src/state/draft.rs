//! Draft: a design as it stands in the form, with texts that may be half typed, and their problems.

use cruncher_sampling::OptimisationCriterion;
use cruncher_study::combination::CombineFile;
use cruncher_study::design::DesignFile;
use cruncher_study::isolation::CaseIsolation;
use cruncher_study::model::ModelKind;
use cruncher_study::pool::Pool;
use cruncher_study::sampler::{Sampler, SamplerSize};
use cruncher_study::shown_text::visible;
use serde::{Deserialize, Serialize};

mod ambiguous;
pub(crate) mod command;
pub(crate) mod factor;
mod missing;
mod reading;
mod whole;

use command::CommandDraft;
use factor::{FactorDraft, FactorField};

use crate::state::folder::{FolderDraft, folder_name};

/// A design as it stands in the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DesignDraft {
    /// Source of the points.
    pub(crate) source: PointsSource,
    /// The inputs of the model.
    pub(crate) factors: Vec<FactorDraft>,
    /// Constraints that every point must meet.
    pub(crate) constraints: Vec<String>,
    /// Method by which points are chosen.
    pub(crate) method: SamplingMethod,
    /// Whether the size is a number of cases, or levels.
    pub(crate) sized_by: SizedBy,
    /// The number of cases.
    pub(crate) cases: String,
    /// The first level.
    pub(crate) first_level: String,
    /// The last level.
    pub(crate) last_level: String,
    /// The criterion that a Latin hypercube is optimised for.
    pub(crate) optimised: OptimisedFor,
    /// Number of times that a Latin hypercube is doubled.
    pub(crate) doublings: String,
    /// Whether a sequence is scrambled by the seed.
    pub(crate) is_scrambled: bool,
    /// Number of values of a range that a grid takes.
    pub(crate) steps: String,
    /// The seed that the points follow from.
    pub(crate) seed: String,
    /// Number of cases for each point.
    pub(crate) replicates: String,
    /// The model's file name; empty while there is none.
    pub(crate) model: String,
    /// Kind of the model, by which a worker runs it.
    pub(crate) kind: ModelKind,
    /// The command line, if the model is one.
    pub(crate) command: CommandDraft,
    /// What is run of a folder, if the model is one and doesn't say it.
    pub(crate) folder: FolderDraft,
    /// The batch's name.
    pub(crate) batch: String,
    /// Maximum number of attempts of a case.
    pub(crate) max_attempts: String,
    /// Time limit of a case, in minutes; empty for no limit.
    pub(crate) time_limit_minutes: String,
    /// Whether cases are computed although their results exist.
    pub(crate) is_forced: bool,
    /// Whether each case is computed in a process of its own.
    #[serde(default)]
    pub(crate) is_isolated: bool,
    /// The pool that the cases are sent to; `None` is the study's own queue.
    #[serde(default)]
    pub(crate) pool: Option<Pool>,
    /// The script that makes one file when the batch is complete, if one is wanted. Its ending is as typed, empty for what the script says.
    #[serde(default)]
    pub(crate) combine: Option<CombineFile>,
}

/// Source of a design's points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PointsSource {
    /// Factors, and a sampler that chooses points.
    #[default]
    Sampler,
    /// A table that was imported.
    Table,
}

/// Method by which points are chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SamplingMethod {
    /// A Latin hypercube.
    #[default]
    LatinHypercube,
    /// Sobol's sequence.
    Sobol,
    /// Halton's sequence.
    Halton,
    /// Independent random points.
    Random,
    /// Every combination.
    FullGrid,
    /// One factor at a time.
    OneAtATime,
}

/// Whether a size is a number of cases, or levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SizedBy {
    /// A number of cases.
    #[default]
    Cases,
    /// 2^level cases for each level from the first to the last.
    Levels,
}

/// Criterion that a Latin hypercube is optimised for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OptimisedFor {
    /// Nothing.
    #[default]
    No,
    /// A small centred discrepancy.
    CentredDiscrepancy,
    /// A large smallest distance.
    Maximin,
}

/// A place of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormPlace {
    /// A field of a factor.
    Factor(usize, FactorField),
    /// All factors.
    Factors,
    /// A constraint.
    Constraint(usize),
    /// The method, or the table in its place.
    Method,
    /// The number of cases.
    Cases,
    /// The first level.
    FirstLevel,
    /// The last level, and the levels as a whole.
    Levels,
    /// The number of doublings.
    Doublings,
    /// The steps of a grid.
    Steps,
    /// The seed.
    Seed,
    /// The number of replicates.
    Replicates,
    /// The model.
    Model,
    /// The file of a command's result.
    ResultFile,
    /// The file of a command's progress.
    ProgressFile,
    /// The batch's name.
    Batch,
    /// The number of attempts.
    MaxAttempts,
    /// The time limit.
    TimeLimit,
    /// The script that combines.
    Combine,
}

/// Problem at a place of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormComplaint {
    /// The place.
    pub(crate) place: FormPlace,
    /// The problem, as a sentence without full stop.
    pub(crate) text: String,
}

impl Default for DesignDraft {
    fn default() -> Self {
        Self {
            source: PointsSource::default(),
            factors: vec![FactorDraft::default()],
            constraints: Vec::new(),
            method: SamplingMethod::default(),
            sized_by: SizedBy::default(),
            cases: "64".to_owned(),
            first_level: "3".to_owned(),
            last_level: "6".to_owned(),
            optimised: OptimisedFor::default(),
            doublings: "0".to_owned(),
            is_scrambled: true,
            steps: "5".to_owned(),
            seed: "1".to_owned(),
            replicates: "1".to_owned(),
            model: String::new(),
            kind: ModelKind::Python,
            command: CommandDraft::default(),
            folder: FolderDraft::default(),
            batch: String::new(),
            max_attempts: "3".to_owned(),
            time_limit_minutes: String::new(),
            is_forced: false,
            is_isolated: false,
            pool: None,
            combine: None,
        }
    }
}

impl DesignDraft {
    /// Whether the model is a command line.
    pub(crate) fn is_command(&self) -> bool {
        self.kind == ModelKind::CommandLine
    }

    /// Whether the model is a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.kind == ModelKind::Bundle
    }

    /// Returns what the model is called in a sentence.
    pub(crate) fn model_words(&self) -> String {
        match self.kind {
            ModelKind::CommandLine => "the command".to_owned(),
            ModelKind::Bundle => visible(folder_name(&self.model)),
            _ => visible(&self.model),
        }
    }

    /// Says what is to be mended if cases have failed because of the model.
    pub(crate) fn mending_words(&self) -> &'static str {
        match self.kind {
            ModelKind::CommandLine => "Mend the command",
            ModelKind::Bundle => "Choose the mended folder",
            _ => "Choose the mended file",
        }
    }

    /// Says which model is to be chosen once more, whose content isn't here.
    pub(crate) fn missing_model_words(&self) -> String {
        let name = self.model_words();
        if self.is_folder() {
            format!("The files of {name} aren't here: choose or drop the folder again. Everything else is.")
        } else {
            format!("{name} isn't here: choose or drop the file again. Everything else is.")
        }
    }

    /// Whether a command line is run, in an empty folder or in one that is given.
    fn runs_line(&self) -> bool {
        self.is_command() || (self.is_folder() && self.folder.is_line && !self.model.is_empty())
    }

    /// Whether nothing but the model was entered yet.
    #[must_use]
    pub(crate) fn is_untouched(&self) -> bool {
        let Self { model, kind, command, folder, batch, .. } = self.clone();
        *self == Self { model, kind, command, folder, batch, ..Self::default() }
    }

    /// Sets the number of cases, for a design that is doubled no more: the number would be one from which doubling begins.
    pub(crate) fn set_cases(&mut self, cases: String) {
        self.cases = cases;
        "0".clone_into(&mut self.doublings);
    }

    /// Whether nothing was typed at a place.
    #[must_use]
    pub(crate) fn is_missing(&self, place: FormPlace) -> bool {
        let text = match place {
            FormPlace::Factor(index, field) => self.factors.get(index).map_or("", |factor| factor.text(field)),
            FormPlace::Constraint(index) => self.constraints.get(index).map_or("", String::as_str),
            FormPlace::Cases => &self.cases,
            FormPlace::FirstLevel => &self.first_level,
            FormPlace::Levels => &self.last_level,
            FormPlace::Doublings => &self.doublings,
            FormPlace::Steps => &self.steps,
            FormPlace::Seed => &self.seed,
            FormPlace::Replicates => &self.replicates,
            FormPlace::Model if self.runs_line() => &self.command.line,
            FormPlace::Model => &self.model,
            FormPlace::ResultFile => &self.command.result_file,
            FormPlace::ProgressFile => &self.command.progress_file,
            FormPlace::Batch => &self.batch,
            FormPlace::MaxAttempts => &self.max_attempts,
            FormPlace::TimeLimit => &self.time_limit_minutes,
            FormPlace::Factors | FormPlace::Method | FormPlace::Combine => "something",
        };
        text.trim().is_empty()
    }

    /// Returns the draft of a design that was read from a file or from the bucket. The caller keeps its table.
    #[must_use]
    pub(crate) fn of(file: &DesignFile) -> Self {
        let draft = Self {
            factors: file.factors.iter().map(FactorDraft::of).collect(),
            constraints: file.constraints.iter().map(ToString::to_string).collect(),
            seed: file.seed.to_string(),
            replicates: file.replicates.to_string(),
            model: file.model.file.clone(),
            kind: file.model.kind,
            command: file.model.document().as_ref().and_then(CommandDraft::of).unwrap_or_default(),
            batch: file.batch.to_string(),
            max_attempts: file.max_attempts.to_string(),
            time_limit_minutes: file.time_limit_secs.map(|secs| (secs / 60.0).to_string()).unwrap_or_default(),
            is_forced: file.force,
            is_isolated: file.isolation == CaseIsolation::Case,
            pool: file.pool,
            combine: file.combine.as_deref().cloned(),
            ..Self::default()
        };
        draft.with_sampler(file.sampler)
    }

    /// Returns the same draft with another sampler.
    #[must_use]
    pub(crate) fn with_sampler(self, sampler: Sampler) -> Self {
        match sampler {
            Sampler::Random { size } => Self { method: SamplingMethod::Random, ..self.sized(size) },
            Sampler::LatinHypercube { size, criterion, doublings } => Self {
                method: SamplingMethod::LatinHypercube,
                optimised: criterion.into(),
                doublings: doublings.to_string(),
                ..self.sized(size)
            },
            Sampler::Sobol { size, is_scrambled } => {
                Self { method: SamplingMethod::Sobol, is_scrambled, ..self.sized(size) }
            }
            Sampler::Halton { size, is_scrambled } => {
                Self { method: SamplingMethod::Halton, is_scrambled, ..self.sized(size) }
            }
            Sampler::FullGrid { steps } => Self { method: SamplingMethod::FullGrid, steps: steps.to_string(), ..self },
            Sampler::OneAtATime { steps } => {
                Self { method: SamplingMethod::OneAtATime, steps: steps.to_string(), ..self }
            }
            Sampler::Table => Self { source: PointsSource::Table, ..self },
        }
    }

    /// Renames a factor, also in the constraints.
    pub(crate) fn rename_factor(&mut self, name: &str, new_name: &str) {
        for factor in self.factors.iter_mut().filter(|factor| factor.name.trim() == name) {
            new_name.clone_into(&mut factor.name);
        }
        for constraint in &mut self.constraints {
            *constraint = renamed(constraint, name, new_name);
        }
    }

    fn sized(self, size: SamplerSize) -> Self {
        match size {
            SamplerSize::Cases(cases) => Self { sized_by: SizedBy::Cases, cases: cases.to_string(), ..self },
            SamplerSize::Levels { first, last } => {
                Self { sized_by: SizedBy::Levels, first_level: first.to_string(), last_level: last.to_string(), ..self }
            }
        }
    }
}

impl From<OptimisedFor> for Option<OptimisationCriterion> {
    fn from(optimised: OptimisedFor) -> Self {
        match optimised {
            OptimisedFor::No => None,
            OptimisedFor::CentredDiscrepancy => Some(OptimisationCriterion::CentredDiscrepancy),
            OptimisedFor::Maximin => Some(OptimisationCriterion::Maximin),
        }
    }
}

impl From<Option<OptimisationCriterion>> for OptimisedFor {
    fn from(criterion: Option<OptimisationCriterion>) -> Self {
        match criterion {
            None => Self::No,
            Some(OptimisationCriterion::CentredDiscrepancy) => Self::CentredDiscrepancy,
            Some(OptimisationCriterion::Maximin) => Self::Maximin,
        }
    }
}

/// Replaces a name in a text, where it is a whole word.
fn renamed(text: &str, name: &str, new_name: &str) -> String {
    let is_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let parts = text.split(|letter| !is_of_word(letter));
    let mut separators = text.matches(|letter| !is_of_word(letter));
    let mut renamed = String::with_capacity(text.len());
    for part in parts {
        renamed.push_str(if part == name { new_name } else { part });
        renamed.push_str(separators.next().unwrap_or_default());
    }
    renamed
}

#[cfg(test)]
#[path = "draft/tests.rs"]
mod tests;
