//! Failures of commands: plain sentences, and an exit code.

use std::error::Error;
use std::process::ExitCode;

use cruncher_backend::administer::launch::LaunchError;
use cruncher_backend::administer::stack::{StackError, StackFailure};
use cruncher_backend::enqueue::EnqueueError;

/// Failure of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandFailure {
    message: String,
    exit_code: u8,
}

impl CommandFailure {
    /// Makes a failure of one or a few sentences: what happened, to what, and what to do.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: 1 }
    }

    /// Makes the failure of a command that was ended from outside.
    pub(crate) fn ended(message: impl Into<String>, exit_code: u8) -> Self {
        Self { message: message.into(), exit_code }
    }

    /// Returns the sentences.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the exit code of the process.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit_code)
    }
}

impl From<cruncher_aws::Error> for CommandFailure {
    fn from(error: cruncher_aws::Error) -> Self {
        Self::new(format!("{} {}", sentence(&error), error.advice()))
    }
}

/// Makes a sentence of an error and its causes.
pub(crate) fn sentence(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let text: Vec<String> = causes.map(ToString::to_string).collect();
    as_sentence(&text.join(": "))
}

/// Makes a sentence of the words.
pub(crate) fn as_sentence(words: &str) -> String {
    let mut rest = words.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", rest.as_str().trim_end_matches('.'))
}

/// Describes the failure of a launch or a configuration, and the remedy.
pub(crate) fn of_launch(error: LaunchError, study: &str, region: &str) -> CommandFailure {
    match error {
        LaunchError::Exists { .. } => CommandFailure::new(format!(
            "Study {study} exists already in {region}. To upload this version's page run `cruncher configure {study}`; for \
             new links run `cruncher configure {study} --rotate-keys`."
        )),
        LaunchError::Missing { .. } => CommandFailure::new(format!(
            "There is no study {study} in {region}. Check its name, the region (--region) and the account (--profile); \
             `cruncher launch {study}` makes one."
        )),
        LaunchError::AtWork { stack, status } => CommandFailure::new(format!(
            "Stack {stack} is being changed already ({status}), by another command or person. Wait until that has ended, \
             then repeat."
        )),
        LaunchError::Broken { stack, status, failure } => CommandFailure::new(format!(
            "Stack {stack} is left from an attempt that failed ({status}){}. Run `cruncher clean-up {study}`, then \
             `cruncher launch {study}`.",
            failure.map(|failure| format!(": {}", cause(&failure))).unwrap_or_default()
        )),
        LaunchError::Stack(error) => of_stack(error, study),
        LaunchError::NoStudy(error) => CommandFailure::new(format!(
            "{} Run `cruncher clean-up {study}`, then `cruncher launch {study}`.",
            sentence(&error)
        )),
        LaunchError::Aws(error) => error.into(),
        LaunchError::Unfinished { source, .. } => CommandFailure::new(format!(
            "The stack of study {study} is complete, but what comes after it failed: {} {} Then run `cruncher configure \
             {study} --rotate-keys`, which does the rest and prints the links.",
            sentence(&source),
            source.advice()
        )),
    }
}

/// Describes the failure of an enqueueing, and the remedy; `command` continues it.
pub(crate) fn of_enqueue(error: EnqueueError, command: &str) -> CommandFailure {
    let text = sentence(&error);
    let advice = match error {
        EnqueueError::Design(_) | EnqueueError::Table(_) => "Correct the design, then repeat.".to_owned(),
        EnqueueError::TooManyAttempts { .. } => {
            "Give max_attempts of the design a smaller number, or raise MaxReceives of the study's stack and run \
             `cruncher configure`."
                .to_owned()
        }
        EnqueueError::Command { .. } | EnqueueError::ModelDocument(_) => {
            "Correct the command, then repeat; `cruncher design` names all that are wrong.".to_owned()
        }
        EnqueueError::NoPool { pool, .. } => {
            format!("Correct the name, or make the pool, `cruncher pool add STUDY {pool}`; then repeat.")
        }
        EnqueueError::FileName(_) => "Rename the file, then repeat.".to_owned(),
        EnqueueError::CaseTooLarge { .. } => {
            "Shorten its texts and vectors, or let the model read them from a file.".to_owned()
        }
        EnqueueError::BatchCancelled(_) => "`cruncher cancel STUDY --batch BATCH --undo` takes that back.".to_owned(),
        EnqueueError::Withdrawn => {
            format!(
                "Count it again on the Overview, then go on by `{command}`; or take the rest back by `{command} --cancel`."
            )
        }
        EnqueueError::NoScript => "Name it with --combine.".to_owned(),
        EnqueueError::OtherModel
        | EnqueueError::OtherPlan
        | EnqueueError::Unreadable { .. }
        | EnqueueError::TooLarge { .. } => "Begin it anew, in another batch if need be.".to_owned(),
        EnqueueError::Control(_) => format!("To go on:  {command}"),
        EnqueueError::Refused { .. } => {
            format!("What was sent before is noted: correct the case, or take the rest back by `{command} --cancel`.")
        }
        EnqueueError::Keep(_) => format!("Nothing is sent without it. Free that folder, then go on by `{command}`."),
        EnqueueError::Aws(error) => format!("{} What was sent is noted; to go on:  {command}", error.advice()),
    };
    CommandFailure::new(format!("{text} {advice}"))
}

/// Describes the failure of a change of a stack, and the remedy.
pub(crate) fn of_stack(error: StackError, study: &str) -> CommandFailure {
    match error {
        StackError::Failed { stack, status, failure } => {
            let cause = failure.as_ref().map_or_else(|| "no event tells why".to_owned(), cause);
            let hint = failure.as_ref().map(hint).unwrap_or_default();
            let way_out = way_out(&status, study);
            CommandFailure::new(format!("Stack {stack} failed: {cause}. It ended as {status}. {hint}{way_out}"))
        }
        StackError::TooSlow { .. } => CommandFailure::new(format!(
            "{} CloudFormation goes on with it: look at its events in the AWS console, and repeat when it has ended.",
            sentence(&error)
        )),
        StackError::Aws(error) => error.into(),
    }
}

fn way_out(status: &str, study: &str) -> String {
    match status {
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" => format!(
            "Nothing of it can be used: correct the cause, run `cruncher clean-up {study}`, then `cruncher launch {study}`."
        ),
        "UPDATE_ROLLBACK_COMPLETE" => {
            format!("It is as it was before: correct the cause, then run `cruncher configure {study}` again.")
        }
        "DELETE_FAILED" => format!("Correct the cause, then run `cruncher clean-up {study}` again."),
        _ => format!("Correct the cause, then repeat, or run `cruncher clean-up {study}`."),
    }
}

/// Describes the first failed event: resource, type, reason.
fn cause(failure: &StackFailure) -> String {
    let StackFailure { logical_id, resource_type, reason } = failure;
    format!("{logical_id} ({resource_type}): {}", reason.trim_end_matches('.'))
}

/// Returns advice that the reason alone doesn't give.
fn hint(failure: &StackFailure) -> &'static str {
    match failure.resource_type.as_str() {
        "AWS::S3::BucketPolicy" => {
            "A study's page is public, its results are not: the account's settings for S3, Block Public Access, may forbid \
             that. "
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: LaunchError, parts: &[&str]) {
        let failure = of_launch(error, "soil", "eu-central-1");
        for part in parts {
            assert!(failure.message().contains(part), "{}", failure.message());
        }
        assert!(failure.message().ends_with('.'), "{}", failure.message());
    }

    #[test]
    fn every_end_of_a_launch_names_its_cause_and_a_way_out() {
        let (stack, study) = ("cruncher-soil".to_owned(), "soil".to_owned());
        let cause = || {
            Some(StackFailure {
                logical_id: "Viewer".into(),
                resource_type: "AWS::IAM::User".into(),
                reason: "it exists.".into(),
            })
        };
        check(LaunchError::Exists { study: study.clone() }, &["exists already", "`cruncher configure soil`"]);
        check(LaunchError::Missing { study }, &["no study soil in eu-central-1", "--region"]);
        let status = "CREATE_IN_PROGRESS".to_owned();
        check(LaunchError::AtWork { stack: stack.clone(), status }, &["being changed", "Wait"]);
        let status = "ROLLBACK_COMPLETE".to_owned();
        check(
            LaunchError::Broken { stack: stack.clone(), status: status.clone(), failure: cause() },
            &[
                "ROLLBACK_COMPLETE",
                "Viewer (AWS::IAM::User): it exists.",
                "`cruncher clean-up soil`",
                "`cruncher launch soil`",
            ],
        );
        check(
            LaunchError::Stack(StackError::Failed { stack, status, failure: cause() }),
            &["Viewer (AWS::IAM::User): it exists.", "`cruncher clean-up soil`"],
        );
    }

    #[test]
    fn every_end_of_an_enqueueing_says_what_to_do() {
        let case_id = cruncher_study::case::CaseId::default();
        for (error, parts) in [
            (EnqueueError::FileName("a/b".into()), ["`a/b` can't be the name", "Rename"]),
            (EnqueueError::CaseTooLarge { number: 7, size_bytes: 300_000 }, ["Case 7 is 300000 bytes", "Shorten"]),
            (
                EnqueueError::TooManyAttempts { max_attempts: 9, max_receives: 5 },
                ["A case is handed out 5 times at most", "raise MaxReceives"],
            ),
            (EnqueueError::OtherPlan, ["another design", "Begin it anew"]),
            (EnqueueError::Withdrawn, ["withdrawn meanwhile", "Count it again"]),
            (
                EnqueueError::Keep(cruncher_backend::enqueue::key_value_store::KeyValueError::new("full")),
                ["full", "`cruncher enqueue s d`"],
            ),
            (
                EnqueueError::Refused { number: 3, case_id, code: "No".into(), message: "x".into() },
                ["case 3, 0000", "`cruncher enqueue s d --cancel`"],
            ),
        ] {
            let failure = of_enqueue(error, "cruncher enqueue s d");
            assert!(parts.iter().all(|part| failure.message().contains(part)), "{}", failure.message());
            assert!(failure.message().ends_with('.'), "{}", failure.message());
        }
    }

    #[test]
    fn an_error_is_told_with_its_causes_in_one_sentence() {
        let error = std::io::Error::other("no such thing.");
        assert_eq!(sentence(&error), "No such thing.");
        let error = LaunchError::Stack(StackError::TooSlow { stack: "s".into() });
        assert_eq!(sentence(&error), "Stack s is still being changed after 15 minutes.");
    }
}
