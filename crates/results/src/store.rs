//! Store of a study's results: one row for each case, one column for each factor, response or field.

mod append;
mod attempts;
mod column;
mod designed;
mod dictionary;
mod index;
mod memory;
mod part;
mod statistics;
#[cfg(test)]
mod tests;
mod versions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cruncher_study::case::CaseId;

pub use self::append::AppendReport;
pub use self::attempts::CaseAttempt;
use self::attempts::EarlierAttempts;
pub use self::column::StoreColumn;
use self::dictionary::TextDictionary;
use self::index::HashIndex;
pub use self::statistics::ColumnStatistics;
pub use self::versions::MixedVersions;
use crate::case_versions::CaseVersions;
use crate::column_id::{CaseField, ColumnId};
use crate::mask::RowMask;
use crate::number::LargeInteger;

/// Maximum number of factors and responses of a store; values of further ones are left out and counted.
pub const MAX_COLUMNS: usize = 4_096;

/// Text of [`CaseField::State`]: the case has a result.
pub const DONE: &str = "done";
/// Text of [`CaseField::State`]: the case failed, and no attempt is left.
pub const FAILED: &str = "failed";
/// Text of [`CaseField::State`]: an attempt failed, and the case is tried again.
pub const RETRIED: &str = "retried";

/// The outcome that counts of each case, from all chunks that were appended.
///
/// A case has one row in each batch, at the place where it was first seen. A result supersedes a failure; otherwise the attempt
/// that ended later supersedes the earlier one.
#[derive(Debug, Clone, Default)]
pub struct ResultStore {
    case_ids: Vec<CaseId>,
    /// Columns by [`CaseField`]; that of the ids stays empty.
    fields: [StoreColumn; CaseField::ALL.len()],
    named: Vec<(ColumnId, StoreColumn)>,
    dictionary: TextDictionary,
    index: HashIndex,
    revision: u64,
    dropped_values: u64,
    /// Attempts that don't count any more.
    earlier: EarlierAttempts,
    /// Versions of models by case, as far as they are known.
    versions: Arc<CaseVersions>,
    /// Code of the study's own queue as a pool, 0 as long as no case names another one.
    main_pool: u32,
}

/// The value of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellValue<'a> {
    /// A finite number.
    Number(f64),
    /// An integer that may be no float.
    Integer(LargeInteger),
    /// A text.
    Text(&'a str),
    /// The beginning of a text, which ends with `…`, and the number of characters of the whole, which stands in the case's
    /// document.
    Cut(&'a str, u32),
    /// `true` or `false`.
    Flag(bool),
    /// A case's id.
    Id(CaseId),
    /// No value.
    Missing,
}

/// One of the texts or flags of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnCategory<'a> {
    /// Its code in [`StoreColumn::codes`].
    pub code: u32,
    /// The text.
    pub label: &'a str,
    /// Number of rows with it.
    pub rows: usize,
}

impl ResultStore {
    /// Returns the number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.case_ids.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.case_ids.is_empty()
    }

    /// Returns a number that grows whenever a chunk or new versions changed a row, added one, or added a column. Two stores
    /// that have rows have the same number only if one is an unchanged clone of the other.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the number of values that were left out, here or in chunks: of too many columns, nested too deep, or named too
    /// long.
    #[must_use]
    pub const fn dropped_values(&self) -> u64 {
        self.dropped_values
    }

    /// Returns the memory that it takes, in bytes, reserved memory included.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let named = self.named.iter().map(|(id, column)| size_of::<ColumnId>() + id.name().len() + column.size_bytes());
        let fields = self.fields.iter().map(StoreColumn::size_bytes);
        let ids = self.case_ids.capacity() * size_of::<CaseId>();
        let others = self.dictionary.size_bytes() + self.index.size_bytes() + self.earlier.size_bytes();
        ids + fields.chain(named).sum::<usize>() + others
    }

    /// Makes room for about `rows` more rows at once. Without it columns are moved again and again as they grow, and memory
    /// that can't be given back lies idle where they stood.
    pub fn make_room(&mut self, rows: usize) {
        memory::make_room(&mut self.case_ids, rows);
        let named = self.named.iter_mut().map(|(_, column)| column);
        self.fields.iter_mut().chain(named).for_each(|column| column.make_room(rows));
    }

    /// Returns the case of each row. A case of several batches has several rows.
    #[must_use]
    pub fn case_ids(&self) -> &[CaseId] {
        &self.case_ids
    }

    /// Returns a field of all cases. That of [`CaseField::CaseId`] is empty.
    #[must_use]
    pub const fn field(&self, field: CaseField) -> &StoreColumn {
        &self.fields[field as usize]
    }

    /// Returns the factors, components of vectors one by one, in the order in which they were first seen.
    pub fn factors(&self) -> impl Iterator<Item = (&ColumnId, &StoreColumn)> {
        self.named().filter(|(id, _)| matches!(id, ColumnId::Factor(_)))
    }

    /// Returns the responses, in the order in which they were first seen.
    pub fn responses(&self) -> impl Iterator<Item = (&ColumnId, &StoreColumn)> {
        self.named().filter(|(id, _)| matches!(id, ColumnId::Response(_)))
    }

    /// Returns the factors that at least one row with a value of this response has. Every row is looked at for a factor without
    /// such a row.
    #[must_use]
    pub fn factors_of(&self, response: &ColumnId) -> Vec<ColumnId> {
        let Some(response) = self.column(response) else { return Vec::new() };
        self.factors().filter(|(_, factor)| factor.shares_a_row(response)).map(|(id, _)| id.clone()).collect()
    }

    fn named(&self) -> impl Iterator<Item = (&ColumnId, &StoreColumn)> {
        self.named.iter().map(|(id, column)| (id, column))
    }

    /// Returns all columns: fields, then factors, then responses.
    #[must_use]
    pub fn ids(&self) -> Vec<ColumnId> {
        let named = self.factors().chain(self.responses()).map(|(id, _)| id.clone());
        self.said_of(CaseField::ALL).map(ColumnId::Case).chain(named).collect()
    }

    /// Keeps those of these fields that are informative: the model only if rows are of several versions of one, the pool only if a
    /// case names one.
    pub fn said_of(&self, fields: impl IntoIterator<Item = CaseField>) -> impl Iterator<Item = CaseField> {
        fields.into_iter().filter(|field| match field {
            CaseField::Model => self.has_versions(),
            CaseField::Pool => self.has_pools(),
            _ => true,
        })
    }

    /// Whether a case names a pool.
    #[must_use]
    pub const fn has_pools(&self) -> bool {
        self.main_pool != 0
    }

    /// Returns a column; `None` if no row ever had it, and for the cases' ids, which are no column: [`ResultStore::case_ids`].
    #[must_use]
    pub fn column(&self, id: &ColumnId) -> Option<&StoreColumn> {
        match id {
            ColumnId::Case(CaseField::CaseId) => None,
            ColumnId::Case(field) => Some(self.field(*field)),
            named => self.named().find(|(own, _)| *own == named).map(|(_, column)| column),
        }
    }

    /// Returns the value of a cell; missing if there is no such column or row.
    #[must_use]
    pub fn cell(&self, id: &ColumnId, row: usize) -> CellValue<'_> {
        if *id == ColumnId::Case(CaseField::CaseId) {
            return self.case_ids.get(row).map_or(CellValue::Missing, |id| CellValue::Id(*id));
        }
        self.column(id).map_or(CellValue::Missing, |column| self.cell_of(column, row))
    }

    /// Returns the value of a row in a column of this store.
    ///
    /// # Panics
    /// If the column is another store's.
    #[must_use]
    pub fn cell_of(&self, column: &StoreColumn, row: usize) -> CellValue<'_> {
        let number = column.number(row);
        if number.is_nan() {
            return self.dictionary.cell(column.code(row));
        }
        column.integer(row).map_or(CellValue::Number(number), CellValue::Integer)
    }

    /// Returns the text of a code of [`StoreColumn::codes`]: a text, `true` or `false`, and an empty one for 0.
    ///
    /// # Panics
    /// If it is no code of this store.
    #[must_use]
    pub fn label(&self, code: u32) -> &str {
        self.dictionary.label(code)
    }

    /// Returns the texts and flags of a column of this store, in their order.
    ///
    /// # Panics
    /// If the column is another store's.
    #[must_use]
    pub fn categories(&self, column: &StoreColumn) -> Vec<ColumnCategory<'_>> {
        let mut rows = vec![0; self.codes()];
        column.codes().iter().for_each(|code| rows[*code as usize] += 1);
        let found = (1_u32..).zip(&rows[1..]).filter(|(_, rows)| **rows > 0);
        let mut found: Vec<_> =
            found.map(|(code, rows)| ColumnCategory { code, label: self.label(code), rows: *rows }).collect();
        found.sort_by_key(|category| category.label);
        found
    }

    /// Whether a column of this store has flags, and nothing else.
    #[must_use]
    pub fn has_flags_only(&self, column: &StoreColumn) -> bool {
        let statistics = column.statistics();
        let is_flag = |code: &u32| *code <= TextDictionary::flag(true);
        statistics.numbers == 0 && statistics.texts > 0 && column.codes().iter().all(is_flag)
    }

    /// Returns the codes with this text: that of the whole text, those of longer texts with this beginning, and that of a flag.
    pub(crate) fn codes_of(&self, label: &str) -> impl Iterator<Item = u32> {
        let flags = [false, true].map(TextDictionary::flag).into_iter();
        let others = flags.chain(self.dictionary.cuts()).filter(move |code| self.label(*code) == label);
        self.dictionary.find(label).into_iter().chain(others)
    }

    /// Returns the number of texts of factors and responses that are the beginning of a longer one.
    #[must_use]
    pub fn cut_texts(&self) -> usize {
        if !self.has_cut_texts() {
            return 0;
        }
        let mut is_cut = vec![false; self.codes()];
        self.dictionary.cuts().for_each(|code| is_cut[code as usize] = true);
        let cut = |column: &StoreColumn| column.codes().iter().filter(|code| is_cut[**code as usize]).count();
        self.named.iter().map(|(_, column)| cut(column)).sum()
    }

    /// Whether there ever was a text that is the beginning of a longer one.
    #[must_use]
    pub fn has_cut_texts(&self) -> bool {
        self.dictionary.cuts().next().is_some()
    }

    /// Returns the number of codes, 0 included.
    pub(crate) const fn codes(&self) -> usize {
        self.dictionary.len()
    }

    /// Returns all rows.
    #[must_use]
    pub fn all(&self) -> RowMask {
        RowMask::full(self.len())
    }

    /// Returns the rows whose case has a result.
    #[must_use]
    pub fn done(&self) -> RowMask {
        let Some(done) = self.dictionary.find(DONE) else { return RowMask::empty(self.len()) };
        let mut rows = self.all();
        rows.retain_by(self.field(CaseField::State).codes(), |state| state == done);
        rows
    }
}

/// Returns a revision that no store had before.
fn next_revision() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
