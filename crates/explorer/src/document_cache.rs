//! Cache of what was read of a study, in this browser's own store: a study that is opened again isn't read again.

use cruncher_study::config::StudyConfig;
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;

use cruncher_browser::browser_store::{BrowserStore, KeepError, READ_PREFIX};

/// Version that follows the beginning of all names in the store: it is raised with each change of the stored format.
const VERSION: u32 = 2;

/// Number of values that one transaction reads.
const AT_ONCE: usize = 64;

/// Cache of one study's page.
pub(crate) struct StudyCache {
    page_url: String,
    prefix: String,
}

impl StudyCache {
    /// Returns the cache of the study with this page and configuration.
    pub(crate) fn new(page_url: &str, config: &StudyConfig) -> Self {
        let prefix = format!("{READ_PREFIX} {VERSION} {} {} ", config.bucket, config.launch_time);
        Self { page_url: page_url.to_owned(), prefix }
    }

    /// Returns the values that are kept by these names. Deletes those that an earlier study at this address, or another version
    /// of the cache, has left.
    pub(crate) async fn get(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, KeepError> {
        let keep = BrowserStore::open(&self.page_url).await?;
        for key in keep.keys().await? {
            if key.starts_with(READ_PREFIX) && !key.starts_with(&self.prefix) {
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

    /// Keeps values by their names, all of them or none.
    pub(crate) async fn put(&self, things: Vec<(String, Vec<u8>)>) -> Result<(), KeepError> {
        let value = |(name, bytes): (String, Vec<u8>)| (self.key(&name), Uint8Array::from(bytes.as_slice()).into());
        let values: Vec<(String, JsValue)> = things.into_iter().map(value).collect();
        BrowserStore::open(&self.page_url).await?.put_each(&values).await
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}
