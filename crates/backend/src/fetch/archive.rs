//! Archive of results: designs, models, and the documents of cases, with curves, tracebacks and what models printed, each as it
//! lies in the bucket.
//!
//! An object that can't be had is named and left out; nothing else fails.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use bytes::Bytes;
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::key::{DATA_PREFIX, DataKey};
use cruncher_study::model::{MAX_MODEL_BYTES, ModelDigest, ModelReference};
use cruncher_study::number_format::thousands;
use cruncher_study::outcome::ErrorDocument;
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::documents::CaseDocument;
use super::download::{LetterCase, NamingRules, NamingSystem, portable};
use crate::freeze::FreezeProgress;
use crate::listing::tables_below;
use crate::reading::{CONCURRENT_READS, HeldRoom, MAX_DOCUMENT_BYTES, MAX_HELD_BYTES, MAX_HELD_DOCUMENTS};
use crate::study::{ReadError, Study};

/// Maximum number of files that are named as left out.
const MAX_NAMED: usize = 100;

/// Maximum number of requests that may fail one after another; then no more documents are read, since others would fail, too.
const MAX_FAILED: usize = 20;

/// Number of digits of its digest before a model's name.
const DIGITS: usize = 12;

/// Maximum number of characters of a key or a reason that are shown.
const MAX_CHARS: usize = 300;

/// Request for an archive: the designs and documents that it is to hold.
pub struct ArchiveRequest<'a> {
    /// The batch whose designs are wanted, with those below it; `None` if those of all are.
    pub batch: Option<&'a Batch>,
    /// Whether a batch has a case in the archive. Designs of others aren't wanted.
    pub has_cases: &'a dyn Fn(&Batch) -> bool,
    /// The documents of its cases, the most important first; those behind the first [`MAX_CASES`] may be missing.
    pub documents: &'a [DataKey],
    /// Number of these documents, also of those that `documents` doesn't name.
    pub of_documents: u64,
}

/// Maximum number of documents of cases that are read.
pub const MAX_CASES: usize = MAX_HELD_DOCUMENTS;

/// A file of the archive.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedFile {
    /// Relative path, parts joined by `/`: `documents/<batch>/done-<case_id>.json`.
    pub path: String,
    /// Content byte for byte as stored; documents of the predecessor are in the protocol's form.
    pub content: Bytes,
    /// The case that it tells of, if it is the document of one.
    pub case: Option<ArchivedCase>,
}

/// Contents of a document in the archive.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedCase {
    /// Index of the document among the wanted ones.
    pub place: usize,
    /// Path of the case's model in an archive that has it; `None` if the document names no model.
    pub model_path: Option<String>,
    /// The failure that it tells of, if it does.
    pub failure: Option<ErrorDocument>,
}

/// Summary of an archive: its contents, and what it lacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveSummary {
    /// Number of designs.
    pub designs: u64,
    /// Number of models.
    pub models: u64,
    /// Number of results.
    pub results: u64,
    /// Number of failures.
    pub errors: u64,
    /// Number of documents for which there was no room.
    pub beyond: u64,
    /// Objects that can't be had: the key, and the reason.
    pub left_out: Vec<(String, String)>,
    /// Number of further ones that aren't named.
    pub more_left_out: u64,
}

impl ArchiveSummary {
    /// Lists what the archive doesn't hold, each as a sentence.
    #[must_use]
    pub fn lacks(&self) -> Vec<String> {
        let beyond = (self.beyond > 0).then(|| {
            let (held, size) = (thousands(MAX_HELD_DOCUMENTS as u64), MAX_HELD_BYTES >> 20);
            format!("The documents of {} more cases: it holds up to {held}, and {size} MiB.", thousands(self.beyond))
        });
        let named = self.left_out.iter().map(|(key, why)| format!("{key}: {why}"));
        let more = (self.more_left_out > 0).then(|| format!("… and {} more.", thousands(self.more_left_out)));
        beyond.into_iter().chain(named).chain(more).collect()
    }

    fn leave_out(&mut self, key: &str, why: &str) {
        let plain = |text: &str| text.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if self.left_out.len() < MAX_NAMED {
            self.left_out.push((plain(key), plain(why)));
        } else {
            self.more_left_out += 1;
        }
    }
}

/// Reads what is wanted, and hands it to `put` until that wants nothing more. `report` receives the progress of the cases'
/// documents.
pub async fn gather(
    study: &Study,
    wanted: &ArchiveRequest<'_>,
    put: &mut dyn FnMut(ArchivedFile) -> ControlFlow<()>,
    report: &dyn Fn(FreezeProgress),
) -> ArchiveSummary {
    let mut gathering = Gathering {
        study,
        put,
        room: HeldRoom::default(),
        paths: BTreeSet::new(),
        named_models: BTreeSet::new(),
        models: BTreeSet::new(),
        gathered: ArchiveSummary::default(),
    };
    gathering.designs(wanted).await;
    gathering.models().await;
    gathering.documents(wanted, report).await;
    // These are models that only cases name.
    gathering.models().await;
    gathering.gathered
}

struct Gathering<'a> {
    study: &'a Study,
    put: &'a mut dyn FnMut(ArchivedFile) -> ControlFlow<()>,
    room: HeldRoom,
    /// Paths of the archive that are taken.
    paths: BTreeSet<String>,
    /// Keys of models that were named and not asked for yet, and of those that were.
    named_models: BTreeSet<String>,
    models: BTreeSet<String>,
    gathered: ArchiveSummary,
}

/// Part of a design or of a case's document that is read, to see that it is one.
#[derive(Deserialize)]
struct NamesModel {
    #[serde(default)]
    model: Option<ModelKey>,
}

#[derive(Deserialize)]
struct ModelKey {
    key: String,
}

#[derive(Deserialize)]
struct ResultHead {
    #[serde(rename = "case_id")]
    _case_id: CaseId,
    #[serde(rename = "result")]
    _result: IgnoredAny,
    #[serde(rename = "end_time")]
    _end_time: f64,
}

impl Gathering<'_> {
    /// Puts a file into the archive. Its path is checked, since it comes from outside.
    fn put(&mut self, key: &str, path: String, content: Bytes, case: Option<ArchivedCase>) -> Put {
        let naming = NamingRules { system: NamingSystem::Unix, letters: LetterCase::Distinct };
        if let Some(objection) = naming.objection(&path) {
            self.gathered.leave_out(key, objection);
            return Put::LeftOut;
        }
        if self.paths.contains(&path) {
            self.gathered.leave_out(key, "another file has the same name");
            return Put::LeftOut;
        }
        if !self.room.take(content.len() as u64) {
            return Put::NoRoom;
        }
        self.paths.insert(path.clone());
        match (self.put)(ArchivedFile { path, content, case }) {
            ControlFlow::Continue(()) => Put::Done,
            ControlFlow::Break(()) => Put::NoRoom,
        }
    }

    /// Reads the designs of the chosen batches.
    async fn designs(&mut self, wanted: &ArchiveRequest<'_>) {
        let prefix = wanted.batch.map_or_else(|| DATA_PREFIX.to_owned(), |batch| format!("{DATA_PREFIX}{batch}/"));
        let tables = match tables_below(&self.study.client, &self.study.config.bucket, &prefix).await {
            Ok(tables) => tables,
            Err(error) => return self.gathered.leave_out("The designs", error.message()),
        };
        let is_wanted = |key: &str| match DataKey::parse(key) {
            Some(DataKey::Design(batch, submission)) => (wanted.has_cases)(&batch).then_some(submission),
            _ => None,
        };
        let designs = tables.into_iter().filter_map(|object| Some((is_wanted(&object.key)?, object.key))).collect();
        let each = |own: &mut Self, submission: String, key: &str, json: Bytes| {
            let model = model_of(&json)?;
            own.name_model(model);
            Ok(own.put(key, format!("designs/{submission}.json"), json, None))
        };
        self.gathered.designs += self.read(designs, MAX_DOCUMENT_BYTES, each).await;
    }

    /// Reads the models that were named and not asked for yet.
    async fn models(&mut self) {
        let named = std::mem::take(&mut self.named_models);
        self.models.extend(named.iter().cloned());
        let wanted = named.into_iter().map(|key| ((), key)).collect();
        let each = |own: &mut Self, (): (), key: &str, content: Bytes| {
            let path = model_path(key, &content)?;
            Ok(own.put(key, path, content, None))
        };
        self.gathered.models += self.read(wanted, MAX_MODEL_BYTES, each).await;
    }

    /// Reads the documents of cases, as long as there is room.
    async fn documents(&mut self, wanted: &ArchiveRequest<'_>, report: &dyn Fn(FreezeProgress)) {
        let keys = &wanted.documents[..wanted.documents.len().min(MAX_CASES)];
        let (study, of) = (self.study, keys.len() as u64);
        let (mut taken, mut failed) = (0, 0);
        let mut take = |place: usize, read: Result<CaseDocument, ReadError>| {
            report(FreezeProgress::Documents { read: place as u64 + 1, of });
            let is_request = matches!(&read, Err(ReadError::Aws(error)) if !error.is_not_found());
            failed = if is_request { failed + 1 } else { 0 };
            match self.document(place, &keys[place], read) {
                Put::NoRoom => return ControlFlow::Break(()),
                Put::Done | Put::LeftOut => taken += 1,
            }
            if failed == MAX_FAILED { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        study.try_documents(keys, &mut take).await;
        let rest = wanted.of_documents.saturating_sub(taken);
        if failed == MAX_FAILED && rest > 0 {
            let key = format!("The documents of {} more cases", thousands(rest));
            self.gathered.leave_out(&key, "too many requests had failed");
        } else {
            self.gathered.beyond += rest;
        }
    }

    fn document(&mut self, place: usize, key: &DataKey, read: Result<CaseDocument, ReadError>) -> Put {
        let name = key.key();
        let read = read.map_err(|error| why(&error)).and_then(|document| {
            let failure = parse_failure(key, &document.json)?;
            Ok((model_of(&document.json)?, failure, document.json))
        });
        let (model, failure, json) = match read {
            Ok(read) => read,
            Err(why) => return self.lacks(&name, &why),
        };
        let model_path =
            model.as_deref().and_then(ModelReference::parse_key).map(|(digest, name)| path_of(&digest, name));
        self.name_model(model);
        let is_failure = failure.is_some();
        let case = ArchivedCase { place, model_path, failure };
        let path = format!("documents/{}", name.trim_start_matches(DATA_PREFIX));
        let put = self.put(&name, path, json, Some(case));
        if put == Put::Done {
            *if is_failure { &mut self.gathered.errors } else { &mut self.gathered.results } += 1;
        }
        put
    }

    fn lacks(&mut self, key: &str, why: &str) -> Put {
        self.gathered.leave_out(key, why);
        Put::LeftOut
    }

    fn name_model(&mut self, key: Option<String>) {
        let Some(key) = key.filter(|key| !self.models.contains(key)) else { return };
        if ModelReference::parse_key(&key).is_some() {
            self.named_models.insert(key);
        } else if self.models.insert(key.clone()) {
            self.gathered.leave_out(&key, "that is no model's key");
        }
    }

    /// Reads objects, several at once, and hands each to `each`, as long as there is room. Returns the number of files put.
    async fn read<T>(
        &mut self,
        wanted: Vec<(T, String)>,
        max_bytes: u64,
        mut each: impl FnMut(&mut Self, T, &str, Bytes) -> Result<Put, String>,
    ) -> u64 {
        let (study, mut put, mut rest) = (self.study, 0, wanted.len() as u64);
        let read = |(what, key): (T, String)| async move { (what, study.read(&key, max_bytes).await, key) };
        let mut read = stream::iter(wanted).map(read).buffered(CONCURRENT_READS);
        while let Some((what, read, key)) = read.next().await {
            rest -= 1;
            match read.map_err(|error| why(&error)).and_then(|content| each(self, what, &key, content)) {
                Ok(Put::Done) => put += 1,
                Ok(Put::LeftOut) => {}
                Ok(Put::NoRoom) => {
                    self.gathered.leave_out(&key, "there is no room for it");
                    self.gathered.more_left_out += rest;
                    break;
                }
                Err(why) => self.gathered.leave_out(&key, &why),
            }
        }
        put
    }
}

/// Outcome of putting a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    Done,
    NoRoom,
    LeftOut,
}

/// Returns the reason why a document can't be had.
fn why(error: &ReadError) -> String {
    match error {
        ReadError::Aws(error) if error.is_not_found() => "it isn't there".to_owned(),
        ReadError::Aws(error) => error.message().to_owned(),
        ReadError::Json { source, .. } => format!("it can't be read: {source}"),
        ReadError::TooLarge { max_bytes, .. } => format!("it has more than the {} MiB that are read", max_bytes >> 20),
    }
}

/// Returns the key of the model that a design or document names.
fn model_of(json: &[u8]) -> Result<Option<String>, String> {
    let names: NamesModel = serde_json::from_slice(json).map_err(|error| format!("it can't be read: {error}"))?;
    Ok(names.model.map(|model| model.key))
}

/// Reads the failure that a document tells of, `None` for a result. The error says that it isn't what its key names.
fn parse_failure(key: &DataKey, json: &[u8]) -> Result<Option<ErrorDocument>, String> {
    let told = match key {
        DataKey::Error(..) => serde_json::from_slice(json).map(Some),
        _ => serde_json::from_slice(json).map(|_: ResultHead| None),
    };
    told.map_err(|error| format!("it can't be read: {error}"))
}

/// Returns the path of a model, if its content is the one that its key names.
fn model_path(key: &str, content: &[u8]) -> Result<String, String> {
    let (digest, name) = ModelReference::parse_key(key).ok_or("that is no model's key")?;
    if ModelDigest::of(content) != digest {
        return Err("its content isn't the one that its key names".to_owned());
    }
    Ok(path_of(&digest, name))
}

fn path_of(digest: &ModelDigest, name: &str) -> String {
    format!("models/{}-{}", &digest.as_str()[..DIGITS], portable(name))
}
