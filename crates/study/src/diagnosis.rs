//! Notices: reasons why nothing runs, the meaning of a study's state, and advice.

use std::fmt;

use crate::accounting::CaseCounts;
use crate::control::StudyControl;
use crate::halting::files_reason;
use crate::heartbeat::{Heartbeat, WorkerState};
use crate::number_format::{counted, duration};
use crate::pool::{Pool, shown};
use crate::replaced_keys::to_attach_again;

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

/// Messages of a pool's queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolLook {
    /// The pool; `None` is the study's own queue.
    pub pool: Option<Pool>,
    /// The messages of its queue.
    pub queue: QueueCounts,
    /// The messages of its dead-letter queue.
    pub dead_letters: u64,
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
    /// Cases wait in a pool, and no worker is attached to it, although others have some.
    NoWorkerOfPool {
        /// The pool.
        pool: String,
        /// Number of cases that wait.
        waiting: u64,
    },
    /// The operator paused the study.
    Paused,
    /// The study halted by itself.
    Halted {
        /// Reason, as a part of a sentence.
        reason: String,
    },
    /// The study halted by itself: the files of its cases have come to its limit.
    FilesLimit {
        /// Reason, as a part of a sentence.
        reason: String,
    },
    /// Workers halted by themselves.
    WorkersHalted {
        /// Number of workers.
        workers: usize,
        /// Process and host of one of them.
        worker: String,
        /// Its reason, as a part of a sentence.
        message: String,
    },
    /// Cases wait, and every worker ends after the case that it has.
    AllDraining {
        /// Number of cases that wait.
        waiting: u64,
    },
    /// Queued cases that the queue has no message of: which ones isn't known as long as it has others.
    Missing {
        /// Number of cases.
        cases: u64,
    },
    /// Heartbeats and error documents that are still to be read.
    Unread {
        /// Number of objects.
        objects: u64,
    },
    /// Workers that ended by an error or were refused, beyond those that are told one by one.
    MoreWorkers {
        /// Number of workers.
        workers: usize,
    },
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
    /// Workers have to be attached again, since their key was replaced.
    WorkersToAttach {
        /// Number of workers.
        workers: usize,
        /// Number of those among them that finish their case first.
        at_work: usize,
        /// The processes and hosts of the first of them.
        names: String,
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
    /// Workers have a case and haven't been heard of.
    WorkersSilent {
        /// Number of workers.
        workers: usize,
        /// Process and host of the one that was heard of last.
        worker: String,
        /// Time since that one was heard of, in seconds.
        silent_secs: f64,
        /// Time for which their cases are held from now on, at most, in seconds; `None` if that isn't known.
        held_secs: Option<f64>,
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
            Self::NoCases | Self::Unread { .. } | Self::Finished => NoticeWeight::Information,
            Self::NoWorker { .. }
            | Self::NoWorkerOfPool { .. }
            | Self::Paused
            | Self::AllDraining { .. }
            | Self::Missing { .. }
            | Self::Empty { .. }
            | Self::WorkersToAttach { .. }
            | Self::WorkersResting { .. }
            | Self::WorkersSilent { .. } => NoticeWeight::Warning,
            Self::Halted { .. }
            | Self::FilesLimit { .. }
            | Self::WorkersHalted { .. }
            | Self::Lost { .. }
            | Self::DeadLetters { .. }
            | Self::WorkerRefused { .. }
            | Self::WorkerCrashed { .. }
            | Self::MoreWorkers { .. } => NoticeWeight::Problem,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCases => f.write_str("No cases yet."),
            Self::NoWorker { waiting: 1 } => f.write_str("1 case waits, and no worker is attached."),
            Self::NoWorker { waiting } => write!(f, "{waiting} cases wait, and no worker is attached."),
            Self::NoWorkerOfPool { pool, waiting } => {
                write!(f, "{} in pool {pool}, and no worker is attached to it.", counted(*waiting, "case waits", "cases wait"))
            }
            Self::Paused => f.write_str("The study is paused: workers finish their case and take no other, until `cruncher resume`."),
            Self::Halted { reason } => {
                write!(f, "The study halted by itself: {reason}. Find the reason among the errors; `cruncher resume` lets it go on.")
            }
            Self::FilesLimit { reason } => {
                write!(f, "The study halted by itself: {reason}. `cruncher halting` raises the limit; then `cruncher resume` lets it go on.")
            }
            Self::WorkersHalted { workers: 1, worker, message } => {
                write!(f, "Worker {worker} halted by itself: {message}. Find the reason; `cruncher resume` lets it go on.")
            }
            Self::WorkersHalted { workers, worker, message } => {
                write!(f, "{workers} workers halted by themselves; {worker} says: {message}. Find the reason; `cruncher resume` lets them go on.")
            }
            Self::AllDraining { waiting: 1 } => f.write_str("1 case waits, and every worker is draining: it ends after its case. Attach others, or undo it."),
            Self::AllDraining { waiting } => {
                write!(f, "{waiting} cases wait, and every worker is draining: it ends after its case. Attach others, or undo it.")
            }
            Self::Missing { cases: 1 } => f.write_str("1 queued case has no message in the queue, as far as SQS counts. If it stays so, it is lost: which one it is will be known when the queue is empty."),
            Self::Missing { cases } => {
                write!(f, "{cases} queued cases have no message in the queue, as far as SQS counts. If it stays so, they are lost: which ones they are will be known when the queue is empty.")
            }
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
            Self::Unread { objects: 1 } => f.write_str("1 heartbeat or error document is still to be read."),
            Self::Unread { objects } => {
                write!(f, "{objects} heartbeats and error documents are still to be read: each look reads some, so the figures aren't complete yet.")
            }
            Self::MoreWorkers { workers: 1 } => f.write_str("1 other worker was refused or crashed, too."),
            Self::MoreWorkers { workers } => write!(f, "{workers} other workers were refused or crashed, too."),
            Self::WorkerCrashed { worker, message } => write!(f, "Worker {worker} crashed: {message}"),
            Self::WorkersToAttach { workers: 1, at_work, names } => {
                let then = if *at_work > 0 { " It finishes its case first." } else { "" };
                write!(f, "Worker {names} must be attached again with the line of the Attach page: its key was replaced.{then}")
            }
            Self::WorkersToAttach { workers, at_work, names } => {
                let then = match at_work {
                    0 => String::new(),
                    1 => " 1 of them finishes its case first.".to_owned(),
                    _ => format!(" {at_work} of them finish their case first."),
                };
                write!(f, "{workers} workers must be attached again with the line of the Attach page: their key was replaced. They are {names}.{then}")
            }
            Self::WorkersResting { workers: 1, worker, message } => {
                write!(f, "Worker {worker} takes no case at present: {message}.")
            }
            Self::WorkersResting { workers, worker, message } => {
                write!(f, "{workers} workers take no case at present; {worker} says: {message}.")
            }
            Self::WorkersSilent { workers, worker, silent_secs, held_secs } => {
                let held = held_secs.map(|secs| format!("for {} more", duration(secs)));
                f.write_str(&silent_words(*workers, worker, *silent_secs, held.as_deref()))
            }
            Self::Finished => f.write_str("Every case that could be computed has been."),
        }
    }
}

/// Returns the words about silent workers that have a case: `held` is until when, such as `until 16:40`, if that is known.
#[must_use]
pub fn silent_words(workers: usize, worker: &str, silent_secs: f64, held: Option<&str>) -> String {
    let since = duration(silent_secs);
    let (who, what) = match workers {
        1 => (format!("Worker {worker} has a case and hasn't been heard of for {since}"), "its case is"),
        _ => (
            format!(
                "{workers} workers have a case and haven't been heard of; the last word, of {worker}, was {since} ago"
            ),
            "their cases are",
        ),
    };
    let then = "then another worker takes";
    let it = if workers == 1 { "it" } else { "them" };
    match held {
        Some(held) => format!("{who}: {what} held {held} at most, {then} {it}."),
        None => format!("{who}: {what} held until the lease ends, {then} {it}."),
    }
}

/// What a diagnosis needs to know beside the numbers of cases.
#[derive(Debug, Clone, Copy)]
pub struct DiagnosisInput<'a> {
    /// The workers.
    pub heartbeats: &'a [Heartbeat],
    /// Number of messages in workers' hands.
    pub leased: u64,
    /// Number of messages in the dead-letter queue.
    pub dead_letters: u64,
    /// Number of queued cases that the queue has had no message of for a while.
    pub missing: u64,
    /// Number of heartbeats and error documents that are still to be read.
    pub unread: u64,
    /// Size of the files that cases left, in bytes.
    pub files_bytes: u64,
    /// The operator's wishes, and what operators' looks have noted.
    pub control: &'a StudyControl,
    /// The study's own queue and those of its pools, if it has some.
    pub pools: &'a [PoolLook],
    /// The time.
    pub now: f64,
}

/// Maximum number of workers of which each has a notice of its own.
const MAX_WORKERS: usize = 5;

/// Returns the notices for a person who watches the study, the weightiest first.
#[must_use]
pub fn diagnose(counts: &CaseCounts, input: &DiagnosisInput) -> Vec<Notice> {
    let DiagnosisInput { heartbeats, leased, missing, control, now, .. } = *input;
    let mut notices = Vec::new();
    if counts.cases == 0 {
        notices.push(Notice::NoCases);
    } else if counts.open() == 0 {
        notices.push(Notice::Finished);
    } else {
        let why = why_nothing_is_taken(counts, input);
        if why.is_none() && !control.is_stopped() {
            notices.extend(input.pools.iter().filter_map(|look| no_worker_of(look, input)));
        }
        notices.extend(why);
    }
    if counts.lost > 0 {
        notices.push(Notice::Lost { cases: counts.lost });
    }
    if missing > 0 && counts.queued > counts.unsent {
        notices.push(Notice::Missing { cases: missing.min(counts.queued - counts.unsent) });
    }
    if counts.empty > 0 {
        notices.push(Notice::Empty { cases: counts.empty });
    }
    notices.extend(dead_letters(counts, input));
    let mut ended = heartbeats.iter().filter_map(|heartbeat| worker_notice(heartbeat, now));
    notices.extend(ended.by_ref().take(MAX_WORKERS));
    let beyond = ended.count();
    notices.extend((beyond > 0).then_some(Notice::MoreWorkers { workers: beyond }));
    notices.extend((input.unread > 0).then_some(Notice::Unread { objects: input.unread }));
    notices.extend(workers_to_attach(input));
    notices.extend(workers_in(WorkerState::Resting, heartbeats, now));
    // Where the study is halted, its workers say the same.
    notices.extend(workers_in(WorkerState::Halted, heartbeats, now).filter(|_| !control.is_stopped()));
    notices.extend(silent_workers(heartbeats, leased, now));
    let of_weight = |weight| notices.iter().filter(move |notice| notice.weight() == weight).cloned();
    [NoticeWeight::Problem, NoticeWeight::Warning, NoticeWeight::Information].into_iter().flat_map(of_weight).collect()
}

/// Returns why no worker takes the cases that wait, if there is one reason.
fn why_nothing_is_taken(counts: &CaseCounts, input: &DiagnosisInput) -> Option<Notice> {
    if let Some(halt) = &input.control.halted {
        let reason = halt.reason.clone();
        let is_full = files_reason(input.files_bytes, input.control.files_limit_bytes).is_some();
        return Some(if is_full { Notice::FilesLimit { reason } } else { Notice::Halted { reason } });
    }
    if input.control.paused {
        return Some(Notice::Paused);
    }
    let waiting = counts.queued - counts.unsent;
    let mut alive = input.heartbeats.iter().filter(|heartbeat| heartbeat.is_alive(input.now)).peekable();
    if waiting == 0 {
        None
    } else if alive.peek().is_none() {
        Some(Notice::NoWorker { waiting })
    } else {
        let is_draining = |worker: &Heartbeat| input.control.drain.contains(&worker.worker);
        alive.all(is_draining).then_some(Notice::AllDraining { waiting })
    }
}

/// Returns a notice of a pool whose cases nobody takes.
fn no_worker_of(look: &PoolLook, input: &DiagnosisInput) -> Option<Notice> {
    let waiting = look.queue.waiting + look.queue.delayed;
    let takes = |worker: &Heartbeat| worker.pool == look.pool && worker.is_alive(input.now);
    let is_waited_for = input.pools.len() > 1 && waiting > 0 && !input.heartbeats.iter().any(takes);
    is_waited_for.then(|| Notice::NoWorkerOfPool { pool: shown(look.pool.as_ref()).to_owned(), waiting })
}

/// Returns a notice of the dead-letter queue: of the cases in it, as far as an operator's look has noted them; else of its messages,
/// as long as a case is open that they may be of.
fn dead_letters(counts: &CaseCounts, input: &DiagnosisInput) -> Option<Notice> {
    let cases = if input.control.dead_letters.messages == input.dead_letters && counts.cases > 0 {
        counts.dead
    } else if counts.cases == 0 || counts.open() + counts.lost + counts.dead > 0 {
        input.dead_letters
    } else {
        0
    };
    (cases > 0).then_some(Notice::DeadLetters { cases })
}

/// Maximum number of workers that a notice names.
const MAX_NAMED: usize = 5;

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

/// Returns a notice of all workers whose key was replaced.
fn workers_to_attach(input: &DiagnosisInput) -> Option<Notice> {
    let meant = to_attach_again(input.heartbeats, &input.control.retired_keys);
    let workers = meant.len();
    let at_work = meant.iter().filter(|worker| !worker.is_gone(input.now)).count();
    let mut names = meant.iter().take(MAX_NAMED).map(|worker| named(worker)).collect::<Vec<_>>().join(", ");
    if workers > MAX_NAMED {
        names = format!("{names} and {} more", workers - MAX_NAMED);
    }
    (workers > 0).then_some(Notice::WorkersToAttach { workers, at_work, names })
}

/// Returns a notice of all workers that rest, or are halted: they often are so for the same reason.
fn workers_in(state: WorkerState, heartbeats: &[Heartbeat], now: f64) -> Option<Notice> {
    let is_meant = |heartbeat: &&Heartbeat| heartbeat.state == state && heartbeat.is_fresh(now);
    let first = heartbeats.iter().find(is_meant)?;
    let (workers, worker) = (heartbeats.iter().filter(is_meant).count(), named(first));
    let message = first.message.clone().unwrap_or_default();
    Some(match state {
        WorkerState::Halted => Notice::WorkersHalted { workers, worker, message },
        _ => Notice::WorkersResting { workers, worker, message },
    })
}

/// Returns a notice of silent workers that had a case when they were heard of last: of no more than there are messages in hands
/// that no other worker has, those that were heard of last. The message of another one has gone back to the queue.
fn silent_workers(heartbeats: &[Heartbeat], leased: u64, now: f64) -> Option<Notice> {
    let running = || heartbeats.iter().filter(|heartbeat| heartbeat.state == WorkerState::Running);
    let mut silent: Vec<&Heartbeat> = Vec::new();
    // Inserted one by one: a sorting algorithm would be a larger part of the first view.
    for heartbeat in running().filter(|heartbeat| heartbeat.is_silent(now)) {
        silent.insert(silent.partition_point(|other| other.time >= heartbeat.time), heartbeat);
    }
    let heard = running().count() - silent.len();
    silent.truncate(usize::try_from(leased).unwrap_or(usize::MAX).saturating_sub(heard));
    let first = silent.first()?;
    let held = |heartbeat: &&Heartbeat| heartbeat.held_until().map(|time| time - now).filter(|secs| *secs > 0.0);
    Some(Notice::WorkersSilent {
        workers: silent.len(),
        worker: named(first),
        silent_secs: now - first.time,
        held_secs: silent.iter().filter_map(held).reduce(f64::max),
    })
}

/// Returns a worker as messages name it: its process and its host.
fn named(heartbeat: &Heartbeat) -> String {
    format!("{} on {}", heartbeat.process(), heartbeat.host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::DeadLetters;
    use crate::halting::StudyHalt;
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
            lease_secs: Some(900.0),
            max_silence_secs: None,
            key_id: None,
            key_retired: false,
            pool: None,
        }
    }

    fn check(counts: CaseCounts, heartbeats: &[Heartbeat], dead_letters: u64, paused: bool, expected: &[&str]) {
        let control = StudyControl { paused, ..StudyControl::default() };
        let input = DiagnosisInput {
            heartbeats,
            leased: 1,
            dead_letters,
            missing: 0,
            unread: 0,
            files_bytes: 0,
            control: &control,
            pools: &[],
            now: 1_000.0,
        };
        let notices = diagnose(&counts, &input);
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

    fn diagnosed(
        counts: CaseCounts,
        heartbeats: &[Heartbeat],
        dead_letters: u64,
        control: &StudyControl,
    ) -> Vec<Notice> {
        diagnose(
            &counts,
            &DiagnosisInput {
                heartbeats,
                leased: 9,
                dead_letters,
                missing: 0,
                unread: 0,
                files_bytes: 0,
                control,
                pools: &[],
                now: 1_000.0,
            },
        )
    }

    #[test]
    fn a_pool_without_a_worker_is_told_unless_no_pool_has_any() {
        let queued = CaseCounts { cases: 5, queued: 5, ..CaseCounts::default() };
        let gpu = Pool::parse("gpu").ok();
        let queue = QueueCounts { waiting: 2, leased: 0, delayed: 1 };
        let pools = [PoolLook { pool: gpu, queue, dead_letters: 0 }, PoolLook { queue, ..PoolLook::default() }];
        let of = |heartbeats: &[Heartbeat], control: &StudyControl, pools: &[PoolLook]| {
            let input = DiagnosisInput {
                heartbeats,
                leased: 0,
                dead_letters: 0,
                missing: 0,
                unread: 0,
                files_bytes: 0,
                control,
                pools,
                now: 1_000.0,
            };
            diagnose(&queued, &input)
        };
        let (main, control) = (heartbeat(WorkerState::Waiting, 990.0), StudyControl::default());
        let told = Notice::NoWorkerOfPool { pool: "gpu".into(), waiting: 3 };
        assert_eq!(told.to_string(), "3 cases wait in pool gpu, and no worker is attached to it.");
        assert_eq!(of(std::slice::from_ref(&main), &control, &pools), [told]);
        let own = Heartbeat { pool: gpu, worker: "v".into(), ..main.clone() };
        assert_eq!(of(&[main.clone(), own.clone()], &control, &pools), []);
        let told = Notice::NoWorkerOfPool { pool: "main".into(), waiting: 3 };
        assert_eq!(of(&[own], &control, &pools), [told]);
        assert_eq!(of(&[], &control, &pools), [Notice::NoWorker { waiting: 5 }]);
        assert_eq!(of(std::slice::from_ref(&main), &control, &pools[1..]), []);
        let paused = StudyControl { paused: true, ..control };
        assert_eq!(of(&[main], &paused, &pools), [Notice::Paused]);
    }

    #[test]
    fn why_no_case_is_taken_is_told_by_its_one_reason() {
        let queued = CaseCounts { cases: 5, queued: 5, ..CaseCounts::default() };
        let alive = [heartbeat(WorkerState::Waiting, 990.0)];
        let mut control = StudyControl { drain: ["w".to_owned()].into(), ..StudyControl::default() };
        assert_eq!(diagnosed(queued, &alive, 0, &control), [Notice::AllDraining { waiting: 5 }]);
        let other = Heartbeat { worker: "v".into(), ..alive[0].clone() };
        assert_eq!(diagnosed(queued, &[alive[0].clone(), other], 0, &control), []);
        control.paused = true;
        assert_eq!(diagnosed(queued, &alive, 0, &control), [Notice::Paused]);
        control.halted = Some(StudyHalt { time: 1.0, reason: "the first 20 attempts all failed".into() });
        let halted = [heartbeat(WorkerState::Halted, 990.0)];
        let notices = diagnosed(queued, &halted, 0, &control);
        assert_eq!(notices, [Notice::Halted { reason: "the first 20 attempts all failed".into() }]);
        assert_eq!(
            notices[0].to_string(),
            "The study halted by itself: the first 20 attempts all failed. Find the reason among the errors; `cruncher resume` lets it go on."
        );
        // Without a halt of the study the workers say it.
        control.go_on(1.0);
        let notices = diagnosed(queued, &halted, 0, &StudyControl::default());
        assert!(notices[0].to_string().starts_with("Worker w on node7 halted by itself: The key is"), "{notices:?}");
    }

    #[test]
    fn a_study_that_its_files_have_halted_says_how_it_goes_on() {
        let counts = CaseCounts { cases: 5, queued: 5, ..CaseCounts::default() };
        let halted = Some(StudyHalt { time: 1.0, reason: "the files of its cases are too many".into() });
        let mut control = StudyControl { halted, files_limit_bytes: 7, ..StudyControl::default() };
        let told = |files_bytes, control: &StudyControl| {
            let input = DiagnosisInput {
                heartbeats: &[],
                leased: 0,
                dead_letters: 0,
                missing: 0,
                unread: 0,
                files_bytes,
                control,
                pools: &[],
                now: 1_000.0,
            };
            diagnose(&counts, &input)[0].to_string()
        };
        assert_eq!(
            told(8, &control),
            "The study halted by itself: the files of its cases are too many. `cruncher halting` raises the limit; then `cruncher resume` \
             lets it go on."
        );
        control.files_limit_bytes = 8;
        assert!(told(8, &control).ends_with("Find the reason among the errors; `cruncher resume` lets it go on."));
    }

    #[test]
    fn messages_in_the_dead_letter_queue_are_told_as_cases_once_somebody_has_looked() {
        let control = |messages| StudyControl {
            dead_letters: DeadLetters { messages, ..DeadLetters::default() },
            ..StudyControl::default()
        };
        let finished = CaseCounts { cases: 3, done: 3, ..CaseCounts::default() };
        let dead = CaseCounts { cases: 3, done: 1, dead: 2, ..CaseCounts::default() };
        assert_eq!(diagnosed(dead, &[], 3, &control(3)), [Notice::DeadLetters { cases: 2 }, Notice::Finished]);
        assert_eq!(diagnosed(dead, &[], 4, &control(3)), [Notice::DeadLetters { cases: 4 }, Notice::Finished]);
        assert_eq!(diagnosed(finished, &[], 3, &control(3)), [Notice::Finished]);
        assert_eq!(diagnosed(finished, &[], 3, &control(0)), [Notice::Finished]);
    }

    #[test]
    fn queued_cases_without_a_message_are_told() {
        let queued = CaseCounts { cases: 5, queued: 5, unsent: 3, ..CaseCounts::default() };
        let control = StudyControl::default();
        let input = DiagnosisInput {
            heartbeats: &[],
            leased: 0,
            dead_letters: 0,
            missing: 4,
            unread: 0,
            files_bytes: 0,
            control: &control,
            pools: &[],
            now: 1.0,
        };
        let notices = diagnose(&queued, &input);
        assert_eq!(notices, [Notice::NoWorker { waiting: 2 }, Notice::Missing { cases: 2 }]);
    }

    #[test]
    fn many_silent_workers_are_one_notice_that_says_how_long_their_cases_are_held() {
        let queued = CaseCounts { cases: 9, queued: 9, ..CaseCounts::default() };
        let silent = [910.0, 900.0, 880.0].map(|time| heartbeat(WorkerState::Running, time));
        let notices = diagnosed(queued, &silent, 0, &StudyControl::default());
        assert_eq!(
            notices[1].to_string(),
            "3 workers have a case and haven't been heard of; the last word, of w on node7, was 1 min 30 s ago: their cases are held for \
             14 min 30 s more at most, then another worker takes them."
        );
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
    fn workers_whose_key_was_replaced_are_named() {
        let control = StudyControl { retired_keys: [("old".to_owned(), 950)].into(), ..StudyControl::default() };
        let of_old_key =
            |state, key_retired| Heartbeat { key_id: Some("old".into()), key_retired, ..heartbeat(state, 990.0) };
        let told = |heartbeats: &[Heartbeat]| {
            let counts = CaseCounts { cases: 1, done: 1, ..CaseCounts::default() };
            diagnosed(counts, heartbeats, 0, &control).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let (busy, ended) = (of_old_key(WorkerState::Running, false), of_old_key(WorkerState::Stopped, true));
        let must = "must be attached again with the line of the Attach page:";
        assert_eq!(told(std::slice::from_ref(&ended))[0], format!("Worker w on node7 {must} its key was replaced."));
        let one = told(std::slice::from_ref(&busy));
        assert_eq!(one[0], format!("Worker w on node7 {must} its key was replaced. It finishes its case first."));
        let some = [busy.clone(), ended.clone(), busy];
        assert_eq!(
            told(&some)[0],
            format!(
                "3 workers {must} their key was replaced. They are w on node7, w on node7, w on node7. 2 of them finish their case first."
            )
        );
        assert!(told(&vec![ended; 7])[0].ends_with("w on node7 and 2 more."), "no more than a reader takes in");
        assert_eq!(told(&[of_old_key(WorkerState::Stopped, false)]), ["Every case that could be computed has been."]);
    }

    #[test]
    fn a_silent_worker_with_a_case_is_named() {
        let queued = CaseCounts { cases: 1, running: 0, queued: 1, ..CaseCounts::default() };
        let silent = heartbeat(WorkerState::Running, 910.0);
        let workers = [silent.clone(), heartbeat(WorkerState::Waiting, 990.0)];
        let notice = "Worker w on node7 has a case and hasn't been heard of for 1 min 30 s: its case is held for 14 min 30 s more at";
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
