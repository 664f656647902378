//! Tabs of one browser share the access to a study, if their user wants that: a tab without one asks the others. The key goes
//! from tab to tab, each of which keeps it for itself; nothing that outlives the tabs holds it.

use cruncher_study::access::StudyAccess;
use futures::channel::mpsc::unbounded;
use leptos::prelude::window;

use crate::tabs::TabChannel;
use crate::visit_flags::VisitFlag;
use crate::{address, kept_access, tabs};

const QUESTION: &str = "access?";
const LOCK: &str = "lock";

/// Gives this tab's access to tabs that ask, and locks the study when another tab does. It lasts as long as the page.
pub fn answer() {
    std::mem::forget(open(|said, say| match said {
        QUESTION => {
            if let Some(access) = kept_access::kept() {
                say(&serde_json::to_string(&access).unwrap_or_default());
            }
        }
        LOCK => lock_this_tab(),
        _ => {}
    }));
}

/// Asks other tabs for their access, and returns the first answer, if there is one.
pub async fn ask_other_tabs() -> Option<StudyAccess> {
    let (sender, mut answers) = unbounded();
    let tabs = open(move |said, _| {
        if let Ok(access) = serde_json::from_slice::<StudyAccess>(said.as_bytes()) {
            // Only the first one is waited for.
            let _ = sender.unbounded_send(access);
        }
    })?;
    tabs.say(QUESTION);
    tabs::first(&mut answers).await
}

/// Forgets the access: in this tab, and in all of them if they share it, or this computer keeps it for all.
pub fn lock() {
    if VisitFlag::Shared.is_set() || kept_access::is_on_computer() {
        VisitFlag::Shared.set(false);
        if let Some(tabs) = open(|_, _| {}) {
            tabs.say(LOCK);
        }
    }
    lock_this_tab();
}

fn lock_this_tab() {
    kept_access::forget();
    address::replace(address::LOCKED);
    address::reload();
}

/// Opens the channel between the tabs of this study. Its name contains the path, because in the local cloud several studies
/// share an origin.
fn open(hear: impl FnMut(&str, &dyn Fn(&str)) + 'static) -> Option<TabChannel> {
    TabChannel::open(&format!("cruncher-access {}", window().location().pathname().unwrap_or_default()), hear)
}
