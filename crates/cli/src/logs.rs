//! `cruncher logs`

use std::time::Duration;

use cruncher_backend::watch::worker_logs::WorkerLogs;
use cruncher_study::number_format::counted;
use cruncher_study::shown_text::visible;
use cruncher_study::worker_log::{LogEntry, LogFilter, LogLeftOut, MergedLog, as_line, host_of};
use serde_json::{Value, json};

use crate::arguments::{CloudAccount, LogsArguments};
use crate::cloud;
use crate::failure::CommandFailure;
use crate::output::{note, result};
use crate::signal::unless_ended;

/// Pause between two looks with `--follow`.
const PAUSE: Duration = Duration::from_secs(5);

/// Shows what workers say of themselves, once or until somebody ends it.
pub(crate) async fn run(account: &CloudAccount, arguments: &LogsArguments) -> Result<(), CommandFailure> {
    unless_ended(Box::pin(show(account, arguments)), || "Ended; the workers go on.".to_owned()).await
}

async fn show(account: &CloudAccount, arguments: &LogsArguments) -> Result<(), CommandFailure> {
    let study = cloud::study(cloud::client(account).await?, &arguments.study).await?;
    let filter = filter(arguments, study.now());
    let mut logs = WorkerLogs::new(study);
    logs.look(&filter).await?;
    let log = logs.log(&filter);
    print(&log, arguments);
    tell(&log, arguments);
    if arguments.follow { follow(logs, &filter, arguments).await } else { Ok(()) }
}

async fn follow(mut logs: WorkerLogs, filter: &LogFilter, arguments: &LogsArguments) -> Result<(), CommandFailure> {
    let mut left_out = logs.log(filter).left_out;
    loop {
        logs.study().client.ports().sleep.sleep(PAUSE).await;
        match logs.look(filter).await {
            Ok(()) => {
                print(&logs.news(filter), arguments);
                let now = logs.log(filter).left_out;
                if (now.logs, &now.unreadable) != (left_out.logs, &left_out.unreadable) {
                    left_out_lines(&now).iter().for_each(note);
                    left_out = now;
                }
            }
            // A watch of many hours has to outlive failures of the network.
            Err(error) if error.kind().is_passing() => note(format_args!("{error}; trying again")),
            Err(error) => return Err(error.into()),
        }
    }
}

fn filter(arguments: &LogsArguments, now: f64) -> LogFilter {
    LogFilter {
        worker: arguments.worker.clone(),
        host: arguments.host.clone(),
        level: arguments.level.into(),
        since: arguments.since.map(|time| time.secs(now)),
        until: arguments.until.map(|time| time.secs(now)),
        text: arguments.text.clone(),
    }
}

fn print(log: &MergedLog, arguments: &LogsArguments) {
    if arguments.json && !arguments.follow {
        result(format_args!("{:#}", as_json(&arguments.study, log)));
        return;
    }
    for (worker, entry) in &log.entries {
        result(if arguments.json { entry_json(worker, entry).to_string() } else { as_line(worker, entry) });
    }
}

/// Says what isn't there, to whom it would be no part of the result.
fn tell(log: &MergedLog, arguments: &LogsArguments) {
    left_out_lines(&log.left_out).iter().for_each(note);
    if log.entries.is_empty() && !arguments.follow && !arguments.json {
        note("No entry was found. Workers write their logs every minute, and when they end.");
    }
}

fn as_json(study: &str, log: &MergedLog) -> Value {
    let LogLeftOut { entries, logs, without_beginning, unreadable } = &log.left_out;
    let unreadable: serde_json::Map<String, Value> =
        unreadable.iter().map(|(key, why)| (key.clone(), why.as_str().into())).collect();
    json!({
        "study": study,
        "entries": log.entries.iter().map(|(worker, entry)| entry_json(worker, entry)).collect::<Vec<_>>(),
        "left_out": {"entries": entries, "logs": logs, "logs_without_beginning": without_beginning, "unreadable": unreadable},
    })
}

fn entry_json(worker: &str, entry: &LogEntry) -> Value {
    json!({"time": entry.time, "level": entry.level.name(), "worker": visible(worker), "host": visible(host_of(worker)), "text": entry.text})
}

/// Returns what is left out, a line a reason.
fn left_out_lines(left_out: &LogLeftOut) -> Vec<String> {
    let LogLeftOut { entries, logs, without_beginning, unreadable } = left_out;
    let mut lines = Vec::new();
    if *entries > 0 {
        let entries = counted(*entries, "earlier entry is", "earlier entries are");
        lines.push(format!("{entries} left out; --since, --level, --host or --worker ask for less"));
    }
    if *logs > 0 {
        let logs = counted(*logs, "log was not read, which was", "logs were not read, which were");
        lines.push(format!("{logs} written to longest ago; --since, --host or --worker ask for less"));
    }
    if *without_beginning > 0 {
        let logs = counted(*without_beginning, "log has", "logs have");
        lines.push(format!("{logs} lost the beginning: a worker keeps its last 256 KiB"));
    }
    lines.extend(unreadable.iter().map(|(key, why)| format!("{key} can't be read: {why}")));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use cruncher_study::worker_log::LogLevel;

    #[test]
    fn an_entry_is_a_line_and_what_is_left_out_is_said() {
        let entry = LogEntry { time: 1_790_000_000.5, level: LogLevel::Error, text: "a\nb".into() };
        let line = as_line("node7_linux_1-aa\u{1b}", &entry);
        assert_eq!(line, "2026-09-21T14:13:20.500Z  ERROR    node7_linux_1-aa\\u{1b}  a\n    b");
        let left_out = LogLeftOut {
            entries: 1_234,
            logs: 1,
            without_beginning: 2,
            unreadable: vec![("workers/w/log.txt".into(), "why".into())],
        };
        let lines = left_out_lines(&left_out);
        assert!(lines[0].starts_with("1,234 earlier entries are left out"), "{lines:?}");
        assert!(lines[1].starts_with("1 log was not read, which was written to longest ago"), "{lines:?}");
        assert!(lines[2].starts_with("2 logs have lost the beginning"), "{lines:?}");
        assert_eq!(lines[3], "workers/w/log.txt can't be read: why");
        assert_eq!(left_out_lines(&LogLeftOut::default()), Vec::<String>::new());
    }
}
