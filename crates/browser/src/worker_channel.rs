//! Channel between the page and a worker of it, which is one of the page's programs without a window.
//!
//! A message is an array, which its codec ([`ChannelMessage`]) makes and reads. Files in it are shared. Typed arrays and buffers are
//! handed over: their sender has them no longer. An array that is a view of the program's own memory can't be handed over; one that
//! was made with `Float64Array::from` can.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use js_sys::{Array, ArrayBuffer, Reflect, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::programs::PageProgram;

/// Message that can be sent through a channel.
pub trait ChannelMessage: Sized {
    /// Returns the entries of the message's array.
    fn into_entries(self) -> Vec<JsValue>;

    /// Reads the entries of a message's array; `None` if they are no such message.
    fn from_entries(entries: Vec<JsValue>) -> Option<Self>;
}

/// Event from a worker.
#[derive(Debug)]
pub enum WorkerEvent<M> {
    /// The worker sent a message.
    Message(M),
    /// The worker couldn't be started, or it broke and sends nothing any more.
    Broken(String),
}

/// Error of a value that the browser can't hand over.
#[derive(Debug, thiserror::Error)]
#[error("the browser doesn't hand this over: {0}")]
pub struct BrowserRefusal(String);

impl From<JsValue> for BrowserRefusal {
    fn from(error: JsValue) -> Self {
        Self(format!("{error:?}"))
    }
}

/// The array of a message, and the buffers in it that are handed over.
type Envelope = (Array, Array);

/// A worker of this page, to which messages `Q` are posted. It ends when this is dropped, even in the middle of its work.
pub struct WorkerHandle<Q> {
    worker: Worker,
    /// Messages that were posted before the worker had started; `None` since then.
    early: Rc<RefCell<Option<Vec<Envelope>>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
    request: PhantomData<fn(Q)>,
}

impl<Q: ChannelMessage> WorkerHandle<Q> {
    /// Starts a program as a worker. `receive` is called with its messages.
    ///
    /// # Errors
    /// Returns an error if the browser allows no workers. A worker that can't be loaded is reported to `receive` later.
    pub fn start<A: ChannelMessage>(
        program: PageProgram,
        receive: impl FnMut(WorkerEvent<A>) + 'static,
    ) -> Result<Self, BrowserRefusal> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&program.start_url(), &options)?;
        let early = Rc::new(RefCell::new(Some(Vec::new())));
        let receive = Rc::new(RefCell::new(receive));
        let on_message = {
            let (receive, early, worker) = (receive.clone(), early.clone(), worker.clone());
            Closure::new(move |event: MessageEvent| {
                if let Some(event) = worker_event(&event, &early, &worker) {
                    (receive.borrow_mut())(event);
                }
            })
        };
        let on_error = Closure::new(move |event: Event| (receive.borrow_mut())(WorkerEvent::Broken(reason(&event))));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { worker, early, _on_message: on_message, _on_error: on_error, request: PhantomData })
    }

    /// Posts a message to the worker, which reads it when it is done with earlier ones.
    ///
    /// # Errors
    /// Returns an error if a part of it can't be handed over.
    pub fn post(&self, message: Q) -> Result<(), BrowserRefusal> {
        let envelope = envelope(message);
        match &mut *self.early.borrow_mut() {
            Some(early) => early.push(envelope),
            None => self.worker.post_message_with_transfer(&envelope.0, &envelope.1)?,
        }
        Ok(())
    }
}

impl<Q> Drop for WorkerHandle<Q> {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// Returns the reason why a worker broke; browsers don't tell why one couldn't be loaded.
fn reason(event: &Event) -> String {
    let message = Reflect::get(event, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| "its program couldn't be loaded".to_owned())
}

/// Reads a message of a worker. The first one says that it has started, and is no event.
fn worker_event<A: ChannelMessage>(
    event: &MessageEvent,
    early: &RefCell<Option<Vec<Envelope>>>,
    worker: &Worker,
) -> Option<WorkerEvent<A>> {
    if let Some(early) = early.take() {
        let posted: Result<(), JsValue> =
            early.iter().try_for_each(|(message, moved)| worker.post_message_with_transfer(message, moved));
        return posted.err().map(|error| WorkerEvent::Broken(BrowserRefusal::from(error).to_string()));
    }
    let unknown = || WorkerEvent::Broken("it said something that this page doesn't know".to_owned());
    Some(opened(&event.data()).map_or_else(unknown, WorkerEvent::Message))
}

/// The page, from its worker's side.
#[derive(Clone)]
pub struct PageChannel(DedicatedWorkerGlobalScope);

impl PageChannel {
    /// Sends a message to the page.
    ///
    /// # Errors
    /// Returns an error if a part of it can't be handed over.
    pub fn send(&self, message: impl ChannelMessage) -> Result<(), BrowserRefusal> {
        let (message, moved) = envelope(message);
        Ok(self.0.post_message_with_transfer(&message, &moved)?)
    }
}

/// Answers the page's messages, one after another, until the worker is ended.
///
/// # Panics
/// Panics if the page sends a message that this program doesn't know: then the page is another version of it.
pub async fn serve<Q: ChannelMessage>(mut answer: impl AsyncFnMut(Q, &PageChannel)) {
    let page = PageChannel(js_sys::global().unchecked_into());
    let (sender, mut posted) = unbounded();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // This can't fail: the other end lives as long as the worker.
        let _ = sender.unbounded_send(event.data());
    });
    page.0.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // Messages that come before the worker listens are lost, so the page waits for this one.
    page.0.post_message(&JsValue::NULL).expect("nothing can be sent anywhere");
    while let Some(message) = posted.next().await {
        answer(opened(&message).expect("page and worker are of one version"), &page).await;
    }
}

fn envelope(message: impl ChannelMessage) -> Envelope {
    let entries = message.into_entries();
    let moved = entries.iter().filter_map(buffer).collect();
    (entries.into_iter().collect(), moved)
}

/// Returns the buffer that must be handed over for `entry` to arrive without being copied.
fn buffer(entry: &JsValue) -> Option<ArrayBuffer> {
    // Every kind of typed array has its buffer in the same place.
    if ArrayBuffer::is_view(entry) {
        Some(entry.unchecked_ref::<Uint8Array>().buffer())
    } else {
        entry.dyn_ref().cloned()
    }
}

fn opened<M: ChannelMessage>(message: &JsValue) -> Option<M> {
    M::from_entries(message.dyn_ref::<Array>()?.to_vec())
}
