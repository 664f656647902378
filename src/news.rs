//! News of the study for a reader who looks elsewhere. Each event is told once in a browser, whatever tabs it has.

use cruncher_browser::kept_text::KeptText;
use cruncher_browser::state::dialog_request::{DialogRequest, EventMessage};
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_study::study_events::{KnownEvents, StudyEvent};
use leptos::prelude::*;

use crate::dialogs;
use crate::live::OpenStudy;

/// Whether somebody wants to be told of events also while the tab is hidden.
pub(crate) fn are_wanted() -> bool {
    VisitFlag::Told.is_set() || KeptText::Webhook.get().is_some()
}

/// Tells of what is new in each look. What is there at the first visit is no news.
pub(crate) fn follow(open: &OpenStudy) {
    let (live, reader, study) = (open.live, open.reader, open.study.config.study.clone());
    // Without storage events are known as long as the page lives.
    let noted = StoredValue::new(None::<String>);
    Effect::new(move || {
        let Some(snapshot) = live.snapshot.get().filter(|snapshot| snapshot.is_checked) else { return };
        let facts = snapshot.event_facts();
        let before = KeptText::KnownEvents.get().or_else(|| noted.get_value());
        let mut known = before.as_deref().map_or_else(|| KnownEvents::of(&facts), KnownEvents::from_text);
        let news = known.news(&facts);
        let after = known.to_text();
        if before.as_ref() != Some(&after) {
            KeptText::KnownEvents.set(&after);
            noted.set_value(Some(after));
        }
        for event in news.iter().filter(|_| are_wanted()) {
            let text = match event {
                StudyEvent::Ended => snapshot.total.ending(),
                StudyEvent::Halted(reason) => reason.clone(),
                StudyEvent::ErrorGroup(error) => error.clone(),
            };
            let message = EventMessage { study: study.clone(), event: event.name().to_owned(), text };
            dialogs::ask(&DialogRequest::Tell(message), reader);
        }
    });
}
