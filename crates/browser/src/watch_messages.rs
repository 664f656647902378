//! Messages between the page and the worker that watches a large study: each is an array that begins with its kind. A snapshot
//! in it is an [`EncodedSnapshot`](cruncher_backend::watch::snapshot_codec::EncodedSnapshot), not JSON, which would be parsed
//! on the page's own thread.

/// The worker has read rows: a chunk of them, as bytes.
pub const ROWS: &str = "rows";
/// The worker has read part of the bytes: how many, and of how many.
pub const PROGRESS: &str = "progress";
/// The worker has seen a snapshot: its numbers and texts.
pub const SEEN: &str = "seen";
/// The worker couldn't look: title, advice and detail of the problem.
pub const FAILED: &str = "failed";
