//! Objects. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html>

mod delete_bucket;
mod delete_object;
mod delete_objects;
mod delete_version;
mod get_object;
mod head_object;
mod list_objects;
mod list_versions;
mod put_bucket_cors;
mod put_object;
mod restore_version;

pub use delete_bucket::DeleteBucket;
pub use delete_object::DeleteObject;
pub use delete_objects::{DeleteFailure, DeleteObjects, MAX_KEYS, delete_all, delete_versions};
pub use delete_version::DeleteVersion;
pub use get_object::{FetchedObject, GetObject, StoredObject};
pub use head_object::{HeadObject, ObjectHead};
pub use list_objects::{ListObjects, ListedObject, ListingPage, list_all, list_each};
pub use list_versions::{ListVersions, ObjectVersion};
pub use put_bucket_cors::PutBucketCors;
pub use put_object::{PutObject, PutReceipt};
pub use restore_version::RestoreVersion;

use std::time::Duration;

use crate::answer::header;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::Answer;
use crate::time;

/// Returns the name of an object in messages.
fn name(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

/// Returns an object's address. Browsers, and every library that follows their rules, take `.` and `..` out of a path however
/// they are encoded, so that such a key can't be asked for: it would name another object.
/// <https://url.spec.whatwg.org/#double-dot-path-segment>
fn url(endpoints: &Endpoints, bucket: &str, key: &str) -> Result<String, Error> {
    if key.is_empty() {
        return Err(Error::invalid("a key can't be empty"));
    }
    if key.split('/').any(|part| part == "." || part == "..") {
        return Err(Error::invalid("a key can't have a part that is `.` or `..`"));
    }
    Ok(endpoints.object_url(bucket, key))
}

fn etag(answer: &Answer) -> Option<String> {
    header(answer, "etag").map(str::to_owned)
}

fn last_modified(answer: &Answer) -> Option<Duration> {
    time::from_http(header(answer, "last-modified")?)
}
