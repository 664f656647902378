use std::time::Duration;

use http::Method;

use crate::answer;
use crate::client::Client;
use crate::encode;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::{time, xml};

/// Lists a bucket in the order of its keys (UTF-8 bytes), at most 1,000 at a time.
#[derive(Debug, Clone)]
pub struct ListObjects {
    bucket: String,
    prefix: Option<String>,
    start_after: Option<String>,
    delimiter: Option<String>,
    continuation_token: Option<String>,
    max_keys: Option<u32>,
}

/// One page of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListingPage {
    /// The objects, in the order of their keys.
    pub objects: Vec<ListedObject>,
    /// Prefixes that the delimiter rolled up.
    pub common_prefixes: Vec<String>,
    /// The continuation token of the next page; `None` on the last.
    pub next: Option<String>,
}

/// An object as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedObject {
    /// The key.
    pub key: String,
    /// The entity tag, with its quotation marks.
    pub etag: String,
    /// The size as stored.
    pub size_bytes: u64,
    /// Time at which it was written, since 1970.
    pub last_modified: Duration,
}

impl ListObjects {
    /// Lists the whole bucket, from its beginning.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: None,
            start_after: None,
            delimiter: None,
            continuation_token: None,
            max_keys: None,
        }
    }

    /// Lists only keys that begin with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Lists only keys behind `key`, whether or not that one exists, and forgets a page that was named before.
    #[must_use]
    pub fn start_after(mut self, key: impl Into<String>) -> Self {
        self.start_after = Some(key.into());
        self.continuation_token = None;
        self
    }

    /// Rolls up keys that are equal from the prefix to the next `delimiter`.
    #[must_use]
    pub fn delimiter(mut self, delimiter: impl Into<String>) -> Self {
        self.delimiter = Some(delimiter.into());
        self
    }

    /// Lists the page that [`ListingPage::next`] of the page before names.
    #[must_use]
    pub fn continuation_token(mut self, token: impl Into<String>) -> Self {
        self.continuation_token = Some(token.into());
        self
    }

    /// Makes the page smaller; 1,000 keys is the largest.
    #[must_use]
    pub fn max_keys(mut self, keys: u32) -> Self {
        self.max_keys = Some(keys);
        self
    }

    /// Returns the same listing behind `page`; `None` if that is its last page.
    ///
    /// # Errors
    /// If the page follows itself.
    pub fn following(mut self, page: &ListingPage) -> Result<Option<Self>, Error> {
        if page.next.is_none() {
            return Ok(None);
        }
        if page.next == self.continuation_token {
            let error = Error::malformed("a page of the listing names itself as the next");
            return Err(error.of(Self::NAME, self.resource(), 1));
        }
        self.continuation_token.clone_from(&page.next);
        Ok(Some(self))
    }

    /// Encodes the query's pairs, in the order of their names.
    fn query(&self) -> String {
        let max_keys = self.max_keys.map(|keys| keys.to_string());
        let optional = [
            ("continuation-token", &self.continuation_token),
            ("delimiter", &self.delimiter),
            // Keys may have characters that XML can't hold.
            ("encoding-type", &Some("url".to_owned())),
            ("list-type", &Some("2".to_owned())),
            ("max-keys", &max_keys),
            ("prefix", &self.prefix),
            ("start-after", &self.start_after),
        ];
        let given = optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        encode::pairs(given)
    }
}

impl Operation for ListObjects {
    type Output = ListingPage;

    const NAME: &'static str = "ListObjectsV2";

    fn resource(&self) -> String {
        super::name(&self.bucket, self.prefix.as_deref().unwrap_or_default())
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let url = format!("{}?{}", endpoints.bucket_url(&self.bucket), self.query());
        UnsignedRequest::s3(Method::GET, url).empty()
    }

    fn parse(&self, answer: &Answer) -> Result<ListingPage, Error> {
        let root = answer::document(answer)?;
        listing(&root).ok_or_else(|| answer::unreadable(answer, "the answer is no complete listing"))
    }
}

fn listing(root: &xml::XmlElement<'_>) -> Option<ListingPage> {
    if root.name != "ListBucketResult" {
        return None;
    }
    let encoded = root.text("EncodingType") == Some("url");
    let decode = |text: &str| if encoded { encode::decode_listed(text) } else { Some(text.to_owned()) };
    let object = |element: &xml::XmlElement<'_>| {
        Some(ListedObject {
            key: decode(element.text("Key")?)?,
            etag: element.text("ETag").unwrap_or_default().to_owned(),
            size_bytes: element.text("Size")?.parse().ok()?,
            last_modified: time::from_iso(element.text("LastModified")?)?,
        })
    };
    let next = match root.text("IsTruncated")? {
        "true" => Some(root.text("NextContinuationToken")?.to_owned()),
        _ => None,
    };
    Some(ListingPage {
        objects: root.all("Contents").map(object).collect::<Option<_>>()?,
        common_prefixes: root
            .all("CommonPrefixes")
            .map(|element| decode(element.text("Prefix")?))
            .collect::<Option<_>>()?,
        next,
    })
}

/// Returns every object that `first` and the pages behind it list.
///
/// # Errors
/// If a page can't be had, or follows itself.
pub async fn list_all(client: &Client, first: ListObjects) -> Result<Vec<ListedObject>, Error> {
    let mut objects = Vec::new();
    list_each(client, first, |object| objects.push(object)).await?;
    Ok(objects)
}

/// Passes every object that `first` and the pages behind it list to `show`, page by page.
///
/// # Errors
/// If a page can't be had, or follows itself.
pub async fn list_each(client: &Client, first: ListObjects, show: impl FnMut(ListedObject)) -> Result<(), Error> {
    let (mut next, mut show) = (Some(first), show);
    while let Some(operation) = next {
        let page = client.send(&operation).await?;
        next = operation.following(&page)?;
        page.objects.into_iter().for_each(&mut show);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{ScriptedPorts, answer, check_unhappy_answers, endpoints, read, written};

    #[test]
    fn the_query_is_in_order() {
        assert_eq!(
            written(&ListObjects::new("b")),
            "GET https://b.s3.eu-central-1.amazonaws.com/?encoding-type=url&list-type=2\n\n"
        );
        let operation = ListObjects::new("b")
            .start_after("data/é")
            .prefix("data/a b")
            .max_keys(7)
            .delimiter("/")
            .continuation_token("1+/=");
        assert_eq!(
            written(&operation),
            "GET https://b.s3.eu-central-1.amazonaws.com/?continuation-token=1%2B%2F%3D&delimiter=%2F\
             &encoding-type=url&list-type=2&max-keys=7&prefix=data%2Fa%20b&start-after=data%2F%C3%A9\n\n"
        );
    }

    #[test]
    fn a_key_to_start_after_takes_the_place_of_a_page() {
        let page = ListingPage { next: Some("t".to_owned()), ..ListingPage::default() };
        let next = ListObjects::new("b").following(&page).expect("a next one").expect("a next one");
        assert_eq!(next.query(), "continuation-token=t&encoding-type=url&list-type=2");
        assert!(next.clone().following(&page).is_err());
        assert_eq!(next.start_after("k").query(), "encoding-type=url&list-type=2&start-after=k");
        assert!(ListObjects::new("b").following(&ListingPage::default()).expect("an end").is_none());
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html#API_ListObjectsV2_Examples>
    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Name>bucket</Name>
            <Prefix/>
            <NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>
            <KeyCount>2</KeyCount>
            <MaxKeys>2</MaxKeys>
            <EncodingType>url</EncodingType>
            <IsTruncated>true</IsTruncated>
            <Contents>
                <Key>my+image%2B%C3%A9.jpg</Key>
                <LastModified>2009-10-12T17:50:30.000Z</LastModified>
                <ETag>&quot;fba9dede5f27731c9771645a39863328&quot;</ETag>
                <Size>434234</Size>
                <StorageClass>STANDARD</StorageClass>
            </Contents>
            <CommonPrefixes><Prefix>photos/2006/</Prefix></CommonPrefixes>
        </ListBucketResult>"#;

    #[test]
    fn a_page_is_read() {
        let listing = read(&ListObjects::new("bucket"), PAGE).expect("a listing");
        let object = ListedObject {
            key: "my image+é.jpg".to_owned(),
            etag: "\"fba9dede5f27731c9771645a39863328\"".to_owned(),
            size_bytes: 434_234,
            last_modified: Duration::from_secs(1_255_369_830),
        };
        let expected = ListingPage {
            objects: vec![object],
            common_prefixes: vec!["photos/2006/".to_owned()],
            next: Some("1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=".to_owned()),
        };
        assert_eq!(listing, expected);
    }

    #[test]
    fn keys_are_taken_as_they_are_unless_they_are_encoded() {
        let body = "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a+%20</Key>\
                    <LastModified>2009-10-12T17:50:30Z</LastModified><Size>0</Size></Contents></ListBucketResult>";
        let listing = read(&ListObjects::new("b"), body).expect("a listing");
        assert_eq!(listing.objects[0].key, "a+%20");
    }

    #[test]
    fn half_a_listing_is_unreadable() {
        for body in [
            "<Other/>",
            "<ListBucketResult/>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key></Contents></ListBucketResult>",
        ] {
            let error = read(&ListObjects::new("b"), body).expect_err("unreadable");
            assert_eq!(error.kind(), ErrorKind::Malformed, "{body}");
        }
        check_unhappy_answers(&ListObjects::new("b"), PAGE);
    }

    #[test]
    fn all_pages_are_followed() {
        let page = |key: &str, truncated: &str, next: &str| {
            let body = format!(
                "<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{next}<Contents><Key>{key}</Key>\
                 <LastModified>2009-10-12T17:50:30Z</LastModified><Size>0</Size></Contents></ListBucketResult>"
            );
            Ok(answer(200, &[], body))
        };
        let next = "<NextContinuationToken>t 1</NextContinuationToken>";
        let (world, ports) = ScriptedPorts::new(Duration::ZERO, [page("a", "true", next), page("b", "false", "")]);
        let client = Client::new(ports, endpoints(), None);
        let objects = block_on(list_all(&client, ListObjects::new("b").prefix("p"))).expect("a listing");
        let keys: Vec<&str> = objects.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(keys, ["a", "b"]);
        let second = world.requests.lock().expect("requests")[1].uri().to_string();
        assert!(second.contains("continuation-token=t%201") && second.contains("prefix=p"), "{second}");
    }

    #[test]
    fn a_listing_that_does_not_advance_ends() {
        let body = "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>\
                    </ListBucketResult>";
        let (_, ports) = ScriptedPorts::new(Duration::ZERO, [Ok(answer(200, &[], body)), Ok(answer(200, &[], body))]);
        let client = Client::new(ports, endpoints(), None);
        let error = block_on(list_all(&client, ListObjects::new("b"))).expect_err("no end");
        assert_eq!((error.kind(), client.requests_sent()), (ErrorKind::Malformed, 2));
    }
}
