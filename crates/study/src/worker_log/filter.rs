//! Which entries somebody wants to see.

use super::{LogEntry, LogLevel, host_of};

/// Which entries of which workers' logs are wanted. What isn't named isn't asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogFilter {
    /// Of this worker: its whole name, or the part that tells it from others on its host, `4711-3fa2c1`.
    pub worker: Option<String>,
    /// Of this host.
    pub host: Option<String>,
    /// Of this level, or one that matters more.
    pub level: LogLevel,
    /// Written at this time or later.
    pub since: Option<f64>,
    /// Written before this time.
    pub until: Option<f64>,
    /// With this in its text, in capitals or not.
    pub text: Option<String>,
}

impl LogFilter {
    /// Whether entries of this worker are wanted.
    #[must_use]
    pub fn takes_worker(&self, worker: &str) -> bool {
        let is_named = |name: &String| name == worker || worker.rsplit('_').next() == Some(name);
        self.worker.as_ref().is_none_or(is_named) && self.host.as_ref().is_none_or(|host| host == host_of(worker))
    }

    /// Whether this entry of such a worker is wanted.
    #[must_use]
    pub fn takes(&self, entry: &LogEntry) -> bool {
        entry.level >= self.level
            && self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time < until)
            && self.text.as_ref().is_none_or(|text| entry.text.to_lowercase().contains(&text.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_are_meant_by_either_name_or_by_their_host() {
        let worker = "node7_linux_4711-3fa2c1";
        let named = |name: &str| LogFilter { worker: Some(name.into()), ..LogFilter::default() };
        let on = |host: &str| LogFilter { host: Some(host.into()), ..LogFilter::default() };
        assert!(LogFilter::default().takes_worker(worker) && on("node7").takes_worker(worker));
        assert!(named(worker).takes_worker(worker) && named("4711-3fa2c1").takes_worker(worker));
        assert!(
            !named("4711").takes_worker(worker) && !named("").takes_worker(worker) && !on("node").takes_worker(worker)
        );
        let both = LogFilter { host: Some("node8".into()), ..named("4711-3fa2c1") };
        assert!(!both.takes_worker(worker));
    }

    #[test]
    fn entries_are_chosen_by_time_and_level() {
        let entry = LogEntry { time: 10.0, level: LogLevel::Warning, text: "No such PACKAGE".into() };
        let all = LogFilter::default();
        for (filter, is_taken) in [
            (all.clone(), true),
            (LogFilter { level: LogLevel::Warning, ..all.clone() }, true),
            (LogFilter { level: LogLevel::Error, ..all.clone() }, false),
            (LogFilter { since: Some(10.0), ..all.clone() }, true),
            (LogFilter { since: Some(10.5), ..all.clone() }, false),
            (LogFilter { until: Some(10.5), ..all.clone() }, true),
            (LogFilter { text: Some("such package".into()), ..all.clone() }, true),
            (LogFilter { text: Some("a package".into()), ..all.clone() }, false),
            (LogFilter { until: Some(10.0), ..all }, false),
        ] {
            assert_eq!(filter.takes(&entry), is_taken, "{filter:?}");
        }
    }
}
