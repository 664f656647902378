//! Progress of freezing a study.

/// Progress of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreezeProgress {
    /// Rows are read.
    Rows {
        /// Number of bytes that were read.
        read_bytes: u64,
        /// Number of all bytes.
        of_bytes: u64,
    },
    /// Documents are read.
    Documents {
        /// Number of documents that were read.
        read: u64,
        /// Number of all documents.
        of: u64,
    },
}
