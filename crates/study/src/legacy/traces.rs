//! What the objects of a bucket say of each case.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::CaseState;
use crate::batch::Batch;
use crate::case::{CaseId, CaseRef, Parameters};
use crate::legacy::document::{Attempt, Document, Gathered, Origin};
use crate::legacy::folder::nameless;
use crate::legacy::study::Object;
use crate::legacy::{Folder, LegacyKey, LegacyStudy};
use crate::outcome::{ErrorDocument, ResultDocument};

/// What there is of one case: of each kind the newest object.
#[derive(Debug, Default)]
pub(super) struct Traces<'a> {
    done: Option<Placed<'a>>,
    parameters: Option<Placed<'a>>,
    gathered: Option<(&'a Gathered, f64)>,
    error: Option<&'a Object>,
    pending: Option<&'a Object>,
}

/// An object, and the folder that it lies in.
#[derive(Debug, Clone, Copy)]
struct Placed<'a> {
    key: &'a LegacyKey,
    folder: &'a Folder,
    object: &'a Object,
}

impl LegacyStudy {
    /// The results that were read, in order of their cases: the document of a case, or else what was gathered of it.
    pub fn results(&self) -> impl Iterator<Item = ResultDocument> {
        self.traces().into_iter().filter_map(|(case, traces)| traces.result(case))
    }

    /// The errors that were read of cases that have no result, in order of their cases.
    pub fn errors(&self) -> impl Iterator<Item = ErrorDocument> {
        self.traces().into_iter().filter_map(|(case, traces)| traces.error(case))
    }

    /// The cases that a computer took, and that nothing more is known of, and when each began, however long ago that was.
    pub fn taken_cases(&self) -> impl Iterator<Item = (CaseRef, f64)> {
        let traces = self.traces().into_iter().filter(|(_, traces)| traces.is_taken());
        traces.map(|(case, traces)| {
            let start_time = traces.attempt().and_then(|attempt| attempt.start_time);
            ((traces.batch(), case), start_time.unwrap_or(f64::INFINITY).min(traces.changed()))
        })
    }

    /// The results that were read of these cases, in order; what their models answered is forgotten afterwards, for it may
    /// be large, and only who takes it needs it.
    pub fn take_results(&mut self, cases: &BTreeSet<CaseId>) -> Vec<ResultDocument> {
        let results: Vec<ResultDocument> =
            cases.iter().filter_map(|case| self.traces_of(*case).result(*case)).collect();
        for case in cases {
            for folder in self.folders.get(case).into_iter().flatten() {
                let object = self.objects.get_mut(&LegacyKey::Done(folder.clone(), *case));
                if let Some(Document::Done(_, outcome)) = object.and_then(|object| object.document.as_mut()) {
                    outcome.forget();
                }
            }
        }
        results
    }

    /// What is to be remembered of a result that was read, so that it needn't be read again: a document like it, but with
    /// nothing that its model was given or answered. None if it wasn't read or can't be.
    #[must_use]
    pub fn abridged(&self, key: &LegacyKey) -> Option<serde_json::Value> {
        match &self.objects.get(key)?.document {
            Some(Document::Done(attempt, _)) => Some(attempt.abridged()),
            _ => None,
        }
    }

    /// The batch of a case.
    #[must_use]
    pub fn batch_of(&self, case: CaseId) -> Batch {
        self.traces_of(case).batch()
    }

    /// What there is of one case, at the price of that case alone.
    pub(super) fn traces_of(&self, case: CaseId) -> Traces<'_> {
        let mut traces = Traces::default();
        for folder in self.folders.get(&case).into_iter().flatten() {
            for key in [LegacyKey::Done(folder.clone(), case), LegacyKey::Parameters(folder.clone(), case)] {
                traces.extend(self.objects.get_key_value(&key));
            }
        }
        traces.extend(self.objects.get_key_value(&LegacyKey::Error(case)));
        traces.extend(self.objects.get_key_value(&LegacyKey::Pending(case)));
        if let Some(object) = self.objects.get(&LegacyKey::Gathered)
            && let Some(Document::Gathered(entries)) = &object.document
        {
            traces.gathered = entries.get(&case).map(|entry| (entry, object.changed));
        }
        traces
    }

    pub(super) fn traces(&self) -> BTreeMap<CaseId, Traces<'_>> {
        let mut cases: BTreeMap<CaseId, Traces> = BTreeMap::new();
        for (key, object) in &self.objects {
            match key {
                LegacyKey::Done(_, case)
                | LegacyKey::Parameters(_, case)
                | LegacyKey::Error(case)
                | LegacyKey::Pending(case) => cases.entry(*case).or_default().extend(Some((key, object))),
                LegacyKey::Gathered => {
                    let Some(Document::Gathered(entries)) = &object.document else { continue };
                    for (case, entry) in entries {
                        cases.entry(*case).or_default().gathered = Some((entry, object.changed));
                    }
                }
                LegacyKey::Waiting(_) => {}
            }
        }
        cases
    }
}

fn keep_newer<'a>(known: &mut Option<Placed<'a>>, other: Placed<'a>) {
    if known.is_none_or(|known| known.object.changed <= other.object.changed) {
        *known = Some(other);
    }
}

impl<'a> Extend<(&'a LegacyKey, &'a Object)> for Traces<'a> {
    fn extend<T: IntoIterator<Item = (&'a LegacyKey, &'a Object)>>(&mut self, objects: T) {
        for (key, object) in objects {
            match key {
                LegacyKey::Done(folder, _) => keep_newer(&mut self.done, Placed { key, folder, object }),
                LegacyKey::Parameters(folder, _) => keep_newer(&mut self.parameters, Placed { key, folder, object }),
                LegacyKey::Error(_) => self.error = Some(object),
                LegacyKey::Pending(_) => self.pending = Some(object),
                LegacyKey::Waiting(_) | LegacyKey::Gathered => {}
            }
        }
    }
}

impl<'a> Traces<'a> {
    /// The folder of the result, or else that of the parameters, as a batch.
    pub(super) fn batch(&self) -> Batch {
        let placed = [self.done, self.parameters].into_iter().flatten();
        let folder = placed.map(|placed| placed.folder).find(|folder| folder.has_name());
        folder.map_or_else(nameless, Folder::batch)
    }

    /// Queued stands for cases that wait or are lost.
    pub(super) const fn state(&self) -> CaseState {
        if self.done.is_some() || self.gathered.is_some() {
            CaseState::Done
        } else if self.error.is_some() {
            CaseState::Failed
        } else if self.pending.is_some() {
            CaseState::Running
        } else {
            CaseState::Queued
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.state() == CaseState::Queued
    }

    pub(super) fn is_taken(&self) -> bool {
        self.state() == CaseState::Running
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state() == CaseState::Failed
    }

    /// Whether the case's result lies there.
    pub(super) fn is_result(&self, key: &LegacyKey) -> bool {
        self.done.is_some_and(|done| done.key == key)
    }

    /// When its state was written.
    pub(super) fn changed(&self) -> f64 {
        let done = self.done.map(|done| done.object.changed).or(self.gathered.map(|(_, changed)| changed));
        let before = || self.error.or(self.pending).or(self.parameters.map(|placed| placed.object));
        done.unwrap_or_else(|| before().map_or(0.0, |object| object.changed))
    }

    /// What is said of how the case came to the state that it is in.
    pub(super) fn attempt(&self) -> Option<&'a Attempt> {
        let object = match self.state() {
            CaseState::Done => self.done.map(|done| done.object),
            CaseState::Failed => self.error,
            _ => self.pending,
        };
        match object?.document.as_ref()? {
            Document::Done(attempt, _) | Document::Error(attempt, _) | Document::Pending(attempt) => Some(attempt),
            _ => None,
        }
    }

    /// Whether it is known how long that took.
    pub(super) fn is_timed(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.duration_secs().is_some())
    }

    pub(super) fn result(&self, case_id: CaseId) -> Option<ResultDocument> {
        let origin = |changed| Origin { batch: self.batch(), case_id, changed };
        let done = self.done.and_then(|done| match &done.object.document {
            Some(Document::Done(attempt, outcome)) => Some(outcome.document(attempt, origin(done.object.changed))),
            _ => None,
        });
        let gathered = || self.gathered.map(|(gathered, changed)| gathered.document(origin(changed)));
        let mut document = done.or_else(gathered)?;
        self.complete(&mut document.parameters);
        Some(document)
    }

    fn error(&self, case_id: CaseId) -> Option<ErrorDocument> {
        let object = self.error.filter(|_| self.has_failed())?;
        let Some(Document::Error(attempt, failure)) = &object.document else { return None };
        let origin = Origin { batch: self.batch(), case_id, changed: object.changed };
        let mut document = failure.document(attempt, origin);
        self.complete(&mut document.parameters);
        Some(document)
    }

    pub(super) fn own_parameters(&self) -> Option<&'a Parameters> {
        match &self.parameters?.object.document {
            Some(Document::Parameters(parameters)) => Some(parameters),
            _ => None,
        }
    }

    /// Inputs that a document leaves out may stand elsewhere.
    fn complete(&self, parameters: &mut Parameters) {
        let gathered = || self.gathered.map(|(gathered, _)| &gathered.parameters);
        if let Some(elsewhere) = self.own_parameters().or_else(gathered).filter(|_| parameters.is_empty()) {
            parameters.clone_from(elsewhere);
        }
    }
}
