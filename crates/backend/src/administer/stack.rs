//! A study's stack: its outputs, following its events, and the reason of a failure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cruncher_aws::cloudformation::{DescribeStack, DescribeStackEvents, StackDescription, StackEvent};
use cruncher_aws::{Client, Error};

use crate::progress::{Progress, ProgressStep};

/// Time that a change of a stack may take.
pub const PATIENCE: Duration = Duration::from_mins(15);

const MIN_PAUSE: Duration = Duration::from_millis(250);
const MAX_PAUSE: Duration = Duration::from_secs(3);

/// Type of the events that are about the stack itself.
const STACK_TYPE: &str = "AWS::CloudFormation::Stack";

/// Returns the name of a study's stack.
#[must_use]
pub fn stack_name(study: &str) -> String {
    format!("cruncher-{study}")
}

/// Outputs of a study's stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackOutputs {
    /// The bucket's name.
    pub bucket: String,
    /// The page's address over http.
    pub website_url: String,
    /// The queue of cases.
    pub queue_url: String,
    /// The queue for cases that no worker could finish.
    pub dead_letter_queue_url: String,
    /// The IAM user of those who look.
    pub viewer_user: String,
    /// The IAM user of those who define and send cases.
    pub operator_user: String,
    /// The IAM user of the workers.
    pub worker_user: String,
}

/// A stack that is no study's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stack {stack} has no output {output}, so it is no study of this version of cruncher")]
pub struct MissingOutput {
    /// The stack's name.
    pub stack: String,
    /// The missing output.
    pub output: &'static str,
}

impl StackOutputs {
    /// Returns the outputs of `stack`.
    ///
    /// # Errors
    /// If one is missing, as in a stack that never was complete.
    pub fn of(stack: &StackDescription) -> Result<Self, MissingOutput> {
        let output = |output: &'static str| {
            let missing = || MissingOutput { stack: stack.name.clone(), output };
            stack.outputs.get(output).cloned().ok_or_else(missing)
        };
        Ok(Self {
            bucket: output("BucketName")?,
            website_url: output("WebsiteUrl")?,
            queue_url: output("QueueUrl")?,
            dead_letter_queue_url: output("DeadLetterQueueUrl")?,
            viewer_user: output("ViewerUser")?,
            operator_user: output("OperatorUser")?,
            worker_user: output("WorkerUser")?,
        })
    }

    /// Returns the IAM users, one for each role.
    #[must_use]
    pub fn users(&self) -> [&str; 3] {
        [&self.viewer_user, &self.operator_user, &self.worker_user]
    }
}

/// Condition of a stack for somebody who wants to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackCondition {
    /// All is there.
    Usable,
    /// It is being created, changed or deleted.
    AtWork,
    /// Its creation or deletion failed: it can only be deleted.
    Broken,
}

impl StackCondition {
    /// Returns the condition that a stack's status stands for.
    #[must_use]
    pub fn of(status: &str) -> Self {
        if status.ends_with("_IN_PROGRESS") {
            return Self::AtWork;
        }
        match status {
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE" => Self::Usable,
            _ => Self::Broken,
        }
    }
}

/// The event that explains why a stack failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackFailure {
    /// The resource's name in the template.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The service's reason.
    pub reason: String,
}

/// A change of a stack that didn't succeed.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// It failed, and was rolled back if it could be.
    #[error("stack {stack} ended as {status}")]
    Failed {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: String,
        /// The first event that failed.
        failure: Option<StackFailure>,
    },
    /// It takes longer than 15 minutes.
    #[error("stack {stack} is still being changed after {} minutes", PATIENCE.as_secs() / 60)]
    TooSlow {
        /// The stack's name.
        stack: String,
    },
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// The events of one stack, each read once.
pub struct EventLog<'a> {
    client: &'a Client,
    /// Its id, since a deleted stack can't be found by its name.
    stack_id: String,
    stack: String,
    seen: BTreeSet<String>,
    news: Vec<StackEvent>,
}

impl<'a> EventLog<'a> {
    /// Makes a log of all events of the stack.
    #[must_use]
    pub fn new(client: &'a Client, stack: &str, stack_id: &str) -> Self {
        let (stack, stack_id) = (stack.to_owned(), stack_id.to_owned());
        Self { client, stack_id, stack, seen: BTreeSet::new(), news: Vec::new() }
    }

    /// Makes a log of the events that are still to come.
    ///
    /// # Errors
    /// If those before can't be read.
    pub async fn from_now_on(client: &'a Client, stack: &StackDescription) -> Result<Self, Error> {
        let mut log = Self::new(client, &stack.name, &stack.id);
        log.read().await?;
        log.news.clear();
        Ok(log)
    }

    /// Reports each event as it comes, until the stack has come to an end.
    ///
    /// # Errors
    /// If that end is a failure, doesn't come in time, or can't be seen.
    pub async fn follow(&mut self, progress: Progress<'_>) -> Result<(), StackError> {
        let ports = self.client.ports();
        let start = ports.clock.now();
        let mut pause = MIN_PAUSE;
        let mut told = 0;
        loop {
            self.read().await?;
            self.news[told..].iter().cloned().for_each(|event| progress(ProgressStep::Stack(event)));
            told = self.news.len();
            match self.end().await? {
                Some(status) if is_good(&status) => return Ok(()),
                Some(status) => return Err(self.failed(status)),
                None if ports.clock.now().saturating_sub(start) > PATIENCE => {
                    return Err(StackError::TooSlow { stack: self.stack.clone() });
                }
                None => ports.sleep.sleep(pause).await,
            }
            pause = pause.mul_f64(1.5).min(MAX_PAUSE);
        }
    }

    /// Returns the reason why the stack failed, as far as its events tell.
    ///
    /// # Errors
    /// If they can't be read.
    pub async fn explain(&mut self) -> Result<Option<StackFailure>, Error> {
        self.read().await?;
        Ok(first_failure(&self.stack, &self.news))
    }

    /// Appends new events to `news`, the oldest first.
    async fn read(&mut self) -> Result<(), Error> {
        let mut fresh = Vec::new();
        let mut page = DescribeStackEvents::new(&self.stack_id);
        loop {
            let events = self.client.send(&page).await?;
            let count = events.events.len();
            let unseen = events.events.into_iter().filter(|event| !self.seen.contains(&event.id));
            let before = fresh.len();
            fresh.extend(unseen);
            let reached_known = fresh.len() - before < count;
            match events.next {
                Some(token) if !reached_known => page = page.next(token),
                _ => break,
            }
        }
        self.seen.extend(fresh.iter().map(|event| event.id.clone()));
        self.news.extend(fresh.into_iter().rev());
        Ok(())
    }

    /// Returns the status of the stack once it has come to an end.
    async fn end(&self) -> Result<Option<String>, Error> {
        let own = self.news.iter().rev().find(|event| is_own(&self.stack, event));
        if let Some(event) = own {
            return Ok((!event.status.ends_with("_IN_PROGRESS")).then(|| event.status.clone()));
        }
        // It may have been deleted before anybody looked.
        let stack = self.client.send(&DescribeStack::new(&self.stack_id)).await?;
        let status = stack.map_or_else(|| "DELETE_COMPLETE".to_owned(), |stack| stack.status);
        Ok((status == "DELETE_COMPLETE").then_some(status))
    }

    fn failed(&self, status: String) -> StackError {
        StackError::Failed { stack: self.stack.clone(), status, failure: first_failure(&self.stack, &self.news) }
    }
}

fn is_good(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE")
}

fn is_own(stack: &str, event: &StackEvent) -> bool {
    event.resource_type == STACK_TYPE && event.logical_id == stack
}

/// Finds the failure that all others follow from: the first of a resource that wasn't just cancelled; without one, the
/// stack's own. `events` are in the order in which they happened.
#[must_use]
pub fn first_failure(stack: &str, events: &[StackEvent]) -> Option<StackFailure> {
    let has_failed = |event: &&StackEvent| event.status.ends_with("_FAILED");
    // Every resource that was under way when the first one failed has the reason "Resource creation cancelled".
    let is_cause = |event: &&StackEvent| event.reason.as_deref().is_some_and(|reason| !reason.contains("cancelled"));
    let of_resource = events.iter().filter(has_failed).filter(|event| !is_own(stack, event)).find(is_cause);
    let of_stack = || {
        let is_bad = |event: &&StackEvent| has_failed(event) || event.status.contains("ROLLBACK");
        events.iter().filter(|event| is_own(stack, event)).filter(is_bad).find(is_cause)
    };
    of_resource.or_else(of_stack).map(|event| StackFailure {
        logical_id: event.logical_id.clone(),
        resource_type: event.resource_type.clone(),
        reason: event.reason.clone().unwrap_or_default(),
    })
}

/// Returns the parameters of a stack that an update passes on: those that the template still has.
#[must_use]
pub fn kept_parameters(template: &str, parameters: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let section = template.split("\nParameters:").nth(1).and_then(|rest| rest.split("\nResources:").next());
    let is_known = |name: &str| section.is_some_and(|section| section.contains(&format!("\n  {name}:")));
    parameters.iter().filter(|(name, _)| is_known(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(logical_id: &str, status: &str, reason: &str) -> StackEvent {
        StackEvent {
            id: format!("{logical_id}-{status}"),
            logical_id: logical_id.into(),
            resource_type: if logical_id == "s" { STACK_TYPE.into() } else { "AWS::IAM::User".into() },
            status: status.into(),
            reason: (!reason.is_empty()).then(|| reason.into()),
            time: Duration::ZERO,
        }
    }

    fn check(events: &[StackEvent], expected: Option<(&str, &str)>) {
        let found = first_failure("s", events).map(|failure| (failure.logical_id, failure.reason));
        assert_eq!(found, expected.map(|(id, reason)| (id.to_owned(), reason.to_owned())));
    }

    #[test]
    fn the_first_failed_resource_explains_the_rest() {
        check(&[event("s", "CREATE_IN_PROGRESS", "User Initiated"), event("s", "CREATE_COMPLETE", "")], None);
        check(
            &[
                event("Viewer", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
                event("Bucket", "CREATE_FAILED", "Resource creation cancelled"),
                event("Viewer", "CREATE_FAILED", "it exists"),
                event("Worker", "CREATE_FAILED", "another one"),
                event("s", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Viewer]."),
            ],
            Some(("Viewer", "it exists")),
        );
        check(
            &[
                event("s", "CREATE_IN_PROGRESS", ""),
                event("s", "ROLLBACK_IN_PROGRESS", "not allowed"),
                event("s", "ROLLBACK_COMPLETE", ""),
            ],
            Some(("s", "not allowed")),
        );
    }

    #[test]
    fn a_status_says_whether_the_stack_can_be_used() {
        for (status, expected) in [
            ("CREATE_COMPLETE", StackCondition::Usable),
            ("UPDATE_ROLLBACK_COMPLETE", StackCondition::Usable),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", StackCondition::AtWork),
            ("ROLLBACK_IN_PROGRESS", StackCondition::AtWork),
            ("ROLLBACK_COMPLETE", StackCondition::Broken),
            ("DELETE_FAILED", StackCondition::Broken),
        ] {
            assert_eq!(StackCondition::of(status), expected, "{status}");
        }
    }

    #[test]
    fn an_update_passes_on_the_parameters_that_the_template_still_has() {
        let template = include_str!("../../../../stack/study.yaml");
        let given = ["Study", "LeaseSecs", "Gone", "Type"].map(|name| (name.to_owned(), "1".to_owned()));
        let kept = kept_parameters(template, &BTreeMap::from(given));
        assert_eq!(kept.keys().collect::<Vec<_>>(), ["LeaseSecs", "Study"]);
    }

    #[test]
    fn every_output_of_the_template_is_read() {
        let template = include_str!("../../../../stack/study.yaml");
        let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
        let names = outputs
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
            .filter(|name| !name.starts_with(' '));
        let mut stack = StackDescription {
            id: "i".into(),
            name: "s".into(),
            status: "CREATE_COMPLETE".into(),
            status_reason: None,
            outputs: names.map(|name| (name.to_owned(), name.to_lowercase())).collect(),
            parameters: BTreeMap::new(),
        };
        assert_eq!(StackOutputs::of(&stack).unwrap().users(), ["vieweruser", "operatoruser", "workeruser"]);
        stack.outputs.remove("QueueUrl");
        assert_eq!(StackOutputs::of(&stack), Err(MissingOutput { stack: "s".into(), output: "QueueUrl" }));
    }
}
