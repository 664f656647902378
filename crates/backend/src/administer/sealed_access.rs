//! The sealed access of a study: passphrases are made, and who has one opens the page with it.

use bytes::Bytes;
use cruncher_aws::{Client, Error, s3};
use cruncher_sealing::{ACCESS_KEY, AccessDocument, OpenError, Passphrase, SealError};

use super::keys::RoleKeys;

/// Passphrases and randomness that access is sealed with.
pub struct AccessSealing<'a> {
    /// The passphrases.
    pub passphrases: &'a RolePassphrases,
    /// Fills bytes with random ones.
    pub random: &'a mut dyn FnMut(&mut [u8]),
}

/// The passphrases of the roles of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolePassphrases {
    /// The viewer's; `None` if anyone may look: then the viewer's key is published in the clear.
    pub viewer: Option<Passphrase>,
    /// The operator's.
    pub operator: Passphrase,
}

/// Sealed access that couldn't be made or read.
#[derive(Debug, thiserror::Error)]
pub enum SealedAccessError {
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
    /// It can't be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl SealedAccessError {
    /// Returns what may be done about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Aws(error) => error.advice(),
            Self::Seal(_) => "Close other programs: it takes some memory.",
            Self::Open(_) => "Use the version of cruncher that the study was configured with, or a newer one.",
        }
    }
}

/// Seals the access of the viewer and the operator with these passphrases, and publishes that in place of what was sealed before.
///
/// # Errors
/// If it can't be sealed, or the request fails.
pub async fn publish_access(
    client: &Client,
    bucket: &str,
    keys: &RoleKeys,
    AccessSealing { passphrases, random }: AccessSealing<'_>,
) -> Result<(), SealedAccessError> {
    let mut document = AccessDocument::new(random);
    document.seal(bucket, &keys.operator_access(), &passphrases.operator, random)?;
    match &passphrases.viewer {
        Some(passphrase) => document.seal(bucket, &keys.viewer_access(), passphrase, random)?,
        None => document.public_viewer = Some(keys.viewer.clone()),
    }
    Ok(put_access(client, bucket, &document).await?)
}

/// Publishes the document in place of what was sealed before.
///
/// # Errors
/// If the request fails.
pub async fn put_access(client: &Client, bucket: &str, document: &AccessDocument) -> Result<(), Error> {
    let put = s3::PutObject::new(bucket, ACCESS_KEY, document.to_json()).content_type("application/json");
    client.send(&put.cache_control("no-cache")).await?;
    Ok(())
}

/// Reads the sealed access of a study; `None` if it has none, as those that were launched by links alone.
///
/// # Errors
/// If the request fails, or it can't be read.
pub async fn read_access(client: &Client, bucket: &str) -> Result<Option<AccessDocument>, SealedAccessError> {
    let found: Bytes = match client.send(&s3::GetObject::new(bucket, ACCESS_KEY)).await {
        Ok(s3::FetchedObject::Object(object)) => object.body,
        Ok(s3::FetchedObject::NotModified) => return Ok(None),
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(AccessDocument::parse(&found)?))
}
