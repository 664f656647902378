//! The first response of a batch, as both strategies read it.

use cruncher_study::responses::ResponseSummary;

use super::*;

/// A segment with these results, one a case.
fn segment(batch: &str, results: &[&str]) -> String {
    let line = |(number, result): (u32, &&str)| row(batch, number).replace(r#"{"load": 2.0}"#, result) + "\n";
    (0..).zip(results).map(line).collect()
}

/// What is known of the responses, which both strategies must agree on.
fn responses(scene: &mut Scene) -> Vec<Option<ResponseSummary>> {
    let of = |snapshot: Snapshot| snapshot.batches.into_iter().map(|account| account.response).collect::<Vec<_>>();
    let light = block_on(StudyWatch::light(scene.study.clone()).refresh()).unwrap().expect("the study is small");
    let (full, _) = scene.look_until_quiet();
    let full = of(full);
    assert_eq!(of(light), full);
    full
}

#[test]
fn each_batch_has_the_first_response_with_a_number_and_whatever_else_stands_there_is_counted() {
    let mut scene = Scene::new();
    let odd = [
        r#"{"verdict": "stable", "load": 2.5, "path": 9}"#,
        r#"{"load": "broken", "path": 1}"#,
        r#"{"path": 1, "load": 1e308}"#,
        r#"{"load": null}"#,
        "{}",
        r#"{"load": true}"#,
        r#"{"load": {"a": 1}}"#,
        r#"{"load": -1e308}"#,
    ];
    scene.cloud.put("workers/v/segment-000000.ndjson", segment("a", &odd));
    scene.cloud.put("workers/w/segment-000000.ndjson", segment("b", &[r#"{"t": 1, "load": 2}"#, r#"{"t": 3}"#]));
    scene.cloud.put("workers/x/segment-000000.ndjson", segment("c", &[r#"{"verdict": "stable"}"#]));
    for (batch, cases) in [("a", 0..8), ("b", 0..2), ("c", 0..1)] {
        scene.put_table(batch, cases.clone());
        cases.for_each(|number| scene.put_result(batch, number));
    }
    let found = responses(&mut scene);
    let [Some(first), Some(second), None] = &found[..] else { panic!("{found:?}") };
    assert_eq!((first.name.as_str(), first.numbers, first.others), ("load", 3, 5));
    assert_eq!((first.least, first.most), (-1e308, 1e308));
    assert_eq!((second.name.as_str(), second.numbers, second.others, second.most), ("t", 2, 0, 3.0));
}

#[test]
fn the_files_of_cases_halt_a_study_at_its_limit() {
    let mut scene = Scene::new();
    let line =
        |number, kib| row("a", number).replace(r#""result""#, &format!(r#""files_kib": {kib}, "result""#)) + "\n";
    scene.put_table("a", 0..3);
    (0..2).for_each(|number| scene.put_result("a", number));
    scene.cloud.put("workers/w/segment-000000.ndjson", line(0, 3) + &line(1, 1));
    let look = |scene: &mut Scene, limit_bytes: u64| {
        scene.cloud.put("control.json", format!(r#"{{"files_limit_bytes": {limit_bytes}}}"#));
        let light = block_on(StudyWatch::light(scene.study.clone()).refresh()).unwrap().expect("the study is small");
        let (full, _) = scene.look_until_quiet();
        assert_eq!((light.files_bytes, &light.halt_reason), (full.files_bytes, &full.halt_reason));
        (full.files_bytes, full.observation().and_then(|findings| findings.halt))
    };
    for limit_bytes in [0, 4 << 10] {
        assert_eq!(look(&mut scene, limit_bytes), (4 << 10, None));
    }
    let reason = "the files of its cases are 4 KiB, more than its limit of 2 KiB";
    assert_eq!(look(&mut scene, 2 << 10), (4 << 10, Some(reason.to_owned())));
}

#[test]
fn rows_that_come_later_are_added_and_a_result_without_a_row_is_read() {
    let mut scene = Scene::new();
    scene.put_table("a", 0..3);
    scene.put_segment("a", 0..1);
    scene.put_result("a", 0);
    assert_eq!(responses(&mut scene)[0].as_ref().unwrap().numbers, 1);
    scene.put_segment("a", 0..2);
    scene.put_result("a", 1);
    scene.put_result("a", 2);
    scene.cloud.pass(120);
    scene.watch.expect_change();
    let (snapshot, _) = scene.look_until_quiet();
    let found = snapshot.batches[0].response.as_ref().unwrap();
    assert_eq!((found.numbers, found.others, found.least, found.bins.counts.clone()), (3, 0, 2.0, vec![3]));
}
