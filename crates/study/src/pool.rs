//! Pools: queues of a study beside its own, one a kind of machine or software.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::config::StudyConfig;

/// Maximum length of a pool's name, in characters: SQS takes 80 for a queue's, of which a study's name has up to 32.
pub const MAX_POOL_CHARS: usize = 20;

/// Maximum number of a study's pools: each look counts the messages of each.
pub const MAX_POOLS: usize = 20;

/// How the study's own queue, the pool without a name, is spoken of.
pub const MAIN_POOL: &str = "main";

/// A pool's name, such as `gpu`. The study's own queue is the pool without a name: `None` where a pool may be named.
///
/// It always has a valid form, so it can be part of a queue's name as it is. Behind its characters stand zeros: a million cases may name
/// theirs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pool([u8; MAX_POOL_CHARS]);

/// The reason why a text is no pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PoolError {
    /// It isn't of the form that names of queues need.
    #[error(
        "`{0}` can't be the name of a pool: it starts with a lower-case letter, goes on with lower-case letters, digits and \
         hyphens, and has at most {MAX_POOL_CHARS} characters"
    )]
    Form(String),
    /// It is what the study's own queue is called.
    #[error("`{MAIN_POOL}` can't be the name of a pool: the study's own queue is called so, which needs no name")]
    Reserved,
}

/// The addresses of a pool's queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolQueues {
    /// The queue of cases.
    pub queue_url: String,
    /// The queue of cases that no worker could finish.
    pub dead_letter_queue_url: String,
}

impl Pool {
    /// Reads the name of a pool.
    ///
    /// # Errors
    /// If it isn't of the form that names of queues need, or means the study's own queue.
    pub fn parse(name: &str) -> Result<Self, PoolError> {
        let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
        if !starts_well || !name.chars().all(is_allowed) || name.len() > MAX_POOL_CHARS {
            return Err(PoolError::Form(name.to_owned()));
        }
        if name == MAIN_POOL {
            return Err(PoolError::Reserved);
        }
        let mut chars = [0; MAX_POOL_CHARS];
        chars[..name.len()].copy_from_slice(name.as_bytes());
        Ok(Self(chars))
    }

    /// Reads somebody's choice of a pool. Nothing, and `main`, are the study's own queue.
    ///
    /// # Errors
    /// If it is another text that is no pool.
    pub fn parse_choice(text: &str) -> Result<Option<Self>, PoolError> {
        match text.trim() {
            "" | MAIN_POOL => Ok(None),
            name => Self::parse(name).map(Some),
        }
    }

    /// Returns the pool of a type of EC2 instances: its name with hyphens for points, `c5-large` of `c5.large`.
    ///
    /// # Errors
    /// If that is no name of a pool.
    pub fn from_instance_type(instance_type: &str) -> Result<Self, PoolError> {
        Self::parse(&instance_type.trim().to_ascii_lowercase().replace('.', "-"))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(MAX_POOL_CHARS);
        std::str::from_utf8(&self.0[..end]).unwrap_or_default()
    }

    /// Returns a choice as bytes: its characters, and zeros behind them.
    #[must_use]
    pub fn to_bytes(choice: Option<Self>) -> [u8; MAX_POOL_CHARS] {
        choice.map_or([0; MAX_POOL_CHARS], |pool| pool.0)
    }

    /// Reads a choice from its bytes. What is no pool is the study's own queue.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; MAX_POOL_CHARS]) -> Option<Self> {
        Self::parse(std::str::from_utf8(bytes).ok()?.trim_end_matches('\0')).ok()
    }

    /// Returns the name of the pool's queue in a study.
    #[must_use]
    pub fn queue_name(&self, study: &str) -> String {
        format!("{}{self}.fifo", queue_name_prefix(study))
    }

    /// Returns the name of its dead-letter queue.
    #[must_use]
    pub fn dead_letter_queue_name(&self, study: &str) -> String {
        format!("{}{self}-Dead.fifo", queue_name_prefix(study))
    }
}

/// Returns what the names of all queues of a study's pools begin with, and no other queue's: names of studies and pools have no capital.
#[must_use]
pub fn queue_name_prefix(study: &str) -> String {
    format!("cruncher-{study}-Pool-")
}

/// Returns the queues of a pool.
#[must_use]
pub fn queues(config: &StudyConfig, pool: Option<&Pool>) -> PoolQueues {
    let StudyConfig { study, queue_url, dead_letter_queue_url, .. } = config;
    let Some(pool) = pool else {
        return PoolQueues { queue_url: queue_url.clone(), dead_letter_queue_url: dead_letter_queue_url.clone() };
    };
    let beside = |name: String| match queue_url.rsplit_once('/') {
        Some((account, _)) => format!("{account}/{name}"),
        None => name,
    };
    PoolQueues {
        queue_url: beside(pool.queue_name(study)),
        dead_letter_queue_url: beside(pool.dead_letter_queue_name(study)),
    }
}

/// Returns what a pool is called.
#[must_use]
pub fn shown(pool: Option<&Pool>) -> &str {
    pool.map_or(MAIN_POOL, Pool::as_str)
}

/// Names a study's pools, its own queue first: `main, gpu and slow`.
#[must_use]
pub fn in_words(pools: &[Pool]) -> String {
    let mut names: Vec<&str> = std::iter::once(MAIN_POOL).chain(pools.iter().map(Pool::as_str)).collect();
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        last => last.unwrap_or_default().to_owned(),
    }
}

/// Reads names of pools, in order. What is none of them is as if it weren't there, as workers see it.
pub(crate) fn pools_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Pool>, D::Error> {
    let written = Box::<RawValue>::deserialize(deserializer)?;
    let names: BTreeSet<String> = serde_json::from_slice(written.get().as_bytes()).unwrap_or_default();
    Ok(names.iter().filter_map(|name| Pool::parse(name).ok()).collect())
}

/// Reads the pool of a worker. What is none is as if it weren't there.
pub(crate) fn pool_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pool>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|name| Pool::parse(&name).ok()))
}

impl fmt::Display for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl TryFrom<String> for Pool {
    type Error = PoolError;

    fn try_from(name: String) -> Result<Self, PoolError> {
        Self::parse(&name)
    }
}

impl From<Pool> for String {
    fn from(pool: Pool) -> Self {
        pool.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        name: String,
        pool: String,
        study: String,
        queue_url: String,
        expected: Option<Expected>,
    }

    #[derive(Deserialize)]
    struct Expected {
        queue_url: String,
        dead_letter_queue_url: String,
    }

    fn config(study: &str, queue_url: &str) -> StudyConfig {
        StudyConfig {
            v: 1,
            study: study.into(),
            region: "r".into(),
            bucket: "b".into(),
            endpoint_url: None,
            queue_url: queue_url.into(),
            dead_letter_queue_url: "dead".into(),
            lease_secs: 120,
            max_receives: None,
            outputs_limit_bytes: None,
            launch_time: 0.0,
            cruncher_version: String::new(),
        }
    }

    #[test]
    fn a_pools_queues_are_those_of_the_golden_file() {
        let golden: Vec<Golden> = serde_json::from_str(include_str!("../../../tests/golden/pools.json")).unwrap();
        for Golden { name, pool, study, queue_url, expected } in golden {
            let found = Pool::parse_choice(&pool).ok().map(|pool| queues(&config(&study, &queue_url), pool.as_ref()));
            let expected = expected
                .map(|Expected { queue_url, dead_letter_queue_url }| PoolQueues { queue_url, dead_letter_queue_url });
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn the_longest_names_fit_into_those_of_sqs() {
        let pool = Pool::parse(&"p".repeat(MAX_POOL_CHARS)).unwrap();
        let study = "s".repeat(crate::config::MAX_STUDY_CHARS);
        assert!(pool.dead_letter_queue_name(&study).len() <= 80);
    }

    #[test]
    fn main_is_no_name_but_a_choice() {
        assert_eq!(Pool::parse("main"), Err(PoolError::Reserved));
        assert_eq!((Pool::parse_choice("main"), Pool::parse_choice(" ")), (Ok(None), Ok(None)));
        assert!(serde_json::from_str::<Pool>(r#""Gpu""#).is_err());
    }

    #[test]
    fn an_instance_type_names_a_pool() {
        for (instance_type, name) in [("c5.large", "c5-large"), (" U7IN-32tb.224xlarge", "u7in-32tb-224xlarge")] {
            assert_eq!(Pool::from_instance_type(instance_type).unwrap().as_str(), name);
        }
        for wrong in ["", "c5 large", "5c.large", "main", "c5.large;c5.xlarge", "a.very-long-instance-type"] {
            assert!(Pool::from_instance_type(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pools_are_named_in_words() {
        let pools = |names: &[&str]| names.iter().map(|name| Pool::parse(name).unwrap()).collect::<Vec<_>>();
        assert_eq!(in_words(&pools(&[])), "main");
        assert_eq!(in_words(&pools(&["gpu"])), "main and gpu");
        assert_eq!(in_words(&pools(&["gpu", "slow"])), "main, gpu and slow");
    }
}
