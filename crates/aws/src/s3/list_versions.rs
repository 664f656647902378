use std::time::Duration;

use http::Method;

use crate::answer;
use crate::encode;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::{time, xml};

/// Lists versions of objects, and the markers that deletions have left, in the order of their keys, at most 1,000. A bucket that
/// never kept versions has one of each object.
#[derive(Debug, Clone)]
pub struct ListVersions {
    bucket: String,
    prefix: Option<String>,
}

/// A version of an object, or the marker of its deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The key.
    pub key: String,
    /// Id of the version; `null` for one that was written before the bucket kept versions.
    pub version_id: String,
    /// Time at which it was written, since 1970.
    pub last_modified: Duration,
    /// The size as stored; `None` for the marker of a deletion.
    pub size_bytes: Option<u64>,
    /// Whether it is what the object is now.
    pub is_latest: bool,
}

impl ListVersions {
    /// Lists the first page of the bucket's versions.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), prefix: None }
    }

    /// Lists only keys that begin with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }
}

impl Operation for ListVersions {
    type Output = Vec<ObjectVersion>;

    const NAME: &'static str = "ListObjectVersions";

    fn resource(&self) -> String {
        super::name(&self.bucket, self.prefix.as_deref().unwrap_or_default())
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        // Keys may have characters that XML can't hold.
        let prefix = self.prefix.as_deref().map(|prefix| ("prefix", prefix));
        let query =
            encode::pairs([Some(("encoding-type", "url")), prefix, Some(("versions", ""))].into_iter().flatten());
        UnsignedRequest::s3(Method::GET, format!("{}?{query}", endpoints.bucket_url(&self.bucket))).empty()
    }

    fn parse(&self, answer: &Answer) -> Result<Vec<ObjectVersion>, Error> {
        let root = answer::document(answer)?;
        versions(&root).ok_or_else(|| answer::unreadable(answer, "the answer is no complete listing of versions"))
    }
}

fn versions(root: &xml::XmlElement<'_>) -> Option<Vec<ObjectVersion>> {
    if !matches!(root.name.as_str(), "ListVersionsResult" | "ListObjectVersionsOutput") {
        return None;
    }
    root.text("IsTruncated")?;
    let encoded = root.text("EncodingType") == Some("url");
    let decode = |text: &str| if encoded { encode::decode_listed(text) } else { Some(text.to_owned()) };
    let version = |element: &xml::XmlElement<'_>| {
        Some(ObjectVersion {
            key: decode(element.text("Key")?)?,
            version_id: element.text("VersionId").filter(|id| !id.is_empty()).unwrap_or("null").to_owned(),
            last_modified: time::from_iso(element.text("LastModified")?)?,
            size_bytes: element.text("Size").and_then(|size| size.parse().ok()),
            is_latest: element.text("IsLatest") == Some("true"),
        })
    };
    root.all("Version").chain(root.all("DeleteMarker")).map(version).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::testing::{check_unhappy_answers, read, written};

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html#API_ListObjectVersions_Examples>
    const PAGE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
            <Name>bucket</Name>
            <EncodingType>url</EncodingType>
            <IsTruncated>false</IsTruncated>
            <Version>
                <Key>my+image%01.jpg</Key>
                <VersionId>3/L4kqtJl40Nr8X8gdRQBpUMLUo</VersionId>
                <IsLatest>true</IsLatest>
                <LastModified>2009-10-12T17:50:30.000Z</LastModified>
                <Size>434234</Size>
            </Version>
            <DeleteMarker>
                <Key>my-second-image.jpg</Key>
                <VersionId>03jpff543dhffds434rfdsFDN943fdsFkdmqnh892</VersionId>
                <IsLatest>true</IsLatest>
                <LastModified>2009-10-12T17:50:31.000Z</LastModified>
            </DeleteMarker>
            <Version>
                <Key>old</Key>
                <VersionId>null</VersionId>
                <IsLatest>false</IsLatest>
                <LastModified>2009-10-12T17:50:30.000Z</LastModified>
                <Size>0</Size>
            </Version>
        </ListVersionsResult>"#;

    #[test]
    fn versions_and_deletions_are_read() {
        let operation = ListVersions::new("b");
        assert_eq!(written(&operation), "GET https://b.s3.eu-central-1.amazonaws.com/?encoding-type=url&versions=\n\n");
        assert_eq!(
            written(&ListVersions::new("b").prefix("a b")),
            "GET https://b.s3.eu-central-1.amazonaws.com/?encoding-type=url&prefix=a%20b&versions=\n\n"
        );
        let version = |key: &str, id: &str, secs, size_bytes, is_latest| ObjectVersion {
            key: key.to_owned(),
            version_id: id.to_owned(),
            last_modified: Duration::from_secs(secs),
            size_bytes,
            is_latest,
        };
        let expected = [
            version("my image\u{1}.jpg", "3/L4kqtJl40Nr8X8gdRQBpUMLUo", 1_255_369_830, Some(434_234), true),
            version("old", "null", 1_255_369_830, Some(0), false),
            version("my-second-image.jpg", "03jpff543dhffds434rfdsFDN943fdsFkdmqnh892", 1_255_369_831, None, true),
        ];
        assert_eq!(read(&operation, PAGE).expect("versions"), expected);
        check_unhappy_answers(&operation, PAGE);
    }

    #[test]
    fn half_a_listing_is_unreadable() {
        for body in [
            "<Other/>",
            "<ListVersionsResult/>",
            "<ListVersionsResult><IsTruncated>false</IsTruncated><Version/></ListVersionsResult>",
        ] {
            let error = read(&ListVersions::new("b"), body).expect_err("unreadable");
            assert_eq!(error.kind(), ErrorKind::Malformed, "{body}");
        }
    }
}
