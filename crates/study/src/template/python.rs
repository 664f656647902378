//! Reads a Python file as far as needed for the context of a placeholder: code, a string, a comment.
//!
//! `_PythonReader` in `worker/attach.py` does the same, step by step. A text that is no Python is read as far as possible.

use super::{Place, PlaceholderContext};

/// The layer at the beginning of every file.
const CODE: Layer = Layer::Code { brackets: 0 };

/// The prefixes of string literals.
const PREFIXES: [&[u8]; 11] = [b"r", b"u", b"b", b"f", b"t", b"br", b"rb", b"fr", b"rf", b"tr", b"rt"];

/// Returns the context of each of the placeholders.
pub(super) fn surroundings(template: &str, places: &[Place]) -> Vec<PlaceholderContext> {
    let mut reader = Reader { text: template.as_bytes(), next_place: 0, layers: vec![CODE], word: (0, 0) };
    let (mut found, mut at) = (Vec::with_capacity(places.len()), 0);
    for place in places {
        reader.next_place = place.start;
        while at < place.start {
            at = reader.step(at);
        }
        found.push(reader.surroundings());
        at = place.end;
    }
    found
}

/// Whether a word stands in code, outside of strings and comments.
pub(super) fn has_word(template: &str, word: &str) -> bool {
    let mut reader = Reader { text: template.as_bytes(), next_place: usize::MAX, layers: vec![CODE], word: (0, 0) };
    let mut at = 0;
    while at < template.len() {
        let next = reader.step(at);
        if reader.word == (at, next) && &reader.text[at..next] == word.as_bytes() {
            return true;
        }
        at = next;
    }
    false
}

/// Whether a byte is a part of a name or number of Python. Letters beyond ASCII count as parts of names.
pub(super) fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// The layer of a file that a place lies in.
#[derive(Debug, Clone, Copy)]
enum Layer {
    /// Code, with this number of open brackets.
    Code { brackets: usize },
    /// A string literal.
    String(Literal),
    /// A field of a formatted string, which is code again.
    Field { brackets: usize },
    /// The format behind the colon of a field.
    Format,
    /// A comment.
    Comment,
}

#[derive(Debug, Clone, Copy)]
struct Literal {
    quote: u8,
    is_triple: bool,
    is_raw: bool,
    is_formatted: bool,
}

impl Literal {
    /// Length of its end, in bytes, if it ends at the beginning of `text`.
    fn end(self, text: &[u8]) -> Option<usize> {
        let length = if self.is_triple { 3 } else { 1 };
        text.get(..length)?.iter().all(|byte| *byte == self.quote).then_some(length)
    }
}

struct Reader<'a> {
    text: &'a [u8],
    /// The beginning of the next placeholder.
    next_place: usize,
    /// The layers that the present place lies in, the innermost last.
    layers: Vec<Layer>,
    /// Start and end of the last word of code.
    word: (usize, usize),
}

impl Reader<'_> {
    fn surroundings(&self) -> PlaceholderContext {
        match self.layers.last() {
            None | Some(Layer::Code { brackets: 0 }) => PlaceholderContext::Code,
            Some(Layer::Code { .. } | Layer::Field { .. }) => PlaceholderContext::InBrackets,
            Some(Layer::String(literal)) if !literal.is_formatted => PlaceholderContext::String,
            Some(Layer::String(_) | Layer::Format) => PlaceholderContext::FormattedString,
            Some(Layer::Comment) => PlaceholderContext::Comment,
        }
    }

    /// Reads the piece that begins at `at`, and returns its end: never behind the start of the next placeholder.
    fn step(&mut self, at: usize) -> usize {
        let byte = self.text[at];
        let layer = *self.layers.last().unwrap_or(&CODE);
        let ends_with_line = match layer {
            Layer::Comment | Layer::Format => true,
            Layer::String(literal) => !literal.is_triple,
            Layer::Code { .. } | Layer::Field { .. } => false,
        };
        if ends_with_line && matches!(byte, b'\r' | b'\n') {
            // A string without its end here is a mistake, and no reason to lose track of the rest.
            self.layers.pop();
            return at;
        }
        match layer {
            Layer::Code { .. } | Layer::Field { .. } => self.in_code(layer, byte, at),
            Layer::Comment => at + 1,
            Layer::String(literal) => self.in_string(literal, byte, at),
            Layer::Format => self.in_format(byte, at),
        }
    }

    fn in_code(&mut self, layer: Layer, byte: u8, at: usize) -> usize {
        let length = self.text[at..].iter().take_while(|byte| is_of_word(**byte)).count();
        if length > 0 {
            self.word = (at, at + length);
            return at + length;
        }
        match byte {
            b'"' | b'\'' => return self.open(byte, at),
            b'#' => self.layers.push(Layer::Comment),
            b'(' | b'[' | b'{' => self.bracket(1),
            b'}' | b':' if matches!(layer, Layer::Field { brackets: 0 }) => {
                self.layers.pop();
                self.layers.extend((byte == b':').then_some(Layer::Format));
            }
            b')' | b']' | b'}' => self.bracket(-1),
            _ => {}
        }
        at + 1
    }

    fn bracket(&mut self, more: isize) {
        if let Some(Layer::Code { brackets } | Layer::Field { brackets }) = self.layers.last_mut() {
            *brackets = brackets.saturating_add_signed(more);
        }
    }

    fn open(&mut self, quote: u8, at: usize) -> usize {
        let (start, end) = self.word;
        let prefix = if end == at { self.text[start..end].to_ascii_lowercase() } else { Vec::new() };
        let has = |letter| PREFIXES.contains(&&*prefix) && prefix.contains(&letter);
        let is_triple = self.text[at..].starts_with(&[quote; 3]);
        let (is_raw, is_formatted) = (has(b'r'), has(b'f') || has(b't'));
        self.layers.push(Layer::String(Literal { quote, is_triple, is_raw, is_formatted }));
        at + if is_triple { 3 } else { 1 }
    }

    fn in_string(&mut self, literal: Literal, byte: u8, at: usize) -> usize {
        if byte == b'\\' {
            return if literal.is_formatted {
                self.behind_escape_before_field(at, literal.is_raw)
            } else {
                self.behind_escape(at)
            };
        }
        if let Some(length) = literal.end(&self.text[at..]) {
            self.layers.pop();
            return at + length;
        }
        if byte == b'{' && literal.is_formatted {
            if self.text.get(at + 1) == Some(&b'{') && at + 1 != self.next_place {
                return at + 2;
            }
            self.layers.push(Layer::Field { brackets: 0 });
        }
        at + 1
    }

    fn in_format(&mut self, byte: u8, at: usize) -> usize {
        let literal =
            self.layers.iter().rev().find_map(|layer| if let Layer::String(one) = layer { Some(*one) } else { None });
        match byte {
            b'\\' => return self.behind_escape_before_field(at, false),
            b'{' => self.layers.push(Layer::Field { brackets: 0 }),
            b'}' => {
                self.layers.pop();
            }
            _ if literal.is_some_and(|literal| literal.end(&self.text[at..]).is_some()) => {
                self.layers.pop();
                return at;
            }
            _ => {}
        }
        at + 1
    }

    /// Returns the end of the escaped letters behind a backslash; an end of a line may have two letters.
    fn behind_escape(&self, at: usize) -> usize {
        let length = match &self.text[at + 1..] {
            _ if at + 1 == self.next_place => 1,
            [b'\r', b'\n', ..] => 3,
            _ => 2,
        };
        self.text.len().min(at + length)
    }

    /// Returns the same in a formatted string, where a brace can't be escaped, and `\N{DEGREE SIGN}` is no field.
    fn behind_escape_before_field(&self, at: usize, is_raw: bool) -> usize {
        let behind = &self.text[at + 1..];
        if matches!(behind, [b'{' | b'}', ..]) {
            return at + 1;
        }
        let named = behind.strip_prefix(b"N{").filter(|_| !is_raw && at + 2 != self.next_place).and_then(|name| {
            let length = name.iter().take_while(|byte| !b"{}'\"\r\n".contains(byte)).count();
            (name.get(length) == Some(&b'}')).then_some(length)
        });
        named.map_or_else(|| self.behind_escape(at), |length| at + 3 + length + 1)
    }
}
