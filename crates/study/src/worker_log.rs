//! `workers/<worker>/log.txt`: what a worker says of itself, its last 256 KiB; and the logs of many workers, merged by time.
//!
//! Whoever holds the worker's key may write anything there: texts are bounded, and shown as what they are.

mod filter;
mod merge;

use crate::key::WORKERS_PREFIX;
use crate::shown_text::{visible, visible_lines};
use crate::utc_time;

pub use filter::LogFilter;
pub use merge::{LogLeftOut, MergedLog, merged};

/// The end of a log's key.
const LOG_NAME: &str = "/log.txt";

/// Size of a log as a worker keeps it, in bytes: in one that has as much, what came before is gone.
pub const LOG_BYTES: u64 = 256 << 10;

/// Maximum number of characters of an entry that are kept.
const MAX_CHARS: usize = 8_000;

/// Maximum number of characters of an entry's own line that are its time.
const MAX_TIME_CHARS: usize = 32;

/// How much an entry matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// What happens as it should.
    #[default]
    Info,
    /// What went wrong, and is dealt with: a request is repeated, a case tried again.
    Warning,
    /// What somebody should look at: a case failed for good, the worker crashed or was refused.
    Error,
}

impl LogLevel {
    /// The levels, from what matters least.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// Returns its name as it stands in a log: `INFO`, `WARNING`, `ERROR`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }

    /// Returns the level of a name, in capitals or not.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }
}

/// An entry of a worker's log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Time when the worker wrote it.
    pub time: f64,
    /// How much it matters.
    pub level: LogLevel,
    /// Its text, of one line or several; control characters stand as their numbers.
    pub text: String,
}

/// Returns the key of a worker's log.
#[must_use]
pub fn log_key(worker: &str) -> String {
    format!("{WORKERS_PREFIX}{worker}{LOG_NAME}")
}

/// Returns the worker whose log has this key; `None` if it is no log's.
#[must_use]
pub fn worker_of_log(key: &str) -> Option<&str> {
    key.strip_prefix(WORKERS_PREFIX)?
        .strip_suffix(LOG_NAME)
        .filter(|worker| !worker.is_empty() && !worker.contains('/'))
}

/// Returns the host that a worker's name begins with: `node7` of `node7_linux_4711-3fa2c1`.
#[must_use]
pub fn host_of(worker: &str) -> &str {
    worker.split('_').next().unwrap_or_default()
}

/// Writes an entry as people read it, in a line; further lines of its text stand below its first one.
#[must_use]
pub fn as_line(worker: &str, entry: &LogEntry) -> String {
    let head = format!("{}  {:<7}  {}  ", utc_time::written(entry.time), entry.level.name(), visible(worker));
    head + &entry.text.replace('\n', "\n    ")
}

/// Reads a log that was written at `written_time`: no entry of it is later. Lines without a time belong to the entry before; those in
/// front of the first entry are the rest of one that is gone. An entry without a level, of workers before there were any, is `INFO`.
#[must_use]
pub fn entries(log: &[u8], written_time: f64) -> Vec<LogEntry> {
    let mut entries: Vec<LogEntry> = Vec::new();
    for line in String::from_utf8_lossy(log).split('\n') {
        match entry(line.strip_suffix('\r').unwrap_or(line), written_time) {
            Some(entry) => entries.push(entry),
            None => entries.last_mut().into_iter().for_each(|entry| append(&mut entry.text, line)),
        }
    }
    for entry in &mut entries {
        finish(&mut entry.text);
    }
    entries
}

fn entry(line: &str, written_time: f64) -> Option<LogEntry> {
    let (time, rest) = line.split_once(' ').filter(|(time, _)| time.len() <= MAX_TIME_CHARS && time.ends_with('Z'))?;
    // S3 tells whole seconds.
    let time = utc_time::read(time)?.min(written_time + 1.0);
    let level = |(name, _): &(&str, &str)| LogLevel::ALL.into_iter().find(|level| level.name() == *name);
    let told = rest.split_once(' ').and_then(|parts| Some((level(&parts)?, parts.1)));
    let (level, text) = told.unwrap_or((LogLevel::Info, rest));
    Some(LogEntry { time, level, text: text.to_owned() })
}

fn append(text: &mut String, line: &str) {
    // Bytes bound it for now, characters in the end.
    if text.len() <= 4 * MAX_CHARS {
        text.push('\n');
        text.push_str(line.strip_prefix("  ").unwrap_or(line));
    }
}

/// Bounds the text of a whole entry, and makes what can't be seen visible.
fn finish(text: &mut String) {
    text.truncate(text.trim_end().len());
    if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
        text.truncate(end);
        text.push('…');
    }
    *text = visible_lines(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn texts(log: &str) -> Vec<(LogLevel, String)> {
        entries(log.as_bytes(), 4e9).into_iter().map(|entry| (entry.level, entry.text)).collect()
    }

    #[test]
    fn what_a_worker_writes_is_read_as_it_was_said() {
        let golden: Vec<Value> = serde_json::from_str(include_str!("../../../tests/golden/log_lines.json")).unwrap();
        let log: String = golden.iter().map(|line| line["written"].as_str().unwrap()).collect();
        let read = entries(log.as_bytes(), 1_790_000_100.0);
        assert_eq!(read.len(), golden.len());
        for (entry, line) in read.iter().zip(&golden) {
            assert_eq!(Some(entry.time), line["time"].as_f64());
            assert_eq!(Some(entry.level.name()), line["level"].as_str());
            assert_eq!(Some(entry.text.as_str()), line["text"].as_str());
        }
    }

    #[test]
    fn logs_without_levels_and_logs_that_begin_in_the_middle_are_read() {
        assert_eq!(
            texts("of an entry that is gone\n2026-09-21T14:13:20Z case done\n2026-09-21T14:13:21Z ERRORS are none\r\n"),
            [(LogLevel::Info, "case done".to_owned()), (LogLevel::Info, "ERRORS are none".to_owned())]
        );
        assert_eq!(texts(""), []);
        assert_eq!(texts("no log at all"), []);
        assert_eq!(texts("2026-09-21T14:13:20Z ERROR "), [(LogLevel::Error, String::new())]);
    }

    #[test]
    fn what_somebody_forged_is_bounded_and_harmless() {
        let endless = "x".repeat(1 << 20);
        let log = format!("2026-09-21T14:13:20Z INFO a\u{1b}[2Jb\u{202e}\0c\n  {endless}\n{endless}");
        let [entry] = <[LogEntry; 1]>::try_from(entries(log.as_bytes(), 4e9)).unwrap();
        assert!(entry.text.starts_with("a\\u{1b}[2Jb\\u{202e}\\u{0}c\nxxx"), "{:.40}", entry.text);
        assert!(entry.text.ends_with('…') && entry.text.chars().count() < MAX_CHARS + 40);
        let future = entries(b"9999-01-01T00:00:00Z ERROR of the future", 1_790_000_000.0);
        assert!(future[0].time <= 1_790_000_001.0);
        assert_eq!(entries(&[0xff, 0xfe, b'\n', 0x80], 0.0), []);
    }

    #[test]
    fn keys_of_logs_are_told_from_others() {
        assert_eq!(worker_of_log(&log_key("node7_linux_4711-3fa2c1")), Some("node7_linux_4711-3fa2c1"));
        for key in
            ["workers/log.txt", "workers/a/b/log.txt", "workers//log.txt", "workers/a/heartbeat.json", "data/a/log.txt"]
        {
            assert_eq!(worker_of_log(key), None, "{key}");
        }
        assert_eq!(host_of("node7_linux_4711-3fa2c1"), "node7");
    }
}
