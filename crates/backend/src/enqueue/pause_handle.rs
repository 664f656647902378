//! The wheel of an enqueueing that is under way.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use futures::future::poll_fn;
use futures::task::AtomicWaker;

/// Pauses an enqueueing from elsewhere: another part of the same thread, or another one. Clones are cheap, and steer the same.
#[derive(Debug, Clone, Default)]
pub struct PauseHandle(Arc<Wheel>);

#[derive(Debug, Default)]
struct Wheel {
    is_paused: AtomicBool,
    waker: AtomicWaker,
}

impl PauseHandle {
    /// Asks for a pause. What is under way comes to its end, and nothing new is begun.
    pub fn pause(&self) {
        self.0.is_paused.store(true, Ordering::SeqCst);
        self.0.waker.wake();
    }

    /// Takes that back. An enqueueing that has paused already goes on when it is run again.
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
