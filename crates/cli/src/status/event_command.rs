//! `cruncher status --watch --exec COMMAND`: a command is started when something happens that somebody waits for.

use std::process::{Child, Command, Stdio};

use cruncher_backend::watch::snapshot::Snapshot;
use cruncher_study::study_events::{KnownEvents, StudyEvent};

use crate::output::note;

/// Starts a command at each event. The watch doesn't wait for it before the end.
pub(super) struct EventCommand {
    command: Option<String>,
    study: String,
    known: KnownEvents,
    started: Vec<Child>,
}

impl EventCommand {
    /// Takes the command, if there is one. What stands in `snapshot` is no news.
    pub(super) fn new(command: Option<String>, study: &str, snapshot: &Snapshot) -> Self {
        let known = KnownEvents::of(&snapshot.event_facts());
        Self { command, study: study.to_owned(), known, started: Vec::new() }
    }

    /// Tells what is new. That the study has ended is told at the end.
    pub(super) fn look(&mut self, snapshot: &Snapshot) {
        for event in self.known.news(&snapshot.event_facts()) {
            if event != StudyEvent::Ended {
                self.start(&event, snapshot);
            }
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
        let message = match event {
            StudyEvent::Ended => snapshot.total.ending(),
            StudyEvent::Halted(words) | StudyEvent::ErrorGroup(words) => words.clone(),
        };
        let started = shell(command)
            .env("CRUNCHER_STUDY", &self.study)
            .env("CRUNCHER_EVENT", event.name())
            .env("CRUNCHER_MESSAGE", message)
            .stdin(Stdio::null())
            .spawn();
        match started {
            Ok(child) => self.started.push(child),
            Err(error) => note(format_args!("--exec: the command can't be started: {error}")),
        }
    }
}

/// Returns the command for this system's shell.
fn shell(command: &str) -> Command {
    let (program, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(program);
    shell.args([flag, command]);
    shell
}
