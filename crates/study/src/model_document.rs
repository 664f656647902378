//! `model.json`: what a worker does with the files of a model, or with a command line that needs none.
//!
//! It is the whole model of a command, and stands at the root of a bundle. A case's identity hashes it, so every option that
//! changes a result stands in it. `ModelDocument` in `worker/attach.py` reads it by the same rules; `model_documents.json` among the
//! golden files holds both to the same words.

use std::collections::BTreeMap;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::PROTOCOL_VERSION;

/// Maximum size of the document, in bytes.
pub const MAX_MODEL_DOCUMENT_BYTES: usize = 64 << 10;
/// Maximum length of a command line, in bytes; Windows takes no longer one.
pub const MAX_COMMAND_BYTES: usize = 32_000;
/// Maximum length of a path in the scratch folder, in bytes.
pub const MAX_PATH_BYTES: usize = 200;
/// Maximum number of templates of a bundle.
pub const MAX_TEMPLATES: usize = 100;

/// Name of the document, as a model of its own and at the root of a bundle.
pub const MODEL_DOCUMENT_NAME: &str = "model.json";

/// The file that a model's result is read from, unless it names another one.
pub const USUAL_RESULT_FILE: &str = "result.json";

/// What a worker does with a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDocument {
    /// What is run.
    pub run: ModelRun,
    /// Files of a bundle whose placeholders are filled, besides the one that is run.
    pub templates: Vec<String>,
    /// The place that the result is read from.
    pub result: ResultSource,
    /// The place that progress is read from, if there is one.
    pub progress: Option<ProgressSource>,
}

/// What is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelRun {
    /// A file of a bundle, executed by the worker's own Python.
    Python {
        /// Its path in the bundle.
        main: String,
    },
    /// A file of a bundle, started as a process.
    Command {
        /// Its path in the bundle.
        main: String,
    },
    /// A command line.
    CommandLine {
        /// The line, with placeholders.
        command: String,
        /// Whether a shell runs it.
        shell: bool,
    },
}

/// The place that a result is read from, when a process has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResultSource {
    /// A JSON object.
    Json {
        /// Its path in the scratch folder.
        file: String,
    },
    /// One row of a CSV with a header.
    Csv {
        /// Its path in the scratch folder.
        file: String,
        /// The row.
        row: ResultRow,
    },
}

/// The row of a CSV that is a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResultRow {
    /// The first below the header.
    First,
    /// The last.
    #[default]
    Last,
}

/// The place that progress is read from while a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgressSource {
    /// The last line of a file: a fraction, and words behind it.
    File(String),
    /// Lines on standard output: `progress`, a fraction, and words behind it.
    Output,
}

/// A document that is no model's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ModelDocumentError(String);

fn wrong(words: impl Into<String>) -> ModelDocumentError {
    ModelDocumentError(words.into())
}

impl Default for ResultSource {
    fn default() -> Self {
        Self::Json { file: USUAL_RESULT_FILE.to_owned() }
    }
}

impl ResultSource {
    /// The source that a path means: a CSV by its ending, of which the row counts, else JSON.
    #[must_use]
    pub fn of_file(file: &str, row: ResultRow) -> Self {
        let file = file.to_owned();
        if is_csv(&file) { Self::Csv { file, row } } else { Self::Json { file } }
    }

    /// The path in the scratch folder.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Json { file } | Self::Csv { file, .. } => file,
        }
    }
}

fn is_csv(file: &str) -> bool {
    file.to_ascii_lowercase().ends_with(".csv")
}

impl ModelDocument {
    /// The document of a command line whose result stands in `result.json`.
    #[must_use]
    pub fn of_command(command: &str) -> Self {
        let run = ModelRun::CommandLine { command: command.to_owned(), shell: false };
        Self { run, templates: Vec::new(), result: ResultSource::default(), progress: None }
    }

    /// Reads a document as it is stored.
    ///
    /// # Errors
    /// The first mistake, as a sentence that names the field.
    pub fn parse(content: &[u8]) -> Result<Self, ModelDocumentError> {
        if content.len() > MAX_MODEL_DOCUMENT_BYTES {
            return Err(wrong(format!("it has more than {} KiB", MAX_MODEL_DOCUMENT_BYTES >> 10)));
        }
        let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
        let value = serde_json::from_slice(content).map_err(|error| wrong(format!("it is no JSON: {error}")))?;
        Self::from_value(&value)
    }

    /// Reads a document that stands in another one.
    ///
    /// # Errors
    /// The first mistake, as a sentence that names the field.
    pub fn from_value(value: &Value) -> Result<Self, ModelDocumentError> {
        let fields = value.as_object().ok_or_else(|| wrong("it is no JSON object"))?;
        if fields.get("v").is_some_and(|version| version.as_u64() != Some(u64::from(PROTOCOL_VERSION))) {
            return Err(wrong("`v` is not 1, the only version that is known"));
        }
        let kind = text(fields, "kind")?.ok_or_else(|| wrong("`kind` is missing"))?;
        let run = match kind {
            "python" => ModelRun::Python { main: path(fields, "main", "main")? },
            "command" => ModelRun::Command { main: path(fields, "main", "main")? },
            "command_line" => {
                ModelRun::CommandLine { command: command(fields)?, shell: flag(fields, "shell", "shell")? }
            }
            _ => return Err(wrong("`kind` must be python, command or command_line")),
        };
        Ok(Self { run, templates: templates(fields)?, result: result(fields)?, progress: progress(fields)? })
    }

    /// Checks a document that was made, by the rules of [`Self::from_value`].
    ///
    /// # Errors
    /// The first mistake, as a sentence that names the field.
    pub fn check(&self) -> Result<(), ModelDocumentError> {
        Self::from_value(&self.value()).map(|_| ())
    }

    /// The document as JSON. What is usual is left out, so that one model has one text, and so one digest.
    #[must_use]
    pub fn value(&self) -> Value {
        let (kind, what, command_or_main, shell) = match &self.run {
            ModelRun::Python { main } => ("python", "main", main, false),
            ModelRun::Command { main } => ("command", "main", main, false),
            ModelRun::CommandLine { command, shell } => ("command_line", "command", command, *shell),
        };
        let result = match &self.result {
            ResultSource::Csv { file, row: ResultRow::First } => Some(json!({"file": file, "row": "first"})),
            ResultSource::Csv { file, row: ResultRow::Last } => Some(json!({"file": file, "row": "last"})),
            ResultSource::Json { file } => (file != USUAL_RESULT_FILE).then(|| json!({"file": file})),
        };
        let progress = self.progress.as_ref().map(|source| match source {
            ProgressSource::File(file) => json!({"file": file}),
            ProgressSource::Output => json!({"output": true}),
        });
        let fields = [
            ("v", Some(json!(PROTOCOL_VERSION))),
            ("kind", Some(json!(kind))),
            (what, Some(json!(command_or_main))),
            ("shell", shell.then_some(json!(true))),
            ("templates", (!self.templates.is_empty()).then(|| json!(self.templates))),
            ("result", result),
            ("progress", progress),
        ];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(fields.collect())
    }

    /// The document as it is stored: fields in alphabetical order, whatever made it.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        // Keys are sorted here should another crate ask serde_json to keep their order; texts and numbers can always be written.
        let fields: BTreeMap<String, Value> =
            self.value().as_object().cloned().unwrap_or_default().into_iter().collect();
        serde_json::to_vec(&fields).unwrap_or_default()
    }

    /// The command line, and whether a shell runs it; `None` for a model that is a file.
    #[must_use]
    pub fn command_line(&self) -> Option<(&str, bool)> {
        if let ModelRun::CommandLine { command, shell } = &self.run { Some((command, *shell)) } else { None }
    }
}

impl Serialize for ModelDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ModelDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(&Value::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// A field that is a text; `None` if it isn't there, or null.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, ModelDocumentError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong(format!("`{name}` is no text"))),
    }
}

fn flag(fields: &Map<String, Value>, name: &str, shown: &str) -> Result<bool, ModelDocumentError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(wrong(format!("`{shown}` is neither true nor false"))),
    }
}

fn command(fields: &Map<String, Value>) -> Result<String, ModelDocumentError> {
    let command = text(fields, "command")?.unwrap_or_default();
    check_command(command).map_err(|why| wrong(format!("`command` {why}")))?;
    Ok(command.to_owned())
}

/// Checks a text that is to be a command line.
///
/// # Errors
/// What is wrong with it, as the second half of a sentence.
pub fn check_command(command: &str) -> Result<(), &'static str> {
    if command.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
        return Err("is missing or empty: write the line that is run");
    }
    if command.len() > MAX_COMMAND_BYTES {
        return Err("is longer than 32,000 bytes");
    }
    let is_unfit = |letter: char| (letter < ' ' && !matches!(letter, '\t' | '\r' | '\n')) || letter == '\x7f';
    if command.contains(is_unfit) { Err("has a control character") } else { Ok(()) }
}

fn path(fields: &Map<String, Value>, name: &str, shown: &str) -> Result<String, ModelDocumentError> {
    match fields.get(name) {
        None | Some(Value::Null) => Err(wrong(format!("`{shown}` is missing"))),
        Some(value) => checked_path(value, shown),
    }
}

fn checked_path(value: &Value, shown: &str) -> Result<String, ModelDocumentError> {
    let path = value.as_str().ok_or_else(|| wrong(format!("`{shown}` is no text")))?;
    check_path(path).map_err(|why| wrong(format!("`{shown}` {why}")))?;
    Ok(path.to_owned())
}

/// Checks a path that must stay in the scratch folder, on each operating system: parts joined by `/`.
///
/// # Errors
/// What is wrong with it, as the second half of a sentence.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("is empty");
    }
    if path.len() > MAX_PATH_BYTES {
        return Err("is longer than 200 bytes");
    }
    if path.contains(|letter: char| letter < ' ' || matches!(letter, '\x7f' | '\\' | ':')) {
        return Err("has a control character, a backslash or a colon");
    }
    let leaves = |part: &str| matches!(part, "" | "." | "..") || part.ends_with(['.', ' ']);
    if path.split('/').any(leaves) {
        return Err("must be a path below the case's own folder, like results/result.csv");
    }
    Ok(())
}

fn templates(fields: &Map<String, Value>) -> Result<Vec<String>, ModelDocumentError> {
    let listed = match fields.get("templates") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(listed)) => listed,
        Some(_) => return Err(wrong("`templates` is no list")),
    };
    if listed.len() > MAX_TEMPLATES {
        return Err(wrong(format!("`templates` has more than {MAX_TEMPLATES} files")));
    }
    listed.iter().map(|one| checked_path(one, "templates")).collect()
}

/// A field that is an object; `None` if it isn't there, or null.
fn object<'a>(
    fields: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a Map<String, Value>>, ModelDocumentError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(fields)),
        Some(_) => Err(wrong(format!("`{name}` is no object"))),
    }
}

fn result(fields: &Map<String, Value>) -> Result<ResultSource, ModelDocumentError> {
    let Some(fields) = object(fields, "result")? else { return Ok(ResultSource::default()) };
    let file = path(fields, "file", "result.file")?;
    let row = match fields.get("row") {
        None | Some(Value::Null) => None,
        Some(Value::String(row)) if row == "first" => Some(ResultRow::First),
        Some(Value::String(row)) if row == "last" => Some(ResultRow::Last),
        Some(_) => return Err(wrong("`result.row` must be first or last")),
    };
    match row {
        Some(_) if !is_csv(&file) => Err(wrong("`result.row` is for a file that ends with .csv")),
        row => Ok(ResultSource::of_file(&file, row.unwrap_or_default())),
    }
}

fn progress(fields: &Map<String, Value>) -> Result<Option<ProgressSource>, ModelDocumentError> {
    let Some(fields) = object(fields, "progress")? else { return Ok(None) };
    let is_output = flag(fields, "output", "progress.output")?;
    let has_file = !matches!(fields.get("file"), None | Some(Value::Null));
    match (is_output, has_file) {
        (true, true) => Err(wrong("`progress` has both `file` and `output`: choose one")),
        (true, false) => Ok(Some(ProgressSource::Output)),
        (false, true) => Ok(Some(ProgressSource::File(path(fields, "file", "progress.file")?))),
        (false, false) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        name: String,
        /// The document, as JSON.
        document: Value,
        /// The document as it is stored when it was read, as a text; none if it can't be.
        stored: Option<String>,
        error: Option<String>,
    }

    #[test]
    fn documents_are_read_as_the_golden_file_says() {
        let golden: Vec<Golden> =
            serde_json::from_str(include_str!("../../../tests/golden/model_documents.json")).unwrap();
        assert!(golden.len() > 20);
        for Golden { name, document, stored, error } in golden {
            let read = ModelDocument::parse(&serde_json::to_vec(&document).unwrap());
            let is_stored = read.as_ref().ok().map(|read| String::from_utf8(read.content()).unwrap());
            assert_eq!(is_stored, stored, "{name}");
            assert_eq!(read.as_ref().err().map(ToString::to_string), error, "{name}");
            if let Ok(read) = read {
                assert_eq!(ModelDocument::parse(&read.content()), Ok(read), "{name}");
            }
        }
    }

    #[test]
    fn documents_that_are_too_large_or_no_json_are_refused() {
        let large = format!(r#"{{"kind": "command_line", "command": "sh", "note": "{}"}}"#, "a".repeat(65536));
        assert_eq!(ModelDocument::parse(large.as_bytes()).unwrap_err().to_string(), "it has more than 64 KiB");
        let error = ModelDocument::parse(b"{").unwrap_err().to_string();
        assert!(error.starts_with("it is no JSON: "), "{error}");
    }

    #[test]
    fn long_lines_paths_and_lists_are_refused() {
        let line = |letters: usize| ModelDocument::of_command(&"a".repeat(letters));
        assert_eq!(line(32_000).check(), Ok(()));
        assert_eq!(line(32_001).check().unwrap_err().to_string(), "`command` is longer than 32,000 bytes");
        let with_path = |letters: usize| {
            let result = ResultSource::of_file(&"a".repeat(letters), ResultRow::Last);
            ModelDocument { result, ..ModelDocument::of_command("sh") }
        };
        assert_eq!(with_path(200).check(), Ok(()));
        assert_eq!(with_path(201).check().unwrap_err().to_string(), "`result.file` is longer than 200 bytes");
        let with_templates =
            |count: usize| ModelDocument { templates: vec!["a".to_owned(); count], ..ModelDocument::of_command("sh") };
        assert_eq!(with_templates(100).check(), Ok(()));
        assert_eq!(with_templates(101).check().unwrap_err().to_string(), "`templates` has more than 100 files");
    }

    #[test]
    fn it_stands_in_other_documents() {
        let document =
            ModelDocument { progress: Some(ProgressSource::Output), ..ModelDocument::of_command("sh run.sh") };
        let text = serde_json::to_string(&document).unwrap();
        assert_eq!(serde_json::from_str::<ModelDocument>(&text).unwrap(), document);
        assert!(serde_json::from_str::<ModelDocument>(r#"{"kind": "command_line"}"#).is_err());
    }
}
