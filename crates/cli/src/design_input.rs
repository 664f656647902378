//! The design that a user names: a design file, or a table of cases with a model.

use std::path::{Path, PathBuf};

use cruncher_backend::enqueue::bundle::BundleRun;
use cruncher_study::batch::Batch;
use cruncher_study::design::{DesignFile, ModelFile};
use cruncher_study::import::{ImportError, ImportedTable, NumberQuestion, WrongRow, design_file, import};
use cruncher_study::isolation::CaseIsolation;
use cruncher_study::model::ModelKind;
use cruncher_study::model_document::{ModelDocument, ModelRun, ProgressSource, ResultRow, ResultSource};
use cruncher_study::number_format::counted;
use cruncher_study::sampler::Sampler;
use cruncher_study::template::command_line;

use crate::arguments::DesignSource;
use crate::failure::{CommandFailure, sentence};
use crate::model_folder;
use crate::points;

/// Batch of a table for which none was named; nothing is enqueued under that name.
const NO_BATCH: &str = "table";

/// The model of a table whose column `command` holds command lines.
const COMMAND_OF_TABLE: &str = "{{command}}";

/// Maximum number of wrong rows that are named.
const MAX_ROWS: usize = 20;

/// A design, and the model if its file is there.
#[derive(Debug)]
pub(crate) struct DesignInput {
    pub file: DesignFile,
    pub model: Option<Vec<u8>>,
    /// Path of the model's file if the design doesn't hold it, whether or not it exists.
    pub model_path: PathBuf,
    /// Whether the batch was named, by the design or by the user.
    pub has_batch: bool,
    /// Files with placeholders if the model is a bundle; else that is the model alone.
    pub templates: Vec<(String, Vec<u8>)>,
}

impl DesignInput {
    /// Reads the design that the user names, or has a script compute its points. It is no failure yet if the model it names is
    /// neither in it nor beside it.
    pub(crate) async fn of(source: &DesignSource) -> Result<Self, CommandFailure> {
        let Some(script) = &source.points else { return Self::read(source) };
        let table = points::table(script, &source.points_options).await?;
        Self::with_model(of_table(table, source), source.batch.is_some(), source)
    }

    fn read(source: &DesignSource) -> Result<Self, CommandFailure> {
        let content = read(source.path())?;
        let (file, has_batch) = match design_file(&content) {
            Some(design) => {
                check_no_reading(source)?;
                (design.map_err(|error| unreadable(source.path(), error.reason()))?, true)
            }
            None => (of_table(table(source, &content)?, source), source.batch.is_some()),
        };
        Self::with_model(file, has_batch, source)
    }

    /// Puts what is said beside the design into it, and finds its model.
    fn with_model(mut file: DesignFile, has_batch: bool, source: &DesignSource) -> Result<Self, CommandFailure> {
        if let Some(batch) = &source.batch {
            file.batch = batch.clone();
        }
        if let Some(document) = command_of(source, &file)? {
            file.model = ModelFile::of_document(&document);
        }
        let beside = source.path().parent().unwrap_or(Path::new("")).join(&file.model.file);
        let model_path = source.model.clone().unwrap_or(beside);
        // A table names no model: the folder that it lies in is none.
        let is_named = source.model.is_some() || !file.model.file.is_empty();
        if let Some(folder) = folder_of(&model_path, file.model.kind).filter(|_| is_named) {
            return Self::of_folder(file, &folder, source, has_batch);
        }
        check_no_folder(source, &model_path)?;
        if let Some(kind) = source.kind {
            file.model.kind = kind.into();
        }
        let is_command = file.model.kind == ModelKind::CommandLine && file.model.text.is_some();
        let is_there = source.model.is_some() || (!is_command && model_path.is_file());
        let beside = is_there.then(|| read(&model_path)).transpose()?;
        let held = file.model.text.take().filter(|_| source.model.is_none()).map(String::into_bytes);
        let model = match (held, beside) {
            (Some(held), Some(beside)) if held != beside => return Err(two_models(source.path(), &model_path)),
            (held, beside) => held.or(beside),
        };
        if source.model.is_some() {
            file.model.file = file_name(&model_path);
        }
        let (name, content) = (file.model.file.clone(), model.clone());
        let templates = content.filter(|_| file.model.kind != ModelKind::Bundle).map(|content| (name, content));
        Ok(Self { file, model, model_path, has_batch, templates: templates.into_iter().collect() })
    }

    fn of_folder(
        mut file: DesignFile,
        folder: &Path,
        source: &DesignSource,
        has_batch: bool,
    ) -> Result<Self, CommandFailure> {
        let run = BundleRun {
            main: source.main.clone(),
            templates: source.templates.clone(),
            kind: source.kind.map(Into::into),
        };
        let bundle = model_folder::pack(folder, &run)?;
        file.model = ModelFile { file: model_folder::file_name(folder)?, kind: ModelKind::Bundle, text: None };
        let (model, model_path) = (Some(bundle.content), folder.to_owned());
        Ok(Self { file, model, model_path, has_batch, templates: bundle.templates })
    }

    /// Returns the model, which is needed now.
    pub(crate) fn model(&self) -> Result<&[u8], CommandFailure> {
        self.model.as_deref().ok_or_else(|| {
            let missing = if self.file.model.file.is_empty() {
                "A table of cases doesn't name a model, and this one has no column `command`".to_owned()
            } else {
                format!("There is no model {}", self.model_path.display())
            };
            CommandFailure::new(format!("{missing}: name its file with --model, or a command line with --command."))
        })
    }
}

/// Returns the folder that a model is: the one that is named, or, for a bundle, the one that it was packed of.
fn folder_of(path: &Path, kind: ModelKind) -> Option<PathBuf> {
    let unpacked = (kind == ModelKind::Bundle && !path.exists()).then(|| path.with_extension(""));
    std::iter::once(path.to_owned()).chain(unpacked).find(|path| path.is_dir())
}

/// Checks that no option on a folder was given with a model that is a file.
fn check_no_folder(source: &DesignSource, model: &Path) -> Result<(), CommandFailure> {
    let said = [("--main", source.main.is_some()), ("--template", !source.templates.is_empty())];
    let Some((option, _)) = said.into_iter().find(|(_, is_said)| *is_said) else { return Ok(()) };
    let model = if source.model.is_some() {
        format!("{} is no folder", model.display())
    } else {
        "the model is no folder".to_owned()
    };
    Err(CommandFailure::new(format!(
        "{option} names a file of the model's folder, and {model}: name that with --model."
    )))
}

/// The command line that the options name, or the design, or a table with a column `command`; `None` if the model is a file.
fn command_of(source: &DesignSource, file: &DesignFile) -> Result<Option<ModelDocument>, CommandFailure> {
    let of_table = || has_commands(file).then(|| ModelDocument::of_command(COMMAND_OF_TABLE));
    let document = match &source.command {
        Some(command) => Some(ModelDocument::of_command(command)),
        None if source.model.is_some() => None,
        None => file.model.document().or_else(of_table),
    };
    let Some(mut document) = document else { return no_command(source).map(|()| None) };
    if let ModelRun::CommandLine { shell, .. } = &mut document.run {
        *shell |= source.shell;
    }
    if source.result_file.is_some() || source.result_row.is_some() {
        let path = source.result_file.as_deref().unwrap_or(document.result.file());
        if source.result_row.is_some()
            && matches!(ResultSource::of_file(path, ResultRow::Last), ResultSource::Json { .. })
        {
            return Err(CommandFailure::new(
                "--result-row is for a result that is a CSV: name its file with --result-file.",
            ));
        }
        document.result = ResultSource::of_file(path, source.result_row.map(Into::into).unwrap_or_default());
    }
    if let Some(path) = &source.progress_file {
        document.progress = Some(ProgressSource::File(path.clone()));
    } else if source.progress_output {
        document.progress = Some(ProgressSource::Output);
    }
    let checked = document.check().map_err(|error| error.to_string());
    let line = document.command_line().map_or(Ok(()), |(line, is_shell)| command_line::check(line, is_shell));
    checked
        .and(line.map_err(|error| error.to_string()))
        .map_err(|why| CommandFailure::new(format!("The command: {why}.")))?;
    Ok(Some(document))
}

/// Checks that no option about a command was given, since there is none.
fn no_command(source: &DesignSource) -> Result<(), CommandFailure> {
    let said = [
        ("--shell", source.shell),
        ("--result-file", source.result_file.is_some()),
        ("--result-row", source.result_row.is_some()),
        ("--progress-file", source.progress_file.is_some()),
        ("--progress-output", source.progress_output),
    ];
    match said.into_iter().find(|(_, is_said)| *is_said) {
        Some((option, _)) => Err(CommandFailure::new(format!(
            "{option} is about a command, and the model is none: name one with --command."
        ))),
        None => Ok(()),
    }
}

/// Whether the design is a table with a column of commands, and names no model.
fn has_commands(file: &DesignFile) -> bool {
    let columns = file.table.iter().flat_map(|table| &table.columns);
    file.model.file.is_empty() && columns.into_iter().any(|column| column.name == "command" && column.count.is_none())
}

/// Makes the failure if it is unknown which of two models is meant: other models make other cases.
fn two_models(design: &Path, beside: &Path) -> CommandFailure {
    let (design, beside) = (design.display(), beside.display());
    CommandFailure::new(format!(
        "{design} holds its model, and {beside} is another one: name the file with --model to take that, or move it away."
    ))
}

/// Checks that no option on reading a table was given with a design, which isn't read by them.
fn check_no_reading(source: &DesignSource) -> Result<(), CommandFailure> {
    let said = [("--decimal-mark", source.decimal_mark.is_some()), ("--percent", source.percent.is_some())];
    let Some((option, _)) = said.into_iter().find(|(_, is_said)| *is_said) else { return Ok(()) };
    let design = source.path().display();
    Err(CommandFailure::new(format!(
        "{design} is a design, and {option} says how a table of cases is read: leave the option out. Decimals of a design have a \
         point."
    )))
}

fn table(source: &DesignSource, content: &[u8]) -> Result<ImportedTable, CommandFailure> {
    import(content, source.reading()).map_err(|error| unusable_table(source.path(), &error))
}

/// Makes the failure of a table that can't be read.
pub(crate) fn unusable_table(path: &Path, error: &ImportError) -> CommandFailure {
    let text = match error {
        ImportError::Rows { told, total } => wrong_rows(told, *total),
        ImportError::Question(question) => format!("{} {}", sentence(question), options(question)),
        error => sentence(error),
    };
    CommandFailure::new(format!("{}: {text}", path.display()))
}

/// Returns the options that answer a question.
const fn options(question: &NumberQuestion) -> &'static str {
    match question {
        NumberQuestion::DecimalMark { .. } => "Say which: --decimal-mark point, or --decimal-mark comma.",
        NumberQuestion::Percent { .. } => "Say which: --percent fraction, or --percent number.",
    }
}

/// Lists wrong rows, each in a line of its own.
fn wrong_rows(told: &[WrongRow], total: usize) -> String {
    let more = total - told.len().min(MAX_ROWS);
    let more = if more > 0 { format!("\n  … and {more} more") } else { String::new() };
    let rows = told.iter().take(MAX_ROWS).fold(String::new(), |rows, row| format!("{rows}\n  {row}"));
    format!(
        "{}, so nothing was done with it:{rows}{more}",
        counted(total as u64, "row is wrong", "rows or fields are wrong")
    )
}

fn of_table(table: ImportedTable, source: &DesignSource) -> DesignFile {
    let file = source.model.as_deref().map(file_name).unwrap_or_default();
    let is_python = Path::new(&file).extension().is_none_or(|extension| extension.eq_ignore_ascii_case("py"));
    DesignFile {
        batch: Batch::parse(NO_BATCH).unwrap_or_else(|_| unreachable!("it is a valid name")),
        model: ModelFile { file, kind: if is_python { ModelKind::Python } else { ModelKind::Command }, text: None },
        factors: Vec::new(),
        constraints: Vec::new(),
        sampler: Sampler::Table,
        table: Some(table),
        seed: 0,
        replicates: 1,
        max_attempts: 3,
        time_limit_secs: None,
        force: false,
        isolation: CaseIsolation::default(),
        pool: None,
        combine: None,
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn read(path: &Path) -> Result<Vec<u8>, CommandFailure> {
    std::fs::read(path).map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &Path, reason: &str) -> CommandFailure {
    CommandFailure::new(format!("{} can't be read: {reason}.", path.display()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command};

    fn source(design: &Path, options: &[&str]) -> DesignSource {
        let typed = ["cruncher", "design"].into_iter().chain(design.to_str()).chain(options.iter().copied());
        match Arguments::try_parse_from(typed).unwrap().command {
            Command::Design(design) => design.source,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn how_a_table_is_read_cannot_be_said_of_a_design() {
        let folder = tempfile::tempdir().unwrap();
        let design = folder.path().join("design.json");
        let content = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"}, "factors": [{"name": "a", "levels": [1]}],
            "sampler": {"kind": "full_grid", "steps": 2}}"#;
        std::fs::write(&design, content).unwrap();
        assert!(DesignInput::read(&source(&design, &[])).is_ok());
        for (option, value) in [("--decimal-mark", "comma"), ("--percent", "number")] {
            let failure = DesignInput::read(&source(&design, &[option, value])).unwrap_err();
            let words = format!("is a design, and {option} says how a table of cases is read: leave the option out.");
            assert!(failure.message().contains(&words), "{}", failure.message());
        }
    }

    #[test]
    fn a_model_in_a_design_needs_no_file_and_gives_way_to_none_unsaid() {
        let folder = tempfile::tempdir().unwrap();
        let (design, model) = (folder.path().join("design.json"), folder.path().join("m.py"));
        let content = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python", "text": "x = {{a}}\r\n"},
            "factors": [{"name": "a", "levels": [1]}], "sampler": {"kind": "full_grid", "steps": 2}}"#;
        std::fs::write(&design, content).unwrap();
        let read = |options: &[&str]| DesignInput::read(&source(&design, options));
        let held = b"x = {{a}}\r\n".to_vec();
        assert_eq!(read(&[]).unwrap().model, Some(held.clone()));
        std::fs::write(&model, &held).unwrap();
        assert_eq!(read(&[]).unwrap().model, Some(held), "beside it lies the same");
        std::fs::write(&model, "x = {{a}}\n").unwrap();
        let failure = read(&[]).unwrap_err();
        assert!(failure.message().contains("holds its model, and"), "{}", failure.message());
        let chosen = read(&["--model", model.to_str().unwrap()]).unwrap();
        assert_eq!(chosen.model.as_deref(), Some(b"x = {{a}}\n".as_slice()));
        assert_eq!(chosen.file.model.text, None);
    }

    #[test]
    fn the_folder_of_a_table_is_no_model() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("cases.csv");
        std::fs::write(&table, "a\n1\n").unwrap();
        std::fs::write(folder.path().join("main.py"), "result['a'] = {{a}}").unwrap();
        let input = DesignInput::read(&source(&table, &[])).unwrap();
        assert!(input.model().unwrap_err().message().starts_with("A table of cases doesn't name a model"));
    }

    #[test]
    fn a_folder_is_a_model_named_by_an_option_or_by_the_design() {
        let folder = tempfile::tempdir().unwrap();
        let (design, model) = (folder.path().join("design.json"), folder.path().join("soil"));
        std::fs::create_dir(&model).unwrap();
        std::fs::write(model.join("run.py"), "result['a'] = {{a}}").unwrap();
        std::fs::write(model.join("in.dat"), "{{b}}").unwrap();
        let content = |file: &str, kind: &str| {
            format!(
                r#"{{"batch": "b", "model": {{"file": "{file}", "kind": "{kind}"}}, "factors": [{{"name": "a", "levels": [1]}}],
                "sampler": {{"kind": "full_grid", "steps": 2}}}}"#
            )
        };
        let read = |options: &[&str]| DesignInput::read(&source(&design, options));
        std::fs::write(&design, content("soil.zip", "bundle")).unwrap();
        let beside = read(&[]).unwrap();
        assert_eq!((&*beside.file.model.file, beside.file.model.kind), ("soil.zip", ModelKind::Bundle));
        assert_eq!(beside.templates, [("run.py".to_owned(), b"result['a'] = {{a}}".to_vec())]);
        std::fs::write(&design, content("other.py", "python")).unwrap();
        let named = read(&["--model", model.to_str().unwrap(), "--template", "in.dat", "--main", "run.py"]).unwrap();
        assert_eq!((&*named.file.model.file, named.file.model.kind), ("soil.zip", ModelKind::Bundle));
        assert_eq!(named.templates.len(), 2);
        assert_ne!(named.model, beside.model, "what is filled is a part of the model");
        let failure = read(&["--main", "run.py"]).unwrap_err();
        assert!(failure.message().starts_with("--main names a file of the model's folder, and the model is no folder"));
    }

    /// Writes a table with the columns of aws-runner, and reads it with these options.
    fn of_jobs(options: &[&str]) -> Result<DesignInput, CommandFailure> {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("jobdetails.csv");
        let rows = "instance_type,command\nt2.small,julia wrapper.jl --seed 1\nt2.small,julia wrapper.jl --seed 2\n";
        std::fs::write(&table, rows).unwrap();
        DesignInput::read(&source(&table, options))
    }

    fn document(input: &DesignInput) -> ModelDocument {
        ModelDocument::parse(input.model.as_deref().unwrap()).unwrap()
    }

    #[test]
    fn a_table_of_commands_is_its_own_model() {
        let input =
            of_jobs(&["--result-file", "results/results.csv", "--result-row", "first", "--progress-output"]).unwrap();
        let text = r#"{"command":"{{command}}","kind":"command_line","progress":{"output":true},"#.to_owned()
            + r#""result":{"file":"results/results.csv","row":"first"},"v":1}"#;
        assert_eq!(String::from_utf8(input.model.clone().unwrap()).unwrap(), text);
        assert_eq!((input.file.model.file.as_str(), input.file.model.kind), ("model.json", ModelKind::CommandLine));
        let shell = document(&of_jobs(&["--shell", "--progress-file", "p.txt"]).unwrap());
        assert_eq!(shell.command_line(), Some(("{{command}}", true)));
        assert_eq!(shell.progress, Some(ProgressSource::File("p.txt".to_owned())));
        let named = document(&of_jobs(&["--command", "sh -c {{command}}"]).unwrap());
        assert_eq!(named.command_line(), Some(("sh -c {{command}}", false)));
    }

    #[test]
    fn a_command_that_makes_no_sense_is_refused() {
        for (options, words) in [
            (&["--command", "run '"][..], "The command: a quotation mark of the command is not closed."),
            (&["--command", "echo '{{command}}'", "--shell"], "stands in quotation marks"),
            (&["--command", " "], "The command: `command` is missing or empty"),
            (&["--result-file", "../a.csv"], "`result.file` must be a path below"),
            (&["--result-row", "first"], "--result-row is for a result that is a CSV"),
        ] {
            let failure = of_jobs(options).unwrap_err();
            assert!(failure.message().contains(words), "{}", failure.message());
        }
        let folder = tempfile::tempdir().unwrap();
        let (table, model) = (folder.path().join("a.csv"), folder.path().join("m.py"));
        std::fs::write(&table, "a\n1\n").unwrap();
        std::fs::write(&model, "x = {{a}}\n").unwrap();
        let failure = DesignInput::read(&source(&table, &["--shell", "--model", model.to_str().unwrap()])).unwrap_err();
        assert!(
            failure.message().contains("--shell is about a command, and the model is none"),
            "{}",
            failure.message()
        );
    }

    #[test]
    fn options_change_the_command_of_a_design() {
        let folder = tempfile::tempdir().unwrap();
        let design = folder.path().join("design.json");
        let content = r#"{"batch": "b", "model": {"kind": "command_line", "command": "run {{a}}", "shell": true},
            "factors": [{"name": "a", "levels": [1]}], "sampler": {"kind": "full_grid", "steps": 2}}"#;
        std::fs::write(&design, content).unwrap();
        let read = |options: &[&str]| DesignInput::read(&source(&design, options)).unwrap();
        let plain = read(&[]);
        assert_eq!(
            plain.model.as_deref(),
            Some(&br#"{"command":"run {{a}}","kind":"command_line","shell":true,"v":1}"#[..])
        );
        let changed = document(&read(&["--result-file", "r.csv"]));
        assert_eq!(changed.command_line(), Some(("run {{a}}", true)));
        assert_eq!(changed.result, ResultSource::Csv { file: "r.csv".to_owned(), row: ResultRow::Last });
    }
}
