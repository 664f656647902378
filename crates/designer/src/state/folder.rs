//! A folder as the model: what its files say, and what is run of it.

use std::collections::BTreeSet;

use cruncher_backend::enqueue::bundle::{Bundle, BundleError, BundleFile, BundleRun, files_of, store, usual_main};
use cruncher_backend::unzip::{ZipEntry, entries};
use cruncher_study::model::{MAX_MODEL_BYTES, ModelKind};
use cruncher_study::model_document::{MODEL_DOCUMENT_NAME, ModelDocument, ModelRun};
use cruncher_study::template::{ModelLanguage, decode, placeholders};
use serde::{Deserialize, Serialize};

use crate::state::draft::DesignDraft;
use crate::state::draft::command::CommandDraft;

/// Maximum number of files that can be chosen from.
pub(crate) const MAX_CHOICES: usize = 100;

/// What is run of a folder that doesn't say it itself, as it stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FolderDraft {
    /// Whether a command line is run, in place of one of its files.
    pub(crate) is_line: bool,
    /// The file that is run; empty for the usual one.
    pub(crate) main: String,
    /// Further files whose placeholders are filled.
    pub(crate) templates: Vec<String>,
}

/// What is known of the files of a folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FolderIndex {
    /// The files, in alphabetical order.
    pub(crate) entries: Vec<ZipEntry>,
    /// Its own document, if it has one, or why that can't be used.
    pub(crate) own: Option<Result<ModelDocument, String>>,
    /// The files in which there are placeholders.
    pub(crate) filled: Vec<String>,
}

impl FolderIndex {
    /// Looks through the files of a folder; `None` if they aren't that.
    pub(crate) fn of(archive: &[u8]) -> Option<Self> {
        let mut index = Self { entries: entries(archive).ok()?, own: None, filled: Vec::new() };
        for entry in &index.entries {
            if entry.size_bytes > MAX_MODEL_BYTES {
                continue;
            }
            let content = entry.content(archive).ok()?;
            if entry.path == MODEL_DOCUMENT_NAME {
                index.own = Some(ModelDocument::parse(&content).map_err(|error| error.to_string()));
            } else if decode(&content).is_ok_and(|text| !placeholders(text, ModelLanguage::Other).is_empty()) {
                index.filled.push(entry.path.clone());
            }
        }
        Some(index)
    }

    /// Returns the text of a file, or why there is none.
    pub(crate) fn text(&self, archive: &[u8], path: &str) -> Result<String, String> {
        let entry = self.entries.iter().find(|entry| entry.path == path);
        let entry = entry.ok_or_else(|| BundleError::Missing(path.to_owned()).to_string())?;
        let content = entry.content(archive).map_err(|error| error.to_string())?;
        decode(&content).map(str::to_owned).map_err(|error| format!("`{path}`: {error}"))
    }

    /// Returns the files that may be run: those of Python first, then the others that lie at the root.
    pub(crate) fn mains(&self) -> Vec<String> {
        let is_python = |path: &&str| path.to_ascii_lowercase().ends_with(".py");
        let paths = || self.entries.iter().map(|entry| entry.path.as_str());
        let others = paths().filter(|path| !is_python(path) && !path.contains('/'));
        paths().filter(is_python).chain(others).take(MAX_CHOICES).map(str::to_owned).collect()
    }

    /// Returns the file that is run; empty if that isn't known.
    pub(crate) fn main(&self, draft: &DesignDraft) -> String {
        if !draft.folder.main.is_empty() {
            return draft.folder.main.clone();
        }
        let paths: Vec<&str> = self.entries.iter().map(|entry| entry.path.as_str()).collect();
        usual_main(&paths).unwrap_or_default()
    }

    /// Returns what is run: as the folder says it, or else the form.
    ///
    /// # Errors
    /// Why that isn't known, as the second part of a sentence.
    pub(crate) fn document(&self, draft: &DesignDraft) -> Result<ModelDocument, String> {
        if let Some(own) = &self.own {
            return own.clone().map_err(|error| format!("its model.json can't be used: {error}"));
        }
        // Each once, and in one order: so the same choice is the same bundle.
        let templates: BTreeSet<_> = draft.folder.templates.iter().cloned().collect();
        let templates = templates.into_iter().collect();
        let document = if draft.folder.is_line {
            let read = draft.command.read().map_err(|complaints| {
                complaints.into_iter().next().map_or_else(String::new, |complaint| complaint.text)
            });
            ModelDocument { templates, ..read? }
        } else {
            let main = self.main(draft);
            if main.is_empty() {
                return Err("it isn't said which of its files is run".to_owned());
            }
            let is_python = main.to_ascii_lowercase().ends_with(".py");
            let run = if is_python { ModelRun::Python { main } } else { ModelRun::Command { main } };
            ModelDocument { run, templates, ..ModelDocument::of_command("") }
        };
        let mut named = main_of(&document).into_iter().chain(document.templates.iter().cloned());
        let missing = named.find(|path| self.entries.iter().all(|entry| entry.path != *path));
        missing.map_or(Ok(document), |path| Err(BundleError::Missing(path).to_string()))
    }
}

/// Returns the name of the folder of a bundle.
pub(crate) fn folder_name(file: &str) -> &str {
    file.strip_suffix(".zip").unwrap_or(file)
}

/// Returns the file of a folder that is run; `None` for a command line.
pub(crate) fn main_of(document: &ModelDocument) -> Option<String> {
    match &document.run {
        ModelRun::Python { main } | ModelRun::Command { main } => Some(main.clone()),
        ModelRun::CommandLine { .. } => None,
    }
}

/// Returns the kind by which the text of a file is read: Python by its name, as in the bundle.
pub(crate) fn language(path: &str) -> ModelLanguage {
    ModelLanguage::of(ModelKind::Command, path)
}

/// Packs a folder with what is run of it: the same bytes as `cruncher enqueue --model FOLDER` makes.
///
/// # Errors
/// As a sentence without full stop, which begins with the folder.
pub(crate) fn pack(archive: &[u8], name: &str, draft: &DesignDraft) -> Result<Vec<u8>, String> {
    let folder = folder_name(name);
    let unfit = |error: &dyn ToString| format!("{folder} can't be a model: {}", error.to_string());
    let mut files = files_of(archive).map_err(|error| unfit(&error))?;
    let has_own = files.iter().any(|file| file.path == MODEL_DOCUMENT_NAME);
    let mut run = BundleRun::default();
    if !has_own && draft.folder.is_line {
        let index = FolderIndex::of(archive).ok_or_else(|| unfit(&"its files are damaged"))?;
        let document = index.document(draft).map_err(|error| unfit(&error))?;
        files.push(BundleFile { path: MODEL_DOCUMENT_NAME.to_owned(), content: document.content().into() });
    } else if !has_own {
        run.main = Some(draft.folder.main.clone()).filter(|main| !main.is_empty());
        run.templates.clone_from(&draft.folder.templates);
    }
    Bundle::pack(files, &run).map(|bundle| bundle.content).map_err(|error| unfit(&error))
}

/// A bundle, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnpackedBundle {
    /// The files of the folder, as they are kept.
    pub(crate) content: Vec<u8>,
    /// The main file or command line, and the templates.
    pub(crate) folder: FolderDraft,
    /// The command line, if one is run.
    pub(crate) command: CommandDraft,
}

impl UnpackedBundle {
    /// Takes a bundle apart into the folder and what the form says of it, if these are packed to the same bytes again. Otherwise the
    /// folder says itself what is run of it.
    pub(crate) fn of(bundle: Vec<u8>, name: &str) -> Self {
        Self::apart(&bundle, name).unwrap_or_else(|| Self {
            content: bundle,
            folder: FolderDraft::default(),
            command: CommandDraft::default(),
        })
    }

    fn apart(bundle: &[u8], name: &str) -> Option<Self> {
        let mut files = files_of(bundle).ok()?;
        let place = files.iter().position(|file| file.path == MODEL_DOCUMENT_NAME)?;
        let document = ModelDocument::parse(&files.remove(place).content).ok()?;
        let command = CommandDraft::of(&document);
        let folder = FolderDraft {
            is_line: command.is_some(),
            main: main_of(&document).unwrap_or_default(),
            templates: document.templates,
        };
        let content = store(files).ok()?;
        let command = command.unwrap_or_default();
        let draft = DesignDraft { kind: ModelKind::Bundle, folder, command, ..DesignDraft::default() };
        let is_same = pack(&content, name, &draft).is_ok_and(|packed| packed == bundle);
        let DesignDraft { folder, command, .. } = draft;
        is_same.then_some(Self { content, folder, command })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive<'a>(files: &[(&str, &'a str)]) -> Vec<u8> {
        let file = |&(path, content): &(&str, &'a str)| BundleFile {
            path: path.to_owned(),
            content: content.as_bytes().into(),
        };
        store(files.iter().map(file).collect()).unwrap()
    }

    fn draft(main: &str, templates: &[&str]) -> DesignDraft {
        let templates = templates.iter().map(|&path| path.to_owned()).collect();
        let folder = FolderDraft { main: main.to_owned(), templates, is_line: false };
        DesignDraft { kind: ModelKind::Bundle, folder, ..DesignDraft::default() }
    }

    #[test]
    fn a_folder_says_what_is_run_and_where_placeholders_are() {
        let kept = archive(&[("go.sh", ""), ("in/soil.dat", "{{c}}"), ("lib/a.py", ""), ("run.py", "{{a}}")]);
        let index = FolderIndex::of(&kept).unwrap();
        assert_eq!(index.entries.len(), 4);
        assert_eq!(index.filled, ["in/soil.dat", "run.py"]);
        assert_eq!(index.mains(), ["lib/a.py", "run.py", "go.sh"]);
        assert_eq!(index.main(&draft("", &[])), "run.py");
        assert_eq!(index.text(&kept, "in/soil.dat").unwrap(), "{{c}}");
        let run = |draft: &DesignDraft| index.document(draft).map(|document| main_of(&document));
        assert_eq!(run(&draft("lib/a.py", &["in/soil.dat"])), Ok(Some("lib/a.py".to_owned())));
        assert_eq!(run(&draft("gone.py", &[])), Err("it has no file `gone.py`".to_owned()));
        assert_eq!(run(&draft("", &["gone.dat"])), Err("it has no file `gone.dat`".to_owned()));
        assert!(FolderIndex::of(b"print(1)").is_none());
    }

    #[test]
    fn it_is_packed_to_the_bytes_of_the_command_line() {
        let files = [("a.py", "{{a}}"), ("b.py", ""), ("soil.dat", "{{c}}")];
        let kept = archive(&files);
        let run = BundleRun { main: Some("a.py".into()), templates: vec!["soil.dat".into()], kind: None };
        let expected = Bundle::pack(files_of(&kept).unwrap(), &run).unwrap().content;
        assert_eq!(pack(&kept, "wave.zip", &draft("a.py", &["soil.dat"])), Ok(expected.clone()));
        let open = pack(&kept, "wave.zip", &draft("", &[])).unwrap_err();
        assert_eq!(open, "wave can't be a model: it isn't said which of its files is run, of a.py, b.py");
        // A bundle says all of it.
        assert_eq!(pack(&expected, "wave.zip", &draft("", &[])), Ok(expected));
    }

    #[test]
    fn a_command_line_runs_in_a_folder() {
        let kept = archive(&[("go.sh", ""), ("soil.dat", "{{c}}")]);
        let mut line = draft("", &["soil.dat"]);
        line.folder.is_line = true;
        assert!(pack(&kept, "wave.zip", &line).is_err());
        line.command.line = "sh go.sh {{a}}".to_owned();
        let document = r#"{"command":"sh go.sh {{a}}","kind":"command_line","templates":["soil.dat"],"v":1}"#;
        let expected = archive(&[("go.sh", ""), ("soil.dat", "{{c}}"), ("model.json", document)]);
        let packed = pack(&kept, "wave.zip", &line).unwrap();
        assert_eq!(packed, Bundle::pack(files_of(&expected).unwrap(), &BundleRun::default()).unwrap().content);
    }

    #[test]
    fn a_bundle_comes_back_as_the_folder_and_what_is_run_of_it() {
        let kept = archive(&[("a.py", "{{a}}"), ("b.py", ""), ("soil.dat", "{{c}}")]);
        let file = draft("b.py", &["a.py", "soil.dat"]);
        let mut line = draft("", &["soil.dat"]);
        line.folder.is_line = true;
        line.command = CommandDraft {
            line: "sh go.sh {{a}} | tee log".to_owned(),
            is_shell: true,
            result_file: "r.csv".to_owned(),
            is_first_row: true,
            ..CommandDraft::default()
        };
        for draft in [file, line] {
            let unpacked = UnpackedBundle::of(pack(&kept, "wave.zip", &draft).unwrap(), "wave.zip");
            assert_eq!(unpacked.content, kept);
            assert_eq!((unpacked.folder, unpacked.command), (draft.folder, draft.command));
        }
    }

    #[test]
    fn a_bundle_that_the_form_can_not_say_says_itself_what_is_run() {
        // A file of Python that is started as a process.
        let own = r#"{"kind": "command", "main": "a.py"}"#;
        let folder = archive(&[("a.py", ""), ("model.json", own)]);
        let bundle = pack(&folder, "wave.zip", &draft("", &[])).unwrap();
        let unpacked = UnpackedBundle::of(bundle.clone(), "wave.zip");
        assert_eq!((&unpacked.content, &unpacked.folder), (&bundle, &FolderDraft::default()));
        assert_eq!(pack(&unpacked.content, "wave.zip", &draft("", &[])), Ok(bundle));
    }
}
