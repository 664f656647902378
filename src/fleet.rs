//! The fleet: workers, or the hosts of many, with what sets one apart from the others, in the reader's order.

use std::cmp::Ordering;

use cruncher_browser::state::route::{ALL, encoded};
use cruncher_browser::state::worker_words::state_words;
use cruncher_study::heartbeat::{Heartbeat, WorkerState};

/// Maximum number of workers that are listed one by one if several share a host.
const MAX_FLAT: usize = 24;

/// Maximum number of rows, unless all workers are asked for.
pub(crate) const MAX_ROWS: usize = 60;

/// Number of workers that are listed when all are asked for one by one, and added at a time: the table is drawn anew with each look.
pub(crate) const ROWS_AT_A_TIME: usize = 200;

/// Minimum number of failures that may set a worker apart, and the distance from what is expected, in standard deviations.
const MIN_FAILURES: f64 = 3.0;
const FAR_DEVIATIONS: f64 = 4.0;

/// A column: its name in the address, its head, and whether its largest value comes first if it is chosen.
pub(crate) const COLUMNS: [(&str, &str, bool); 8] = [
    ("worker", "Worker", false),
    ("software", "Software", false),
    ("state", "State", false),
    ("case", "Case", true),
    ("done", "Done", true),
    ("failed", "Failed", true),
    ("median", "Median time", true),
    ("heard", "Heard of", false),
];

/// Order of the rows: a place in [`COLUMNS`], and whether its largest value comes first. Without one, the order is that of the
/// snapshot: those alive first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FleetOrder {
    pub(crate) column: usize,
    pub(crate) is_descending: bool,
}

impl FleetOrder {
    /// Reads the order from an address; `None` if it names no column.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let name = text.strip_prefix('-').unwrap_or(text);
        let column = COLUMNS.iter().position(|(own, ..)| *own == name)?;
        Some(Self { column, is_descending: name.len() < text.len() })
    }

    /// Returns the order, as in an address, that a press on a column's head makes of the present one.
    pub(crate) fn after(order: Option<Self>, column: usize) -> String {
        let (name, _, is_largest_first) = COLUMNS[column];
        let is_descending = match order {
            Some(order) if order.column == column => !order.is_descending,
            _ => is_largest_first,
        };
        format!("{}{name}", if is_descending { "-" } else { "" })
    }
}

/// A worker, or all workers of a host.
#[derive(Debug)]
pub(crate) struct FleetRow<'a> {
    pub(crate) host: &'a str,
    /// Part that tells a worker from others on its host; empty if there are none.
    pub(crate) process: &'a str,
    pub(crate) workers: Vec<&'a Heartbeat>,
    /// Whether it stands for a host, whose workers are listed only if it is open.
    pub(crate) is_host: bool,
    pub(crate) done: u64,
    /// Failed attempts, and all attempts.
    pub(crate) failures: u64,
    pub(crate) attempts: u64,
    /// Whether far more of its attempts fail than of the others.
    pub(crate) is_failing: bool,
    /// Median duration of its cases, in seconds, and its ratio to that of all workers if there are several.
    pub(crate) median_secs: Option<f64>,
    pub(crate) ratio: Option<f64>,
}

/// The workers of a study, as they are shown.
#[derive(Debug)]
pub(crate) struct Fleet<'a> {
    pub(crate) rows: Vec<FleetRow<'a>>,
    /// Number of workers that are neither shown nor stand behind a row.
    pub(crate) hidden: usize,
    /// Whether workers stand behind the row of their host.
    pub(crate) has_hosts: bool,
    /// Share of failed attempts of all workers.
    pub(crate) failed_share: f64,
}

impl<'a> Fleet<'a> {
    /// Arranges workers as of `now`; of many, only those of the host that is `open`, percent-encoded, stand one by one.
    pub(crate) fn of(workers: &[&'a Heartbeat], order: Option<FleetOrder>, open: Option<&str>, now: f64) -> Self {
        let totals = FleetTotals::of(workers);
        let hosts = FleetHosts::of(workers);
        let portions = portions(open);
        let has_hosts = workers.len() > MAX_FLAT && hosts.all.len() < workers.len() && portions == 0;
        let single = |worker: &&'a Heartbeat| {
            let process = process(worker, hosts.of_host(&worker.host));
            totals.row(process, vec![*worker], false)
        };
        let rows = if has_hosts {
            let mut rows = Vec::new();
            let of_hosts = hosts.all.iter().map(|known| match &known[..] {
                [only] => single(only),
                several => totals.row("", several.to_vec(), true),
            });
            for row in in_order(of_hosts, order, now) {
                let is_open = row.is_host && open.is_some_and(|open| open == encoded(row.host));
                let own: Vec<_> = if is_open { row.workers.iter().map(single).collect() } else { Vec::new() };
                rows.push(row);
                rows.extend(in_order(own.into_iter(), order, now));
            }
            rows
        } else {
            in_order(workers.iter().map(single), order, now)
        };
        let failed_share = share(totals.failures, totals.attempts);
        let mut fleet = Self { rows, hidden: 0, has_hosts, failed_share };
        let most = if portions == 0 { MAX_ROWS } else { portions * ROWS_AT_A_TIME };
        if fleet.rows.len() > most {
            let rest = fleet.rows.split_off(most);
            fleet.hidden = rest.iter().map(|row| row.workers.len()).sum();
        }
        fleet
    }
}

/// Returns the number of portions of workers that are listed one by one; 0 if hosts are listed, or the first workers alone.
pub(crate) fn portions(open: Option<&str>) -> usize {
    open.filter(|open| open.starts_with(ALL)).map_or(0, str::len)
}

/// Workers by their hosts.
struct FleetHosts<'a> {
    /// Those of each host, in the order in which the first of them stood. Those of a host may stand apart: alive ones come first.
    all: Vec<Vec<&'a Heartbeat>>,
    /// Places in it, in the order of the hosts' names.
    by_name: Vec<usize>,
}

impl<'a> FleetHosts<'a> {
    fn of(workers: &[&'a Heartbeat]) -> Self {
        let mut hosts = Self { all: Vec::new(), by_name: Vec::new() };
        for worker in workers {
            let (at, place) = hosts.find(&worker.host);
            if let Some(place) = place {
                hosts.all[place].push(*worker);
            } else {
                hosts.by_name.insert(at, hosts.all.len());
                hosts.all.push(vec![*worker]);
            }
        }
        hosts
    }

    /// Returns where a host stands among the names, or would stand, and its place if it is known.
    fn find(&self, host: &str) -> (usize, Option<usize>) {
        let name = |place: usize| self.all[place][0].host.as_str();
        let at = self.by_name.partition_point(|place| name(*place) < host);
        (at, self.by_name.get(at).copied().filter(|place| name(*place) == host))
    }

    fn of_host(&self, host: &str) -> &[&'a Heartbeat] {
        self.find(host).1.map_or(&[], |place| &self.all[place])
    }
}

/// Share of a number in another one, which may be 0.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
pub(crate) fn share(part: u64, all: u64) -> f64 {
    part as f64 / all.max(1) as f64
}

/// The part of a worker's name that tells it from these, which are on its host: the number of its process, unless another worker has
/// the same, as in containers.
fn process<'a>(worker: &'a Heartbeat, beside: &[&Heartbeat]) -> &'a str {
    if beside.len() < 2 {
        return "";
    }
    let number = |worker: &'a Heartbeat| worker.process().split('-').next().unwrap_or_default();
    let own = number(worker);
    let is_it = |other: &&&Heartbeat| other.process().split('-').next() == Some(own);
    if beside.iter().filter(is_it).count() == 1 { own } else { worker.process() }
}

/// What a worker is compared with.
struct FleetTotals {
    failures: u64,
    attempts: u64,
    /// Median duration of all workers' cases, if several have one.
    median_secs: Option<f64>,
}

impl FleetTotals {
    fn of(workers: &[&Heartbeat]) -> Self {
        let with_median = workers.iter().filter(|worker| worker.median_secs.is_some()).count();
        Self {
            failures: workers.iter().map(|worker| failures(worker)).sum(),
            attempts: workers.iter().map(|worker| worker.counts.computed()).sum(),
            median_secs: median_secs(workers).filter(|_| with_median > 1),
        }
    }

    fn row<'a>(&self, process: &'a str, workers: Vec<&'a Heartbeat>, is_host: bool) -> FleetRow<'a> {
        let failed = workers.iter().map(|worker| failures(worker)).sum();
        let attempts = workers.iter().map(|worker| worker.counts.computed()).sum();
        let median_secs = median_secs(&workers);
        let ratio = median_secs.zip(self.median_secs.filter(|secs| *secs > 0.0)).map(|(own, all)| own / all);
        FleetRow {
            host: &workers[0].host,
            process,
            is_host,
            done: workers.iter().map(|worker| worker.counts.done).sum(),
            failures: failed,
            attempts,
            is_failing: self.is_far_above(failed, attempts),
            median_secs,
            ratio,
            workers,
        }
    }

    /// Whether so many failures are far more than the others let expect: of `attempts`, each fails with a probability that is known
    /// from the others' attempts alone, so the number of failures follows a beta-binomial distribution (with Laplace's rule of
    /// succession), and this one lies more than four standard deviations above its mean.
    #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 attempts")]
    fn is_far_above(&self, failures: u64, attempts: u64) -> bool {
        let others = [self.failures - failures, self.attempts - attempts].map(|count| count as f64);
        let (failures, attempts) = (failures as f64, attempts as f64);
        let known = others[1] + 2.0;
        let probability = (others[0] + 1.0) / known;
        let variance = attempts * probability * (1.0 - probability) * (known + attempts) / (known + 1.0);
        failures >= MIN_FAILURES && failures > attempts * probability + FAR_DEVIATIONS * variance.sqrt()
    }
}

/// Attempts of a worker that failed.
const fn failures(worker: &Heartbeat) -> u64 {
    worker.counts.failed + worker.counts.retried
}

/// The median of workers' medians, in which each counts as often as it has finished a case.
fn median_secs(workers: &[&Heartbeat]) -> Option<f64> {
    // Inserted one by one: a sorting algorithm would be a larger part of the first view.
    let mut medians: Vec<(f64, u64)> = Vec::new();
    for worker in workers {
        if let Some(secs) = worker.median_secs.filter(|secs| secs.is_finite()) {
            medians.insert(medians.partition_point(|(other, _)| *other <= secs), (secs, worker.counts.done.max(1)));
        }
    }
    let all: u64 = medians.iter().map(|(_, cases)| cases).sum();
    let mut below = 0;
    medians
        .into_iter()
        .find(|(_, cases)| {
            below += cases;
            2 * below >= all
        })
        .map(|(secs, _)| secs)
}

/// Puts rows in order; those that are alike stay as they are.
fn in_order<'a>(rows: impl Iterator<Item = FleetRow<'a>>, order: Option<FleetOrder>, now: f64) -> Vec<FleetRow<'a>> {
    let mut ordered: Vec<FleetRow> = Vec::new();
    for row in rows {
        let is_before = |other: &FleetRow| {
            let found = order.map_or(Ordering::Equal, |order| {
                let found = compare(other, &row, order.column, now);
                if order.is_descending { found.reverse() } else { found }
            });
            found != Ordering::Greater
        };
        let place = ordered.partition_point(is_before);
        ordered.insert(place, row);
    }
    ordered
}

fn compare(one: &FleetRow, other: &FleetRow, column: usize, now: f64) -> Ordering {
    let text = |row: &FleetRow| match column {
        0 => format!("{} {}", row.host, row.process),
        1 => row.workers[0].version.clone(),
        _ => String::new(),
    };
    let number = |row: &FleetRow| number(row, column, now);
    text(one).cmp(&text(other)).then(number(one).total_cmp(&number(other)))
}

/// The number by which a row is sorted in a column.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 cases")]
fn number(row: &FleetRow, column: usize, now: f64) -> f64 {
    let of_workers = row.workers.iter();
    match column {
        2 => of_workers.map(|worker| rank(worker, now)).fold(0.0, f64::max),
        3 => of_workers.filter_map(|worker| running_secs(worker, now)).fold(-1.0, f64::max),
        4 => row.done as f64,
        5 => share(row.failures, row.attempts),
        6 => row.median_secs.unwrap_or(-1.0),
        7 => row.age_secs(now),
        _ => 0.0,
    }
}

impl FleetRow<'_> {
    /// Time since one of its workers was heard of, in seconds.
    pub(crate) fn age_secs(&self, now: f64) -> f64 {
        now - self.workers.iter().map(|worker| worker.time).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Time for which a worker has been computing its case, in seconds, if it has one and is heard of.
pub(crate) fn running_secs(worker: &Heartbeat, now: f64) -> Option<f64> {
    let case = worker.case.as_ref().filter(|_| worker.state == WorkerState::Running)?;
    (!worker.is_silent(now)).then_some(now - case.start_time)
}

/// The place of a worker's state among all: those at work first, those that need somebody last.
fn rank(worker: &Heartbeat, now: f64) -> f64 {
    let (_, word) = state_words(worker, now);
    let order =
        ["running", "starting", "waiting", "paused", "halted", "stopped", "resting", "silent", "refused", "crashed"];
    order.iter().zip(0_u8..).find(|(own, _)| **own == word).map_or(0.0, |(_, place)| f64::from(place))
}

#[cfg(test)]
#[path = "fleet/tests.rs"]
mod tests;
