//! What the study publishes of itself: where it is, and the sealed access.

use cruncher_sealing::{ACCESS_KEY, AccessDocument};
use cruncher_study::access::AccessKey;
use cruncher_study::config::{CONFIG_KEY, StudyConfig};
use gloo_net::http::Request;

/// The study, and how it is opened.
#[derive(Debug, Clone)]
pub(crate) struct PublishedStudy {
    /// Its name.
    pub(crate) name: String,
    /// Its bucket, which sealed access is bound to.
    pub(crate) bucket: String,
    /// The sealed access; `None` if a link alone opens it.
    pub(crate) document: Option<String>,
    /// The viewer's key, if anyone may look.
    pub(crate) public_viewer: Option<AccessKey>,
}

/// Reads what the study publishes.
///
/// # Errors
/// If it can't be read; in words.
pub(crate) async fn read() -> Result<PublishedStudy, String> {
    let config = fetch(CONFIG_KEY).await?.ok_or("There is no study at this address.")?;
    let config = StudyConfig::parse(&config).map_err(|error| error.to_string())?;
    let json = fetch(ACCESS_KEY).await?;
    let document = json.as_deref().map(AccessDocument::parse).transpose().map_err(|error| error.to_string())?;
    let has_passphrase = document.as_ref().is_some_and(|document| document.roles().next().is_some());
    Ok(PublishedStudy {
        name: config.study,
        bucket: config.bucket,
        document: json.filter(|_| has_passphrase).and_then(|json| String::from_utf8(json).ok()),
        public_viewer: document.and_then(|document| document.public_viewer),
    })
}

/// Reads an object beside the page; `None` if it isn't there.
async fn fetch(key: &str) -> Result<Option<Vec<u8>>, String> {
    let unreachable = |error: gloo_net::Error| format!("The study can't be reached: {error}.");
    let answer = Request::get(key).send().await.map_err(unreachable)?;
    match answer.status() {
        200 => answer.binary().await.map(Some).map_err(unreachable),
        // Without the right to list, S3 says so of objects that aren't there.
        403 | 404 => Ok(None),
        status => Err(format!("The study's cloud answered {status} for {key}.")),
    }
}
