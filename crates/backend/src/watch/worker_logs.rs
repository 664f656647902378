//! The logs of a study's workers, read again and again: only what has changed, and never more than there is room for.

use std::collections::BTreeMap;

use cruncher_aws::{Error, s3};
use cruncher_study::key::WORKERS_PREFIX;
use cruncher_study::shown_text::visible;
use cruncher_study::worker_log::{
    LOG_BYTES, LogEntry, LogFilter, LogLeftOut, MergedLog, entries, log_key, merged, worker_of_log,
};

use crate::reading::{Body, ReadRequest};
use crate::study::Study;

/// Maximum number of logs that are read: those that were written to last.
pub const MAX_LOGS: usize = 500;

/// Maximum number of bytes of all logs that are read.
pub const MAX_LOGS_BYTES: u64 = 32 << 20;

/// Maximum number of entries that are handed out: the latest.
pub const MAX_ENTRIES: usize = 10_000;

/// Size of the largest log that is read, in bytes: four times that of the largest one that a worker writes.
const MAX_LOG_BYTES: u64 = 4 * LOG_BYTES;

/// Maximum number of logs that can't be read of which is said why.
const MAX_UNREADABLE: usize = 20;

/// Maximum number of logs that are asked for one by one whether they have changed; more are listed: a listing costs as much as a dozen.
const MAX_ASKED: usize = 12;

/// Time after which they are listed all the same, in seconds: there may be new ones.
const LIST_SECS: f64 = 30.0;

/// Reads workers' logs, and remembers what it has read.
pub struct WorkerLogs {
    study: Study,
    known: BTreeMap<String, KnownLog>,
    listed_time: f64,
    /// What was asked for last.
    filter: LogFilter,
    /// Number of logs that there was no room for.
    unread: u64,
}

/// A log as it was when it had this entity tag.
#[derive(Default)]
struct KnownLog {
    etag: String,
    size_bytes: u64,
    entries: Vec<LogEntry>,
    /// Number of entries that were there before the last look, or had scrolled out since.
    told: usize,
    unreadable: Option<String>,
}

impl WorkerLogs {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(study: Study) -> Self {
        Self { study, known: BTreeMap::new(), listed_time: f64::NEG_INFINITY, filter: LogFilter::default(), unread: 0 }
    }

    /// Returns the study.
    #[must_use]
    pub const fn study(&self) -> &Study {
        &self.study
    }

    /// Looks for what is new in the logs of the workers that `filter` names.
    ///
    /// # Errors
    /// If a request fails. A log that can't be read is none.
    pub async fn look(&mut self, filter: &LogFilter) -> Result<(), Error> {
        let asks_elsewhere =
            (&filter.worker, &filter.host, filter.since) != (&self.filter.worker, &self.filter.host, self.filter.since);
        self.filter = filter.clone();
        for log in self.known.values_mut() {
            log.told = log.entries.len();
        }
        let is_old = self.study.now() - self.listed_time >= LIST_SECS;
        if asks_elsewhere || is_old || self.known.is_empty() || self.known.len() > MAX_ASKED {
            self.list(filter).await
        } else {
            self.ask().await
        }
    }

    /// Returns the entries that `filter` takes of all that was read.
    #[must_use]
    pub fn log(&self, filter: &LogFilter) -> MergedLog {
        let mut log =
            merged(self.known.iter().map(|(worker, log)| (worker.as_str(), &*log.entries)), filter, MAX_ENTRIES);
        let known = || self.known.iter().filter(|(worker, _)| filter.takes_worker(worker));
        let unreadable = known().filter_map(|(worker, log)| Some((visible(&log_key(worker)), log.unreadable.clone()?)));
        log.left_out = LogLeftOut {
            logs: self.unread,
            without_beginning: known().filter(|(_, log)| log.is_without_beginning(filter)).count() as u64,
            unreadable: unreadable.take(MAX_UNREADABLE).collect(),
            ..log.left_out
        };
        log
    }

    /// Returns the entries that `filter` takes of those that the last look has found.
    #[must_use]
    pub fn news(&self, filter: &LogFilter) -> MergedLog {
        merged(self.known.iter().map(|(worker, log)| (worker.as_str(), &log.entries[log.told..])), filter, MAX_ENTRIES)
    }

    /// Lists the logs, and reads those that have changed.
    async fn list(&mut self, filter: &LogFilter) -> Result<(), Error> {
        let prefix = match (&filter.worker, &filter.host) {
            (Some(worker), _) if worker.contains('_') => log_key(worker),
            (_, Some(host)) => format!("{WORKERS_PREFIX}{host}_"),
            _ => WORKERS_PREFIX.to_owned(),
        };
        let listed =
            s3::list_all(&self.study.client, s3::ListObjects::new(&self.study.config.bucket).prefix(&prefix)).await?;
        self.listed_time = self.study.now();
        let (chosen, unread) = chosen(listed, filter);
        self.unread = unread;
        let news = self.compare(chosen);
        for (object, body) in self.study.read_all(news, MAX_LOG_BYTES).await? {
            let written = object.last_modified.as_secs_f64();
            if let Some(worker) = worker_of_log(&object.key) {
                self.known.entry(worker.to_owned()).or_default().enter(object.etag, body, written);
            }
        }
        Ok(())
    }

    /// Forgets what isn't chosen, and returns what has changed.
    fn compare(&mut self, chosen: Vec<s3::ListedObject>) -> Vec<ReadRequest> {
        let worker = |object: &s3::ListedObject| worker_of_log(&object.key).map(str::to_owned);
        let mut known = std::mem::take(&mut self.known);
        self.known = chosen.iter().filter_map(|object| known.remove_entry(&worker(object)?)).collect();
        let is_new = |object: &s3::ListedObject| {
            worker(object).is_some_and(|worker| self.known.get(&worker).is_none_or(|log| log.etag != object.etag))
        };
        chosen.into_iter().filter(is_new).map(ReadRequest::whole).collect()
    }

    /// Asks of each log whether it has changed.
    async fn ask(&mut self) -> Result<(), Error> {
        for (worker, log) in &mut self.known {
            let key = log_key(worker);
            let mut get = s3::GetObject::new(&self.study.config.bucket, &key);
            if !log.etag.is_empty() {
                get = get.if_none_match(&log.etag);
            }
            match self.study.fetch(get, &key, MAX_LOG_BYTES).await {
                Ok(None) => {}
                Ok(Some(object)) => {
                    let written = object.last_modified.map_or(self.listed_time, |time| time.as_secs_f64());
                    log.enter(object.etag.unwrap_or_default(), Ok(object.body), written.max(self.study.now()));
                }
                Err(error) if error.is_not_found() => {}
                Err(error) => log.enter(String::new(), Err(error.unread()?.to_string()), 0.0),
            }
        }
        Ok(())
    }
}

impl KnownLog {
    fn enter(&mut self, etag: String, body: Body, written: f64) {
        self.etag = etag;
        match body {
            Ok(body) => {
                self.size_bytes = body.len() as u64;
                let now = entries(&body, written);
                // What was last before is looked for from the end: what stands behind it is new.
                let place = self.entries.last().and_then(|last| now.iter().rposition(|entry| entry == last));
                self.told = place.map_or(0, |place| place + 1);
                (self.entries, self.unreadable) = (now, None);
            }
            Err(reason) => {
                self.unreadable = Some(visible(&reason));
                self.told = self.entries.len();
            }
        }
    }

    /// Whether entries that are wanted may have stood before the first one that is still there.
    fn is_without_beginning(&self, filter: &LogFilter) -> bool {
        // The first character, of four bytes at most, may have been cut.
        let is_full = self.size_bytes + 4 > LOG_BYTES;
        is_full && self.entries.first().is_none_or(|first| filter.since.is_none_or(|since| first.time > since))
    }
}

/// Chooses the logs that are read, in the order of keys, and returns the number of those that there is no room for: those that were
/// written to longest ago. One that wasn't written to since then has nothing that is wanted.
fn chosen(listed: Vec<s3::ListedObject>, filter: &LogFilter) -> (Vec<s3::ListedObject>, u64) {
    let is_wanted = |object: &s3::ListedObject| {
        // S3 tells whole seconds.
        let is_since = filter.since.is_none_or(|since| object.last_modified.as_secs_f64() + 1.0 >= since);
        is_since && worker_of_log(&object.key).is_some_and(|worker| filter.takes_worker(worker))
    };
    let mut wanted: Vec<s3::ListedObject> = listed.into_iter().filter(is_wanted).collect();
    wanted.sort_by_key(|object| std::cmp::Reverse(object.last_modified));
    let mut bytes = 0;
    let fits = |object: &&s3::ListedObject| {
        bytes += object.size_bytes.min(MAX_LOG_BYTES);
        bytes <= MAX_LOGS_BYTES
    };
    let room = wanted.iter().take(MAX_LOGS).take_while(fits).count();
    let unread = (wanted.len() - room) as u64;
    wanted.truncate(room);
    wanted.sort_by(|a, b| a.key.cmp(&b.key));
    (wanted, unread)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cruncher_study::worker_log::LogLevel;
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    struct Scene {
        cloud: Arc<TestCloud>,
        logs: WorkerLogs,
    }

    impl Scene {
        fn new() -> Self {
            let (cloud, study) = TestCloud::study();
            Self { cloud, logs: WorkerLogs::new(study) }
        }

        fn put(&self, worker: &str, lines: &[&str]) {
            let start = |log: String, line: &&str| log + "2026-09-21T14:" + line + "\n";
            self.cloud.put(&log_key(worker), lines.iter().fold(String::new(), start));
        }

        fn look(&mut self, filter: &LogFilter) {
            self.cloud.reads.lock().unwrap().clear();
            *self.cloud.lists.lock().unwrap() = 0;
            block_on(self.logs.look(filter)).unwrap();
        }

        fn reads(&self) -> usize {
            self.cloud.reads.lock().unwrap().len()
        }

        fn lists(&self) -> usize {
            *self.cloud.lists.lock().unwrap()
        }
    }

    fn length(bytes: u64) -> usize {
        usize::try_from(bytes).unwrap()
    }

    fn texts(log: &MergedLog) -> Vec<&str> {
        log.entries.iter().map(|(_, entry)| entry.text.as_str()).collect()
    }

    #[test]
    fn only_what_is_new_is_told_and_only_what_has_changed_is_read() {
        let (mut scene, all) = (Scene::new(), LogFilter::default());
        scene.put("a_linux_1-x", &["10:00.000Z INFO one", "10:02.000Z ERROR three"]);
        scene.put("b_linux_1-y", &["10:01.000Z INFO two"]);
        scene.cloud.put("workers/b_linux_1-y/segment-000000.ndjson", "{}");
        scene.look(&all);
        assert_eq!((scene.lists(), scene.reads()), (1, 2));
        assert_eq!(texts(&scene.logs.news(&all)), ["one", "two", "three"]);
        scene.put("b_linux_1-y", &["10:01.000Z INFO two", "10:03.000Z WARNING four"]);
        scene.look(&all);
        assert_eq!((scene.lists(), scene.reads()), (0, 2), "two conditional requests, and no listing");
        assert_eq!(texts(&scene.logs.news(&all)), ["four"]);
        assert_eq!(texts(&scene.logs.log(&all)), ["one", "two", "three", "four"]);
        scene.look(&all);
        assert_eq!(texts(&scene.logs.news(&all)), Vec::<&str>::new());
        scene.put("c_linux_1-z", &["10:04.000Z INFO five"]);
        scene.cloud.pass(31);
        scene.look(&all);
        assert_eq!((scene.lists(), scene.reads()), (1, 1), "only the new one is read");
        assert_eq!(texts(&scene.logs.news(&all)), ["five"]);
        // The beginning of a log is gone, and an entry is new.
        scene.put("a_linux_1-x", &["10:02.000Z ERROR three", "10:05.000Z INFO six"]);
        scene.look(&all);
        assert_eq!(texts(&scene.logs.news(&all)), ["six"]);
        let errors = LogFilter { level: LogLevel::Error, ..all };
        assert_eq!(texts(&scene.logs.log(&errors)), ["three"]);
    }

    #[test]
    fn a_worker_or_a_host_is_read_alone() {
        let mut scene = Scene::new();
        scene.put("a_linux_1-x", &["10:00.000Z INFO one"]);
        scene.put("a.b_linux_1-x", &["10:01.000Z INFO other"]);
        scene.put("a_linux_2-y", &["10:02.000Z INFO two"]);
        let worker = |name: &str| LogFilter { worker: Some(name.to_owned()), ..LogFilter::default() };
        let host = LogFilter { host: Some("a".to_owned()), ..LogFilter::default() };
        for (filter, expected) in [
            (worker("a_linux_2-y"), vec!["two"]),
            (worker("2-y"), vec!["two"]),
            (host, vec!["one", "two"]),
            (worker("../../data/b"), vec![]),
            (LogFilter { host: Some("../x".to_owned()), ..LogFilter::default() }, vec![]),
        ] {
            scene.logs = WorkerLogs::new(scene.logs.study().clone());
            scene.look(&filter);
            assert_eq!(texts(&scene.logs.log(&filter)), expected);
            assert_eq!(scene.reads(), expected.len(), "{filter:?}");
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let (mut scene, all) = (Scene::new(), LogFilter::default());
        for number in 0..MAX_LOGS + 3 {
            scene.put(&format!("h{number}_linux_1-x"), &["10:00.000Z INFO text"]);
        }
        scene.cloud.pass(10);
        let full = "10:00.000Z INFO x\n".repeat(length(LOG_BYTES) / 18 + 1);
        scene.put("full_linux_1-x", &[&full[..length(LOG_BYTES) - 18]]);
        scene.cloud.put(&log_key("large_linux_1-x"), vec![b'x'; length(MAX_LOG_BYTES) + 1]);
        scene.look(&all);
        let log = scene.logs.log(&all);
        let left_out = &log.left_out;
        assert_eq!((left_out.logs, left_out.without_beginning), (5, 1));
        let [(key, reason)] = left_out.unreadable.as_slice() else { panic!("{:?}", left_out.unreadable) };
        assert_eq!(key, "workers/large_linux_1-x/log.txt");
        assert!(reason.contains("more than the 1048576 that are read"), "{reason}");
        assert!(log.entries.len() <= MAX_ENTRIES);
        let since = LogFilter { since: Some(scene.logs.study().now() - 5.0), ..all };
        scene.look(&since);
        assert_eq!(
            (scene.logs.log(&since).left_out.logs, scene.reads()),
            (0, 0),
            "what wasn't written to since isn't asked for"
        );
    }

    #[test]
    fn logs_beyond_the_bytes_that_are_read_are_counted() {
        let (mut scene, all) = (Scene::new(), LogFilter::default());
        let long = format!("{}\n", "x".repeat(length(MAX_LOG_BYTES) - 100));
        for number in 0..MAX_LOGS_BYTES / MAX_LOG_BYTES + 3 {
            scene.put(&format!("h{number}_linux_1-x"), &["10:00.000Z INFO text", &long]);
        }
        scene.look(&all);
        assert_eq!(scene.logs.log(&all).left_out.logs, 3);
        assert_eq!(scene.reads() as u64, MAX_LOGS_BYTES / MAX_LOG_BYTES);
    }
}
