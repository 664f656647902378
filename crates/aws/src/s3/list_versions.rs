use http::Method;

use crate::answer;
use crate::encode;
use crate::endpoints::Endpoints;
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::xml;

/// Lists versions of objects, and the markers that deletions have left, in the order of their keys, at most 1,000. A bucket that
/// never kept versions has one of each object.
#[derive(Debug, Clone)]
pub struct ListVersions {
    bucket: String,
}

/// A version of an object, or the marker of its deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// The key.
    pub key: String,
    /// Id of the version; `null` for one that was written before the bucket kept versions.
    pub version_id: String,
}

impl ListVersions {
    /// Lists the first page of the bucket's versions.
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into() }
    }
}

impl Operation for ListVersions {
    type Output = Vec<ObjectVersion>;

    const NAME: &'static str = "ListObjectVersions";

    fn resource(&self) -> String {
        super::name(&self.bucket, "")
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        // Keys may have characters that XML can't hold.
        let query = encode::pairs([("encoding-type", "url"), ("versions", "")]);
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
                <Size>434234</Size>
            </Version>
            <DeleteMarker>
                <Key>my-second-image.jpg</Key>
                <VersionId>03jpff543dhffds434rfdsFDN943fdsFkdmqnh892</VersionId>
                <IsLatest>true</IsLatest>
            </DeleteMarker>
            <Version><Key>old</Key><VersionId>null</VersionId></Version>
        </ListVersionsResult>"#;

    #[test]
    fn versions_and_deletions_are_read() {
        let operation = ListVersions::new("b");
        assert_eq!(written(&operation), "GET https://b.s3.eu-central-1.amazonaws.com/?encoding-type=url&versions=\n\n");
        let found: Vec<_> =
            read(&operation, PAGE).expect("versions").into_iter().map(|one| (one.key, one.version_id)).collect();
        let expected = [
            ("my image\u{1}.jpg", "3/L4kqtJl40Nr8X8gdRQBpUMLUo"),
            ("old", "null"),
            ("my-second-image.jpg", "03jpff543dhffds434rfdsFDN943fdsFkdmqnh892"),
        ];
        assert_eq!(found, expected.map(|(key, id)| (key.to_owned(), id.to_owned())));
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
