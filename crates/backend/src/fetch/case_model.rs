//! The model of a single case with its inputs put in, as a worker executes it.

use cruncher_aws::Error;
use cruncher_study::case::{CaseRef, ParameterValue, Parameters};
use cruncher_study::case_table::{TableError, read_case};
use cruncher_study::design_document::DesignDocument;
use cruncher_study::key::DataKey;
use cruncher_study::model::{MAX_MODEL_BYTES, ModelDigest, ModelKind, ModelReference};
use cruncher_study::model_document::ModelDocument;
use cruncher_study::template::{
    ModelLanguage, Placeholder, PlaceholderError, command_line, placeholders, render, template_of,
};

use super::submitted::submissions_of;
use crate::reading::{MAX_DOCUMENT_BYTES, MAX_ROWS_BYTES};
use crate::study::{ReadError, Study};

/// The model of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseModel {
    /// The model's file and its kind.
    pub model: ModelReference,
    /// The case's inputs.
    pub parameters: Parameters,
    /// The text that the worker executes, of a command its line; if it can't be made, the model's own text.
    pub text: String,
    /// The placeholders that no input fills, each of which ends an attempt; none if the text is complete.
    pub unfilled: Vec<PlaceholderError>,
    /// The inputs that no placeholder uses, in alphabetical order.
    pub unused: Vec<String>,
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

/// Whether a line of the table begins with these bytes.
fn has_line(table: &[u8], start: &[u8]) -> bool {
    table.split(|byte| *byte == b'\n').any(|line| line.starts_with(start))
}

async fn with_inputs(
    study: &Study,
    model: ModelReference,
    parameters: Parameters,
) -> Result<CaseModel, CaseModelError> {
    let wrong = |reason: &dyn ToString| CaseModelError::Model { key: model.key.clone(), reason: reason.to_string() };
    let (digest, file_name) =
        ModelReference::parse_key(&model.key).ok_or_else(|| wrong(&"its key is none of a model"))?;
    if model.kind == ModelKind::Bundle {
        return Err(wrong(&"it is a folder of files, which is shown nowhere yet"));
    }
    let content = study.read(&model.key, MAX_MODEL_BYTES).await?;
    if ModelDigest::of(&content) != digest {
        return Err(wrong(&"what stands in the bucket isn't what was submitted"));
    }
    let template = template_of(&content, model.kind).map_err(|error| wrong(&error))?;
    let language = ModelLanguage::of(model.kind, file_name);
    let (text, unused, unfilled) = match render(&template, &parameters, language) {
        Ok(rendered) if model.kind == ModelKind::CommandLine => {
            let is_shell = ModelDocument::parse(&content).is_ok_and(|it| it.command_line().is_some_and(|(_, is)| is));
            let filled = command_line::fill(&template, is_shell, &parameters).map_err(|error| wrong(&error))?;
            (filled.to_string(), rendered.unused, Vec::new())
        }
        Ok(rendered) => (rendered.text, rendered.unused, Vec::new()),
        Err(_) => (template.to_string(), Vec::new(), unfilled(&template, &parameters, language)),
    };
    Ok(CaseModel { model, parameters, text, unfilled, unused })
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
            assert_eq!((model.text.as_str(), model.unfilled.len(), model.unused.len()), (text, 0, 0));
        }
        let model = model_of(&study, second.case_id(0)).unwrap().unwrap();
        assert_eq!((model.text.as_str(), &*model.unused), ("second = 0.0\n", &["n".to_owned()][..]));
        assert_eq!(model_of(&study, CaseId::from_bytes([7; 16])).unwrap(), None);
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
        assert_eq!(show(command, parameters()).unwrap().text, "run --soil 'stiff clay'");
        let missing = show(command, Parameters::new()).unwrap();
        assert_eq!((missing.text.as_str(), missing.unfilled.len()), ("run  --soil {{soil}}", 1));
        let shell = r#"{"kind": "command_line", "command": "a | b {{soil}}", "shell": true}"#;
        assert_eq!(show(shell, parameters()).unwrap().text, "a | b 'stiff clay'");
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
        assert_eq!(model.text, text);
        let told: Vec<String> = model.unfilled.iter().map(ToString::to_string).collect();
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
