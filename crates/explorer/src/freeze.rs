//! The whole study as one file that stays: the same that `cruncher freeze` writes, made in the browser by a worker, so that the
//! page reacts to its reader meanwhile.

use std::rc::Rc;

use cruncher_backend::freeze::FreezeProgress;
use cruncher_browser::address;
use cruncher_browser::download::save_blob;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::worker_channel::{WorkerEvent, WorkerHandle};
use cruncher_study::number_format::thousands;
use futures::StreamExt;
use futures::channel::mpsc::unbounded;
use leptos::prelude::{GetUntracked, WithValue, document};

use super::freeze_messages::{ExplorerRequest, FreezeOrder, FreezeReply};
use super::results_state::ResultsState;
use crate::state::view::ResultsView;

/// Has the study read and packed, hands its file to the reader, and returns the outcome in words; `tell` gets the progress.
pub(super) async fn freeze(state: ResultsState, tell: Rc<impl Fn(String) + 'static>) -> Result<String, PageProblem> {
    let (sender, mut events) = unbounded();
    let receive = move |event: WorkerEvent<FreezeReply>| {
        // If nobody waits for it any more, the worker is about to end.
        let _ = sender.unbounded_send(event);
    };
    // Dropped when this ends or is stopped: so is the worker.
    let worker = WorkerHandle::start(PageProgram::Explorer, receive).map_err(|error| broken(&error.to_string()))?;
    worker.post(ExplorerRequest::Freeze(order(state))).map_err(|error| broken(&error.to_string()))?;
    while let Some(event) = events.next().await {
        match event {
            WorkerEvent::Message(FreezeReply::Progress(words)) => tell(words),
            WorkerEvent::Message(FreezeReply::Done { name, file, words }) => {
                save_blob(&name, &file);
                return Ok(words);
            }
            WorkerEvent::Message(FreezeReply::Problem(problem)) => return Err(problem),
            WorkerEvent::Broken(reason) => return Err(broken(&reason)),
        }
    }
    Err(broken("it is gone"))
}

fn order(state: ResultsState) -> FreezeOrder {
    let are_curves_read = state.are_curves_read.get_untracked();
    FreezeOrder {
        page_url: address::page_url(),
        key: state.access.with_value(|access| access.key.clone()),
        head: head(),
        view: ResultsView { are_curves_read, ..state.view.get_untracked() }.fragment(state.page),
    }
}

/// Returns the page's head, which names the files of its own version.
fn head() -> String {
    document().query_selector("head").ok().flatten().map(|head| head.inner_html()).unwrap_or_default()
}

fn broken(reason: &str) -> PageProblem {
    PageProblem {
        title: "The study can't be read beside the page.".into(),
        advice: "Load the page anew in the browser, then try again.".into(),
        detail: reason.to_owned(),
    }
}

/// Tells the progress of reading in words: as a percentage, since every change is read out to those who don't see it.
pub(super) fn words(reading: FreezeProgress) -> String {
    match reading {
        FreezeProgress::Rows { read_bytes, of_bytes } => format!("Reading rows, {} % …", percent(read_bytes, of_bytes)),
        FreezeProgress::Documents { read, of } => {
            format!("Reading {} documents, {} % …", thousands(of), percent(read, of))
        }
    }
}

pub(super) fn percent(part: u64, of: u64) -> u64 {
    100 * part / of.max(1)
}
