//! The roles' access keys: making, trying, renewing and deleting them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use cruncher_aws::{Client, Credentials, Error, ErrorKind, iam, s3, sqs};
use cruncher_study::access::{AccessKey, Role, StudyAccess};
use cruncher_study::config::{CONFIG_KEY, StudyConfig};

use super::stack::StackOutputs;
use crate::progress::{Progress, ProgressStep};

/// Time for which new keys are waited for. <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_general.html>
const PATIENCE: Duration = Duration::from_mins(1);

const PAUSE: Duration = Duration::from_secs(1);

/// Maximum number of keys that IAM allows a user.
const MAX_KEYS: usize = 2;

/// Holder of a key: one of the three users of a study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyHolder {
    /// Those who look.
    Viewer,
    /// Those who define and send cases, and attach workers.
    Operator,
    /// The workers.
    Worker,
}

impl KeyHolder {
    /// All holders.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Worker];

    /// Returns the holder's IAM user.
    #[must_use]
    pub fn user(self, outputs: &StackOutputs) -> &str {
        match self {
            Self::Viewer => &outputs.viewer_user,
            Self::Operator => &outputs.operator_user,
            Self::Worker => &outputs.worker_user,
        }
    }
}

impl fmt::Display for KeyHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Worker => "worker",
        })
    }
}

/// One key for each role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleKeys {
    /// The viewer's.
    pub viewer: AccessKey,
    /// The operator's.
    pub operator: AccessKey,
    /// The workers'.
    pub worker: AccessKey,
}

impl RoleKeys {
    /// Returns the keys of all roles; `None` if one is missing.
    #[must_use]
    pub fn of(keys: &BTreeMap<KeyHolder, AccessKey>) -> Option<Self> {
        let key = |holder| keys.get(&holder).cloned();
        Some(Self {
            viewer: key(KeyHolder::Viewer)?,
            operator: key(KeyHolder::Operator)?,
            worker: key(KeyHolder::Worker)?,
        })
    }

    /// Returns the keys by their holders.
    #[must_use]
    pub fn by_holder(&self) -> BTreeMap<KeyHolder, AccessKey> {
        let key = |key: &AccessKey| key.clone();
        [
            (KeyHolder::Viewer, key(&self.viewer)),
            (KeyHolder::Operator, key(&self.operator)),
            (KeyHolder::Worker, key(&self.worker)),
        ]
        .into()
    }

    /// Returns the link for those who look.
    #[must_use]
    pub fn viewer_link(&self, page_url: &str) -> String {
        self.viewer_access().link(page_url)
    }

    /// Returns the link for those who define cases, send them, and attach workers.
    #[must_use]
    pub fn operator_link(&self, page_url: &str) -> String {
        self.operator_access().link(page_url)
    }

    /// Returns the access of those who look.
    #[must_use]
    pub fn viewer_access(&self) -> StudyAccess {
        StudyAccess { role: Role::Viewer, key: self.viewer.clone(), worker: None, viewer: None }
    }

    /// Returns the access of those who define cases, send them, and attach workers. It holds the viewer's key, too, which they may
    /// pass on.
    #[must_use]
    pub fn operator_access(&self) -> StudyAccess {
        let (worker, viewer) = (Some(self.worker.clone()), Some(self.viewer.clone()));
        StudyAccess { role: Role::Operator, key: self.operator.clone(), worker, viewer }
    }
}

/// A key that an IAM user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldKey {
    /// The user.
    pub user: String,
    /// The key's public part.
    pub key_id: String,
}

/// New keys, and those that they replace, which still work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKeys {
    /// The new ones.
    pub made: BTreeMap<KeyHolder, AccessKey>,
    /// The old ones.
    pub old: BTreeMap<KeyHolder, Vec<OldKey>>,
}

/// Renewal of a user's key: the old ones to be deleted, to make room for the new one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRenewal {
    /// Keys to be deleted before: IAM allows two keys a user.
    pub delete_before: Vec<String>,
    /// Keys to be deleted once the new key works.
    pub delete_after: Vec<String>,
}

/// Decides which keys are deleted when; `None` if there are two, and both are among those `in_use`. Of two that aren't, the inactive one
/// goes first, else the older one: the other may be in use until its successor works.
#[must_use]
pub fn renewal(existing: &[iam::ListedAccessKey], in_use: &BTreeSet<String>) -> Option<KeyRenewal> {
    let mut keys: Vec<&iam::ListedAccessKey> = existing.iter().collect();
    keys.sort_by_key(|key| (in_use.contains(&key.key_id), key.status == "Active", key.create_time.unwrap_or_default()));
    let ids: Vec<String> = keys.into_iter().map(|key| key.key_id.clone()).collect();
    let too_many = (ids.len() + 1).saturating_sub(MAX_KEYS);
    let (before, after) = ids.split_at(too_many);
    let has_room = !before.iter().any(|key_id| in_use.contains(key_id));
    has_room.then(|| KeyRenewal { delete_before: before.to_vec(), delete_after: after.to_vec() })
}

/// Returns the renewals of a study whose users have no keys.
#[must_use]
pub fn first_renewals() -> BTreeMap<KeyHolder, KeyRenewal> {
    KeyHolder::ALL.map(|holder| (holder, KeyRenewal::default())).into()
}

/// Makes new keys.
///
/// # Errors
/// If one can't be made; the new ones made until then are deleted again.
pub async fn make(
    client: &Client,
    outputs: &StackOutputs,
    renewals: &BTreeMap<KeyHolder, KeyRenewal>,
    progress: Progress<'_>,
) -> Result<NewKeys, Error> {
    let mut new = NewKeys::default();
    for (holder, renewal) in renewals {
        let user = holder.user(outputs);
        let owned = |key_id: &String| OldKey { user: user.to_owned(), key_id: key_id.clone() };
        match make_for(client, user, renewal).await {
            Ok(key) => {
                new.made.insert(*holder, key);
                new.old.insert(*holder, renewal.delete_after.iter().map(owned).collect());
            }
            Err(error) => {
                let made = new
                    .made
                    .iter()
                    .map(|(holder, key)| OldKey { user: holder.user(outputs).to_owned(), key_id: key.key_id.clone() });
                // The first error is the one to report.
                let _ = delete(client, &made.collect::<Vec<_>>()).await;
                return Err(error);
            }
        }
    }
    progress(ProgressStep::KeysMade { keys: new.made.len() });
    Ok(new)
}

async fn make_for(client: &Client, user: &str, renewal: &KeyRenewal) -> Result<AccessKey, Error> {
    for key_id in &renewal.delete_before {
        delete(client, &[OldKey { user: user.to_owned(), key_id: key_id.clone() }]).await?;
    }
    let iam::AccessKey { key_id, secret } = client.send(&iam::CreateAccessKey::new(user)).await?;
    Ok(AccessKey { key_id, secret })
}

/// Whether no role has a key, so that nobody was ever given a link.
///
/// # Errors
/// If a request fails.
pub async fn are_missing(client: &Client, outputs: &StackOutputs) -> Result<bool, Error> {
    for user in outputs.users() {
        if !client.send(&iam::ListAccessKeys::new(user)).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Waits until S3 and SQS accept new keys: on AWS that takes some seconds. Returns whether they do so within a minute; if not,
/// they will a little later.
///
/// # Errors
/// If a request fails for another reason.
pub async fn wait_until_accepted(
    client: &Client,
    config: &StudyConfig,
    keys: &BTreeMap<KeyHolder, AccessKey>,
    progress: Progress<'_>,
) -> Result<bool, Error> {
    let start = client.ports().clock.now();
    let mut is_told = false;
    while !are_accepted(client, config, keys).await? {
        if client.ports().clock.now().saturating_sub(start) > PATIENCE {
            return Ok(false);
        }
        if !is_told {
            progress(ProgressStep::WaitingForKeys);
            is_told = true;
        }
        client.ports().sleep.sleep(PAUSE).await;
    }
    Ok(true)
}

async fn are_accepted(
    client: &Client,
    config: &StudyConfig,
    keys: &BTreeMap<KeyHolder, AccessKey>,
) -> Result<bool, Error> {
    for (holder, key) in keys {
        let client = signing(client, key);
        let is_accepted = match holder {
            KeyHolder::Worker => is_accepted_as_worker(&client, config).await?,
            KeyHolder::Viewer | KeyHolder::Operator => {
                let list = s3::ListObjects::new(&config.bucket).max_keys(1);
                let count = sqs::GetQueueAttributes::new(&config.queue_url);
                is_accepted(client.send(&list).await)? && is_accepted(client.send(&count).await)?
            }
        };
        if !is_accepted {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn is_accepted_as_worker(client: &Client, config: &StudyConfig) -> Result<bool, Error> {
    if !is_accepted(client.send(&s3::GetObject::new(&config.bucket, CONFIG_KEY)).await)? {
        return Ok(false);
    }
    // Receiving would take a case from a worker. There is no message with this receipt, but only a user who may extend a lease
    // is told so.
    let extend = sqs::ChangeMessageVisibility::new(&config.queue_url, "no receipt", 0);
    Ok(!matches!(client.send(&extend).await, Err(error) if is_refusal(&error)))
}

fn signing(client: &Client, key: &AccessKey) -> Client {
    client.with(client.endpoints().clone(), Some(Credentials::new(&key.key_id, &key.secret)))
}

fn is_accepted<T>(answer: Result<T, Error>) -> Result<bool, Error> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if is_refusal(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a key isn't known everywhere yet, or its user's policy isn't.
fn is_refusal(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::RefusedCredentials | ErrorKind::AccessDenied)
}

/// Deletes keys. Those who still use one are refused from then on.
///
/// # Errors
/// If one can't be deleted. It is no error if it is gone already.
pub async fn delete(client: &Client, keys: &[OldKey]) -> Result<(), Error> {
    for OldKey { user, key_id } in keys {
        match client.send(&iam::DeleteAccessKey::new(user, key_id)).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Returns every key that the roles' users have. Users that are gone have none.
///
/// # Errors
/// If they can't be listed.
pub async fn existing(client: &Client, outputs: &StackOutputs) -> Result<Vec<OldKey>, Error> {
    let mut keys = Vec::new();
    for user in outputs.users() {
        match client.send(&iam::ListAccessKeys::new(user)).await {
            Ok(listed) => {
                keys.extend(listed.into_iter().map(|key| OldKey { user: user.to_owned(), key_id: key.key_id }));
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(key_id: &str, status: &str, secs: u64) -> iam::ListedAccessKey {
        iam::ListedAccessKey {
            key_id: key_id.into(),
            status: status.into(),
            create_time: Some(Duration::from_secs(secs)),
        }
    }

    fn check(existing: &[iam::ListedAccessKey], in_use: &[&str], expected: Option<(&[&str], &[&str])>) {
        let found = renewal(existing, &in_use.iter().map(|id| (*id).to_owned()).collect());
        let found = found.map(|KeyRenewal { delete_before, delete_after }| (delete_before, delete_after));
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(found, expected.map(|(before, after)| (owned(before), owned(after))));
    }

    #[test]
    fn a_new_key_finds_room_and_the_old_one_works_until_the_new_one_does() {
        check(&[], &[], Some((&[], &[])));
        check(&[listed("a", "Active", 1)], &[], Some((&[], &["a"])));
        check(&[listed("a", "Active", 2), listed("b", "Active", 1)], &[], Some((&["b"], &["a"])));
        check(&[listed("a", "Active", 1), listed("b", "Inactive", 2)], &[], Some((&["b"], &["a"])));
        check(&[listed("a", "Inactive", 1), listed("b", "Inactive", 2)], &[], Some((&["a"], &["b"])));
    }

    #[test]
    fn a_key_that_is_in_use_makes_no_room() {
        let two = [listed("a", "Active", 1), listed("b", "Active", 2)];
        check(&two, &["a"], Some((&["b"], &["a"])));
        check(&two, &["a", "b"], None);
        check(&two[..1], &["a"], Some((&[], &["a"])));
    }

    #[test]
    fn only_the_operators_link_holds_the_workers_key() {
        let key = |id: &str| AccessKey { key_id: id.into(), secret: format!("{id}-secret") };
        let keys = RoleKeys { viewer: key("v"), operator: key("o"), worker: key("w") };
        let read = |link: String| StudyAccess::from_fragment(link.split_once('#').unwrap().1).unwrap().unwrap();
        let viewer = read(keys.viewer_link("https://b/index.html"));
        assert_eq!((viewer.role, viewer.key, viewer.worker), (Role::Viewer, key("v"), None));
        let operator = read(keys.operator_link("https://b/index.html"));
        assert_eq!((operator.role, operator.key, operator.worker), (Role::Operator, key("o"), Some(key("w"))));
    }
}
