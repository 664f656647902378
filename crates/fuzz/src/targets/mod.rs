//! What is tried: one target a parser.

mod access;
mod answers;
mod documents;
mod legacy;
mod names;
mod results;
mod tables;

use std::fmt::{Debug, Display};

/// A parser, or several that read the same.
pub struct FuzzTarget {
    /// Its name, and that of its folder in the corpus.
    pub name: &'static str,
    /// Reads an input, writes what it has read and reads that, and names the kind of outcome. Panics if something is wrong.
    pub run: fn(&[u8]) -> String,
}

/// All targets.
pub const TARGETS: [FuzzTarget; 27] = [
    FuzzTarget { name: "access", run: access::access },
    FuzzTarget { name: "answer", run: answers::answer },
    FuzzTarget { name: "config", run: access::config },
    FuzzTarget { name: "constraint", run: names::constraint },
    FuzzTarget { name: "control", run: documents::control },
    FuzzTarget { name: "curves", run: results::curves },
    FuzzTarget { name: "design", run: tables::design },
    FuzzTarget { name: "design-document", run: documents::design_document },
    FuzzTarget { name: "error", run: documents::error },
    FuzzTarget { name: "filter", run: results::filter },
    FuzzTarget { name: "heartbeat", run: documents::heartbeat },
    FuzzTarget { name: "import", run: tables::import },
    FuzzTarget { name: "index", run: access::index },
    FuzzTarget { name: "key", run: names::key },
    FuzzTarget { name: "legacy", run: legacy::legacy },
    FuzzTarget { name: "link", run: access::link },
    FuzzTarget { name: "log", run: documents::log },
    FuzzTarget { name: "message", run: documents::message },
    FuzzTarget { name: "packed", run: answers::packed },
    FuzzTarget { name: "result", run: documents::result },
    FuzzTarget { name: "route", run: names::route },
    FuzzTarget { name: "rows", run: results::rows },
    FuzzTarget { name: "segment", run: documents::segment },
    FuzzTarget { name: "shelf", run: results::shelf },
    FuzzTarget { name: "snapshot", run: documents::snapshot },
    FuzzTarget { name: "table", run: tables::table },
    FuzzTarget { name: "zip", run: tables::zip },
];

/// Returns what the page would encode, for targets whose form changes with its version.
pub(crate) fn encoded(target: &str) -> Option<Vec<u8>> {
    match target {
        "shelf" => Some(results::encoded_chunk()),
        "snapshot" => Some(documents::encoded_snapshot()),
        _ => None,
    }
}

/// Separates the parts of an input that is several: a template and its parameters, an object and its key.
const SEPARATOR: u8 = 0x1e;

/// Divides an input into its parts.
fn parts(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|&byte| byte == SEPARATOR)
}

/// Names the kind of an outcome: without the numbers in it.
fn kind(outcome: &impl Debug) -> String {
    without_values(&format!("{outcome:?}"))
}

/// Names the kind of an error: how it begins, without what it quotes.
fn said(error: &impl Display) -> String {
    without_values(&error.to_string()).chars().filter(char::is_ascii).take(40).collect()
}

fn without_values(text: &str) -> String {
    let (mut kind, mut quoted_by) = (String::new(), None);
    for letter in text.chars().take(1_000) {
        match (quoted_by, letter) {
            (Some(mark), letter) => quoted_by = Some(mark).filter(|&mark| mark != letter),
            (None, '"' | '`') => quoted_by = Some(letter),
            (None, '0'..='9') if kind.ends_with('#') => {}
            (None, '0'..='9') => kind.push('#'),
            (None, letter) => kind.push(letter),
        }
    }
    kind
}

/// Names how many there are, roughly: a letter for each power of two.
fn about(count: usize) -> char {
    char::from_u32('a' as u32 + (usize::BITS - count.leading_zeros())).unwrap_or('z')
}
