//! A design as it stands in the form: texts, which may be half typed, and what is wrong with them.

use cruncher_sampling::OptimisationCriterion;
use cruncher_study::batch::Batch;
use cruncher_study::constraint::Constraint;
use cruncher_study::design::{DesignError, DesignFile, ModelFile};
use cruncher_study::factor::FactorError;
use cruncher_study::model::ModelKind;
use cruncher_study::sampler::{Sampler, SamplerError, SamplerSize};
use serde::{Deserialize, Serialize};

pub(crate) mod factor;
mod missing;
mod whole;

use factor::{FactorDraft, FactorField};

/// A design as it stands in the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DesignDraft {
    /// Where the points come from.
    pub(crate) source: PointsSource,
    /// The inputs of the model.
    pub(crate) factors: Vec<FactorDraft>,
    /// What every point must meet.
    pub(crate) constraints: Vec<String>,
    /// How points are chosen.
    pub(crate) method: SamplingMethod,
    /// Whether the size is a number of cases, or levels.
    pub(crate) sized_by: SizedBy,
    /// How many cases.
    pub(crate) cases: String,
    /// The first level.
    pub(crate) first_level: String,
    /// The last level.
    pub(crate) last_level: String,
    /// What a Latin hypercube is optimised for.
    pub(crate) optimised: OptimisedFor,
    /// How often a Latin hypercube is doubled.
    pub(crate) doublings: String,
    /// Whether a sequence is scrambled by the seed.
    pub(crate) is_scrambled: bool,
    /// How many values of a range a grid takes.
    pub(crate) steps: String,
    /// What the points follow from.
    pub(crate) seed: String,
    /// How many cases each point is.
    pub(crate) replicates: String,
    /// The model's file name; empty while there is none.
    pub(crate) model: String,
    /// How a worker runs the model.
    pub(crate) kind: ModelKind,
    /// The batch's name.
    pub(crate) batch: String,
    /// How often a case is tried.
    pub(crate) max_attempts: String,
    /// How long a case may take, in minutes; empty for no limit.
    pub(crate) time_limit_minutes: String,
    /// Whether cases are computed although their results exist.
    pub(crate) is_forced: bool,
}

/// Where the points of a design come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PointsSource {
    /// Factors, and a sampler that chooses points.
    #[default]
    Sampler,
    /// A table that was imported.
    Table,
}

/// How points are chosen.
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

/// What a Latin hypercube is optimised for.
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
    /// The method, or the table that is there in its place.
    Method,
    /// The number of cases.
    Cases,
    /// The first level.
    FirstLevel,
    /// The last level.
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
    /// The batch's name.
    Batch,
    /// The number of attempts.
    MaxAttempts,
    /// The time limit.
    TimeLimit,
}

/// What is wrong at a place of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormComplaint {
    /// Where.
    pub(crate) place: FormPlace,
    /// What, as a sentence without full stop.
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
            batch: String::new(),
            max_attempts: "3".to_owned(),
            time_limit_minutes: String::new(),
            is_forced: false,
        }
    }
}

impl DesignDraft {
    /// Whether nothing but the model was entered yet.
    #[must_use]
    pub(crate) fn is_untouched(&self) -> bool {
        let Self { model, kind, batch, .. } = self.clone();
        *self == Self { model, kind, batch, ..Self::default() }
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
            FormPlace::Model => &self.model,
            FormPlace::Batch => &self.batch,
            FormPlace::MaxAttempts => &self.max_attempts,
            FormPlace::TimeLimit => &self.time_limit_minutes,
            FormPlace::Factors | FormPlace::Method => "something",
        };
        text.trim().is_empty()
    }

    /// The design that stands in the form, as far as points need it: a model and a batch may be missing. A table is left
    /// for the caller to add.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub(crate) fn points(&self) -> Result<DesignFile, Vec<FormComplaint>> {
        let mut complaints = Vec::new();
        let mut note = |place, text: String| complaints.push(FormComplaint { place, text });
        let mut factors = Vec::new();
        for (index, draft) in self.sampled_factors() {
            match draft.read() {
                Ok(factor) => factors.push(factor),
                Err(faults) => faults.into_iter().for_each(|(field, text)| note(FormPlace::Factor(index, field), text)),
            }
        }
        let mut constraints = Vec::new();
        for (index, text) in self.sampled_constraints() {
            match Constraint::parse(text) {
                Ok(constraint) => constraints.push(constraint),
                Err(error) => note(FormPlace::Constraint(index), error.to_string()),
            }
        }
        let sampler = self.sampler(&mut note);
        // A table has neither: its points are what they are.
        let is_sampled = self.source == PointsSource::Sampler;
        let seed = if is_sampled { whole(&self.seed, FormPlace::Seed, &mut note) } else { None };
        let replicates = if is_sampled { whole(&self.replicates, FormPlace::Replicates, &mut note) } else { None };
        let file = DesignFile {
            batch: Batch::parse("unnamed").map_err(|_unreachable| Vec::new())?,
            model: ModelFile { file: self.model.clone(), kind: self.kind, text: None },
            factors,
            constraints,
            sampler: sampler.unwrap_or(Sampler::Table),
            table: None,
            seed: seed.unwrap_or_default(),
            replicates: replicates.unwrap_or(1),
            max_attempts: 3,
            time_limit_secs: None,
            force: self.is_forced,
        };
        if complaints.is_empty() && is_sampled {
            complaints.extend(file.check().err().map(|error| self.complaint(&error)));
        }
        if complaints.is_empty() { Ok(file) } else { Err(complaints) }
    }

    /// The design that stands in the form, ready to be submitted but for its table.
    ///
    /// # Errors
    /// Everything that is wrong, each with its place.
    pub(crate) fn read(&self) -> Result<DesignFile, Vec<FormComplaint>> {
        let (points, mut complaints) = match self.points() {
            Ok(file) => (Some(file), Vec::new()),
            Err(complaints) => (None, complaints),
        };
        let mut note = |place, text: String| complaints.push(FormComplaint { place, text });
        if self.model.is_empty() {
            note(FormPlace::Model, "choose the model file that the cases are computed with".to_owned());
        }
        let batch = self.read_batch(&mut note);
        let max_attempts = whole(&self.max_attempts, FormPlace::MaxAttempts, &mut note);
        if max_attempts == Some(0) {
            note(FormPlace::MaxAttempts, "a case needs at least one attempt".to_owned());
        }
        let time_limit_secs = self.read_time_limit(&mut note);
        match (points, batch, max_attempts) {
            (Some(points), Some(batch), Some(max_attempts)) if complaints.is_empty() => {
                Ok(DesignFile { batch, max_attempts, time_limit_secs, ..points })
            }
            _ => Err(complaints),
        }
    }

    /// The design that stands in the form, as far as it does: what is missing or wrong of how it is sent is left for later.
    ///
    /// # Errors
    /// What is wrong with its points.
    pub(crate) fn saved(&self) -> Result<DesignFile, Vec<FormComplaint>> {
        let points = self.points()?;
        let mut ignore = |_, _: String| {};
        Ok(DesignFile {
            batch: self.read_batch(&mut ignore).unwrap_or_else(|| points.batch.clone()),
            max_attempts: whole(&self.max_attempts, FormPlace::MaxAttempts, &mut ignore)
                .filter(|attempts| *attempts > 0)
                .unwrap_or(points.max_attempts),
            time_limit_secs: self.read_time_limit(&mut ignore),
            ..points
        })
    }

    /// The factors that count: with a table none, since all inputs stand in it.
    fn sampled_factors(&self) -> impl Iterator<Item = (usize, &FactorDraft)> {
        let is_sampled = self.source == PointsSource::Sampler;
        self.factors.iter().enumerate().filter(move |_| is_sampled)
    }

    fn sampled_constraints(&self) -> impl Iterator<Item = (usize, &String)> {
        let is_sampled = self.source == PointsSource::Sampler;
        self.constraints.iter().enumerate().filter(move |(_, text)| is_sampled && !text.trim().is_empty())
    }

    fn read_batch(&self, note: &mut impl FnMut(FormPlace, String)) -> Option<Batch> {
        if self.batch.trim().is_empty() {
            note(FormPlace::Batch, "name the batch, for instance after what is varied".to_owned());
            return None;
        }
        Batch::parse(self.batch.trim()).map_err(|error| note(FormPlace::Batch, error.to_string())).ok()
    }

    fn read_time_limit(&self, note: &mut impl FnMut(FormPlace, String)) -> Option<f64> {
        let text = self.time_limit_minutes.trim();
        if text.is_empty() {
            return None;
        }
        let minutes = text.parse::<f64>().ok().filter(|minutes| minutes.is_finite() && *minutes > 0.0);
        if minutes.is_none() {
            note(
                FormPlace::TimeLimit,
                format!("`{text}` is no number of minutes above 0; leave it empty for no limit"),
            );
        }
        minutes.map(|minutes| minutes * 60.0)
    }

    fn sampler(&self, note: &mut impl FnMut(FormPlace, String)) -> Option<Sampler> {
        if self.source == PointsSource::Table {
            return Some(Sampler::Table);
        }
        let is_scrambled = self.is_scrambled;
        Some(match self.method {
            SamplingMethod::Random => Sampler::Random { size: self.size(note)? },
            SamplingMethod::Sobol => Sampler::Sobol { size: self.size(note)?, is_scrambled },
            SamplingMethod::Halton => Sampler::Halton { size: self.size(note)?, is_scrambled },
            SamplingMethod::FullGrid => Sampler::FullGrid { steps: whole(&self.steps, FormPlace::Steps, note)? },
            SamplingMethod::OneAtATime => Sampler::OneAtATime { steps: whole(&self.steps, FormPlace::Steps, note)? },
            SamplingMethod::LatinHypercube => {
                let size = self.size(note)?;
                let doublings = match size {
                    SamplerSize::Cases(_) => whole(&self.doublings, FormPlace::Doublings, note)?,
                    SamplerSize::Levels { .. } => 0,
                };
                Sampler::LatinHypercube { size, criterion: self.optimised.into(), doublings }
            }
        })
    }

    fn size(&self, note: &mut impl FnMut(FormPlace, String)) -> Option<SamplerSize> {
        match self.sized_by {
            SizedBy::Cases => whole(&self.cases, FormPlace::Cases, note).map(SamplerSize::Cases),
            SizedBy::Levels => {
                let first = whole(&self.first_level, FormPlace::FirstLevel, note);
                let last: Option<u32> = whole(&self.last_level, FormPlace::Levels, note);
                Some(SamplerSize::Levels { first: first?, last: last? })
            }
        }
    }

    /// The place that an error of the design as a whole belongs to.
    fn complaint(&self, error: &DesignError) -> FormComplaint {
        let size = match (self.method, self.sized_by) {
            (SamplingMethod::FullGrid | SamplingMethod::OneAtATime, _) => FormPlace::Steps,
            (_, SizedBy::Cases) => FormPlace::Cases,
            (_, SizedBy::Levels) => FormPlace::Levels,
        };
        let place = match error {
            DesignError::Factor(FactorError::Duplicate(name)) => {
                let later = self.factors.iter().rposition(|factor| factor.name.trim() == name);
                FormPlace::Factor(later.unwrap_or_default(), FactorField::Name)
            }
            DesignError::Factor(_) | DesignError::NoFactor => FormPlace::Factors,
            DesignError::Sampler(SamplerError::TooManyDimensions { .. } | SamplerError::NoTable)
            | DesignError::Row { .. }
            | DesignError::Replicate { .. } => FormPlace::Method,
            DesignError::Sampler(SamplerError::TooManyCases { .. }) if self.replicates.trim() != "1" => {
                FormPlace::Replicates
            }
            DesignError::Sampler(SamplerError::DoubledLevels) => FormPlace::Doublings,
            DesignError::Sampler(SamplerError::Steps(_)) => FormPlace::Steps,
            DesignError::Sampler(_) | DesignError::NothingLeft => size,
            DesignError::Constraint { constraint, .. } => {
                let position = self.constraints.iter().position(|text| text.trim() == constraint.trim());
                FormPlace::Constraint(position.unwrap_or_default())
            }
            DesignError::NoAttempt => FormPlace::MaxAttempts,
            DesignError::TimeLimit(_) => FormPlace::TimeLimit,
            DesignError::NoReplicate => FormPlace::Replicates,
        };
        let text = match error {
            DesignError::Constraint { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        FormComplaint { place, text }
    }

    /// The draft of a design that was read from a file or from the bucket. Its table is left for the caller to keep.
    #[must_use]
    pub(crate) fn of(file: &DesignFile) -> Self {
        let draft = Self {
            factors: file.factors.iter().map(FactorDraft::of).collect(),
            constraints: file.constraints.iter().map(ToString::to_string).collect(),
            seed: file.seed.to_string(),
            replicates: file.replicates.to_string(),
            model: file.model.file.clone(),
            kind: file.model.kind,
            batch: file.batch.to_string(),
            max_attempts: file.max_attempts.to_string(),
            time_limit_minutes: file.time_limit_secs.map(|secs| (secs / 60.0).to_string()).unwrap_or_default(),
            is_forced: file.force,
            ..Self::default()
        };
        draft.with_sampler(file.sampler)
    }

    /// The same draft with another sampler.
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

    /// Gives a factor another name, also in the constraints.
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

/// A text in which one name, where it is a whole word, is another one.
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

/// A whole number, zero or above. Groups of digits may be separated as on the page: `10,000`.
fn whole<N: TryFrom<u64>>(text: &str, place: FormPlace, note: &mut impl FnMut(FormPlace, String)) -> Option<N> {
    let typed = text.trim().replace([',', '_', ' '], "");
    let number = typed
        .parse::<u64>()
        .ok()
        .or_else(|| whole::digits(&typed)?.parse().ok())
        .and_then(|number| N::try_from(number).ok());
    if number.is_none() {
        note(
            place,
            match text.trim() {
                "" => "a whole number is needed here".to_owned(),
                typed => format!("`{typed}` is no whole number in reach"),
            },
        );
    }
    number
}

#[cfg(test)]
#[path = "draft/tests.rs"]
mod tests;
