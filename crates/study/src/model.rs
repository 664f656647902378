//! The model: the parametric file that a worker runs.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The largest model that is chosen on the page, or held by a design file.
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

/// How a worker runs the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Executed by the worker's own Python.
    Python,
    /// Started as a process.
    Command,
}

/// Where a model lies in the bucket, and how it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// `models/<sha256>/<file name>`.
    pub key: String,
    /// How a worker runs it.
    pub kind: ModelKind,
}

impl Model {
    /// The model with this content and file name; the key is made from both.
    #[must_use]
    pub fn new(digest: &ModelDigest, file_name: &str, kind: ModelKind) -> Self {
        Self { key: format!("models/{}/{file_name}", digest.as_str()), kind }
    }

    /// The digest of its content, as its key says.
    #[must_use]
    pub fn digest(&self) -> ModelDigest {
        ModelDigest(self.key.split('/').nth(1).unwrap_or_default().to_owned())
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
        let model = Model::new(&digest, "footing.py", ModelKind::Python);
        assert_eq!(model.key, "models/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/footing.py");
        assert_eq!(model.file_name(), "footing.py");
        assert_eq!(model.digest(), digest);
    }
}
