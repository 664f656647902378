//! Against a cloud in memory that counts requests.

mod crowds;
mod documents;
mod interleavings;
mod legacy;
mod opening;
mod pools;
mod responses;
mod versions;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use cruncher_results::case_states::CaseStates;
use cruncher_results::case_versions::CaseVersions;
use cruncher_results::chunk::{AttemptRow, Chunk};
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::model::ModelDigest;
use futures::FutureExt;
use futures::executor::block_on;
use futures::future::{LocalBoxFuture, ready};

use super::StudyWatch;
use super::document_cache::DocumentCache;
use super::snapshot::Snapshot;
use crate::study::Study;
use crate::testing::TestCloud;

/// Beginning of the cloud's time.
const START: f64 = 1_790_000_000.0;

/// Number of requests of a look that finds nothing new.
const NOTHING_NEW: usize = 4;

/// A cache that keeps what it is given, rows as well.
#[derive(Default)]
struct TestCache {
    things: RefCell<BTreeMap<String, Vec<u8>>>,
    rows: RefCell<Vec<Chunk>>,
    versions: RefCell<Vec<CaseVersions>>,
    states: RefCell<Vec<CaseStates>>,
    progress: RefCell<Vec<(u64, u64)>>,
}

impl DocumentCache for TestCache {
    fn get<'a>(&'a self, names: &'a [String]) -> LocalBoxFuture<'a, Vec<Option<Vec<u8>>>> {
        let things = self.things.borrow();
        ready(names.iter().map(|name| things.get(name).cloned()).collect()).boxed_local()
    }

    fn put(&self, things: Vec<(String, Vec<u8>)>) -> LocalBoxFuture<'_, ()> {
        self.things.borrow_mut().extend(things);
        ready(()).boxed_local()
    }

    fn rows(&self, chunk: &[u8]) {
        if let Some(versions) = CaseVersions::from_bytes(chunk) {
            self.versions.borrow_mut().push(versions);
        } else if let Some(states) = CaseStates::from_bytes(chunk) {
            self.states.borrow_mut().push(states);
        } else {
            self.rows.borrow_mut().push(Chunk::from_bytes(chunk).unwrap());
        }
    }

    fn progress(&self, read_bytes: u64, of_bytes: u64) {
        self.progress.borrow_mut().push((read_bytes, of_bytes));
    }
}

/// A study that somebody looks at.
struct Scene {
    cloud: Arc<TestCloud>,
    study: Study,
    cache: Rc<TestCache>,
    watch: StudyWatch,
}

impl Scene {
    fn new() -> Self {
        let (cloud, study) = TestCloud::study();
        let cache = Rc::new(TestCache::default());
        let watch = StudyWatch::with_cache(study.clone(), cache.clone());
        Self { cloud, study, cache, watch }
    }

    /// Opens the study again, with the same cache. The rows it received are forgotten.
    fn open_again(&mut self) {
        self.cache.rows.take();
        self.watch = StudyWatch::with_cache(self.study.clone(), self.cache.clone());
    }

    /// Looks; returns the number of requests that took, and the documents below `data/` that were read.
    fn look(&mut self) -> (Snapshot, usize, Vec<String>) {
        let before = *self.cloud.requests.lock().unwrap();
        self.cloud.reads.lock().unwrap().clear();
        let snapshot = block_on(self.watch.refresh()).unwrap();
        let read = self.cloud.reads.lock().unwrap().iter().filter(|key| key.starts_with("data/")).cloned().collect();
        (snapshot, *self.cloud.requests.lock().unwrap() - before, read)
    }

    /// Looks until all documents were looked at and nothing is new; returns the last snapshot and all that was read.
    fn look_until_quiet(&mut self) -> (Snapshot, Vec<String>) {
        let mut all = Vec::new();
        loop {
            let (snapshot, _, read) = self.look();
            all.extend(read);
            if snapshot.is_checked && !snapshot.has_changed {
                return (snapshot, all);
            }
        }
    }

    /// Stores a table of these cases, all of them of level 2.
    fn put_table(&self, batch: &str, cases: std::ops::Range<u32>) {
        let rows: Vec<String> = cases.map(|number| format!("{},2,0\n", case(number))).collect();
        self.cloud.put(
            &format!("data/{batch}/cases-00f1e2d3c4b5a697.csv.gz"),
            "case_id,level,replicate\n".to_owned() + &rows.concat(),
        );
    }

    fn put_segment(&self, batch: &str, cases: std::ops::Range<u32>) {
        let rows: String = cases.map(|number| row(batch, number) + "\n").collect();
        self.cloud.put("workers/w/segment-000000.ndjson", rows);
    }

    fn put_result(&self, batch: &str, number: u32) {
        self.cloud.put(&format!("data/{batch}/done-{}.json", case(number)), result(batch, number, START - 10.0));
    }

    /// Returns the rows that were passed on, in order: the case, and what `told` makes of its attempt.
    fn rows<T: Ord>(&self, told: impl Fn(&AttemptRow) -> T) -> Vec<(CaseId, T)> {
        let chunks = self.cache.rows.borrow();
        let rows = chunks.iter().flat_map(|chunk| (0..chunk.len()).map(|row| chunk.attempt(row)));
        let mut rows: Vec<_> = rows.map(|attempt| (attempt.case_id, told(&attempt))).collect();
        rows.sort();
        rows
    }
}

fn case(number: u32) -> CaseId {
    CaseId::of(&ModelDigest::of(b"model"), &Parameters::new(), number)
}

fn row(batch: &str, number: u32) -> String {
    format!(
        r#"{{"batch": "{batch}", "case_id": "{}", "level": 2, "replicate": 0, "outcome": "done", "attempt": 1,
            "start_time": {}, "end_time": {}, "parameters": {{"c": 1.0}}, "result": {{"load": 2.0}}}}"#,
        case(number),
        START - 20.0,
        START - 10.0
    )
    .replace('\n', "")
}

fn result(batch: &str, number: u32, end_time: f64) -> String {
    format!(
        r#"{{"v": 1, "batch": "{batch}", "case_id": "{}", "level": 2, "replicate": 0, "attempt": 1, "worker": "w-1",
            "start_time": {}, "end_time": {end_time}, "parameters": {{"c": 1.0}}, "result": {{"load": 2.0}}}}"#,
        case(number),
        end_time - 8.0
    )
}

fn error(batch: &str, number: u32) -> String {
    format!(
        r#"{{"v": 1, "batch": "{batch}", "case_id": "{}", "level": 2, "attempt": 3, "max_attempts": 3, "worker": "w-1",
            "start_time": {}, "end_time": {}, "exception": "E", "signature": "00", "final": true}}"#,
        case(number),
        START + 70.0,
        START + 80.0
    )
}
