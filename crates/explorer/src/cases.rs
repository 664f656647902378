//! The Cases page: all cases, each in its state.

use std::time::Duration;

use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::filter::language::{self, LanguageError};
use cruncher_results::filter::{FilterCondition, RowFilter};
use cruncher_results::store::{CellValue, ResultStore};
use cruncher_study::number_format::thousands;
use leptos::prelude::*;

use super::case::case;
use super::columns_menu::columns_menu;
use super::outcome::outcome;
use super::results_state::ResultsState;
use super::steering::{SteeringState, steering};
use super::table::{count_words, table};

const STATE: ColumnId = ColumnId::Case(CaseField::State);

/// Time without a letter after which the filter is followed: of many cases that takes longer than a letter may.
const TYPING_PAUSE: Duration = Duration::from_millis(80);

/// Draws the page.
pub(super) fn cases(state: ResultsState) -> AnyView {
    let is_empty = Memo::new(move |_| state.data.with(ResultStore::is_empty));
    // An action that was asked for goes on when other batches are shown.
    let asked = SteeringState::new();
    let body = move || {
        if is_empty.get() {
            return nothing(state);
        }
        // The table's scroll position is of these batches.
        state.batches.track();
        view! {
            <div class="case-list__top">{states(state)}<div class="case-list__actions">{columns_menu(state)}</div></div>
            {filter(state)}
            {steering(state, shown_or_chosen(state), asked)}
            {table(state)}
            {case(state)}
        }
        .into_any()
    };
    view! { <div class="results case-list"><h2>"Cases" " " <span class="faint case-list__count" aria-hidden="true">{move || count_words(state)}</span></h2>{body}</div> }.into_any()
}

fn nothing(state: ResultsState) -> AnyView {
    let counts = state.data.counts().get();
    let is_over = counts.is_some_and(|counts| counts.cases == 0 || counts.are_rows_read);
    if !is_over {
        return view! { <p class="empty" role="status">"Reading the cases …"</p> }.into_any();
    }
    view! {
        <section class="empty" role="status">
            <h2>"No cases yet"</h2>
            <p><a href="#/design">"Define the first ones"</a></p>
        </section>
    }
    .into_any()
}

/// Returns the rows that are chosen one by one, or all that are shown.
fn shown_or_chosen(state: ResultsState) -> Memo<Vec<usize>> {
    Memo::new(move |_| {
        let chosen = state.chosen.read();
        let order = state.order.read();
        let rows = order.iter().map(|row| *row as usize);
        if chosen.is_empty() { rows.collect() } else { rows.filter(|row| chosen.contains(row)).collect() }
    })
}

/// Draws a button for each state that cases are in, which shows these cases alone.
fn states(state: ResultsState) -> AnyView {
    let counts = Memo::new(move |_| {
        state.data.with(|store| {
            let states = store.categories(store.field(CaseField::State)).into_iter();
            states.filter(|own| !own.label.is_empty()).map(|own| (own.label.to_owned(), own.rows)).collect::<Vec<_>>()
        })
    });
    let button = move |(name, rows): (String, usize)| {
        let own = name.clone();
        let is_chosen = move || {
            let view = state.view.read();
            view.selection.conditions.iter().any(|condition| {
                matches!(condition, FilterCondition::OneOf { column, values } if *column == STATE && values.contains(&own))
            })
        };
        let chosen = is_chosen.clone();
        let (words, class) = outcome(CellValue::Text(&name));
        let press = move |_| {
            if untrack(&chosen) {
                state.clear(&STATE);
            } else {
                state.select_texts(&STATE, vec![name.clone()]);
            }
        };
        view! {
            <button class="chip" aria-pressed=move || is_chosen().to_string() on:click=press>
                <span class=class>{words}</span>" "{thousands(rows as u64)}
            </button>
        }
    };
    view! {
        <div class="case-list__states" role="group" aria-label="States">
            {move || counts.get().into_iter().map(button).collect_view()}
        </div>
    }
    .into_any()
}

/// Draws the field of the filter, with names that it may be completed to, and what is wrong with it below.
fn filter(state: ResultsState) -> AnyView {
    let typed = RwSignal::new(None::<String>);
    let problem = RwSignal::new(None::<LanguageError>);
    let own_words = Memo::new(move |_| {
        let selection = state.view.with(|view| view.selection.clone());
        state.data.with_untracked(|store| language::write(&selection, store))
    });
    // Whoever changes the filter otherwise, by a button or by an address, sees it here.
    Effect::new(move || {
        own_words.track();
        if problem.with_untracked(Option::is_none) {
            typed.set(None);
        }
    });
    let turn = StoredValue::new(0_u32);
    let take = move |text: String, pause: Duration| {
        turn.update_value(|turn| *turn = turn.wrapping_add(1));
        match state.data.with_untracked(|store| language::parse(&text, store)) {
            Ok(filter) => {
                problem.set(None);
                let own = turn.get_value();
                let show = move || {
                    if turn.try_get_value() == Some(own) {
                        show(state, filter);
                    }
                };
                if pause.is_zero() { show() } else { set_timeout(show, pause) }
            }
            Err(error) => problem.set(Some(error)),
        }
        typed.set(Some(text));
    };
    let value = move || typed.get().unwrap_or_else(|| own_words.get());
    let completions = move || {
        let text = value();
        let before = text.rsplit_once(' ').map_or_else(String::new, |(before, _)| format!("{before} "));
        let found = state.data.with(|store| language::completions(&text, store));
        found.into_iter().map(|name| view! { <option value=format!("{before}{name}")></option> }).collect_view()
    };
    let note = move || {
        let error = problem.get()?;
        let text = value();
        let meant: String = text.chars().skip(error.at).take(error.length.max(1)).collect();
        Some(view! { <span class="case-list__problem">{format!("At “{meant}”: {error}.")}</span> })
    };
    let is_set = move || !value().is_empty();
    view! {
        <div class="case-list__filter">
            <label class="field__label case-list__label">"Filter"
                <input
                    type="search" class="case-list__field" list="case-filter" spellcheck="false" autocapitalize="off"
                    autocomplete="off" placeholder="state:failed duration > 60 worker:node7*" aria-describedby="case-filter-note"
                    aria-invalid=move || problem.read().is_some().to_string()
                    prop:value=value on:input=move |event| take(event_target_value(&event), TYPING_PAUSE)
                />
            </label>
            <datalist id="case-filter">{completions}</datalist>
            {move || is_set().then(|| view! { <button class="quiet" on:click=move |_| take(String::new(), Duration::ZERO)>"Show all"</button> })}
            <p id="case-filter-note" class="case-list__note" role="status">{note}</p>
        </div>
    }
    .into_any()
}

fn show(state: ResultsState, filter: RowFilter) {
    if state.view.with_untracked(|view| view.selection != filter) {
        state.view.update(|view| view.selection = filter);
    }
}
