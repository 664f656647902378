//! A model file as the worker sees it: a text with placeholders, each of which becomes a Python literal.
//!
//! `render` in `worker/attach.py` is the other implementation; `substitution.json` among the golden files holds both to
//! the same results.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::case::{Parameter, Parameters};

/// A place in a model where a parameter is put in: `{{name}}`, with spaces and tabs inside the braces if somebody likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// The parameter's name.
    pub name: String,
    /// The line that it stands in, from 1. Only `\n` ends a line, as in the worker.
    pub line: usize,
}

/// A model with its parameters put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// What the worker executes.
    pub text: String,
    /// The parameters that no placeholder uses, in alphabetical order. A Python model may still read them from
    /// `parameters`.
    pub unused: Vec<String>,
}

/// A placeholder without a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model wants `{name}` in line {line}, and there is no such parameter")]
pub struct MissingParameter {
    /// The name in the placeholder.
    pub name: String,
    /// The line that it stands in, from 1.
    pub line: usize,
}

/// A model file that is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the model is no UTF-8 text, see line {line}: save it as UTF-8")]
pub struct NotText {
    /// The line of the first byte that doesn't belong into UTF-8, from 1.
    pub line: usize,
}

/// The text of a model file: UTF-8, and without the byte order mark that it may begin with.
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

/// All placeholders in order of appearance; one that stands there twice comes twice.
#[must_use]
pub fn placeholders(template: &str) -> Vec<Placeholder> {
    let mut lines = Lines::of(template);
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(place) = next_place(rest) {
        let line = lines.at(template.len() - rest.len() + place.before.len());
        found.push(Placeholder { name: place.name.to_owned(), line });
        rest = place.after;
    }
    found
}

/// The text that the worker makes of `template` with these parameters.
///
/// # Errors
/// The first placeholder without a parameter.
pub fn render(template: &str, parameters: &Parameters) -> Result<Rendered, MissingParameter> {
    let mut text = String::with_capacity(template.len());
    let mut unused: BTreeSet<&str> = parameters.keys().map(String::as_str).collect();
    let mut rest = template;
    while let Some(place) = next_place(rest) {
        let Some(parameter) = parameters.get(place.name) else {
            let line = Lines::of(template).at(template.len() - rest.len() + place.before.len());
            return Err(MissingParameter { name: place.name.to_owned(), line });
        };
        text.push_str(place.before);
        write_literal(&mut text, parameter);
        unused.remove(place.name);
        rest = place.after;
    }
    text.push_str(rest);
    Ok(Rendered { text, unused: unused.into_iter().map(str::to_owned).collect() })
}

/// Whether `text` can be a name in Python, if only letters of English are allowed: a letter or `_`, then letters, digits
/// and `_`. Placeholders, factors and columns have such names.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && name_length(text) == text.len()
}

/// How many bytes of `text` are the name that it begins with; 0 if it begins with none.
pub(crate) fn name_length(text: &str) -> usize {
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return 0;
    }
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len())
}

struct Place<'a> {
    before: &'a str,
    name: &'a str,
    after: &'a str,
}

fn next_place(text: &str) -> Option<Place<'_>> {
    let mut start = 0;
    loop {
        // One brace further after a miss, not two: `{{{a}}}` has its placeholder behind the first brace.
        start += text[start..].find("{{")?;
        if let Some((name, after)) = after_braces(&text[start + 2..]) {
            return Some(Place { before: &text[..start], name, after });
        }
        start += 1;
    }
}

fn after_braces(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let (name, rest) = text.split_at(name_length(text));
    let after = rest.trim_start_matches([' ', '\t']).strip_prefix("}}")?;
    (!name.is_empty()).then_some((name, after))
}

/// Counts lines on the way down.
struct Lines<'a> {
    text: &'a str,
    counted_bytes: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, counted_bytes: 0, line: 1 }
    }

    /// The line of a position at or behind the last one that was asked for.
    fn at(&mut self, position: usize) -> usize {
        self.line += self.text[self.counted_bytes..position].matches('\n').count();
        self.counted_bytes = position;
        self.line
    }
}

fn write_literal(text: &mut String, parameter: &Parameter) {
    match parameter {
        Parameter::Flag(true) => text.push_str("True"),
        Parameter::Flag(false) => text.push_str("False"),
        Parameter::Integer(integer) => text.push_str(&integer.to_string()),
        Parameter::Unsigned(integer) => text.push_str(&integer.to_string()),
        Parameter::Number(number) => write_float(text, *number),
        Parameter::Text(content) => write_string(text, content),
        Parameter::List(components) => {
            text.push('[');
            for (index, component) in components.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write_literal(text, component);
            }
            text.push(']');
        }
    }
}

/// Writes as Python does: the fewest digits that tell the float from its neighbours, with an exponent from 1e16 on and
/// below 1e-4.
fn write_float(text: &mut String, number: f64) {
    let (digits, point) = digits_of(number.abs());
    text.push_str(if number.is_sign_negative() { "-" } else { "" });
    // Writing to a string doesn't fail.
    let _ = match point {
        1..=16 => {
            let whole = point.unsigned_abs();
            let (before, after) = digits.split_at(whole.min(digits.len()));
            write!(text, "{before:0<whole$}.{after:0<1}")
        }
        -3..=0 => write!(text, "0.{}{digits}", "0".repeat(point.unsigned_abs())),
        _ => {
            let (first, others) = digits.split_at(1);
            let mark = if others.is_empty() { "" } else { "." };
            write!(text, "{first}{mark}{others}e{:+03}", point - 1)
        }
    };
}

/// The digits of a float, and where the point stands in them: `("125", 1)` is 1.25.
///
/// They are taken from its JSON and not from `{}`: where two texts are equally near, as for 2^-25, the latter has the higher
/// one, and both JSON and Python have the even one.
fn digits_of(number: f64) -> (String, isize) {
    let written = serde_json::to_string(&number).unwrap_or_default();
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{before}{after}");
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return ("0".to_owned(), 1);
    }
    let point = before.len().cast_signed() - (digits.len() - significant.len()).cast_signed();
    (significant.trim_end_matches('0').to_owned(), point + exponent.parse().unwrap_or(0))
}

fn write_string(text: &mut String, content: &str) {
    let quote = if content.contains('\'') && !content.contains('"') { '"' } else { '\'' };
    text.push(quote);
    for letter in content.chars() {
        write_letter(text, letter, quote);
    }
    text.push(quote);
}

fn write_letter(text: &mut String, letter: char, quote: char) {
    let code = u32::from(letter);
    // Writing to a string doesn't fail.
    let _ = match letter {
        '\n' => write!(text, "\\n"),
        '\r' => write!(text, "\\r"),
        '\t' => write!(text, "\\t"),
        '\\' => write!(text, "\\\\"),
        _ if letter == quote => write!(text, "\\{quote}"),
        _ if is_printable(letter) => write!(text, "{letter}"),
        _ if code <= 0xff => write!(text, "\\x{code:02x}"),
        _ if code <= 0xffff => write!(text, "\\u{code:04x}"),
        _ => write!(text, "\\U{code:08x}"),
    };
}

/// What Python's `str.isprintable` says of a character.
///
/// Rust escapes for debugging what Python does: control, format, private and unassigned characters, and separators other
/// than the space. So there is no table here. The two differ in what was assigned after the Unicode of the one and before
/// that of the other, as two versions of Python do; the literal is another one then, its value the same.
fn is_printable(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_control();
    }
    // Behind a letter, since accents that begin a text are escaped, too.
    ['a', letter].iter().collect::<String>().escape_debug().nth(1) == Some(letter)
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
