//! Files that this program puts into a study: the template, the worker, and the dashboard that it was built with.
//!
//! A release holds the dashboard's files; a debug build reads them from `dist/` when it runs. For development,
//! `CRUNCHER_DASHBOARD_DIR` names another folder.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use cruncher_backend::administer::launch::StudyRelease;
use cruncher_backend::administer::page::{DashboardFiles, PageFile, media_type};
use cruncher_backend::administer::publish::{PublicScripts, smallest_gzip};

use crate::failure::{CommandFailure, sentence};

/// This program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

const TEMPLATE: &str = include_str!("../../../stack/study.yaml");

const WORKER: &str = include_str!("../../../worker/attach.py");

const BOOT: &str = include_str!("../../../worker/boot.py");

/// Template of the stack of a pool's computers.
pub(crate) const FLEET_TEMPLATE: &str = include_str!("../../../stack/fleet.yaml");

const FOLDER_VARIABLE: &str = "CRUNCHER_DASHBOARD_DIR";

/// Folder below a page under development that keeps what was packed once. Whatever builds the page anew removes it.
const PACKED_FOLDER: &str = ".packed";

/// Returns the dashboard as it is published; the error says why there is none.
pub(crate) fn page_to_publish() -> Result<DashboardFiles, CommandFailure> {
    let mut page = page()?;
    if let Some(folder) = folder() {
        keep_packed(&mut page, &folder.join(PACKED_FOLDER));
    }
    Ok(page)
}

/// Packs the assets of a page under development, each of them once. Where nothing can be kept, they are packed when they are published.
fn keep_packed(page: &mut DashboardFiles, folder: &Path) {
    if std::fs::create_dir_all(folder).is_err() {
        return;
    }
    let compressible = page.assets().iter().filter(|file| media_type(&file.path).is_compressible);
    for PageFile { path, content } in compressible.cloned().collect::<Vec<_>>() {
        let mut hasher = DefaultHasher::new();
        hasher.write(&content);
        let kept = folder.join(format!("{:016x}.gz", hasher.finish()));
        let packed = std::fs::read(&kept).map_or_else(
            |_| {
                let packed = smallest_gzip(&content);
                // Written beside, then put in its place: others may be packing the same.
                let beside = kept.with_extension(format!("{}.new", std::process::id()));
                let _ = std::fs::write(&beside, &packed).and_then(|()| std::fs::rename(&beside, &kept));
                packed
            },
            Into::into,
        );
        page.set_packed(path, packed);
    }
}

/// Returns the folder of a page under development, if this program uses one.
fn folder() -> Option<PathBuf> {
    let own = cfg!(debug_assertions).then(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist"));
    std::env::var_os(FOLDER_VARIABLE).map(PathBuf::from).or(own)
}

/// Returns the dashboard; the error says why there is none.
pub(crate) fn page() -> Result<DashboardFiles, CommandFailure> {
    match folder() {
        Some(folder) if folder.exists() || std::env::var_os(FOLDER_VARIABLE).is_some() => of_folder(&folder),
        Some(_) => Err(missing()),
        None => own_page(),
    }
}

/// Returns the dashboard that this program carries.
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
                // Packed copies are the build's own, and no files of the page.
                folders.extend((!path.ends_with(PACKED_FOLDER)).then_some(path));
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
    let scripts = PublicScripts { worker: WORKER.as_bytes(), boot: BOOT.as_bytes() };
    StudyRelease { template: TEMPLATE, page, scripts, version: VERSION }
}
