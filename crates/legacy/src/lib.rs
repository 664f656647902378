//! Buckets that Cruncher's predecessor, Cruncher Automatic Mode for Itasca software, has written: its objects become the
//! documents of this protocol, so that a page can show them.
//!
//! Nothing is written in the predecessor's form. `docs/protocol.md` lists what is read, and the documents that it becomes.

mod account;
mod computers;
mod document;
mod enqueued;
mod failure;
mod fields;
mod folder;
mod json;
mod key;
mod parameters;
mod study;
mod traces;

pub use account::LegacyTable;
pub use computers::MAX_COMPUTING_SECS;
pub use document::{read_error, read_result};
pub use folder::LegacyFolder;
pub use key::{ALL_RUNS_KEY, LegacyComputer, LegacyKey, may_be_legacy};
pub use study::{LegacyReads, LegacyStudy};

/// The reason why an object can't be read, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum LegacyError {
    /// It isn't JSON, not even with the numbers that only Python writes.
    #[error("it is no JSON: {0}")]
    Json(serde_json::Error),
    /// It is JSON, but no object.
    #[error("it is no object")]
    NotAnObject,
    /// Some of the entries of [`ALL_RUNS_KEY`] name no case; the others were read.
    #[error("{0} of its entries name no case")]
    Entries(usize),
}

#[cfg(test)]
mod tests;
