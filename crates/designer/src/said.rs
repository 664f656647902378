//! Messages at the top of the page that are shown once, for instance that a file couldn't be read. A message goes with the next
//! action.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;

use super::design_state::DesignState;

impl DesignState {
    /// Shows a message once.
    pub(super) fn say(self, words: impl Into<Arc<str>>) {
        self.said.set(Some(words.into()));
    }
}

/// Removes the message at the next action: a change in the form, or leaving the page.
pub(super) fn follow(state: DesignState) {
    let table = Memo::new(move |_| state.table.read().name());
    Effect::new(move |before: Option<Option<Arc<str>>>| {
        state.draft.track();
        state.model.track();
        // A memo that is never read isn't updated.
        table.with(|_name| ());
        let said = state.said.get()?;
        // A message that was shown together with a change is about that change, and stays.
        let was_said = before.flatten().is_some_and(|before| Arc::ptr_eq(&before, &said));
        if was_said {
            state.said.set(None);
        }
        (!was_said).then_some(said)
    });
    let left = window_event_listener(ev::hashchange, move |_| state.said.set(None));
    on_cleanup(move || left.remove());
}
