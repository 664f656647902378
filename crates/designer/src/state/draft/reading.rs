//! Reading of a form: the design that stands in it, or all of its problems.

use cruncher_study::batch::Batch;
use cruncher_study::combination::CombineFile;
use cruncher_study::constraint::Constraint;
use cruncher_study::design::{DesignError, DesignFile, ModelFile};
use cruncher_study::factor::FactorError;
use cruncher_study::isolation::CaseIsolation;
use cruncher_study::sampler::{Sampler, SamplerError, SamplerSize};

use super::factor::{FactorDraft, FactorField};
use super::{DesignDraft, FormComplaint, FormPlace, PointsSource, SamplingMethod, SizedBy, whole};

impl DesignDraft {
    /// Returns the design in the form, as far as points need it: a model and a batch may be missing. The caller adds a table.
    ///
    /// # Errors
    /// Returns all problems, each with its place.
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
        // With a table neither is used: its points are given.
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
            isolation: if self.is_isolated { CaseIsolation::Case } else { CaseIsolation::Worker },
            pool: self.pool,
            combine: None,
        };
        if complaints.is_empty() && is_sampled {
            complaints.extend(file.check().err().map(|error| self.complaint(&error)));
        }
        if complaints.is_empty() { Ok(file) } else { Err(complaints) }
    }

    /// Returns the design in the form, ready to be submitted except for its table.
    ///
    /// # Errors
    /// Returns all problems, each with its place.
    pub(crate) fn read(&self) -> Result<DesignFile, Vec<FormComplaint>> {
        let (points, mut complaints) = match self.points() {
            Ok(file) => (Some(file), Vec::new()),
            Err(complaints) => (None, complaints),
        };
        let mut note = |place, text: String| complaints.push(FormComplaint { place, text });
        if self.runs_line() {
            for complaint in self.command.read().err().unwrap_or_default() {
                note(complaint.place, complaint.text);
            }
        } else if self.is_folder() && self.model.is_empty() {
            note(FormPlace::Model, "choose the folder that the cases are computed with".to_owned());
        } else if self.model.is_empty() {
            note(FormPlace::Model, "choose the model file that the cases are computed with".to_owned());
        }
        let batch = self.read_batch(&mut note);
        let max_attempts = whole(&self.max_attempts, FormPlace::MaxAttempts, &mut note);
        if max_attempts == Some(0) {
            note(FormPlace::MaxAttempts, "a case needs at least one attempt".to_owned());
        }
        let time_limit_secs = self.read_time_limit(&mut note);
        let combine = self.combine_file();
        if let Some(Err(error)) = combine.as_deref().map(CombineFile::check) {
            note(FormPlace::Combine, error.to_string());
        }
        match (points, batch, max_attempts) {
            (Some(points), Some(batch), Some(max_attempts)) if complaints.is_empty() => {
                Ok(DesignFile { batch, max_attempts, time_limit_secs, combine, ..points })
            }
            _ => Err(complaints),
        }
    }

    /// Returns the design in the form to be saved: missing or wrong entries on sending have default values.
    ///
    /// # Errors
    /// Returns the problems of its points.
    pub(crate) fn saved(&self) -> Result<DesignFile, Vec<FormComplaint>> {
        let points = self.points()?;
        let mut ignore = |_, _: String| {};
        Ok(DesignFile {
            batch: self.read_batch(&mut ignore).unwrap_or_else(|| points.batch.clone()),
            max_attempts: whole(&self.max_attempts, FormPlace::MaxAttempts, &mut ignore)
                .filter(|attempts| *attempts > 0)
                .unwrap_or(points.max_attempts),
            time_limit_secs: self.read_time_limit(&mut ignore),
            combine: self.combine_file(),
            ..points
        })
    }

    /// Returns the script that combines; an ending that wasn't typed is left to it.
    fn combine_file(&self) -> Option<Box<CombineFile>> {
        let combine = self.combine.clone()?;
        let extension = combine.file_extension.unwrap_or_default();
        let extension = extension.trim().trim_start_matches('.');
        let file_extension = (!extension.is_empty()).then(|| extension.to_owned());
        Some(Box::new(CombineFile { file_extension, ..combine }))
    }

    /// Returns the factors that count: none with a table, since all inputs stand in it.
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

    /// Returns the place that an error of the design as a whole belongs to.
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
            DesignError::PoolTwice => FormPlace::Batch,
        };
        let text = match error {
            DesignError::Constraint { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        FormComplaint { place, text }
    }
}

/// Reads a whole number, zero or above. Groups of digits may be separated as on the page: `10,000`.
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
