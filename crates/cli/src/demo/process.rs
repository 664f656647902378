//! Processes that end with the demo, with everything that they started.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cruncher_aws::Ports;
use tokio::process::{Child, Command};

use crate::failure::Failure;

/// How often a process that is to end is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// How much of a log is shown.
const TAIL_LINES: usize = 15;

/// A process in a group of its own.
pub(crate) struct Process {
    child: Child,
    /// Its group; a process that has ended doesn't tell it any more.
    group: Option<u32>,
    log: PathBuf,
}

/// How a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// As by Ctrl-C.
    Interrupt,
    /// As by the system.
    Terminate,
}

impl Process {
    /// Starts `command`; what it prints goes to the file `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self, Failure> {
        let cannot =
            |what: &OsStr, error| Failure::new(format!("{} can't be started: {error}.", what.to_string_lossy()));
        let program = command.as_std().get_program().to_owned();
        let output = File::create(log).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = output.map_err(|error| cannot(log.as_os_str(), error))?;
        command.stdin(Stdio::null()).stdout(out).stderr(err).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(|error| cannot(&program, error))?;
        Ok(Self { group: child.id(), child, log: log.to_owned() })
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(&mut self) {
        // That it can't be waited for means that it isn't there.
        let _ = self.child.wait().await;
    }

    /// The last lines that it printed.
    pub(crate) fn log_tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Asks it and all that it started to end; what is left after `patience` is ended without asking.
    pub(crate) async fn end(mut self, request: Request, patience: Duration, ports: &Ports) {
        let group = self.group;
        signal(group, Some(request));
        let start = ports.clock.now();
        while !self.has_ended() || is_alive(group) {
            if ports.clock.now().saturating_sub(start) > patience {
                signal(group, None);
                let _ = self.child.kill().await;
                break;
            }
            ports.sleep.sleep(PAUSE).await;
        }
    }
}

/// Sends a request to a group, or ends it without asking.
#[cfg(unix)]
fn signal(group: Option<u32>, request: Option<Request>) {
    use rustix::process::{Signal, kill_process_group};
    let signal = match request {
        Some(Request::Interrupt) => Signal::INT,
        Some(Request::Terminate) => Signal::TERM,
        None => Signal::KILL,
    };
    if let Some(group) = pid(group) {
        // A group that is gone needs no signal.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(unix)]
fn is_alive(group: Option<u32>) -> bool {
    pid(group).is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
}

#[cfg(unix)]
fn pid(group: Option<u32>) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(group?).ok()?)
}

/// Elsewhere there is no way to ask.
#[cfg(not(unix))]
fn signal(_group: Option<u32>, _request: Option<Request>) {}

#[cfg(not(unix))]
fn is_alive(_group: Option<u32>) -> bool {
    false
}
