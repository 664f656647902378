//! Points by a script: `get_points()` is called by the user's Python, in a process of its own.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use cruncher_study::import::{ImportedTable, MAX_BYTES, NumberReading, import};
use cruncher_study::points_script::{POINTS_PROGRAM, ScriptFailure};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::arguments::PointsOptions;
use crate::design_input::unusable_table;
use crate::failure::CommandFailure;
use crate::output::note;
use crate::signal::unless_ended;

/// Maximum length of what a script prints that is shown, in bytes: the end of it.
const MAX_PRINTED_BYTES: usize = 8 << 10;

/// Calls `get_points()` of the script at `path`, and reads the table that it returns.
pub(crate) async fn table(path: &Path, options: &PointsOptions) -> Result<ImportedTable, CommandFailure> {
    if !path.is_file() {
        return Err(CommandFailure::new(format!("There is no script {}.", path.display())));
    }
    let folder = tempfile::tempdir().map_err(|error| cannot("a temporary folder", &error))?;
    let (program, into) = (folder.path().join("points_table.py"), folder.path().join("table.json"));
    std::fs::write(&program, POINTS_PROGRAM).map_err(|error| cannot(&program.display().to_string(), &error))?;
    let mut command = Command::new(&options.python);
    command.arg(&program).args([path, &into]);
    let work = printed_by(command, options);
    let (status, printed) = unless_ended(Box::pin(work), || "Interrupted: nothing was sent.".to_owned()).await?;
    let content = read(&into)?;
    let name = path.display();
    if status.success() {
        if !printed.is_empty() {
            note(format_args!("{name} printed:\n{printed}"));
        }
        return import(&content, NumberReading::default()).map_err(|error| unusable_table(path, &error));
    }
    let failure: Option<ScriptFailure> = serde_json::from_slice(&content).ok();
    let ended = failure.is_none().then(|| format!("it ended with {status}"));
    let reason = failure.as_ref().map(|failure| failure.reason.clone()).or(ended).unwrap_or_default();
    let traceback = failure.and_then(|failure| failure.traceback).unwrap_or_default();
    let parts = [format!("{name} gave no points: {reason}."), traceback, printed];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Err(CommandFailure::new(parts.join("\n")))
}

fn cannot(what: &str, error: &std::io::Error) -> CommandFailure {
    CommandFailure::new(format!("{what} can't be written: {error}."))
}

/// Reads what the program has written, if it has.
fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    let size = path.metadata().map_or(0, |metadata| metadata.len());
    if size > MAX_BYTES as u64 {
        return Err(CommandFailure::new("The table of points is larger than 64 MiB."));
    }
    Ok(std::fs::read(path).unwrap_or_default())
}

/// Runs a command to its end, or to that of its time. It ends with all that it has started.
async fn printed_by(mut command: Command, options: &PointsOptions) -> Result<(ExitStatus, String), CommandFailure> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // What is printed is shown, in whichever encoding Python is used to.
    command.env("PYTHONIOENCODING", "utf-8:backslashreplace");
    #[cfg(unix)]
    command.process_group(0);
    let python = options.python.display();
    let child = command.spawn().map_err(|error| {
        CommandFailure::new(format!("{python} can't be started: {error}. Name your Python with --python."))
    })?;
    let mut process = ScriptProcess(child);
    let (out, err) = (process.0.stdout.take(), process.0.stderr.take());
    let limit = Duration::from_secs(options.points_time_limit);
    let reading = async { tokio::join!(end_of(out), end_of(err), process.0.wait()) };
    let Ok((out, err, status)) = tokio::time::timeout(limit, reading).await else {
        let secs = options.points_time_limit;
        return Err(CommandFailure::new(format!(
            "get_points() went on after {secs} s, and was ended: --points-time-limit allows more."
        )));
    };
    let status = status.map_err(|error| CommandFailure::new(format!("{python} was lost: {error}.")))?;
    let printed: Vec<String> = [out, err].into_iter().filter(|text| !text.is_empty()).collect();
    Ok((status, printed.join("\n")))
}

/// Reads a stream to its end, and keeps the last of it.
async fn end_of(stream: Option<impl AsyncRead + Unpin>) -> String {
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    if let Some(mut stream) = stream {
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            kept.extend_from_slice(&buffer[..count]);
            kept.drain(..kept.len().saturating_sub(MAX_PRINTED_BYTES));
        }
    }
    String::from_utf8_lossy(&kept).trim_end().to_owned()
}

/// A script that is running. It ends when nobody waits for it any more.
struct ScriptProcess(Child);

impl Drop for ScriptProcess {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self.0.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        // Without groups it ends alone; if it has ended already, there is nothing to do.
        let _ = self.0.start_kill();
    }
}
