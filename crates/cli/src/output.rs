//! The only module that writes: results to stdout, everything else to stderr.
//!
//! Secrets appear only in links, and links only on stdout.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _, stderr, stdin, stdout};
use std::time::Duration;

use cruncher_aws::cloudformation::StackEvent;
use cruncher_backend::enqueue::EnqueueProgress;
use cruncher_backend::progress::ProgressStep;
use cruncher_study::number_format::{duration, thousands};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::CommandFailure;

/// Prints a line of the result. It is no failure if nobody reads it any more: `cruncher status | head`.
pub(crate) fn result(text: impl Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints a part of the result, without an end of line, at once.
pub(crate) fn result_part(text: impl Display) {
    let mut out = stdout();
    let _ = write!(out, "{text}");
    let _ = out.flush();
}

/// Prints a line about the progress.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(stderr(), "{text}");
}

/// Prints the reason why a command ended.
pub(crate) fn explain(failure: &CommandFailure) {
    note(format_args!("cruncher: {}", failure.message()));
}

/// Whether results are read by a person at this moment.
pub(crate) fn is_watched() -> bool {
    stdout().is_terminal()
}

/// Whether there is a person who can be asked.
pub(crate) fn can_ask() -> bool {
    stdin().is_terminal() && stderr().is_terminal()
}

/// Asks a question. The answer is yes unless something else is typed.
pub(crate) async fn yes_or_no(question: &str) -> Result<bool, CommandFailure> {
    let mut err = stderr();
    let _ = write!(err, "{question} [Y/n] ");
    let _ = err.flush();
    let answer = answer().await;
    Ok(answer.is_some_and(|answer| matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes")))
}

/// Reads a line from the keyboard; `None` at its end.
async fn answer() -> Option<String> {
    let read = || {
        let mut line = String::new();
        stdin().read_line(&mut line).ok().filter(|length| *length > 0).map(|_| line)
    };
    tokio::task::spawn_blocking(read).await.ok().flatten()
}

/// Asks for a secret, which isn't shown while it is typed; without a person at the keyboard, a line of standard input is it.
pub(crate) async fn secret(question: &str) -> Result<String, CommandFailure> {
    let read = if can_ask() {
        let question = question.to_owned();
        let typed = tokio::task::spawn_blocking(move || rpassword::prompt_password(question)).await;
        typed.ok().and_then(Result::ok)
    } else {
        answer().await
    };
    read.ok_or_else(|| CommandFailure::new("There was no passphrase at the keyboard, nor on standard input."))
}

/// Progress of a long row of equal things. Only a terminal shows it.
pub(crate) struct ProgressLine {
    bar: ProgressBar,
}

impl ProgressLine {
    /// Begins at 0 of `of` things.
    pub(crate) fn new(of: u64, things: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(of), ProgressDrawTarget::stderr());
        let template = format!("{{bar:30}} {{human_pos}} of {{human_len}} {things}{{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Shows that `done` things are done.
    pub(crate) fn show_count(&self, done: u64, rest: impl Into<String>) {
        if !self.bar.is_hidden() {
            self.bar.set_message(rest.into());
            self.bar.set_position(done);
        }
    }

    /// Shows the progress of an enqueueing.
    pub(crate) fn show(&self, progress: &EnqueueProgress) {
        if self.bar.is_hidden() {
            return;
        }
        let rate = progress.rate.map(|rate| format!(", {rate:.0} a second")).unwrap_or_default();
        let rest = progress.remaining_secs().map(|secs| format!(", {} to go", duration(secs))).unwrap_or_default();
        let throttled = if progress.throttled > 0 { ", throttled" } else { "" };
        self.bar.set_message(format!("{rate}{rest}{throttled}"));
        self.bar.set_position(progress.sent);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Progress of a long command: a line for each event, and on a terminal also the step under way.
pub(crate) struct ProgressReporter {
    bar: ProgressBar,
    last_event: Option<(String, String)>,
}

impl ProgressReporter {
    /// Begins with no step under way.
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, last_event: None }
    }

    /// Prints a line about an event.
    pub(crate) fn line(&self, text: impl Display) {
        self.bar.suspend(|| note(text));
    }

    /// Shows the step under way.
    pub(crate) fn now(&self, text: impl Into<String>) {
        self.bar.set_message(text.into());
    }

    /// Reports a step of a use case.
    pub(crate) fn step(&mut self, step: ProgressStep) {
        match step {
            ProgressStep::Stack(event) => self.event(&event),
            ProgressStep::KeysMade { keys: 3 } => self.line("Made an access key for each role"),
            ProgressStep::KeysMade { keys: 1 } => self.line("Made a new access key"),
            ProgressStep::KeysMade { keys } => self.line(format_args!("Made {keys} new access keys")),
            ProgressStep::WaitingForKeys => {
                self.now("waiting until AWS accepts the new keys everywhere");
                if self.bar.is_hidden() {
                    self.line("Waiting until the new keys are accepted everywhere");
                }
            }
            ProgressStep::Published { done, of, .. } if done == of => {
                self.line(format_args!("The page is in place, {of} files"));
            }
            ProgressStep::Published { key, done, of } => self.now(format!("uploading {key}, {done} of {of}")),
            ProgressStep::KeysDeleted => self.line("Deleted the access keys"),
            ProgressStep::QueuesDeleted { queues } => {
                self.line(format_args!("Deleted {queues} queues of pools"));
            }
            ProgressStep::ObjectsDeleted { deleted } => {
                self.now(format!("deleting, {} objects so far", thousands(deleted)));
            }
        }
    }

    fn event(&mut self, event: &StackEvent) {
        let told = Some((event.logical_id.clone(), event.status.clone()));
        // AWS reports the beginning twice: when it starts, and when the resource's service has accepted.
        if self.last_event == told {
            return;
        }
        self.last_event = told;
        self.now(format!("{} is {}", event.logical_id, status_text(&event.status)));
        let reason = event.reason.as_deref().filter(|_| event.status.ends_with("_FAILED"));
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        self.line(format_args!("  {:<24} {}{reason}", event.logical_id, status_text(&event.status)));
    }
}

impl Drop for ProgressReporter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Returns a status in words, `CREATE_IN_PROGRESS` for one.
fn status_text(status: &str) -> String {
    match status {
        "CREATE_IN_PROGRESS" => "being created".to_owned(),
        "CREATE_COMPLETE" => "created".to_owned(),
        "UPDATE_IN_PROGRESS" => "being changed".to_owned(),
        "UPDATE_COMPLETE" => "changed".to_owned(),
        "DELETE_IN_PROGRESS" => "being deleted".to_owned(),
        "DELETE_COMPLETE" => "deleted".to_owned(),
        "DELETE_SKIPPED" => "kept".to_owned(),
        other => other.to_lowercase().replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_told_in_words() {
        for (status, expected) in [
            ("CREATE_COMPLETE", "created"),
            ("DELETE_SKIPPED", "kept"),
            ("ROLLBACK_IN_PROGRESS", "rollback in progress"),
        ] {
            assert_eq!(status_text(status), expected);
        }
    }
}
