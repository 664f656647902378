//! A command line as the model, as it stands in the form.

use cruncher_study::model_document::{ModelDocument, ModelRun, ProgressSource, ResultRow, ResultSource, check_path};
use cruncher_study::template::command_line;
use serde::{Deserialize, Serialize};

use super::{FormComplaint, FormPlace};

/// A command line as it stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CommandDraft {
    /// The line.
    pub(crate) line: String,
    /// Whether a shell runs it.
    pub(crate) is_shell: bool,
    /// The file of the result; empty for the usual one.
    pub(crate) result_file: String,
    /// Whether the first row of a CSV is the result, and not the last.
    pub(crate) is_first_row: bool,
    /// The place that progress is read from.
    pub(crate) progress: ProgressPlace,
    /// The file of progress.
    pub(crate) progress_file: String,
}

/// Place that progress is read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ProgressPlace {
    /// None.
    #[default]
    Nowhere,
    /// The last line of a file.
    File,
    /// Lines of the output.
    Output,
}

impl CommandDraft {
    /// Returns the draft of a document; `None` if its model is a file.
    pub(crate) fn of(document: &ModelDocument) -> Option<Self> {
        let (line, is_shell) = document.command_line()?;
        let (progress, progress_file) = match &document.progress {
            None => (ProgressPlace::Nowhere, String::new()),
            Some(ProgressSource::Output) => (ProgressPlace::Output, String::new()),
            Some(ProgressSource::File(file)) => (ProgressPlace::File, file.clone()),
        };
        let usual = ResultSource::default();
        let result_file = if document.result == usual { "" } else { document.result.file() };
        let is_first_row = matches!(document.result, ResultSource::Csv { row: ResultRow::First, .. });
        let (line, result_file) = (line.to_owned(), result_file.to_owned());
        Some(Self { line, is_shell, result_file, is_first_row, progress, progress_file })
    }

    /// Whether the result is a row of a CSV.
    pub(crate) fn has_rows(&self) -> bool {
        matches!(self.result(), ResultSource::Csv { .. })
    }

    fn result(&self) -> ResultSource {
        let row = if self.is_first_row { ResultRow::First } else { ResultRow::Last };
        match self.result_file.trim() {
            "" => ResultSource::default(),
            file => ResultSource::of_file(file, row),
        }
    }

    /// Returns the document.
    ///
    /// # Errors
    /// Returns all problems, each with its place.
    pub(crate) fn read(&self) -> Result<ModelDocument, Vec<FormComplaint>> {
        let document = ModelDocument {
            run: ModelRun::CommandLine { command: self.line.trim().to_owned(), shell: self.is_shell },
            templates: Vec::new(),
            result: self.result(),
            progress: match self.progress {
                ProgressPlace::Nowhere => None,
                ProgressPlace::Output => Some(ProgressSource::Output),
                ProgressPlace::File => Some(ProgressSource::File(self.progress_file.trim().to_owned())),
            },
        };
        let mut complaints = Vec::new();
        let mut note = |place, text: String| complaints.push(FormComplaint { place, text });
        if self.line.trim().is_empty() {
            note(FormPlace::Model, "type the command line that the cases are computed with".to_owned());
        } else if let Err(error) = command_line::check(self.line.trim(), self.is_shell) {
            note(FormPlace::Model, error.to_string());
        }
        if let Err(why) = check_path(document.result.file()) {
            note(FormPlace::ResultFile, format!("the path {why}"));
        }
        if let Some(ProgressSource::File(file)) = &document.progress
            && let Err(why) = check_path(file)
        {
            note(FormPlace::ProgressFile, format!("the path {why}"));
        }
        if complaints.is_empty() {
            document
                .check()
                .map_err(|error| vec![FormComplaint { place: FormPlace::Model, text: error.to_string() }])?;
            return Ok(document);
        }
        Err(complaints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_as_it_was() {
        for json in [
            r#"{"kind": "command_line", "command": "run {{a}}"}"#,
            r#"{"kind": "command_line", "command": "a | b", "shell": true, "progress": {"output": true},
                "result": {"file": "r.csv", "row": "first"}}"#,
            r#"{"kind": "command_line", "command": "a", "result": {"file": "o.json"}, "progress": {"file": "p"}}"#,
        ] {
            let document = ModelDocument::parse(json.as_bytes()).unwrap();
            assert_eq!(CommandDraft::of(&document).unwrap().read(), Ok(document));
        }
    }

    #[test]
    fn problems_are_told_at_their_places() {
        let draft = CommandDraft {
            line: "run 'a".into(),
            result_file: "../r.csv".into(),
            progress: ProgressPlace::File,
            ..CommandDraft::default()
        };
        let told: Vec<_> = draft.read().unwrap_err().into_iter().map(|one| (one.place, one.text)).collect();
        assert_eq!(
            told,
            [
                (FormPlace::Model, "a quotation mark of the command is not closed".to_owned()),
                (
                    FormPlace::ResultFile,
                    "the path must be a path below the case's own folder, like results/result.csv".to_owned()
                ),
                (FormPlace::ProgressFile, "the path is empty".to_owned()),
            ]
        );
        assert!(CommandDraft::default().read().is_err());
    }
}
