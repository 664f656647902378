//! A preflight check with cases that were sent before.

use cruncher_study::case::CaseId;
use cruncher_study::message::CaseMessage;
use cruncher_study::model::ModelDigest;

use super::*;

/// Returns the number of cases that two plans have in common.
fn common(one: &EnqueuePlan, other: &EnqueuePlan) -> u64 {
    let has = |id: CaseId| (0..other.len()).any(|place| other.case_id(place) == id);
    (0..one.len()).filter(|place| has(one.case_id(*place))).count() as u64
}

#[test]
fn a_second_enqueueing_sends_what_is_neither_done_nor_sent() {
    let scene = Scene::new();
    let (part, whole) = (plan(20), plan(50));
    let places: Vec<u32> =
        (0..50).filter(|place| (0..20).all(|other| part.case_id(other) != whole.case_id(*place))).collect();
    run(&mut scene.begin(&part, None)).unwrap();
    scene.cloud.put(&format!("data/b/done-{}.json", part.case_id(3)), "{}");
    let error = |is_final| {
        format!(
            r#"{{"case_id": "{}", "batch": "b", "start_time": 1.0, "end_time": 2.0, "attempt": 3, "max_attempts": 3,
            "exception": "E", "signature": "00", "final": {is_final}}}"#,
            part.case_id(4)
        )
    };
    let found = |whole: &EnqueuePlan| block_on(preflight(&scene.study, whole)).unwrap();
    let key = format!("data/b/error-{}.json", part.case_id(4));
    scene.cloud.put(&key, error(false));
    let selected = |whole| found(whole).selection(whole, SentBefore::Wait).cases();
    assert_eq!((found(&whole).others, found(&plan(10)).others), (0, 20 - common(&part, &plan(10))));
    assert_eq!((found(&whole).done(), found(&whole).sent_before(), found(&whole).failed_before()), (1, 19, 0));
    assert_eq!(found(&whole).waiting, 20, "the queue gives them before those of the plan");
    assert_eq!(selected(&whole), places.len() as u64);
    scene.cloud.put(&key, error(true));
    assert_eq!((found(&whole).done(), found(&whole).sent_before(), found(&whole).failed_before()), (1, 18, 1));
    assert_eq!(selected(&whole), places.len() as u64 + 1, "what has failed for good is sent again");
    scene.cloud.pass(15 * 24 * 3600);
    assert_eq!(found(&whole).sent_before(), 0, "the queue has forgotten them");
    let elsewhere = Batch::parse("b/c").unwrap();
    assert_eq!(block_on(crate::enqueue::settled::done(&scene.study, &elsewhere)).unwrap().len(), 0);
}

/// Stores a result of a case, computed with this model in `secs` seconds.
fn put_result(scene: &Scene, message: &CaseMessage, model: &ModelDigest, secs: f64) {
    let case = CaseId::of(model, &message.parameters, message.replicate);
    let document = serde_json::json!({
        "case_id": case, "batch": "b", "parameters": message.parameters, "start_time": 100.0, "end_time": 100.0 + secs,
    });
    scene.cloud.put(&format!("data/b/done-{case}.json"), document.to_string());
}

#[test]
fn how_long_a_model_takes_is_known_from_its_own_results() {
    let scene = Scene::new();
    let plan = plan(20);
    let found = || block_on(preflight(&scene.study, &plan)).unwrap();
    assert_eq!(found().median_secs, None);
    let model = plan.document().model.digest();
    for (place, secs) in [(0, 30.0), (1, 50.0), (2, 40.0)] {
        put_result(&scene, &plan.message(place), &model, secs);
    }
    assert_eq!(found().median_secs, Some(40.0));
    scene.cloud.put(&format!("data/b/done-{}.json", plan.case_id(0)), "{");
    assert_eq!(found().median_secs, Some(50.0), "what can't be read tells nothing");
}

#[test]
fn before_any_own_case_is_done_others_of_the_same_model_tell_how_long_it_takes() {
    let scene = Scene::new();
    let (plan, others) = (plan(20), levelled_plan());
    let found = || block_on(preflight(&scene.study, &plan)).unwrap();
    put_result(&scene, &others.message(0), &ModelDigest::of(b"another model"), 3.0);
    assert_eq!(found().median_secs, None);
    put_result(&scene, &others.message(1), &plan.document().model.digest(), 8.0);
    assert_eq!(found().median_secs, Some(8.0));
}

#[test]
fn what_only_a_withdrawn_submission_has_sent_is_sent_again() {
    let scene = Scene::new();
    let (part, whole) = (plan(20), plan(20));
    run(&mut scene.begin(&part, None)).unwrap();
    scene.cloud.put(&format!("data/b/done-{}.json", part.case_id(3)), "{}");
    let selected = || {
        let found = block_on(preflight(&scene.study, &whole)).unwrap();
        (found.done(), found.sent_before(), found.selection(&whole, SentBefore::Wait).cases())
    };
    assert_eq!(selected(), (1, 19, 0));
    scene.cloud.put("control.json", r#"{"withdrawn_submissions": ["00f1e2d3c4b5a697"]}"#);
    assert_eq!(selected(), (1, 0, 19));
    scene.cloud.put("control.json", r#"{"withdrawn_submissions": ["00000000000000f2"]}"#);
    assert_eq!(selected(), (1, 19, 0), "another one is withdrawn");
    scene.cloud.put("control.json", r#"["withdrawn_submissions"]"#);
    assert_eq!(selected(), (1, 19, 0), "workers go on with what they were asked before");
}

#[test]
fn what_waits_and_who_computes_are_those_of_the_cases_pools() {
    let scene = Scene::new();
    run(&mut scene.begin(&plan(20), None)).unwrap();
    scene.cloud.put("control.json", r#"{"v": 1, "pools": ["gpu"]}"#);
    let beat = |worker: &str, pool: &str| {
        let time = scene.study.now();
        let json = format!(
            r#"{{"worker": "{worker}", "host": "h", "start_time": {time}, "time": {time}, "state": "waiting"{pool}}}"#
        );
        scene.cloud.put(&format!("workers/{worker}/heartbeat.json"), json);
    };
    beat("h_linux_1-aa", "");
    beat("h_linux_2-bb", r#", "pool": "gpu""#);
    beat("h_linux_3-cc", r#", "pool": "gpu""#);
    let of_pool = |pool: &str| {
        let json = format!(
            r#"{{"batch": "c", "model": {{"file": "model.py", "kind": "python"}}, "sampler": {{"kind": "random", "cases": 5}},
                "factors": [{{"name": "a", "minimum": 0, "maximum": 1}}]{pool}}}"#
        );
        let file = serde_json::from_str(&json).unwrap();
        let plan = EnqueuePlan::new(&file, MODEL, &crate::testing::submission()).unwrap();
        let found = block_on(preflight(&scene.study, &plan)).unwrap();
        (found.waiting, found.fleet.workers)
    };
    assert_eq!(of_pool(""), (20, 1));
    assert_eq!(of_pool(r#", "pool": "gpu""#), (0, 2));
}
