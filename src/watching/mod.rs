//! Watching the study: a small one in the page itself, a large one beside it, in a worker that is the program of the results.
//!
//! Both look in the same way (`cruncher_backend::watch`). What is in the worker alone is what it takes to read a hundred
//! thousand rows and keep them; the first view does without. Neither do the two talk in JSON, as the designer and its workers
//! do: a message is an array that begins with what it is, and a snapshot is a [`EncodedSnapshot`](cruncher_backend::encoded::Tape).

mod watch_worker;
mod watcher;
mod worker;

pub(crate) use watch_worker::WatchWorker;
pub(crate) use watcher::StudyWatcher;
pub(crate) use worker::work;

/// The worker has read rows: a chunk of them, as bytes.
const ROWS: &str = "rows";
/// It has read so many bytes of so many.
const PROGRESS: &str = "progress";
/// What it has seen: numbers and texts.
const SEEN: &str = "seen";
/// Looking didn't work: title, advice and detail of the problem.
const FAILED: &str = "failed";
