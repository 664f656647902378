//! Table of workers, and of what each is doing.

use cruncher_browser::local_time::past_time;
use cruncher_browser::state::route::{ALL, BatchChoice, Page, Route, encoded};
use cruncher_browser::state::worker_words::state_words;
use cruncher_study::heartbeat::{Heartbeat, WorkerState};
use cruncher_study::number_format::{counted, duration, thousands};
use cruncher_study::shown_text::visible;
use leptos::prelude::*;

use super::inline::{line, link, text};
use crate::fleet::{COLUMNS, Fleet, FleetOrder, FleetRow, portions, running_secs, share};

/// Maximum number of characters of a worker's message.
const MAX_MESSAGE_CHARS: usize = 600;

/// What is offered for the workers of a row, if anything is.
pub(crate) type RowAction<'a> = &'a dyn Fn(&[&Heartbeat]) -> Option<AnyView>;

/// Draws a row for each worker, or for each host of many, as of `now`, in the order of the address, with what is offered for a
/// row if that is given.
pub(crate) fn worker_table(workers: &[&Heartbeat], now: f64, route: &Route, action: Option<RowAction>) -> AnyView {
    let order = route.sort.as_deref().and_then(FleetOrder::parse);
    let fleet = Fleet::of(workers, order, route.host.as_deref(), now);
    let head = |(index, (_, name, _)): (usize, (&str, &'static str, bool))| {
        let sorted = order.filter(|order| order.column == index);
        let direction = match sorted {
            None => "none",
            Some(order) if order.is_descending => "descending",
            Some(_) => "ascending",
        };
        let target = Route { sort: Some(FleetOrder::after(order, index)), ..route.clone() };
        view! {
            <th scope="col" class=class(index) aria-sort=direction>{link(target.to_string(), name.to_owned())}</th>
        }
    };
    let heads: Vec<_> = COLUMNS.into_iter().enumerate().map(head).collect();
    let actions = action.map(|_| view! { <th scope="col">"Actions"</th> });
    let rows: Vec<_> = fleet.rows.iter().map(|row| fleet_row(row, &fleet, now, route, action)).collect();
    let all = (fleet.hidden > 0 || fleet.has_hosts).then(|| {
        let portions = portions(route.host.as_deref());
        let target = Route { host: Some(ALL.repeat(portions + 1)), ..route.clone() };
        let words = match portions {
            0 => format!("Show all {} one by one", counted(workers.len() as u64, "worker", "workers")),
            _ => format!("Show more of {} further workers", thousands(fleet.hidden as u64)),
        };
        view! { <p class="table__more">{link(target.to_string(), words)}</p> }
    });
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Workers">
            <table class="table fleet">
                <thead><tr>{heads}{actions}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        {all}
    }
    .into_any()
}

fn class(column: usize) -> &'static str {
    if (4..7).contains(&column) { "number" } else { "" }
}

/// Draws a cell of a column.
fn cell(column: usize, title: String, content: AnyView) -> AnyView {
    let (_, name, _) = COLUMNS[column];
    view! { <td class=class(column) data-head=name title=title>{content}</td> }.into_any()
}

fn fleet_row(row: &FleetRow, fleet: &Fleet, now: f64, route: &Route, action: Option<RowAction>) -> AnyView {
    let worker = row.workers[0];
    let is_past = row.workers.iter().all(|worker| worker.state.is_over() || worker.is_silent(now));
    let cells = [
        cell(0, if row.is_host { String::new() } else { visible(&worker.worker) }, name(row, route)),
        cell(1, String::new(), software(worker).into_any()),
        cell(2, String::new(), states(row, now).into_any()),
        if row.is_host { cell(3, String::new(), String::new().into_any()) } else { case_cell(worker, now) },
        done_cell(row, now),
        failed_cell(row, fleet),
        median_cell(row),
        cell(7, String::new(), past_time(now - row.age_secs(now), now).into_any()),
    ];
    let columns = COLUMNS.len() + usize::from(action.is_some());
    let offered = action.map(|action| view! { <td>{action(&row.workers)}</td> });
    let class = match (is_past, row.is_host) {
        (true, _) => "table__past",
        (_, true) => "table__host",
        _ => "",
    };
    view! {
        <tr class=class>{Vec::from(cells)}{offered}</tr>
        {(!row.is_host).then(|| last_words(worker, columns))}
    }
    .into_any()
}

/// Says what a worker runs, and its pool if that isn't the study's own queue.
fn software(worker: &Heartbeat) -> String {
    let pool = worker.pool.iter().flat_map(|pool| [" · ", pool.as_str()]);
    std::iter::once(worker.version.as_str()).chain(pool).collect()
}

/// Names a worker, or a host, whose name shows its workers or leaves them out again.
fn name(row: &FleetRow, route: &Route) -> AnyView {
    if !row.is_host {
        return line([text("fleet__host", row.host.to_owned()), text("faint", visible(row.process))]);
    }
    let own = encoded(row.host);
    let is_open = route.host.as_ref() == Some(&own);
    let target = Route { host: (!is_open).then_some(own), ..route.clone() };
    let host = view! {
        <a class="fleet__host" href=target.to_string() aria-expanded=is_open.to_string()>{row.host.to_owned()}</a>
    };
    line([host.into_any(), text("faint", counted(row.workers.len() as u64, "worker", "workers"))])
}

/// Says in which state a worker is, or how many of a host are in which.
fn states(row: &FleetRow, now: f64) -> String {
    if let [worker] = row.workers[..] {
        let (symbol, word) = state_words(worker, now);
        let age = (word == "silent").then(|| format!(" for {}", duration(now - worker.time)));
        return format!("{symbol} {word}{}", age.unwrap_or_default());
    }
    let mut counts: Vec<((&str, &str), u64)> = Vec::new();
    for worker in &row.workers {
        let words = state_words(worker, now);
        match counts.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => counts.push((words, 1)),
        }
    }
    let words = counts.into_iter().map(|((symbol, word), count)| format!("{symbol} {count} {word}"));
    words.collect::<Vec<_>>().join("  ")
}

fn case_cell(worker: &Heartbeat, now: f64) -> AnyView {
    let Some(case) = worker.case.as_ref().filter(|_| worker.state == WorkerState::Running) else {
        return cell(3, String::new(), String::new().into_any());
    };
    let id = case.case_id.to_string();
    let title =
        format!("{id} of {}, level {}. {}", case.batch, case.level, case.progress_text.as_deref().unwrap_or_default());
    let target = Route { page: Page::Cases, batches: BatchChoice::One(case.batch.clone()), ..Route::default() };
    let progress = case.progress.map(|fraction| format!("{:.0} %", 100.0 * fraction.clamp(0.0, 1.0)));
    let attempt = (case.attempt > 1).then(|| format!("attempt {}", case.attempt));
    let words: Vec<String> =
        running_secs(worker, now).map(duration).into_iter().chain(progress).chain(attempt).collect();
    let words = words.join(" · ");
    let content = line([link(target.with("case", &id), id[..8].to_owned()), text("faint", words)]);
    cell(3, title, content)
}

/// The cases of a row's workers that meet a condition, in all batches.
fn list(row: &FleetRow, condition: &str) -> String {
    let worker = &row.workers[0].worker;
    // All workers of a host have names that begin with it.
    let named = if row.is_host {
        format!("~{}_%2A", encoded(worker.rsplitn(3, '_').last().unwrap_or_default()))
    } else {
        encoded(worker)
    };
    Route { batches: BatchChoice::All, ..Route::default() }.list(&format!("case.worker:{named},{condition}"))
}

fn linked(count: u64, target: String) -> AnyView {
    if count == 0 { text("", "0".to_owned()) } else { link(target, thousands(count)) }
}

fn done_cell(row: &FleetRow, now: f64) -> AnyView {
    // Cases that it finished after its last heartbeat aren't counted.
    let is_more = |worker: &&Heartbeat| worker.is_silent(now) && worker.state == WorkerState::Running;
    let at_least = if row.workers.iter().any(is_more) { "≥ " } else { "" };
    cell(4, String::new(), line([at_least.to_owned().into_any(), linked(row.done, list(row, "case.state:done"))]))
}

fn failed_cell(row: &FleetRow, fleet: &Fleet) -> AnyView {
    if row.failures == 0 {
        return cell(5, String::new(), line(["0".to_owned().into_any(), text("faint", String::new())]));
    }
    let percent = |share: f64| if share < 0.01 { "< 1 %".to_owned() } else { format!("{:.0} %", 100.0 * share) };
    let far = if row.is_failing { "Far more than with the others. " } else { "" };
    let title = format!(
        "{far}{} of {} failed; of all workers' attempts {}. The list has the cases that have no result since.",
        thousands(row.failures),
        counted(row.attempts, "attempt", "attempts"),
        percent(fleet.failed_share),
    );
    let (mark, class) = if row.is_failing { ("▲ ", "fleet__far") } else { ("", "faint") };
    let failed = linked(row.failures, list(row, "case.error:*"));
    cell(5, title, line([failed, text(class, format!("{mark}{}", percent(share(row.failures, row.attempts))))]))
}

fn median_cell(row: &FleetRow) -> AnyView {
    let ratio = row.ratio.map(|ratio| format!("{ratio:.1}×"));
    let title = if ratio.is_some() { "And its ratio to the median of all workers" } else { "" };
    let median = row.median_secs.map(duration).unwrap_or_default();
    cell(6, title.to_owned(), line([median.into_any(), text("faint", ratio.unwrap_or_default())]))
}

/// Draws what a worker has said last, with the traceback of a crash.
fn last_words(worker: &Heartbeat, columns: usize) -> Option<AnyView> {
    let message = worker.message.as_deref().filter(|message| !message.is_empty());
    let message = message.map(|message| message.chars().take(MAX_MESSAGE_CHARS).collect::<String>());
    let trace = worker.traceback.as_deref().filter(|trace| !trace.is_empty());
    if message.is_none() && trace.is_none() {
        return None;
    }
    let trace = trace.map(|trace| {
        view! { <details><summary>"Traceback"</summary><pre class="trace">{trace.to_owned()}</pre></details> }
    });
    let words = view! {
        <tr class="table__words"><td colspan=columns.to_string()>{message}{trace}</td></tr>
    };
    Some(words.into_any())
}
