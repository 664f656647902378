//! What was read of a study stays where it is read: nobody wants to read a hundred thousand results twice.

use futures::FutureExt;
use futures::future::{LocalBoxFuture, ready};

/// Where rows and tables that were read are put, in the form in which they are needed. It belongs to one study.
pub trait DocumentCache {
    /// Contents that were put there by these names, in their order; none for what isn't there any more. By itself a cache keeps nothing.
    fn get<'a>(&'a self, names: &'a [String]) -> LocalBoxFuture<'a, Vec<Option<Vec<u8>>>> {
        ready(vec![None; names.len()]).boxed_local()
    }

    /// Puts things there, in place of what was there by their names. Where there is no room nothing is put, and that is all.
    fn put(&self, _things: Vec<(String, Vec<u8>)>) -> LocalBoxFuture<'_, ()> {
        ready(()).boxed_local()
    }

    /// Is told every chunk of rows once it has been read, and of which version cases are whenever that has changed; each as bytes:
    /// [`Chunk`](cruncher_results::chunk::Chunk), [`CaseVersions`](cruncher_results::case_versions::CaseVersions).
    fn rows(&self, _bytes: &[u8]) {}

    /// Is told how many bytes have been read, of how many that are being read.
    fn progress(&self, _read_bytes: u64, _of_bytes: u64) {}
}

/// A thing on a cache: what an object held when it had an entity tag.
pub(crate) struct CacheEntry;

impl CacheEntry {
    /// The thing.
    pub(crate) fn write(etag: &str, content: &[u8]) -> Vec<u8> {
        [etag.as_bytes(), b"\n", content].concat()
    }

    /// The content, if it is that of the object with this entity tag.
    pub(crate) fn read<'a>(kept: &'a [u8], etag: &str) -> Option<&'a [u8]> {
        kept.strip_prefix(etag.as_bytes())?.strip_prefix(b"\n")
    }
}

/// Nothing is put anywhere.
#[derive(Debug, Clone, Copy)]
pub struct NoShelf;

impl DocumentCache for NoShelf {}
