use std::time::Duration;

use crate::answer;
use crate::endpoints::{Endpoints, Service};
use crate::error::Error;
use crate::operation::{Answer, Operation, UnsignedRequest};
use crate::{time, xml};

/// Lists a user's access keys, of which there are two at most, hence no pages.
#[derive(Debug, Clone)]
pub struct ListAccessKeys {
    user: String,
}

/// An access key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAccessKey {
    /// The public part.
    pub key_id: String,
    /// `Active` or `Inactive`.
    pub status: String,
    /// Time at which it was made, since 1970.
    pub create_time: Option<Duration>,
}

impl ListAccessKeys {
    /// Lists the keys of the user of this name.
    pub fn new(user: impl Into<String>) -> Self {
        Self { user: user.into() }
    }
}

impl Operation for ListAccessKeys {
    type Output = Vec<ListedAccessKey>;

    const NAME: &'static str = "ListAccessKeys";

    fn resource(&self) -> String {
        super::name(&self.user)
    }

    fn build(&self, endpoints: &Endpoints) -> Result<UnsignedRequest, Error> {
        let form = [("UserName".to_owned(), self.user.clone())];
        UnsignedRequest::query(endpoints, Service::Iam, Self::NAME, &form)
    }

    fn parse(&self, answer: &Answer) -> Result<Vec<ListedAccessKey>, Error> {
        let root = answer::document(answer)?;
        keys(&root).ok_or_else(|| answer::unreadable(answer, "the answer lists no complete access keys"))
    }
}

fn keys(root: &xml::XmlElement<'_>) -> Option<Vec<ListedAccessKey>> {
    let list = root.child("ListAccessKeysResult")?.child("AccessKeyMetadata")?;
    let key = |member: &xml::XmlElement<'_>| {
        Some(ListedAccessKey {
            key_id: member.text("AccessKeyId")?.to_owned(),
            status: member.text("Status")?.to_owned(),
            create_time: member.text("CreateDate").and_then(time::from_iso),
        })
    };
    list.all("member").map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_unhappy_answers, read, written};

    #[test]
    fn the_form_is_written() {
        assert_eq!(
            written(&ListAccessKeys::new("u")),
            "POST https://iam.amazonaws.com/\ncontent-type: application/x-www-form-urlencoded; charset=utf-8\n\n\
             Action=ListAccessKeys&Version=2010-05-08&UserName=u"
        );
    }

    const REPLY: &str = r#"<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
        <ListAccessKeysResult><UserName>Alice</UserName><AccessKeyMetadata>
            <member>
                <UserName>Alice</UserName><AccessKeyId>AKIA1</AccessKeyId><Status>Active</Status>
                <CreateDate>2009-10-12T17:50:30Z</CreateDate>
            </member>
            <member><UserName>Alice</UserName><AccessKeyId>AKIA2</AccessKeyId><Status>Inactive</Status></member>
        </AccessKeyMetadata><IsTruncated>false</IsTruncated></ListAccessKeysResult></ListAccessKeysResponse>"#;

    #[test]
    fn keys_are_read() {
        let keys = read(&ListAccessKeys::new("u"), REPLY).expect("keys");
        let first = ListedAccessKey {
            key_id: "AKIA1".to_owned(),
            status: "Active".to_owned(),
            create_time: Some(Duration::from_secs(1_255_369_830)),
        };
        let second = ListedAccessKey { key_id: "AKIA2".to_owned(), status: "Inactive".to_owned(), create_time: None };
        assert_eq!(keys, [first, second]);
        check_unhappy_answers(&ListAccessKeys::new("u"), REPLY);
    }
}
