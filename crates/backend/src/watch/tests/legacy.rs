//! Buckets of the predecessor, such as the one in `tests/golden/legacy`.

use cruncher_study::accounting::CaseCounts;
use cruncher_study::heartbeat::WorkerState;
use cruncher_study::segment::RowOutcome;

use super::*;
use crate::testing::put_legacy_bucket;

/// Returns the case of the golden bucket with this number.
fn golden_case(number: u32) -> CaseId {
    CaseId::from_uuid(&uuid(number)).unwrap()
}

fn uuid(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

fn golden() -> Scene {
    let scene = Scene::new();
    put_legacy_bucket(&scene.cloud);
    scene
}

fn counts(cases: u64, done: u64, failed: u64, running: u64, queued: u64) -> CaseCounts {
    CaseCounts { cases, queued, running, done, failed, ..CaseCounts::default() }
}

/// Notes that a computer took the case when the cloud's time began.
fn take(scene: &Scene, number: u32) {
    let pending = format!(r#"{{"computer": "a_b_1", "start_time": {START}}}"#);
    scene.cloud.put(&format!("data/pending-{}.json", uuid(number)), pending);
}

#[test]
fn results_errors_and_computers_are_shown() {
    let mut scene = golden();
    let (snapshot, _, read) = scene.look();
    assert_eq!(read.len(), 6 + 3, "states and results; parameters say nothing of states");
    assert!(snapshot.is_checked);
    // One says that it was taken long ago, three were enqueued; the error that was cut off is no case.
    assert_eq!(snapshot.total, counts(8, 3, 1, 0, 4));
    let [level_3, level_4] = &snapshot.batches[..] else { panic!("two batches") };
    assert_eq!((level_3.batch.as_str(), &level_3.levels[..]), ("level-3", &[(3, counts(7, 2, 1, 0, 4))][..]));
    assert_eq!(level_4.levels, [(4, counts(1, 1, 0, 0, 0))], "as all_runs.json says");
    assert_eq!(snapshot.error_groups(None)[0].error(), "ValueError: negative cohesion: -1.0");
    let workers: Vec<(&str, WorkerState, u64)> =
        snapshot.workers.iter().map(|worker| (&*worker.worker, worker.state, worker.counts.done)).collect();
    assert_eq!(workers[0], ("DESKTOP-1_nt_90", WorkerState::Waiting, 2));
    assert_eq!(workers[2], ("node_7_posix_4711", WorkerState::Running, 1));
    let unreadable: Vec<&String> = snapshot.unreadable.keys().collect();
    assert_eq!(unreadable, [&format!("data/error-{}.json", uuid(7))]);
    assert_eq!(snapshot.finishes(None).iter().filter(|finish| finish.duration_secs.is_some()).count(), 2);
    let expected: Vec<(CaseId, bool)> =
        [(1, true), (2, true), (3, false), (6, true)].map(|(number, is_done)| (golden_case(number), is_done)).to_vec();
    assert_eq!(scene.rows(|row| row.outcome == RowOutcome::Done), expected);
    let (snapshot, requests, _) = scene.look();
    assert_eq!((snapshot.has_changed, requests), (false, NOTHING_NEW));
}

#[test]
fn opened_again_it_reads_no_result_twice() {
    let mut scene = golden();
    let (before, _) = scene.look_until_quiet();
    let rows = scene.rows(|row| (row.worker.to_owned(), row.end_time.to_bits()));
    scene.open_again();
    let (snapshot, read) = scene.look_until_quiet();
    assert!(!read.iter().any(|key| key.contains("done-")), "{read:?}");
    assert_eq!((snapshot.total, snapshot.workers), (before.total, before.workers));
    assert_eq!(scene.rows(|row| (row.worker.to_owned(), row.end_time.to_bits())), rows);
}

/// Writes `all_runs.json` after these cases were enqueued as a cube of the design, in the folder `a`.
fn all_runs(numbers: std::ops::Range<u32>, cube: &str) -> String {
    let entry = |number| {
        let id = uuid(number);
        format!(
            r#""{id}": {{"parameters": {{"c": {number}}}, "data": {{"case_id": "{id}", "base_file": "public/m.py",
                "parameter_file": "data/a/pfile-{id}.json", "cube_id": {cube}}}}}"#
        )
    };
    format!("{{{}}}", numbers.map(entry).collect::<Vec<_>>().join(", "))
}

#[test]
fn what_was_enqueued_waits_and_is_found_by_one_request() {
    let mut scene = Scene::new();
    scene.cloud.put("all_runs.json", all_runs(0..56, "3"));
    let (snapshot, requests, _) = scene.look();
    assert_eq!((snapshot.total, requests), (counts(56, 0, 0, 0, 56), NOTHING_NEW + 3), "two listings, and the object");
    assert_eq!(snapshot.batches[0].levels, [(3, counts(56, 0, 0, 0, 56))]);
    assert!(scene.rows(|_| ()).is_empty() && snapshot.finishes(None).is_empty());
    assert_eq!(scene.look().1, NOTHING_NEW);
}

#[test]
fn what_is_no_list_of_cases_is_named_and_disturbs_nothing_else() {
    let whole = all_runs(0..3, "3");
    for content in [&whole[..whole.len() - 9], "[]", "", "\u{feff}{}", "\"all_runs\""] {
        let mut scene = Scene::new();
        scene.cloud.put("all_runs.json", content.to_owned());
        scene.cloud.put(&format!("data/a/pfile-{}.json", uuid(1)), "{}");
        let (snapshot, ..) = scene.look();
        assert_eq!(snapshot.total, counts(1, 0, 0, 0, 1), "{content}");
        assert!(snapshot.unreadable.keys().eq(["all_runs.json"]), "{content}: {:?}", snapshot.unreadable);
    }
}

#[test]
fn a_case_in_the_predecessors_own_queue_is_not_lost_while_its_computers_are_at_work() {
    let mut scene = Scene::new();
    scene.cloud.put("all_runs.json", all_runs(0..4, "3"));
    take(&scene, 1);
    assert_eq!(scene.look().0.total, counts(4, 0, 0, 1, 3));
    for days in 0..13 {
        let (snapshot, ..) = scene.look();
        assert_eq!((snapshot.total.queued, snapshot.total.lost), (3, 0), "{days}");
        assert!(snapshot.notices(None).is_empty(), "{days}: {:?}", snapshot.notices(None));
        scene.cloud.pass(24 * 3_600);
    }
    scene.cloud.objects.lock().unwrap().remove(&format!("data/pending-{}.json", uuid(1)));
    scene.cloud.pass(20);
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total.queued, snapshot.total.lost), (0, 4), "nobody is at work");
}

#[test]
fn what_is_said_of_computers_stays_true_on_its_way_to_the_page() {
    let mut scene = Scene::new();
    take(&scene, 1);
    scene.cloud.put(&format!("data/a/pfile-{}.json", uuid(2)), "{}");
    scene.look();
    scene.cloud.pass(5 * 3_600);
    let (snapshot, ..) = scene.look();
    let shown = crate::watch::snapshot_codec::read(crate::watch::snapshot_codec::write(&snapshot)).unwrap();
    assert_eq!((shown.total.running, shown.total.queued), (1, 1));
    assert!(shown.workers[0].is_alive(shown.time));
    assert!(shown.notices(None).is_empty(), "{:?}", shown.notices(None));
}

#[test]
fn a_heartbeat_of_the_studys_own_has_no_say_in_how_long_it_may_be_silent() {
    let mut scene = Scene::new();
    let heartbeat = format!(
        r#"{{"worker": "w", "host": "h", "start_time": {START}, "time": {START}, "state": "waiting", "max_silence_secs": 1e9}}"#
    );
    scene.cloud.put("workers/w/heartbeat.json", heartbeat);
    assert_eq!(scene.look().0.workers[0].max_silence_secs, None);
}

#[test]
fn a_case_that_was_taken_runs_and_its_bucket_is_listed_meanwhile() {
    let mut scene = Scene::new();
    take(&scene, 1);
    let (snapshot, ..) = scene.look();
    assert_eq!(snapshot.total, counts(1, 0, 0, 1, 0));
    assert!(snapshot.notices(None).is_empty(), "{:?}", snapshot.notices(None));
    assert_eq!(scene.look().1, NOTHING_NEW);
    scene.cloud.pass(20);
    assert_eq!(scene.look().1, NOTHING_NEW + 2, "after a pause it is listed again");
    scene.cloud.pass(3_600);
    let (snapshot, ..) = scene.look();
    assert_eq!(snapshot.total.running, 1, "it says nothing while it computes");
    assert!(snapshot.notices(None).is_empty(), "{:?}", snapshot.notices(None));
    scene.cloud.put(&format!("data/a/done-{}.json", uuid(1)), r#"{"computer": "a_b_1", "result": {"load": 1}}"#);
    scene.cloud.pass(20);
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total, snapshot.has_changed), (counts(1, 1, 0, 0, 0), true));
    scene.cloud.pass(3_600);
    assert_eq!(scene.look().1, NOTHING_NEW, "nothing goes on any more");
}

#[test]
fn a_case_that_was_taken_14_days_ago_does_not_run_any_more() {
    let mut scene = Scene::new();
    take(&scene, 1);
    scene.cloud.pass(13 * 24 * 3_600);
    assert_eq!(scene.look().0.total.running, 1);
    scene.cloud.pass(24 * 3_600);
    let (snapshot, requests, _) = scene.look();
    assert_eq!((snapshot.total.running, snapshot.total.lost), (0, 1));
    assert_eq!(requests, NOTHING_NEW + 2, "the queue ran empty");
    scene.cloud.pass(3_600);
    assert_eq!(scene.look().1, NOTHING_NEW);
}

#[test]
fn a_case_that_its_computer_left_does_not_run() {
    let mut scene = Scene::new();
    take(&scene, 1);
    scene.cloud.pass(2);
    scene.cloud.put("data/waiting-a_b_1.json", format!(r#"{{"time": {}}}"#, START + 1.0));
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total, snapshot.workers[0].state), (counts(1, 0, 0, 0, 1), WorkerState::Waiting));
}

#[test]
fn a_case_of_both_kinds_of_tables_leaves_only_its_own() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..3);
    let parameters = |number| format!("data/b/pfile-{}.json", uuid(number));
    scene.cloud.put(&parameters(1), "{}");
    scene.cloud.put(&parameters(2), "{}");
    assert_eq!(scene.look().0.total.cases, 5);
    scene.cloud.objects.lock().unwrap().remove(&parameters(1));
    scene.cloud.pass(20);
    assert_eq!(scene.look().0.total.cases, 4, "the predecessor's table changed");
    scene.put_table("b", 0..2);
    scene.cloud.pass(20);
    assert_eq!(scene.look().0.total.cases, 3, "the study's own changed");
    scene.cloud.objects.lock().unwrap().retain(|key, _| !key.starts_with("data/"));
    scene.cloud.pass(20);
    assert_eq!(scene.look().0.total.cases, 0);
}

#[test]
fn the_strategy_of_the_first_view_leaves_it_to_another() {
    let scene = golden();
    let mut light = StudyWatch::light(scene.study.clone());
    assert!(block_on(light.refresh()).unwrap().is_none());
    let scene = Scene::new();
    scene.put_table("b", 0..3);
    scene.put_result("b", 0);
    let mut light = StudyWatch::light(scene.study.clone());
    let total = block_on(light.refresh()).unwrap().unwrap().total;
    assert_eq!(total, counts(3, 1, 0, 0, 2));
}

#[test]
fn however_many_results_there_are_their_computer_is_known_to_have_computed_all_of_them() {
    let mut scene = Scene::new();
    scene.cloud.put("data/waiting-a_b_1.json", "{}");
    for number in 0..1_200 {
        let json =
            format!(r#"{{"computer": "a_b_1", "start_time": 1, "end_time": 3, "result": {{"load": {number}}}}}"#);
        scene.cloud.put(&format!("data/a/done-{}.json", uuid(number)), json);
    }
    let snapshot = block_on(scene.watch.refresh_until_read()).unwrap();
    assert_eq!((snapshot.total.done, scene.rows(|_| ()).len()), (1_200, 1_200));
    let finished = snapshot.finishes(None).iter().filter(|finish| finish.duration_secs == Some(2.0)).count();
    assert_eq!((finished, snapshot.workers[0].counts.done), (1_200, 1_200));
    assert_eq!(snapshot.workers[0].median_secs, Some(2.0));
}
