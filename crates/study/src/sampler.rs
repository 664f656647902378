//! The choice of a design's points.
//!
//! The methods themselves are in `cruncher-sampling`; this module decides the number of points of each level, and the part of
//! the sequence that they come from.

use std::ops::Range;

use cruncher_sampling::{
    MAX_HALTON_DIMENSIONS, MAX_OPTIMISED, MAX_SOBOL_DIMENSIONS, OptimisationCriterion, UnitPoints, balance_levels,
    double_latin_hypercube, halton, latin_hypercube, optimised_latin_hypercube, random, sobol,
};
use serde::{Deserialize, Serialize};

use crate::factor::Factor;
use crate::grid::{full_grid, full_grid_len, one_at_a_time, one_at_a_time_len};
use crate::number_format::thousands;

mod wire;

/// Maximum number of cases of a submission.
pub const MAX_CASES: u64 = 1_000_000;

/// Maximum number of values in the points of a design, all dimensions together.
pub const MAX_VALUES: u64 = 100_000_000;

/// Maximum number of components of the factors of a design, all together.
pub const MAX_COMPONENTS: u64 = 100_000;

/// The way in which the points of a design are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "wire::WireSampler", into = "wire::WireSampler")]
pub enum Sampler {
    /// Independent random points.
    Random {
        /// Number of points.
        size: SamplerSize,
    },
    /// Along each factor, each of n intervals of equal length holds one of n points; the frequencies of whole numbers and of
    /// levels differ by one at most.
    LatinHypercube {
        /// Number of points; with levels, each level is a hypercube of its own.
        size: SamplerSize,
        /// The criterion that a hypercube is optimised for, if it is.
        criterion: Option<OptimisationCriterion>,
        /// Number of times that the hypercube is doubled, keeping its points. Each doubling is one more level.
        doublings: u32,
    },
    /// Sobol's sequence.
    Sobol {
        /// Number of its points; level L has the points number 2^L to 2^(L+1), excluded.
        size: SamplerSize,
        /// Whether the sequence is scrambled by the seed.
        is_scrambled: bool,
    },
    /// Halton's sequence.
    Halton {
        /// Number of its points; levels follow one after the other.
        size: SamplerSize,
        /// Whether the sequence is scrambled by the seed.
        is_scrambled: bool,
    },
    /// Every combination.
    FullGrid {
        /// Number of values of a range that are taken, its ends included.
        steps: u32,
    },
    /// One factor at a time varies, all others stay in the middle.
    OneAtATime {
        /// Number of values of a range that are taken, its ends included.
        steps: u32,
    },
    /// The points stand in a table.
    Table,
}

/// Size of a design in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SamplerSize {
    /// A single level with this number of points.
    Cases(u32),
    /// 2^level points for each level from the first to the last, computed in this order.
    Levels {
        /// The first level.
        first: u32,
        /// The last level.
        last: u32,
    },
}

/// A number of points that can't be sampled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SamplerError {
    /// There is no point.
    #[error("the design has no case: ask for at least one")]
    NoCase,
    /// The levels are no range.
    #[error("the first level, {0}, is above the last, {1}")]
    Levels(u32, u32),
    /// More than a submission takes.
    #[error(
        "the design has {cases} cases, more than {}: lower its size, or split it into batches with different seeds",
        thousands(MAX_CASES)
    )]
    TooManyCases {
        /// Number of cases: `more than 18 quintillion` for a grid beyond all bounds.
        cases: String,
    },
    /// More than there is memory for.
    #[error(
        "the points of the design are {values} numbers, more than {}: lower its size, or the `count` of its vectors",
        thousands(MAX_VALUES)
    )]
    TooManyValues {
        /// Number of values: points times dimensions.
        values: String,
    },
    /// Vectors that no table can have.
    #[error(
        "the factors have {components} components, more than {}: lower the `count` of a vector",
        thousands(MAX_COMPONENTS)
    )]
    TooManyComponents {
        /// Number of components.
        components: String,
    },
    /// A grid needs two values to have both ends.
    #[error("the grid has {0} steps: a range needs at least 2, its two ends")]
    Steps(u32),
    /// Optimising takes a time that grows with the square of the number of points.
    #[error(
        "an optimised Latin hypercube has at most {MAX_OPTIMISED} points, this one has {0}: take a plain one, or Sobol'"
    )]
    TooManyToOptimise(u64),
    /// Only a hypercube of a given size is doubled.
    #[error("a Latin hypercube by levels isn't doubled: add a level instead")]
    DoubledLevels,
    /// More dimensions than the sequence has.
    #[error("{name} has at most {limit} dimensions, the factors have {dimensions}: take a Latin hypercube")]
    TooManyDimensions {
        /// The sequence.
        name: &'static str,
        /// Number of dimensions that it has.
        limit: usize,
        /// Number of dimensions of the factors.
        dimensions: usize,
    },
    /// The points of a table aren't sampled.
    #[error("the table of points is missing")]
    NoTable,
}

/// The points of one level.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelPoints {
    /// The level.
    pub level: u32,
    /// Its points: fractions of each factor's range.
    pub points: UnitPoints,
}

impl SamplerSize {
    fn check(self) -> Result<(), SamplerError> {
        match self {
            Self::Cases(0) => Err(SamplerError::NoCase),
            Self::Levels { first, last } if first > last => Err(SamplerError::Levels(first, last)),
            Self::Cases(_) | Self::Levels { .. } => Ok(()),
        }
    }

    /// Returns the levels, and the number of points of each.
    fn levels(self) -> Vec<(u32, u64)> {
        match self {
            Self::Cases(cases) => vec![(0, u64::from(cases))],
            Self::Levels { first, last } => (first..=last).map(|level| (level, 1 << level)).collect(),
        }
    }

    /// Returns the number of the first point, in Sobol's sequence, of `count` points.
    ///
    /// A block of 2^L points is even by itself, with one point in each of 2^L intervals of each dimension, if it begins at a
    /// multiple of 2^L: H. Niederreiter: Point sets and sequences with small discrepancy. Monatshefte für Mathematik 104 (1987)
    /// 273–337. If each block begins at 2^L itself, the blocks of all levels are neighbours: from any level to any other they
    /// are together as even as the sequence is.
    const fn sobol_start(self, count: u64) -> u64 {
        match self {
            Self::Cases(_) => 0,
            Self::Levels { .. } => count,
        }
    }

    fn total(self) -> u64 {
        match self {
            Self::Cases(cases) => u64::from(cases),
            Self::Levels { last, .. } if last >= 62 => u64::MAX,
            Self::Levels { first, last } => (2 << last) - (1 << first),
        }
    }
}

impl Sampler {
    /// Returns the number of points that it chooses for these factors.
    ///
    /// # Errors
    /// If it can't sample them: no point, too many points, or too many dimensions.
    pub fn points(&self, factors: &[Factor]) -> Result<u64, SamplerError> {
        check_components(factors)?;
        let points = self.points_unlimited(factors)?;
        match points {
            0 => Err(SamplerError::NoCase),
            1..=MAX_CASES => check_values(points, dimensions(factors)),
            _ => Err(SamplerError::too_many(points)),
        }
    }

    fn points_unlimited(&self, factors: &[Factor]) -> Result<u64, SamplerError> {
        let dimensions = dimensions(factors);
        match *self {
            Self::Random { size } => size.check().map(|()| size.total()),
            Self::LatinHypercube { size, criterion, doublings } => check_hypercube(size, criterion, doublings),
            Self::Sobol { size, .. } => {
                check_dimensions("Sobol's sequence", dimensions, MAX_SOBOL_DIMENSIONS)?;
                size.check().map(|()| size.total())
            }
            Self::Halton { size, .. } => {
                check_dimensions("Halton's sequence", dimensions, MAX_HALTON_DIMENSIONS)?;
                size.check().map(|()| size.total())
            }
            Self::FullGrid { steps } | Self::OneAtATime { steps } if steps < 2 => Err(SamplerError::Steps(steps)),
            Self::FullGrid { steps } => Ok(full_grid_len(factors, steps)),
            Self::OneAtATime { steps } => Ok(one_at_a_time_len(factors, steps)),
            Self::Table => Err(SamplerError::NoTable),
        }
    }

    /// Returns the points, level by level: the same seed gives the same points, bit for bit.
    ///
    /// # Errors
    /// The errors of [`Self::points`].
    pub fn sample(&self, factors: &[Factor], seed: u64) -> Result<Vec<LevelPoints>, SamplerError> {
        self.points(factors)?;
        let dimensions = dimensions(factors);
        let one_level = |points| vec![LevelPoints { level: 0, points }];
        Ok(match *self {
            Self::LatinHypercube { size: SamplerSize::Cases(cases), criterion, doublings } if doublings > 0 => {
                let mut levels = doubled(hypercube(dimensions, cases as usize, seed, 0, criterion), doublings, seed);
                let mut parts: Vec<&mut UnitPoints> = levels.iter_mut().map(|level| &mut level.points).collect();
                balance_levels(&mut parts, levels_of(factors), seed, 0);
                levels
            }
            Self::LatinHypercube { size, criterion, .. } => by_level(size, |level, _, count| {
                let mut points = hypercube(dimensions, count, seed, u64::from(level), criterion);
                balance_levels(&mut [&mut points], levels_of(factors), seed, u64::from(level));
                points
            }),
            Self::Random { size } => {
                let all = random(dimensions, length(size.total()), seed, 0);
                by_level(size, |_, start, count| part(&all, length(start)..length(start) + count))
            }
            Self::Sobol { size, is_scrambled } => by_level(size, |_, _, count| {
                let start = size.sobol_start(count as u64);
                sobol(dimensions, start..start + count as u64, is_scrambled.then_some(seed))
            }),
            Self::Halton { size, is_scrambled } => by_level(size, |_, start, count| {
                halton(dimensions, start..start + count as u64, is_scrambled.then_some(seed))
            }),
            Self::FullGrid { steps } => one_level(full_grid(factors, steps)),
            Self::OneAtATime { steps } => one_level(one_at_a_time(factors, steps)),
            Self::Table => Vec::new(),
        })
    }

    /// Returns the design that has all points of this one and about as many new ones; `None` if there is no such design.
    #[must_use]
    pub fn extended(self) -> Option<Self> {
        let twice = |size| match size {
            SamplerSize::Cases(cases) => SamplerSize::Cases(cases.saturating_mul(2)),
            SamplerSize::Levels { first, last } => SamplerSize::Levels { first, last: last + 1 },
        };
        match self {
            Self::Random { size } => Some(Self::Random { size: twice(size) }),
            Self::LatinHypercube { size: SamplerSize::Cases(cases), criterion, doublings } => {
                Some(Self::LatinHypercube { size: SamplerSize::Cases(cases), criterion, doublings: doublings + 1 })
            }
            Self::LatinHypercube { size, criterion, doublings } => {
                Some(Self::LatinHypercube { size: twice(size), criterion, doublings })
            }
            Self::Sobol { size, is_scrambled } => Some(Self::Sobol { size: twice(size), is_scrambled }),
            Self::Halton { size, is_scrambled } => Some(Self::Halton { size: twice(size), is_scrambled }),
            Self::FullGrid { steps } => Some(Self::FullGrid { steps: steps.saturating_mul(2) - 1 }),
            // A third step would be the middle, which is a point already.
            Self::OneAtATime { steps: 2 } => Some(Self::OneAtATime { steps: 5 }),
            Self::OneAtATime { steps } => Some(Self::OneAtATime { steps: steps.saturating_mul(2) - 1 }),
            Self::Table => None,
        }
    }
}

impl SamplerError {
    pub(crate) fn too_many(cases: u64) -> Self {
        let cases = if cases == u64::MAX { "more than 18 quintillion".to_owned() } else { thousands(cases) };
        Self::TooManyCases { cases }
    }
}

fn dimensions(factors: &[Factor]) -> usize {
    factors.iter().map(Factor::dimensions).sum()
}

/// Checks the number of components of factors.
pub(crate) fn check_components(factors: &[Factor]) -> Result<(), SamplerError> {
    let components = factors.iter().map(|factor| factor.components().unwrap_or(1) as u64).fold(0, u64::saturating_add);
    if components > MAX_COMPONENTS {
        return Err(SamplerError::TooManyComponents { components: thousands(components) });
    }
    Ok(())
}

/// Checks the number of values of `points` points, and returns the number of points.
fn check_values(points: u64, dimensions: usize) -> Result<u64, SamplerError> {
    let values = points.saturating_mul(dimensions as u64);
    if values > MAX_VALUES {
        return Err(SamplerError::TooManyValues { values: thousands(values) });
    }
    Ok(points)
}

fn check_dimensions(name: &'static str, dimensions: usize, limit: usize) -> Result<(), SamplerError> {
    if dimensions > limit {
        return Err(SamplerError::TooManyDimensions { name, limit, dimensions });
    }
    Ok(())
}

/// Checks a Latin hypercube, and returns the number of its points.
fn check_hypercube(
    size: SamplerSize,
    criterion: Option<OptimisationCriterion>,
    doublings: u32,
) -> Result<u64, SamplerError> {
    size.check()?;
    let largest = match size {
        SamplerSize::Cases(cases) => u64::from(cases),
        SamplerSize::Levels { last, .. } => 1_u64.checked_shl(last).unwrap_or(u64::MAX),
    };
    if criterion.is_some() && largest > MAX_OPTIMISED as u64 {
        return Err(SamplerError::TooManyToOptimise(largest));
    }
    match size {
        SamplerSize::Levels { .. } if doublings > 0 => Err(SamplerError::DoubledLevels),
        SamplerSize::Levels { .. } => Ok(size.total()),
        SamplerSize::Cases(cases) => {
            Ok(u64::from(cases).saturating_mul(1_u64.checked_shl(doublings).unwrap_or(u64::MAX)))
        }
    }
}

fn hypercube(
    dimensions: usize,
    count: usize,
    seed: u64,
    stream: u64,
    criterion: Option<OptimisationCriterion>,
) -> UnitPoints {
    match criterion {
        None => latin_hypercube(dimensions, count, seed, stream),
        Some(criterion) => optimised_latin_hypercube(dimensions, count, seed, stream, criterion),
    }
}

/// Number of levels of each dimension; `None` if it is a continuum.
fn levels_of(factors: &[Factor]) -> impl Iterator<Item = Option<u64>> {
    factors.iter().flat_map(|factor| std::iter::repeat_n(factor.levels(), factor.dimensions()))
}

fn doubled(first: UnitPoints, doublings: u32, seed: u64) -> Vec<LevelPoints> {
    let mut all = first.clone();
    let mut levels = vec![LevelPoints { level: 0, points: first }];
    for level in 1..=doublings {
        let points = double_latin_hypercube(&all, seed, u64::from(level));
        all.append(&points);
        levels.push(LevelPoints { level, points });
    }
    levels
}

/// Makes the points of each level; `points` gets the level, the number of points of all levels before, and the number of points
/// of this level.
fn by_level(size: SamplerSize, mut points: impl FnMut(u32, u64, usize) -> UnitPoints) -> Vec<LevelPoints> {
    let mut start = 0;
    let mut levels = Vec::new();
    for (level, count) in size.levels() {
        levels.push(LevelPoints { level, points: points(level, start, length(count)) });
        start += count;
    }
    levels
}

/// Returns some of the points.
fn part(points: &UnitPoints, rows: Range<usize>) -> UnitPoints {
    let mut part = UnitPoints::zeros(points.dimensions(), rows.len());
    for dimension in 0..points.dimensions() {
        part.column_mut(dimension).copy_from_slice(&points.column(dimension)[rows.clone()]);
    }
    part
}

/// A number of points as a length; [`MAX_CASES`] fits everywhere.
fn length(points: u64) -> usize {
    usize::try_from(points).unwrap_or(usize::MAX)
}

#[cfg(test)]
#[path = "sampler_tests.rs"]
mod tests;
