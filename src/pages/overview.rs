//! Overview: the study at a glance.

pub(crate) mod steering;
mod versions;

use cruncher_backend::watch::snapshot::{PoolFigures, Snapshot, submitted_first};
use cruncher_browser::components::error_group::error_group_head;
use cruncher_browser::local_time::clock_time;
use cruncher_browser::state::route::{BatchChoice, Page, Route, encoded};
use cruncher_study::access::Role;
use cruncher_study::accounting::{BatchAccount, CaseCounts};
use cruncher_study::batch::Batch;
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::forecast::{Forecast, ForecastBasis, MIN_FINISHED};
use cruncher_study::heartbeat::{Heartbeat, RunningCase, WorkerState};
use cruncher_study::number_format::{counted, duration, significant, thousands};
use cruncher_study::pool::shown;
use cruncher_study::responses::ResponseSummary;
use leptos::prelude::*;
use versions::{asked, version_shares};

use crate::components::attach_lines::attach_lines;
use crate::components::inline::{link, text};
use crate::components::notices::notices;
use crate::components::progress::{bar, figures};
use crate::components::response_chart::response_chart;
use crate::components::throughput_chart::throughput_chart;
use crate::components::worker_table::{RowAction, worker_table};
use crate::fleet::{MAX_ROWS, portions};
use crate::live::OpenStudy;

/// Maximum number of error groups that the overview names, and of batches whose versions it names.
const MAX_GROUPS: usize = 5;

/// Number of workers that are added when the forecast is made a second time.
const MORE_WORKERS: u64 = 4;

/// Maximum number of levels, or of batches, that are listed.
const MAX_PARTS: usize = 200;

/// Draws the study at a glance.
pub(crate) fn page(open: &OpenStudy) -> AnyView {
    let Some(snapshot) = open.live.snapshot.get() else {
        let is_broken = open.live.problem.read().is_some();
        let words = reading(open.live.reading.get());
        return (!is_broken).then(|| view! { <p class="empty" role="status">{words}</p> }).into_any();
    };
    let route = open.reader.route.get();
    let batch = route.batches.one();
    let shown: Vec<&BatchAccount> = snapshot.accounts(batch).collect();
    let counts = snapshot.counts(batch);
    // The chart of a study that is over ends with its last case, however late somebody looks at it.
    let until = (counts.open() > 0).then_some(snapshot.time);
    let done = route.list("case.state:done");
    let body = if shown.is_empty() {
        no_cases(&route, batch.filter(|_| !snapshot.batches.is_empty()))
    } else {
        view! {
            {progress(&snapshot, &counts, open, &shown)}
            {call_for_worker(&snapshot, &counts, open)}
            <div class="columns">
                {throughput_chart(&snapshot.finishes(batch), until, done)}
                {response(&shown, open)}
                {parts(&shown, &route)}
            </div>
        }
        .into_any()
    };
    // A long table isn't drawn anew each second, but with each look.
    let is_long = portions(route.host.as_deref()) > 0 && snapshot.workers.len() > MAX_ROWS;
    let now = if is_long { snapshot.time } else { open.live.now.get() };
    view! {
        {notices(&snapshot.notices(batch), snapshot.time)}
        {body}
        {workers(&snapshot, open, now)}
        {errors(&snapshot, &route, now)}
    }
    .into_any()
}

/// Tells how far reading is.
fn reading((read_bytes, of_bytes): (u64, u64)) -> String {
    match of_bytes >> 20 {
        0 => "Reading the study …".to_owned(),
        of_mib => format!("Reading the study … {} of {} MiB", thousands(read_bytes >> 20), thousands(of_mib)),
    }
}

/// Tells that there are no cases: in the whole study, or in a batch beside others.
fn no_cases(route: &Route, batch: Option<&Batch>) -> AnyView {
    if let Some(batch) = batch {
        let all = route.of(BatchChoice::All).to_string();
        return view! {
            <section class="empty">
                <h2>{format!("No cases in batch {batch}")}</h2>
                <p><a href=all>"Show all batches"</a></p>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="empty">
            <h2>"No cases yet"</h2>
            <p><a href=route.on(Page::Design).to_string()>"Define the first ones"</a></p>
            <p>"Workers may be attached before that: they wait. "<a href=route.on(Page::Attach).to_string()>"Attach a worker"</a></p>
        </section>
    }
    .into_any()
}

fn progress(snapshot: &Snapshot, counts: &CaseCounts, open: &OpenStudy, shown: &[&BatchAccount]) -> AnyView {
    let route = &open.reader.route.get();
    let queue = snapshot.queue;
    let all = Route { batches: BatchChoice::All, ..Route::default() };
    let dead = (snapshot.dead_letters > 0).then(|| {
        let dead = format!("{} in the dead-letter queue", thousands(snapshot.dead_letters));
        [" · ".to_owned().into_any(), link(all.list("case.state:dead"), dead)]
    });
    let of_all = if snapshot.batches.len() > 1 { " of all batches" } else { "" };
    let waiting = format!("{} waiting", thousands(queue.waiting + queue.delayed));
    let leased = format!("{} in workers' hands", thousands(queue.leased));
    view! {
        <section class="panel" aria-label="Progress">
            <div class="headline">
                <p class="headline__done">
                    {link(route.list("case.state:done"), thousands(counts.done))}
                    " of "
                    {link(route.list("case.state:*"), thousands(counts.cases))}
                    " done"
                </p>
                {finish(snapshot, counts, route, open.live.now.get())}
            </div>
            {bar(counts, "Progress of the study".to_owned())}
            {figures(counts, route)}
            {shares(snapshot, counts, shown, open)}
            <p class="faint queue" title="As SQS counts, which is approximate. It doesn't tell batches apart.">
                {format!("In the queue{of_all}: ")}
                {link(all.list("case.state:queued"), waiting)}
                ", "
                {link(all.list("case.state:running"), leased)}
                {dead.map(Vec::from)}
            </p>
            {pools(snapshot, route)}
            {steering::of_study(snapshot, open)}
        </section>
    }
    .into_any()
}

/// Draws the cases and workers of each pool, if the study has any beside its own queue.
fn pools(snapshot: &Snapshot, route: &Route) -> Option<AnyView> {
    let row = |PoolFigures { pool, look, cases, workers, rate }: PoolFigures| {
        let name = shown(pool.as_ref());
        let target = route.list(&format!("case.pool:{name}"));
        let mut more = vec![String::new()];
        for (number, state) in [(cases.running, "running"), (cases.failed, "failed"), (cases.withdrawn, "withdrawn")] {
            if number > 0 {
                more.push(format!("{} {state}", thousands(number)));
            }
        }
        more.push(match look {
            Some(_) => counted(workers, "worker", "workers"),
            None => "pool removed".to_owned(),
        });
        if rate > 0.0 {
            more.push(format!("{} a minute", significant(rate)));
        }
        part(name.to_owned(), target, &cases, &more.join(" · "))
    };
    let rows: Vec<_> = snapshot.pool_figures(route.batches.one()).into_iter().map(row).collect();
    (rows.len() > 1).then(|| view! { <ul class="parts parts--pools" aria-label="Pools">{rows}</ul> }.into_any())
}

/// Draws how far a part of the study is, and what else there is to say of it.
fn part(name: String, target: String, counts: &CaseCounts, more: &str) -> AnyView {
    let label = format!("Progress of {name}");
    let mark = if counts.is_complete() { " ✓" } else { "" };
    let figures = format!("{} of {}{mark}{more}", thousands(counts.done), thousands(counts.cases));
    view! {
        <li class="parts__one">
            <span class="parts__name">{link(target, name)}</span>
            {bar(counts, label)}
            {text("parts__figures", figures)}
        </li>
    }
    .into_any()
}

/// Draws the versions and designs that the cases of each shown batch are of, unless it is one design; if several batches are
/// shown, also how many of their cases aren't counted. An operator who has sent a design to the wrong batch finds it in that
/// batch, also if it is the only one.
fn shares(snapshot: &Snapshot, counts: &CaseCounts, shown: &[&BatchAccount], open: &OpenStudy) -> AnyView {
    let is_one = shown.len() == 1;
    let tells_one = is_one && snapshot.batches.len() > 1 && open.role == Role::Operator;
    let lists = shown.iter().filter_map(|account| {
        let name = if is_one { String::new() } else { format!("{}: ", account.batch) };
        version_shares(account, &name, tells_one, snapshot.time, open)
    });
    let lists: Vec<_> = lists.take(MAX_GROUPS).collect();
    let withdrawn = counted(counts.withdrawn, "withdrawn case isn't", "withdrawn cases aren't");
    let withdrawn = (!is_one && counts.withdrawn > 0).then(|| view! { <p class="versions">{withdrawn}" counted"</p> });
    view! { {lists} {withdrawn} {asked(open.reader)} }.into_any()
}

/// Tells when the cases will be finished, as of `now`.
fn finish(snapshot: &Snapshot, counts: &CaseCounts, route: &Route, now: f64) -> AnyView {
    let batch = route.batches.one();
    if counts.open() == 0 {
        let over = if counts.is_complete() { "complete" } else { "nothing left to run" };
        return view! { <p>{over}</p> }.into_any();
    }
    // All open cases wait for their sender.
    if counts.open() == counts.unsent {
        let design = route.on(Page::Design).to_string();
        return view! { <p>"the rest isn't sent yet · "<a href=design>"Design"</a></p> }.into_any();
    }
    let unknown = |why: String| view! { <p class="faint">{format!("no finish time: {why}")}</p> }.into_any();
    // Nobody knows when a study goes on that was stopped.
    if snapshot.control.is_stopped() {
        return unknown(if snapshot.control.paused { "paused" } else { "halted" }.to_owned());
    }
    // A look may be a minute old.
    let at = |secs: f64| clock_time((snapshot.time + secs).max(now), now);
    let outlook = outlook(snapshot, batch);
    if outlook.workers() == 0 {
        return unknown("no worker takes cases".to_owned());
    }
    let Some(Forecast { least_secs, most_secs }) = outlook.forecast(counts.open(), 0) else {
        return unknown(format!("{} of {MIN_FINISHED} cases finished that it needs", outlook.finished()));
    };
    let least = at(least_secs);
    let range = |most: Option<String>| match most {
        None => format!("finishes {least} or later"),
        Some(most) if most == least => format!("finishes {least}"),
        Some(most) => format!("finishes {least} – {most}"),
    };
    let (when, more, meaning) = if counts.open() < snapshot.total.open() {
        // Nobody knows which of several batches comes first.
        let end = self::outlook(snapshot, None).forecast(snapshot.total.open(), 0).and_then(|all| all.most_secs);
        let meaning = "The earlier if its cases come first, the later if they come last: workers serve all batches.";
        (range(end.map(at)), " · other batches wait, too".to_owned(), meaning.to_owned())
    } else if let Some(most_secs) = most_secs {
        let sooner = outlook.forecast(counts.open(), MORE_WORKERS).and_then(|sooner| sooner.most_secs);
        let sooner = sooner.map(at).filter(|sooner| *sooner != at(most_secs));
        let more = sooner.map(|sooner| format!(" · with {MORE_WORKERS} more workers {sooner}"));
        let meaning = format!("In {} to {}, with a chance of nine in ten.", duration(least_secs), duration(most_secs));
        (range(Some(at(most_secs))), more.unwrap_or_default(), meaning)
    } else {
        (range(None), String::new(), "The last cases may take longer than any that has finished.".to_owned())
    };
    let basis = format!(
        " It rests on the durations of {} and on {} at work, if they stay.",
        counted(outlook.finished() as u64, "finished case", "finished cases"),
        counted(outlook.workers(), "worker", "workers"),
    );
    view! {
        <details class="why">
            <summary>{when}{text("faint", more)}</summary>
            <p>{meaning + &basis}</p>
        </details>
    }
    .into_any()
}

/// Returns the basis of a forecast: durations of a batch's cases and the workers that compute them, as far as they are known.
fn outlook(snapshot: &Snapshot, batch: Option<&Batch>) -> ForecastBasis {
    let is_elsewhere = |case: &RunningCase| batch.is_some_and(|batch| !batch.contains(case.batch.as_str()));
    let own = |worker: &Heartbeat| match &worker.case {
        // For these cases it is a worker that will be free.
        Some(case) if is_elsewhere(case) => Heartbeat { case: None, state: WorkerState::Waiting, ..worker.clone() },
        _ => worker.clone(),
    };
    let workers: Vec<Heartbeat> = snapshot.workers.iter().map(own).collect();
    ForecastBasis::of(&snapshot.finishes(batch), &workers, snapshot.time)
}

fn call_for_worker(snapshot: &Snapshot, counts: &CaseCounts, open: &OpenStudy) -> Option<AnyView> {
    // Cases that aren't sent yet wait for their sender.
    let waiting = counts.queued - counts.unsent;
    if waiting == 0 || snapshot.alive_workers().next().is_some() {
        return None;
    }
    let waits = if waiting == 1 { "waits" } else { "wait" };
    let is_attached = snapshot.workers.iter().any(|worker| worker.is_alive(snapshot.time));
    let reason = if is_attached { "No worker has been heard of for a while." } else { "No worker is attached." };
    let call = view! {
        <section class="panel panel--call">
            <h2>{format!("{} {waits} for a worker", counted(waiting, "case", "cases"))}</h2>
            <p>{reason}" Attach one with the line for its software:"</p>
            {attach_lines(open)}
        </section>
    };
    Some(call.into_any())
}

/// Draws the histogram of the first response of these batches.
fn response(shown: &[&BatchAccount], open: &OpenStudy) -> Option<AnyView> {
    let response = ResponseSummary::combined(shown.iter().filter_map(|account| account.response.as_ref()))?;
    let results = open.reader.route.get().on(Page::Results);
    let target = results.with("y", &format!("response.{}", encoded(&response.name)));
    Some(response_chart(&response, target))
}

/// Draws the levels of the batch that is shown, or the batches if there are several. Each leads to its cases, or to its batch.
fn parts(shown: &[&BatchAccount], route: &Route) -> Option<AnyView> {
    let of_level = |(level, counts): &(u32, CaseCounts)| {
        (format!("level {level}"), route.list(&format!("case.level:{level}..{level}")), *counts)
    };
    // A batch is shown with those below it: its own row leads to its cases.
    let of_batch = |account: &&BatchAccount| {
        let batches = BatchChoice::One(account.batch.clone());
        let is_shown = route.batches == batches;
        let target = if is_shown { route.list("case.state:*") } else { route.of(batches).to_string() };
        (account.batch.to_string(), target, account.counts)
    };
    let (all, explained) = match shown {
        [only] => (only.levels.len(), only.levels.len() > 1),
        several => (several.len(), false),
    };
    let rows: Vec<(String, String, CaseCounts)> = match shown {
        [only] => only.levels.iter().take(MAX_PARTS).map(of_level).collect(),
        several => submitted_first(several.iter().copied(), MAX_PARTS).iter().map(of_batch).collect(),
    };
    let row = |(name, target, counts): (String, String, CaseCounts)| part(name, target, &counts, "");
    if rows.len() < 2 {
        return None;
    }
    let rows: Vec<_> = rows.into_iter().map(row).collect();
    let more = (all > MAX_PARTS).then(|| format!("and {} more", thousands((all - MAX_PARTS) as u64)));
    let explained = explained.then_some("Each level extends those before it.");
    Some(view! { <div><ul class="parts" aria-label="Parts of the study">{rows}</ul><p class="faint">{explained}{more}</p></div> }.into_any())
}

fn workers(snapshot: &Snapshot, open: &OpenStudy, now: f64) -> Option<AnyView> {
    if snapshot.workers.is_empty() {
        return None;
    }
    let count = snapshot.alive_workers().count() as u64;
    // Workers are in the order of their hosts.
    let mut hosts: Vec<&str> = snapshot.alive_workers().map(|worker| worker.host.as_str()).collect();
    hosts.dedup();
    let hosts = counted(hosts.len() as u64, "host", "hosts");
    let summary = if count > 0 { format!("{} on {hosts}", thousands(count)) } else { "none is heard of".to_owned() };
    let beyond = snapshot.workers_beyond;
    let beyond = (beyond > 0).then(|| format!(" · {} more aren't listed", thousands(beyond)));
    let of_all = if snapshot.batches.len() > 1 { " · they serve all batches" } else { "" };
    let action = |workers: &[&Heartbeat]| steering::of_row(workers, snapshot, open);
    let action: Option<RowAction> = if steering::may_steer(open) { Some(&action) } else { None };
    let section = view! {
        <h2>"Workers" <span class="faint">{summary}{beyond}{of_all}</span></h2>
        {steering::of_workers(snapshot, open)}
        {worker_table(&snapshot.workers.iter().collect::<Vec<_>>(), now, &open.reader.route.get(), action)}
    };
    Some(section.into_any())
}

fn errors(snapshot: &Snapshot, route: &Route, now: f64) -> Option<AnyView> {
    let groups = snapshot.error_groups(route.batches.one());
    if groups.is_empty() {
        let none = || view! { <h2>"Errors"</h2><p class="faint">{none_failed(snapshot, route)}</p> }.into_any();
        // A batch without cases says so already.
        let has_others = !snapshot.error_parts.is_empty() && snapshot.counts(route.batches.one()).cases > 0;
        return has_others.then(none);
    }
    let page = route.on(Page::Errors);
    let lines: Vec<_> = groups
        .iter()
        .take(MAX_GROUPS)
        .map(|group| {
            let target = Route { group: Some(group.signature.to_owned()), ..page.clone() };
            let head = error_group_head(group, snapshot.workers_with_cases(), now);
            view! { <li class="group"><a class="group__head" href=target.to_string()>{head}</a></li> }
        })
        .collect();
    let count = counted(groups.len() as u64, "group", "groups");
    let section = view! {
        <h2>"Errors" <a class="faint" href=page.to_string()>{count}</a></h2>
        <ul class="groups">{lines}</ul>
    };
    Some(section.into_any())
}

/// Tells that none of the shown cases has failed, and how many others have.
fn none_failed(snapshot: &Snapshot, route: &Route) -> AnyView {
    let elsewhere: usize = snapshot.error_groups(None).iter().map(ErrorGroup::len).sum();
    if elsewhere == 0 {
        let withdrawn = snapshot.counts(route.batches.one()).withdrawn;
        let words = match withdrawn {
            0 => "No case has failed.".to_owned(),
            _ => format!("No case has failed that counts; {} withdrawn.", counted(withdrawn, "case is", "cases are")),
        };
        return words.into_any();
    }
    let others = route.on(Page::Errors).of(BatchChoice::All);
    view! { {format!("None in this batch; {elsewhere} in others. ")}<a href=others.to_string()>"Show all batches"</a> }
        .into_any()
}
