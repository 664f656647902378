use std::sync::Arc;

use futures::executor::block_on;
use serde_json::json;

use super::super::extractions::{Extraction, withdraw_extraction};
use super::*;
use crate::administer::control::change_control;
use crate::enqueue::pause_handle::PauseHandle;
use crate::enqueue::preflight::CaseSelection;
use crate::enqueue::submission_sender::SubmissionSender;
use crate::fetch::submitted::submissions_of;
use crate::testing::{MODEL, TestCloud, memory, plan};
use crate::watch::{LightStrategy, StudyWatch};

const PEAKS: &[u8] = b"result['peak'] = 1";

/// A batch of cases, of which those with these numbers are done, with a file each.
struct Scene {
    cloud: Arc<TestCloud>,
    study: Study,
    batch: Batch,
    cases: Vec<CaseId>,
    watch: ExtractionWatch,
}

impl Scene {
    fn new(cases: u32, done: &[usize]) -> Self {
        let (cloud, study) = TestCloud::study();
        let plan = plan(cases);
        let selection = CaseSelection::all(&plan);
        let begun = SubmissionSender::begin(&study, plan.clone(), MODEL, &selection, None, memory());
        block_on(block_on(begun).unwrap().run(&PauseHandle::default(), &mut |_| {})).unwrap();
        cloud.queue.lock().unwrap().clear();
        let (batch, cases) = (plan.document().batch.clone(), (0..cases).map(|place| plan.case_id(place)).collect());
        let scene = Self { cloud, study, batch, cases, watch: ExtractionWatch::default() };
        for number in done {
            scene.finish(*number, &[]);
            scene.cloud.put(&format!("data/b/files/{}/curve.csv", scene.cases[*number]), "1");
        }
        scene.cloud.pass(600);
        scene
    }

    fn finish(&self, number: usize, extracts: &[serde_json::Value]) {
        let result = json!({"v": 1, "result": {"end": 5}, "extracts": extracts}).to_string();
        self.cloud.put(&format!("data/b/done-{}.json", self.cases[number]), result);
    }

    /// Entry that a worker writes into the result of a case from which it has extracted.
    fn told(submission: &str, error: Option<&str>) -> serde_json::Value {
        let model = ModelReference::new(&ModelDigest::of(PEAKS), "peaks.py", ModelKind::Python);
        let mut told = json!({"submission": submission, "model": model, "worker": "w", "log": "looked"});
        if let Some(message) = error {
            (told["exception"], told["message"]) = ("ValueError".into(), message.into());
        }
        told
    }

    fn preflight(&self, content: &[u8], is_forced: bool) -> ExtractPreflight {
        let model = ExtractModel { file: "peaks.py", kind: ModelKind::Python, content };
        block_on(extract_preflight(&self.study, &self.batch, &model, is_forced)).unwrap()
    }

    fn send(&self, content: &[u8], is_forced: bool) -> u64 {
        let preflight = self.preflight(content, is_forced);
        block_on(extract(&self.study, &preflight, content, "operator".into(), &|_| {})).unwrap().sent
    }

    fn look(&mut self) -> Vec<Extraction> {
        block_on(self.watch.look(&self.study, &self.batch)).unwrap()
    }

    /// Numbers of done, failed, running, queued, dropped and unread cases of the only extraction.
    fn counts(&mut self) -> [u64; 6] {
        let found = self.look();
        let [one] = &*found else { panic!("{found:?}") };
        [one.done, one.failed.len() as u64, one.running, one.queued, one.dropped, one.unread]
    }
}

#[test]
fn withdrawn_cases_are_not_extracted_from() {
    let scene = Scene::new(3, &[0, 2]);
    assert_eq!(scene.send(PEAKS, false), 2);
    assert_eq!(scene.cloud.queue.lock().unwrap()[0]["extract"]["kind"], "python");
    let all = block_on(submissions_of(&scene.study, &scene.batch)).unwrap();
    block_on(change_control(&scene.study, &|control| control.withdrawn_submissions.extend(all.clone()))).unwrap();
    assert_eq!(scene.send(b"another", false), 0);
    assert_eq!(scene.cloud.queued().len(), 2);
}

#[test]
fn withdrawing_an_extraction_withdraws_no_case() {
    let mut scene = Scene::new(3, &[0, 2]);
    assert_eq!(scene.send(PEAKS, false), 2);
    assert_eq!(scene.counts(), [0, 0, 0, 2, 0, 0]);
    let own = scene.look()[0].submissions.clone();
    block_on(withdraw_extraction(&scene.study, &own)).unwrap();
    assert_eq!(scene.counts(), [0, 0, 0, 0, 2, 0]);
    let mut watch = StudyWatch::<LightStrategy>::light(scene.study.clone());
    let snapshot = block_on(watch.refresh()).unwrap().unwrap();
    assert_eq!((snapshot.total.cases, snapshot.total.done, snapshot.total.withdrawn), (3, 2, 0));
    assert!(snapshot.batches[0].submissions.is_empty(), "an extraction is no version of the model");
    assert!(block_on(NamedCases::read(&scene.study, &scene.batch)).unwrap().withdrawn.is_empty());
    scene.cloud.pass(600);
    assert_eq!(scene.send(PEAKS, false), 2, "it can be sent again");
}

#[test]
fn what_is_done_or_waits_is_skipped_unless_it_is_forced() {
    let scene = Scene::new(5, &[0, 1, 2]);
    scene.finish(3, &[]);
    let before = scene.preflight(PEAKS, false);
    assert_eq!((before.finished, before.unfinished, before.without_files, before.cases()), (4, 1, 1, 3));
    assert!(!before.skips() && before.hindrance().is_none());
    assert_eq!(scene.send(PEAKS, false), 3);
    let waiting = scene.preflight(PEAKS, false);
    assert_eq!((waiting.waiting, waiting.cases(), waiting.skips()), (3, 0, true));
    scene.cloud.pass(60);
    scene.finish(0, &[Scene::told("00f1e2d3c4b5a697", None)]);
    scene.finish(1, &[Scene::told("00f1e2d3c4b5a697", Some("no peak"))]);
    let after = scene.preflight(PEAKS, false);
    assert_eq!((after.extracted, after.waiting, after.cases()), (1, 2, 0), "another submission has failed");
    assert_eq!(after.lines().last(), Some(&(0, "to be sent, each as a message")));
    let forced = scene.preflight(PEAKS, true);
    assert_eq!((forced.cases(), forced.skips()), (3, false));
    assert_eq!(scene.preflight(b"another", false).cases(), 3);
    scene.cloud.queue.lock().unwrap().clear();
    assert_eq!(scene.send(PEAKS, true), 3);
    assert!(scene.cloud.queue.lock().unwrap().iter().all(|message| message["force"] == true));
    assert_eq!(scene.cloud.queued().len(), 3, "the queue doesn't take them for those that were sent before");
}

#[test]
fn two_models_follow_one_submission_and_a_model_is_sent_once_by_two() {
    let scene = Scene::new(1, &[0]);
    let (one, other) = (scene.preflight(PEAKS, false), scene.preflight(PEAKS, false));
    for preflight in [&one, &other] {
        block_on(extract(&scene.study, preflight, PEAKS, "operator".into(), &|_| {})).unwrap();
    }
    assert_eq!(scene.cloud.queued().len(), 1);
    scene.send(b"another", false);
    assert_eq!(scene.cloud.queued().len(), 2);
}

#[test]
fn a_batch_says_why_nothing_can_be_extracted() {
    let scene = Scene::new(2, &[]);
    let words = "No case of batch b that counts has a result: there is nothing to extract from.";
    assert_eq!(scene.preflight(PEAKS, true).hindrance().as_deref(), Some(words));
    scene.finish(0, &[]);
    let words = "No finished case of batch b has left files: there is nothing to extract from.";
    assert_eq!(scene.preflight(PEAKS, true).hindrance().as_deref(), Some(words));
    assert_eq!(scene.preflight(PEAKS, true).cases(), 0);
}

#[test]
fn how_far_an_extraction_is_follows_from_the_documents() {
    let mut scene = Scene::new(5, &[0, 1, 2, 3, 4]);
    assert!(scene.look().is_empty());
    assert_eq!(scene.send(PEAKS, false), 5);
    let submission = scene.look()[0].submissions[0].clone();
    let now = scene.study.now();
    let heartbeat = json!({"v": 1, "worker": "w", "computer": "c", "host": "h", "os": "linux", "pid": 1, "version": "3",
        "cruncher_version": "1", "software": "python", "start_time": now, "time": now, "state": "running",
        "case": {"case_id": scene.cases[4], "batch": "b", "level": 1, "attempt": 1, "start_time": now},
        "counts": {"done": 0, "failed": 0}, "segment": {"number": 0, "size_bytes": 0}});
    scene.cloud.put("workers/w/heartbeat.json", heartbeat.to_string());
    scene.cloud.pass(1);
    scene.finish(0, &[Scene::told(&submission, None)]);
    scene.finish(1, &[Scene::told(&submission, Some("no\u{202e} peak"))]);
    // Another one's entry, or none, says nothing of this one: the case was computed again.
    scene.finish(2, &[]);
    scene.cloud.put(&format!("data/b/done-{}.json", scene.cases[3]), r#"{"extracts": {"hostile": [1]}}"#);
    assert_eq!(scene.counts(), [1, 1, 1, 2, 0, 0]);
    let found = scene.look();
    assert_eq!((found[0].cases, found[0].by.as_str(), found[0].is_open()), (5, "operator", true));
    let (case, error) = &found[0].failed[0];
    assert_eq!(*case, scene.cases[1]);
    assert!(error.starts_with("ValueError: no") && !error.contains('\u{202e}'), "{error}");
    let reads = || scene.cloud.reads.lock().unwrap().iter().filter(|key| key.contains("/done-")).count();
    let before = reads();
    block_on(scene.watch.look(&scene.study, &scene.batch)).unwrap();
    assert_eq!(reads(), before, "what hasn't changed isn't read again");
    // Whoever gives up waits for nothing that the queue has forgotten.
    scene.cloud.pass(15 * 24 * 3600);
    assert_eq!(scene.counts(), [1, 1, 0, 0, 3, 0]);
}

#[test]
fn cases_whose_sender_was_interrupted_are_told_and_sent_again() {
    let mut scene = Scene::new(3, &[0, 1, 2]);
    assert_eq!(scene.send(PEAKS, false), 3);
    // Its sender has written the table, and was interrupted behind the first message.
    scene.cloud.queue.lock().unwrap().truncate(1);
    scene.cloud.pass(30);
    assert_eq!((scene.look()[0].queued, scene.look()[0].lost), (3, 0));
    let message = scene.cloud.queue.lock().unwrap().pop().unwrap();
    assert_eq!(scene.look()[0].lost, 0, "messages may be on their way");
    scene.cloud.pass(60);
    let first = scene.cases.iter().position(|case| message["case_id"] == case.to_string()).unwrap();
    scene.finish(first, &[Scene::told(message["submission"].as_str().unwrap(), None)]);
    let found = scene.look();
    assert_eq!((found[0].done, found[0].queued, found[0].lost, found[0].is_open()), (1, 0, 2, false));
    assert!(found[0].in_words().ends_with(" · 2 lost"), "{}", found[0].in_words());
    assert!(found[0].lost_in_words().unwrap().starts_with("2 cases are in no queue"));
    let again = scene.preflight(PEAKS, false);
    assert_eq!((again.extracted, again.waiting, again.lost, again.cases()), (1, 0, 2, 2));
    assert_eq!(scene.send(PEAKS, false), 2);
    assert_eq!(scene.cloud.queued().len(), 2);
    assert_eq!((scene.look()[0].queued, scene.look()[0].lost), (2, 0));
}

#[test]
fn of_two_senders_the_outcome_is_seen_whichever_of_them_the_queue_took() {
    let mut scene = Scene::new(2, &[0, 1]);
    let both = [scene.preflight(PEAKS, true), scene.preflight(PEAKS, true)];
    for preflight in &both {
        block_on(extract(&scene.study, preflight, PEAKS, "operator".into(), &|_| {})).unwrap();
        scene.cloud.pass(2);
    }
    let taken = scene.cloud.queue.lock().unwrap()[0]["submission"].as_str().unwrap().to_owned();
    scene.cloud.pass(60);
    let told = |error| {
        let mut told = Scene::told(&taken, error);
        told["end_time"] = scene.study.now().into();
        told
    };
    let (well, failed) = (told(None), told(Some("no peak")));
    scene.finish(0, &[well]);
    scene.finish(1, &[failed]);
    assert_eq!(scene.counts(), [1, 1, 0, 0, 0, 0]);
}

#[test]
fn a_design_that_can_not_be_read_is_read_once() {
    let mut scene = Scene::new(1, &[0]);
    scene.cloud.put("data/b/design-extract-00f1e2d3c4b5a6ff.json", "no JSON");
    for _ in 0..2 {
        assert!(scene.look().is_empty());
    }
    let reads = scene.cloud.reads.lock().unwrap();
    assert_eq!(reads.iter().filter(|key| key.contains("design-extract-")).count(), 1);
}
