//! Counts of cases by the text of their response.

use cruncher_results::column_id::ColumnId;
use cruncher_study::number_format::{counted, thousands};
use leptos::prelude::*;

use super::columns::ShownColumns;
use super::results_state::ResultsState;
use crate::state::responses::{TextCounts, has_mean};

/// Draws a bar for each text. The bars follow the selection once it has settled.
pub(super) fn counts(state: ResultsState, shown: Memo<Option<ShownColumns>>) -> AnyView {
    let found = Memo::new(move |_| {
        let selected = state.settled.get();
        let response = shown.read().as_ref().map(|shown| shown.response.clone());
        let of = |response: ColumnId| {
            state.data.with_untracked(|store| {
                let is_counted = !has_mean(store, &response);
                is_counted.then(|| TextCounts::of(store, &response, &selected.rows(store)))
            })
        };
        response.and_then(of).unwrap_or_default()
    });
    let list = move || {
        let TextCounts { texts, more_texts, more_cases, without, cases } = found.get();
        let most = texts.first().map_or(1, |text| text.1);
        let bars = texts.into_iter().map(|(text, count)| bar(state, shown, text, (count, cases, most))).collect_view();
        let more = |texts| {
            format!(", {} in {}", counted(texts, "more text", "more texts"), counted(more_cases, "case", "cases"))
        };
        let more = (more_texts > 0).then(|| more(more_texts));
        let without = (without > 0).then(|| format!("; {} without one", thousands(without)));
        let words = format!(
            "{} with a text{}{}. Texts have no mean: nothing is correlated with them.",
            counted(cases, "case", "cases"),
            more.unwrap_or_default(),
            without.unwrap_or_default()
        );
        view! { <ol class="shares">{bars}</ol><p class="faint">{words}</p> }
    };
    view! { <div class="importance">{list}</div> }.into_any()
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn bar(
    state: ResultsState,
    shown: Memo<Option<ShownColumns>>,
    text: String,
    (count, cases, most): (u64, u64, u64),
) -> AnyView {
    let percent = |of: u64| 100.0 * count as f64 / of.max(1) as f64;
    let (width, share) = (format!("{:.1}%", percent(most)), format!("{:.0} %", percent(cases)));
    let chosen = text.clone();
    let choose = move |_| {
        if let Some(shown) = shown.get_untracked() {
            state.select_texts(&shown.response, vec![chosen.clone()]);
        }
    };
    let name = if text.is_empty() { "(empty)".to_owned() } else { text.clone() };
    view! {
        <li class="shares__one" title=text>
            <button class="shares__name quiet" on:click=choose>{name}</button>
            <span class="shares__room" aria-hidden="true"><span class="shares__bar" style:width=width></span></span>
            <span class="shares__figure">{thousands(count)}" · "{share}</span>
        </li>
    }
    .into_any()
}
