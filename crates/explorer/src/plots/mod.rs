//! Plots of the page, each a module with its chart of `cruncher_plot` and the actions that the reader has in it.

mod correlation;
mod curves;
mod failures;
mod field;
mod histogram;
mod matrix;
mod own_curve;
mod panels;
mod parallel;
mod scatter;
mod timeline;

pub(super) use correlation::CorrelationPlot;
pub(super) use curves::{CurvePlot, legend};
pub(super) use failures::{FailurePlot, PlottedFailures};
pub(super) use field::FieldPlot;
pub(super) use histogram::HistogramPlot;
pub(super) use matrix::MatrixPlot;
pub(super) use own_curve::OwnCurvePlot;
pub(super) use panels::panels;
pub(super) use parallel::ParallelPlot;
pub(super) use scatter::ScatterPlot;
pub(super) use timeline::TimelinePlot;

use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CellValue, ResultStore};
use leptos::prelude::*;

use super::columns::{PlottedColumn, factors_of, label, showable, unit};
use super::results_state::ResultsState;
use crate::state::words::words;

/// Minimum and maximum number of columns that are shown side by side, the response among them.
const MIN_AXES: usize = 3;
const MAX_AXES: usize = 16;

/// Maximum distance from the pointer to a point that it means, in pixels of the page.
const REACH_PX: f64 = 12.0;

/// Selects a part of a column by hand: a range if it has numbers, and the texts in between if it has those.
fn select(state: ResultsState, id: &ColumnId, plotted: &PlottedColumn, (one, other): (f64, f64)) {
    let (least, most) = (one.min(other), one.max(other));
    match &plotted.categories {
        Some(names) => select_texts(state, id, names, (least, most)),
        None => state.select_drawn(id, coarse((least, most))),
    }
}

/// Selects a column from one of its values to another, both included.
fn select_exactly(state: ResultsState, id: &ColumnId, plotted: &PlottedColumn, ends: (f64, f64)) {
    match &plotted.categories {
        Some(names) => select_texts(state, id, names, ends),
        None => state.select_range(id, ends),
    }
}

/// Selects the texts whose places are between two others.
fn select_texts(state: ResultsState, id: &ColumnId, names: &[String], (least, most): (f64, f64)) {
    #[expect(clippy::cast_precision_loss, reason = "there are some ten")]
    let is_between = |place: usize| (least..=most).contains(&(place as f64));
    let chosen = names.iter().enumerate().filter(|(place, _)| is_between(*place));
    state.select_texts(id, chosen.map(|(_, name)| name.clone()).collect());
}

/// Rounds a range that was drawn by hand to as many digits as a hand means; it doesn't become narrower.
fn coarse((least, most): (f64, f64)) -> (f64, f64) {
    let step = 10_f64.powf(((most - least) / 300.0).log10().floor());
    if !(step.is_finite() && step > 0.0) {
        return (least, most);
    }
    // The reciprocal is used since powers of ten below one can't be floats exactly.
    let inverse = (1.0 / step).round();
    if step < 1.0 {
        ((least * inverse).floor() / inverse, (most * inverse).ceil() / inverse)
    } else {
        ((least / step).floor() * step, (most / step).ceil() * step)
    }
}

/// Describes a case: its id and batch, and its values in some columns.
fn in_words<'a>(
    state: ResultsState,
    store: &ResultStore,
    row: usize,
    ids: impl IntoIterator<Item = &'a ColumnId>,
) -> Vec<String> {
    let id = store.case_ids().get(row).map(|id| format!("case {:.8}", id.to_string()));
    let batch = match store.cell(&ColumnId::Case(CaseField::Batch), row) {
        CellValue::Text(batch) => format!(" of {batch}"),
        _ => String::new(),
    };
    let mut words = vec![id.unwrap_or_default() + &batch];
    let mut told: Vec<&ColumnId> = Vec::new();
    for id in ids {
        if !told.contains(&id) {
            told.push(id);
            words.push(format!("{} {}", label(id), value(state, store, id, row)));
        }
    }
    words
}

/// Returns the value of a case in a column, in words: a number with the digits that matter, which are all of an integer.
fn value(state: ResultsState, store: &ResultStore, id: &ColumnId, row: usize) -> String {
    let cell = store.cell(id, row);
    let unit =
        if matches!(cell, CellValue::Number(_) | CellValue::Integer(_)) { unit(state, id) } else { String::new() };
    let text = words(cell).text;
    if unit.is_empty() { text } else { format!("{text} {unit}") }
}

/// Returns the factors and the response that stand side by side in a plot of all factors: as many as there is room for. Sets
/// `room` to the number of factors, so that the page can tell it.
fn side_by_side(
    state: ResultsState,
    store: &ResultStore,
    response: &ColumnId,
    room: RwSignal<usize>,
    columns: usize,
) -> Vec<ColumnId> {
    let factors = columns.clamp(MIN_AXES, MAX_AXES) - 1;
    if room.get_untracked() != factors {
        room.set(factors);
    }
    let mut ids = sides(state, store, response);
    ids.truncate(factors);
    ids.push(response.clone());
    ids
}

/// Returns the factors that are to stand side by side: those that were chosen, or all that a case with the response has.
pub(super) fn sides(state: ResultsState, store: &ResultStore, response: &ColumnId) -> Vec<ColumnId> {
    let view = state.view.read();
    let mut chosen = showable(store, view.axes.iter().cloned());
    chosen.retain(|id| matches!(id, ColumnId::Factor(_)) && id != response);
    // An old link may name what isn't there any more.
    if chosen.is_empty() { factors_of(store, response) } else { in_their_order(store, &chosen) }
}

/// Returns the factors to choose from: all that a case with the response has, and those that were chosen all the same.
pub(super) fn all_sides(state: ResultsState, store: &ResultStore, response: &ColumnId) -> Vec<ColumnId> {
    let all = [factors_of(store, response), sides(state, store, response)].concat();
    in_their_order(store, &all)
}

fn in_their_order(store: &ResultStore, ids: &[ColumnId]) -> Vec<ColumnId> {
    store.factors().map(|(id, _)| id).filter(|id| ids.contains(id)).cloned().collect()
}
