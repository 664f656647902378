use std::cell::RefCell;
use std::collections::BTreeMap;

use futures::executor::block_on;
use serde_json::{Value, json};

use super::*;
use crate::testing::TestCloud;

const MODEL: &str = "result['b'] = {{a}}\n";

fn batch(name: &str) -> Batch {
    Batch::parse(name).unwrap()
}

fn case(number: u16) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    CaseId::from_bytes(bytes)
}

fn model_key(content: &str, name: &str) -> String {
    format!("models/{}/{name}", ModelDigest::of(content.as_bytes()).as_str())
}

fn design(cloud: &TestCloud, batch: &str, submission: &str, model: &str) {
    let json = json!({"batch": batch, "model": {"key": model, "kind": "python"}});
    cloud.put(&format!("data/{batch}/design-{submission}.json"), json.to_string());
}

fn done(batch: &str, number: u16, model: Option<&str>) -> Value {
    json!({"batch": batch, "case_id": case(number), "result": {"curve": [1, 2]}, "start_time": 1.0, "end_time": 2.0,
        "model": model.map(|key| json!({"key": key, "kind": "python"}))})
}

fn failed(batch: &str, number: u16) -> Value {
    json!({"batch": batch, "case_id": case(number), "start_time": 1.0, "end_time": 2.0, "attempt": 1, "max_attempts": 3,
        "exception": "ValueError", "message": "a: b", "signature": "00ff", "final": true})
}

/// Files that were put, by path.
type Put = BTreeMap<String, Bytes>;

fn gathered(study: &Study, of: Option<&str>, documents: &[DataKey]) -> (Put, ArchiveSummary) {
    let (of, all) = (of.map(batch), RefCell::new(Put::new()));
    let mut put = |file: ArchivedFile| {
        assert!(all.borrow_mut().insert(file.path, file.content).is_none());
        ControlFlow::Continue(())
    };
    let wanted =
        ArchiveRequest { batch: of.as_ref(), has_cases: &|_| true, documents, of_documents: documents.len() as u64 };
    let gathered = block_on(gather(study, &wanted, &mut put, &|_| ()));
    (all.into_inner(), gathered)
}

#[test]
fn designs_models_and_documents_lie_there_byte_for_byte() {
    let (cloud, study) = TestCloud::study();
    let (model, other) = (model_key(MODEL, "footing.py"), model_key("other", "a b.py"));
    cloud.put(&model, MODEL);
    cloud.put(&other, "other");
    design(&cloud, "soil", "00f1e2d3c4b5a697", &model);
    design(&cloud, "soil/fine", "0000000000000001", &model);
    design(&cloud, "steel", "0000000000000002", &other);
    let (done, failed) = (done("soil", 1, Some(&model)), failed("soil", 2));
    let keys = [DataKey::Error(batch("soil"), case(2)), DataKey::Done(batch("soil"), case(1))];
    cloud.put(&keys[0].key(), failed.to_string());
    cloud.put(&keys[1].key(), done.to_string());
    let (put, gathered) = gathered(&study, Some("soil"), &keys);
    let digits = model_key(MODEL, "")[7..19].to_owned();
    let expected = [
        "designs/0000000000000001.json".to_owned(),
        "designs/00f1e2d3c4b5a697.json".to_owned(),
        format!("documents/soil/done-{}.json", case(1)),
        format!("documents/soil/error-{}.json", case(2)),
        format!("models/{digits}-footing.py"),
    ];
    assert!(put.keys().eq(&expected), "{:?}", put.keys());
    assert_eq!((&put[&expected[2]][..], &put[&expected[4]][..]), (done.to_string().as_bytes(), MODEL.as_bytes()));
    assert_eq!(gathered, ArchiveSummary { designs: 2, models: 1, results: 1, errors: 1, ..ArchiveSummary::default() });
    assert!(gathered.lacks().is_empty());
}

#[test]
fn what_a_failure_says_comes_with_its_document() {
    let (cloud, study) = TestCloud::study();
    let keys = [DataKey::Done(batch("a"), case(1)), DataKey::Error(batch("a"), case(2))];
    cloud.put(&keys[0].key(), done("a", 1, None).to_string());
    cloud.put(&keys[1].key(), failed("a", 2).to_string());
    let mut told = Vec::new();
    let mut put = |file: ArchivedFile| {
        let failure = |case: ArchivedCase| Some((case.place, case.failure?.summary()));
        told.extend(file.case.and_then(failure));
        ControlFlow::Continue(())
    };
    let wanted = ArchiveRequest { batch: None, has_cases: &|_| true, documents: &keys, of_documents: 2 };
    let _ = block_on(gather(&study, &wanted, &mut put, &|_| ()));
    assert_eq!(told, [(1, "ValueError: a: b".to_owned())]);
}

#[test]
fn a_document_says_which_file_its_model_is() {
    let (cloud, study) = TestCloud::study();
    let model = model_key(MODEL, "a b.py");
    cloud.put(&model, MODEL);
    let keys: Vec<DataKey> = (0..3).map(|number| DataKey::Done(batch("a"), case(number))).collect();
    for (key, (number, model)) in keys.iter().zip([(0, Some(&*model)), (1, None), (2, Some("models/x/a.py"))]) {
        cloud.put(&key.key(), done("a", number, model).to_string());
    }
    let (mut told, mut paths) = (Vec::new(), Vec::new());
    let mut put = |ArchivedFile { path, case, .. }: ArchivedFile| {
        told.extend(case.map(|case| (case.place, case.model_path)));
        paths.push(path);
        ControlFlow::Continue(())
    };
    let wanted = ArchiveRequest { batch: None, has_cases: &|_| true, documents: &keys, of_documents: 3 };
    let _ = block_on(gather(&study, &wanted, &mut put, &|_| ()));
    let path = paths.last().cloned();
    assert_eq!(told, [(0, path.clone()), (1, None), (2, None)]);
    assert!(path.is_some_and(|path| path.starts_with("models/") && path.ends_with("-a_b.py")));
}

#[test]
fn what_can_not_be_had_is_named_and_left_out() {
    let (cloud, study) = TestCloud::study();
    let keys: Vec<DataKey> = (0..5).map(|number| DataKey::Done(batch("a"), case(number))).collect();
    cloud.put(&keys[1].key(), "no result");
    cloud.put(&keys[2].key(), "{}");
    cloud.put(&keys[3].key(), vec![b' '; 9 << 20]);
    cloud.put(&keys[4].key(), done("a", 4, None).to_string());
    let (put, gathered) = gathered(&study, None, &keys);
    assert_eq!((put.len(), gathered.results, gathered.beyond), (1, 1, 0));
    let lacks = gathered.lacks();
    assert_eq!(lacks[0], format!("{}: it isn't there", keys[0].key()));
    assert!(lacks[1].starts_with(&format!("{}: it can't be read: expected", keys[1].key())), "{lacks:?}");
    assert!(lacks[2].starts_with(&format!("{}: it can't be read: missing field", keys[2].key())), "{lacks:?}");
    assert_eq!(lacks[3..], [format!("{}: it has more than the 8 MiB that are read", keys[3].key())]);
}

#[test]
fn names_from_a_hostile_bucket_lead_nowhere() {
    let (cloud, study) = TestCloud::study();
    let digest = ModelDigest::of(MODEL.as_bytes());
    let (safe, odd) = (model_key(MODEL, "C: a\u{202e}.py"), model_key("other", "b.py"));
    cloud.put(&safe, MODEL);
    cloud.put(&odd, "not the one that its key names");
    cloud.put("control.json", "{}");
    let keys =
        [&safe, &odd, "control.json", "models/x/a.py", &format!("models/{}/../../a.py", digest.as_str()), "a\nb"];
    for (number, key) in keys.iter().enumerate() {
        design(&cloud, "a", &format!("{number:016}"), key);
    }
    // Two designs of the same name follow, one of which leads out of its folder.
    design(&cloud, "b", &format!("{:016}", 0), &safe);
    cloud.put("data/a/design-..\\..\\x.json", "{}");
    let (put, gathered) = gathered(&study, None, &[]);
    let models: Vec<&String> = put.keys().filter(|path| path.starts_with("models/")).collect();
    assert_eq!(models, [&format!("models/{}-C__a_.py", &digest.as_str()[..12])]);
    assert!(put.keys().all(|path| path.split('/').count() == 2 && !path.contains(['\\', ':'])), "{:?}", put.keys());
    assert_eq!((gathered.designs, gathered.models), (6, 1));
    let lacks = gathered.lacks();
    assert_eq!(lacks.len(), 7, "{lacks:?}");
    assert!(lacks.contains(&"a b: that is no model's key".to_owned()), "{lacks:?}");
    assert!(lacks.contains(&format!("{odd}: its content isn't the one that its key names")));
    assert!(!cloud.reads.lock().unwrap().contains(&"control.json".to_owned()), "nothing else is asked for");
}

#[test]
fn beyond_its_size_an_archive_says_how_much_it_lacks() {
    let (cloud, study) = TestCloud::study();
    let mut large = done("a", 0, None);
    large["result"]["log"] = " ".repeat(7 << 20).into();
    let keys: Vec<DataKey> = (0..12).map(|number| DataKey::Done(batch("a"), case(number))).collect();
    for key in &keys {
        cloud.put(&key.key(), large.to_string());
    }
    let (put, gathered) = gathered(&study, None, &keys);
    assert_eq!((put.len(), gathered.results, gathered.beyond), (9, 9, 3));
    assert_eq!(gathered.lacks(), ["The documents of 3 more cases: it holds up to 10,000, and 64 MiB."]);
    let mut put = |_| ControlFlow::Continue(());
    let wanted = ArchiveRequest { batch: None, has_cases: &|_| true, documents: &keys[..1], of_documents: 900_000 };
    assert_eq!(block_on(gather(&study, &wanted, &mut put, &|_| ())).beyond, 899_999);
}

#[test]
fn nothing_fails_where_nothing_can_be_read() {
    let (cloud, study) = TestCloud::study();
    *cloud.denied.lock().unwrap() = Some("data/");
    let keys: Vec<DataKey> = (0..50).map(|number| DataKey::Done(batch("a"), case(number))).collect();
    let (put, gathered) = gathered(&study, None, &keys);
    assert!(put.is_empty());
    assert_eq!(gathered.left_out.len(), 21, "{:?}", gathered.left_out);
    assert_eq!(gathered.left_out[20].0, "The documents of 30 more cases");
    assert!(*cloud.requests.lock().unwrap() < 40);
}

#[test]
fn designs_of_batches_without_a_chosen_case_are_not_there() {
    let (cloud, study) = TestCloud::study();
    design(&cloud, "a", "0000000000000001", "models/x/a.py");
    design(&cloud, "b", "0000000000000002", "models/x/a.py");
    let mut paths = Vec::new();
    let mut put = |file: ArchivedFile| {
        paths.push(file.path);
        ControlFlow::Continue(())
    };
    let wanted = ArchiveRequest { batch: None, has_cases: &|of| of.as_str() == "b", documents: &[], of_documents: 0 };
    let _ = block_on(gather(&study, &wanted, &mut put, &|_| ()));
    assert_eq!(paths, ["designs/0000000000000002.json"]);
}
