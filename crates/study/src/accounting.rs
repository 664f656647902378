//! Accounts: the number of cases in each state.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::batch::Batch;
use crate::case::CaseRef;
use crate::control::StudyControl;
use crate::ledger::CaseFinish;
use crate::number_format::thousands;
use crate::pool::Pool;
use crate::responses::ResponseSummary;

/// Number of cases in each state. The states sum up to `cases`; withdrawn cases are in none of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CaseCounts {
    /// All of them.
    pub cases: u64,
    /// Waiting for a worker.
    pub queued: u64,
    /// Queued cases that their sender holds back: they aren't sent yet.
    pub unsent: u64,
    /// In a worker's hands.
    pub running: u64,
    /// With a result.
    pub done: u64,
    /// Done cases whose model returned nothing.
    pub empty: u64,
    /// Without an attempt left.
    pub failed: u64,
    /// Called off by the operator.
    pub cancelled: u64,
    /// In the dead-letter queue: no worker came to an end with them.
    pub dead: u64,
    /// Nowhere: the queue can't hold them any more.
    pub lost: u64,
    /// Cases beside `cases` whose last submission is withdrawn.
    pub withdrawn: u64,
}

impl CaseCounts {
    /// Cases that will still change their state by themselves.
    #[must_use]
    pub const fn open(&self) -> u64 {
        self.queued + self.running
    }

    /// Whether every case has a result. What has failed, is lost, dead or cancelled isn't complete, though nothing is open.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.cases > 0 && self.done == self.cases
    }

    /// Says what came of the cases once none waits or runs: *complete* only if every case is done.
    #[must_use]
    pub fn ending(&self) -> String {
        let Self { cases, done, failed, cancelled, dead, lost, .. } = *self;
        let complete = if self.is_complete() { "complete" } else { "not complete" };
        let mut words = format!("{complete}: {} of {} done", thousands(done), thousands(cases));
        for (number, state) in [(failed, "failed"), (cancelled, "cancelled"), (dead, "dead"), (lost, "lost")] {
            if number > 0 {
                // Writing to a string can't fail.
                let _ = write!(words, ", {} {state}", thousands(number));
            }
        }
        words
    }

    /// Counts a case in this state.
    pub fn count(&mut self, state: CaseState) {
        self.cases += 1;
        *match state {
            CaseState::Queued => &mut self.queued,
            CaseState::Running => &mut self.running,
            CaseState::Done => &mut self.done,
            CaseState::Empty => {
                self.empty += 1;
                &mut self.done
            }
            CaseState::Failed => &mut self.failed,
            CaseState::Cancelled => &mut self.cancelled,
            CaseState::Dead => &mut self.dead,
            CaseState::Lost => &mut self.lost,
        } += 1;
    }

    /// Adds the counts of other cases.
    pub fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.queued += other.queued;
        self.unsent += other.unsent;
        self.running += other.running;
        self.done += other.done;
        self.empty += other.empty;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.dead += other.dead;
        self.lost += other.lost;
        self.withdrawn += other.withdrawn;
    }
}

/// The state of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseState {
    /// Waiting for a worker.
    Queued,
    /// In a worker's hands.
    Running,
    /// With a result.
    Done,
    /// With a result that has nothing in it.
    Empty,
    /// Without an attempt left.
    Failed,
    /// Called off by the operator.
    Cancelled,
    /// In the dead-letter queue: it was handed out again and again, and no worker came to an end with it.
    Dead,
    /// Nowhere: the queue can't hold it any more.
    Lost,
}

impl CaseState {
    /// Returns its name. A done case that returned nothing is done.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done | Self::Empty => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
            Self::Lost => "lost",
        }
    }

    /// Returns the state of this name; `None` if there is none.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled, Self::Dead, Self::Lost];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// Facts besides the documents that are known at the moment of accounting.
#[derive(Debug, Clone, Copy)]
pub struct AccountingInput<'a> {
    /// The time.
    pub now: f64,
    /// The cases that fresh heartbeats name as running.
    pub running: &'a BTreeSet<CaseRef>,
    /// Number of messages that wait in the queue; `None` if there is also another queue, into which nobody can look.
    pub waiting: Option<u64>,
    /// Number of messages that are leased to workers.
    pub leased: u64,
    /// The operator's wishes, and what operators' looks have noted.
    pub control: &'a StudyControl,
    /// Number of messages in the dead-letter queue.
    pub dead_letters: u64,
    /// Whether the queue has been empty for so long that no message can be in it. Where it is only empty now, what a look has
    /// noted in the control document counts.
    pub queue_is_empty: bool,
    /// Pools of whose queues the same isn't so: any other one's is empty, or gone.
    pub filled_pools: &'a [Pool],
    /// Batches with cases that another queue may hold: the predecessor's computers are at work on them.
    pub held_elsewhere: &'a BTreeSet<Batch>,
}

/// The account of one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchAccount {
    /// The batch.
    pub batch: Batch,
    /// All its cases.
    pub counts: CaseCounts,
    /// Its cases level by level, in order.
    pub levels: Vec<(u32, CaseCounts)>,
    /// Its cases pool by pool, those of the study's own queue first; empty if no case has another pool. Who is unsent isn't told apart.
    pub pools: Vec<(Option<Pool>, CaseCounts)>,
    /// Times when its cases got their results, in the order in which they were learnt.
    pub finishes: Vec<CaseFinish>,
    /// Time when a table of its cases was written last; 0 if there is none.
    pub submit_time: f64,
    /// Time of the last news of it: a table, a result or a failure.
    pub touch_time: f64,
    /// Its submissions, the last one at the end; empty if the study has one submission alone, which counts.
    pub submissions: Vec<SubmissionAccount>,
    /// The first response of its results, if any has a number.
    pub response: Option<ResponseSummary>,
}

/// The account of a submission: of the cases of its batch that no later one names.
#[derive(Debug, Clone, PartialEq)]
pub struct SubmissionAccount {
    /// Its id: 16 hex digits.
    pub id: String,
    /// Time when it was submitted.
    pub time: f64,
    /// The key of its model; empty if its design isn't known.
    pub model: String,
    /// The version of the model: the place of the file's content among the contents of all model files of that name in the
    /// study, in the order in which they were submitted for the first time, from 1.
    pub version: usize,
    /// Its cases, counted also if it is withdrawn.
    pub counts: CaseCounts,
    /// Whether its cases are withdrawn.
    pub is_withdrawn: bool,
}

impl BatchAccount {
    /// Makes an account without cases.
    #[must_use]
    pub fn new(batch: Batch) -> Self {
        let (counts, levels, finishes) = <(CaseCounts, Vec<_>, Vec<_>)>::default();
        Self {
            batch,
            counts,
            levels,
            pools: Vec::new(),
            finishes,
            submit_time: 0.0,
            touch_time: 0.0,
            submissions: Vec::new(),
            response: None,
        }
    }

    /// The counts of a level: all 0 before anything was counted in it.
    pub fn level(&mut self, level: u32) -> &mut CaseCounts {
        let place = self.levels.partition_point(|(other, _)| *other < level);
        if self.levels.get(place).is_none_or(|(other, _)| *other != level) {
            self.levels.insert(place, (level, CaseCounts::default()));
        }
        &mut self.levels[place].1
    }

    /// Returns the counts of a pool, if any of its cases are here.
    #[must_use]
    pub fn of_pool(&self, pool: Option<Pool>) -> Option<&CaseCounts> {
        if self.pools.is_empty() {
            return pool.is_none().then_some(&self.counts);
        }
        self.pools.iter().find(|(own, _)| *own == pool).map(|(_, counts)| counts)
    }

    /// Takes a queued case for a running one: one of the first level that has any, and of the pool at this place, if pools are told
    /// apart.
    pub(crate) fn start_one(&mut self, pool: usize) {
        let is_queued = |counts: &CaseCounts| counts.queued > 0;
        let of_pool = self.pools.get_mut(pool).map(|(_, counts)| counts);
        if of_pool.as_ref().is_some_and(|counts| !is_queued(counts)) {
            return;
        }
        if let Some((_, level)) = self.levels.iter_mut().find(|(_, level)| is_queued(level)) {
            for counts in of_pool.into_iter().chain([level, &mut self.counts]) {
                counts.queued -= 1;
                counts.running += 1;
            }
        }
    }
}

impl SubmissionAccount {
    /// Makes an account without cases.
    pub(crate) fn new(id: String, time: f64, is_withdrawn: bool) -> Self {
        Self { id, time, model: String::new(), version: 1, counts: CaseCounts::default(), is_withdrawn }
    }
}

/// Returns the batch that is shown to a person who asked for none: the one with the latest news among those at work, or else
/// among all.
#[must_use]
pub fn latest(accounts: &[BatchAccount]) -> Option<&Batch> {
    let order = |account: &&BatchAccount| (account.counts.running > 0, account.touch_time);
    let later = |one, other| if order(&other) >= order(&one) { other } else { one };
    accounts.iter().reduce(later).map(|account| &account.batch)
}

/// Returns the account of several batches together.
#[must_use]
pub fn total<'a>(accounts: impl IntoIterator<Item = &'a BatchAccount>) -> CaseCounts {
    let mut counts = CaseCounts::default();
    for account in accounts {
        counts.add(&account.counts);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str, running: u64, touch_time: f64) -> BatchAccount {
        let counts = CaseCounts { cases: 2, running, ..CaseCounts::default() };
        BatchAccount { counts, touch_time, ..BatchAccount::new(Batch::parse(name).unwrap()) }
    }

    #[test]
    fn a_batch_at_work_comes_before_one_that_was_heard_of_later() {
        let latest = |accounts: &[BatchAccount]| latest(accounts).map(ToString::to_string);
        assert_eq!(latest(&[]), None);
        assert_eq!(
            latest(&[account("old", 0, 1.0), account("new", 0, 2.0), account("oldest", 0, 0.0)]).unwrap(),
            "new"
        );
        assert_eq!(latest(&[account("at-work", 1, 1.0), account("new", 0, 2.0)]).unwrap(), "at-work");
        assert_eq!(latest(&[account("a", 1, 1.0), account("b", 3, 2.0), account("c", 0, 3.0)]).unwrap(), "b");
    }
    #[test]
    fn only_what_is_done_altogether_is_complete() {
        use CaseState::{Cancelled, Dead, Done, Empty, Failed, Lost, Queued, Running};
        let of = |states: &[CaseState]| {
            let mut counts = CaseCounts::default();
            for state in states {
                counts.count(*state);
            }
            counts
        };
        assert!(of(&[Done, Empty, Done]).is_complete());
        assert_eq!(of(&[Done, Empty]).ending(), "complete: 2 of 2 done");
        for state in [Queued, Running, Failed, Cancelled, Dead, Lost] {
            assert!(!of(&[Done, state]).is_complete(), "{state:?}");
        }
        let nothing = CaseCounts { withdrawn: 3, ..CaseCounts::default() };
        assert!(!nothing.is_complete(), "of a batch that was withdrawn nothing is done");
        assert!(CaseCounts { withdrawn: 3, ..of(&[Done]) }.is_complete(), "withdrawn cases are none of the batch's");
        let ending = of(&[Done, Failed, Cancelled, Cancelled, Dead, Lost]).ending();
        assert_eq!(ending, "not complete: 1 of 6 done, 1 failed, 2 cancelled, 1 dead, 1 lost");
    }
}
