//! Hosts: the computers of a study, as their workers' heartbeats tell of them.

use std::collections::BTreeMap;

use cruncher_browser::state::worker_words::state_words;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::number_format::counted;

/// Maximum number of different texts of a host's workers that are told.
const MAX_TEXTS: usize = 5;

/// A computer, with its workers.
#[derive(Debug, PartialEq)]
pub(crate) struct HostRow<'a> {
    pub(crate) name: &'a str,
    pub(crate) workers: Vec<&'a Heartbeat>,
}

impl<'a> HostRow<'a> {
    /// Arranges workers by their hosts: those with a worker that is alive at `now` first, then by name.
    pub(crate) fn all(workers: &'a [Heartbeat], now: f64) -> Vec<Self> {
        let mut hosts: BTreeMap<&str, Vec<&Heartbeat>> = BTreeMap::new();
        for worker in workers {
            hosts.entry(&worker.host).or_default().push(worker);
        }
        let mut rows: Vec<Self> = hosts.into_iter().map(|(name, workers)| Self { name, workers }).collect();
        rows.sort_by_cached_key(|row| row.alive(now) == 0);
        rows
    }

    /// Returns the number of its workers that are alive.
    pub(crate) fn alive(&self, now: f64) -> usize {
        self.workers.iter().filter(|worker| worker.is_alive(now)).count()
    }

    /// Returns the states of its workers, each with its symbol: `▶ 3 running  ○ 1 waiting`. Those that have ended are told only if no
    /// other is there.
    pub(crate) fn states(&self, now: f64) -> String {
        let mut counts: Vec<((&str, &str), usize)> = Vec::new();
        let is_past = self.alive(now) == 0;
        let is_told = |worker: &&&Heartbeat| !worker.state.is_over() || is_past;
        for worker in self.workers.iter().filter(is_told) {
            let words = state_words(worker, now);
            match counts.iter_mut().find(|(known, _)| *known == words) {
                Some((_, count)) => *count += 1,
                None => counts.push((words, 1)),
            }
        }
        let words = counts.into_iter().map(|((symbol, word), count)| format!("{symbol} {count} {word}"));
        words.collect::<Vec<_>>().join("  ")
    }

    /// Returns the software of its workers, each once.
    pub(crate) fn software(&self) -> String {
        self.each(|worker| &worker.version)
    }

    /// Returns some different texts of its workers, in their order.
    fn each(&self, text: impl Fn(&'a Heartbeat) -> &'a str) -> String {
        let mut texts: Vec<&str> = Vec::new();
        for worker in &self.workers {
            let own = text(worker);
            if texts.len() == MAX_TEXTS {
                break;
            }
            if !own.is_empty() && !texts.contains(&own) {
                texts.push(own);
            }
        }
        texts.join(", ")
    }

    /// Returns the number of cases that its workers have computed.
    pub(crate) fn done(&self) -> u64 {
        self.workers.iter().map(|worker| worker.counts.done).sum()
    }

    /// Returns the time when one of its workers was heard of last.
    pub(crate) fn time(&self) -> f64 {
        self.workers.iter().map(|worker| worker.time).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Says how many workers there are on how many hosts.
pub(crate) fn summary(rows: &[HostRow], now: f64) -> String {
    let alive: usize = rows.iter().map(|row| row.alive(now)).sum();
    let hosts = rows.iter().filter(|row| row.alive(now) > 0).count();
    match alive {
        0 => "no worker is heard of".to_owned(),
        _ => {
            format!("{} on {}", counted(alive as u64, "worker", "workers"), counted(hosts as u64, "host", "hosts"))
        }
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::heartbeat::WorkerState;

    use super::*;

    const NOW: f64 = 1_790_000_000.0;

    fn worker(host: &str, state: WorkerState, age_secs: f64) -> Heartbeat {
        let json = format!(
            r#"{{"worker": "{host}_linux_1-00", "host": "{host}", "start_time": 1, "time": 1, "state": "running"}}"#
        );
        Heartbeat {
            state,
            time: NOW - age_secs,
            version: "Python 3.11".into(),
            ..serde_json::from_str(&json).expect("a heartbeat")
        }
    }

    #[test]
    fn hosts_with_workers_that_are_alive_come_first() {
        let workers = [
            worker("a", WorkerState::Running, 1000.0),
            worker("b", WorkerState::Running, 5.0),
            worker("b", WorkerState::Stopped, 5.0),
            worker("b", WorkerState::Waiting, 9.0),
            worker("a", WorkerState::Stopped, 2000.0),
        ];
        let rows = HostRow::all(&workers, NOW);
        assert_eq!(rows.iter().map(|row| row.name).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(rows[0].states(NOW), "▶ 1 running  ○ 1 waiting", "those that have ended are history");
        assert_eq!(rows[1].states(NOW), "? 1 silent  ■ 1 stopped");
        assert_eq!((rows[0].time(), rows[1].time()), (NOW - 5.0, NOW - 1000.0));
        assert_eq!(rows[0].software(), "Python 3.11");
        assert_eq!(summary(&rows, NOW), "2 workers on 1 host");
        assert_eq!(summary(&rows[1..], NOW), "no worker is heard of");
    }
}
