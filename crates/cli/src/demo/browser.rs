//! Opening the page in a browser, if there is a display.

use std::process::Stdio;

use tokio::process::Command;

use super::surroundings::find_program;

/// Opens `url` in the user's browser, if there is a display. It is no failure if it can't be opened: its address is printed
/// anyway.
pub(crate) fn open(url: &str) {
    let Some(program) = opener() else { return };
    let mut command = Command::new(program);
    if cfg!(windows) {
        command.args(["/c", "start", ""]);
    }
    let _ = command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

fn opener() -> Option<std::path::PathBuf> {
    if cfg!(target_os = "macos") {
        return find_program("open");
    }
    if cfg!(windows) {
        return find_program("cmd");
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") { find_program("xdg-open") } else { None }
}
