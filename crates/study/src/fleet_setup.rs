//! `workers/<host>/setup.json`: how far the set-up of a fleet's computer is.

use serde::{Deserialize, Deserializer, Serialize};

use crate::shown_text::{visible, visible_lines};

/// Maximum number of characters of a message that are kept.
const MAX_CHARS: usize = 8_000;

/// Largest price of a computer that is believed, in dollars an hour.
const MAX_PRICE: f64 = 9_999.0;

/// Set-up of a computer at one moment. Its texts are bounded, and hold no character that can't be seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FleetSetup {
    /// The computer's name, as in heartbeats.
    #[serde(deserialize_with = "line")]
    pub host: String,
    /// The Auto Scaling group that it is of.
    #[serde(default, deserialize_with = "line")]
    pub group: String,
    /// The pool that its workers serve.
    #[serde(default, deserialize_with = "line")]
    pub pool: String,
    /// Id of the instance.
    #[serde(default, deserialize_with = "line")]
    pub instance: String,
    /// Its type, such as `c7i.xlarge`.
    #[serde(default, deserialize_with = "line")]
    pub instance_type: String,
    /// Its zone.
    #[serde(default, deserialize_with = "line")]
    pub zone: String,
    /// `spot` or `on-demand`.
    #[serde(default, deserialize_with = "line")]
    pub life_cycle: String,
    /// Number of workers that are attached on it.
    #[serde(default)]
    pub workers: u32,
    /// What it costs in an hour, in dollars; 0 if that isn't known.
    #[serde(default)]
    pub price_per_hour: f64,
    /// Time when the set-up began.
    pub start_time: f64,
    /// Time when it wrote this.
    pub time: f64,
    /// How far it is.
    pub state: SetupState,
    /// Reason why it has ended or failed, with the last lines of the install script.
    #[serde(default, deserialize_with = "lines")]
    pub message: String,
    /// The install script's exit code, if that failed.
    #[serde(default)]
    pub exit_code: Option<i32>,
}

/// How far a set-up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SetupState {
    /// The install script runs.
    Installing,
    /// Workers are attached.
    Working,
    /// Its workers give their cases back.
    Leaving,
    /// It has ended, as it was asked to.
    Ended,
    /// It has ended otherwise.
    Failed,
}

impl SetupState {
    /// Returns the state in words, with a symbol that tells it from others without colour.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Installing => ("◌", "installing"),
            Self::Working => ("▶", "working"),
            Self::Leaving => ("◁", "leaving"),
            Self::Ended => ("■", "ended"),
            Self::Failed => ("✕", "failed"),
        }
    }

    /// Whether the computer has nothing more to do.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Failed)
    }
}

impl FleetSetup {
    /// Bounds what a set-up tells that was written at `written`, of a study that was launched at `launch_time`: no computer has cost more
    /// than it can.
    #[must_use]
    pub fn bounded(mut self, written: f64, launch_time: f64) -> Self {
        // S3 tells whole seconds.
        self.time = if self.time.is_finite() { self.time.min(written + 1.0) } else { written };
        self.start_time =
            if self.start_time.is_finite() { self.start_time.max(launch_time).min(self.time) } else { self.time };
        self.price_per_hour =
            if self.price_per_hour.is_finite() { self.price_per_hour.clamp(0.0, MAX_PRICE) } else { 0.0 };
        self
    }

    /// Returns what the computer has cost until `now`, in dollars; `None` if its price isn't known. Of one that says nothing any more
    /// it is what it had cost then.
    #[must_use]
    pub fn dollars(&self, now: f64) -> Option<f64> {
        let hours = (self.time.min(now) - self.start_time) / 3600.0;
        (self.price_per_hour > 0.0 && hours.is_finite() && hours >= 0.0).then_some(hours * self.price_per_hour)
    }

    /// Returns the key of what the computer `host` has printed.
    #[must_use]
    pub fn log_key(host: &str) -> String {
        format!("{}{host}/setup.txt", crate::key::WORKERS_PREFIX)
    }
}

/// Reads the computer's name from the key of its set-up; `None` for any other key.
#[must_use]
pub fn host_of_key(key: &str) -> Option<&str> {
    key.strip_prefix(crate::key::WORKERS_PREFIX)?.strip_suffix("/setup.json").filter(|host| !host.contains('/'))
}

fn bounded(text: String) -> String {
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(visible(&bounded(String::deserialize(deserializer)?)))
}

fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(visible_lines(&bounded(String::deserialize(deserializer)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_up_of_the_protocol_is_read() {
        let json = r#"{"v": 1, "host": "ip-10-0-0-7", "group": "cruncher-prandtl-Fleet-main", "pool": "main",
            "instance": "i-0123456789abcdef0", "instance_type": "c7i.xlarge", "zone": "eu-central-1a", "life_cycle": "spot",
            "cores": 2, "workers": 2, "price_per_hour": 0.07, "start_time": 1790000000.0, "time": 1790003600.0,
            "state": "failed", "message": "exit code 7\nno such package\u202e", "exit_code": 7}"#;
        let setup: FleetSetup = serde_json::from_str(json).unwrap();
        assert_eq!((setup.state, setup.exit_code, setup.workers), (SetupState::Failed, Some(7), 2));
        assert!(setup.message.starts_with("exit code 7\nno such package") && !setup.message.contains('\u{202e}'));
        let cents = setup.dollars(1_790_009_000.0).map(|dollars| (100.0 * dollars).round());
        assert_eq!(cents, Some(7.0), "until it was heard of last");
        assert_eq!(FleetSetup { price_per_hour: 0.0, ..setup.clone() }.dollars(1e10), None);
        assert_eq!(FleetSetup { start_time: 2e9, ..setup }.dollars(1e10), None, "of the future");
    }

    #[test]
    fn a_set_up_is_known_by_its_key() {
        assert_eq!(host_of_key("workers/ip-10/setup.json"), Some("ip-10"));
        for key in ["workers/setup.json", "workers/a/b/setup.json", "workers/a/setup.txt", "data/a/setup.json"] {
            assert_eq!(host_of_key(key), None, "{key}");
        }
        assert_eq!(FleetSetup::log_key("a"), "workers/a/setup.txt");
    }

    #[test]
    fn a_hostile_set_up_is_bounded() {
        let json = format!(
            r#"{{"host": "a", "start_time": 1, "time": 1, "state": "ended", "message": "{}"}}"#,
            "x".repeat(100_000)
        );
        let setup: FleetSetup = serde_json::from_str(&json).unwrap();
        assert!(setup.message.chars().count() <= MAX_CHARS + 1);
        let forged = FleetSetup { start_time: -1e300, time: 1e300, price_per_hour: 1e300, ..setup.clone() };
        let bounded = forged.bounded(7200.0, 3600.0);
        assert_eq!((bounded.start_time, bounded.time, bounded.price_per_hour), (3600.0, 7201.0, MAX_PRICE));
        let negative = FleetSetup { start_time: 1e300, price_per_hour: -1.0, ..setup }.bounded(7200.0, 3600.0);
        assert_eq!(negative.dollars(1e10), None);
        assert!(
            serde_json::from_str::<FleetSetup>(r#"{"host": "a", "start_time": 1, "time": 1, "state": "new"}"#).is_err()
        );
    }
}
