//! Worker that watches a large study: it looks when the page asks for that. Another worker of this program freezes the study.

use std::rc::Rc;

use cruncher_backend::study;
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::document_cache::DocumentCache;
use cruncher_browser::network;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::watch_messages::{WatchReply, WatchRequest};
use cruncher_browser::worker_channel::{PageChannel, serve};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use js_sys::Uint8Array;

use crate::document_cache::StudyCache;
use crate::freeze_messages::ExplorerRequest;
use crate::freeze_worker::freeze;

/// Minimum size of a reading whose progress is told, in bytes.
const MANY_BYTES: u64 = 2 << 20;

/// Watches the study for as long as the page wants.
pub(crate) async fn work() {
    let mut opened = None;
    let mut watch = None;
    serve(async move |request: ExplorerRequest, page: &PageChannel| match request {
        ExplorerRequest::Freeze(order) => freeze(order, page).await,
        ExplorerRequest::Watch(WatchRequest::Open { page_url, key }) => opened = Some((page_url, key)),
        ExplorerRequest::Watch(WatchRequest::Look { is_thorough, wants_inputs }) => {
            if let (None, Some((page_url, key))) = (&watch, &opened) {
                match study::open(network(), page_url, key).await {
                    Ok(study) => {
                        let cache =
                            ReportingCache { cache: StudyCache::new(page_url, &study.config), page: page.clone() };
                        watch = Some(StudyWatch::with_cache(study, Rc::new(cache)));
                    }
                    Err(error) => reply(page, WatchReply::Problem(PageProblem::from(&error))),
                }
            }
            if let Some(watch) = &mut watch {
                reply(page, look(watch, is_thorough, wants_inputs).await);
            }
        }
    })
    .await;
}

async fn look(watch: &mut StudyWatch, is_thorough: bool, wants_inputs: bool) -> WatchReply {
    if is_thorough {
        watch.expect_change();
    }
    let seen = watch.refresh().await;
    // What is shown of the first look doesn't wait for inputs.
    let is_checked = seen.as_ref().is_ok_and(|snapshot| snapshot.is_checked);
    if wants_inputs
        && is_checked
        && let Err(error) = watch.tell_inputs().await
    {
        return WatchReply::Problem(PageProblem::from(&error));
    }
    match seen {
        Ok(snapshot) => WatchReply::Snapshot(Box::new(snapshot)),
        Err(error) => WatchReply::Problem(PageProblem::from(&error)),
    }
}

fn reply(page: &PageChannel, reply: WatchReply) {
    page.send(reply).expect("numbers and texts can be handed over");
}

/// The browser's cache, which also hands the page the rows that are read, and tells it how far reading is.
struct ReportingCache {
    cache: StudyCache,
    page: PageChannel,
}

impl DocumentCache for ReportingCache {
    fn get<'a>(&'a self, names: &'a [String]) -> LocalBoxFuture<'a, Vec<Option<Vec<u8>>>> {
        // If the browser keeps nothing, no document is found.
        async move { self.cache.get(names).await.unwrap_or_else(|_unavailable| vec![None; names.len()]) }.boxed_local()
    }

    fn put(&self, things: Vec<(String, Vec<u8>)>) -> LocalBoxFuture<'_, ()> {
        // Documents that there is no room for are read again next time.
        self.cache.put(things).map(|_| ()).boxed_local()
    }

    fn rows(&self, chunk: &[u8]) {
        reply(&self.page, WatchReply::Rows(Uint8Array::from(chunk)));
    }

    fn progress(&self, read_bytes: u64, of_bytes: u64) {
        if of_bytes >= MANY_BYTES {
            reply(&self.page, WatchReply::Progress { read_bytes, of_bytes });
        }
    }
}
