//! Noting what an operator's look has found, for all others: who only counts messages can't know it, nor who looks once.

use std::collections::{BTreeMap, BTreeSet};

use cruncher_aws::{Error, sqs};
use cruncher_study::control::{DeadLetters, StudyControl};
use cruncher_study::halting::StudyHalt;
use cruncher_study::message::CaseMessage;
use cruncher_study::pool::queues;

use super::control::{ControlError, change_control, control};
use crate::study::{ReadError, Study};

/// Time for which a message of the dead-letter queue is hidden from others while it is looked at, in seconds.
pub(super) const HIDDEN_SECS: u32 = 5;

/// Minimum time between two looks whose findings are noted, in seconds: each note is read by every worker.
pub const NOTE_PAUSE_SECS: f64 = 30.0;

/// Maximum number of requests by which the dead-letter queue is looked at. Each gives ten messages at most.
const MAX_REQUESTS: usize = 100;

/// Findings of a look that others should know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LookFindings {
    /// Why the study halts.
    pub halt: Option<String>,
    /// Time at which the queue had no message, if that should be known.
    pub queue_empty_time: Option<f64>,
    /// The number of messages of the dead-letter queue, if that isn't the noted one.
    pub dead_letters: Option<u64>,
    /// Batches that are complete and are to be combined, as [`StudyControl::combine`] names them, each with the number of its cases and the
    /// time of the last one's end, in seconds since 1970.
    pub combine: BTreeMap<String, (u64, f64)>,
}

impl LookFindings {
    /// Returns it as lines of text.
    #[must_use]
    pub fn to_lines(&self) -> Vec<String> {
        let halt = self.halt.as_ref().map(|reason| format!("halt {reason}"));
        let is_empty = self.queue_empty_time.map(|time| format!("empty {time}"));
        let dead_letters = self.dead_letters.map(|messages| format!("dead {messages}"));
        let combine = self.combine.iter().map(|(name, (cases, end))| format!("combine {cases} {end} {name}"));
        halt.into_iter().chain(is_empty).chain(dead_letters).chain(combine).collect()
    }

    /// Reads the lines that [`LookFindings::to_lines`] has written.
    #[must_use]
    pub fn from_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut observation = Self::default();
        for line in lines {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("halt", reason) => observation.halt = Some(reason.to_owned()),
                ("empty", time) => observation.queue_empty_time = time.parse().ok(),
                ("dead", messages) => observation.dead_letters = messages.parse().ok(),
                ("combine", rest) => {
                    let wish = || {
                        let (cases, rest) = rest.split_once(' ')?;
                        let (end, name) = rest.split_once(' ')?;
                        Some((name.to_owned(), (cases.parse().ok()?, end.parse().ok()?)))
                    };
                    observation.combine.extend(wish());
                }
                _ => {}
            }
        }
        observation
    }
}

/// Notes in the control document what a look has found. Cases in the dead-letter queue are read there: for a moment others don't
/// find them.
///
/// # Errors
/// If a request fails, or the control document can't be changed.
pub async fn observe(study: &Study, observation: &LookFindings) -> Result<StudyControl, ControlError> {
    let dead_letters = match observation.dead_letters {
        None => None,
        Some(messages) => {
            let cases =
                if messages == 0 { BTreeSet::new() } else { dead_cases(study).await.map_err(ReadError::from)? };
            Some(DeadLetters { time: study.now(), messages, cases })
        }
    };
    let now = study.now();
    change_control(study, &|control| {
        if let Some(reason) = observation.halt.as_ref().filter(|_| !control.is_stopped()) {
            control.halted = Some(StudyHalt { time: now, reason: reason.clone() });
        }
        if let Some(time) = observation.queue_empty_time {
            control.queue_empty_time = control.queue_empty_time.max(time);
        }
        if let Some(dead_letters) = &dead_letters {
            control.dead_letters = dead_letters.clone();
        }
    })
    .await
}

/// Reads the cases of the dead-letter queues, as far as they give them.
async fn dead_cases(study: &Study) -> Result<BTreeSet<String>, Error> {
    let mut cases = BTreeSet::new();
    for pool in std::iter::once(None).chain(control(study).await?.pools.into_iter().map(Some)) {
        read_dead_cases(study, &queues(&study.config, pool.as_ref()).dead_letter_queue_url, &mut cases).await?;
    }
    Ok(cases)
}

async fn read_dead_cases(study: &Study, queue_url: &str, cases: &mut BTreeSet<String>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for _ in 0..MAX_REQUESTS {
        let receive =
            sqs::ReceiveMessage::new(queue_url).max_messages(10).wait_secs(1).visibility_timeout_secs(HIDDEN_SECS);
        let received = study.client.send(&receive).await?;
        let known = seen.len();
        for message in received {
            if let Ok(case) = serde_json::from_slice::<CaseMessage>(message.body.as_bytes()) {
                cases.insert(DeadLetters::name(&case.batch, case.case_id));
            }
            seen.insert(message.id);
        }
        if seen.len() == known {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_is_read_back_from_its_lines() {
        for observation in [
            LookFindings::default(),
            LookFindings {
                halt: Some("8 of the last 9 attempts failed".into()),
                queue_empty_time: Some(1.25e9),
                dead_letters: Some(3),
                combine: BTreeMap::from([("mesh/fine/00f1e2d3c4b5a697".to_owned(), (56, 1.79e9))]),
            },
            LookFindings { dead_letters: Some(0), ..LookFindings::default() },
        ] {
            let lines = observation.to_lines();
            assert_eq!(LookFindings::from_lines(lines.iter().map(String::as_str)), observation);
        }
        assert_eq!(LookFindings::from_lines(["dead many", "what"]), LookFindings::default());
    }
}
