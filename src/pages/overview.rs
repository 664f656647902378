//! The study at a glance.

use std::sync::Arc;

use cruncher_backend::watch::Snapshot;
use cruncher_study::figures::{counted, duration, thousands};
use cruncher_study::forecast::forecast;
use cruncher_study::ledger::{BatchAccount, CaseCounts};
use leptos::prelude::*;

use crate::app::Dark;
use crate::components::error_group::ErrorGroupHead;
use crate::components::notices::Notices;
use crate::components::progress::{ProgressBar, StateFigures};
use crate::components::throughput_chart::ThroughputChart;
use crate::components::worker_table::WorkerTable;
use crate::pages::attach::AttachLines;
use crate::platform::local_time::clock_time;
use crate::state::live::Live;
use crate::state::route::{Page, Route};

/// How many error groups the overview names.
const MOST_GROUPS: usize = 5;

/// With how many workers more the forecast is made a second time.
const MORE_WORKERS: u64 = 4;

/// The study at a glance.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let live = expect_context::<Live>();
    let has_snapshot = Memo::new(move |_| live.snapshot.read().is_some());
    move || {
        if has_snapshot.get() {
            view! { <Overview /> }.into_any()
        } else {
            let is_broken = live.problem.read().is_some();
            (!is_broken).then(|| view! { <p class="empty" role="status">"Reading the study …"</p> }).into_any()
        }
    }
}

#[component]
fn Overview() -> impl IntoView {
    let live = expect_context::<Live>();
    let route = expect_context::<RwSignal<Route>>();
    let snapshot = Signal::derive(move || live.snapshot.get().unwrap_or_default());
    let counts = Memo::new(move |_| match &route.read().batch {
        None => snapshot.get().total,
        Some(batch) => account(&snapshot.get(), batch).map(|account| account.counts).unwrap_or_default(),
    });
    let notices = Memo::new(move |_| snapshot.get().notices.clone());
    let has_cases = Memo::new(move |_| counts.get().cases > 0);
    let alive = Memo::new(move |_| alive_workers(&snapshot.get()));
    let needs_worker = Memo::new(move |_| counts.get().open() > 0 && alive.get() == 0);
    view! {
        {move || view! { <Notices notices=notices.get() /> }}
        <Show when=move || has_cases.get() fallback=|| view! { <NoCases /> }>
            <section class="panel" aria-label="Progress">
                <Headline snapshot counts alive />
                <ProgressBar counts label="Progress of the study" />
                <StateFigures counts route />
                <QueueLine snapshot />
            </section>
            <Show when=move || needs_worker.get()>
                <section class="panel panel--call">
                    <h2>{move || format!("{} for a worker", waits(counts.get().open()))}</h2>
                    <p>"No worker is attached. Attach one with the line for its software:"</p>
                    <AttachLines />
                </section>
            </Show>
            <div class="columns">
                <Finished snapshot />
                <Parts snapshot route />
            </div>
        </Show>
        <Workers snapshot alive />
        <Errors snapshot route />
    }
}

fn account(snapshot: &Snapshot, batch: &cruncher_study::batch::Batch) -> Option<BatchAccount> {
    snapshot.batches.iter().find(|account| account.batch == *batch).cloned()
}

fn alive_workers(snapshot: &Snapshot) -> u64 {
    snapshot.workers.iter().filter(|worker| worker.is_alive(snapshot.time)).count() as u64
}

fn waits(cases: u64) -> String {
    format!("{} {}", counted(cases, "case", "cases"), if cases == 1 { "waits" } else { "wait" })
}

#[component]
fn NoCases() -> impl IntoView {
    view! {
        <section class="empty">
            <h2>"No cases yet"</h2>
            <p>"Cases appear here as soon as a design is enqueued. Workers may be attached before that: they wait."</p>
            <p><a href=Route::default().on(Page::Attach).to_string()>"Attach a worker"</a></p>
        </section>
    }
}

#[component]
fn Headline(#[prop(into)] snapshot: Signal<Arc<Snapshot>>, #[prop(into)] counts: Signal<CaseCounts>, #[prop(into)] alive: Signal<u64>) -> impl IntoView {
    let finish = move || {
        let (snapshot, counts, alive) = (snapshot.get(), counts.get(), alive.get());
        let at = |secs: f64| clock_time(snapshot.time + secs, snapshot.time);
        let range = forecast(&snapshot.finishes, counts.open(), alive)?;
        let more = forecast(&snapshot.finishes, counts.open(), alive + MORE_WORKERS)
            .filter(|_| counts.open() > alive)
            .map(|range| format!("with {MORE_WORKERS} more workers {}", at(range.most_secs)));
        let (least, most) = (at(range.least_secs), at(range.most_secs));
        let when = if least == most { format!("finishes {least}") } else { format!("finishes {least} – {most}") };
        Some(view! { <span title=format!("in {} to {}, with a chance of nine in ten", duration(range.least_secs), duration(range.most_secs))>{when}</span> <span class="faint">{more}</span> })
    };
    let over = move || (counts.get().open() == 0).then(|| {
        if counts.get().done == counts.get().cases { "complete" } else { "nothing left to run" }
    });
    view! {
        <div class="headline">
            <p class="headline__done"><strong>{move || thousands(counts.get().done)}</strong>" of "{move || thousands(counts.get().cases)}" done"</p>
            <p class="headline__finish">{finish}{over}</p>
        </div>
    }
}

#[component]
fn QueueLine(#[prop(into)] snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let words = move || {
        let snapshot = snapshot.get();
        let queue = snapshot.queue;
        let dead = (snapshot.dead_letters > 0).then(|| format!(" · {} in the dead-letter queue", thousands(snapshot.dead_letters)));
        format!("In the queue: {} waiting, {} in workers' hands{}", thousands(queue.waiting + queue.delayed), thousands(queue.leased), dead.unwrap_or_default())
    };
    view! { <p class="faint" title="As SQS counts, which is approximate.">{words}</p> }
}

#[component]
fn Finished(#[prop(into)] snapshot: Signal<Arc<Snapshot>>) -> impl IntoView {
    let end_times = Signal::derive(move || snapshot.get().finishes.iter().map(|finish| finish.end_time).collect::<Vec<_>>());
    let until = Signal::derive(move || snapshot.get().time);
    let redraw = expect_context::<Dark>().0;
    view! {
        <Show when=move || !end_times.read().is_empty()>
            <ThroughputChart end_times until redraw />
        </Show>
    }
}

/// The levels of the batch that is shown; or, of several, the batches.
#[component]
fn Parts(#[prop(into)] snapshot: Signal<Arc<Snapshot>>, route: RwSignal<Route>) -> impl IntoView {
    let rows = Memo::new(move |_| {
        let snapshot = snapshot.get();
        let batch = route.read().batch.clone();
        let shown: Vec<BatchAccount> =
            snapshot.batches.iter().filter(|account| batch.as_ref().is_none_or(|batch| account.batch == *batch)).cloned().collect();
        match shown.as_slice() {
            [only] => only.levels.iter().map(|(level, counts)| (format!("level {level}"), None, *counts)).collect::<Vec<_>>(),
            several => several.iter().map(|account| (account.batch.to_string(), Some(account.batch.clone()), account.counts)).collect(),
        }
    });
    let row = move |(name, batch, counts): (String, Option<cruncher_study::batch::Batch>, CaseCounts)| {
        let label = format!("Progress of {name}");
        let shown = match batch {
            None => name.into_any(),
            Some(batch) => {
                let target = Route { batch: Some(batch), ..route.get_untracked() }.to_string();
                view! { <a href=target>{name}</a> }.into_any()
            }
        };
        view! {
            <li class="parts__one">
                <span class="parts__name">{shown}</span>
                <ProgressBar counts=Signal::stored(counts) label />
                <span class="parts__figures">{thousands(counts.done)}" of "{thousands(counts.cases)}</span>
            </li>
        }
    };
    view! {
        <Show when=move || 1 < rows.read().len()>
            <section aria-label="Levels or batches"><ul class="parts">{move || rows.get().into_iter().map(row).collect_view()}</ul></section>
        </Show>
    }
}

#[component]
fn Workers(#[prop(into)] snapshot: Signal<Arc<Snapshot>>, #[prop(into)] alive: Signal<u64>) -> impl IntoView {
    let live = expect_context::<Live>();
    let workers = Signal::derive(move || snapshot.get().workers.clone());
    let hosts = move || {
        let snapshot = snapshot.get();
        let mut hosts: Vec<&str> =
            snapshot.workers.iter().filter(|worker| worker.is_alive(snapshot.time)).map(|worker| worker.host.as_str()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        (alive.get() > 0).then(|| format!("{} on {}", thousands(alive.get()), counted(hosts.len() as u64, "host", "hosts")))
    };
    view! {
        <Show when=move || !workers.read().is_empty()>
            <h2>"Workers" <span class="faint">{hosts}</span></h2>
            <WorkerTable workers now=live.now />
        </Show>
    }
}

#[component]
fn Errors(#[prop(into)] snapshot: Signal<Arc<Snapshot>>, route: RwSignal<Route>) -> impl IntoView {
    let live = expect_context::<Live>();
    let groups = Memo::new(move |_| snapshot.get().error_groups.clone());
    let all_workers = Signal::derive(move || snapshot.get().workers.len());
    let target = move || route.read().on(Page::Errors);
    let line = move |group: cruncher_study::error_groups::ErrorGroup| {
        let target = Route { group: Some(group.signature.clone()), ..target() }.to_string();
        view! { <li class="group"><a class="group__head" href=target><ErrorGroupHead group=Signal::stored(group) all_workers now=live.now /></a></li> }
    };
    view! {
        <Show when=move || !groups.read().is_empty()>
            <h2>"Errors" <a class="faint" href=move || target().to_string()>{move || counted(groups.read().len() as u64, "group", "groups")}</a></h2>
            <ul class="groups">{move || groups.get().into_iter().take(MOST_GROUPS).map(line).collect_view()}</ul>
        </Show>
    }
}
