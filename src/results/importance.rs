//! How much of the response's variance each factor explains by itself.

use cruncher_results::column_id::ColumnId;
use cruncher_results::statistics::importance::{Factor, Importance, importances};
use cruncher_results::store::Store;
use cruncher_study::figures::{counted, thousands};
use leptos::prelude::*;

use super::columns::{Shown, label, plotted, showable};
use super::desk::{AFTER_DRAWING, Desk, Selected};
use crate::state::responses::{has_mean, is_text};

/// The most factors that are named.
const MOST_FACTORS: usize = 12;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    id: ColumnId,
    found: Importance,
    /// How many cases are left out since the response is extreme there.
    extreme: usize,
}

/// A bar a factor, the most important first. They follow the selection once it has settled.
pub(super) fn importance(desk: Desk, shown: Memo<Option<Shown>>) -> AnyView {
    let lines = RwSignal::new(Vec::<Line>::new());
    let mut compute = debounce(AFTER_DRAWING, move |(response, selected): (ColumnId, Selected)| {
        lines.set(desk.data.with_untracked(|store| computed(desk, store, &response, &selected)));
    });
    Effect::new(move || {
        let selected = desk.settled.get();
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
        let lines = lines.into_iter().map(|line| bar(desk, line)).collect_view();
        view! { <ol class="shares">{lines}</ol><p class="faint">{words}". Faint bars can't be told from chance."</p> }
    };
    view! { <div class="importance">{list}</div> }.into_any()
}

fn computed(desk: Desk, store: &Store, response: &ColumnId, selected: &Selected) -> Vec<Line> {
    if !has_mean(store, response) {
        return Vec::new();
    }
    let ids = showable(store, store.factors().map(|(id, _)| id.clone()));
    let ids: Vec<ColumnId> = ids.into_iter().filter(|id| id != response).collect();
    let columns: Vec<_> = ids.iter().map(|id| (is_text(store, id), plotted(desk, store, id))).collect();
    let factor =
        |(is_text, column)| -> Factor { if is_text { Factor::Categories(column) } else { Factor::Numbers(column) } };
    let factors: Vec<Factor> = columns.iter().map(|(is_text, column)| factor((*is_text, &*column.values))).collect();
    let values = plotted(desk, store, response);
    let (rows, measured) = (selected.rows(store), values.measured());
    // Of the factors only their order counts.
    let found = importances(&factors, &measured, &rows);
    let is_extreme = |row: &&u32| measured[**row as usize].is_nan() && !values.values[**row as usize].is_nan();
    let extreme = rows.iter().filter(is_extreme).count();
    let mut lines: Vec<Line> = ids.into_iter().zip(found).map(|(id, found)| Line { id, found, extreme }).collect();
    let share = |line: &Line| line.found.share.map_or(-1.0, |share| share.value);
    lines.sort_by(|one, other| share(other).total_cmp(&share(one)));
    lines.truncate(MOST_FACTORS);
    lines
}

fn bar(desk: Desk, Line { id, found, .. }: Line) -> AnyView {
    let (value, is_told) = found.share.map_or((0.0, false), |share| (share.value, share.stands_out()));
    let width = format!("{:.1}%", 100.0 * value);
    let words = match found.share {
        None => "–".to_owned(),
        Some(share) => format!("{:.0} %", 100.0 * share.value),
    };
    let title = found.share.map_or_else(
        || "No share: too few cases for its classes, or nothing differs".to_owned(),
        |share| {
        format!(
            "{:.2} % of the variance, in {} classes; a factor without influence stays below {:.2} % in 19 of 20 studies",
            100.0 * share.value,
            found.classes,
            100.0 * share.noise_limit
        )
    });
    let class = if is_told { "shares__bar" } else { "shares__bar shares__bar--chance" };
    let name = label(&id);
    let choose = move |_| {
        desk.view.update(|view| {
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
