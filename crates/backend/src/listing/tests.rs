//! Against a bucket in memory, whose pages are short.

use std::collections::BTreeMap;

use cruncher_study::key::DATA_PREFIX;
use futures::executor::block_on;
use proptest::prelude::*;

use super::*;
use crate::testing::TestCloud;

/// Listing of a bucket, and the number of requests it took.
struct Listed {
    keys: Vec<String>,
    tables: Vec<String>,
    requests: usize,
    requests_for_tables: usize,
}

fn keys<'a>(objects: impl IntoIterator<Item = &'a ListedObject>) -> Vec<String> {
    objects.into_iter().map(|object| object.key.clone()).collect()
}

fn listed(given: impl IntoIterator<Item = String>, prefix: &str, page_keys: usize) -> Listed {
    let (cloud, study) = TestCloud::study();
    for key in given {
        cloud.put(&key, "");
    }
    *cloud.page_keys.lock().unwrap() = Some(page_keys);
    let requests = || *cloud.lists.lock().unwrap();
    block_on(async {
        let outline = ListingOutline::of(&study.client, "bucket", prefix).await.unwrap();
        let (tables, requests_for_tables) = (keys(outline.tables()), requests());
        let objects = outline.complete(&study.client).await.unwrap();
        Listed { keys: keys(&objects), tables, requests: requests(), requests_for_tables }
    })
}

/// Returns a digest of a number.
fn case(number: usize) -> String {
    let hash = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:016x}{hash:016x}", (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

fn done(batch: &str, number: usize) -> String {
    format!("data/{batch}/done-{}.json", case(number))
}

fn table(batch: &str) -> String {
    format!("data/{batch}/cases-00f1e2d3c4b5a697.csv.gz")
}

fn check(given: Vec<String>, page_keys: usize, most_requests: usize, most_for_tables: usize) -> Listed {
    let mut expected = given.clone();
    expected.sort_unstable();
    let listed = listed(given, DATA_PREFIX, page_keys);
    assert!(listed.keys == expected, "{} of {} keys", listed.keys.len(), expected.len());
    let is_table = |key: &&String| key.contains("/cases-") || key.contains("/design-");
    let tables: Vec<&String> = expected.iter().filter(is_table).collect();
    assert_eq!(listed.tables.iter().collect::<Vec<_>>(), tables);
    assert!(listed.requests <= most_requests, "{} requests", listed.requests);
    assert!(listed.requests_for_tables <= most_for_tables, "{} requests for tables", listed.requests_for_tables);
    listed
}

#[test]
fn what_fits_on_a_page_is_one_request() {
    check(vec![table("a"), done("a", 1), table("b/level-01")], 1_000, 1, 1);
    check(vec![], 1_000, 1, 1);
}

#[test]
fn a_hundred_thousand_results_are_about_as_many_requests_as_pages_and_their_table_is_a_few() {
    let given = (0..100_000).map(|number| done("b", number)).chain([table("b")]).collect();
    let listed = check(given, 1_000, 125, 5);
    assert!(listed.requests >= 101, "{} requests", listed.requests);
}

#[test]
fn levels_and_what_their_cases_produced_are_listed_side_by_side() {
    let mut given = vec!["data/p/design-00f1e2d3c4b5a697.json".to_owned()];
    for level in 3..12 {
        let batch = format!("p/level-{level:02}");
        given.push(table(&batch));
        for number in 0..1 << level {
            given.push(done(&batch, number));
            given.push(format!("data/{batch}/files/{}/curve.csv", case(number)));
        }
    }
    let pages = given.len() / 100;
    check(given, 100, pages + 70, 40);
}

#[test]
fn very_many_small_batches_are_hardly_more_requests_than_pages() {
    let given: Vec<String> =
        (0..2_000).flat_map(|batch| [table(&format!("b{batch:05}")), done(&format!("b{batch:05}"), batch)]).collect();
    check(given, 100, 40 + 20 + MAX_PARTS + 2, 40 + 20 + MAX_PARTS + 2);
}

#[test]
fn many_large_batches_share_their_parts() {
    let batch = |number| format!("b{number:02}");
    let results = (0..20_000).map(|number| done(&batch(number % 70), number));
    let given: Vec<String> = (0..70).map(|number| table(&batch(number))).chain(results).collect();
    check(given, 100, 500, 110);
}

#[test]
fn what_cases_produced_can_be_left_out() {
    let (cloud, study) = TestCloud::study();
    for number in 0..400 {
        cloud.put(&done("a", number), "");
        cloud.put(&format!("data/a/files/{}/x", case(number)), "");
    }
    *cloud.page_keys.lock().unwrap() = Some(20);
    let objects = block_on(async {
        let mut outline = ListingOutline::of(&study.client, "bucket", DATA_PREFIX).await.unwrap();
        outline.leave_out(ListingRow::Files);
        outline.complete(&study.client).await.unwrap()
    });
    assert_eq!(keys(&objects).len(), 400);
}

/// Generates keys as studies have them, and some that nobody should have written.
fn any_key() -> impl Strategy<Value = String> {
    let batch = prop::sample::select(vec!["a", "a-1", "a.1", "a/level-01", "a/level-02", "b", "A", "a/b/c/d"]);
    let name = prop_oneof![
        8 => "(done|error)-[0-9a-f]{5}",
        4 => "files/[0-9a-f]{5}/[ab]",
        2 => "(cases|design)-[0-9]",
        1 => "(done|error|files)[-/0g~é]{0,3}[0-9a-z]{0,2}",
        1 => "[a-f0/.~é-]{0,6}",
    ];
    (batch, name).prop_map(|(batch, name)| format!("data/{batch}/{name}"))
}

proptest! {
    #[test]
    fn every_key_is_listed_once_and_in_order(
        given in prop::collection::btree_set(any_key(), 0..200),
        page_keys in 1_usize..40,
        prefix in prop::sample::select(vec!["data/", "data/a/", "data/a", "data/a/files/", "data/a/done-", ""]),
    ) {
        let expected: Vec<&String> = given.iter().filter(|key| key.starts_with(prefix)).collect();
        let listed = listed(given.iter().cloned(), prefix, page_keys);
        prop_assert_eq!(listed.keys.iter().collect::<Vec<_>>(), expected);
        let tables: BTreeMap<&String, _> = listed.keys.iter().filter_map(|key| Some((key, DataKey::parse(key)?))).collect();
        let is_table = |key: &DataKey| matches!(key, DataKey::Cases(..) | DataKey::Design(..));
        let tables: Vec<&String> = tables.into_iter().filter(|(_, key)| is_table(key)).map(|(key, _)| key).collect();
        prop_assert_eq!(listed.tables.iter().collect::<Vec<_>>(), tables);
    }
}
