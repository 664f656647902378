//! Bringing back what was overwritten or deleted, as long as the bucket keeps it.

use cruncher_aws::s3::{ListVersions, ObjectVersion, RestoreVersion};
use cruncher_aws::{Client, Error};

/// Earlier version that can't be brought back.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// There is no such version of the object.
    #[error("there is no version {version_id} of {key}")]
    Unknown {
        /// Key of the object.
        key: String,
        /// Id of the version.
        version_id: String,
    },
    /// The version is a deletion.
    #[error("version {version_id} of {key} is its deletion")]
    Deletion {
        /// Key of the object.
        key: String,
        /// Id of the version.
        version_id: String,
    },
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// Returns the versions of an object and its deletions, the newest first, at most 1,000.
///
/// # Errors
/// If the request fails.
pub async fn versions(client: &Client, bucket: &str, key: &str) -> Result<Vec<ObjectVersion>, Error> {
    let mut versions = client.send(&ListVersions::new(bucket).prefix(key)).await?;
    versions.retain(|version| version.key == key);
    // Versions and deletions are listed one after the other. Of those of one second the listing's order holds.
    versions.sort_by_key(|version| (!version.is_latest, std::cmp::Reverse(version.last_modified)));
    Ok(versions)
}

/// Makes an earlier version what the object is now, and returns it. What it was until then is kept as a version, too.
///
/// # Errors
/// If there is no such version, it is a deletion, or a request fails.
pub async fn restore(
    client: &Client,
    bucket: &str,
    key: &str,
    version_id: &str,
) -> Result<ObjectVersion, RestoreError> {
    let named = || (key.to_owned(), version_id.to_owned());
    let mut versions = versions(client, bucket, key).await?.into_iter();
    let Some(version) = versions.find(|version| version.version_id == version_id) else {
        let (key, version_id) = named();
        return Err(RestoreError::Unknown { key, version_id });
    };
    if version.size_bytes.is_none() {
        let (key, version_id) = named();
        return Err(RestoreError::Deletion { key, version_id });
    }
    if !version.is_latest {
        client.send(&RestoreVersion::new(bucket, version.clone())).await?;
    }
    Ok(version)
}
