//! Progress of a download.

use super::planning::ObjectKind;

/// Count of the objects that are in the folder by now, and of those that aren't.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DownloadTally {
    /// Number of results.
    pub results: u64,
    /// Number of errors.
    pub errors: u64,
    /// Number of designs and tables of cases.
    pub designs: u64,
    /// Number of files that cases produced.
    pub files: u64,
    /// Number of all other objects.
    pub others: u64,
    /// Total size as stored.
    pub size_bytes: u64,
    /// Number of objects that were there before.
    pub were_there: u64,
    /// Number of objects that have vanished in the meantime.
    pub vanished: u64,
    /// Objects that could not be had.
    pub failed: Vec<FailedObject>,
}

/// An object that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedObject {
    /// The path of its file.
    pub path: String,
    /// Reason, as the second half of a sentence.
    pub reason: String,
}

/// Outcome of fetching an object.
pub(super) enum ObjectOutcome {
    WasThere,
    Fetched { size_bytes: u64 },
    Vanished,
    Failed(String),
}

impl DownloadTally {
    /// Returns the number of objects that are in the folder.
    #[must_use]
    pub const fn objects(&self) -> u64 {
        self.results + self.errors + self.designs + self.files + self.others
    }

    /// Returns the number of objects that are fetched, vanished or failed.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.objects() + self.vanished + self.failed.len() as u64
    }

    pub(super) fn add(&mut self, path: &str, kind: ObjectKind, listed_bytes: u64, outcome: ObjectOutcome) {
        let size_bytes = match outcome {
            ObjectOutcome::WasThere => {
                self.were_there += 1;
                listed_bytes
            }
            ObjectOutcome::Fetched { size_bytes } => size_bytes,
            ObjectOutcome::Vanished => {
                self.vanished += 1;
                return;
            }
            ObjectOutcome::Failed(reason) => {
                self.failed.push(FailedObject { path: path.to_owned(), reason });
                return;
            }
        };
        self.size_bytes += size_bytes;
        *match kind {
            ObjectKind::Result => &mut self.results,
            ObjectKind::Error => &mut self.errors,
            ObjectKind::Design => &mut self.designs,
            ObjectKind::File => &mut self.files,
            ObjectKind::Other => &mut self.others,
        } += 1;
    }
}
