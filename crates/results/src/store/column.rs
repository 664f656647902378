//! Columns of a store.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::memory::{fill, make_room};
use super::statistics::ColumnStatistics;
use crate::number::{LargeInteger, NO_REST, Rest};

/// The values of all rows for one field, factor or response: numbers, and codes of texts and flags.
#[derive(Debug, Clone, Default)]
pub struct StoreColumn {
    rows: usize,
    /// The numbers, NaN for a row without one; empty as long as every row has the same.
    numbers: Vec<f64>,
    /// The number that every row has: levels and replicates are often equal, and a column without any number takes no memory.
    same: Same,
    /// Difference between a large integer and the number that stands for it, [`NO_REST`] for another number; empty as long as
    /// there is no large integer at all.
    rests: Vec<Rest>,
    /// The codes, 0 for a row without one; empty as long as there is none at all.
    codes: Vec<u32>,
    /// Empty after a value was replaced, until it is asked for.
    statistics: OnceLock<ColumnStatistics>,
}

/// The number of every row, as long as no row has another one.
#[derive(Debug, Clone, Copy)]
struct Same(f64);

impl Default for Same {
    fn default() -> Self {
        Self(f64::NAN)
    }
}

/// A value, or none: a number that isn't NaN, or a code that isn't 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct CodedValue {
    pub(super) number: f64,
    pub(super) code: u32,
    rest: Rest,
}

impl CodedValue {
    pub(super) const NONE: Self = Self { number: f64::NAN, code: 0, rest: NO_REST };

    /// Takes a number, or none if it isn't finite.
    pub(super) const fn number(number: f64) -> Self {
        Self { number: if number.is_finite() { number } else { f64::NAN }, ..Self::NONE }
    }

    pub(super) const fn integer(integer: LargeInteger) -> Self {
        Self { number: integer.nearest(), rest: integer.rest(), ..Self::NONE }
    }

    pub(super) const fn code(code: u32) -> Self {
        Self { code, ..Self::NONE }
    }

    const fn is_none(self) -> bool {
        self.number.is_nan() && self.code == 0
    }

    fn equals(self, other: Self) -> bool {
        (self.code, self.rest) == (other.code, other.rest)
            && (self.number.to_bits() == other.number.to_bits() || self.number.is_nan() && other.number.is_nan())
    }
}

impl StoreColumn {
    /// Returns the numbers by row: NaN for a row without one, and finite otherwise. Empty if no row ever had one. A large
    /// integer is replaced by the nearest float.
    #[must_use]
    pub fn numbers(&self) -> Cow<'_, [f64]> {
        let is_each = !self.numbers.is_empty() || self.same.0.is_nan();
        if is_each { Cow::Borrowed(&self.numbers) } else { Cow::Owned(vec![self.same.0; self.rows]) }
    }

    /// Returns the codes of texts and flags by row: 0 for a row without one. Empty if no row ever had one.
    ///
    /// [`super::ResultStore::label`] returns the text of a code.
    #[must_use]
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// Returns the number of a row, or NaN.
    #[must_use]
    pub fn number(&self, row: usize) -> f64 {
        match self.numbers.get(row) {
            Some(number) => *number,
            None if row < self.rows => self.same.0,
            None => f64::NAN,
        }
    }

    /// Returns the large integer of a row, of which its number is the nearest float; `None` if it has none.
    #[must_use]
    pub fn integer(&self, row: usize) -> Option<LargeInteger> {
        LargeInteger::of_parts(self.number(row), self.rest(row))
    }

    /// Whether a row ever had a large integer.
    #[must_use]
    pub const fn has_integers(&self) -> bool {
        !self.rests.is_empty()
    }

    /// Whether all numbers are the same float, and yet not the same integer: no axis shows the difference.
    #[must_use]
    pub fn differs_beyond_floats_only(&self) -> bool {
        let ColumnStatistics { least, most, .. } = self.statistics();
        if !self.has_integers() || least != most {
            return false;
        }
        let mut rests = (0..self.rows).filter(|row| !self.number(*row).is_nan()).map(|row| self.rest_or_zero(row));
        let first = rests.next();
        rests.any(|rest| Some(rest) != first)
    }

    fn rest(&self, row: usize) -> Rest {
        self.rests.get(row).copied().unwrap_or(NO_REST)
    }

    /// Returns the difference between a row's integer and its number; 0 if the number is a float.
    pub(crate) fn rest_or_zero(&self, row: usize) -> Rest {
        Some(self.rest(row)).filter(|rest| *rest != NO_REST).unwrap_or(0)
    }

    /// Returns the code of a row, or 0.
    #[must_use]
    pub fn code(&self, row: usize) -> u32 {
        self.codes.get(row).copied().unwrap_or(0)
    }

    /// Whether a row has a value here and in another column.
    #[must_use]
    pub fn shares_a_row(&self, other: &Self) -> bool {
        let has_both = |row: usize| !self.coded(row).is_none() && !other.coded(row).is_none();
        (0..self.rows.min(other.rows)).any(has_both)
    }

    /// Returns counts and extremes. They are kept while rows are added, and computed anew after values were replaced.
    #[must_use]
    pub fn statistics(&self) -> ColumnStatistics {
        *self.statistics.get_or_init(|| self.compute())
    }

    fn compute(&self) -> ColumnStatistics {
        let mut statistics = ColumnStatistics::default();
        (0..self.rows).for_each(|row| statistics.add(self.coded(row)));
        statistics
    }

    pub(super) fn coded(&self, row: usize) -> CodedValue {
        CodedValue { number: self.number(row), code: self.code(row), rest: self.rest(row) }
    }

    pub(super) fn put(&mut self, row: usize, value: CodedValue) {
        if row >= self.rows {
            self.push(row, value);
        } else {
            self.replace(row, value);
        }
    }

    /// Adds a value behind all others; rows in between have none.
    fn push(&mut self, row: usize, value: CodedValue) {
        self.pad(row);
        self.rows = row + 1;
        self.write(row, value);
        if let Some(statistics) = self.statistics.get_mut() {
            statistics.add(value);
        }
    }

    fn replace(&mut self, row: usize, value: CodedValue) {
        let old = self.coded(row);
        if old.equals(value) {
            return;
        }
        self.write(row, value);
        match self.statistics.get_mut() {
            Some(statistics) if old.is_none() => {
                statistics.missing -= 1;
                statistics.add(value);
            }
            _ => drop(self.statistics.take()),
        }
    }

    fn write(&mut self, row: usize, value: CodedValue) {
        let is_same = value.number.to_bits() == self.same.0.to_bits() || value.number.is_nan() && self.same.0.is_nan();
        if self.rows == 1 {
            (self.numbers, self.same) = (Vec::new(), Same(value.number));
        } else if !self.numbers.is_empty() || !is_same {
            let before = if self.numbers.is_empty() { self.same.0 } else { f64::NAN };
            fill(&mut self.numbers, self.rows, before);
            self.numbers[row] = value.number;
        }
        if !self.codes.is_empty() || value.code != 0 {
            fill(&mut self.codes, self.rows, 0);
            self.codes[row] = value.code;
        }
        if !self.rests.is_empty() || value.rest != NO_REST {
            fill(&mut self.rests, self.rows, NO_REST);
            self.rests[row] = value.rest;
        }
    }

    /// Adds rows without values until there are `rows`.
    pub(super) fn pad(&mut self, rows: usize) {
        if rows <= self.rows {
            return;
        }
        if let Some(statistics) = self.statistics.get_mut() {
            statistics.missing += rows - self.rows;
        }
        let before = std::mem::replace(&mut self.rows, rows);
        if !self.numbers.is_empty() || !self.same.0.is_nan() {
            fill(&mut self.numbers, before, self.same.0);
            fill(&mut self.numbers, rows, f64::NAN);
        }
        if !self.codes.is_empty() {
            fill(&mut self.codes, rows, 0);
        }
        if !self.rests.is_empty() {
            fill(&mut self.rests, rows, NO_REST);
        }
    }

    pub(super) fn make_room(&mut self, rows: usize) {
        make_room(&mut self.numbers, rows);
        make_room(&mut self.codes, rows);
        make_room(&mut self.rests, rows);
    }

    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    pub(super) const fn size_bytes(&self) -> usize {
        let (numbers, codes) = (self.numbers.capacity() * size_of::<f64>(), self.codes.capacity() * size_of::<u32>());
        size_of::<Self>() + numbers + codes + self.rests.capacity() * size_of::<Rest>()
    }
}
