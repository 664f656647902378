//! A command line with placeholders, and what a worker starts of it.
//!
//! `command_words` and `shell_line` in `worker/attach.py` are the other implementation; `command_lines.json` among the golden
//! files holds both to the same words.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::{Place, PlaceholderError, literal, places};
use crate::case::{ParameterValue, Parameters};

/// What a worker starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilledCommand {
    /// A program and its arguments.
    Words(Vec<String>),
    /// A line for a shell.
    ShellLine(String),
}

/// Writes it as one types it, on one line: words that need it stand in quotation marks.
impl fmt::Display for FilledCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ShellLine(line) => f.write_str(line),
            Self::Words(words) => f.write_str(&shown_words(words)),
        }
    }
}

/// Words as one types them.
#[must_use]
pub fn shown_words(words: &[String]) -> String {
    let mut line = String::new();
    for (index, word) in words.iter().enumerate() {
        line.push_str(if index == 0 { "" } else { " " });
        write_quoted(&mut line, word);
    }
    line
}

/// The first word that means something to a shell alone, and is handed to the command as it stands without one.
#[must_use]
pub fn shell_word(words: &[String]) -> Option<&str> {
    let is_operator = |word: &str| matches!(word, "|" | "||" | "&&" | "&" | ";") || word.starts_with(['>', '<']);
    let is_redirection =
        |word: &str| word.starts_with(|digit: char| digit.is_ascii_digit()) && word[1..].starts_with('>');
    let is_expansion = |word: &str| word.starts_with('$') || word.contains("$(") || word.starts_with("~/");
    let ends_command = |word: &str| word.len() > 1 && word.ends_with(';');
    let is_for_shell =
        |word: &str| is_operator(word) || is_redirection(word) || is_expansion(word) || ends_command(word);
    words.iter().map(String::as_str).find(|word| is_for_shell(word))
}

/// The cases whose commands can't be started, whatever their number of inputs: place, from 0, and why. Placeholders that no
/// input fills are left out: all cases have these alike.
pub fn unrunnable<'a>(
    command: &'a str,
    is_shell: bool,
    cases: impl IntoIterator<Item = Parameters> + 'a,
) -> impl Iterator<Item = (usize, CommandLineError)> + 'a {
    let problem = move |(place, parameters)| match fill(command, is_shell, &parameters) {
        Ok(_) | Err(CommandLineError::Placeholder(_)) => None,
        Err(error) => Some((place, error)),
    };
    cases.into_iter().enumerate().filter_map(problem)
}

/// A command line that can't be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// No word.
    #[error("the command is empty")]
    Empty,
    /// A quotation mark without its other one.
    #[error("a quotation mark of the command is not closed")]
    NotClosed,
    /// A backslash with nothing behind it.
    #[error("the command ends with a backslash")]
    LastBackslash,
    /// A NUL in a value.
    #[error("a value has a NUL character, which no command can be given")]
    Nul,
    /// A placeholder where the shell would read its value in another way.
    #[error("the placeholder {placeholder} stands in {place}: values are quoted for the shell")]
    Quoted {
        /// The placeholder as it is written.
        placeholder: String,
        /// Quotation marks, or a comment.
        place: &'static str,
    },
    /// A placeholder behind a backslash, for a shell.
    #[error("a backslash stands before the placeholder {0}")]
    Escaped(String),
    /// Code of a shell in which a quoted value would be read in another way.
    #[error("it has `{0}`, beside which a value can't be put into a command safely")]
    ShellCode(&'static str),
    /// Code of a shell in double quotation marks, in which quotation marks begin anew.
    #[error(
        "`$(`, `${{` or a backtick stands in double quotation marks, beside which a value can't be put into a command safely"
    )]
    QuotedCode,
    /// A line that goes on in the next one.
    #[error("a backslash stands at the end of a line, beside which a value can't be put into a command safely")]
    ContinuedLine,
    /// A placeholder that no parameter fills.
    #[error(transparent)]
    Placeholder(#[from] PlaceholderError),
}

/// The blanks between words.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Returns what a worker starts for these parameters.
///
/// # Errors
/// The first reason why it can't.
pub fn fill(command: &str, is_shell: bool, parameters: &Parameters) -> Result<FilledCommand, CommandLineError> {
    let places = places(command);
    let values = places.iter().map(|place| Ok(plain_text(place.value(parameters)?)));
    let values = values.collect::<Result<Vec<String>, CommandLineError>>()?;
    let filled = if is_shell {
        FilledCommand::ShellLine(shell_line(command, &places, values)?)
    } else {
        FilledCommand::Words(words(command, &places, &values)?)
    };
    let has_nul = match &filled {
        FilledCommand::Words(words) => words.iter().any(|word| word.contains('\0')),
        FilledCommand::ShellLine(line) => line.contains('\0'),
    };
    if has_nul { Err(CommandLineError::Nul) } else { Ok(filled) }
}

/// Checks a command, whatever its values are.
///
/// # Errors
/// The first mistake.
pub fn check(command: &str, is_shell: bool) -> Result<(), CommandLineError> {
    let places = places(command);
    match (whole(command, &places), is_shell) {
        (true, _) => Ok(()),
        (false, true) => fits_shell(command, &places),
        (false, false) => words(command, &places, &vec![String::new(); places.len()]).map(|_| ()),
    }
}

/// The parameter whose value is the command line, if the command is nothing but its placeholder.
#[must_use]
pub fn whole_command(command: &str) -> Option<&str> {
    let places = places(command);
    whole(command, &places).then(|| places[0].name)
}

fn whole(command: &str, places: &[Place]) -> bool {
    let trimmed = command.trim_matches(BLANKS);
    let start = command.len() - command.trim_start_matches(BLANKS).len();
    matches!(places, [place] if place.start == start && place.end == start + trimmed.len())
}

/// A parameter as a command gets it: a text as it is, a number as Python writes it, a list with commas.
#[must_use]
pub fn plain_text(value: &ParameterValue) -> String {
    match value {
        ParameterValue::Text(text) => text.clone(),
        ParameterValue::Flag(flag) => flag.to_string(),
        ParameterValue::List(components) => components.iter().map(plain_text).collect::<Vec<_>>().join(","),
        ParameterValue::Integer(_) | ParameterValue::Unsigned(_) | ParameterValue::Number(_) => {
            let mut text = String::new();
            literal::write_literal(&mut text, value);
            text
        }
    }
}

/// Splits first and fills then, so that a value with spaces stays in its word.
fn words(command: &str, places: &[Place], values: &[String]) -> Result<Vec<String>, CommandLineError> {
    let words = if let (true, [value]) = (whole(command, places), values) {
        split(value, &BTreeMap::new())?
    } else {
        let filled = places.iter().zip(values).map(|(place, value)| (place.start, (place.end, value.as_str())));
        split(command, &filled.collect())?
    };
    if words.is_empty() { Err(CommandLineError::Empty) } else { Ok(words) }
}

/// The words of a line by the rules of Python's `shlex`: those of a POSIX shell, without variables, patterns and comments.
/// What begins at a key of `filled` is put in as its value, whatever that holds, up to the place beside it.
fn split(line: &str, filled: &BTreeMap<usize, (usize, &str)>) -> Result<Vec<String>, CommandLineError> {
    let (mut words, mut word, mut quote, mut at) = (Vec::new(), None::<String>, None, 0);
    while let Some(letter) = line[at..].chars().next() {
        if let Some((end, value)) = filled.get(&at) {
            word.get_or_insert_default().push_str(value);
            at = *end;
            continue;
        }
        at += letter.len_utf8();
        match (quote, letter) {
            (None, '\'' | '"') => {
                word.get_or_insert_default();
                quote = Some(letter);
            }
            (None, letter) if BLANKS.contains(&letter) => words.extend(word.take()),
            (Some(open), letter) if open == letter => quote = None,
            (None | Some('"'), '\\') => {
                let word = word.get_or_insert_default();
                // A backslash before a placeholder, too, goes with the letter behind it, which is none of the line's.
                let next = line[at..].chars().next().ok_or(CommandLineError::LastBackslash)?;
                let is_value = filled.contains_key(&at);
                if quote.is_some() && (is_value || !matches!(next, '"' | '\\')) {
                    word.push('\\');
                }
                if !is_value {
                    word.push(next);
                    at += next.len_utf8();
                }
            }
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if quote.is_some() {
        return Err(CommandLineError::NotClosed);
    }
    words.extend(word);
    Ok(words)
}

fn shell_line(command: &str, places: &[Place], values: Vec<String>) -> Result<String, CommandLineError> {
    let is_whole = whole(command, places);
    if !is_whole {
        fits_shell(command, places)?;
    }
    let (mut line, mut end) = (String::with_capacity(command.len()), 0);
    for (place, value) in places.iter().zip(values) {
        line.push_str(&command[end..place.start]);
        if is_whole {
            line.push_str(&value);
        } else {
            write_quoted(&mut line, &value);
        }
        end = place.end;
    }
    line.push_str(&command[end..]);
    Ok(line)
}

/// Writes one word of `sh`, as Python's `shlex.quote` does.
fn write_quoted(line: &mut String, value: &str) {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_@%+=:,./-".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        line.push_str(value);
    } else {
        // Writing to a string doesn't fail.
        let _ = write!(line, "'{}'", value.replace('\'', "'\"'\"'"));
    }
}

/// Checks that values can be put into a line for a shell.
fn fits_shell(command: &str, places: &[Place]) -> Result<(), CommandLineError> {
    let code =
        ["<<", "$'", "((", "$[", "${{"].into_iter().find(|code| command.contains(code)).filter(|_| !places.is_empty());
    if let Some(code) = code {
        return Err(CommandLineError::ShellCode(code));
    }
    let starts: BTreeMap<usize, &Place> = places.iter().map(|place| (place.start, place)).collect();
    let written = |place: &Place| command[place.start..place.end].to_owned();
    let (mut quote, mut at, mut before) = (None, 0, None);
    while let Some(letter) = command[at..].chars().next() {
        if let Some(place) = starts.get(&at) {
            if let Some(open) = quote {
                let where_it_stands = if open == '#' { "a comment" } else { "quotation marks" };
                return Err(CommandLineError::Quoted { placeholder: written(place), place: where_it_stands });
            }
            (at, before) = (place.end, Some('}'));
            continue;
        }
        let is_code = ["$(", "${", "`"].iter().any(|code| command[at..].starts_with(code));
        if is_code && quote == Some('"') && !places.is_empty() {
            return Err(CommandLineError::QuotedCode);
        }
        at += letter.len_utf8();
        let begins_word = before.is_none_or(|before: char| " \t\r\n;&|()".contains(before));
        before = Some(letter);
        match (quote, letter) {
            (None | Some('"' | '`'), '\\') => {
                if let Some(place) = starts.get(&at) {
                    return Err(CommandLineError::Escaped(written(place)));
                }
                if command[at..].starts_with('\n') && !places.is_empty() {
                    return Err(CommandLineError::ContinuedLine);
                }
                at += command[at..].chars().next().map_or(0, char::len_utf8);
            }
            (Some('#'), '\n') => quote = None,
            (Some(open), letter) if open == letter && open != '#' => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(letter),
            (None, '#') if begins_word => quote = Some('#'),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Golden {
        parameters: Parameters,
        commands: Vec<GoldenCommand>,
    }

    #[derive(Deserialize)]
    struct GoldenCommand {
        name: String,
        #[serde(rename = "command")]
        line: String,
        shell: bool,
        runs: Option<Runs>,
        error: Option<String>,
    }

    #[derive(Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Runs {
        Words(Vec<String>),
        Line(String),
    }

    fn golden() -> Golden {
        serde_json::from_str(include_str!("../../../../tests/golden/command_lines.json")).unwrap()
    }

    #[test]
    fn commands_are_filled_as_the_golden_file_says() {
        let Golden { parameters, commands } = golden();
        assert!(commands.len() > 30);
        for GoldenCommand { name, line, shell, runs, error } in commands {
            let filled = fill(&line, shell, &parameters);
            let shown = filled.as_ref().err().map(|error| match error {
                CommandLineError::Placeholder(error) => format!("placeholder {}", error.placeholder),
                error => error.to_string(),
            });
            let filled = filled.ok().map(|filled| match filled {
                FilledCommand::Words(words) => Runs::Words(words),
                FilledCommand::ShellLine(line) => Runs::Line(line),
            });
            assert_eq!((filled, shown), (runs, error), "{name}: {line}");
        }
    }

    #[test]
    fn a_command_is_checked_without_values() {
        assert_eq!(check("run {{a}} 'b {{c}}'", false), Ok(()));
        assert_eq!(check("run 'b", false), Err(CommandLineError::NotClosed));
        assert_eq!(check("run \\", false), Err(CommandLineError::LastBackslash));
        assert_eq!(check("{{command}}", true), Ok(()));
        let quoted = CommandLineError::Quoted { placeholder: "{{ c }}".to_owned(), place: "quotation marks" };
        assert_eq!(check("run 'b {{ c }}'", true), Err(quoted));
        assert_eq!(whole_command(" {{ command }}\n"), Some("command"));
        assert_eq!((whole_command("{{a}} {{b}}"), whole_command("x{{a}}"), whole_command("x")), (None, None, None));
    }

    #[test]
    fn words_are_shown_as_one_types_them() {
        let parameters = Parameters::from([("a".to_owned(), ParameterValue::Text("it's b".to_owned()))]);
        let shown = |is_shell| fill("run  {{a}} x=1", is_shell, &parameters).unwrap().to_string();
        assert_eq!(shown(false), "run 'it'\"'\"'s b' x=1");
        assert_eq!(shown(true), "run  'it'\"'\"'s b' x=1");
    }

    #[test]
    fn words_of_a_shell_are_found() {
        let found = |line: &str| match fill(line, false, &Parameters::new()).unwrap() {
            FilledCommand::Words(words) => shell_word(&words).map(str::to_owned),
            FilledCommand::ShellLine(_) => None,
        };
        for (line, word) in
            [("a | b", "|"), ("a >out", ">out"), ("a 2>&1", "2>&1"), ("cd x; a", "x;"), ("a $HOME", "$HOME")]
        {
            assert_eq!(found(line).as_deref(), Some(word), "{line}");
        }
        for line in ["a --x=1 -b", "a 'b c;d' e", "a 2 3", "a b&c"] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn cases_that_cannot_be_started_are_named() {
        let case = |value: &str| Parameters::from([("command".to_owned(), ParameterValue::Text(value.to_owned()))]);
        let cases = [case("a"), case("b '"), case(" ")];
        let found: Vec<_> = unrunnable("{{command}}", false, cases.clone()).collect();
        assert_eq!(found, [(1, CommandLineError::NotClosed), (2, CommandLineError::Empty)]);
        assert_eq!(unrunnable("{{other}}", false, cases).count(), 0);
    }

    #[test]
    fn a_value_with_a_nul_is_refused() {
        let parameters = Parameters::from([("a".to_owned(), ParameterValue::Text("x\0".to_owned()))]);
        assert_eq!(fill("run {{a}}", false, &parameters), Err(CommandLineError::Nul));
        assert_eq!(fill("run {{a}}", true, &parameters), Err(CommandLineError::Nul));
    }
}
