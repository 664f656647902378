//! State of a study at one moment, as far as it is known.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cruncher_study::accounting::{BatchAccount, CaseCounts, total};
use cruncher_study::batch::Batch;
use cruncher_study::control::StudyControl;
use cruncher_study::diagnosis::{DiagnosisInput, Notice, PoolLook, QueueCounts, diagnose};
use cruncher_study::error_groups::{ErrorGroup, ErrorPart, error_groups};
use cruncher_study::heartbeat::{Heartbeat, WorkerState};
use cruncher_study::ledger::{CaseFinish, SENDING_SECS};
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::ordering::ascending;
use cruncher_study::pool::Pool;
use cruncher_study::study_events::EventFacts;

use crate::administer::observe::LookFindings;

/// State of a study at one moment, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Time in seconds since 1970 by the servers' clock.
    pub time: f64,
    /// The messages of the queue.
    pub queue: QueueCounts,
    /// The messages of the dead-letter queue.
    pub dead_letters: u64,
    /// The study's own queue and those of its pools: what the two figures before are the sum of.
    pub pools: Vec<PoolLook>,
    /// Number of queued cases that the queue has had no message of for a while.
    pub missing: u64,
    /// Why the last attempts should halt the study, if they should.
    pub halt_reason: Option<String>,
    /// Size of the files that cases left, in bytes, as far as rows tell.
    pub files_bytes: u64,
    /// All cases.
    pub total: CaseCounts,
    /// The cases of each batch, in order.
    pub batches: Vec<BatchAccount>,
    /// Last heartbeat of each worker, those alive first; the first ones, if there are very many.
    pub workers: Vec<Heartbeat>,
    /// Number of further workers.
    pub workers_beyond: u64,
    /// Failures; those of a batch that are alike are one.
    pub error_parts: Vec<ErrorPart>,
    /// The control document: the operator's requests to the workers.
    pub control: StudyControl,
    /// Objects that can't be read, and why; the first ones, if there are very many.
    pub unreadable: BTreeMap<String, String>,
    /// Number of further objects that can't be read.
    pub unreadable_beyond: u64,
    /// Number of heartbeats and error documents that are still to be read: each look reads some.
    pub unread: u64,
    /// Whether all documents have been looked at. Before that, a large study is known from tables and segments alone.
    pub is_checked: bool,
    /// Whether anything is new since the snapshot before.
    pub has_changed: bool,
}

/// Figures of a pool.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PoolFigures {
    /// The pool; `None` is the study's own queue.
    pub pool: Option<Pool>,
    /// The messages of its queues; `None` if the pool was removed.
    pub look: Option<PoolLook>,
    /// Its cases. The cases of all pools are those of the study.
    pub cases: CaseCounts,
    /// Number of its workers that are alive.
    pub workers: u64,
    /// Number of cases that those that have one finish in a minute, by the median of each.
    pub rate: f64,
}

/// Returns at most so many accounts, in order. Of more, those of batches that somebody has submitted come first: whoever has a worker's
/// key can make others.
#[must_use]
pub fn submitted_first<'a>(
    accounts: impl ExactSizeIterator<Item = &'a BatchAccount> + Clone,
    most: usize,
) -> Vec<&'a BatchAccount> {
    if accounts.len() <= most {
        return accounts.collect();
    }
    let is_submitted = |account: &&BatchAccount| account.submit_time > 0.0;
    let others = accounts.clone().filter(move |account| !is_submitted(account));
    accounts.filter(is_submitted).chain(others).take(most).collect()
}

/// Views of one batch and those below it, or of all batches if none is named. Workers, the queues and the control document
/// are always those of the study.
impl Snapshot {
    /// Returns the workers that are alive, as far as they are heard of.
    pub fn alive_workers(&self) -> impl Iterator<Item = &Heartbeat> {
        self.workers.iter().filter(|worker| worker.is_alive(self.time))
    }

    /// Returns the figures of each pool: those that there are, and those that were removed and have cases.
    #[must_use]
    pub fn pool_figures(&self, batch: Option<&Batch>) -> Vec<PoolFigures> {
        let mut pools: Vec<_> = self.pools.iter().map(|look| (look.pool, Some(*look))).collect();
        for (pool, counts) in self.accounts(batch).flat_map(|account| &account.pools) {
            if counts.cases + counts.withdrawn > 0 && !pools.iter().any(|(known, _)| known == pool) {
                pools.push((*pool, None));
            }
        }
        pools.into_iter().map(|(pool, look)| self.figures_of(pool, look, batch)).collect()
    }

    fn figures_of(&self, pool: Option<Pool>, look: Option<PoolLook>, batch: Option<&Batch>) -> PoolFigures {
        let mut figures = PoolFigures { pool, look, ..PoolFigures::default() };
        for counts in self.accounts(batch).filter_map(|account| account.of_pool(pool)) {
            figures.cases.add(counts);
        }
        for worker in self.alive_workers().filter(|worker| worker.pool == pool) {
            figures.workers += 1;
            let is_running = worker.state == WorkerState::Running;
            let secs = worker.median_secs.filter(|secs| is_running && *secs > 0.0);
            figures.rate += secs.map_or(0.0, |secs| 60.0 / secs);
        }
        figures
    }

    /// Returns what it says of events that somebody waits for.
    #[must_use]
    pub fn event_facts(&self) -> EventFacts<'_> {
        EventFacts {
            cases: self.total.cases + self.total.withdrawn,
            open: self.total.open(),
            halted: self.control.halted.as_ref().map(|halt| halt.reason.as_str()),
            failures: self.error_parts.iter().map(|part| (part.signature.as_str(), part.error.as_str())).collect(),
        }
    }

    /// Returns the number of workers that have computed a case.
    #[must_use]
    pub fn workers_with_cases(&self) -> usize {
        self.workers.iter().filter(|worker| worker.counts.computed() > 0).count()
    }

    /// Returns the accounts of the batches.
    pub fn accounts<'a>(&'a self, batch: Option<&Batch>) -> impl Iterator<Item = &'a BatchAccount> {
        self.batches.iter().filter(move |account| batch.is_none_or(|batch| batch.contains(account.batch.as_str())))
    }

    /// Returns at most so many batches, those first that somebody has submitted.
    #[must_use]
    pub fn batches_to_name(&self, most: usize) -> Vec<&BatchAccount> {
        submitted_first(self.batches.iter(), most)
    }

    /// Returns the number of cases in each state.
    #[must_use]
    pub fn counts(&self, batch: Option<&Batch>) -> CaseCounts {
        batch.map_or(self.total, |_| total(self.accounts(batch)))
    }

    /// Returns when cases got their results: batch by batch, the batch heard of last at the end, each in the order of learning.
    #[must_use]
    pub fn finishes(&self, batch: Option<&Batch>) -> Cow<'_, [CaseFinish]> {
        let accounts: Vec<&BatchAccount> = self.accounts(batch).collect();
        // The bits of numbers that aren't negative are in the order of the numbers.
        let order = ascending(accounts.iter().map(|account| account.touch_time.max(0.0).to_bits()));
        let accounts: Vec<&BatchAccount> = order.into_iter().map(|place| accounts[place]).collect();
        match accounts.as_slice() {
            [only] => Cow::Borrowed(&only.finishes),
            several => several.iter().flat_map(|account| account.finishes.iter().copied()).collect(),
        }
    }

    /// Groups failures that are alike, the largest group first.
    #[must_use]
    pub fn error_groups(&self, batch: Option<&Batch>) -> Vec<ErrorGroup<'_>> {
        let is_here = |part: &&ErrorPart| batch.is_none_or(|batch| batch.contains(part.batch.as_str()));
        error_groups(self.error_parts.iter().filter(is_here))
    }

    /// Returns notices for those who watch the study, the most important first.
    #[must_use]
    pub fn notices(&self, batch: Option<&Batch>) -> Vec<Notice> {
        diagnose(
            &self.counts(batch),
            &DiagnosisInput {
                heartbeats: &self.workers,
                leased: self.queue.leased,
                dead_letters: self.dead_letters,
                missing: self.missing,
                unread: self.unread,
                files_bytes: self.files_bytes,
                control: &self.control,
                pools: &self.pools,
                now: self.time,
            },
        )
    }

    /// Tells of each shown batch that is to be combined by itself what it waits for. Its name, as [`StudyControl::combine`] has it, goes in
    /// front if what is there can be combined now; else nothing does.
    pub fn combine_waits(&self, shown: Option<&Batch>) -> impl Iterator<Item = (String, String)> {
        let counts_of = |batch: &str| self.account_of(batch).map(|account| account.counts).unwrap_or_default();
        self.control.combine.iter().filter_map(move |(name, combined)| {
            let (batch, _) = name.rsplit_once('/')?;
            let (counts, own) = (counts_of(batch), counts_of(&format!("{batch}/combined")));
            if counts.cases == 0 || shown.is_some_and(|shown| !shown.contains(batch)) {
                return None;
            }
            let is_made = counts.cases == *combined && own.failed == 0 && own.open() == 0;
            let words = match (own.running, own.open(), own.failed) {
                _ if is_made && !self.has_newer_results(name) => return None,
                _ if is_made => "results have changed: it is combined anew when the queue is empty".to_owned(),
                (1.., _, _) => "a worker is combining it".to_owned(),
                (_, 1.., _) => "it is about to be combined: that waits for a worker".to_owned(),
                (_, _, 1..) if counts.is_complete() => "combining it has failed: see Errors".to_owned(),
                _ if counts.is_complete() => "it is complete, and combined at the next look of an operator".to_owned(),
                _ if counts.open() == 0 => {
                    format!("it isn't complete: {} failed", thousands(counts.cases - counts.done))
                }
                _ => {
                    let left = counted(counts.cases - counts.done, "case", "cases");
                    format!("it is combined when it is complete: waiting for {left}")
                }
            };
            let is_possible = own.open() == 0 && counts.done > 0 && !counts.is_complete();
            Some((if is_possible { name.clone() } else { String::new() }, format!("{batch}: {words}.")))
        })
    }

    fn account_of(&self, batch: &str) -> Option<&BatchAccount> {
        self.batches.iter().find(|account| account.batch.as_str() == batch)
    }

    /// Whether results of a wanted file's batch (`batch/submission`) have come since that was made last: cases were computed or extracted
    /// from again.
    #[must_use]
    pub fn has_newer_results(&self, name: &str) -> bool {
        let account = name.rsplit_once('/').and_then(|(batch, _)| self.account_of(batch));
        account.is_some_and(|account| account.touch_time > self.control.combined_time(name))
    }

    /// Returns the batches that are complete, and are to be combined with other cases than last time, or with results that have changed
    /// since: the latter when the queue is empty, since they may change one by one.
    fn to_combine(&self) -> impl Iterator<Item = (String, (u64, f64))> {
        self.control.combine.iter().filter_map(|(name, combined)| {
            let (batch, submission) = name.rsplit_once('/')?;
            if self.control.withdraws(submission) {
                return None;
            }
            let account = self.account_of(batch)?;
            let counts = account.counts;
            let is_wanted = counts.cases != *combined || self.queue.messages() == 0 && self.has_newer_results(name);
            (counts.is_complete() && is_wanted).then(|| (name.clone(), (counts.cases, account.touch_time)))
        })
    }

    /// Returns what this look has found that others should know; `None` if there is nothing that isn't noted yet.
    #[must_use]
    pub fn observation(&self) -> Option<LookFindings> {
        // Cases whose table wasn't listed yet may be in the queue.
        let goes_on = self.total.open() + self.queue.messages() > 0;
        let halt = self.halt_reason.clone().filter(|_| goes_on && !self.control.is_stopped());
        // Only a look that lists the documents knows what is open.
        let is_uncovered = |account: &BatchAccount| {
            let sent_time = account.submit_time + SENDING_SECS;
            account.counts.queued - account.counts.unsent + account.counts.lost > 0
                && sent_time < self.time
                && self.control.queue_empty_time <= sent_time
        };
        let is_empty = self.is_checked && self.queue.messages() == 0 && self.batches.iter().any(is_uncovered);
        let queue_empty_time = is_empty.then_some(self.time);
        let dead_letters = (self.dead_letters != self.control.dead_letters.messages).then_some(self.dead_letters);
        let combine = self.to_combine().filter(|_| self.is_checked).collect();
        let observation = LookFindings { halt, queue_empty_time, dead_letters, combine };
        (observation != LookFindings::default()).then_some(observation)
    }
}

#[cfg(test)]
mod tests {
    use cruncher_study::case::CaseId;

    use super::*;

    fn batch(path: &str) -> Batch {
        Batch::parse(path).unwrap()
    }

    fn account(path: &str, done: u64, lost: u64, end_times: &[f64]) -> BatchAccount {
        let finish = |end_time: &f64| CaseFinish { end_time: *end_time, duration_secs: None };
        let counts = CaseCounts { cases: done + lost, done, lost, ..CaseCounts::default() };
        let touch_time = end_times.iter().copied().fold(0.0, f64::max);
        BatchAccount {
            counts,
            finishes: end_times.iter().map(finish).collect(),
            touch_time,
            ..BatchAccount::new(batch(path))
        }
    }

    fn part(path: &str, signature: &str) -> ErrorPart {
        ErrorPart {
            signature: signature.into(),
            batch: batch(path),
            error: format!("of {path}"),
            cases: vec![CaseId::default()],
            final_cases: 1,
            workers: ["w".to_owned()].into(),
            first_time: 1.0,
            last_time: 2.0,
        }
    }

    #[test]
    fn with_a_batch_everything_is_of_it_and_of_those_below_it() {
        let batches = vec![
            account("soil", 2, 1, &[5.0]),
            account("soil/fine", 1, 0, &[3.0]),
            account("steel", 4, 0, &[1.0, 2.0]),
        ];
        let error_parts = vec![part("soil", "00"), part("steel", "00"), part("steel", "11")];
        let snapshot = Snapshot { total: total(&batches), batches, error_parts, ..Snapshot::default() };
        for (chosen, cases, done, ends, groups) in [
            (None, 8, 7, &[1.0, 2.0, 3.0, 5.0][..], &[("00", 2), ("11", 1)][..]),
            (Some("soil"), 4, 3, &[3.0, 5.0], &[("00", 1)]),
            (Some("soil/fine"), 1, 1, &[3.0], &[]),
            (Some("steel"), 4, 4, &[1.0, 2.0], &[("00", 1), ("11", 1)]),
            (Some("so"), 0, 0, &[], &[]),
        ] {
            let chosen = chosen.map(batch);
            let of = chosen.as_ref();
            assert_eq!((snapshot.counts(of).cases, snapshot.counts(of).done), (cases, done), "{chosen:?}");
            assert!(snapshot.finishes(of).iter().map(|finish| finish.end_time).eq(ends.iter().copied()), "{chosen:?}");
            let found = snapshot.error_groups(of);
            let found: Vec<_> = found.iter().map(|group| (group.signature, group.len())).collect();
            assert_eq!(found, groups, "{chosen:?}");
            let is_lost = snapshot.notices(of).contains(&Notice::Lost { cases: 1 });
            assert_eq!(is_lost, chosen.is_none_or(|chosen| chosen.as_str() == "soil"));
        }
    }

    #[test]
    fn a_complete_batch_is_to_be_combined_until_it_was_with_these_cases_and_results() {
        let mut snapshot = Snapshot {
            batches: vec![account("soil", 2, 0, &[1.0, 3.5]), account("steel", 2, 1, &[])],
            ..Snapshot::default()
        };
        snapshot.is_checked = true;
        for name in ["soil", "steel", "gone"] {
            snapshot.control.combine_when_complete(&batch(name), "00aa");
        }
        let found = |snapshot: &Snapshot| snapshot.observation().unwrap_or_default().combine;
        assert_eq!(found(&snapshot), BTreeMap::from([("soil/00aa".to_owned(), (2, 3.5))]));
        let unchecked = Snapshot { is_checked: false, ..snapshot.clone() };
        assert!(found(&unchecked).is_empty(), "a table may be missing yet");
        for (combined, is_wanted) in [(2, false), (1, true)] {
            snapshot.control.note_combined("soil/00aa", combined, 3.5);
            assert_eq!(!found(&snapshot).is_empty(), is_wanted, "{combined}");
        }
        // Computed again, or extracted from again: the number of cases is the same. The results come one by one while the queue has any.
        snapshot.control.note_combined("soil/00aa", 2, 3.5);
        snapshot.batches[0] = account("soil", 2, 0, &[1.0, 3.5, 9.0]);
        snapshot.queue.waiting = 1;
        assert!(found(&snapshot).is_empty());
        let words = "soil: results have changed: it is combined anew when the queue is empty.";
        assert_eq!(snapshot.combine_waits(None).next(), Some((String::new(), words.to_owned())));
        snapshot.queue.waiting = 0;
        assert_eq!(found(&snapshot), BTreeMap::from([("soil/00aa".to_owned(), (2, 9.0))]));
        snapshot.control.note_combined("soil/00aa", 2, 9.0);
        assert!(found(&snapshot).is_empty());
        assert!(snapshot.control.combine_no_more(&batch("soil")) && found(&snapshot).is_empty());
    }

    #[test]
    fn a_batch_that_is_to_be_combined_says_what_it_waits_for_and_when_what_is_there_can_be_combined() {
        let mut snapshot =
            Snapshot { batches: vec![account("soil", 0, 0, &[])], is_checked: true, ..Snapshot::default() };
        snapshot.control.combine_when_complete(&batch("soil"), "00aa");
        let told = |snapshot: &Snapshot| snapshot.combine_waits(None).next();
        let counts = |queued, done, failed| CaseCounts {
            cases: queued + done + failed,
            queued,
            done,
            failed,
            ..CaseCounts::default()
        };
        for (of, name, words) in [
            (counts(12, 0, 0), "", "soil: it is combined when it is complete: waiting for 12 cases."),
            (counts(1, 2, 1), "soil/00aa", "soil: it is combined when it is complete: waiting for 2 cases."),
            (counts(0, 2, 3), "soil/00aa", "soil: it isn't complete: 3 failed."),
            (counts(0, 2, 0), "", "soil: it is complete, and combined at the next look of an operator."),
        ] {
            snapshot.batches[0].counts = of;
            assert_eq!(told(&snapshot), Some((name.to_owned(), words.to_owned())));
        }
        assert_eq!(snapshot.combine_waits(Some(&batch("steel"))).next(), None);
        snapshot.control.note_combined("soil/00aa", 2, 0.0);
        assert_eq!(told(&snapshot), None, "it was combined");
        snapshot.batches.push(account("soil/combined", 0, 0, &[]));
        for (of, words) in [
            (CaseCounts { running: 1, ..counts(0, 0, 0) }, "soil: a worker is combining it."),
            (counts(1, 0, 0), "soil: it is about to be combined: that waits for a worker."),
            (counts(0, 0, 1), "soil: combining it has failed: see Errors."),
        ] {
            snapshot.batches[1].counts = of;
            assert_eq!(told(&snapshot), Some((String::new(), words.to_owned())));
        }
    }
}
