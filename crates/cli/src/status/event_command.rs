//! `cruncher status --watch --exec COMMAND`: a command is started when something happens that somebody waits for.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};

use cruncher_backend::watch::snapshot::Snapshot;

use crate::output::note;
use crate::report::as_line;

/// Starts a command at each event. The watch doesn't wait for it before the end.
pub(super) struct EventCommand {
    command: Option<String>,
    study: String,
    /// Signatures of the groups of errors that are known.
    known: BTreeSet<String>,
    started: Vec<Child>,
}

/// Event that somebody waits for.
enum StudyEvent {
    /// No case waits or runs any more.
    Ended,
    /// Cases fail in a way that was not seen before: exception and message.
    ErrorGroup(String),
}

impl EventCommand {
    /// Takes the command, if there is one. What stands in `snapshot` is no news.
    pub(super) fn new(command: Option<String>, study: &str, snapshot: &Snapshot) -> Self {
        let known = signatures(snapshot).map(|(signature, _)| signature).collect();
        Self { command, study: study.to_owned(), known, started: Vec::new() }
    }

    /// Tells of groups of errors that weren't there before.
    pub(super) fn look(&mut self, snapshot: &Snapshot) {
        let new: Vec<(String, String)> =
            signatures(snapshot).filter(|(signature, _)| !self.known.contains(signature)).collect();
        for (signature, error) in new {
            self.known.insert(signature);
            self.start(&StudyEvent::ErrorGroup(error), snapshot);
        }
    }

    /// Tells that the study has ended, and waits for all that was started.
    pub(super) fn end(mut self, snapshot: &Snapshot) {
        self.wait();
        self.start(&StudyEvent::Ended, snapshot);
        self.wait();
    }

    fn wait(&mut self) {
        for mut child in self.started.drain(..) {
            match child.wait() {
                Ok(status) if !status.success() => note(format_args!("--exec: the command ended with {status}")),
                Ok(_) => {}
                Err(error) => note(format_args!("--exec: {error}")),
            }
        }
    }

    fn start(&mut self, event: &StudyEvent, snapshot: &Snapshot) {
        let Some(command) = &self.command else { return };
        let (name, message) = match event {
            StudyEvent::Ended => ("ended", as_line(snapshot)),
            StudyEvent::ErrorGroup(error) => ("error", error.clone()),
        };
        let started = shell(command)
            .env("CRUNCHER_STUDY", &self.study)
            .env("CRUNCHER_EVENT", name)
            .env("CRUNCHER_MESSAGE", message)
            .stdin(Stdio::null())
            .spawn();
        match started {
            Ok(child) => self.started.push(child),
            Err(error) => note(format_args!("--exec: the command can't be started: {error}")),
        }
    }
}

fn signatures(snapshot: &Snapshot) -> impl Iterator<Item = (String, String)> {
    snapshot.error_parts.iter().map(|part| (part.signature.clone(), part.error.clone()))
}

/// Returns the command for this system's shell.
fn shell(command: &str) -> Command {
    let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.args([flag, command]);
    shell
}
