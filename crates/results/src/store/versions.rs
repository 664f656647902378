//! Versions of models, and withdrawn cases, in the rows of a store.

use std::collections::BTreeMap;
use std::sync::Arc;

use cruncher_study::batch::Batch;

use super::column::CodedValue;
use super::{ResultStore, next_revision};
use crate::case_versions::CaseVersions;
use crate::chunk::Chunk;
use crate::column_id::CaseField;
use crate::mask::RowMask;

/// Cases of several versions of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MixedVersions {
    /// Name of the model's file; empty if it isn't known.
    pub model: String,
    /// Number of versions.
    pub versions: usize,
    /// Number of cases with one of them.
    pub cases: usize,
}

impl ResultStore {
    /// Takes the bytes that a watch passes: rows, or versions of models. Anything else is ignored.
    pub fn take_bytes(&mut self, bytes: &[u8]) {
        if let Some(chunk) = Chunk::from_bytes(bytes) {
            self.append(&chunk);
        } else if let Some(versions) = CaseVersions::from_bytes(bytes) {
            self.set_versions(Arc::new(versions));
        }
    }

    /// Returns the versions of models by case, as far as they are known.
    #[must_use]
    pub const fn versions(&self) -> &Arc<CaseVersions> {
        &self.versions
    }

    /// Sets the versions of rows, of those that are there and of those to come, in place of earlier ones.
    pub fn set_versions(&mut self, versions: Arc<CaseVersions>) {
        if *versions == *self.versions {
            return;
        }
        self.versions = versions;
        for row in 0..self.len() {
            let Ok(batch) = Batch::parse(self.label(self.field(CaseField::Batch).code(row))) else { continue };
            self.put_version(row, &batch);
        }
        self.revision = next_revision();
    }

    /// Writes the version of a row.
    pub(super) fn put_version(&mut self, row: usize, batch: &Batch) {
        let version = self.versions.of(batch, self.case_ids[row]);
        let code = version.map_or(0, |version| self.dictionary.enter(&version.name));
        self.fields[CaseField::Model as usize].put(row, CodedValue::code(code));
    }

    /// Returns the rows whose cases aren't withdrawn.
    #[must_use]
    pub fn counted(&self) -> RowMask {
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
        self.categories(self.field(CaseField::Model)).len() > 1
    }

    /// Counts versions and cases of a model, if its rows are of several versions; the model with the most rows, if there are
    /// several such models. `rows` are the rows that are counted, or `None` for all of the store.
    #[must_use]
    pub fn mixed_versions(&self, rows: Option<&RowMask>) -> Option<MixedVersions> {
        if !self.has_versions() {
            return None;
        }
        let field = self.field(CaseField::Model);
        let mut by_version = BTreeMap::<u32, usize>::new();
        for row in (0..self.len()).filter(|row| rows.is_none_or(|rows| rows.contains(*row))) {
            *by_version.entry(field.code(row)).or_default() += 1;
        }
        let mut by_model = BTreeMap::<&str, (usize, usize)>::new();
        for (code, of_version) in by_version {
            if let Some((model, _)) = self.label(code).rsplit_once("version ") {
                let (versions, cases) = by_model.entry(model.trim_end()).or_default();
                *versions += 1;
                *cases += of_version;
            }
        }
        let mixed = by_model.into_iter().filter(|(_, (versions, _))| *versions > 1);
        let (model, (versions, cases)) = mixed.max_by_key(|(_, (_, cases))| *cases)?;
        Some(MixedVersions { model: model.to_owned(), versions, cases })
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::case::CaseId;
    use serde_json::json;

    use super::*;
    use crate::samples::{case_id, factor};

    fn store(versions: &[(&str, &[usize])]) -> ResultStore {
        let mut store = factor("width", &[1, 1, 2, 2, 3].map(|width| json!(width)));
        let mut of = CaseVersions::default();
        for (name, cases) in versions {
            let cases: Vec<CaseId> = cases.iter().copied().map(case_id).collect();
            of.add(&Batch::parse("a").unwrap(), (*name).to_owned(), false, cases);
        }
        store.set_versions(Arc::new(of));
        store
    }

    #[test]
    fn versions_are_mixed_where_cases_of_one_model_are_of_several() {
        let mixed = |model: &str, versions, cases| Some(MixedVersions { model: model.to_owned(), versions, cases });
        let told = |versions: &[(&str, &[usize])]| store(versions).mixed_versions(None);
        assert_eq!(told(&[("slope.py version 1", &[0, 2]), ("slope.py version 2", &[1, 3])]), mixed("slope.py", 2, 4));
        assert_eq!(told(&[("version 1", &[0]), ("version 2", &[1, 3])]), mixed("", 2, 3));
        assert_eq!(told(&[("slope.py version 1", &[0, 2]), ("beam.py version 2", &[1, 3])]), None);
        assert_eq!(told(&[("slope.py version 1", &[0, 1, 2, 3, 4])]), None);
        assert_eq!(told(&[]), None);
    }

    #[test]
    fn of_rows_that_are_of_one_version_nothing_is_mixed() {
        let store = store(&[("slope.py version 1", &[0, 2]), ("slope.py version 2", &[1, 3])]);
        let mut rows = store.all();
        rows.remove(0);
        assert_eq!(store.mixed_versions(Some(&rows)).map(|mixed| mixed.cases), Some(3));
        rows.remove(2);
        assert_eq!(store.mixed_versions(Some(&rows)), None);
    }
}
