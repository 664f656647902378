//! Progress of sending, as the page knows it, and the page's orders to the worker that sends.

use std::cell::{Cell, RefCell};

use cruncher_browser::programs::PageProgram;
use cruncher_browser::state::route::{BatchChoice, Page, Route};
use cruncher_browser::visit_flags::VisitFlag;
use cruncher_browser::worker_channel::{WorkerEvent, WorkerHandle};
use cruncher_browser::{address, designer};
use cruncher_study::access::Role;
use cruncher_study::model::ModelKind;
use js_sys::{Date, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::design_state::{DesignState, ModelText, PointsState, TableState};
use super::form::model::certain_failure;
use super::form::script;
use super::json_message::{JsonMessage, Parts};
use super::messages::{SendNews, SendOrder, SendProgress, StopReason};
use super::opened_design;
use super::preview_client::table_file;
use super::send_state::SendState;
use super::sent_form;
use super::worker::WorkerRequest;
use crate::state::draft::PointsSource;
use crate::state::folder::pack;

thread_local! {
    /// The worker that sends. It lives as long as the page, so that sending goes on while another page is shown.
    static SENDER: RefCell<Option<WorkerHandle<JsonMessage<WorkerRequest>>>> = const { RefCell::new(None) };
    /// Whether the form is prepared for sending as soon as the rest of the current cases is withdrawn.
    static IS_REVIEW_NEXT: Cell<bool> = const { Cell::new(false) };
}

/// Notes whether there is something to go on with if the page is closed.
fn note(state: DesignState) {
    match &*state.sending.read() {
        SendState::Going(_) | SendState::Stopping(_) => VisitFlag::Sending.set(true),
        SendState::Stopped(sent, stop) => {
            let is_over = matches!(stop, StopReason::Complete | StopReason::Cancelled | StopReason::Elsewhere);
            VisitFlag::Sending.set(!is_over && sent.of > 0);
        }
        SendState::Idle | SendState::Preparing | SendState::Refused(_) | SendState::Ready(_) => {}
    }
}

/// Opens the study for sending, if this tab may send. Sending that was interrupted by the end of a tab goes on.
pub(super) fn open(state: DesignState) {
    if state.access.with_value(|access| access.role) != Role::Operator {
        return;
    }
    Effect::new(move || note(state));
    // A summary holds only for the design that it was made of.
    Effect::new(move |is_later: Option<bool>| {
        state.draft.track();
        state.model.track();
        state.table.track();
        let is_found_out = state.sending.with_untracked(|sending| {
            matches!(sending, SendState::Preparing | SendState::Refused(_) | SendState::Ready(_))
        });
        if is_later.is_some() && is_found_out {
            state.sending.set(SendState::Idle);
        }
        true
    });
    order(state, opening(state));
    if let PointsState::Waiting(case) = state.points.get_untracked() {
        order(state, SendOrder::FollowPoints(case));
    }
}

fn opening(state: DesignState) -> SendOrder {
    SendOrder::Open { page_url: address::page_url(), key: state.access.with_value(|access| access.key.clone()) }
}

/// Asks the worker to summarise what sending the draft would do, or shows the problems of the draft.
pub(super) fn prepare(state: DesignState) {
    state.said.set(None);
    state.is_strict.set(true);
    let read = state.draft.read_untracked().read();
    let Ok(file) = read else { return };
    // The browser may have kept its name, and no room for the file.
    let named =
        |model: &ModelText| state.draft.with_untracked(|draft| draft.names_model(&model.name, model.is_folder()));
    let Some(model) = state.model.get_untracked().filter(named) else {
        let what = if file.model.kind == ModelKind::Bundle { "folder" } else { "model file" };
        return state.sending.set(SendState::Refused(format!("choose the {what} again")));
    };
    let is_table = state.draft.read_untracked().source == PointsSource::Table;
    if let Some(reason) = is_table.then(|| missing_table(&state.table.read_untracked())).flatten() {
        return state.sending.set(SendState::Refused(reason.to_owned()));
    }
    let content = match packed(state, &model) {
        Ok(content) => content,
        Err(reason) => return state.sending.set(SendState::Refused(reason)),
    };
    if let Some(reason) = untrack(|| certain_failure(state)) {
        return state.sending.set(SendState::Refused(reason));
    }
    state.sending.set(SendState::Preparing);
    state.reports.first.set(Vec::new());
    if is_table {
        let parts: Parts = table_file(state).into_iter().map(JsValue::from).collect();
        order_with(state, SendOrder::Import { reading: state.reading.get_untracked() }, parts);
    }
    order_with(state, SendOrder::Prepare { file }, vec![content.into()]);
}

/// Returns the model as it is sent: of a folder, its bundle.
pub(super) fn packed(state: DesignState, model: &ModelText) -> Result<Uint8Array, String> {
    if model.is_folder() {
        let content = pack(&model.content, &model.name, &state.draft.read_untracked())?;
        return Ok(Uint8Array::from(content.as_slice()));
    }
    Ok(Uint8Array::from(&*model.content))
}

/// Returns what must be done about the table before it can be used.
const fn missing_table(table: &TableState) -> Option<&'static str> {
    match table {
        TableState::Read { .. } => None,
        TableState::None => Some("choose a table of cases first"),
        TableState::Reading { .. } => Some("wait until the table is read"),
        TableState::Wrong { .. } => Some("correct the table first"),
    }
}

/// Sends the prepared cases.
pub(super) fn send(state: DesignState, hold_after: Option<u64>, again: bool) {
    sent_form::remember(state);
    state.said.set(None);
    state.sending.set(SendState::Going(SendProgress::default()));
    order(state, SendOrder::Send { hold_after, again });
}

/// Withdraws the cases that weren't sent yet.
pub(super) fn cancel(state: DesignState) {
    stopping(state);
    order(state, SendOrder::Cancel);
}

/// Withdraws the cases that weren't sent yet, and prepares the current form.
pub(super) fn review_instead(state: DesignState) {
    IS_REVIEW_NEXT.set(true);
    cancel(state);
}

/// Shows that sending was asked to stop.
pub(super) fn stopping(state: DesignState) {
    state.sending.update(|sending| {
        if let Some(sent) = sending.sent().cloned() {
            *sending = SendState::Stopping(sent);
        }
    });
}

/// Gives the worker an order.
pub(super) fn order(state: DesignState, order: SendOrder) {
    order_with(state, order, Parts::new());
}

pub(super) fn order_with(state: DesignState, order: SendOrder, parts: Parts) {
    let is_opening = matches!(order, SendOrder::Open { .. });
    let request = JsonMessage { value: WorkerRequest::Sending(order), parts };
    let given = SENDER.with_borrow_mut(|sender| {
        if sender.is_none() {
            let worker = WorkerHandle::start(PageProgram::Designer, move |event| receive(state, event))?;
            if !is_opening {
                // This worker replaces one that has ended.
                worker.post(WorkerRequest::Sending(opening(state)).into())?;
            }
            *sender = Some(worker);
        }
        sender.as_ref().map_or(Ok(()), |worker| worker.post(request))
    });
    if let Err(error) = given {
        state.sending.set(SendState::Refused(error.to_string()));
    }
}

fn receive(state: DesignState, event: WorkerEvent<JsonMessage<SendNews>>) {
    match event {
        WorkerEvent::Broken(reason) => broken(state, reason),
        WorkerEvent::Message(news) => apply_news(state, news.value, news.parts),
    }
}

/// Handles the end of the worker. A journal holds what was sent: the next worker goes on from there.
fn broken(state: DesignState, detail: String) {
    SENDER.with_borrow_mut(|sender| *sender = None);
    let sent = state.sending.read_untracked().sent().cloned().unwrap_or_default();
    let title = "The page's worker ended".to_owned();
    let advice = "Nothing is lost: it goes on where it was.".to_owned();
    state.sending.set(SendState::Stopped(sent, StopReason::Failed { title, advice, detail }));
}

fn apply_news(state: DesignState, news: SendNews, parts: Parts) {
    let is_preparing = state.sending.with_untracked(|sending| *sending == SendState::Preparing);
    match news {
        // A summary of a design that was changed meanwhile is dropped.
        SendNews::Prospect(preflight) if is_preparing => state.sending.set(SendState::Ready(preflight)),
        SendNews::Prospect(_) => {}
        SendNews::Refused { reason } => state.sending.update(|sending| {
            if matches!(sending, SendState::Preparing | SendState::Going(_) | SendState::Stopping(_)) {
                *sending = SendState::Refused(reason);
                VisitFlag::Sending.set(false);
            }
        }),
        SendNews::Progress(sent) => apply_progress(state, sent),
        SendNews::Stopped(sent, stop) => apply_stop(state, sent, stop),
        SendNews::First(first) => state.reports.first.set(first),
        SendNews::Nothing => {
            VisitFlag::Sending.set(false);
            if !is_preparing {
                state.sending.set(SendState::Idle);
            }
        }
        SendNews::PointsSent(case) => script::take_case(state, case),
        SendNews::Points => script::take_table(state, parts),
        SendNews::NoPoints(failure) => script::failed(state, failure),
        SendNews::Submitted(submitted) => {
            state.said.set(None);
            state.reports.submitted.set(Some(submitted));
        }
        SendNews::SubmittedModel(design, model, script) => {
            opened_design::take_submitted(state, &design, model.map(|()| parts), script);
        }
        SendNews::NotSubmitted { reason } => {
            state.say(format!("The designs that were submitted can't be listed: {reason}."));
        }
    }
}

fn apply_stop(state: DesignState, sent: SendProgress, stop: StopReason) {
    if !sent_form::is_known() {
        // The sending began before the page was opened: no change since then is known.
        sent_form::remember(state);
    }
    let is_review_next = IS_REVIEW_NEXT.take() && stop == StopReason::Cancelled;
    state.reports.end_time.set(Date::now() / 1000.0);
    state.sending.set(SendState::Stopped(sent, stop));
    designer::tell_sent();
    if is_review_next {
        state.sending.set(SendState::Idle);
        prepare(state);
    }
}

fn apply_progress(state: DesignState, sent: SendProgress) {
    let is_first = state.sending.with_untracked(|sending| sending.sent().is_none_or(|before| before.of == 0));
    let batch = sent.batch.clone();
    state.sending.update(|sending| {
        let is_stopping = matches!(sending, SendState::Stopping(_));
        *sending = if is_stopping { SendState::Stopping(sent) } else { SendState::Going(sent) };
    });
    if is_first {
        show_batch(&batch);
        designer::tell_sent();
    }
}

/// Lets the other pages show a batch to which cases are being sent, as *Watch progress* does.
fn show_batch(batch: &str) {
    let shown = Route::parse(&address::fragment());
    if shown.page == Page::Design {
        address::settle(&shown.of(BatchChoice::parse(batch)).to_string());
    }
}

impl SendState {
    /// Returns its progress, if it was begun.
    pub(super) const fn sent(&self) -> Option<&SendProgress> {
        match self {
            Self::Going(sent) | Self::Stopping(sent) | Self::Stopped(sent, _) => Some(sent),
            Self::Idle | Self::Preparing | Self::Refused(_) | Self::Ready(_) => None,
        }
    }
}
