//! Makes new inputs of old ones.

use fastrand::Rng;

/// Maximum size of an input.
const MAX_INPUT_BYTES: usize = 1 << 16;

/// Words that have surprised parsers.
const WORDS: [&str; 52] = [
    "0",
    "-0",
    "-1",
    "1e999",
    "-1e308",
    "1e-400",
    "0.1",
    "4294967296",
    "9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999999999999999999999",
    "NaN",
    "Infinity",
    "-Infinity",
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{202e}x\"",
    "\u{feff}",
    "\u{0}",
    "\u{7f}",
    "ÿ",
    "é",
    "\u{301}",
    "𝄞",
    "\r\n",
    "\r",
    "\n\n",
    "\t",
    ";",
    ",",
    "\"",
    "'",
    "\\",
    "%",
    "%00",
    "%ff",
    "..",
    "../",
    "=",
    "&amp;",
    "&#0;",
    "<![CDATA[",
    "<!--",
    "<!DOCTYPE a [<!ENTITY b \"c\">]>",
    "1,5",
    "1.234.567",
];

/// Beginnings of what nests.
const OPENINGS: [&str; 8] = ["[", "{\"a\":", "(", "<a>", "-", "!", "\"", "[{\"a\":["];

/// Mutates inputs, with the same random numbers for the same seed.
pub struct InputMutator {
    random: Rng,
    /// Strings, numbers and names of the corpus.
    words: Vec<Vec<u8>>,
}

impl InputMutator {
    /// Makes a mutator that also uses the words of these inputs.
    #[must_use]
    pub fn new(seed: u64, corpus: &[Vec<u8>]) -> Self {
        let mut words: Vec<Vec<u8>> = WORDS.iter().map(|word| word.as_bytes().to_vec()).collect();
        for input in corpus {
            words.extend(
                tokens(input).iter().map(|&(start, end)| input[start..end].to_vec()).filter(|word| word.len() < 80),
            );
        }
        words.sort();
        words.dedup();
        Self { random: Rng::with_seed(seed), words }
    }

    /// Makes an input of those of `pool`.
    pub fn mutated(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let Some(mut input) = self.random.choice(pool).cloned() else { return Vec::new() };
        let most = 1 << self.random.u32(..4);
        for _ in 0..=self.random.usize(..most) {
            let other = self.random.choice(pool).cloned().unwrap_or_default();
            self.mutate(&mut input, &other);
        }
        input.truncate(MAX_INPUT_BYTES);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>, other: &[u8]) {
        match self.random.u32(..13) {
            0 => {
                if let Some(at) = self.place(input.len()) {
                    input[at] ^= 1 << self.random.u32(..8);
                }
            }
            1 => {
                let at = self.random.usize(..=input.len());
                input.insert(at, self.random.u8(..));
            }
            2 => drop(input.drain(self.range(input.len()))),
            3 => input.truncate(self.random.usize(..=input.len())),
            4 => {
                let part = input[self.range(input.len())].to_vec();
                let at = self.random.usize(..=input.len());
                let most = 1 << self.random.u32(..9);
                let times = 1 + self.random.usize(..most);
                insert(input, at, &part.repeat(times));
            }
            5 => {
                let opening = self.random.choice(OPENINGS).unwrap_or("[");
                let at = self.token(input).map_or(0, |(start, _)| start);
                let times = 1 << self.random.u32(..14);
                insert(input, at, &opening.as_bytes().repeat(times));
            }
            6 | 7 => {
                if let Some((start, end)) = self.token(input) {
                    let word = self.word();
                    input.splice(start..end, word);
                }
            }
            8 => {
                let (at, word) = (self.token(input).map_or(0, |(start, _)| start), self.word());
                insert(input, at, &word);
            }
            9 => {
                // A part as a whole, in place of another one: an object, a list, an element, a row.
                if let (Some((start, end)), Some((from, to))) = (self.part(input), self.part(other)) {
                    input.splice(start..end, other[from..to].iter().copied());
                }
            }
            10 => {
                if let Some((start, end)) = self.part(input) {
                    let part = input[start..end].to_vec();
                    insert(input, end, &part);
                }
            }
            11 => {
                if let Some((start, end)) = self.part(input) {
                    input.drain(start..end);
                }
            }
            _ => {
                let (at, from) = (self.random.usize(..=input.len()), self.random.usize(..=other.len()));
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }

    fn word(&mut self) -> Vec<u8> {
        self.random.choice(&self.words).cloned().unwrap_or_default()
    }

    fn place(&mut self, length: usize) -> Option<usize> {
        (length > 0).then(|| self.random.usize(..length))
    }

    /// A short range more often than a long one.
    fn range(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.random.usize(..=length);
        let most = (length - start).min(1 << self.random.u32(..12));
        start..start + self.random.usize(..=most)
    }

    fn token(&mut self, input: &[u8]) -> Option<(usize, usize)> {
        let found = tokens(input);
        self.place(found.len()).map(|at| found[at])
    }

    /// A token, or from a bracket to the one that closes it, or a line.
    fn part(&mut self, input: &[u8]) -> Option<(usize, usize)> {
        let (start, end) = self.token(input)?;
        match input[start] {
            b'[' | b'{' | b'(' | b'<' => Some((start, closing(input, start))),
            _ if self.random.u32(..3) == 0 => {
                let line = input[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
                let end = input[end..].iter().position(|&byte| byte == b'\n').map_or(input.len(), |at| end + at + 1);
                Some((line, end))
            }
            _ => Some((start, end)),
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, part: &[u8]) {
    let room = MAX_INPUT_BYTES.saturating_sub(input.len());
    input.splice(at..at, part.iter().copied().take(room));
}

/// Divides an input into strings, words or numbers, and single other bytes; blanks are left out.
fn tokens(input: &[u8]) -> Vec<(usize, usize)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-') || byte >= 0x80;
    let (mut found, mut at) = (Vec::new(), 0);
    while at < input.len() {
        let start = at;
        at += 1;
        if input[start] == b'"' {
            while at < input.len() && input[at] != b'"' && input[at] != b'\n' {
                at += 1 + usize::from(input[at] == b'\\');
            }
            at = (at + 1).min(input.len());
        } else if is_word(input[start]) {
            while at < input.len() && is_word(input[at]) {
                at += 1;
            }
        }
        if !input[start].is_ascii_whitespace() {
            found.push((start, at));
        }
    }
    found
}

/// End of what the bracket at `start` opens, or of the input.
fn closing(input: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in input.iter().enumerate().skip(start) {
        match byte {
            b'[' | b'{' | b'(' | b'<' => depth += 1,
            b']' | b'}' | b')' | b'>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    input.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_tokens(input: &str, expected: &[&str]) {
        let found: Vec<&str> = tokens(input.as_bytes()).iter().map(|&(start, end)| &input[start..end]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_input_is_divided_as_a_reader_would() {
        check_tokens(r#"{"a\"b": -1.5e3}"#, &["{", r#""a\"b""#, ":", "-1.5e3", "}"]);
        check_tokens("<Key>a b</Key>", &["<", "Key", ">", "a", "b", "<", "/", "Key", ">"]);
        check_tokens("\"open\nx", &["\"open\n", "x"]);
        check_tokens("\"\\", &["\"\\"]);
    }

    #[test]
    fn a_bracket_is_followed_to_the_one_that_closes_it() {
        assert_eq!(closing(b"x[1, {2}]y", 1), 9);
        assert_eq!(closing(b"[[", 0), 2);
    }

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_seed_others() {
        let pool = vec![br#"{"a": [1, 2, {"b": "text"}]}"#.to_vec(), b"x,y\n1,2\n".to_vec()];
        let made = |seed| {
            let mut mutator = InputMutator::new(seed, &pool);
            (0..200).map(|_| mutator.mutated(&pool)).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        assert!(made(1).iter().all(|input| input.len() <= MAX_INPUT_BYTES));
    }
}
