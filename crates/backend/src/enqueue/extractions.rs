//! How far extractions of a batch are, by what its documents say.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::{Error, s3};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::case_table::read_table;
use cruncher_study::design_document::DesignDocument;
use cruncher_study::extract::{CaseExtract, extracts_in};
use cruncher_study::key::DataKey;
use cruncher_study::ledger::{RETENTION_SECS, SENDING_SECS};
use cruncher_study::model::ModelReference;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::shown_text::visible;

use super::settled::{alive_workers, is_queue_empty, listing};
use crate::administer::control::{ControlError, change_control, control};
use crate::reading::{MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES, ReadRequest, parse};
use crate::study::Study;

/// Number of result documents that are read with each look: the rest is read with the next ones.
const MAX_READ_AT_ONCE: usize = 500;

/// Time for which the queue takes no second message of a case that is sent after the same extraction, in seconds.
const DEDUPLICATION_SECS: f64 = 300.0;

/// Time by which the clocks of S3 and of senders may differ, in seconds.
const CLOCK_SECS: f64 = 5.0;

/// A second model over the files of a batch's cases: all submissions with this model together.
#[derive(Debug, Clone, PartialEq)]
pub struct Extraction {
    /// The model.
    pub model: ModelReference,
    /// Its submissions, the last one at the end.
    pub submissions: Vec<String>,
    /// Time of the last one, in seconds since 1970.
    pub submit_time: f64,
    /// Its sender.
    pub by: String,
    /// Number of cases that were sent.
    pub cases: u64,
    /// Those whose results have what was extracted.
    pub done: u64,
    /// Those in which the model failed, with the exception and its message.
    pub failed: Vec<(CaseId, String)>,
    /// Those that a worker has taken.
    pub running: u64,
    /// Those that wait for a worker.
    pub queued: u64,
    /// Those that no queue holds and no worker computes: their sender was interrupted. Who extracts again sends them.
    pub lost: u64,
    /// Those that nothing is extracted from any more: the extraction was withdrawn, the case has no result, or its message is too old.
    pub dropped: u64,
    /// Those whose documents have changed and aren't read yet: the next look reads them.
    pub unread: u64,
}

impl Extraction {
    /// Whether it isn't over.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.running + self.queued + self.unread > 0
    }

    /// Tells in a line how many cases are in which state.
    #[must_use]
    pub fn in_words(&self) -> String {
        let failed = self.failed.len() as u64;
        let others = [
            (failed, "failed"),
            (self.running, "running"),
            (self.queued, "queued"),
            (self.lost, "lost"),
            (self.unread, "to be read"),
            (self.dropped, "withdrawn or gone"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        let others: String = others.map(|(count, state)| [" · ", &thousands(count), " ", state].concat()).collect();
        format!("{} of {} done{others}", thousands(self.done), counted(self.cases, "case", "cases"))
    }

    /// Says what became of cases that are lost, and what sends them; `None` if none is.
    #[must_use]
    pub fn lost_in_words(&self) -> Option<String> {
        (self.lost > 0).then(|| {
            let are = counted(self.lost, "case is", "cases are");
            format!("{are} in no queue: who sent them was interrupted. Extracting again with the same script sends the rest; withdrawing gives it up.")
        })
    }
}

/// Looks at the extractions of a batch, again and again. What was read and hasn't changed isn't read again.
#[derive(Debug, Default)]
pub struct ExtractionWatch {
    submissions: BTreeMap<String, ExtractSubmission>,
    /// Entity tags of designs that name no cases for good, since they or their tables can't be read.
    unreadable: BTreeSet<String>,
    /// What a case's result document says of extractions, by the entity tag of that.
    documents: BTreeMap<CaseId, (String, Vec<CaseExtract>)>,
}

#[derive(Debug)]
struct ExtractSubmission {
    model: ModelReference,
    time: f64,
    by: String,
    is_forced: bool,
    cases: Vec<CaseId>,
}

/// How far a case of an extraction is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CaseExtractState {
    Done,
    Failed(String),
    /// It waits or runs since then, in seconds since 1970.
    Open(f64),
    Dropped,
    Unread,
}

impl CaseExtractState {
    /// Whether the queue, which is empty, should hold its message for longer than sending takes.
    pub(super) fn is_lost(&self, now: f64) -> bool {
        matches!(self, Self::Open(submit_time) if now - submit_time > SENDING_SECS)
    }
}

/// The results of a batch as a listing shows them.
type ResultObjects = BTreeMap<CaseId, s3::ListedObject>;

impl ExtractionWatch {
    /// Looks at all extractions of a batch, the last one first.
    ///
    /// # Errors
    /// If a request fails.
    pub async fn look(&mut self, study: &Study, batch: &Batch) -> Result<Vec<Extraction>, Error> {
        self.read_submissions(study, batch).await?;
        if self.submissions.is_empty() {
            return Ok(Vec::new());
        }
        let (control, results) = futures::future::try_join(control(study), results(study, batch)).await?;
        self.read_documents(study, &results, None, MAX_READ_AT_ONCE).await?;
        let is_withdrawn =
            |submission: &str| control.withdraws(submission) || control.cancelled_batches.contains(batch);
        let states = |model| (model, self.cases_of(study.now(), model, &results, &is_withdrawn));
        let states: Vec<_> = self.models().into_iter().map(states).collect();
        let mut computed = BTreeSet::new();
        let mut empty_time = None;
        let is_open = |state: &CaseExtractState| matches!(state, CaseExtractState::Open(_));
        if states.iter().any(|(_, states)| states.values().any(is_open)) {
            let looks = futures::future::try_join(alive_workers(study), is_queue_empty(study, &control));
            let (workers, is_empty) = looks.await?;
            let cases = workers.into_iter().filter_map(|worker| worker.case);
            computed.extend(cases.filter(|case| case.batch == *batch).map(|case| case.case_id));
            empty_time = is_empty.then(|| study.now());
        }
        let account = |(model, states)| self.account(model, states, &computed, empty_time);
        let mut found: Vec<Extraction> = states.into_iter().map(account).collect();
        found.sort_by(|one, other| other.submit_time.total_cmp(&one.submit_time));
        Ok(found)
    }

    /// Returns the state of each case that was sent to be extracted from by this model, however many documents that takes.
    pub(super) async fn states(
        &mut self,
        study: &Study,
        batch: &Batch,
        model: &ModelReference,
        results: &ResultObjects,
    ) -> Result<BTreeMap<CaseId, CaseExtractState>, Error> {
        self.read_submissions(study, batch).await?;
        let control = control(study).await?;
        self.read_documents(study, results, Some(model), usize::MAX).await?;
        Ok(self.cases_of(study.now(), model, results, &|submission| control.withdraws(submission)))
    }

    /// Whether the last that was extracted from a case is what this model has, as far as its document was read.
    pub(super) fn is_extracted(&self, case: CaseId, model: &ModelReference) -> bool {
        let last = self.documents.get(&case).and_then(|(_, extracts)| extracts.last());
        last.is_some_and(|last| last.is_of(model) && last.error.is_none())
    }

    /// Returns the last submission of an extraction by this model, if there is one.
    pub(super) fn last_of(&self, model: &ModelReference) -> Option<&str> {
        let own = self.submissions.iter().filter(|(_, own)| own.model == *model);
        let last = own.max_by(|(_, one), (_, other)| one.time.total_cmp(&other.time));
        last.map(|(id, _)| id.as_str())
    }

    /// Returns the models, each once.
    fn models(&self) -> Vec<&ModelReference> {
        let mut models: Vec<&ModelReference> = Vec::new();
        for submission in self.submissions.values() {
            if !models.contains(&&submission.model) {
                models.push(&submission.model);
            }
        }
        models
    }

    /// Reads designs and tables that aren't known. One that can't be read names no cases.
    async fn read_submissions(&mut self, study: &Study, batch: &Batch) -> Result<(), Error> {
        let designs = s3::list_all(&study.client, listing(study, batch, "design-extract-")).await?;
        let named = designs.into_iter().filter_map(|object| match DataKey::parse(&object.key) {
            Some(DataKey::ExtractDesign(own, id))
                if own == *batch && !self.submissions.contains_key(&id) && !self.unreadable.contains(&object.etag) =>
            {
                Some(ReadRequest::whole(object))
            }
            _ => None,
        });
        for (object, body) in study.read_all(named.collect(), MAX_DOCUMENT_BYTES).await? {
            let Some((design, model)) = parse::<DesignDocument>(body)
                .ok()
                .and_then(|design| design.extract.clone().map(|model| (design, model)))
            else {
                self.unreadable.insert(object.etag);
                continue;
            };
            // Who is sending has written the design, and the table comes in a moment.
            let Ok(table) = study.read_packed(&design.table_key().key(), MAX_ROWS_BYTES).await else { continue };
            let Ok(rows) = read_table(&table) else {
                self.unreadable.insert(object.etag);
                continue;
            };
            let cases = rows.iter().map(|row| row.case_id).collect();
            let (time, by) = (design.submit_time, design.submitted_by);
            let submission = ExtractSubmission { model, time, by, is_forced: design.force, cases };
            self.submissions.insert(design.submission, submission);
        }
        Ok(())
    }

    /// Reads what has changed since something was to be extracted from it, by one model or by any.
    async fn read_documents(
        &mut self,
        study: &Study,
        results: &ResultObjects,
        model: Option<&ModelReference>,
        most: usize,
    ) -> Result<(), Error> {
        let mut wanted = BTreeSet::new();
        for submission in self.submissions.values().filter(|own| model.is_none_or(|model| own.model == *model)) {
            let is_wanted = |case: &&CaseId| {
                let object = results.get(case).filter(|object| has_changed(object, submission.time));
                object.is_some_and(|object| !self.knows(**case, object))
            };
            wanted.extend(submission.cases.iter().filter(is_wanted));
        }
        let requests = wanted.into_iter().take(most).filter_map(|case| results.get(&case).cloned());
        let requests = requests.map(ReadRequest::whole).collect();
        let mut each = |object: s3::ListedObject, body: Result<bytes::Bytes, String>| {
            let Some(DataKey::Done(_, case)) = DataKey::parse(&object.key) else { return };
            // A document that can't be read tells of nothing.
            let mut extracts = body.map(|json| extracts_in(&json)).unwrap_or_default();
            for extract in &mut extracts {
                // What is told of a case is read when somebody opens it.
                (extract.log, extract.traceback, extract.warnings) = Default::default();
            }
            self.documents.insert(case, (object.etag, extracts));
        };
        study.read_each(requests, MAX_DOCUMENT_BYTES, &mut each).await
    }

    fn knows(&self, case: CaseId, object: &s3::ListedObject) -> bool {
        self.documents.get(&case).is_some_and(|(etag, _)| *etag == object.etag)
    }

    fn cases_of(
        &self,
        now: f64,
        model: &ModelReference,
        results: &ResultObjects,
        is_withdrawn: &dyn Fn(&str) -> bool,
    ) -> BTreeMap<CaseId, CaseExtractState> {
        let mut last: BTreeMap<CaseId, (&str, &ExtractSubmission)> = BTreeMap::new();
        for (id, submission) in self.submissions.iter().filter(|(_, own)| own.model == *model) {
            for case in &submission.cases {
                let known = last.entry(*case).or_insert((id, submission));
                if known.1.time <= submission.time {
                    *known = (id, submission);
                }
            }
        }
        let state = |(case, (id, submission)): (CaseId, (&str, &ExtractSubmission))| {
            (case, self.state(now, case, id, submission, results.get(&case), is_withdrawn(id)))
        };
        last.into_iter().map(state).collect()
    }

    fn state(
        &self,
        now: f64,
        case: CaseId,
        id: &str,
        submission: &ExtractSubmission,
        object: Option<&s3::ListedObject>,
        is_withdrawn: bool,
    ) -> CaseExtractState {
        let Some(object) = object else { return CaseExtractState::Dropped };
        if has_changed(object, submission.time) {
            if !self.knows(case, object) {
                return CaseExtractState::Unread;
            }
            let extracts = self.documents.get(&case).map(|(_, extracts)| extracts.as_slice()).unwrap_or_default();
            let is_own = |own: &&CaseExtract| own.submission == id || self.stands_for(own, submission);
            if let Some(own) = extracts.iter().rfind(is_own) {
                return own.error.clone().map_or(CaseExtractState::Done, CaseExtractState::Failed);
            }
            // A worker leaves it out as well.
            if !submission.is_forced && self.is_extracted(case, &submission.model) {
                return CaseExtractState::Done;
            }
        }
        if is_withdrawn || now - submission.time > RETENTION_SECS {
            CaseExtractState::Dropped
        } else {
            CaseExtractState::Open(submission.time)
        }
    }

    /// Whether what was extracted is what this submission asked for, too: of two who send at the same time, the queue takes the messages
    /// of one, by whichever of them a worker names it.
    fn stands_for(&self, extract: &CaseExtract, submission: &ExtractSubmission) -> bool {
        let other = self.submissions.get(&extract.submission).filter(|other| other.model == submission.model);
        other.is_some_and(|other| (submission.time - other.time).abs() < DEDUPLICATION_SECS)
            && extract.end_time >= submission.time
    }

    /// Counts the states of an extraction's cases. An open one that a worker computes runs, one that no queue holds is lost.
    fn account(
        &self,
        model: &ModelReference,
        states: BTreeMap<CaseId, CaseExtractState>,
        computed: &BTreeSet<CaseId>,
        empty_time: Option<f64>,
    ) -> Extraction {
        let mut own: Vec<(&String, &ExtractSubmission)> =
            self.submissions.iter().filter(|(_, own)| own.model == *model).collect();
        own.sort_by(|(_, one), (_, other)| one.time.total_cmp(&other.time));
        let mut extraction = Extraction {
            model: model.clone(),
            submissions: own.iter().map(|(id, _)| (*id).clone()).collect(),
            submit_time: own.last().map_or(0.0, |(_, own)| own.time),
            by: own.last().map(|(_, own)| visible(&own.by)).unwrap_or_default(),
            cases: 0,
            done: 0,
            failed: Vec::new(),
            running: 0,
            queued: 0,
            lost: 0,
            dropped: 0,
            unread: 0,
        };
        for (case, state) in states {
            extraction.cases += 1;
            match state {
                CaseExtractState::Done => extraction.done += 1,
                CaseExtractState::Failed(error) => extraction.failed.push((case, visible(&error))),
                CaseExtractState::Open(_) if computed.contains(&case) => extraction.running += 1,
                state @ CaseExtractState::Open(_) if empty_time.is_some_and(|now| state.is_lost(now)) => {
                    extraction.lost += 1;
                }
                CaseExtractState::Open(_) => extraction.queued += 1,
                CaseExtractState::Dropped => extraction.dropped += 1,
                CaseExtractState::Unread => extraction.unread += 1,
            }
        }
        extraction
    }
}

fn has_changed(object: &s3::ListedObject, since: f64) -> bool {
    object.last_modified.as_secs_f64() + CLOCK_SECS >= since
}

/// Lists the results of a batch.
pub(super) async fn results(study: &Study, batch: &Batch) -> Result<ResultObjects, Error> {
    let mut found = ResultObjects::new();
    let each = |object: s3::ListedObject| match DataKey::parse(&object.key) {
        Some(DataKey::Done(own, case)) if own == *batch => drop(found.insert(case, object)),
        _ => {}
    };
    s3::list_each(&study.client, listing(study, batch, "done-"), each).await?;
    Ok(found)
}

/// Withdraws extractions: nothing is extracted from cases that still wait. What was extracted stays, and so do the cases.
///
/// # Errors
/// If `control.json` can't be changed.
pub async fn withdraw_extraction(study: &Study, submissions: &[String]) -> Result<(), ControlError> {
    change_control(study, &|control| control.withdrawn_submissions.extend(submissions.iter().cloned())).await?;
    Ok(())
}
