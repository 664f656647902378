//! Curves: the reader asks for them, they are read from the cases' own documents, and the page tells how far that is.

use std::ops::ControlFlow;

use cruncher_backend::fetch::documents::ReadResult;
use cruncher_backend::study::UnreadReason;
use cruncher_browser::components::problem_note::problem_note;
use cruncher_browser::frozen;
use cruncher_browser::state::problem::PageProblem;
use cruncher_browser::state::shorten;
use cruncher_results::curves::{CurveAbscissa, CurveLosses, CurveSet, FoundArrays, MAX_POINTS, spread};
use cruncher_results::mask::RowMask;
use cruncher_results::store::ResultStore;
use cruncher_study::case::CaseRef;
use cruncher_study::number_format::{counted, thousands};
use futures::FutureExt;
use futures::future::{AbortHandle, Abortable};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::plots::{CurvePlot, legend};
use super::reading;
use super::results_state::{ResultsState, SelectedRows, case_of};
use super::surface::surface;

/// Number of documents that are read at a press.
const AT_ONCE: usize = 500;

/// Number of results without an array after which the others are read only at another press.
const ENOUGH: usize = 16;

/// Number of documents after which the curves are drawn anew.
const DRAWN_AFTER: usize = 25;

/// Reads curves, and keeps what it has read. Copies share everything.
#[derive(Clone, Copy)]
pub(super) struct CurveReader {
    pub(super) state: ResultsState,
    /// Curves that were read.
    pub(super) curve_set: RwSignal<CurveSet>,
    /// Abscissa, and name of the array that is drawn along it; `None` while there is no array.
    pub(super) pair: Memo<Option<(CurveAbscissa, String)>>,
    progress: RwSignal<ReadingProgress>,
    problem: RwSignal<Option<PageProblem>>,
    stop: StoredValue<Option<AbortHandle>>,
    extent: Memo<Extent>,
    /// Whether the median is in places that of only some of the curves, since others have ended there.
    pub(super) has_parts: RwSignal<bool>,
}

/// Course of reading documents, and its failures.
#[derive(Debug, Clone, Copy, Default)]
struct ReadingProgress {
    /// Number of documents that were read and that are asked for in all, since the last press; `None` while nothing is read.
    now: Option<(usize, usize)>,
    /// Number of documents that weren't there, or were no results.
    unreadable: usize,
    /// Number of documents that were larger than `max_bytes`, the limit for one.
    too_large: usize,
    max_bytes: u64,
}

impl ReadingProgress {
    /// Tells which documents weren't read: those that are too large, and others.
    fn told(&self) -> [String; 2] {
        let size = format!("too large to be read here (over {} MiB)", self.max_bytes >> 20);
        let too_large = told(self.too_large, &format!("result is {size}"), &format!("results are {size}"));
        let (one, several) = match frozen::label() {
            Some(_) => ("result isn't in this file", "results aren't in this file"),
            None => ("result isn't there or can't be read", "results aren't there or can't be read"),
        };
        [too_large, told(self.unreadable, one, several)]
    }
}

/// Extent of reading, once the selection has settled.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Extent {
    /// Number of selected cases that have a result.
    cases: usize,
    /// Number of those that were read.
    read: usize,
    /// Number of cases with a result that weren't read, selected or not.
    unread: usize,
}

impl Extent {
    fn of(store: &ResultStore, selected: &SelectedRows, curve_set: &CurveSet) -> Self {
        let (done, wanted) = (store.done(), with_result(store, selected));
        let read = |rows: &RowMask| curve_set.rows().filter(|row| rows.contains(*row)).count();
        Self { cases: wanted.count(), read: read(&wanted), unread: done.count() - read(&done) }
    }
}

/// Returns the selected rows that have a result.
fn with_result(store: &ResultStore, selected: &SelectedRows) -> RowMask {
    let mut rows = store.done();
    selected.mask.iter().for_each(|mask| rows.and(mask));
    rows
}

impl CurveReader {
    /// Returns a reader that has read nothing yet.
    pub(super) fn new(state: ResultsState) -> Self {
        let curve_set = RwSignal::new(CurveSet::default());
        let chosen = Memo::new(move |_| state.view.with(|view| (view.curve_x.clone(), view.curve_y.clone())));
        let pair = Memo::new(move |_| {
            let (chosen, curve_set) = (chosen.read(), curve_set.read());
            let pair = curve_set.pair(chosen.0.as_ref(), chosen.1.as_deref());
            pair.map(|(x, y)| (x, y.to_owned()))
        });
        let extent = Memo::new(move |_| {
            let (selected, curve_set) = (state.settled.read(), curve_set.read());
            state.data.with_untracked(|store| Extent::of(store, &selected, &curve_set))
        });
        let reader = Self {
            state,
            curve_set,
            pair,
            progress: RwSignal::default(),
            problem: RwSignal::new(None),
            stop: StoredValue::new(None),
            extent,
            has_parts: RwSignal::new(false),
        };
        on_cleanup(move || reader.stop());
        reader.reopen();
        reader
    }

    /// Reads the curves of a frozen study that was frozen with them, as soon as its rows are there. Other pages read none yet.
    fn reopen(self) {
        if frozen::label().is_none() || !self.state.view.read_untracked().are_curves_read {
            return;
        }
        Effect::new(move |was_read: Option<bool>| {
            let has_cases = self.extent.read().cases > 0;
            if has_cases && was_read != Some(true) {
                untrack(|| self.read());
            }
            has_cases || was_read == Some(true)
        });
    }

    /// Returns the number of results that were read, also those without arrays.
    pub(super) fn results(self) -> usize {
        let progress = self.progress.get();
        self.curve_set.read().len().saturating_sub(progress.unreadable + progress.too_large)
    }

    /// Notes whether the plot's median is in places that of only some of the curves.
    pub(super) fn tell_parts(self, has_parts: bool) {
        if self.has_parts.get_untracked() != has_parts {
            self.has_parts.set(has_parts);
        }
    }

    /// Returns the title of the plot: the array and its abscissa.
    pub(super) fn title(self) -> String {
        self.pair.get().map_or_else(|| "Curves".to_owned(), |(x, y)| format!("{y} along {}", name_of(&x)))
    }

    fn stop(self) {
        if let Some(stop) = self.stop.try_update_value(Option::take).flatten() {
            stop.abort();
        }
    }

    /// Returns at most [`AT_ONCE`] selected cases with results that weren't read yet, spread evenly over all of them.
    fn next(self) -> Vec<(usize, CaseRef)> {
        let selected = self.state.selected.get_untracked();
        let curve_set = self.curve_set.read_untracked();
        self.state.data.with_untracked(|store| {
            let wanted = with_result(store, &selected);
            let rows: Vec<usize> = wanted.iter().filter(|row| !curve_set.contains(*row)).collect();
            let chosen = spread(rows.len(), AT_ONCE).map(|place| rows[place]);
            chosen.filter_map(|row| Some((row, case_of(store, row)?))).collect()
        })
    }

    fn read(self) {
        let wanted = self.next();
        self.problem.set(None);
        self.state.are_curves_read.set(true);
        self.progress.update(|progress| progress.now = Some((0, wanted.len())));
        let (stop, registration) = AbortHandle::new_pair();
        self.stop.set_value(Some(stop));
        let reading = Abortable::new(self.read_each(wanted), registration);
        spawn_local(reading.map(move |read| {
            // The page may be gone by now.
            let _ = self.progress.try_update(|progress| progress.now = None);
            self.curve_set.try_update(|_| {});
            if let Ok(Err(problem)) = read {
                self.problem.set(Some(problem));
            }
        }));
    }

    async fn read_each(self, wanted: Vec<(usize, CaseRef)>) -> Result<(), PageProblem> {
        let study = reading::study(self.state).await?;
        let (rows, cases): (Vec<usize>, Vec<CaseRef>) = wanted.into_iter().unzip();
        let mut read = 0;
        let mut take = |_: &CaseRef, result: ReadResult| {
            self.add_result(rows[read], result);
            read += 1;
            self.progress.update(|progress| progress.now = Some((read, rows.len())));
            if read.is_multiple_of(DRAWN_AFTER) {
                self.curve_set.update(|_| {});
            }
            let curve_set = self.curve_set.read_untracked();
            let has_none = curve_set.len() == ENOUGH && curve_set.names().is_empty();
            if has_none || curve_set.is_full() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        study.read_results(&cases, &mut take).await.map_err(|error| PageProblem::from(&error))
    }

    fn add_result(self, row: usize, result: ReadResult) {
        let mut found = FoundArrays::default();
        self.progress.update_untracked(|progress| match result {
            Ok(Some(document)) => found = FoundArrays::of(&document.result),
            Err(UnreadReason::TooLarge { max_bytes }) => {
                (progress.too_large, progress.max_bytes) = (progress.too_large + 1, max_bytes);
            }
            Ok(None) | Err(UnreadReason::Broken(_) | UnreadReason::Refused(_)) => progress.unreadable += 1,
        });
        self.curve_set.update_untracked(|curve_set| curve_set.add(row, found));
    }
}

/// Returns the name of an abscissa.
pub(super) fn name_of(along: &CurveAbscissa) -> &str {
    match along {
        CurveAbscissa::Index => "the index",
        CurveAbscissa::Array(name) => name,
    }
}

/// Draws the curves that were read, and offers to read more.
pub(super) fn curves(reader: CurveReader) -> AnyView {
    let has_arrays = Memo::new(move |_| reader.pair.read().is_some());
    let choices = move || has_arrays.get().then(|| choices(reader));
    let plot = move || {
        let plot = || {
            let plot = surface(reader.state, "Curves", "plot--large", CurvePlot::new(reader));
            view! { {plot}<p class="faint">{move || legend(reader)}</p> }
        };
        has_arrays.get().then(plot)
    };
    let problem = move || reader.problem.get().map(problem_note);
    view! {
        <div class="curves">
            {choices}
            <div>{progress(reader)}{problem}</div>
            {plot}
        </div>
    }
    .into_any()
}

/// Draws how far reading is, and the one button that begins it, ends it and goes on with it.
fn progress(reader: CurveReader) -> AnyView {
    let press = move |_| if reader.progress.get_untracked().now.is_some() { reader.stop() } else { reader.read() };
    let is_reading = Memo::new(move |_| reader.progress.read().now.is_some());
    let label = move || if is_reading.get() { "Stop".to_owned() } else { offer(reader).unwrap_or_default() };
    let nothing_left = move || !is_reading.get() && offer(reader).is_none();
    let bar = move || {
        let (read, of) = reader.progress.get().now?;
        Some(view! { <progress aria-label="Reading curves" value=read.to_string() max=of.to_string()></progress> })
    };
    view! {
        <div class="curves__course">
            <button on:click=press hidden=nothing_left>{label}</button>
            {bar}
            <span class="faint" role="status">{move || state(reader)}</span>
        </div>
    }
    .into_any()
}

/// Returns the button's words for reading; `None` if nothing is left or no more fits into memory.
fn offer(reader: CurveReader) -> Option<String> {
    let Extent { cases, read, .. } = reader.extent.get();
    let next = (cases - read).min(AT_ONCE);
    match () {
        () if next == 0 || reader.curve_set.read().is_full() => None,
        () if reader.problem.read().is_some() => Some("Try again".to_owned()),
        () if reader.curve_set.read().is_empty() => Some("Read curves".to_owned()),
        () => Some(format!("Read {} more", thousands(next as u64))),
    }
}

/// Tells how far reading is.
fn state(reader: CurveReader) -> String {
    let Extent { cases, read, unread } = reader.extent.get();
    let is_chosen = !reader.state.view.read().selection.conditions.is_empty();
    let (one, several) = if is_chosen { ("selected case", "selected cases") } else { ("result", "results") };
    let of = counted(cases as u64, one, several);
    let progress = reader.progress.get();
    if let Some((read, of)) = progress.now {
        return format!("Reading {} of {} …", thousands(read as u64), thousands(of as u64));
    }
    let curve_set = reader.curve_set.read();
    if curve_set.is_empty() {
        return match cases {
            0 if is_chosen => "No case with a result is selected.".to_owned(),
            0 => "No case has a result.".to_owned(),
            _ => to_be_read(cases, &of),
        };
    }
    let CurveLosses { left_out, thinned, numberless } = curve_set.shortcomings();
    let numberless = told(
        numberless,
        "array has fewer than two numbers and is no curve",
        "arrays have fewer than two numbers and are no curves",
    );
    let [too_large, unreadable] = progress.told();
    if curve_set.names().is_empty() {
        let none = match reader.results() as u64 {
            0 => String::new(),
            results => {
                format!("The model's result has no curves: {} read", counted(results, "result was", "results were"))
            }
        };
        return joined(&[none, numberless, too_large, unreadable]);
    }
    joined(&[
        format!("{} of {of}", thousands(read as u64)),
        match reader.state.chosen_cases() {
            Some(_) => told(
                unread,
                "case can't be chosen here, its curve wasn't read",
                "cases can't be chosen here, their curves weren't read",
            ),
            None => String::new(),
        },
        too_large,
        unreadable,
        numberless,
        told(left_out, "array is left out", "arrays are left out"),
        match thinned {
            0 => String::new(),
            thinned => format!(
                "{} longer than {} points and thinned evenly",
                counted(thinned as u64, "array is", "arrays are"),
                thousands(MAX_POINTS as u64)
            ),
        },
        if curve_set.is_full() { "more don't fit into this page's memory".to_owned() } else { String::new() },
    ])
}

fn joined(parts: &[String]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" · ")
}

/// Tells how many results the button reads, and that each takes a request.
fn to_be_read(cases: usize, of: &str) -> String {
    let part = if cases > AT_ONCE { format!("{} of ", thousands(AT_ONCE as u64)) } else { String::new() };
    let takes = if frozen::label().is_some() { "" } else { ", a request each" };
    format!("Reads {part}{of}{takes}.")
}

fn told(number: usize, one: &str, several: &str) -> String {
    if number == 0 { String::new() } else { counted(number as u64, one, several) }
}

/// Draws the lists from which the array and its abscissa are chosen.
fn choices(reader: CurveReader) -> AnyView {
    let choose_y = move |event| {
        let name = event_target_value(&event);
        reader.state.view.update(|view| view.curve_y = Some(name));
    };
    let choose_x = move |event| {
        let along = event_target_value(&event).parse().ok();
        reader.state.view.update(|view| view.curve_x = along);
    };
    let arrays = move || {
        let shown = reader.pair.get().map(|(_, y)| y);
        let names = reader.curve_set.read().names().to_vec();
        let short = shorten::choices(&names.iter().map(|name| (name.clone(), String::new())).collect::<Vec<_>>());
        let option = |(name, short): (String, String)| {
            view! { <option value=name.clone() title=name.clone() selected=shown.as_ref() == Some(&name)>{short}</option> }
        };
        names.into_iter().zip(short).map(option).collect_view()
    };
    let partners = move || {
        let Some((shown, y)) = reader.pair.get() else { return Vec::new() };
        let curve_set = reader.curve_set.read();
        let arrays = curve_set.partners(&y).into_iter().map(|name| CurveAbscissa::Array(name.to_owned()));
        let partners: Vec<CurveAbscissa> = arrays.chain([CurveAbscissa::Index]).collect();
        let names: Vec<_> = partners.iter().map(|along| (name_of(along).to_owned(), String::new())).collect();
        let short = shorten::choices(&names);
        let option = |(along, short): (CurveAbscissa, String)| {
            view! { <option value=along.to_string() selected=shown == along>{short}</option> }
        };
        partners.into_iter().zip(short).map(option).collect_view()
    };
    view! {
        <div class="choices">
            <div class="choice"><label class="field__label">"Curve"<select class="choice__list" on:change=choose_y>{arrays}</select></label></div>
            <div class="choice"><label class="field__label">"Along"<select class="choice__list" on:change=choose_x>{partners}</select></label></div>
        </div>
    }
    .into_any()
}
