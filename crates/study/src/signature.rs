//! Signatures, which group failures: type and message of the exception, and the lines of the model that it came through,
//! without parts that differ from attempt to attempt and mean nothing.
//!
//! `signature` in `worker/attach.py` is the other implementation; `signatures.json` among the golden files holds both to the
//! same results. All words are words of ASCII here: letters of other scripts separate them.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// The sign for a number, or for a name that is made up anew in each attempt.
const VARYING: &str = "#";

/// The text for a temporary folder.
const TEMPORARY: &str = "<temporary>";

/// The names of days and months in dates.
const DATE_NAMES: [&str; 19] = [
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
    "Oct", "Nov", "Dec",
];

/// The beginnings of names that Windows gives computers.
const WINDOWS_COMPUTERS: [&str; 3] = ["DESKTOP-", "LAPTOP-", "WIN-"];

/// Number of digits of each part of a UUID.
const UUID_DIGITS: [usize; 5] = [8, 4, 4, 4, 12];

/// Returns 16 hex digits of type, message and frames; a frame is a function of the model and a line of it. Each frame counts
/// once: the depth of a recursion says nothing about the reason of the failure.
#[must_use]
pub fn signature<'a>(exception: &str, message: &str, frames: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = format!("{exception}\n{}", without_varying(message));
    let mut known = BTreeSet::new();
    for (function, line) in frames.filter(|frame| known.insert(*frame)) {
        text.extend(["\n", function, "\n", line]);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(text)[..8]);
    format!("{:016x}", u64::from_be_bytes(first))
}

/// Returns the message with `#` for each number and each name that is made up anew, and without temporary folders. Several
/// spaces become one: numbers are often padded.
fn without_varying(message: &str) -> String {
    let mut text = without_folders(message);
    while text.contains("  ") {
        text = text.replace("  ", " ");
    }
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let end = varying_end(text.as_bytes(), at);
        if end > at {
            kept.push_str(VARYING);
        } else {
            kept.push(first);
        }
        at = end.max(at + first.len_utf8());
    }
    kept
}

/// Returns the end of the varying part that begins at `at`; `at` itself if none does.
fn varying_end(text: &[u8], at: usize) -> usize {
    let end = made_up_end(text, at);
    let is_sign = matches!(text.get(at), Some(b'+' | b'-'));
    if end > at || is_sign && made_up_end(text, at + 1) > at + 1 { end } else { at + number_bytes(&text[at..]) }
}

/// Returns the end of the made-up name that begins at `at`; `at` itself if none does.
fn made_up_end(text: &[u8], at: usize) -> usize {
    if at > 0 && text[at - 1].is_ascii_alphanumeric() {
        return at;
    }
    let rest = &text[at..];
    let kinds = [address_bytes, uuid_bytes, temporary_bytes, computer_bytes, random_bytes];
    let ends_word = |length: &usize| !rest.get(*length).is_some_and(u8::is_ascii_alphanumeric);
    let found = kinds.iter().filter_map(|kind| kind(rest)).find(ends_word);
    at + found.unwrap_or_else(|| date_name_bytes(text, at))
}

/// Number of bytes at the beginning for which `is_one` holds.
fn count(text: &[u8], is_one: impl Fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_one(byte)).count()
}

/// `0x7f3a`.
fn address_bytes(text: &[u8]) -> Option<usize> {
    let digits = count(text.strip_prefix(b"0x")?, u8::is_ascii_hexdigit);
    (digits > 0).then_some(2 + digits)
}

/// `9f86d081-884c-4d65-9a2f-eaa0c55ad015`.
fn uuid_bytes(text: &[u8]) -> Option<usize> {
    let mut end = 0;
    for digits in UUID_DIGITS {
        if end > 0 {
            end += usize::from(text.get(end) == Some(&b'-'));
        }
        let part = text.get(end..end + digits)?;
        if !part.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        end += digits;
    }
    (end == 36).then_some(end)
}

/// `tmpk3j2_1ab`, a name as Python's `tempfile` gives to files.
fn temporary_bytes(text: &[u8]) -> Option<usize> {
    let length = 3 + count(text.strip_prefix(b"tmp")?, |byte| is_of_tempfile(*byte));
    (length == 11).then_some(length)
}

fn is_of_tempfile(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

/// `DESKTOP-4F7G2K1`.
fn computer_bytes(text: &[u8]) -> Option<usize> {
    let (start, rest) =
        WINDOWS_COMPUTERS.iter().find_map(|start| Some((start.len(), text.strip_prefix(start.as_bytes())?)))?;
    let length = count(rest, |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    (7..=11).contains(&length).then_some(start + length)
}

/// A word that is a hash, or mixes letters and digits as ordinary names don't: with 3 changes between them or more.
fn random_bytes(text: &[u8]) -> Option<usize> {
    let word = &text[..count(text, u8::is_ascii_alphanumeric)];
    let mut letters: Vec<u8> = word.iter().copied().filter(u8::is_ascii_alphabetic).collect();
    if letters.is_empty() || letters.len() == word.len() {
        return None;
    }
    let is_hex = |from: u8, to: u8| letters.iter().all(|letter| (from..=to).contains(letter));
    let is_hash = word.len() >= 8 && (is_hex(b'a', b'f') || is_hex(b'A', b'F'));
    let is_lower = letters.iter().all(u8::is_ascii_lowercase);
    letters.sort_unstable();
    letters.dedup();
    let changes = word.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let is_mixed = word.len() >= 6 && changes >= 3 && letters.len() >= 3 && is_lower;
    (is_hash || is_mixed).then_some(word.len())
}

/// The name of a day or a month beside a number, or before another such name: 3 bytes, or else 0.
fn date_name_bytes(text: &[u8], at: usize) -> usize {
    let Some(rest) = after_date_name(&text[at..]) else { return 0 };
    let behind = &rest[count(rest, |byte| b" ,/-".contains(byte))..];
    let goes_on = behind.first().is_some_and(u8::is_ascii_digit) || after_date_name(behind).is_some();
    let follows = matches!(text[..at], [.., b'0'..=b'9', b' ' | b'/' | b'-']);
    if follows || behind.len() < rest.len() && goes_on { 3 } else { 0 }
}

/// Returns the text behind the name of a day or a month.
fn after_date_name(text: &[u8]) -> Option<&[u8]> {
    let rest = DATE_NAMES.iter().find_map(|name| text.strip_prefix(name.as_bytes()))?;
    (!rest.first().is_some_and(u8::is_ascii_alphanumeric)).then_some(rest)
}

/// Length of the number that a text begins with, its sign, point and exponent included; 0 if there is none.
fn number_bytes(text: &[u8]) -> usize {
    let digits = |from: usize| count(&text[from.min(text.len())..], u8::is_ascii_digit);
    let sign = |at: usize| usize::from(matches!(text.get(at), Some(b'+' | b'-')));
    let fraction = |at: usize| if text.get(at) == Some(&b'.') { digits(at + 1) } else { 0 };
    let start = sign(0);
    let mut end = start + digits(start);
    end += match fraction(end) {
        0 => 0,
        count => count + 1,
    };
    if end == start {
        return 0;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let first = end + 1 + sign(end + 1);
        if digits(first) > 0 {
            end = first + digits(first);
        }
    }
    end
}

/// Returns the message with each path from its temporary folder on: the folder's place and name differ in each attempt.
fn without_folders(message: &str) -> String {
    let is_between = |letter: char| " \t\n\r\u{c}\u{b}'\"`<>()[]{},;=|*?!".contains(letter);
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while !rest.is_empty() {
        let (path, behind) = rest.split_at(rest.find(is_between).unwrap_or(rest.len()));
        text.push_str(&without_folder(path).unwrap_or_else(|| path.to_owned()));
        let (between, behind) = behind.split_at(behind.find(|letter| !is_between(letter)).unwrap_or(behind.len()));
        text.push_str(between);
        rest = behind;
    }
    text
}

/// Returns the path from its temporary folder on, if it has one.
fn without_folder(path: &str) -> Option<String> {
    let bare = path.trim_end_matches(['.', ':']);
    let names = names(bare);
    let is_folder = |place: usize| {
        let name = names[place].to_ascii_lowercase();
        name == "tmp" || name == "temp" || place >= 4 && names[place - 4..place - 2] == ["var", "folders"]
    };
    let made_up = (0..names.len()).rfind(|place| is_made_up(names[*place]));
    let made_up = made_up.filter(|place| place + 1 < names.len() || names[*place].starts_with("cruncher-"));
    let first = match made_up {
        _ if names.len() < 2 => return None,
        Some(place) => place + 1,
        None => {
            let place = (0..names.len()).find(|place| is_folder(*place))?;
            // The name of a folder directly in a temporary folder is made up, too.
            if names.len() - place < 3 { place + 1 } else { place + 2 }
        }
    };
    let kept = names[first..].iter().flat_map(|name| ["/", name]);
    Some([TEMPORARY].into_iter().chain(kept).chain([&path[bare.len()..]]).collect())
}

/// Returns a path's names, the empty one before a first separator and behind a last one included.
fn names(path: &str) -> Vec<&str> {
    let is_separator = |letter| matches!(letter, '/' | '\\');
    let mut names: Vec<&str> = path.split(is_separator).collect();
    let count = names.len();
    let mut place = 0;
    names.retain(|name| {
        place += 1;
        !name.is_empty() || place == 1 || place == count
    });
    names
}

/// Whether a folder was named by Python's `tempfile`, for a worker or by default.
fn is_made_up(name: &str) -> bool {
    let random = name.strip_prefix("cruncher-").or_else(|| name.strip_prefix("tmp"));
    random.is_some_and(|random| random.len() == 8 && random.bytes().all(is_of_tempfile))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[test]
    fn signatures_are_those_of_the_golden_file() {
        #[derive(Deserialize)]
        struct Frame {
            function: String,
            line: String,
        }
        #[derive(Deserialize)]
        struct Golden {
            name: String,
            exception: String,
            message: String,
            frames: Vec<Frame>,
            normalised: String,
            signature: String,
        }
        let golden = include_str!("../../../tests/golden/signatures.json");
        let golden: Vec<Golden> = serde_json::from_str(golden).unwrap();
        assert!(golden.len() > 40);
        for case in golden {
            let frames = case.frames.iter().map(|frame| (&*frame.function, &*frame.line));
            assert_eq!(without_varying(&case.message), case.normalised, "{}", case.name);
            assert_eq!(signature(&case.exception, &case.message, frames), case.signature, "{}", case.name);
        }
    }

    proptest! {
        #[test]
        fn any_message_has_a_signature(message in any::<String>()) {
            prop_assert_eq!(signature("E", &message, std::iter::empty()).len(), 16);
        }

        #[test]
        fn a_message_of_what_matters_has_a_signature(
            message in "(/|\\\\|tmp|cruncher-|[a-f0-9]{8}|-|\\+|0x|Nov|[ .:']|var/folders|é|1e){0,12}",
        ) {
            let kept = without_varying(&message);
            prop_assert!(!kept.contains(|letter: char| letter.is_ascii_digit()), "{}", kept);
        }
    }
}
