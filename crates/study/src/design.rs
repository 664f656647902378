//! A design: factors, constraints and a sampler, and the points that follow from them.

mod points;

use cruncher_sampling::UnitPoints;
use serde::{Deserialize, Serialize};

pub(crate) use self::points::DesignRows;
pub use self::points::{DesignPoints, RowMark};
use crate::batch::Batch;
use crate::case::ParameterValue;
use crate::combination::CombineFile;
use crate::constraint::{BoundConstraint, Constraint, ConstraintError, NameShape};
use crate::factor::{Factor, FactorError, FactorValues, check_factors};
use crate::grid::GridValues;
use crate::import::{ImportedTable, InputColumn};
use crate::isolation::CaseIsolation;
use crate::model::{MAX_MODEL_BYTES, ModelKind};
use crate::model_document::{MODEL_DOCUMENT_NAME, ModelDocument};
use crate::number_format::{counted, thousands};
use crate::pool::Pool;
use crate::sampler::{MAX_CASES, Sampler, SamplerError, check_components};

/// The file that an engineer writes: a design and the model that it is for.
///
/// # Examples
/// ```
/// let file: cruncher_study::design::DesignFile = serde_json::from_str(
///     r#"{"batch": "soil", "model": {"file": "footing.py", "kind": "python"},
///         "factors": [{"name": "width", "minimum": 1.0, "maximum": 3.0, "unit": "m"}],
///         "sampler": {"kind": "random", "cases": 8}}"#,
/// )?;
/// let points = file.design()?;
/// assert_eq!((points.len(), points.parameters(0).len()), (8, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesignFile {
    /// The batch that its cases belong to.
    pub batch: Batch,
    /// The model: its file is beside this one, unless its text stands here.
    pub model: ModelFile,
    /// The inputs of the model.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Conditions that every point must meet; a point that doesn't is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// The way in which points are chosen.
    pub sampler: Sampler,
    /// The points, if they were imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<ImportedTable>,
    /// The source of all random choices: the same seed gives the same points.
    #[serde(default)]
    pub seed: u64,
    /// Number of cases a point; replicates differ in nothing but their number.
    #[serde(default = "one")]
    pub replicates: u32,
    /// Maximum number of attempts a case.
    #[serde(default = "three")]
    pub max_attempts: u32,
    /// Maximum duration of a case, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_limit_secs: Option<f64>,
    /// Whether a case is computed although its result exists.
    #[serde(default)]
    pub force: bool,
    /// Lifetime of the process that a case is computed in.
    #[serde(default, skip_serializing_if = "CaseIsolation::is_usual")]
    pub isolation: CaseIsolation,
    /// The pool that its cases are sent to; `None` is the study's own queue, or what the table says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    /// The script that makes one file when the batch is complete, if one is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combine: Option<Box<CombineFile>>,
}

fn one() -> u32 {
    1
}

fn three() -> u32 {
    3
}

/// The model of a design file: its file, or a command line, which stands in the design as a [`ModelDocument`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "WrittenModel")]
pub struct ModelFile {
    /// The file's name.
    pub file: String,
    /// The way in which a worker runs it.
    pub kind: ModelKind,
    /// The whole file, if the design holds it; in UTF-8 it is the file byte for byte.
    pub text: Option<String>,
}

/// The form of a model in a design file.
#[derive(Serialize, Deserialize)]
struct WrittenModel {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    kind: ModelKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The other fields of a [`ModelDocument`].
    #[serde(flatten)]
    document: serde_json::Map<String, serde_json::Value>,
}

impl TryFrom<WrittenModel> for ModelFile {
    type Error = String;

    fn try_from(written: WrittenModel) -> Result<Self, String> {
        let WrittenModel { file, kind, text, mut document } = written;
        if kind == ModelKind::CommandLine && document.contains_key("command") {
            if file.is_some() || text.is_some() {
                return Err("its model has a `command`, and needs neither `file` nor `text`".to_owned());
            }
            document.insert("kind".to_owned(), serde_json::json!("command_line"));
            let document = ModelDocument::from_value(&serde_json::Value::Object(document));
            return document
                .map(|document| Self::of_document(&document))
                .map_err(|error| format!("its model: {error}"));
        }
        let file = file.ok_or(match kind {
            ModelKind::CommandLine => "its model has no `command`",
            _ => "its model has no `file`",
        })?;
        Ok(Self { file, kind, text })
    }
}

impl Serialize for ModelFile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(document) = self.document() {
            return document.serialize(serializer);
        }
        let (file, text) = (Some(self.file.clone()), self.text.clone());
        WrittenModel { file, kind: self.kind, text, document: serde_json::Map::new() }.serialize(serializer)
    }
}

impl ModelFile {
    /// The model that a command line is.
    #[must_use]
    pub fn of_document(document: &ModelDocument) -> Self {
        let text = String::from_utf8(document.content()).unwrap_or_default();
        Self { file: MODEL_DOCUMENT_NAME.to_owned(), kind: ModelKind::CommandLine, text: Some(text) }
    }

    /// The command line that the design holds, if its model is one.
    #[must_use]
    pub fn document(&self) -> Option<ModelDocument> {
        let text = self.text.as_ref().filter(|_| self.kind == ModelKind::CommandLine)?;
        ModelDocument::parse(text.as_bytes()).ok()
    }

    /// Returns the objection to a model that the design holds, as the second half of a sentence; `None` if the file is beside
    /// it.
    #[must_use]
    pub fn objection(&self) -> Option<String> {
        let size_bytes = self.text.as_ref()?.len() as u64;
        if self.file.is_empty() {
            return Some("its model has a `text`, but no `file`: name it".to_owned());
        }
        (size_bytes > MAX_MODEL_BYTES).then(|| {
            format!(
                "its model has {} bytes, more than the {} MiB of a model",
                thousands(size_bytes),
                MAX_MODEL_BYTES >> 20
            )
        })
    }
}

/// A design that can't become cases.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// A factor can't be sampled.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// Nothing is varied.
    #[error("the design has no factor: add one")]
    NoFactor,
    /// The points can't be chosen.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// A constraint isn't one for these factors.
    #[error("the constraint `{constraint}`: {source}")]
    Constraint {
        /// The constraint as it was typed.
        constraint: String,
        /// The mistake in it.
        source: ConstraintError,
    },
    /// No point is left.
    #[error("no point of the design meets its constraints: loosen one of them")]
    NothingLeft,
    /// No attempt.
    #[error("`max_attempts` is 0: a case needs at least one attempt")]
    NoAttempt,
    /// A limit that no case keeps.
    #[error("the time limit is {0} s: it must be above 0")]
    TimeLimit(f64),
    /// A row of the table that doesn't fit its columns.
    #[error("row {row} of the design's table: {why}")]
    Row {
        /// The row, from 1.
        row: usize,
        /// The mistake in it.
        why: String,
    },
    /// A replicate whose number has no room beside those of the other points.
    #[error("row {row} of the design's table has replicate {replicate}: number the replicates of a point from 0")]
    Replicate {
        /// The row, from 1.
        row: usize,
        /// Its replicate.
        replicate: u32,
    },
    /// Two answers to one question.
    #[error("the table says by its column `pool` where each case is sent: leave the design's `pool` out")]
    PoolTwice,
    /// No replicate.
    #[error("`replicates` is 0: each point needs at least one")]
    NoReplicate,
}

impl DesignFile {
    /// Checks the design, as far as that is possible without choosing any point, and returns the number of cases that it asks
    /// for.
    ///
    /// # Errors
    /// The first mistake.
    pub fn check(&self) -> Result<u64, DesignError> {
        let factors = self.all_factors()?;
        check_factors(&factors)?;
        self.check_values()?;
        check_components(&factors)?;
        if self.max_attempts == 0 {
            return Err(DesignError::NoAttempt);
        }
        if self.replicates == 0 {
            return Err(DesignError::NoReplicate);
        }
        if let Some(limit) = self.time_limit_secs.filter(|limit| !limit.is_finite() || *limit <= 0.0) {
            return Err(DesignError::TimeLimit(limit));
        }
        if self.pool.is_some()
            && self.sampler == Sampler::Table
            && self.table.as_ref().is_some_and(|table| table.pools.is_some())
        {
            return Err(DesignError::PoolTwice);
        }
        self.bound_constraints()?;
        let points = match &self.table {
            Some(table) if self.sampler == Sampler::Table => check_rows(table, self.replicates)?,
            _ => self.sampler.points(&self.factors)?,
        };
        let cases = points.saturating_mul(u64::from(self.replicates));
        match cases {
            0 => Err(SamplerError::NoCase.into()),
            1..=MAX_CASES => Ok(cases),
            _ => Err(SamplerError::too_many(cases).into()),
        }
    }

    /// Checks that factors without values of their own occur only beside a table, which gives them values.
    fn check_values(&self) -> Result<(), FactorError> {
        let mut listed = self.factors.iter().filter(|factor| factor.values == FactorValues::Listed);
        match listed.next().filter(|_| self.sampler != Sampler::Table) {
            Some(factor) => Err(FactorError::NoValues(factor.name.clone())),
            None => Ok(()),
        }
    }

    /// The factors of the design: those of the table, if there is one, with the unit and the note that the file gives them.
    fn all_factors(&self) -> Result<Vec<Factor>, DesignError> {
        let factors = match (self.sampler, &self.table) {
            (Sampler::Table, None) => return Err(SamplerError::NoTable.into()),
            (Sampler::Table, Some(table)) => {
                let fixed = self.factors.iter().filter(|factor| matches!(factor.values, FactorValues::Fixed(_)));
                let fixed = fixed.filter(|factor| table.columns.iter().all(|column| column.name != factor.name));
                let listed = table.columns.iter().map(|column| {
                    let said = self.factors.iter().find(|factor| factor.name == column.name);
                    let (unit, note) = said.map(|said| (said.unit.clone(), said.note.clone())).unwrap_or_default();
                    Factor { name: column.name.clone(), count: column.count, values: FactorValues::Listed, unit, note }
                });
                listed.chain(fixed.cloned()).collect()
            }
            _ => self.factors.clone(),
        };
        if factors.is_empty() { Err(DesignError::NoFactor) } else { Ok(factors) }
    }

    /// Returns the points.
    ///
    /// # Errors
    /// The errors of [`Self::check`], and an error if no point meets the constraints.
    pub fn design(&self) -> Result<DesignPoints, DesignError> {
        self.check()?;
        let factors = self.all_factors()?;
        let design = match &self.table {
            Some(table) if self.sampler == Sampler::Table => DesignPoints::listed(factors, table),
            _ => self.sampled(factors)?,
        };
        if design.is_empty() { Err(DesignError::NothingLeft) } else { Ok(design.sent_to(self.pool)) }
    }

    fn sampled(&self, factors: Vec<Factor>) -> Result<DesignPoints, DesignError> {
        let bounds = self.bound_constraints()?;
        let dimensions = factors.iter().map(Factor::dimensions).sum();
        let grid = GridValues::of(self.sampler, &factors);
        let (mut points, mut marks, mut left_out) = (UnitPoints::zeros(dimensions, 0), Vec::new(), 0);
        for level in self.sampler.sample(&factors, self.seed)? {
            let kept = kept(&factors, &grid, &bounds, level.points, &mut left_out);
            marks.resize(marks.len() + kept.len(), RowMark { level: level.level, ..RowMark::default() });
            // A single level, which may have a million points, isn't copied.
            if points.is_empty() {
                points = kept;
            } else {
                points.append(&kept);
            }
        }
        Ok(DesignPoints { factors, rows: DesignRows::Sampled(points), marks, left_out, grid })
    }

    fn bound_constraints(&self) -> Result<Vec<BoundConstraint>, DesignError> {
        let columns = NumberColumns::of(&self.factors);
        let bind = |constraint: &Constraint| {
            let checked = constraint.check(|name| columns.shape(name));
            checked.map_err(|source| DesignError::Constraint { constraint: constraint.to_string(), source })?;
            Ok(constraint.bind(|name, component| columns.position(name, component)))
        };
        self.constraints.iter().filter_map(|constraint| bind(constraint).transpose()).collect()
    }
}

/// Checks a table that stands in a design file, and returns the number of its rows.
fn check_rows(table: &ImportedTable, replicates: u32) -> Result<u64, DesignError> {
    let wrong = table.rows.iter().enumerate().find_map(|(row, values)| Some((row, misfit(&table.columns, values)?)));
    match wrong.or_else(|| missing_mark(table)) {
        Some((row, why)) => Err(DesignError::Row { row: row + 1, why }),
        None => check_replicates(table, replicates).map(|()| table.rows.len() as u64),
    }
}

/// The reason why a row doesn't have one value for each column.
fn misfit(columns: &[InputColumn], row: &[ParameterValue]) -> Option<String> {
    if row.len() != columns.len() {
        let values = counted(row.len() as u64, "value", "values");
        return Some(format!("it has {values} for {}", counted(columns.len() as u64, "column", "columns")));
    }
    columns.iter().zip(row).find_map(|(column, value)| wrong_shape(column, value))
}

/// The reason why a value doesn't fit its column.
fn wrong_shape(InputColumn { name, count }: &InputColumn, value: &ParameterValue) -> Option<String> {
    match (count, value) {
        (None, ParameterValue::List(_)) => Some(format!("`{name}` is a list, but the column has no `count`")),
        (None, _) => None,
        (Some(count), ParameterValue::List(components)) => (components.len() != *count).then(|| {
            let components = counted(components.len() as u64, "component", "components");
            format!("`{name}` has {components} instead of {count}")
        }),
        (Some(count), _) => Some(format!(
            "`{name}` is a single value, but the column has `\"count\": {count}`: write a list of {count} in brackets"
        )),
    }
}

/// The first row without a level, replicate or pool, if the table has a list of these.
fn missing_mark(table: &ImportedTable) -> Option<(usize, String)> {
    let lengths = [
        ("level", table.levels.as_ref().map(Vec::len)),
        ("replicate", table.replicates.as_ref().map(Vec::len)),
        ("pool", table.pools.as_ref().map(Vec::len)),
    ];
    let short = lengths.into_iter().filter_map(|(mark, length)| Some((length?, mark)));
    let (length, mark) = short.filter(|(length, _)| *length < table.rows.len()).min()?;
    Some((length, format!("it has no {mark}: `{mark}s` has one for each row")))
}

/// Checks that replicates have room: each row of a table becomes `replicates` cases, with numbers of their own behind those of
/// the replicates before it.
fn check_replicates(table: &ImportedTable, replicates: u32) -> Result<(), DesignError> {
    let has_room = |replicate: u32| replicate.checked_add(1).and_then(|end| end.checked_mul(replicates)).is_some();
    let mut numbers = table.replicates.iter().flatten().enumerate();
    match numbers.find(|(_, replicate)| !has_room(**replicate)) {
        Some((row, replicate)) => Err(DesignError::Replicate { row: row + 1, replicate: *replicate }),
        None => Ok(()),
    }
}

/// Returns the points that meet all constraints.
fn kept(
    factors: &[Factor],
    grid: &GridValues,
    bounds: &[BoundConstraint],
    points: UnitPoints,
    left_out: &mut u64,
) -> UnitPoints {
    if bounds.is_empty() {
        return points;
    }
    let columns = NumberColumns::of(factors);
    let mut numbers = Vec::new();
    let mut fractions = Vec::new();
    let is_kept = |row: &usize| {
        fractions.clear();
        fractions.extend(points.row(*row));
        columns.read(grid, &fractions, &mut numbers);
        bounds.iter().all(|bound| bound.holds(&numbers))
    };
    let rows: Vec<usize> = (0..points.len()).filter(is_kept).collect();
    *left_out += (points.len() - rows.len()) as u64;
    let mut kept = UnitPoints::zeros(points.dimensions(), rows.len());
    for dimension in 0..points.dimensions() {
        let from = points.column(dimension);
        for (place, row) in kept.column_mut(dimension).iter_mut().zip(&rows) {
            *place = from[*row];
        }
    }
    kept
}

/// The numbers that constraints compare: one column a component of each factor.
struct NumberColumns<'a> {
    factors: &'a [Factor],
}

impl<'a> NumberColumns<'a> {
    const fn of(factors: &'a [Factor]) -> Self {
        Self { factors }
    }

    fn shape(&self, name: &str) -> Option<NameShape> {
        let factor = self.factors.iter().find(|factor| factor.name == name)?;
        let is_number = match &factor.values {
            FactorValues::Range { .. } | FactorValues::Integers { .. } => true,
            FactorValues::Levels(levels) => levels.iter().all(|level| level.as_number().is_some()),
            FactorValues::Fixed(ParameterValue::List(components)) => {
                components.iter().all(|value| value.as_number().is_some())
            }
            FactorValues::Fixed(value) => value.as_number().is_some(),
            FactorValues::Listed => false,
        };
        Some(match factor.components() {
            _ if !is_number => NameShape::NotANumber,
            None => NameShape::Scalar,
            Some(count) => NameShape::Vector(count),
        })
    }

    fn position(&self, name: &str, component: Option<usize>) -> Option<usize> {
        let mut position = 0;
        for factor in self.factors {
            if factor.name == name {
                return Some(position + component.unwrap_or(0));
            }
            position += factor.components().unwrap_or(1);
        }
        None
    }

    /// Reads the numbers at a point, in the order of the columns.
    fn read(&self, grid: &GridValues, mut fractions: &[f64], numbers: &mut Vec<f64>) {
        let number = |value: &ParameterValue| value.as_number().unwrap_or(f64::NAN);
        numbers.clear();
        for (position, factor) in self.factors.iter().enumerate() {
            let (own, rest) = fractions.split_at(factor.dimensions());
            fractions = rest;
            match &factor.values {
                FactorValues::Fixed(ParameterValue::List(components)) => numbers.extend(components.iter().map(number)),
                FactorValues::Fixed(value) => numbers.push(number(value)),
                _ => numbers.extend(own.iter().map(|fraction| number(&grid.at(position, factor, *fraction)))),
            }
        }
    }
}

#[cfg(test)]
#[path = "design_tests.rs"]
mod tests;
