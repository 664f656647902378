//! The traces of each case in the objects of a bucket.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_study::accounting::CaseState;
use cruncher_study::batch::Batch;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::outcome::{ErrorDocument, ResultDocument};

use crate::document::{DocumentOrigin, LegacyAttempt, LegacyDocument};
use crate::enqueued::EnqueuedCase;
use crate::folder::nameless;
use crate::study::LegacyObject;
use crate::{LegacyFolder, LegacyKey, LegacyStudy};

/// The objects of one case: the newest of each kind.
#[derive(Debug, Default)]
pub(super) struct CaseTraces<'a> {
    done: Option<Placed<'a>>,
    parameters: Option<Placed<'a>>,
    enqueued: Option<(&'a EnqueuedCase, f64)>,
    error: Option<&'a LegacyObject>,
    pending: Option<&'a LegacyObject>,
}

/// An object, and the folder that it lies in.
#[derive(Debug, Clone, Copy)]
struct Placed<'a> {
    key: &'a LegacyKey,
    folder: &'a LegacyFolder,
    object: &'a LegacyObject,
}

impl LegacyStudy {
    /// The results that were read, in order of their cases.
    pub fn results(&self) -> impl Iterator<Item = ResultDocument> {
        self.traces().into_iter().filter_map(|(case, traces)| traces.result(case))
    }

    /// The errors that were read of cases that have no result, in order of their cases.
    pub fn errors(&self) -> impl Iterator<Item = ErrorDocument> {
        self.traces().into_iter().filter_map(|(case, traces)| traces.error(case))
    }

    /// Returns the results of these cases that were read, in order, and forgets their models' answers afterwards: these may be
    /// large, and only the caller needs them.
    pub fn take_results(&mut self, cases: &BTreeSet<CaseId>) -> Vec<ResultDocument> {
        let results: Vec<ResultDocument> =
            cases.iter().filter_map(|case| self.traces_of(*case).result(*case)).collect();
        for case in cases {
            for folder in self.folders.get(case).into_iter().flatten() {
                let object = self.objects.get_mut(&LegacyKey::Done(folder.clone(), *case));
                if let Some(LegacyDocument::Done(_, outcome)) = object.and_then(|object| object.document.as_mut()) {
                    outcome.forget();
                }
            }
        }
        results
    }

    /// Returns the part of a result that is worth remembering, so that it needn't be read again: a document like it, but
    /// without its model's parameters and answer. `None` if it wasn't read or can't be.
    #[must_use]
    pub fn abridged(&self, key: &LegacyKey) -> Option<serde_json::Value> {
        match &self.objects.get(key)?.document {
            Some(LegacyDocument::Done(attempt, _)) => Some(attempt.abridged()),
            _ => None,
        }
    }

    /// The batch of a case.
    #[must_use]
    pub fn batch_of(&self, case: CaseId) -> Batch {
        self.traces_of(case).batch()
    }

    /// Returns the traces of one case, without going through the others.
    pub(super) fn traces_of(&self, case: CaseId) -> CaseTraces<'_> {
        let mut traces = CaseTraces::default();
        for folder in self.folders.get(&case).into_iter().flatten() {
            for key in [LegacyKey::Done(folder.clone(), case), LegacyKey::Parameters(folder.clone(), case)] {
                traces.extend(self.objects.get_key_value(&key));
            }
        }
        traces.extend(self.objects.get_key_value(&LegacyKey::Error(case)));
        traces.extend(self.objects.get_key_value(&LegacyKey::Pending(case)));
        if let Some(object) = self.objects.get(&LegacyKey::AllRuns)
            && let Some(LegacyDocument::Enqueued(enqueued)) = &object.document
        {
            traces.enqueued = enqueued.cases.get(&case).map(|case| (case, object.changed));
        }
        traces
    }

    pub(super) fn traces(&self) -> BTreeMap<CaseId, CaseTraces<'_>> {
        let mut cases: BTreeMap<CaseId, CaseTraces> = BTreeMap::new();
        for (key, object) in &self.objects {
            match key {
                LegacyKey::Done(_, case)
                | LegacyKey::Parameters(_, case)
                | LegacyKey::Error(case)
                | LegacyKey::Pending(case) => cases.entry(*case).or_default().extend(Some((key, object))),
                LegacyKey::AllRuns => {
                    let Some(LegacyDocument::Enqueued(enqueued)) = &object.document else { continue };
                    for (case, known) in &enqueued.cases {
                        cases.entry(*case).or_default().enqueued = Some((known, object.changed));
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

impl<'a> Extend<(&'a LegacyKey, &'a LegacyObject)> for CaseTraces<'a> {
    fn extend<T: IntoIterator<Item = (&'a LegacyKey, &'a LegacyObject)>>(&mut self, objects: T) {
        for (key, object) in objects {
            match key {
                LegacyKey::Done(folder, _) => keep_newer(&mut self.done, Placed { key, folder, object }),
                LegacyKey::Parameters(folder, _) => keep_newer(&mut self.parameters, Placed { key, folder, object }),
                LegacyKey::Error(_) => self.error = Some(object),
                LegacyKey::Pending(_) => self.pending = Some(object),
                LegacyKey::Waiting(_) | LegacyKey::AllRuns => {}
            }
        }
    }
}

impl<'a> CaseTraces<'a> {
    /// The folder of the result, or else of the parameters, or else in `all_runs.json`, as a batch: the first that has a name.
    pub(super) fn batch(&self) -> Batch {
        let placed = [self.done, self.parameters].into_iter().flatten().map(|placed| placed.folder);
        let named = self.enqueued.and_then(|(case, _)| case.folder.as_ref());
        let folder = placed.chain(named).find(|folder| folder.has_name());
        folder.map_or_else(nameless, LegacyFolder::batch)
    }

    /// The level in the document of the case's state, or else in its enqueueing; 0 if neither has one.
    pub(super) fn level(&self) -> u32 {
        let enqueued = || self.enqueued.and_then(|(case, _)| case.level);
        self.attempt().and_then(|attempt| attempt.level).or_else(enqueued).unwrap_or_default()
    }

    /// The state; queued stands for cases that wait or are lost.
    pub(super) const fn state(&self) -> CaseState {
        if self.done.is_some() {
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

    /// Whether `all_runs.json` names the case.
    pub(super) const fn was_enqueued_last(&self) -> bool {
        self.enqueued.is_some()
    }

    pub(super) fn has_failed(&self) -> bool {
        self.state() == CaseState::Failed
    }

    /// Whether the case's result lies under this key.
    pub(super) fn is_result(&self, key: &LegacyKey) -> bool {
        self.done.is_some_and(|done| done.key == key)
    }

    /// Time when the case's state was written.
    pub(super) fn changed(&self) -> f64 {
        let state = self.done.map(|done| done.object).or(self.error).or(self.pending);
        let enqueued = [self.parameters.map(|placed| placed.object.changed), self.enqueued.map(|(_, changed)| changed)];
        state.map_or_else(|| enqueued.into_iter().flatten().fold(0.0, f64::max), |object| object.changed)
    }

    /// The attempt that brought the case into its state.
    pub(super) fn attempt(&self) -> Option<&'a LegacyAttempt> {
        let object = match self.state() {
            CaseState::Done => self.done.map(|done| done.object),
            CaseState::Failed => self.error,
            _ => self.pending,
        };
        match object?.document.as_ref()? {
            LegacyDocument::Done(attempt, _) | LegacyDocument::Error(attempt, _) | LegacyDocument::Pending(attempt) => {
                Some(attempt)
            }
            _ => None,
        }
    }

    /// Whether the duration of the attempt is known.
    pub(super) fn is_timed(&self) -> bool {
        self.attempt().is_some_and(|attempt| attempt.duration_secs().is_some())
    }

    pub(super) fn result(&self, case_id: CaseId) -> Option<ResultDocument> {
        let object = self.done?.object;
        let Some(LegacyDocument::Done(attempt, outcome)) = &object.document else { return None };
        let mut document = outcome.document(attempt, self.origin(case_id, object.changed));
        self.complete(&mut document.parameters);
        Some(document)
    }

    fn error(&self, case_id: CaseId) -> Option<ErrorDocument> {
        let object = self.error.filter(|_| self.has_failed())?;
        let Some(LegacyDocument::Error(attempt, failure)) = &object.document else { return None };
        let mut document = failure.document(attempt, self.origin(case_id, object.changed));
        self.complete(&mut document.parameters);
        Some(document)
    }

    fn origin(&self, case_id: CaseId, changed: f64) -> DocumentOrigin {
        DocumentOrigin { batch: self.batch(), case_id, level: self.level(), changed }
    }

    pub(super) fn own_parameters(&self) -> Option<&'a Parameters> {
        match &self.parameters?.object.document {
            Some(LegacyDocument::Parameters(parameters)) => Some(parameters),
            _ => None,
        }
    }

    /// Fills in inputs that a document leaves out and that stand elsewhere.
    fn complete(&self, parameters: &mut Parameters) {
        if parameters.is_empty() {
            let enqueued = || self.enqueued.map(|(case, _)| case.parameters());
            *parameters = self.own_parameters().cloned().or_else(enqueued).unwrap_or_default();
        }
    }
}
