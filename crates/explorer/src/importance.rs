//! Share of the response's variance that each factor explains by itself.

use cruncher_analysis::importance::{
    FactorColumn, FactorFit, FactorImportance, MAX_TOLD_RANGE, ShareSum, VarianceShare, importances,
};
use cruncher_results::column_id::ColumnId;
use cruncher_results::store::ResultStore;
use cruncher_study::number_format::{counted, thousands};
use leptos::prelude::*;

use super::columns::{ShownColumns, factors_of, label, plotted};
use super::results_state::{AFTER_DRAWING, ResultsState, SelectedRows};
use crate::state::responses::{has_mean, is_text};

/// Maximum number of factors that are named.
const MAX_FACTORS: usize = 12;

/// Minimum width of a share's range that is told, in percentage points: a narrower one is the share itself, to a digit.
const MIN_RANGE_POINTS: f64 = 5.0;

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
struct Line {
    id: ColumnId,
    found: FactorImportance,
    /// Number of cases that are left out since the response is extreme there, the same in each line.
    extreme: usize,
}

impl Line {
    /// Whether the share may be due to chance alone. It isn't if the correlation beside can be told from chance.
    fn is_by_chance(&self, correlated: &[ColumnId]) -> bool {
        self.found.told().is_some_and(|share| !share.stands_out()) && !correlated.contains(&self.id)
    }
}

/// Draws a bar for each factor, the most important first. The bars follow the selection once it has settled. `correlated` are
/// the factors whose correlation can be told from chance.
pub(super) fn importance(
    state: ResultsState,
    shown: Memo<Option<ShownColumns>>,
    correlated: Signal<Vec<ColumnId>>,
) -> AnyView {
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
        let (mut lines, correlated) = (lines.get(), correlated.get());
        let notes = [added_up(&lines)];
        lines.truncate(MAX_FACTORS);
        let notes = [too_few(&lines), ranges(&lines), by_chance(&lines, &correlated)].into_iter().chain(notes);
        let words = [counts(&lines)].into_iter().chain(notes.flatten()).collect::<Vec<_>>().join(". ");
        let has_some = lines.iter().any(|line| line.found.told().is_some());
        // A list of dashes says nothing.
        let list = has_some.then(|| {
            let lines = lines.into_iter().map(|line| bar(state, line, &correlated)).collect_view();
            view! { <ol class="shares">{lines}</ol> }
        });
        view! { {list}<p class="faint">{words}"."</p> }
    };
    view! { <div class="importance">{list}</div> }.into_any()
}

/// Returns `From 35 to 40 cases; 5 without a value left out`: of the shares that are told, or of all if no share is.
fn counts(lines: &[Line]) -> String {
    let is_any_told = lines.iter().any(|line| line.found.told().is_some());
    let of_told = || lines.iter().filter(|line| !is_any_told || line.found.told().is_some());
    let pairs = extent(of_told().map(|line| line.found.pairs));
    let extreme = lines.first().map_or(0, |line| line.extreme);
    let absent = extent(of_told().map(|line| line.found.left_out - line.extreme));
    let counts = [(absent, "without a value"), ((extreme, extreme), "of an extreme response")];
    let counts = counts.into_iter().filter(|((_, most), _)| *most > 0);
    let parts: Vec<String> =
        counts.map(|(numbers, words)| format!("; {} {words} left out", in_words(numbers))).collect();
    let noun = if pairs == (1, 1) { "case" } else { "cases" };
    format!("From {} {noun}{}", in_words(pairs), parts.concat())
}

fn extent(numbers: impl Iterator<Item = usize> + Clone) -> (usize, usize) {
    (numbers.clone().min().unwrap_or(0), numbers.max().unwrap_or(0))
}

/// Returns `34`, or `13 to 34`.
fn in_words((least, most): (usize, usize)) -> String {
    let (least_words, most_words) = (thousands(least as u64), thousands(most as u64));
    if least == most { most_words } else { format!("{least_words} to {most_words}") }
}

/// Returns `Too few cases for a share: 26 are needed for a range narrower than 50 %` if that is so of all factors, and
/// `cohesion: too few cases …` if it is so of some.
fn too_few(lines: &[Line]) -> Option<String> {
    let few: Vec<&Line> = lines.iter().filter(|line| line.found.has_too_few()).collect();
    let needed = in_words(extent(few.iter().map(|line| line.found.needed_pairs)));
    let needed = format!("{needed} are needed for a range narrower than {:.0} %", 100.0 * MAX_TOLD_RANGE);
    match few.len() {
        0 => None,
        all if all == lines.len() => Some(format!("Too few cases for a share: {needed}")),
        _ => {
            let names: Vec<String> = few.iter().map(|line| label(&line.id)).collect();
            Some(format!("{}: too few cases for a share, {needed}", names.join(", ")))
        }
    }
}

fn ranges(lines: &[Line]) -> Option<String> {
    let has_range = lines.iter().filter_map(|line| line.found.told()).any(|share| is_wide(&share));
    has_range.then(|| "Lines are 90 % ranges".to_owned())
}

fn by_chance(lines: &[Line], correlated: &[ColumnId]) -> Option<String> {
    lines.iter().any(|line| line.is_by_chance(correlated)).then(|| "Faint bars can't be told from chance".to_owned())
}

/// Explains a sum of shares over 100 %, which shares of independent factors don't have.
fn added_up(lines: &[Line]) -> Option<String> {
    let shares: Vec<VarianceShare> = lines.iter().filter_map(|line| line.found.told()).collect();
    let sum = format!("Together {:.0} %", 100.0 * shares.iter().map(|share| share.value).sum::<f64>());
    match ShareSum::of(&shares) {
        ShareSum::Within => None,
        ShareSum::AboveByChance => Some(format!("{sum}, which may be 100 % within the ranges")),
        ShareSum::Above => Some(format!("{sum}: some factors go along with others, and count for them")),
    }
}

/// Whether a share is told as a range.
fn is_wide(VarianceShare { range: (from, to), .. }: &VarianceShare) -> bool {
    100.0 * (to - from) >= MIN_RANGE_POINTS
}

/// Returns `12–50 %`, or `31 %` if that range is narrow.
fn figure(share: &VarianceShare) -> String {
    let (from, to) = share.range;
    if is_wide(share) {
        format!("{:.0}–{:.0} %", 100.0 * from, 100.0 * to)
    } else {
        format!("{:.0} %", 100.0 * share.value)
    }
}

fn fit_in_words(fit: FactorFit) -> String {
    match fit {
        FactorFit::StraightLine => "a straight line".to_owned(),
        FactorFit::RankPolynomial(1) => "a straight line over its ranks".to_owned(),
        FactorFit::RankPolynomial(degree) => format!("a polynomial of degree {degree} over its ranks"),
        FactorFit::ClassMeans(classes) => format!("means of {classes} classes"),
    }
}

fn computed(state: ResultsState, store: &ResultStore, response: &ColumnId, selected: &SelectedRows) -> Vec<Line> {
    if !has_mean(store, response) {
        return Vec::new();
    }
    let ids = factors_of(store, response);
    let columns: Vec<_> = ids.iter().map(|id| (is_text(store, id), plotted(state, store, id))).collect();
    let factor = |(is_text, column)| -> FactorColumn {
        if is_text { FactorColumn::Categories(column) } else { FactorColumn::Numbers(column) }
    };
    let factors: Vec<FactorColumn> =
        columns.iter().map(|(is_text, column)| factor((*is_text, &*column.values))).collect();
    let values = plotted(state, store, response);
    let (rows, measured) = (selected.rows(store), values.measured());
    // Extreme values of factors aren't left out: only the order of a factor's values counts.
    let found = importances(&factors, &measured, &rows);
    let is_extreme = |row: &&u32| measured[**row as usize].is_nan() && !values.values[**row as usize].is_nan();
    let extreme = rows.iter().filter(is_extreme).count();
    let mut lines: Vec<Line> = ids.into_iter().zip(found).map(|(id, found)| Line { id, found, extreme }).collect();
    let share = |line: &Line| line.found.told().map_or(-1.0, |share| share.value);
    lines.sort_by(|one, other| share(other).total_cmp(&share(one)));
    lines
}

fn bar(state: ResultsState, line: Line, correlated: &[ColumnId]) -> AnyView {
    let is_by_chance = line.is_by_chance(correlated);
    let Line { id, found, .. } = line;
    let share = found.told();
    let words = share.as_ref().map_or_else(|| "–".to_owned(), figure);
    let title = match share {
        Some(VarianceShare { value, range: (from, to), fit }) => format!(
            "{:.2} % of the variance, between {:.2} % and {:.2} % in 9 of 10 studies; by {}",
            100.0 * value,
            100.0 * from,
            100.0 * to,
            fit_in_words(fit)
        ),
        None if found.has_too_few() => {
            let cases = counted(found.pairs as u64, "case is", "cases are");
            format!("{cases} too few: {} are needed", thousands(found.needed_pairs as u64))
        }
        None => "No share: nothing differs".to_owned(),
    };
    let class = if is_by_chance { "shares__bar shares__bar--chance" } else { "shares__bar" };
    let percent = |share: f64| format!("{:.1}%", 100.0 * share);
    let width = percent(share.map_or(0.0, |share| share.value));
    let range = share.filter(is_wide).map(|VarianceShare { range: (from, to), .. }| {
        view! { <span class="shares__range" style:left=percent(from) style:width=percent(to - from)></span> }
    });
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
            <span class="shares__room" aria-hidden="true"><span class=class style:width=width></span>{range}</span>
            <span class="shares__figure">{words}</span>
        </li>
    }
    .into_any()
}
