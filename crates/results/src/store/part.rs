//! Parts: some rows of a store as a store of their own.

use super::append::hash;
use super::column::StoreColumn;
use super::index::HashIndex;
use super::{ResultStore, next_revision};
use crate::column_id::CaseField;
use crate::mask::RowMask;

impl ResultStore {
    /// Returns these rows alone, in their order, with those factors and responses of which one of the rows has a value.
    ///
    /// Its cells tell nothing of other rows. It takes the memory of its own rows, and once more that of all texts.
    #[must_use]
    pub fn part(&self, rows: &RowMask) -> Self {
        let rows: Vec<usize> = rows.iter().collect();
        let case_ids: Vec<_> = rows.iter().map(|row| self.case_ids[*row]).collect();
        let named = self.named().map(|(id, column)| (id.clone(), column.part(&rows)));
        let fields = self.fields.each_ref().map(|column| column.part(&rows));
        let batches = &fields[CaseField::Batch as usize];
        let hash_of = |row: u32| hash(batches.code(row as usize), case_ids[row as usize]);
        let mut index = HashIndex::default();
        (0_u32..).zip(&rows).for_each(|(row, _)| index.insert(row, hash_of));
        let find = |batch, case| {
            let is_it = |row: u32| case_ids[row as usize] == case && batches.code(row as usize) == batch;
            index.find(hash(batch, case), is_it).is_some()
        };
        Self {
            earlier: self.earlier.of(find),
            named: named.filter(|(_, column)| column.has_values()).collect(),
            dictionary: self.dictionary.clone(),
            index,
            case_ids,
            fields,
            revision: next_revision(),
            dropped_values: self.dropped_values,
            versions: self.versions.clone(),
            main_pool: self.main_pool,
        }
    }
}

impl StoreColumn {
    fn part(&self, rows: &[usize]) -> Self {
        let mut part = Self::default();
        rows.iter().enumerate().for_each(|(place, row)| part.put(place, self.coded(*row)));
        part
    }

    pub(super) fn has_values(&self) -> bool {
        let statistics = self.statistics();
        statistics.numbers + statistics.texts > 0
    }
}
