//! Keeps the preview up to date: asks the worker for points whenever the draft changes, and draws its answers.
//!
//! One request is under way at a time. A worker that is busy with points that aren't needed any more is given a moment; then it
//! is ended and another one started.

use std::cell::RefCell;
use std::collections::VecDeque;

use cruncher_browser::download;
use cruncher_browser::programs::PageProgram;
use cruncher_browser::worker_channel::{WorkerEvent, WorkerHandle};
use cruncher_canvas::when_it_looks_different;
use cruncher_plot::RasterImage;
use cruncher_study::design::DesignFile;
use cruncher_study::factor::Factor;
use cruncher_study::sampler::Sampler;
use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use super::design_state::{DesignState, PreviewState, TableState};
use super::json_message::{JsonMessage, Parts};
use super::messages::{PictureTarget, PointsAnswer, PointsRequest};
use super::points::MAX_DRAWN;
use super::preview_canvas;
use super::sending::packed;
use super::worker::WorkerRequest;
use crate::state::draft::PointsSource;

const NO_DESIGN: &str = "There is no design to be saved yet: see the marked fields.";

/// Time that a worker may go on with points that aren't needed any more, in milliseconds.
const PATIENCE_MILLIS: u64 = 250;

/// A design, the dimensions of it that are drawn, and the canvas that they are drawn for.
#[derive(Clone)]
struct PreviewRequest {
    file: DesignFile,
    drawn: Vec<usize>,
    target: PictureTarget,
}

/// The worker, its current work, and the next request.
#[derive(Default)]
struct PreviewClient {
    worker: Option<WorkerHandle<JsonMessage<WorkerRequest>>>,
    /// Number of the current worker: answers of earlier ones are out of date.
    generation: u32,
    /// Whether a design is being drawn.
    is_busy: bool,
    /// The design that is drawn next.
    next: Option<PreviewRequest>,
    /// The last request that the worker was given.
    last: Option<PreviewRequest>,
    /// The image of the last answer, and the canvas that it was painted for.
    image: Option<(PictureTarget, RasterImage)>,
    /// Whether the image is being painted for another canvas.
    is_repainting: bool,
    /// Whether a timer runs that ends a worker which takes too long.
    is_timed: bool,
    /// Files that were asked for and aren't written yet: a new worker is asked for them again.
    unwritten: VecDeque<Wanted>,
}

/// A file of a design.
#[derive(Clone)]
enum Wanted {
    /// The table of cases.
    Table(DesignFile),
    /// The design itself.
    Json(DesignFile),
}

impl PreviewClient {
    /// Drops the next request. A worker that is still busy is ended, since its answer isn't needed.
    fn stop(&mut self) {
        self.next = None;
        if self.is_busy {
            self.end_worker();
        }
    }

    fn end_worker(&mut self) {
        self.worker = None;
        self.is_busy = false;
        self.is_repainting = false;
    }
}

thread_local! {
    static CLIENT: RefCell<PreviewClient> = RefCell::default();
}

/// Draws the design on `canvas`, now and whenever it changes.
pub(super) fn follow(state: DesignState, canvas: NodeRef<Canvas>) {
    // The memo filters changes of the draft that don't change the points.
    let wanted = Memo::new(move |_| wanted(state));
    Effect::new(move || {
        let drawn = state.drawn.get();
        if let Some(file) = wanted.get() {
            let target = target(state, &file, &drawn, canvas);
            ask_for(state, PreviewRequest { file, drawn, target });
        } else {
            CLIENT.with_borrow_mut(PreviewClient::stop);
            state.preview.set(PreviewState::None);
        }
    });
    let redraw = move || {
        if let (Some(canvas), Some(picture)) = (canvas.get_untracked(), state.preview.read_untracked().picture()) {
            let wanted = CLIENT.with_borrow(|client| {
                let (target, image) = client.image.as_ref()?;
                preview_canvas::draw(&canvas, picture, (target, image))
            });
            if let Some(target) = wanted {
                repaint(state, target);
            }
        }
    };
    Effect::new(move || {
        state.image.track();
        canvas.track();
        redraw();
    });
    when_it_looks_different(canvas, redraw);
}

/// Returns the design that can be drawn, if there is one.
fn wanted(state: DesignState) -> Option<DesignFile> {
    let draft = state.draft.read();
    let has_table = matches!(&*state.table.read(), TableState::Read { .. });
    if draft.source == PointsSource::Table && !has_table {
        return None;
    }
    draft.points().ok()
}

/// Returns what a picture of the design must look like on the canvas.
fn target(state: DesignState, file: &DesignFile, drawn: &[usize], canvas: NodeRef<Canvas>) -> PictureTarget {
    let sampled: usize = file.factors.iter().map(Factor::dimensions).sum();
    let imported = || state.preview.read_untracked().picture().map_or(MAX_DRAWN, |picture| picture.axes.len());
    let dimensions = if file.sampler == Sampler::Table { imported() } else { sampled };
    let shown = if drawn.is_empty() { dimensions.clamp(1, MAX_DRAWN) } else { drawn.len() };
    preview_canvas::target(canvas.get_untracked().as_ref(), shown)
}

/// Asks for the image of the last request again, for a canvas that looks different.
fn repaint(state: DesignState, target: PictureTarget) {
    let wanted = CLIENT.with_borrow_mut(|client| {
        // An image that is on its way is compared with the canvas when it comes.
        let last = client.last.clone().filter(|_| !client.is_repainting);
        client.is_repainting |= last.is_some();
        last
    });
    if let Some(PreviewRequest { file, drawn, .. }) = wanted {
        post(state, PointsRequest::Repaint { file, drawn, target });
    }
}

fn ask_for(state: DesignState, wanted: PreviewRequest) {
    state.preview.update(|preview| *preview = PreviewState::Busy(preview.picture().cloned()));
    let is_busy = CLIENT.with_borrow_mut(|client| {
        client.next = Some(wanted);
        client.is_busy
    });
    if is_busy { end_soon(state) } else { go_on(state) }
}

/// Begins with the next request.
fn go_on(state: DesignState) {
    let Some(PreviewRequest { file, drawn, target }) = CLIENT.with_borrow_mut(|client| {
        let next = client.next.take();
        client.is_busy = next.is_some();
        if next.is_some() {
            client.last.clone_from(&next);
        }
        next
    }) else {
        return;
    };
    state.quality.set(None);
    post(state, PointsRequest::Preview { file: file.clone(), drawn, target });
    ask_for_case(state, file);
}

/// Ends the worker if it isn't done after a moment.
fn end_soon(state: DesignState) {
    let was_timed = CLIENT.with_borrow_mut(|client| std::mem::replace(&mut client.is_timed, true));
    if was_timed {
        return;
    }
    let end = move || {
        let is_late = CLIENT.with_borrow_mut(|client| {
            client.is_timed = false;
            let is_late = client.is_busy && client.next.is_some();
            if is_late {
                client.end_worker();
            }
            is_late
        });
        if is_late {
            let unwritten = CLIENT.with_borrow(|client| client.unwritten.clone());
            for wanted in unwritten {
                ask_to_write(state, wanted);
            }
            go_on(state);
        }
    };
    set_timeout(end, std::time::Duration::from_millis(PATIENCE_MILLIS));
}

/// Asks the worker to read the table again: a new one, or an old one in a new worker.
pub(super) fn import(state: DesignState) {
    match state.table_file.get_value() {
        Some(file) => post_with(state, reading_of(state), vec![file.into()]),
        None => post(state, PointsRequest::ForgetTable),
    }
}

fn reading_of(state: DesignState) -> PointsRequest {
    PointsRequest::Import { reading: state.reading.get_untracked() }
}

/// Asks for the inputs of the chosen case.
pub(super) fn show_case(state: DesignState) {
    if let Some(file) = wanted(state) {
        ask_for_case(state, file);
    }
}

fn ask_for_case(state: DesignState, file: DesignFile) {
    let number: Option<usize> = state.case_number.read_untracked().trim().parse().ok();
    match number.and_then(|number| number.checked_sub(1)) {
        Some(row) => post(state, PointsRequest::Case { file, row }),
        None => state.case.set(None),
    }
}

/// Asks for the table of cases as a file.
pub(super) fn write_table(state: DesignState) {
    state.said.set(None);
    match wanted(state) {
        Some(file) => write(state, Wanted::Table(file)),
        None => state.say(NO_DESIGN),
    }
}

/// Asks for the design as a file.
pub(super) fn write_json(state: DesignState) {
    state.said.set(None);
    let saved = wanted(state).and_then(|_| state.draft.read_untracked().saved().ok());
    match saved {
        Some(file) => write(state, Wanted::Json(with_model(state, file))),
        None => state.say(NO_DESIGN),
    }
}

/// Returns a design that holds the chosen model, if there is one.
fn with_model(state: DesignState, mut file: DesignFile) -> DesignFile {
    let model = state.model.read_untracked();
    let model = model.as_ref().filter(|model| !model.is_folder());
    file.model.text = model.and_then(|model| String::from_utf8(model.content.to_vec()).ok());
    file
}

fn write(state: DesignState, wanted: Wanted) {
    CLIENT.with_borrow_mut(|client| client.unwritten.push_back(wanted.clone()));
    ask_to_write(state, wanted);
}

fn ask_to_write(state: DesignState, wanted: Wanted) {
    match wanted {
        Wanted::Json(file) => post(state, PointsRequest::WriteJson { file }),
        Wanted::Table(file) => {
            let model = state.model.get_untracked().map(|model| packed(state, &model));
            let model = match model.transpose() {
                Ok(model) => model,
                Err(reason) => {
                    CLIENT.with_borrow_mut(|client| client.unwritten.pop_back());
                    return state.say(format!("{reason}."));
                }
            };
            let parts: Parts = model.into_iter().map(JsValue::from).collect();
            post_with(state, PointsRequest::WriteTable { file }, parts);
        }
    }
}

fn post(state: DesignState, request: PointsRequest) {
    post_with(state, request, Parts::new());
}

fn post_with(state: DesignState, request: PointsRequest, parts: Parts) {
    let is_import = matches!(request, PointsRequest::Import { .. });
    let request = JsonMessage { value: WorkerRequest::Points(request), parts };
    let started = CLIENT.with_borrow_mut(|client| {
        if client.worker.is_none() {
            client.generation += 1;
            let generation = client.generation;
            let receive = move |event| receive(state, generation, event);
            let worker = WorkerHandle::start(PageProgram::Designer, receive)?;
            if let Some(table) = state.table_file.get_value().filter(|_| !is_import) {
                let value = WorkerRequest::Points(reading_of(state));
                worker.post(JsonMessage { value, parts: vec![table.into()] })?;
            }
            client.worker = Some(worker);
        }
        client.worker.as_ref().map_or(Ok(()), |worker| worker.post(request))
    });
    if let Err(error) = started {
        state.preview.set(PreviewState::Failed(error.to_string()));
    }
}

fn receive(state: DesignState, generation: u32, event: WorkerEvent<JsonMessage<PointsAnswer>>) {
    if CLIENT.with_borrow(|client| client.generation != generation) {
        return;
    }
    match event {
        WorkerEvent::Broken(reason) => {
            CLIENT.with_borrow_mut(|client| {
                client.end_worker();
                client.unwritten.clear();
            });
            state.preview.set(PreviewState::Failed(format!("the page's worker ended: {reason}")));
        }
        WorkerEvent::Message(JsonMessage { value, parts }) => apply_answer(state, value, parts),
    }
}

fn apply_answer(state: DesignState, answer: PointsAnswer, parts: Parts) {
    match answer {
        PointsAnswer::Imported(table) => {
            show_table(state, |name| TableState::Read { name, table });
        }
        PointsAnswer::NotImported(problem) => {
            show_table(state, |name| TableState::Wrong { name, problem });
        }
        PointsAnswer::Picture(picture, target) => {
            take_image(target, &parts);
            let is_last = CLIENT.with_borrow(|client| client.next.is_none());
            state.preview.set(if is_last { PreviewState::Ready(picture) } else { PreviewState::Busy(Some(picture)) });
            state.image.notify();
        }
        PointsAnswer::Repainted(target) => {
            CLIENT.with_borrow_mut(|client| client.is_repainting = false);
            take_image(target, &parts);
            state.image.notify();
        }
        PointsAnswer::Quality(quality) => {
            state.quality.set(Some(quality));
            go_on(state);
        }
        PointsAnswer::NoDesign { reason } => {
            state.preview.set(PreviewState::Failed(reason));
            go_on(state);
        }
        PointsAnswer::Case(case) => state.case.set(case),
        PointsAnswer::NotWritten { reason } => {
            CLIENT.with_borrow_mut(|client| client.unwritten.pop_front());
            state.say(format!("The file can't be written: {reason}."));
        }
        PointsAnswer::Written { name, media_type } => {
            CLIENT.with_borrow_mut(|client| client.unwritten.pop_front());
            if let Some(content) = parts.into_iter().next() {
                download::save(&name, &media_type, &content);
            }
        }
    }
}

/// Shows a table, unless it is shown already: a worker that replaced another one reads the same table again.
fn show_table(state: DesignState, table: impl FnOnce(String) -> TableState) {
    let table = table(state.table.read_untracked().name());
    if *state.table.read_untracked() != table {
        state.table.set(table);
    }
}

fn take_image(target: PictureTarget, parts: &Parts) {
    let rgba = parts.first().map(|part| js_sys::Uint8Array::new(part).to_vec()).unwrap_or_default();
    let (width_px, height_px) = (target.width_px as usize, target.height_px as usize);
    let image = RasterImage { left_px: 0, top_px: 0, width_px, height_px, rgba };
    CLIENT.with_borrow_mut(|client| client.image = Some((target, image)));
}

/// Returns the file that was read as the table, for another worker.
pub(super) fn table_file(state: DesignState) -> Option<Blob> {
    state.table_file.get_value()
}
