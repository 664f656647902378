//! Downloading a study's documents: planning what is to be fetched, finding what is there already, and fetching the rest.
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
pub use names::{LetterCase, NamingRules, NamingSystem, draft_name};
pub(crate) use names::{portable, portable_end};
pub use planning::{DownloadPlan, ObjectKind, PlannedFile, SkippedObject, plan};
pub use tally::{DownloadTally, FailedObject};

/// A folder that files are put into. Paths are relative, their parts are joined by `/`, and checked by [`plan`].
pub trait TargetFolder {
    /// Finds the file at `path`; `None` if there is nothing, or something that is no file.
    ///
    /// # Errors
    /// If that can't be determined.
    fn find(&self, path: &str) -> Result<Option<ExistingFile>, FolderError>;

    /// Begins a file. It is at `path` once it is committed, and not before.
    ///
    /// # Errors
    /// If it can't be made.
    fn begin(&self, path: &str) -> Result<Box<dyn PartialFile>, FolderError>;
}

/// A file that isn't in its place yet. If it is dropped, nothing is left of it.
pub trait PartialFile {
    /// Appends content.
    ///
    /// # Errors
    /// If it can't be written, for example because there is no room.
    fn write(&mut self, content: &[u8]) -> Result<(), FolderError>;

    /// Puts it into its place, over the file that was there. `changed` becomes its time of change, since 1970.
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
    /// Time of its last change, since 1970.
    pub changed: Duration,
}

/// A file that can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// Others can be.
    #[error("{0}")]
    OfFile(String),
    /// No other can be, either: the disk is full, or the folder can't be written.
    #[error("{0}")]
    OfAll(String),
}

/// A download that ended early. Files that were fetched stay.
#[derive(Debug, thiserror::Error)]
pub enum DownloadError {
    /// The files can't be written.
    #[error("{0}")]
    Folder(String),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}
