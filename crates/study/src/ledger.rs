//! The ledger of a study: every case of every batch, each in exactly one state.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;

use crate::accounting::{BatchAccount, CaseState, Circumstances, total};
use crate::batch::Batch;
use crate::case::{CaseId, CaseRef};
use crate::case_table::TableRow;
use crate::key::DataKey;
use crate::outcome::ErrorDocument;
use crate::segment::{RowOutcome, SegmentRow};

/// How long SQS keeps a message, in seconds: 14 days.
pub const RETENTION_SECS: f64 = 14.0 * 24.0 * 3600.0;

/// Every case that is known, from tables, segments and listings.
#[derive(Debug, Default)]
pub struct Ledger {
    batches: Batches,
    failures: BTreeMap<CaseRef, Failure>,
}

type Batches = BTreeMap<Batch, BatchCases>;

/// What is known of the cases of a batch.
#[derive(Debug, Default)]
struct BatchCases {
    entries: BTreeMap<CaseId, Entry>,
    finishes: Vec<Finish>,
}

impl BatchCases {
    fn entry(&mut self, case: CaseId, level: u32) -> &mut Entry {
        self.entries.entry(case).or_insert(Entry::new(level))
    }

    fn finish(&mut self, case: CaseId, level: u32, finish: Finish) {
        // Not by `entry`: that borrows the finishes too.
        let entry = self.entries.entry(case).or_insert(Entry::new(level));
        match entry.finish_in(&mut self.finishes) {
            None => {
                self.finishes.push(finish);
                entry.finish = u32::try_from(self.finishes.len()).ok().and_then(NonZero::new);
            }
            Some(known) if finish.says_more_than(known) => {
                *known = finish;
                if entry.submit_time.is_none() {
                    entry.level = level;
                }
            }
            Some(_) => {}
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    level: u32,
    /// The place of its finish, from 1, if it has a result. There may be a million entries: this takes four bytes.
    finish: Option<NonZero<u32>>,
    /// When it was sent last; none for a result that no table names.
    submit_time: Option<f64>,
}

impl Entry {
    const fn new(level: u32) -> Self {
        Self { level, finish: None, submit_time: None }
    }

    const fn is_done(&self) -> bool {
        self.finish.is_some()
    }

    fn finish_in<'a>(&self, finishes: &'a mut [Finish]) -> Option<&'a mut Finish> {
        finishes.get_mut(self.finish?.get() as usize - 1)
    }
}

/// The last failed attempt of a case that has no result.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What groups it with others like it.
    pub signature: String,
    /// The exception and its message.
    pub error: String,
    /// The worker.
    pub worker: String,
    /// When it failed.
    pub end_time: f64,
    /// Whether no attempt is left.
    pub is_final: bool,
}

/// When a case got its result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finish {
    /// When.
    pub end_time: f64,
    /// How long the attempt took, in seconds, if a worker's segment or the result itself was read.
    pub duration_secs: Option<f64>,
}

impl Finish {
    /// A row says more than a listing does, and of two rows that of the later attempt.
    fn says_more_than(&self, known: &Self) -> bool {
        self.duration_secs.is_some() && (known.duration_secs.is_none() || self.end_time > known.end_time)
    }
}

/// A listing of `data/`: what is done, and what has an error document.
#[derive(Debug, Default)]
pub struct DataListing {
    /// Results, and when each was written.
    pub done: Vec<(CaseRef, f64)>,
    /// Error documents, and when each was written.
    pub errors: Vec<(CaseRef, f64)>,
}

impl DataListing {
    /// Notes an object, by its key and the time of its last change.
    pub fn add(&mut self, key: DataKey, changed: f64) {
        match key {
            DataKey::Done(batch, case) => self.done.push(((batch, case), changed)),
            DataKey::Error(batch, case) => self.errors.push(((batch, case), changed)),
            DataKey::Design(..) | DataKey::Cases(..) => {}
        }
    }
}

impl Ledger {
    /// Enters the cases of a table.
    pub fn add_table(&mut self, batch: &Batch, submit_time: f64, rows: &[TableRow]) {
        if rows.is_empty() {
            return;
        }
        let cases = self.batches.entry(batch.clone()).or_default();
        for row in rows {
            let entry = cases.entry(row.case_id, row.level);
            entry.level = row.level;
            entry.submit_time = Some(entry.submit_time.map_or(submit_time, |earlier| earlier.max(submit_time)));
        }
    }

    /// Forgets what the tables of a batch said, before those that there are now are entered again. A case that only a
    /// table spoke of is gone; one with a result or a failure stays.
    pub fn forget_tables(&mut self, batch: &Batch) {
        let Some(BatchCases { entries: cases, .. }) = self.batches.get_mut(batch) else { return };
        let mut case_ref = (batch.clone(), CaseId::default());
        // Moved one by one: to take single entries out of a map is much code for the page.
        for (case, entry) in std::mem::take(cases) {
            case_ref.1 = case;
            if entry.is_done() || self.failures.contains_key(&case_ref) {
                cases.insert(case, Entry { submit_time: None, ..entry });
            }
        }
    }

    /// Enters an attempt that a worker finished.
    pub fn add_row(&mut self, worker: &str, row: &SegmentRow) {
        match row.outcome {
            RowOutcome::Done => {
                let duration_secs = Some(row.end_time - row.start_time);
                let finish = Finish { end_time: row.end_time, duration_secs };
                self.finish(&(row.batch.clone(), row.case_id), row.level, finish);
            }
            RowOutcome::Failed => self.fail(
                (row.batch.clone(), row.case_id),
                row.level,
                Failure {
                    signature: row.signature.clone().unwrap_or_default(),
                    error: row.error.clone().unwrap_or_default(),
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
            Failure {
                signature: document.signature.clone(),
                error: document.summary(),
                worker: document.worker.clone(),
                end_time: document.end_time,
                is_final: document.is_final,
            },
        );
    }

    /// Compares with a listing that was begun at `listed`, and returns the cases whose error documents must be read.
    ///
    /// The listing is the truth: results that no segment names are entered, and failures whose document was deleted
    /// before the listing are forgotten.
    pub fn reconcile(&mut self, listing: &DataListing, listed: f64) -> Vec<CaseRef> {
        for (case, changed) in &listing.done {
            self.finish(case, 0, Finish { end_time: *changed, duration_secs: None });
        }
        let mut errors = BTreeSet::new();
        errors.extend(listing.errors.iter().map(|(case, _)| case.clone()));
        self.failures.retain(|case, failure| errors.contains(case) || failure.end_time > listed);
        let is_news = |(case, changed): &&(CaseRef, f64)| {
            // A document is written a moment after its attempt's end. Where another attempt was to follow, it may tell of that.
            let is_it = |failure: &Failure| failure.is_final && failure.end_time + 5.0 > *changed;
            let is_known = self.failures.get(case).is_some_and(is_it);
            !is_known && !self.entry(case).is_some_and(Entry::is_done)
        };
        listing.errors.iter().filter(is_news).map(|(case, _)| case.clone()).collect()
    }

    fn entry(&self, (batch, case): &CaseRef) -> Option<&Entry> {
        self.batches.get(batch)?.entries.get(case)
    }

    fn finish(&mut self, case: &CaseRef, level: u32, finish: Finish) {
        self.batches.entry(case.0.clone()).or_default().finish(case.1, level, finish);
        self.failures.remove(case);
    }

    fn fail(&mut self, case: CaseRef, level: u32, failure: Failure) {
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
    pub const fn failures(&self) -> &BTreeMap<CaseRef, Failure> {
        &self.failures
    }

    /// How many cases have a result.
    #[must_use]
    pub fn done_cases(&self) -> u64 {
        self.batches.values().map(|cases| cases.finishes.len() as u64).sum()
    }

    /// When a case got its result, if it has one. Without a duration, neither a row nor the result itself was entered.
    #[must_use]
    pub fn finish_of(&self, case: &CaseRef) -> Option<&Finish> {
        let cases = self.batches.get(&case.0)?;
        cases.finishes.get(cases.entries.get(&case.1)?.finish?.get() as usize - 1)
    }

    /// How many cases are known.
    #[must_use]
    pub fn cases(&self) -> u64 {
        self.batches.values().map(|cases| cases.entries.len() as u64).sum()
    }

    /// How many cases have neither a result nor used up their attempts.
    #[must_use]
    pub fn open_cases(&self) -> u64 {
        let final_failures = self.failures.values().filter(|failure| failure.is_final).count();
        self.cases() - self.done_cases() - final_failures as u64
    }

    /// The account of every batch, in order.
    #[must_use]
    pub fn account(&self, circumstances: &Circumstances) -> Vec<BatchAccount> {
        let batches = self.batches.iter().filter(|(_, cases)| !cases.entries.is_empty());
        let mut accounts: Vec<_> =
            batches.map(|(batch, cases)| self.account_batch(batch, cases, circumstances)).collect();
        // A worker with short cases speaks of a few only. If the one that it spoke of has a result by now, it holds another
        // of the batch, as long as the queue has leased one.
        let unnamed = circumstances.leased.saturating_sub(total(&accounts).running);
        let is_done = |case: &&CaseRef| self.entry(case).is_some_and(Entry::is_done);
        let finished = circumstances.running.iter().filter(is_done);
        for (batch, _) in finished.take(usize::try_from(unnamed).unwrap_or(usize::MAX)) {
            if let Some(account) = accounts.iter_mut().find(|account| account.batch == *batch) {
                account.start_one();
            }
        }
        tell_unsent(&mut accounts, circumstances);
        accounts
    }

    fn account_batch(&self, batch: &Batch, cases: &BatchCases, circumstances: &Circumstances) -> BatchAccount {
        let mut account = BatchAccount { finishes: cases.finishes.clone(), ..BatchAccount::new(batch.clone()) };
        let mut case_ref = (batch.clone(), CaseId::default());
        for (case, entry) in &cases.entries {
            case_ref.1 = *case;
            let state = self.state(&case_ref, entry, circumstances);
            account.counts.count(state);
            account.level(entry.level).count(state);
            account.submit_time = account.submit_time.max(entry.submit_time.unwrap_or_default());
        }
        let failures =
            self.failures.range((batch.clone(), CaseId::default())..).take_while(|(case, _)| case.0 == *batch);
        let times =
            cases.finishes.iter().map(|finish| finish.end_time).chain(failures.map(|failure| failure.1.end_time));
        account.touch_time = times.fold(account.submit_time, f64::max);
        account
    }

    fn state(&self, case: &CaseRef, entry: &Entry, circumstances: &Circumstances) -> CaseState {
        if entry.is_done() {
            return CaseState::Done;
        }
        if circumstances.running.contains(case) {
            return CaseState::Running;
        }
        if self.failures.get(case).is_some_and(|failure| failure.is_final) {
            return CaseState::Failed;
        }
        if circumstances.control.cancels(&case.0, case.1) {
            return CaseState::Cancelled;
        }
        let is_expired = entry.submit_time.is_none_or(|sent| circumstances.now - sent > RETENTION_SECS);
        let is_nowhere = circumstances.queue_is_empty && !circumstances.held_elsewhere.contains(&case.0);
        if is_nowhere || is_expired { CaseState::Lost } else { CaseState::Queued }
    }
}

/// Tells queued cases that aren't in the queue yet from those that are. A table is written before its cases are sent, so as many as
/// the queue has fewer messages are still to be sent: of the batch whose table was written last, as long as it has any.
fn tell_unsent(accounts: &mut [BatchAccount], circumstances: &Circumstances) {
    let Some(waiting) = circumstances.waiting else { return };
    let is_here = |account: &&mut BatchAccount| !circumstances.held_elsewhere.contains(&account.batch);
    let mut here: Vec<&mut BatchAccount> = Vec::new();
    for account in accounts.iter_mut().filter(is_here) {
        let place = here.partition_point(|other| other.submit_time >= account.submit_time);
        here.insert(place, account);
    }
    let (queued, running) =
        here.iter().fold((0, 0), |(queued, running), of| (queued + of.counts.queued, running + of.counts.running));
    let mut unsent = queued.saturating_sub(waiting + circumstances.leased.saturating_sub(running));
    for account in here {
        account.counts.unsent = unsent.min(account.counts.queued);
        unsent -= account.counts.unsent;
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
