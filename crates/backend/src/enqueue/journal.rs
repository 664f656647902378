//! Journal of an enqueueing on the sender's own computer, so that it can continue after the end of a tab or a process.
//!
//! Cases are noted here before they are sent. They are sent in the order of the plan, so the journal has the place that was
//! reached in that order, the cases that are left out, and those under way: all others before that place were accepted.

use cruncher_study::batch::Batch;
use cruncher_study::design_document::Submission;
use serde::{Deserialize, Serialize};

use super::index_ranges::IndexRanges;
use super::key_value_store::{KeyValueError, KeyValueStore};
use super::plan::EnqueuePlan;

/// The version of the format. Journals of other versions are not understood, and so not used.
const VERSION: u32 = 1;

/// Progress of an enqueueing, as its sender notes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Journal {
    v: u32,
    /// Key under which it is kept.
    #[serde(skip)]
    key: String,
    bucket: String,
    batch: Batch,
    submission: Submission,
    /// The plan's digest.
    digest: String,
    cases: u32,
    stage: JournalStage,
    /// Cases that are not to be sent.
    skipped: IndexRanges,
    /// The first case that was never about to be sent.
    next: u32,
    /// Cases that may have been sent, and whose acceptance is not known.
    flights: Vec<Flight>,
    /// First of the cases that wait until somebody has seen the results of those before; `None` if none waits.
    hold: Option<u32>,
    /// Whether somebody has paused it.
    #[serde(default)]
    is_paused: bool,
    /// Whether `control.json` may say that the rest isn't sent yet.
    #[serde(default)]
    is_hold_noted: bool,
    /// The submission before the plan's, by which the queue tells cases that were sent twice.
    #[serde(default)]
    pub(super) earlier: Option<String>,
}

/// Stage of the documents in the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum JournalStage {
    /// Design and table may be incomplete.
    Writing,
    /// Design and table are complete; messages may have been sent.
    Sending,
    /// The rest was given up. Design and table name all cases, or only those that may have been sent.
    Cancelling,
}

/// Cases that were about to be sent at the same time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flight {
    /// Time in seconds since 1970 by the servers' clock.
    time: f64,
    cases: IndexRanges,
}

/// Position of a case of the plan on its way to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CasePosition {
    /// It is not to be sent, for example because it has a result.
    Skipped,
    /// Its turn will come.
    ToSend,
    /// It may have been sent.
    InFlight,
    /// The queue has accepted it.
    Accepted,
}

impl Journal {
    /// Begins a journal: nothing is sent yet. The first `hold_after` cases that are not `skipped` are to be sent before the
    /// rest.
    pub(super) fn new(bucket: &str, plan: &EnqueuePlan, skipped: IndexRanges, hold_after: Option<u64>) -> Self {
        let document = plan.document();
        let submission = Submission {
            id: document.submission.clone(),
            time: document.submit_time,
            by: document.submitted_by.clone(),
        };
        let mut journal = Self {
            v: VERSION,
            key: plan.key(bucket),
            bucket: bucket.to_owned(),
            batch: document.batch.clone(),
            submission,
            digest: plan.digest().to_owned(),
            cases: plan.len(),
            stage: JournalStage::Writing,
            skipped,
            next: 0,
            flights: Vec::new(),
            hold: None,
            is_paused: false,
            is_hold_noted: false,
            earlier: plan.earlier.clone(),
        };
        journal.hold = hold_after.and_then(|count| journal.place_behind(count));
        journal
    }

    /// Returns the place of the case before which `count` cases are to be sent; `None` if there aren't more than those.
    fn place_behind(&self, count: u64) -> Option<u32> {
        let mut place = self.skipped.next_absent(0);
        for _ in 0..count.min(u64::from(self.cases)) {
            place = self.skipped.next_absent(place.saturating_add(1));
        }
        (place < self.cases).then_some(place)
    }

    /// Reads the journal that is kept under `key`, if there is one of this version.
    ///
    /// # Errors
    /// If it can't be read.
    pub async fn read(keep: &dyn KeyValueStore, key: &str) -> Result<Option<Self>, KeyValueError> {
        let Some(content) = keep.get(key).await? else { return Ok(None) };
        let journal = serde_json::from_slice::<Self>(&content).ok();
        Ok(journal.filter(|journal| journal.v == VERSION).map(|journal| Self { key: key.to_owned(), ..journal }))
    }

    /// Reads the journal of every enqueueing into a study that was begun here and not brought to its end.
    ///
    /// # Errors
    /// If a journal can't be read.
    pub async fn unfinished(keep: &dyn KeyValueStore, bucket: &str) -> Result<Vec<Self>, KeyValueError> {
        let mut journals = Vec::new();
        for key in keep.keys().await? {
            journals.extend(Self::read(keep, &key).await?.filter(|journal| journal.bucket == bucket));
        }
        Ok(journals)
    }

    pub(super) async fn write(&self, keep: &dyn KeyValueStore) -> Result<(), KeyValueError> {
        keep.put(&self.key, serde_json::to_vec(self).unwrap_or_default()).await
    }

    /// Deletes the journal from the store.
    ///
    /// # Errors
    /// If the store can't be changed.
    pub async fn delete(&self, keep: &dyn KeyValueStore) -> Result<(), KeyValueError> {
        keep.delete(&self.key).await
    }

    /// Returns the batch.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Returns the submission, which distinguishes it from every other enqueueing.
    #[must_use]
    pub const fn submission(&self) -> &Submission {
        &self.submission
    }

    /// Whether it is the journal of the plan, or of one that a cancellation left of it.
    pub(super) fn is_of(&self, bucket: &str, plan: &EnqueuePlan) -> bool {
        let document = plan.document();
        let is_left = self.is_cancelling() && u64::from(plan.len()) == u64::from(self.cases) - self.unsent();
        (self.bucket.as_str(), &self.batch, &self.submission.id) == (bucket, &document.batch, &document.submission)
            && (self.is_whole(plan) || is_left)
    }

    /// Whether no cases were taken from the plan since it was begun.
    pub(super) fn is_whole(&self, plan: &EnqueuePlan) -> bool {
        (self.digest.as_str(), self.cases) == (plan.digest(), plan.len())
    }

    /// Whether design and table were written, or anything may have been sent. If not, the journal can be deleted as if nothing
    /// had been begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.stage == JournalStage::Sending || self.next > 0
    }

    /// Whether the rest was given up, and that hasn't come to its end.
    #[must_use]
    pub fn is_cancelling(&self) -> bool {
        self.stage == JournalStage::Cancelling
    }

    /// Whether somebody has paused it, rather than its tab or process ended.
    #[must_use]
    pub const fn is_paused(&self) -> bool {
        self.is_paused
    }

    pub(super) const fn pause(&mut self) {
        self.is_paused = true;
    }

    pub(super) const fn go_on(&mut self) {
        self.is_paused = false;
    }

    /// Whether `control.json` may say that the rest isn't sent yet.
    pub(super) const fn is_hold_noted(&self) -> bool {
        self.is_hold_noted
    }

    pub(super) const fn note_hold(&mut self) {
        self.is_hold_noted = true;
    }

    pub(super) const fn stage(&self) -> JournalStage {
        self.stage
    }

    pub(super) const fn enter(&mut self, stage: JournalStage) {
        self.stage = stage;
    }

    /// Returns the first case that was never about to be sent.
    pub(super) const fn next(&self) -> u32 {
        self.next
    }

    /// Returns the number of cases to be sent in all.
    #[must_use]
    pub fn of(&self) -> u64 {
        u64::from(self.cases) - self.skipped.len()
    }

    /// Returns the number of them that the queue has accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        let begun = u64::from(self.next) - self.skipped.count_in(0..self.next);
        begun - self.flights.iter().map(|flight| flight.cases.len()).sum::<u64>()
    }

    /// Returns the number of them that were never about to be sent.
    pub(super) fn unsent(&self) -> u64 {
        u64::from(self.cases - self.next) - self.skipped.count_in(self.next..self.cases)
    }

    /// Returns the number of cases to be sent before the rest; `None` without such a wish, or once it was fulfilled.
    #[must_use]
    pub fn hold_after(&self) -> Option<u64> {
        self.hold.map(|place| u64::from(place) - self.skipped.count_in(0..place))
    }

    /// Whether the first are accepted and the rest waits.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.is_cancelling()
            && self.hold.is_some_and(|place| self.skipped.next_absent(self.next) >= place)
            && self.flights.is_empty()
    }

    /// Lets the rest wait no longer.
    pub(super) const fn lift_hold(&mut self) {
        self.hold = None;
    }

    /// Whether the queue has accepted every case.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.skipped.next_absent(self.next) >= self.cases && self.flights.is_empty()
    }

    /// Returns the position of the case at a place of the plan.
    #[must_use]
    pub(super) fn position(&self, place: u32) -> CasePosition {
        if self.skipped.contains(place) {
            CasePosition::Skipped
        } else if place >= self.next {
            CasePosition::ToSend
        } else if self.flights.iter().any(|flight| flight.cases.contains(place)) {
            CasePosition::InFlight
        } else {
            CasePosition::Accepted
        }
    }

    /// Returns the places of the first `count` cases to be sent, or of all if there are fewer.
    #[must_use]
    pub fn first(&self, count: usize) -> Vec<u32> {
        let next = |place: &u32| Some(self.skipped.next_absent(place + 1));
        let places = std::iter::successors(Some(self.skipped.next_absent(0)), next);
        places.take(count).take_while(|place| *place < self.cases).collect()
    }

    /// Notes that up to `most` further cases are about to be sent, and returns their places.
    pub(super) fn claim(&mut self, most: usize, time: f64) -> Vec<u32> {
        let end = self.hold.unwrap_or(self.cases);
        let mut claimed = Vec::new();
        while claimed.len() < most {
            let place = self.skipped.next_absent(self.next);
            if place >= end {
                break;
            }
            claimed.push(place);
            self.next = place + 1;
        }
        if !claimed.is_empty() {
            self.flights.push(Flight { time, cases: claimed.iter().copied().collect() });
        }
        claimed
    }

    /// Takes back the claim on a case and on all behind it: none of them was sent.
    pub(super) fn release(&mut self, from: u32) {
        for place in from..self.next {
            self.leave_flight(place);
        }
        self.next = self.next.min(from);
    }

    /// Notes that the queue has accepted a case.
    pub(super) fn accept(&mut self, place: u32) {
        self.leave_flight(place);
    }

    fn leave_flight(&mut self, place: u32) {
        self.flights.iter_mut().for_each(|flight| flight.cases.remove(place));
        self.flights.retain(|flight| !flight.cases.is_empty());
    }

    /// Returns the places of the cases that may have been sent, in order.
    pub(super) fn in_flight(&self) -> Vec<u32> {
        let mut places: Vec<u32> = self.flights.iter().flat_map(|flight| flight.cases.iter()).collect();
        places.sort_unstable();
        places
    }

    /// Returns the time at which the first of them was about to be sent.
    pub(super) fn oldest_flight(&self) -> Option<f64> {
        self.flights.iter().map(|flight| flight.time).reduce(f64::min)
    }

    /// Notes that the cases that may have been sent are sent anew.
    pub(super) fn renew_flights(&mut self, time: f64) {
        let cases: IndexRanges = self.in_flight().into_iter().collect();
        self.flights = if cases.is_empty() { Vec::new() } else { vec![Flight { time, cases }] };
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
