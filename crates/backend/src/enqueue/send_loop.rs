//! The loop of sending: it keeps the batches under way, those that wait for another attempt, and the next ones.

use std::collections::VecDeque;
use std::time::Duration;

use cruncher_aws::retry::{AttemptOutcome, RetryDecision, RetryPolicy, decide};
use cruncher_aws::{Error, sqs};
use cruncher_study::pool::queues;
use futures::future::{self, Either, LocalBoxFuture};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};

use super::EnqueueError;
use super::batches::next_batch;
use super::concurrency_limit::{BegunRequest, ConcurrencyLimit};
use super::journal::Journal;
use super::key_value_store::KeyValueStore;
use super::pause_handle::PauseHandle;
use super::plan::EnqueuePlan;
use super::progress::{EnqueueProgress, SendRate};
use crate::study::Study;

/// Number of cases noted at once as about to be sent: each such note is a write.
const CLAIM: usize = 400;

/// Policy for repeating a batch: that of a single request, with more attempts, since throttled requests come back soon.
const POLICY: RetryPolicy = RetryPolicy {
    max_attempts: 16,
    max_elapsed: Duration::from_mins(1),
    first_wait: Duration::from_millis(200),
    longest_wait: Duration::from_secs(10),
};

pub(super) struct SendLoop<'a> {
    study: &'a Study,
    plan: &'a EnqueuePlan,
    journal: &'a mut Journal,
    keep: &'a dyn KeyValueStore,
    pace: ConcurrencyLimit,
    rate: SendRate,
    progress: EnqueueProgress,
    /// Cases whose turn is next, all of them noted as in flight.
    ready: VecDeque<u32>,
    /// First of the cases that this loop has noted, and that were therefore never sent before.
    claimed_from: u32,
    running: FuturesUnordered<LocalBoxFuture<'static, Answered>>,
    waiting: Vec<Outgoing>,
    /// Reason why nothing more is sent.
    stop: Option<EnqueueError>,
}

/// A batch on its way.
struct Outgoing {
    entries: Vec<(u32, sqs::BatchEntry)>,
    begun: BegunRequest,
    attempts: u32,
    /// Time of its first attempt.
    first: Duration,
    /// Time of its next attempt.
    due: Duration,
}

type Answered = (Outgoing, Result<sqs::BatchOutcome, (Error, AttemptOutcome)>);

impl<'a> SendLoop<'a> {
    pub(super) fn new(
        study: &'a Study,
        plan: &'a EnqueuePlan,
        journal: &'a mut Journal,
        keep: &'a dyn KeyValueStore,
    ) -> Self {
        let ready: VecDeque<u32> = journal.in_flight().into();
        let pace = ConcurrencyLimit::default();
        let (sent, of, concurrency) = (journal.accepted(), journal.of(), pace.limit());
        let progress = EnqueueProgress { sent, of, concurrency, ..EnqueueProgress::default() };
        Self {
            claimed_from: journal.next(),
            study,
            plan,
            journal,
            keep,
            pace,
            rate: SendRate::default(),
            progress,
            ready,
            running: FuturesUnordered::new(),
            waiting: Vec::new(),
            stop: None,
        }
    }

    /// Sends until nothing is left to send, a pause is asked for, or an error ends it.
    pub(super) async fn run(
        mut self,
        pause_handle: &PauseHandle,
        progress: &mut dyn FnMut(EnqueueProgress),
    ) -> Result<(), EnqueueError> {
        self.rate.note(self.now().as_secs_f64(), self.progress.sent);
        progress(self.progress);
        loop {
            self.send_what_may_be_sent(pause_handle).await;
            let is_over = pause_handle.is_paused() || self.stop.is_some() || self.waiting.is_empty();
            if self.running.is_empty() && is_over {
                break;
            }
            if let Some((outgoing, result)) = self.next_answer(pause_handle).await {
                self.take(outgoing, result);
                self.update_progress();
                progress(self.progress);
            }
        }
        if let Some(place) = self.ready.iter().copied().find(|place| *place >= self.claimed_from) {
            self.journal.release(place);
        }
        self.stop.map_or(Ok(()), Err)
    }

    fn now(&self) -> Duration {
        self.study.client.ports().clock.now()
    }

    async fn send_what_may_be_sent(&mut self, pause_handle: &PauseHandle) {
        while self.stop.is_none() && !pause_handle.is_paused() && self.running.len() < self.pace.limit() {
            let now = self.now();
            let next = match self.waiting.iter().position(|outgoing| outgoing.due <= now) {
                Some(index) => Some(self.waiting.swap_remove(index)),
                None => self.next_outgoing().await,
            };
            let Some(outgoing) = next else { break };
            self.send(outgoing);
        }
    }

    async fn next_outgoing(&mut self) -> Option<Outgoing> {
        if self.ready.len() < sqs::MAX_ENTRIES {
            self.claim().await;
        }
        let level = self.plan.level_of(*self.ready.front()?);
        let is_idle = self.running.is_empty() && self.waiting.is_empty();
        if !is_idle && level != self.progress.level {
            return None;
        }
        self.progress.level = level;
        let entries = next_batch(self.plan, &mut self.ready);
        let (first, due) = (self.now(), Duration::ZERO);
        Some(Outgoing { entries, begun: BegunRequest::default(), attempts: 0, first, due })
    }

    /// Notes cases that are about to be sent. Without such a note they aren't sent.
    async fn claim(&mut self) {
        let claimed = self.journal.claim(CLAIM, self.study.now());
        let Some(first) = claimed.first() else { return };
        match self.journal.write(self.keep).await {
            Ok(()) => self.ready.extend(claimed),
            Err(error) => {
                self.journal.release(*first);
                self.stop.get_or_insert(error.into());
            }
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        let outgoing = Outgoing { attempts: outgoing.attempts + 1, begun: self.pace.begin(), ..outgoing };
        self.progress.requests += 1;
        let study = self.study.clone();
        // They are all of one pool.
        let pool = outgoing.entries.first().and_then(|(place, _)| self.plan.pool(*place));
        let queue_url = queues(&study.config, pool.as_ref()).queue_url;
        let answered = async move {
            let entries = outgoing.entries.iter().map(|(_, entry)| entry.clone()).collect();
            let batch = sqs::SendMessageBatch::new(queue_url, entries);
            let result = study.client.send_once(&batch).await;
            (outgoing, result)
        };
        self.running.push(answered.boxed_local());
    }

    /// Returns the next answer; `None` if another attempt is due before it comes, or a pause was asked for.
    async fn next_answer(&mut self, pause_handle: &PauseHandle) -> Option<Answered> {
        let due = self.waiting.iter().map(|outgoing| outgoing.due).min();
        let has_room = self.stop.is_none() && self.running.len() < self.pace.limit();
        let ports = self.study.client.ports();
        let due = match due.filter(|_| has_room && !pause_handle.is_paused()) {
            Some(due) => ports.sleep.sleep(due.saturating_sub(ports.clock.now())),
            None => future::pending().boxed_local(),
        };
        let paused = if pause_handle.is_paused() {
            Either::Left(future::pending())
        } else {
            Either::Right(pause_handle.paused())
        };
        let interruption = future::select(due, paused);
        if self.running.is_empty() {
            interruption.await;
            return None;
        }
        match future::select(self.running.next(), interruption).await {
            Either::Left((answered, _)) => answered,
            Either::Right(_) => None,
        }
    }

    fn take(&mut self, outgoing: Outgoing, result: Result<sqs::BatchOutcome, (Error, AttemptOutcome)>) {
        match result {
            Ok(outcome) => self.take_outcome(outgoing, &outcome),
            Err((error, outcome)) => {
                if outcome == AttemptOutcome::Throttled {
                    self.note_throttling(&outgoing);
                }
                self.repeat(outgoing, outcome, error.into());
            }
        }
    }

    /// Takes in the outcome of each entry: it was accepted, or refused for a reason of its own.
    fn take_outcome(&mut self, mut outgoing: Outgoing, outcome: &sqs::BatchOutcome) {
        for (place, _) in outgoing.entries.extract_if(.., |(_, entry)| outcome.sent.contains(&entry.id)) {
            self.journal.accept(place);
            self.progress.sent += 1;
        }
        let failure_of = |entry: &sqs::BatchEntry| outcome.failed.iter().find(|failure| failure.id == entry.id);
        let failures: Vec<_> = outgoing.entries.iter().map(|(place, entry)| (*place, failure_of(entry))).collect();
        let Some(first) = failures.first() else {
            self.pace.accepted();
            return;
        };
        if let Some(refused) = failures.iter().find(|(_, failure)| failure.is_some_and(is_final)) {
            self.stop.get_or_insert(self.refused(refused.0, refused.1));
            return;
        }
        let error = self.refused(first.0, first.1);
        let is_throttled = failures.iter().any(|(_, failure)| failure.is_some_and(sqs::BatchFailure::is_throttled));
        if is_throttled {
            self.note_throttling(&outgoing);
        }
        self.repeat(outgoing, if is_throttled { AttemptOutcome::Throttled } else { AttemptOutcome::Failed }, error);
    }

    fn note_throttling(&mut self, outgoing: &Outgoing) {
        self.pace.throttled(outgoing.begun);
        self.progress.throttled += 1;
    }

    /// Waits for another attempt, or gives up for `error`.
    fn repeat(&mut self, outgoing: Outgoing, outcome: AttemptOutcome, error: EnqueueError) {
        let now = self.now();
        let random = self.study.client.ports().random.fraction();
        let elapsed = now.saturating_sub(outgoing.first);
        match decide(&POLICY, outcome, outgoing.attempts, elapsed, random) {
            RetryDecision::Wait(wait) => self.waiting.push(Outgoing { due: now + wait, ..outgoing }),
            RetryDecision::GiveUp => drop(self.stop.get_or_insert(error)),
        }
    }

    fn refused(&self, place: u32, failure: Option<&sqs::BatchFailure>) -> EnqueueError {
        let (code, message) = failure.map_or_else(
            || ("NoOutcome".to_owned(), "the answer doesn't tell of it".to_owned()),
            |failure| (failure.code.clone(), failure.message.clone()),
        );
        EnqueueError::Refused { number: place as usize + 1, case_id: self.plan.case_id(place), code, message }
    }

    fn update_progress(&mut self) {
        self.rate.note(self.now().as_secs_f64(), self.progress.sent);
        self.progress.rate = self.rate.per_sec();
        self.progress.concurrency = self.pace.limit();
    }
}

/// Whether the same entry would be refused again.
fn is_final(failure: &sqs::BatchFailure) -> bool {
    failure.sender_fault && !failure.is_throttled()
}
