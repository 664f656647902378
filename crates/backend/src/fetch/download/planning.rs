//! Planning a download: the objects that are to be fetched, and the paths of their files.

use std::collections::BTreeSet;

use cruncher_aws::s3::ListedObject;
use cruncher_legacy::LegacyKey;
use cruncher_study::key::{DATA_PREFIX, DataKey};

use super::names::NamingRules;
use crate::listing::ListingRow;

/// Kind of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectKind {
    /// A result.
    Result,
    /// A failure.
    Error,
    /// A design, the table of its cases, or the parameters of one that the predecessor has written.
    Design,
    /// A file that a case produced.
    File,
    /// An object that isn't the study's.
    Other,
}

impl ObjectKind {
    /// Returns the kind of the object with this key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        match DataKey::parse(key) {
            Some(DataKey::Done(..)) => Self::Result,
            Some(DataKey::Error(..)) => Self::Error,
            Some(_) => Self::Design,
            None if ListingRow::of(key).is_some_and(|(row, _)| row == ListingRow::Files) => Self::File,
            None => Self::of_legacy(key),
        }
    }

    /// Returns the kind of the predecessor's object with this key. A case's parameters are its row of a table, hence a design.
    fn of_legacy(key: &str) -> Self {
        match LegacyKey::parse(key) {
            Some(LegacyKey::Done(..)) => Self::Result,
            Some(LegacyKey::Error(_)) => Self::Error,
            Some(LegacyKey::Parameters(..)) => Self::Design,
            Some(LegacyKey::Waiting(_) | LegacyKey::Pending(_) | LegacyKey::AllRuns) | None => Self::Other,
        }
    }
}

/// Plan of a download into a folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DownloadPlan {
    /// Objects that can be files there.
    pub wanted: Vec<PlannedFile>,
    /// Objects that can't.
    pub skipped: Vec<SkippedObject>,
}

/// An object, and the path of its file.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFile {
    /// The object.
    pub object: ListedObject,
    /// Relative path, parts joined by `/`.
    pub path: String,
    /// The object's kind.
    pub kind: ObjectKind,
}

/// An object that can't be a file here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedObject {
    /// The object's key.
    pub key: String,
    /// Reason, as the second half of a sentence.
    pub reason: &'static str,
}

/// Plans the paths of the objects whose kind `is_wanted`, in the order of `objects`.
#[must_use]
pub fn plan(objects: Vec<ListedObject>, naming: NamingRules, is_wanted: impl Fn(ObjectKind) -> bool) -> DownloadPlan {
    let mut plan = DownloadPlan::default();
    let mut places = Places { naming, files: BTreeSet::new(), folders: BTreeSet::new() };
    for object in objects {
        let kind = ObjectKind::of(&object.key);
        if is_wanted(kind) && !is_marker(&object) {
            match places.path(&object.key) {
                Ok(path) => plan.wanted.push(PlannedFile { object, path, kind }),
                Err(reason) => plan.skipped.push(SkippedObject { key: object.key, reason }),
            }
        }
    }
    let (wanted, below) = plan.wanted.into_iter().partition(|wanted| !places.is_folder(&wanted.path));
    plan.wanted = wanted;
    let skipped = |wanted: PlannedFile| SkippedObject { key: wanted.object.key, reason: "a folder has the same name" };
    plan.skipped.extend(Vec::into_iter(below).map(skipped));
    plan
}

/// Whether an object is the marker that a console makes for an empty folder.
fn is_marker(object: &ListedObject) -> bool {
    object.size_bytes == 0 && object.key.ends_with('/')
}

/// Names that are taken.
struct Places {
    naming: NamingRules,
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Places {
    fn path(&mut self, key: &str) -> Result<String, &'static str> {
        let path = key.strip_prefix(DATA_PREFIX).ok_or("it is no document of the study")?;
        if let Some(objection) = self.naming.objection(path) {
            return Err(objection);
        }
        let folded = self.naming.folded(path);
        let folders: Vec<String> = folded.match_indices('/').map(|(end, _)| folded[..end].to_owned()).collect();
        if !self.files.insert(folded) {
            return Err("another one has the same name but for capitals");
        }
        self.folders.extend(folders);
        Ok(path.to_owned())
    }

    fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(&self.naming.folded(path))
    }
}
