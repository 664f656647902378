//! The cloud in which the checks run.

use std::sync::Arc;
use std::time::Duration;

use cruncher_aws::retry::RetryPolicy;
use cruncher_aws::{Client, Clock, Credentials, Endpoints, Ports};
use serde::Deserialize;

/// A deployed study, and the keys of its roles.
#[derive(Deserialize)]
pub struct DeployedKeys {
    region: String,
    stack: String,
    bucket: String,
    queue_url: String,
    dead_letter_queue_url: String,
    /// Key that may do everything. It is an IAM user's: the local cloud doesn't check the signatures of its root.
    administrator: Key,
    operator: Key,
    viewer: Key,
    /// Name of the viewer's IAM user.
    viewer_user: String,
}

#[derive(Deserialize)]
struct Key {
    key_id: String,
    secret: String,
}

impl Key {
    fn credentials(&self) -> Credentials {
        Credentials::new(&self.key_id, &self.secret)
    }
}

/// A study in a cloud, seen through one shell's ports.
pub struct CheckedCloud {
    ports: Ports,
    endpoint_url: String,
    keys: DeployedKeys,
}

impl CheckedCloud {
    /// Makes the study that `keys` open, in the cloud at `endpoint_url`.
    #[must_use]
    pub fn new(ports: Ports, endpoint_url: &str, keys: DeployedKeys) -> Self {
        Self { ports, endpoint_url: endpoint_url.to_owned(), keys }
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.keys.bucket
    }

    pub(crate) fn queue_url(&self) -> &str {
        &self.keys.queue_url
    }

    pub(crate) fn dead_letter_queue_url(&self) -> &str {
        &self.keys.dead_letter_queue_url
    }

    pub(crate) fn stack(&self) -> &str {
        &self.keys.stack
    }

    pub(crate) fn viewer_user(&self) -> &str {
        &self.keys.viewer_user
    }

    pub(crate) fn endpoints(&self) -> Endpoints {
        Endpoints::new(&self.keys.region, Some(self.endpoint_url.clone()))
    }

    pub(crate) fn administrator_credentials(&self) -> Credentials {
        self.keys.administrator.credentials()
    }

    pub(crate) fn administrator(&self) -> Client {
        self.client(Some(self.administrator_credentials()))
    }

    pub(crate) fn operator(&self) -> Client {
        self.client(Some(self.keys.operator.credentials()))
    }

    pub(crate) fn viewer(&self) -> Client {
        self.client(Some(self.keys.viewer.credentials()))
    }

    pub(crate) fn anonymous(&self) -> Client {
        self.client(None)
    }

    pub(crate) fn client(&self, credentials: Option<Credentials>) -> Client {
        let policy = RetryPolicy { max_attempts: 3, ..RetryPolicy::default() };
        Client::new(self.ports.clone(), self.endpoints(), credentials).with_policy(policy)
    }

    /// Returns the ports of the same shell with a clock that is wrong.
    pub(crate) fn ports_that_are(&self, wrong: WrongKeys) -> Ports {
        let clock = Arc::new(WrongClock { right: self.ports.clock.clone(), wrong });
        Ports { clock, ..self.ports.clone() }
    }
}

#[derive(Clone, Copy)]
pub(crate) enum WrongKeys {
    Fast(Duration),
    Slow(Duration),
}

struct WrongClock {
    right: Arc<dyn Clock>,
    wrong: WrongKeys,
}

impl Clock for WrongClock {
    fn now(&self) -> Duration {
        match self.wrong {
            WrongKeys::Fast(by) => self.right.now() + by,
            WrongKeys::Slow(by) => self.right.now().saturating_sub(by),
        }
    }
}
