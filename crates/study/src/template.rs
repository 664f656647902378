//! A model file that is a template: a text with placeholders, each of which becomes a Python literal.
//!
//! `render` in `worker/attach.py` is the other implementation; `substitution.json` among the golden files holds both to
//! the same results.

mod binding;
pub mod command_line;
mod literal;
mod python;

use std::collections::BTreeSet;
use std::fmt;

use crate::case::{ParameterValue, Parameters};
use crate::model::ModelKind;

/// The language of a model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelLanguage {
    /// Python: a value keeps its meaning in its code.
    Python,
    /// Any other language, in which a value is put in as it is.
    Other,
}

impl ModelLanguage {
    /// Returns the language of a model of this kind: a command is Python, too, if it is a `.py` file.
    #[must_use]
    pub fn of(kind: ModelKind, file_name: &str) -> Self {
        let is_python = kind == ModelKind::Python || file_name.to_ascii_lowercase().ends_with(".py");
        if is_python { Self::Python } else { Self::Other }
    }
}

/// The context in which a placeholder stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceholderContext {
    /// Python code that ends with its line.
    Code,
    /// Python code between brackets, or in a field of a formatted string: the code goes on behind the end of its line.
    InBrackets,
    /// A string literal of Python.
    String,
    /// An f-string or t-string, outside of its fields: `{{` is Python's own way to write a brace there.
    FormattedString,
    /// A comment of Python.
    Comment,
    /// Another language.
    Text,
}

/// A place in a model where a parameter is put in: `{{name}}` or `{{name[0]}}`, optionally with spaces and tabs inside the
/// braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The parameter's name.
    pub name: String,
    /// The component of it that is wanted, as it is written; `None` for the whole.
    pub index: Option<String>,
    /// The line that it stands in, from 1. Only `\n` ends a line, as in the worker.
    pub line: usize,
    /// The context in which it stands.
    pub surroundings: PlaceholderContext,
}

/// Writes it without braces and spaces: `c[0]`.
impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.index {
            None => f.write_str(&self.name),
            Some(index) => write!(f, "{}[{index}]", self.name),
        }
    }
}

impl Placeholder {
    /// Checks that a parameter of its name with this number of components fills it; `None` if the parameter isn't a vector.
    ///
    /// # Errors
    /// If it wants a component that the vector doesn't have.
    pub fn check(&self, components: Option<usize>) -> Result<(), PlaceholderError> {
        let Some(index) = &self.index else { return Ok(()) };
        let count = components.ok_or_else(|| self.error(UnfilledReason::NoVector))?;
        component(index, count).map(|_| ()).ok_or_else(|| self.error(UnfilledReason::NoComponent { count }))
    }

    /// Returns the error that no parameter has its name.
    #[must_use]
    pub fn missing(&self) -> PlaceholderError {
        self.error(UnfilledReason::Missing)
    }

    fn error(&self, reason: UnfilledReason) -> PlaceholderError {
        PlaceholderError { placeholder: self.to_string(), line: self.line, reason }
    }
}

/// Returns the component that an index means. Python's negative indices, which count from the end, aren't taken: a vector of
/// another length would be another design.
fn component(index: &str, count: usize) -> Option<usize> {
    index.parse().ok().filter(|index| *index < count)
}

/// A model with its parameters put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedModel {
    /// The text that the worker executes.
    pub text: String,
    /// The parameters that no placeholder uses, in alphabetical order. A Python model may still read them from
    /// `parameters`.
    pub unused: Vec<String>,
}

/// A placeholder that no parameter fills.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model wants `{placeholder}` in line {line}, and {reason}")]
pub struct PlaceholderError {
    /// The placeholder, without its braces.
    pub placeholder: String,
    /// The line that it stands in, from 1.
    pub line: usize,
    /// The reason why no parameter fills it.
    pub reason: UnfilledReason,
}

/// The reason why no parameter fills a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnfilledReason {
    /// There is no such parameter.
    Missing,
    /// It wants a component of a parameter that has none.
    NoVector,
    /// It wants a component beyond the last, or one that is counted from the end.
    NoComponent {
        /// Number of components.
        count: usize,
    },
}

impl fmt::Display for UnfilledReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such parameter"),
            Self::NoVector => f.write_str("that is no vector"),
            Self::NoComponent { count } => write!(f, "that has {count} components, counted from 0"),
        }
    }
}

/// A model file that is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model is no UTF-8 text, see line {line}: save it as UTF-8")]
pub struct NotText {
    /// The line of the first byte that doesn't belong into UTF-8, from 1.
    pub line: usize,
}

/// Returns the text of a model file: UTF-8, and without the byte order mark that it may begin with.
///
/// # Errors
/// If it isn't UTF-8.
pub fn decode(content: &[u8]) -> Result<&str, NotText> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    std::str::from_utf8(content).map_err(|error| {
        let sound = &content[..error.valid_up_to()];
        NotText { line: sound.split(|byte| *byte == b'\n').count() }
    })
}

/// Returns all placeholders in order of appearance; one that stands in two places comes twice.
#[must_use]
pub fn placeholders(template: &str, language: ModelLanguage) -> Vec<Placeholder> {
    let places = places(template);
    let surroundings = surroundings(template, &places, language);
    places.iter().zip(surroundings).map(|(place, surroundings)| place.placeholder(surroundings)).collect()
}

/// Whether Python code has this name somewhere, outside of strings and comments.
#[must_use]
pub fn uses_name(code: &str, name: &str) -> bool {
    python::has_word(code, name)
}

/// Returns the text that the worker makes of `template` with these parameters.
///
/// # Errors
/// The first placeholder that no parameter fills.
pub fn render(
    template: &str,
    parameters: &Parameters,
    language: ModelLanguage,
) -> Result<RenderedModel, PlaceholderError> {
    let places = places(template);
    let values = places.iter().map(|place| place.value(parameters)).collect::<Result<Vec<_>, _>>()?;
    let mut text = String::with_capacity(template.len());
    let mut end = 0;
    for ((place, value), around) in places.iter().zip(values).zip(surroundings(template, &places, language)) {
        text.push_str(&template[end..place.start]);
        let is_apart = binding::is_bound(template, place.start..place.end, value, around);
        text.push_str(if is_apart { "(" } else { "" });
        literal::write_literal(&mut text, value);
        text.push_str(if is_apart { ")" } else { "" });
        end = place.end;
    }
    text.push_str(&template[end..]);
    let used: BTreeSet<&str> = places.iter().map(|place| place.name).collect();
    let unused = parameters.keys().filter(|name| !used.contains(name.as_str())).cloned().collect();
    Ok(RenderedModel { text, unused })
}

fn surroundings(template: &str, places: &[Place], language: ModelLanguage) -> Vec<PlaceholderContext> {
    match language {
        ModelLanguage::Python => python::surroundings(template, places),
        ModelLanguage::Other => vec![PlaceholderContext::Text; places.len()],
    }
}

/// Whether `text` can be a name in Python, with English letters only: a letter or `_`, then letters, digits and `_`.
/// Placeholders, factors and columns have such names.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

/// Length, in bytes, of the name that `text` begins with; 0 if it begins with none.
pub(crate) fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len())
}

/// A placeholder in a template.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    start: usize,
    end: usize,
    line: usize,
    name: &'a str,
    index: Option<&'a str>,
}

impl Place<'_> {
    fn placeholder(&self, surroundings: PlaceholderContext) -> Placeholder {
        let (name, index) = (self.name.to_owned(), self.index.map(str::to_owned));
        Placeholder { name, index, line: self.line, surroundings }
    }

    fn value<'p>(&self, parameters: &'p Parameters) -> Result<&'p ParameterValue, PlaceholderError> {
        let placeholder = self.placeholder(PlaceholderContext::Text);
        let parameter = parameters.get(self.name).ok_or_else(|| placeholder.missing())?;
        let components = if let ParameterValue::List(components) = parameter { Some(components) } else { None };
        placeholder.check(components.map(Vec::len))?;
        let component = self.index.zip(components).and_then(|(index, all)| all.get(component(index, all.len())?));
        Ok(component.unwrap_or(parameter))
    }
}

fn places(template: &str) -> Vec<Place<'_>> {
    let (mut places, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(start) = template[at..].find("{{").map(|before| at + before) {
        line += template[at..start].matches('\n').count();
        // One brace further after a miss, not two: `{{{a}}}` has its placeholder behind the first brace.
        at = start + 1;
        if let Some((name, index, after)) = between_braces(&template[start + 2..]) {
            at = template.len() - after.len();
            places.push(Place { start, end: at, line, name, index });
        }
    }
    places
}

/// Returns name and index behind two braces, and the text behind the two braces that end them.
fn between_braces(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let text = behind_blank(text);
    let (name, rest) = text.split_at(name_length(text));
    let rest = behind_blank(rest);
    let (index, rest) = match rest.strip_prefix('[') {
        None => (None, rest),
        Some(rest) => {
            let rest = behind_blank(rest);
            let (index, rest) = rest.split_at(index_length(rest));
            (Some(index), behind_blank(behind_blank(rest).strip_prefix(']')?))
        }
    };
    let is_whole = !name.is_empty() && index != Some("");
    rest.strip_prefix("}}").filter(|_| is_whole).map(|rest| (name, index, rest))
}

fn behind_blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Length, in bytes, of the whole number that `text` begins with; 0 if it begins with none.
fn index_length(text: &str) -> usize {
    let sign = usize::from(text.starts_with('-'));
    let digits = text[sign..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 { 0 } else { sign + digits }
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
