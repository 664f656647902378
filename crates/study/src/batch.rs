//! The name of a batch: a group of cases.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A batch's path, such as `prandtl/level-03`.
///
/// It always has a valid form, so it can be part of a key as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Batch(String);

/// Maximum length of a batch's path, in characters.
pub const MAX_CHARS: usize = 200;

/// The beginnings of keys below `data/<batch>/`: no part of a batch may begin so, so that each key is read in one way only.
const RESERVED_PREFIXES: [&str; 4] = ["design-", "cases-", "done-", "error-"];

/// The reason why a text is no batch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// More than [`MAX_CHARS`] characters.
    #[error("a batch's name has at most {MAX_CHARS} characters, this one has {0}")]
    TooLong(usize),
    /// A part is empty.
    #[error("a batch's name can't have an empty part, before, between or after `/`")]
    EmptyPart,
    /// A part has a character that isn't allowed.
    #[error(
        "`{part}` can't be a part of a batch's name for {fault}: it has a to z, A to Z, 0 to 9, and from the second character on `.`, `_` and `-`"
    )]
    Character {
        /// The part.
        part: String,
        /// The first such character, in words.
        fault: String,
    },
    /// A part would make keys ambiguous.
    #[error("`{0}` can't be a part of a batch's name: `files`, `design-`, `cases-`, `done-` and `error-` are reserved")]
    Reserved(String),
}

impl Batch {
    /// Reads a batch's path.
    ///
    /// # Errors
    /// If it is too long, or a part of it isn't of the form that keys need.
    pub fn parse(path: &str) -> Result<Self, BatchError> {
        let chars = path.chars().count();
        if chars > MAX_CHARS {
            return Err(BatchError::TooLong(chars));
        }
        for part in path.split('/') {
            if part.is_empty() {
                return Err(BatchError::EmptyPart);
            }
            let is_allowed = |&(place, c): &(usize, char)| c.is_ascii_alphanumeric() || place > 0 && "._-".contains(c);
            if let Some((place, character)) = part.chars().enumerate().find(|character| !is_allowed(character)) {
                return Err(BatchError::Character { part: part.to_owned(), fault: fault(character, place) });
            }
            if part == "files" || RESERVED_PREFIXES.iter().any(|prefix| part.starts_with(prefix)) {
                return Err(BatchError::Reserved(part.to_owned()));
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a path is that of this batch or of a batch below it.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        path.strip_prefix(self.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Names a character at this place of a part as a fault.
fn fault(character: char, place: usize) -> String {
    match character {
        ' ' => "its space".to_owned(),
        _ if character.is_control() || character.is_whitespace() => format!("its {}", character.escape_default()),
        '.' | '_' | '-' if place == 0 => format!("its first character, `{character}`"),
        _ => format!("its `{character}`"),
    }
}

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Batch {
    type Error = BatchError;

    fn try_from(path: String) -> Result<Self, BatchError> {
        Self::parse(&path)
    }
}

impl From<Batch> for String {
    fn from(batch: Batch) -> Self {
        batch.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_parts_is_a_batch() {
        for path in ["prandtl", "prandtl/level-03", "A.1/b_2/c-3", "7"] {
            assert_eq!(Batch::parse(path).unwrap().as_str(), path);
        }
    }

    #[test]
    fn a_part_that_a_key_can_not_hold_is_refused() {
        for path in ["", "/", "a/", "/a", "a//b"] {
            assert_eq!(Batch::parse(path), Err(BatchError::EmptyPart), "{path}");
        }
        for (path, expected) in [
            ("a b", "its space"),
            ("Böschung", "its `ö`"),
            ("-a", "its first character, `-`"),
            ("a/../b", "its first character, `.`"),
            ("a\nb", "its \\n"),
        ] {
            match Batch::parse(path) {
                Err(BatchError::Character { fault, .. }) => assert_eq!(fault, expected),
                other => panic!("{path}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_part_that_makes_keys_ambiguous_is_refused() {
        for path in ["files", "a/files/b", "a/done-1", "error-", "a/design-x", "cases-1/b"] {
            assert!(matches!(Batch::parse(path), Err(BatchError::Reserved(_))), "{path}");
        }
        assert!(Batch::parse("file/abandoned-mine").is_ok());
    }

    #[test]
    fn a_batch_contains_itself_and_what_is_below_it() {
        let batch = Batch::parse("a/b").unwrap();
        for (path, is_inside) in [
            ("a/b", true),
            ("a/b/c", true),
            ("a/b/c/d", true),
            ("a/bc", false),
            ("a/b-c", false),
            ("a", false),
            ("x/a/b", false),
            ("", false),
        ] {
            assert_eq!(batch.contains(path), is_inside, "{path}");
        }
    }

    #[test]
    fn a_path_of_more_than_200_characters_is_refused() {
        assert!(Batch::parse(&"a".repeat(200)).is_ok());
        assert_eq!(Batch::parse(&"a".repeat(201)), Err(BatchError::TooLong(201)));
    }
}
