//! The section Hosts: the computers, with their workers.

use cruncher_browser::local_time::past_time;
use cruncher_study::number_format::thousands;
use cruncher_study::shown_text::visible;
use leptos::prelude::*;

use super::fleet_state::FleetState;
use super::fleets::{FleetsState, fleets};
use crate::state::bounded_rows::{MAX_ROWS, more};
use crate::state::hosts::{HostRow, summary};

/// Heads of the table's columns.
const COLUMNS: [&str; 5] = ["Host", "Workers", "Software", "Done", "Heard of"];

/// Draws the section.
pub(super) fn hosts(state: FleetState, fleets_state: FleetsState) -> AnyView {
    let content = move || {
        let workers = state.workers.get();
        match &workers {
            None if state.problem.read().is_some() => ().into_any(),
            None => view! { <p class="empty" role="status">"Looking for workers …"</p> }.into_any(),
            Some(workers) if workers.is_empty() => nobody(),
            Some(workers) => table(&HostRow::all(workers, state.now.get()), state.now.get()),
        }
    };
    view! { {fleets(fleets_state)}<section aria-label="Hosts"><h3 class="hosts__head">"Hosts"</h3>{content}</section> }
        .into_any()
}

fn nobody() -> AnyView {
    view! {
        <div class="empty" role="status">
            <h3>"No host yet"</h3>
            <p>"A computer is listed here as soon as a worker is attached on it. The lines for that stand on "<a href="#/attach">"Attach"</a>"."</p>
        </div>
    }
    .into_any()
}

fn table(rows: &[HostRow], now: f64) -> AnyView {
    let heads: Vec<_> = COLUMNS.map(|name| view! { <th scope="col" class=class(name)>{name}</th> }).into();
    let lines: Vec<_> = rows.iter().take(MAX_ROWS).map(|row| host_row(row, now)).collect();
    view! {
        <p class="faint">{summary(rows, now)}</p>
        <div class="scroll" tabindex="0" role="region" aria-label="Hosts">
            <table class="table hosts"><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>
        </div>
        {more(rows.len()).map(|words| view! { <p class="faint">{words}</p> })}
    }
    .into_any()
}

fn class(column: &str) -> &'static str {
    if column == "Done" { "number" } else { "" }
}

fn host_row(row: &HostRow, now: f64) -> AnyView {
    let cells = [
        visible(row.name),
        row.states(now),
        visible(&row.software()),
        thousands(row.done()),
        past_time(row.time(), now),
    ];
    let cells: Vec<_> = COLUMNS
        .into_iter()
        .zip(cells)
        .map(|(name, text)| view! { <td class=class(name) data-head=name><span class="hosts__text">{text}</span></td> })
        .collect();
    let class = if row.alive(now) == 0 { "table__past" } else { "" };
    view! { <tr class=class>{cells}</tr> }.into_any()
}
