//! Buttons by which an operator steers study and workers. The designer's program carries them out, and is loaded for that.

use cruncher_backend::administer::observe::NOTE_PAUSE_SECS;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_browser::components::press::press;
use cruncher_browser::state::steering::SteeringRequest;
use cruncher_browser::{designer, frozen};
use cruncher_study::access::Role;
use cruncher_study::heartbeat::{Heartbeat, WorkerState};
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use crate::live::{OpenStudy, PendingChange, ReaderState};

/// Asks for something; whether it is done is told by [`super::versions::asked`].
pub(crate) fn ask(request: &SteeringRequest, reader: ReaderState) {
    reader.asked.set(Some(PendingChange::Waits));
    designer::ask(&request.to_string());
}

/// Notes for others what each look of an operator finds, if that is news. What the reader asks for goes before that.
pub(crate) fn note_findings(open: &OpenStudy) {
    let (live, reader) = (open.live, open.reader);
    if !may_steer(open) {
        return;
    }
    Effect::new(move |noted: Option<f64>| {
        let noted = noted.unwrap_or(0.0);
        let Some(snapshot) = live.snapshot.get() else { return noted };
        let is_free = snapshot.time - noted >= NOTE_PAUSE_SECS && reader.asked.read_untracked().is_none();
        let Some(observation) = snapshot.observation().filter(|_| is_free) else { return noted };
        designer::ask(&SteeringRequest::Observe(observation).to_string());
        snapshot.time
    });
}

/// Whether this tab may ask for anything.
pub(crate) fn may_steer(open: &OpenStudy) -> bool {
    open.role == Role::Operator && frozen::label().is_none()
}

/// Draws a button that asks for something.
pub(crate) fn button(words: String, title: &'static str, request: SteeringRequest, reader: ReaderState) -> AnyView {
    view! { <button title=title on:click=press(move |_| ask(&request, reader))>{words}</button> }.into_any()
}

/// Draws the buttons that are about the whole study.
pub(crate) fn of_study(snapshot: &Snapshot, open: &OpenStudy) -> Option<AnyView> {
    let is_paused = snapshot.control.paused;
    let is_halted =
        snapshot.control.halted.is_some() || snapshot.alive_workers().any(|own| own.state == WorkerState::Halted);
    if !may_steer(open) || snapshot.total.open() == 0 && snapshot.dead_letters == 0 && !is_paused && !is_halted {
        return None;
    }
    let pause = if is_paused || is_halted {
        let words = if is_paused { "Resume" } else { "Go on" };
        let request = SteeringRequest::Resume(snapshot.time);
        button(words.to_owned(), "Workers take cases again", request, open.reader)
    } else {
        let title = "Workers finish the case that they have, and take no other";
        button("Pause".to_owned(), title, SteeringRequest::Pause, open.reader)
    };
    let redrive = (snapshot.dead_letters > 0).then(|| {
        let words = format!("Redrive {}", counted(snapshot.dead_letters, "case", "cases"));
        let title = "Send the cases of the dead-letter queue again. Find the reason first, in the workers' logs.";
        button(words, title, SteeringRequest::Redrive, open.reader)
    });
    Some(view! { <div class="actions" role="group" aria-label="Study">{pause}{redrive}</div> }.into_any())
}

/// Draws what is offered for a worker, or for all of a host: that they end after their case, or that they don't.
pub(crate) fn of_row(workers: &[&Heartbeat], snapshot: &Snapshot, open: &OpenStudy) -> Option<AnyView> {
    let steered = workers.iter().filter(|worker| worker.is_alive(snapshot.time) && worker.max_silence_secs.is_none());
    let names = steered.map(|worker| worker.worker.clone());
    let (ending, at_work): (Vec<_>, Vec<_>) = names.partition(|worker| snapshot.control.drain.contains(worker));
    Some(match at_work.len() {
        0 if ending.is_empty() => return None,
        0 => {
            let title = "After their case workers end here. Press to let them go on.";
            button("Draining: undo".to_owned(), title, SteeringRequest::Undrain(ending), open.reader)
        }
        count => {
            let title = "Each worker here finishes the case that it has, and ends.";
            let words = if count > 1 { format!("Drain {count}") } else { "Drain".to_owned() };
            button(words, title, SteeringRequest::Drain(at_work), open.reader)
        }
    })
}

/// Draws the buttons that are about all workers.
pub(crate) fn of_workers(snapshot: &Snapshot, open: &OpenStudy) -> Option<AnyView> {
    let drained = &snapshot.control.drain;
    let of = |is_meant: &dyn Fn(&str) -> bool| {
        let alive = snapshot.alive_workers().filter(|worker| worker.max_silence_secs.is_none());
        alive.map(|worker| worker.worker.clone()).filter(|worker| is_meant(worker)).collect::<Vec<_>>()
    };
    let (at_work, ending) = (of(&|worker| !drained.contains(worker)), of(&|worker| drained.contains(worker)));
    let gone = snapshot.workers.iter().filter(|worker| worker.is_gone(snapshot.time));
    let gone: Vec<String> = gone.map(|worker| worker.worker.clone()).collect();
    if !may_steer(open) || at_work.len() + ending.len() + gone.len() == 0 {
        return None;
    }
    let drain = (at_work.len() > 1).then(|| {
        let title = "Every worker finishes the case that it has, and ends";
        button(format!("Drain all {}", at_work.len()), title, SteeringRequest::Drain(at_work), open.reader)
    });
    let undrain = (!ending.is_empty()).then(|| {
        let words = format!("Let {} go on", counted(ending.len() as u64, "drained worker", "drained workers"));
        button(words, "They don't end after their case", SteeringRequest::Undrain(ending), open.reader)
    });
    let forget = (!gone.is_empty()).then(|| {
        let words = format!("Forget {}", counted(gone.len() as u64, "that is gone", "that are gone"));
        let title =
            "Workers that have ended, or weren't heard of for three minutes, are shown no more. Rows and logs stay.";
        button(words, title, SteeringRequest::Forget(gone), open.reader)
    });
    Some(view! { <div class="actions" role="group" aria-label="All workers">{drain}{undrain}{forget}</div> }.into_any())
}
