//! Repetition of a step, as long as somebody can see the page or wants to be told of news.

use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::future::{AbortHandle, Abortable, select};
use futures::{FutureExt, StreamExt};
use leptos::prelude::{document, on_cleanup, window_event_listener_untyped};
use leptos::task::spawn_local;

use cruncher_browser::network;

use crate::news;

/// Pause between two looks of a hidden tab. Browsers wake one no more often.
const HIDDEN_PAUSE: Duration = Duration::from_mins(1);

/// Handle that ends a wait early.
#[derive(Clone)]
pub(crate) struct WakeHandle(UnboundedSender<()>);

impl WakeHandle {
    /// Ends the wait now.
    pub(crate) fn now(&self) {
        // The other end is gone when polling has stopped: then there is nothing to wake.
        let _ = self.0.unbounded_send(());
    }
}

/// Repeats `step`, with the wait that it asks for in between.
///
/// Polling rests while the tab is hidden, unless somebody wants to be told of news: then it looks once a minute. It goes on at once when it is seen again, and ends with the owner that it began in.
pub(crate) fn poll(step: impl AsyncFnMut() -> Duration + 'static) -> WakeHandle {
    let (sender, receiver) = unbounded();
    let wake = WakeHandle(sender);
    let (abort, registration) = AbortHandle::new_pair();
    on_cleanup(move || abort.abort());
    let seen = wake.clone();
    let listener = window_event_listener_untyped("visibilitychange", move |_| {
        if !document().hidden() {
            seen.now();
        }
    });
    on_cleanup(move || listener.remove());
    spawn_local(Abortable::new(repeat(step, receiver), registration).map(|_| ()));
    wake
}

async fn repeat(mut step: impl AsyncFnMut() -> Duration, mut woken: UnboundedReceiver<()>) {
    let sleep = network().sleep;
    // The page is drawn and hears its reader before the first step begins.
    sleep.sleep(Duration::ZERO).await;
    loop {
        while document().hidden() && !news::are_wanted() {
            woken.next().await;
        }
        let wait = step().await;
        let wait = if document().hidden() { wait.max(HIDDEN_PAUSE) } else { wait };
        while woken.try_recv().is_ok() {}
        select(sleep.sleep(wait), woken.next()).await;
    }
}
