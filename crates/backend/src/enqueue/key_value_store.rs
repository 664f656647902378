//! Store for data that outlives a tab or a process, on the user's own computer: `IndexedDB` in a browser, files elsewhere.

use futures::future::LocalBoxFuture;

/// A store that can't be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what this computer keeps of an enqueueing can't be read or written: {message}")]
pub struct KeyValueError {
    message: String,
}

impl KeyValueError {
    /// Makes an error with the message of the store.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// Store of small documents by name. Names are lower-case hex digits.
pub trait KeyValueStore {
    /// Keeps `content`, in place of the former content of that name, once this has completed. Should it end before, either the
    /// old content or the new one is there, as a whole.
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> LocalBoxFuture<'a, Result<(), KeyValueError>>;

    /// Returns the content of that name; `None` if there is none.
    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, KeyValueError>>;

    /// Deletes it. It is no error if there is none.
    fn delete<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<(), KeyValueError>>;

    /// Returns all names.
    fn keys(&self) -> LocalBoxFuture<'_, Result<Vec<String>, KeyValueError>>;
}
