//! Taking a study's documents away: what is to be fetched, what is there already, and fetching the rest.
//!
//! An object `data/<batch>/done-<case_id>.json` becomes the file `<batch>/done-<case_id>.json`, byte for byte as it is
//! stored, with the object's own time. A file of the right size that isn't older than its object is not fetched again.

mod fetching;
mod names;
mod planning;
mod tally;
#[cfg(test)]
mod tests;

use std::time::Duration;

use cruncher_aws::Error;

pub use fetching::fetch;
pub(crate) use names::portable;
pub use names::{LetterCase, NamingRules, NamingSystem, draft_name};
pub use planning::{DownloadPlan, ObjectKind, PlannedFile, SkippedObject, plan};
pub use tally::{DownloadTally, FailedObject};

/// A folder that files are put into. Paths are relative, their parts are joined by `/`, and checked by [`plan`].
pub trait TargetFolder {
    /// The file at `path`; none if there is none, or anything else.
    ///
    /// # Errors
    /// If that can't be found out.
    fn find(&self, path: &str) -> Result<Option<ExistingFile>, FolderError>;

    /// Begins a file. It stands at `path` once it is committed, and not before.
    ///
    /// # Errors
    /// If it can't be made.
    fn begin(&self, path: &str) -> Result<Box<dyn PartialFile>, FolderError>;
}

/// A file that isn't in its place yet. If it is dropped, nothing is left of it.
pub trait PartialFile {
    /// Appends.
    ///
    /// # Errors
    /// If there is no room, for one.
    fn write(&mut self, content: &[u8]) -> Result<(), FolderError>;

    /// Puts it into its place, in place of what was there, as it was `changed`, since 1970.
    ///
    /// # Errors
    /// If it can't be put there.
    fn commit(self: Box<Self>, changed: Duration) -> Result<(), FolderError>;
}

/// A file that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExistingFile {
    /// Its length.
    pub size_bytes: u64,
    /// When it was changed, since 1970.
    pub changed: Duration,
}

/// A file that can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Others can.
    #[error("{0}")]
    OfFile(String),
    /// Nor can any other: the disk is full, the folder can't be written.
    #[error("{0}")]
    OfAll(String),
}

/// A download that ended early. What was fetched stays.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The files can't be written.
    #[error("{0}")]
    Folder(String),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}
