//! The preflight check of an enqueueing: what will be sent and how long it takes, before anything is sent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cruncher_aws::{Error, s3, sqs};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseId;
use cruncher_study::case_table::read_table;
use cruncher_study::heartbeat::{Heartbeat, WorkerState};
use cruncher_study::key::DataKey;
use cruncher_study::ledger::RETENTION_SECS;
use cruncher_study::outcome::{ErrorDocument, ResultDocument};
use cruncher_study::pool::{Pool, queues};
use futures::future;

use super::batches;
use super::index_ranges::IndexRanges;
use super::plan::EnqueuePlan;
use super::settled::{alive_workers, done, errors, listing};
use crate::administer::control::control;
use crate::reading::{MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES, ReadRequest, parse};
use crate::study::Study;

/// Number of documents written beside the messages: the model, the design, the table of cases.
const DOCUMENTS: u64 = 3;

/// Maximum number of results of the plan's own cases that are read to find the durations of its model.
const MAX_DURATIONS: usize = 5;

/// The outcome of a preflight check: consequences of an enqueueing, as the study is now.
#[derive(Debug, Clone, PartialEq)]
pub struct EnqueuePreflight {
    /// Cases of the plan.
    pub cases: u64,
    /// Points that were the same case as another one, and were left out.
    pub duplicates: u64,
    /// Points that don't meet the constraints, and were left out.
    pub left_out: u64,
    /// The workers of the pools that its cases are sent to.
    pub fleet: WorkerFleet,
    /// Number of cases of any batch that wait in the queues that its cases are sent to. A queue gives cases in the order of arrival: these go before the plan's.
    pub waiting: u64,
    /// Tables of the batch that can't be read: cases that they name may be sent twice.
    pub unreadable: Vec<String>,
    /// Cases of the batch that earlier submissions of the last 14 days have sent, and that are none of the plan's.
    pub others: u64,
    /// Those of the others that have a result.
    pub others_done: u64,
    /// The median duration of cases of the plan that are done, in seconds, or else of others of its model; `None` if none is
    /// done.
    pub(super) median_secs: Option<f64>,
    /// The last submission of the batch that counts, if there is one.
    last_submission: Option<String>,
    is_forced: bool,
    done: IndexRanges,
    sent_before: IndexRanges,
    failed_before: IndexRanges,
}

/// The workers that are alive.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WorkerFleet {
    /// The number of workers.
    pub workers: u64,
    /// The number of those that have halted: they take no case until somebody lets them go on.
    pub halted: u64,
    /// The median of their median durations of a case, in seconds; `None` if no case was finished.
    pub median_secs: Option<f64>,
}

/// Treatment of cases that were sent before and are neither done nor failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SentBefore {
    /// They are still waiting or running, and aren't sent.
    #[default]
    Wait,
    /// They are sent again.
    SendAgain,
}

/// The cases of a plan that are to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSelection {
    skipped: IndexRanges,
    cases: u64,
    earlier: Option<String>,
}

impl CaseSelection {
    pub(super) fn without(all: u32, skipped: IndexRanges) -> Self {
        Self { cases: u64::from(all) - skipped.len(), skipped, earlier: None }
    }

    /// Returns the submission that was the last one of the batch when the cases were selected: who selects cases at the same moment
    /// knows no other one.
    pub(super) const fn earlier(&self) -> Option<&String> {
        self.earlier.as_ref()
    }

    /// Selects every case of the plan.
    #[must_use]
    pub fn all(plan: &EnqueuePlan) -> Self {
        Self::without(plan.len(), IndexRanges::default())
    }

    /// Returns the number of cases that are sent.
    #[must_use]
    pub const fn cases(&self) -> u64 {
        self.cases
    }

    pub(super) const fn skipped(&self) -> &IndexRanges {
        &self.skipped
    }

    /// Returns the number of requests that takes, the documents of the submission included.
    #[must_use]
    pub fn requests(&self, plan: &EnqueuePlan) -> u64 {
        if self.cases == 0 { 0 } else { batches::requests(plan, &self.skipped) + DOCUMENTS }
    }
}

impl EnqueuePreflight {
    /// Returns the number of cases that have a result in this batch.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.len()
    }

    /// Returns the number of cases that an earlier submission of this batch has sent, and that still wait or run.
    #[must_use]
    pub fn sent_before(&self) -> u64 {
        self.sent_before.len()
    }

    /// Returns the number of cases that have failed in this batch for good, with the same model and the same inputs. They are
    /// sent again.
    #[must_use]
    pub fn failed_before(&self) -> u64 {
        self.failed_before.len()
    }

    /// Estimates the time until the cases of a selection are done, in seconds, including those that wait before them. `None`
    /// without workers, or if no case of its model is done in the batch, since durations of other models say nothing about it.
    #[must_use]
    pub fn expected_secs(&self, selection: &CaseSelection) -> Option<f64> {
        let own = self.fleet.rounds(selection.cases())? * self.median_secs?;
        Some(own + self.fleet.expected_secs(self.waiting).unwrap_or_default())
    }

    /// Selects the cases that are sent. A design with `force` sends every case.
    #[must_use]
    pub fn selection(&self, plan: &EnqueuePlan, sent_before: SentBefore) -> CaseSelection {
        let mut skipped = IndexRanges::default();
        if !self.is_forced {
            skipped = self.done.clone();
            if sent_before == SentBefore::Wait {
                self.sent_before.iter().for_each(|place| skipped.insert(place));
            }
        }
        let earlier = Some(self.last_submission.clone().unwrap_or_else(|| plan.no_submission()));
        CaseSelection { earlier, ..CaseSelection::without(plan.len(), skipped) }
    }
}

impl WorkerFleet {
    fn of(workers: &[Heartbeat]) -> Self {
        let mut medians: Vec<f64> = workers.iter().filter_map(|worker| worker.median_secs).collect();
        medians.sort_unstable_by(f64::total_cmp);
        let halted = workers.iter().filter(|worker| worker.state == WorkerState::Halted).count() as u64;
        Self { workers: workers.len() as u64, halted, median_secs: medians.get(medians.len() / 2).copied() }
    }

    /// Estimates the time for `cases` of the models that workers have computed last, in seconds; `None` without workers, or if
    /// they have finished nothing.
    ///
    /// This is the order of magnitude, before anything is sent: as many rounds as each worker has, each of a median. It isn't
    /// the [forecast](cruncher_study::forecast), which plays with the durations of single cases. These are in the rows of
    /// segments, which would have to be read for this alone.
    #[must_use]
    pub fn expected_secs(&self, cases: u64) -> Option<f64> {
        Some(self.rounds(cases)? * self.median_secs?)
    }

    /// Returns the number of cases that each worker will compute out of `cases`.
    #[expect(clippy::cast_precision_loss, reason = "at most a million cases")]
    fn rounds(&self, cases: u64) -> Option<f64> {
        (self.workers > 0).then(|| cases.div_ceil(self.workers) as f64)
    }
}

/// Looks at the study: which cases of the plan are done or were sent before, and which workers are there to compute them.
///
/// # Errors
/// If a request fails.
pub async fn preflight(study: &Study, plan: &EnqueuePlan) -> Result<EnqueuePreflight, Error> {
    let batch = &plan.document().batch;
    let pools: BTreeSet<Option<Pool>> = (0..plan.len()).map(|place| plan.pool(place)).collect();
    let looks = future::try_join5(
        done(study, batch),
        errors(study, batch),
        tables(study, batch),
        alive_workers(study),
        waiting(study, &pools),
    );
    let (done, errors, (tables, last_submission), mut workers, waiting) = looks.await?;
    workers.retain(|worker| pools.contains(&worker.pool));
    let (mut sent, unreadable) = sent(study, tables).await?;
    let places = |wanted: &dyn Fn(&CaseId) -> bool| -> IndexRanges {
        (0..plan.len()).filter(|place| wanted(&plan.case_id(*place))).collect()
    };
    // A plan has each case once.
    let others = |wanted: &dyn Fn(&CaseId) -> bool| {
        let own = places(&|case| sent.contains_key(case) && wanted(case)).len();
        sent.keys().filter(|case| wanted(case)).count() as u64 - own
    };
    let (others, others_done) = (others(&|_| true), others(&|case| done.contains(case)));
    // An error that is older than the table was there before the case was sent again.
    let is_news = |(case, object): &(CaseId, s3::ListedObject)| {
        sent.get(case).is_some_and(|time| *time <= object.last_modified) && !done.contains(case)
    };
    let failed = errors.into_iter().filter(is_news);
    let failed = finally_failed(study, failed.map(|(_, object)| ReadRequest::whole(object)).collect()).await?;
    for case in &failed {
        sent.remove(case);
    }
    let done_places = places(&|case| done.contains(case));
    let median_secs = median_secs(study, plan, &done_places, &done).await;
    Ok(EnqueuePreflight {
        cases: u64::from(plan.len()),
        duplicates: plan.cases().duplicates(),
        left_out: plan.cases().design().left_out(),
        fleet: WorkerFleet::of(&workers),
        waiting,
        unreadable,
        others,
        others_done,
        median_secs,
        last_submission,
        is_forced: plan.document().force,
        sent_before: places(&|case| sent.contains_key(case) && !done.contains(case)),
        done: done_places,
        failed_before: places(&|case| failed.contains(case)),
    })
}

/// Returns the median duration of some cases of the plan that are done, in seconds; if none is, of others of its model in the
/// batch.
async fn median_secs(study: &Study, plan: &EnqueuePlan, own: &IndexRanges, done: &BTreeSet<CaseId>) -> Option<f64> {
    let own: Vec<CaseId> = own.iter().map(|place| plan.case_id(place)).collect();
    let cases: Vec<CaseId> = if own.is_empty() { done.iter().copied().collect() } else { own };
    let batch = &plan.document().batch;
    let read = cases.iter().step_by(cases.len().div_ceil(MAX_DURATIONS).max(1)).map(async |case| {
        // A document that is gone, or too large to be read for this, tells nothing.
        study.result_document(&(batch.clone(), *case)).await.ok()
    });
    let model = plan.document().model.digest();
    let is_of_model = |found: &ResultDocument| CaseId::of(&model, &found.parameters, found.replicate) == found.case_id;
    let documents = future::join_all(read).await.into_iter().flatten().filter(is_of_model);
    let mut durations: Vec<f64> = documents.map(|document| document.duration_secs()).collect();
    durations.sort_unstable_by(f64::total_cmp);
    durations.get(durations.len() / 2).copied()
}

/// Returns the approximate number of cases that wait in the queues of these pools: SQS doesn't know it exactly.
async fn waiting(study: &Study, pools: &BTreeSet<Option<Pool>>) -> Result<u64, Error> {
    let mut waiting = 0;
    for pool in pools {
        let count = sqs::GetQueueAttributes::new(queues(&study.config, pool.as_ref()).queue_url);
        match study.client.send(&count).await {
            // Whoever sends is told that it isn't there.
            Err(error) if pool.is_some() && error.is_not_found() => {}
            counts => waiting += counts?.visible,
        }
    }
    Ok(waiting)
}

/// The time at which each case was sent last.
type SentTimes = BTreeMap<CaseId, Duration>;

/// Lists the tables of a batch that are young enough for the queue to hold their cases, but not those of withdrawn submissions; and
/// names the batch's last submission, whatever became of it.
async fn tables(study: &Study, batch: &Batch) -> Result<(Vec<s3::ListedObject>, Option<String>), Error> {
    let oldest = study.now() - RETENTION_SECS;
    let mut tables = s3::list_all(&study.client, listing(study, batch, "cases-")).await?;
    let last = tables.iter().max_by_key(|table| (table.last_modified, &table.key));
    let last = last.and_then(|table| match DataKey::parse(&table.key) {
        Some(DataKey::Cases(_, submission)) => Some(submission),
        _ => None,
    });
    tables.retain(|table| table.last_modified.as_secs_f64() >= oldest);
    // A new batch needs no request to know that nothing of it is withdrawn.
    if !tables.is_empty() {
        let control = control(study).await?;
        let is_withdrawn = |table: &s3::ListedObject| matches!(DataKey::parse(&table.key), Some(DataKey::Cases(_, submission)) if control.withdraws(&submission));
        tables.retain(|table| !is_withdrawn(table));
    }
    Ok((tables, last))
}

/// Reads the cases that tables name, and names the tables that can't be read.
async fn sent(study: &Study, tables: Vec<s3::ListedObject>) -> Result<(SentTimes, Vec<String>), Error> {
    let (mut cases, mut unreadable) = (SentTimes::new(), Vec::new());
    for (object, body) in study.read_all(tables.into_iter().map(ReadRequest::whole).collect(), MAX_ROWS_BYTES).await? {
        match body.and_then(|body| read_table(&body).map_err(|error| error.to_string())) {
            Ok(rows) => rows.into_iter().for_each(|row| {
                let time = cases.entry(row.case_id).or_default();
                *time = object.last_modified.max(*time);
            }),
            Err(_) => unreadable.push(object.key),
        }
    }
    Ok((cases, unreadable))
}

async fn finally_failed(study: &Study, documents: Vec<ReadRequest>) -> Result<BTreeSet<CaseId>, Error> {
    let read = study.read_all(documents, MAX_DOCUMENT_BYTES).await?;
    let documents = read.into_iter().filter_map(|(_, body)| parse::<ErrorDocument>(body).ok());
    Ok(documents.filter(|document| document.is_final).map(|document| document.case_id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::plan;

    fn preflight(is_forced: bool) -> EnqueuePreflight {
        EnqueuePreflight {
            cases: 10,
            duplicates: 0,
            left_out: 0,
            fleet: WorkerFleet::default(),
            waiting: 0,
            unreadable: Vec::new(),
            others: 0,
            others_done: 0,
            median_secs: Some(10.0),
            last_submission: None,
            is_forced,
            done: [0, 1, 2].into_iter().collect(),
            sent_before: [3, 9].into_iter().collect(),
            failed_before: [4].into_iter().collect(),
        }
    }

    #[test]
    fn what_is_done_or_was_sent_is_not_sent_unless_one_asks_for_it() {
        let skipped = |is_forced, sent_before| {
            let selection = preflight(is_forced).selection(&plan(10), sent_before);
            (selection.cases(), selection.skipped().iter().collect::<Vec<_>>())
        };
        assert_eq!(skipped(false, SentBefore::Wait), (5, vec![0, 1, 2, 3, 9]));
        assert_eq!(skipped(false, SentBefore::SendAgain), (7, vec![0, 1, 2]));
        assert_eq!(skipped(true, SentBefore::Wait), (10, vec![]));
    }

    #[test]
    fn a_selection_knows_its_requests() {
        let plan = plan(25);
        assert_eq!(CaseSelection::all(&plan).requests(&plan), 3 + DOCUMENTS);
        assert_eq!(CaseSelection::without(25, (0..25).collect()).requests(&plan), 0);
    }

    #[test]
    fn the_expected_time_follows_from_the_fleet() {
        let fleet = WorkerFleet { workers: 4, halted: 0, median_secs: Some(10.0) };
        assert_eq!(fleet.expected_secs(9), Some(30.0));
        assert_eq!(fleet.expected_secs(0), Some(0.0));
        assert_eq!(WorkerFleet { workers: 0, ..fleet }.expected_secs(9), None);
        assert_eq!(WorkerFleet { median_secs: None, ..fleet }.expected_secs(9), None);
    }

    #[test]
    fn the_expected_time_is_that_of_the_plans_own_cases_behind_what_waits() {
        let fleet = WorkerFleet { workers: 4, halted: 0, median_secs: Some(1.0) };
        let of = |median_secs, waiting| EnqueuePreflight { fleet, waiting, median_secs, ..preflight(false) };
        let seven = CaseSelection::without(10, (0..3).collect());
        assert_eq!(of(Some(10.0), 0).expected_secs(&seven), Some(20.0));
        assert_eq!(of(Some(10.0), 9).expected_secs(&seven), Some(23.0));
        assert_eq!(of(None, 9).expected_secs(&seven), None, "others' durations say nothing of this model");
    }
}
