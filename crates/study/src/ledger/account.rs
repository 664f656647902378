//! The account of a ledger: the state of each case.

use std::collections::BTreeMap;

use super::{BatchCases, Entry, Ledger, RETENTION_SECS, SENDING_SECS, Submission, SubmittedModel};
use crate::accounting::{AccountingInput, BatchAccount, CaseCounts, CaseState, SubmissionAccount, total};
use crate::batch::Batch;
use crate::case::{CaseId, CaseRef};
use crate::pool::Pool;
use crate::versions::version_numbers;

impl Ledger {
    /// The account of every batch, in order.
    #[must_use]
    pub fn account(&self, circumstances: &AccountingInput) -> Vec<BatchAccount> {
        let batches = self.batches.iter().filter(|(_, cases)| !cases.entries.is_empty());
        let (mut accounts, held): (Vec<_>, Vec<_>) =
            batches.map(|(batch, cases)| self.account_batch(batch, cases, circumstances)).unzip();
        // Leases of withdrawn cases don't belong to the other cases.
        let withdrawn = accounts.iter().flat_map(|account| &account.submissions).filter(|own| own.is_withdrawn);
        let leased = circumstances.leased.saturating_sub(withdrawn.map(|own| own.counts.running).sum());
        let circumstances = &AccountingInput { leased, ..*circumstances };
        // A worker with short cases names only a few of them. If the case that it named has a result by now, it holds another
        // one of the batch, as long as the queue has leased one.
        let unnamed = circumstances.leased.saturating_sub(total(&accounts).running);
        let done = |case: &CaseRef| self.entry(case).copied().filter(Entry::is_done);
        let finished = circumstances.running.iter().filter_map(|case| Some((&case.0, done(case)?.pool)));
        for (batch, pool) in finished.take(usize::try_from(unnamed).unwrap_or(usize::MAX)) {
            if let Some(account) = accounts.iter_mut().find(|account| account.batch == *batch) {
                account.start_one(usize::from(pool));
            }
        }
        tell_unsent(&mut accounts, &held, circumstances);
        number_versions(&mut accounts);
        accounts
    }

    /// Returns the states that no row tells, in order: of cases that are open, lost or called off, and of those whose result is known
    /// by its name alone. Withdrawn cases have none.
    #[must_use]
    pub fn untold_states(&self, circumstances: &AccountingInput) -> BTreeMap<Batch, Vec<(CaseId, CaseState)>> {
        let mut states = BTreeMap::new();
        for (batch, cases) in &self.batches {
            let mut case_ref = (batch.clone(), CaseId::default());
            let mut untold = Vec::new();
            for (case, entry) in &cases.entries {
                case_ref.1 = *case;
                let submission = cases.submission_of(entry);
                let is_told = match entry.finish.and_then(|place| cases.finishes.get(place.get() as usize - 1)) {
                    Some(finish) => finish.duration_secs.is_some(),
                    None => self.has_failed(&case_ref) && !circumstances.running.contains(&case_ref),
                };
                if !is_told && !submission.is_some_and(|own| circumstances.control.withdraws(&own.id)) {
                    let place = (submission, cases.pool_of(entry));
                    untold.push((*case, self.state(&case_ref, entry, place, circumstances)));
                }
            }
            if !untold.is_empty() {
                states.insert(batch.clone(), untold);
            }
        }
        states
    }

    /// Returns the account of a batch, and the number of its queued cases that their senders have noted as not sent yet.
    fn account_batch(&self, batch: &Batch, cases: &BatchCases, circumstances: &AccountingInput) -> (BatchAccount, u64) {
        let mut rests: Vec<u64> = cases.submissions.iter().map(|own| circumstances.control.rest(&own.id)).collect();
        let mut held = 0;
        let mut account = BatchAccount { finishes: cases.finishes.clone(), ..BatchAccount::new(batch.clone()) };
        let of_submission = |own: &Submission| {
            let is_withdrawn = circumstances.control.withdraws(&own.id);
            SubmissionAccount::new(own.id.clone(), own.time, is_withdrawn)
        };
        let mut submissions: Vec<_> = cases.submissions.iter().map(of_submission).collect();
        if !cases.pools.is_empty() {
            let pools = std::iter::once(None).chain(cases.pools.iter().copied().map(Some));
            account.pools = pools.map(|pool| (pool, CaseCounts::default())).collect();
        }
        let mut case_ref = (batch.clone(), CaseId::default());
        for (case, entry) in &cases.entries {
            case_ref.1 = *case;
            let state = self.state(&case_ref, entry, (cases.submission_of(entry), cases.pool_of(entry)), circumstances);
            let place = entry.submission.map(|place| place.get() as usize - 1);
            if let Some(submission) = place.and_then(|place| submissions.get_mut(place)) {
                submission.counts.count(state);
                if submission.is_withdrawn {
                    account.counts.withdrawn += 1;
                    if let Some((_, counts)) = account.pools.get_mut(usize::from(entry.pool)) {
                        counts.withdrawn += 1;
                    }
                    // Removed below, since the places of the others count.
                    if let Some(finish) = entry.finish_in(&mut account.finishes) {
                        finish.end_time = f64::NAN;
                    }
                    continue;
                }
            }
            account.counts.count(state);
            account.level(entry.level).count(state);
            if let Some((_, counts)) = account.pools.get_mut(usize::from(entry.pool)) {
                counts.count(state);
            }
            let rest = place.and_then(|place| rests.get_mut(place));
            if let Some(rest) = rest.filter(|rest| **rest > 0 && state == CaseState::Queued) {
                *rest -= 1;
                held += 1;
            }
        }
        account.response = cases.responses.summary(&account.finishes);
        account.finishes.retain(|finish| !finish.end_time.is_nan());
        account.submit_time = submissions.iter().map(|own| own.time).fold(0.0, f64::max);
        if self.has_versions(circumstances.control) {
            account.submissions = self.in_order(batch, submissions);
        }
        let failures =
            self.failures.range((batch.clone(), CaseId::default())..).take_while(|(case, _)| case.0 == *batch);
        let times =
            cases.finishes.iter().map(|finish| finish.end_time).chain(failures.map(|failure| failure.1.end_time));
        account.touch_time = times.fold(account.submit_time, f64::max);
        (account, held)
    }

    /// Returns submissions with their models, in the order in which they were submitted.
    fn in_order(&self, batch: &Batch, submissions: Vec<SubmissionAccount>) -> Vec<SubmissionAccount> {
        let mut ordered: Vec<SubmissionAccount> = Vec::new();
        for mut own in submissions.into_iter().filter(|own| !own.id.is_empty()) {
            if let Some(Some(SubmittedModel { key, submit_time })) = self.models.get(&(batch.clone(), own.id.clone())) {
                own.model.clone_from(key);
                own.time = *submit_time;
            }
            let place = ordered.partition_point(|other| other.time <= own.time);
            ordered.insert(place, own);
        }
        ordered
    }

    fn state(
        &self,
        case: &CaseRef,
        entry: &Entry,
        (submission, pool): (Option<&Submission>, Option<&Pool>),
        circumstances: &AccountingInput,
    ) -> CaseState {
        if entry.is_done() {
            return if entry.is_empty { CaseState::Empty } else { CaseState::Done };
        }
        if circumstances.running.contains(case) {
            return CaseState::Running;
        }
        if self.has_failed(case) {
            return CaseState::Failed;
        }
        if circumstances.control.cancels(&case.0, case.1) {
            return CaseState::Cancelled;
        }
        let submit_time = submission.map_or(f64::NEG_INFINITY, |own| own.time);
        let AccountingInput { control, dead_letters, waiting, leased, .. } = circumstances;
        if *dead_letters > 0 && control.dead_letters.is_of(case) && submit_time <= control.dead_letters.time {
            return CaseState::Dead;
        }
        let age_secs = circumstances.now - submit_time;
        let is_expired = age_secs > RETENTION_SECS;
        if !is_expired && submission.is_some_and(|own| circumstances.control.rest(&own.id) > 0) {
            return CaseState::Queued;
        }
        // A table is written before its cases are sent: the queue may have become empty long before that.
        // A queue that is empty now, and was so at a time when the case had been sent, doesn't hold it.
        let was_empty = *waiting == Some(0) && *leased == 0 && submit_time + SENDING_SECS < control.queue_empty_time;
        let queue_is_empty =
            pool.map_or(circumstances.queue_is_empty, |pool| !circumstances.filled_pools.contains(pool));
        let may_be_nowhere = was_empty || queue_is_empty && age_secs > SENDING_SECS;
        let is_nowhere = may_be_nowhere && !circumstances.held_elsewhere.contains(&case.0);
        if is_nowhere || is_expired { CaseState::Lost } else { CaseState::Queued }
    }
}

/// Numbers the versions of models across all batches.
fn number_versions(accounts: &mut [BatchAccount]) {
    let mut ordered: Vec<&mut SubmissionAccount> = Vec::new();
    for own in accounts.iter_mut().flat_map(|account| &mut account.submissions) {
        let place = ordered.partition_point(|other| other.time <= own.time);
        ordered.insert(place, own);
    }
    let numbers = version_numbers(ordered.iter().map(|own| own.model.as_str()));
    for (own, number) in ordered.into_iter().zip(numbers) {
        own.version = number;
    }
}

/// Tells queued cases that aren't in the queue yet: those that are `held`, but only as many as the queue has messages less than
/// there are queued cases, since the rest of a submission is being sent before its note is removed. Of several batches, those
/// submitted last count as unsent first.
fn tell_unsent(accounts: &mut [BatchAccount], held: &[u64], circumstances: &AccountingInput) {
    let Some(waiting) = circumstances.waiting else { return };
    let AccountingInput { leased, held_elsewhere, .. } = circumstances;
    // Inserted one by one: a sorting algorithm would be a larger part of the first view.
    let mut here: Vec<(&mut BatchAccount, &u64)> = Vec::new();
    for own in accounts.iter_mut().zip(held).filter(|(account, _)| !held_elsewhere.contains(&account.batch)) {
        let place = here.partition_point(|other| other.0.submit_time >= own.0.submit_time);
        here.insert(place, own);
    }
    let counted = total(here.iter().map(|(account, _)| &**account));
    let mut absent = counted.queued.saturating_sub(waiting + leased.saturating_sub(counted.running));
    for (account, held) in here {
        account.counts.unsent = absent.min(*held);
        absent -= account.counts.unsent;
    }
}
