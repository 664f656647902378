//! `cruncher design`

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use cruncher_study::case_table::{write_points, write_table};
use cruncher_study::cases::DesignCases;
use cruncher_study::design::{DesignFile, DesignPoints as Points};
use cruncher_study::factor::{Factor, FactorScale, FactorValues};
use cruncher_study::model::{ModelDigest, ModelKind};
use cruncher_study::model_document::ModelDocument;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::pool::shown;
use cruncher_study::sampler::Sampler;
use cruncher_study::template::command_line::{self, FilledCommand};
use cruncher_study::template::{ModelLanguage, placeholders, template_of};
use cruncher_study::thinning::ThinnedDesign;
use serde_json::json;

use crate::arguments::DesignArguments;
use crate::design_input::DesignInput;
use crate::failure::{CommandFailure, as_sentence, sentence};
use crate::output::{note, result};
use crate::text::{TextAlign, count, printable, table};

/// Maximum number of cases that are named since their commands can't be started.
const MAX_COMMANDS_TOLD: usize = 20;

/// Maximum length of a command that is shown.
const MAX_COMMAND_CHARS: usize = 160;

/// Describes a design, and writes its table of cases.
pub(crate) async fn run(arguments: &DesignArguments) -> Result<(), CommandFailure> {
    let input = DesignInput::of(&arguments.source).await?;
    let path = arguments.source.path().display();
    let design = input.file.design().map_err(|error| CommandFailure::new(format!("{path}: {}", sentence(&error))))?;
    // Without the model the ids aren't shown, and duplicates of cases don't depend on them.
    let digest = ModelDigest::of(input.model.as_deref().unwrap_or_default());
    let cases = DesignCases::of(design, &digest, input.file.replicates);
    let is_table_on_stdout = [&arguments.csv, &arguments.json].into_iter().flatten().any(|path| is_stdout(path));
    let commands = command_notes(&input, &cases)?;
    let text = std::iter::once(describe(&input, &cases)).chain(commands).collect::<Vec<_>>().join("\n");
    if is_table_on_stdout {
        note(text);
    } else {
        result(text);
    }
    if let Some(path) = &arguments.csv {
        let table = if input.model.is_some() { write_table(&cases) } else { write_points(&cases) };
        write(path, &table.map_err(|error| CommandFailure::new(sentence(&error)))?)?;
    }
    if let Some(path) = &arguments.json {
        write(path, &as_json(&cases, input.model.is_some()))?;
    }
    Ok(())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

fn write(path: &Path, content: &[u8]) -> Result<(), CommandFailure> {
    if is_stdout(path) {
        // It is no failure if nobody reads it any more: `--csv - | head`.
        let _ = std::io::stdout().write_all(content);
        return Ok(());
    }
    std::fs::write(path, content)
        .map_err(|error| CommandFailure::new(format!("{} can't be written: {error}.", path.display())))
}

/// Writes the cases as JSON, one object a line.
fn as_json(cases: &DesignCases, has_ids: bool) -> Vec<u8> {
    let mut lines: Vec<String> = Vec::with_capacity(cases.len());
    for case in cases.iter() {
        let mut row = json!({"level": case.level, "replicate": case.replicate, "parameters": case.parameters});
        if has_ids {
            row["case_id"] = json!(case.case_id);
        }
        if cases.have_pools() {
            row["pool"] = json!(shown(case.pool.as_ref()));
        }
        lines.push(row.to_string());
    }
    format!("[\n{}\n]\n", lines.join(",\n")).into_bytes()
}

fn describe(input: &DesignInput, cases: &DesignCases) -> String {
    let model = match input.file.model.file.as_str() {
        "" => "no model",
        _ if input.file.model.kind == ModelKind::CommandLine => "a command",
        file => file,
    };
    let mut text = format!("Design of {}, for {model}", count(cases.len() as u64, "case"));
    let levels = cases.levels();
    if levels.len() > 1 {
        let levels: Vec<String> =
            levels.iter().map(|level| format!("{} of level {}", level.cases, level.level)).collect();
        // Writing to a string can't fail.
        let _ = write!(text, ": {}", levels.join(", "));
    }
    let rows: Vec<Vec<String>> = cases.design().factors().iter().map(row).collect();
    let columns = [("factor", TextAlign::Left), ("values", TextAlign::Left), ("unit", TextAlign::Left)];
    let _ = write!(text, "\n\n{}", table(&columns, &rows));
    for line in notes(input, cases) {
        let _ = write!(text, "\n{line}");
    }
    text.trim_end().to_owned()
}

fn notes(input: &DesignInput, cases: &DesignCases) -> Vec<String> {
    let mut notes = Vec::new();
    // If a table was imported, a note of its own names these rows.
    let has_notes = input.file.table.as_ref().is_some_and(|table| !table.notes.is_empty());
    if cases.duplicates() > 0 && !has_notes {
        let points = counted(cases.duplicates(), "point is", "points are");
        notes.push(format!("{points} the same as another one, and left out."));
    }
    notes.extend(constrained(input, cases.design()));
    notes.extend(table_notes(input));
    match &input.model {
        None => notes.push("The model's file isn't there, so the cases have no ids yet; --model names it.".to_owned()),
        Some(_) => notes.extend(placeholder_notes(input, cases.design().factors())),
    }
    notes
}

/// Returns the notes on reading a table, as sentences.
pub(crate) fn table_notes(input: &DesignInput) -> Vec<String> {
    input.file.table.iter().flat_map(|table| &table.notes).map(|note| as_sentence(note)).collect()
}

/// Returns the number of points that constraints left out, in words; or the effect on a design that they have thinned.
fn constrained(input: &DesignInput, design: &Points) -> Option<String> {
    let left_out = design.left_out();
    let points =
        counted(left_out, "point doesn't meet the constraints and is", "points don't meet the constraints and are");
    thinned(&input.file, design).or_else(|| (left_out > 0).then(|| format!("{points} left out.")))
}

/// Describes points that constraints have thinned so that they lack the properties of their sampler, and the alternatives.
pub(crate) fn thinned(file: &DesignFile, design: &Points) -> Option<String> {
    let thinning = ThinnedDesign::of(file.sampler, design.left_out(), design.len() as u64)?;
    let points = |sampler: Option<Sampler>| Some(thousands(sampler?.points(&file.factors).ok()?));
    let wanted = thousands(thinning.wanted());
    let more = points(thinning.enlarged()).map(|more| format!(" Of {more} points about {wanted} would be left."));
    let random = points(thinning.random()).map(|random| {
        format!(" So would of {random} random ones, which are as likely everywhere within the constraints.")
    });
    Some(format!("{}.{}{}", thinning, more.unwrap_or_default(), random.unwrap_or_default()))
}

/// Names placeholders of the model's files that no factor fills, and factors that no placeholder uses.
pub(crate) fn placeholder_notes(input: &DesignInput, factors: &[Factor]) -> Vec<String> {
    let mut found = Vec::new();
    let kind = input.file.model.kind;
    let (mut notes, is_bundle) = (Vec::new(), kind == ModelKind::Bundle);
    // How a bundle's file is run doesn't matter: its name tells what it is written in.
    let kind = if is_bundle { ModelKind::Command } else { kind };
    for (path, content) in &input.templates {
        let shown = if is_bundle { path.as_str() } else { "The model" };
        match template_of(content, kind) {
            Ok(text) => {
                found.extend(placeholders(&text, ModelLanguage::of(kind, path)).into_iter().map(|one| (shown, one)));
            }
            Err(error) if is_bundle => notes.push(format!("{path}: {}", as_sentence(&error))),
            Err(error) => return vec![as_sentence(&error)],
        }
    }
    if input.templates.is_empty() {
        return notes;
    }
    notes.extend(found.iter().filter_map(|(shown, placeholder)| {
        let Some(factor) = factors.iter().find(|factor| factor.name == placeholder.name) else {
            let line = placeholder.line;
            let words = "and there is no such factor: every case will fail.";
            return Some(format!("{shown} wants `{placeholder}` in line {line}, {words}"));
        };
        let error = placeholder.check(factor.components()).err()?;
        Some(format!("{} Every case will fail.", sentence(&error)))
    }));
    let is_used = |factor: &&Factor| found.iter().any(|(_, placeholder)| placeholder.name == factor.name);
    let unused = factors.iter().filter(|factor| !is_used(factor));
    let place = if kind == ModelKind::CommandLine { "parameters.json" } else { "parameters" };
    notes.extend(unused.map(|factor| {
        format!("No placeholder of the model uses `{}`; it has to read it from `{place}`.", factor.name)
    }));
    notes
}

/// Shows the command that the first case runs, if the model is a command line, and names words that only a shell understands.
///
/// # Errors
/// If there are cases whose commands can't be started: they are named.
pub(crate) fn command_notes(input: &DesignInput, cases: &DesignCases) -> Result<Vec<String>, CommandFailure> {
    let is_command = input.file.model.kind == ModelKind::CommandLine;
    let document = input.model.as_deref().filter(|_| is_command).and_then(|model| ModelDocument::parse(model).ok());
    let Some((line, is_shell)) = document.as_ref().and_then(ModelDocument::command_line) else { return Ok(Vec::new()) };
    let parameters = || cases.iter().map(|case| case.parameters);
    let wrong: Vec<_> = command_line::unrunnable(line, is_shell, parameters()).collect();
    if !wrong.is_empty() {
        let told = wrong.iter().take(MAX_COMMANDS_TOLD);
        let told = told.fold(String::new(), |told, (place, why)| format!("{told}\n  case {}: {why}", place + 1));
        let more = wrong.len().saturating_sub(MAX_COMMANDS_TOLD);
        let more = if more > 0 { format!("\n  … and {more} more") } else { String::new() };
        let words = counted(wrong.len() as u64, "case has a command", "cases have commands");
        return Err(CommandFailure::new(format!("{words} that can't be started, so nothing was done:{told}{more}")));
    }
    let Some(first) = parameters().next().and_then(|case| command_line::fill(line, is_shell, &case).ok()) else {
        return Ok(Vec::new());
    };
    let mut notes = vec![format!("The first case runs:  {}", printable(&first.to_string(), MAX_COMMAND_CHARS))];
    let for_shell = parameters().find_map(|case| match command_line::fill(line, is_shell, &case) {
        Ok(FilledCommand::Words(words)) => command_line::shell_word(&words).map(str::to_owned),
        _ => None,
    });
    notes.extend(for_shell.map(|word| {
        let word = printable(&word, MAX_COMMAND_CHARS);
        format!("No shell runs the commands, and `{word}` is for one: --shell lets a shell run them.")
    }));
    Ok(notes)
}

fn row(factor: &Factor) -> Vec<String> {
    let name = factor.count.map_or_else(|| factor.name.clone(), |count| format!("{}[{count}]", factor.name));
    let shown = |value| serde_json::to_string(value).unwrap_or_default();
    let values = match &factor.values {
        FactorValues::Range { minimum, maximum, scale: FactorScale::Linear } => format!("{minimum} to {maximum}"),
        FactorValues::Range { minimum, maximum, scale: FactorScale::Log } => {
            format!("{minimum} to {maximum}, logarithmic")
        }
        FactorValues::Integers { minimum, maximum } => format!("{minimum} to {maximum}, whole"),
        FactorValues::Levels(levels) => levels.iter().map(shown).collect::<Vec<_>>().join(", "),
        FactorValues::Fixed(value) => format!("always {}", shown(value)),
        FactorValues::Listed => "those of the table".to_owned(),
    };
    vec![name, printable(&values, 60), factor.unit.clone()]
}

#[cfg(test)]
mod tests {
    use cruncher_study::import::NumberReading;

    use super::*;

    fn input(model: Option<&str>) -> DesignInput {
        let json = r#"{"batch": "b", "model": {"file": "m.py", "kind": "python"}, "seed": 1, "sampler":
            {"kind": "full_grid", "steps": 2}, "factors": [{"name": "c", "count": 2, "minimum": 1, "maximum": 2, "unit": "Pa"},
            {"name": "n", "minimum": 1, "maximum": 3, "integer": true}, {"name": "soil", "levels": ["clay", "sand"]},
            {"name": "g", "value": 9.81}]}"#;
        DesignInput {
            file: serde_json::from_str(json).unwrap(),
            model: model.map(|text| text.as_bytes().to_vec()),
            model_path: "m.py".into(),
            has_batch: true,
            templates: model.map(|text| ("m.py".to_owned(), text.as_bytes().to_vec())).into_iter().collect(),
        }
    }

    fn cases(input: &DesignInput) -> DesignCases {
        DesignCases::of(input.file.design().unwrap(), &ModelDigest::of(b""), 1)
    }

    #[test]
    fn rows_that_are_the_same_case_are_told_once() {
        let table = cruncher_study::import::import(b"c,n\n1,2\n1,2\n", NumberReading::default()).unwrap();
        let mut input = input(None);
        input.file = serde_json::from_value(json!({
            "batch": "b", "model": {"file": "m.py", "kind": "python"}, "sampler": {"kind": "table"}, "table": table,
            "factors": [{"name": "c"}, {"name": "n"}],
        }))
        .unwrap();
        let told = |input: &DesignInput| notes(input, &cases(input)).join(" ").matches("another one").count();
        assert_eq!(told(&input), 1, "a design file has no notes");
        input.file.table.as_mut().unwrap().notes.clone_from(&table.notes);
        assert_eq!(told(&input), 1);
    }

    #[test]
    fn a_design_is_described_in_a_few_lines() {
        let input = input(None);
        let expected = "\
Design of 16 cases, for m.py

  factor  values          unit
  c[2]    1 to 2          Pa
  n       1 to 3, whole
  soil    \"clay\", \"sand\"
  g       always 9.81

The model's file isn't there, so the cases have no ids yet; --model names it.";
        let text = describe(&input, &cases(&input));
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), expected.lines().skip(1).collect::<Vec<_>>());
    }

    #[test]
    fn what_model_and_factors_don_t_have_in_common_is_told() {
        let input = input(Some("a = {{c}}\nb = {{ depth }} + {{n}}\nc = parameters['g'] + {{soil}}\n"));
        let text = describe(&input, &cases(&input));
        assert!(text.contains("The model wants `depth` in line 2, and there is no such factor"), "{text}");
        assert!(text.contains("No placeholder of the model uses `g`"), "{text}");
        assert_eq!(text.matches("The model wants").count() + text.matches("No placeholder").count(), 2);
    }

    #[test]
    fn constraints_that_break_a_latin_hypercube_are_told_with_what_to_do() {
        let text = |sampler: &str| {
            let mut input = input(None);
            input.file.sampler = serde_json::from_str(sampler).unwrap();
            input.file.constraints = vec![serde_json::from_str(r#""c[0] <= c[1]""#).unwrap()];
            describe(&input, &cases(&input))
        };
        let hypercube = text(r#"{"kind": "latin_hypercube", "cases": 100}"#);
        assert!(
            hypercube.contains(" of 100 points were left out by the constraints: what is left is no Latin"),
            "{hypercube}"
        );
        assert!(hypercube.contains(" points about 100 would be left."), "{hypercube}");
        assert!(hypercube.contains(" random ones, which"), "{hypercube}");
        let random = text(r#"{"kind": "random", "cases": 100}"#);
        assert!(random.contains(" points don't meet the constraints and are left out."), "{random}");
    }

    #[test]
    fn an_element_of_a_vector_uses_it() {
        let input = input(Some("a = {{c[1]}} + {{n}}\nb = {{ c[2] }}\nc = {{g[0]}} + {{soil}} + {{d[0]}}\n"));
        let notes = notes(&input, &cases(&input));
        let expected = [
            "The model wants `c[2]` in line 2, and that has 2 components, counted from 0. Every case will fail.",
            "The model wants `g[0]` in line 3, and that is no vector. Every case will fail.",
            "The model wants `d[0]` in line 3, and there is no such factor: every case will fail.",
        ];
        assert_eq!(notes, expected);
    }

    #[test]
    fn cases_as_json_have_ids_where_there_is_a_model() {
        let input = input(Some("x"));
        for has_ids in [true, false] {
            let json: serde_json::Value = serde_json::from_slice(&as_json(&cases(&input), has_ids)).unwrap();
            assert_eq!(json.as_array().unwrap().len(), cases(&input).len());
            assert_eq!(json[0].get("case_id").is_some(), has_ids);
            assert_eq!(json[0]["parameters"]["g"], 9.81);
        }
    }
}
