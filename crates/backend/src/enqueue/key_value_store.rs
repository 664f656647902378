//! Store for data that outlives a tab or a process, on the user's own computer: `IndexedDB` in a browser, files elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::ready;

use futures::FutureExt;
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

/// Store for the journals of what is sent again, combined or computed for a table: it ends with the tab or process, since nobody goes on
/// with that. Cases that weren't sent are lost then, and are sent again as such.
#[derive(Debug, Default)]
pub(super) struct TransientStore(RefCell<BTreeMap<String, Vec<u8>>>);

impl KeyValueStore for TransientStore {
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        self.0.borrow_mut().insert(key.to_owned(), content);
        ready(Ok(())).boxed_local()
    }

    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, KeyValueError>> {
        ready(Ok(self.0.borrow().get(key).cloned())).boxed_local()
    }

    fn delete<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        self.0.borrow_mut().remove(key);
        ready(Ok(())).boxed_local()
    }

    fn keys(&self) -> LocalBoxFuture<'_, Result<Vec<String>, KeyValueError>> {
        ready(Ok(self.0.borrow().keys().cloned().collect())).boxed_local()
    }
}
