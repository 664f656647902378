use std::sync::Arc;

use cruncher_study::combination::{CombineReference, CombinedInputs};
use cruncher_study::design_document::Submission;
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};
use futures::executor::block_on;
use serde_json::json;

use super::*;
use crate::testing::{MODEL, TestCloud, memory, plan};

/// A study in which a plan of ten cases was sent, and whose queue was emptied since.
struct Scene {
    cloud: Arc<TestCloud>,
    study: Study,
    plan: EnqueuePlan,
}

impl Scene {
    fn new() -> Self {
        let (cloud, study) = TestCloud::study();
        let plan = plan(10);
        let selection = CaseSelection::all(&plan);
        let begun = SubmissionSender::begin(&study, plan.clone(), MODEL, &selection, None, memory());
        let mut sender = block_on(begun).unwrap();
        block_on(sender.run(&PauseHandle::default(), &mut |_| {})).unwrap();
        cloud.queue.lock().unwrap().clear();
        Self { cloud, study, plan }
    }

    /// The wish to send cases of these places again, that were seen in need of it `secs` from now.
    fn request(&self, places: &[u32], secs: f64) -> RetryRequest {
        let batch = &self.plan.document().batch;
        let cases = places.iter().map(|place| (batch.clone(), self.plan.case_id(*place))).collect();
        RetryRequest { cases, seen_time: self.study.now() + secs, by: "operator".into(), ..RetryRequest::default() }
    }

    fn retry(&self, request: &RetryRequest) -> RetryOutcome {
        block_on(retry(&self.study, request, &|_| {})).unwrap()
    }

    fn queued_ids(&self) -> Vec<String> {
        let mut queued = self.cloud.queued();
        queued.sort();
        queued
    }

    fn ids(&self, places: &[u32]) -> Vec<String> {
        let mut ids: Vec<String> = places.iter().map(|place| self.plan.case_id(*place).to_string()).collect();
        ids.sort();
        ids
    }
}

#[test]
fn only_the_wanted_cases_are_sent_as_a_submission_of_their_own() {
    let scene = Scene::new();
    scene.cloud.pass(10);
    let request =
        RetryRequest { max_attempts: Some(7), time_limit: RetryTimeLimit::Secs(60.0), ..scene.request(&[2, 5], 0.0) };
    assert_eq!(scene.retry(&request), RetryOutcome { sent: 2, ..RetryOutcome::default() });
    assert_eq!(scene.queued_ids(), scene.ids(&[2, 5]));
    let message = scene.cloud.queue.lock().unwrap()[0].clone();
    let earlier = &scene.plan.document().submission;
    assert_ne!(message["submission"], json!(earlier));
    assert_eq!((&message["max_attempts"], &message["time_limit_secs"]), (&json!(7), &json!(60.0)));
    let again = message["submission"].as_str().unwrap();
    let read = block_on(EnqueuePlan::read_back(&scene.study, &scene.plan.document().batch, again)).unwrap();
    assert_eq!((read.len(), read.document().retry_of.as_ref()), (2, Some(earlier)));
    assert_eq!(read.document().model, scene.plan.document().model);
}

#[test]
fn how_a_batch_is_combined_is_not_wanted_again_by_sending_cases_again() {
    let scene = Scene::new();
    let mut document = scene.plan.document().clone();
    document.combine = Some(CombineReference {
        model: ModelReference::new(
            &ModelDigest::of(b"def combine(files, output): pass"),
            "combine.py",
            ModelKind::Combine,
        ),
        of: CombinedInputs::Results,
        file_extension: None,
    });
    let plan = EnqueuePlan::of(document, scene.plan.cases().clone()).unwrap();
    let again = plan.again(&[plan.case_id(3)].into(), &scene.request(&[], 0.0), "0000000000000001".into()).unwrap();
    assert_eq!((again.len(), &again.document().combine), (1, &None));
}

#[test]
fn whoever_asks_at_the_same_time_sends_nothing_twice() {
    let scene = Scene::new();
    scene.cloud.pass(10);
    let (one, other) = (scene.request(&[2, 5], 0.0), scene.request(&[5, 6], 0.0));
    // Both have seen the cases before either has sent them.
    scene.retry(&one);
    assert_eq!(scene.retry(&one), RetryOutcome { sent: 0, sent_before: 2, unknown: Vec::new() });
    scene.retry(&other);
    assert_eq!(scene.queued_ids(), scene.ids(&[2, 5, 6]));
}

#[test]
fn the_queue_takes_a_case_once_for_its_earlier_submission() {
    let scene = Scene::new();
    let again = |submission: &str| {
        let plan =
            scene.plan.again(&[scene.plan.case_id(3)].into(), &scene.request(&[], 0.0), submission.into()).unwrap();
        plan.deduplication_id(&plan.message(0))
    };
    assert_eq!(again("0000000000000001"), again("0000000000000002"));
    assert_ne!(again("0000000000000001"), scene.plan.deduplication_id(&scene.plan.message(3)));
}

#[test]
fn what_was_sent_again_since_is_left_alone() {
    let scene = Scene::new();
    scene.cloud.pass(10);
    let seen = scene.request(&[1, 2], 0.0);
    scene.cloud.pass(10);
    scene.retry(&scene.request(&[1], 0.0));
    scene.cloud.queue.lock().unwrap().clear();
    scene.cloud.pass(600);
    assert_eq!(scene.retry(&seen), RetryOutcome { sent: 1, sent_before: 1, unknown: Vec::new() });
    assert_eq!(scene.queued_ids(), scene.ids(&[2]));
}

#[test]
fn a_case_that_no_table_names_is_told() {
    let scene = Scene::new();
    scene.cloud.pass(10);
    let stray = (scene.plan.document().batch.clone(), CaseId::default());
    let request = RetryRequest { cases: vec![stray.clone()], ..scene.request(&[], 0.0) };
    assert_eq!(scene.retry(&request), RetryOutcome { unknown: vec![stray], ..RetryOutcome::default() });
    assert!(scene.cloud.queued().is_empty());
}

#[test]
fn a_case_that_was_called_off_counts_again_and_one_whose_batch_was_is_refused() {
    let scene = Scene::new();
    scene.cloud.pass(10);
    let (batch, case) = scene.request(&[3], 0.0).cases.remove(0);
    block_on(change_control(&scene.study, &|control| control.cancelled_cases.extend([case]))).unwrap();
    scene.retry(&scene.request(&[3], 0.0));
    assert!(block_on(control(&scene.study)).unwrap().cancelled_cases.is_empty());
    block_on(change_control(&scene.study, &|control| control.cancelled_batches.extend([batch.clone()]))).unwrap();
    let refused = block_on(retry(&scene.study, &scene.request(&[4], 0.0), &|_| {})).unwrap_err();
    assert!(refused.to_string().starts_with(&format!("batch {batch} is cancelled")), "{refused}");
    assert_eq!(scene.queued_ids(), scene.ids(&[3]));
}

#[test]
fn nothing_is_sent_if_a_pool_of_an_earlier_submission_is_gone() {
    let scene = Scene::new();
    scene.cloud.put("control.json", r#"{"v": 1, "pools": ["gpu"]}"#);
    let json = r#"{"batch": "c", "model": {"file": "model.py", "kind": "python"}, "pool": "gpu", "seed": 2,
        "sampler": {"kind": "random", "cases": 2}, "factors": [{"name": "a", "minimum": 0, "maximum": 1}]}"#;
    // The batch of the scene comes first.
    let submission = Submission { id: "0000000000000001".into(), time: 0.0, by: "operator".into() };
    let plan = EnqueuePlan::new(&serde_json::from_str(json).unwrap(), MODEL, &submission).unwrap();
    let selection = CaseSelection::all(&plan);
    let begun = SubmissionSender::begin(&scene.study, plan.clone(), MODEL, &selection, None, memory());
    block_on(block_on(begun).unwrap().run(&PauseHandle::default(), &mut |_| {})).unwrap();
    scene.cloud.queue.lock().unwrap().clear();
    scene.cloud.pass(10);
    let cancelled = json!({"v": 1, "cancelled_cases": [scene.plan.case_id(3)]});
    scene.cloud.put("control.json", cancelled.to_string());
    let mut request = scene.request(&[3], 0.0);
    request.cases.push((plan.document().batch.clone(), plan.case_id(0)));
    let refused = block_on(retry(&scene.study, &request, &|_| {})).unwrap_err().to_string();
    assert!(refused.contains("names the pool `gpu`") && refused.ends_with("nothing was sent"), "{refused}");
    assert!(scene.cloud.queued().is_empty());
    assert_eq!(block_on(control(&scene.study)).unwrap().cancelled_cases.len(), 1);
}
