#[path = "preflight_tests.rs"]
mod preflight_tests;

#[path = "cancellation_tests.rs"]
mod cancellation_tests;

#[path = "hold_tests.rs"]
mod hold_tests;

use std::rc::Rc;
use std::sync::Arc;

use cruncher_study::accounting::CaseCounts;
use cruncher_study::batch::Batch;
use futures::executor::block_on;

use super::*;
use crate::administer::control::control;
use crate::enqueue::preflight::{SentBefore, preflight};
use crate::testing::{MODEL, MemoryStore, SendFault, TestCloud, levelled_plan, memory, plan, submission};
use crate::watch::StudyWatch;

struct Scene {
    cloud: Arc<TestCloud>,
    study: Study,
    memory: Rc<MemoryStore>,
}

impl Scene {
    fn new() -> Self {
        let (cloud, study) = TestCloud::study();
        Self { cloud, study, memory: memory() }
    }

    fn begin(&self, plan: &EnqueuePlan, hold_after: Option<u64>) -> SubmissionSender {
        let selection = CaseSelection::all(plan);
        let begun =
            SubmissionSender::begin(&self.study, plan.clone(), MODEL, &selection, hold_after, self.memory.clone());
        block_on(begun).unwrap()
    }

    /// Resumes as another process does, which has nothing but the journal and the plan.
    fn resume(&self, plan: &EnqueuePlan) -> SubmissionSender {
        let key = plan.key("bucket");
        let journal = block_on(Journal::read(&*self.memory, &key)).unwrap().expect("a journal");
        SubmissionSender::resume(&self.study, plan.clone(), journal, self.memory.clone()).unwrap()
    }

    /// Resumes as a page does that is opened again: it has the journal alone; the plan is in the bucket.
    fn read_back(&self) -> Option<SubmissionSender> {
        let journal = block_on(Journal::unfinished(&*self.memory, "bucket")).unwrap().remove(0);
        block_on(SubmissionSender::read_back(&self.study, journal, self.memory.clone())).unwrap()
    }

    fn allow_writes(&self, count: Option<u32>) {
        *self.cloud.writes_left.lock().unwrap() = count;
    }

    fn check_only_these_are_named(&self, sent: u64) {
        assert!(self.memory.kept.borrow().is_empty(), "the journal is gone");
        let document = self.cloud.text("data/b/design-").unwrap();
        assert!(document.contains(&format!("\"cases\": {sent}")), "{document}");
        assert_eq!(self.cloud.text("data/b/cases-").unwrap().lines().count() as u64, sent + 1);
        assert_eq!(self.cloud.queued().len() as u64, sent);
    }

    fn check_all_are_sent_once(&self, plan: &EnqueuePlan) {
        let mut ids: Vec<String> = (0..plan.len()).map(|place| plan.case_id(place).to_string()).collect();
        ids.sort_unstable();
        assert_eq!(self.cloud.queued(), ids);
        assert!(self.memory.kept.borrow().is_empty(), "the journal is gone");
    }
}

fn run(sending: &mut SubmissionSender) -> Result<SendEnd, EnqueueError> {
    block_on(sending.run(&PauseHandle::default(), &mut |_| {}))
}

/// Runs until `sent` cases are sent, then asks for a pause.
fn run_until(sending: &mut SubmissionSender, sent: u64) -> SendEnd {
    let pause_handle = PauseHandle::default();
    let other_handle = pause_handle.clone();
    let mut pause = |progress: EnqueueProgress| {
        if progress.sent >= sent {
            other_handle.pause();
        }
    };
    block_on(sending.run(&pause_handle, &mut pause)).unwrap()
}

#[test]
fn every_case_is_sent_once_behind_its_documents() {
    let scene = Scene::new();
    let plan = plan(1_005);
    let mut sending = scene.begin(&plan, None);
    let mut last = EnqueueProgress::default();
    let ended = block_on(sending.run(&PauseHandle::default(), &mut |progress| last = progress)).unwrap();
    assert_eq!(ended, SendEnd::Complete);
    assert_eq!((last.sent, last.of, last.requests, last.throttled), (1_005, 1_005, 101, 0));
    assert_eq!(*scene.cloud.sends.lock().unwrap(), 101);
    assert!(*scene.memory.writes.borrow() <= 6, "{}", scene.memory.writes.borrow());
    scene.check_all_are_sent_once(&plan);
    let keys: Vec<String> = scene.cloud.objects.lock().unwrap().keys().cloned().collect();
    let submission = &plan.document().submission;
    let model = &plan.document().model.key;
    assert_eq!(
        keys,
        [format!("data/b/cases-{submission}.csv.gz"), format!("data/b/design-{submission}.json"), model.clone()]
    );
    let read_back = block_on(EnqueuePlan::read_back(&scene.study, &plan.document().batch, submission)).unwrap();
    assert_eq!((read_back.digest(), read_back.len()), (plan.digest(), plan.len()));
    assert_eq!(read_back.message(7), plan.message(7));
}

#[test]
fn a_level_waits_for_the_one_before() {
    let scene = Scene::new();
    let plan = levelled_plan();
    scene.cloud.fail(&[
        SendFault::FirstFails,
        SendFault::FirstFails,
        SendFault::None,
        SendFault::Throttled,
        SendFault::HalfThrottled,
    ]);
    assert_eq!(run(&mut scene.begin(&plan, None)).unwrap(), SendEnd::Complete);
    assert_eq!(scene.cloud.levels(), [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn whatever_the_queue_does_each_case_arrives_once() {
    let scene = Scene::new();
    let plan = plan(400);
    let faults = [
        SendFault::Throttled,
        SendFault::HalfThrottled,
        SendFault::Lost,
        SendFault::Unheard,
        SendFault::FirstFails,
        SendFault::None,
    ];
    let faults: Vec<SendFault> = (0..60).map(|number| faults[number * 7 % 6]).collect();
    scene.cloud.fail(&faults);
    let mut sending = scene.begin(&plan, None);
    let mut last = EnqueueProgress::default();
    let ended = block_on(sending.run(&PauseHandle::default(), &mut |progress| last = progress)).unwrap();
    assert_eq!((ended, last.sent), (SendEnd::Complete, 400));
    assert_eq!(last.throttled, 20);
    assert!(last.concurrency <= 10, "{last:?}");
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn the_first_are_sent_before_the_rest() {
    let scene = Scene::new();
    let plan = plan(30);
    let mut sending = scene.begin(&plan, Some(5));
    assert_eq!(run(&mut sending).unwrap(), SendEnd::Held);
    assert_eq!(scene.cloud.queued().len(), 5);
    let first: Vec<String> =
        sending.journal().first(5).into_iter().map(|place| plan.case_id(place).to_string()).collect();
    assert!(first.iter().all(|id| scene.cloud.queued().contains(id)));
    let mut resumed = scene.resume(&plan);
    assert_eq!((resumed.journal().is_held(), resumed.journal().hold_after()), (true, Some(5)));
    assert_eq!(run(&mut resumed).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn a_pause_is_heard_and_what_was_begun_is_noted() {
    let scene = Scene::new();
    let plan = plan(1_000);
    let mut sending = scene.begin(&plan, None);
    assert_eq!(run_until(&mut sending, 300), SendEnd::Paused);
    let sent = scene.cloud.queued().len() as u64;
    assert!((300..600).contains(&sent), "{sent}");
    assert_eq!(sending.journal().accepted(), sent, "nothing is under way any more");
    assert_eq!(scene.resume(&plan).journal().accepted(), sent);
    assert!(scene.resume(&plan).journal().is_paused());
    assert_eq!(run(&mut sending).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn a_pause_is_over_once_it_goes_on_and_no_end_of_a_process_is_one() {
    let scene = Scene::new();
    let plan = plan(1_000);
    assert_eq!(run_until(&mut scene.begin(&plan, None), 300), SendEnd::Paused);
    let mut sending = scene.resume(&plan);
    scene.cloud.fail(&[SendFault::FirstRefused]);
    run(&mut sending).unwrap_err();
    assert!(!scene.resume(&plan).journal().is_paused());
    let held = Scene::new();
    assert_eq!(run(&mut held.begin(&plan, Some(5))).unwrap(), SendEnd::Held);
    assert!(!held.resume(&plan).journal().is_paused());
}

#[test]
fn a_pause_ends_the_wait_for_another_attempt() {
    let scene = Scene::new();
    let plan = plan(10);
    scene.cloud.fail(&[SendFault::Throttled; 2]);
    let mut sending = scene.begin(&plan, None);
    let pause_handle = PauseHandle::default();
    let other_handle = pause_handle.clone();
    let paused = block_on(sending.run(&pause_handle, &mut |progress| {
        if progress.throttled == 1 {
            other_handle.pause();
        }
    }))
    .unwrap();
    assert_eq!((paused, *scene.cloud.sends.lock().unwrap()), (SendEnd::Paused, 1));
    pause_handle.go_on();
    assert_eq!(block_on(sending.run(&pause_handle, &mut |_| {})).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn a_network_that_fails_ends_it_and_it_goes_on_later() {
    let scene = Scene::new();
    let plan = plan(500);
    let mut faults = vec![SendFault::None; 10];
    faults.extend([SendFault::Unheard, SendFault::Lost, SendFault::HalfThrottled]);
    faults.extend([SendFault::Lost; 5_000]);
    scene.cloud.fail(&faults);
    let mut sending = scene.begin(&plan, None);
    let error = run(&mut sending).unwrap_err();
    assert!(matches!(error, EnqueueError::Aws(_)), "{error}");
    scene.cloud.faults.lock().unwrap().clear();
    let accepted = sending.journal().accepted();
    assert!((100..=120).contains(&accepted), "{accepted}");
    drop(sending);
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn a_refused_case_is_named_and_those_beside_it_are_noted() {
    let scene = Scene::new();
    let plan = plan(60);
    scene.cloud.fail(&[SendFault::None, SendFault::FirstRefused]);
    let mut sending = scene.begin(&plan, None);
    let error = run(&mut sending).unwrap_err();
    let EnqueueError::Refused { number, case_id, code, .. } = &error else { panic!("{error}") };
    assert_eq!((*number, *case_id, code.as_str()), (11, plan.case_id(10), "InvalidMessageContents"));
    assert_eq!(sending.journal().accepted(), scene.cloud.queued().len() as u64);
    assert_eq!(sending.journal().position(10), CasePosition::InFlight);
    assert_eq!(run(&mut sending).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn nothing_is_sent_without_a_note_of_it() {
    let scene = Scene::new();
    let plan = plan(60);
    let mut sending = scene.begin(&plan, None);
    *scene.memory.is_full.borrow_mut() = true;
    assert!(matches!(run(&mut sending).unwrap_err(), EnqueueError::Keep(_)));
    assert_eq!(*scene.cloud.sends.lock().unwrap(), 0);
    *scene.memory.is_full.borrow_mut() = false;
    assert_eq!(run(&mut sending).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

/// Ends at the worst moment: with the journal as it was at its last write, though much was sent since.
fn killed_after(scene: &Scene, plan: &EnqueuePlan, sent: u64) {
    let mut sending = scene.begin(plan, None);
    let mut kept = None;
    let pause_handle = PauseHandle::default();
    let other_handle = pause_handle.clone();
    let mut kill = |progress: EnqueueProgress| {
        if progress.sent >= sent {
            kept.get_or_insert_with(|| scene.memory.kept.borrow().clone());
            other_handle.pause();
        }
    };
    block_on(sending.run(&pause_handle, &mut kill)).unwrap();
    *scene.memory.kept.borrow_mut() = kept.expect("a journal");
}

#[test]
fn a_process_that_was_killed_is_continued_by_another_one() {
    for sent in [10, 200, 390, 400, 410, 800, 990] {
        let scene = Scene::new();
        let plan = plan(1_000);
        killed_after(&scene, &plan, sent);
        let mut resumed = scene.resume(&plan);
        assert!(resumed.journal().accepted() < scene.cloud.queued().len() as u64);
        assert_eq!(run(&mut resumed).unwrap(), SendEnd::Complete);
        scene.check_all_are_sent_once(&plan);
    }
}

#[test]
fn what_the_queue_has_forgotten_by_then_is_not_sent_again_if_a_worker_spoke_of_it() {
    let scene = Scene::new();
    let plan = plan(1_000);
    killed_after(&scene, &plan, 200);
    let sent = scene.cloud.queued();
    scene.cloud.pass(600);
    let now = scene.study.now();
    for (number, id) in sent.iter().enumerate().skip(1) {
        let kind = if number % 2 == 0 { "done" } else { "error" };
        scene.cloud.put(&format!("data/b/{kind}-{id}.json"), "{}");
    }
    let heartbeat = format!(
        r#"{{"worker": "w", "host": "h", "start_time": 1.0, "time": {now}, "state": "running", "case":
            {{"case_id": "{}", "batch": "b", "level": 0, "attempt": 1, "start_time": 1.0}}}}"#,
        sent[0]
    );
    scene.cloud.put("workers/w/heartbeat.json", heartbeat);
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn what_was_there_before_a_case_was_sent_says_nothing_of_it() {
    let scene = Scene::new();
    let plan = plan(1_000);
    for place in 0..plan.len() {
        let kind = if place % 2 == 0 { "done" } else { "error" };
        scene.cloud.put(&format!("data/b/{kind}-{}.json", plan.case_id(place)), "{}");
    }
    scene.cloud.pass(60);
    killed_after(&scene, &plan, 200);
    scene.cloud.pass(600);
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    let mut queued = scene.cloud.queued();
    queued.dedup();
    assert_eq!(queued.len(), 1_000, "each is sent, though each had a result or an error before");
}

#[test]
fn what_the_queue_has_forgotten_and_nobody_spoke_of_is_sent_again() {
    let scene = Scene::new();
    let plan = plan(1_000);
    killed_after(&scene, &plan, 200);
    scene.cloud.pass(600);
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    let mut queued = scene.cloud.queued();
    assert!(queued.len() > 1_000, "twice in the queue, computed once");
    queued.dedup();
    assert_eq!(queued.len(), 1_000);
}

#[test]
fn a_process_killed_while_it_wrote_writes_again() {
    let scene = Scene::new();
    let plan = plan(20);
    killed_while_writing(&scene, &plan);
    scene.cloud.objects.lock().unwrap().clear();
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    assert!(scene.cloud.text("data/b/cases-").is_some());
}

fn killed_while_writing(scene: &Scene, plan: &EnqueuePlan) {
    let mut sending = scene.begin(plan, None);
    assert!(sending.journal().has_begun());
    sending.journal.enter(JournalStage::Writing);
    block_on(sending.journal.write(&*scene.memory)).unwrap();
    assert!(!sending.journal().has_begun());
}

#[test]
fn what_was_never_written_down_is_forgotten_when_it_is_read_back() {
    for gone in ["data/b/design-", "data/b/cases-", "data/b/"] {
        let scene = Scene::new();
        killed_while_writing(&scene, &plan(20));
        scene.cloud.objects.lock().unwrap().retain(|key, _| !key.starts_with(gone));
        assert!(scene.read_back().is_none(), "{gone}");
        assert!(scene.memory.kept.borrow().is_empty(), "the next one can begin");
    }
    let scene = Scene::new();
    killed_while_writing(&scene, &plan(20));
    assert_eq!(run(&mut scene.read_back().unwrap()).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan(20));
}

#[test]
fn a_beginning_that_fails_leaves_no_journal() {
    for writes in [0, 1, 2] {
        let scene = Scene::new();
        scene.allow_writes(Some(writes));
        let selection = CaseSelection::all(&plan(20));
        let begun = SubmissionSender::begin(&scene.study, plan(20), MODEL, &selection, None, scene.memory.clone());
        assert!(matches!(block_on(begun), Err(EnqueueError::Aws(_))));
        assert!(scene.memory.kept.borrow().is_empty());
        scene.allow_writes(None);
        assert_eq!(run(&mut scene.begin(&plan(20), None)).unwrap(), SendEnd::Complete);
    }
}

#[test]
fn a_design_is_submitted_when_it_is_sent_however_long_somebody_has_looked_at_it() {
    let scene = Scene::new();
    let plan = plan(20);
    let before = plan.document().submit_time;
    scene.cloud.pass(3600);
    scene.begin(&plan, None);
    let document: serde_json::Value = serde_json::from_str(&scene.cloud.text("data/b/design-").unwrap()).unwrap();
    let told = document["submit_time"].as_f64().unwrap();
    assert!((told - scene.study.now()).abs() < 2.0, "{told} instead of {}, and not {before}", scene.study.now());
}

/// Budget of enqueueing 10,000 cases, in requests: a message for each, ten in a request, and ten requests more.
const ENQUEUE_REQUESTS: usize = 1_010;

#[test]
fn ten_thousand_cases_are_enqueued_within_the_budget_of_requests() {
    let scene = Scene::new();
    let plan = plan(10_000);
    let mut sending = scene.begin(&plan, None);
    assert_eq!(run(&mut sending).unwrap(), SendEnd::Complete);
    assert_eq!(scene.cloud.queued().len(), 10_000);
    let requests = *scene.cloud.requests.lock().unwrap();
    assert!(requests <= ENQUEUE_REQUESTS, "{requests}");
}

#[test]
fn two_who_send_the_same_design_at_once_send_each_case_once() {
    let scene = Scene::new();
    let plans = ["0000000000000001", "0000000000000002"].map(|id| {
        plan(25).with_submission(&cruncher_study::design_document::Submission {
            id: id.into(),
            time: 0.0,
            by: "somebody".into(),
        })
    });
    // Both have looked before either has sent.
    let selections =
        plans.each_ref().map(|plan| block_on(preflight(&scene.study, plan)).unwrap().selection(plan, SentBefore::Wait));
    for (plan, selection) in plans.iter().zip(&selections) {
        let begun = SubmissionSender::begin(&scene.study, plan.clone(), MODEL, selection, None, memory());
        let mut sender = block_on(begun).unwrap();
        assert_eq!(block_on(sender.run(&PauseHandle::default(), &mut |_| {})).unwrap(), SendEnd::Complete);
    }
    assert_eq!(scene.cloud.queued().len(), 25);
    // Whoever sends them again afterwards has seen the submission before.
    scene.cloud.queue.lock().unwrap().clear();
    scene.cloud.pass(2);
    let again = block_on(preflight(&scene.study, &plans[0])).unwrap().selection(&plans[0], SentBefore::SendAgain);
    let third = plans[0].clone().with_submission(&cruncher_study::design_document::Submission {
        id: "0000000000000003".into(),
        time: 0.0,
        by: "somebody".into(),
    });
    let mut sender = block_on(SubmissionSender::begin(&scene.study, third, MODEL, &again, None, memory())).unwrap();
    block_on(sender.run(&PauseHandle::default(), &mut |_| {})).unwrap();
    assert_eq!(scene.cloud.queued().len(), 25);
}

#[test]
fn the_same_cases_in_two_new_batches_are_sent_to_both() {
    let scene = Scene::new();
    for batch in ["soil", "soil/again"] {
        let mut plan = plan(12);
        plan.set_batch(Batch::parse(batch).unwrap());
        let selection = block_on(preflight(&scene.study, &plan)).unwrap().selection(&plan, SentBefore::Wait);
        let begun = SubmissionSender::begin(&scene.study, plan, MODEL, &selection, None, memory());
        let mut sender = block_on(begun).unwrap();
        block_on(sender.run(&PauseHandle::default(), &mut |_| {})).unwrap();
    }
    assert_eq!(scene.cloud.queued().len(), 24);
}

#[test]
fn a_level_begins_when_every_pool_has_accepted_the_one_before() {
    let (cloud, study) = TestCloud::study();
    let json = r#"{"batch": "b", "model": {"file": "model.py", "kind": "python"}, "sampler": {"kind": "table"},
        "table": {"columns": [{"name": "a"}], "rows": [[1], [2], [3], [4], [5], [6]], "levels": [1, 0, 1, 0, 1, 0],
                  "pools": ["gpu", null, "cpu", "gpu", null, "cpu"]}}"#;
    let file = serde_json::from_str(json).unwrap();
    let plan = EnqueuePlan::new(&file, MODEL, &submission()).unwrap();
    let begin = || {
        let keep = Rc::<MemoryStore>::default();
        block_on(SubmissionSender::begin(&study, plan.clone(), MODEL, &CaseSelection::all(&plan), None, keep))
    };
    cloud.put("control.json", r#"{"v": 1, "pools": ["gpu"]}"#);
    let error = begin().map(|_| ()).unwrap_err().to_string();
    assert_eq!(error, "row 3 of the cases names the pool `cpu`, and the study has main and gpu; nothing was sent");
    assert_eq!(cloud.text("data/"), None);
    cloud.put("control.json", r#"{"v": 1, "pools": ["cpu", "gpu"]}"#);
    // One request of the first level is refused for a while.
    cloud.fail(&[SendFault::None, SendFault::Throttled, SendFault::Lost]);
    let mut sender = begin().unwrap();
    let end = block_on(sender.run(&PauseHandle::default(), &mut |_| {})).unwrap();
    // The cloud itself looks that each message comes to its own pool's queue.
    assert_eq!((end, cloud.levels()), (SendEnd::Complete, vec![0, 0, 0, 1, 1, 1]));
}
