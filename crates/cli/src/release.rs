//! Files that this program puts into a study: the template, the worker, and the dashboard that it was built with.
//!
//! A release holds the dashboard's files; a debug build reads them from `dist/` when it runs. For development,
//! `CRUNCHER_DASHBOARD_DIR` names another folder.

use std::path::{Path, PathBuf};

use cruncher_backend::administer::launch::StudyRelease;
use cruncher_backend::administer::page::{DashboardFiles, PageFile};

use crate::failure::{CommandFailure, sentence};

/// This program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

const TEMPLATE: &str = include_str!("../../../stack/study.yaml");

const WORKER: &str = include_str!("../../../worker/attach.py");

const FOLDER_VARIABLE: &str = "CRUNCHER_DASHBOARD_DIR";

/// Returns the dashboard; the error says why there is none.
pub(crate) fn page() -> Result<DashboardFiles, CommandFailure> {
    match std::env::var_os(FOLDER_VARIABLE) {
        Some(folder) => of_folder(Path::new(&folder)),
        None => own_page(),
    }
}

#[cfg(debug_assertions)]
fn own_page() -> Result<DashboardFiles, CommandFailure> {
    let dist = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist"));
    if dist.exists() { of_folder(dist) } else { Err(missing()) }
}

#[cfg(not(debug_assertions))]
fn own_page() -> Result<DashboardFiles, CommandFailure> {
    #[derive(rust_embed::RustEmbed)]
    #[folder = "../../dist"]
    #[allow_missing = true]
    struct Dashboard;

    let files = Dashboard::iter().filter_map(|path| {
        let content = Dashboard::get(&path)?.data;
        Some(PageFile { path: path.replace('\\', "/"), content: bytes::Bytes::copy_from_slice(&content) })
    });
    DashboardFiles::new(files).map_err(|error| match error {
        cruncher_backend::administer::page::PageError::NoIndex => missing(),
        error => CommandFailure::new(format!("{} Run `make dashboard` again.", sentence(&error))),
    })
}

fn missing() -> CommandFailure {
    CommandFailure::new("This build of cruncher carries no dashboard. Run `make dashboard`, then build it again.")
}

fn of_folder(folder: &Path) -> Result<DashboardFiles, CommandFailure> {
    let unreadable = |error: std::io::Error| {
        CommandFailure::new(format!("The dashboard in {} can't be read: {error}.", folder.display()))
    };
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let content = std::fs::read(&path).map_err(unreadable)?.into();
                files.push(PageFile { path: relative(folder, &path), content });
            }
        }
    }
    DashboardFiles::new(files).map_err(|error| {
        CommandFailure::new(format!("{} It was looked for in {}.", sentence(&error), folder.display()))
    })
}

fn relative(folder: &Path, path: &Path) -> String {
    let path = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// Returns the files that are put into a study.
pub(crate) fn release(page: &DashboardFiles) -> StudyRelease<'_> {
    StudyRelease { template: TEMPLATE, page, worker: WORKER.as_bytes(), version: VERSION }
}
