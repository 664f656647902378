//! Store of values that outlive the tab: of any kind that a browser can copy, files among them, each below a key.
//!
//! The store is available in a page and in a worker, also on pages that came over http. Tabs share it.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DomException, IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest};
use web_sys::{IdbTransaction, IdbTransactionMode as Mode};

/// Version of the stored format, a part of the database's name: it is raised with each change of the format, so that programs
/// of two versions don't share a database.
const VERSION: u32 = 1;

const STORE: &str = "values";

/// Beginning of the keys of what was read of the study, as opposed to what its reader has made.
pub const READ_PREFIX: &str = "read";

/// Deletes what was read of the study whose page is at `page_url`.
///
/// # Errors
/// If the browser keeps nothing, or can't delete it.
pub async fn forget_read(page_url: &str) -> Result<(), KeepError> {
    let store = BrowserStore::open(page_url).await?;
    for key in store.keys().await?.into_iter().filter(|key| key.starts_with(READ_PREFIX)) {
        store.delete(&key).await?;
    }
    Ok(())
}

/// The values that one study's page keeps.
#[derive(Debug)]
pub struct BrowserStore(IdbDatabase);

/// A value that can't be kept or had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeepError {
    /// The browser keeps nothing for this page.
    #[error("this browser keeps nothing for this page: {0}")]
    Unavailable(String),
    /// There is no room for the value. What was kept before still is.
    #[error("this browser has no room left for this page")]
    Full,
    /// Something else went wrong.
    #[error("this browser's storage failed: {0}")]
    Failed(String),
}

impl BrowserStore {
    /// Opens the store of the study whose page is at `page_url`. In the local cloud several studies share an origin: their
    /// folders tell them apart.
    ///
    /// # Errors
    /// If the browser keeps nothing, or nothing for this page.
    pub async fn open(page_url: &str) -> Result<Self, KeepError> {
        let page = page_url.split(['#', '?']).next().unwrap_or_default();
        let folder = page.rsplit_once('/').map_or(page, |(folder, _)| folder);
        let opened = open(&format!("cruncher {VERSION} {folder}")).await;
        opened.map(Self).map_err(|error| KeepError::Unavailable(error_text(&error)))
    }

    /// Keeps `value` below `key`, in place of an earlier value.
    ///
    /// # Errors
    /// If there is no room for it, or the browser can't keep values of its kind.
    pub async fn put(&self, key: &str, value: &JsValue) -> Result<(), KeepError> {
        self.change(Mode::Readwrite, |store| store.put_with_key(value, &key.into())).await?;
        Ok(())
    }

    /// Returns the value that is kept below `key`, if there is one.
    ///
    /// # Errors
    /// If the browser can't read it.
    pub async fn get(&self, key: &str) -> Result<Option<JsValue>, KeepError> {
        let value = self.change(Mode::Readonly, |store| store.get(&key.into())).await?;
        Ok(if value.is_undefined() { None } else { Some(value) })
    }

    /// Returns all keys.
    ///
    /// # Errors
    /// If the browser can't read them.
    pub async fn keys(&self) -> Result<Vec<String>, KeepError> {
        let keys = self.change(Mode::Readonly, IdbObjectStore::get_all_keys).await?;
        Ok(Array::from(&keys).iter().filter_map(|key| key.as_string()).collect())
    }

    /// Deletes the value below `key`, if there is one.
    ///
    /// # Errors
    /// If the browser can't delete it.
    pub async fn delete(&self, key: &str) -> Result<(), KeepError> {
        self.change(Mode::Readwrite, |store| store.delete(&key.into())).await?;
        Ok(())
    }

    /// Returns the value that is kept below each of these keys; undefined for a key without one.
    ///
    /// # Errors
    /// If the browser can't read it.
    pub async fn get_each(&self, keys: &[String]) -> Result<Vec<JsValue>, KeepError> {
        let ask = |store: &IdbObjectStore| keys.iter().map(|key| store.get(&key.into())).collect();
        self.change_all(Mode::Readonly, ask).await
    }

    /// Keeps all of these values, or none of them.
    ///
    /// # Errors
    /// If there is no room for them.
    pub async fn put_each(&self, values: &[(String, JsValue)]) -> Result<(), KeepError> {
        let put =
            |store: &IdbObjectStore| values.iter().map(|(key, value)| store.put_with_key(value, &key.into())).collect();
        self.change_all(Mode::Readwrite, put).await?;
        Ok(())
    }

    /// Makes one request, and returns its result once its transaction is complete.
    async fn change(
        &self,
        mode: Mode,
        ask: impl FnOnce(&IdbObjectStore) -> Result<IdbRequest, JsValue>,
    ) -> Result<JsValue, KeepError> {
        let results = self.change_all(mode, |store| Ok(vec![ask(store)?])).await?;
        Ok(results.into_iter().next().unwrap_or_default())
    }

    /// Makes requests in one transaction, and returns their results once it is complete.
    async fn change_all(
        &self,
        mode: Mode,
        ask: impl FnOnce(&IdbObjectStore) -> Result<Vec<IdbRequest>, JsValue>,
    ) -> Result<Vec<JsValue>, KeepError> {
        let done: Result<Vec<JsValue>, JsValue> = async {
            let transaction = self.0.transaction_with_str_and_mode(STORE, mode)?;
            let requests = ask(&transaction.object_store(STORE)?)?;
            ended(&transaction).await?;
            requests.iter().map(IdbRequest::result).collect()
        }
        .await;
        done.map_err(|error| keep_error(&error))
    }
}

impl Drop for BrowserStore {
    fn drop(&mut self) {
        self.0.close();
    }
}

async fn open(name: &str) -> Result<IdbDatabase, JsValue> {
    // `indexedDB` is a property of the global object in a page and in a worker. It is missing where the browser keeps nothing.
    let factory = Reflect::get(&js_sys::global(), &"indexedDB".into())?;
    let request: IdbOpenDbRequest = factory.dyn_into::<IdbFactory>()?.open(name)?;
    let database = request.clone();
    let on_first = Closure::once(move || -> Result<(), JsValue> {
        database.result()?.unchecked_into::<IdbDatabase>().create_object_store(STORE)?;
        Ok(())
    });
    request.set_onupgradeneeded(Some(on_first.as_ref().unchecked_ref()));
    let opened = first_of(|opened, refused| {
        request.set_onsuccess(Some(&opened));
        request.set_onerror(Some(&refused));
    });
    match opened.await {
        Ok(()) => Ok(request.result()?.unchecked_into()),
        Err(()) => Err(request.error()?.into()),
    }
}

/// Waits until a transaction is complete. A request that fails aborts its transaction; a lack of room may show only when the
/// transaction ends.
async fn ended(transaction: &IdbTransaction) -> Result<(), JsValue> {
    let complete = first_of(|complete, aborted| {
        transaction.set_oncomplete(Some(&complete));
        transaction.set_onabort(Some(&aborted));
    });
    complete.await.map_err(|()| transaction.error().into())
}

/// Waits until one of the two functions that `listen` is given is called: `Ok` is the first one, `Err` the second.
async fn first_of(mut listen: impl FnMut(Function, Function)) -> Result<(), ()> {
    let called = JsFuture::from(Promise::new(&mut |good, bad| listen(good, bad))).await;
    called.map(|_| ()).map_err(|_event| ())
}

fn keep_error(error: &JsValue) -> KeepError {
    match error.dyn_ref::<DomException>() {
        Some(exception) if exception.name() == "QuotaExceededError" => KeepError::Full,
        _ => KeepError::Failed(error_text(error)),
    }
}

fn error_text(error: &JsValue) -> String {
    error.dyn_ref::<DomException>().map_or_else(|| format!("{error:?}"), DomException::message)
}
