//! Bundles: a folder as one model, packed so that the same files are the same bytes, natively and in a browser.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cruncher_results::export::zip::{ZipArchive, ZipContent, ZipError};
use cruncher_study::model::ModelKind;
use cruncher_study::model_document::{
    MODEL_DOCUMENT_NAME, ModelDocument, ModelDocumentError, ModelRun, ProgressSource, ResultSource, check_path,
};
use cruncher_study::number_format::thousands;

use crate::unzip::{UnzipError, ZipEntry, entries};

/// Maximum size of all files of a bundle, in bytes: they are packed in memory.
pub const MAX_BUNDLE_BYTES: u64 = 256 << 20;

/// Maximum number of files of a bundle.
pub const MAX_BUNDLE_FILES: usize = 10_000;

/// Maximum size of a bundle, in bytes: its files, and for each of them two headers with its path, and what is run of them.
pub const MAX_PACKED_BYTES: u64 = MAX_BUNDLE_BYTES + (8 << 20);

/// Names of a file that is run if none was named, the first that is there.
const USUAL_MAINS: [&str; 3] = ["main.py", "run.py", "model.py"];

/// Names of devices, which Windows has in every folder.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Length of the two headers of a file in a ZIP, in bytes, without its path in each.
const HEADERS_BYTES: usize = 76;

/// Files of a bundle, by their paths.
type BundleContents<'a> = BTreeMap<String, Cow<'a, [u8]>>;

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleFile<'a> {
    /// Its path in the folder, parts joined by `/`.
    pub path: String,
    /// Content, as it is stored in the bundle: it may lie in an archive that was read.
    pub content: Cow<'a, [u8]>,
}

/// Run of a bundle: main file, templates and kind, as far as its own `model.json` doesn't say them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BundleRun {
    /// The file that is run.
    pub main: Option<String>,
    /// Further files whose placeholders are filled.
    pub templates: Vec<String>,
    /// Kind of the main file: `python` for a name that ends with `.py`, else `command`.
    pub kind: Option<ModelKind>,
}

/// A folder that was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The ZIP file.
    pub content: Vec<u8>,
    /// Paths and sizes of its files, in order.
    pub files: Vec<(String, u64)>,
    /// Document that says what is run: its own `model.json`, or one made of the options.
    pub document: ModelDocument,
    /// Path and content of each file whose placeholders are filled, the one that is run first.
    pub templates: Vec<(String, Vec<u8>)>,
}

/// Files that can't be a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// There are none.
    #[error("there is no file in it")]
    Empty,
    /// There are too many.
    #[error("it has {0} files, and a bundle has at most 10,000")]
    TooMany(String),
    /// They are too large.
    #[error("its files come to {} MiB, and a bundle has at most 256 MiB", .0 >> 20)]
    TooLarge(u64),
    /// A name that not every computer can have.
    #[error("its file `{path}` can't be packed: the path {why}")]
    Path {
        /// The file.
        path: String,
        /// The second half of a sentence.
        why: &'static str,
    },
    /// Two names that are one elsewhere.
    #[error("its files `{0}` and `{1}` are one on computers that don't tell capitals from small letters: rename one")]
    Alike(String, String),
    /// Nobody said what is run.
    #[error("it isn't said which of its files is run, of {0}")]
    NoMain(String),
    /// A file that is named isn't there.
    #[error("it has no file `{0}`")]
    Missing(String),
    /// Its own document can't be used.
    #[error("its model.json can't be used: {0}")]
    Document(#[from] ModelDocumentError),
    /// Its own document contradicts what was said.
    #[error("its model.json says already what is run: leave out {0}, or take that file away")]
    Contradiction(&'static str),
    /// The format can't hold them.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// A ZIP that was given in place of a folder can't be read.
    #[error(transparent)]
    Unzip(#[from] UnzipError),
}

/// Whether a file belongs into a bundle: not what is hidden, made by Python, or what a run of the model has left in `outputs/`.
#[must_use]
pub fn belongs(path: &str) -> bool {
    let is_made = |part: &str| part.starts_with('.') || part == "__pycache__";
    let is_outside = path.split('/').any(is_made) || path.starts_with("outputs/");
    let is_compiled = path.rsplit_once('.').is_some_and(|(_, end)| end == "pyc");
    !is_outside && !is_compiled
}

/// Returns the files of a ZIP that belong into a bundle.
///
/// # Errors
/// If it can't be read, or its files are too large for a bundle.
pub fn files_of(archive: &[u8]) -> Result<Vec<BundleFile<'_>>, BundleError> {
    let mut entries = entries(archive)?;
    entries.retain(|entry| belongs(&entry.path));
    let size_bytes = entries.iter().map(|entry| entry.size_bytes).sum();
    if size_bytes > MAX_BUNDLE_BYTES {
        return Err(BundleError::TooLarge(size_bytes));
    }
    let file = |entry: &ZipEntry| Ok(BundleFile { path: entry.path.clone(), content: entry.content(archive)? });
    entries.iter().map(file).collect()
}

/// Returns the files of the folder that was packed, if all lie in one folder: many programs pack it together with its name.
#[must_use]
pub fn without_outer_folder(files: Vec<BundleFile<'_>>) -> Vec<BundleFile<'_>> {
    let first = files.first().and_then(|file| file.path.split_once('/'));
    let Some(folder) = first.map(|(folder, _)| format!("{folder}/")) else { return files };
    if !files.iter().all(|file| file.path.starts_with(&folder)) {
        return files;
    }
    let inside = files.into_iter().map(|BundleFile { path, content }| BundleFile {
        path: path.get(folder.len()..).unwrap_or_default().to_owned(),
        content,
    });
    inside.filter(|file| belongs(&file.path)).collect()
}

/// Packs files as they are, without saying what is run: for keeping them until that is known.
///
/// # Errors
/// If they can't be a bundle, whatever is run.
pub fn store(files: Vec<BundleFile<'_>>) -> Result<Vec<u8>, BundleError> {
    Ok(zip(&checked(files)?)?)
}

/// Returns the file that is run though nobody said it: one of the usual names, or the only one of Python at the root. `paths`
/// are those of the folder, in alphabetical order.
///
/// # Errors
/// If it can't be told, with some that it may be.
pub fn usual_main(paths: &[&str]) -> Result<String, BundleError> {
    if let Some(main) = USUAL_MAINS.into_iter().find(|main| paths.contains(main)) {
        return Ok(main.to_owned());
    }
    let at_root: Vec<_> = paths.iter().copied().filter(|path| !path.contains('/')).collect();
    let python: Vec<_> = at_root.iter().copied().filter(|path| path.to_ascii_lowercase().ends_with(".py")).collect();
    match (python.as_slice(), at_root.as_slice()) {
        ([main], _) | ([], [main]) => Ok((*main).to_owned()),
        _ => {
            let mut some = if python.is_empty() { at_root } else { python };
            some.truncate(5);
            Err(BundleError::NoMain(some.join(", ")))
        }
    }
}

impl Bundle {
    /// Packs files, together with a document that says what is run.
    ///
    /// # Errors
    /// If they can't be a bundle, or what is to be run isn't among them.
    pub fn pack(files: Vec<BundleFile<'_>>, run: &BundleRun) -> Result<Self, BundleError> {
        let mut files = checked(files)?;
        let document = match files.get(MODEL_DOCUMENT_NAME) {
            Some(_) if run.main.is_some() => return Err(BundleError::Contradiction("the main file")),
            Some(_) if !run.templates.is_empty() => return Err(BundleError::Contradiction("the templates")),
            Some(_) if run.kind.is_some() => return Err(BundleError::Contradiction("the kind")),
            Some(content) => ModelDocument::parse(content)?,
            None => document(&files, run)?,
        };
        let main = match &document.run {
            ModelRun::Python { main } | ModelRun::Command { main } => Some(main),
            ModelRun::CommandLine { .. } => None,
        };
        let template = |path: &String| match files.get(path) {
            Some(content) => Ok((path.clone(), content.to_vec())),
            None => Err(BundleError::Missing(path.clone())),
        };
        let templates = main.into_iter().chain(&document.templates).map(template).collect::<Result<Vec<_>, _>>()?;
        files.insert(MODEL_DOCUMENT_NAME.to_owned(), document.content().into());
        let content = zip(&files)?;
        let files = files.into_iter().map(|(path, content)| (path, content.len() as u64)).collect();
        Ok(Self { content, files, document, templates })
    }
}

/// Returns the files by their paths, in the order that they are packed in.
fn checked(files: Vec<BundleFile<'_>>) -> Result<BundleContents<'_>, BundleError> {
    if files.is_empty() {
        return Err(BundleError::Empty);
    }
    if files.len() > MAX_BUNDLE_FILES {
        return Err(BundleError::TooMany(thousands(files.len() as u64)));
    }
    let size_bytes = files.iter().map(|file| file.content.len() as u64).sum();
    if size_bytes > MAX_BUNDLE_BYTES {
        return Err(BundleError::TooLarge(size_bytes));
    }
    let (mut names, mut found) = (BTreeMap::new(), BTreeMap::new());
    for BundleFile { path, content } in files {
        if let Err(why) = check_file_path(&path) {
            return Err(BundleError::Path { path, why });
        }
        for (end, _) in path.match_indices('/').chain([(path.len(), "")]) {
            let name = path.get(..end).unwrap_or(&path);
            let before = names.entry(name.to_lowercase()).or_insert_with(|| name.to_owned());
            if before != name || (end == path.len() && found.contains_key(&path)) {
                return Err(BundleError::Alike(before.clone(), name.to_owned()));
            }
        }
        found.insert(path, content);
    }
    Ok(found)
}

fn check_file_path(path: &str) -> Result<(), &'static str> {
    check_path(path)?;
    let is_device = |part: &str| {
        let stem = part.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let is_port = |stem: &str| {
            let digit = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
            digit.is_some_and(|digit| matches!(digit, "¹" | "²" | "³") || matches!(digit.as_bytes(), [b'0'..=b'9']))
        };
        DEVICES.contains(&&*stem) || is_port(&stem)
    };
    if path.split('/').any(is_device) { Err("has the name of a device on Windows") } else { Ok(()) }
}

fn document(files: &BundleContents<'_>, run: &BundleRun) -> Result<ModelDocument, BundleError> {
    let main = match &run.main {
        Some(main) => main.clone(),
        None => usual_main(&files.keys().map(String::as_str).collect::<Vec<_>>())?,
    };
    if !files.contains_key(&main) {
        return Err(BundleError::Missing(main));
    }
    let is_python = main.rsplit_once('.').is_some_and(|(_, end)| end.eq_ignore_ascii_case("py"));
    let kind = run.kind.unwrap_or(if is_python { ModelKind::Python } else { ModelKind::Command });
    let run_file = if kind == ModelKind::Python { ModelRun::Python { main } } else { ModelRun::Command { main } };
    // Each once, and in one order: so the same choice is the same bundle.
    let templates: BTreeSet<_> = run.templates.iter().cloned().collect();
    let progress: Option<ProgressSource> = None;
    let document = ModelDocument {
        run: run_file,
        templates: templates.into_iter().collect(),
        result: ResultSource::default(),
        progress,
    };
    document.check()?;
    Ok(document)
}

fn zip(files: &BundleContents<'_>) -> Result<Vec<u8>, ZipError> {
    // A vector that grows is held twice while it is moved: a bundle may be as large as a quarter of a page's memory.
    let headers_bytes = |path: &String| HEADERS_BYTES + 2 * path.len();
    let size_bytes = files.iter().map(|(path, content)| headers_bytes(path) + content.len()).sum::<usize>();
    let (mut zip, mut out) = (ZipArchive::default(), Vec::with_capacity(size_bytes + HEADERS_BYTES));
    for (path, content) in files {
        out.extend(zip.file(path, &ZipContent::of(content))?);
        out.extend_from_slice(content);
    }
    out.extend(zip.end());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use cruncher_study::model::ModelDigest;

    use super::*;

    fn files<'a>(files: &[(&str, &'a str)]) -> Vec<BundleFile<'a>> {
        let file = |&(path, content): &(&str, &'a str)| BundleFile {
            path: path.to_owned(),
            content: content.as_bytes().into(),
        };
        files.iter().map(file).collect()
    }

    fn run(main: &str, templates: &[&str]) -> BundleRun {
        let templates = templates.iter().map(|&path| path.to_owned()).collect();
        BundleRun { main: Some(main.to_owned()), templates, kind: None }
    }

    fn error(some: &[(&str, &str)], run: &BundleRun) -> String {
        Bundle::pack(files(some), run).unwrap_err().to_string()
    }

    #[test]
    fn the_same_files_are_the_same_bytes_in_whichever_order_they_come() {
        let some = [("run.py", "x = {{a}}"), ("data/mesh.txt", "1 2 3"), ("input.dat", "{{b}}")];
        let one = Bundle::pack(files(&some), &run("run.py", &["input.dat", "input.dat"])).unwrap();
        let mut others = files(&some);
        others.reverse();
        let other = Bundle::pack(others, &run("run.py", &["input.dat"])).unwrap();
        assert_eq!(one, other);
        // The same in every release: another digest would compute every case again.
        let golden = "8caba1b9e4d9d1bb48428dde6633c81c77c5da15a2e71a0f3aeca7d9bc375f53";
        assert_eq!(ModelDigest::of(&one.content).as_str(), golden);
        let listed: Vec<_> = one.files.iter().map(|(path, size)| (path.as_str(), *size)).collect();
        assert_eq!(listed, [("data/mesh.txt", 5), ("input.dat", 5), ("model.json", 65), ("run.py", 9)]);
        let filled: Vec<_> = one.templates.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(filled, ["run.py", "input.dat"]);
    }

    #[test]
    fn a_bundle_is_packed_into_the_memory_that_it_needs() {
        let (large, small) = ("x".repeat(1 << 20), "y".repeat(7));
        let content = store(files(&[("run.py", &large), ("data/soil.dat", &small)])).unwrap();
        assert!(content.capacity() <= content.len() + HEADERS_BYTES, "{} {}", content.capacity(), content.len());
        let read = files_of(&content).unwrap();
        assert!(read.iter().all(|file| matches!(file.content, Cow::Borrowed(_))), "it is copied");
    }

    #[test]
    fn a_folder_s_own_document_says_what_is_run() {
        let document = r#"{"kind": "command_line", "command": "sh go.sh {{a}}", "templates": ["in.txt"]}"#;
        let some = [("model.json", document), ("go.sh", ""), ("in.txt", "{{b}}")];
        let packed = Bundle::pack(files(&some), &BundleRun::default()).unwrap();
        assert_eq!(packed.document.command_line(), Some(("sh go.sh {{a}}", false)));
        assert_eq!(packed.templates, [("in.txt".to_owned(), b"{{b}}".to_vec())]);
        assert_eq!(
            error(&some, &run("go.sh", &[])),
            "its model.json says already what is run: leave out the main file, or take that file away"
        );
        let kind = BundleRun { kind: Some(ModelKind::Command), ..BundleRun::default() };
        assert_eq!(
            error(&some, &kind),
            "its model.json says already what is run: leave out the kind, or take that file away"
        );
        let wrong = [("model.json", "{}")];
        assert_eq!(error(&wrong, &BundleRun::default()), "its model.json can't be used: `kind` is missing");
        let gone = [("model.json", r#"{"kind": "python", "main": "gone.py"}"#)];
        assert_eq!(error(&gone, &BundleRun::default()), "it has no file `gone.py`");
    }

    #[test]
    fn the_file_that_is_run_is_found_or_asked_for() {
        let main =
            |some: &[(&str, &str)]| Bundle::pack(files(some), &BundleRun::default()).map(|packed| packed.document.run);
        let python = |main: &str| Ok(ModelRun::Python { main: main.to_owned() });
        assert_eq!(main(&[("a.py", ""), ("run.py", "")]), python("run.py"));
        assert_eq!(main(&[("a.py", ""), ("b.txt", ""), ("c/d.py", "")]), python("a.py"));
        assert_eq!(main(&[("go.sh", "")]), Ok(ModelRun::Command { main: "go.sh".to_owned() }));
        assert_eq!(main(&[("a.py", ""), ("b.py", "")]), Err(BundleError::NoMain("a.py, b.py".to_owned())));
        assert_eq!(main(&[("a.dat", ""), ("go.sh", "")]), Err(BundleError::NoMain("a.dat, go.sh".to_owned())));
    }

    #[test]
    fn what_can_not_be_packed_is_named() {
        let none = BundleRun::default();
        assert_eq!(error(&[], &none), "there is no file in it");
        assert_eq!(error(&[("a.py", "")], &run("b.py", &[])), "it has no file `b.py`");
        assert_eq!(error(&[("a.py", "")], &run("a.py", &["in"])), "it has no file `in`");
        for (path, why) in [
            ("../a.py", "must be a path below the case's own folder, like results/result.csv"),
            ("/a.py", "must be a path below the case's own folder, like results/result.csv"),
            ("a:b", "has a control character, a backslash or a colon"),
            ("lib/Aux.txt", "has the name of a device on Windows"),
            ("com1", "has the name of a device on Windows"),
        ] {
            assert_eq!(error(&[(path, "")], &none), format!("its file `{path}` can't be packed: the path {why}"));
        }
        for (one, other) in [("Read.me", "read.ME"), ("a/b", "A/c"), ("ä", "Ä"), ("a", "a")] {
            assert!(error(&[(one, ""), (other, "")], &none).contains("are one on computers"), "{one} {other}");
        }
        let many: Vec<_> =
            (0..10_001).map(|number| BundleFile { path: number.to_string(), content: Cow::default() }).collect();
        assert_eq!(
            Bundle::pack(many, &none).unwrap_err().to_string(),
            "it has 10,001 files, and a bundle has at most 10,000"
        );
    }

    #[test]
    fn a_zip_stands_for_the_folder_that_it_was_packed_of() {
        let some = [("run.py", "x = {{a}}"), ("data/mesh.txt", "1 2 3"), ("outputs/old.csv", ""), (".git/HEAD", "x")];
        let wanted = files(&[("data/mesh.txt", "1 2 3"), ("run.py", "x = {{a}}")]);
        let zipped = |prefix: &str| {
            let files = some.iter().map(|(path, content)| (format!("{prefix}{path}"), content.as_bytes().into()));
            zip(&files.collect()).unwrap()
        };
        for prefix in ["", "wave/"] {
            let archive = zipped(prefix);
            let found = files_of(&archive).map(without_outer_folder);
            assert_eq!(found, Ok(wanted.clone()), "{prefix}");
        }
        let below = files(&[("src/a.py", "1"), ("src/b.py", "2")]);
        assert_eq!(files_of(&store(below.clone()).unwrap()), Ok(below));
        let bundle = Bundle::pack(wanted, &run("run.py", &[])).unwrap();
        let again = Bundle::pack(files_of(&bundle.content).unwrap(), &BundleRun::default()).unwrap();
        assert_eq!(again.content, bundle.content, "a bundle is packed to the same bytes again");
        let kept = files(&[("b.py", "2"), ("a.py", "1")]);
        assert_eq!(files_of(&store(kept).unwrap()), Ok(files(&[("a.py", "1"), ("b.py", "2")])));
        assert_eq!(
            store(files(&[("../a", "")])).unwrap_err().to_string(),
            error(&[("../a", "")], &BundleRun::default())
        );
        assert_eq!(files_of(b"no").unwrap_err().to_string(), "it is no ZIP, or a part of one");
    }

    #[test]
    fn what_a_folder_has_besides_stays_out() {
        let inside: Vec<_> = ["a.py", "a/b.dat", "x/outputs/a"].into_iter().filter(|path| belongs(path)).collect();
        assert_eq!(inside, ["a.py", "a/b.dat", "x/outputs/a"]);
        for path in [".git/config", "a/.DS_Store", "__pycache__/a.cpython-311.pyc", "lib/a.pyc", "outputs/curve.csv"] {
            assert!(!belongs(path), "{path}");
        }
    }
}
