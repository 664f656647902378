//! What hosts were used for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::heartbeat::WorkerCounts;
use crate::shown_text::visible;

use super::HOUR_SECS;

/// Maximum number of letters of an instance type.
const MAX_TYPE_CHARS: usize = 40;

/// Maximum number of letters of a computer's name: more than any has.
const MAX_HOST_CHARS: usize = 200;

/// Largest number of vCPUs that is believed: more than any computer has.
const MAX_VCPUS: u32 = 4_096;

/// Largest number of cases that a worker is believed to have computed.
const MAX_CASES: u64 = 1_000_000_000;

/// Largest number of requests of a kind that a worker is believed to have sent in a second.
const MAX_REQUESTS_PER_SEC: f64 = 1_000.0;

/// Time that is added to that for which a worker was there, since it sends its first requests at once, in seconds.
const REQUEST_SLACK_SECS: f64 = 60.0;

/// Name of what has no instance type.
pub(super) const UNKNOWN_TYPE: &str = "not known";

/// Requests that were sent, by what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestCounts {
    /// To S3: reading objects, and looking for them.
    pub s3_get: u64,
    /// To S3: writing objects, and listing.
    pub s3_put: u64,
    /// To SQS.
    pub sqs: u64,
}

impl RequestCounts {
    /// Returns the sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            s3_get: self.s3_get.saturating_add(other.s3_get),
            s3_put: self.s3_put.saturating_add(other.s3_put),
            sqs: self.sqs.saturating_add(other.sqs),
        }
    }
}

/// The part of a worker's heartbeat that says what it has used.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct WorkerUsage {
    /// The computer's name.
    pub host: String,
    /// Time when the worker was attached.
    pub start_time: f64,
    /// Time of its last sign of life.
    pub time: f64,
    /// Number of processors that it may use; `None` of workers that don't tell it.
    #[serde(default)]
    pub vcpus: Option<u32>,
    /// Type of the instance, or what its user calls such a computer.
    #[serde(default)]
    pub instance_type: Option<String>,
    /// Time that it has spent on cases, in seconds.
    #[serde(default)]
    pub busy_secs: Option<f64>,
    /// Cases that it came to an end with.
    #[serde(default)]
    pub counts: WorkerCounts,
    /// Median duration of its cases, in seconds.
    #[serde(default)]
    pub median_secs: Option<f64>,
    /// Requests that it has sent.
    #[serde(default)]
    pub requests: RequestCounts,
}

impl WorkerUsage {
    /// Bounds what a heartbeat tells that was written at `written`, of a study that was launched at `launch_time`: nobody has worked longer
    /// than they were there.
    #[must_use]
    pub fn bounded(mut self, written: f64, launch_time: f64) -> Self {
        self.time = if self.time.is_finite() { self.time.min(written + 1.0) } else { written };
        self.start_time =
            if self.start_time.is_finite() { self.start_time.max(launch_time).min(self.time) } else { self.time };
        let attached_secs = self.attached_secs();
        self.busy_secs = self.busy_secs.filter(|secs| secs.is_finite()).map(|secs| secs.clamp(0.0, attached_secs));
        let counts = &mut self.counts;
        for count in [&mut counts.done, &mut counts.failed, &mut counts.retried] {
            *count = (*count).min(MAX_CASES);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a bound, never negative")]
        let most = (MAX_REQUESTS_PER_SEC * (attached_secs + REQUEST_SLACK_SECS)) as u64;
        let requests = &mut self.requests;
        for count in [&mut requests.s3_get, &mut requests.s3_put, &mut requests.sqs] {
            *count = (*count).min(most);
        }
        self.host = visible(&self.host).chars().take(MAX_HOST_CHARS).collect();
        self.vcpus = self.vcpus.filter(|vcpus| (1..=MAX_VCPUS).contains(vcpus));
        self.instance_type = self
            .instance_type
            .filter(|name| !name.is_empty())
            .map(|name| visible(&name).chars().take(MAX_TYPE_CHARS).collect());
        self
    }

    /// Returns the time for which it was attached, in seconds.
    #[must_use]
    pub const fn attached_secs(&self) -> f64 {
        self.time - self.start_time
    }

    /// Returns the time that it has spent on cases, in seconds; of a worker that doesn't tell it, about.
    fn computing_secs(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let about = || self.median_secs.unwrap_or(0.0) * self.counts.computed() as f64;
        self.busy_secs.unwrap_or_else(about).clamp(0.0, self.attached_secs().max(0.0))
    }
}

/// What rows of a table of usage stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UsageGrouping {
    /// Hosts of one instance type.
    #[default]
    InstanceType,
    /// A host.
    Host,
    /// Hosts with as many vCPUs.
    Vcpus,
}

impl UsageGrouping {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::InstanceType, Self::Host, Self::Vcpus];

    /// Returns the name in an address, and the head of a column of a file: `instance_type`, `host`, `vcpus`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstanceType => "instance_type",
            Self::Host => "host",
            Self::Vcpus => "vcpus",
        }
    }
}

/// What the hosts of a row were used for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UsageRow {
    /// Instance type, host or number of vCPUs.
    pub name: String,
    /// Number of hosts.
    pub hosts: u64,
    /// Number of hosts on which a worker is alive.
    pub hosts_alive: u64,
    /// Number of workers that were ever attached, as far as their heartbeats are there.
    pub workers: u64,
    /// Time for which hosts had a worker, in seconds.
    pub host_secs: f64,
    /// The same, each host as many times as it has vCPUs, in seconds; `None` if one doesn't tell its vCPUs.
    pub vcpu_secs: Option<f64>,
    /// Time for which workers were attached, in seconds.
    pub attached_secs: f64,
    /// Time that workers spent on cases, in seconds.
    pub computing_secs: f64,
    /// Number of attempts.
    pub attempts: u64,
    /// Number of cases with a result.
    pub done: u64,
    /// Requests of the workers.
    pub requests: RequestCounts,
    /// What the hosts cost, in dollars; `None` if the price of one isn't known.
    pub dollars: Option<f64>,
    /// What the hosts on which a worker is alive cost an hour, in dollars; `None` if the price of one isn't known.
    pub dollars_per_hour: Option<f64>,
}

impl UsageRow {
    /// Returns how long an attempt took on average, in seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    pub fn average_secs(&self) -> Option<f64> {
        (self.attempts > 0).then(|| self.computing_secs / self.attempts as f64)
    }

    /// Returns the share of the workers' time that was spent on cases.
    #[must_use]
    pub fn busy_share(&self) -> Option<f64> {
        (self.attached_secs > 0.0).then(|| self.computing_secs / self.attached_secs)
    }
}

/// A host, with its workers.
struct HostUsage<'a> {
    workers: Vec<&'a WorkerUsage>,
}

impl HostUsage<'_> {
    fn instance_type(&self) -> &str {
        // A host that was started anew under its old name is what it is now.
        let told = |worker: &&&WorkerUsage| worker.instance_type.is_some();
        let last = self.workers.iter().filter(told).max_by(|a, b| a.time.total_cmp(&b.time));
        last.and_then(|worker| worker.instance_type.as_deref()).unwrap_or(UNKNOWN_TYPE)
    }

    /// Returns the number of processors of the host: its workers may each have been given a part.
    fn vcpus(&self) -> Option<u32> {
        self.workers.iter().filter_map(|worker| worker.vcpus).max()
    }

    /// Returns the time for which any of its workers was there, in seconds.
    fn secs(&self) -> f64 {
        let mut stays: Vec<(f64, f64)> = self.workers.iter().map(|worker| (worker.start_time, worker.time)).collect();
        stays.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut until = f64::NEG_INFINITY;
        stays.into_iter().fold(0.0, |secs, (start, end)| {
            let more = (end - start.max(until)).max(0.0);
            until = until.max(end);
            secs + more
        })
    }
}

/// Makes rows of what workers have used, the dearest first, or else the one that was used longest. A worker is alive that was heard of
/// after `alive_since`. `price` tells what a host of an instance type costs an hour, in dollars.
#[must_use]
pub fn usage_rows(
    usages: &[WorkerUsage],
    grouping: UsageGrouping,
    alive_since: f64,
    price: &dyn Fn(&str) -> Option<f64>,
) -> Vec<UsageRow> {
    let mut hosts: BTreeMap<&str, HostUsage<'_>> = BTreeMap::new();
    for usage in usages {
        hosts.entry(&usage.host).or_insert_with(|| HostUsage { workers: Vec::new() }).workers.push(usage);
    }
    let mut rows: BTreeMap<String, UsageRow> = BTreeMap::new();
    for (name, host) in &hosts {
        let name = match grouping {
            UsageGrouping::InstanceType => host.instance_type().to_owned(),
            UsageGrouping::Host => (*name).to_owned(),
            UsageGrouping::Vcpus => host.vcpus().map_or_else(|| UNKNOWN_TYPE.to_owned(), |vcpus| vcpus.to_string()),
        };
        let empty = || UsageRow {
            vcpu_secs: Some(0.0),
            dollars: Some(0.0),
            dollars_per_hour: Some(0.0),
            ..UsageRow::default()
        };
        let row = rows.entry(name).or_insert_with(empty);
        add_host(row, host, alive_since, price(host.instance_type()));
    }
    let mut rows: Vec<UsageRow> = rows.into_iter().map(|(name, row)| UsageRow { name, ..row }).collect();
    let dearness = |row: &UsageRow| (row.dollars.unwrap_or(0.0), row.host_secs);
    rows.sort_by(|a, b| {
        let ((a_dollars, a_secs), (b_dollars, b_secs)) = (dearness(a), dearness(b));
        b_dollars.total_cmp(&a_dollars).then(b_secs.total_cmp(&a_secs))
    });
    rows
}

fn add_host(row: &mut UsageRow, host: &HostUsage<'_>, alive_since: f64, price: Option<f64>) {
    let secs = host.secs();
    let is_alive = host.workers.iter().any(|worker| worker.time > alive_since);
    row.hosts += 1;
    row.hosts_alive += u64::from(is_alive);
    row.host_secs += secs;
    row.vcpu_secs = row.vcpu_secs.zip(host.vcpus()).map(|(all, vcpus)| all + secs * f64::from(vcpus));
    row.dollars = row.dollars.zip(price).map(|(all, price)| all + secs / HOUR_SECS * price);
    if is_alive {
        row.dollars_per_hour = row.dollars_per_hour.zip(price).map(|(all, price)| all + price);
    }
    for worker in &host.workers {
        row.workers += 1;
        row.attached_secs += worker.attached_secs();
        row.computing_secs += worker.computing_secs();
        row.attempts = row.attempts.saturating_add(worker.counts.computed());
        row.done = row.done.saturating_add(worker.counts.done);
        row.requests = row.requests.plus(worker.requests);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) const NOW: f64 = 1_790_000_000.0;

    pub(crate) fn worker(host: &str, kind: Option<&str>, stay: (f64, f64), done: u64) -> WorkerUsage {
        WorkerUsage {
            host: host.to_owned(),
            start_time: NOW + stay.0 * HOUR_SECS,
            time: NOW + stay.1 * HOUR_SECS,
            vcpus: Some(4),
            instance_type: kind.map(str::to_owned),
            busy_secs: Some((stay.1 - stay.0) * HOUR_SECS / 2.0),
            counts: WorkerCounts { done, ..WorkerCounts::default() },
            median_secs: None,
            requests: RequestCounts { s3_get: 10 * done, s3_put: 5 * done, sqs: 4 * done },
        }
    }

    fn is_near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn the_heartbeat_of_the_protocol_tells_what_was_used() {
        let read: WorkerUsage = serde_json::from_str(include_str!("../../../../tests/golden/heartbeat.json")).unwrap();
        assert_eq!(
            (read.vcpus, read.instance_type.as_deref(), read.busy_secs),
            (Some(8), Some("c7i.2xlarge"), Some(93.25))
        );
        assert_eq!(read.requests, RequestCounts { s3_get: 40, s3_put: 29, sqs: 44 });
        let _: crate::heartbeat::Heartbeat =
            serde_json::from_str(include_str!("../../../../tests/golden/heartbeat.json")).unwrap();
        let old = r#"{"host": "h", "start_time": 1, "time": 101, "counts": {"done": 3}, "median_secs": 10}"#;
        let old: WorkerUsage = serde_json::from_str(old).unwrap();
        assert_eq!((old.vcpus, old.requests), (None, RequestCounts::default()));
        assert!(is_near(old.computing_secs(), 30.0));
    }

    #[test]
    fn a_host_is_used_by_its_workers_together() {
        let usages = [
            worker("a", Some("c7i.xlarge"), (-4.0, -1.0), 6),
            worker("a", Some("c7i.xlarge"), (-3.0, 0.0), 6),
            worker("a", Some("c7i.xlarge"), (-10.0, -8.0), 3),
            worker("b", None, (-2.0, -1.0), 0),
        ];
        let price = |kind: &str| (kind == "c7i.xlarge").then_some(0.2);
        let rows = usage_rows(&usages, UsageGrouping::InstanceType, NOW - 75.0, &price);
        let [known, unknown] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((known.name.as_str(), known.hosts, known.hosts_alive, known.workers), ("c7i.xlarge", 1, 1, 3));
        assert!(
            is_near(known.host_secs, 6.0 * HOUR_SECS) && is_near(known.attached_secs, 8.0 * HOUR_SECS),
            "{known:?}"
        );
        assert!(is_near(known.vcpu_secs.unwrap(), 24.0 * HOUR_SECS) && is_near(known.dollars.unwrap(), 1.2));
        assert!(
            is_near(known.average_secs().unwrap(), 4.0 * HOUR_SECS / 15.0) && is_near(known.busy_share().unwrap(), 0.5)
        );
        assert_eq!(known.requests, RequestCounts { s3_get: 150, s3_put: 75, sqs: 60 });
        assert!(is_near(known.dollars_per_hour.unwrap(), 0.2));
        assert_eq!((unknown.name.as_str(), unknown.dollars, unknown.average_secs()), ("not known", None, None));
        assert_eq!(unknown.dollars_per_hour, Some(0.0), "nothing of it costs anything any more");
        let hosts = usage_rows(&usages, UsageGrouping::Host, NOW, &price);
        assert_eq!(hosts.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let vcpus = usage_rows(&usages, UsageGrouping::Vcpus, NOW, &price);
        assert_eq!((vcpus.len(), vcpus[0].name.as_str(), vcpus[0].hosts, vcpus[0].dollars), (1, "4", 2, None));
    }

    #[test]
    fn what_somebody_forged_is_bounded() {
        let forged = WorkerUsage {
            host: format!("h\u{1b}{}", "x".repeat(1 << 20)),
            start_time: -1e300,
            time: 1e300,
            vcpus: Some(u32::MAX),
            instance_type: Some("x\u{202e}".repeat(99)),
            busy_secs: Some(f64::NAN),
            requests: RequestCounts { s3_get: u64::MAX, s3_put: u64::MAX, sqs: u64::MAX },
            counts: WorkerCounts { done: u64::MAX, failed: u64::MAX, retried: u64::MAX, ..WorkerCounts::default() },
            ..worker("h", None, (0.0, 0.0), 0)
        };
        let bounded = forged.bounded(NOW, NOW - HOUR_SECS);
        assert!(bounded.start_time >= NOW - HOUR_SECS && bounded.time <= NOW + 1.0);
        assert!(bounded.host.starts_with("h\\u{1b}x") && bounded.host.len() == 200, "{}", bounded.host);
        assert_eq!((bounded.vcpus, bounded.busy_secs), (None, None));
        assert_eq!(bounded.instance_type.as_ref().map(|name| name.chars().count()), Some(40));
        let rows = usage_rows(&[bounded.clone(), bounded], UsageGrouping::Host, NOW, &|_| Some(1.0));
        assert!(rows[0].dollars.unwrap() < 1.01 && rows[0].requests.sqs <= 2 * 1_000 * (3_601 + 60));
    }
}
