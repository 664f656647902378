//! Reading, writing and deleting objects.

use std::io::Write as _;

use bytes::Bytes;
use cruncher_aws::s3::{
    DeleteBucket, DeleteObject, DeleteObjects, FetchedObject, GetObject, HeadObject, ListObjects, ListVersions,
    PutObject, StoredObject, delete_all, delete_versions, list_all,
};
use cruncher_aws::{Client, ErrorKind};

use crate::cloud::CheckedCloud;
use crate::failure::{CheckFailure, equal, holds, refused};

/// Keys that a careless client loses on the way: encoded twice, or not at all, or as a form would.
pub(super) const ODD_KEYS: [&str; 18] = [
    "a b",
    "a+b",
    "a%20b",
    "a%2Bb",
    "100%",
    "ä ö/ü €",
    "日本/場合",
    "crab-🦀",
    "deep/er//twice",
    "folder/",
    "=a&b?c#d",
    "quote'double\"",
    "semi;colon,comma:at@dollar$",
    "less<greater>amp&amp;",
    "back\\slash|pipe^caret`tick",
    "[brackets]{braces}(parentheses)!*~",
    ".hidden/..almost/...dots",
    "cohesion_array[0]=5e+4",
];

async fn put(client: &Client, cloud: &CheckedCloud, key: &str, body: impl Into<Bytes>) -> Result<String, CheckFailure> {
    let put = client.send(&PutObject::new(cloud.bucket(), key, body)).await?;
    put.etag.ok_or_else(|| CheckFailure::new(format!("no entity tag for {key}")))
}

async fn get(client: &Client, operation: GetObject) -> Result<StoredObject, CheckFailure> {
    match client.send(&operation).await? {
        FetchedObject::Object(object) => Ok(object),
        FetchedObject::NotModified => Err(CheckFailure::new("not modified, though nothing was known of it")),
    }
}

pub(super) async fn an_object_comes_back_as_it_was_put(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let body = r#"{"v": 1, "name": "Ä"}"#;
    let put = PutObject::new(cloud.bucket(), "objects/document.json", body)
        .content_type("application/json")
        .cache_control("no-cache");
    let etag = client.send(&put).await?.etag;
    let object = get(&client, GetObject::new(cloud.bucket(), "objects/document.json")).await?;
    equal("body", &object.body, &Bytes::from(body))?;
    equal("type", &object.content_type.as_deref(), &Some("application/json"))?;
    holds("it has an entity tag", || etag.is_some())?;
    equal("entity tag", &object.etag, &etag)?;
    let written = object.last_modified.ok_or_else(|| CheckFailure::new("no time of writing"))?;
    let age_secs = client.now().abs_diff(written).as_secs();
    holds("it was written just now", || age_secs < 60)
}

pub(super) async fn an_empty_object_comes_back(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    put(&client, cloud, "objects/empty", "").await?;
    let object = get(&client, GetObject::new(cloud.bucket(), "objects/empty")).await?;
    equal("body", &object.body, &Bytes::new())
}

pub(super) async fn a_large_object_comes_back(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let body: Bytes = (0..3_000_000_u32).map(|number| number.to_le_bytes()[number as usize % 3]).collect();
    put(&client, cloud, "objects/large", body.clone()).await?;
    let object = get(&client, GetObject::new(cloud.bucket(), "objects/large")).await?;
    holds("every byte came back", || object.body == body)
}

pub(super) async fn a_packed_object_comes_back_unpacked(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let text = "case_id,level\n".repeat(1_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).map_err(|error| CheckFailure::new(error.to_string()))?;
    let packed = gzip.finish().map_err(|error| CheckFailure::new(error.to_string()))?;
    let put = PutObject::new(cloud.bucket(), "objects/cases.csv.gz", packed)
        .content_type("text/csv")
        .content_encoding("gzip");
    client.send(&put).await?;
    let object = get(&client, GetObject::new(cloud.bucket(), "objects/cases.csv.gz")).await?;
    holds("the text came back", || object.body == text)
}

/// Checks that nobody can make an object unreadable by saying that it is packed.
pub(super) async fn an_object_comes_back_as_it_is_stored(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let put = PutObject::new(cloud.bucket(), "objects/said-to-be-packed", "no gzip").content_encoding("gzip");
    client.send(&put).await?;
    let stored = GetObject::new(cloud.bucket(), "objects/said-to-be-packed").as_stored();
    equal("body", &get(&client, stored.clone()).await?.body, &Bytes::from("no gzip"))?;
    equal("part", &get(&client, stored.range(3..100)).await?.body, &Bytes::from("gzip"))
}

pub(super) async fn a_range_is_cut_out(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    put(&client, cloud, "objects/digits", "0123456789").await?;
    for (range, expected) in [(0..1, "0"), (3..7, "3456"), (8..100, "89"), (0..10, "0123456789")] {
        let object = get(&client, GetObject::new(cloud.bucket(), "objects/digits").range(range.clone())).await?;
        equal(&format!("bytes {range:?}"), &object.body, &Bytes::from(expected))?;
    }
    Ok(())
}

pub(super) async fn a_range_behind_the_end_is_refused(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    put(&client, cloud, "objects/digits", "0123456789").await?;
    let result = client.send(&GetObject::new(cloud.bucket(), "objects/digits").range(10..20)).await;
    equal("code", &refused("the range", result)?.code(), &Some("InvalidRange"))
}

pub(super) async fn an_unchanged_object_is_not_sent_again(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let etag = put(&client, cloud, "objects/watched", "one").await?;
    let conditional = GetObject::new(cloud.bucket(), "objects/watched").if_none_match(etag);
    equal("unchanged", &client.send(&conditional).await?, &FetchedObject::NotModified)?;
    put(&client, cloud, "objects/watched", "two").await?;
    equal("changed", &get(&client, conditional).await?.body, &Bytes::from("two"))
}

pub(super) async fn the_first_writer_wins(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    client.send(&DeleteObject::new(cloud.bucket(), "objects/first")).await?;
    let write = |body: &'static str| PutObject::new(cloud.bucket(), "objects/first", body).if_none_match_any();
    client.send(&write("one")).await?;
    let error = refused("the second", client.send(&write("two")).await)?;
    holds("the precondition failed", || error.is_precondition_failed())?;
    equal("code", &error.code(), &Some("PreconditionFailed"))?;
    equal("body", &get(&client, GetObject::new(cloud.bucket(), "objects/first")).await?.body, &Bytes::from("one"))
}

pub(super) async fn a_replacement_needs_the_current_entity_tag(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let first = put(&client, cloud, "objects/control.json", "one").await?;
    let replace = |body: &'static str| PutObject::new(cloud.bucket(), "objects/control.json", body).if_match(&first);
    client.send(&replace("two")).await?;
    let error = refused("the outdated", client.send(&replace("three")).await)?;
    holds("the precondition failed", || error.is_precondition_failed())?;
    let object = get(&client, GetObject::new(cloud.bucket(), "objects/control.json")).await?;
    equal("body", &object.body, &Bytes::from("two"))
}

pub(super) async fn the_head_tells_size_and_type(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let operation = PutObject::new(cloud.bucket(), "objects/app.wasm", "12345").content_type("application/wasm");
    let etag = client.send(&operation).await?.etag;
    let head = client.send(&HeadObject::new(cloud.bucket(), "objects/app.wasm")).await?;
    equal("size", &head.size_bytes, &Some(5))?;
    equal("type", &head.content_type.as_deref(), &Some("application/wasm"))?;
    equal("entity tag", &head.etag, &etag)?;
    holds("it has a time of writing", || head.last_modified.is_some())?;
    let error = refused("a missing key", client.send(&HeadObject::new(cloud.bucket(), "objects/missing")).await)?;
    holds("it is not found", || error.is_not_found())
}

pub(super) async fn a_deleted_object_is_gone(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    put(&client, cloud, "objects/short-lived", "x").await?;
    // A second deletion is no error.
    for _ in 0..2 {
        client.send(&DeleteObject::new(cloud.bucket(), "objects/short-lived")).await?;
    }
    let error = refused("reading it", client.send(&GetObject::new(cloud.bucket(), "objects/short-lived")).await)?;
    holds("it is not found", || error.is_not_found())?;
    equal("code", &error.code(), &Some("NoSuchKey"))?;
    equal("attempts", &error.attempts(), &1)
}

pub(super) async fn a_refusal_has_a_request_id(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let missing = GetObject::new(cloud.bucket(), "objects/never-was");
    let error = refused("reading it", cloud.administrator().send(&missing).await)?;
    holds("it has a request id", || error.request_id().is_some())
}

pub(super) async fn many_objects_are_deleted_at_once(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let keys: Vec<String> = ODD_KEYS.iter().map(|key| format!("many/{key}")).collect();
    for key in &keys {
        put(&client, cloud, key, "x").await?;
    }
    put(&client, cloud, "many/kept", "x").await?;
    let mut condemned = keys.clone();
    condemned.push("many/that never was".to_owned());
    equal("failures", &client.send(&DeleteObjects::new(cloud.bucket(), condemned)).await?, &Vec::new())?;
    let left = list_all(&client, ListObjects::new(cloud.bucket()).prefix("many/")).await?;
    let left: Vec<String> = left.into_iter().map(|object| object.key).collect();
    equal("what is left", &left, &vec!["many/kept".to_owned()])?;
    equal("failures", &delete_all(&client, cloud.bucket(), &left).await?, &Vec::new())
}

pub(super) async fn odd_keys_are_kept_apart(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    for key in ODD_KEYS {
        put(&client, cloud, &format!("odd/{key}"), key).await?;
    }
    for key in ODD_KEYS {
        let object = get(&client, GetObject::new(cloud.bucket(), format!("odd/{key}"))).await?;
        equal(&format!("the object of {key:?}"), &object.body, &Bytes::from(key))?;
    }
    let listed = list_all(&client, ListObjects::new(cloud.bucket()).prefix("odd/")).await?;
    let listed: Vec<String> = listed.into_iter().map(|object| object.key).collect();
    let mut expected = ODD_KEYS.map(|key| format!("odd/{key}")).to_vec();
    expected.sort();
    equal("listed keys", &listed, &expected)?;
    for key in ODD_KEYS {
        client.send(&DeleteObject::new(cloud.bucket(), format!("odd/{key}"))).await?;
    }
    let left = list_all(&client, ListObjects::new(cloud.bucket()).prefix("odd/")).await?;
    equal("what is left", &left, &Vec::new())
}

/// Keys that no document can name, or that not every reader of one takes as they stand there.
const UNNAMEABLE_KEYS: [&str; 7] = ["a\u{1}b", "\u{7f}", "tab\t", "return\r", "\u{ffff}", "blank ", "plain"];

pub(super) async fn versions_of_any_key_are_deleted_for_good(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let keys = UNNAMEABLE_KEYS.map(|key| format!("versions/{key}"));
    for key in &keys {
        put(&client, cloud, key, "x").await?;
    }
    let listed = || async {
        let all = client.send(&ListVersions::new(cloud.bucket())).await?;
        Ok::<_, CheckFailure>(all.into_iter().filter(|one| keys.contains(&one.key)).collect::<Vec<_>>())
    };
    let mut found: Vec<String> = listed().await?.into_iter().map(|version| version.key).collect();
    found.sort();
    let mut expected = keys.to_vec();
    expected.sort();
    equal("versions", &found, &expected)?;
    let failures = delete_versions(&client, cloud.bucket(), listed().await?).await?;
    equal("failures", &failures, &Vec::new())?;
    equal("what is left", &listed().await?, &Vec::new())
}

pub(super) async fn a_full_bucket_is_kept(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    put(&client, cloud, "objects/keeper", "x").await?;
    let error = refused("a full bucket", client.send(&DeleteBucket::new(cloud.bucket())).await)?;
    equal("kind", &error.kind(), &ErrorKind::Conflict)
}

pub(super) async fn a_bucket_is_deleted_when_it_is_empty(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let bucket = super::stacks::make_a_bucket(cloud).await?;
    client.send(&DeleteBucket::new(&bucket)).await?;
    let error = refused("a second time", client.send(&DeleteBucket::new(&bucket)).await)?;
    holds("it is not found", || error.is_not_found())?;
    super::stacks::forget_the_bucket(cloud).await
}
