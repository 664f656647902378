//! Calls of a webhook. The page's own policy lets it talk to the study's cloud alone; a worker has a policy of its own, and is handed
//! no more than the address and the text.

use std::cell::RefCell;
use std::collections::VecDeque;

use cruncher_browser::programs::PageProgram;
use cruncher_browser::worker_channel::{ChannelMessage, PageChannel, WorkerEvent, WorkerHandle, serve};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, RequestMode, Window};

/// Longest time that a call may take, in milliseconds.
const MAX_MILLIS: u32 = 30_000;

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

type Tell = Box<dyn FnOnce(Result<(), String>)>;

/// The worker that calls, and who waits for its answers, in the order of the calls.
#[derive(Default)]
struct Caller {
    worker: Option<WorkerHandle<WebhookCall>>,
    waiting: VecDeque<Tell>,
}

thread_local! {
    static CALLER: RefCell<Caller> = RefCell::default();
}

/// Calls an address when earlier calls are over, and tells whether that was possible: of the answer a page hears nothing.
pub(crate) fn call(url: String, body: String, tell: impl FnOnce(Result<(), String>) + 'static) {
    let refused = CALLER.with_borrow_mut(|caller| {
        if caller.worker.is_none() {
            caller.worker = match WorkerHandle::start(PageProgram::Dialogs, receive) {
                Ok(worker) => Some(worker),
                Err(error) => return Some((tell, error)),
            };
        }
        if let Some(worker) = &caller.worker {
            // Two texts can be handed over.
            let _ = worker.post(WebhookCall { url, body });
        }
        caller.waiting.push_back(Box::new(tell));
        None
    });
    if let Some((tell, error)) = refused {
        tell(Err(error.to_string()));
    }
}

fn receive(event: WorkerEvent<CallOutcome>) {
    match event {
        WorkerEvent::Message(CallOutcome(reason)) => {
            let outcome = if reason.is_empty() { Ok(()) } else { Err(reason) };
            if let Some(tell) = CALLER.with_borrow_mut(|caller| caller.waiting.pop_front()) {
                tell(outcome);
            }
        }
        WorkerEvent::Broken(reason) => {
            let Caller { worker, waiting } = CALLER.take();
            for tell in waiting {
                tell(Err(reason.clone()));
            }
            // A worker can't be dropped by what it calls.
            leptos::task::spawn_local(async move { drop(worker) });
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
    // Later calls wait for this one.
    init.set_signal(Some(&AbortSignal::timeout_with_u32(MAX_MILLIS)));
    let global: Window = js_sys::global().unchecked_into();
    JsFuture::from(global.fetch_with_str_and_init(url, &init)).await.map(|_| ())
}
