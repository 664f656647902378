//! A model that is a folder: its files become a bundle.

use std::fs;
use std::path::Path;

use cruncher_backend::enqueue::bundle::{
    Bundle, BundleError, BundleFile, BundleRun, MAX_BUNDLE_BYTES, MAX_BUNDLE_FILES, belongs,
};
use cruncher_study::number_format::thousands;

use crate::failure::{CommandFailure, sentence};

/// Packs a folder.
pub(crate) fn pack(folder: &Path, run: &BundleRun) -> Result<Bundle, CommandFailure> {
    let mut files = Files::default();
    files.read(folder, "")?;
    Bundle::pack(files.found, run).map_err(|error| unfit(folder, &error))
}

fn unfit(folder: &Path, error: &BundleError) -> CommandFailure {
    let advice = match error {
        BundleError::NoMain(_) => " Name it with --main.",
        BundleError::TooLarge(_) => " Leave out what no case needs.",
        _ => "",
    };
    CommandFailure::new(format!("{} can't be a model: {}{advice}", folder.display(), text_of(error)))
}

/// The error as the end of a sentence.
fn text_of(error: &BundleError) -> String {
    let whole = sentence(error);
    let mut letters = whole.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// The name of its bundle: that of the folder.
pub(crate) fn file_name(folder: &Path) -> Result<String, CommandFailure> {
    let unreadable =
        |error: std::io::Error| CommandFailure::new(format!("{} can't be read: {error}.", folder.display()));
    let whole = folder.canonicalize().map_err(unreadable)?;
    let name = whole.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
    Ok(format!("{name}.zip"))
}

/// Files of a folder, read until they are too many.
#[derive(Debug, Default)]
struct Files {
    found: Vec<BundleFile<'static>>,
    size_bytes: u64,
}

impl Files {
    fn read(&mut self, folder: &Path, prefix: &str) -> Result<(), CommandFailure> {
        let unreadable = |path: &Path, error: std::io::Error| {
            CommandFailure::new(format!("{} can't be read: {error}.", path.display()))
        };
        for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
            let entry = entry.map_err(|error| unreadable(folder, error))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|error| unreadable(folder, error))?);
            let name = entry.file_name().into_string().map_err(|_no_text| {
                CommandFailure::new(format!("{} can't be packed: its name is no text.", path.display()))
            })?;
            let inside = format!("{prefix}{name}");
            if !belongs(&inside) || inside == "outputs" {
                continue;
            }
            if kind.is_symlink() {
                // It may lead anywhere, and to where nobody meant to send it from.
                return Err(CommandFailure::new(format!(
                    "{} is a link, and no bundle has links: put a copy in its place.",
                    path.display()
                )));
            }
            if kind.is_dir() {
                self.read(&path, &format!("{inside}/"))?;
                continue;
            }
            let size_bytes = entry.metadata().map_err(|error| unreadable(&path, error))?.len();
            self.size_bytes = self.size_bytes.saturating_add(size_bytes);
            if self.size_bytes > MAX_BUNDLE_BYTES || self.found.len() >= MAX_BUNDLE_FILES {
                return Err(CommandFailure::new(format!(
                    "{} can't be a model: a bundle has at most {} files and {} MiB. Leave out what no case needs.",
                    path.display(),
                    thousands(MAX_BUNDLE_FILES as u64),
                    MAX_BUNDLE_BYTES >> 20
                )));
            }
            let content = fs::read(&path).map_err(|error| unreadable(&path, error))?;
            self.found.push(BundleFile { path: inside, content: content.into() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_packed_without_what_a_run_has_left() {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in
            [("run.py", "{{a}}"), ("data/mesh.txt", "1"), ("outputs/old.csv", "2"), (".git/HEAD", "x"), ("a.pyc", "")]
        {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let bundle = pack(folder.path(), &BundleRun::default()).unwrap();
        let paths: Vec<_> = bundle.files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths, ["data/mesh.txt", "model.json", "run.py"]);
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_said_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let message = |run: &BundleRun| {
            let shown = folder.path().display().to_string();
            pack(folder.path(), run).unwrap_err().message().replace(&shown, "F")
        };
        assert_eq!(message(&BundleRun::default()), "F can't be a model: there is no file in it.");
        fs::write(folder.path().join("a.py"), "").unwrap();
        fs::write(folder.path().join("b.py"), "").unwrap();
        assert_eq!(
            message(&BundleRun::default()),
            "F can't be a model: it isn't said which of its files is run, of a.py, b.py. Name it with --main."
        );
        let gone = BundleRun { main: Some("gone.py".to_owned()), ..BundleRun::default() };
        assert_eq!(message(&gone), "F can't be a model: it has no file `gone.py`.");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("a.py")).unwrap();
        let failure = pack(folder.path(), &BundleRun::default()).unwrap_err();
        assert!(failure.message().ends_with("is a link, and no bundle has links: put a copy in its place."));
    }
}
