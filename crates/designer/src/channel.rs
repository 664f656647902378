//! Channel between the page and its worker: each message is a value that serde knows, with parts that only a browser knows,
//! such as files and typed arrays.
//!
//! Files are shared. Typed arrays and buffers are handed over: their sender has them no longer. An array that is a view of the
//! program's own memory can't be handed over; one that was made with `Float64Array::from` can.

use std::cell::RefCell;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use cruncher_browser::programs::PageProgram;

/// Parts of a message that only a browser knows.
pub(super) type Parts = Vec<JsValue>;

/// Event from the worker.
#[derive(Debug)]
pub(super) enum WorkerMessage<A> {
    /// The worker has started, and has been given everything that was posted until now.
    Ready,
    /// The worker sent a message.
    Said(A, Parts),
    /// The worker couldn't be started, or it broke and sends nothing any more.
    Broken(String),
}

/// Error of a value that the browser can't hand over.
#[derive(Debug, thiserror::Error)]
#[error("the browser doesn't hand this over: {0}")]
pub(super) struct BrowserRefusal(String);

impl From<JsValue> for BrowserRefusal {
    fn from(error: JsValue) -> Self {
        Self(format!("{error:?}"))
    }
}

/// A message, and those of its parts that are handed over.
type Envelope = (Array, Array);

/// A worker of this page. It ends when this is dropped, even in the middle of its work.
pub(super) struct WorkerHandle {
    worker: Worker,
    /// Messages that were posted before the worker had started; `None` since then.
    early: Rc<RefCell<Option<Vec<Envelope>>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

impl WorkerHandle {
    /// Starts this program as a worker. `hear` is called with its messages.
    ///
    /// # Errors
    /// Returns an error if the browser allows no workers. A worker that can't be loaded is reported to `hear` later.
    pub(super) fn start<A: DeserializeOwned>(
        hear: impl FnMut(WorkerMessage<A>) + 'static,
    ) -> Result<Self, BrowserRefusal> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&PageProgram::Designer.start_url(), &options)?;
        let early = Rc::new(RefCell::new(Some(Vec::new())));
        let hear = Rc::new(RefCell::new(hear));
        let on_message = {
            let (hear, early, worker) = (hear.clone(), early.clone(), worker.clone());
            Closure::new(move |event: MessageEvent| (hear.borrow_mut())(parse_message(&event, &early, &worker)))
        };
        let on_error = Closure::new(move |event: Event| (hear.borrow_mut())(WorkerMessage::Broken(reason(&event))));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, early, _on_message: on_message, _on_error: on_error })
    }

    /// Posts a request to the worker, which reads it when it is done with earlier ones.
    ///
    /// # Errors
    /// Returns an error if a part can't be handed over.
    pub(super) fn post<Q: Serialize>(&self, ask: &Q, parts: &[JsValue]) -> Result<(), BrowserRefusal> {
        let envelope = envelope(ask, parts);
        match &mut *self.early.borrow_mut() {
            Some(early) => early.push(envelope),
            None => self.worker.post_message_with_transfer(&envelope.0, &envelope.1)?,
        }
        Ok(())
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// Returns the reason why a worker broke; browsers don't tell why one couldn't be loaded.
fn reason(event: &Event) -> String {
    let message = Reflect::get(event, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "its program couldn't be loaded".to_owned())
}

/// Reads a message of a worker. The first one is empty.
fn parse_message<A: DeserializeOwned>(
    event: &MessageEvent,
    early: &RefCell<Option<Vec<Envelope>>>,
    worker: &Worker,
) -> WorkerMessage<A> {
    if let Some(early) = early.take() {
        let posted: Result<(), JsValue> =
            early.iter().try_for_each(|(message, moved)| worker.post_message_with_transfer(message, moved));
        return posted.map_or_else(
            |error| WorkerMessage::Broken(BrowserRefusal::from(error).to_string()),
            |()| WorkerMessage::Ready,
        );
    }
    match opened(&event.data()) {
        Ok((said, parts)) => WorkerMessage::Said(said, parts),
        Err(error) => WorkerMessage::Broken(error.to_string()),
    }
}

/// The page, from its worker's side.
#[derive(Clone)]
pub(super) struct PageChannel(DedicatedWorkerGlobalScope);

impl PageChannel {
    /// Sends a message to the page.
    ///
    /// # Errors
    /// Returns an error if a part can't be handed over.
    pub(super) fn say<A: Serialize>(&self, said: &A, parts: &[JsValue]) -> Result<(), BrowserRefusal> {
        let (message, moved) = envelope(said, parts);
        Ok(self.0.post_message_with_transfer(&message, &moved)?)
    }
}

/// Answers the page's requests, one after another, until the worker is ended.
///
/// # Panics
/// Panics if the page sends a request that this program doesn't know: then the page is another version of it.
pub(super) async fn serve<Q: DeserializeOwned>(mut answer: impl AsyncFnMut(Q, Parts, &PageChannel)) {
    let page = PageChannel(js_sys::global().unchecked_into());
    let (sender, mut asked) = unbounded();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // This can't fail: the other end lives as long as the worker.
        let _ = sender.unbounded_send(event.data());
    });
    page.0.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Messages that come before the worker listens are lost, so the page waits for this one.
    page.0.post_message(&JsValue::NULL).expect("nothing can be sent anywhere");
    while let Some(message) = asked.next().await {
        let (ask, parts) = opened(&message).expect("page and worker are of one version");
        answer(ask, parts, &page).await;
    }
}

fn envelope<T: Serialize>(body: &T, parts: &[JsValue]) -> Envelope {
    let json = serde_json::to_string(body).unwrap_or_default();
    let message: Array = [JsValue::from(json)].iter().chain(parts).collect();
    (message, parts.iter().filter_map(buffer).collect())
}

/// Returns the buffer that must be handed over for `part` to arrive without being copied.
fn buffer(part: &JsValue) -> Option<ArrayBuffer> {
    // Every kind of typed array has its buffer in the same place.
    if ArrayBuffer::is_view(part) { Some(part.unchecked_ref::<Uint8Array>().buffer()) } else { part.dyn_ref().cloned() }
}

fn opened<T: DeserializeOwned>(message: &JsValue) -> Result<(T, Parts), serde_json::Error> {
    let message = Array::from(message);
    let json = message.shift().as_string().unwrap_or_default();
    // The text is read as bytes, like every other document: the page has one JSON parser.
    Ok((serde_json::from_slice(json.as_bytes())?, message.to_vec()))
}
