//! Workers: what each is doing.

use cruncher_study::figures::{ago, duration, thousands};
use cruncher_study::heartbeat::{Heartbeat, RunningCase, WorkerState};
use leptos::prelude::*;

/// One row a worker.
#[component]
pub(crate) fn WorkerTable(
    /// The workers.
    #[prop(into)]
    workers: Signal<Vec<Heartbeat>>,
    /// The time by the servers' clock.
    now: RwSignal<f64>,
) -> impl IntoView {
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Workers">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Host"</th>
                        <th scope="col">"Software"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Case"</th>
                        <th scope="col" class="number">"For"</th>
                        <th scope="col" class="number">"Done"</th>
                        <th scope="col" class="number">"Failed"</th>
                        <th scope="col" class="number">"Median"</th>
                    </tr>
                </thead>
                <tbody>{move || workers.get().into_iter().map(|worker| row(worker, now)).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn row(worker: Heartbeat, now: RwSignal<f64>) -> impl IntoView {
    let Heartbeat { case, counts, median_secs, time, state, .. } = worker.clone();
    let is_fresh = { let worker = worker.clone(); move || worker.is_fresh(now.get()) };
    let is_over = state.is_over();
    let class = { let is_fresh = is_fresh.clone(); move || if is_over || !is_fresh() { "table__past" } else { "" } };
    let since = match (&case, state) {
        (Some(case), WorkerState::Running) => Some(case.start_time),
        _ => None,
    };
    let in_state = move || match since {
        Some(since) if is_fresh() => duration(now.get() - since),
        _ => ago(now.get() - time),
    };
    let words = state_words(&worker);
    view! {
        <tr class=class>
            <td title=worker.worker.clone()>{worker.host.clone()}</td>
            <td>{worker.version.clone()}</td>
            <td title=worker.message.clone().unwrap_or_default()>{words}</td>
            <td>{case.filter(|_| since.is_some()).map(case_cell)}</td>
            <td class="number">{in_state}</td>
            <td class="number">{thousands(counts.done)}</td>
            <td class="number">{thousands(counts.failed)}</td>
            <td class="number">{median_secs.map(duration)}</td>
        </tr>
    }
}

fn state_words(worker: &Heartbeat) -> &'static str {
    match worker.state {
        WorkerState::Starting => "starting",
        WorkerState::Waiting => "○ waiting",
        WorkerState::Running => "▶ running",
        WorkerState::Paused => "‖ paused",
        WorkerState::Stopped => "■ stopped",
        WorkerState::Refused => "✕ refused",
        WorkerState::Crashed => "✕ crashed",
    }
}

fn case_cell(case: RunningCase) -> impl IntoView {
    let id = case.case_id.to_string();
    let progress = case.progress.map(|fraction| format!("{:.0} %", 100.0 * fraction.clamp(0.0, 1.0)));
    let attempt = (case.attempt > 1).then(|| format!("attempt {}", case.attempt));
    view! {
        <code title=format!("{} of {}, level {}", id, case.batch, case.level)>{id[..8].to_owned()}</code>
        <span class="faint" title=case.progress_text.unwrap_or_default()>{progress}" "{attempt}</span>
    }
}
