//! Search, shortcuts and news. The program of the dialogs, which is loaded when one of them is shown, is told here what it
//! shows, and here is done what is chosen in it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::bar::parts;
use cruncher_browser::state::dialog_request::{DialogRequest, PaletteEntry};
use cruncher_browser::state::route::{BatchChoice, Page};
use cruncher_browser::state::shortcuts::{PressedKey, SHORTCUTS, ShortcutAct, act_of};
use cruncher_browser::state::steering::SteeringRequest;
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_browser::{address, clipboard, dialogs, sharing, theme};
use cruncher_study::access::{Role, StudyAccess};
use cruncher_study::attach_line::{AttachHost, attach_line};
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::pool::shown;
use leptos::ev::{self, KeyboardEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::Element;

use crate::live::{OpenStudy, ReaderState};
use crate::pages::overview::steering;

/// Elements in which keys mean something else. A field of a dialog that was closed keeps the focus until the next frame.
const TAKES_KEYS: &str = ":is(input, textarea, select, [contenteditable]):not(dialog:not([open]) *)";

/// What is done when an entry of the palette is chosen.
#[derive(Clone)]
enum Command {
    Go(String),
    Steer(SteeringRequest),
    Act(ShortcutAct),
    Copy(String),
    News,
    Licences,
    Lock,
}

/// The dialogs of an open study.
#[derive(Clone)]
pub(crate) struct Dialogs {
    open: Arc<OpenStudy>,
    look_again: UnsyncCallback<()>,
    /// What the entries of the palette that is shown do.
    commands: Arc<Mutex<Vec<Command>>>,
}

impl Dialogs {
    /// Listens to keys, and to what is chosen.
    pub(crate) fn follow(open: OpenStudy, look_again: UnsyncCallback<()>) -> Self {
        let dialogs = Self { open: Arc::new(open), look_again, commands: Arc::default() };
        let (pressing, choosing) = (dialogs.clone(), dialogs.clone());
        let keys = window_event_listener(ev::keydown, move |event| {
            if let Some(act) = pressed(&event) {
                event.prevent_default();
                pressing.act(act);
            }
        });
        let choices = window_event_listener_untyped(dialogs::CHOSEN, move |event| {
            let command = dialogs::chosen(&event).and_then(|entry| choosing.commands().get(entry).cloned());
            if let Some(command) = command {
                choosing.carry_out(command);
            }
        });
        on_cleanup(move || {
            keys.remove();
            choices.remove();
        });
        dialogs
    }

    /// Does what a shortcut does.
    pub(crate) fn act(&self, act: ShortcutAct) {
        let reader = self.open.reader;
        match act {
            ShortcutAct::Palette => {
                let (entries, commands) = offers(&self.open);
                *self.commands() = commands;
                ask(&DialogRequest::Palette(entries), reader);
            }
            ShortcutAct::Shortcuts => ask(&DialogRequest::Shortcuts, reader),
            ShortcutAct::Go(page) => address::go_to(&reader.route.get_untracked().on(page).to_string()),
            ShortcutAct::Theme => {
                theme::switch();
                reader.is_dark.set(theme::is_dark());
            }
            ShortcutAct::Look => self.look_again.run(()),
        }
    }

    /// Shows how the reader is told of events.
    pub(crate) fn show_news(&self) {
        ask(&DialogRequest::News, self.open.reader);
    }

    fn commands(&self) -> MutexGuard<'_, Vec<Command>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn carry_out(&self, command: Command) {
        let reader = self.open.reader;
        match command {
            Command::Go(fragment) => address::go_to(&fragment),
            Command::Steer(request) => {
                // How far it is stands there.
                address::go_to(&reader.route.get_untracked().on(Page::Overview).to_string());
                steering::ask(&request, reader);
            }
            Command::Act(act) => self.act(act),
            Command::Copy(text) => spawn_local(async move {
                let words =
                    if clipboard::copy(text).await { "Copied." } else { "This browser doesn't let a page copy." };
                reader.said.set(Some(words));
            }),
            Command::News => self.show_news(),
            Command::Licences => ask(&DialogRequest::Licences, reader),
            Command::Lock => sharing::lock(),
        }
    }
}

/// Asks the program of the dialogs for something, and loads it the first time.
pub(crate) fn ask(request: &DialogRequest, reader: ReaderState) {
    reader.said.set(None);
    dialogs::ask(request);
    PageProgram::Dialogs.load(Some(reader.failed(PageProgram::Dialogs)));
}

/// Whether this is a Mac, where Command takes the place of Ctrl.
pub(crate) fn is_mac() -> bool {
    window().navigator().platform().is_ok_and(|platform| platform.starts_with("Mac") || platform.starts_with("iP"))
}

fn pressed(event: &KeyboardEvent) -> Option<ShortcutAct> {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let is_in_field = target.is_some_and(|target| target.closest(TAKES_KEYS).is_ok_and(|field| field.is_some()));
    let is_taken = is_in_field || document().query_selector("dialog[open]").is_ok_and(|dialog| dialog.is_some());
    let has_control = if is_mac() { event.meta_key() } else { event.ctrl_key() };
    // A key that something else has dealt with, or that a browser has for itself, is no shortcut.
    let is_free = !event.default_prevented() && (has_control || !event.meta_key() && !event.ctrl_key());
    let pressed = PressedKey { key: &event.key(), has_control, has_alt: event.alt_key(), is_taken };
    is_free.then(|| act_of(pressed, VisitFlag::SingleKeysOff.is_set()))?
}

/// Returns the entries of the palette, and what each does: the same as the button or link that there is for it.
fn offers(open: &OpenStudy) -> (Vec<PaletteEntry>, Vec<Command>) {
    let (mut entries, mut commands) = (Vec::new(), Vec::new());
    let mut offer = |kind: &str, label: &str, hint: &str, command| {
        entries.push(PaletteEntry::new(kind, label, hint));
        commands.push(command);
    };
    let route = open.reader.route.get_untracked();
    let snapshot = open.live.snapshot.get_untracked().unwrap_or_default();
    for page in Page::ALL {
        let key = SHORTCUTS.iter().find(|shortcut| shortcut.act == ShortcutAct::Go(page)).map_or("", |own| own.key);
        offer("Page", page.name(), key, Command::Go(route.on(page).to_string()));
    }
    let cases = route.on(Page::Cases).to_string();
    let where_in_cases = |field: &str, value: &str| {
        let mark = if cases.contains('?') { '&' } else { '?' };
        Command::Go(format!("{cases}{mark}select=case.{field}:{}", js_sys::encode_uri_component(value)))
    };
    for part in parts(&snapshot.counts(route.batches.one())) {
        if part.cases > 0 && part.look.name != "unsent" {
            let label = format!("{} cases", part.look.name);
            offer("Cases", &label, &thousands(part.cases), where_in_cases("state", part.look.name));
        }
    }
    steering_offers(&snapshot, open, &mut offer);
    if snapshot.total.failed > 0 && steering::may_steer(open) {
        let hint = "choose on the Cases page";
        offer("Action", "Retry failed cases …", hint, where_in_cases("state", "failed"));
    }
    // A line for a pool that the study doesn't have would take nothing.
    let is_there = route.pool.is_none_or(|pool| snapshot.control.pools.contains(&pool));
    if let Some(worker) = open.attach_key(Some(&snapshot)).filter(|_| is_there) {
        let hint = ["attaches workers to pool ", shown(route.pool.as_ref())].concat();
        let bucket_url = open.study.bucket_url();
        let lines = [
            ("Copy the line for Python", AttachHost::Python),
            ("Copy the line for a shell", AttachHost::Shell { workers: open.reader.workers.get_untracked() }),
        ];
        for (label, host) in lines {
            offer("Action", label, &hint, Command::Copy(attach_line(host, &bucket_url, worker, route.pool.as_ref())));
        }
    }
    if let Some(key) = &open.viewer {
        let viewer = StudyAccess { role: Role::Viewer, key: key.clone(), worker: None, viewer: None };
        let link = viewer.link(address::page_url().split('#').next().unwrap_or_default());
        offer("Action", "Copy the viewer's link", "holds the viewer's key", Command::Copy(link));
    }
    offer("Action", "Copy link to this view", "without the key", Command::Copy(address::url_of_view()));
    offer("Action", "Download results …", "on the Results page", Command::Go(route.on(Page::Results).to_string()));
    offer("Action", "Tell me of events …", "notification, webhook", Command::News);
    for (label, act) in [
        ("Light or dark", ShortcutAct::Theme),
        ("Look at the study again", ShortcutAct::Look),
        ("Keyboard shortcuts", ShortcutAct::Shortcuts),
    ] {
        let key = SHORTCUTS.iter().find(|shortcut| shortcut.act == act).map_or("", |own| own.key);
        offer("Action", label, key, Command::Act(act));
    }
    offer("Action", "Licences", "of this page and cruncher", Command::Licences);
    offer("Action", "Lock", "forgets the key", Command::Lock);
    if snapshot.batches.len() > 1 {
        offer("Batch", "all batches", "", Command::Go(route.of(BatchChoice::All).to_string()));
        for account in &snapshot.batches {
            let target = route.of(BatchChoice::One(account.batch.clone())).to_string();
            let hint = format!("{} of {} done", thousands(account.counts.done), thousands(account.counts.cases));
            offer("Batch", account.batch.as_str(), &hint, Command::Go(target));
        }
    }
    for worker in &snapshot.workers {
        offer("Worker", &worker.worker, "its cases", where_in_cases("worker", &worker.worker));
    }
    (entries, commands)
}

fn steering_offers(snapshot: &Snapshot, open: &OpenStudy, offer: &mut dyn FnMut(&str, &str, &str, Command)) {
    if !steering::may_steer(open) {
        return;
    }
    let mut steer = |label: &str, hint: &str, request| offer("Action", label, hint, Command::Steer(request));
    if snapshot.control.is_stopped() {
        steer("Resume the study", "workers take cases again", SteeringRequest::Resume(open.study.now()));
    } else if snapshot.total.open() > 0 {
        steer("Pause the study", "workers finish their case", SteeringRequest::Pause);
    }
    if snapshot.dead_letters > 0 {
        let label = format!("Redrive {}", counted(snapshot.dead_letters, "case", "cases"));
        steer(&label, "from the dead-letter queue", SteeringRequest::Redrive);
    }
    let steered = snapshot.alive_workers().filter(|worker| worker.max_silence_secs.is_none());
    let (ending, at_work): (Vec<_>, Vec<_>) =
        steered.map(|worker| worker.worker.clone()).partition(|worker| snapshot.control.drain.contains(worker));
    if !at_work.is_empty() {
        let label = format!("Drain all {}", counted(at_work.len() as u64, "worker", "workers"));
        steer(&label, "they end after their case", SteeringRequest::Drain(at_work));
    }
    if !ending.is_empty() {
        let label = format!("Let {} go on", counted(ending.len() as u64, "drained worker", "drained workers"));
        steer(&label, "", SteeringRequest::Undrain(ending));
    }
}
