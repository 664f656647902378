//! Placeholders of a model: the input that fills each, and notes on the places where they stand.

use std::collections::BTreeMap;

use cruncher_study::case::ParameterValue;
use cruncher_study::number_format::{counted, thousands};
use cruncher_study::template::{
    ModelLanguage, Placeholder, PlaceholderContext, PlaceholderError, UnfilledReason, render,
};

use crate::state::draft::factor::FactorDraft;
use crate::state::spelling::is_misspelt;

/// Maximum number of placeholders that a note names.
const MAX_NAMED: usize = 6;

/// Maximum number of characters of a line that are shown.
const MAX_LINE_CHARS: usize = 80;

/// An input that a case will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CaseInput {
    /// Its name.
    pub(crate) name: String,
    /// Number of components; `None` if it is no vector.
    pub(crate) components: Option<usize>,
    /// One of its values, or of its components' values, if these are texts.
    pub(crate) text: Option<String>,
}

/// A placeholder, with all the lines that it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceholderChip {
    /// The placeholder, without its braces.
    pub(crate) text: String,
    /// Its lines, each once.
    pub(crate) lines: Vec<usize>,
    /// The reason why nothing fills it, if so.
    pub(crate) error: Option<PlaceholderError>,
}

/// Note on placeholders that don't stand in code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceholderNote {
    /// A sentence, with names and lines.
    pub(crate) words: String,
    /// Whether something else may have been meant.
    pub(crate) is_warning: bool,
}

/// Returns the placeholders, in the order in which they come first.
pub(crate) fn chips(found: &[Placeholder], inputs: &[CaseInput]) -> Vec<PlaceholderChip> {
    let mut chips: Vec<PlaceholderChip> = Vec::new();
    for placeholder in found {
        let text = placeholder.to_string();
        match chips.iter_mut().find(|chip| chip.text == text) {
            Some(chip) if chip.lines.last() == Some(&placeholder.line) => {}
            Some(chip) => chip.lines.push(placeholder.line),
            None => {
                let error = error(placeholder, inputs);
                chips.push(PlaceholderChip { text, lines: vec![placeholder.line], error });
            }
        }
    }
    chips
}

fn error(placeholder: &Placeholder, inputs: &[CaseInput]) -> Option<PlaceholderError> {
    match inputs.iter().find(|input| input.name == placeholder.name) {
        Some(input) => placeholder.check(input.components).err(),
        None => Some(placeholder.missing()),
    }
}

/// Returns the missing factors of placeholders; a factor whose components are used has as many as it takes.
pub(crate) fn missing(found: &[Placeholder], inputs: &[CaseInput]) -> Vec<FactorDraft> {
    let mut missing: Vec<FactorDraft> = Vec::new();
    for placeholder in found.iter().filter(|one| inputs.iter().all(|input| input.name != one.name)) {
        if missing.iter().all(|factor| factor.name != placeholder.name) {
            missing
                .push(FactorDraft { count: count(found, &placeholder.name), ..FactorDraft::named(&placeholder.name) });
        }
    }
    missing
}

fn count(found: &[Placeholder], name: &str) -> String {
    let indices = found.iter().filter(|one| one.name == name).filter_map(|one| one.index.as_ref()?.parse::<u32>().ok());
    indices.max().map_or_else(String::new, |last| (u64::from(last) + 1).to_string())
}

/// Returns the inputs that no placeholder uses.
pub(crate) fn unused<'a>(found: &[Placeholder], inputs: &'a [CaseInput]) -> Vec<&'a str> {
    let is_unused = |input: &&CaseInput| found.iter().all(|placeholder| placeholder.name != input.name);
    inputs.iter().filter(is_unused).map(|input| input.name.as_str()).collect()
}

/// An input that no placeholder uses, and the placeholder without an input that it looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MisspeltInput {
    /// The input's name.
    pub(crate) input: String,
    /// The name in the model.
    pub(crate) placeholder: String,
}

/// Returns the inputs that are a misspelt placeholder. Each name comes once.
pub(crate) fn misspelt(found: &[Placeholder], inputs: &[CaseInput]) -> Vec<MisspeltInput> {
    let mut missing: Vec<String> = missing(found, inputs).into_iter().map(|factor| factor.name).collect();
    let mut pairs = Vec::new();
    for input in unused(found, inputs) {
        if let Some(position) = missing.iter().position(|name| is_misspelt(input, name)) {
            pairs.push(MisspeltInput { input: input.to_owned(), placeholder: missing.remove(position) });
        }
    }
    pairs
}

/// Returns the reason why every case fails, if a placeholder stays unfilled, as the beginning of a sentence. `cases` is the
/// number of cases, if it is known.
pub(crate) fn certain_failure(found: &[Placeholder], inputs: &[CaseInput], cases: Option<u64>) -> Option<String> {
    let errors: Vec<PlaceholderError> = chips(found, inputs).into_iter().filter_map(|chip| chip.error).collect();
    if errors.is_empty() {
        return None;
    }
    let cases = match cases {
        None => "every case".to_owned(),
        Some(1) => "the case".to_owned(),
        Some(count) => format!("all {} cases", thousands(count)),
    };
    let mut faults: Vec<String> = errors.iter().take(MAX_NAMED).map(fault).collect();
    faults.iter_mut().skip(1).for_each(|fault| fault.replace_range(..1, "l"));
    if errors.len() > MAX_NAMED {
        faults.push(format!("{} more", errors.len() - MAX_NAMED));
    }
    Some(format!("{cases} would fail. {}", faults.join("; ")))
}

/// Describes a problem, as the beginning of a sentence.
pub(crate) fn fault(error: &PlaceholderError) -> String {
    let PlaceholderError { placeholder, line, reason } = error;
    let place = format!("Line {line}: {{{{{placeholder}}}}}");
    match reason {
        UnfilledReason::Missing => format!("{place} has no factor"),
        UnfilledReason::NoVector => format!("{place} is a component of what is no vector"),
        UnfilledReason::NoComponent { count } => {
            format!("{place} isn't one of the {}, counted from 0", counted(*count as u64, "component", "components"))
        }
    }
}

/// Returns notes on placeholders in strings, formatted strings and comments of Python.
pub(crate) fn notes(template: &str, found: &[Placeholder], inputs: &[CaseInput]) -> Vec<PlaceholderNote> {
    let quoted = texts_in_strings(template, found, inputs);
    let is_told =
        |one: &Placeholder| quoted.iter().any(|(line, text, _)| (*line, text) == (one.line, &one.to_string()));
    let others: Vec<Placeholder> = found.iter().filter(|one| !is_told(one)).cloned().collect();
    let more = quoted.len().saturating_sub(MAX_NAMED);
    let more =
        (more > 0).then(|| PlaceholderNote { words: format!("{more} more texts stand in strings."), is_warning: true });
    let quoted =
        quoted.iter().take(MAX_NAMED).map(|(_, _, words)| PlaceholderNote { words: words.clone(), is_warning: true });
    quoted.chain(more).chain(notes_of_kinds(&others)).collect()
}

/// Returns the lines in which a text is put into a string, with the placeholder and the note on it: the text has quotes of its
/// own.
fn texts_in_strings(template: &str, found: &[Placeholder], inputs: &[CaseInput]) -> Vec<(usize, String, String)> {
    let mut told: Vec<(usize, String, String)> = Vec::new();
    for one in found.iter().filter(|one| one.surroundings == PlaceholderContext::String) {
        let input =
            inputs.iter().find(|input| input.name == one.name && input.components.is_some() == one.index.is_some());
        let placeholder = one.to_string();
        let is_new = told.iter().all(|(line, text, _)| (*line, text) != (one.line, &placeholder));
        let (Some(text), Some(line)) =
            (input.and_then(|input| input.text.as_deref()), template.split('\n').nth(one.line - 1))
        else {
            continue;
        };
        if is_new {
            told.push((one.line, placeholder.clone(), text_in_string(one.line, line, &placeholder, text)));
        }
    }
    told
}

/// Writes `Line 5 becomes soil = "'sand'": leave out the quotes around {{soil}}.`
fn text_in_string(number: usize, line: &str, placeholder: &str, text: &str) -> String {
    let (mut becomes, mut rest, mut is_all_of_string) = (String::new(), line.trim(), false);
    while let Some((before, start)) = rest.split_once("{{") {
        let Some((inside, after)) = start.split_once("}}") else { break };
        becomes.push_str(before);
        if inside.trim_matches([' ', '\t']) == placeholder {
            let quote = before.chars().next_back().filter(|quote| matches!(quote, '"' | '\''));
            is_all_of_string |= quote.is_some() && quote == after.chars().next();
            becomes.push_str(&python_literal(text));
        } else {
            becomes.push_str("{{");
            becomes.push_str(inside);
            becomes.push_str("}}");
        }
        rest = after;
    }
    becomes.push_str(rest);
    if becomes.chars().count() > MAX_LINE_CHARS {
        becomes = becomes.chars().take(MAX_LINE_CHARS).chain(['…']).collect();
    }
    let advice = if is_all_of_string {
        format!("leave out the quotes around `{{{{{placeholder}}}}}`")
    } else {
        format!("`{{{{{placeholder}}}}}` is a text, which brings its own quotes")
    };
    format!("Line {number} becomes `{becomes}`: {advice}.")
}

/// Returns a text in the form in which it fills a placeholder.
fn python_literal(text: &str) -> String {
    let value = BTreeMap::from([("text".to_owned(), ParameterValue::Text(text.to_owned()))]);
    render("{{text}}", &value, ModelLanguage::Other).map(|rendered| rendered.text).unwrap_or_default()
}

fn notes_of_kinds(found: &[Placeholder]) -> Vec<PlaceholderNote> {
    let kinds = [
        (
            PlaceholderContext::FormattedString,
            "In an f-string {{…}} is Python's own way to write a brace; here it is a placeholder",
            true,
        ),
        (PlaceholderContext::String, "In a string, put in as text", false),
        (PlaceholderContext::Comment, "In a comment, without effect", false),
    ];
    let note = |(kind, words, is_warning)| {
        let places = places(found, kind);
        (!places.is_empty()).then(|| PlaceholderNote { words: format!("{words}: {places}."), is_warning })
    };
    kinds.into_iter().filter_map(note).collect()
}

fn places(found: &[Placeholder], kind: PlaceholderContext) -> String {
    let of_kind: Vec<Placeholder> = found.iter().filter(|one| one.surroundings == kind).cloned().collect();
    let chips = chips(&of_kind, &[]);
    let mut places: Vec<String> =
        chips.iter().take(MAX_NAMED).map(|chip| format!("`{}` in {}", chip.text, lines(&chip.lines))).collect();
    if chips.len() > MAX_NAMED {
        places.push(format!("{} more", chips.len() - MAX_NAMED));
    }
    places.join(", ")
}

/// Writes `line 4`, or `lines 4, 7`.
pub(crate) fn lines(lines: &[usize]) -> String {
    let numbers = lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if lines.len() == 1 { format!("line {numbers}") } else { format!("lines {numbers}") }
}

#[cfg(test)]
mod tests {
    use cruncher_study::template::placeholders;

    use super::*;

    fn found(template: &str) -> Vec<Placeholder> {
        placeholders(template, ModelLanguage::Python)
    }

    fn inputs() -> Vec<CaseInput> {
        let input = |name: &str, components| CaseInput { name: name.to_owned(), components, text: None };
        vec![input("c", Some(2)), input("x", None), input("y", None)]
    }

    #[test]
    fn each_placeholder_is_a_chip_with_its_lines() {
        let chips = chips(&found("{{x}} {{x}}\n{{ c[1] }}\n{{x}} {{c[2]}} {{x[0]}} {{d}}"), &inputs());
        let told: Vec<_> = chips.iter().map(|chip| (chip.text.as_str(), lines(&chip.lines))).collect();
        let line = |text: &str| text.to_owned();
        let expected =
            [("x", "lines 1, 3"), ("c[1]", "line 2"), ("c[2]", "line 3"), ("x[0]", "line 3"), ("d", "line 3")];
        assert_eq!(told, expected.map(|(text, lines)| (text, line(lines))));
        let faults: Vec<String> = chips.iter().filter_map(|chip| chip.error.as_ref()).map(fault).collect();
        let expected = [
            "Line 3: {{c[2]}} isn't one of the 2 components, counted from 0",
            "Line 3: {{x[0]}} is a component of what is no vector",
            "Line 3: {{d}} has no factor",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_missing_factor_has_as_many_components_as_are_wanted() {
        let missing = missing(&found("{{d[3]}} {{x}} {{e}} {{d[1]}} {{e}} {{d[-1]}}"), &inputs());
        let told: Vec<_> = missing.iter().map(|factor| (factor.name.as_str(), factor.count.as_str())).collect();
        assert_eq!(told, [("d", "4"), ("e", "")]);
    }

    #[test]
    fn an_unused_input_that_is_nearly_a_placeholder_is_named_with_it() {
        let input = |name: &str| CaseInput { name: name.to_owned(), components: None, text: None };
        let told = |template: &str, names: &[&str]| {
            let inputs: Vec<CaseInput> = names.iter().copied().map(input).collect();
            let pairs = misspelt(&found(template), &inputs);
            pairs.into_iter().map(|pair| format!("{} {}", pair.input, pair.placeholder)).collect::<Vec<_>>()
        };
        assert_eq!(told("{{cohesion}} {{soil}}", &["cohesoin", "Soil"]), ["cohesoin cohesion", "Soil soil"]);
        // An input that the model has is right, however near another one is; and each placeholder is meant once.
        assert_eq!(told("{{cohesion}} {{cohesions}}", &["cohesion"]), [""; 0]);
        assert_eq!(told("{{cohesion}}", &["cohesoin", "cohesio"]), ["cohesoin cohesion"]);
    }

    #[test]
    fn a_placeholder_that_nothing_fills_makes_every_case_fail() {
        let failure = |template: &str, cases| certain_failure(&found(template), &inputs(), cases);
        assert_eq!(failure("{{x}} {{c[1]}}", Some(16)), None);
        let expected = "all 1,600 cases would fail. Line 1: {{d}} has no factor; line 2: {{c[2]}} isn't one of the 2 components, \
                        counted from 0";
        assert_eq!(failure("{{d}}\n{{c[2]}} {{d}}", Some(1_600)).as_deref(), Some(expected));
        assert_eq!(failure("{{d}}", Some(1)).as_deref(), Some("the case would fail. Line 1: {{d}} has no factor"));
        let many: Vec<String> = (0..9).map(|index| format!("{{{{d{index}}}}}")).collect();
        let told = failure(&many.concat(), None).unwrap();
        assert!(
            told.starts_with("every case would fail. ") && told.ends_with("{{d5}} has no factor; 3 more"),
            "{told}"
        );
    }

    #[test]
    fn an_element_of_a_vector_uses_it() {
        assert_eq!(unused(&found("{{c[0]}} {{x}}"), &inputs()), ["y"]);
    }

    #[test]
    fn places_outside_of_code_are_told() {
        let template = "a = {{x}}  # {{y}}\nb = 'zone {{c[0]}}' + f'{{x}} { {{x}} }'\nc = \"{{c[0]}}\"";
        let told: Vec<(String, bool)> =
            notes(template, &found(template), &[]).into_iter().map(|one| (one.words, one.is_warning)).collect();
        let expected = [
            (
                "In an f-string {{…}} is Python's own way to write a brace; here it is a placeholder: `x` in line 2.",
                true,
            ),
            ("In a string, put in as text: `c[0]` in lines 2, 3.", false),
            ("In a comment, without effect: `y` in line 1.", false),
        ];
        assert_eq!(told, expected.map(|(words, is_warning)| (words.to_owned(), is_warning)));
        let code = "a = {{x}} + ({{y}})";
        assert_eq!(notes(code, &found(code), &[]), []);
        assert_eq!(notes(template, &placeholders(template, ModelLanguage::Other), &[]), []);
    }

    /// Returns the notes on `template`, where `soil` is a text, `soils` are two, and `x` is a number.
    fn told_of_texts(template: &str) -> Vec<(String, bool)> {
        let input = |name: &str, components, text: Option<&str>| CaseInput {
            name: name.to_owned(),
            components,
            text: text.map(str::to_owned),
        };
        let inputs = [input("soil", None, Some("sand")), input("soils", Some(2), Some("it's")), input("x", None, None)];
        notes(template, &found(template), &inputs).into_iter().map(|note| (note.words, note.is_warning)).collect()
    }

    #[test]
    fn a_text_between_quotes_is_shown_as_it_becomes() {
        let leave = |line: &str| (format!("{line}: leave out the quotes around `{{{{soil}}}}`."), true);
        assert_eq!(told_of_texts("a = 1\n  soil = \"{{ soil }}\"\n"), [leave("Line 2 becomes `soil = \"'sand'\"`")]);
        assert_eq!(told_of_texts("f('{{soil}}', '{{soil}}')"), [leave("Line 1 becomes `f(''sand'', ''sand'')`")]);
        let own = |line: &str, text: &str| {
            (format!("{line}: `{{{{{text}}}}}` is a text, which brings its own quotes."), true)
        };
        let longer = "run('assign {{soils[1]}} {{x}}')";
        let number = ("In a string, put in as text: `x` in line 1.".to_owned(), false);
        let expected = [own("Line 1 becomes `run('assign \"it's\" {{x}}')`", "soils[1]"), number];
        assert_eq!(told_of_texts(longer), expected);
        assert_eq!(told_of_texts("soil = {{soil}}  # '{{soil}}'").len(), 1);
        let long = format!("a = '{} {{{{soil}}}}'", "x".repeat(200));
        assert!(told_of_texts(&long)[0].0.contains("xx…`: "), "{long}");
    }

    #[test]
    fn only_texts_bring_quotes() {
        for template in ["a = '{{x}}'", "a = '{{soils}}'", "a = '{{unknown}}'"] {
            let [(words, is_warning)] = told_of_texts(template).try_into().unwrap();
            assert!(words.starts_with("In a string, put in as text: ") && !is_warning, "{words}");
        }
    }

    #[test]
    fn many_places_are_counted() {
        let lines: Vec<String> = (0..9).map(|index| format!("'{{{{a{index}}}}}'\n")).collect();
        let template = lines.concat();
        let [note] = notes(&template, &found(&template), &[]).try_into().unwrap();
        assert!(note.words.ends_with("`a5` in line 6, 3 more."), "{}", note.words);
    }
}
