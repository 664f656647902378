//! Watching the workers alone, without their cases: for those who look after computers.

use std::collections::BTreeMap;

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_study::cost::WorkerUsage;
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::key::WORKERS_PREFIX;

use super::known_heartbeats::KnownHeartbeats;
use crate::listing::ListingOutline;
use crate::reading::{MAX_HEARTBEAT_BYTES, parse};
use crate::study::Study;

/// Watches the workers of a study, and remembers what it has read, so that only changes are read again.
pub struct WorkersWatch {
    study: Study,
    heartbeats: KnownHeartbeats,
    listed: Vec<ListedObject>,
    /// What each worker has used, by the key of its heartbeat.
    usages: BTreeMap<String, WorkerUsage>,
}

impl WorkersWatch {
    /// Returns the watch of a study at which nobody has looked yet.
    #[must_use]
    pub fn of(study: Study) -> Self {
        Self { study, heartbeats: KnownHeartbeats::default(), listed: Vec::new(), usages: BTreeMap::new() }
    }

    /// Returns the study.
    #[must_use]
    pub const fn study(&self) -> &Study {
        &self.study
    }

    /// Looks again: one listing, and the heartbeats that were written anew.
    ///
    /// # Errors
    /// If a request fails. What was learnt before stays.
    pub async fn look(&mut self) -> Result<(), Error> {
        let (client, bucket) = (&self.study.client, &self.study.config.bucket);
        self.listed = ListingOutline::of(client, bucket, WORKERS_PREFIX).await?.complete(client).await?;
        let wanted = self.heartbeats.compare(&self.listed);
        let (study, heartbeats, usages) = (&self.study, &mut self.heartbeats, &mut self.usages);
        usages.retain(|key, _| !heartbeats.is_gone(key));
        let launch_time = study.config.launch_time;
        study
            .read_each(wanted, MAX_HEARTBEAT_BYTES, &mut |object, body| {
                if let Ok(usage) = parse::<WorkerUsage>(body.clone()) {
                    usages.insert(object.key.clone(), usage.bounded(object.last_modified.as_secs_f64(), launch_time));
                }
                heartbeats.enter(object, parse(body).ok());
            })
            .await
    }

    /// Returns what workers have used, as they tell it themselves.
    #[must_use]
    pub fn usages(&self) -> Vec<WorkerUsage> {
        self.usages.values().cloned().collect()
    }

    /// Returns the number of heartbeats that were written anew and are still to be read: a look reads a limited number.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.heartbeats.unread()
    }

    /// Returns the workers that are known, those of a host together.
    #[must_use]
    pub fn workers(&self) -> Vec<Heartbeat> {
        self.heartbeats.read().cloned().collect()
    }

    /// Returns all objects below `workers/`, in the order of keys: heartbeats, segments and logs.
    #[must_use]
    pub fn listed(&self) -> &[ListedObject] {
        &self.listed
    }
}
