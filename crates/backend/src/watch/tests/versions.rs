//! A batch whose model was replaced.

use cruncher_study::batch::Batch;
use cruncher_study::versions::{ModelVersion, versions};

use super::*;
use crate::watch::LightStrategy;

const FIRST: &str = "00000000000000f1";
const SECOND: &str = "00000000000000f2";

fn put_submission(cloud: &TestCloud, submission: &str, model: &str, submit_time: f64, cases: std::ops::Range<u32>) {
    put_submission_of(cloud, "b", submission, model, submit_time, cases);
}

fn put_submission_of(
    cloud: &TestCloud,
    batch: &str,
    submission: &str,
    model: &str,
    submit_time: f64,
    cases: std::ops::Range<u32>,
) {
    let rows: Vec<String> = cases.map(|number| format!("{},2,0\n", case(number))).collect();
    cloud.put(
        &format!("data/{batch}/cases-{submission}.csv.gz"),
        "case_id,level,replicate\n".to_owned() + &rows.concat(),
    );
    let design = format!(
        r#"{{"v": 1, "submission": "{submission}", "batch": "{batch}", "submit_time": {submit_time},
            "model": {{"key": "models/{model}/footing.py", "kind": "python"}}, "factors": [{{"name": "c"}}]}}"#
    );
    cloud.put(&format!("data/{batch}/design-{submission}.json"), design);
}

fn withdraw(cloud: &TestCloud, submissions: &[&str]) {
    cloud.put("control.json", format!(r#"{{"v": 1, "withdrawn_submissions": {submissions:?}}}"#));
}

/// Stores a batch with two versions: of each, a case that failed, and four or three that wait.
fn put_replaced(cloud: &TestCloud) {
    put_submission(cloud, FIRST, "00", START - 1.0, 0..5);
    cloud.pass(60);
    put_submission(cloud, SECOND, "11", START + 59.0, 5..9);
    cloud.put(&format!("data/b/error-{}.json", case(0)), error("b", 0));
    cloud.put(&format!("data/b/error-{}.json", case(5)), error("b", 5));
}

fn told(snapshot: &Snapshot) -> Vec<(String, u64, u64)> {
    let versions = versions(&snapshot.batches[0].submissions);
    let told = |version: &ModelVersion| (version.name(), version.counted().cases, version.withdrawn().cases);
    versions.iter().map(told).collect()
}

fn failed_cases(snapshot: &Snapshot) -> Vec<CaseId> {
    snapshot.error_parts.iter().flat_map(|part| part.cases.clone()).collect()
}

#[test]
fn versions_are_known_and_a_withdrawn_one_is_left_out_with_the_next_look() {
    let mut scene = Scene::new();
    put_replaced(&scene.cloud);
    let (snapshot, _) = scene.look_until_quiet();
    let expected = [("footing.py version 1".to_owned(), 5, 0), ("footing.py version 2".to_owned(), 4, 0)];
    assert_eq!(told(&snapshot), expected);
    assert_eq!((snapshot.total.cases, failed_cases(&snapshot)), (9, vec![case(0), case(5)]));
    let (_, requests, _) = scene.look();
    assert_eq!(requests, NOTHING_NEW, "designs are read once");
    withdraw(&scene.cloud, &[FIRST]);
    let (snapshot, requests, _) = scene.look();
    assert_eq!((requests, snapshot.has_changed), (NOTHING_NEW, true));
    assert_eq!((snapshot.total.cases, snapshot.total.withdrawn, snapshot.total.failed), (4, 5, 1));
    assert_eq!(failed_cases(&snapshot), [case(5)]);
    assert_eq!(told(&snapshot)[0], ("footing.py version 1".to_owned(), 0, 5));
    withdraw(&scene.cloud, &[]);
    assert_eq!(scene.look().0.total.cases, 9);
}

/// Returns what was told since the last call: of the cases 0 and 5, the version and whether they are withdrawn.
fn told_of_cases(scene: &Scene) -> Vec<[Option<(String, bool)>; 2]> {
    let b = Batch::parse("b").unwrap();
    let of = |versions: &CaseVersions, number| {
        versions.of(&b, case(number)).map(|version| (version.name.clone(), version.is_withdrawn))
    };
    scene.cache.versions.take().iter().map(|versions| [of(versions, 0), of(versions, 5)]).collect()
}

#[test]
fn whoever_takes_rows_is_told_of_which_version_cases_are_whenever_that_changes() {
    let mut scene = Scene::new();
    put_replaced(&scene.cloud);
    scene.look_until_quiet();
    let version = |number, is_withdrawn| Some((format!("footing.py version {number}"), is_withdrawn));
    assert_eq!(told_of_cases(&scene), [[version(1, false), version(2, false)]]);
    scene.look();
    assert_eq!(told_of_cases(&scene), [] as [[Option<(String, bool)>; 2]; 0], "it is as it was");
    withdraw(&scene.cloud, &[FIRST]);
    scene.look();
    assert_eq!(told_of_cases(&scene), [[version(1, true), version(2, false)]]);
    scene.open_again();
    scene.look_until_quiet();
    assert_eq!(told_of_cases(&scene).last(), Some(&[version(1, true), version(2, false)]));
    let mut alone = Scene::new();
    put_submission(&alone.cloud, FIRST, "00", START - 1.0, 0..5);
    alone.look_until_quiet();
    assert!(alone.cache.versions.take().is_empty(), "nothing is told of a batch of one version");
}

#[test]
fn a_small_study_is_read_alike() {
    let (cloud, study) = TestCloud::study();
    put_replaced(&cloud);
    let mut watch = StudyWatch::<LightStrategy>::light(study);
    let snapshot = block_on(watch.refresh()).unwrap().unwrap();
    assert_eq!(told(&snapshot).len(), 2);
    withdraw(&cloud, &[SECOND]);
    let snapshot = block_on(watch.refresh()).unwrap().unwrap();
    assert_eq!((snapshot.total.cases, snapshot.total.withdrawn), (5, 4));
    assert_eq!(failed_cases(&snapshot), [case(0)]);
}

#[test]
fn versions_are_told_apart_between_batches() {
    let mut scene = Scene::new();
    put_submission(&scene.cloud, FIRST, "00", START - 1.0, 0..5);
    put_submission_of(&scene.cloud, "c", SECOND, "11", START - 0.5, 0..5);
    scene.look_until_quiet();
    let versions = scene.cache.versions.take().pop().unwrap();
    let of = |batch: &str| versions.of(&Batch::parse(batch).unwrap(), case(0)).map(|version| version.name.as_str());
    assert_eq!((of("b"), of("c")), (Some("footing.py version 1"), Some("footing.py version 2")));
    let mut alike = Scene::new();
    put_submission(&alike.cloud, FIRST, "00", START - 1.0, 0..5);
    put_submission_of(&alike.cloud, "c", SECOND, "00", START - 0.5, 0..5);
    alike.look_until_quiet();
    assert!(alike.cache.versions.take().is_empty(), "both batches are of one file");
}

#[test]
fn the_design_of_a_study_that_was_submitted_once_is_not_read() {
    let mut scene = Scene::new();
    put_submission(&scene.cloud, FIRST, "00", START - 100.0, 0..5);
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(snapshot.batches[0].submissions, []);
    assert!(!read.iter().any(|key| key.contains("design-")), "{read:?}");
}

#[test]
fn a_design_that_can_not_be_read_is_named_and_its_version_has_no_file() {
    let mut scene = Scene::new();
    put_replaced(&scene.cloud);
    scene.cloud.put(&format!("data/b/design-{FIRST}.json"), "{");
    let (snapshot, read) = scene.look_until_quiet();
    assert_eq!(told(&snapshot)[0].0, "unknown model");
    assert!(snapshot.unreadable.contains_key(&format!("data/b/design-{FIRST}.json")));
    assert_eq!(read.iter().filter(|key| key.contains("design-")).count(), 2, "it isn't asked for again");
}
