//! Documents that no segment has a row of.

use cruncher_results::chunk::ChunkColumn;
use cruncher_study::ledger::CaseFinish;
use cruncher_study::segment::RowOutcome;

use super::*;

/// Returns a study with `results` results, of which the first `rows` have a row, some minutes after that.
fn with_rows(results: u32, rows: u32) -> Scene {
    let scene = Scene::new();
    scene.put_table("b", 0..results);
    scene.put_segment("b", 0..rows);
    (0..results).for_each(|number| scene.put_result("b", number));
    scene.cloud.pass(120);
    scene
}

fn key(number: u32) -> String {
    format!("data/b/done-{}.json", case(number))
}

#[test]
fn a_result_without_a_row_is_read_and_has_a_duration_a_level_and_a_row() {
    let mut scene = with_rows(3, 2);
    let (snapshot, _, read) = scene.look();
    assert_eq!(read[1..], [key(2)], "the table, and this one");
    assert_eq!(snapshot.total.done, 3);
    let finish = |secs| CaseFinish { end_time: START - 10.0, duration_secs: Some(secs) };
    assert_eq!(*snapshot.finishes(None), [finish(10.0), finish(10.0), finish(8.0)]);
    assert!(scene.rows(|row| row.worker.to_owned()).contains(&(case(2), "w-1".into())));
    let rows = scene.cache.rows.borrow();
    assert_eq!(rows[1].columns().iter().map(ChunkColumn::name).collect::<Vec<_>>(), ["c", "load"]);
    drop(rows);
    let (snapshot, requests, _) = scene.look();
    assert_eq!((snapshot.has_changed, requests), (false, NOTHING_NEW));
    scene.watch.expect_change();
    let (_, requests, read) = scene.look();
    assert_eq!((requests, read), (NOTHING_NEW + 2, vec![]), "a listing, and one for what the predecessor enqueued");
}

#[test]
fn a_result_that_only_its_document_speaks_of_has_the_level_in_it() {
    let mut scene = Scene::new();
    scene.put_result("b", 0);
    scene.cloud.pass(120);
    let (snapshot, ..) = scene.look();
    assert_eq!(snapshot.batches[0].levels.iter().map(|(level, _)| *level).collect::<Vec<_>>(), [2]);
}

#[test]
fn many_results_are_read_some_with_each_look() {
    let mut scene = with_rows(1_200, 0);
    for (expected, left) in [(500, 700), (500, 200), (200, 0)] {
        scene.cloud.pass(3);
        let (snapshot, _, read) = scene.look();
        let results = read.iter().filter(|key| key.contains("done-")).count();
        assert_eq!((snapshot.total.done, results, snapshot.has_changed), (1_200, expected, true));
        let unknown = snapshot.finishes(None).iter().filter(|finish| finish.duration_secs.is_none()).count();
        assert_eq!(unknown, left);
    }
    assert_eq!(scene.rows(|_| ()).len(), 1_200);
    let progress = scene.cache.progress.borrow();
    let of_bytes = (0..1_200).map(|number| result("b", number, START - 10.0).len() as u64).sum::<u64>();
    assert!(progress.is_sorted() && progress.iter().all(|(_, of)| *of == of_bytes), "{progress:?}");
    assert_eq!(progress.last(), Some(&(of_bytes, of_bytes)));
    drop(progress);
    let (snapshot, requests, _) = scene.look();
    assert_eq!((snapshot.has_changed, requests), (false, NOTHING_NEW));
}

#[test]
fn a_request_that_fails_loses_none_of_them() {
    let mut scene = with_rows(700, 0);
    *scene.cloud.locked.lock().unwrap() = Some("data/b/done-8");
    assert!(block_on(scene.watch.refresh()).is_err());
    assert!(block_on(scene.watch.refresh()).is_err());
    *scene.cloud.locked.lock().unwrap() = None;
    let (snapshot, _) = scene.look_until_quiet();
    assert_eq!(snapshot.finishes(None).iter().filter(|finish| finish.duration_secs.is_none()).count(), 0);
    assert_eq!(scene.rows(|_| ()).len(), 700, "each once");
}

#[test]
fn what_was_read_is_in_the_cache() {
    let mut scene = with_rows(1_200, 100);
    scene.cloud.put(&format!("data/b/error-{}.json", case(5_000)), error("b", 5_000));
    scene.look_until_quiet();
    let names: Vec<String> =
        scene.cache.things.borrow().keys().filter(|name| name.starts_with("doc")).cloned().collect();
    assert_eq!(names, ["documents 0", "documents 1", "documents 2", "documents 3"]);
    scene.open_again();
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(read, [""; 0]);
    assert_eq!((snapshot.total.done, snapshot.total.failed), (1_200, 1));
    assert!(snapshot.finishes(None).iter().all(|finish| finish.duration_secs.is_some()));
    assert_eq!(scene.rows(|_| ()).len(), 1_201);
}

#[test]
fn what_was_written_anew_is_read_again_with_those_beside_it() {
    let mut scene = with_rows(1_200, 0);
    scene.look_until_quiet();
    scene.cloud.put(&key(7), result("b", 7, START + 100.0));
    scene.cloud.pass(120);
    scene.open_again();
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(read.len(), 500, "one pack of three");
    assert!(snapshot.finishes(None).contains(&CaseFinish { end_time: START + 100.0, duration_secs: Some(8.0) }));
    scene.open_again();
    assert_eq!(scene.look_until_quiet().1, [""; 0]);
    let packs = scene.cache.things.borrow().keys().filter(|name| name.starts_with("documents")).count();
    assert_eq!(packs, 3, "the new one stands in the place of the old one");
}

#[test]
fn a_pack_that_is_damaged_is_read_again() {
    let mut scene = with_rows(600, 0);
    scene.look_until_quiet();
    for damaged in [b"".to_vec(), b"[]\nno chunk".to_vec()] {
        scene.cache.things.borrow_mut().insert("documents 1".into(), damaged);
        scene.open_again();
        assert_eq!(scene.look_until_quiet().1.len(), 100);
        assert_eq!(scene.rows(|_| ()).len(), 600);
    }
    scene.open_again();
    assert_eq!(scene.look_until_quiet().1, [""; 0]);
}

#[test]
fn a_result_that_replaced_that_of_a_row_is_read() {
    let mut scene = with_rows(3, 3);
    assert_eq!(scene.look_until_quiet().1.len(), 1, "the table");
    scene.cloud.pass(1_000);
    scene.cloud.put(&key(1), result("b", 1, START + 1_100.0));
    scene.cloud.pass(100);
    scene.watch.expect_change();
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(read, [key(1)]);
    assert_eq!((snapshot.total.done, snapshot.finishes(None).len()), (3, 3));
    assert!(scene.rows(|row| row.end_time.to_bits()).contains(&(case(1), (START + 1_100.0).to_bits())));
    scene.watch.expect_change();
    assert_eq!(scene.look_until_quiet().1, [""; 0]);
}

#[test]
fn a_young_result_waits_for_its_row() {
    let mut scene = with_rows(3, 0);
    scene.put_result("b", 3);
    scene.put_result("b", 4);
    let (snapshot, _, read) = scene.look();
    assert_eq!((snapshot.total.done, read.len()), (5, 1 + 3));
    scene.put_segment("b", 3..4);
    scene.cloud.pass(30);
    assert_eq!(scene.look().2, [""; 0]);
    scene.cloud.pass(40);
    let (snapshot, _, read) = scene.look();
    assert_eq!(read, [key(4)], "of the other one a row has come");
    assert!(snapshot.has_changed);
    assert_eq!(scene.rows(|_| ()).len(), 5);
}

#[test]
fn results_of_a_worker_that_was_killed_are_found_soon_without_their_rows() {
    let mut scene = Scene::new();
    scene.put_table("b", 0..31);
    let cloud = scene.cloud.clone();
    let leave = |messages| cloud.queue.lock().unwrap().resize(messages, serde_json::Value::Null);
    leave(31);
    scene.look();
    // Ten results, and rows of five of them: then the worker is gone, and nothing changes any more.
    leave(21);
    scene.put_segment("b", 0..5);
    (0..10).for_each(|number| scene.put_result("b", number));
    let done: Vec<u64> = [3, 3, 4, 5, 6].map(|pause| (scene.cloud.pass(pause), scene.look().0.total.done).1).into();
    assert_eq!(done, [5, 5, 5, 10, 10]);
    // Their documents are read once no row can come any more.
    scene.cloud.pass(60);
    scene.look_until_quiet();
    scene.cloud.pass(20);
    assert_eq!(scene.look().1, NOTHING_NEW);
}

#[test]
fn documents_that_are_not_what_their_keys_say_are_named_and_disturb_nothing() {
    let mut scene = with_rows(2, 2);
    scene.cloud.put(&key(2), "no JSON");
    scene.cloud.put(&key(3), result("b", 2, START));
    scene.cloud.put(&key(4), vec![b' '; (8 << 20) + 1]);
    scene.cloud.put(&format!("data/b/error-{}.json", case(5)), error("b", 6));
    scene.cloud.put(&format!("data/b/error-{}.json", case(7)), error("b", 7));
    scene.cloud.pass(120);
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(read.len(), 1 + 2 + 2, "the table, and all but what is too large");
    assert_eq!((snapshot.total.done, snapshot.total.failed), (5, 1));
    assert_eq!(snapshot.unreadable.len(), 4);
    assert_eq!(snapshot.unreadable[&key(3)], "it names another case");
    assert!(snapshot.unreadable[&key(4)].contains("more than the 8388608 that are read"));
    assert_eq!(scene.rows(|row| row.outcome == RowOutcome::Done).len(), 3);
    scene.watch.expect_change();
    assert_eq!(scene.look_until_quiet().1, [""; 0], "nothing of it was written anew");
    scene.cloud.put(&key(2), result("b", 2, START));
    scene.cloud.objects.lock().unwrap().remove(&key(3));
    scene.cloud.pass(120);
    scene.watch.expect_change();
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(read, [key(2)]);
    assert!(!snapshot.unreadable.contains_key(&key(2)) && !snapshot.unreadable.contains_key(&key(3)));
}

#[test]
fn an_error_without_a_row_is_a_row_too() {
    let mut scene = with_rows(1, 1);
    scene.cloud.put(&format!("data/b/error-{}.json", case(5)), error("b", 5));
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total.failed, snapshot.error_groups(None).len()), (1, 1));
    assert!(scene.rows(|row| row.outcome == RowOutcome::Failed).contains(&(case(5), true)));
}

#[test]
fn what_is_too_large_or_empty_is_named_and_disturbs_nothing_else() {
    let mut scene = with_rows(3, 3);
    scene.cloud.put("control.json", vec![b' '; 9 << 20]);
    scene.cloud.put("workers/w/heartbeat.json", vec![b' '; 2 << 20]);
    let (snapshot, ..) = scene.look();
    assert_eq!(snapshot.total.done, 3);
    let expected = BTreeMap::from([
        ("control.json".to_owned(), "it has more than the 8388608 bytes that are read".to_owned()),
        ("workers/w/heartbeat.json".to_owned(), "it has 2097152 bytes, more than the 1048576 that are read".to_owned()),
    ]);
    assert_eq!(snapshot.unreadable, expected);
    scene.cloud.put("control.json", "");
    let (snapshot, ..) = scene.look();
    assert_eq!(snapshot.unreadable["control.json"], "EOF while parsing a value at line 1 column 0");
    assert!(!scene.look().0.has_changed, "it is no news any more");
    scene.cloud.put("control.json", r#"{"paused": true}"#);
    let (snapshot, ..) = scene.look();
    assert!(snapshot.control.paused && !snapshot.unreadable.contains_key("control.json"));
    let (batch, number) = (cruncher_study::batch::Batch::parse("b").unwrap(), case(1));
    scene.cloud.put(&format!("data/b/error-{number}.json"), vec![b' '; 9 << 20]);
    let error = block_on(scene.study.error_document(&(batch, number))).unwrap_err();
    assert!(matches!(error, crate::study::ReadError::TooLarge { .. }), "{error:?}");
}

#[test]
fn a_segment_that_grew_between_listing_and_reading_is_read_on_from_there() {
    let mut scene = Scene::new();
    scene.put_table("a", 0..3);
    scene.put_segment("a", 0..2);
    scene.look();
    // The listing had told of its first row alone.
    let place = scene.watch.segments.get_mut("workers/w/segment-000000.ndjson").unwrap();
    place.size = place.read / 2;
    assert_eq!(scene.look().0.total.done, 2);
    scene.put_segment("a", 0..3);
    assert_eq!(scene.look().0.total.done, 3);
}
