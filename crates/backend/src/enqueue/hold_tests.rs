//! Notes in `control.json` of what a sender holds back.

use super::*;

/// Returns the submissions that are held back according to `control.json`, with the numbers of their cases that aren't sent.
fn held(scene: &Scene) -> Vec<(String, u64)> {
    let control = block_on(control(&scene.study)).unwrap();
    control.held_submissions.into_iter().collect()
}

#[test]
fn everybody_knows_of_a_rest_that_is_held_back_until_it_is_sent_or_given_up() {
    for is_sent in [true, false] {
        let scene = Scene::new();
        scene.cloud.put("control.json", r#"{"v": 1, "held_submissions": {"00000000000000aa": 7}}"#);
        let plan = plan(1_005);
        let id = plan.document().submission.clone();
        assert_eq!(run(&mut scene.begin(&plan, Some(5))).unwrap(), SendEnd::Held);
        let both = |rest| {
            let mut both = vec![("00000000000000aa".to_owned(), 7), (id.clone(), rest)];
            both.sort_unstable();
            both
        };
        assert_eq!(held(&scene), both(1_000));
        let mut sending = scene.resume(&plan);
        if is_sent {
            assert_eq!(run_until(&mut sending, 100), SendEnd::Paused);
            assert_eq!(held(&scene), both(1_005 - sending.journal().accepted()));
            assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
        } else {
            block_on(sending.cancel()).unwrap();
        }
        assert_eq!(held(&scene), [("00000000000000aa".to_owned(), 7)]);
    }
}

#[test]
fn the_rest_of_a_withdrawn_submission_is_sent_only_once_it_counts_again() {
    let scene = Scene::new();
    let plan = plan(30);
    assert_eq!(run(&mut scene.begin(&plan, Some(5))).unwrap(), SendEnd::Held);
    let withdrawn = format!(r#"{{"v": 1, "withdrawn_submissions": ["{}"]}}"#, plan.document().submission);
    scene.cloud.put("control.json", withdrawn);
    let mut sending = scene.resume(&plan);
    assert!(matches!(run(&mut sending), Err(EnqueueError::Withdrawn)));
    assert_eq!(sending.journal().accepted(), 5);
    scene.cloud.put("control.json", r#"{"v": 1}"#);
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}

#[test]
fn what_is_sent_at_once_asks_for_nothing_and_a_note_that_fails_stops_nothing() {
    let scene = Scene::new();
    assert_eq!(run(&mut scene.begin(&plan(30), None)).unwrap(), SendEnd::Complete);
    assert_eq!(scene.cloud.text("control.json"), None);
    let scene = Scene::new();
    scene.cloud.put("control.json", "[]");
    let plan = plan(30);
    assert_eq!(run(&mut scene.begin(&plan, Some(5))).unwrap(), SendEnd::Held);
    assert_eq!(run(&mut scene.resume(&plan)).unwrap(), SendEnd::Complete);
    scene.check_all_are_sent_once(&plan);
}
