//! How far sending is, as the page knows it, and the orders that it gives to the worker that sends.

use std::cell::{Cell, RefCell};

use cruncher_study::access::Role;
use cruncher_study::design_document::DesignDocument;
use js_sys::Date;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::channel::{Engine, Heard, Parts};
use super::desk::{Desk, Form, TableState};
use super::draughtsman::table_file;
use super::form::model::certain_failure;
use super::messages::{FirstCase, News, Order, Prospect, Sent, Stop};
use super::worker::Request;
use crate::platform::marks::Mark;
use crate::platform::{address, designer};
use crate::state::draft::Source;

/// How far sending is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Sending {
    /// Nothing is prepared.
    #[default]
    Idle,
    /// It is being found out what it comes to.
    Preparing,
    /// It can't be sent.
    Refused(String),
    /// It can be sent.
    Ready(Prospect),
    /// It is being sent.
    Going(Sent),
    /// It was asked to pause, or to be cancelled.
    Stopping(Sent),
    /// It isn't being sent any more.
    Stopped(Sent, Stop),
}

thread_local! {
    /// The worker that sends. It lives as long as the page, so that sending goes on while another page is looked at.
    static SENDER: RefCell<Option<Engine>> = const { RefCell::new(None) };
    /// What stood in the form when the cases were sent that sending is about.
    static SENT_FORM: RefCell<Option<Form>> = const { RefCell::new(None) };
    /// Whether what stands in the form is looked at for sending as soon as the rest of what was sent is withdrawn.
    static IS_REVIEW_NEXT: Cell<bool> = const { Cell::new(false) };
}

/// What is known beside how far sending is.
#[derive(Clone, Copy, Default)]
pub(super) struct Reports {
    /// What became of the first cases.
    pub(super) first: RwSignal<Vec<FirstCase>>,
    /// Designs that were submitted; none before that was asked.
    pub(super) submitted: RwSignal<Option<Vec<DesignDocument>>>,
    /// When sending came to its end, in seconds since 1970.
    pub(super) end_time: RwSignal<f64>,
}

/// Notes whether there is something to go on with should the page be closed.
fn note(desk: Desk) {
    match &*desk.sending.read() {
        Sending::Going(_) | Sending::Stopping(_) => Mark::Sending.set(true),
        Sending::Stopped(sent, stop) => {
            let is_over = matches!(stop, Stop::Complete | Stop::Cancelled | Stop::Elsewhere);
            Mark::Sending.set(!is_over && sent.of > 0);
        }
        Sending::Idle | Sending::Preparing | Sending::Refused(_) | Sending::Ready(_) => {}
    }
}

/// Opens the study for sending, if this tab may send. What was being sent when the tab was closed goes on.
pub(super) fn open(desk: Desk) {
    if desk.access.with_value(|access| access.role) != Role::Operator {
        return;
    }
    Effect::new(move || note(desk));
    // What was found out holds for the design as it was.
    Effect::new(move |is_later: Option<bool>| {
        desk.draft.track();
        desk.model.track();
        desk.table.track();
        let is_found_out = desk
            .sending
            .with_untracked(|sending| matches!(sending, Sending::Preparing | Sending::Refused(_) | Sending::Ready(_)));
        if is_later.is_some() && is_found_out {
            desk.sending.set(Sending::Idle);
        }
        true
    });
    order(desk, opening(desk), &[]);
}

fn opening(desk: Desk) -> Order {
    Order::Open { page_url: address::page_url(), key: desk.access.with_value(|access| access.key.clone()) }
}

/// Has the worker find out what sending the draft comes to, or shows what is wrong with it.
pub(super) fn prepare(desk: Desk) {
    desk.said.set(None);
    desk.is_strict.set(true);
    let read = desk.draft.read_untracked().read();
    let Ok(file) = read else { return };
    let Some(model) = desk.model.get_untracked() else {
        // The browser kept its name, but had no room for the file.
        return desk.sending.set(Sending::Refused("choose the model file again".to_owned()));
    };
    let is_table = desk.draft.read_untracked().source == Source::Table;
    if is_table && !matches!(&*desk.table.read_untracked(), TableState::Read { .. }) {
        return desk.sending.set(Sending::Refused("choose a table of cases first".to_owned()));
    }
    if let Some(reason) = untrack(|| certain_failure(desk)) {
        return desk.sending.set(Sending::Refused(reason));
    }
    desk.sending.set(Sending::Preparing);
    desk.reports.first.set(Vec::new());
    if is_table {
        let parts: Vec<JsValue> = table_file(desk).into_iter().map(JsValue::from).collect();
        order(desk, Order::Import { reading: desk.reading.get_untracked() }, &parts);
    }
    order(desk, Order::Prepare { file }, &[js_sys::Uint8Array::from(&*model.content).into()]);
}

/// Sends what was prepared.
pub(super) fn send(desk: Desk, hold_after: Option<u64>, again: bool) {
    remember_form(desk);
    desk.said.set(None);
    desk.sending.set(Sending::Going(Sent::default()));
    order(desk, Order::Send { hold_after, again }, &[]);
}

fn remember_form(desk: Desk) {
    SENT_FORM.set(Some(untrack(|| desk.form())));
}

/// Whether something else stands in the form than what was sent.
pub(super) fn is_form_changed(desk: Desk) -> bool {
    let form = desk.form();
    SENT_FORM.with_borrow(|sent| sent.as_ref().is_some_and(|sent| *sent != form))
}

/// The name of the model that was sent, if another one stands in the form.
pub(super) fn replaced_model(desk: Desk) -> Option<String> {
    let form = desk.form();
    SENT_FORM.with_borrow(|sent| sent.as_ref()?.replaced_model(&form).map(str::to_owned))
}

/// Withdraws what wasn't sent yet.
pub(super) fn cancel(desk: Desk) {
    stopping(desk);
    order(desk, Order::Cancel, &[]);
}

/// Withdraws what wasn't sent yet, and looks at what stands in the form now.
pub(super) fn review_instead(desk: Desk) {
    IS_REVIEW_NEXT.set(true);
    cancel(desk);
}

/// Shows that it was asked to stop.
pub(super) fn stopping(desk: Desk) {
    desk.sending.update(|sending| {
        if let Some(sent) = sending.sent().cloned() {
            *sending = Sending::Stopping(sent);
        }
    });
}

/// Gives the worker an order.
pub(super) fn order(desk: Desk, order: Order, parts: &[JsValue]) {
    let is_opening = matches!(order, Order::Open { .. });
    let request = Request::Sending(order);
    let given = SENDER.with_borrow_mut(|sender| {
        if sender.is_none() {
            let engine = Engine::start(move |heard| hear(desk, heard))?;
            if !is_opening {
                // One in the place of another that has ended.
                engine.post(&Request::Sending(opening(desk)), &[])?;
            }
            *sender = Some(engine);
        }
        sender.as_ref().map_or(Ok(()), |engine| engine.post(&request, parts))
    });
    if let Err(error) = given {
        desk.sending.set(Sending::Refused(error.to_string()));
    }
}

fn hear(desk: Desk, heard: Heard<News>) {
    match heard {
        Heard::Ready => {}
        Heard::Broken(reason) => broken(desk, reason),
        Heard::Said(news, Parts { .. }) => take(desk, news),
    }
}

/// What was sent is written down: the next worker goes on from there.
fn broken(desk: Desk, detail: String) {
    SENDER.with_borrow_mut(|sender| *sender = None);
    let sent = desk.sending.read_untracked().sent().cloned().unwrap_or_default();
    let title = "The page's worker ended".to_owned();
    let advice = "Nothing is lost: it goes on where it was.".to_owned();
    desk.sending.set(Sending::Stopped(sent, Stop::Failed { title, advice, detail }));
}

fn take(desk: Desk, news: News) {
    let is_preparing = desk.sending.with_untracked(|sending| *sending == Sending::Preparing);
    match news {
        // Of a design that was changed meanwhile nobody wants to know.
        News::Prospect(prospect) if is_preparing => desk.sending.set(Sending::Ready(prospect)),
        News::Prospect(_) => {}
        News::Refused { reason } => desk.sending.update(|sending| {
            if matches!(sending, Sending::Preparing | Sending::Going(_) | Sending::Stopping(_)) {
                *sending = Sending::Refused(reason);
                Mark::Sending.set(false);
            }
        }),
        News::Progress(sent) => take_progress(desk, sent),
        News::Stopped(sent, stop) => take_stop(desk, sent, stop),
        News::First(first) => desk.reports.first.set(first),
        News::Nothing => {
            Mark::Sending.set(false);
            if !is_preparing {
                desk.sending.set(Sending::Idle);
            }
        }
        News::Submitted(submitted) => {
            desk.said.set(None);
            desk.reports.submitted.set(Some(submitted));
        }
        News::NotSubmitted { reason } => {
            desk.say(format!("The designs that were submitted can't be listed: {reason}."));
        }
    }
}

fn take_stop(desk: Desk, sent: Sent, stop: Stop) {
    if SENT_FORM.with_borrow(Option::is_none) {
        // It was begun before the page was opened: nothing has changed since that is known of.
        remember_form(desk);
    }
    let is_review_next = IS_REVIEW_NEXT.take() && stop == Stop::Cancelled;
    desk.reports.end_time.set(Date::now() / 1000.0);
    desk.sending.set(Sending::Stopped(sent, stop));
    designer::tell_sent();
    if is_review_next {
        desk.sending.set(Sending::Idle);
        prepare(desk);
    }
}

fn take_progress(desk: Desk, sent: Sent) {
    let is_first = desk.sending.with_untracked(|sending| sending.sent().is_none_or(|before| before.of == 0));
    desk.sending.update(|sending| {
        let is_stopping = matches!(sending, Sending::Stopping(_));
        *sending = if is_stopping { Sending::Stopping(sent) } else { Sending::Going(sent) };
    });
    if is_first {
        designer::tell_sent();
    }
}

impl Sending {
    /// How far it is, if it was begun.
    pub(super) const fn sent(&self) -> Option<&Sent> {
        match self {
            Self::Going(sent) | Self::Stopping(sent) | Self::Stopped(sent, _) => Some(sent),
            Self::Idle | Self::Preparing | Self::Refused(_) | Self::Ready(_) => None,
        }
    }
}
