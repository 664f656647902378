//! Against a cloud and a folder in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use cruncher_aws::s3::ListedObject;
use cruncher_study::key::DATA_PREFIX;
use futures::executor::block_on;

use super::fetching::PIECE_BYTES;
use super::*;
use crate::listing::ListingOutline;
use crate::study::Study;
use crate::testing::TestCloud;

const NAMING: NamingRules = NamingRules { system: NamingSystem::Unix, letters: LetterCase::Distinct };
const CASE: &str = "9f86d081884c7d659a2feaa0c55ad015";

type Files = Rc<RefCell<BTreeMap<String, (Vec<u8>, Duration)>>>;

#[derive(Default)]
struct Memory {
    files: Files,
    broken: BTreeMap<String, FolderError>,
}

struct MemoryDraft(Files, String, Vec<u8>);

impl TargetFolder for Memory {
    fn find(&self, path: &str) -> Result<Option<ExistingFile>, FolderError> {
        let files = self.files.borrow();
        Ok(files
            .get(path)
            .map(|(content, changed)| ExistingFile { size_bytes: content.len() as u64, changed: *changed }))
    }

    fn begin(&self, path: &str) -> Result<Box<dyn PartialFile>, FolderError> {
        match self.broken.get(path) {
            Some(error) => Err(error.clone()),
            None => Ok(Box::new(MemoryDraft(Rc::clone(&self.files), path.to_owned(), Vec::new()))),
        }
    }
}

impl PartialFile for MemoryDraft {
    fn write(&mut self, content: &[u8]) -> Result<(), FolderError> {
        self.2.extend(content);
        Ok(())
    }

    fn commit(self: Box<Self>, changed: Duration) -> Result<(), FolderError> {
        self.0.borrow_mut().insert(self.1, (self.2, changed));
        Ok(())
    }
}

fn listed(key: &str) -> ListedObject {
    ListedObject { key: key.to_owned(), etag: String::new(), size_bytes: 1, last_modified: Duration::ZERO }
}

fn planned(keys: &[&str], naming: NamingRules) -> (Vec<String>, Vec<String>) {
    let plan = plan(keys.iter().map(|key| listed(key)).collect(), naming, |_| true);
    let paths = plan.wanted.into_iter().map(|wanted| wanted.path).collect();
    (paths, plan.skipped.into_iter().map(|skipped| skipped.key).collect())
}

fn study_with_results() -> (Arc<TestCloud>, Study) {
    let (cloud, study) = TestCloud::study();
    cloud.put(&format!("data/a/done-{CASE}.json"), "{}");
    cloud.put(&format!("data/a/error-{CASE}.json"), "{ }");
    cloud.put(&format!("data/a/files/{CASE}/curve.csv"), "1,2");
    cloud.put("data/a/cases-00f1e2d3c4b5a697.csv.gz", "a");
    (cloud, study)
}

fn plan_all(study: &Study) -> DownloadPlan {
    plan(objects(study), NAMING, |_| true)
}

/// Lists everything below `data/`.
fn objects(study: &Study) -> Vec<ListedObject> {
    let outline = block_on(ListingOutline::of(&study.client, "bucket", DATA_PREFIX)).unwrap();
    block_on(outline.complete(&study.client)).unwrap()
}

fn fetch_all(study: &Study, folder: &Memory) -> Result<DownloadTally, DownloadError> {
    block_on(fetch(&study.client, "bucket", &plan_all(study), folder, |_| {}))
}

#[test]
fn every_object_becomes_the_file_of_its_key() {
    let (_cloud, study) = study_with_results();
    let folder = Memory::default();
    let tally = fetch_all(&study, &folder).unwrap();
    assert_eq!((tally.results, tally.errors, tally.designs, tally.files, tally.others), (1, 1, 1, 1, 0));
    assert_eq!((tally.size_bytes, tally.were_there, tally.settled()), (9, 0, 4));
    let files = folder.files.borrow();
    assert_eq!(files[&format!("a/files/{CASE}/curve.csv")].0, b"1,2");
    assert_eq!(files.len(), 4);
}

#[test]
fn what_is_there_is_fetched_again_only_if_it_is_shorter_or_older() {
    let (cloud, study) = study_with_results();
    let folder = Memory::default();
    fetch_all(&study, &folder).unwrap();
    assert_eq!(fetch_all(&study, &folder).unwrap().were_there, 4);
    let error = format!("a/error-{CASE}.json");
    cloud.pass(5);
    cloud.put(&format!("data/{error}"), "[ ]");
    folder.files.borrow_mut().get_mut(&format!("a/done-{CASE}.json")).unwrap().0.pop();
    let tally = fetch_all(&study, &folder).unwrap();
    assert_eq!((tally.objects(), tally.were_there), (4, 2));
    assert_eq!(folder.files.borrow()[&error].0, b"[ ]");
    assert_eq!(fetch_all(&study, &folder).unwrap().were_there, 4);
}

#[test]
fn only_what_is_wanted_is_planned() {
    let (_cloud, study) = study_with_results();
    let objects = objects(&study);
    let plan = plan(objects, NAMING, |kind| kind == ObjectKind::Result);
    assert_eq!(plan.wanted.iter().map(|wanted| &wanted.path).collect::<Vec<_>>(), [&format!("a/done-{CASE}.json")]);
}

#[test]
fn an_object_that_went_away_is_no_error() {
    let (cloud, study) = study_with_results();
    let plan = plan_all(&study);
    cloud.objects.lock().unwrap().remove(&format!("data/a/done-{CASE}.json"));
    let tally = block_on(fetch(&study.client, "bucket", &plan, &Memory::default(), |_| {})).unwrap();
    assert_eq!((tally.vanished, tally.objects(), tally.failed.len()), (1, 3, 0));
}

#[test]
fn an_object_of_another_size_than_listed_is_not_kept_unless_it_was_replaced() {
    let (cloud, study) = study_with_results();
    let (folder, mut plan) = (Memory::default(), plan_all(&study));
    plan.wanted[0].object.size_bytes += 1;
    cloud.put(&format!("data/a/error-{CASE}.json"), "replaced");
    let tally = block_on(fetch(&study.client, "bucket", &plan, &folder, |_| {})).unwrap();
    let expected = FailedObject {
        path: "a/cases-00f1e2d3c4b5a697.csv.gz".to_owned(),
        reason: "it should have 2 bytes, and 1 came".to_owned(),
    };
    assert_eq!(tally.failed, [expected]);
    assert!(!folder.files.borrow().contains_key("a/cases-00f1e2d3c4b5a697.csv.gz"));
    assert_eq!(folder.files.borrow()[&format!("a/error-{CASE}.json")].0, b"replaced");
}

#[test]
fn a_large_object_is_fetched_in_pieces() {
    let (cloud, study) = TestCloud::study();
    let length = usize::try_from(2 * PIECE_BYTES).unwrap() + 5;
    let content: Vec<u8> = (0..length).map(|place| u8::try_from(place % 251).unwrap()).collect();
    cloud.put(&format!("data/a/files/{CASE}/mesh.bin"), content.clone());
    let folder = Memory::default();
    let tally = fetch_all(&study, &folder).unwrap();
    assert_eq!((tally.files, tally.size_bytes), (1, content.len() as u64));
    assert!(folder.files.borrow()[&format!("a/files/{CASE}/mesh.bin")].0 == content);
}

#[test]
fn a_file_that_can_not_be_written_is_told_and_a_full_disk_ends_it() {
    let (_cloud, study) = study_with_results();
    let path = format!("a/done-{CASE}.json");
    let mut folder = Memory::default();
    folder.broken.insert(path.clone(), FolderError::OfFile("a folder is in its place".into()));
    let tally = fetch_all(&study, &folder).unwrap();
    assert_eq!(tally.failed, [FailedObject { path: path.clone(), reason: "a folder is in its place".into() }]);
    assert_eq!((tally.objects(), tally.settled()), (3, 4));
    folder.broken.insert(path, FolderError::OfAll("the disk is full".into()));
    assert!(matches!(fetch_all(&study, &folder), Err(DownloadError::Folder(reason)) if reason == "the disk is full"));
}

#[test]
fn hostile_keys_are_skipped_and_the_others_planned() {
    let keys = ["data/../x", "data//x", "data/a\\b", "data/a/x", "other/x"];
    let (paths, skipped) = planned(&keys, NAMING);
    assert_eq!((paths, skipped.len()), (vec!["a/x".to_owned()], 4));
}

#[test]
fn two_keys_never_share_a_file() {
    let keys = ["data/A/x", "data/a/X", "data/a/x", "data/a/y"];
    let alike = NamingRules { letters: LetterCase::Alike, ..NAMING };
    let (paths, skipped) = planned(&keys, alike);
    assert_eq!((paths, skipped), (vec!["A/x".into(), "a/y".into()], vec!["data/a/X".into(), "data/a/x".into()]));
    assert_eq!(planned(&keys, NAMING).0.len(), 4);
    let keys = ["data/a/x", "data/a/x-1", "data/a/x/y"];
    assert_eq!(planned(&keys, NAMING), (vec!["a/x-1".into(), "a/x/y".into()], vec!["data/a/x".into()]));
}

#[test]
fn what_the_predecessor_left_is_told_apart_as_well() {
    let (cloud, study) = TestCloud::study();
    crate::testing::put_legacy_bucket(&cloud);
    let kinds: BTreeMap<ObjectKind, usize> =
        plan_all(&study).wanted.into_iter().fold(BTreeMap::new(), |mut kinds, wanted| {
            *kinds.entry(wanted.kind).or_default() += 1;
            kinds
        });
    let expected = [(ObjectKind::Result, 3), (ObjectKind::Error, 3), (ObjectKind::Design, 5), (ObjectKind::Other, 5)];
    assert_eq!(kinds, expected.into());
}
