//! The model of a single case with its inputs put in, as a worker executes it.

use bytes::Bytes;
use cruncher_aws::Error;
use cruncher_study::case::{CaseRef, ParameterValue, Parameters};
use cruncher_study::case_table::{TableError, read_case};
use cruncher_study::design_document::DesignDocument;
use cruncher_study::key::DataKey;
use cruncher_study::model::{MAX_MODEL_BYTES, ModelDigest, ModelKind, ModelReference};
use cruncher_study::model_document::{MODEL_DOCUMENT_NAME, ModelDocument, ModelRun};
use cruncher_study::template::{
    ModelLanguage, Placeholder, PlaceholderError, command_line, decode, placeholders, render, template_of,
};

use super::submitted::submissions_of;
use crate::reading::{MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES};
use crate::study::{ReadError, Study};
use crate::unzip::{ZipEntry, entries};

/// Maximum size of a folder that is read to be shown, in bytes: it is read anew for each case.
pub const MAX_SHOWN_BUNDLE_BYTES: u64 = 32 << 20;

/// The model of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseModel {
    /// The model's file and its kind.
    pub model: ModelReference,
    /// The case's inputs.
    pub parameters: Parameters,
    /// Texts in which placeholders are filled: the model's file, or a command line; of a folder what is run, and further files.
    pub texts: Vec<FilledText>,
    /// The inputs that no placeholder uses, in alphabetical order.
    pub unused: Vec<String>,
    /// The files of a folder, in its order; none of another model.
    pub files: Vec<ZipEntry>,
}

/// A text of a model in which the inputs of a case were put in.
#[derive(Debug, Clone, PartialEq)]
pub struct FilledText {
    /// Its path, if it is one of a folder's files.
    pub path: Option<String>,
    /// Whether it is a command line.
    pub is_command_line: bool,
    /// The text as the worker takes it; if it can't be made, the model's own.
    pub text: String,
    /// The placeholders that no input fills, each of which ends an attempt; none if the text is complete.
    pub unfilled: Vec<PlaceholderError>,
}

/// A model that can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum CaseModelError {
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
    /// Design, table or model can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table isn't that of its design.
    #[error("{key}: {source}")]
    Table {
        /// The table's key.
        key: String,
        /// Fault of the table.
        source: TableError,
    },
    /// The model isn't what its key names, or no text; in words.
    #[error("{key}: {reason}")]
    Model {
        /// The model's key.
        key: String,
        /// Fault of the model, as a part of a sentence.
        reason: String,
    },
}

/// Reads the model of a case and puts its inputs in; `None` if no table of its batch names the case, as of the predecessor's.
///
/// The inputs are those of the table, of which the case's id is the hash: it needn't have been computed.
///
/// # Errors
/// If a request fails, or one of these objects isn't what it should be.
pub async fn case_model(study: &Study, case: &CaseRef) -> Result<Option<CaseModel>, CaseModelError> {
    let (batch, case_id) = case;
    for submission in submissions_of(study, batch).await? {
        let key = DataKey::Cases(batch.clone(), submission.clone()).key();
        let table = study.read_packed(&key, MAX_ROWS_BYTES).await?;
        if !has_line(&table, case_id.to_string().as_bytes()) {
            continue;
        }
        let design = DataKey::Design(batch.clone(), submission).key();
        let json = study.read(&design, MAX_DOCUMENT_BYTES).await?;
        let design: DesignDocument =
            serde_json::from_slice(&json).map_err(|source| ReadError::Json { key: design, source })?;
        let found = read_case(&design, &table, *case_id).map_err(|source| CaseModelError::Table { key, source })?;
        if let Some(found) = found {
            return with_inputs(study, design.model, found.parameters).await.map(Some);
        }
    }
    Ok(None)
}

/// Reads a model as it was submitted, of a folder its bundle.
///
/// # Errors
/// If a request fails, it is larger than is shown, or isn't what its key names.
pub async fn model_content(study: &Study, model: &ModelReference) -> Result<Bytes, CaseModelError> {
    let (digest, _) =
        ModelReference::parse_key(&model.key).ok_or_else(|| unfit(model, &"its key is none of a model"))?;
    let max_bytes = if model.kind == ModelKind::Bundle { MAX_SHOWN_BUNDLE_BYTES } else { MAX_MODEL_BYTES };
    let content = study.read(&model.key, max_bytes).await?;
    if ModelDigest::of(&content) != digest {
        return Err(unfit(model, &"what stands in the bucket isn't what was submitted"));
    }
    Ok(content)
}

fn unfit(model: &ModelReference, reason: &dyn ToString) -> CaseModelError {
    CaseModelError::Model { key: model.key.clone(), reason: reason.to_string() }
}

/// Whether a line of the table begins with these bytes.
fn has_line(table: &[u8], start: &[u8]) -> bool {
    table.split(|byte| *byte == b'\n').any(|line| line.starts_with(start))
}

async fn with_inputs(
    study: &Study,
    model: ModelReference,
    parameters: Parameters,
) -> Result<CaseModel, CaseModelError> {
    let content = model_content(study, &model).await?;
    let wrong = |reason: &dyn ToString| unfit(&model, reason);
    let files =
        if model.kind == ModelKind::Bundle { entries(&content).map_err(|error| wrong(&error))? } else { Vec::new() };
    let sources = match model.kind {
        ModelKind::Bundle => bundle_sources(&content, &files).map_err(|reason| wrong(&reason))?,
        ModelKind::CommandLine => {
            let document = ModelDocument::parse(&content).map_err(|error| wrong(&error))?;
            command_source(&document).into_iter().collect()
        }
        kind => {
            let text = template_of(&content, kind).map_err(|error| wrong(&error))?.into_owned();
            vec![TextSource { path: None, text, how: TextUse::File(ModelLanguage::of(kind, model.file_name())) }]
        }
    };
    let mut unused: Vec<String> = parameters.keys().cloned().collect();
    let mut texts = Vec::new();
    for source in sources {
        let filled = source.filled(&parameters, &mut unused).map_err(|reason| wrong(&reason))?;
        texts.push(filled);
    }
    if texts.iter().any(|text| !text.unfilled.is_empty()) {
        unused.clear();
    }
    Ok(CaseModel { model, parameters, texts, unused, files })
}

/// A text of a model with its placeholders.
struct TextSource {
    path: Option<String>,
    text: String,
    how: TextUse,
}

enum TextUse {
    File(ModelLanguage),
    CommandLine { is_shell: bool },
}

fn command_source(document: &ModelDocument) -> Option<TextSource> {
    let (line, is_shell) = document.command_line()?;
    Some(TextSource { path: None, text: line.to_owned(), how: TextUse::CommandLine { is_shell } })
}

/// Returns the texts of a folder that a worker fills: what is run, then its templates.
fn bundle_sources(archive: &[u8], files: &[ZipEntry]) -> Result<Vec<TextSource>, String> {
    let read = |path: &str| {
        let file = files.iter().find(|file| file.path == path).ok_or_else(|| format!("it has no file `{path}`"))?;
        if file.size_bytes > MAX_MODEL_BYTES {
            return Err(format!("its file `{path}` is larger than {} MiB", MAX_MODEL_BYTES >> 20));
        }
        file.content(archive).map_err(|error| error.to_string())
    };
    let document = ModelDocument::parse(&read(MODEL_DOCUMENT_NAME)?)
        .map_err(|error| format!("its {MODEL_DOCUMENT_NAME} can't be used: {error}"))?;
    let main = match &document.run {
        ModelRun::Python { main } => Some((main, ModelKind::Python)),
        ModelRun::Command { main } => Some((main, ModelKind::Command)),
        ModelRun::CommandLine { .. } => None,
    };
    let templates = document.templates.iter().map(|path| (path, ModelKind::Command));
    let mut sources: Vec<TextSource> = command_source(&document).into_iter().collect();
    for (path, kind) in main.into_iter().chain(templates) {
        let text = decode(&read(path)?).map_err(|error| format!("its file `{path}`: {error}"))?.to_owned();
        sources.push(TextSource { path: Some(path.clone()), text, how: TextUse::File(ModelLanguage::of(kind, path)) });
    }
    Ok(sources)
}

impl TextSource {
    /// Puts inputs in, and takes those that it uses from `unused`.
    fn filled(self, parameters: &Parameters, unused: &mut Vec<String>) -> Result<FilledText, String> {
        let Self { path, text: template, how } = self;
        let (language, is_command_line) = match how {
            TextUse::File(language) => (language, false),
            TextUse::CommandLine { .. } => (ModelLanguage::Other, true),
        };
        let Ok(rendered) = render(&template, parameters, language) else {
            let unfilled = unfilled(&template, parameters, language);
            return Ok(FilledText { path, is_command_line, text: template, unfilled });
        };
        unused.retain(|name| rendered.unused.contains(name));
        let text = match how {
            TextUse::File(_) => rendered.text,
            TextUse::CommandLine { is_shell } => {
                let line = command_line::fill(&template, is_shell, parameters);
                line.map_err(|error| error.to_string())?.to_string()
            }
        };
        Ok(FilledText { path, is_command_line, text, unfilled: Vec::new() })
    }
}

fn unfilled(template: &str, parameters: &Parameters, language: ModelLanguage) -> Vec<PlaceholderError> {
    let places = placeholders(template, language);
    let problem = |place: &Placeholder| match parameters.get(&place.name) {
        None => Some(place.missing()),
        Some(ParameterValue::List(components)) => place.check(Some(components.len())).err(),
        Some(_) => place.check(None).err(),
    };
    places.iter().filter_map(problem).collect()
}

#[cfg(test)]
mod tests {
    use cruncher_study::batch::Batch;
    use cruncher_study::case::CaseId;
    use cruncher_study::case_table::write_table;
    use cruncher_study::cases::DesignCases;
    use cruncher_study::design::DesignFile;
    use cruncher_study::design_document::Submission;
    use futures::executor::block_on;

    use super::*;
    use crate::enqueue::bundle::{Bundle, BundleFile, BundleRun};
    use crate::testing::TestCloud;

    const FACTORS: &str =
        r#"[{"name": "c", "count": 2, "minimum": 0, "maximum": 1}, {"name": "n", "levels": [1, 2.5, "a,\"b\""]}]"#;

    /// Submits a model with these factors and returns its cases.
    fn submit(cloud: &TestCloud, submission: &str, model: &str) -> DesignCases {
        let file = format!(
            r#"{{"batch": "b", "model": {{"file": "m.py", "kind": "python"}}, "factors": {FACTORS},
                "sampler": {{"kind": "full_grid", "steps": 2}}}}"#
        );
        let file: DesignFile = serde_json::from_str(&file).unwrap();
        let digest = ModelDigest::of(model.as_bytes());
        let cases = DesignCases::of(file.design().unwrap(), &digest, 1);
        let submission = Submission { id: submission.into(), time: 0.0, by: String::new() };
        let reference = ModelReference::new(&digest, "m.py", ModelKind::Python);
        let document = DesignDocument::new(&file, &cases, reference.clone(), &submission);
        cloud.put(&reference.key, model);
        cloud.put(&format!("data/b/design-{}.json", submission.id), serde_json::to_vec(&document).unwrap());
        cloud.put(&format!("data/b/cases-{}.csv.gz", submission.id), write_table(&cases).unwrap());
        cases
    }

    fn model_of(study: &Study, case: CaseId) -> Result<Option<CaseModel>, CaseModelError> {
        block_on(case_model(study, &(Batch::parse("b").unwrap(), case)))
    }

    #[test]
    fn a_case_that_nobody_has_computed_is_rendered_with_its_own_inputs_and_its_own_version() {
        let (cloud, study) = TestCloud::study();
        let first = submit(&cloud, "00000000000000f1", "x = {{c}}\ny = {{n}}\n");
        cloud.pass(60);
        let second = submit(&cloud, "00000000000000f2", "second = {{c[1]}}\n");
        for (place, text) in [(0, "x = [0.0, 0.0]\ny = 1\n"), (2, "x = [0.0, 0.0]\ny = 'a,\"b\"'\n")] {
            let model = model_of(&study, first.case_id(place)).unwrap().unwrap();
            assert_eq!((text_of(&model), model.texts[0].unfilled.len(), model.unused.len()), (text, 0, 0));
        }
        let model = model_of(&study, second.case_id(0)).unwrap().unwrap();
        assert_eq!((text_of(&model), &*model.unused), ("second = 0.0\n", &["n".to_owned()][..]));
        assert_eq!(model_of(&study, CaseId::from_bytes([7; 16])).unwrap(), None);
    }

    /// The text of a model that has one.
    fn text_of(model: &CaseModel) -> &str {
        let [only] = &model.texts[..] else { panic!("{model:?}") };
        &only.text
    }

    #[test]
    fn of_a_folder_the_texts_are_shown_that_a_worker_fills_and_all_its_files_are_named() {
        let (cloud, study) = TestCloud::study();
        let show = |files: &[(&str, &str)], run: &BundleRun| {
            let file = |(path, content): &(&str, &str)| BundleFile {
                path: (*path).to_owned(),
                content: content.as_bytes().to_vec().into(),
            };
            let content = Bundle::pack(files.iter().map(file).collect(), run).unwrap().content;
            let model = ModelReference::new(&ModelDigest::of(&content), "wave.zip", ModelKind::Bundle);
            cloud.put(&model.key, content);
            let text = |text: &str| ParameterValue::Text(text.to_owned());
            let parameters =
                [("soil".to_owned(), text("clay")), ("n".to_owned(), text("x")), ("u".to_owned(), text(""))];
            block_on(with_inputs(&study, model, Parameters::from(parameters)))
        };
        let run = BundleRun { main: Some("run.py".into()), templates: vec!["in/soil.dat".into()], kind: None };
        let files = [("in/soil.dat", "soil {{soil}}"), ("lib.py", "{{never}}"), ("run.py", "n = {{n}}\n")];
        let model = show(&files, &run).unwrap();
        let texts: Vec<_> = model.texts.iter().map(|text| (text.path.as_deref(), text.text.as_str())).collect();
        assert_eq!(texts, [(Some("run.py"), "n = 'x'\n"), (Some("in/soil.dat"), "soil 'clay'")]);
        assert_eq!(model.unused, ["u"]);
        let paths: Vec<_> = model.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["in/soil.dat", "lib.py", "model.json", "run.py"]);
        let line = r#"{"kind": "command_line", "command": "sh run.sh {{n}}", "templates": ["a.txt"]}"#;
        let files = [("a.txt", "{{gone}}"), ("model.json", line), ("run.sh", "")];
        let model = show(&files, &BundleRun::default()).unwrap();
        assert_eq!((model.texts[0].text.as_str(), model.texts[0].is_command_line), ("sh run.sh x", true));
        assert_eq!((model.texts[1].text.as_str(), model.texts[1].unfilled.len()), ("{{gone}}", 1));
        assert_eq!(model.unused, [""; 0]);
        // Whoever may write models can write these.
        for (content, reason) in [(&b"no zip"[..], "it is no ZIP, or a part of one"), (&[], "it is no ZIP")] {
            let model = ModelReference::new(&ModelDigest::of(content), "wave.zip", ModelKind::Bundle);
            cloud.put(&model.key, content.to_vec());
            let error = block_on(with_inputs(&study, model, Parameters::new())).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_command_is_shown_as_it_is_run() {
        let (cloud, study) = TestCloud::study();
        let show = |document: &str, parameters: Parameters| {
            let model =
                ModelReference::new(&ModelDigest::of(document.as_bytes()), "model.json", ModelKind::CommandLine);
            cloud.put(&model.key, document.to_owned());
            block_on(with_inputs(&study, model, parameters))
        };
        let parameters = || Parameters::from([("soil".to_owned(), ParameterValue::Text("stiff clay".to_owned()))]);
        let command = r#"{"kind": "command_line", "command": "run  --soil {{soil}}"}"#;
        assert_eq!(text_of(&show(command, parameters()).unwrap()), "run --soil 'stiff clay'");
        let missing = show(command, Parameters::new()).unwrap();
        assert_eq!((text_of(&missing), missing.texts[0].unfilled.len()), ("run  --soil {{soil}}", 1));
        let shell = r#"{"kind": "command_line", "command": "a | b {{soil}}", "shell": true}"#;
        assert_eq!(text_of(&show(shell, parameters()).unwrap()), "a | b 'stiff clay'");
        let error = show(r#"{"kind": "command_line", "command": "a '"}"#, parameters()).unwrap_err().to_string();
        assert!(error.contains("a quotation mark of the command is not closed"), "{error}");
        assert!(show("{}", parameters()).is_err());
    }

    #[test]
    fn every_placeholder_that_cannot_be_filled_is_named_and_the_file_is_shown() {
        let (cloud, study) = TestCloud::study();
        let text = "x = {{c[2]}}\ny = {{phi}}\nz = {{n}}\n";
        let cases = submit(&cloud, "00000000000000f1", text);
        let model = model_of(&study, cases.case_id(0)).unwrap().unwrap();
        assert_eq!(text_of(&model), text);
        let told: Vec<String> = model.texts[0].unfilled.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "the model wants `c[2]` in line 1, and that has 2 components, counted from 0",
                "the model wants `phi` in line 2, and there is no such parameter"
            ]
        );
    }

    #[test]
    fn what_is_not_what_was_submitted_is_not_shown() {
        let (cloud, study) = TestCloud::study();
        let cases = submit(&cloud, "00000000000000f1", "x = {{c}}\n");
        let key = model_of(&study, cases.case_id(0)).unwrap().unwrap().model.key;
        cloud.put(&key, "x = 'forged'\n");
        let error = model_of(&study, cases.case_id(0)).unwrap_err().to_string();
        assert!(error.ends_with("what stands in the bucket isn't what was submitted"), "{error}");
        let table = String::from_utf8(write_table(&cases).unwrap()).unwrap();
        cloud.put("data/b/cases-00000000000000f1.csv.gz", table.replace("0.0,0.0", "0.0,0.1"));
        let error = model_of(&study, cases.case_id(2)).unwrap_err().to_string();
        assert!(error.contains("row 3 of the table of cases isn't the case"), "{error}");
    }
}
