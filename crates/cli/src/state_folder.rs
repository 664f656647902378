//! State that this computer keeps between two commands: one file each, in the system's folder for such things.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use cruncher_backend::enqueue::key_value_store::{KeyValueError, KeyValueStore};
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

use crate::failure::CommandFailure;

const ENDING: &str = "json";

/// Store that keeps each document in a file of its own.
pub(crate) struct StateFolder(PathBuf);

impl StateFolder {
    /// Finds the user's own folder: `$XDG_STATE_HOME/cruncher`, `~/.local/state/cruncher`, or `%LOCALAPPDATA%\cruncher`.
    pub(crate) fn find() -> Result<Self, CommandFailure> {
        let value = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
        let absolute = |path: PathBuf| path.is_absolute().then_some(path);
        let folder = if cfg!(windows) {
            value("LOCALAPPDATA")
        } else {
            // The specification says that a relative path is to be ignored.
            value("XDG_STATE_HOME").and_then(absolute).or_else(|| Some(value("HOME")?.join(".local/state")))
        };
        let folder = folder.ok_or_else(|| {
            let name = if cfg!(windows) { "LOCALAPPDATA" } else { "XDG_STATE_HOME" };
            CommandFailure::new(format!("There is no folder to keep the state of an enqueueing in: set {name}."))
        })?;
        Ok(Self(folder.join("cruncher")))
    }

    /// Keeps the state in another folder.
    pub(crate) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    fn path(&self, key: &str) -> PathBuf {
        self.0.join(key).with_extension(ENDING)
    }

    /// Writes a file beside, then puts it in place of the old one: a reader sees the one or the other.
    fn write(&self, key: &str, content: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let beside = self.0.join(format!("{key}.{}.new", std::process::id()));
        let mut file = fs::File::create(&beside)?;
        file.write_all(content)?;
        file.sync_data()?;
        fs::rename(&beside, self.path(key))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            let is_kept = path.extension().is_some_and(|ending| ending == ENDING);
            keys.extend(path.file_stem().filter(|_| is_kept).map(|stem| stem.to_string_lossy().into_owned()));
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn failed(&self, error: &io::Error) -> KeyValueError {
        KeyValueError::new(format!("{}: {error}", self.0.display()))
    }
}

/// Returns `None` if there is no such file, which is no error.
fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

/// The methods block, since the files are small.
impl KeyValueStore for StateFolder {
    fn put<'a>(&'a self, key: &'a str, content: Vec<u8>) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        async move { self.write(key, &content).map_err(|error| self.failed(&error)) }.boxed_local()
    }

    fn get<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<Option<Vec<u8>>, KeyValueError>> {
        async move { unless_missing(fs::read(self.path(key))).map_err(|error| self.failed(&error)) }.boxed_local()
    }

    fn delete<'a>(&'a self, key: &'a str) -> LocalBoxFuture<'a, Result<(), KeyValueError>> {
        async move {
            let deleted = unless_missing(fs::remove_file(self.path(key)));
            deleted.map(drop).map_err(|error| self.failed(&error))
        }
        .boxed_local()
    }

    fn keys(&self) -> LocalBoxFuture<'_, Result<Vec<String>, KeyValueError>> {
        async move { unless_missing(self.list()).map(Option::unwrap_or_default).map_err(|error| self.failed(&error)) }
            .boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(&folder.path().join("not/yet/there"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            assert_eq!((state.keys().await, state.get("ab").await), (Ok(vec![]), Ok(None)));
            state.delete("ab").await.unwrap();
            for content in ["a long one", "short"] {
                state.put("ab", content.into()).await.unwrap();
                state.put("cd", vec![]).await.unwrap();
                assert_eq!(state.get("ab").await, Ok(Some(content.into())));
            }
            assert_eq!(state.keys().await.unwrap(), ["ab", "cd"]);
            state.delete("ab").await.unwrap();
            assert_eq!(state.keys().await.unwrap(), ["cd"]);
        });
    }

    #[test]
    fn a_folder_that_can_not_be_made_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let state = StateFolder::at(&file.path().join("below"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(state.put("ab", vec![])).is_err());
    }
}
