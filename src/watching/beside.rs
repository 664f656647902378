//! A worker that watches, as the page sees it.

use cruncher_backend::snapshot::Snapshot;
use cruncher_backend::tape::{self, Tape};
use cruncher_study::access::AccessKey;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use js_sys::{Array, Float64Array};
use leptos::prelude::{RwSignal, Set};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{FAILED, PROGRESS, ROWS, SEEN};
use crate::platform::programs::Program;
use crate::platform::{address, rows};
use crate::state::problem::Problem;

/// A worker that watches. It ends when this is dropped.
pub(super) struct Beside {
    worker: Worker,
    told: UnboundedReceiver<Told>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

/// What the worker tells, beside rows and progress.
enum Told {
    /// It is there.
    Ready,
    Looked(Box<Result<Snapshot, Problem>>),
    /// It couldn't be loaded, or it broke.
    Broken,
}

impl Beside {
    /// Starts one for the study of this page; none if there can't be any.
    pub(super) async fn start(key: &AccessKey, progress: RwSignal<(u64, u64)>) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&Program::Results.start_url(), &options).ok()?;
        let (tell, told) = unbounded();
        let broken = tell.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(told) = heard(&event.data(), progress) {
                // Nobody listens any more when the page is closed.
                let _ = tell.unbounded_send(told);
            }
        });
        let on_error = Closure::new(move |_: Event| {
            let _ = broken.unbounded_send(Told::Broken);
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let mut beside = Self { worker, told, _on_message: on_message, _on_error: on_error };
        let Told::Ready = beside.told.next().await? else { return None };
        beside.post(&[address::page_url().into(), (&*key.key_id).into(), (&*key.secret).into()]);
        Some(beside)
    }

    /// Looks. None if the worker broke.
    pub(super) async fn look(&mut self, doubt: bool) -> Option<Result<Snapshot, Problem>> {
        self.post(&[doubt.into()]);
        match self.told.next().await? {
            Told::Looked(seen) => Some(*seen),
            Told::Ready | Told::Broken => None,
        }
    }

    fn post(&self, message: &[JsValue]) {
        let message: Array = message.iter().collect();
        // Texts and flags can be handed over.
        let _ = self.worker.post_message(&message);
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn heard(message: &JsValue, progress: RwSignal<(u64, u64)>) -> Option<Told> {
    let Some(message) = message.dyn_ref::<Array>() else { return Some(Told::Ready) };
    let text = |index| message.get(index).as_string().unwrap_or_default();
    match &*text(0) {
        ROWS => rows::give(&message.get(1)),
        PROGRESS => progress.set((number(message, 1), number(message, 2))),
        FAILED => {
            let problem = Problem { title: text(1), advice: text(2), detail: text(3) };
            return Some(Told::Looked(Box::new(Err(problem))));
        }
        SEEN => {
            let numbers = message.get(1).dyn_ref().map(Float64Array::to_vec).unwrap_or_default();
            let texts = (2..message.length()).map(text).collect();
            let seen = tape::read(Tape { numbers, texts });
            return Some(seen.map_or(Told::Broken, |snapshot| Told::Looked(Box::new(Ok(snapshot)))));
        }
        _ => {}
    }
    None
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of bytes")]
fn number(message: &Array, index: u32) -> u64 {
    message.get(index).as_f64().unwrap_or_default() as u64
}
