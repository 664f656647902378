//! Table of workers, and of what each is doing.

use cruncher_study::heartbeat::{Heartbeat, RunningCase, WorkerState};
use cruncher_study::number_format::{duration, thousands};
use leptos::prelude::*;

use cruncher_browser::local_time::past_time;

/// What is offered for a worker, if anything is.
pub(crate) type WorkerAction<'a> = &'a dyn Fn(&Heartbeat) -> Option<AnyView>;

/// Draws a row for each worker, as of `now`, with what is offered for it if that is given.
pub(crate) fn worker_table<'a>(
    workers: impl Iterator<Item = &'a Heartbeat>,
    now: f64,
    action: Option<WorkerAction>,
) -> AnyView {
    let heads = ["Host", "Software", "State", "Case", "For", "Done", "Failed", "Median time"];
    let heads = heads.into_iter().chain(action.map(|_| "Actions"));
    let head = |(index, name)| {
        let class = if (4..8).contains(&index) { "number" } else { "" };
        view! { <th scope="col" class=class>{name}</th> }
    };
    let heads: Vec<_> = heads.enumerate().map(head).collect();
    let rows: Vec<_> = workers.map(|worker| row(worker, now, action)).collect();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Workers">
            <table class="table">
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(worker: &Heartbeat, now: f64, action: Option<WorkerAction>) -> AnyView {
    let Heartbeat { counts, median_secs, state, .. } = worker;
    let case = worker.case.as_ref().filter(|_| *state == WorkerState::Running);
    let is_past = state.is_over() || worker.is_silent(now);
    let since = match case {
        Some(case) if !is_past => duration(now - case.start_time),
        _ => format!("heard of {}", past_time(worker.time, now)),
    };
    // Cases that it finished after its last heartbeat aren't counted.
    let at_least = (worker.is_silent(now) && *state == WorkerState::Running).then_some("≥ ");
    view! {
        <tr class=if is_past { "table__past" } else { "" }>
            <td title=worker.worker.clone()>{worker.host.clone()}<span class="faint">{worker.process().to_owned()}</span></td>
            <td>{worker.version.clone()}</td>
            <td title=worker.message.clone().unwrap_or_default()>{state_words(worker, now)}</td>
            <td>{case.map(case_cell)}</td>
            <td class="number">{since}</td>
            <td class="number">{at_least}{thousands(counts.done)}</td>
            <td class="number">{thousands(counts.failed)}</td>
            <td class="number">{median_secs.map(duration).unwrap_or_default()}</td>
            {action.map(|action| view! { <td>{action(worker)}</td> })}
        </tr>
    }
    .into_any()
}

fn state_words(worker: &Heartbeat, now: f64) -> &'static str {
    match worker.state {
        WorkerState::Stopped => "■ stopped",
        WorkerState::Refused => "✕ refused",
        WorkerState::Crashed => "✕ crashed",
        _ if worker.is_silent(now) => "? silent",
        WorkerState::Starting => "starting",
        WorkerState::Waiting => "○ waiting",
        WorkerState::Running => "▶ running",
        WorkerState::Paused => "‖ paused",
        WorkerState::Halted => "‖ halted",
        WorkerState::Resting => "‖ resting",
    }
}

fn case_cell(case: &RunningCase) -> AnyView {
    let id = case.case_id.to_string();
    let title = format!("{id} of {}, level {}", case.batch, case.level);
    let progress = case.progress.map(|fraction| format!("{:.0} %", 100.0 * fraction.clamp(0.0, 1.0)));
    let attempt = if case.attempt > 1 { format!(" attempt {}", case.attempt) } else { String::new() };
    view! {
        <code title=title>{id[..8].to_owned()}</code>
        <span class="faint" title=case.progress_text.clone().unwrap_or_default()>{progress.unwrap_or_default() + &attempt}</span>
    }
    .into_any()
}
