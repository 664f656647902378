//! Tables of cases, designs, and models: what a user brings, and what comes of it in the bucket.

use cruncher_backend::enqueue::bundle::{Bundle, BundleRun, files_of, store};
use cruncher_backend::unzip::entries;
use cruncher_study::case::{CaseId, Parameters};
use cruncher_study::case_table::{TableRow, read_case, read_cases, read_table, write_points, write_table};
use cruncher_study::cases::DesignCases;
use cruncher_study::design::DesignFile;
use cruncher_study::design_document::{DesignDocument, Submission};
use cruncher_study::import::{
    DecimalMark, NumberReading, PercentSign, design_file, import as import_table, parse_field,
};
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};
use cruncher_study::model_document::ModelDocument;
use cruncher_study::template::command_line::{self, FilledCommand};
use cruncher_study::template::{ModelLanguage, decode, placeholders, render, uses_name};

use super::{about, kind, parts, said};

/// Maximum size of the files of a ZIP that are unpacked.
const MAX_UNPACKED_BYTES: u64 = 1 << 20;

/// Maximum number of points of a design that are chosen.
const MAX_POINTS: u64 = 300;

/// A table that a user opens, with each reading of its numbers.
pub(super) fn import(content: &[u8]) -> String {
    let readings = [
        NumberReading::default(),
        NumberReading { decimal_mark: Some(DecimalMark::Comma), percent: Some(PercentSign::Fraction) },
        NumberReading { decimal_mark: Some(DecimalMark::Point), percent: Some(PercentSign::Number) },
    ];
    let outcomes = readings.map(|reading| match import_table(content, reading) {
        Ok(table) => {
            let json = table.to_json();
            let again = import_table(&json, NumberReading::default()).expect("its own JSON can be read");
            assert_eq!(again.to_json(), json, "it reads otherwise");
            kind(&(about(json.len()), "ok"))
        }
        Err(error) => said(&error),
    });
    let _ = parse_field(&String::from_utf8_lossy(content));
    outcomes.concat()
}

/// A design that a user opens, and all that comes of it; behind it a model.
pub(super) fn design(input: &[u8]) -> String {
    let mut parts = parts(input);
    let file = parts.next().unwrap_or_default();
    let model = parts.next().unwrap_or_default();
    let mut told = template(model);
    let file = match design_file(file) {
        Some(Ok(file)) => file,
        Some(Err(no_design)) => return told + &said(&no_design.reason()),
        None => return told + "none",
    };
    told += &match file.check() {
        Ok(points) if points <= MAX_POINTS && file.replicates <= 3 => match file.design() {
            Ok(points) => {
                let cases = DesignCases::of(points, &ModelDigest::of(model), file.replicates);
                check_table(&file, &cases, model);
                kind(&about(cases.len()))
            }
            Err(error) => said(&error),
        },
        Ok(points) => kind(&("many", points > 1_000_000)),
        Err(error) => said(&error),
    };
    told
}

/// The table that is written of cases holds them.
fn check_table(file: &DesignFile, cases: &DesignCases, model: &[u8]) {
    let reference = ModelReference::new(&ModelDigest::of(model), "model.py", ModelKind::Python);
    let submission = Submission { id: "00f1e2d3c4b5a697".to_owned(), time: 1.0, by: String::new() };
    let document = DesignDocument::new(file, cases, reference, &submission);
    let table = write_table(cases).expect("a table can be written");
    let rows = read_table(&table).expect("a table can be read");
    assert_eq!(rows.len(), cases.len());
    assert!(rows.iter().zip(0..).all(|(row, index)| row.case_id == cases.case_id(index)), "other cases");
    let read = read_cases(&document, &table).expect("cases can be read");
    assert!((0..cases.len()).all(|index| read.case_id(index) == cases.case_id(index)), "other cases");
    let _ = write_points(cases);
}

/// A model with placeholders, and values for them.
fn template(model: &[u8]) -> String {
    let text = match decode(model) {
        Ok(text) => text,
        Err(error) => return said(&error),
    };
    let values = r#"{"a": 1, "b": -2.5, "c": "it's \"x\"\n", "depth": [1.0, 2.0], "e": -3, "f": 1e300}"#;
    let values: Parameters = serde_json::from_str(values).expect("they are parameters");
    let kinds = [ModelLanguage::Python, ModelLanguage::Other].map(|language| {
        let found = placeholders(text, language);
        let rendered = render(text, &values, language);
        let _ = uses_name(text, "a");
        (about(found.len()), rendered.map(|rendered| rendered.unused.len()))
    });
    kind(&(kinds, command(text, &values), document(model)))
}

/// A command line. The words that are shown of it are those that are run.
fn command(text: &str, values: &Parameters) -> [Result<&'static str, String>; 2] {
    [false, true].map(|is_shell| {
        let filled = command_line::fill(text, is_shell, values).map_err(|error| said(&error))?;
        if command_line::whole_command(text).is_none() {
            command_line::check(text, is_shell).expect("what can be filled is right");
        }
        if let FilledCommand::Words(words) = &filled {
            let shown = filled.to_string();
            let _ = command_line::shell_word(words);
            if !shown.contains("{{") {
                let again = command_line::fill(&shown, false, values).expect("what is shown can be typed");
                assert_eq!(again, filled, "other words");
            }
        }
        Ok("filled")
    })
}

/// A model's document. What is written of it is read as the same.
fn document(content: &[u8]) -> Result<(), String> {
    let read = ModelDocument::parse(content).map_err(|error| said(&error))?;
    assert_eq!(ModelDocument::parse(&read.content()), Ok(read));
    Ok(())
}

/// A table as it lies in the bucket, behind its design.
pub(super) fn table(input: &[u8]) -> String {
    let mut parts = parts(input);
    let (document, table) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let rows = read_table(table);
    if let Ok(rows) = &rows {
        let bytes = TableRow::to_bytes(rows);
        let again = TableRow::from_bytes(&bytes).expect("rows can be read");
        assert_eq!(again.len(), rows.len());
    }
    let _ = TableRow::from_bytes(table);
    let read = serde_json::from_slice::<DesignDocument>(document).ok().map(|document| {
        let cases = read_cases(&document, table).map(|cases| about(cases.len()));
        let case = CaseId::parse("0123456789abcdef0123456789abcdef").expect("it is an id");
        let one = read_case(&document, table, case).map(|case| case.is_some());
        (cases, one)
    });
    kind(&(rows.map(|rows| about(rows.len())), read))
}

/// A ZIP in place of a folder. What it was packed of is packed to the same bytes again.
pub(super) fn zip(archive: &[u8]) -> String {
    let listed = match entries(archive) {
        Ok(listed) => listed,
        Err(error) => return kind(&error),
    };
    if listed.iter().map(|entry| entry.size_bytes).sum::<u64>() > MAX_UNPACKED_BYTES {
        return "large".to_owned();
    }
    let read = files_of(archive).and_then(|files| {
        let kept = store(files.clone())?;
        let mut sorted = files.clone();
        sorted.sort_by(|one, other| one.path.cmp(&other.path));
        assert_eq!(files_of(&kept), Ok(sorted), "other files");
        let bundle = Bundle::pack(files, &BundleRun::default())?;
        let again = Bundle::pack(files_of(&bundle.content)?, &BundleRun::default());
        assert_eq!(again.map(|again| again.content), Ok(bundle.content), "other bytes");
        Ok(about(bundle.files.len()))
    });
    kind(&read.map_err(|error| said(&error)))
}
