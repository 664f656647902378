//! What has to outlive a tab or a process, on the user's own computer: `IndexedDB` in a browser, files elsewhere.

use futures::future::LocalBoxFuture;

/// What is kept can't be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what this computer keeps of an enqueueing can't be read or written: {message}")]
pub struct KeyValueError {
    message: String,
}

impl KeyValueError {
    /// What went wrong, in the words of whoever noticed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// Keeps small documents by name. Names are lower-case hex digits.
pub trait KeyValueStore {
    /// Keeps `content`, in place of what was kept by that name, once this has completed. Should it end before, either the
    /// old content or the new one is there, as a whole.
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> LocalBoxFuture<'a, Result<(), KeyValueError>>;

    /// What is kept by that name.
    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, KeyValueError>>;

    /// Forgets it; that there is none is no error.
    fn delete<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<(), KeyValueError>>;

    /// All names.
    fn keys(&self) -> LocalBoxFuture<'_, Result<Vec<String>, KeyValueError>>;
}
