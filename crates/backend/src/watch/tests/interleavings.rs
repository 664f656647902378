//! Any order of what workers, operators and accidents do: every case is in exactly one state, it is the true one, and who looks for the
//! first time sees what a watcher sees that has looked all the time.

use cruncher_study::accounting::{CaseCounts, CaseState};
use cruncher_study::control::StudyControl;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::administer::control::change_control;
use crate::administer::observe::observe;
use crate::administer::redrive::redrive;
use crate::testing::DeadLetter;
use crate::watch::LightStrategy;

const CASES: u32 = 5;
const WORKERS: usize = 2;
const LEASE_SECS: f64 = 120.0;
const MAX_RECEIVES: u64 = 2;

#[derive(Debug, Clone)]
enum Step {
    /// The worker takes the next message.
    Take(usize),
    /// It finishes its case; whether it lives to write its row.
    Succeed(usize, bool),
    /// Its case fails for good.
    Fail(usize, bool),
    /// It is killed, and another one is attached.
    Kill(usize),
    Cancel(u32),
    Uncancel(u32),
    /// The first message that waits is gone.
    Vanish,
    /// What has failed or is nowhere is sent again.
    Retry,
    Redrive,
    /// An operator's look.
    Look,
    Pass(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let worker = || 0..WORKERS;
    prop_oneof![
        6 => worker().prop_map(Step::Take),
        4 => (worker(), any::<bool>()).prop_map(|(worker, is_told)| Step::Succeed(worker, is_told)),
        2 => (worker(), any::<bool>()).prop_map(|(worker, is_told)| Step::Fail(worker, is_told)),
        3 => worker().prop_map(Step::Kill),
        1 => (0..CASES).prop_map(Step::Cancel),
        1 => (0..CASES).prop_map(Step::Uncancel),
        1 => Just(Step::Vanish),
        1 => Just(Step::Retry),
        1 => Just(Step::Redrive),
        5 => Just(Step::Look),
        4 => prop_oneof![5..30_u64, 60..400_u64].prop_map(Step::Pass),
    ]
}

struct Lease {
    message: Value,
    /// End, if its worker was killed.
    until: f64,
}

struct Worker {
    name: String,
    rows: String,
    lease: Option<Lease>,
}

/// What really is, and the study that shows it.
struct World {
    scene: Scene,
    workers: Vec<Worker>,
    /// Leases of workers that were killed.
    orphans: Vec<Lease>,
    submissions: u32,
    attached: u32,
}

impl World {
    fn new() -> Self {
        let mut world =
            Self { scene: Scene::new(), workers: Vec::new(), orphans: Vec::new(), submissions: 0, attached: 0 };
        world.submit(&(0..CASES).collect::<Vec<_>>());
        for _ in 0..WORKERS {
            let worker = world.attach();
            world.workers.push(worker);
        }
        world
    }

    fn now(&self) -> f64 {
        self.scene.study.now()
    }

    fn attach(&mut self) -> Worker {
        self.attached += 1;
        Worker { name: format!("node_linux_{}-aa", self.attached), rows: String::new(), lease: None }
    }

    fn submit(&mut self, cases: &[u32]) {
        self.submissions += 1;
        let (id, now, cloud) = (format!("{:016x}", self.submissions), self.now(), &self.scene.cloud);
        let design = json!({"v": 1, "submission": id, "batch": "b", "submit_time": now, "factors": [{"name": "c"}],
            "model": {"key": "models/00/footing.py", "kind": "python"}});
        cloud.put(&format!("data/b/design-{id}.json"), design.to_string());
        let rows: Vec<String> = cases.iter().map(|number| format!("{},2,0\n", case(*number))).collect();
        cloud.put(&format!("data/b/cases-{id}.csv.gz"), format!("case_id,level,replicate\n{}", rows.concat()));
        let message = |number: &u32| {
            json!({"v": 1, "case_id": case(*number), "batch": "b", "level": 2, "submission": id, "parameters": {},
                "model": {"key": "models/00/footing.py", "kind": "python"}, "replicate": 0, "force": false,
                "time_limit_secs": null, "max_attempts": 1, "receives": 0})
        };
        cloud.queue.lock().unwrap().extend(cases.iter().map(message));
    }

    fn has(&self, key: &str) -> bool {
        self.scene.cloud.objects.lock().unwrap().contains_key(key)
    }

    fn control(&self) -> StudyControl {
        self.scene.cloud.text("control.json").map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default()
    }

    /// What happens by itself: messages return, and workers give signs of life.
    fn settle(&mut self) {
        let now = self.now();
        let cloud = self.scene.cloud.clone();
        for lease in self.orphans.extract_if(.., |lease| lease.until <= now) {
            if lease.message["receives"].as_u64().unwrap() >= MAX_RECEIVES {
                let letter = DeadLetter {
                    id: format!("{}-{now}", lease.message["case_id"]),
                    body: lease.message,
                    hidden_until: std::time::Duration::ZERO,
                };
                cloud.dead_letters.lock().unwrap().push(letter);
            } else {
                cloud.queue.lock().unwrap().push(lease.message);
            }
        }
        let in_hands = self.workers.iter().filter(|worker| worker.lease.is_some()).count();
        *cloud.leased.lock().unwrap() = self.orphans.len() + in_hands;
        for worker in &self.workers {
            let running = worker.lease.as_ref().map(|lease| {
                json!({"case_id": lease.message["case_id"], "batch": "b", "level": 2, "attempt": 1, "start_time": now})
            });
            let state = if running.is_some() { "running" } else { "waiting" };
            let heartbeat = json!({"v": 1, "worker": worker.name, "host": "node", "start_time": START, "time": now,
                "state": state, "case": running});
            cloud.put(&format!("workers/{}/heartbeat.json", worker.name), heartbeat.to_string());
        }
    }

    fn end_case(&mut self, place: usize, is_done: bool, is_told: bool) {
        let now = self.now();
        let worker = &mut self.workers[place];
        let Some(lease) = worker.lease.take() else { return };
        let id = lease.message["case_id"].as_str().unwrap().to_owned();
        let outcome = if is_done { "done" } else { "failed" };
        let times = json!({"batch": "b", "case_id": id, "level": 2, "replicate": 0, "attempt": 1, "start_time": now,
            "end_time": now, "worker": worker.name, "parameters": {}, "result": {"load": 2.0}});
        let with = |more: Value| {
            let mut whole = times.clone();
            whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            whole.to_string()
        };
        let document = with(json!({"v": 1, "max_attempts": 1, "exception": "E", "signature": "00", "final": true}));
        let cloud = self.scene.cloud.clone();
        cloud.put(&format!("data/b/{}-{id}.json", if is_done { "done" } else { "error" }), document);
        if is_told {
            worker.rows += &(with(json!({"outcome": outcome, "final": true, "signature": "00", "error": "E"})) + "\n");
            cloud.put(&format!("workers/{}/segment-000000.ndjson", worker.name), worker.rows.clone());
        }
    }

    fn take(&mut self, place: usize) {
        let cloud = self.scene.cloud.clone();
        if self.workers[place].lease.is_some() || cloud.queue.lock().unwrap().is_empty() {
            return;
        }
        let mut message = cloud.queue.lock().unwrap().remove(0);
        let id: CaseId = serde_json::from_value(message["case_id"].clone()).unwrap();
        let is_over = self.has(&format!("data/b/done-{id}.json")) || self.control().cancelled_cases.contains(&id);
        if !is_over {
            message["receives"] = json!(message["receives"].as_u64().unwrap() + 1);
            self.workers[place].lease = Some(Lease { message, until: f64::INFINITY });
        }
    }

    fn kill(&mut self, place: usize) {
        let fresh = self.attach();
        let killed = std::mem::replace(&mut self.workers[place], fresh);
        let until = self.now() + LEASE_SECS;
        self.orphans.extend(killed.lease.map(|lease| Lease { until, ..lease }));
    }

    fn look(&mut self) -> Snapshot {
        let (snapshot, ..) = self.scene.look();
        if let Some(observation) = snapshot.observation() {
            block_on(observe(&self.scene.study, &observation)).unwrap();
        }
        snapshot
    }

    fn make(&mut self, step: &Step) {
        let study = self.scene.study.clone();
        let change = |change: &dyn Fn(&mut StudyControl)| block_on(change_control(&study, change)).map(|_| ()).unwrap();
        match step {
            Step::Take(place) => self.take(*place),
            Step::Succeed(place, is_told) => self.end_case(*place, true, *is_told),
            Step::Fail(place, is_told) => self.end_case(*place, false, *is_told),
            Step::Kill(place) => self.kill(*place),
            Step::Cancel(number) => change(&|control| control.cancelled_cases.extend([case(*number)])),
            Step::Uncancel(number) => change(&|control| control.cancelled_cases.retain(|own| *own != case(*number))),
            Step::Vanish => {
                let mut queue = self.scene.cloud.queue.lock().unwrap();
                if !queue.is_empty() {
                    queue.remove(0);
                }
            }
            Step::Retry => {
                let of = |number: &u32| matches!(self.truth(*number), CaseState::Failed | CaseState::Lost);
                let cases: Vec<u32> = (0..CASES).filter(of).collect();
                if !cases.is_empty() {
                    self.submit(&cases);
                }
            }
            Step::Redrive => drop(block_on(redrive(&study, &|_| {})).unwrap()),
            Step::Look => drop(self.look()),
            Step::Pass(secs) => self.scene.cloud.pass(*secs),
        }
        self.scene.cloud.pass(2);
        self.settle();
    }

    /// The state that a case is in, as far as anybody can know: which case is nowhere shows when the queue is empty.
    fn truth(&self, number: u32) -> CaseState {
        let (cloud, id) = (&self.scene.cloud, case(number).to_string());
        let is_of = |message: &Value| message["case_id"] == id.as_str();
        let failed = cloud.text(&format!("data/b/error-{id}.json"));
        let fail_time = failed.and_then(|text| serde_json::from_str::<Value>(&text).unwrap()["end_time"].as_f64());
        let submitted = (1..=self.submissions).rev().find_map(|own| {
            let table = cloud.text(&format!("data/b/cases-{own:016x}.csv.gz"))?;
            let design = cloud.text(&format!("data/b/design-{own:016x}.json"))?;
            table
                .contains(&id)
                .then(|| serde_json::from_str::<Value>(&design).unwrap()["submit_time"].as_f64().unwrap())
        });
        let leased = self.orphans.iter().chain(self.workers.iter().filter_map(|worker| worker.lease.as_ref()));
        let queue = cloud.queue.lock().unwrap();
        if self.has(&format!("data/b/done-{id}.json")) {
            CaseState::Done
        } else if self.workers.iter().any(|own| own.lease.as_ref().is_some_and(|lease| is_of(&lease.message))) {
            CaseState::Running
        } else if fail_time > submitted {
            CaseState::Failed
        } else if self.control().cancelled_cases.contains(&case(number)) {
            CaseState::Cancelled
        } else if cloud.dead_letters.lock().unwrap().iter().any(|letter| is_of(&letter.body)) {
            CaseState::Dead
        } else if queue.is_empty() && leased.count() == 0 {
            CaseState::Lost
        } else {
            CaseState::Queued
        }
    }

    fn true_counts(&self) -> CaseCounts {
        let mut counts = CaseCounts::default();
        (0..CASES).for_each(|number| counts.count(self.truth(number)));
        counts
    }
}

fn sum(counts: &CaseCounts) -> u64 {
    let CaseCounts { queued, running, done, failed, cancelled, dead, lost, .. } = counts;
    queued + running + done + failed + cancelled + dead + lost
}

fn states(watch: &StudyWatch) -> Vec<(CaseState, Vec<CaseId>)> {
    use CaseState::{Cancelled, Dead, Failed, Lost, Queued, Running};
    let of = |state| (state, watch.cases_in(state).into_iter().map(|(_, case)| case).collect());
    [Queued, Running, Failed, Cancelled, Dead, Lost].map(of).into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn every_look_agrees_with_the_truth(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.make(step);
            if matches!(step, Step::Look) {
                let (snapshot, ..) = world.scene.look();
                prop_assert_eq!((sum(&snapshot.total), snapshot.total.cases), (u64::from(CASES), u64::from(CASES)));
            }
        }
        // Messages of killed workers come back, and looks learn that.
        for _ in 0..20 {
            world.make(&Step::Pass(20));
            world.look();
        }
        let seen = world.look();
        prop_assert_eq!(seen.total, CaseCounts { empty: 0, ..world.true_counts() }, "{:?}", steps);
        let mut fresh = StudyWatch::new(world.scene.study.clone());
        let first = block_on(fresh.refresh()).unwrap();
        prop_assert_eq!(first.total, seen.total, "{:?}", steps);
        prop_assert_eq!(states(&fresh), states(&world.scene.watch));
        // That messages are missing can't be seen at once.
        let notices = |snapshot: &Snapshot| Snapshot { missing: 0, ..snapshot.clone() }.notices(None);
        prop_assert_eq!(notices(&first), notices(&seen));
        let mut light = StudyWatch::<LightStrategy>::light(world.scene.study.clone());
        prop_assert_eq!(block_on(light.refresh()).unwrap().unwrap().total, seen.total);
    }
}
