//! Cases as their tables name them: inputs, before there is any result.

use cruncher_study::batch::Batch;
use cruncher_study::cases::DesignCases;

use crate::chunk::Chunk;

/// First bytes of the encoded form. The last two are its version; the bytes of a chunk follow.
const MAGIC: &[u8; 8] = b"crdsgn01";

/// Cases of a submission with their inputs. Of the other fields of a chunk only batch, case, level and replicate mean something.
#[derive(Debug, Clone, Default)]
pub struct DesignedCases(pub(crate) Chunk);

impl DesignedCases {
    /// Takes the cases of a design.
    #[must_use]
    pub fn of(batch: &Batch, cases: &DesignCases) -> Self {
        Self(Chunk::from_cases(batch, cases.iter()))
    }

    /// Encodes as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&MAGIC[..], &self.0.to_bytes()].concat()
    }

    /// Decodes bytes of [`Self::to_bytes`]; `None` if they are something else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Chunk::from_bytes(bytes.strip_prefix(MAGIC)?).map(Self)
    }
}
