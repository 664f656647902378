//! `cruncher configure --rotate-keys`: new keys while the study goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cruncher_backend::administer::keys::{KeyHolder, wait_until_accepted};
use cruncher_backend::administer::launch::{ConfiguredStudy, find_outputs};
use cruncher_backend::administer::rotation::{
    KnownAccess, NewPassphrases, OldWorkers, RenewedAccess, RotationError, RotationPlan, ViewMode,
    delete_keys_of_people, plan, renew,
};
use cruncher_backend::administer::sealed_access::{SealedAccessError, read_access};
use cruncher_backend::study::Study;
use cruncher_sealing::{AccessDocument, Passphrase};
use cruncher_study::access::{Role, StudyAccess};
use cruncher_study::heartbeat::{Heartbeat, WorkerState};
use cruncher_study::number_format::counted;

use crate::arguments::{CloudAccount, ConfigureArguments};
use crate::cloud;
use crate::failure::{CommandFailure, of_launch, sentence};
use crate::links::{NewAccess, StudyLinks};
use crate::output::{ProgressReporter, note, result, secret};
use crate::passphrases;
use crate::signal::unless_ended;
use crate::text::printable;

/// Pause between two looks at the workers with the old key.
const PAUSE: Duration = Duration::from_secs(2);

/// Maximum number of workers that a line names.
const MAX_NAMED: usize = 10;

/// A rotation of which all is known that it needs to know, and that has changed nothing yet.
pub(crate) struct KeyRotation {
    study: Study,
    known: KnownAccess,
    plan: RotationPlan,
}

impl KeyRotation {
    /// Looks at the study's access and keys, and asks for the operator's passphrase if something is to stay.
    pub(crate) async fn begin(account: &CloudAccount, arguments: &ConfigureArguments) -> Result<Self, CommandFailure> {
        let name = arguments.study.as_str();
        let asked = asked(arguments)?;
        let client = cloud::client(account).await?;
        let region = client.endpoints().region.clone();
        let study = cloud::study(client, name).await?;
        let outputs = find_outputs(&study.client, name).await.map_err(|error| of_launch(error, name, &region))?;
        let document = read_access(&study.client, &study.config.bucket).await.map_err(|error| of_access(&error))?;
        let mut known = KnownAccess { document, operator: None };
        // Finishing an interrupted rotation needs no passphrase.
        let mut planned = plan(&study, &outputs, &asked, &known).await.map_err(of_rotation)?;
        if let (RotationPlan::Renew(_), Some(document)) = (&planned, &known.document) {
            if asked.len() < KeyHolder::ALL.len() {
                known.operator = ask(&study, document).await?;
            }
            planned = plan(&study, &outputs, &known.holders(&asked), &known).await.map_err(of_rotation)?;
        }
        Ok(Self { study, known, plan: planned })
    }

    /// Makes the new keys, prints what is new, and deletes the old keys as soon as nobody needs them any more.
    pub(crate) async fn finish(
        self,
        configured: &ConfiguredStudy,
        arguments: &ConfigureArguments,
    ) -> Result<(), CommandFailure> {
        let name = arguments.study.as_str();
        let interrupted = || {
            format!(
                "Interrupted: there may be new keys already, and the old ones still work. If passphrases were printed, those are \
                 valid. `cruncher configure {name} --rotate-keys` can be run again."
            )
        };
        let Some(workers) = unless_ended(self.replace(configured, arguments), interrupted).await? else {
            return Ok(());
        };
        let interrupted = || {
            format!(
                "Interrupted: the new keys are valid, and the workers' old key still works, too, for those that have it. `cruncher \
                 configure {name} --rotate-keys --role worker` goes on waiting and deletes it, with --now at once."
            )
        };
        unless_ended(delete_when_unused(workers, &self.study, arguments), interrupted).await
    }

    /// Replaces the keys as planned; returns the workers to be waited for, if there are old keys of theirs.
    async fn replace(
        &self,
        configured: &ConfiguredStudy,
        arguments: &ConfigureArguments,
    ) -> Result<Option<OldWorkers>, CommandFailure> {
        let ask_to_end = |old| OldWorkers::ask_to_end(self.study.clone(), old);
        match &self.plan {
            RotationPlan::Finish(old) => {
                note(
                    "The workers got a new key by a rotation that was interrupted. It is finished now; no other key is made. \
                     Repeat the command for new keys.",
                );
                print(&StudyLinks::new(&configured.config, &configured.outputs.website_url, None), arguments);
                Ok(Some(ask_to_end(old.clone()).await.map_err(of_rotation)?))
            }
            RotationPlan::Renew(_) => {
                let renewed = self.renew(configured, arguments).await?;
                // At once, so that an interrupted rotation knows which of the two keys is old.
                let workers = match renewed.old.get(&KeyHolder::Worker) {
                    Some(old) if !old.is_empty() => Some(ask_to_end(old.clone()).await.map_err(of_rotation)?),
                    _ => None,
                };
                self.delete_keys_of_people(&renewed).await?;
                Ok(workers)
            }
        }
    }

    /// Makes the new keys, and prints what is new: nobody is to be locked out should something fail after that.
    async fn renew(
        &self,
        configured: &ConfiguredStudy,
        arguments: &ConfigureArguments,
    ) -> Result<RenewedAccess, CommandFailure> {
        let no_renewals = BTreeMap::new();
        let renewals = if let RotationPlan::Renew(renewals) = &self.plan { renewals } else { &no_renewals };
        let view = match (arguments.rotation.public_view, arguments.rotation.private_view) {
            (true, _) => ViewMode::Public,
            (_, true) => ViewMode::Private,
            _ => ViewMode::AsBefore,
        };
        let made = passphrases::generate(false);
        let viewer = made.viewer.as_ref().unwrap_or(&made.operator);
        let passphrases = NewPassphrases { viewer, operator: &made.operator, random: &mut passphrases::random };
        let renewed = {
            let mut reporter = ProgressReporter::new();
            let known = (&self.known, view);
            renew(&self.study, &configured.outputs, renewals, known, passphrases, &mut |step| reporter.step(step))
                .await
                .map_err(of_rotation)?
        };
        let is_kept = self.known.is_public() && view != ViewMode::Private;
        let access = NewAccess::of_rotation(&renewed, is_kept || view == ViewMode::Public);
        print(&StudyLinks::new(&configured.config, &configured.outputs.website_url, Some(access)), arguments);
        Ok(renewed)
    }

    /// Deletes the old keys of the roles of people, once the new ones are accepted.
    async fn delete_keys_of_people(&self, renewed: &RenewedAccess) -> Result<(), CommandFailure> {
        let client = &self.study.client;
        let are_accepted = {
            let mut reporter = ProgressReporter::new();
            wait_until_accepted(client, &self.study.config, &renewed.made, &mut |step| reporter.step(step)).await?
        };
        if !are_accepted {
            note(
                "The new keys are not accepted everywhere yet: should a link be refused, reload the page in a minute.",
            );
        }
        delete_keys_of_people(client, &renewed.old).await?;
        let people: Vec<String> =
            renewed.made.keys().filter(|holder| **holder != KeyHolder::Worker).map(ToString::to_string).collect();
        if !people.is_empty() {
            note(format_args!(
                "Deleted the old key of the {}: its links are refused from now on.",
                people.join(" and of the ")
            ));
        }
        if renewed.made.contains_key(&KeyHolder::Operator) && renewed.made.len() < KeyHolder::ALL.len() {
            note(
                "Whoever knew the operator's old passphrase may have kept the other roles' keys: if it has leaked, leave --role out.",
            );
        }
        Ok(())
    }
}

fn print(links: &StudyLinks, arguments: &ConfigureArguments) {
    if arguments.json {
        links.print_json();
    } else {
        result(format_args!("Study {} is configured.", arguments.study));
        result("");
        links.print();
    }
}

/// Returns whose keys are to be rotated.
fn asked(arguments: &ConfigureArguments) -> Result<BTreeSet<KeyHolder>, CommandFailure> {
    let named: BTreeSet<KeyHolder> = arguments.rotation.roles.iter().map(|role| KeyHolder::from(*role)).collect();
    let asked = if named.is_empty() { KeyHolder::ALL.into() } else { named };
    if (arguments.rotation.public_view || arguments.rotation.private_view) && !asked.contains(&KeyHolder::Viewer) {
        return Err(CommandFailure::new(
            "Who may look is decided with the viewer's key: add --role viewer, or leave --role out.",
        ));
    }
    Ok(asked)
}

/// Asks for the operator's passphrase: without it, nobody knows the keys that are to stay.
async fn ask(study: &Study, document: &AccessDocument) -> Result<Option<(StudyAccess, Passphrase)>, CommandFailure> {
    let question = "operator's passphrase (if it is lost, press Enter: operator and workers then get new keys, too, and it is made anew): ";
    let typed = Passphrase::typed(&secret(question).await?);
    if typed.as_str().is_empty() {
        return Ok(None);
    }
    let opened = document.open(&study.config.bucket, &typed).map_err(|error| of_access(&error.into()))?;
    if opened.role != Role::Operator {
        return Err(CommandFailure::new(
            "This is the viewer's passphrase, and it takes the operator's. Nothing was changed.",
        ));
    }
    Ok(Some((opened, typed)))
}

/// Waits until no worker has one of the old keys, and deletes them.
async fn delete_when_unused(
    mut workers: OldWorkers,
    study: &Study,
    arguments: &ConfigureArguments,
) -> Result<(), CommandFailure> {
    let sleep = study.client.ports().sleep.clone();
    let mut left = workers.look().await?;
    if !arguments.rotation.now {
        let reporter = ProgressReporter::new();
        let mut said = String::new();
        while !left.is_empty() {
            let words = waiting_words(&left);
            if words != said {
                reporter.line(&words);
                reporter.now(counted(left.len() as u64, "worker has", "workers have") + " the old key");
                said = words;
            }
            sleep.sleep(PAUSE).await;
            left = workers.look().await?;
        }
    }
    workers.delete_keys().await?;
    note(if left.is_empty() {
        "Deleted the workers' old key. Attach workers with the new line of the Attach page: sign in anew to see it."
            .to_owned()
    } else {
        format!(
            "Deleted the workers' old key. {} still had it, and {} refused from now on: attach {} again.",
            counted(left.len() as u64, "worker", "workers"),
            if left.len() == 1 { "is" } else { "are" },
            if left.len() == 1 { "it" } else { "them" },
        )
    });
    Ok(())
}

/// Says which workers still have the old key.
fn waiting_words(left: &[Heartbeat]) -> String {
    let name = |worker: &Heartbeat| {
        let state = if worker.state == WorkerState::Running { ", with a case" } else { "" };
        printable(&format!("{} on {}{state}", worker.process(), worker.host), 200)
    };
    let mut names = left.iter().take(MAX_NAMED).map(name).collect::<Vec<_>>().join("; ");
    if left.len() > MAX_NAMED {
        names = format!("{names}; and {} more", left.len() - MAX_NAMED);
    }
    let (who, ends) = match left.len() {
        1 => ("1 worker has".to_owned(), "it ends after its case"),
        all => (format!("{all} workers have"), "they end after their case"),
    };
    format!("{who} the old key, and {ends}: {names}. Ctrl-C stops waiting.")
}

fn of_access(error: &SealedAccessError) -> CommandFailure {
    CommandFailure::new(format!("{} {}", sentence(error), error.advice()))
}

fn of_rotation(error: RotationError) -> CommandFailure {
    match error {
        RotationError::Aws(error) => error.into(),
        RotationError::Access(error) => of_access(&error),
        RotationError::BothInUse { ref user, ref keys } => CommandFailure::new(format!(
            "{} There is no room for a third one. Nothing was changed. Let the workers with one of them end (`cruncher drain`), or \
             delete it if it is none of theirs: aws iam delete-access-key --user-name {user} --access-key-id {}",
            sentence(&error),
            keys.first().map(String::as_str).unwrap_or_default()
        )),
        RotationError::Control(error) => CommandFailure::new(sentence(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(number: u32, state: &str) -> Heartbeat {
        let json = format!(
            r#"{{"worker": "node7_linux_{number}-aa", "host": "node7", "start_time": 0, "time": 0, "state": "{state}"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn who_is_waited_for_is_named() {
        assert_eq!(
            waiting_words(&[worker(1, "running")]),
            "1 worker has the old key, and it ends after its case: 1-aa on node7, with a case. Ctrl-C stops waiting."
        );
        let many: Vec<Heartbeat> = (0..12).map(|number| worker(number, "waiting")).collect();
        let words = waiting_words(&many);
        assert!(
            words.starts_with("12 workers have the old key, and they end after their case: 0-aa on node7; 1-aa"),
            "{words}"
        );
        assert!(words.contains("9-aa on node7; and 2 more."), "{words}");
    }
}
