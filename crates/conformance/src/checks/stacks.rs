//! Stacks. The local cloud makes them at once; on AWS these checks would have to wait longer.

use std::collections::BTreeMap;
use std::time::Duration;

use cruncher_aws::cloudformation::{
    CreateStack, DeleteStack, DescribeStack, DescribeStackEvents, StackDescription, StackUpdate, UpdateStack,
};
use cruncher_aws::{Client, ErrorKind};

use crate::cloud::CheckedCloud;
use crate::failure::{CheckFailure, equal, holds, refused};

/// A queue whose time can be set; the comment makes sure that any character passes through the form unharmed.
const TEMPLATE: &str = r#"
# + & = % ä "quoted" <tag>
Parameters:
  Timeout: {Type: Number, Default: 30}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: !Ref Timeout}
Outputs:
  Address: {Value: !Ref Queue}
  Text: {Value: "a & b <c> ä"}
"#;

const BUCKET_TEMPLATE: &str = "
Resources:
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain, UpdateReplacePolicy: Retain}
Outputs:
  Name: {Value: !Ref Bucket}
";

/// The second queue breaks the rules.
const FAILING_TEMPLATE: &str = "
Resources:
  Right: {Type: AWS::SQS::Queue}
  Wrong: {Type: AWS::SQS::Queue, DependsOn: Right, Properties: {VisibilityTimeout: 99999999}}
";

const BUCKET_STACK: &str = "cruncher-conformance-bucket";

/// Polls the stack until nothing is under way.
async fn settled(client: &Client, name: &str) -> Result<Option<StackDescription>, CheckFailure> {
    for _ in 0..600 {
        let stack = client.send(&DescribeStack::new(name)).await?;
        if !stack.as_ref().is_some_and(StackDescription::is_in_progress) {
            return Ok(stack);
        }
        client.ports().sleep.sleep(Duration::from_millis(100)).await;
    }
    Err(CheckFailure::new(format!("stack {name} doesn't settle")))
}

async fn existing(client: &Client, name: &str) -> Result<StackDescription, CheckFailure> {
    settled(client, name).await?.ok_or_else(|| CheckFailure::new(format!("stack {name} is missing")))
}

async fn deleted(client: &Client, name: &str) -> Result<(), CheckFailure> {
    client.send(&DeleteStack::new(name)).await?;
    equal("the deleted stack", &settled(client, name).await?, &None)
}

pub(super) async fn a_stack_lives_and_dies(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, name) = (cloud.administrator(), "cruncher-conformance-life");
    let create = CreateStack::new(name, TEMPLATE).parameter("Timeout", "40").tag("cruncher:study", "a & b");
    let id = client.send(&create).await?;
    let stack = existing(&client, name).await?;
    equal("id", &stack.id, &id)?;
    equal("name", &stack.name.as_str(), &name)?;
    equal("status", &stack.status.as_str(), &"CREATE_COMPLETE")?;
    equal("text", &stack.outputs.get("Text").map(String::as_str), &Some("a & b <c> ä"))?;
    equal("parameters", &stack.parameters, &BTreeMap::from([("Timeout".to_owned(), "40".to_owned())]))?;

    let events = client.send(&DescribeStackEvents::new(name)).await?.events;
    let of_queue: Vec<&str> = events
        .iter()
        .filter(|event| event.logical_id == "Queue" && event.resource_type == "AWS::SQS::Queue")
        .map(|event| event.status.as_str())
        .collect();
    equal("events of the queue, the latest first", &of_queue, &vec!["CREATE_COMPLETE", "CREATE_IN_PROGRESS"])?;
    holds("times go back", || events.is_sorted_by(|later, earlier| later.time >= earlier.time))?;
    let newest = events.first().ok_or_else(|| CheckFailure::new("no events"))?;
    let age_secs = client.now().abs_diff(newest.time).as_secs();
    holds("it happened just now", || age_secs < 60)?;

    let update = |timeout: &str| UpdateStack::new(name, TEMPLATE).parameter("Timeout", timeout);
    equal(
        "the same again",
        &client.send(&update("40").tag("cruncher:study", "a & b")).await?,
        &StackUpdate::NothingToDo,
    )?;
    equal("a change", &client.send(&update("50")).await?, &StackUpdate::Begun)?;
    let stack = existing(&client, name).await?;
    equal("status", &stack.status.as_str(), &"UPDATE_COMPLETE")?;
    equal("timeout", &stack.parameters.get("Timeout").map(String::as_str), &Some("50"))?;
    deleted(&client, name).await
}

pub(super) async fn an_existing_stack_is_a_conflict(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let error = refused("a second one", client.send(&CreateStack::new(cloud.stack(), TEMPLATE)).await)?;
    equal("kind", &error.kind(), &ErrorKind::Conflict)?;
    equal("code", &error.code(), &Some("AlreadyExistsException"))?;
    let stack = existing(&client, cloud.stack()).await?;
    equal("the study's bucket", &stack.outputs.get("BucketName").map(String::as_str), &Some(cloud.bucket()))
}

pub(super) async fn a_missing_stack_is_none(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let name = "cruncher-conformance-missing";
    equal("stack", &client.send(&DescribeStack::new(name)).await?, &None)?;
    // It is no error to delete a stack that isn't there.
    client.send(&DeleteStack::new(name)).await?;
    refused("its events", client.send(&DescribeStackEvents::new(name)).await)?;
    refused("an update", client.send(&UpdateStack::new(name, TEMPLATE)).await)?;
    Ok(())
}

/// Checks that the first failed event tells why a stack was rolled back.
pub(super) async fn a_failed_stack_is_explained(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, name) = (cloud.administrator(), "cruncher-conformance-failing");
    client.send(&CreateStack::new(name, FAILING_TEMPLATE)).await?;
    let stack = existing(&client, name).await?;
    equal("status", &stack.status.as_str(), &"ROLLBACK_COMPLETE")?;
    let events = client.send(&DescribeStackEvents::new(name)).await?.events;
    let failed = events.iter().rev().find(|event| event.status == "CREATE_FAILED");
    let failed = failed.ok_or_else(|| CheckFailure::new("no event tells of a failure"))?;
    equal("what failed", &failed.logical_id.as_str(), &"Wrong")?;
    holds("it says why", || failed.reason.as_ref().is_some_and(|reason| !reason.is_empty()))?;
    deleted(&client, name).await
}

/// Makes a bucket by a stack that keeps it, and returns its name.
pub(super) async fn make_a_bucket(cloud: &CheckedCloud) -> Result<String, CheckFailure> {
    let client = cloud.administrator();
    client.send(&CreateStack::new(BUCKET_STACK, BUCKET_TEMPLATE)).await?;
    let mut stack = existing(&client, BUCKET_STACK).await?;
    stack.outputs.remove("Name").ok_or_else(|| CheckFailure::new("the stack doesn't name its bucket"))
}

pub(super) async fn forget_the_bucket(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    deleted(&cloud.administrator(), BUCKET_STACK).await
}
