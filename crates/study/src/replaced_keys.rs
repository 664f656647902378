//! Workers whose access key was replaced: they end after their case, and have to be attached again.

use std::collections::BTreeMap;

use crate::heartbeat::{FRESH_SECS, Heartbeat};

/// Returns the workers that have to be attached again, of keys that were `retired` at these times: those that were at work then, until they
/// are forgotten, or as many others have come to their host with a newer key. Who ended for another reason isn't meant.
#[must_use]
pub fn to_attach_again<'a>(workers: &'a [Heartbeat], retired: &BTreeMap<String, u64>) -> Vec<&'a Heartbeat> {
    let since = |worker| retired_since(worker, retired).map(|time| (time, worker));
    let mut meant: Vec<(f64, &Heartbeat)> = workers.iter().filter_map(since).collect();
    if meant.is_empty() {
        return Vec::new();
    }
    for newcomer in workers {
        let Some(key_id) = &newcomer.key_id else { continue };
        let until = time_of(retired, key_id).unwrap_or(f64::INFINITY);
        // The times are compared first: a hostile worker can have written thousands of heartbeats.
        let is_replaced = |(since, worker): &(f64, &Heartbeat)| {
            newcomer.start_time >= *since && until > *since && worker.host == newcomer.host
        };
        if let Some(place) = meant.iter().position(is_replaced) {
            meant.remove(place);
        }
    }
    meant.into_iter().map(|(_, worker)| worker).collect()
}

/// Whether the worker holds a key that was retired, and doesn't know it yet, or finishes its case, or wasn't heard of since.
#[must_use]
pub fn holds_retired_key(worker: &Heartbeat, retired: &BTreeMap<String, u64>) -> bool {
    !worker.state.is_over() && retired_since(worker, retired).is_some()
}

/// Returns since when the key of a worker is retired that is, or was, at work with it then.
fn retired_since(worker: &Heartbeat, retired: &BTreeMap<String, u64>) -> Option<f64> {
    let time = worker.key_id.as_ref().and_then(|key_id| time_of(retired, key_id));
    if worker.key_retired {
        return Some(time.unwrap_or(worker.time));
    }
    time.filter(|time| !worker.state.is_over() && worker.time > time - FRESH_SECS)
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 seconds")]
fn time_of(retired: &BTreeMap<String, u64>, key_id: &str) -> Option<f64> {
    retired.get(key_id).map(|secs| *secs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heartbeat::WorkerState;

    const RETIRED_SECS: u64 = 10_000;
    const RETIRED: f64 = 10_000.0;

    /// A worker of this host, attached with this key, `state` at a time after the key was retired.
    fn worker(host: &str, key: &str, state: WorkerState, secs: f64) -> Heartbeat {
        let json = format!(
            r#"{{"worker": "{host}_linux_1-aa", "host": "{host}", "start_time": 9000, "time": 0, "state": "waiting"}}"#
        );
        let read: Heartbeat = serde_json::from_str(&json).unwrap();
        Heartbeat { key_id: Some(key.to_owned()).filter(|key| !key.is_empty()), state, time: RETIRED + secs, ..read }
    }

    fn ended(host: &str) -> Heartbeat {
        Heartbeat { key_retired: true, ..worker(host, "old", WorkerState::Stopped, 50.0) }
    }

    fn check(workers: &[Heartbeat], expected: &[&str]) {
        let retired = BTreeMap::from([("old".to_owned(), RETIRED_SECS)]);
        let hosts: Vec<&str> = to_attach_again(workers, &retired).iter().map(|worker| worker.host.as_str()).collect();
        assert_eq!(hosts, expected);
    }

    #[test]
    fn who_was_at_work_with_a_key_that_was_replaced_has_to_be_attached_again() {
        check(&[worker("busy", "old", WorkerState::Running, 9.0), ended("ended")], &["busy", "ended"]);
        check(
            &[worker("refused", "old", WorkerState::Refused, 9.0), worker("new", "new", WorkerState::Running, 9.0)],
            &[],
        );
        // It fell asleep a moment before, or was killed long before.
        check(&[worker("asleep", "old", WorkerState::Waiting, -60.0)], &["asleep"]);
        check(&[worker("killed", "old", WorkerState::Running, -600.0)], &[]);
        // Its user ended it, or it is of a version that doesn't tell its key.
        check(
            &[worker("stopped", "old", WorkerState::Stopped, 9.0), worker("unknown", "", WorkerState::Running, 9.0)],
            &[],
        );
    }

    #[test]
    fn as_many_as_came_to_the_host_with_a_newer_key_are_replaced() {
        let new = |host: &str, state| Heartbeat { start_time: RETIRED + 60.0, ..worker(host, "new", state, 70.0) };
        check(&[ended("a"), ended("a"), ended("b"), new("a", WorkerState::Running)], &["a", "b"]);
        check(&[new("a", WorkerState::Stopped), ended("a")], &[]);
        // What was there before, or comes again with the old key, replaces nobody.
        check(&[ended("a"), worker("a", "other", WorkerState::Running, 70.0), ended("a")], &["a", "a"]);
        // Its successor's key was replaced, too: one worker has to come, not two.
        let retired = BTreeMap::from([("old".to_owned(), RETIRED_SECS), ("new".to_owned(), RETIRED_SECS + 100)]);
        let successor = Heartbeat { key_retired: true, ..new("a", WorkerState::Stopped) };
        assert_eq!(to_attach_again(&[ended("a"), successor], &retired).len(), 1);
        // Once nobody names the key any more, the worker's own word counts.
        assert_eq!(to_attach_again(&[ended("a")], &BTreeMap::new()).len(), 1);
    }

    #[test]
    fn who_has_ended_is_not_waited_for() {
        let retired = BTreeMap::from([("old".to_owned(), RETIRED_SECS)]);
        assert!(holds_retired_key(&worker("a", "old", WorkerState::Running, 1.0), &retired));
        assert!(!holds_retired_key(&ended("a"), &retired));
        assert!(!holds_retired_key(&worker("a", "new", WorkerState::Running, 1.0), &retired));
    }
}
