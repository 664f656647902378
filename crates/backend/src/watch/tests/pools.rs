//! Studies with pools.

use cruncher_study::accounting::CaseCounts;
use cruncher_study::diagnosis::{Notice, QueueCounts};
use cruncher_study::pool::{Pool, shown};
use serde_json::json;

use super::super::snapshot::{PoolFigures, Snapshot};
use super::*;

/// A study of which ten cases wait in its own queue, and ten in that of the pool `gpu`, long after they were sent.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.cloud.put("control.json", r#"{"v": 1, "pools": ["gpu"]}"#);
    let row = |number: u32| format!("{},2,{},0\n", case(number), if number < 10 { "" } else { "gpu" });
    let rows: String = (0..20).map(row).collect();
    let table = "case_id,level,pool,replicate\n".to_owned() + &rows;
    scene.cloud.put("data/b/cases-00f1e2d3c4b5a697.csv.gz", table);
    send(&scene, 10, None);
    send(&scene, 10, Some("gpu"));
    scene.cloud.pass(120);
    scene
}

/// Puts messages into a pool's queue, in place of those that are there.
fn send(scene: &Scene, messages: usize, pool: Option<&str>) {
    let mut queue = scene.cloud.queue.lock().unwrap();
    queue.retain(|message| message["pool"].as_str() != pool);
    queue.extend((0..messages).map(|number| json!({"case_id": format!("{number}"), "pool": pool})));
}

#[test]
fn the_figures_are_sums_and_each_pool_has_its_own() {
    let mut scene = scene();
    let (snapshot, requests, _) = scene.look();
    let queue = |waiting| QueueCounts { waiting, ..QueueCounts::default() };
    let of_pools: Vec<_> = snapshot.pools.iter().map(|look| (shown(look.pool.as_ref()), look.queue)).collect();
    assert_eq!((snapshot.queue, of_pools), (queue(20), vec![("main", queue(10)), ("gpu", queue(10))]));
    assert_eq!((snapshot.total.queued, snapshot.total.lost), (20, 0));
    assert!(requests > NOTHING_NEW);
    // Two queues more are two requests more.
    assert_eq!(scene.look().1, NOTHING_NEW + 2);
}

#[test]
fn a_case_is_lost_when_its_own_pools_queue_is_empty() {
    let mut scene = scene();
    scene.look();
    send(&scene, 0, Some("gpu"));
    for (pass, lost) in [(10, 0), (30, 0), (40, 10)] {
        scene.cloud.pass(pass);
        let (snapshot, ..) = scene.look();
        assert_eq!((snapshot.total.lost, snapshot.total.queued), (lost, 20 - lost), "{pass}");
    }
    // What was done in the meantime is known by then, though no row tells of it.
    scene.put_result("b", 15);
    scene.cloud.pass(400);
    scene.watch.expect_change();
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total.lost, snapshot.total.done, snapshot.total.queued), (9, 1, 10));
    send(&scene, 3, Some("gpu"));
    assert_eq!(scene.look().0.total.lost, 0, "who sends them again");
    send(&scene, 0, None);
    for _ in 0..2 {
        scene.cloud.pass(70);
        scene.look();
    }
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total.lost, snapshot.total.queued), (10, 9), "now those of the study's own queue");
}

#[test]
fn the_cases_of_a_pool_that_was_removed_are_lost_and_no_look_fails() {
    let mut scene = scene();
    scene.look();
    scene.cloud.put("control.json", r#"{"v": 1}"#);
    scene.cloud.pass(10);
    let (snapshot, ..) = scene.look();
    assert_eq!((snapshot.total.lost, snapshot.total.queued, snapshot.pools.len()), (10, 10, 1));
}

#[test]
fn a_pool_without_a_worker_is_named() {
    let mut scene = scene();
    let beat = json!({"worker": "w", "host": "h", "start_time": START, "time": START + 119.0, "state": "waiting", "pool": "gpu",
        "median_secs": 6.0, "counts": {"done": 4, "failed": 1}});
    scene.cloud.put("workers/w/heartbeat.json", beat.to_string());
    let (snapshot, ..) = scene.look();
    assert!(snapshot.notices(None).contains(&Notice::NoWorkerOfPool { pool: "main".into(), waiting: 10 }));
    let figures = snapshot.pool_figures(None);
    assert_eq!((figures[1].pool, figures[1].look), (Pool::parse("gpu").ok(), Some(snapshot.pools[1])));
    assert_eq!((figures[1].cases.queued, figures[1].workers, figures[0].workers), (10, 1, 0));
    let again = super::super::snapshot_codec::read(super::super::snapshot_codec::write(&snapshot)).unwrap();
    assert_eq!((again.pools, again.batches), (snapshot.pools, snapshot.batches));
}

#[test]
fn the_cases_of_all_pools_are_those_of_the_study() {
    let mut scene = scene();
    for number in [1, 2, 11, 12, 13] {
        scene.put_result("b", number);
    }
    scene.cloud.pass(400);
    scene.watch.expect_change();
    let (snapshot, ..) = scene.look();
    let told = |snapshot: &Snapshot| -> Vec<_> {
        let figures = snapshot.pool_figures(None);
        let one = |own: &PoolFigures| {
            (shown(own.pool.as_ref()).to_owned(), own.cases.done, own.cases.queued, own.look.is_some())
        };
        figures.iter().map(one).collect()
    };
    let figures = [("main".to_owned(), 2, 8, true), ("gpu".to_owned(), 3, 7, true)];
    assert_eq!(told(&snapshot), figures);
    let mut sum = CaseCounts::default();
    snapshot.pool_figures(None).iter().for_each(|own| sum.add(&own.cases));
    assert_eq!(sum, snapshot.total);
    let elsewhere = cruncher_study::batch::Batch::parse("c").ok();
    assert!(snapshot.pool_figures(elsewhere.as_ref()).iter().all(|own| own.cases == CaseCounts::default()));
    // What was done in a pool that was removed is still told.
    scene.cloud.put("control.json", r#"{"v": 1}"#);
    scene.cloud.pass(10);
    let (snapshot, ..) = scene.look();
    assert_eq!(told(&snapshot)[1], ("gpu".to_owned(), 3, 0, false));
    assert_eq!(snapshot.pool_figures(None)[1].cases.lost, 7);
}
