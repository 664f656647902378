//! Processes that end with the demo, together with those that they started.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use cruncher_aws::Ports;
use tokio::process::{Child, Command};

use crate::failure::CommandFailure;

/// Pause between two looks at a process that is to end.
const PAUSE: Duration = Duration::from_millis(50);

/// Maximum number of lines of a log that are shown.
const TAIL_LINES: usize = 15;

/// A process in a group of its own.
pub(crate) struct ProcessGroup {
    child: Child,
    /// Its group, which can't be asked for any more once the process has ended.
    group: Option<u32>,
    log: PathBuf,
}

impl ProcessGroup {
    /// Starts `command`; its output goes to the file `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self, CommandFailure> {
        let cannot =
            |what: &OsStr, error| CommandFailure::new(format!("{} can't be started: {error}.", what.to_string_lossy()));
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
        // A process that can't be waited for isn't there.
        let _ = self.child.wait().await;
    }

    /// Returns the last lines that it printed.
    pub(crate) fn log_tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Asks it and all its processes to end; those left after `patience` are ended without asking.
    pub(crate) async fn end(mut self, patience: Duration, ports: &Ports) {
        let group = self.group;
        signal(group, Signal::Terminate);
        let start = ports.clock.now();
        while !self.has_ended() || is_alive(group) {
            if ports.clock.now().saturating_sub(start) > patience {
                signal(group, Signal::Kill);
                let _ = self.child.kill().await;
                break;
            }
            ports.sleep.sleep(PAUSE).await;
        }
    }
}

/// Way of ending a group of processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    /// Asks it to end. Ctrl-C would not do: a process that a shell starts in its background ignores that, as do its children.
    Terminate,
    /// Ends it without asking.
    Kill,
}

#[cfg(unix)]
fn signal(group: Option<u32>, signal: Signal) {
    use rustix::process::kill_process_group;
    let signal = match signal {
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
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

/// Does nothing: other systems have no way to ask.
#[cfg(not(unix))]
fn signal(_group: Option<u32>, _signal: Signal) {}

#[cfg(not(unix))]
fn is_alive(_group: Option<u32>) -> bool {
    false
}
