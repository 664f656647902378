//! Computers that worked on a legacy bucket, as its objects tell of them.

use std::collections::BTreeMap;

use cruncher_study::case::{CaseId, CaseRef};
use cruncher_study::heartbeat::{Heartbeat, RunningCase, WorkerCounts, WorkerState};
use cruncher_study::ledger::RETENTION_SECS;

use crate::document::{LegacyAttempt, LegacyDocument};
use crate::study::LegacyObject;
use crate::traces::CaseTraces;
use crate::{LegacyComputer, LegacyKey, LegacyStudy};

/// Maximum silence of a computer that waits, in seconds. It asks the queue, sleeps 10,000 times 10 ms, and writes every fifth
/// time: every 500 s, or every 780 s if Windows makes 15.6 ms of these 10.
const MAX_WAITING_SILENCE_SECS: f64 = 900.0;

/// Maximum duration of a case, in seconds: 14 days. Nothing is written meanwhile, and a computer that was switched off doesn't
/// say so either. After that time the account counts a case without news as lost.
pub const MAX_COMPUTING_SECS: f64 = RETENTION_SECS;

/// Everything that is known of a computer.
#[derive(Debug)]
struct Sightings<'a> {
    first_time: f64,
    last_time: f64,
    /// Whether it is known to wait or to compute, and not by an old result alone.
    is_at_work: bool,
    /// The case that it took last.
    case: Option<RunningCase>,
    version: Option<(f64, &'a str)>,
    counts: WorkerCounts,
    /// Durations of the cases that ended.
    durations_secs: Vec<f64>,
}

impl LegacyStudy {
    /// Returns the computers that wait for a case, or took one that has neither a result nor an error, in order. Each counts as
    /// seen at the time that a document names: the reader decides whether that was lately.
    #[must_use]
    pub fn heartbeats(&self) -> Vec<Heartbeat> {
        let computers = self.sightings(&self.traces());
        let at_work = computers.into_iter().filter(|(_, sightings)| sightings.is_at_work);
        at_work.map(|(computer, sightings)| sightings.heartbeat(&computer)).collect()
    }

    /// Returns the cases that a computer took and hasn't left, and that nothing more is known of, each with the time when it
    /// began, however long ago that was.
    #[must_use]
    pub fn taken_cases(&self) -> Vec<(CaseRef, f64)> {
        let traces = self.traces();
        let computers = self.sightings(&traces);
        let taken = traces.iter().filter(|(_, traces)| traces.is_taken()).filter_map(|(case, traces)| {
            let computer = traces.attempt().and_then(with_computer).and_then(|(_, computer)| computers.get(&computer));
            let start_time = start_time(traces);
            let has_left = computer.is_some_and(|computer| computer.has_left(start_time));
            (!has_left).then(|| ((traces.batch(), *case), start_time))
        });
        taken.collect()
    }

    fn sightings<'a>(&self, traces: &BTreeMap<CaseId, CaseTraces<'a>>) -> BTreeMap<LegacyComputer, Sightings<'a>> {
        let mut computers: BTreeMap<LegacyComputer, Sightings> = BTreeMap::new();
        for (key, object) in &self.objects {
            if let LegacyKey::Waiting(computer) = key {
                let sightings = computers.entry(computer.clone()).or_default();
                sightings.is_at_work = true;
                sightings.see(waiting_time(object));
            }
        }
        for (case, traces) in traces {
            let Some((attempt, computer)) = traces.attempt().and_then(with_computer) else { continue };
            computers.entry(computer).or_default().enter(*case, traces, attempt);
        }
        computers
    }
}

/// Time when a case was taken, but no later than the time when its object was written.
fn start_time(traces: &CaseTraces) -> f64 {
    let start_time = traces.attempt().and_then(|attempt| attempt.start_time);
    start_time.unwrap_or(f64::INFINITY).min(traces.changed())
}

fn running(case_id: CaseId, traces: &CaseTraces) -> RunningCase {
    let (batch, level, start_time) = (traces.batch(), traces.level(), start_time(traces));
    RunningCase { case_id, batch, level, attempt: 1, start_time, progress: None, progress_text: None }
}

/// No computer can have waited after the document was written: a clock that is ahead doesn't keep a computer alive.
fn waiting_time(object: &LegacyObject) -> f64 {
    match object.document {
        Some(LegacyDocument::Waiting(Some(time))) => time.min(object.changed),
        _ => object.changed,
    }
}

fn with_computer(attempt: &LegacyAttempt) -> Option<(&LegacyAttempt, LegacyComputer)> {
    Some((attempt, LegacyComputer::parse(&attempt.computer)?))
}

impl Default for Sightings<'_> {
    fn default() -> Self {
        Self {
            first_time: f64::INFINITY,
            last_time: f64::NEG_INFINITY,
            is_at_work: false,
            case: None,
            version: None,
            counts: WorkerCounts::default(),
            durations_secs: Vec::new(),
        }
    }
}

impl<'a> Sightings<'a> {
    fn enter(&mut self, case: CaseId, traces: &CaseTraces<'a>, attempt: &'a LegacyAttempt) {
        let changed = traces.changed();
        let end_time = attempt.end_time.or(attempt.start_time).unwrap_or(changed).min(changed);
        self.see(attempt.start_time.unwrap_or(end_time).min(changed));
        self.learn_version(end_time, &attempt.version);
        if traces.is_taken() {
            self.take(running(case, traces));
            return;
        }
        self.see(end_time);
        self.durations_secs.extend(attempt.duration_secs());
        *(if traces.has_failed() { &mut self.counts.failed } else { &mut self.counts.done }) += 1;
    }

    const fn see(&mut self, time: f64) {
        self.first_time = self.first_time.min(time);
        self.last_time = self.last_time.max(time);
    }

    /// The predecessor knows its software's version, such as 910.14, but not which software that is.
    fn learn_version(&mut self, time: f64, version: &'a str) {
        if !version.is_empty() && self.version.is_none_or(|known| known < (time, version)) {
            self.version = Some((time, version));
        }
    }

    fn take(&mut self, case: RunningCase) {
        self.is_at_work = true;
        if self.case.as_ref().is_none_or(|known| known.start_time <= case.start_time) {
            self.case = Some(case);
        }
    }

    /// Whether the computer was seen elsewhere after it had taken a case.
    fn has_left(&self, start_time: f64) -> bool {
        start_time < self.last_time
    }

    /// The heartbeat has the case that the computer took last, unless the computer has left it.
    fn heartbeat(self, computer: &LegacyComputer) -> Heartbeat {
        let last_time = self.last_time;
        let median_secs = median(self.durations_secs);
        let case = self.case.filter(|case| case.start_time >= last_time);
        Heartbeat {
            worker: computer.to_string(),
            host: computer.host().to_owned(),
            version: self.version.map(|(_, version)| version.trim().to_owned()).unwrap_or_default(),
            start_time: self.first_time,
            time: last_time,
            state: if case.is_some() { WorkerState::Running } else { WorkerState::Waiting },
            lease_secs: None,
            max_silence_secs: Some(if case.is_some() { MAX_COMPUTING_SECS } else { MAX_WAITING_SILENCE_SECS }),
            case,
            counts: self.counts,
            median_secs,
            message: None,
            traceback: None,
            key_id: None,
            key_retired: false,
            pool: None,
        }
    }
}

/// The value in the middle, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(f64::midpoint(values[last / 2], values[last.div_ceil(2)]))
}
