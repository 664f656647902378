//! What the page and the worker that watches a large study say to each other: a message is an array that begins with what it is.
//! A snapshot in it is an [`EncodedSnapshot`](cruncher_backend::watch::snapshot_codec::EncodedSnapshot), no JSON: that would be
//! read on the page's own thread.

/// The worker has read rows: a chunk of them, as bytes.
pub const ROWS: &str = "rows";
/// It has read so many bytes of so many.
pub const PROGRESS: &str = "progress";
/// What it has seen: numbers and texts.
pub const SEEN: &str = "seen";
/// Looking didn't work: title, advice and detail of the problem.
pub const FAILED: &str = "failed";
