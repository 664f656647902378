//! A folder of the user's, out of which no name from the bucket leads.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cruncher_backend::fetch::download::{
    ExistingFile, FolderError, LetterCase, NamingRules, NamingSystem, PartialFile, TargetFolder, draft_name,
};

use crate::failure::CommandFailure;

/// The folder, and its properties.
pub(crate) struct DiskFolder {
    root: PathBuf,
    letters: LetterCase,
    /// Folders below it that exist and are no links.
    checked: RefCell<HashSet<PathBuf>>,
    /// The open folder, which holds a lock until it is dropped.
    _lock: Option<File>,
}

impl DiskFolder {
    /// Makes the folder if need be, and checks that it can be written.
    pub(crate) fn open(root: &Path) -> Result<Self, CommandFailure> {
        let shown = root.display();
        if root.exists() && !root.is_dir() {
            return Err(CommandFailure::new(format!("{shown} is a file. Name a folder; it is made if there is none.")));
        }
        let lock = fs::create_dir_all(root).and_then(|()| lock(root)).map_err(|error| unwritable(root, &error))?;
        let letters = try_out(root).map_err(|error| unwritable(root, &error))?;
        Ok(Self { root: root.to_owned(), letters, checked: RefCell::default(), _lock: lock })
    }

    /// Returns the rules for names in it.
    pub(crate) fn naming(&self) -> NamingRules {
        NamingRules {
            system: if cfg!(windows) { NamingSystem::Windows } else { NamingSystem::Unix },
            letters: self.letters,
        }
    }

    /// Returns the folder of a file, made if need be. Links aren't followed, since one may lead anywhere.
    fn folder_of(&self, path: &str) -> Result<PathBuf, FolderError> {
        let mut folder = self.root.clone();
        for part in path.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev() {
            folder.push(part);
            if self.checked.borrow().contains(&folder) {
                continue;
            }
            match fs::symlink_metadata(&folder) {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    return Err(FolderError::OfFile(format!("{} is a link or a file, not a folder", folder.display())));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    fs::create_dir(&folder).map_err(|error| failed(&folder, &error))?;
                }
                Err(error) => return Err(failed(&folder, &error)),
            }
            self.checked.borrow_mut().insert(folder.clone());
        }
        Ok(folder)
    }
}

fn unwritable(root: &Path, error: &io::Error) -> CommandFailure {
    CommandFailure::new(format!("{} can't be written: {error}. Name another folder.", root.display()))
}

/// Locks the folder, so that no other process fetches into it. `None` on systems that can't.
fn lock(root: &Path) -> io::Result<Option<File>> {
    let Ok(folder) = File::open(root) else { return Ok(None) };
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(fs::TryLockError::WouldBlock) => Err(io::Error::other("another process is fetching into it")),
        Err(fs::TryLockError::Error(_)) => Ok(None),
    }
}

/// Writes a file, and checks whether it is also found in capitals.
fn try_out(root: &Path) -> io::Result<LetterCase> {
    let name = draft_name("cruncher");
    let path = root.join(&name);
    remove(&path)?;
    File::create_new(&path)?;
    let is_alike = fs::symlink_metadata(root.join(name.to_uppercase())).is_ok();
    remove(&path)?;
    Ok(if is_alike { LetterCase::Alike } else { LetterCase::Distinct })
}

/// Removes a file. It is no error if there is none.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the error of a file that can't be written, or of all if the reason concerns them.
fn failed(path: &Path, error: &io::Error) -> FolderError {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::InvalidFilename | ErrorKind::FileTooLarge => {
            FolderError::OfFile(text)
        }
        _ => FolderError::OfAll(text),
    }
}

impl TargetFolder for DiskFolder {
    fn find(&self, path: &str) -> Result<Option<ExistingFile>, FolderError> {
        let path = self.folder_of(path)?.join(name_of(path));
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_dir() => Err(FolderError::OfFile("a folder is in its place".to_owned())),
            // A link isn't a file of the download, which takes its place.
            Ok(found) if !found.is_file() => Ok(None),
            Ok(found) => {
                let changed = found.modified().map_err(|error| failed(&path, &error))?;
                let changed = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                Ok(Some(ExistingFile { size_bytes: found.len(), changed }))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, &error)),
        }
    }

    fn begin(&self, path: &str) -> Result<Box<dyn PartialFile>, FolderError> {
        let (folder, name) = (self.folder_of(path)?, name_of(path));
        let draft = folder.join(draft_name(name));
        // A draft may be left by a process that was killed.
        let file = remove(&draft).and_then(|()| File::create_new(&draft)).map_err(|error| failed(&draft, &error))?;
        Ok(Box::new(DiskDraft { file, path: draft, place: folder.join(name) }))
    }
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A file beside its place, until it is complete.
struct DiskDraft {
    file: File,
    path: PathBuf,
    place: PathBuf,
}

impl PartialFile for DiskDraft {
    fn write(&mut self, content: &[u8]) -> Result<(), FolderError> {
        self.file.write_all(content).map_err(|error| failed(&self.place, &error))
    }

    fn commit(self: Box<Self>, changed: Duration) -> Result<(), FolderError> {
        // If this fails, the file is newer than its object, which is just as good: not every system lets the time be set.
        let _ = self.file.set_modified(SystemTime::UNIX_EPOCH + changed);
        fs::rename(&self.path, &self.place).map_err(|error| failed(&self.place, &error))
    }
}

impl Drop for DiskDraft {
    fn drop(&mut self) {
        // It isn't there any more if it was committed.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(1_790_000_000);

    fn put(folder: &DiskFolder, path: &str, content: &[u8]) -> Result<(), FolderError> {
        let mut draft = folder.begin(path)?;
        draft.write(content)?;
        draft.commit(TIME)
    }

    #[test]
    fn a_file_is_there_once_it_is_committed_and_as_old_as_its_object() {
        let place = tempfile::tempdir().unwrap();
        let folder = DiskFolder::open(&place.path().join("new/one")).unwrap();
        let mut draft = folder.begin("a/b/c").unwrap();
        draft.write(b"con").unwrap();
        assert_eq!(folder.find("a/b/c"), Ok(None));
        draft.write(b"tent").unwrap();
        draft.commit(TIME).unwrap();
        assert_eq!(folder.find("a/b/c"), Ok(Some(ExistingFile { size_bytes: 7, changed: TIME })));
        drop(folder.begin("a/b/d"));
        let names: Vec<_> =
            fs::read_dir(place.path().join("new/one/a/b")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["c"]);
    }

    #[test]
    fn a_folder_is_fetched_into_by_one_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let folder = DiskFolder::open(place.path()).unwrap();
        if cfg!(unix) {
            assert!(DiskFolder::open(place.path()).is_err_and(|failure| failure.message().contains("another process")));
        }
        drop(folder);
        assert!(DiskFolder::open(place.path()).is_ok());
    }

    #[test]
    fn a_file_is_no_folder() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = DiskFolder::open(file.path()).err().unwrap();
        assert!(failure.message().contains("is a file. Name a folder"), "{}", failure.message());
        assert!(DiskFolder::open(&file.path().join("below")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let (place, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folder = DiskFolder::open(place.path()).unwrap();
        let target = outside.path().join("target");
        fs::write(&target, "kept").unwrap();
        std::os::unix::fs::symlink(outside.path(), place.path().join("a")).unwrap();
        std::os::unix::fs::symlink(&target, place.path().join("file")).unwrap();
        std::os::unix::fs::symlink(&target, place.path().join(draft_name("file"))).unwrap();
        assert!(matches!(put(&folder, "a/b", b"x"), Err(FolderError::OfFile(_))));
        assert_eq!(folder.find("file"), Ok(None));
        put(&folder, "file", b"new").unwrap();
        assert_eq!(fs::read(place.path().join("file")).unwrap(), b"new");
        assert_eq!(fs::read(&target).unwrap(), b"kept");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_the_trouble_of_that_file_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = DiskFolder::open(place.path()).unwrap();
        put(&folder, "a/b", b"x").unwrap();
        assert!(matches!(folder.find("a"), Err(FolderError::OfFile(_))));
        assert!(matches!(folder.find("a/b/c"), Err(FolderError::OfFile(_))));
    }
}
