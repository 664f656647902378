//! Watching a study: changes since the last look, at the price of a few requests.
//!
//! [`FullStrategy`] reads studies of any size. [`LightStrategy`] reads only small ones, and is small itself: the page begins
//! with it.

mod compare;
pub mod document_cache;
mod document_packs;
mod documents;
mod first_response;
mod full;
mod held_rows;
pub(crate) mod known_heartbeats;
mod legacy;
mod light;
mod listing_schedule;
mod missing_messages;
mod opening;
pub mod snapshot;
pub mod snapshot_codec;
mod strategy;
mod tables;
#[cfg(test)]
mod tests;
mod untold;
mod versions;
pub mod worker_logs;
pub mod workers;

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::{Error, s3, sqs};
use cruncher_study::accounting::{AccountingInput, total};
use cruncher_study::batch::Batch;
use cruncher_study::case::CaseRef;
use cruncher_study::control::{CONTROL_KEY, StudyControl};
use cruncher_study::diagnosis::{PoolLook, QueueCounts};
use cruncher_study::error_groups::error_parts;
use cruncher_study::halting::files_reason;
use cruncher_study::heartbeat::{Heartbeat, RunningCase, WorkerState};
use cruncher_study::key::{WORKERS_PREFIX, WorkerKey};
use cruncher_study::ledger::Ledger;
use cruncher_study::pool::{Pool, queues};
use cruncher_study::shown_text::visible;
use futures::future;

use crate::reading::{Body, MAX_DOCUMENT_BYTES, MAX_HEARTBEAT_BYTES, ReadRequest, parse};
use crate::study::Study;
use crate::watch::snapshot::Snapshot;
pub use full::FullStrategy;
use known_heartbeats::KnownHeartbeats;
pub use light::LightStrategy;
use listing_schedule::{ListingSchedule, LookCounts, SETTLING_SECS};
use missing_messages::MissingMessages;
use strategy::WatchStrategy;

/// Maximum number of objects that can't be read of which a snapshot says why; it counts the others.
const MAX_UNREADABLE: usize = 1_000;

/// Maximum number of workers of which a snapshot tells; it counts the others.
const MAX_WORKERS: usize = 2_000;

/// Maximum length of a line of a segment, in bytes: a longer one is no row.
const MAX_LINE_BYTES: u64 = 8 << 20;

/// Watches a study, and remembers what it has read, so that only changes are read again.
pub struct StudyWatch<M = FullStrategy> {
    study: Study,
    strategy: M,
    ledger: Ledger,
    missing: MissingMessages,
    heartbeats: KnownHeartbeats,
    segments: BTreeMap<String, SegmentPlace>,
    /// The key and the entity tag of each table that was read, in the order of keys.
    tables: Vec<(String, String)>,
    control: Seen<StudyControl>,
    queue: QueueCounts,
    dead_letters: u64,
    /// The study's own queue, and those of its pools.
    pools: Vec<PoolLook>,
    /// Time since when the queue of each of them has been empty.
    empty_since: Vec<(Option<Pool>, f64)>,
    /// Number of those that have been empty for so long that they hold no case.
    settled_pools: usize,
    unreadable: BTreeMap<String, String>,
    schedule: ListingSchedule,
}

/// Place up to which a segment was read, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct SegmentPlace {
    /// End of the last whole line.
    read: u64,
    /// Size that it had then: there is nothing else to read as long as it has this one.
    size: u64,
}

/// A document as it was when it had this entity tag.
#[derive(Debug, Clone, Default)]
struct Seen<T> {
    etag: String,
    content: T,
}

impl<M> StudyWatch<M> {
    /// Returns the study.
    #[must_use]
    pub const fn study(&self) -> &Study {
        &self.study
    }

    /// Makes the next look list the data in any case: something is known to have changed, or somebody wants to know.
    pub const fn expect_change(&mut self) {
        self.schedule.expect_change();
    }
}

#[expect(private_bounds, reason = "there are two strategies, and both are known here")]
impl<M: WatchStrategy> StudyWatch<M> {
    fn by(strategy: M, study: Study) -> Self {
        Self {
            study,
            strategy,
            ledger: Ledger::default(),
            missing: MissingMessages::default(),
            heartbeats: KnownHeartbeats::default(),
            segments: BTreeMap::new(),
            tables: Vec::new(),
            control: Seen::default(),
            queue: QueueCounts::default(),
            dead_letters: 0,
            pools: Vec::new(),
            empty_since: Vec::new(),
            settled_pools: 0,
            unreadable: BTreeMap::new(),
            schedule: ListingSchedule::default(),
        }
    }

    /// Looks again; `None` if there is more than this strategy can read.
    async fn look(&mut self) -> Result<Option<Snapshot>, Error> {
        let (mut pools, workers, control) = future::try_join3(
            self.count_pools(),
            s3::list_all(&self.study.client, s3::ListObjects::new(&self.study.config.bucket).prefix(WORKERS_PREFIX)),
            self.read_control(),
        )
        .await?;
        let mut has_changed = control.is_some_and(|control| self.enter_control(control));
        if pools.len() != self.control.content.pools.len() + 1 {
            pools = self.count_pools().await?;
        }
        has_changed |= self.enter_pools(pools);
        let (workers_before, news) = (self.heartbeats.len(), self.heartbeats.compare(&workers));
        if self.heartbeats.len() > M::MAX_WORKERS {
            return Ok(None);
        }
        self.unreadable.retain(|key, _| !self.heartbeats.is_gone(key));
        has_changed |= !news.is_empty() || self.heartbeats.len() != workers_before;
        let grown = self.grown_segments(&workers);
        let (has_grown, cases_before) = (!grown.is_empty(), self.ledger.cases());
        let study = self.study.clone();
        let segments = async { if has_grown { M::read_segments(self, grown).await } else { Ok(Some(())) } };
        let (heartbeats, segments) = future::try_join(study.read_all(news, MAX_HEARTBEAT_BYTES), segments).await?;
        for (object, read) in heartbeats {
            self.enter_heartbeat(object, read);
        }
        if segments.is_none() {
            return Ok(None);
        }
        has_changed |= has_grown;

        let now = self.study.now();
        let (cases, open) = (self.ledger.cases(), self.ledger.open_cases());
        self.schedule.note_look(LookCounts { time: now, messages: self.queue.messages(), cases, open }, has_changed);
        if self.schedule.needs_listing(cases != cases_before || self.strategy.goes_on(now)) {
            match M::look_at_data(self).await? {
                Some(has_news) => has_changed |= has_news,
                None => return Ok(None),
            }
        }
        let mut snapshot = Snapshot { has_changed, ..self.snapshot(self.study.now()) };
        let is_counted = snapshot.is_checked && !self.strategy.has_other_queue();
        snapshot.missing = if is_counted { self.missing.note_look(&snapshot) } else { 0 };
        Ok(Some(snapshot))
    }

    /// Segments to which something was appended.
    fn grown_segments(&self, listed: &[s3::ListedObject]) -> Vec<ReadRequest> {
        let grown = |object: &s3::ListedObject| {
            let Some(WorkerKey::Segment(_)) = WorkerKey::parse(&object.key) else { return None };
            let SegmentPlace { read, size } = self.segments.get(&object.key).copied().unwrap_or_default();
            // One that is read whole may have grown since it was listed: then more was read than the listing said.
            (size.max(read) < object.size_bytes).then(|| ReadRequest { start: read, object: object.clone() })
        };
        listed.iter().filter_map(grown).collect()
    }

    /// Counts the messages of the study's own queue, and of those of the pools that are known.
    async fn count_pools(&self) -> Result<Vec<PoolLook>, Error> {
        let mut looks = Vec::new();
        // One after the other: what asks any number at once is a larger part of the first view.
        for pool in std::iter::once(None).chain(self.control.content.pools.iter().copied().map(Some)) {
            let own = queues(&self.study.config, pool.as_ref());
            let counts = (self.count(pool, &own.queue_url), self.count(pool, &own.dead_letter_queue_url));
            let (queue, dead) = future::try_join(counts.0, counts.1).await?;
            looks.push(PoolLook { pool, queue, dead_letters: dead.messages() });
        }
        Ok(looks)
    }

    /// Counts messages. A pool may be removed at this moment.
    async fn count(&self, pool: Option<Pool>, queue_url: &str) -> Result<QueueCounts, Error> {
        match self.study.client.send(&sqs::GetQueueAttributes::new(queue_url)).await {
            Err(error) if pool.is_some() && error.is_not_found() => Ok(QueueCounts::default()),
            attributes => attributes.map(|sqs::QueueAttributes { visible, in_flight, delayed, .. }| QueueCounts {
                waiting: visible,
                leased: in_flight,
                delayed,
            }),
        }
    }

    /// Enters the messages of all queues. Returns whether their number has changed.
    fn enter_pools(&mut self, pools: Vec<PoolLook>) -> bool {
        let has_changed = pools != self.pools;
        let now = self.study.now();
        let mut empty_since = Vec::new();
        (self.queue, self.dead_letters) = (QueueCounts::default(), 0);
        for PoolLook { pool, queue, dead_letters } in &pools {
            if queue.messages() == 0 {
                let before = self.empty_since.iter().find(|(other, _)| other == pool);
                empty_since.push((*pool, before.map_or(now, |(_, since)| *since)));
            }
            self.queue.waiting += queue.waiting;
            self.queue.leased += queue.leased;
            self.queue.delayed += queue.delayed;
            self.dead_letters += dead_letters;
        }
        let settled = empty_since.iter().filter(|(_, since)| now - since >= SETTLING_SECS).count();
        // What left a pool's queue has its document by then.
        if pools.len() > 1 && settled > self.settled_pools {
            self.schedule.expect_change();
        }
        self.settled_pools = settled;
        (self.pools, self.empty_since) = (pools, empty_since);
        has_changed
    }

    /// Whether the queue of a pool has been empty for so long that it holds no case.
    fn is_empty(&self, pool: Option<Pool>, now: f64) -> bool {
        self.empty_since.iter().any(|(other, since)| *other == pool && now - since >= SETTLING_SECS)
    }

    /// Reads the control document, if it has changed.
    async fn read_control(&self) -> Result<Option<Seen<Body>>, Error> {
        let mut get = s3::GetObject::new(&self.study.config.bucket, CONTROL_KEY);
        if !self.control.etag.is_empty() {
            get = get.if_none_match(&self.control.etag);
        }
        match self.study.fetch(get, CONTROL_KEY, MAX_DOCUMENT_BYTES).await {
            Ok(found) => {
                Ok(found.map(|object| Seen { etag: object.etag.unwrap_or_default(), content: Ok(object.body) }))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Ok(Some(Seen { etag: String::new(), content: Err(error.unread()?.to_string()) })),
        }
    }

    /// Enters the control document. If it can't be read, the last one stays in force, as with workers. Returns whether that is
    /// new.
    fn enter_control(&mut self, Seen { etag, content }: Seen<Body>) -> bool {
        self.control.etag = etag;
        match parse(content) {
            Ok(control) => {
                self.control.content = control;
                self.unreadable.remove(CONTROL_KEY);
                true
            }
            Err(reason) => self.unreadable.insert(CONTROL_KEY.to_owned(), reason.clone()) != Some(reason),
        }
    }

    fn enter_heartbeat(&mut self, object: s3::ListedObject, read: Body) {
        match (parse::<Heartbeat>(read), WorkerKey::parse(&object.key)) {
            (Ok(heartbeat), Some(WorkerKey::Heartbeat(worker))) => {
                self.unreadable.remove(&object.key);
                let heartbeat = Heartbeat { worker: worker.to_owned(), max_silence_secs: None, ..heartbeat };
                self.heartbeats.enter(object, Some(heartbeat));
            }
            (Err(reason), _) => {
                self.note_unreadable(object.key.clone(), reason);
                self.heartbeats.enter(object, None);
            }
            (Ok(_), _) => {}
        }
    }

    /// Notes how far a segment has been read, and that some of its lines are no rows, if so.
    fn note_segment(&mut self, object: s3::ListedObject, read_bytes: u64, unreadable: usize) {
        let place = self.segments.entry(object.key.clone()).or_default();
        *place = SegmentPlace { read: place.read + read_bytes, size: object.size_bytes };
        if object.size_bytes.saturating_sub(place.read) > MAX_LINE_BYTES {
            // The rest isn't read, either: nothing tells where the next line begins.
            place.size = u64::MAX;
            self.note_unreadable(object.key, format!("it has a line of more than {} MiB", MAX_LINE_BYTES >> 20));
        } else if unreadable > 0 {
            self.note_unreadable(object.key, format!("{unreadable} of its rows are no rows of a segment"));
        }
    }

    /// Notes that a segment can't be read as it is.
    fn note_unreadable_segment(&mut self, object: s3::ListedObject, reason: String) {
        self.segments.entry(object.key.clone()).or_default().size = object.size_bytes;
        self.note_unreadable(object.key, reason);
    }

    fn note_unreadable(&mut self, key: String, reason: String) {
        self.unreadable.insert(key, reason);
    }

    /// Notes that everything below `data/` has been looked at.
    fn note_listing(&mut self, start: f64) {
        self.schedule.note_listing(start, self.study.now(), self.ledger.open_cases());
    }

    /// Returns the cases that are computed at this moment, as workers say that were heard of.
    fn running(&self, workers: &[Heartbeat], now: f64) -> BTreeSet<CaseRef> {
        let mut running = BTreeSet::new();
        for worker in workers.iter().filter(|worker| worker.is_fresh(now) && worker.state == WorkerState::Running) {
            running.extend(worker.case.as_ref().map(|case| (case.batch.clone(), case.case_id)));
        }
        running.extend(self.strategy.running(now));
        running
    }

    /// Returns the pools whose queues may hold cases.
    fn filled_pools(&self, now: f64) -> Vec<Pool> {
        let mut filled = self.control.content.pools.clone();
        filled.retain(|pool| !self.is_empty(Some(*pool), now));
        filled
    }

    /// Returns what an account needs beside the documents, for the cases that workers have in their hands.
    fn accounting_input<'a>(
        &'a self,
        now: f64,
        (running, held_elsewhere, filled_pools): (&'a BTreeSet<CaseRef>, &'a BTreeSet<Batch>, &'a [Pool]),
    ) -> AccountingInput<'a> {
        AccountingInput {
            now,
            running,
            waiting: (!self.strategy.has_other_queue()).then_some(self.queue.waiting + self.queue.delayed),
            leased: self.queue.leased,
            control: &self.control.content,
            dead_letters: self.dead_letters,
            queue_is_empty: self.is_empty(None, now),
            filled_pools,
            held_elsewhere,
        }
    }

    fn snapshot(&self, now: f64) -> Snapshot {
        // Keys begin with the host, so those of a host stand together.
        let known = || self.heartbeats.read().chain(self.strategy.workers());
        // Those alive come first; of very many, those that compute.
        let alive = || known().filter(|worker| worker.is_alive(now));
        let is_computing = |worker: &&Heartbeat| worker.state == WorkerState::Running;
        let gone = known().filter(|worker| !worker.is_alive(now));
        let workers_beyond = known().count().saturating_sub(MAX_WORKERS);
        let mut workers: Vec<Heartbeat> = if workers_beyond == 0 {
            alive().chain(gone).cloned().collect()
        } else {
            let idle = alive().filter(|worker| !is_computing(worker));
            alive().filter(is_computing).chain(idle).chain(gone).take(MAX_WORKERS).cloned().collect()
        };
        let running = self.running(&workers, now);
        // A heartbeat is older than what is known of its case by now.
        for worker in &mut workers {
            let goes_on = |case: &RunningCase| {
                let case_ref = (case.batch.clone(), case.case_id);
                !self.ledger.has_ended_since(&case_ref, &worker.worker, case.start_time)
            };
            if !worker.case.as_ref().is_some_and(goes_on) {
                worker.case = None;
            }
        }
        let control = &self.control.content;
        let held_elsewhere = self.strategy.held_elsewhere(now);
        let filled = self.filled_pools(now);
        let batches = self.ledger.account(&self.accounting_input(now, (&running, &held_elsewhere, &filled)));
        let total = total(&batches);
        let submit_time = batches.iter().map(|account| account.submit_time).fold(0.0, f64::max);
        let rule = control.halt_rule.clone().unwrap_or_default();
        let halt_reason = self.ledger.halt_reason(&rule, control.go_on_time.max(submit_time));
        let files_bytes = self.ledger.files_bytes();
        let halt_reason = halt_reason.or_else(|| files_reason(files_bytes, control.files_limit_bytes));
        Snapshot {
            time: now,
            queue: self.queue,
            dead_letters: self.dead_letters,
            pools: self.pools.clone(),
            missing: 0,
            halt_reason,
            files_bytes,
            total,
            batches,
            workers,
            workers_beyond: workers_beyond as u64,
            error_parts: error_parts(self.ledger.counted_failures(control)),
            control: control.clone(),
            unreadable: self
                .unreadable
                .iter()
                .take(MAX_UNREADABLE)
                .map(|(key, why)| (visible(key), visible(why)))
                .collect(),
            unreadable_beyond: self.unreadable.len().saturating_sub(MAX_UNREADABLE) as u64,
            unread: (self.heartbeats.unread() + self.strategy.unread_errors()) as u64,
            is_checked: self.schedule.was_listed() && self.strategy.unread_errors() == 0,
            has_changed: false,
        }
    }
}
