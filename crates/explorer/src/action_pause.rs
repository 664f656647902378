//! Pause before an action: what is asked for often is done once.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::set_timeout;

/// Pause before an action, which begins anew whenever the action is asked for again.
#[derive(Clone, Default)]
pub(super) struct ActionPause(Rc<Cell<u64>>);

impl ActionPause {
    /// Puts an action off, in place of one that was put off before.
    pub(super) fn after(&self, pause: Duration, act: impl FnOnce() + 'static) {
        let (turns, turn) = (self.0.clone(), self.0.get() + 1);
        turns.set(turn);
        let act = move || {
            if turns.get() == turn {
                act();
            }
        };
        set_timeout(act, pause);
    }

    /// Cancels the action that was put off.
    pub(super) fn cancel(&self) {
        self.0.set(self.0.get() + 1);
    }
}
