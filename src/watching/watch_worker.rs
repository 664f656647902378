//! Worker that watches the study, as the page sees it.

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_backend::watch::snapshot_codec;
use cruncher_backend::watch::snapshot_codec::EncodedSnapshot;
use cruncher_study::access::AccessKey;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use js_sys::{Array, Float64Array};
use leptos::prelude::{RwSignal, Set};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MessageEvent, Worker, WorkerOptions, WorkerType};

use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::watch_messages::{FAILED, PROGRESS, ROWS, SEEN};
use cruncher_browser::{address, rows};

/// Worker that watches the study. It ends when this is dropped.
pub(crate) struct WatchWorker {
    worker: Worker,
    /// Whether it knows the study.
    is_open: bool,
    told: UnboundedReceiver<Told>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(Event)>,
}

/// Message of the worker, beside rows.
enum Told {
    /// The worker is there.
    Ready,
    /// The worker has read part of the bytes: how many, and of how many.
    Progress(u64, u64),
    Looked(Box<Result<Snapshot, PageProblem>>),
    /// The worker couldn't be loaded, or it broke.
    Broken,
}

impl WatchWorker {
    /// Starts a worker, which takes a while; returns `None` if there can't be any.
    pub(super) fn start() -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&PageProgram::Explorer.start_url(), &options).ok()?;
        let (tell, told) = unbounded();
        let broken = tell.clone();
        let on_message = Closure::new(move |event: MessageEvent| {
            if let Some(told) = parse_message(&event.data()) {
                // Nobody listens any more when the page is closed.
                let _ = tell.unbounded_send(told);
            }
        });
        let on_error = Closure::new(move |_: Event| {
            let _ = broken.unbounded_send(Told::Broken);
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Some(Self { worker, is_open: false, told, _on_message: on_message, _on_error: on_error })
    }

    /// Looks at the study of this page, and sets `progress` to the bytes that were read and the bytes in all. Returns `None` if
    /// the worker broke.
    pub(super) async fn refresh(
        &mut self,
        key: &AccessKey,
        is_thorough: bool,
        progress: RwSignal<(u64, u64)>,
    ) -> Option<Result<Snapshot, PageProblem>> {
        if !self.is_open {
            let Told::Ready = self.told.next().await? else { return None };
            self.post(&[address::page_url().into(), (&*key.key_id).into(), (&*key.secret).into()]);
            self.is_open = true;
        }
        self.post(&[is_thorough.into()]);
        loop {
            match self.told.next().await? {
                Told::Progress(read, of) => progress.set((read, of)),
                Told::Looked(seen) => return Some(*seen),
                Told::Ready | Told::Broken => return None,
            }
        }
    }

    fn post(&self, message: &[JsValue]) {
        let message: Array = message.iter().collect();
        // Texts and flags can be handed over.
        let _ = self.worker.post_message(&message);
    }
}

impl Drop for WatchWorker {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn parse_message(message: &JsValue) -> Option<Told> {
    let Some(message) = message.dyn_ref::<Array>() else { return Some(Told::Ready) };
    let text = |index| message.get(index).as_string().unwrap_or_default();
    match &*text(0) {
        ROWS => rows::give(&message.get(1)),
        PROGRESS => return Some(Told::Progress(number(message, 1), number(message, 2))),
        FAILED => {
            let problem = PageProblem { title: text(1), advice: text(2), detail: text(3) };
            return Some(Told::Looked(Box::new(Err(problem))));
        }
        SEEN => {
            let numbers = message.get(1).dyn_ref().map(Float64Array::to_vec).unwrap_or_default();
            let texts = (2..message.length()).map(text).collect();
            let seen = snapshot_codec::read(EncodedSnapshot { numbers, texts });
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
