//! The documents of cases that a frozen study holds: all of them, up to a total size.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use cruncher_aws::Error;
use cruncher_aws::s3::ListedObject;
use cruncher_legacy::{LegacyKey, LegacyStudy, read_error, read_result};
use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::key::DataKey;

use super::progress::FreezeProgress;
use crate::fetch::legacy::json_of;
use crate::reading::{Body, HeldRoom, MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES, ReadRequest};
use crate::study::Study;

/// Documents that a frozen study holds, and counts of those it lacks.
#[derive(Debug, Clone, Default)]
pub(super) struct FrozenDocuments {
    /// Documents by their keys in the protocol.
    pub(super) held: BTreeMap<String, Bytes>,
    /// Number of documents of cases.
    pub(super) of_cases: u64,
    /// Number of them for which there is no room.
    pub(super) left_out: u64,
    /// Number of them that are larger than the limit for a document.
    pub(super) too_large: u64,
    /// Number of them that can't be read.
    pub(super) unreadable: u64,
}

/// A document that may be held: a design, or the document of a case.
struct Candidate {
    key: DataKey,
    object: ListedObject,
}

impl Candidate {
    const fn case(&self) -> Option<CaseId> {
        match &self.key {
            DataKey::Done(_, case) | DataKey::Error(_, case) => Some(*case),
            DataKey::Design(..) | DataKey::Cases(..) | DataKey::ExtractDesign(..) | DataKey::ExtractCases(..) => None,
        }
    }

    /// Converts its content to the protocol's form.
    fn converted(&self, body: Bytes) -> Result<Bytes, String> {
        let changed = self.object.last_modified.as_secs_f64();
        if DataKey::parse(&self.object.key).is_some() {
            return Ok(body);
        }
        let json = match self.key.clone() {
            DataKey::Done(batch, case) => read_result(batch, case, changed, &body).map(|document| json_of(&document)),
            DataKey::Error(batch, case) => read_error(batch, case, changed, &body).map(|document| json_of(&document)),
            DataKey::Design(..) | DataKey::Cases(..) | DataKey::ExtractDesign(..) | DataKey::ExtractCases(..) => {
                return Ok(body);
            }
        };
        json.map_err(|error| error.to_string())
    }
}

impl FrozenDocuments {
    /// Reads designs, and the documents of cases among the objects below `data/`: first the errors of cases that are `named`,
    /// then others in the order of their ids, which is arbitrary.
    pub(super) async fn read(
        study: &Study,
        objects: Vec<ListedObject>,
        named: &BTreeSet<CaseRef>,
        report: &dyn Fn(FreezeProgress),
    ) -> Result<Self, Error> {
        let mut documents = Self::default();
        let legacy = read_legacy(study, &objects).await?;
        let (mut candidates, designs): (Vec<Candidate>, Vec<Candidate>) =
            candidates(objects, &legacy).into_iter().partition(|candidate| candidate.case().is_some());
        let is_named = |candidate: &Candidate| match &candidate.key {
            DataKey::Error(batch, case) => named.contains(&(batch.clone(), *case)),
            _ => false,
        };
        candidates.sort_by_key(|candidate| (!is_named(candidate), candidate.case()));
        documents.of_cases += candidates.len() as u64;
        let chosen = documents.choose(candidates);
        documents.read_chosen(study, designs.into_iter().chain(chosen).collect(), report).await?;
        Ok(documents)
    }

    /// Chooses those that there is room for, and counts the others.
    fn choose(&mut self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let (mut chosen, mut room) = (Vec::new(), HeldRoom::default());
        for candidate in candidates {
            let size_bytes = candidate.object.size_bytes;
            if size_bytes > MAX_DOCUMENT_BYTES {
                self.too_large += 1;
            } else if room.take(size_bytes) {
                chosen.push(candidate);
            } else {
                self.left_out += 1;
            }
        }
        chosen
    }

    async fn read_chosen(
        &mut self,
        study: &Study,
        chosen: Vec<Candidate>,
        report: &dyn Fn(FreezeProgress),
    ) -> Result<(), Error> {
        let (mut read, of) = (0, chosen.len() as u64);
        let wanted = chosen.iter().map(|candidate| ReadRequest::whole(candidate.object.clone())).collect();
        let by_key = chosen.iter().map(|candidate| (candidate.object.key.as_str(), candidate));
        let by_key: BTreeMap<&str, &Candidate> = one_by_one(by_key);
        let mut each = |object: ListedObject, body: Body| {
            read += 1;
            report(FreezeProgress::Documents { read, of });
            let Some(candidate) = by_key.get(object.key.as_str()) else { return };
            match body.and_then(|body| candidate.converted(body)) {
                // The study's own document outweighs the predecessor's.
                Ok(json) if DataKey::parse(&object.key).is_some() => drop(self.held.insert(object.key, json)),
                Ok(json) => drop(self.held.entry(candidate.key.key()).or_insert(json)),
                Err(_) => self.unreadable += 1,
            }
        };
        study.read_each(wanted, MAX_DOCUMENT_BYTES, &mut each).await
    }
}

/// Reads the predecessor's objects, by their keys and the list of its last enqueueing.
async fn read_legacy(study: &Study, objects: &[ListedObject]) -> Result<LegacyStudy, Error> {
    let mut legacy = LegacyStudy::default();
    let times = |object: &ListedObject| Some((LegacyKey::parse(&object.key)?, object.last_modified.as_secs_f64()));
    let mut times: BTreeMap<LegacyKey, f64> = one_by_one(objects.iter().filter_map(times));
    if let Some(all_runs) = study.find_all_runs().await? {
        let changed = all_runs.last_modified.as_secs_f64();
        times.insert(LegacyKey::AllRuns, changed);
        // If it can't be read, the snapshot names it among the study's objects.
        let mut add = |_, body: Body| drop(body.map(|body| legacy.add(&LegacyKey::AllRuns, changed, &body)));
        study.read_each(vec![ReadRequest::whole(all_runs)], MAX_ROWS_BYTES, &mut add).await?;
    }
    legacy.reconcile(&times);
    Ok(legacy)
}

/// Collects a set or a map. `collect` would sort all at first, with another sorting of some KiB in the page for each kind.
pub(super) fn one_by_one<T, C: Default + Extend<T>>(items: impl Iterator<Item = T>) -> C {
    let mut all = C::default();
    all.extend(items);
    all
}

/// Selects designs, results, and the errors of cases that have no result.
fn candidates(objects: Vec<ListedObject>, legacy: &LegacyStudy) -> Vec<Candidate> {
    let reads = legacy.reads();
    let of_legacy: BTreeSet<LegacyKey> = one_by_one(reads.results.into_iter().chain(reads.states));
    let protocol_key = |key: &str| match (DataKey::parse(key), LegacyKey::parse(key)) {
        (Some(key), _) => Some(key)
            .filter(|key| !matches!(key, DataKey::Cases(..) | DataKey::ExtractDesign(..) | DataKey::ExtractCases(..))),
        (None, Some(key)) if of_legacy.contains(&key) => match key {
            LegacyKey::Done(_, case) => Some(DataKey::Done(legacy.batch_of(case), case)),
            LegacyKey::Error(case) => Some(DataKey::Error(legacy.batch_of(case), case)),
            _ => None,
        },
        _ => None,
    };
    let candidate = |object: ListedObject| Some(Candidate { key: protocol_key(&object.key)?, object });
    let mut candidates: Vec<Candidate> = objects.into_iter().filter_map(candidate).collect();
    let done = |candidate: &Candidate| match &candidate.key {
        DataKey::Done(batch, case) => Some((batch.clone(), *case)),
        _ => None,
    };
    let done: BTreeSet<CaseRef> = one_by_one(candidates.iter().filter_map(done));
    candidates.retain(|candidate| match &candidate.key {
        DataKey::Error(batch, case) => !done.contains(&(batch.clone(), *case)),
        _ => true,
    });
    candidates
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use cruncher_study::batch::Batch;
    use futures::executor::block_on;

    use super::*;
    use crate::listing::ListingOutline;
    use crate::testing::{TestCloud, put_legacy_bucket};

    fn case(number: u8) -> CaseId {
        CaseId::from_bytes([number; 16])
    }

    fn read(study: &Study, named: &[CaseRef]) -> (FrozenDocuments, Vec<FreezeProgress>) {
        let told = RefCell::default();
        let documents = block_on(async {
            let outline = ListingOutline::of(&study.client, &study.config.bucket, "data/").await.unwrap();
            let objects = outline.complete(&study.client).await.unwrap();
            let report = |reading| RefCell::<Vec<FreezeProgress>>::borrow_mut(&told).push(reading);
            FrozenDocuments::read(study, objects, &named.iter().cloned().collect(), &report).await.unwrap()
        });
        (documents, told.into_inner())
    }

    #[test]
    fn designs_results_and_errors_without_a_result_are_held() {
        let (cloud, study) = TestCloud::study();
        let keys = [
            "data/b/design-00f1e2d3c4b5a697.json".to_owned(),
            format!("data/b/done-{}.json", case(1)),
            format!("data/b/error-{}.json", case(2)),
        ];
        for key in &keys {
            cloud.put(key, "{}");
        }
        cloud.put(&format!("data/b/error-{}.json", case(1)), "{}");
        cloud.put("data/b/cases-00f1e2d3c4b5a697.csv.gz", "");
        cloud.put(&format!("data/b/done-{}.json", case(3)), vec![b' '; 9 << 20]);
        let (documents, told) = read(&study, &[]);
        assert!(documents.held.keys().eq(&keys), "{:?}", documents.held.keys());
        assert_eq!((documents.of_cases, documents.left_out, documents.too_large, documents.unreadable), (3, 0, 1, 0));
        assert_eq!(told.last(), Some(&FreezeProgress::Documents { read: 3, of: 3 }));
    }

    #[test]
    fn beyond_its_size_a_frozen_study_holds_the_cases_of_errors_first() {
        let (cloud, study) = TestCloud::study();
        let batch = Batch::parse("b").unwrap();
        // Nine of these have 63 MiB.
        for number in 0..12 {
            cloud.put(&DataKey::Done(batch.clone(), case(number)).key(), vec![b' '; 7 << 20]);
        }
        cloud.put(&DataKey::Error(batch.clone(), case(99)).key(), vec![b' '; 1 << 20]);
        let named = [(batch.clone(), case(99))];
        let (documents, _) = read(&study, &named);
        assert_eq!((documents.of_cases, documents.held.len(), documents.left_out), (13, 10, 3));
        assert!(documents.held.contains_key(&DataKey::Error(batch, case(99)).key()));
    }

    #[test]
    fn what_the_predecessor_left_is_held_as_the_protocol_has_it() {
        let (cloud, study) = TestCloud::study();
        put_legacy_bucket(&cloud);
        let (documents, _) = read(&study, &[]);
        // Three results and an error; another one was cut off.
        assert_eq!((documents.of_cases, documents.held.len(), documents.unreadable), (5, 4, 1));
        for (key, json) in &documents.held {
            let Some(DataKey::Done(batch, case) | DataKey::Error(batch, case)) = DataKey::parse(key) else {
                panic!("{key}")
            };
            let json: serde_json::Value = serde_json::from_slice(json).unwrap();
            assert_eq!((&json["batch"], &json["case_id"]), (&batch.as_str().into(), &case.to_string().into()));
        }
    }
}
