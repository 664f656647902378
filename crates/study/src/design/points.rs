//! The points that a design has become.

use cruncher_sampling::UnitPoints;

use crate::case::{ParameterValue, Parameters};
use crate::factor::{Factor, FactorValues};
use crate::grid::GridValues;
use crate::import::ImportedTable;
use crate::pool::Pool;

/// The points of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct DesignPoints {
    pub(super) factors: Vec<Factor>,
    pub(super) rows: DesignRows,
    /// Level, replicate and pool of each row.
    pub(super) marks: Vec<RowMark>,
    pub(super) left_out: u64,
    pub(super) grid: GridValues,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum DesignRows {
    /// Fractions of each factor's range, one column a dimension.
    Sampled(UnitPoints),
    /// One value a factor whose values are listed.
    Listed(Vec<Vec<ParameterValue>>),
}

/// What a row has beside its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowMark {
    /// Its place in the order of the batch.
    pub level: u32,
    /// Its number among equal cases.
    pub replicate: u32,
    /// The pool that it is sent to; `None` is the study's own queue.
    pub pool: Option<Pool>,
}

impl DesignPoints {
    pub(super) fn listed(factors: Vec<Factor>, table: &ImportedTable) -> Self {
        let mark = |row: usize| RowMark {
            level: table.levels.as_ref().map_or(0, |levels| levels[row]),
            replicate: table.replicates.as_ref().map_or(0, |replicates| replicates[row]),
            pool: table.pools.as_ref().and_then(|pools| pools[row]),
        };
        let marks = (0..table.rows.len()).map(mark).collect();
        Self::of_rows(factors, table.rows.clone(), marks)
    }

    /// Makes the points that stand in these rows: one value for each factor whose values are listed.
    pub(crate) const fn of_rows(factors: Vec<Factor>, rows: Vec<Vec<ParameterValue>>, marks: Vec<RowMark>) -> Self {
        Self { factors, rows: DesignRows::Listed(rows), marks, left_out: 0, grid: GridValues::NONE }
    }

    /// The inputs.
    #[must_use]
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Number of points that were left out because they don't meet the constraints.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The points as fractions of each factor's range, one column a dimension; `None` if they were imported.
    #[must_use]
    pub const fn fractions(&self) -> Option<&UnitPoints> {
        match &self.rows {
            DesignRows::Sampled(points) => Some(points),
            DesignRows::Listed(_) => None,
        }
    }

    /// Level, replicate and pool of a point.
    #[must_use]
    pub fn mark(&self, row: usize) -> RowMark {
        self.marks[row]
    }

    /// Sends all points to this pool, if one is given.
    pub(super) fn sent_to(mut self, pool: Option<Pool>) -> Self {
        if pool.is_some() {
            self.marks.iter_mut().for_each(|mark| mark.pool = pool);
        }
        self
    }

    /// The rows that the points are made of.
    pub(crate) const fn rows(&self) -> &DesignRows {
        &self.rows
    }

    /// The inputs at a point, by name.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn parameters(&self, row: usize) -> Parameters {
        let mut parameters = Parameters::new();
        match &self.rows {
            DesignRows::Sampled(points) => {
                let fractions: Vec<f64> = points.row(row).collect();
                let mut rest = fractions.as_slice();
                for (position, factor) in self.factors.iter().enumerate() {
                    let (own, later) = rest.split_at(factor.dimensions());
                    let at = |fraction| self.grid.at(position, factor, fraction);
                    parameters.insert(factor.name.clone(), factor.value_by(own, at));
                    rest = later;
                }
            }
            DesignRows::Listed(rows) => {
                let mut listed = rows[row].iter();
                for factor in &self.factors {
                    let value = match &factor.values {
                        FactorValues::Listed => listed.next().cloned(),
                        _ => Some(factor.value(&[])),
                    };
                    parameters.extend(value.map(|value| (factor.name.clone(), value)));
                }
            }
        }
        parameters
    }
}
