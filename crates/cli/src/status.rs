//! `cruncher status`

mod event_command;

use std::time::Duration;

use cruncher_aws::Client;
use cruncher_backend::administer::observe::{NOTE_PAUSE_SECS, observe};
use cruncher_backend::enqueue::{CombineError, combine_wanted};
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_study::number_format::thousands;

use crate::arguments::{CloudAccount, StatusArguments};
use crate::cloud;
use crate::failure::CommandFailure;
use crate::output::{is_watched, note, result, result_part};
use crate::report::{as_json, as_line, as_text};
use crate::signal::unless_ended;
use event_command::EventCommand;

/// Pause between two looks with `--watch`.
const PAUSE: Duration = Duration::from_secs(3);

const CLEAR_SCREEN: &str = "\x1b[2J\x1b[H";

/// Shows the progress of a study, once or until no case waits or runs.
pub(crate) async fn run(account: &CloudAccount, arguments: &StatusArguments) -> Result<(), CommandFailure> {
    unless_ended(Box::pin(show(account, arguments)), || "Interrupted; the study goes on.".to_owned()).await
}

async fn show(account: &CloudAccount, arguments: &StatusArguments) -> Result<(), CommandFailure> {
    let client = cloud::client(account).await?;
    let mut watch = watch(client, &arguments.study).await?;
    let mut snapshot = look(&mut watch).await?;
    if arguments.watch {
        snapshot = follow(watch, snapshot, arguments).await?;
    } else {
        let study = &arguments.study;
        result(if arguments.json { pretty(study, &snapshot) } else { as_text(study, &snapshot) });
    }
    if arguments.require_done { require_done(&arguments.study, &snapshot) } else { Ok(()) }
}

/// Looks at a study until its heartbeats and errors are read. The very first look at a large one may not know all of its documents, and
/// none of what others haven't noted.
pub(crate) async fn look(watch: &mut StudyWatch) -> Result<Snapshot, CommandFailure> {
    let (mut snapshot, mut left) = (watch.refresh().await?, u64::MAX);
    // While workers write there is always something new.
    while !snapshot.is_checked || (1..left).contains(&snapshot.unread) {
        if snapshot.unread > 0 && is_watched() {
            note(format_args!("{} heartbeats and error documents are still to be read", thousands(snapshot.unread)));
        }
        left = snapshot.unread;
        snapshot = watch.refresh().await?;
    }
    if note_findings(watch, &snapshot).await == Some(true) {
        snapshot = watch.refresh().await?;
    }
    Ok(snapshot)
}

/// Notes for others what a look has found, if that is news, and returns whether it could: who may only read can't.
async fn note_findings(watch: &StudyWatch, snapshot: &Snapshot) -> Option<bool> {
    let findings = snapshot.observation()?;
    let mut is_noted = observe(watch.study(), &findings).await.is_ok();
    for (name, end) in &findings.combine {
        match combine_wanted(watch.study(), name, *end).await {
            Ok(outcome) => note(outcome),
            // Who may only look sends nothing.
            Err(CombineError::Aws(error)) if error.is_access_denied() => is_noted = false,
            Err(error) => {
                note(format_args!("{} isn't combined: {error}", name.rsplit_once('/').map_or("", |own| own.0)));
            }
        }
    }
    Some(is_noted)
}

fn require_done(study: &str, snapshot: &Snapshot) -> Result<(), CommandFailure> {
    let total = snapshot.total;
    if total.is_complete() {
        return Ok(());
    }
    Err(CommandFailure::new(format!("Study {study} is not done: {}.", as_line(snapshot))))
}

async fn watch(client: Client, study: &str) -> Result<StudyWatch, CommandFailure> {
    Ok(StudyWatch::new(cloud::study(client, study).await?))
}

fn pretty(study: &str, snapshot: &Snapshot) -> String {
    format!("{:#}", as_json(study, snapshot))
}

async fn follow(
    mut watch: StudyWatch,
    mut snapshot: Snapshot,
    arguments: &StatusArguments,
) -> Result<Snapshot, CommandFailure> {
    let (mut last_line, mut noted) = (String::new(), 0.0);
    let mut event_command = EventCommand::new(arguments.exec.clone(), &arguments.study, &snapshot);
    loop {
        event_command.look(&snapshot);
        print(&arguments.study, &snapshot, arguments, &mut last_line);
        if snapshot.total.cases + snapshot.total.withdrawn > 0 && snapshot.is_checked && snapshot.total.open() == 0 {
            // What is complete may be combined first.
            if snapshot.observation().is_some_and(|findings| !findings.combine.is_empty())
                && note_findings(&watch, &snapshot).await == Some(true)
            {
                snapshot = watch.refresh().await?;
                if snapshot.total.open() > 0 {
                    continue;
                }
            }
            event_command.end(&snapshot);
            return Ok(snapshot);
        }
        watch.study().client.ports().sleep.sleep(PAUSE).await;
        match watch.refresh().await {
            Ok(next) => {
                snapshot = next;
                if snapshot.time - noted >= NOTE_PAUSE_SECS && note_findings(&watch, &snapshot).await.is_some() {
                    noted = snapshot.time;
                }
            }
            // A watch of many hours has to outlive failures of the network.
            Err(error) if error.kind().is_passing() => note(format_args!("{error}; trying again")),
            Err(error) => return Err(error.into()),
        }
    }
}

fn print(study: &str, snapshot: &Snapshot, arguments: &StatusArguments, last_line: &mut String) {
    if arguments.json {
        result(as_json(study, snapshot));
    } else if is_watched() {
        result_part(format_args!("{CLEAR_SCREEN}{}", as_text(study, snapshot)));
    } else {
        let line = as_line(snapshot);
        if line != *last_line {
            result(&line);
            *last_line = line;
        }
    }
}
