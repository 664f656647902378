//! Worker that watches a large study: it looks when the page asks for that.

use std::rc::Rc;

use cruncher_backend::study;
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::document_cache::DocumentCache;
use cruncher_backend::watch::snapshot_codec;
use cruncher_browser::network;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::watch_messages::{FAILED, PROGRESS, ROWS, SEEN};
use cruncher_study::access::AccessKey;
use futures::channel::mpsc::unbounded;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt};
use js_sys::{Array, Float64Array, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::document_cache::StudyShelf;

/// Minimum size of a reading whose progress is told, in bytes.
const MANY_BYTES: u64 = 2 << 20;

/// Watches the study for as long as the page wants.
pub(crate) async fn work() {
    let page = Page(js_sys::global().unchecked_into());
    let (sender, mut orders) = unbounded();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // The other end lives as long as the worker.
        let _ = sender.unbounded_send(Array::from(&event.data()));
    });
    page.0.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Messages that come before there is anybody to hear them are lost: hence the page waits for this one.
    page.say(&JsValue::NULL, &[]);
    let Some(open) = orders.next().await else { return };
    let text = |index| open.get(index).as_string().unwrap_or_default();
    let (page_url, key) = (text(0), AccessKey { key_id: text(1), secret: text(2) });
    let mut watch = None;
    while let Some(order) = orders.next().await {
        if watch.is_none() {
            match study::open(network(), &page_url, &key).await {
                Ok(study) => {
                    let cache = TellingShelf { kept: StudyShelf::new(&page_url, &study.config), page: page.clone() };
                    watch = Some(StudyWatch::with_cache(study, Rc::new(cache)));
                }
                Err(error) => page.tell_problem(PageProblem::from(&error)),
            }
        }
        if let Some(watch) = &mut watch {
            refresh(watch, order.get(0).is_truthy(), &page).await;
        }
    }
}

async fn refresh(watch: &mut StudyWatch, is_thorough: bool, page: &Page) {
    if is_thorough {
        watch.expect_change();
    }
    match watch.refresh().await {
        Ok(snapshot) => {
            let encoded = snapshot_codec::write(&snapshot);
            let numbers = Float64Array::from(encoded.numbers.as_slice());
            let texts = encoded.texts.iter().map(JsValue::from);
            let message: Array = [SEEN.into(), numbers.clone().into()].into_iter().chain(texts).collect();
            page.say(&message, &[numbers.buffer().into()]);
        }
        Err(error) => page.tell_problem(PageProblem::from(&error)),
    }
}

/// The page, as its worker sees it.
#[derive(Clone)]
struct Page(DedicatedWorkerGlobalScope);

impl Page {
    /// Sends a message to the page; the buffers of `moved` are handed over.
    fn say(&self, message: &JsValue, moved: &[JsValue]) {
        let moved: Array = moved.iter().collect();
        self.0.post_message_with_transfer(message, &moved).expect("numbers and texts can be handed over");
    }

    fn tell_problem(&self, PageProblem { title, advice, detail }: PageProblem) {
        let message: Array = [FAILED, &title, &advice, &detail].into_iter().map(JsValue::from).collect();
        self.say(&message, &[]);
    }
}

/// The browser's cache, which also hands the page the rows that are read, and tells it how far reading is.
struct TellingShelf {
    kept: StudyShelf,
    page: Page,
}

impl DocumentCache for TellingShelf {
    fn get<'a>(&'a self, names: &'a [String]) -> LocalBoxFuture<'a, Vec<Option<Vec<u8>>>> {
        // If the browser keeps nothing, no document is found.
        async move { self.kept.get(names).await.unwrap_or_else(|_unavailable| vec![None; names.len()]) }.boxed_local()
    }

    fn put(&self, things: Vec<(String, Vec<u8>)>) -> LocalBoxFuture<'_, ()> {
        // Documents that there is no room for are read again next time.
        self.kept.put(things).map(|_| ()).boxed_local()
    }

    fn rows(&self, chunk: &[u8]) {
        let chunk = Uint8Array::from(chunk);
        let message: Array = [JsValue::from(ROWS), chunk.clone().into()].iter().collect();
        self.page.say(&message, &[chunk.buffer().into()]);
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 bytes")]
    fn progress(&self, read_bytes: u64, of_bytes: u64) {
        if of_bytes >= MANY_BYTES {
            let message: Array =
                [PROGRESS.into(), (read_bytes as f64).into(), JsValue::from(of_bytes as f64)].iter().collect();
            self.page.say(&message, &[]);
        }
    }
}
