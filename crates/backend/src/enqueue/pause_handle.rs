//! Handle to pause an enqueueing that is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::future::poll_fn;
use futures::task::AtomicWaker;

/// Pauses an enqueueing from another part of the same thread, or from another one. Clones are cheap, and control the same.
#[derive(Debug, Clone, Default)]
pub struct PauseHandle(Arc<Wheel>);

#[derive(Debug, Default)]
struct Wheel {
    is_paused: AtomicBool,
    waker: AtomicWaker,
}

impl PauseHandle {
    /// Asks for a pause. Requests under way are completed, and no new ones are begun.
    pub fn pause(&self) {
        self.0.is_paused.store(true, Ordering::SeqCst);
        self.0.waker.wake();
    }

    /// Takes that back. An enqueueing that has paused already continues when it is run again.
    pub fn go_on(&self) {
        self.0.is_paused.store(false, Ordering::SeqCst);
    }

    /// Whether a pause was asked for.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.0.is_paused.load(Ordering::SeqCst)
    }

    /// Completes when a pause is asked for.
    pub(super) fn paused(&self) -> impl Future<Output = ()> + Unpin {
        poll_fn(|context| {
            self.0.waker.register(context.waker());
            if self.is_paused() { Poll::Ready(()) } else { Poll::Pending }
        })
    }
}
