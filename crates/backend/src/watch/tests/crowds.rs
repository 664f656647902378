//! Objects that a worker's key can write: very many, and documents of cases or times that there aren't.

use std::fmt::Write as _;

use cruncher_study::diagnosis::Notice;

use super::*;

fn heartbeat(time: f64) -> String {
    format!(
        r#"{{"worker": "w", "host": "h", "start_time": {time}, "time": {time}, "state": "waiting", "message": "{}"}}"#,
        "x".repeat(20_000)
    )
}

#[test]
fn rows_of_cases_that_nobody_has_sent_are_named_and_disturb_nothing() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..3);
    scene.put_result("b", 0);
    // One of them is of a case that is done, one of a case that waits; the others are of none.
    let rows: String =
        [("b", 0), ("b", 1), ("b", 7), ("forged", 8)].map(|(batch, number)| row(batch, number) + "\n").concat();
    scene.cloud.put("workers/w/segment-000000.ndjson", rows);
    scene.cloud.put("workers/x/segment-000000.ndjson", row("forged", 9) + "\n");
    scene.cloud.pass(120);
    let (snapshot, _) = scene.look_until_quiet();
    assert_eq!((snapshot.total.cases, snapshot.total.done, snapshot.total.queued), (3, 1, 2));
    assert_eq!(snapshot.batches.len(), 1);
    let named: Vec<&str> = snapshot.unreadable.values().map(String::as_str).collect();
    let of = |rows| format!("{rows} of its rows are of cases that nobody has sent, or of results that aren't there");
    assert_eq!(named, [of(3), of(1)]);
    assert_eq!(scene.rows(|_| ()), [(case(0), ())]);
    let light = block_on(StudyWatch::light(scene.study.clone()).refresh()).unwrap().expect("the study is small");
    assert_eq!((light.total.cases, light.total.done, light.total.queued), (3, 1, 2));
    // Their batch is sent after all.
    scene.put_table("forged", 8..10);
    scene.put_result("forged", 9);
    scene.cloud.put("workers/x/segment-000000.ndjson", row("forged", 9) + "\n" + &row("forged", 8) + "\n");
    scene.cloud.pass(120);
    scene.watch.expect_change();
    let (snapshot, _) = scene.look_until_quiet();
    assert_eq!((snapshot.total.cases, snapshot.total.done, snapshot.total.lost), (5, 2, 3));
}

#[test]
fn a_forged_row_hides_no_failure_for_long() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..2);
    scene.cloud.put(&format!("data/b/error-{}.json", case(0)), error("b", 0));
    scene.cloud.pass(120);
    assert_eq!(scene.look_until_quiet().0.total.failed, 1);
    let mut rows = String::new();
    for _ in 0..2 {
        writeln!(rows, "{}", row("b", 0)).unwrap();
        scene.cloud.put("workers/w/segment-000000.ndjson", rows.clone());
        scene.look();
        scene.cloud.pass(120);
        scene.watch.expect_change();
        let (snapshot, _) = scene.look_until_quiet();
        assert_eq!((snapshot.total.done, snapshot.total.failed), (0, 1));
    }
}

#[test]
fn every_heartbeat_among_very_many_has_its_turn_and_none_is_of_the_future() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..3);
    scene.cloud.put("workers/honest/heartbeat.json", heartbeat(START));
    for number in 0..1_300 {
        scene.cloud.put(&format!("workers/crowd-{number:04}/heartbeat.json"), heartbeat(1e300));
    }
    assert!(block_on(StudyWatch::light(scene.study.clone()).refresh()).unwrap().is_none(), "too many for it");
    let told = |scene: &mut Scene| {
        let (snapshot, requests, _) = scene.look();
        assert!(requests < 520, "{requests}");
        assert!(snapshot.workers.iter().all(|worker| worker.time <= snapshot.time + 1.0));
        assert!(snapshot.workers.iter().all(|worker| worker.message.as_ref().is_some_and(|said| said.len() < 8_010)));
        let is_told = snapshot.notices(None).contains(&Notice::Unread { objects: snapshot.unread });
        assert_eq!(is_told, snapshot.unread > 0);
        (snapshot.workers.len(), snapshot.unread)
    };
    assert_eq!([0, 1, 2, 3].map(|_| told(&mut scene)), [(500, 801), (1_000, 301), (1_301, 0), (1_301, 0)]);
    // All are written anew, and the honest one has to wait as well: the listing says that it is alive.
    scene.cloud.pass(1_000);
    scene.cloud.put("workers/honest/heartbeat.json", heartbeat(START + 1_000.0));
    for number in 0..1_300 {
        scene
            .cloud
            .put(&format!("workers/crowd-{number:04}/heartbeat.json"), heartbeat(1e300).replace("1e300", "2e300"));
    }
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.alive_workers().count(), snapshot.unread), (1_301, 801));
}

#[test]
fn very_many_errors_are_read_some_with_each_look() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..1_200);
    for number in 0..1_200 {
        let document = error("b", number).replace("\"00\"", &format!("\"{number:04x}\""));
        scene.cloud.put(&format!("data/b/error-{}.json", case(number)), document);
    }
    scene.cloud.pass(120);
    let mut looks = Vec::new();
    for _ in 0..3 {
        let (snapshot, ..) = scene.look();
        looks.push((snapshot.total.failed, snapshot.unread, snapshot.is_checked));
    }
    assert_eq!(looks, [(500, 700, false), (1_000, 200, false), (1_200, 0, true)]);
    assert!(!scene.look().0.has_changed);
}

#[test]
fn a_line_without_an_end_is_read_once() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..1);
    scene.put_result("b", 0);
    let key = "workers/w/segment-000000.ndjson";
    scene.cloud.put(key, row("b", 0) + "\n" + &"x".repeat(9 << 20));
    let (snapshot, ..) = scene.look();
    assert_eq!(snapshot.unreadable[key], "it has a line of more than 8 MiB");
    assert_eq!(snapshot.total.done, 1);
    let reads = |scene: &mut Scene| {
        scene.cloud.pass(20);
        scene.look();
        scene.cloud.reads.lock().unwrap().iter().filter(|read| *read == key).count()
    };
    assert_eq!(reads(&mut scene), 0);
    scene.cloud.put(key, row("b", 0) + "\n" + &"x".repeat(10 << 20));
    assert_eq!(reads(&mut scene), 0);
    // The beginning of a row is awaited, and isn't fetched again and again.
    let young = "workers/x/segment-000000.ndjson";
    scene.cloud.put(young, &row("b", 0)[..20]);
    let of_young = |scene: &Scene| scene.cloud.reads.lock().unwrap().iter().filter(|read| *read == young).count();
    scene.look();
    assert_eq!(of_young(&scene), 1);
    scene.look();
    assert_eq!(of_young(&scene), 0);
}

#[test]
fn attempts_of_the_future_count_as_of_now() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..3);
    (0..2).for_each(|number| scene.put_result("b", number));
    let mut rows = String::new();
    for (number, time) in [(0, "1e300"), (1, "-1e300")] {
        let row =
            row("b", number).replace(&(START - 20.0).to_string(), time).replace(&(START - 10.0).to_string(), time);
        writeln!(rows, "{row}").unwrap();
    }
    scene.cloud.put("workers/w/segment-000000.ndjson", rows);
    let future = error("b", 2).replace(&(START + 80.0).to_string(), "1e300");
    scene.cloud.put(&format!("data/b/error-{}.json", case(2)), future);
    let light = block_on(StudyWatch::light(scene.study.clone()).refresh()).unwrap().expect("the study is small");
    for snapshot in [light, scene.look().0] {
        assert_eq!((snapshot.total.done, snapshot.total.failed), (2, 1));
        let latest = snapshot.finishes(None).iter().map(|finish| finish.end_time).fold(0.0, f64::max);
        assert!((START..START + 61.0).contains(&latest), "{latest}");
        assert!(snapshot.error_parts[0].last_time < START + 61.0);
    }
}

#[test]
fn what_nobody_may_fetch_is_named_and_disturbs_nothing() {
    for denied in ["control.json", "workers/w/heartbeat.json", "workers/x/seg", "data/b/error-", "data/b/cases-00aa"] {
        let mut scene = Scene::new();
        scene.put_table("b", 0..4);
        scene.cloud.put("data/b/cases-00aaaaaaaaaaaaaa.csv.gz", "case_id,level,replicate\n");
        scene.put_segment("b", 0..2);
        (0..2).for_each(|number| scene.put_result("b", number));
        scene.cloud.put("control.json", r#"{"paused": false}"#);
        scene.cloud.put("workers/w/heartbeat.json", heartbeat(START));
        scene.cloud.put("workers/x/segment-000000.ndjson", row("b", 1) + "\n");
        scene.cloud.put(&format!("data/b/error-{}.json", case(3)), error("b", 3));
        *scene.cloud.denied.lock().unwrap() = Some(denied);
        let light = block_on(StudyWatch::light(scene.study.clone()).refresh()).unwrap().expect("the study is small");
        for snapshot in [light, scene.look().0] {
            assert_eq!(snapshot.total.done, 2, "{denied}");
            assert_eq!(snapshot.unreadable.values().collect::<Vec<_>>(), ["not yours"], "{denied}");
            assert!(snapshot.unreadable.keys().all(|key| key.starts_with(denied)), "{:?}", snapshot.unreadable);
        }
    }
}
