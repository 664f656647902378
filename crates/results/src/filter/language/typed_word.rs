//! A word as it is typed, with or without quotation marks.

/// Characters, each with whether it stood in quotation marks: these have no meaning of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct TypedWord {
    chars: Vec<(char, bool)>,
    has_quotes: bool,
}

impl TypedWord {
    /// Adds a character that stands without quotation marks.
    pub(super) fn push(&mut self, char: char) {
        self.chars.push((char, false));
    }

    /// Adds what stood in quotation marks.
    pub(super) fn push_quoted(&mut self, chars: impl IntoIterator<Item = char>) {
        self.has_quotes = true;
        self.chars.extend(chars.into_iter().map(|char| (char, true)));
    }

    /// Returns the text that is meant.
    pub(super) fn text(&self) -> String {
        self.chars.iter().map(|(char, _)| char).collect()
    }

    /// Returns the text with a letter in place of each character whose meaning is taken away.
    pub(super) fn meaning(&self) -> String {
        self.chars.iter().map(|&(char, is_quoted)| if is_quoted { 'q' } else { char }).collect()
    }

    /// Whether all of it stood in quotation marks.
    pub(super) fn is_quoted(&self) -> bool {
        self.has_quotes && self.chars.iter().all(|(_, is_quoted)| *is_quoted)
    }

    /// Returns the texts between its bars.
    pub(super) fn alternatives(&self) -> Vec<String> {
        self.chars.split(|&one| one == ('|', false)).map(|part| part.iter().map(|(char, _)| char).collect()).collect()
    }
}

/// Returns a name as it stands in the language.
pub(super) fn name_words(name: &str) -> String {
    let has_operator = name.contains([':', '=', '<', '>', '!', '"']);
    let is_plain = !name.is_empty() && !has_operator && !name.contains(char::is_whitespace);
    if is_plain { name.to_owned() } else { quoted(name) }
}

/// Returns a value as it stands in the language.
pub(super) fn value_words(value: &str) -> String {
    let has_meaning = value.contains(['*', '!', '"', '|']) || value.contains("..");
    let is_plain = !value.is_empty() && !has_meaning && !value.contains(char::is_whitespace);
    if is_plain { value.to_owned() } else { quoted(value) }
}

/// Returns a pattern as it stands in the language: its stars alone mustn't be quoted.
pub(super) fn pattern_words(pattern: &str) -> String {
    let has_range = pattern.contains("..");
    let is_plain = |char: char| !char.is_whitespace() && char != '"' && !(has_range && char == '.');
    if pattern.chars().all(is_plain) {
        return pattern.to_owned();
    }
    let parts = pattern.split('*').map(|part| if part.chars().all(is_plain) { part.to_owned() } else { quoted(part) });
    parts.collect::<Vec<_>>().join("*")
}

/// In quotation marks, two of them are one.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
