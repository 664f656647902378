//! Notices: reasons why nothing runs, the meaning of a study's state, and advice.

use std::fmt;

use crate::accounting::CaseCounts;
use crate::control::StudyControl;
use crate::heartbeat::{Heartbeat, WorkerState};
use crate::number_format::duration;

/// The messages of a queue, approximately, as SQS counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Waiting to be received.
    pub waiting: u64,
    /// Leased to a worker.
    pub leased: u64,
    /// Sent, and not to be received before a delay is over.
    pub delayed: u64,
}

impl QueueCounts {
    /// All messages.
    #[must_use]
    pub const fn messages(&self) -> u64 {
        self.waiting + self.leased + self.delayed
    }
}

/// Something that a person who watches the study should know.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// There is nothing to compute yet.
    NoCases,
    /// Cases wait, and no worker computes them.
    NoWorker {
        /// Number of cases that wait.
        waiting: u64,
    },
    /// The operator paused the study.
    Paused,
    /// Cases that are nowhere.
    Lost {
        /// Number of cases.
        cases: u64,
    },
    /// Cases that no worker could finish.
    DeadLetters {
        /// Number of cases.
        cases: u64,
    },
    /// Cases that are done, and whose model returned nothing.
    Empty {
        /// Number of cases.
        cases: u64,
    },
    /// A worker's key was not accepted.
    WorkerRefused {
        /// Its process and host.
        worker: String,
        /// The message that refused it.
        message: String,
    },
    /// A worker ended by an error of its own.
    WorkerCrashed {
        /// Its process and host.
        worker: String,
        /// The message that it ended with.
        message: String,
    },
    /// Workers take no case at present.
    WorkersResting {
        /// Number of workers.
        workers: usize,
        /// Process and host of one of them.
        worker: String,
        /// The message that it rests with.
        message: String,
    },
    /// A worker has a case and hasn't been heard of.
    WorkerSilent {
        /// Its process and host.
        worker: String,
        /// Time since it was heard of last, in seconds.
        silent_secs: f64,
    },
    /// Everything that can be done is done.
    Finished,
}

/// The weight of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeWeight {
    /// Good to know.
    Information,
    /// Nothing goes on until a person acts.
    Warning,
    /// Something went wrong.
    Problem,
}

impl Notice {
    /// Returns its weight.
    #[must_use]
    pub const fn weight(&self) -> NoticeWeight {
        match self {
            Self::NoCases | Self::Finished => NoticeWeight::Information,
            Self::NoWorker { .. }
            | Self::Paused
            | Self::Empty { .. }
            | Self::WorkersResting { .. }
            | Self::WorkerSilent { .. } => NoticeWeight::Warning,
            Self::Lost { .. } | Self::DeadLetters { .. } | Self::WorkerRefused { .. } | Self::WorkerCrashed { .. } => {
                NoticeWeight::Problem
            }
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCases => f.write_str("No cases yet."),
            Self::NoWorker { waiting: 1 } => f.write_str("1 case waits, and no worker is attached."),
            Self::NoWorker { waiting } => write!(f, "{waiting} cases wait, and no worker is attached."),
            Self::Paused => f.write_str("The study is paused: workers finish their case and take no other, until `cruncher resume`."),
            Self::Lost { cases: 1 } => f.write_str("1 case is lost: the queue doesn't hold it, or not any more. Send the rest, or enqueue it again."),
            Self::Lost { cases } => {
                write!(f, "{cases} cases are lost: the queue doesn't hold them, or not any more. Send the rest, or enqueue them again.")
            }
            Self::DeadLetters { cases: 1 } => {
                f.write_str("1 case is in the dead-letter queue: it was handed out again and again, and no worker came to an end with it. `cruncher redrive` sends it again.")
            }
            Self::DeadLetters { cases } => {
                write!(f, "{cases} cases are in the dead-letter queue: they were handed out again and again, and no worker came to an end with them. `cruncher redrive` sends them again.")
            }
            Self::Empty { cases: 1 } => f.write_str("1 case is done, but returned nothing: a model returns what it puts into result[\"…\"]."),
            Self::Empty { cases } => {
                write!(f, "{cases} cases are done, but returned nothing: a model returns what it puts into result[\"…\"].")
            }
            Self::WorkerRefused { worker, message } => {
                write!(f, "Worker {worker} was refused: {message} Attach it again with the line of the Attach page.")
            }
            Self::WorkerCrashed { worker, message } => write!(f, "Worker {worker} crashed: {message}"),
            Self::WorkersResting { workers: 1, worker, message } => {
                write!(f, "Worker {worker} takes no case at present: {message}.")
            }
            Self::WorkersResting { workers, worker, message } => {
                write!(f, "{workers} workers take no case at present; {worker} says: {message}.")
            }
            Self::WorkerSilent { worker, silent_secs } => {
                let since = duration(*silent_secs);
                write!(f, "Worker {worker} has a case and hasn't been heard of for {since}; when its lease ends, another worker takes the case.")
            }
            Self::Finished => f.write_str("Every case that could be computed has been."),
        }
    }
}

/// Returns the notices for a person who watches the study at `now`, the weightiest first. `leased` is the number of messages in
/// workers' hands.
#[must_use]
pub fn diagnose(
    counts: &CaseCounts,
    heartbeats: &[Heartbeat],
    leased: u64,
    dead_letters: u64,
    control: &StudyControl,
    now: f64,
) -> Vec<Notice> {
    let mut notices = Vec::new();
    if counts.cases == 0 {
        notices.push(Notice::NoCases);
    } else if counts.open() == 0 {
        notices.push(Notice::Finished);
    } else if control.paused {
        notices.push(Notice::Paused);
    } else if counts.queued > counts.unsent && !heartbeats.iter().any(|heartbeat| heartbeat.is_alive(now)) {
        notices.push(Notice::NoWorker { waiting: counts.queued - counts.unsent });
    }
    if counts.lost > 0 {
        notices.push(Notice::Lost { cases: counts.lost });
    }
    if counts.empty > 0 {
        notices.push(Notice::Empty { cases: counts.empty });
    }
    // Where all cases have come to their end, messages that are left belong to cases which were sent again.
    if dead_letters > 0 && (counts.cases == 0 || counts.open() + counts.lost > 0) {
        notices.push(Notice::DeadLetters { cases: dead_letters });
    }
    notices.extend(heartbeats.iter().filter_map(|heartbeat| worker_notice(heartbeat, now)));
    notices.extend(resting_workers(heartbeats, now));
    notices.extend(silent_workers(heartbeats, leased, now));
    let of_weight = |weight| notices.iter().filter(move |notice| notice.weight() == weight).cloned();
    [NoticeWeight::Problem, NoticeWeight::Warning, NoticeWeight::Information].into_iter().flat_map(of_weight).collect()
}

/// Time for which an ended worker is worth a notice, in seconds.
const RECENT_SECS: f64 = 24.0 * 3600.0;

fn worker_notice(heartbeat: &Heartbeat, now: f64) -> Option<Notice> {
    let worker = named(heartbeat);
    let message = heartbeat.message.clone().unwrap_or_default();
    if now - heartbeat.time > RECENT_SECS {
        return None;
    }
    match heartbeat.state {
        WorkerState::Refused => Some(Notice::WorkerRefused { worker, message }),
        WorkerState::Crashed => Some(Notice::WorkerCrashed { worker, message }),
        _ => None,
    }
}

/// Returns a notice of all workers that rest: they often do so for the same reason.
fn resting_workers(heartbeats: &[Heartbeat], now: f64) -> Option<Notice> {
    let is_resting = |heartbeat: &&Heartbeat| heartbeat.state == WorkerState::Resting && heartbeat.is_fresh(now);
    let resting = || heartbeats.iter().filter(is_resting);
    let message = |heartbeat: &Heartbeat| heartbeat.message.clone().unwrap_or_default();
    resting().next().map(|first| Notice::WorkersResting {
        workers: resting().count(),
        worker: named(first),
        message: message(first),
    })
}

/// Returns notices of silent workers that had a case when they were heard of last: of no more than there are messages in hands
/// that no other worker has, those that were heard of last. The message of another one has gone back to the queue.
fn silent_workers(heartbeats: &[Heartbeat], leased: u64, now: f64) -> impl Iterator<Item = Notice> {
    let running = || heartbeats.iter().filter(|heartbeat| heartbeat.state == WorkerState::Running);
    let mut silent: Vec<&Heartbeat> = Vec::new();
    // Inserted one by one: a sorting algorithm would be a larger part of the first view.
    for heartbeat in running().filter(|heartbeat| heartbeat.is_silent(now)) {
        silent.insert(silent.partition_point(|other| other.time >= heartbeat.time), heartbeat);
    }
    let heard = running().count() - silent.len();
    let unexplained = usize::try_from(leased).unwrap_or(usize::MAX).saturating_sub(heard);
    let notice = move |heartbeat: &Heartbeat| Notice::WorkerSilent {
        worker: named(heartbeat),
        silent_secs: now - heartbeat.time,
    };
    silent.into_iter().take(unexplained).map(notice)
}

/// Returns a worker as messages name it: its process and its host.
fn named(heartbeat: &Heartbeat) -> String {
    format!("{} on {}", heartbeat.process(), heartbeat.host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heartbeat::WorkerCounts;

    fn heartbeat(state: WorkerState, time: f64) -> Heartbeat {
        Heartbeat {
            worker: "w".into(),
            host: "node7".into(),
            version: String::new(),
            start_time: 0.0,
            time,
            state,
            case: None,
            counts: WorkerCounts::default(),
            median_secs: None,
            message: Some("The key is unknown.".into()),
            traceback: None,
            max_silence_secs: None,
        }
    }

    fn check(counts: CaseCounts, heartbeats: &[Heartbeat], dead_letters: u64, paused: bool, expected: &[&str]) {
        let control = StudyControl { paused, ..StudyControl::default() };
        let notices = diagnose(&counts, heartbeats, 1, dead_letters, &control, 1_000.0);
        assert_eq!(notices.len(), expected.len(), "{notices:?}");
        for (notice, start) in notices.iter().zip(expected) {
            assert!(notice.to_string().starts_with(start), "{notice}");
        }
    }

    #[test]
    fn the_state_of_a_study_is_explained() {
        let queued = CaseCounts { cases: 5, queued: 5, ..CaseCounts::default() };
        let alive = heartbeat(WorkerState::Waiting, 990.0);
        check(CaseCounts::default(), &[], 0, false, &["No cases yet."]);
        check(queued, &[], 0, false, &["5 cases wait, and no worker"]);
        check(queued, &[heartbeat(WorkerState::Waiting, 900.0)], 0, false, &["5 cases wait, and no worker"]);
        check(queued, &[heartbeat(WorkerState::Stopped, 990.0)], 0, false, &["5 cases wait, and no worker"]);
        check(queued, std::slice::from_ref(&alive), 0, false, &[]);
        check(queued, std::slice::from_ref(&alive), 0, true, &["The study is paused"]);
        check(CaseCounts { cases: 1, done: 1, ..CaseCounts::default() }, &[], 0, false, &["Every case"]);
        let lost = CaseCounts { cases: 1, lost: 1, ..CaseCounts::default() };
        check(lost, &[], 2, false, &["1 case is lost", "2 cases are in the dead-letter", "Every case"]);
        check(CaseCounts { cases: 1, done: 1, ..CaseCounts::default() }, &[], 2, false, &["Every case"]);
        let refused = heartbeat(WorkerState::Refused, 990.0);
        check(queued, &[refused, alive], 0, false, &["Worker w on node7 was refused: The key is unknown."]);
    }

    #[test]
    fn a_case_that_runs_does_not_wait_for_a_worker() {
        let counts = CaseCounts { cases: 2, running: 1, done: 1, ..CaseCounts::default() };
        check(counts, &[], 0, false, &[]);
        check(CaseCounts { cases: 3, queued: 1, ..counts }, &[], 0, false, &["1 case waits, and no worker"]);
    }

    #[test]
    fn a_case_that_is_not_sent_yet_does_not_wait_for_a_worker() {
        let counts = CaseCounts { cases: 12, queued: 12, unsent: 7, ..CaseCounts::default() };
        check(counts, &[], 0, false, &["5 cases wait, and no worker"]);
        check(CaseCounts { unsent: 12, ..counts }, &[], 0, false, &[]);
    }

    #[test]
    fn cases_that_returned_nothing_are_told_first() {
        let counts = CaseCounts { cases: 2, done: 2, empty: 1, ..CaseCounts::default() };
        check(counts, &[], 0, false, &["1 case is done, but returned nothing", "Every case"]);
        check(
            CaseCounts { empty: 2, ..counts },
            &[],
            0,
            false,
            &["2 cases are done, but returned nothing", "Every case"],
        );
    }

    #[test]
    fn workers_that_rest_are_told_together() {
        let queued = CaseCounts { cases: 5, queued: 5, ..CaseCounts::default() };
        let rest = Heartbeat { message: Some("the disk is full".into()), ..heartbeat(WorkerState::Resting, 990.0) };
        let alive = heartbeat(WorkerState::Waiting, 990.0);
        let one = [alive, rest.clone()];
        check(queued, &one, 0, false, &["Worker w on node7 takes no case at present: the disk is full."]);
        let two = [rest.clone(), rest.clone()];
        check(queued, &two, 0, false, &["2 workers take no case at present; w on node7 says: the disk is full."]);
        // One that is no longer heard of is gone, as others are.
        let gone = Heartbeat { time: 700.0, ..rest };
        check(queued, &[gone], 0, false, &["5 cases wait, and no worker"]);
    }

    #[test]
    fn a_silent_worker_with_a_case_is_named() {
        let queued = CaseCounts { cases: 1, running: 0, queued: 1, ..CaseCounts::default() };
        let silent = heartbeat(WorkerState::Running, 910.0);
        let workers = [silent.clone(), heartbeat(WorkerState::Waiting, 990.0)];
        let notice = "Worker w on node7 has a case and hasn't been heard of for 1 min 30 s; when its lease ends";
        check(queued, &workers, 0, false, &[notice]);
        check(queued, &[heartbeat(WorkerState::Running, 930.0)], 0, false, &[]);
    }

    #[test]
    fn a_silent_worker_whose_case_another_one_has_taken_is_not_named() {
        let counts = CaseCounts { cases: 2, running: 1, done: 1, ..CaseCounts::default() };
        let [earlier, silent, heard] = [700.0, 910.0, 990.0].map(|time| heartbeat(WorkerState::Running, time));
        // The message in hands is that of the worker that was heard of.
        check(counts, &[silent.clone(), heard.clone()], 0, false, &[]);
        check(
            counts,
            &[earlier, silent],
            0,
            false,
            &["Worker w on node7 has a case and hasn't been heard of for 1 min 30 s"],
        );
    }
}
