//! Combining by itself: what a design says about the one file that is made when its batch is complete.

use serde::{Deserialize, Serialize};

use crate::model::ModelReference;

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
