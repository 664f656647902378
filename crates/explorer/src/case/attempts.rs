//! All attempts of the open case that ended.

use cruncher_browser::local_time::{clock_time, exact_time};
use cruncher_results::column_id::{CaseField, ColumnId};
use cruncher_results::store::{CaseAttempt, CellValue, RETRIED, ResultStore};
use cruncher_study::accounting::CaseState;
use cruncher_study::number_format::{duration, thousands};
use js_sys::Date;
use leptos::prelude::*;

use crate::results_state::ResultsState;
use crate::state::attempts::{AttemptLine, ending, lines};

/// Line of the list in words.
#[derive(Clone, PartialEq)]
enum LineWords {
    Attempt(AttemptWords),
    Note(String),
}

/// Attempt in words.
#[derive(Clone, PartialEq)]
struct AttemptWords {
    number: String,
    ending: &'static str,
    class: &'static str,
    start: String,
    exact_start: String,
    took: String,
    worker: String,
    error: String,
}

/// Lists the attempts of a row's case, also those of earlier submissions; nothing if none has ended.
pub(super) fn attempts(state: ResultsState, row: Memo<usize>) -> AnyView {
    let lines = Memo::new(move |_| state.data.with(|store| in_words(store, row.get())));
    let list = move || {
        let lines = lines.read();
        let count = lines.iter().filter(|line| matches!(line, LineWords::Attempt(_))).count();
        let shown: Vec<_> = lines.iter().cloned().map(line).collect();
        let list = view! {
            <details class="case__fold" open={count > 1}>
                <summary>{format!("Attempts · {}", thousands(count as u64))}</summary>
                <table class="case__attempts" aria-label="Attempts">{shown}</table>
            </details>
        };
        (count > 0).then_some(list)
    };
    list.into_any()
}

fn in_words(store: &ResultStore, row: usize) -> Vec<LineWords> {
    let now = Date::now() / 1000.0;
    let attempts = store.attempts(row);
    let is_open = match store.cell(&ColumnId::Case(CaseField::State), row) {
        CellValue::Text(RETRIED) => true,
        CellValue::Text(name) => matches!(CaseState::named(name), Some(CaseState::Queued | CaseState::Running)),
        _ => false,
    };
    let line = |line: &AttemptLine| match line {
        AttemptLine::Ended(place) => {
            let ending = ending(&attempts[*place], place + 1 == attempts.len(), is_open);
            LineWords::Attempt(attempt_in_words(&attempts[*place], ending, now))
        }
        AttemptLine::Vanished(first, last) => {
            let which = if first == last { format!("Attempt {first}") } else { format!("Attempts {first} to {last}") };
            LineWords::Note(format!("{which} left no row: the worker vanished."))
        }
        AttemptLine::SentAgain => LineWords::Note("Sent again: attempts are counted anew.".to_owned()),
    };
    lines(&attempts).iter().map(line).collect()
}

fn attempt_in_words(attempt: &CaseAttempt<'_>, ending: &'static str, now: f64) -> AttemptWords {
    let secs = attempt.start_time.rem_euclid(60.0).floor();
    AttemptWords {
        number: if attempt.number == 0 { "–".to_owned() } else { attempt.number.to_string() },
        ending,
        class: if attempt.is_done { "state-text-done" } else { "state-text-failed" },
        start: format!("{}:{secs:02.0}", clock_time(attempt.start_time, now)),
        exact_start: exact_time(attempt.start_time),
        took: duration((attempt.end_time - attempt.start_time).max(0.0)),
        worker: attempt.worker.to_owned(),
        error: attempt.error.to_owned(),
    }
}

fn line(words: LineWords) -> AnyView {
    let attempt = match words {
        LineWords::Attempt(attempt) => attempt,
        LineWords::Note(words) => {
            return view! { <tbody><tr><td></td><td colspan="2" class="faint">{words}</td></tr></tbody> }.into_any();
        }
    };
    let error = (!attempt.error.is_empty()).then(|| {
        view! { <tr><td></td><td colspan="2" class="case__attempt-error">{attempt.error}</td></tr> }
    });
    view! {
        <tbody>
            <tr>
                <th scope="row" class="number">{attempt.number}</th>
                <td class=attempt.class>{attempt.ending}</td>
                <td class="number" title=attempt.exact_start>{attempt.start}<span class="faint">" · "{attempt.took}</span></td>
            </tr>
            <tr><td></td><td colspan="2" class="faint">{attempt.worker}</td></tr>
            {error}
        </tbody>
    }
    .into_any()
}
