//! Combining by itself: what a design says about the one file that is made when its batch is complete.

use serde::{Deserialize, Serialize};

use crate::model::ModelReference;
use crate::template::uses_name;

/// Maximum length of the ending of the file that is made, in characters.
const MAX_EXTENSION_CHARS: usize = 20;

/// Documents that are combined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CombinedInputs {
    /// The result documents of the cases.
    #[default]
    Results,
    /// The files that the cases produced.
    Files,
}

impl CombinedInputs {
    /// Returns its name in the protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Files => "files",
        }
    }
}

/// The script of a design file that combines: it is beside the file, unless its text stands here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CombineFile {
    /// The script's file name.
    pub file: String,
    /// The whole script, if the design holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What is combined.
    #[serde(default)]
    pub of: CombinedInputs,
    /// The ending of the file that is made, in place of the one that the script says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_extension: Option<String>,
}

/// Script that can't combine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CombineFileError {
    /// Only its name is known.
    #[error("choose {0} again: this design names the script that combines, and doesn't hold it")]
    NoText(String),
    /// It has nothing that a worker could call.
    #[error("there is no function combine(files, output) in {0}")]
    NoFunction(String),
    /// Nothing says how the file is called.
    #[error(
        "{0} doesn't say what the file's name ends with: write file_extension = \"csv\" into it, say, or name it here"
    )]
    NoExtension(String),
    /// The ending isn't one.
    #[error("`{0}` can't be the ending of a file: it has letters, digits, `-`, `_`, and points between them")]
    Extension(String),
}

impl CombineFile {
    /// Checks that it has what a worker will call and ask for, as far as its text tells.
    ///
    /// # Errors
    /// If its text is missing or has none of that, or the ending isn't one.
    pub fn check(&self) -> Result<(), CombineFileError> {
        let file = || self.file.clone();
        let code = self.text.as_deref().ok_or_else(|| CombineFileError::NoText(file()))?;
        if !has_combine_function(code) {
            return Err(CombineFileError::NoFunction(file()));
        }
        match &self.file_extension {
            Some(extension) if !is_file_extension(extension) => Err(CombineFileError::Extension(extension.clone())),
            None if !says_extension(code) => Err(CombineFileError::NoExtension(file())),
            _ => Ok(()),
        }
    }
}

/// Whether a script has a function that combines, as far as its text tells.
#[must_use]
pub fn has_combine_function(code: &str) -> bool {
    ["combine", "combine_data"].into_iter().any(|name| uses_name(code, name))
}

/// Whether a script says what the file's name ends with, as far as its text tells.
#[must_use]
pub fn says_extension(code: &str) -> bool {
    ["file_extension", "output_file"].into_iter().any(|name| uses_name(code, name))
}

/// Whether a text can be the ending of the file that is made: letters, digits, `-`, `_`, and points between them.
#[must_use]
pub fn is_file_extension(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part.chars().all(|char| char.is_ascii_alphanumeric() || "_-".contains(char))
    };
    text.len() <= MAX_EXTENSION_CHARS && text.split('.').all(is_part)
}

/// The script of a submitted design that combines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CombineReference {
    /// The script in the bucket.
    pub model: ModelReference,
    /// What is combined.
    #[serde(default)]
    pub of: CombinedInputs,
    /// The ending of the file that is made, in place of the one that the script says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_extension: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_refused_if_a_worker_could_not_call_it() {
        let script = |text: Option<&str>, extension: Option<&str>| {
            let (file, of) = ("combine.py".to_owned(), CombinedInputs::Results);
            let (text, file_extension) = (text.map(str::to_owned), extension.map(str::to_owned));
            CombineFile { file, text, of, file_extension }.check().err().map(|error| error.to_string())
        };
        let code = "def combine(files, output):\n    pass\n";
        assert_eq!(script(Some(code), Some("csv")), None);
        assert_eq!(script(Some(&format!("file_extension = 'csv'\n{code}")), None), None);
        assert_eq!(script(Some("def combine_data(files, output_file):\n    pass\n"), None), None);
        for (text, extension, words) in [
            (None, None, "choose combine.py again"),
            (Some(""), Some("csv"), "no function combine(files, output) in combine.py"),
            (Some(code), None, "combine.py doesn't say what the file's name ends with"),
            (Some(code), Some("../x"), "`../x` can't be the ending"),
            (Some(code), Some("a..b"), "`a..b` can't be the ending"),
            (Some(code), Some("an-ending-that-is-too-long"), "can't be the ending"),
        ] {
            let told = script(text, extension).unwrap_or_default();
            assert!(told.contains(words), "{told}");
        }
    }
}
