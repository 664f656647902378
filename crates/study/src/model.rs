//! The model: the parametric file that a worker runs.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Maximum size, in bytes, of a model that is chosen on the page, or held by a design file.
pub const MAX_MODEL_BYTES: u64 = 16 << 20;

/// The SHA-256 of a model file, as 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelDigest(String);

impl ModelDigest {
    /// The digest of a model file's content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(content) {
            // Writing to a string doesn't fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The way in which a worker runs the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    /// Executed by the worker's own Python.
    Python,
    /// Started as a process.
    Command,
    /// A command line, which stands in a [model document](crate::model_document::ModelDocument).
    CommandLine,
    /// A ZIP with files and a [model document](crate::model_document::ModelDocument).
    Bundle,
    /// A script in Python whose `combine(files, output)` makes one file of what the cases of a batch came to.
    Combine,
}

impl ModelKind {
    /// Returns its name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Command => "command",
            Self::CommandLine => "command_line",
            Self::Bundle => "bundle",
            Self::Combine => "combine",
        }
    }
}

/// The key of a model in the bucket, and the way in which it is run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReference {
    /// `models/<sha256>/<file name>`.
    pub key: String,
    /// The way in which a worker runs it.
    pub kind: ModelKind,
}

impl ModelReference {
    /// Makes the reference to the model with this content and file name; the key is made from both.
    #[must_use]
    pub fn new(digest: &ModelDigest, file_name: &str, kind: ModelKind) -> Self {
        Self { key: format!("models/{}/{file_name}", digest.as_str()), kind }
    }

    /// Reads digest and file name from the key of a model; `None` for any other key.
    #[must_use]
    pub fn parse_key(key: &str) -> Option<(ModelDigest, &str)> {
        let (digest, name) = key.strip_prefix("models/")?.split_once('/')?;
        let is_hex = digest.len() == 64 && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_name =
            !matches!(name, "" | "." | "..") && !name.contains(['/', '\\']) && !name.contains(char::is_control);
        (is_hex && is_name).then(|| (ModelDigest(digest.to_owned()), name))
    }

    /// The digest of its content, taken from its key.
    #[must_use]
    pub fn digest(&self) -> ModelDigest {
        ModelDigest(self.key.split('/').nth(1).unwrap_or_default().to_owned())
    }

    /// What it is called where people read it: its file name, but a command line has none of its own.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.kind == ModelKind::CommandLine { "a command" } else { self.file_name() }
    }

    /// The file name.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or(&self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_addressed_by_its_content() {
        let digest = ModelDigest::of(b"");
        let model = ModelReference::new(&digest, "footing.py", ModelKind::Python);
        assert_eq!(model.key, "models/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/footing.py");
        assert_eq!(model.file_name(), "footing.py");
        assert_eq!(model.digest(), digest);
        assert_eq!(ModelReference::parse_key(&model.key), Some((digest, "footing.py")));
    }

    #[test]
    fn what_is_no_model_s_key_is_none() {
        let digest = "0".repeat(64);
        for key in ["control.json", "models/00/a.py", "models//a.py", &format!("data/{digest}/a.py")] {
            assert_eq!(ModelReference::parse_key(key), None, "{key}");
        }
        for name in ["", ".", "..", "../a.py", "a/b.py", "a\\b.py", "a\n.py"] {
            assert_eq!(ModelReference::parse_key(&format!("models/{digest}/{name}")), None, "{name}");
        }
        assert_eq!(ModelReference::parse_key(&format!("models/{}/a.py", "A".repeat(64))), None);
    }
}
