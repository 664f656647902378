//! The first looks at a large study.

use super::*;

/// Returns a study whose listing has several pages.
fn large() -> Scene {
    let scene = Scene::new();
    *scene.cloud.page_keys.lock().unwrap() = Some(100);
    scene.put_table("b", 0..1_000);
    scene.put_segment("b", 0..1_000);
    (0..1_000).for_each(|number| scene.put_result("b", number));
    scene.cloud.pass(120);
    scene
}

fn lists(scene: &mut Scene) -> (Snapshot, usize) {
    let before = *scene.cloud.lists.lock().unwrap();
    let (snapshot, ..) = scene.look();
    (snapshot, *scene.cloud.lists.lock().unwrap() - before)
}

#[test]
fn figures_come_from_the_outline_first_and_from_the_cache_when_opened_again() {
    let mut scene = large();
    let (snapshot, lists_before) = lists(&mut scene);
    assert_eq!((snapshot.is_checked, snapshot.total.cases, snapshot.total.done), (false, 1_000, 1_000));
    assert!((2..=6).contains(&lists_before), "workers, and an outline: {lists_before}");
    assert!(lists(&mut scene).0.is_checked);
    scene.open_again();
    let (snapshot, requests, read) = scene.look();
    assert_eq!((snapshot.is_checked, snapshot.total.cases, snapshot.total.done), (false, 1_000, 1_000));
    assert_eq!((requests, read), (NOTHING_NEW, vec![]), "all of it stood on the cache");
    let (snapshot, requests, read) = scene.look();
    assert!(snapshot.is_checked);
    assert!((10..25).contains(&requests), "{requests}");
    assert_eq!(read, [""; 0]);
    assert!(!scene.look().0.has_changed);
}

#[test]
fn the_next_look_corrects_what_the_cache_remembered() {
    let mut scene = large();
    scene.look_until_quiet();
    scene.cloud.pass(10);
    scene.put_table("b", 0..1_200);
    scene.put_table("new", 2_000..2_010);
    scene.open_again();
    assert_eq!(scene.look().0.total.cases, 1_000, "as it was");
    let (snapshot, _, read) = scene.look();
    assert_eq!((snapshot.total.cases, read.len()), (1_210, 2));
    scene.cloud.objects.lock().unwrap().retain(|key, _| !key.starts_with("data/new"));
    scene.open_again();
    assert_eq!(scene.look().0.total.cases, 1_210);
    assert_eq!(scene.look().0.total.cases, 1_200);
}

#[test]
fn a_cache_that_lost_a_table_remembers_none() {
    let mut scene = large();
    scene.put_table("c", 2_000..2_010);
    scene.look_until_quiet();
    scene.cache.things.borrow_mut().retain(|name, _| !name.starts_with("data/c/"));
    scene.open_again();
    let (snapshot, _, read) = scene.look();
    assert_eq!((snapshot.total.cases, read.len()), (1_010, 1));
}

#[test]
fn without_a_cache_every_first_look_is_the_same() {
    let mut scene = large();
    for _ in 0..2 {
        scene.watch = StudyWatch::new(scene.study.clone());
        let (snapshot, _, read) = scene.look();
        assert_eq!((snapshot.total.cases, read.len()), (1_000, 1));
    }
}

/// Budget of opening a study of 100,000 results for the first time, in requests.
const OPENING_REQUESTS: usize = 350;

#[test]
fn a_hundred_thousand_results_are_opened_within_the_budget_of_requests() {
    let mut scene = Scene::new();
    *scene.cloud.page_keys.lock().unwrap() = Some(1_000);
    scene.put_table("b", 0..100_000);
    for segment in 0..100 {
        let rows: String = (0..1_000).map(|number| row("b", 1_000 * segment + number) + "\n").collect();
        scene.cloud.put(&format!("workers/w/segment-{segment:06}.ndjson"), rows);
    }
    (0..100_000).for_each(|number| scene.cloud.put(&format!("data/b/done-{}.json", case(number)), "{}"));
    scene.cloud.pass(120);
    let before = *scene.cloud.requests.lock().unwrap();
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(
        (snapshot.total.cases, snapshot.total.done, read.len()),
        (100_000, 100_000, 1),
        "the table alone is read"
    );
    let requests = *scene.cloud.requests.lock().unwrap() - before;
    assert!(requests <= OPENING_REQUESTS, "{requests}");
}
