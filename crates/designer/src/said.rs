//! What is said once at the top of the page, for instance that a file couldn't be read. It goes with the next thing that is done.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use super::design_state::DesignState;

impl DesignState {
    /// Says something once.
    pub(super) fn say(self, words: impl Into<Arc<str>>) {
        self.said.set(Some(words.into()));
    }
}

/// Takes back what was said when something else is done: in the form, or by leaving the page.
pub(super) fn follow(state: DesignState) {
    let table = Memo::new(move |_| state.table.read().name());
    Effect::new(move |before: Option<Option<Arc<str>>>| {
        state.draft.track();
        state.model.track();
        // A memo that is never read knows of nothing.
        table.with(|_name| ());
        let said = state.said.get()?;
        // What was said together with a change is about that.
        let was_said = before.flatten().is_some_and(|before| Arc::ptr_eq(&before, &said));
        if was_said {
            state.said.set(None);
        }
        (!was_said).then_some(said)
    });
    let left = window_event_listener(ev::hashchange, move |_| state.said.set(None));
    on_cleanup(move || left.remove());
}
