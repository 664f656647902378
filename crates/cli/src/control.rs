//! `cruncher pause`, `resume`, `halting`, `drain`, `cancel`, `redrive` and `forget`: what an operator asks of the workers.

use std::collections::BTreeSet;

use cruncher_backend::administer::control::{ControlError, change_control, control};
use cruncher_backend::study::Study;
use cruncher_backend::watch::StudyWatch;
use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_study::control::StudyControl;
use cruncher_study::halting::HaltRule;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::number_format::{counted, significant, size};

use crate::arguments::{
    CancelArguments, CloudAccount, DrainArguments, ForgetArguments, HaltingArguments, PauseArguments, RedriveArguments,
};
use crate::cloud;
use crate::failure::{CommandFailure, sentence};
use crate::output::{note, result};
use crate::status;

/// Pauses a study, or lets it go on.
pub(crate) async fn pause(
    account: &CloudAccount,
    arguments: &PauseArguments,
    is_paused: bool,
) -> Result<(), CommandFailure> {
    let study = open(account, &arguments.study).await?;
    let now = study.now();
    change(&study, &|control| if is_paused { control.paused = true } else { control.go_on(now) }).await?;
    let name = &arguments.study;
    if is_paused {
        result(format_args!("Study {name} is paused: workers finish their case and take no other."));
        note(format_args!("To go on:  cruncher resume {name}"));
    } else {
        result(format_args!("Study {name} goes on."));
    }
    Ok(())
}

/// Tells or says when a study halts by itself.
pub(crate) async fn halting(account: &CloudAccount, arguments: &HaltingArguments) -> Result<(), CommandFailure> {
    let study = open(account, &arguments.study).await?;
    let HaltingArguments { study: name, first, last, share, files_limit_gib, no_files_limit, never, default } =
        arguments;
    let is_rule_asked = first.is_some() || last.is_some() || share.is_some() || *never || *default;
    let is_limit_asked = files_limit_gib.is_some() || *no_files_limit || *default;
    let rule = |control: &StudyControl| {
        let known = control.halt_rule.clone().filter(|_| !default).unwrap_or_default();
        HaltRule {
            first: first.unwrap_or(known.first),
            last: last.unwrap_or(known.last),
            share: share.unwrap_or(known.share),
            never: *never || known.never && !is_rule_asked,
        }
    };
    let after = if is_rule_asked || is_limit_asked {
        change(&study, &|control| {
            control.halt_rule = Some(rule(control)).filter(|rule| *rule != HaltRule::default());
            if is_limit_asked {
                control.files_limit_bytes = files_limit_gib.unwrap_or_default();
            }
        })
        .await?
    } else {
        control(&study).await?
    };
    result(format_args!("Study {name} {}", halting_words(&rule(&after))));
    if after.files_limit_bytes > 0 {
        let limit = size(after.files_limit_bytes);
        result(format_args!("It halts, too, if the files of its cases come to more than {limit}."));
    }
    Ok(())
}

fn halting_words(rule: &HaltRule) -> String {
    let first = counted(u64::from(rule.first), "attempt fails", "attempts all fail");
    let last = format!("{} % of the last {} attempts fail", significant(100.0 * rule.share), rule.last);
    match (rule.first, rule.last) {
        _ if rule.never => "never halts by itself.".to_owned(),
        (0, 0) => "never halts by itself.".to_owned(),
        (_, 0) => format!("halts if the first {first}."),
        (0, _) => format!("halts if {last}."),
        _ => format!("halts if the first {first}, or {last}."),
    }
}

/// Lets workers finish their case and end.
pub(crate) async fn drain(account: &CloudAccount, arguments: &DrainArguments) -> Result<(), CommandFailure> {
    let study = open(account, &arguments.study).await?;
    let snapshot = look(&study).await?;
    let attached: Vec<&Heartbeat> = snapshot.workers.iter().filter(|worker| !worker.state.is_over()).collect();
    let named = named_workers(&attached, arguments)?;
    change(&study, &|control| {
        for worker in &named {
            if arguments.undo {
                control.drain.remove(worker);
            } else {
                control.drain.insert(worker.clone());
            }
        }
    })
    .await?;
    let what = match (named.len(), arguments.undo) {
        (1, false) => "finishes its case and ends",
        (1, true) => "is drained no more",
        (_, false) => "finish their case and end",
        (_, true) => "are drained no more",
    };
    result(format_args!("{} {what}.", counted(named.len() as u64, "worker", "workers")));
    Ok(())
}

/// Returns the names of the workers that are meant.
fn named_workers(attached: &[&Heartbeat], arguments: &DrainArguments) -> Result<BTreeSet<String>, CommandFailure> {
    let mut named = BTreeSet::new();
    let mut add = |what: String, is_meant: &dyn Fn(&Heartbeat) -> bool| {
        let meant: Vec<String> =
            attached.iter().filter(|worker| is_meant(worker)).map(|worker| worker.worker.clone()).collect();
        if meant.is_empty() {
            return Err(CommandFailure::new(format!("There is no {what}. {}", attached_words(attached))));
        }
        named.extend(meant);
        Ok(())
    };
    if arguments.all {
        add("worker".to_owned(), &|_| true)?;
    }
    for host in &arguments.hosts {
        add(format!("worker on a computer `{host}`"), &|worker| worker.host == *host)?;
    }
    for name in &arguments.workers {
        add(format!("worker `{name}`"), &|worker| worker.worker == *name || worker.process() == *name)?;
    }
    Ok(named)
}

fn attached_words(attached: &[&Heartbeat]) -> String {
    let names: Vec<String> =
        attached.iter().take(10).map(|worker| format!("{} on {}", worker.process(), worker.host)).collect();
    match attached.len() {
        0 => "No worker is attached.".to_owned(),
        1..=10 => format!("Attached are {}.", names.join(", ")),
        all => format!("Attached are {}, and {} others.", names.join(", "), all - names.len()),
    }
}

/// Cancels cases, or takes that back.
pub(crate) async fn cancel(account: &CloudAccount, arguments: &CancelArguments) -> Result<(), CommandFailure> {
    let study = open(account, &arguments.study).await?;
    let CancelArguments { batches, cases, undo, .. } = arguments;
    if !undo {
        check_batches(&look(&study).await?, arguments)?;
    }
    change(&study, &|control| {
        if *undo {
            control.cancelled_batches.retain(|batch| !batches.contains(batch));
            control.cancelled_cases.retain(|case| !cases.contains(case));
        } else {
            control.cancelled_batches.extend(batches.iter().cloned());
            control.cancelled_cases.extend(cases);
        }
    })
    .await?;
    let after = look(&study).await?;
    let said = if *undo { "not cancelled any more" } else { "cancelled" };
    for batch in batches {
        let counts = after.counts(Some(batch));
        let open = counted(counts.open(), "case", "cases");
        let cancelled = counted(counts.cancelled, "case", "cases");
        result(format_args!("Batch {batch} is {said}: {cancelled} cancelled, {open} open, {} done.", counts.done));
    }
    if !cases.is_empty() {
        let number = cases.len() as u64;
        let are = if number == 1 { "is" } else { "are" };
        result(format_args!("{} {are} {said}.", counted(number, "case", "cases")));
    }
    if !undo {
        note("The same with --undo takes it back, for those whose messages the queue still has.");
    }
    Ok(())
}

/// Checks that there are such batches: a name with a mistake would cancel nothing.
fn check_batches(snapshot: &Snapshot, arguments: &CancelArguments) -> Result<(), CommandFailure> {
    let known: Vec<&str> = snapshot.batches.iter().map(|account| account.batch.as_str()).collect();
    let unknown = arguments.batches.iter().find(|batch| !known.contains(&batch.as_str()));
    unknown.map_or(Ok(()), |batch| {
        let there_are = match known.as_slice() {
            [] => "The study has no batch.".to_owned(),
            names => format!("There are {}.", names.join(", ")),
        };
        Err(CommandFailure::new(format!("There is no batch `{batch}`. {there_are}")))
    })
}

/// Sends the cases of the dead-letter queue again.
pub(crate) async fn redrive(account: &CloudAccount, arguments: &RedriveArguments) -> Result<(), CommandFailure> {
    let study = open(account, &arguments.study).await?;
    let tell = |redriven| note(format_args!("{} …", counted(redriven, "case", "cases")));
    let outcome = cruncher_backend::administer::redrive::redrive(&study, &tell).await?;
    let left = counted(outcome.left, "message is no case and stays", "messages are no cases and stay");
    let left = if outcome.left > 0 { format!(" {left} in the dead-letter queue.") } else { String::new() };
    match outcome.redriven {
        0 => result(format_args!("The dead-letter queue has no case.{left}")),
        1 => result(format_args!("1 case is in the queue again.{left}")),
        redriven => result(format_args!("{} are in the queue again.{left}", counted(redriven, "case", "cases"))),
    }
    match outcome.refused.first() {
        None => Ok(()),
        Some(first) => {
            let refused = counted(outcome.refused.len() as u64, "case", "cases");
            Err(CommandFailure::new(format!("The queue refused {refused}, which stay where they were: {first}.")))
        }
    }
}

/// Deletes the heartbeats of workers that are gone.
pub(crate) async fn forget(account: &CloudAccount, arguments: &ForgetArguments) -> Result<(), CommandFailure> {
    let study = open(account, &arguments.study).await?;
    let snapshot = look(&study).await?;
    let gone = snapshot.workers.iter().filter(|worker| worker.is_gone(snapshot.time));
    let gone: BTreeSet<String> = gone.map(|worker| worker.worker.clone()).collect();
    cruncher_backend::administer::forget::forget(&study, &gone).await.map_err(of_control)?;
    match gone.len() {
        0 => result("No worker is gone."),
        1 => result("1 worker is forgotten; its rows and its log stay."),
        all => result(format_args!(
            "{} are forgotten; their rows and logs stay.",
            counted(all as u64, "worker", "workers")
        )),
    }
    Ok(())
}

async fn open(account: &CloudAccount, study: &str) -> Result<Study, CommandFailure> {
    cloud::study(cloud::client(account).await?, study).await
}

async fn look(study: &Study) -> Result<Snapshot, CommandFailure> {
    status::look(&mut StudyWatch::new(study.clone())).await
}

async fn change(study: &Study, change: &dyn Fn(&mut StudyControl)) -> Result<StudyControl, CommandFailure> {
    change_control(study, change).await.map_err(of_control)
}

pub(crate) fn of_control(error: ControlError) -> CommandFailure {
    match error {
        ControlError::Document(cruncher_backend::study::ReadError::Aws(error)) => error.into(),
        error => CommandFailure::new(sentence(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeat(worker: &str) -> Heartbeat {
        let host = worker.split('_').next().unwrap_or_default();
        let json =
            format!(r#"{{"worker": "{worker}", "host": "{host}", "start_time": 0, "time": 0, "state": "waiting"}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn meant(workers: &[&str], hosts: &[&str], all: bool) -> Result<Vec<String>, String> {
        let heartbeats = ["node7_linux_1-aa", "node7_linux_2-bb", "node8_linux_1-cc"].map(heartbeat);
        let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let arguments =
            DrainArguments { study: "s".into(), workers: strings(workers), hosts: strings(hosts), all, undo: false };
        let named = named_workers(&heartbeats.iter().collect::<Vec<_>>(), &arguments);
        named.map(|named| named.into_iter().collect()).map_err(|failure| failure.message().to_owned())
    }

    #[test]
    fn workers_are_meant_by_either_name_by_their_computer_or_all() {
        assert_eq!(meant(&["node7_linux_1-aa", "1-cc"], &[], false).unwrap(), ["node7_linux_1-aa", "node8_linux_1-cc"]);
        assert_eq!(meant(&["1-aa"], &["node7"], false).unwrap(), ["node7_linux_1-aa", "node7_linux_2-bb"]);
        assert_eq!(meant(&[], &[], true).unwrap().len(), 3);
    }

    #[test]
    fn a_rule_is_said_in_words() {
        let rule = |first, last, never| halting_words(&HaltRule { first, last, never, ..HaltRule::default() });
        assert_eq!(
            rule(20, 50, false),
            "halts if the first 20 attempts all fail, or 80 % of the last 50 attempts fail."
        );
        assert_eq!(rule(1, 0, false), "halts if the first 1 attempt fails.");
        assert_eq!(rule(0, 9, false), "halts if 80 % of the last 9 attempts fail.");
        assert_eq!([rule(0, 0, false), rule(5, 5, true)], ["never halts by itself."; 2].map(str::to_owned));
    }

    #[test]
    fn what_is_not_there_is_said_with_what_there_is() {
        let attached = "Attached are 1-aa on node7, 2-bb on node7, 1-cc on node8.";
        assert_eq!(meant(&["1-aa", "x"], &[], false).unwrap_err(), format!("There is no worker `x`. {attached}"));
        let error = meant(&[], &["node9"], false).unwrap_err();
        assert_eq!(error, format!("There is no worker on a computer `node9`. {attached}"));
        assert_eq!(attached_words(&[]), "No worker is attached.");
        let many: Vec<Heartbeat> = (0..12).map(|number| heartbeat(&format!("n_l_{number}-a"))).collect();
        assert!(attached_words(&many.iter().collect::<Vec<_>>()).ends_with("9-a on n, and 2 others."));
    }
}
