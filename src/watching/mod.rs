//! Watching the study: a small one in the page itself, a large one beside it, in a worker that is the program of the results.
//!
//! Both look in the same way (`cruncher_backend::watch`). Only the worker has the code that reads a hundred thousand rows and
//! keeps them; the first view does without.

mod watch_worker;
mod watcher;

pub(crate) use watch_worker::WatchWorker;
pub(crate) use watcher::StudyWatcher;
