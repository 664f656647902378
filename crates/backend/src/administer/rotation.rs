//! Rotation of keys: new ones for some roles, while the study goes on.
//!
//! Nobody has to be waited for but the workers: they finish their case under the old key, which is deleted when none of them has it any
//! more. What is sealed for the operator holds the other roles' keys, so it is sealed anew each time.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::iam::{ListAccessKeys, ListedAccessKey};
use cruncher_aws::{Client, Error, s3};
use cruncher_sealing::{AccessDocument, Passphrase, SealError};
use cruncher_study::access::{AccessKey, Role, StudyAccess};
use cruncher_study::control::{MAX_NAMES, StudyControl};
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::key::{WORKERS_PREFIX, WorkerKey};
use cruncher_study::replaced_keys::holds_retired_key;

use super::control::{ControlError, change_control, control};
use super::keys::{self, KeyHolder, KeyRenewal, NewKeys, OldKey};
use super::sealed_access::{SealedAccessError, put_access};
use super::stack::StackOutputs;
use crate::progress::Progress;
use crate::reading::{MAX_HEARTBEAT_BYTES, ReadRequest, parse};
use crate::study::Study;
use crate::watch::known_heartbeats::bounded;

/// Maximum number of workers that are drained since they don't tell their key, and of bytes of their names.
const MAX_DRAINED: usize = 1_000;
const MAX_WORKER_BYTES: usize = 200;

/// Treatment of the viewer's passphrase when the viewer's key is rotated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ViewMode {
    /// A study that anyone may look at stays one, and another one stays private.
    #[default]
    AsBefore,
    /// Anyone may look.
    Public,
    /// A passphrase is needed to look.
    Private,
}

/// A study's access before a rotation, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct KnownAccess {
    /// The sealed access, if the study has one.
    pub document: Option<AccessDocument>,
    /// The operator's access, and the passphrase that has opened it.
    pub operator: Option<(StudyAccess, Passphrase)>,
}

impl KnownAccess {
    /// Whether anyone may look.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.document.as_ref().is_some_and(|document| document.public_viewer.is_some())
    }

    /// Returns who gets a new key if it is asked for these: also those whose key nobody knows, and which therefore can't be sealed again
    /// for the operator.
    #[must_use]
    pub fn holders(&self, asked: &BTreeSet<KeyHolder>) -> BTreeSet<KeyHolder> {
        let unknown = [KeyHolder::Operator, KeyHolder::Worker].into_iter().filter(|holder| self.key(*holder).is_none());
        asked.iter().copied().chain(unknown).collect()
    }

    fn key(&self, holder: KeyHolder) -> Option<&AccessKey> {
        let operator = self.operator.as_ref().map(|(access, _)| access);
        match holder {
            KeyHolder::Operator => operator.map(|access| &access.key),
            KeyHolder::Worker => operator?.worker.as_ref(),
            KeyHolder::Viewer => {
                let public = self.document.as_ref().and_then(|document| document.public_viewer.as_ref());
                public.or_else(|| operator?.viewer.as_ref())
            }
        }
    }
}

/// A rotation that couldn't be made.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
    /// The new access can't be sealed, or published.
    #[error(transparent)]
    Access(#[from] SealedAccessError),
    /// The control document can't be changed.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// IAM allows a user two keys, and both are in use.
    #[error("the workers' user {user} has two keys already, {} and {}, and workers are attached with both", .keys[0], .keys[1])]
    BothInUse {
        /// The user.
        user: String,
        /// The keys' ids.
        keys: Vec<String>,
    },
}

impl From<SealError> for RotationError {
    fn from(error: SealError) -> Self {
        Self::Access(error.into())
    }
}

/// Steps of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotationPlan {
    /// Keys are made.
    Renew(BTreeMap<KeyHolder, KeyRenewal>),
    /// The workers have a new key already, from a rotation that was interrupted while it waited for those with these old ones.
    Finish(Vec<OldKey>),
}

/// Looks at the keys that there are, and plans the rotation of those of `holders`.
///
/// # Errors
/// If a request fails, or both of the workers' keys are in use.
pub async fn plan(
    study: &Study,
    outputs: &StackOutputs,
    holders: &BTreeSet<KeyHolder>,
    known: &KnownAccess,
) -> Result<RotationPlan, RotationError> {
    let mut renewals = BTreeMap::new();
    for holder in holders {
        let user = holder.user(outputs);
        let existing = study.client.send(&ListAccessKeys::new(user)).await?;
        let mut in_use: BTreeSet<String> = known.key(*holder).map(|key| key.key_id.clone()).into_iter().collect();
        if *holder == KeyHolder::Worker && existing.len() > 1 {
            let retired = control(study).await?.retired_keys;
            let (old, new): (Vec<&ListedAccessKey>, Vec<_>) =
                existing.iter().partition(|key| retired.contains_key(&key.key_id));
            if !old.is_empty() && !new.is_empty() {
                let owned = |key: &ListedAccessKey| OldKey { user: user.to_owned(), key_id: key.key_id.clone() };
                return Ok(RotationPlan::Finish(old.into_iter().map(owned).collect()));
            }
            in_use.extend(keys_at_work(study, &existing).await?);
        }
        let Some(renewal) = keys::renewal(&existing, &in_use) else {
            let sealed = known.key(*holder).map(|key| key.key_id.as_str());
            let (new, old): (Vec<&ListedAccessKey>, Vec<_>) =
                existing.iter().partition(|key| Some(key.key_id.as_str()) == sealed);
            // The published one is new: a rotation was interrupted before it named the old one.
            if *holder == KeyHolder::Worker && !new.is_empty() {
                let owned = |key: &ListedAccessKey| OldKey { user: user.to_owned(), key_id: key.key_id.clone() };
                return Ok(RotationPlan::Finish(old.into_iter().map(owned).collect()));
            }
            let keys = existing.iter().map(|key| key.key_id.clone()).collect();
            return Err(RotationError::BothInUse { user: user.to_owned(), keys });
        };
        renewals.insert(*holder, renewal);
    }
    Ok(RotationPlan::Renew(renewals))
}

/// Returns the keys of workers that are at work: all of them if one doesn't tell its own.
async fn keys_at_work(study: &Study, existing: &[ListedAccessKey]) -> Result<BTreeSet<String>, Error> {
    let workers = HeartbeatReader::default().read(study).await?;
    let now = study.now();
    let mut ids = BTreeSet::new();
    for worker in workers.into_iter().filter(|worker| !worker.is_gone(now)) {
        match worker.key_id {
            Some(key_id) => drop(ids.insert(key_id)),
            None => ids.extend(existing.iter().map(|key| key.key_id.clone())),
        }
    }
    Ok(ids)
}

/// The new passphrases that a rotation may need, and randomness to seal with them.
pub struct NewPassphrases<'a> {
    /// The viewer's.
    pub viewer: &'a Passphrase,
    /// The operator's.
    pub operator: &'a Passphrase,
    /// Fills bytes with random ones.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

/// A study's access after a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewedAccess {
    /// The operator's access, with the keys of all roles that are known.
    pub operator: StudyAccess,
    /// The operator's passphrase, if it is new.
    pub operator_passphrase: Option<Passphrase>,
    /// The viewer's access, if its key is new.
    pub viewer: Option<StudyAccess>,
    /// The viewer's passphrase, if it is new.
    pub viewer_passphrase: Option<Passphrase>,
    /// The new keys, which may not be accepted everywhere yet.
    pub made: BTreeMap<KeyHolder, AccessKey>,
    /// The old keys, which still work: delete them once the new ones were handed over.
    pub old: BTreeMap<KeyHolder, Vec<OldKey>>,
}

/// Makes new keys as planned, seals and publishes them. From then on the new passphrases open the study.
///
/// # Errors
/// If a request fails, or nothing can be sealed.
pub async fn renew(
    study: &Study,
    outputs: &StackOutputs,
    renewals: &BTreeMap<KeyHolder, KeyRenewal>,
    (known, view): (&KnownAccess, ViewMode),
    passphrases: NewPassphrases<'_>,
    progress: Progress<'_>,
) -> Result<RenewedAccess, RotationError> {
    let new = keys::make(&study.client, outputs, renewals, progress).await?;
    let (document, renewed) = seal(&study.config.bucket, new, known, view, passphrases)?;
    put_access(&study.client, &study.config.bucket, &document).await?;
    Ok(renewed)
}

/// Seals new keys together with those that stay.
///
/// # Panics
/// If there is no operator's or worker's key: [`KnownAccess::holders`] sees to that.
fn seal(
    bucket: &str,
    NewKeys { made, old }: NewKeys,
    known: &KnownAccess,
    view: ViewMode,
    NewPassphrases { viewer, operator, random }: NewPassphrases<'_>,
) -> Result<(AccessDocument, RenewedAccess), SealError> {
    let key = |holder| made.get(&holder).or_else(|| known.key(holder)).cloned();
    let viewer_key = key(KeyHolder::Viewer);
    let operator_access = StudyAccess {
        role: Role::Operator,
        key: key(KeyHolder::Operator).expect("who isn't known gets a new key"),
        worker: Some(key(KeyHolder::Worker).expect("who isn't known gets a new key")),
        viewer: viewer_key.clone(),
    };
    let viewer_access = viewer_key.filter(|_| made.contains_key(&KeyHolder::Viewer)).map(|key| StudyAccess {
        role: Role::Viewer,
        key,
        worker: None,
        viewer: None,
    });
    let is_public = match view {
        ViewMode::AsBefore => known.is_public(),
        ViewMode::Public => true,
        ViewMode::Private => false,
    };
    // A viewer whose key stays is sealed with a passphrase that nobody has told, so that part is kept as it is.
    let kept = known.document.clone().filter(|_| viewer_access.is_none());
    let mut document = kept.unwrap_or_else(|| AccessDocument::new(random));
    let mut viewer_passphrase = None;
    if let Some(access) = &viewer_access {
        if is_public {
            document.public_viewer = Some(access.key.clone());
        } else {
            document.seal(bucket, access, viewer, random)?;
            viewer_passphrase = Some(viewer.clone());
        }
    }
    let known_passphrase = known.operator.as_ref().map(|(_, passphrase)| passphrase);
    let operator_passphrase = known_passphrase.filter(|_| !made.contains_key(&KeyHolder::Operator));
    document.seal(bucket, &operator_access, operator_passphrase.unwrap_or(operator), random)?;
    let renewed = RenewedAccess {
        operator: operator_access,
        operator_passphrase: operator_passphrase.is_none().then(|| operator.clone()),
        viewer: viewer_access,
        viewer_passphrase,
        made,
        old,
    };
    Ok((document, renewed))
}

/// Waits for the workers that were attached with a key that is being replaced.
pub struct OldWorkers {
    study: Study,
    keys: Vec<OldKey>,
    time: f64,
    reader: HeartbeatReader,
}

impl OldWorkers {
    /// Asks the workers with these keys to end after their case. Workers of earlier versions, which don't tell their key nor hear of
    /// this, are drained instead.
    ///
    /// # Errors
    /// If a request fails, or the control document can't be changed.
    pub async fn ask_to_end(study: Study, keys: Vec<OldKey>) -> Result<Self, RotationError> {
        let mut old = Self { time: study.now(), study, keys, reader: HeartbeatReader::default() };
        let workers = old.reader.read(&old.study).await?;
        let named: BTreeSet<&str> = workers.iter().filter_map(|worker| worker.key_id.as_deref()).collect();
        let is_drained = |worker: &&Heartbeat| old.doesnt_tell(worker) && worker.worker.len() <= MAX_WORKER_BYTES;
        let unknown: Vec<&Heartbeat> = workers.iter().filter(is_drained).collect();
        let secs = old.study.client.now().as_secs();
        let change = |control: &mut StudyControl| {
            control.retired_keys.retain(|key_id, _| named.contains(key_id.as_str()));
            for key in &old.keys {
                control.retired_keys.entry(key.key_id.clone()).or_insert(secs);
            }
            // Whoever has a worker's key can write any number of heartbeats: that must not keep the key alive.
            let room = MAX_DRAINED.min(MAX_NAMES.saturating_sub(control.drain.len()));
            control.drain.extend(unknown.iter().take(room).map(|worker| worker.worker.clone()));
        };
        change_control(&old.study, &change).await?;
        Ok(old)
    }

    /// Returns those that still have one of the keys, as far as they were heard of within three minutes.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn look(&mut self) -> Result<Vec<Heartbeat>, Error> {
        let workers = self.reader.read(&self.study).await?;
        let retired = self.keys.iter().map(|key| (key.key_id.clone(), 0)).collect();
        let now = self.study.now();
        let is_meant = |worker: &Heartbeat| holds_retired_key(worker, &retired) || self.doesnt_tell(worker);
        Ok(workers.into_iter().filter(|worker| !worker.is_gone(now) && is_meant(worker)).collect())
    }

    /// Deletes the keys.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn delete_keys(&self) -> Result<(), Error> {
        keys::delete(&self.study.client, &self.keys).await
    }

    /// Whether a worker at work was attached before, and doesn't tell with which key.
    fn doesnt_tell(&self, worker: &Heartbeat) -> bool {
        worker.key_id.is_none() && !worker.is_gone(self.study.now()) && worker.start_time < self.time
    }
}

/// Reads heartbeats, and remembers them, so that only changes are read again.
#[derive(Default)]
struct HeartbeatReader {
    /// The entity tag and the content of each, by its key.
    seen: BTreeMap<String, (String, Option<Heartbeat>)>,
}

impl HeartbeatReader {
    /// Returns all heartbeats that can be read.
    async fn read(&mut self, study: &Study) -> Result<Vec<Heartbeat>, Error> {
        let list = s3::ListObjects::new(&study.config.bucket).prefix(WORKERS_PREFIX);
        let mut listed = s3::list_all(&study.client, list).await?;
        listed.retain(|object| matches!(WorkerKey::parse(&object.key), Some(WorkerKey::Heartbeat(_))));
        let keys: BTreeSet<&str> = listed.iter().map(|object| object.key.as_str()).collect();
        self.seen.retain(|key, _| keys.contains(key.as_str()));
        let is_known =
            |object: &s3::ListedObject| self.seen.get(&object.key).is_some_and(|(etag, _)| *etag == object.etag);
        let news = listed.into_iter().filter(|object| !is_known(object)).map(ReadRequest::whole).collect();
        for (object, body) in study.read_all(news, MAX_HEARTBEAT_BYTES).await? {
            let named = match WorkerKey::parse(&object.key) {
                Some(WorkerKey::Heartbeat(worker)) => worker.to_owned(),
                _ => continue,
            };
            let read = parse::<Heartbeat>(body).ok();
            let read = read.map(|heartbeat| {
                let heartbeat = Heartbeat { worker: named, max_silence_secs: None, ..heartbeat };
                bounded(heartbeat, object.last_modified.as_secs_f64())
            });
            self.seen.insert(object.key, (object.etag, read));
        }
        Ok(self.seen.values().filter_map(|(_, heartbeat)| heartbeat.clone()).collect())
    }
}

/// Deletes the old keys of those whom nobody waits for: the roles of people.
///
/// # Errors
/// If a request fails.
pub async fn delete_keys_of_people(client: &Client, old: &BTreeMap<KeyHolder, Vec<OldKey>>) -> Result<(), Error> {
    for holder in [KeyHolder::Viewer, KeyHolder::Operator] {
        keys::delete(client, old.get(&holder).map(Vec::as_slice).unwrap_or_default()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use cruncher_sealing::OpenError;
    use futures::executor::block_on;
    use serde_json::json;

    use super::*;
    use crate::testing::TestCloud;

    const BUCKET: &str = "bucket";

    fn key(id: &str) -> AccessKey {
        AccessKey { key_id: id.into(), secret: format!("{id}-secret") }
    }

    fn words(text: &str) -> Passphrase {
        Passphrase::typed(text)
    }

    /// Fills bytes with numbers that differ from call to call.
    fn counting() -> impl FnMut(&mut [u8]) {
        let mut next = 0_u8;
        move |bytes| {
            bytes.fill(next);
            next += 1;
        }
    }

    fn all() -> BTreeSet<KeyHolder> {
        KeyHolder::ALL.into()
    }

    /// Rotates the keys of `asked` of what is `known`; the new ones are called as their holders, with this number.
    fn rotated(
        known: &KnownAccess,
        asked: &[KeyHolder],
        view: ViewMode,
        round: u32,
    ) -> (AccessDocument, RenewedAccess) {
        let holders = known.holders(&asked.iter().copied().collect());
        let made = holders.into_iter().map(|holder| (holder, key(&format!("{holder}{round}")))).collect();
        let (viewer, operator) = (words(&format!("viewer {round}")), words(&format!("operator {round}")));
        let passphrases = NewPassphrases { viewer: &viewer, operator: &operator, random: &mut counting() };
        seal(BUCKET, NewKeys { made, old: BTreeMap::new() }, known, view, passphrases).unwrap()
    }

    /// Access of a study after its launch, as known to somebody who has the operator's passphrase or hasn't.
    fn launched(view: ViewMode, has_passphrase: bool) -> KnownAccess {
        let (document, renewed) = rotated(&KnownAccess::default(), &KeyHolder::ALL, view, 1);
        let operator = has_passphrase.then(|| (renewed.operator, words("operator 1")));
        KnownAccess { document: Some(document), operator }
    }

    /// The keys that a passphrase opens: the role's own, then the workers', then the viewer's.
    fn opened(document: &AccessDocument, passphrase: &str) -> Result<Vec<String>, OpenError> {
        let access = document.open(BUCKET, &words(passphrase))?;
        let keys = [Some(access.key), access.worker, access.viewer];
        Ok(keys.into_iter().flatten().map(|key| key.key_id).collect())
    }

    #[test]
    fn only_the_rotated_role_gets_another_passphrase_and_the_operators_access_has_the_new_key() {
        let known = launched(ViewMode::AsBefore, true);
        let (document, renewed) = rotated(&known, &[KeyHolder::Worker], ViewMode::AsBefore, 2);
        assert_eq!(opened(&document, "operator 1").unwrap(), ["operator1", "worker2", "viewer1"]);
        assert_eq!(opened(&document, "viewer 1").unwrap(), ["viewer1"]);
        assert_eq!((renewed.operator_passphrase, renewed.viewer_passphrase, renewed.viewer), (None, None, None));

        let (document, renewed) = rotated(&known, &[KeyHolder::Viewer], ViewMode::AsBefore, 2);
        assert_eq!(opened(&document, "operator 1").unwrap(), ["operator1", "worker1", "viewer2"]);
        assert_eq!(opened(&document, "viewer 2").unwrap(), ["viewer2"]);
        assert_eq!(opened(&document, "viewer 1"), Err(OpenError::WrongPassphrase));
        assert_eq!((renewed.operator_passphrase, renewed.viewer_passphrase), (None, Some(words("viewer 2"))));

        let (document, renewed) = rotated(&known, &[KeyHolder::Operator], ViewMode::AsBefore, 2);
        assert_eq!(opened(&document, "operator 2").unwrap(), ["operator2", "worker1", "viewer1"]);
        assert_eq!(opened(&document, "viewer 1").unwrap(), ["viewer1"]);
        assert_eq!(opened(&document, "operator 1"), Err(OpenError::WrongPassphrase));
        assert_eq!((renewed.operator_passphrase, renewed.viewer_passphrase), (Some(words("operator 2")), None));
    }

    #[test]
    fn without_the_operators_passphrase_the_viewers_stays_and_all_that_the_operator_holds_is_new() {
        let known = launched(ViewMode::AsBefore, false);
        let (document, renewed) = rotated(&known, &[KeyHolder::Operator], ViewMode::AsBefore, 2);
        assert_eq!(opened(&document, "operator 2").unwrap(), ["operator2", "worker2"]);
        assert_eq!(opened(&document, "viewer 1").unwrap(), ["viewer1"]);
        assert_eq!(renewed.viewer, None);
        assert_eq!(known.holders(&BTreeSet::from([KeyHolder::Viewer])), all());
    }

    #[test]
    fn a_public_study_stays_one_unless_told_otherwise() {
        let known = launched(ViewMode::Public, true);
        let (document, renewed) = rotated(&known, &[KeyHolder::Viewer], ViewMode::AsBefore, 2);
        assert_eq!((document.public_viewer.clone(), renewed.viewer_passphrase), (Some(key("viewer2")), None));
        assert_eq!(document.roles().collect::<Vec<_>>(), [Role::Operator]);
        let (document, _) = rotated(&known, &[KeyHolder::Worker], ViewMode::AsBefore, 2);
        assert_eq!(document.public_viewer, Some(key("viewer1")));
        assert_eq!(opened(&document, "operator 1").unwrap(), ["operator1", "worker2", "viewer1"]);
        let (document, _) = rotated(&known, &[KeyHolder::Viewer], ViewMode::Private, 2);
        assert_eq!(
            (&document.public_viewer, opened(&document, "viewer 2").unwrap()),
            (&None, vec!["viewer2".to_owned()])
        );
        let (document, _) = rotated(&launched(ViewMode::Private, true), &[KeyHolder::Viewer], ViewMode::Public, 2);
        assert_eq!(document.public_viewer, Some(key("viewer2")));
        assert_eq!(document.roles().collect::<Vec<_>>(), [Role::Operator]);
    }

    fn worker(cloud: &TestCloud, name: &str, state: &str, key_id: Option<&str>) {
        let heartbeat = json!({"worker": "forged", "host": "h", "start_time": 1.0, "time": 1_790_000_000.0, "state": state, "key_id": key_id});
        cloud.put(&format!("workers/{name}/heartbeat.json"), heartbeat.to_string());
    }

    #[test]
    fn workers_with_the_old_key_are_waited_for_and_those_of_earlier_versions_are_drained() {
        let (cloud, study) = TestCloud::study();
        worker(&cloud, "busy", "running", Some("old"));
        worker(&cloud, "ended", "stopped", Some("old"));
        worker(&cloud, "new", "running", Some("new"));
        worker(&cloud, "earlier", "running", None);
        cloud.put("workers/broken/heartbeat.json", "{");
        cloud.put("control.json", r#"{"paused": true, "retired_keys": {"forgotten": 1, "new": 2}, "later": [1]}"#);
        let keys = vec![OldKey { user: "u".into(), key_id: "old".into() }];
        let mut old = block_on(OldWorkers::ask_to_end(study.clone(), keys)).unwrap();
        let control = block_on(control(&study)).unwrap();
        assert_eq!(control.retired_keys.keys().collect::<Vec<_>>(), ["new", "old"]);
        assert!(control.paused && control.drain.contains("earlier") && control.drain.len() == 1);
        assert!(cloud.text("control.json").unwrap().contains("later"));
        let mut look = || block_on(old.look()).unwrap().into_iter().map(|worker| worker.worker).collect::<Vec<_>>();
        assert_eq!(look(), ["busy", "earlier"]);
        worker(&cloud, "busy", "stopped", Some("old"));
        assert_eq!(look(), ["earlier"]);
        cloud.pass(200);
        assert_eq!(look(), [""; 0], "nothing was heard of it for three minutes");
    }
}
