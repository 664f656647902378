//! What was read of a study, in this browser's own store: opened again, it isn't read again.

use cruncher_study::config::StudyConfig;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use cruncher_browser::browser_store::{BrowserStore, KeepError};

/// What names in the store begin with. A change of what is put there makes another number of it.
const PREFIX: &str = "read";
const VERSION: u32 = 2;

/// How many things one transaction gets.
const AT_ONCE: usize = 64;

/// The cache of one study's page.
pub(crate) struct StudyShelf {
    page_url: String,
    prefix: String,
}

impl StudyShelf {
    /// The cache of the study with this page and configuration.
    pub(crate) fn new(page_url: &str, config: &StudyConfig) -> Self {
        let prefix = format!("{PREFIX} {VERSION} {} {} ", config.bucket, config.launch_time);
        Self { page_url: page_url.to_owned(), prefix }
    }

    /// What stands there by these names. What an earlier study of the same bucket has left there goes.
    pub(crate) async fn get(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, KeepError> {
        let keep = BrowserStore::open(&self.page_url).await?;
        for key in keep.keys().await? {
            if key.starts_with(PREFIX) && !key.starts_with(&self.prefix) {
                keep.delete(&key).await?;
            }
        }
        let keys: Vec<String> = names.iter().map(|name| self.key(name)).collect();
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let values = keep.get_each(keys).await?;
            found.extend(values.iter().map(|value| (!value.is_undefined()).then(|| Uint8Array::new(value).to_vec())));
        }
        Ok(found)
    }

    /// Puts things there, all of them or none.
    pub(crate) async fn put(&self, things: Vec<(String, Vec<u8>)>) -> Result<(), KeepError> {
        let value = |(name, bytes): (String, Vec<u8>)| (self.key(&name), Uint8Array::from(bytes.as_slice()).into());
        let values: Vec<(String, JsValue)> = things.into_iter().map(value).collect();
        BrowserStore::open(&self.page_url).await?.put_each(&values).await
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
