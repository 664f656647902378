//! A study's state as a text, as a line, and as JSON.

use std::fmt::Write as _;

use cruncher_backend::watch::snapshot::{PoolFigures, Snapshot};
use cruncher_study::accounting::{BatchAccount, CaseCounts};
use cruncher_study::diagnosis::NoticeWeight;
use cruncher_study::error_groups::ErrorGroup;
use cruncher_study::forecast::{Forecast, ForecastBasis};
use cruncher_study::halting::files_words;
use cruncher_study::heartbeat::{Heartbeat, WorkerState};
use cruncher_study::number_format::{ago, duration, significant, thousands};
use cruncher_study::pool::shown;
use cruncher_study::versions::{ModelVersion, has_versions, versions};
use serde_json::{Value, json};

use crate::failure::as_sentence;
use crate::text::{TextAlign, count, printable, table};

/// Maximum number of workers and error groups that are listed.
const MAX_ROWS: usize = 30;

/// Maximum number of batches that are listed, and of versions of their models.
const MAX_BATCHES: usize = 200;

/// Summarises the states of cases in a line.
pub(crate) fn as_line(snapshot: &Snapshot) -> String {
    counts_line(&snapshot.total)
}

/// Summarises numbers of cases in a line.
pub(crate) fn counts_line(counts: &CaseCounts) -> String {
    let CaseCounts { cases, queued, unsent, running, done, empty: _, failed, cancelled, dead, lost, withdrawn } =
        *counts;
    let mut line = format!("{} of {} done", thousands(done), count(cases, "case"));
    for (number, state) in [
        (running, "running"),
        (queued - unsent, "queued"),
        (unsent, "not sent yet"),
        (failed, "failed"),
        (cancelled, "cancelled"),
        (dead, "dead"),
        (lost, "lost"),
        (withdrawn, "withdrawn"),
    ] {
        if number > 0 {
            // Writing to a string can't fail.
            let _ = write!(line, ", {} {state}", thousands(number));
        }
    }
    line
}

/// Writes the whole report.
pub(crate) fn as_text(study: &str, snapshot: &Snapshot) -> String {
    let mut text = format!("Study {study}: {}\n", as_line(snapshot));
    let queue = snapshot.queue;
    let _ = writeln!(
        text,
        "Queue: {} waiting, {} leased; dead-letter queue: {}",
        thousands(queue.waiting + queue.delayed),
        thousands(queue.leased),
        thousands(snapshot.dead_letters)
    );
    text += &files_line(snapshot);
    section(&mut text, "Pools", &pools(snapshot));
    text += &finish_line(snapshot);
    let notices: Vec<String> =
        snapshot.notices(None).iter().map(|notice| printable(&notice.to_string(), 400)).collect();
    section(&mut text, "", &notices.iter().fold(String::new(), |all, notice| all + "  " + notice + "\n"));
    section(&mut text, "Batches", &batches(snapshot));
    section(&mut text, "Levels", &levels(&snapshot.batches));
    section(&mut text, "", &combined(snapshot));
    section(&mut text, "Versions of a model", &model_versions(&snapshot.batches));
    section(&mut text, "Workers", &workers(snapshot));
    section(&mut text, "Errors", &errors(&snapshot.error_groups(None), snapshot.time));
    section(&mut text, "Objects that can't be read", &unreadable(snapshot));
    text.trim_end().to_owned() + "\n"
}

/// Returns a line on the files of cases, if they left some or must not leave more than so many.
fn files_line(snapshot: &Snapshot) -> String {
    let words = files_words(snapshot.files_bytes, snapshot.control.files_limit_bytes);
    words.map_or_else(String::new, |words| format!("Files of cases: {words}\n"))
}

/// Returns the figures of each pool, if the study has any beside its own queue.
fn pools(snapshot: &Snapshot) -> String {
    let figures = snapshot.pool_figures(None);
    if figures.len() < 2 {
        return String::new();
    }
    let columns = ["cases", "done", "running", "queued", "failed", "workers", "cases a minute", "dead letters"]
        .map(|head| (head, TextAlign::Right));
    let columns: Vec<_> = std::iter::once(("pool", TextAlign::Left)).chain(columns).collect();
    let row = |PoolFigures { pool, look, cases, workers, rate }: &PoolFigures| {
        let name = shown(pool.as_ref());
        let name = if look.is_some() { name.to_owned() } else { format!("{name} (removed)") };
        let counts = [cases.cases, cases.done, cases.running, cases.queued, cases.failed, *workers].map(thousands);
        let rate = if *rate > 0.0 { significant(*rate) } else { "–".to_owned() };
        let dead_letters = thousands(look.unwrap_or_default().dead_letters);
        std::iter::once(name).chain(counts).chain([rate, dead_letters]).collect()
    };
    let rows: Vec<_> = figures.iter().map(row).collect();
    table(&columns, &rows)
}

fn pool_json(PoolFigures { pool, look, cases, workers, rate }: &PoolFigures) -> Value {
    let queue = look.map(|look| look.queue);
    json!({
        "pool": shown(pool.as_ref()), "is_removed": look.is_none(), "cases": counts_json(cases),
        "waiting": queue.map_or(0, |queue| queue.waiting + queue.delayed), "leased": queue.map_or(0, |queue| queue.leased),
        "dead_letters": look.unwrap_or_default().dead_letters, "workers": workers, "cases_per_minute": rate,
    })
}

/// Returns a line on how long the study will take.
fn finish_line(snapshot: &Snapshot) -> String {
    let total = &snapshot.total;
    if total.open() == 0 && total.cases > 0 {
        let rest = if total.is_complete() { "" } else { " Nothing waits or runs any more." };
        return format!("{}{rest}\n", as_sentence(&total.ending()));
    }
    match forecast(snapshot) {
        None => String::new(),
        Some(Forecast { least_secs, most_secs: Some(most_secs) }) => {
            format!("Finishes in {} to {}, with a chance of nine in ten.\n", duration(least_secs), duration(most_secs))
        }
        Some(Forecast { least_secs, most_secs: None }) => format!(
            "Finishes in {} or later: the last cases may take longer than any that has finished.\n",
            duration(least_secs)
        ),
    }
}

/// Returns how long the study will take, if that can be known.
pub(crate) fn forecast(snapshot: &Snapshot) -> Option<Forecast> {
    let outlook = ForecastBasis::of(&snapshot.finishes(None), &snapshot.workers, snapshot.time);
    // Nobody knows when the sender of the rest goes on.
    let is_known = !snapshot.control.is_stopped() && snapshot.total.unsent < snapshot.total.open();
    outlook.forecast(snapshot.total.open(), 0).filter(|_| is_known)
}

fn section(text: &mut String, title: &str, content: &str) {
    if !content.is_empty() {
        let title = if title.is_empty() { String::new() } else { format!("{title}\n") };
        let _ = write!(text, "\n{title}{content}");
    }
}

fn batches(snapshot: &Snapshot) -> String {
    if snapshot.batches.is_empty() {
        return String::new();
    }
    let columns = ["cases", "queued", "running", "done", "failed", "cancelled", "dead", "lost"]
        .map(|head| (head, TextAlign::Right));
    let columns: Vec<_> = std::iter::once(("batch", TextAlign::Left)).chain(columns).collect();
    let row = |account: &BatchAccount| {
        let CaseCounts { cases, queued, running, done, failed, cancelled, dead, lost, .. } = account.counts;
        let counts = [cases, queued, running, done, failed, cancelled, dead, lost].map(thousands);
        std::iter::once(account.batch.to_string()).chain(counts).collect()
    };
    let rows: Vec<_> = snapshot.batches_to_name(MAX_BATCHES).into_iter().map(row).collect();
    table(&columns, &rows) + &more_than(MAX_BATCHES, snapshot.batches.len())
}

/// Tells how far the levels of each batch have come that has several and isn't complete. A queue may hand out cases of a
/// level before the last ones of the level before: so each is told by its own cases.
fn levels(batches: &[BatchAccount]) -> String {
    let told: Vec<_> = batches.iter().filter(|own| own.levels.len() > 1 && !own.counts.is_complete()).collect();
    let line = |account: &&BatchAccount| {
        let parts: Vec<String> = account
            .levels
            .chunk_by(|one, next| level_state(&one.1) == level_state(&next.1))
            .map(|run| {
                let (first, last) = (run[0].0, run[run.len() - 1].0);
                let range = if first == last { first.to_string() } else { format!("{first}–{last}") };
                format!("{range} {}", level_state(&run[0].1))
            })
            .collect();
        format!("  {}: levels {}\n", account.batch, parts.join(", "))
    };
    told.iter().take(MAX_BATCHES).map(line).collect::<String>() + &more_than(MAX_BATCHES, told.len())
}

const fn level_state(counts: &CaseCounts) -> &'static str {
    match counts {
        counts if counts.is_complete() => "complete",
        counts if counts.open() == 0 => "over, but not complete",
        counts if counts.queued == counts.cases => "not begun",
        _ => "in part",
    }
}

/// Says of each batch that is to be combined by itself how far that is.
fn combined(snapshot: &Snapshot) -> String {
    let line = |account: &BatchAccount| {
        let counts = &account.counts;
        let (name, combined) = snapshot.control.wanted_file(&account.batch)?;
        let of_combining = format!("{}/combined", account.batch);
        let own = snapshot.batches.iter().find(|own| own.batch.as_str() == of_combining);
        let own = own.map(|own| own.counts).unwrap_or_default();
        let words = if own.open() > 0 {
            format!("is being combined: see {of_combining}")
        } else if combined == counts.cases && combined > 0 {
            if own.failed > 0 {
                format!("is complete, and combining it has failed: see {of_combining}")
            } else if snapshot.has_newer_results(name) {
                "was combined, and its results have changed since: it is combined anew when the queue is empty"
                    .to_owned()
            } else {
                format!("was combined when it was complete: see {of_combining}")
            }
        } else if counts.is_complete() {
            "is complete, and is combined at the next look of somebody who may send".to_owned()
        } else if counts.open() > 0 {
            format!("is combined when it is complete: waiting for {}", count(counts.cases - counts.done, "case"))
        } else {
            format!("isn't complete: {}; cruncher combine --now combines what is there", counts_line(counts))
        };
        Some(format!("  {} {words}.\n", account.batch))
    };
    snapshot.batches_to_name(MAX_BATCHES).into_iter().filter_map(line).collect()
}

fn combine_json(snapshot: &Snapshot, account: &BatchAccount) -> Value {
    match snapshot.control.wanted_file(&account.batch) {
        None => Value::Null,
        Some((name, combined))
            if combined > 0 && combined == account.counts.cases && !snapshot.has_newer_results(name) =>
        {
            json!("sent")
        }
        Some(_) => json!("waiting"),
    }
}

/// Lists the versions of each batch whose model has several in the study, or of which some are withdrawn. Withdrawn cases
/// aren't in the table of batches.
fn model_versions(batches: &[BatchAccount]) -> String {
    let heads = ["cases", "done", "failed", "withdrawn"].map(|head| (head, TextAlign::Right));
    let columns: Vec<_> = ["batch", "version"].map(|head| (head, TextAlign::Left)).into_iter().chain(heads).collect();
    let row = |batch: &BatchAccount, version: &ModelVersion| {
        let counted = version.counted();
        let counts = [counted.cases, counted.done, counted.failed, version.withdrawn().cases].map(thousands);
        [batch.batch.to_string(), printable(&version.name(), 60)].into_iter().chain(counts).collect()
    };
    let rows = |account| {
        let versions = told_versions(account, batches);
        versions.iter().map(|version| row(account, version)).collect::<Vec<Vec<String>>>()
    };
    let rows: Vec<_> = batches.iter().flat_map(rows).collect();
    let listed = &rows[..rows.len().min(MAX_BATCHES)];
    if rows.is_empty() { String::new() } else { table(&columns, listed) + &more_than(MAX_BATCHES, rows.len()) }
}

/// Returns the versions of a batch's model, if there is anything to tell of them. `all` are the study's batches.
fn told_versions<'a>(account: &'a BatchAccount, all: &[BatchAccount]) -> Vec<ModelVersion<'a>> {
    if has_versions(account, all) { versions(&account.submissions) } else { Vec::new() }
}

fn workers(snapshot: &Snapshot) -> String {
    let (workers, now) = (&snapshot.workers, snapshot.time);
    if workers.is_empty() {
        return String::new();
    }
    let columns = [
        ("worker", TextAlign::Left),
        ("state", TextAlign::Left),
        ("case", TextAlign::Left),
        ("done", TextAlign::Right),
        ("failed", TextAlign::Right),
        ("median", TextAlign::Right),
        ("heard of", TextAlign::Left),
    ];
    let row = |worker: &Heartbeat| {
        let case = worker.case.as_ref().map(|case| format!("{} of {}", &case.case_id.to_string()[..8], case.batch));
        vec![
            printable(&worker.worker, 40),
            state(worker, now),
            case.unwrap_or_default(),
            thousands(worker.counts.done),
            thousands(worker.counts.failed),
            worker.median_secs.map(duration).unwrap_or_default(),
            ago(now - worker.time),
        ]
    };
    let rows: Vec<_> = workers.iter().take(MAX_ROWS).map(row).collect();
    table(&columns, &rows) + &more(workers.len() + usize::try_from(snapshot.workers_beyond).unwrap_or(usize::MAX))
}

fn state(worker: &Heartbeat, now: f64) -> String {
    let state = match worker.state {
        WorkerState::Starting => "starting",
        WorkerState::Waiting => "waiting",
        WorkerState::Running => "running",
        WorkerState::Paused => "paused",
        WorkerState::Halted => "halted",
        WorkerState::Resting => "resting",
        WorkerState::Stopped => "stopped",
        WorkerState::Refused => "refused",
        WorkerState::Crashed => "crashed",
    };
    if worker.is_silent(now) { format!("silent ({state})") } else { state.to_owned() }
}

fn errors(groups: &[ErrorGroup], now: f64) -> String {
    let line = |group: &ErrorGroup| {
        let cases = count(group.len() as u64, "case");
        let workers = count(group.workers().len() as u64, "worker");
        let last = ago(now - group.last_time());
        format!(
            "  {cases}, {} for good, on {workers}, last {last}: {}\n",
            group.final_cases(),
            printable(group.error(), 200)
        )
    };
    groups.iter().take(MAX_ROWS).map(line).collect::<String>() + &more(groups.len())
}

fn unreadable(snapshot: &Snapshot) -> String {
    let line = |(key, reason): (&String, &String)| format!("  {}: {}\n", printable(key, 200), printable(reason, 200));
    let all = snapshot.unreadable.len() + usize::try_from(snapshot.unreadable_beyond).unwrap_or(usize::MAX);
    snapshot.unreadable.iter().take(MAX_ROWS).map(line).collect::<String>() + &more(all)
}

fn more(rows: usize) -> String {
    more_than(MAX_ROWS, rows)
}

fn more_than(listed: usize, rows: usize) -> String {
    if rows > listed { format!("  … and {} more\n", thousands((rows - listed) as u64)) } else { String::new() }
}

/// Writes the report for programs.
pub(crate) fn as_json(study: &str, snapshot: &Snapshot) -> Value {
    let batch = |account: &BatchAccount| {
        let level = |(level, counts): &(u32, CaseCounts)| json!({"level": level, "cases": counts_json(counts)});
        let levels: Vec<Value> = account.levels.iter().map(level).collect();
        let versions: Vec<Value> = told_versions(account, &snapshot.batches).iter().map(version_json).collect();
        let is_complete = account.counts.is_complete();
        json!({"batch": account.batch, "cases": counts_json(&account.counts), "complete": is_complete, "combine": combine_json(snapshot, account), "levels": levels, "versions": versions})
    };
    let group = |group: &ErrorGroup| {
        json!({
            "signature": group.signature, "error": group.error(), "cases": group.len(),
            "final_cases": group.final_cases(), "workers": group.workers(), "batches": group.batches(),
            "first_time": group.first_time(), "last_time": group.last_time(),
        })
    };
    let weight = |weight| match weight {
        NoticeWeight::Information => "information",
        NoticeWeight::Warning => "warning",
        NoticeWeight::Problem => "problem",
    };
    let notices = snapshot
        .notices(None)
        .into_iter()
        .map(|notice| json!({"weight": weight(notice.weight()), "text": notice.to_string()}));
    json!({
        "study": study,
        "time": snapshot.time,
        "cases": counts_json(&snapshot.total),
        "pools": snapshot.pool_figures(None).iter().map(pool_json).collect::<Vec<_>>(),
        "complete": snapshot.total.is_complete(),
        "queue": {"waiting": snapshot.queue.waiting, "leased": snapshot.queue.leased, "delayed": snapshot.queue.delayed},
        "dead_letters": snapshot.dead_letters,
        "files_bytes": snapshot.files_bytes,
        "batches": snapshot.batches.iter().map(batch).collect::<Vec<_>>(),
        "workers": snapshot.workers,
        "workers_beyond": snapshot.workers_beyond,
        "error_groups": snapshot.error_groups(None).iter().map(group).collect::<Vec<_>>(),
        "unreadable": snapshot.unreadable,
        "unreadable_beyond": snapshot.unreadable_beyond,
        "notices": notices.collect::<Vec<_>>(),
        "forecast": forecast(snapshot)
            .map(|Forecast { least_secs, most_secs }| json!({"least_secs": least_secs, "most_secs": most_secs})),
    })
}

fn counts_json(counts: &CaseCounts) -> Value {
    let CaseCounts { cases, queued, unsent, running, done, empty, failed, cancelled, dead, lost, withdrawn } = counts;
    json!({
        "cases": cases, "queued": queued, "unsent": unsent, "running": running, "done": done, "failed": failed, "cancelled": cancelled,
        "dead": dead, "lost": lost, "withdrawn": withdrawn, "empty": empty,
    })
}

fn version_json(version: &ModelVersion) -> Value {
    let submissions: Vec<&str> = version.submissions.iter().map(|own| own.id.as_str()).collect();
    json!({
        "version": version.number, "model": version.model, "submit_time": version.submit_time(), "submissions": submissions,
        "cases": counts_json(&version.counted()), "withdrawn_cases": counts_json(&version.withdrawn()),
    })
}

#[cfg(test)]
mod tests {
    use cruncher_study::accounting::SubmissionAccount;
    use cruncher_study::batch::Batch;
    use cruncher_study::control::StudyControl;
    use cruncher_study::diagnosis::QueueCounts;
    use cruncher_study::error_groups::ErrorPart;
    use cruncher_study::ledger::CaseFinish;

    use super::*;

    fn account() -> BatchAccount {
        BatchAccount::new(Batch::parse("prandtl").unwrap())
    }

    fn snapshot() -> Snapshot {
        let total =
            CaseCounts { cases: 5_000, queued: 3_700, running: 12, done: 1_234, failed: 54, ..CaseCounts::default() };
        Snapshot {
            time: 1_000.0,
            queue: QueueCounts { waiting: 3_700, leased: 12, delayed: 0 },
            dead_letters: 1,
            total,
            batches: vec![BatchAccount { counts: total, levels: vec![(3, total)], ..account() }],
            error_parts: vec![ErrorPart {
                signature: "00ff".into(),
                batch: Batch::parse("prandtl").unwrap(),
                error: "ValueError: negative\x1b[2J cohesion".into(),
                cases: Vec::new(),
                final_cases: 0,
                workers: ["w".to_owned()].into(),
                first_time: 900.0,
                last_time: 940.0,
            }],
            unreadable: [("workers/\x1b[2J/heartbeat.json".to_owned(), "EOF while parsing\na value".to_owned())].into(),
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_line_names_the_states_that_occur() {
        assert_eq!(as_line(&snapshot()), "1,234 of 5,000 cases done, 12 running, 3,700 queued, 54 failed");
        assert_eq!(as_line(&Snapshot::default()), "0 of 0 cases done");
    }

    #[test]
    fn a_text_says_everything_and_can_not_steer_the_terminal() {
        let text = as_text("prandtl", &snapshot());
        let expected = "\
Study prandtl: 1,234 of 5,000 cases done, 12 running, 3,700 queued, 54 failed
Queue: 3,700 waiting, 12 leased; dead-letter queue: 1

  1 case is in the dead-letter queue: it was handed out again and again, and no worker came to an end with it. `cruncher redrive` sends it again.
  3700 cases wait, and no worker is attached.

Batches
  batch    cases  queued  running   done  failed  cancelled  dead  lost
  prandtl  5,000   3,700       12  1,234      54          0     0     0

Errors
  0 cases, 0 for good, on 1 worker, last 1 min ago: ValueError: negative [2J cohesion

Objects that can't be read
  workers/ [2J/heartbeat.json: EOF while parsing a value
";
        assert_eq!(text, expected);
    }

    #[test]
    fn withdrawn_cases_and_versions_are_told_apart_where_there_are_any() {
        let submission = |id: &str, version, done, is_withdrawn| SubmissionAccount {
            id: id.into(),
            time: 900.0,
            model: format!("models/{version:02}/footing.py"),
            version,
            counts: CaseCounts { cases: 10, done, ..CaseCounts::default() },
            is_withdrawn,
        };
        let counts = CaseCounts { cases: 10, queued: 7, done: 3, withdrawn: 10, ..CaseCounts::default() };
        let submissions = vec![submission("00aa", 1, 8, true), submission("00bb", 2, 3, false)];
        let batches = vec![BatchAccount { counts, submissions, ..account() }];
        let told = Snapshot { batches, total: counts, ..Snapshot::default() };
        assert_eq!(as_line(&told), "3 of 10 cases done, 7 queued, 10 withdrawn");
        let text = as_text("prandtl", &told);
        let expected = "\
Versions of a model
  batch    version               cases  done  failed  withdrawn
  prandtl  footing.py version 1      0     0       0         10
  prandtl  footing.py version 2     10     3       0          0
";
        assert!(text.contains(expected), "{text}");
        let json = as_json("prandtl", &told);
        assert_eq!((&json["cases"]["cases"], &json["cases"]["withdrawn"]), (&json!(10), &json!(10)));
        let first = &json["batches"][0]["versions"][0];
        assert_eq!((&first["submissions"], &first["withdrawn_cases"]["done"]), (&json!(["00aa"]), &json!(8)));
        assert_eq!(as_json("prandtl", &snapshot())["batches"][0]["versions"], json!([]));
    }

    #[test]
    fn the_end_is_foretold_as_far_as_it_can_be_known() {
        let worker = r#"{"worker": "w", "host": "h", "start_time": 0, "time": 990.0, "state": "waiting"}"#;
        let finish = CaseFinish { end_time: 900.0, duration_secs: Some(10.0) };
        let total = CaseCounts { cases: 60, queued: 60, ..CaseCounts::default() };
        let workers = vec![serde_json::from_str(worker).unwrap()];
        let of = |finished| {
            let batches = vec![BatchAccount { finishes: vec![finish; finished], ..account() }];
            Snapshot { batches, total, workers: workers.clone(), ..snapshot() }
        };
        assert_eq!(finish_line(&of(2)), "");
        assert!(finish_line(&of(3)).starts_with("Finishes in 10 min or later: "));
        assert_eq!(finish_line(&of(30)), "Finishes in 10 min to 10 min, with a chance of nine in ten.\n");
        assert!(as_json("prandtl", &of(30))["forecast"]["most_secs"].as_f64().unwrap() > 599.0);
        let control = StudyControl { paused: true, ..StudyControl::default() };
        assert_eq!(finish_line(&Snapshot { control, ..of(30) }), "", "nobody knows when it goes on");
    }

    #[test]
    fn a_study_is_complete_only_if_every_case_is_done() {
        let of = |total: CaseCounts| Snapshot {
            total,
            batches: vec![BatchAccount { counts: total, ..account() }],
            ..snapshot()
        };
        let done = of(CaseCounts { cases: 5, done: 5, ..CaseCounts::default() });
        assert_eq!(finish_line(&done), "Complete: 5 of 5 done.\n");
        let json = as_json("prandtl", &done);
        assert_eq!((&json["complete"], &json["batches"][0]["complete"]), (&json!(true), &json!(true)));
        let cancelled = of(CaseCounts { cases: 5, done: 4, cancelled: 1, ..CaseCounts::default() });
        let expected = "Not complete: 4 of 5 done, 1 cancelled. Nothing waits or runs any more.\n";
        assert_eq!(finish_line(&cancelled), expected);
        let json = as_json("prandtl", &cancelled);
        assert_eq!((&json["complete"], &json["batches"][0]["complete"]), (&json!(false), &json!(false)));
        let at_work = of(CaseCounts { cases: 5, done: 4, running: 1, ..CaseCounts::default() });
        assert!(!finish_line(&at_work).contains("omplete"), "it goes on");
        assert_eq!(as_json("prandtl", &at_work)["complete"], json!(false));
    }

    #[test]
    fn levels_that_overtake_one_another_are_told_by_their_own_cases() {
        let level = |level, cases, done, running, failed| {
            let queued = cases - done - running - failed;
            (level, CaseCounts { cases, done, running, failed, queued, ..CaseCounts::default() })
        };
        let of = |several: Vec<(u32, CaseCounts)>| {
            let sum = |count: fn(&CaseCounts) -> u64| several.iter().map(|(_, counts)| count(counts)).sum();
            let counts = CaseCounts { cases: sum(|one| one.cases), done: sum(|one| one.done), ..CaseCounts::default() };
            levels(&[BatchAccount { counts, levels: several, ..account() }])
        };
        let overtaken = vec![
            level(1, 2, 2, 0, 0),
            level(2, 4, 4, 0, 0),
            level(3, 8, 7, 0, 0),
            level(4, 16, 5, 1, 0),
            level(5, 32, 0, 0, 0),
            level(6, 64, 0, 0, 0),
        ];
        assert_eq!(of(overtaken), "  prandtl: levels 1–2 complete, 3–4 in part, 5–6 not begun\n");
        // A later level may be complete before an earlier one is.
        let all = vec![level(1, 2, 1, 0, 1), level(2, 4, 3, 1, 0), level(3, 8, 8, 0, 0)];
        assert_eq!(of(all), "  prandtl: levels 1 over, but not complete, 2 in part, 3 complete\n");
        assert_eq!(of(vec![level(1, 2, 2, 0, 0), level(2, 4, 4, 0, 0)]), "", "the batch is complete");
        assert_eq!(of(vec![level(7, 4, 1, 1, 0)]), "", "there is one level");
    }

    #[test]
    fn short_cases_have_a_median_and_workers_of_a_host_are_told_apart() {
        let worker = |worker: &str| {
            let heartbeat = json!({
                "worker": worker, "host": "node7", "start_time": 0.0, "time": 995.0, "state": "waiting", "median_secs": 0.003,
            });
            serde_json::from_value(heartbeat).unwrap()
        };
        let workers = ["node7_linux_4711-3fa2c1", "node7_linux_4712-00aa11"].map(worker).to_vec();
        let text = as_text("prandtl", &Snapshot { time: 1_000.0, workers, ..Snapshot::default() });
        let expected = "
Workers
  worker                   state    case  done  failed  median  heard of
  node7_linux_4711-3fa2c1  waiting           0       0    3 ms  5 s ago
  node7_linux_4712-00aa11  waiting           0       0    3 ms  5 s ago
";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn the_json_has_the_same_numbers() {
        let json = as_json("prandtl", &snapshot());
        assert_eq!((&json["cases"]["done"], &json["queue"]["leased"]), (&json!(1_234), &json!(12)));
        assert_eq!(json["batches"][0]["levels"][0]["level"], json!(3));
        assert_eq!(json["notices"][1]["weight"], json!("warning"));
    }
}
