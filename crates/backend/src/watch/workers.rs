//! Watching the workers alone, without their cases: for those who look after computers.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_study::cost::WorkerUsage;
use cruncher_study::fleet_setup::{FleetSetup, host_of_key};
use cruncher_study::heartbeat::Heartbeat;
use cruncher_study::key::WORKERS_PREFIX;
use cruncher_study::number_format::{counted, thousands};

use super::known_heartbeats::KnownHeartbeats;
use crate::listing::ListingOutline;
use crate::reading::{Body, MAX_HEARTBEAT_BYTES, ReadRequest, parse};
use crate::study::Study;

/// Maximum number of set-ups that are known at once: those that were written last.
const MAX_SETUPS: usize = 1_000;

/// Maximum number of workers whose use is known.
const MAX_USAGES: usize = 5_000;

/// What is known of a worker's use.
enum KnownUsage {
    Told(Box<WorkerUsage>),
    /// There are too many.
    LeftOut,
    /// Its heartbeat doesn't say it in a form that can be read.
    Unreadable,
}

/// Watches the workers of a study, and remembers what it has read, so that only changes are read again.
pub struct WorkersWatch {
    study: Study,
    heartbeats: KnownHeartbeats,
    /// The entity tag of each set-up, and what it says if that can be read, by its key.
    setups: BTreeMap<String, (String, Option<FleetSetup>)>,
    setups_left_out: usize,
    listed: Vec<ListedObject>,
    /// What each worker has used, by the key of its heartbeat.
    usages: BTreeMap<String, KnownUsage>,
}

impl WorkersWatch {
    /// Returns the watch of a study at which nobody has looked yet.
    #[must_use]
    pub fn of(study: Study) -> Self {
        Self {
            study,
            heartbeats: KnownHeartbeats::default(),
            setups: BTreeMap::new(),
            setups_left_out: 0,
            listed: Vec::new(),
            usages: BTreeMap::new(),
        }
    }

    /// Returns the study.
    #[must_use]
    pub const fn study(&self) -> &Study {
        &self.study
    }

    /// Looks again: one listing, and the heartbeats and set-ups that were written anew.
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
        let mut known = usages.values().filter(|usage| is_told(usage)).count();
        let mut enter = |object: ListedObject, body: Body| {
            known -= usize::from(usages.get(&object.key).is_some_and(is_told));
            let usage = match parse::<WorkerUsage>(body.clone()) {
                Err(_) => KnownUsage::Unreadable,
                Ok(_) if known >= MAX_USAGES => KnownUsage::LeftOut,
                Ok(usage) => {
                    let bounded = usage.bounded(object.last_modified.as_secs_f64(), launch_time);
                    KnownUsage::Told(Box::new(bounded))
                }
            };
            known += usize::from(is_told(&usage));
            usages.insert(object.key.clone(), usage);
            heartbeats.enter(object, parse(body).ok());
        };
        study.read_each(wanted, MAX_HEARTBEAT_BYTES, &mut enter).await?;
        self.read_setups().await
    }

    async fn read_setups(&mut self) -> Result<(), Error> {
        let mut last: Vec<&ListedObject> =
            self.listed.iter().filter(|object| host_of_key(&object.key).is_some()).collect();
        last.sort_by_key(|object| Reverse(object.last_modified));
        self.setups_left_out = last.len().saturating_sub(MAX_SETUPS);
        last.truncate(MAX_SETUPS);
        let listed: BTreeMap<&str, &ListedObject> =
            last.into_iter().map(|object| (object.key.as_str(), object)).collect();
        self.setups.retain(|key, _| listed.contains_key(key.as_str()));
        let is_new =
            |object: &&&ListedObject| self.setups.get(&object.key).is_none_or(|(etag, _)| *etag != object.etag);
        let wanted: Vec<ReadRequest> =
            listed.values().filter(is_new).map(|object| ReadRequest::whole((*object).clone())).collect();
        let (study, setups) = (&self.study, &mut self.setups);
        let launch_time = study.config.launch_time;
        let mut enter = |object: ListedObject, body| {
            // A computer speaks for itself alone.
            let is_own = |setup: &FleetSetup| host_of_key(&object.key) == Some(setup.host.as_str());
            let setup = parse(body).ok().filter(is_own);
            let setup = setup.map(|setup| setup.bounded(object.last_modified.as_secs_f64(), launch_time));
            setups.insert(object.key, (object.etag, setup));
        };
        study.read_each(wanted, MAX_HEARTBEAT_BYTES, &mut enter).await
    }

    /// Returns what workers have used, as they tell it themselves.
    #[must_use]
    pub fn usages(&self) -> Vec<WorkerUsage> {
        let told = |usage: &KnownUsage| match usage {
            KnownUsage::Told(usage) => Some(WorkerUsage::clone(usage)),
            KnownUsage::LeftOut | KnownUsage::Unreadable => None,
        };
        self.usages.values().filter_map(told).collect()
    }

    /// Says which workers' use isn't known, if so.
    #[must_use]
    pub fn missing_usages(&self) -> Option<String> {
        let left_out = self.usages.values().filter(|usage| matches!(usage, KnownUsage::LeftOut)).count();
        let unreadable = self.usages.values().filter(|usage| matches!(usage, KnownUsage::Unreadable)).count();
        let workers = counted(left_out as u64, "worker", "workers");
        let left_out = (left_out > 0).then(|| format!("Left out: {workers} beyond {}.", thousands(MAX_USAGES as u64)));
        let workers = counted(unreadable as u64, "worker's", "workers'");
        let unreadable = (unreadable > 0).then(|| format!("{workers} figures can't be read."));
        let words: Vec<String> = left_out.into_iter().chain(unreadable).collect();
        (!words.is_empty()).then(|| words.join(" "))
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

    /// Returns the set-ups of computers of fleets.
    #[must_use]
    pub fn setups(&self) -> Vec<FleetSetup> {
        self.setups.values().filter_map(|(_, setup)| setup.clone()).collect()
    }

    /// Returns the number of set-ups that are left out, since there are too many: those that were written longest ago.
    #[must_use]
    pub const fn setups_left_out(&self) -> usize {
        self.setups_left_out
    }

    /// Returns all objects below `workers/`, in the order of keys: heartbeats, set-ups, segments and logs.
    #[must_use]
    pub fn listed(&self) -> &[ListedObject] {
        &self.listed
    }
}

const fn is_told(usage: &KnownUsage) -> bool {
    matches!(usage, KnownUsage::Told(_))
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    fn heartbeat(host: &str) -> String {
        format!(
            r#"{{"worker": "{host}_linux_1-00", "host": "{host}", "start_time": 1, "time": 1, "state": "running"}}"#
        )
    }

    #[test]
    fn more_workers_than_can_be_shown_are_counted() {
        let (cloud, study) = TestCloud::study();
        for number in 0..MAX_USAGES + 3 {
            let host = format!("h{number:04}");
            cloud.put(&format!("workers/{host}_linux_1-00/heartbeat.json"), heartbeat(&host));
        }
        cloud.put("workers/odd_linux_1-00/heartbeat.json", heartbeat("odd").replace("start_time", "begin"));
        let mut watch = WorkersWatch::of(study);
        for _ in 0..20 {
            block_on(watch.look()).expect("a look");
            if watch.unread() == 0 {
                break;
            }
        }
        assert_eq!((watch.unread(), watch.usages().len()), (0, MAX_USAGES));
        assert_eq!(
            watch.missing_usages().as_deref(),
            Some("Left out: 3 workers beyond 5,000. 1 worker's figures can't be read.")
        );
    }

    #[test]
    fn the_set_ups_that_were_written_last_are_known_and_the_others_counted() {
        let (cloud, study) = TestCloud::study();
        let put = |number: usize| {
            let json = format!(r#"{{"host": "h{number:04}", "start_time": 1, "time": 1, "state": "ended"}}"#);
            cloud.put(&format!("workers/h{number:04}/setup.json"), json);
        };
        (0..3).for_each(put);
        cloud.pass(60);
        (3..MAX_SETUPS + 2).for_each(put);
        let mut watch = WorkersWatch::of(study);
        let mut look = || {
            block_on(watch.look()).expect("a look");
            let hosts: Vec<_> = watch.setups().into_iter().map(|setup| setup.host).collect();
            (hosts.len(), hosts[0].clone(), hosts[1].clone(), watch.setups_left_out())
        };
        assert_eq!(look(), (MAX_SETUPS, "h0000".to_owned(), "h0003".to_owned(), 2));
        cloud.pass(60);
        put(1);
        assert_eq!(look(), (MAX_SETUPS, "h0001".to_owned(), "h0003".to_owned(), 2));
    }
}
