//! The content of a legacy bucket, as far as it was listed and read.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use cruncher_study::case::CaseId;

use crate::document::LegacyDocument;
use crate::traces::CaseTraces;
use crate::{LegacyError, LegacyFolder, LegacyKey};

/// A legacy bucket, as far as it was listed and read. Its contents depend on that alone, and not on the order of reading.
///
/// If objects contradict one another, a result outweighs an error, and an error outweighs a document of a computer that took
/// the case; the newer of two objects of a kind counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LegacyStudy {
    pub(super) objects: BTreeMap<LegacyKey, LegacyObject>,
    /// The folders in which each case has a result or parameters, in order.
    pub(super) folders: BTreeMap<CaseId, Vec<LegacyFolder>>,
}

/// An object that is there, whether it was read or not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LegacyObject {
    /// Time when it was written last.
    pub(super) changed: f64,
    read: Option<Version>,
    /// `None` if it wasn't read or can't be.
    pub(super) document: Option<LegacyDocument>,
}

/// The version of an object that was read. The digest tells two of the same time apart: an arbitrary choice, but always the
/// same.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Version {
    changed: f64,
    digest: u64,
}

/// The objects that are worth reading, in order, by purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LegacyReads {
    /// Objects that tell the state of each case and computer, and the failures.
    pub states: Vec<LegacyKey>,
    /// Objects that hold results: one object each.
    pub results: Vec<LegacyKey>,
    /// Objects that hold the parameters of cases without any other object: one object each.
    pub parameters: Vec<LegacyKey>,
}

impl LegacyStudy {
    /// Enters an object that was last written at `changed`, according to the listing. The newest of several versions stays.
    ///
    /// # Errors
    /// If it isn't what it should be, or not all of it. The facts told by its key, and those that could be read, count all the
    /// same.
    pub fn add(&mut self, key: &LegacyKey, changed: f64, bytes: &[u8]) -> Result<(), LegacyError> {
        let version = Version::new(changed, bytes);
        let object = self.object(key, changed);
        if object.read.is_some_and(|known| known.is_newer_than(version)) {
            return Ok(());
        }
        let (document, problem) = LegacyDocument::read(key, bytes);
        object.read = Some(version);
        object.document = document;
        problem.map_or(Ok(()), Err)
    }

    /// Compares with a listing of the whole bucket: keys, and the time when each was written last. An object that isn't in it
    /// is forgotten. Returns the objects that are worth reading and weren't read.
    pub fn reconcile(&mut self, listing: &BTreeMap<LegacyKey, f64>) -> LegacyReads {
        let known = self.objects.len();
        self.objects.retain(|key, _| listing.contains_key(key));
        if self.objects.len() < known {
            self.folders.clear();
            self.objects.keys().for_each(|key| note_folder(&mut self.folders, key));
        }
        for (key, changed) in listing {
            self.object(key, *changed);
        }
        self.reads()
    }

    /// Returns the objects that are worth reading and weren't read: none of a case that doesn't matter any more.
    #[must_use]
    pub fn reads(&self) -> LegacyReads {
        let traces = self.traces();
        let of = |case| traces.get(case);
        let mut reads = LegacyReads::default();
        for (key, _) in self.objects.iter().filter(|(_, object)| !object.is_read()) {
            let (list, is_worth) = match key {
                LegacyKey::Waiting(_) | LegacyKey::AllRuns => (&mut reads.states, true),
                LegacyKey::Pending(case) => (&mut reads.states, of(case).is_some_and(CaseTraces::is_taken)),
                LegacyKey::Error(case) => (&mut reads.states, of(case).is_some_and(CaseTraces::has_failed)),
                LegacyKey::Done(_, case) => (&mut reads.results, of(case).is_some_and(|traces| traces.is_result(key))),
                LegacyKey::Parameters(_, case) => (&mut reads.parameters, of(case).is_some_and(CaseTraces::is_open)),
            };
            if is_worth {
                list.push(key.clone());
            }
        }
        reads
    }

    fn object(&mut self, key: &LegacyKey, changed: f64) -> &mut LegacyObject {
        let folders = &mut self.folders;
        let object = self.objects.entry(key.clone()).or_insert_with(|| {
            note_folder(folders, key);
            LegacyObject { changed, read: None, document: None }
        });
        object.changed = object.changed.max(changed);
        object
    }
}

fn note_folder(folders: &mut BTreeMap<CaseId, Vec<LegacyFolder>>, key: &LegacyKey) {
    let (LegacyKey::Done(folder, case) | LegacyKey::Parameters(folder, case)) = key else { return };
    let folders = folders.entry(*case).or_default();
    if let Err(place) = folders.binary_search(folder) {
        folders.insert(place, folder.clone());
    }
}

impl LegacyObject {
    fn is_read(&self) -> bool {
        self.read.is_some_and(|version| version.changed >= self.changed)
    }
}

impl Version {
    fn new(changed: f64, bytes: &[u8]) -> Self {
        let mut digest = DefaultHasher::new();
        digest.write(bytes);
        Self { changed, digest: digest.finish() }
    }

    fn is_newer_than(self, other: Self) -> bool {
        self.changed.total_cmp(&other.changed).then(self.digest.cmp(&other.digest)).is_ge()
    }
}
