//! Journals of enqueueings, in this browser's own store.

use cruncher_backend::enqueue::key_value_store::{KeyValueError, KeyValueStore};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use js_sys::Uint8Array;

use cruncher_browser::browser_store;

/// Prefix of the names of journals in the store.
const PREFIX: &str = "journal ";

/// The journals of one study's page.
pub(crate) struct BrowserJournals {
    page_url: String,
}

impl BrowserJournals {
    /// Returns the journals of the study whose page is at `page_url`.
    pub(crate) fn new(page_url: &str) -> Self {
        Self { page_url: page_url.to_owned() }
    }

    async fn store(&self) -> Result<browser_store::BrowserStore, KeyValueError> {
        browser_store::BrowserStore::open(&self.page_url).await.map_err(|error| failed(&error))
    }
}

fn failed(error: &browser_store::KeepError) -> KeyValueError {
    KeyValueError::new(error.to_string())
}

fn name(key: &str) -> String {
    format!("{PREFIX}{key}")
}

impl KeyValueStore for BrowserJournals {
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        async move {
            let content = Uint8Array::from(content.as_slice());
            self.store().await?.put(&name(key), &content).await.map_err(|error| failed(&error))
        }
        .boxed_local()
    }

    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, KeyValueError>> {
        async move {
            let kept = self.store().await?.get(&name(key)).await.map_err(|error| failed(&error))?;
            Ok(kept.map(|content| Uint8Array::new(&content).to_vec()))
        }
        .boxed_local()
    }

    fn delete<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        async move { self.store().await?.delete(&name(key)).await.map_err(|error| failed(&error)) }.boxed_local()
    }

    fn keys(&self) -> LocalBoxFuture<'_, Result<Vec<String>, KeyValueError>> {
        async move {
            let keys = self.store().await?.keys().await.map_err(|error| failed(&error))?;
            Ok(keys.iter().filter_map(|key| key.strip_prefix(PREFIX)).map(str::to_owned).collect())
        }
        .boxed_local()
    }
}
