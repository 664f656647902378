//! Launching a study, and configuring one that was launched.

use cruncher_aws::cloudformation::{CreateStack, DescribeStack, StackDescription, StackUpdate, UpdateStack};
use cruncher_aws::{Client, Error, ErrorKind, s3, sqs};
use cruncher_study::PROTOCOL_VERSION;
use cruncher_study::config::{CONFIG_KEY, StudyConfig};

use super::keys;
use super::keys::RoleKeys;
use super::page::DashboardFiles;
use super::publish::{PublicScripts, publish};
use super::sealed_access::{AccessSealing, SealedAccessError, publish_access};
use super::stack::{
    EventLog, MissingOutput, StackCondition, StackError, StackFailure, StackOutputs, kept_parameters, stack_name,
};
use crate::progress::Progress;

/// Tag on all resources of a study.
pub const STUDY_TAG: &str = "cruncher:study";

/// Parameter of the stack that says whether requests without TLS are refused.
const REQUIRE_TLS: &str = "RequireTls";

/// Parameter of the template: whether the bucket lets nobody replace a model.
const REQUIRE_FIRST_WRITER: &str = "RequireFirstWriter";

/// Parameter of the template: whether the queue's limit of requests is by message group.
const HIGH_THROUGHPUT: &str = "HighThroughput";

/// Number of requests that the queue takes in a second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum QueueThroughput {
    /// 300 of each kind.
    #[default]
    Usual,
    /// As many as SQS takes of queues whose limit is by message group.
    High,
}

/// Lease of a queue that doesn't give its own, in seconds: SQS's default.
const DEFAULT_LEASE_SECS: u64 = 30;

/// Files that one version of Cruncher puts into a study.
#[derive(Debug, Clone, Copy)]
pub struct StudyRelease<'a> {
    /// The stack's template.
    pub template: &'a str,
    /// The dashboard.
    pub page: &'a DashboardFiles,
    /// The worker's file, and what boots computers of a fleet.
    pub scripts: PublicScripts<'a>,
    /// The version.
    pub version: &'a str,
}

/// A study that was launched.
#[derive(Debug, Clone, PartialEq)]
pub struct LaunchedStudy {
    /// Addresses of its parts.
    pub config: StudyConfig,
    /// The page's address over http.
    pub website_url: String,
    /// One key for each role.
    pub keys: RoleKeys,
    /// Whether the keys are accepted already; if not, they will be in a while.
    pub keys_are_accepted: bool,
}

/// A study that was configured.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfiguredStudy {
    /// Addresses of its parts.
    pub config: StudyConfig,
    /// The names of its parts.
    pub outputs: StackOutputs,
    /// The keys, if they were made: only if no role had one.
    pub new_keys: Option<RoleKeys>,
    /// Whether the new keys are accepted already.
    pub keys_are_accepted: bool,
}

/// A launch or a configuration that didn't succeed.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is a study of this name.
    #[error("study {study} exists already")]
    Exists {
        /// The study.
        study: String,
    },
    /// There is no study of this name.
    #[error("there is no study {study}")]
    Missing {
        /// The study.
        study: String,
    },
    /// Its stack is being changed.
    #[error("stack {stack} is being changed: {status}")]
    AtWork {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: String,
    },
    /// An earlier launch or clean-up failed.
    #[error("stack {stack} is left from an earlier attempt that failed: {status}")]
    Broken {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: String,
        /// Reason why that attempt failed.
        failure: Option<StackFailure>,
    },
    /// The stack failed.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The stack is no study's.
    #[error(transparent)]
    NoStudy(#[from] MissingOutput),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
    /// The stack is complete, but something after that failed.
    #[error("the stack of study {study} is complete, what comes after it is not")]
    Unfinished {
        /// The study.
        study: String,
        /// Failure of what comes after the stack.
        source: SealedAccessError,
    },
}

/// Creates a study's stack, its keys and its page, which opens with the passphrases that the keys are sealed with.
///
/// # Errors
/// If there is such a study, its stack fails, or a request does.
pub async fn launch(
    client: &Client,
    study: &str,
    (release, throughput): (StudyRelease<'_>, QueueThroughput),
    sealing: AccessSealing<'_>,
    progress: Progress<'_>,
) -> Result<LaunchedStudy, LaunchError> {
    let outputs = create(client, study, (release.template, throughput), progress).await?;
    let finish = async {
        let keys = first_keys(client, &outputs, progress).await?;
        let config = config(client, study, release.version, &outputs).await?;
        publish_access(client, &config.bucket, &keys, sealing).await?;
        publish(client, &config, release.page, release.scripts, progress).await?;
        let keys_are_accepted = keys::wait_until_accepted(client, &config, &keys.by_holder(), progress).await?;
        let website_url = outputs.website_url.clone();
        Ok(LaunchedStudy { config, website_url, keys, keys_are_accepted })
    };
    finish.await.map_err(|source| LaunchError::Unfinished { study: study.to_owned(), source })
}

async fn first_keys(client: &Client, outputs: &StackOutputs, progress: Progress<'_>) -> Result<RoleKeys, Error> {
    let new = keys::make(client, outputs, &keys::first_renewals(), progress).await?;
    Ok(RoleKeys::of(&new.made).expect("every holder was given a key"))
}

async fn create(
    client: &Client,
    study: &str,
    (template, throughput): (&str, QueueThroughput),
    progress: Progress<'_>,
) -> Result<StackOutputs, LaunchError> {
    let name = stack_name(study);
    if let Some(stack) = client.send(&DescribeStack::new(&name)).await? {
        return Err(occupied(client, study, &stack).await?);
    }
    let create = CreateStack::new(&name, template)
        .parameter("Study", study)
        .parameter(HIGH_THROUGHPUT, (throughput == QueueThroughput::High).to_string())
        .parameter(REQUIRE_TLS, requires_tls(client).to_string())
        .parameter(REQUIRE_FIRST_WRITER, requires_first_writer(client).to_string())
        .tag(STUDY_TAG, study);
    let id = match client.send(&create).await {
        Ok(id) => id,
        // Somebody else launched it in the meantime.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            return match client.send(&DescribeStack::new(&name)).await? {
                Some(stack) => Err(occupied(client, study, &stack).await?),
                None => Err(error.into()),
            };
        }
        Err(error) => return Err(error.into()),
    };
    EventLog::new(client, &name, &id).follow(progress).await?;
    let stack = client.send(&DescribeStack::new(&id)).await?;
    let stack = stack.ok_or_else(|| LaunchError::Missing { study: study.to_owned() })?;
    Ok(StackOutputs::of(&stack)?)
}

/// Returns the error that tells why a stack of this name is in the way.
async fn occupied(client: &Client, study: &str, stack: &StackDescription) -> Result<LaunchError, Error> {
    Ok(match unusable(client, stack).await? {
        Some(error) => error,
        None => LaunchError::Exists { study: study.to_owned() },
    })
}

async fn unusable(client: &Client, stack: &StackDescription) -> Result<Option<LaunchError>, Error> {
    let (name, status) = (stack.name.clone(), stack.status.clone());
    Ok(match StackCondition::of(&status) {
        StackCondition::Usable => None,
        StackCondition::AtWork => Some(LaunchError::AtWork { stack: name, status }),
        StackCondition::Broken => {
            let failure = EventLog::new(client, &name, &stack.id).explain().await?;
            Some(LaunchError::Broken { stack: name, status, failure })
        }
    })
}

/// Brings the stack, the page and the worker of a study up to this version. If no role has a key, since the launch broke off, they are
/// made and sealed. Without `outputs_limit_bytes` it stays as it was.
///
/// # Errors
/// If there is no such study, its stack can't be changed, or a request fails.
pub async fn configure(
    client: &Client,
    study: &str,
    release: StudyRelease<'_>,
    sealing: AccessSealing<'_>,
    outputs_limit_bytes: Option<u64>,
    progress: Progress<'_>,
) -> Result<ConfiguredStudy, LaunchError> {
    let outputs = update(client, study, release.template, progress).await?;
    // A stack whose template hasn't changed isn't updated, whatever somebody has done to its bucket by hand.
    client.send(&cors(&outputs.bucket)).await?;
    let needs_keys = keys::are_missing(client, &outputs).await?;
    let now = config(client, study, release.version, &outputs).await?;
    let config = match earlier_config(client, &outputs.bucket).await? {
        Some(earlier) => StudyConfig {
            launch_time: earlier.launch_time,
            outputs_limit_bytes: outputs_limit_bytes.or(earlier.outputs_limit_bytes),
            ..now
        },
        None => StudyConfig { outputs_limit_bytes, ..now },
    };
    let new_keys = if needs_keys { Some(first_keys(client, &outputs, progress).await?) } else { None };
    if let Some(keys) = &new_keys {
        let published = publish_access(client, &config.bucket, keys, sealing).await;
        published.map_err(|source| LaunchError::Unfinished { study: study.to_owned(), source })?;
    }
    publish(client, &config, release.page, release.scripts, progress).await?;
    let keys_are_accepted = match &new_keys {
        Some(keys) => keys::wait_until_accepted(client, &config, &keys.by_holder(), progress).await?,
        None => true,
    };
    Ok(ConfiguredStudy { config, outputs, new_keys, keys_are_accepted })
}

/// Finds the names of a study's parts.
///
/// # Errors
/// If there is no such study, its stack isn't complete, or a request fails.
pub async fn find_outputs(client: &Client, study: &str) -> Result<StackOutputs, LaunchError> {
    Ok(StackOutputs::of(&find(client, study).await?)?)
}

/// Whether the study's cloud is spoken to by TLS: AWS always is, a cloud of one's own may have none.
fn requires_tls(client: &Client) -> bool {
    client.endpoints().endpoint_url.as_deref().is_none_or(|url| url.starts_with("https://"))
}

/// Whether the study's cloud knows `s3:if-none-match` in a policy: AWS does; where it is unknown, every model would be refused.
fn requires_first_writer(client: &Client) -> bool {
    client.endpoints().endpoint_url.is_none()
}

/// Rules of the bucket for pages of other origins, as the template has them: the page may be opened from another address than that of
/// the bucket's API.
fn cors(bucket: &str) -> s3::PutBucketCors {
    let methods = ["GET", "HEAD", "PUT", "POST", "DELETE"];
    s3::PutBucketCors::any_origin(bucket, &methods, &["ETag", "Date", "x-amz-request-id"], 3_600)
}

async fn update(
    client: &Client,
    study: &str,
    template: &str,
    progress: Progress<'_>,
) -> Result<StackOutputs, LaunchError> {
    let stack = find(client, study).await?;
    let mut log = EventLog::from_now_on(client, &stack).await?;
    let mut update = UpdateStack::new(&stack.name, template).tag(STUDY_TAG, study);
    let mut parameters = kept_parameters(template, &stack.parameters);
    parameters.insert(REQUIRE_TLS.to_owned(), requires_tls(client).to_string());
    parameters.insert(REQUIRE_FIRST_WRITER.to_owned(), requires_first_writer(client).to_string());
    for (name, value) in parameters {
        update = update.parameter(name, value);
    }
    if client.send(&update).await? == StackUpdate::NothingToDo {
        return Ok(StackOutputs::of(&stack)?);
    }
    log.follow(progress).await?;
    Ok(StackOutputs::of(&find(client, study).await?)?)
}

async fn find(client: &Client, study: &str) -> Result<StackDescription, LaunchError> {
    let stack = describe(client, study).await?;
    match unusable(client, &stack).await? {
        Some(error) => Err(error),
        None => Ok(stack),
    }
}

async fn describe(client: &Client, study: &str) -> Result<StackDescription, LaunchError> {
    let stack = client.send(&DescribeStack::new(stack_name(study))).await?;
    stack.ok_or_else(|| LaunchError::Missing { study: study.to_owned() })
}

/// Makes the configuration of a study from the outputs of its stack, for those who have the account's own key. It is also
/// available while the stack is being changed.
///
/// # Errors
/// If there is no such study, it was never complete, or a request fails.
pub async fn find_config(client: &Client, study: &str, version: &str) -> Result<StudyConfig, LaunchError> {
    let stack = describe(client, study).await?;
    match StackOutputs::of(&stack) {
        Ok(outputs) => Ok(config(client, study, version, &outputs).await?),
        Err(missing) => Err(unusable(client, &stack).await?.unwrap_or(LaunchError::NoStudy(missing))),
    }
}

async fn config(client: &Client, study: &str, version: &str, outputs: &StackOutputs) -> Result<StudyConfig, Error> {
    let queue = client.send(&sqs::GetQueueAttributes::new(&outputs.queue_url)).await?;
    let lease_secs = queue.visibility_timeout_secs.unwrap_or(DEFAULT_LEASE_SECS);
    Ok(StudyConfig {
        v: PROTOCOL_VERSION,
        study: study.to_owned(),
        region: client.endpoints().region.clone(),
        bucket: outputs.bucket.clone(),
        endpoint_url: client.endpoints().endpoint_url.clone(),
        queue_url: outputs.queue_url.clone(),
        dead_letter_queue_url: outputs.dead_letter_queue_url.clone(),
        lease_secs: u32::try_from(lease_secs).unwrap_or(u32::MAX),
        max_receives: queue.max_receives(),
        outputs_limit_bytes: None,
        launch_time: client.now().as_secs_f64(),
        cruncher_version: version.to_owned(),
    })
}

/// Returns the time at which the study was launched, as its published configuration says; now, if there is none. What [`find_config`]
/// returns has the present time in its place.
///
/// # Errors
/// If the request fails.
pub async fn launch_time(client: &Client, bucket: &str) -> Result<f64, Error> {
    let now = client.now().as_secs_f64();
    Ok(earlier_config(client, bucket).await?.map_or(now, |config| config.launch_time))
}

/// Returns the study's earlier configuration, which holds what no stack tells; `None` if there is none that can be read.
async fn earlier_config(client: &Client, bucket: &str) -> Result<Option<StudyConfig>, Error> {
    match client.send(&s3::GetObject::new(bucket, CONFIG_KEY)).await {
        Ok(s3::FetchedObject::Object(object)) => Ok(StudyConfig::parse(&object.body).ok()),
        Ok(s3::FetchedObject::NotModified) => Ok(None),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}
