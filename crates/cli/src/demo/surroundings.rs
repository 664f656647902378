//! Programs and files that the demo needs on this machine.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::CommandFailure;

/// Paths of the demo's parts.
#[derive(Debug, Clone)]
pub(crate) struct DemoPaths {
    /// The Python that has the local cloud, ministack.
    pub ministack_python: PathBuf,
    /// The example's folder.
    pub example: PathBuf,
}

const EXAMPLE: &str = "examples/layered_footing";

/// Variable that names the checkout that the demo is run from; `make demo` sets it.
const ROOT_VARIABLE: &str = "CRUNCHER_ROOT";

impl DemoPaths {
    /// Finds each of them.
    pub(crate) fn find() -> Result<Self, CommandFailure> {
        check_proxy()?;
        let root = env::var_os(ROOT_VARIABLE).map_or_else(env::current_dir, |root| Ok(PathBuf::from(root)));
        let root = root.map_err(|error| CommandFailure::new(format!("The current folder can't be read: {error}.")))?;
        let example = root.join(EXAMPLE);
        if !example.join("study.json").is_file() {
            return Err(CommandFailure::new(format!(
                "There is no {EXAMPLE}/study.json in {}: run the demo in a checkout of cruncher, or let {ROOT_VARIABLE} name one.",
                root.display()
            )));
        }
        find_program("python3").ok_or_else(|| {
            CommandFailure::new("Python is missing: workers are started by `python3`, which is not in PATH; install Python 3.10 or later.")
        })?;
        let ministack = find_ministack(&root).ok_or_else(|| {
            CommandFailure::new(format!(
                "The local cloud is missing: there is no ministack in {} nor in PATH; `make demo` installs it.",
                root.join(".venv").display()
            ))
        })?;
        let ministack_python = python_of(&ministack).ok_or_else(|| {
            CommandFailure::new(format!(
                "The local cloud's Python is missing: there is none beside {}; `make demo` installs both.",
                ministack.display()
            ))
        })?;
        Ok(Self { ministack_python, example })
    }
}

fn find_ministack(root: &Path) -> Option<PathBuf> {
    let folder = if cfg!(windows) { ".venv/Scripts" } else { ".venv/bin" };
    program_in(&root.join(folder), "ministack").or_else(|| find_program("ministack"))
}

/// Finds the Python of the environment that a program was installed into: it stands beside the program itself, to which a
/// link in another folder may lead.
fn python_of(program: &Path) -> Option<PathBuf> {
    let program = program.canonicalize().ok()?;
    program_in(program.parent()?, "python")
}

/// Finds a program in PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find_map(|folder| program_in(&folder, name))
}

fn program_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    is_executable(&path).then_some(path)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Checks that no proxy is used: everything in the demo talks to this machine, and a proxy would look for it elsewhere.
fn check_proxy() -> Result<(), CommandFailure> {
    let value =
        |names: [&str; 2]| names.into_iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let proxy = value(["http_proxy", "HTTP_PROXY"]).or_else(|| value(["all_proxy", "ALL_PROXY"]));
    let excepted = value(["no_proxy", "NO_PROXY"]).unwrap_or_default();
    if proxy.is_none() || excepts_loopback(&excepted) {
        return Ok(());
    }
    Err(CommandFailure::new(
        "A proxy is set (http_proxy or all_proxy), and the demo talks to this machine alone: set NO_PROXY=127.0.0.1 and no_proxy=127.0.0.1, then repeat.",
    ))
}

fn excepts_loopback(excepted: &str) -> bool {
    excepted.split(',').map(str::trim).any(|host| matches!(host, "*" | "127.0.0.1" | "127.0.0.0/8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_has_to_leave_this_machine_alone() {
        for (excepted, expected) in [("", false), ("localhost", false), ("localhost, 127.0.0.1", true), ("*", true)] {
            assert_eq!(excepts_loopback(excepted), expected, "{excepted}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_found_in_path() {
        assert!(find_program("sh").is_some());
        assert_eq!(find_program("no-such-program-anywhere"), None);
    }
}
