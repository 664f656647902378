//! Keeps the preview up to date: asks the worker for points whenever the draft changes, and draws what it answers.
//!
//! One question is under way at a time. While a worker is busy with points that nobody wants any more, it is given a moment;
//! then it is ended and another one started.

use std::cell::RefCell;
use std::collections::VecDeque;

use cruncher_study::design::DesignFile;
use cruncher_study::factor::Factor;
use cruncher_study::sampler::Sampler;
use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Blob;

use super::channel::{Parts, WorkerHandle, WorkerMessage};
use super::desk::{DesignState, PreviewState, TableState};
use super::messages::{DesignPicture, PointsAnswer, PointsRequest};
use super::paper;
use super::points::MOST_DRAWN;
use super::worker::WorkerRequest;
use crate::platform::appearance::when_it_looks_different;
use crate::platform::download;
use crate::state::draft::PointsSource;

const NO_DESIGN: &str = "There is no design to be saved yet: see the marked fields.";

/// How long a worker may go on with points that nobody wants any more, in milliseconds.
const PATIENCE_MILLIS: u64 = 250;

/// A design, and which dimensions of it are to be drawn, on how much paper.
struct Wish {
    file: DesignFile,
    drawn: Vec<usize>,
    side_px: usize,
}

/// The worker, what it is about, and what comes next.
#[derive(Default)]
struct Shop {
    engine: Option<WorkerHandle>,
    /// Which engine an answer comes from: those of earlier ones are out of date.
    generation: u32,
    /// The design that is being drawn.
    is_busy: bool,
    /// The design that is drawn next.
    next: Option<Wish>,
    /// The pictures of the last answer.
    pictures: Vec<Vec<u8>>,
    /// Whether a timer runs that ends a worker which takes too long.
    is_timed: bool,
    /// Files that somebody wants to have and doesn't have yet: another worker is asked for them anew.
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

impl Shop {
    /// Wants nothing any more. What is under way is of no use: the worker ends.
    fn stop(&mut self) {
        self.next = None;
        if std::mem::take(&mut self.is_busy) {
            self.engine = None;
        }
    }
}

thread_local! {
    static SHOP: RefCell<Shop> = RefCell::default();
}

/// Draws the design on `canvas`, now and whenever it changes.
pub(super) fn follow(desk: DesignState, canvas: NodeRef<Canvas>) {
    // Not everything that is typed changes the points.
    let wanted = Memo::new(move |_| wanted(desk));
    Effect::new(move || {
        let drawn = desk.drawn.get();
        if let Some(file) = wanted.get() {
            let side_px = side_px(desk, &file, &drawn, canvas);
            ask_for(desk, Wish { file, drawn, side_px });
        } else {
            SHOP.with_borrow_mut(Shop::stop);
            desk.preview.set(PreviewState::None);
        }
    });
    let redraw = move || {
        if let (Some(canvas), Some(picture)) = (canvas.get_untracked(), desk.preview.read_untracked().picture()) {
            SHOP.with_borrow(|shop| paper::draw(&canvas, picture, &shop.pictures));
        }
    };
    Effect::new(move || {
        desk.pictures.track();
        canvas.track();
        redraw();
    });
    when_it_looks_different(canvas, redraw);
}

/// The design that can be drawn, if there is one.
fn wanted(desk: DesignState) -> Option<DesignFile> {
    let draft = desk.draft.read();
    let has_table = matches!(&*desk.table.read(), TableState::Read { .. });
    if draft.source == PointsSource::Table && !has_table {
        return None;
    }
    draft.points().ok()
}

/// As many pixels as a picture has on the screen: more would be drawn for nothing.
fn side_px(desk: DesignState, file: &DesignFile, drawn: &[usize], canvas: NodeRef<Canvas>) -> usize {
    let sampled: usize = file.factors.iter().map(Factor::dimensions).sum();
    let imported = || desk.preview.read_untracked().picture().map_or(MOST_DRAWN, |picture| picture.axes.len());
    let dimensions = if file.sampler == Sampler::Table { imported() } else { sampled };
    let shown = if drawn.is_empty() { dimensions.clamp(1, MOST_DRAWN) } else { drawn.len() };
    paper::side_px(canvas.get_untracked().as_ref(), shown)
}

fn ask_for(desk: DesignState, wish: Wish) {
    desk.preview.update(|preview| *preview = PreviewState::Busy(preview.picture().cloned()));
    let is_busy = SHOP.with_borrow_mut(|shop| {
        shop.next = Some(wish);
        shop.is_busy
    });
    if is_busy { end_soon(desk) } else { go_on(desk) }
}

/// Begins with what comes next.
fn go_on(desk: DesignState) {
    let Some(Wish { file, drawn, side_px }) = SHOP.with_borrow_mut(|shop| {
        let next = shop.next.take();
        shop.is_busy = next.is_some();
        next
    }) else {
        return;
    };
    desk.quality.set(None);
    post(desk, PointsRequest::Preview { file: file.clone(), drawn, side_px }, &[]);
    ask_for_case(desk, file);
}

/// Ends the worker if it isn't done in a moment.
fn end_soon(desk: DesignState) {
    let was_timed = SHOP.with_borrow_mut(|shop| std::mem::replace(&mut shop.is_timed, true));
    if was_timed {
        return;
    }
    let end = move || {
        let is_late = SHOP.with_borrow_mut(|shop| {
            shop.is_timed = false;
            let is_late = shop.is_busy && shop.next.is_some();
            if is_late {
                shop.engine = None;
                shop.is_busy = false;
            }
            is_late
        });
        if is_late {
            let unwritten = SHOP.with_borrow(|shop| shop.unwritten.clone());
            for wanted in unwritten {
                ask_to_write(desk, wanted);
            }
            go_on(desk);
        }
    };
    set_timeout(end, std::time::Duration::from_millis(PATIENCE_MILLIS));
}

/// Has the worker read the table again: a new one, or an old one in a new worker.
pub(super) fn import(desk: DesignState) {
    match desk.table_file.get_value() {
        Some(file) => post(desk, reading_of(desk), &[file.into()]),
        None => post(desk, PointsRequest::ForgetTable, &[]),
    }
}

fn reading_of(desk: DesignState) -> PointsRequest {
    PointsRequest::Import { reading: desk.reading.get_untracked() }
}

/// Has the inputs of the chosen case shown.
pub(super) fn show_case(desk: DesignState) {
    if let Some(file) = wanted(desk) {
        ask_for_case(desk, file);
    }
}

fn ask_for_case(desk: DesignState, file: DesignFile) {
    let number: Option<usize> = desk.case_number.read_untracked().trim().parse().ok();
    match number.and_then(|number| number.checked_sub(1)) {
        Some(row) => post(desk, PointsRequest::Case { file, row }, &[]),
        None => desk.case.set(None),
    }
}

/// Has the table of cases written to a file.
pub(super) fn write_table(desk: DesignState) {
    desk.said.set(None);
    match wanted(desk) {
        Some(file) => write(desk, Wanted::Table(file)),
        None => desk.say(NO_DESIGN),
    }
}

/// Has the design written to a file.
pub(super) fn write_json(desk: DesignState) {
    desk.said.set(None);
    let saved = wanted(desk).and_then(|_| desk.draft.read_untracked().saved().ok());
    match saved {
        Some(file) => write(desk, Wanted::Json(with_model(desk, file))),
        None => desk.say(NO_DESIGN),
    }
}

/// A design that holds the chosen model, if there is one.
fn with_model(desk: DesignState, mut file: DesignFile) -> DesignFile {
    let model = desk.model.read_untracked();
    file.model.text = model.as_ref().and_then(|model| String::from_utf8(model.content.to_vec()).ok());
    file
}

fn write(desk: DesignState, wanted: Wanted) {
    SHOP.with_borrow_mut(|shop| shop.unwritten.push_back(wanted.clone()));
    ask_to_write(desk, wanted);
}

fn ask_to_write(desk: DesignState, wanted: Wanted) {
    match wanted {
        Wanted::Json(file) => post(desk, PointsRequest::WriteJson { file }, &[]),
        Wanted::Table(file) => {
            let model = desk.model.read_untracked().as_ref().map(|model| model.content.clone());
            let parts: Vec<JsValue> = model.iter().map(|model| js_sys::Uint8Array::from(&**model).into()).collect();
            post(desk, PointsRequest::WriteTable { file }, &parts);
        }
    }
}

fn post(desk: DesignState, ask: PointsRequest, parts: &[JsValue]) {
    let is_import = matches!(ask, PointsRequest::Import { .. });
    let request = WorkerRequest::Points(ask);
    let started = SHOP.with_borrow_mut(|shop| {
        if shop.engine.is_none() {
            shop.generation += 1;
            let generation = shop.generation;
            let engine = WorkerHandle::start(move |heard| hear(desk, generation, heard))?;
            if let Some(table) = desk.table_file.get_value().filter(|_| !is_import) {
                engine.post(&WorkerRequest::Points(reading_of(desk)), &[table.into()])?;
            }
            shop.engine = Some(engine);
        }
        shop.engine.as_ref().map_or(Ok(()), |engine| engine.post(&request, parts))
    });
    if let Err(error) = started {
        desk.preview.set(PreviewState::Failed(error.to_string()));
    }
}

fn hear(desk: DesignState, generation: u32, heard: WorkerMessage<PointsAnswer>) {
    if SHOP.with_borrow(|shop| shop.generation != generation) {
        return;
    }
    match heard {
        WorkerMessage::Ready => {}
        WorkerMessage::Broken(reason) => {
            SHOP.with_borrow_mut(|shop| {
                shop.engine = None;
                shop.is_busy = false;
                shop.unwritten.clear();
            });
            desk.preview.set(PreviewState::Failed(format!("the page's worker ended: {reason}")));
        }
        WorkerMessage::Said(answer, parts) => take(desk, answer, parts),
    }
}

fn take(desk: DesignState, answer: PointsAnswer, parts: Parts) {
    match answer {
        PointsAnswer::Imported(table) => {
            take_table(desk, |name| TableState::Read { name, table });
        }
        PointsAnswer::NotImported(problem) => {
            take_table(desk, |name| TableState::Wrong { name, problem });
        }
        PointsAnswer::Picture(picture) => take_picture(desk, picture, parts),
        PointsAnswer::Quality(quality) => {
            desk.quality.set(Some(quality));
            go_on(desk);
        }
        PointsAnswer::NoDesign { reason } => {
            desk.preview.set(PreviewState::Failed(reason));
            go_on(desk);
        }
        PointsAnswer::Case(case) => desk.case.set(case),
        PointsAnswer::NotWritten { reason } => {
            SHOP.with_borrow_mut(|shop| shop.unwritten.pop_front());
            desk.say(format!("The file can't be written: {reason}."));
        }
        PointsAnswer::Written { name, media_type } => {
            SHOP.with_borrow_mut(|shop| shop.unwritten.pop_front());
            if let Some(content) = parts.into_iter().next() {
                download::save(&name, &media_type, &content);
            }
        }
    }
}

/// A worker that was started in the place of another one has read the same table again: that is no news.
fn take_table(desk: DesignState, state: impl FnOnce(String) -> TableState) {
    let state = state(desk.table.read_untracked().name());
    if *desk.table.read_untracked() != state {
        desk.table.set(state);
    }
}

fn take_picture(desk: DesignState, picture: DesignPicture, parts: Parts) {
    let pictures = parts.iter().map(|part| js_sys::Uint8Array::new(part).to_vec()).collect();
    SHOP.with_borrow_mut(|shop| shop.pictures = pictures);
    let is_last = SHOP.with_borrow(|shop| shop.next.is_none());
    desk.preview.set(if is_last { PreviewState::Ready(picture) } else { PreviewState::Busy(Some(picture)) });
    desk.pictures.notify();
}

/// The file that was read as the table, for another worker.
pub(super) fn table_file(desk: DesignState) -> Option<Blob> {
    desk.table_file.get_value()
}
