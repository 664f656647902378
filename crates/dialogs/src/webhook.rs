//! Calls of a webhook. The page's own policy lets it talk to the study's cloud alone; a worker has a policy of its own, and is handed
//! no more than the address and the text.

use std::cell::RefCell;
use std::rc::Rc;

use cruncher_browser::programs::PageProgram;
use cruncher_browser::worker_channel::{ChannelMessage, PageChannel, WorkerEvent, WorkerHandle, serve};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, RequestMode, Window};

/// Call of an address with a body.
struct WebhookCall {
    url: String,
    body: String,
}

/// Reason why the call failed; empty if it didn't.
struct CallOutcome(String);

impl ChannelMessage for WebhookCall {
    fn into_entries(self) -> Vec<JsValue> {
        vec![self.url.into(), self.body.into()]
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        let [url, body] = entries.as_slice() else { return None };
        Some(Self { url: url.as_string()?, body: body.as_string()? })
    }
}

impl ChannelMessage for CallOutcome {
    fn into_entries(self) -> Vec<JsValue> {
        vec![self.0.into()]
    }

    fn from_entries(entries: Vec<JsValue>) -> Option<Self> {
        entries.first()?.as_string().map(Self)
    }
}

/// Calls an address, and tells whether that was possible: of the answer a page hears nothing.
pub(crate) fn call(url: String, body: String, tell: impl FnOnce(Result<(), String>) + 'static) {
    let tell = Rc::new(RefCell::new(Some(tell)));
    let refused = tell.clone();
    let worker: Rc<RefCell<Option<WorkerHandle<WebhookCall>>>> = Rc::default();
    let own = worker.clone();
    let receive = move |event| {
        let outcome = match event {
            WorkerEvent::Message(CallOutcome(reason)) if reason.is_empty() => Ok(()),
            WorkerEvent::Message(CallOutcome(reason)) | WorkerEvent::Broken(reason) => Err(reason),
        };
        if let Some(tell) = tell.take() {
            tell(outcome);
        }
        // The worker has done its work. It can't be dropped by what it calls.
        let own = own.clone();
        leptos::task::spawn_local(async move { drop(own.borrow_mut().take()) });
    };
    match WorkerHandle::start(PageProgram::Dialogs, receive) {
        Ok(started) => {
            // Two texts can be handed over.
            let _ = started.post(WebhookCall { url, body });
            *worker.borrow_mut() = Some(started);
        }
        Err(error) => {
            if let Some(tell) = refused.take() {
                tell(Err(error.to_string()));
            }
        }
    }
}

/// Does a worker's work.
pub(crate) async fn work() {
    serve(async |WebhookCall { url, body }: WebhookCall, page: &PageChannel| {
        let reason = match post(&url, &body).await {
            Ok(()) => String::new(),
            Err(error) => {
                error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| error.message().into())
            }
        };
        // The page is gone if this fails.
        let _ = page.send(CallOutcome(reason));
    })
    .await;
}

/// Posts plain text, which every address takes without being asked before, as chat services want it from pages.
async fn post(url: &str, body: &str) -> Result<(), JsValue> {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_mode(RequestMode::NoCors);
    init.set_body(&body.into());
    let global: Window = js_sys::global().unchecked_into();
    JsFuture::from(global.fetch_with_str_and_init(url, &init)).await.map(|_| ())
}
