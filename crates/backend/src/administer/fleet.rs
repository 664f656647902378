//! Fleets: for each pool a stack of its own with a group of computers, which grows and ends by itself.

use std::collections::BTreeMap;

use cruncher_aws::autoscaling::{DescribeGroups, ScalingGroup, SetDesiredCapacity, UpdateGroup};
use cruncher_aws::cloudformation::{CreateStack, DeleteStack, DescribeStack, StackUpdate, UpdateStack};
use cruncher_aws::{Error, ErrorKind, s3};
use cruncher_study::config::CONFIG_KEY;
use cruncher_study::fleet_setup::FleetSetup;
use cruncher_study::model::{ModelDigest, ModelKind, ModelReference};
use cruncher_study::pool::{Pool, queues, shown};
use cruncher_study::shown_text::visible_lines;

use super::launch::STUDY_TAG;
use super::stack::{EventLog, StackCondition, StackError, kept_parameters, stack_name};
use crate::progress::Progress;
use crate::study::{ReadError, Study};

/// Number of instances that a new fleet begins with, if nobody says another.
pub const FIRST_INSTANCES: u32 = 1;

/// Maximum of a new fleet, if nobody says another.
pub const FIRST_MAX_INSTANCES: u32 = 2;

/// Size of the largest log of a set-up that is read.
const MAX_LOG_BYTES: u64 = 1 << 20;

/// A fleet: the computers of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetState {
    /// The pool's name; `main` for the study's own queue.
    pub pool: String,
    /// Its group.
    pub group: ScalingGroup,
}

/// The way in which a fleet is started.
#[derive(Debug, Clone, Default)]
pub struct FleetOrder<'a> {
    /// The pool that its workers serve; `None` for the study's own queue.
    pub pool: Option<&'a Pool>,
    /// Parameters of the template that somebody has chosen. The others stay as they were, or are the template's.
    pub parameters: BTreeMap<String, String>,
    /// File name and content of the install script, if there is one.
    pub install: Option<(&'a str, &'a [u8])>,
    /// Number of instances that there shall be now; `None` leaves a fleet that is there as it is.
    pub start: Option<u32>,
    /// Maximum number of instances; `None` leaves a fleet that is there as it is.
    pub max: Option<u32>,
}

/// A fleet that can't be changed.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// There is none.
    #[error("pool {pool} has no fleet")]
    Missing {
        /// The pool.
        pool: String,
    },
    /// More instances were asked for than it may have.
    #[error("the fleet of pool {pool} has at most {max} instances")]
    TooMany {
        /// The pool.
        pool: String,
        /// Its maximum.
        max: u32,
    },
    /// Its stack is being changed, or a change has failed.
    #[error("stack {stack} is {status}")]
    Unusable {
        /// The stack's name.
        stack: String,
        /// Its status.
        status: String,
    },
    /// A change of its stack failed.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// A request failed.
    #[error(transparent)]
    Aws(#[from] Error),
}

/// Returns the name of a fleet's stack, which is also that of its group.
#[must_use]
pub fn fleet_name(study: &str, pool: &str) -> String {
    format!("{}-Fleet-{pool}", stack_name(study))
}

/// Looks at the fleets of a study.
///
/// # Errors
/// If a request fails.
pub async fn fleets(study: &Study) -> Result<Vec<FleetState>, Error> {
    let name = &study.config.study;
    let (mut found, mut next) = (Vec::new(), DescribeGroups::tagged(STUDY_TAG, name));
    loop {
        let page = study.client.send(&next).await?;
        found.extend(page.groups.into_iter().filter_map(|group| {
            let pool = group.name.strip_prefix(&fleet_name(name, ""))?.to_owned();
            Some(FleetState { pool, group })
        }));
        match page.next {
            Some(token) => next = DescribeGroups::tagged(STUDY_TAG, name).from(token),
            None => return Ok(found),
        }
    }
}

/// Looks at the fleet of a pool.
///
/// # Errors
/// If there is none, or a request fails.
pub async fn fleet(study: &Study, pool: Option<&Pool>) -> Result<FleetState, FleetError> {
    let found = fleets(study).await?.into_iter().find(|fleet| fleet.pool == shown(pool));
    found.ok_or_else(|| FleetError::Missing { pool: shown(pool).to_owned() })
}

/// Gives a fleet another number of instances, within its maximum.
///
/// # Errors
/// If its maximum is lower, or a request fails.
pub async fn resize(study: &Study, fleet: &FleetState, desired: u32) -> Result<(), FleetError> {
    let max = fleet.group.max;
    if desired > max {
        return Err(FleetError::TooMany { pool: fleet.pool.clone(), max });
    }
    Ok(study.client.send(&SetDesiredCapacity::new(&fleet.group.name, desired)).await?)
}

/// Creates the stack of a fleet, or changes it, and begins with some instances. The output says whether there was none before.
///
/// # Errors
/// If the stack can't be changed, or a request fails.
pub async fn start(
    study: &Study,
    template: &str,
    order: &FleetOrder<'_>,
    progress: Progress<'_>,
) -> Result<bool, FleetError> {
    let stack = fleet_name(&study.config.study, shown(order.pool));
    let known = study.client.send(&DescribeStack::new(&stack)).await?;
    let sizes = match &known {
        None => (Some(order.start.unwrap_or(FIRST_INSTANCES)), Some(order.max.unwrap_or(FIRST_MAX_INSTANCES))),
        Some(known) if StackCondition::of(&known.status) != StackCondition::Usable => {
            return Err(FleetError::Unusable { stack, status: known.status.clone() });
        }
        Some(_) => (order.start, order.max),
    };
    check_sizes(study, order, sizes).await?;
    let mut parameters = own_parameters(study, order, sizes);
    if let Some((name, content)) = order.install {
        parameters.insert("InstallKey".to_owned(), upload(study, name, content).await?);
    }
    let Some(known) = known else {
        let mut create = CreateStack::new(&stack, template).tag(STUDY_TAG, &study.config.study);
        for (name, value) in parameters {
            create = create.parameter(name, value);
        }
        let id = study.client.send(&create).await?;
        EventLog::new(&study.client, &stack, &id).follow(progress).await?;
        return Ok(true);
    };
    let mut log = EventLog::from_now_on(&study.client, &known).await?;
    let mut update = UpdateStack::new(&stack, template).tag(STUDY_TAG, &study.config.study);
    for (name, value) in
        kept_parameters(template, &known.parameters).into_iter().chain(parameters).collect::<BTreeMap<_, _>>()
    {
        update = update.parameter(name, value);
    }
    if study.client.send(&update).await? != StackUpdate::NothingToDo {
        log.follow(progress).await?;
    }
    // The size of a group that is there is nothing that its stack changes. What isn't asked for stays as scaling has left it.
    let (desired, max) = sizes;
    if desired.is_some() || max.is_some() {
        study.client.send(&UpdateGroup::new(&stack, max, desired)).await?;
    }
    Ok(false)
}

/// Checks that a fleet may have as many instances as are asked for, also if its maximum stays what it is.
async fn check_sizes(
    study: &Study,
    order: &FleetOrder<'_>,
    sizes: (Option<u32>, Option<u32>),
) -> Result<(), FleetError> {
    let (Some(desired), max) = sizes else { return Ok(()) };
    let max = match max {
        Some(max) => max,
        None => fleet(study, order.pool).await?.group.max,
    };
    if desired > max {
        return Err(FleetError::TooMany { pool: shown(order.pool).to_owned(), max });
    }
    Ok(())
}

fn own_parameters(
    study: &Study,
    order: &FleetOrder<'_>,
    (desired, max): (Option<u32>, Option<u32>),
) -> BTreeMap<String, String> {
    let config = &study.config;
    let queue_url = queues(config, order.pool).queue_url;
    let mut parameters = order.parameters.clone();
    let mut set = |name: &str, value: String| drop(parameters.insert(name.to_owned(), value));
    set("Study", config.study.clone());
    set("Pool", shown(order.pool).to_owned());
    set("Bucket", config.bucket.clone());
    set("QueueName", queue_url.rsplit('/').next().unwrap_or_default().to_owned());
    set("ConfigUrl", format!("{}/{CONFIG_KEY}", study.bucket_url()));
    // Clouds of one's own know no metric math.
    set("Scales", config.endpoint_url.is_none().to_string());
    for (name, size) in [("StartInstances", desired), ("MaxInstances", max)] {
        if let Some(size) = size {
            set(name, size.to_string());
        }
    }
    parameters
}

/// Puts an install script where computers may read it, and returns its key. It is the same object as before if it has the same content.
async fn upload(study: &Study, name: &str, content: &[u8]) -> Result<String, Error> {
    let key = ModelReference::new(&ModelDigest::of(content), name, ModelKind::Command).key;
    let put = s3::PutObject::new(&study.config.bucket, &key, content.to_vec()).if_none_match_any();
    match study.client.send(&put).await {
        Err(error) if !error.is_precondition_failed() && error.kind() != ErrorKind::Conflict => Err(error),
        Ok(_) | Err(_) => Ok(key),
    }
}

/// Ends the instances of a fleet, and deletes all that belongs to it.
///
/// # Errors
/// If there is none, its stack can't be deleted, or a request fails.
pub async fn stop(study: &Study, pool: Option<&Pool>, progress: Progress<'_>) -> Result<(), FleetError> {
    let stack = fleet_name(&study.config.study, shown(pool));
    let known = study.client.send(&DescribeStack::new(&stack)).await?;
    let known = known.ok_or_else(|| FleetError::Missing { pool: shown(pool).to_owned() })?;
    let mut log = EventLog::from_now_on(&study.client, &known).await?;
    study.client.send(&DeleteStack::new(&known.id)).await?;
    Ok(log.follow(progress).await?)
}

/// Reads what a computer has printed while it was set up; empty if it has printed nothing.
///
/// # Errors
/// If the request fails, or it is far longer than what a computer writes.
pub async fn setup_log(study: &Study, host: &str) -> Result<String, ReadError> {
    match study.read(&FleetSetup::log_key(host), MAX_LOG_BYTES).await {
        Ok(body) => Ok(visible_lines(&String::from_utf8_lossy(&body))),
        Err(error) if error.is_not_found() => Ok(String::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::testing::TestCloud;

    #[test]
    fn the_same_script_is_put_once() {
        let (cloud, study) = TestCloud::study();
        let put = || block_on(upload(&study, "install.sh", b"echo\n")).expect("a key");
        assert_eq!(put(), put(), "the second is refused by S3 with status 412");
        assert_eq!(cloud.objects.lock().expect("objects").len(), 1);
    }
}
