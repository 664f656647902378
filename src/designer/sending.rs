//! How far sending is, as the page knows it, and the orders that it gives to the worker that sends.

use std::cell::{Cell, RefCell};

use cruncher_study::access::Role;
use cruncher_study::design_document::DesignDocument;
use js_sys::Date;
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::channel::{Parts, WorkerHandle, WorkerMessage};
use super::desk::{DesignState, FormState, TableState};
use super::draughtsman::table_file;
use super::form::model::certain_failure;
use super::messages::{FirstCase, PreflightSummary, SendNews, SendOrder, SendProgress, StopReason};
use super::worker::WorkerRequest;
use crate::platform::marks::VisitFlag;
use crate::platform::{address, designer};
use crate::state::draft::PointsSource;

/// How far sending is.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum SendState {
    /// Nothing is prepared.
    #[default]
    Idle,
    /// It is being found out what it comes to.
    Preparing,
    /// It can't be sent.
    Refused(String),
    /// It can be sent.
    Ready(PreflightSummary),
    /// It is being sent.
    Going(SendProgress),
    /// It was asked to pause, or to be cancelled.
    Stopping(SendProgress),
    /// It isn't being sent any more.
    Stopped(SendProgress, StopReason),
}

thread_local! {
    /// The worker that sends. It lives as long as the page, so that sending goes on while another page is looked at.
    static SENDER: RefCell<Option<WorkerHandle>> = const { RefCell::new(None) };
    /// What stood in the form when the cases were sent that sending is about.
    static SENT_FORM: RefCell<Option<FormState>> = const { RefCell::new(None) };
    /// Whether what stands in the form is looked at for sending as soon as the rest of what was sent is withdrawn.
    static IS_REVIEW_NEXT: Cell<bool> = const { Cell::new(false) };
}

/// What is known beside how far sending is.
#[derive(Clone, Copy, Default)]
pub(super) struct SendReports {
    /// What became of the first cases.
    pub(super) first: RwSignal<Vec<FirstCase>>,
    /// Designs that were submitted; none before that was asked.
    pub(super) submitted: RwSignal<Option<Vec<DesignDocument>>>,
    /// When sending came to its end, in seconds since 1970.
    pub(super) end_time: RwSignal<f64>,
}

/// Notes whether there is something to go on with should the page be closed.
fn note(desk: DesignState) {
    match &*desk.sending.read() {
        SendState::Going(_) | SendState::Stopping(_) => VisitFlag::Sending.set(true),
        SendState::Stopped(sent, stop) => {
            let is_over = matches!(stop, StopReason::Complete | StopReason::Cancelled | StopReason::Elsewhere);
            VisitFlag::Sending.set(!is_over && sent.of > 0);
        }
        SendState::Idle | SendState::Preparing | SendState::Refused(_) | SendState::Ready(_) => {}
    }
}

/// Opens the study for sending, if this tab may send. What was being sent when the tab was closed goes on.
pub(super) fn open(desk: DesignState) {
    if desk.access.with_value(|access| access.role) != Role::Operator {
        return;
    }
    Effect::new(move || note(desk));
    // What was found out holds for the design as it was.
    Effect::new(move |is_later: Option<bool>| {
        desk.draft.track();
        desk.model.track();
        desk.table.track();
        let is_found_out = desk.sending.with_untracked(|sending| {
            matches!(sending, SendState::Preparing | SendState::Refused(_) | SendState::Ready(_))
        });
        if is_later.is_some() && is_found_out {
            desk.sending.set(SendState::Idle);
        }
        true
    });
    order(desk, opening(desk), &[]);
}

fn opening(desk: DesignState) -> SendOrder {
    SendOrder::Open { page_url: address::page_url(), key: desk.access.with_value(|access| access.key.clone()) }
}

/// Has the worker find out what sending the draft comes to, or shows what is wrong with it.
pub(super) fn prepare(desk: DesignState) {
    desk.said.set(None);
    desk.is_strict.set(true);
    let read = desk.draft.read_untracked().read();
    let Ok(file) = read else { return };
    let Some(model) = desk.model.get_untracked() else {
        // The browser kept its name, but had no room for the file.
        return desk.sending.set(SendState::Refused("choose the model file again".to_owned()));
    };
    let is_table = desk.draft.read_untracked().source == PointsSource::Table;
    if is_table && !matches!(&*desk.table.read_untracked(), TableState::Read { .. }) {
        return desk.sending.set(SendState::Refused("choose a table of cases first".to_owned()));
    }
    if let Some(reason) = untrack(|| certain_failure(desk)) {
        return desk.sending.set(SendState::Refused(reason));
    }
    desk.sending.set(SendState::Preparing);
    desk.reports.first.set(Vec::new());
    if is_table {
        let parts: Vec<JsValue> = table_file(desk).into_iter().map(JsValue::from).collect();
        order(desk, SendOrder::Import { reading: desk.reading.get_untracked() }, &parts);
    }
    order(desk, SendOrder::Prepare { file }, &[js_sys::Uint8Array::from(&*model.content).into()]);
}

/// Sends what was prepared.
pub(super) fn send(desk: DesignState, hold_after: Option<u64>, again: bool) {
    remember_form(desk);
    desk.said.set(None);
    desk.sending.set(SendState::Going(SendProgress::default()));
    order(desk, SendOrder::Send { hold_after, again }, &[]);
}

fn remember_form(desk: DesignState) {
    SENT_FORM.set(Some(untrack(|| desk.form())));
}

/// Whether something else stands in the form than what was sent.
pub(super) fn is_form_changed(desk: DesignState) -> bool {
    let form = desk.form();
    SENT_FORM.with_borrow(|sent| sent.as_ref().is_some_and(|sent| *sent != form))
}

/// The name of the model that was sent, if another one stands in the form.
pub(super) fn replaced_model(desk: DesignState) -> Option<String> {
    let form = desk.form();
    SENT_FORM.with_borrow(|sent| sent.as_ref()?.replaced_model(&form).map(str::to_owned))
}

/// Withdraws what wasn't sent yet.
pub(super) fn cancel(desk: DesignState) {
    stopping(desk);
    order(desk, SendOrder::Cancel, &[]);
}

/// Withdraws what wasn't sent yet, and looks at what stands in the form now.
pub(super) fn review_instead(desk: DesignState) {
    IS_REVIEW_NEXT.set(true);
    cancel(desk);
}

/// Shows that it was asked to stop.
pub(super) fn stopping(desk: DesignState) {
    desk.sending.update(|sending| {
        if let Some(sent) = sending.sent().cloned() {
            *sending = SendState::Stopping(sent);
        }
    });
}

/// Gives the worker an order.
pub(super) fn order(desk: DesignState, order: SendOrder, parts: &[JsValue]) {
    let is_opening = matches!(order, SendOrder::Open { .. });
    let request = WorkerRequest::Sending(order);
    let given = SENDER.with_borrow_mut(|sender| {
        if sender.is_none() {
            let engine = WorkerHandle::start(move |heard| hear(desk, heard))?;
            if !is_opening {
                // One in the place of another that has ended.
                engine.post(&WorkerRequest::Sending(opening(desk)), &[])?;
            }
            *sender = Some(engine);
        }
        sender.as_ref().map_or(Ok(()), |engine| engine.post(&request, parts))
    });
    if let Err(error) = given {
        desk.sending.set(SendState::Refused(error.to_string()));
    }
}

fn hear(desk: DesignState, heard: WorkerMessage<SendNews>) {
    match heard {
        WorkerMessage::Ready => {}
        WorkerMessage::Broken(reason) => broken(desk, reason),
        WorkerMessage::Said(news, Parts { .. }) => take(desk, news),
    }
}

/// What was sent is written down: the next worker goes on from there.
fn broken(desk: DesignState, detail: String) {
    SENDER.with_borrow_mut(|sender| *sender = None);
    let sent = desk.sending.read_untracked().sent().cloned().unwrap_or_default();
    let title = "The page's worker ended".to_owned();
    let advice = "Nothing is lost: it goes on where it was.".to_owned();
    desk.sending.set(SendState::Stopped(sent, StopReason::Failed { title, advice, detail }));
}

fn take(desk: DesignState, news: SendNews) {
    let is_preparing = desk.sending.with_untracked(|sending| *sending == SendState::Preparing);
    match news {
        // Of a design that was changed meanwhile nobody wants to know.
        SendNews::Prospect(prospect) if is_preparing => desk.sending.set(SendState::Ready(prospect)),
        SendNews::Prospect(_) => {}
        SendNews::Refused { reason } => desk.sending.update(|sending| {
            if matches!(sending, SendState::Preparing | SendState::Going(_) | SendState::Stopping(_)) {
                *sending = SendState::Refused(reason);
                VisitFlag::Sending.set(false);
            }
        }),
        SendNews::Progress(sent) => take_progress(desk, sent),
        SendNews::Stopped(sent, stop) => take_stop(desk, sent, stop),
        SendNews::First(first) => desk.reports.first.set(first),
        SendNews::Nothing => {
            VisitFlag::Sending.set(false);
            if !is_preparing {
                desk.sending.set(SendState::Idle);
            }
        }
        SendNews::Submitted(submitted) => {
            desk.said.set(None);
            desk.reports.submitted.set(Some(submitted));
        }
        SendNews::NotSubmitted { reason } => {
            desk.say(format!("The designs that were submitted can't be listed: {reason}."));
        }
    }
}

fn take_stop(desk: DesignState, sent: SendProgress, stop: StopReason) {
    if SENT_FORM.with_borrow(Option::is_none) {
        // It was begun before the page was opened: nothing has changed since that is known of.
        remember_form(desk);
    }
    let is_review_next = IS_REVIEW_NEXT.take() && stop == StopReason::Cancelled;
    desk.reports.end_time.set(Date::now() / 1000.0);
    desk.sending.set(SendState::Stopped(sent, stop));
    designer::tell_sent();
    if is_review_next {
        desk.sending.set(SendState::Idle);
        prepare(desk);
    }
}

fn take_progress(desk: DesignState, sent: SendProgress) {
    let is_first = desk.sending.with_untracked(|sending| sending.sent().is_none_or(|before| before.of == 0));
    desk.sending.update(|sending| {
        let is_stopping = matches!(sending, SendState::Stopping(_));
        *sending = if is_stopping { SendState::Stopping(sent) } else { SendState::Going(sent) };
    });
    if is_first {
        designer::tell_sent();
    }
}

impl SendState {
    /// How far it is, if it was begun.
    pub(super) const fn sent(&self) -> Option<&SendProgress> {
        match self {
            Self::Going(sent) | Self::Stopping(sent) | Self::Stopped(sent, _) => Some(sent),
            Self::Idle | Self::Preparing | Self::Refused(_) | Self::Ready(_) => None,
        }
    }
}
