//! Cancellations, and what a watch sees of them.

use super::*;

/// Cancels with a bucket that takes only `writes` more documents.
fn cancelled_in_vain(scene: &Scene, plan: &EnqueuePlan, writes: u32) -> (SubmissionSender, u64) {
    let mut sending = scene.begin(plan, None);
    run_until(&mut sending, 100);
    scene.allow_writes(Some(writes));
    assert!(matches!(block_on(sending.cancel()), Err(EnqueueError::Aws(_))));
    scene.allow_writes(None);
    (sending, scene.cloud.queued().len() as u64)
}

#[test]
fn a_cancellation_that_failed_comes_to_its_end_here_or_elsewhere() {
    for writes in [0, 1] {
        let scene = Scene::new();
        let (mut sending, sent) = cancelled_in_vain(&scene, &plan(1_000), writes);
        assert_eq!(run(&mut sending).unwrap(), SendEnd::Cancelled);
        scene.check_only_these_are_named(sent);
        let scene = Scene::new();
        let (_, sent) = cancelled_in_vain(&scene, &plan(1_000), writes);
        assert_eq!(block_on(scene.resume(&plan(1_000)).cancel()).unwrap(), 1_000 - sent);
        scene.check_only_these_are_named(sent);
        let scene = Scene::new();
        let (_, sent) = cancelled_in_vain(&scene, &plan(1_000), writes);
        assert_eq!(run(&mut scene.read_back().unwrap()).unwrap(), SendEnd::Cancelled);
        scene.check_only_these_are_named(sent);
    }
}

#[test]
fn a_cancellation_that_only_its_journal_has_survived_is_over() {
    let scene = Scene::new();
    let (mut sending, sent) = cancelled_in_vain(&scene, &plan(1_000), 0);
    let kept = scene.memory.kept.borrow().clone();
    block_on(sending.cancel()).unwrap();
    *scene.memory.kept.borrow_mut() = kept;
    let mut reduced = scene.read_back().unwrap();
    assert!(reduced.journal().is_cancelling() && !reduced.journal().is_held());
    assert_eq!(reduced.plan().cases().len() as u64, sent);
    assert_eq!(block_on(reduced.cancel()).unwrap(), 1_000 - sent);
    scene.check_only_these_are_named(sent);
}

#[test]
fn a_journal_of_another_plan_is_refused() {
    let scene = Scene::new();
    let sending = scene.begin(&plan(20), None);
    let resumed = SubmissionSender::resume(&scene.study, plan(21), sending.journal().clone(), scene.memory.clone());
    assert!(matches!(resumed, Err(EnqueueError::OtherPlan)));
    let selection = CaseSelection::all(&plan(1));
    let begun = SubmissionSender::begin(&scene.study, plan(1), b"x", &selection, None, scene.memory.clone());
    assert!(matches!(block_on(begun), Err(EnqueueError::OtherModel)));
    let unfinished = block_on(Journal::unfinished(&*scene.memory, "bucket")).unwrap();
    assert_eq!(unfinished, [sending.journal().clone()]);
}

fn counts(watch: &mut StudyWatch) -> CaseCounts {
    block_on(watch.refresh()).unwrap().total
}

#[test]
fn what_was_cancelled_is_in_no_table_and_a_watch_notices() {
    let scene = Scene::new();
    let plan = plan(1_000);
    let mut sending = scene.begin(&plan, None);
    let mut watch = StudyWatch::new(scene.study.clone());
    assert_eq!(counts(&mut watch).cases, 1_000);
    run_until(&mut sending, 100);
    let sent = scene.cloud.queued().len() as u64;
    let result = format!("data/b/done-{}.json", plan.case_id(999));
    scene.cloud.put(&result, "{}");
    assert_eq!(block_on(sending.cancel()).unwrap(), 1_000 - sent);
    assert!(scene.memory.kept.borrow().is_empty());
    let document = scene.cloud.text("data/b/design-").unwrap();
    assert!(document.contains(&format!("\"cases\": {sent}")), "{document}");
    assert_eq!(counts(&mut watch).cases, 1_000, "nothing tells it");
    watch.expect_change();
    let counts = counts(&mut watch);
    assert_eq!((counts.cases, counts.done, counts.queued), (sent + 1, 1, sent));
}

#[test]
fn a_watch_that_could_not_read_a_replaced_table_reads_it_next_time() {
    let scene = Scene::new();
    let mut sending = scene.begin(&plan(1_000), None);
    let mut watch = StudyWatch::new(scene.study.clone());
    assert_eq!(counts(&mut watch).cases, 1_000);
    run_until(&mut sending, 100);
    block_on(sending.cancel()).unwrap();
    watch.expect_change();
    *scene.cloud.locked.lock().unwrap() = Some("data/b/cases-");
    assert!(block_on(watch.refresh()).is_err());
    *scene.cloud.locked.lock().unwrap() = None;
    assert_eq!(counts(&mut watch).cases, scene.cloud.queued().len() as u64);
}
