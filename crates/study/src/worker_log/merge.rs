//! The logs of many workers as one.

use super::{LogEntry, LogFilter};

/// Entries of several workers' logs, in the order of their times.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MergedLog {
    /// Each entry with its worker.
    pub entries: Vec<(String, LogEntry)>,
    /// What isn't among them.
    pub left_out: LogLeftOut,
}

/// What a merged log doesn't have, though it is wanted or may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogLeftOut {
    /// Number of earlier entries beyond the limit of their number.
    pub entries: u64,
    /// Number of logs that were not read: those that were written to longest ago.
    pub logs: u64,
    /// Number of logs whose beginning is gone: a worker keeps the end of its log.
    pub without_beginning: u64,
    /// The keys of logs that can't be read, each with the reason.
    pub unreadable: Vec<(String, String)>,
}

/// Merges logs, each of a worker and in its order, by time: of those that are wanted the latest `max_entries`. Entries of one time stay
/// in the order of the logs. A worker whose clock was corrected has its entries where their times say.
#[must_use]
pub fn merged<'a>(
    logs: impl IntoIterator<Item = (&'a str, &'a [LogEntry])>,
    filter: &LogFilter,
    max_entries: usize,
) -> MergedLog {
    let logs = logs.into_iter().filter(|(worker, _)| filter.takes_worker(worker));
    let wanted = logs.flat_map(|(worker, entries)| entries.iter().map(move |entry| (worker, entry)));
    let mut entries: Vec<(&str, &LogEntry)> = wanted.filter(|(_, entry)| filter.takes(entry)).collect();
    entries.sort_by(|(_, a), (_, b)| a.time.total_cmp(&b.time));
    let beyond = entries.len().saturating_sub(max_entries);
    let kept = entries.drain(beyond..).map(|(worker, entry)| (worker.to_owned(), entry.clone())).collect();
    MergedLog { entries: kept, left_out: LogLeftOut { entries: beyond as u64, ..LogLeftOut::default() } }
}

#[cfg(test)]
mod tests {
    use super::super::LogLevel;
    use super::*;

    fn log(times: &[f64]) -> Vec<LogEntry> {
        times.iter().map(|time| LogEntry { time: *time, level: LogLevel::Info, text: time.to_string() }).collect()
    }

    #[test]
    fn entries_of_all_workers_stand_in_the_order_of_their_times() {
        let (a, b) = (log(&[1.0, 3.0, 2.5]), log(&[1.0, 2.0, 4.0]));
        let all = [("a_linux_1-x", a.as_slice()), ("b_linux_1-y", b.as_slice())];
        let told = |merged: &MergedLog| -> Vec<(String, f64)> {
            merged.entries.iter().map(|(worker, entry)| (worker[..1].to_owned(), entry.time)).collect()
        };
        let merged_all = merged(all, &LogFilter::default(), 100);
        let expected = [("a", 1.0), ("b", 1.0), ("b", 2.0), ("a", 2.5), ("a", 3.0), ("b", 4.0)];
        assert_eq!(told(&merged_all), expected.map(|(worker, time)| (worker.to_owned(), time)));
        assert_eq!(merged_all.left_out, LogLeftOut::default());
        let latest = merged(all, &LogFilter::default(), 2);
        assert_eq!(told(&latest), [("a".to_owned(), 3.0), ("b".to_owned(), 4.0)]);
        assert_eq!(latest.left_out.entries, 4);
        let of_b = merged(all, &LogFilter { host: Some("b".into()), since: Some(2.0), ..LogFilter::default() }, 100);
        assert_eq!(told(&of_b), [("b".to_owned(), 2.0), ("b".to_owned(), 4.0)]);
    }
}
