//! Cache of what was read of a study, kept where it is read: nobody wants to read a hundred thousand results twice.

use futures::FutureExt;
use futures::future::{LocalBoxFuture, ready};

/// Place for rows and tables that were read, in the form in which they are needed. It belongs to one study.
pub trait DocumentCache {
    /// Returns the contents stored under these names, in their order; `None` for those that aren't there any more. By default
    /// a cache keeps nothing.
    fn get<'a>(&'a self, names: &'a [String]) -> LocalBoxFuture<'a, Vec<Option<Vec<u8>>>> {
        ready(vec![None; names.len()]).boxed_local()
    }

    /// Stores things, in place of those with the same names. If there is no room, nothing is stored, and no error is given.
    fn put(&self, _things: Vec<(String, Vec<u8>)>) -> LocalBoxFuture<'_, ()> {
        ready(()).boxed_local()
    }

    /// Receives every chunk of rows once it has been read, and the cases' versions whenever these have changed; each as bytes:
    /// [`Chunk`](cruncher_results::chunk::Chunk), [`CaseVersions`](cruncher_results::case_versions::CaseVersions).
    fn rows(&self, _bytes: &[u8]) {}

    /// Receives the number of bytes read, out of those that are being read.
    fn progress(&self, _read_bytes: u64, _of_bytes: u64) {}
}

/// Entry of a cache: the content of an object when it had an entity tag.
pub(crate) struct CacheEntry;

impl CacheEntry {
    /// Writes the entry.
    pub(crate) fn write(etag: &str, content: &[u8]) -> Vec<u8> {
        [etag.as_bytes(), b"\n", content].concat()
    }

    /// Reads the content, if it is that of the object with this entity tag.
    pub(crate) fn read<'a>(kept: &'a [u8], etag: &str) -> Option<&'a [u8]> {
        kept.strip_prefix(etag.as_bytes())?.strip_prefix(b"\n")
    }
}

/// Cache that keeps nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoCache;

impl DocumentCache for NoCache {}
