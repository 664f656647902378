//! Versions of models, and withdrawn cases, in the rows of a store.

use std::sync::Arc;

use cruncher_study::batch::Batch;

use super::column::Coded;
use super::{Store, next_revision};
use crate::case_versions::CaseVersions;
use crate::chunk::Chunk;
use crate::column_id::Field;
use crate::mask::Mask;

impl Store {
    /// Takes what a watch gives: rows, or versions of models. Anything else says nothing.
    pub fn take_bytes(&mut self, bytes: &[u8]) {
        if let Some(chunk) = Chunk::from_bytes(bytes) {
            self.append(&chunk);
        } else if let Some(versions) = CaseVersions::from_bytes(bytes) {
            self.set_versions(Arc::new(versions));
        }
    }

    /// Of which version cases are, where that was told.
    #[must_use]
    pub const fn versions(&self) -> &Arc<CaseVersions> {
        &self.versions
    }

    /// Tells of which version rows are, those that there are and those to come, in place of what was told before.
    pub fn set_versions(&mut self, versions: Arc<CaseVersions>) {
        if *versions == *self.versions {
            return;
        }
        self.versions = versions;
        for row in 0..self.len() {
            let Ok(batch) = Batch::parse(self.label(self.field(Field::Batch).code(row))) else { continue };
            self.put_version(row, &batch);
        }
        self.revision = next_revision();
    }

    /// Writes of which version a row is.
    pub(super) fn put_version(&mut self, row: usize, batch: &Batch) {
        let version = self.versions.of(batch, self.case_ids[row]);
        let code = version.map_or(0, |version| self.dictionary.enter(&version.name));
        self.fields[Field::Model as usize].put(row, Coded::code(code));
    }

    /// The rows whose cases aren't withdrawn.
    #[must_use]
    pub fn counted(&self) -> Mask {
        let mut rows = self.all();
        for (batch, version, case) in self.versions.cases() {
            let row = self.dictionary.find(batch.as_str()).and_then(|batch| self.find(batch, case));
            if let (true, Some(row)) = (version.is_withdrawn, row) {
                rows.remove(row);
            }
        }
        rows
    }

    /// Whether rows are of several versions of a model.
    #[must_use]
    pub fn has_versions(&self) -> bool {
        self.categories(self.field(Field::Model)).len() > 1
    }
}
