//! The content of the form when cases were sent, to tell what was changed since.

use std::cell::RefCell;

use leptos::prelude::*;

use super::design_state::{DesignState, FormState};

thread_local! {
    /// The content of the form when the current cases were sent.
    static SENT_FORM: RefCell<Option<FormState>> = const { RefCell::new(None) };
}

/// Whether it is known what was sent: not if it was sent before the page was opened.
pub(super) fn is_known() -> bool {
    SENT_FORM.with_borrow(Option::is_some)
}

/// Remembers the content of the form, which is being sent.
pub(super) fn remember(state: DesignState) {
    SENT_FORM.set(Some(untrack(|| state.form())));
}

/// Whether the content of the form differs from that which was sent.
pub(super) fn is_form_changed(state: DesignState) -> bool {
    let form = state.form();
    SENT_FORM.with_borrow(|sent| sent.as_ref().is_some_and(|sent| *sent != form))
}

/// Returns what the model is called that was sent, if the form has another one.
pub(super) fn replaced_model(state: DesignState) -> Option<String> {
    let form = state.form();
    SENT_FORM.with_borrow(|sent| sent.as_ref()?.replaced_model(&form))
}
