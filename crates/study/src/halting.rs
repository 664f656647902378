//! Halting: a study whose attempts fail one after the other stops by itself, before it has used up its cases.
//!
//! A worker judges its own attempts so (`worker/attach.py`), an operator's look those of all workers.

use std::collections::VecDeque;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::number_format::size;

/// Maximum number of attempts of all workers that are judged.
const MAX_JUDGED: usize = 1_000;

/// Largest number of a rule.
const MAX_NUMBER: u32 = 1_000_000;

/// When a study halts by itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HaltRule {
    /// It halts if that many attempts failed before any other had a result; 0 for never.
    pub first: u32,
    /// Number of latest attempts of which a share may fail; 0 for any share.
    pub last: u32,
    /// The share of them that halts it, above 0 and up to 1.
    pub share: f64,
    /// Whether it never halts.
    pub never: bool,
}

impl Default for HaltRule {
    fn default() -> Self {
        Self { first: 20, last: 50, share: 0.8, never: false }
    }
}

/// A rule as it is written, by whoever.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WrittenRule {
    first: Option<Box<RawValue>>,
    last: Option<Box<RawValue>>,
    share: Option<Box<RawValue>>,
    never: Option<Box<RawValue>>,
}

/// Halt of a study: workers take no further case until somebody lets them go on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StudyHalt {
    /// Time when it halted, in seconds since 1970.
    pub time: f64,
    /// Reason, as a part of a sentence.
    pub reason: String,
}

impl HaltRule {
    /// Reads a rule. Of what makes no sense the default holds, as with workers.
    fn read(json: &[u8]) -> Self {
        let written: WrittenRule = serde_json::from_slice(json).unwrap_or_default();
        let default = Self::default();
        let number =
            |json: Option<Box<RawValue>>| json?.get().parse::<u32>().ok().filter(|number| *number <= MAX_NUMBER);
        // Read as JSON, for which there is a parser already: the tables of that of `f64` would be a large part of the first view.
        let share = |json: Box<RawValue>| serde_json::from_slice::<f64>(json.get().as_bytes()).ok();
        let share = written.share.and_then(share).filter(|share| *share > 0.0 && *share <= 1.0);
        Self {
            first: number(written.first).unwrap_or(default.first),
            last: number(written.last).unwrap_or(default.last),
            share: share.unwrap_or(default.share),
            never: written.never.is_some_and(|json| json.get() == "true"),
        }
    }

    /// Returns why attempts halt a study, if they do: for each, in the order of their ends, whether it failed. Where some had a
    /// result, and if `is_cut`, nothing is said of the first ones.
    #[must_use]
    pub fn reason(&self, has_failed: &[bool], is_cut: bool) -> Option<String> {
        let (first, last, all) = (self.first as usize, self.last as usize, has_failed.len());
        if self.never {
            return None;
        }
        if first > 0 && !is_cut && all >= first && has_failed.iter().all(|failed| *failed) {
            return Some(match first {
                1 => "the first attempt failed".to_owned(),
                _ => format!("the first {first} attempts all failed"),
            });
        }
        if last == 0 || all < last {
            return None;
        }
        let failed = has_failed[all - last..].iter().filter(|failed| **failed).count();
        #[expect(clippy::cast_precision_loss, reason = "at most a million")]
        let share = failed as f64 / last as f64;
        (share >= self.share).then(|| match last {
            1 => "the last attempt failed".to_owned(),
            _ => format!("{failed} of the last {last} attempts failed"),
        })
    }
}

/// Reads a rule, or null for none.
pub(crate) fn rule_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HaltRule>, D::Error> {
    let written = Box::<RawValue>::deserialize(deserializer)?;
    Ok((written.get() != "null").then(|| HaltRule::read(written.get().as_bytes())))
}

/// Reads a limit. What is no whole number is as if it weren't there.
pub(crate) fn bytes_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let written = Box::<RawValue>::deserialize(deserializer)?;
    Ok(written.get().parse().unwrap_or_default())
}

/// Returns why the size of all cases' files halts a study, if it does.
#[must_use]
pub fn files_reason(files_bytes: u64, limit_bytes: u64) -> Option<String> {
    let is_beyond = limit_bytes > 0 && files_bytes > limit_bytes;
    is_beyond.then(|| {
        format!("the files of its cases are {}, more than its limit of {}", size(files_bytes), size(limit_bytes))
    })
}

/// Tells the size of all cases' files and the limit, in words; `None` if there is neither.
#[must_use]
pub fn files_words(files_bytes: u64, limit_bytes: u64) -> Option<String> {
    match (files_bytes, limit_bytes) {
        (0, 0) => None,
        (bytes, 0) => Some(size(bytes)),
        (bytes, limit) => Some(format!("{}; the study halts at {}", size(bytes), size(limit))),
    }
}

/// The latest attempts of a study, by the time of their end: a thousand at most.
#[derive(Debug, Clone, Default)]
pub struct LatestAttempts {
    /// End, and whether it failed.
    attempts: VecDeque<(f64, bool)>,
    is_cut: bool,
}

impl LatestAttempts {
    /// Notes an attempt. Most come in the order of their ends.
    pub fn add(&mut self, end_time: f64, has_failed: bool) {
        let place = self.attempts.partition_point(|(other, _)| *other <= end_time);
        self.attempts.insert(place, (end_time, has_failed));
        if self.attempts.len() > MAX_JUDGED {
            self.attempts.pop_front();
            self.is_cut = true;
        }
    }

    /// Returns why those that ended after `time` halt the study, if they do.
    #[must_use]
    pub fn halt_reason(&self, rule: &HaltRule, time: f64) -> Option<String> {
        let before = self.attempts.partition_point(|(end_time, _)| *end_time <= time);
        let since: Vec<bool> = self.attempts.range(before..).map(|(_, has_failed)| *has_failed).collect();
        rule.reason(&since, self.is_cut && before == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_judged_in_the_order_of_their_ends_and_since_a_time() {
        let rule = HaltRule { first: 3, last: 4, share: 0.5, never: false };
        let mut latest = LatestAttempts::default();
        for (end_time, has_failed) in [(3.0, true), (1.0, true), (2.0, false)] {
            latest.add(end_time, has_failed);
        }
        assert_eq!(latest.halt_reason(&rule, 0.0), None);
        latest.add(4.0, true);
        assert_eq!(latest.halt_reason(&rule, 0.0).unwrap(), "3 of the last 4 attempts failed");
        assert_eq!(latest.halt_reason(&rule, 1.5), None);
        latest.add(5.0, true);
        assert_eq!(latest.halt_reason(&rule, 2.0).unwrap(), "the first 3 attempts all failed");
        assert_eq!(latest.halt_reason(&rule, 5.0), None);
    }

    #[test]
    fn of_very_many_attempts_the_latest_are_kept() {
        let mut latest = LatestAttempts::default();
        for time in 0..3_000_i32 {
            latest.add(f64::from(time), time > 1_500);
        }
        latest.add(-1.0, false);
        assert_eq!((latest.attempts.len(), latest.attempts[0]), (MAX_JUDGED, (2_000.0, true)));
        // Which ones were the first is not known any more.
        let rule = HaltRule { first: 1, last: 2, share: 1.0, never: false };
        assert_eq!(latest.halt_reason(&rule, 0.0).unwrap(), "2 of the last 2 attempts failed");
        assert_eq!(latest.halt_reason(&rule, 2_999.5), None);
        assert_eq!(latest.halt_reason(&rule, 2_998.5).unwrap(), "the first attempt failed");
    }

    #[test]
    fn files_halt_a_study_beyond_its_limit_alone() {
        assert_eq!(files_reason(u64::MAX, 0), None);
        assert_eq!(files_reason(5 << 30, 5 << 30), None);
        let reason = files_reason(3 << 29, 1 << 30).unwrap();
        assert_eq!(reason, "the files of its cases are 1.5 GiB, more than its limit of 1 GiB");
        for (written, limit) in [("7", 7), ("-1", 0), ("1.5", 0), ("\"7\"", 0), ("[]", 0), ("null", 0)] {
            let read = bytes_or_none(&mut serde_json::Deserializer::from_str(written)).unwrap();
            assert_eq!(read, limit, "{written}");
        }
    }

    #[test]
    fn the_golden_rules_halt_as_workers_do() {
        let golden: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../../tests/golden/halting.json")).unwrap();
        assert!(golden.len() > 50);
        for one in golden {
            let rule = rule_or_default(&one["rule"]).unwrap().unwrap_or_default();
            let outcomes: Vec<bool> = one["outcomes"].as_str().unwrap().chars().map(|letter| letter == 'F').collect();
            let halts = (1..=outcomes.len()).find_map(|at| Some((at, rule.reason(&outcomes[..at], false)?)));
            let expected =
                one["at"].as_u64().map(|at| (usize::try_from(at).unwrap(), one["reason"].as_str().unwrap().to_owned()));
            assert_eq!(halts, expected, "{}", one["name"]);
        }
    }
}
