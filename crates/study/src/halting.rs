//! Halting: a study whose attempts fail one after the other stops by itself, before it has used up its cases.
//!
//! A worker judges its own attempts so (`worker/attach.py`), an operator's look those of all workers.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// Maximum number of attempts that are judged.
pub const MAX_JUDGED: usize = 200;

/// When a study halts by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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

/// Halt of a study.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Halt {
    /// Time when it halted, in seconds since 1970.
    pub time: f64,
    /// Reason, as a part of a sentence.
    pub reason: String,
}

impl HaltRule {
    /// Whether its numbers make sense.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.share > 0.0 && self.share <= 1.0
    }

    /// Returns why attempts halt a study, if they do: for each, in the order of their ends, whether it failed. Of the first ones
    /// nothing is said if `is_cut`: they aren't there any more.
    #[must_use]
    pub fn reason(&self, has_failed: &[bool], is_cut: bool) -> Option<String> {
        if self.never {
            return None;
        }
        let all = has_failed.len();
        let first = (self.first as usize).min(MAX_JUDGED);
        if first > 0 && !is_cut && all >= first && has_failed[..first].iter().all(|failed| *failed) {
            return Some(match first {
                1 => "the first attempt failed".to_owned(),
                first => format!("the first {first} attempts all failed"),
            });
        }
        let last = (self.last as usize).min(MAX_JUDGED);
        if last == 0 || all < last {
            return None;
        }
        let failed = has_failed[all - last..].iter().filter(|failed| **failed).count();
        #[expect(clippy::cast_precision_loss, reason = "at most 200")]
        let is_too_many = failed as f64 >= self.share * last as f64;
        is_too_many.then(|| format!("{failed} of the last {last} attempts failed"))
    }
}

/// Reads a rule; `None` for one that isn't there, or that makes no sense: the default holds, as with workers.
pub(crate) fn rule_or_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HaltRule>, D::Error> {
    let written = Box::<RawValue>::deserialize(deserializer)?;
    let rule = serde_json::from_slice::<HaltRule>(written.get().as_bytes()).ok();
    Ok(rule.filter(HaltRule::is_valid))
}

/// The latest attempts of a study, by the time of their end: [`MAX_JUDGED`] at most.
#[derive(Debug, Clone, Default)]
pub struct LatestAttempts {
    /// End, and whether it failed.
    attempts: Vec<(f64, bool)>,
    is_cut: bool,
}

impl LatestAttempts {
    /// Notes an attempt. Most come in the order of their ends.
    pub fn add(&mut self, end_time: f64, has_failed: bool) {
        let place = self.attempts.iter().rposition(|(other, _)| *other <= end_time).map_or(0, |place| place + 1);
        if self.attempts.len() >= MAX_JUDGED {
            self.is_cut = true;
            if place == 0 {
                return;
            }
            self.attempts.remove(0);
            self.attempts.insert(place - 1, (end_time, has_failed));
        } else {
            self.attempts.insert(place, (end_time, has_failed));
        }
    }

    /// Returns why those that ended after `time` halt the study, if they do.
    #[must_use]
    pub fn halt_reason(&self, rule: &HaltRule, time: f64) -> Option<String> {
        let before = self.attempts.partition_point(|(end_time, _)| *end_time <= time);
        let since: Vec<bool> = self.attempts[before..].iter().map(|(_, has_failed)| *has_failed).collect();
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
        for time in 0..300_i32 {
            latest.add(f64::from(time), false);
        }
        latest.add(-1.0, true);
        let rule = HaltRule { first: 1, last: 2, share: 1.0, never: false };
        assert_eq!((latest.attempts.len(), latest.attempts[0]), (MAX_JUDGED, (100.0, false)));
        for time in 300..900_i32 {
            latest.add(f64::from(time), true);
        }
        // Which ones were the first is not known any more.
        assert_eq!(latest.halt_reason(&rule, 0.0).unwrap(), "2 of the last 2 attempts failed");
        assert_eq!(latest.halt_reason(&rule, 899.5), None);
        assert_eq!(latest.halt_reason(&rule, 898.5).unwrap(), "the first attempt failed");
    }
}
