//! The document of a case, as it is stored and in the form of the protocol.

use bytes::Bytes;

/// The document of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseDocument {
    /// The object's key.
    pub key: String,
    /// Content as it is stored.
    pub stored: Bytes,
    /// The same in the protocol's form, which differs if the predecessor has written it.
    pub json: Bytes,
}
