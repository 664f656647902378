//! Versions of models by case, and withdrawn cases: tables and designs tell these, rows don't.

use std::collections::BTreeMap;

use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use serde::{Deserialize, Serialize};

use crate::case_lists;

/// First bytes of the encoded form. The last two are its version.
const MAGIC: &[u8; 8] = b"crvers01";

/// The cases of the batches whose model was replaced, or of which some are withdrawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseVersions(BTreeMap<Batch, Vec<VersionCases>>);

/// Cases of one version of a batch's model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionCases {
    /// Name of the version: `footing.py version 1`.
    pub name: String,
    /// Whether they are left out of the counts and of the page.
    pub is_withdrawn: bool,
    /// The cases, in order.
    cases: Vec<CaseId>,
}

/// Header in front of the cases.
#[derive(Serialize, Deserialize)]
struct Header {
    batch: Batch,
    name: String,
    is_withdrawn: bool,
}

impl CaseVersions {
    /// Adds cases of a version.
    pub fn add(&mut self, batch: &Batch, name: String, is_withdrawn: bool, mut cases: Vec<CaseId>) {
        cases.sort_unstable();
        self.0.entry(batch.clone()).or_default().push(VersionCases { name, is_withdrawn, cases });
    }

    /// Whether nothing is known of any case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the version of a case, if it is known.
    #[must_use]
    pub fn of(&self, batch: &Batch, case: CaseId) -> Option<&VersionCases> {
        self.0.get(batch)?.iter().find(|version| version.cases.binary_search(&case).is_ok())
    }

    /// Whether a case is withdrawn.
    #[must_use]
    pub fn withdraws(&self, batch: &Batch, case: CaseId) -> bool {
        self.of(batch, case).is_some_and(|version| version.is_withdrawn)
    }

    /// Returns the cases of each batch.
    pub fn cases(&self) -> impl Iterator<Item = (&Batch, &VersionCases, CaseId)> {
        let versions = self.0.iter().flat_map(|(batch, versions)| versions.iter().map(move |version| (batch, version)));
        versions.flat_map(|(batch, version)| version.cases.iter().map(move |case| (batch, version, *case)))
    }

    /// Encodes as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = |batch: &Batch, version: &VersionCases| Header {
            batch: batch.clone(),
            name: version.name.clone(),
            is_withdrawn: version.is_withdrawn,
        };
        let versions = self.0.iter().flat_map(|(batch, all)| all.iter().map(move |version| (batch, version)));
        case_lists::to_bytes(MAGIC, versions.map(|(batch, version)| (header(batch, version), &version.cases[..])))
    }

    /// Decodes bytes of [`Self::to_bytes`]; `None` if they are something else. It takes memory in proportion to the bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut versions = Self::default();
        for (Header { batch, name, is_withdrawn }, cases) in case_lists::from_bytes(MAGIC, bytes)? {
            versions.add(&batch, name, is_withdrawn, cases);
        }
        Some(versions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(number: u8) -> CaseId {
        CaseId::from_bytes([number; 16])
    }

    fn versions() -> CaseVersions {
        let (soil, steel) = (Batch::parse("soil").unwrap(), Batch::parse("steel").unwrap());
        let mut versions = CaseVersions::default();
        versions.add(&soil, "footing.py version 1".into(), true, [9, 2, 5].map(case).into());
        versions.add(&soil, "footing.py version 2".into(), false, vec![case(3)]);
        versions.add(&steel, "beam.py version 1".into(), true, vec![case(2)]);
        versions
    }

    #[test]
    fn a_case_is_found_in_its_batch() {
        let versions = versions();
        let told = |batch: &str, number| {
            let found = versions.of(&Batch::parse(batch).unwrap(), case(number));
            found.map(|version| (version.name.as_str(), version.is_withdrawn))
        };
        assert_eq!(told("soil", 2), Some(("footing.py version 1", true)));
        assert_eq!(told("soil", 3), Some(("footing.py version 2", false)));
        assert_eq!(told("steel", 2), Some(("beam.py version 1", true)));
        assert_eq!((told("steel", 3), told("clay", 2)), (None, None));
    }

    #[test]
    fn it_is_read_back_and_nothing_else_is() {
        let bytes = versions().to_bytes();
        assert_eq!(CaseVersions::from_bytes(&bytes), Some(versions()));
        for end in 0..bytes.len() {
            assert_eq!(CaseVersions::from_bytes(&bytes[..end]), None, "{end} bytes");
        }
        assert_eq!(CaseVersions::from_bytes(&[&bytes[..], b"x"].concat()), None);
        let huge = br#"[{"batch": "b", "name": "", "is_withdrawn": true, "cases": 18446744073709551615}]"#;
        let huge = [&MAGIC[..], &u32::try_from(huge.len()).unwrap().to_le_bytes(), huge].concat();
        assert_eq!(CaseVersions::from_bytes(&huge), None);
        assert!(crate::chunk::Chunk::from_bytes(&bytes).is_none(), "chunks travel in the same way");
    }
}
