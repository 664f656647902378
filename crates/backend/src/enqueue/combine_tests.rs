use std::sync::Arc;

use cruncher_study::key::DataKey;
use futures::executor::block_on;
use serde_json::Value;

use super::*;
use crate::enqueue::CaseSelection;
use crate::testing::{MODEL, TestCloud, memory, plan};

/// A study with a batch of five cases that were sent.
struct Scene {
    cloud: Arc<TestCloud>,
    study: Study,
    plan: EnqueuePlan,
}

impl Scene {
    fn new() -> Self {
        let (cloud, study) = TestCloud::study();
        let plan = plan(5);
        let selection = CaseSelection::all(&plan);
        let begun = SubmissionSender::begin(&study, plan.clone(), MODEL, &selection, None, memory());
        block_on(block_on(begun).unwrap().run(&PauseHandle::default(), &mut |_| {})).unwrap();
        cloud.queue.lock().unwrap().clear();
        Self { cloud, study, plan }
    }

    fn batch(&self) -> Batch {
        self.plan.document().batch.clone()
    }

    fn finish(&self, places: &[u32]) {
        for place in places {
            self.cloud
                .put(&DataKey::Done(self.batch(), self.plan.case_id(*place)).key(), format!("{{\"a\": {place}}}"));
        }
    }

    fn request(&self, of: CombinedInputs) -> CombineRequest {
        CombineRequest {
            batch: self.batch(),
            of,
            script_name: "combine.py".into(),
            script: b"def combine(files, output): pass".to_vec(),
            file_extension: None,
            time_limit_secs: None,
            max_attempts: 3,
            is_forced: false,
            pool: None,
            by: "operator".into(),
        }
    }

    fn combine(&self, request: &CombineRequest) -> Result<CombineOutcome, CombineError> {
        block_on(combine(&self.study, request))
    }

    fn message(&self) -> Value {
        self.cloud.queue.lock().unwrap().last().unwrap().clone()
    }

    /// The names in the list of inputs that the last message names.
    fn inputs(&self) -> Vec<String> {
        let key = self.message()["parameters"]["inputs"].as_str().unwrap().to_owned();
        let list: Value = serde_json::from_str(&self.cloud.text(&key).unwrap()).unwrap();
        assert_eq!(key, format!("models/{}/inputs.json", ModelDigest::of(list.to_string().as_bytes()).as_str()));
        list["files"].as_array().unwrap().iter().map(|file| file[0].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn results_go_in_by_the_order_of_the_table_and_missing_ones_are_counted() {
    let scene = Scene::new();
    scene.finish(&[4, 0, 2]);
    let outcome = scene.combine(&scene.request(CombinedInputs::Results)).unwrap();
    assert_eq!((outcome.cases, outcome.missing, outcome.files, outcome.end), (3, 2, 3, CombineEnd::Sent));
    let names: Vec<String> =
        [0, 2, 4].iter().map(|place| format!("done-{}.json", scene.plan.case_id(*place))).collect();
    assert_eq!(scene.inputs(), names);
    let message = scene.message();
    assert_eq!(message["batch"], format!("{}/combined", scene.batch()));
    assert_eq!(message["model"]["kind"], "combine");
    assert_eq!((&message["parameters"]["cases"], &message["parameters"]["missing"]), (&json!(3), &json!(2)));
    assert_eq!(message["isolation"], "case");
    assert!(
        outcome.to_string().starts_with("What combines 3 cases, without 2 that have no result, is in the queue: case ")
    );
}

#[test]
fn the_same_files_are_combined_once_and_others_anew() {
    let scene = Scene::new();
    scene.finish(&[0, 1]);
    let request = scene.request(CombinedInputs::Results);
    let first = scene.combine(&request).unwrap();
    assert_eq!(scene.combine(&request).unwrap(), CombineOutcome { end: CombineEnd::SentBefore, ..first.clone() });
    let (batch, case) = first.case.clone();
    scene.cloud.put(&DataKey::Done(batch, case).key(), "{}");
    assert_eq!(scene.combine(&request).unwrap(), CombineOutcome { end: CombineEnd::Done, ..first.clone() });
    assert_eq!(scene.cloud.queue.lock().unwrap().len(), 1);
    let again = scene.combine(&CombineRequest { is_forced: true, ..request.clone() }).unwrap();
    assert_eq!((again.end, again.case), (CombineEnd::Sent, first.case.clone()));
    // A result that was replaced is another file.
    scene.cloud.put(&DataKey::Done(scene.batch(), scene.plan.case_id(1)).key(), "{\"a\": 77}");
    assert_ne!(scene.combine(&request).unwrap().case, first.case);
    scene.finish(&[2]);
    assert_eq!(scene.combine(&request).unwrap().cases, 3);
}

#[test]
fn files_of_cases_with_a_result_go_in() {
    let scene = Scene::new();
    let case = |place| scene.plan.case_id(place);
    let file = |place, name: &str| format!("files/{}/{name}", case(place));
    for name in [file(1, "b/x.h5"), file(1, "a.h5"), file(0, "a.h5"), file(3, "a.h5"), "files/odd/a.h5".to_owned()] {
        scene.cloud.put(&format!("data/{}/{name}", scene.batch()), "x");
    }
    scene.finish(&[0, 1]);
    let outcome = scene.combine(&scene.request(CombinedInputs::Files)).unwrap();
    assert_eq!((outcome.cases, outcome.missing, outcome.files), (2, 3, 3));
    assert_eq!(scene.inputs(), [file(0, "a.h5"), file(1, "a.h5"), file(1, "b/x.h5")]);
}

#[test]
fn withdrawn_cases_neither_go_in_nor_are_missing() {
    let scene = Scene::new();
    scene.finish(&[0]);
    let submission = &scene.plan.document().submission;
    scene.cloud.put("control.json", json!({"v": 1, "withdrawn_submissions": [submission]}).to_string());
    let error = scene.combine(&scene.request(CombinedInputs::Results)).unwrap_err();
    assert!(matches!(error, CombineError::NoBatch(_)), "{error}");
}

#[test]
fn what_can_not_be_combined_is_said_before_anything_is_sent() {
    let scene = Scene::new();
    let request = scene.request(CombinedInputs::Results);
    let words = |request: &CombineRequest| scene.combine(request).unwrap_err().to_string();
    assert_eq!(
        words(&request),
        format!("none of the 5 cases of {} has a result, so there is nothing to combine", scene.batch())
    );
    let other = CombineRequest { batch: Batch::parse("none").unwrap(), ..request.clone() };
    assert_eq!(words(&other), "there is no batch none");
    scene.finish(&[0]);
    assert!(words(&scene.request(CombinedInputs::Files)).contains("has left a file"));
    for extension in ["", "../x", "a/b", ".csv", "a..b", "tar.gz.", "much-longer-than-an-ending"] {
        let request = CombineRequest { file_extension: Some(extension.into()), ..request.clone() };
        assert!(words(&request).contains("can't be the ending of a file"), "{extension}");
    }
    scene
        .cloud
        .put("control.json", json!({"v": 1, "cancelled_batches": [format!("{}/combined", scene.batch())]}).to_string());
    assert!(words(&request).contains("is cancelled"));
    assert_eq!(scene.cloud.queue.lock().unwrap().len(), 0);
}

/// A study with a batch of five cases, whose design asks for one file of all when it is complete; and the wish's name.
fn wanting() -> (Scene, String) {
    let (cloud, study) = TestCloud::study();
    let factors = r#"[{"name": "a", "minimum": 0.0, "maximum": 1.0}]"#;
    let mut file = crate::testing::design(factors);
    file.sampler = serde_json::from_str(r#"{"kind": "random", "cases": 5}"#).unwrap();
    let combine = r#"{"file": "combine.py", "text": "def combine(files, output): pass", "file_extension": "csv"}"#;
    file.combine = serde_json::from_str(combine).unwrap();
    let submission = Submission { id: "00f1e2d3c4b5a697".into(), time: study.now(), by: "ana".into() };
    let plan = EnqueuePlan::new(&file, MODEL, &submission).unwrap();
    let selection = CaseSelection::all(&plan);
    let begun = SubmissionSender::begin(&study, plan.clone(), MODEL, &selection, None, memory());
    block_on(block_on(begun).unwrap().run(&PauseHandle::default(), &mut |_| {})).unwrap();
    cloud.queue.lock().unwrap().clear();
    let name = format!("{}/{}", plan.document().batch, submission.id);
    (Scene { cloud, study, plan }, name)
}

#[test]
fn a_design_s_wish_is_met_once_when_the_batch_is_complete() {
    let (scene, name) = wanting();
    let wishes = || block_on(control(&scene.study)).unwrap().combine;
    assert_eq!(wishes(), BTreeMap::from([(name.clone(), 0)]));
    scene.finish(&[0, 1, 2, 3]);
    // A look that is wrong, or late, sends nothing.
    let early = block_on(combine_wanted(&scene.study, &name, (5, 6.5)));
    assert!(matches!(early, Err(CombineError::Incomplete { missing: 1, .. })), "{early:?}");
    assert!(scene.cloud.queue.lock().unwrap().is_empty() && wishes()[&name] == 0);
    scene.finish(&[4]);
    // Two look at the same moment.
    let both = [combine_wanted(&scene.study, &name, (5, 6.5)), combine_wanted(&scene.study, &name, (5, 6.5))];
    let ends = block_on(futures::future::join_all(both));
    assert!(ends.iter().all(|end| matches!(end, Ok(CombineOutcome { cases: 5, missing: 0, .. }))), "{ends:?}");
    assert_eq!(scene.cloud.queue.lock().unwrap().len(), 1);
    let message = scene.message();
    let parameters = &message["parameters"];
    assert_eq!((&message["batch"], &parameters["file_extension"]), (&json!("b/combined"), &json!("csv")));
    assert_eq!(wishes()[&name], 5);
    assert_eq!(block_on(control(&scene.study)).unwrap().combined_times[&name], 7);
    let again = block_on(combine_wanted(&scene.study, &name, (5, 6.5))).unwrap();
    assert_eq!(again.end, CombineEnd::SentBefore);
    // A batch that is called off isn't combined by itself.
    let cancel = |control: &mut StudyControl| control.cancelled_batches.extend([scene.batch()]);
    block_on(change_control(&scene.study, &cancel)).unwrap();
    let cancelled = block_on(combine_wanted(&scene.study, &name, (5, 6.5)));
    assert!(matches!(cancelled, Err(CombineError::Cancelled(_))), "{cancelled:?}");
    let unknown = block_on(combine_wanted(&scene.study, "b/1111111111111111", (5, 6.5)));
    assert!(unknown.is_err());
}
