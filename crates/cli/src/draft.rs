//! Files that are written beside their place until they are complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::failure::CommandFailure;

/// A file that is being written. Dropped before it is committed, it leaves nothing.
pub(crate) struct PendingFile {
    file: NamedTempFile,
    place: PathBuf,
}

impl PendingFile {
    /// Makes an empty file, in the folder of its place.
    pub(crate) fn beside(place: &Path) -> Result<Self, CommandFailure> {
        let shown = place.display();
        if place.is_dir() {
            return Err(CommandFailure::new(format!("{shown} is a folder. Name a file.")));
        }
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(CommandFailure::new(format!(
                "There is no folder {folder}. Make it, or name a file elsewhere."
            )));
        }
        let file = new_in(folder).map_err(|error| unwritable(place, &error))?;
        Ok(Self { file, place: place.to_owned() })
    }

    /// Returns the file that the content is written to.
    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Puts it into its place, and returns its number of bytes. A file of that name is replaced.
    pub(crate) fn commit(self) -> Result<u64, CommandFailure> {
        let Self { file, place } = self;
        let size_bytes = file.as_file().metadata().map(|found| found.len()).unwrap_or_default();
        file.persist(&place).map_err(|error| unwritable(&place, &error.error))?;
        Ok(size_bytes)
    }

    /// Makes the failure of a file that can't be written.
    pub(crate) fn failure(&self, error: &io::Error) -> CommandFailure {
        unwritable(&self.place, error)
    }
}

/// Makes a hidden file with a name of its own, since another process may be writing the same file. The system decides who may
/// read it, as for any new file.
fn new_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".cruncher-").suffix(".partial");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

fn unwritable(place: &Path, error: &io::Error) -> CommandFailure {
    CommandFailure::new(format!("{} can't be written: {error}.", place.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_one_once_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.csv");
        fs::write(&place, "old").unwrap();
        let mut draft = PendingFile::beside(&place).unwrap();
        draft.file().write_all(b"newer").unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"old");
        assert_eq!(draft.commit(), Ok(5));
        assert_eq!(fs::read(&place).unwrap(), b"newer");
        drop(PendingFile::beside(&place).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_needs_a_folder_and_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let message = |place: &Path| PendingFile::beside(place).err().unwrap().message().to_owned();
        let missing = folder.path().join("none");
        let expected = format!("There is no folder {}. Make it, or name a file elsewhere.", missing.display());
        assert_eq!(message(&missing.join("a.csv")), expected);
        assert_eq!(message(folder.path()), format!("{} is a folder. Name a file.", folder.path().display()));
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_it_as_any_other_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (place, other) = (folder.path().join("a.csv"), folder.path().join("other"));
        PendingFile::beside(&place).unwrap().commit().unwrap();
        fs::write(&other, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&place), mode(&other));
    }
}
