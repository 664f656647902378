//! Listing a bucket.

use cruncher_aws::Client;
use cruncher_aws::s3::{ListObjects, ListingPage, PutObject, list_all};

use crate::cloud::CheckedCloud;
use crate::failure::{CheckFailure, equal, holds};

/// Writes the objects `pages/00` to `pages/24`, and returns their keys.
async fn put_pages(client: &Client, cloud: &CheckedCloud) -> Result<Vec<String>, CheckFailure> {
    let keys: Vec<String> = (0..25).map(|number| format!("pages/{number:02}")).collect();
    for key in &keys {
        client.send(&PutObject::new(cloud.bucket(), key, key.clone())).await?;
    }
    Ok(keys)
}

fn keys(listing: &ListingPage) -> Vec<&str> {
    listing.objects.iter().map(|object| object.key.as_str()).collect()
}

pub(super) async fn pages_are_followed(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    let expected = put_pages(&client, cloud).await?;
    let before = client.requests_sent();
    let listed = list_all(&client, ListObjects::new(cloud.bucket()).prefix("pages/").max_keys(7)).await?;
    equal("requests", &(client.requests_sent() - before), &4)?;
    let listed: Vec<String> = listed.into_iter().map(|object| object.key).collect();
    equal("keys", &listed, &expected)?;
    let first = client.send(&ListObjects::new(cloud.bucket()).prefix("pages/").max_keys(7)).await?;
    equal("the first page's length", &first.objects.len(), &7)?;
    holds("the first page names the next", || first.next.is_some())
}

pub(super) async fn keys_come_in_order_with_sizes_and_tags(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    // The order is that of UTF-8 bytes, not of letters or their code units.
    let mut expected = ["order/Z", "order/a", "order/é", "order/\u{ff5e}", "order/🦀"].map(str::to_owned).to_vec();
    let mut tags = Vec::new();
    for key in &expected {
        tags.push(client.send(&PutObject::new(cloud.bucket(), key, key.clone())).await?.etag.unwrap_or_default());
    }
    let listed = client.send(&ListObjects::new(cloud.bucket()).prefix("order/")).await?;
    expected.sort();
    equal("keys", &keys(&listed), &expected.iter().map(String::as_str).collect())?;
    for (object, tag) in listed.objects.iter().zip(&tags) {
        equal("size", &object.size_bytes, &(object.key.len() as u64))?;
        equal("entity tag", &&object.etag, &tag)?;
        let age_secs = client.now().abs_diff(object.last_modified).as_secs();
        holds("it was written just now", || age_secs < 60)?;
    }
    Ok(())
}

pub(super) async fn a_listing_starts_after_a_key(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    put_pages(&client, cloud).await?;
    let after = |key: &str| ListObjects::new(cloud.bucket()).prefix("pages/").start_after(key);
    equal("behind one that exists", &keys(&client.send(&after("pages/22")).await?), &vec!["pages/23", "pages/24"])?;
    equal("behind one that doesn't", &keys(&client.send(&after("pages/23 x")).await?), &vec!["pages/24"])?;
    equal("behind the last", &keys(&client.send(&after("pages/24")).await?), &vec![])?;
    let paged = list_all(&client, after("pages/09").max_keys(4)).await?;
    equal("objects on the pages behind one", &paged.len(), &15)
}

pub(super) async fn a_delimiter_rolls_keys_up(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let client = cloud.administrator();
    for key in ["rolled/a/1", "rolled/a/2", "rolled/b + c/1", "rolled/top"] {
        client.send(&PutObject::new(cloud.bucket(), key, "")).await?;
    }
    let listing = client.send(&ListObjects::new(cloud.bucket()).prefix("rolled/").delimiter("/")).await?;
    equal("prefixes", &listing.common_prefixes, &vec!["rolled/a/".to_owned(), "rolled/b + c/".to_owned()])?;
    equal("keys", &keys(&listing), &vec!["rolled/top"])
}

pub(super) async fn a_prefix_of_nothing_lists_nothing(cloud: &CheckedCloud) -> Result<(), CheckFailure> {
    let listing = cloud.administrator().send(&ListObjects::new(cloud.bucket()).prefix("nothing here/")).await?;
    equal("listing", &listing, &ListingPage::default())
}
