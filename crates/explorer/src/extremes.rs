//! Extreme values, which leave no room on an axis for the others: notes on them, and buttons that leave them out.

use cruncher_plot::{Axis, AxisScale, Outliers, unplaced_in_words};
use cruncher_results::column_id::ColumnId;
use cruncher_results::store::{ColumnStatistics, ResultStore};
use cruncher_study::number_format::counted;
use leptos::prelude::*;

use super::columns::{ShownColumns, far_outside, label, range, scale, unit};
use super::plots::sides;
use super::results_state::{AFTER_DRAWING, ResultsState};
use crate::state::responses::is_text;

/// Note on a column with outliers, or with values that no axis shows.
#[derive(Debug, Clone, PartialEq)]
struct Extreme {
    id: ColumnId,
    /// The note in words.
    words: Vec<String>,
    /// Outliers that a button leaves out, in words; `None` if there are none.
    far_outside: Option<String>,
}

/// Draws the notes on those plotted columns that have extreme values.
pub(super) fn extremes(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let found = RwSignal::new(Vec::new());
    let mut look = debounce(AFTER_DRAWING, move |shown: ShownColumns| {
        let extremes = state.data.with_untracked(|store| untrack(|| all(state, store, &shown)));
        if *found.read_untracked() != extremes {
            found.set(extremes);
        }
    });
    let asked = Memo::new(move |_| state.view.with(|view| (view.switched.clone(), view.axes.clone())));
    Effect::new(move || {
        state.data.track();
        state.designed.track();
        asked.track();
        if let Some(shown) = shown.get() {
            look(shown);
        }
    });
    let list = move || {
        let extremes = found.get();
        let is_there = !extremes.is_empty();
        let items = extremes.into_iter().map(|extreme| item(state, extreme)).collect_view();
        is_there.then(|| view! { <ul class="extremes" aria-label="Extreme values">{items}</ul> })
    };
    view! { {list} }.into_any()
}

fn item(state: ResultsState, Extreme { id, words, far_outside }: Extreme) -> AnyView {
    let name = label(&id);
    let button = far_outside.map(|left_out| {
        let own = id.clone();
        let is_trimmed = Memo::new(move |_| state.view.read().is_trimmed(&own));
        let title = format!("Axis of {name} without the outermost {left_out}");
        let press = move |_| state.view.update(|view| view.trim(&id));
        view! {
            <button
                class="extremes__trim" aria-pressed=move || is_trimmed.get().to_string() title=title on:click=press
            >{format!("without the outermost {left_out}")}</button>
        }
    });
    view! { <li class="extremes__one"><span>{words.join("; ")}</span>{button}</li> }.into_any()
}

fn all(state: ResultsState, store: &ResultStore, shown: &ShownColumns) -> Vec<Extreme> {
    let chosen = [&shown.response, &shown.factor, &shown.second].into_iter().chain(&shown.colour).cloned();
    let mut ids: Vec<ColumnId> = Vec::new();
    for id in chosen.chain(sides(state, store, &shown.response)) {
        if !ids.contains(&id) && !is_text(store, &id) {
            ids.push(id);
        }
    }
    let same = store.factors().chain(store.responses()).filter(|(_, column)| column.differs_beyond_floats_only());
    let same = same.map(|(id, column)| no_axis(id, column.statistics()));
    ids.into_iter().filter_map(|id| extreme(state, store, id)).chain(same).collect()
}

/// Returns the note on a column that isn't offered as an axis although its integers differ.
fn no_axis(id: &ColumnId, statistics: ColumnStatistics) -> Extreme {
    let axis = Axis::covering(&label(id), "", AxisScale::Linear, &[]);
    let near = axis.words(statistics.least.unwrap_or_default());
    let words = format!(
        "{} differs only in digits that no axis shows, near {near}: they are in the table, not in plots",
        axis.label
    );
    Extreme { id: id.clone(), words: vec![words], far_outside: None }
}

fn extreme(state: ResultsState, store: &ResultStore, id: ColumnId) -> Option<Extreme> {
    let column = store.column(&id)?;
    let (statistics, values) = (column.statistics(), column.numbers());
    let axis = Axis::covering(&label(&id), &unit(state, &id), scale(state, &id), &[]);
    let range = range(statistics, &axis, &values);
    let outliers = far_outside(store.revision(), &id, &axis, &values, range);
    let can_show = |end: Option<f64>| end.is_none_or(|end| axis.can_show(end));
    let is_shown = can_show(statistics.least) && can_show(statistics.most);
    // All values have to be looked at only if the axis can't show the extremes.
    let unplaced = if is_shown { None } else { unplaced_in_words(&axis, &values) };
    let words = outliers.zip(range).map(|(outliers, range)| reach(&axis, range, outliers));
    let words: Vec<String> = words.into_iter().chain(unplaced).collect();
    (!words.is_empty()).then(|| Extreme { far_outside: outliers.map(left_out), id, words })
}

/// Returns `load reaches from 500 N to 1×10⁹ N, all but 12 cases from 500 N to 530 N`.
fn reach(axis: &Axis, (from, to): (f64, f64), Outliers { least, most, count, .. }: Outliers) -> String {
    let [from, to, least, most] = [from, to, least, most].map(|value| axis.words(value));
    let cases = counted(count as u64, "case", "cases");
    format!("{} reaches from {from} to {to}, all but {cases} from {least} to {most}", axis.label)
}

/// Returns `2 % (12 cases)`.
fn left_out(outliers: Outliers) -> String {
    format!("{} ({})", outliers.share_in_words(), counted(outliers.count as u64, "case", "cases"))
}
