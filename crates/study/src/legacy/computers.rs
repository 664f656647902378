//! What the objects of a bucket say of the computers that worked on it.

use std::collections::BTreeMap;

use crate::batch::Batch;
use crate::case::CaseId;
use crate::heartbeat::{Counts, Heartbeat, RunningCase, WorkerState};
use crate::legacy::document::{Attempt, Document};
use crate::legacy::study::Object;
use crate::legacy::{Computer, LegacyKey, LegacyStudy};

/// The names of software that a version text may begin with or hold, in lower case.
const SOFTWARE: [&str; 4] = ["flac3d", "3dec", "pfc", "python"];

/// What is known of a computer.
#[derive(Debug)]
struct Sightings<'a> {
    first_time: f64,
    last_time: f64,
    /// Whether it is known to wait or to compute, and not by an old result alone.
    is_at_work: bool,
    /// The case that it took last.
    case: Option<RunningCase>,
    version: Option<(f64, &'a str)>,
    counts: Counts,
}

impl LegacyStudy {
    /// The computers that wait for a case, or took one that has neither a result nor an error, in order. Each counts as
    /// seen when a document says so: whether that was lately is up to the reader.
    #[must_use]
    pub fn heartbeats(&self) -> Vec<Heartbeat> {
        let mut computers: BTreeMap<Computer, Sightings> = BTreeMap::new();
        for (key, object) in &self.objects {
            if let LegacyKey::Waiting(computer) = key {
                let sightings = computers.entry(computer.clone()).or_insert_with(Sightings::none);
                sightings.is_at_work = true;
                sightings.see(waiting_time(object));
            }
        }
        for (case, traces) in self.traces() {
            let Some((attempt, computer)) = traces.attempt().and_then(with_computer) else { continue };
            let sightings = computers.entry(computer).or_insert_with(Sightings::none);
            let changed = traces.changed();
            let start_time = attempt.start_time.map(|time| time.min(changed));
            let end_time = attempt.end_time.or(start_time).unwrap_or(changed).min(changed);
            sightings.see(start_time.unwrap_or(end_time));
            sightings.learn_version(end_time, &attempt.version);
            if traces.is_taken() {
                sightings.take(running(case, traces.batch(), end_time));
            } else {
                sightings.see(end_time);
                *(if traces.has_failed() { &mut sightings.counts.failed } else { &mut sightings.counts.done }) += 1;
            }
        }
        let at_work = computers.into_iter().filter(|(_, sightings)| sightings.is_at_work);
        at_work.map(|(computer, sightings)| sightings.heartbeat(&computer)).collect()
    }
}

fn running(case_id: CaseId, batch: Batch, start_time: f64) -> RunningCase {
    RunningCase { case_id, batch, level: 0, attempt: 1, start_time, progress: None, progress_text: None }
}

/// Nobody can have waited after the document was written: a clock that is ahead doesn't keep a computer alive.
fn waiting_time(object: &Object) -> f64 {
    match object.document {
        Some(Document::Waiting(Some(time))) => time.min(object.changed),
        _ => object.changed,
    }
}

fn with_computer(attempt: &Attempt) -> Option<(&Attempt, Computer)> {
    Some((attempt, Computer::parse(&attempt.computer)?))
}

impl<'a> Sightings<'a> {
    const fn none() -> Self {
        Self {
            first_time: f64::INFINITY,
            last_time: f64::NEG_INFINITY,
            is_at_work: false,
            case: None,
            version: None,
            counts: Counts { done: 0, failed: 0, retried: 0, skipped: 0, cancelled: 0 },
        }
    }

    const fn see(&mut self, time: f64) {
        self.first_time = self.first_time.min(time);
        self.last_time = self.last_time.max(time);
    }

    fn learn_version(&mut self, time: f64, version: &'a str) {
        let names_software = SOFTWARE.iter().any(|name| version.to_lowercase().contains(name));
        let is_newer = self.version.is_none_or(|known| known < (time, version));
        if names_software && is_newer {
            self.version = Some((time, version));
        }
    }

    fn take(&mut self, case: RunningCase) {
        self.is_at_work = true;
        if self.case.as_ref().is_none_or(|known| known.start_time <= case.start_time) {
            self.case = Some(case);
        }
    }

    /// It has the case that it took last, unless it was seen elsewhere afterwards.
    fn heartbeat(self, computer: &Computer) -> Heartbeat {
        let case = self.case.filter(|case| case.start_time >= self.last_time);
        Heartbeat {
            worker: computer.to_string(),
            host: computer.host().to_owned(),
            version: self.version.map(|(_, version)| version.trim().to_owned()).unwrap_or_default(),
            start_time: self.first_time,
            time: self.last_time,
            state: if case.is_some() { WorkerState::Running } else { WorkerState::Waiting },
            case,
            counts: self.counts,
            median_secs: None,
            message: None,
            traceback: None,
        }
    }
}
