//! The ledger of a study: every case of every batch, each in exactly one state.

mod account;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;

use crate::batch::Batch;
use crate::case::{CaseId, CaseRef};
use crate::case_table::TableRow;
use crate::control::StudyControl;
use crate::halting::{HaltRule, LatestAttempts};
use crate::key::DataKey;
use crate::outcome::ErrorDocument;
use crate::pool::Pool;
use crate::responses::ResponseValues;
use crate::segment::{RowOutcome, SegmentRow};
use crate::shown_text::visible;

/// Time for which SQS keeps a message, in seconds: 14 days.
pub const RETENTION_SECS: f64 = 14.0 * 24.0 * 3600.0;

/// Time that a case may take to reach the queue after its table was written, in seconds.
pub const SENDING_SECS: f64 = 60.0;

/// Time for which a row may tell of a result that a listing doesn't have, in seconds: the listing is older.
const UNPROVEN_SECS: f64 = 60.0;

/// Every case that is known, from tables, segments and listings.
#[derive(Debug, Default)]
pub struct Ledger {
    batches: Batches,
    failures: BTreeMap<CaseRef, CaseFailure>,
    attempts: LatestAttempts,
    /// The models of designs, by batch and submission; `None` for a design that can't be read.
    models: BTreeMap<(Batch, String), Option<SubmittedModel>>,
}

/// The model of a submission, as its design tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmittedModel {
    /// The key of the model.
    pub key: String,
    /// Time when it was submitted.
    pub submit_time: f64,
}

/// A response of a result that is a number, and the number.
pub type RowResponse<'a> = Option<(&'a str, f64)>;

/// What is told of a result beside its time.
#[derive(Debug, Default)]
struct ToldResult<'a> {
    is_empty: bool,
    response: RowResponse<'a>,
    files_kib: u32,
}

type Batches = BTreeMap<Batch, BatchCases>;

/// The known cases of a batch.
#[derive(Debug, Default)]
struct BatchCases {
    entries: BTreeMap<CaseId, Entry>,
    finishes: Vec<CaseFinish>,
    responses: ResponseValues,
    /// Size of the files of each case, in KiB, by the place of its finish; ends after the last one that has any.
    files_kib: Vec<u32>,
    submissions: Vec<Submission>,
    /// The pools that its cases were sent to.
    pools: Vec<Pool>,
}

/// A submission, as its table tells.
#[derive(Debug)]
struct Submission {
    id: String,
    /// Time when its table was written last.
    time: f64,
}

impl BatchCases {
    /// Returns the place of a submission, whose table was written at `time`.
    fn submission(&mut self, id: &str, time: f64) -> usize {
        let known = self.submissions.iter().position(|known| known.id == id);
        let place = known.unwrap_or_else(|| {
            self.submissions.push(Submission { id: id.to_owned(), time });
            self.submissions.len() - 1
        });
        self.submissions[place].time = self.submissions[place].time.max(time);
        place
    }

    /// The submission that named a case last.
    fn submission_of(&self, entry: &Entry) -> Option<&Submission> {
        self.submissions.get(entry.submission?.get() as usize - 1)
    }

    /// Returns the place of a pool, from 1; 0 is the study's own queue.
    fn pool(&mut self, pool: Option<Pool>) -> u8 {
        let Some(pool) = pool else { return 0 };
        if let Some(place) = self.pools.iter().position(|known| *known == pool) {
            return u8::try_from(place + 1).unwrap_or_default();
        }
        // No study has as many: whoever may write tables can name more, which are as good as none.
        let Ok(place) = u8::try_from(self.pools.len() + 1) else { return 0 };
        self.pools.push(pool);
        place
    }

    /// The pool that a case was sent to last.
    fn pool_of(&self, entry: &Entry) -> Option<&Pool> {
        self.pools.get(usize::from(entry.pool).checked_sub(1)?)
    }

    fn entry(&mut self, case: CaseId, level: u32) -> &mut Entry {
        self.entries.entry(case).or_insert(Entry::new(level))
    }

    fn finish(&mut self, case: CaseId, level: u32, finish: CaseFinish, told: &ToldResult) {
        // `self.entry` would borrow the finishes, too.
        let entry = self.entries.entry(case).or_insert(Entry::new(level));
        match entry.finish_in(&mut self.finishes) {
            None => {
                self.finishes.push(finish);
                entry.finish = u32::try_from(self.finishes.len()).ok().and_then(NonZero::new);
                entry.is_empty = told.is_empty;
                self.tell(self.finishes.len() - 1, told);
            }
            Some(known) if finish.says_more_than(known) => {
                *known = finish;
                entry.is_empty = told.is_empty;
                if entry.submission.is_none() {
                    entry.level = level;
                }
                if let Some(place) = entry.finish {
                    self.tell(place.get() as usize - 1, told);
                }
            }
            Some(_) => {}
        }
    }

    /// Notes what is told of the result whose finish is at this place.
    fn tell(&mut self, place: usize, told: &ToldResult) {
        self.responses.set(place, told.response);
        if told.files_kib > 0 && self.files_kib.len() <= place {
            self.files_kib.resize(place + 1, 0);
        }
        if let Some(kib) = self.files_kib.get_mut(place) {
            *kib = told.files_kib;
        }
    }

    /// Forgets the finishes of which this isn't so; a case that only its row named is gone.
    fn retain_finishes(&mut self, mut is_kept: impl FnMut(&CaseId, &CaseFinish) -> bool) {
        let finishes = std::mem::take(&mut self.finishes);
        let responses = std::mem::take(&mut self.responses);
        let files_kib = std::mem::take(&mut self.files_kib);
        // Moved one by one: taking single entries out of a map is much code for the page.
        for (case, mut entry) in std::mem::take(&mut self.entries) {
            if let Some(place) = entry.finish.take().map(|place| place.get() as usize - 1) {
                if is_kept(&case, &finishes[place]) {
                    self.finishes.push(finishes[place]);
                    let files_kib = files_kib.get(place).copied().unwrap_or_default();
                    let response = responses.get(place);
                    self.tell(self.finishes.len() - 1, &ToldResult { response, files_kib, is_empty: entry.is_empty });
                    entry.finish = u32::try_from(self.finishes.len()).ok().and_then(NonZero::new);
                } else if entry.submission.is_none() {
                    continue;
                } else {
                    entry.is_empty = false;
                }
            }
            self.entries.insert(case, entry);
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    level: u32,
    /// The place of its finish, from 1, if it has a result. There may be a million entries: this takes four bytes.
    finish: Option<NonZero<u32>>,
    /// The place of the submission that named it last, from 1; `None` for a result that no table names.
    submission: Option<NonZero<u32>>,
    /// Whether its model returned nothing, as the row of its finish says.
    is_empty: bool,
    /// The place of its pool, from 1; 0 is the study's own queue.
    pool: u8,
}

impl Entry {
    const fn new(level: u32) -> Self {
        Self { level, finish: None, submission: None, is_empty: false, pool: 0 }
    }

    const fn is_done(&self) -> bool {
        self.finish.is_some()
    }

    fn finish_in<'a>(&self, finishes: &'a mut [CaseFinish]) -> Option<&'a mut CaseFinish> {
        finishes.get_mut(self.finish?.get() as usize - 1)
    }
}

/// The last failed attempt of a case that has no result.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseFailure {
    /// The signature, which groups it with others like it.
    pub signature: String,
    /// The exception and its message.
    pub error: String,
    /// The worker.
    pub worker: String,
    /// Time when it failed.
    pub end_time: f64,
    /// Whether no attempt is left.
    pub is_final: bool,
}

/// Time and duration of a case's successful attempt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CaseFinish {
    /// Time when the case got its result.
    pub end_time: f64,
    /// Duration of the attempt, in seconds, if a worker's segment or the result itself was read.
    pub duration_secs: Option<f64>,
}

impl CaseFinish {
    /// Whether it says more: a row says more than a listing, and the row of a later attempt more than that of an earlier one.
    fn says_more_than(&self, known: &Self) -> bool {
        self.duration_secs.is_some() && (known.duration_secs.is_none() || self.end_time > known.end_time)
    }
}

/// A listing of `data/`: the results and the error documents.
#[derive(Debug, Default)]
pub struct DataListing {
    /// Results, and the time when each was written.
    pub done: Vec<(CaseRef, f64)>,
    /// Error documents, and the time when each was written.
    pub errors: Vec<(CaseRef, f64)>,
}

impl DataListing {
    /// Notes an object, by its key and the time of its last change.
    pub fn add(&mut self, key: DataKey, changed: f64) {
        match key {
            DataKey::Done(batch, case) => self.done.push(((batch, case), changed)),
            DataKey::Error(batch, case) => self.errors.push(((batch, case), changed)),
            DataKey::Design(..) | DataKey::Cases(..) | DataKey::ExtractDesign(..) | DataKey::ExtractCases(..) => {}
        }
    }
}

impl Ledger {
    /// Enters the cases of a submission's table, which was written at `submit_time`. The last written of several tables that
    /// name a case counts. The predecessor's cases belong to no submission: their table has an empty name.
    pub fn add_table(&mut self, batch: &Batch, submission: &str, submit_time: f64, rows: &[TableRow]) {
        if rows.is_empty() {
            return;
        }
        let cases = self.batches.entry(batch.clone()).or_default();
        let place = cases.submission(submission, submit_time);
        let pools: Vec<u8> = rows.iter().map(|row| cases.pool(row.pool)).collect();
        let order = |place: usize| (cases.submissions[place].time, &cases.submissions[place].id);
        // Moved out, since the order needs the rest of the batch.
        let mut entries = std::mem::take(&mut cases.entries);
        for (row, pool) in rows.iter().zip(pools) {
            let entry = entries.entry(row.case_id).or_insert(Entry::new(row.level));
            let is_later = entry.submission.is_none_or(|known| order(known.get() as usize - 1) <= order(place));
            if is_later {
                entry.level = row.level;
                entry.pool = pool;
                entry.submission = u32::try_from(place + 1).ok().and_then(NonZero::new);
            }
        }
        cases.entries = entries;
    }

    /// Enters the model of a submission's design; `None` for a design that can't be read.
    pub fn add_model(&mut self, batch: &Batch, submission: &str, model: Option<SubmittedModel>) {
        self.models.insert((batch.clone(), submission.to_owned()), model);
    }

    /// Returns the designs that have to be read before versions can be told apart: all, if the study has several submissions,
    /// or one that is withdrawn.
    #[must_use]
    pub fn wanted_designs(&self, control: &StudyControl) -> Vec<DataKey> {
        if !self.has_versions(control) {
            return Vec::new();
        }
        let mut wanted = Vec::new();
        for (batch, id) in self.named_submissions() {
            if !self.models.contains_key(&(batch.clone(), id.to_owned())) {
                wanted.push(DataKey::Design(batch.clone(), id.to_owned()));
            }
        }
        wanted
    }

    /// Whether the study has more than one submission, or a withdrawn one.
    fn has_versions(&self, control: &StudyControl) -> bool {
        self.named_submissions().nth(1).is_some() || self.named_submissions().any(|(_, id)| control.withdraws(id))
    }

    /// The submissions, with the batch of each; cases of the predecessor have none.
    fn named_submissions(&self) -> impl Iterator<Item = (&Batch, &str)> {
        let batches = self.batches.iter();
        let all = batches.flat_map(|(batch, cases)| cases.submissions.iter().map(move |own| (batch, own.id.as_str())));
        all.filter(|(_, id)| !id.is_empty())
    }

    /// Forgets the tables of a batch, before the present ones are entered again. A case that only a table named is gone; one
    /// with a result or a failure stays.
    pub fn forget_tables(&mut self, batch: &Batch) {
        let Some(BatchCases { entries: cases, submissions, .. }) = self.batches.get_mut(batch) else { return };
        submissions.clear();
        let mut case_ref = (batch.clone(), CaseId::default());
        // Moved one by one: taking single entries out of a map is much code for the page.
        for (case, entry) in std::mem::take(cases) {
            case_ref.1 = case;
            if entry.is_done() || self.failures.contains_key(&case_ref) {
                cases.insert(case, Entry { submission: None, ..entry });
            }
        }
    }

    /// Enters an attempt that a worker finished.
    pub fn add_row(&mut self, worker: &str, row: &SegmentRow) {
        self.add_result(worker, row, None);
    }

    /// Enters an attempt that a worker finished, with the response of its result that counts as the batch's first.
    pub fn add_result(&mut self, worker: &str, row: &SegmentRow, response: RowResponse) {
        self.attempts.add(row.end_time, row.outcome == RowOutcome::Failed);
        match row.outcome {
            RowOutcome::Done => {
                let duration_secs = Some(row.end_time - row.start_time);
                let finish = CaseFinish { end_time: row.end_time, duration_secs };
                let told = ToldResult { is_empty: row.is_empty, response, files_kib: row.files_kib };
                self.finish(&(row.batch.clone(), row.case_id), row.level, finish, &told);
            }
            RowOutcome::Failed => self.fail(
                (row.batch.clone(), row.case_id),
                row.level,
                CaseFailure {
                    signature: row.signature.clone().unwrap_or_default(),
                    error: visible(row.error.as_deref().unwrap_or_default()),
                    worker: worker.to_owned(),
                    end_time: row.end_time,
                    is_final: row.is_final,
                },
            ),
        }
    }

    /// Enters an error document.
    pub fn add_error(&mut self, document: &ErrorDocument) {
        self.fail(
            (document.batch.clone(), document.case_id),
            document.level,
            CaseFailure {
                signature: document.signature.clone(),
                error: visible(&document.summary()),
                worker: document.worker.clone(),
                end_time: document.end_time,
                is_final: document.is_final,
            },
        );
    }

    /// Compares with a listing that was begun at `listed`, and returns the cases whose error documents must be read.
    ///
    /// The listing is the truth: results that no segment names are entered, failures whose document was deleted before the
    /// listing are forgotten, and so is what a row says of a result that isn't there.
    pub fn reconcile(&mut self, listing: &DataListing, listed: f64) -> Vec<CaseRef> {
        for (case, changed) in &listing.done {
            let finish = CaseFinish { end_time: *changed, duration_secs: None };
            self.finish(case, 0, finish, &ToldResult::default());
        }
        if self.done_cases() > listing.done.len() as u64 {
            self.forget_unproven(listing, listed);
        }
        let mut errors = BTreeSet::new();
        errors.extend(listing.errors.iter().map(|(case, _)| case.clone()));
        self.failures.retain(|case, failure| errors.contains(case) || failure.end_time > listed);
        let is_news = |(case, changed): &&(CaseRef, f64)| {
            // A document is written a moment after its attempt's end. If another attempt was to follow, the document may tell
            // of that.
            let is_it = |failure: &CaseFailure| failure.is_final && failure.end_time + 5.0 > *changed;
            let is_known = self.failures.get(case).is_some_and(is_it);
            !is_known && !self.entry(case).is_some_and(Entry::is_done)
        };
        listing.errors.iter().filter(is_news).map(|(case, _)| case.clone()).collect()
    }

    /// Forgets results that a listing doesn't have, unless their rows may be younger than it.
    fn forget_unproven(&mut self, listing: &DataListing, listed: f64) {
        let mut proven = BTreeSet::new();
        proven.extend(listing.done.iter().map(|(case, _)| case.clone()));
        for (batch, cases) in &mut self.batches {
            let mut case_ref = (batch.clone(), CaseId::default());
            cases.retain_finishes(|case, finish| {
                case_ref.1 = *case;
                finish.end_time > listed - UNPROVEN_SECS || proven.contains(&case_ref)
            });
        }
    }

    fn entry(&self, (batch, case): &CaseRef) -> Option<&Entry> {
        self.batches.get(batch)?.entries.get(case)
    }

    /// Whether a row may be believed that tells of a result at `end_time`, after a listing that was begun at `listed` was entered.
    #[must_use]
    pub fn has_proof(&self, case: &CaseRef, end_time: f64, listed: f64) -> bool {
        self.finish_of(case).is_some() || end_time > listed - UNPROVEN_SECS
    }

    /// Whether a table or a listing names a case, or a row that was entered.
    #[must_use]
    pub fn knows(&self, batch: &Batch, case: CaseId) -> bool {
        self.batches.get(batch).is_some_and(|cases| cases.entries.contains_key(&case))
    }

    fn finish(&mut self, case: &CaseRef, level: u32, finish: CaseFinish, told: &ToldResult) {
        self.batches.entry(case.0.clone()).or_default().finish(case.1, level, finish, told);
        self.failures.remove(case);
    }

    fn fail(&mut self, case: CaseRef, level: u32, failure: CaseFailure) {
        if self.batches.entry(case.0.clone()).or_default().entry(case.1, level).is_done() {
            return;
        }
        let is_older = self.failures.get(&case).is_some_and(|known| known.end_time > failure.end_time);
        if !is_older {
            self.failures.insert(case, failure);
        }
    }

    /// The failures of cases that have no result, in order of batch and case.
    #[must_use]
    pub const fn failures(&self) -> &BTreeMap<CaseRef, CaseFailure> {
        &self.failures
    }

    /// Returns the cases with this id, one a batch.
    #[must_use]
    pub fn cases_with_id(&self, case: CaseId) -> Vec<CaseRef> {
        let batches = self.batches.iter().filter(|(_, cases)| cases.entries.contains_key(&case));
        batches.map(|(batch, _)| (batch.clone(), case)).collect()
    }

    /// Returns the cases whose last submission is withdrawn.
    #[must_use]
    pub fn withdrawn_cases(&self, control: &StudyControl) -> BTreeSet<CaseRef> {
        let all =
            self.batches.iter().flat_map(|(batch, cases)| cases.entries.keys().map(|case| (batch.clone(), *case)));
        all.filter(|case| self.withdraws(case, control)).collect()
    }

    /// Returns the cases of each submission of a batch whose versions are told apart, without those that a later one names.
    #[must_use]
    pub fn cases_of_submissions(&self, batch: &Batch) -> BTreeMap<&str, Vec<CaseId>> {
        let mut found: BTreeMap<&str, Vec<CaseId>> = BTreeMap::new();
        let Some(cases) = self.batches.get(batch) else { return found };
        for (case, entry) in &cases.entries {
            if let Some(submission) = cases.submission_of(entry) {
                found.entry(&submission.id).or_default().push(*case);
            }
        }
        found
    }

    /// Returns the failures of cases that have no result, weren't sent again since, and aren't withdrawn.
    pub fn counted_failures<'a>(
        &'a self,
        control: &'a StudyControl,
    ) -> impl Iterator<Item = (&'a CaseRef, &'a CaseFailure)> {
        let counts = |(case, failure): &(&CaseRef, &CaseFailure)| {
            !self.was_sent_again(case, failure) && !self.withdraws(case, control)
        };
        self.failures.iter().filter(counts)
    }

    /// Whether a case has used up its attempts since it was sent last.
    fn has_failed(&self, case: &CaseRef) -> bool {
        self.failures.get(case).is_some_and(|failure| failure.is_final && !self.was_sent_again(case, failure))
    }

    /// Whether a case was submitted after its failure, as the design of the submission that named it last tells.
    fn was_sent_again(&self, case: &CaseRef, failure: &CaseFailure) -> bool {
        let submit_time = || {
            let cases = self.batches.get(&case.0)?;
            let submission = cases.submission_of(cases.entries.get(&case.1)?)?;
            // A table that is older than the failure is of the submission that failed, whatever the sender's clock says.
            if submission.time < failure.end_time {
                return None;
            }
            Some(self.models.get(&(case.0.clone(), submission.id.clone()))?.as_ref()?.submit_time)
        };
        submit_time().is_some_and(|time| time > failure.end_time)
    }

    /// Whether the case's last submission is withdrawn.
    fn withdraws(&self, (batch, case): &CaseRef, control: &StudyControl) -> bool {
        let of_case = || {
            let cases = self.batches.get(batch)?;
            cases.submission_of(cases.entries.get(case)?)
        };
        !control.withdrawn_submissions.is_empty() && of_case().is_some_and(|found| control.withdraws(&found.id))
    }

    /// Returns the response that is the first of a batch, once a result had a number.
    #[must_use]
    pub fn first_response(&self, batch: &Batch) -> Option<&str> {
        self.batches.get(batch)?.responses.name()
    }

    /// Returns why the latest attempts halt the study, if they do. Those count that ended after `time`.
    #[must_use]
    pub fn halt_reason(&self, rule: &HaltRule, time: f64) -> Option<String> {
        self.attempts.halt_reason(rule, time)
    }

    /// Returns the size of the files that cases left, in bytes, as far as rows tell: of a case that was computed again, of its last row.
    #[must_use]
    pub fn files_bytes(&self) -> u64 {
        self.batches.values().flat_map(|cases| &cases.files_kib).map(|kib| u64::from(*kib) << 10).sum()
    }

    /// Number of cases that have a result.
    #[must_use]
    pub fn done_cases(&self) -> u64 {
        self.batches.values().map(|cases| cases.finishes.len() as u64).sum()
    }

    /// Returns the finish of a case that has a result. If it has no duration, neither a row nor the result itself was entered.
    #[must_use]
    pub fn finish_of(&self, case: &CaseRef) -> Option<&CaseFinish> {
        let cases = self.batches.get(&case.0)?;
        cases.finishes.get(cases.entries.get(&case.1)?.finish?.get() as usize - 1)
    }

    /// Whether a worker's attempt of a case that began then, in seconds since 1970, is over: the case has a result, or a failure that
    /// is final or the worker's own, since. The clocks of two workers differ.
    #[must_use]
    pub fn has_ended_since(&self, case: &CaseRef, worker: &str, start_time: f64) -> bool {
        let is_its_end = |failure: &&CaseFailure| failure.is_final || failure.worker == worker;
        let failure = self.failures.get(case).filter(is_its_end).map(|failure| failure.end_time);
        let finish = self.finish_of(case).map(|finish| finish.end_time);
        failure.into_iter().chain(finish).any(|end_time| end_time >= start_time)
    }

    /// Number of cases that are known.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.batches.values().map(|cases| cases.entries.len() as u64).sum()
    }

    /// Number of cases that have neither a result nor used up their attempts.
    #[must_use]
    pub fn open_cases(&self) -> u64 {
        let final_failures = self.failures.keys().filter(|case| self.has_failed(case)).count();
        self.cases() - self.done_cases() - final_failures as u64
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
