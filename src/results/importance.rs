//! How much of the response's variance each factor explains by itself.

use cruncher_results::column_id::ColumnId;
use cruncher_results::statistics::importance::{FactorColumn, FactorImportance, importances};
use cruncher_results::store::ResultStore;
use cruncher_study::number_format::{counted, thousands};
use leptos::prelude::*;

use super::columns::{ShownColumns, label, plotted, showable};
use super::results_state::{AFTER_DRAWING, ResultsState, SelectedRows};
use crate::state::responses::{has_mean, is_text};

/// The most factors that are named.
const MOST_FACTORS: usize = 12;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    id: ColumnId,
    found: FactorImportance,
    /// The number of cases that are left out since the response is extreme there, the same in each line.
    extreme: usize,
}

/// A bar a factor, the most important first. They follow the selection once it has settled.
pub(super) fn importance(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let lines = RwSignal::new(Vec::<Line>::new());
    let mut compute = debounce(AFTER_DRAWING, move |(response, selected): (ColumnId, SelectedRows)| {
        lines.set(state.data.with_untracked(|store| computed(state, store, &response, &selected)));
    });
    Effect::new(move || {
        let selected = state.settled.get();
        if let Some(shown) = shown.get() {
            compute((shown.response, selected));
        }
    });
    let list = move || {
        let lines = lines.get();
        let pairs = lines.iter().map(|line| line.found.pairs).max().unwrap_or(0);
        let extreme = lines.first().map_or(0, |line| line.extreme);
        let left_out = lines.iter().map(|line| line.found.left_out).max().unwrap_or(0);
        let counts = [(left_out - extreme, "without a value"), (extreme, "of an extreme response")];
        let counts = counts.into_iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> =
            counts.map(|(number, words)| format!("; {} {words} left out", thousands(number as u64))).collect();
        let absent = parts.concat();
        let words = format!("From {}{absent}", counted(pairs as u64, "case", "cases"));
        let notes = [too_few(&lines), by_chance(&lines)].into_iter().flatten();
        let words = [words].into_iter().chain(notes).collect::<Vec<_>>().join(". ");
        let has_some = lines.iter().any(|line| line.found.told().is_some());
        // A list of dashes says nothing.
        let list = has_some.then(|| {
            let lines = lines.into_iter().map(|line| bar(state, line)).collect_view();
            view! { <ol class="shares">{lines}</ol> }
        });
        view! { {list}<p class="faint">{words}"."</p> }
    };
    view! { <div class="importance">{list}</div> }.into_any()
}

/// `Too few cases for a share: 34 are needed`, if that is so of some factors.
fn too_few(lines: &[Line]) -> Option<String> {
    let needed = || lines.iter().filter(|line| line.found.has_too_few()).map(|line| line.found.needed_pairs);
    let (least, most) = needed().min().zip(needed().max())?;
    let most_words = thousands(most as u64);
    let needed = if least == most { most_words } else { format!("{} to {most_words}", thousands(least as u64)) };
    Some(format!("Too few cases for a share: {needed} are needed"))
}

fn by_chance(lines: &[Line]) -> Option<String> {
    let is_faint = |line: &Line| line.found.told().is_some_and(|share| !share.stands_out());
    lines.iter().any(is_faint).then(|| "Faint bars can't be told from chance".to_owned())
}

fn computed(state: ResultsState, store: &ResultStore, response: &ColumnId, selected: &SelectedRows) -> Vec<Line> {
    if !has_mean(store, response) {
        return Vec::new();
    }
    let ids = showable(store, store.factors().map(|(id, _)| id.clone()));
    let ids: Vec<ColumnId> = ids.into_iter().filter(|id| id != response).collect();
    let columns: Vec<_> = ids.iter().map(|id| (is_text(store, id), plotted(state, store, id))).collect();
    let factor = |(is_text, column)| -> FactorColumn {
        if is_text { FactorColumn::Categories(column) } else { FactorColumn::Numbers(column) }
    };
    let factors: Vec<FactorColumn> =
        columns.iter().map(|(is_text, column)| factor((*is_text, &*column.values))).collect();
    let values = plotted(state, store, response);
    let (rows, measured) = (selected.rows(store), values.measured());
    // Of the factors only their order counts.
    let found = importances(&factors, &measured, &rows);
    let is_extreme = |row: &&u32| measured[**row as usize].is_nan() && !values.values[**row as usize].is_nan();
    let extreme = rows.iter().filter(is_extreme).count();
    let mut lines: Vec<Line> = ids.into_iter().zip(found).map(|(id, found)| Line { id, found, extreme }).collect();
    let share = |line: &Line| line.found.told().map_or(-1.0, |share| share.value);
    lines.sort_by(|one, other| share(other).total_cmp(&share(one)));
    lines.truncate(MOST_FACTORS);
    lines
}

fn bar(state: ResultsState, Line { id, found, .. }: Line) -> AnyView {
    let share = found.told();
    let (value, is_told) = share.map_or((0.0, false), |share| (share.value, share.stands_out()));
    let width = format!("{:.1}%", 100.0 * value);
    let words = share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share.value));
    let title = match share {
        Some(share) => format!(
            "{:.2} % of the variance, in {} classes; a factor without influence stays below {:.2} % in 19 of 20 studies",
            100.0 * share.value,
            found.classes,
            100.0 * share.noise_limit
        ),
        None if found.has_too_few() => {
            let cases = counted(found.pairs as u64, "case is", "cases are");
            format!("{cases} too few: {} are needed", thousands(found.needed_pairs as u64))
        }
        None => "No share: nothing differs".to_owned(),
    };
    let class = if is_told { "shares__bar" } else { "shares__bar shares__bar--chance" };
    let name = label(&id);
    let choose = move |_| {
        state.view.update(|view| {
            view.factor = Some(id.clone());
            view.zoom = None;
        });
    };
    view! {
        <li class="shares__one" title=title>
            <button class="shares__name quiet" on:click=choose>{name}</button>
            <span class="shares__room" aria-hidden="true"><span class=class style:width=width></span></span>
            <span class="shares__figure">{words}</span>
        </li>
    }
    .into_any()
}
