//! Worker that watches the study, as the page sees it.

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::watch_messages::{WatchReply, WatchRequest};
use cruncher_browser::worker_channel::{WorkerEvent, WorkerHandle};
use cruncher_browser::{address, rows};
use cruncher_study::access::AccessKey;
use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use leptos::prelude::{RwSignal, Set};

/// Worker that watches the study. It ends when this is dropped.
pub(crate) struct WatchWorker {
    worker: WorkerHandle<WatchRequest>,
    /// Whether it knows the study.
    is_open: bool,
    events: UnboundedReceiver<WorkerEvent<WatchReply>>,
}

impl WatchWorker {
    /// Starts a worker, which takes a while; returns `None` if there can't be any.
    pub(super) fn start() -> Option<Self> {
        let (sender, events) = unbounded();
        // Nobody listens any more when the page is closed.
        let receive = move |event| drop(sender.unbounded_send(event));
        let worker = WorkerHandle::start(PageProgram::Explorer, receive).ok()?;
        Some(Self { worker, is_open: false, events })
    }

    /// Looks at the study of this page, and sets `progress` to the bytes that were read and the bytes in all. Returns `None` if
    /// the worker broke.
    pub(super) async fn refresh(
        &mut self,
        key: &AccessKey,
        (is_thorough, wants_inputs): (bool, bool),
        progress: RwSignal<(u64, u64)>,
    ) -> Option<Result<Snapshot, PageProblem>> {
        if !self.is_open {
            self.worker.post(WatchRequest::Open { page_url: address::page_url(), key: key.clone() }).ok()?;
            self.is_open = true;
        }
        self.worker.post(WatchRequest::Look { is_thorough, wants_inputs }).ok()?;
        loop {
            let WorkerEvent::Message(reply) = self.events.next().await? else { return None };
            match reply {
                WatchReply::Rows(chunk) => rows::give(&chunk),
                WatchReply::Progress { read_bytes, of_bytes } => progress.set((read_bytes, of_bytes)),
                WatchReply::Snapshot(snapshot) => return Some(Ok(*snapshot)),
                WatchReply::Problem(problem) => return Some(Err(problem)),
            }
        }
    }
}
