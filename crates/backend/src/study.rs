//! A study that has been launched, and the key to it.

use bytes::Bytes;
use cruncher_aws::{Answer, Client, Credentials, Endpoints, Error, Ports, TransportError};
use cruncher_study::access::AccessKey;
use cruncher_study::config::{CONFIG_KEY, ConfigError, StudyConfig};

/// A study and the key to it. Clones are cheap, and share the time that the client learns.
#[derive(Clone)]
pub struct Study {
    /// Client that sends its requests.
    pub client: Client,
    /// Addresses of its parts.
    pub config: StudyConfig,
}

/// A study whose configuration can't be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The page's own server didn't answer.
    #[error("{url} can't be reached")]
    Unreachable {
        /// The configuration's address.
        url: String,
        /// The transport's error.
        source: TransportError,
    },
    /// The server answered, but not with the configuration.
    #[error("{url} was answered with status {status}")]
    Status {
        /// The configuration's address.
        url: String,
        /// The answer's status.
        status: u16,
    },
    /// The configuration isn't one.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// Reason why a document that is there isn't read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadReason {
    /// It is larger than the limit for a document.
    #[error("it has more than the {max_bytes} bytes that are read")]
    TooLarge {
        /// Limit in bytes.
        max_bytes: u64,
    },
    /// It isn't such a document; in the parser's words.
    #[error("{0}")]
    Broken(String),
    /// The service doesn't hand it out; in its words.
    #[error("{0}")]
    Refused(String),
}

/// A document that can't be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The request failed.
    #[error(transparent)]
    Aws(#[from] Error),
    /// The object isn't the document that its key names.
    #[error("{key} can't be read")]
    Json {
        /// The object's key.
        key: String,
        /// The parser's error.
        source: serde_json::Error,
    },
    /// The object is larger than the limit for its kind.
    #[error("{key} has more than the {max_bytes} bytes that are read")]
    TooLarge {
        /// The object's key.
        key: String,
        /// Limit in bytes.
        max_bytes: u64,
    },
}

impl ReadError {
    /// Whether there is no such object.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Aws(error) if error.is_not_found())
    }

    /// Whether the next try may succeed: the request failed in passing. What an object holds stays as it is.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Aws(error) if error.kind().is_passing())
    }

    /// Returns the reason why the object isn't read, as it is shown beside its key; or the error of the request if that failed.
    pub(crate) fn unread(self) -> Result<UnreadReason, Error> {
        match self {
            Self::Aws(error) if error.is_about_resource() => Ok(UnreadReason::Refused(error.message().to_owned())),
            Self::Aws(error) => Err(error),
            Self::Json { source, .. } => Ok(UnreadReason::Broken(source.to_string())),
            Self::TooLarge { max_bytes, .. } => Ok(UnreadReason::TooLarge { max_bytes }),
        }
    }
}

impl Study {
    /// Returns the study that `config` describes, opened with `key`.
    #[must_use]
    pub fn new(ports: Ports, config: StudyConfig, key: &AccessKey) -> Self {
        let endpoints = Endpoints::new(&config.region, config.endpoint_url.clone());
        let credentials = Credentials::new(&key.key_id, &key.secret);
        Self { client: Client::new(ports, endpoints, Some(credentials)), config }
    }

    /// Returns a study of which no more is known than its bucket.
    #[must_use]
    pub fn of_bucket(client: Client, bucket: &str) -> Self {
        let (study, queue_url, dead_letter_queue_url) = <(String, String, String)>::default();
        let config = StudyConfig {
            v: cruncher_study::PROTOCOL_VERSION,
            study,
            region: client.endpoints().region.clone(),
            bucket: bucket.to_owned(),
            endpoint_url: None,
            queue_url,
            dead_letter_queue_url,
            lease_secs: 0,
            max_receives: None,
            outputs_limit_bytes: None,
            launch_time: 0.0,
            cruncher_version: String::new(),
        };
        Self { client, config }
    }

    /// Sets the study's clock to that of the server that sent `answer`.
    ///
    /// A browser hides why a signature with a wrong time is refused, so the time must be right before the first one.
    #[must_use]
    fn by_the_clock_of(self, answer: &Answer) -> Self {
        self.client.learn_time(answer);
        self
    }

    /// Returns the time by the servers' clock, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> f64 {
        self.client.now().as_secs_f64()
    }

    /// Returns the address to which a slash and a key are appended; anyone may read public objects below it.
    #[must_use]
    pub fn bucket_url(&self) -> String {
        self.client.endpoints().bucket_url(&self.config.bucket).trim_end_matches('/').to_owned()
    }
}

/// Opens the study whose page is at `page_url` with `key`.
///
/// # Errors
/// If there is no configuration beside the page.
pub async fn open(ports: Ports, page_url: &str, key: &AccessKey) -> Result<Study, OpenError> {
    let page = page_url.split(['#', '?']).next().unwrap_or_default();
    let folder = page.rsplit_once('/').map_or(page, |(folder, _)| folder);
    let url = format!("{folder}/{CONFIG_KEY}");
    let request = http::Request::get(&url).body(Bytes::new());
    let sent = match request {
        Ok(request) => ports.transport.send(request).await,
        Err(error) => Err(TransportError::new(error.to_string())),
    };
    let answer = sent.map_err(|source| OpenError::Unreachable { url: url.clone(), source })?;
    if answer.status() != http::StatusCode::OK {
        return Err(OpenError::Status { url, status: answer.status().as_u16() });
    }
    Ok(Study::new(ports, StudyConfig::parse(answer.body())?, key).by_the_clock_of(&answer))
}
