//! The list of shortcuts.

use cruncher_browser::state::shortcuts::{KeyShortcut, SHORTCUTS};
use cruncher_browser::visit_flags::VisitFlag;
use leptos::prelude::*;

use crate::modal::{ModalDialog, head};

/// Draws the shortcuts, and the switch for those of a single key.
pub(crate) fn shortcuts(modal: ModalDialog) -> AnyView {
    let is_mac = window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac"));
    let line = |shortcut: KeyShortcut| {
        let keys = shortcut.keys(is_mac);
        view! { <div class="keys__one"><dt>{shortcut.words()}</dt><dd><kbd>{keys}</kbd></dd></div> }
    };
    let switch = move |event| VisitFlag::SingleKeysOff.set(!event_target_checked(&event));
    view! {
        {head("Shortcuts", modal)}
        <dl class="keys">{SHORTCUTS.map(line).into_iter().collect_view()}</dl>
        <label class="modal__switch">
            <input type="checkbox" role="switch" prop:checked=!VisitFlag::SingleKeysOff.is_set() on:change=switch/>
            "Keys without Ctrl work"
        </label>
        <p class="faint">"None does anything while you type. Escape closes what is open."</p>
    }
    .into_any()
}
