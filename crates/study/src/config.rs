//! `public/config.json`: the study, and the addresses of its parts. It holds no secret.

use serde::{Deserialize, Serialize};

use crate::PROTOCOL_VERSION;

/// The key of the configuration.
pub const CONFIG_KEY: &str = "public/config.json";

/// The study, and the addresses of its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StudyConfig {
    /// The version of the protocol.
    pub v: u32,
    /// The study's name.
    pub study: String,
    /// The region of the bucket and its queues.
    pub region: String,
    /// The bucket's name.
    pub bucket: String,
    /// The address of every service; `None` on AWS itself.
    pub endpoint_url: Option<String>,
    /// The queue of cases.
    pub queue_url: String,
    /// The queue of cases that no worker could finish.
    pub dead_letter_queue_url: String,
    /// Duration of a worker's claim on a case unless it is extended, in seconds.
    pub lease_secs: u32,
    /// Number of times that a case is handed out before it goes to the dead-letter queue; `None` in configurations from before
    /// they told it.
    #[serde(default)]
    pub max_receives: Option<u32>,
    /// Maximum size of the files that a case may leave, all together, in bytes; `None`: as workers have it, 1 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs_limit_bytes: Option<u64>,
    /// Time when the study was launched.
    pub launch_time: f64,
    /// The version of Cruncher that wrote this.
    pub cruncher_version: String,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It isn't the JSON object that it must be.
    #[error("the study's configuration can't be read")]
    Json(#[from] serde_json::Error),
    /// It was written by another version of Cruncher.
    #[error(
        "the study's configuration is of version {0}, this page reads version {PROTOCOL_VERSION}; reload the page, or upgrade"
    )]
    Version(u32),
}

impl StudyConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// If it isn't one, or is one of another version.
    pub fn parse(json: &[u8]) -> Result<Self, ConfigError> {
        let config: Self = serde_json::from_slice(json)?;
        if config.v != PROTOCOL_VERSION {
            return Err(ConfigError::Version(config.v));
        }
        Ok(config)
    }
}

/// Maximum length of a study's name, in characters: the stack's and the bucket's name are made from it.
pub const MAX_STUDY_CHARS: usize = 32;

/// Checks the name of a study.
///
/// # Errors
/// If it isn't a lower-case letter followed by at most 31 lower-case letters, digits and hyphens, or if it ends with a hyphen.
pub fn check_study_name(name: &str) -> Result<(), String> {
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase());
    let goes_on_well = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if starts_well && goes_on_well && name.len() <= MAX_STUDY_CHARS && !name.ends_with('-') {
        return Ok(());
    }
    Err(format!(
        "`{name}` can't be the name of a study: it starts with a lower-case letter, goes on with lower-case letters, digits \
         and hyphens, doesn't end with a hyphen, and has at most {MAX_STUDY_CHARS} characters"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_of_another_version_is_refused() {
        let json = r#"{"v": 2, "study": "a", "region": "r", "bucket": "b", "endpoint_url": null, "queue_url": "q",
            "dead_letter_queue_url": "d", "lease_secs": 120, "launch_time": 1.0, "cruncher_version": "9"}"#;
        assert!(matches!(StudyConfig::parse(json.as_bytes()), Err(ConfigError::Version(2))));
        assert!(matches!(StudyConfig::parse(b"<html>"), Err(ConfigError::Json(_))));
    }

    #[test]
    fn names_of_studies_are_checked() {
        for name in ["a", "prandtl", "soil-2"] {
            assert_eq!(check_study_name(name), Ok(()), "{name}");
        }
        for name in ["", "2a", "A", "a_b", "ä", "a-", &"a".repeat(33)] {
            assert!(check_study_name(name).is_err(), "{name}");
        }
    }
}
