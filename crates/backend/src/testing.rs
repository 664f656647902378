//! Things that the tests of several modules need: plans, a place to keep journals, and a cloud.

mod cloud;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use cruncher_study::design::DesignFile;
use cruncher_study::design_document::Submission;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

pub(crate) use cloud::{DeadLetter, SendFault, TestCloud};

use crate::enqueue::EnqueuePlan;
use crate::enqueue::key_value_store::{KeyValueError, KeyValueStore};

pub(crate) const MODEL: &[u8] = b"result['double'] = 2 * {{a}}\n";

pub(crate) fn submission() -> Submission {
    Submission { id: "00f1e2d3c4b5a697".into(), time: 1_790_000_000.0, by: "operator".into() }
}

/// Returns a design with one random case of these factors.
pub(crate) fn design(factors: &str) -> DesignFile {
    let json = format!(
        r#"{{"batch": "b", "model": {{"file": "model.py", "kind": "python"}}, "factors": {factors},
            "sampler": {{"kind": "random", "cases": 1}}, "seed": 1}}"#
    );
    serde_json::from_str(&json).expect("a design")
}

fn of(sampler: &str, factors: &str) -> EnqueuePlan {
    let file = DesignFile { sampler: serde_json::from_str(sampler).expect("a sampler"), ..design(factors) };
    EnqueuePlan::new(&file, MODEL, &submission()).expect("a plan")
}

const FACTOR: &str = r#"[{"name": "a", "minimum": 0, "maximum": 1}]"#;

/// Returns a plan of random cases of one level.
pub(crate) fn plan(cases: u32) -> EnqueuePlan {
    of(&format!(r#"{{"kind": "random", "cases": {cases}}}"#), FACTOR)
}

/// Returns a plan of 2, 4 and 8 cases of the levels 1, 2 and 3.
pub(crate) fn levelled_plan() -> EnqueuePlan {
    of(r#"{"kind": "random", "levels": [1, 3]}"#, FACTOR)
}

/// Returns a plan of cases with a text of this many characters.
pub(crate) fn plan_with_text(cases: u32, chars: usize) -> EnqueuePlan {
    let factors =
        format!(r#"[{{"name": "a", "minimum": 0, "maximum": 1}}, {{"name": "t", "value": "{}"}}]"#, "x".repeat(chars));
    of(&format!(r#"{{"kind": "random", "cases": {cases}}}"#), &factors)
}

/// Store in memory, which fails once it was told to.
#[derive(Default)]
pub(crate) struct MemoryStore {
    pub(crate) kept: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) writes: RefCell<usize>,
    pub(crate) is_full: RefCell<bool>,
}

impl KeyValueStore for MemoryStore {
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        async move {
            if *self.is_full.borrow() {
                return Err(KeyValueError::new("no space left"));
            }
            *self.writes.borrow_mut() += 1;
            self.kept.borrow_mut().insert(key.to_owned(), content);
            Ok(())
        }
        .boxed_local()
    }

    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, KeyValueError>> {
        async move { Ok(self.kept.borrow().get(key).cloned()) }.boxed_local()
    }

    fn delete<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        async move {
            self.kept.borrow_mut().remove(key);
            Ok(())
        }
        .boxed_local()
    }

    fn keys(&self) -> LocalBoxFuture<'_, Result<Vec<String>, KeyValueError>> {
        async move { Ok(self.kept.borrow().keys().cloned().collect()) }.boxed_local()
    }
}

/// Returns a store for journals.
pub(crate) fn memory() -> Rc<MemoryStore> {
    Rc::default()
}

/// Fills the cloud with the predecessor's bucket in `tests/golden/legacy`.
pub(crate) fn put_legacy_bucket(cloud: &TestCloud) {
    put_folder(cloud, Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/legacy")), "");
}

fn put_folder(cloud: &TestCloud, folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let key = format!("{prefix}{}", path.file_name().and_then(|name| name.to_str()).expect("a name"));
        if path.is_dir() {
            put_folder(cloud, &path, &format!("{key}/"));
        } else {
            cloud.put(&key, fs::read(&path).expect("a file"));
        }
    }
}
