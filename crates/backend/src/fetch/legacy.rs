//! Single documents in a bucket that the predecessor has written. Their keys don't follow from the case alone.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use cruncher_aws::{Error, s3};
use cruncher_legacy::{ALL_RUNS_KEY, LegacyError, LegacyFolder, LegacyKey, read_error, read_result};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use futures::lock::Mutex;
use serde::Serialize;
use serde::de::Error as _;

use super::case_document::CaseDocument;
use crate::reading::MAX_DOCUMENT_BYTES;
use crate::study::{ReadError, Study};

impl Study {
    /// Finds the list of the predecessor's last enqueueing, which lies beside the data.
    pub(crate) async fn find_all_runs(&self) -> Result<Option<s3::ListedObject>, Error> {
        let listing = s3::ListObjects::new(&self.config.bucket).prefix(ALL_RUNS_KEY).max_keys(1);
        let page = self.client.send(&listing).await?;
        Ok(page.objects.into_iter().find(|object| object.key == ALL_RUNS_KEY))
    }
}

/// Place at which a document was found.
pub(crate) struct DocumentPlace {
    key: String,
    stored: Bytes,
}

/// The predecessor's documents of single cases. It remembers the folders that it has found.
pub(crate) struct PredecessorDocuments<'a> {
    study: &'a Study,
    folders: Mutex<BTreeMap<Batch, Option<LegacyFolder>>>,
}

impl<'a> PredecessorDocuments<'a> {
    pub(crate) fn of(study: &'a Study) -> Self {
        Self { study, folders: Mutex::default() }
    }

    /// Reads the document of a case, in the protocol's form; `None` if the predecessor left none.
    pub(crate) async fn document(&self, key: &DataKey) -> Result<Option<CaseDocument>, ReadError> {
        match key {
            DataKey::Done(batch, case) => Ok(self.result(&(batch.clone(), *case)).await?.map(converted)),
            DataKey::Error(batch, case) => Ok(self.error(&(batch.clone(), *case)).await?.map(converted)),
            _ => Ok(None),
        }
    }

    /// Reads the result of a case; `None` if the predecessor left none.
    pub(crate) async fn result(
        &self,
        (batch, case): &CaseRef,
    ) -> Result<Option<(ResultDocument, DocumentPlace)>, ReadError> {
        for folder in self.folder(batch).await?.into_iter().chain(LegacyFolder::of_batch(batch)) {
            let key = LegacyKey::Done(folder, *case).key();
            let read = |changed, json: &[u8]| read_result(batch.clone(), *case, changed, json);
            if let Some(found) = self.read(key, read).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn error(&self, (batch, case): &CaseRef) -> Result<Option<(ErrorDocument, DocumentPlace)>, ReadError> {
        let read = |changed, json: &[u8]| read_error(batch.clone(), *case, changed, json);
        self.read(LegacyKey::Error(*case).key(), read).await
    }

    async fn read<T>(
        &self,
        key: String,
        read: impl FnOnce(f64, &[u8]) -> Result<T, LegacyError>,
    ) -> Result<Option<(T, DocumentPlace)>, ReadError> {
        let get = s3::GetObject::new(&self.study.config.bucket, &key);
        let found = match self.study.fetch(get, &key, MAX_DOCUMENT_BYTES).await {
            Ok(found) => found.unwrap_or_default(),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        match read(seconds(found.last_modified), &found.body) {
            Ok(document) => Ok(Some((document, DocumentPlace { key, stored: found.body }))),
            Err(error) => Err(ReadError::Json { key, source: serde_json::Error::custom(error) }),
        }
    }

    /// Returns the folder of a batch whose name was made up.
    async fn folder(&self, batch: &Batch) -> Result<Option<LegacyFolder>, Error> {
        if !LegacyFolder::is_made_up(batch) {
            return Ok(None);
        }
        let mut folders = self.folders.lock().await;
        if let Some(known) = folders.get(batch) {
            return Ok(known.clone());
        }
        let found = self.find_folder(batch).await?;
        folders.insert(batch.clone(), found.clone());
        Ok(found)
    }

    /// Lists folders, and those in them that the batch may lie in.
    async fn find_folder(&self, batch: &Batch) -> Result<Option<LegacyFolder>, Error> {
        let mut prefixes = vec![DATA_PREFIX.to_owned()];
        while let Some(prefix) = prefixes.pop() {
            let listing = s3::ListObjects::new(&self.study.config.bucket).prefix(&prefix).delimiter("/");
            let mut next = Some(listing);
            while let Some(operation) = next {
                let page = self.study.client.send(&operation).await?;
                next = operation.following(&page)?;
                for prefix in page.common_prefixes {
                    let Some(folder) = prefix.strip_prefix(DATA_PREFIX).and_then(LegacyFolder::parse) else { continue };
                    if folder.batch() == *batch {
                        return Ok(Some(folder));
                    }
                    if folder.may_lead_to(batch) {
                        prefixes.push(prefix);
                    }
                }
            }
        }
        Ok(None)
    }
}

fn seconds(changed: Option<Duration>) -> f64 {
    changed.unwrap_or_default().as_secs_f64()
}

fn converted<T: Serialize>((document, place): (T, DocumentPlace)) -> CaseDocument {
    CaseDocument { key: place.key, stored: place.stored, json: json_of(&document) }
}

/// Writes a document of the protocol as JSON.
pub(crate) fn json_of<T: Serialize>(document: &T) -> Bytes {
    // Texts, numbers and lists of them can always be written.
    serde_json::to_vec(document).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use cruncher_study::case::CaseId;
    use futures::executor::block_on;

    use super::*;
    use crate::fetch::documents::ReadResult;
    use crate::testing::{TestCloud, put_legacy_bucket};

    fn case(number: u32) -> CaseId {
        CaseId::from_uuid(&format!("{number:08x}-0000-4000-8000-{number:012x}")).unwrap()
    }

    fn batch(folder: &str) -> Batch {
        LegacyFolder::parse(folder).unwrap().batch()
    }

    /// Returns a study with the bucket in `tests/golden/legacy`.
    fn golden() -> (std::sync::Arc<TestCloud>, Study) {
        let (cloud, study) = TestCloud::study();
        put_legacy_bucket(&cloud);
        (cloud, study)
    }

    #[test]
    fn a_result_is_found_in_the_folder_of_its_batch() {
        let (cloud, study) = golden();
        let read = |batch: Batch, number| block_on(study.document(&DataKey::Done(batch, case(number))));
        let document = read(batch("level-3/"), 1).unwrap();
        assert_eq!(document.key, format!("data/level-3/done-{}.json", case(1).to_uuid()));
        assert!(document.stored.windows(3).any(|bytes| bytes == b"NaN"), "as it is stored");
        let result: ResultDocument = serde_json::from_slice(&document.json).unwrap();
        assert_eq!(result.result["curve"]["radius_m"], serde_json::json!([1.0, 2.0, null]));
        let json = r#"{"result": {"load": 1}}"#;
        for folder in ["a/Level 3 (new)/", "", "b//"] {
            cloud.put(&format!("data/{folder}done-{}.json", case(99).to_uuid()), json);
            let found = read(batch(folder), 99).unwrap();
            assert_eq!(found.stored, json, "{folder}");
            cloud.objects.lock().unwrap().remove(&found.key).unwrap();
        }
        assert!(read(batch("level-3/"), 77).unwrap_err().is_not_found());
        assert!(read(batch("Level 77 (new)/"), 77).unwrap_err().is_not_found());
    }

    #[test]
    fn a_failure_is_found_by_its_case() {
        let (_, study) = golden();
        let document = block_on(study.document(&DataKey::Error(batch("level-3/"), case(3)))).unwrap();
        assert_eq!(document.key, format!("data/error-{}.json", case(3).to_uuid()));
        let error: ErrorDocument = serde_json::from_slice(&document.json).unwrap();
        assert_eq!(error.summary(), "ValueError: negative cohesion: -1.0");
        let cut_off = block_on(study.document(&DataKey::Error(batch(""), case(7)))).unwrap_err();
        assert!(matches!(cut_off, ReadError::Json { .. }), "{cut_off:?}");
    }

    #[test]
    fn many_results_are_read_wherever_they_lie_and_each_place_is_looked_for_once() {
        let (cloud, study) = golden();
        let odd = batch("Level 3 (odd)/");
        let odd_cases = 100..110;
        for number in odd_cases.clone() {
            let key = format!("data/Level 3 (odd)/done-{}.json", case(number).to_uuid());
            cloud.put(&key, r#"{"result": {"load": 1}}"#);
        }
        let mut cases: Vec<CaseRef> = odd_cases.map(|number| (odd.clone(), case(number))).collect();
        // The eighth one is known by all_runs.json alone, which holds no results.
        cases.extend([(batch("level-3/"), case(1)), (batch("level-3/"), case(8)), (batch("level-3/"), case(77))]);
        let mut read = Vec::new();
        let mut each = |_: &CaseRef, result: ReadResult| {
            read.push(result.unwrap().is_some());
            ControlFlow::Continue(())
        };
        block_on(study.read_results(&cases, &mut each)).unwrap();
        assert_eq!(read, [&[true; 11][..], &[false; 2]].concat());
        assert_eq!(*cloud.lists.lock().unwrap(), 1);
        assert!(!cloud.reads.lock().unwrap().iter().any(|key| key == ALL_RUNS_KEY));
    }
}
