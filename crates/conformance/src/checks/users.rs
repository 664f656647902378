//! Access keys.

use cruncher_aws::Credentials;
use cruncher_aws::iam::{CreateAccessKey, DeleteAccessKey, ListAccessKeys};
use cruncher_aws::s3::GetObject;

use crate::cloud::CheckedCloud;
use crate::failure::{CheckFailure, equal, holds, refused};

pub(super) async fn access_keys_are_made_listed_and_deleted(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let (client, user) = (cloud.administrator(), cloud.viewer_user());
    let before = client.send(&ListAccessKeys::new(user)).await?;
    let made = client.send(&CreateAccessKey::new(user)).await?;
    let listed = client.send(&ListAccessKeys::new(user)).await?;
    equal("keys", &listed.len(), &(before.len() + 1))?;
    let found = listed.iter().find(|key| key.key_id == made.key_id);
    let found = found.ok_or_else(|| CheckFailure::new("the new key is not listed"))?;
    equal("status", &found.status.as_str(), &"Active")?;
    holds("it has a time", || found.create_time.is_some())?;

    let signing = cloud.client(Some(Credentials::new(&made.key_id, &made.secret)));
    signing.send(&GetObject::new(cloud.bucket(), "public/config.json")).await?;

    client.send(&DeleteAccessKey::new(user, &made.key_id)).await?;
    equal("keys", &client.send(&ListAccessKeys::new(user)).await?, &before)?;
    let error = refused("a second deletion", client.send(&DeleteAccessKey::new(user, &made.key_id)).await)?;
    holds("it is not found", || error.is_not_found())
}

pub(super) async fn a_missing_user_is_not_found(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let error = refused("a key", client.send(&CreateAccessKey::new("nobody-of-that-name")).await)?;
    holds("it is not found", || error.is_not_found())?;
    equal("code", &error.code(), &Some("NoSuchEntity"))
}
