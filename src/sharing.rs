//! Tabs of one browser share the access to a study, if their user wants that: a tab without one asks the others. The key goes
//! from tab to tab, each of which keeps it for itself; nothing that outlives the tabs holds it.

use cruncher_study::access::StudyAccess;
use futures::channel::mpsc::unbounded;
use leptos::prelude::window;

use cruncher_browser::address;
use cruncher_browser::tabs;
use cruncher_browser::tabs::TabChannel;
use cruncher_browser::visit_flags::VisitFlag;

const QUESTION: &str = "access?";
const LEAVE: &str = "leave";

/// Gives this tab's access to tabs that ask, and leaves the study when another tab does. It lasts as long as the page.
pub(crate) fn answer() {
    std::mem::forget(open(|said, say| match said {
        QUESTION => {
            if let Some(access) = address::kept() {
                say(&serde_json::to_string(&access).unwrap_or_default());
            }
        }
        LEAVE => {
            address::forget_access();
            address::reload();
        }
        _ => {}
    }));
}

/// Asks other tabs for their access, and returns the first answer, if there is one.
pub(crate) async fn ask_other_tabs() -> Option<StudyAccess> {
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

/// Forgets the access: in this tab, and in all of them if they share it.
pub(crate) fn leave() {
    address::forget_access();
    if VisitFlag::Shared.is_set() {
        VisitFlag::Shared.set(false);
        if let Some(tabs) = open(|_, _| {}) {
            tabs.say(LEAVE);
        }
    }
    address::reload();
}

/// Opens the channel between the tabs of this study. Its name contains the path, because in the local cloud several studies
/// share an origin.
fn open(hear: impl FnMut(&str, &dyn Fn(&str)) + 'static) -> Option<TabChannel> {
    TabChannel::open(&format!("cruncher-access {}", window().location().pathname().unwrap_or_default()), hear)
}
